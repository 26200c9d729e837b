"""Stream credentials: what is minted is admitted, and everything else is refused with its one reason."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, given, strategies as st

from voicecall.core.credentials import check, mint
from voicecall.core.ids import CallId
from voicecall.errors import StreamRefused

KEY = b"a key of sufficient length for it"
CALL = CallId("01JCALL0000000000000000000")
TOKEN = mint(KEY, call_id=CALL, nonce="n-1", expires=100.5)

keys = st.binary(min_size=1, max_size=64)
times = st.floats(min_value=0, max_value=1e12)


def refusal(token: str | None, *, call_id: CallId | None = CALL, now: float = 0.0, key: bytes = KEY) -> str:
    with pytest.raises(StreamRefused) as refused:
        check([key], token, call_id=call_id, now=now)
    return refused.value.reason


@given(key=keys, call_id=st.text(max_size=64), nonce=st.text(max_size=64), expires=times)
def test_what_was_minted_is_admitted(key: bytes, call_id: str, nonce: str, expires: float) -> None:
    token = mint(key, call_id=CallId(call_id), nonce=nonce, expires=expires)
    credential = check([key], token, call_id=CallId(call_id), now=-1.0)
    assert (credential.call_id, credential.nonce, credential.expires) == (call_id, nonce, expires)


@given(key=keys, call_id=st.text(max_size=64), nonce=st.text(max_size=64), expires=times)
def test_a_credential_needs_no_escaping_in_a_path(key: bytes, call_id: str, nonce: str, expires: float) -> None:
    token = mint(key, call_id=CallId(call_id), nonce=nonce, expires=expires)
    assert set(token) <= set(string.ascii_letters + string.digits + "-_.")


def test_without_a_call_id_it_says_whose_it_is() -> None:
    assert check([KEY], TOKEN, call_id=None, now=0.0).call_id == CALL


def test_every_key_verifies() -> None:
    assert check([b"new", KEY], TOKEN, call_id=CALL, now=0.0).nonce == "n-1"


@pytest.mark.parametrize("token", [None, ""])
def test_no_credential_is_missing(token: str | None) -> None:
    assert refusal(token) == "missing"


@pytest.mark.parametrize("token", ["x", TOKEN + "x", TOKEN[:-1], "2" + TOKEN[1:], TOKEN + "\n", TOKEN.replace(".", "")])
def test_another_form_is_malformed(token: str) -> None:
    assert refusal(token) == "malformed"


def test_another_key_is_the_wrong_key() -> None:
    assert refusal(TOKEN, key=b"another") == "wrong key"


@given(st.data())
def test_a_credential_that_was_tampered_with_is_never_admitted(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(TOKEN) - 1))
    letter = data.draw(st.sampled_from(string.ascii_letters + string.digits + "-_"))
    assume(TOKEN[place] != letter)
    expected = "malformed" if TOKEN[place] == "." or place == 0 else "wrong key"
    assert refusal(TOKEN[:place] + letter + TOKEN[place + 1 :]) == expected


def test_another_calls_credential_is_for_the_wrong_call() -> None:
    assert refusal(TOKEN, call_id=CallId("01JOTHER000000000000000000")) == "wrong call"


def test_a_credential_expires_at_its_time() -> None:
    assert check([KEY], TOKEN, call_id=CALL, now=100.4).expires == 100.5
    assert refusal(TOKEN, now=100.5) == "expired"


def test_an_old_credential_of_another_call_is_for_the_wrong_call() -> None:
    assert refusal(TOKEN, call_id=CallId("other"), now=200.0) == "wrong call"


@given(st.text())
def test_any_text_is_refused(token: str) -> None:
    assert refusal(token) in {"missing", "malformed", "wrong key"}


def test_the_refusal_does_not_show_the_credential() -> None:
    with pytest.raises(StreamRefused) as refused:
        check([b"another"], TOKEN, call_id=CALL, now=0.0)
    assert TOKEN not in str(refused.value)

"""Signatures: the worked examples of the documentation."""

from __future__ import annotations

import pytest

from voicecall.emulators.plivo.account import Account, Owner
from voicecall.emulators.plivo.readings import HandshakeUrl
from voicecall.emulators.plivo.signing import handshake_url, signature, signature_headers, signed_text

URL = "https://voice.example.org/hooks/plivo"
FORM = (("From", "15550001111"), ("CallUUID", "u1"))


@pytest.mark.parametrize(
    ("method", "query", "form", "text", "signed"),
    [
        ("POST", "", FORM, "?CallUUIDu1From15550001111.777", "1GjWh4EoyFjGBsD1nGBCIKbP4x6FzDeBUWAv9tJRKZg="),
        (
            "POST",
            "?z=1&a=x%20y",
            FORM,
            "?a=x y&z=1.CallUUIDu1From15550001111.777",
            "gTFy/GB59Yo5nt5MAVd82J/exKSu2B09z9FQq0ur1X8=",
        ),
        ("GET", "?z=1&a=x%20y", (), "?a=x y&z=1.777", "x8YmMeO+9IsnWtHDtdrxhQHq+STzikQx4pNEefxK04U="),
    ],
)
def test_a_request_is_signed_as_documented(
    method: str, query: str, form: tuple[tuple[str, str], ...], text: str, signed: str
) -> None:
    assert signed_text(method, URL + query, form, "777") == (URL + text).encode()
    assert signature("tok_demo", method, URL + query, form, "777") == signed


def test_without_parameters_only_the_address_is_signed_and_never_the_fragment() -> None:
    for method in ("GET", "POST"):
        assert signed_text(method, URL + "#rc=2", (), "7") == f"{URL}.7".encode()


def test_values_of_a_repeated_name_are_sorted_kept_and_may_be_blank() -> None:
    form = (("b", "2"), ("b", "1"), ("a", ""), ("b", "1"))
    assert signed_text("POST", URL + "?q=&q=%C3%BC", form, "7") == f"{URL}?q=&q=ü.ab1b1b2.7".encode()


def test_a_call_of_a_subaccount_bears_the_signatures_of_both_accounts() -> None:
    account = Account(auth_token="main", second_token="next", subaccounts={"SA1": "sub"})
    owner = account.owner("SA1")
    assert owner is not None
    sub, main, following = (signature(token, "GET", URL, (), "7") for token in ("sub", "main", "next"))
    assert signature_headers(owner, "GET", URL, (), "7") == {
        "X-Plivo-Signature-V3": sub,
        "X-Plivo-Signature-Ma-V3": f"{main},{following}",
        "X-Plivo-Signature-V3-Nonce": "7",
    }


def test_tokens_are_not_shown() -> None:
    owner = Owner("SA1", "MA1", ("geheim",), ("geheim",))
    assert "geheim" not in f"{owner} {Account(auth_token='geheim', subaccounts={'SA1': 'geheim'})}"


@pytest.mark.parametrize(
    ("url", "form", "signed"),
    [
        ("wss://h/m?a=1", "wss", "wss://h/m?a=1"),
        ("wss://h/m?a=1", "https", "https://h/m?a=1"),
        ("ws://h/m", "https", "http://h/m"),
        ("wss://h/m?a=1", "http/websocket", "http://h/m/websocket?a=1"),
    ],
)
def test_a_handshake_is_signed_in_one_of_three_forms(url: str, form: HandshakeUrl, signed: str) -> None:
    assert handshake_url(url, form) == signed

"""Rubbish for the simulator: any bytes are a document or a TwimlError, any form is a dial or an ApiError."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given, strategies as st

from voicecall.emulators.twilio.account import Account
from voicecall.emulators.twilio.forms import ApiError, Form, read_dial
from voicecall.emulators.twilio.twiml import TwimlError, parse

tags = st.sampled_from(
    "Response Say Play Pause Gather Redirect Reject Hangup Leave Dial Number Enqueue Connect Stream Parameter".split()
)
names = st.sampled_from(
    "loop digits length input timeout speechTimeout maxSpeechTime numDigits method reason timeLimit name value "
    "bargeIn actionOnEmptyResult statusCallbackMethod waitUrlMethod".split()
)
values = st.sampled_from(
    ["1", "-1", "1e999", "nan", "9" * 5000, "auto", "true", "GET", "dtmf speech", "", "&#xD800;", "&x;"]
) | st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='<&"'), max_size=6)
elements = st.recursive(
    st.builds(lambda tag: f"<{tag}/>", tags) | values,
    lambda inner: st.builds(
        lambda tag, given, inside: f"<{tag} {' '.join(given)}>{''.join(inside)}</{tag}>",
        tags,
        st.lists(st.builds('{}="{}"'.format, names, values), max_size=3),
        st.lists(inner, max_size=3),
    ),
    max_leaves=6,
)
heads = st.sampled_from(
    ["", '<?xml version="1.0" encoding="UTF-8"?>', '<?xml version="1.0" encoding="utf-16"?>', "<!DOCTYPE x>", "<?x?>"]
)


@given(heads, elements | st.text(), st.integers(0, 40), st.binary(max_size=3))
def test_any_bytes_are_a_document_or_a_twiml_error(head: str, inside: str, at: int, extra: bytes) -> None:
    body = f"{head}<Response>{inside}</Response>".encode(errors="replace")
    for document in (body, body[:at] + extra + body[at:]):
        with suppress(TwimlError):
            assert len(parse(document).verbs) <= document.count(b"<")


@pytest.mark.parametrize("encoding", ["HUTF-8", "none", "utf-7", "undefined", "idna", "hex"])
def test_an_encoding_that_is_none_is_no_document(encoding: str) -> None:
    with pytest.raises(TwimlError, match="no XML"):
        parse(f'<?xml version="1.0" encoding="{encoding}"?><Response/>'.encode())


def test_a_document_nested_beyond_measure_is_an_error_or_empty() -> None:
    depth = 9000
    with pytest.raises(TwimlError, match="Response"):
        parse(("<a>" * depth + "</a>" * depth).encode())


fields = st.sampled_from(
    "To From Url Method Twiml SendDigits Timeout TimeLimit StatusCallback StatusCallbackEvent StatusCallbackMethod "
    "FallbackUrl MachineDetection AsyncAmd MachineDetectionTimeout MachineDetectionSilenceTimeout".split()
)
contents = st.sampled_from(["+15550100101", "http://[", "https://a_b/", "Enable", "9" * 5000, "²", "٣", "-1", "1w"])


@given(st.dictionaries(fields, contents | st.text(max_size=5)))
def test_any_form_is_a_dial_or_an_api_error(given: dict[str, str]) -> None:
    usual = {"To": "+15550100101", "From": "+15550100100", "Url": "https://a.example/"}
    for form in (given, usual | given):
        with suppress(ApiError):
            assert 1 <= read_dial(Form(urlencode(form)), Account(auth_token="t")).ring_timeout <= 600


def test_a_number_of_too_many_digits_is_refused() -> None:
    form = Form(urlencode({"Timeout": "9" * 5000}))
    with pytest.raises(ApiError, match="Timeout"):
        form.number("Timeout", 60, 1, 600)

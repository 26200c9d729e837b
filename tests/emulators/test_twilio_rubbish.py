"""Rubbish for the simulator's interpreter: any bytes are a document or a TwimlError."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

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

"""Rubbish for the simulator's interpreter: any bytes are a document or an XmlError."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from voicecall.emulators.plivo.documents import XmlError, parse

tags = st.sampled_from(
    "Response Speak Play Wait DTMF GetInput Redirect Hangup Record Dial Number User Stream Reject".split()
)
names = st.sampled_from(
    "voice language loop length silence async action method inputType executionTimeout digitEndTimeout finishOnKey "
    "numDigits redirect hints reason schedule maxLength recordSession timeout bidirectional keepCallAlive contentType "
    "audioTrack streamTimeout extraHeaders".split()
)
values = st.sampled_from(
    ["1", "-1", "1e999", "nan", "9" * 5000, "٣", "auto", "true", "GET", "dtmf speech", "", "a=b;c", "&#xD800;", "&x;"]
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
def test_any_bytes_are_a_document_or_an_xml_error(head: str, inside: str, at: int, extra: bytes) -> None:
    body = f"{head}<Response>{inside}</Response>".encode(errors="replace")
    for document in (body, body[:at] + extra + body[at:]):
        with suppress(XmlError):
            assert len(parse(document)) <= document.count(b"<")


@pytest.mark.parametrize("encoding", ["HUTF-8", "none", "utf-7", "undefined", "idna", "hex"])
def test_an_encoding_that_is_none_is_no_document(encoding: str) -> None:
    with pytest.raises(XmlError, match="no XML"):
        parse(f'<?xml version="1.0" encoding="{encoding}"?><Response/>'.encode())


@pytest.mark.parametrize(
    "document",
    [
        "<Speak voice='Brian'>Hi</Speak>",
        "<Speak><break/></Speak>",
        f"<Speak>{'x' * 3001}</Speak>",
        "<Wait length='-1'/>",
        "<Wait silence='yes'/>",
        "<DTMF>abc</DTMF>",
        "<GetInput action='https://a.example'><Wait/></GetInput>",
        "<GetInput action='https://a.example' InputType='dtmf'/>",
        "<Redirect method='PUT'>https://a.example</Redirect>",
        "<Hangup reason='late'/>",
        "<Dial><Client>a</Client></Dial>",
        "<Stream><Parameter/></Stream>",
        f"<Stream>wss://a.example/{'x' * 2048}</Stream>",
        f"<Stream extraHeaders='a={'x' * 511}'>wss://a.example</Stream>",
        "<Stream audioTrack='inbound_track'>wss://a.example</Stream>",
        "<Connect/>",
    ],
)
def test_one_mistake_spoils_the_document(document: str) -> None:
    with pytest.raises(XmlError):
        parse(f"<Response><Wait/>{document}</Response>".encode())


def test_a_polly_voice_speaks_any_language_and_markup() -> None:
    speak = '<Speak voice="Polly.Amy" language="cy-GB">Go <emphasis>home</emphasis></Speak>'
    (element,) = parse(f"<Response>{speak}</Response>".encode())
    assert getattr(element, "text", None) == "Go home"

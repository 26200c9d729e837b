"""Documents: Plivo's elements in Plivo's spelling, and nothing else whatever the text."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from voicecall.carriers import (
    Action,
    Callback,
    ComeBack,
    ConnectStream,
    Dismiss,
    FetchStatus,
    HangUp,
    Listen,
    PlaceCall,
    PressDigits,
    Prompt,
    RejectCall,
)
from voicecall.carriers.plivo import PlivoCarrier
from voicecall.carriers.plivo.codecs import Codec
from voicecall.carriers.plivo.plivoxml import Told
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.errors import CarrierError

CARRIER = PlivoCarrier("MA1", "s3cret", voice="Polly.Vicki", language="de-DE")
LEG = CarrierCallId("u-1")
CALL = CallId("01K8Z0000000000000000000AB")
HOOK = "https://voice.example.com/voice/webhook/plivo?a=b"
STREAM = "wss://voice.example.com/voice/stream"
BACK = Callback(HOOK, CALL, "n1")
AGAIN = f"{HOOK}&call={CALL}&visit=n1#rc=2&rp=all"
GATHERED = f"{HOOK}&call={CALL}&type=gather&visit=n1&prompt=3#rc=2&rp=all"
TEXT = 'Fish & "chips" <3, don\'t you? Ja: ümläut, 日本, 🎉.'

CONNECT = ConnectStream(LEG, STREAM, "the.token", BACK)
ASK = Prompt(LEG, TEXT, listen=True, number=3, back=BACK)
TELL = Prompt(LEG, TEXT, listen=False, number=3, back=BACK)
DISMISS = Dismiss(LEG, TEXT)

Element = tuple[str, dict[str, str], str, list[Any]]
SPEAK: Element = ("Speak", {"voice": "Polly.Vicki", "language": "de-DE"}, TEXT, [])
LISTENING = {
    "action": GATHERED,
    "method": "POST",
    "inputType": "dtmf speech",
    "executionTimeout": "15",
    "speechEndTimeout": "2",
    "language": "de-DE",
    "log": "false",
}
STREAMING = {
    "bidirectional": "true",
    "keepCallAlive": "true",
    "audioTrack": "inbound",
    "contentType": "audio/x-mulaw;rate=8000",
    "statusCallbackUrl": f"{HOOK}&call={CALL}&type=stream",
    "statusCallbackMethod": "POST",
}


WAIT: Element = ("Wait", {"length": "1", "silence": "true"}, "", [])


def redirect(url: str) -> Element:
    return ("Redirect", {"method": "POST"}, url, [])


def shape(document: bytes) -> Any:
    """Return what a document says, element by element."""

    def read(element: ElementTree.Element) -> Element:
        return (element.tag, dict(element.attrib), element.text or "", [read(inner) for inner in element])

    return read(ElementTree.fromstring(document))  # noqa: S314 - our own


def written(action: Action | None, carrier: PlivoCarrier = CARRIER) -> list[Element]:
    reply = carrier.document(action)
    assert reply is not None
    assert (reply.status, reply.content_type) == (200, "text/xml")
    assert reply.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?><Response')
    tag, attributes, text, elements = shape(reply.body)
    assert (tag, attributes, text) == ("Response", {}, "")
    return list(elements)


@pytest.mark.parametrize(
    ("action", "elements"),
    [
        (None, []),
        (CONNECT, [("Stream", STREAMING, f"{STREAM}/the.token", []), WAIT, redirect(AGAIN)]),
        (ASK, [("GetInput", LISTENING, "", [SPEAK]), redirect(GATHERED)]),
        (replace(ASK, text=""), [("GetInput", LISTENING, "", []), redirect(GATHERED)]),
        (TELL, [SPEAK, redirect(GATHERED)]),
        (replace(TELL, text=" \n"), [redirect(GATHERED)]),
        (ComeBack(LEG, BACK), [WAIT, redirect(AGAIN)]),
        (DISMISS, [SPEAK, ("Hangup", {}, "", [])]),
        (Dismiss(LEG, ""), [("Hangup", {}, "", [])]),
        (RejectCall(LEG, "busy"), [("Hangup", {"reason": "busy"}, "", [])]),
        (RejectCall(LEG, "rejected"), [("Hangup", {"reason": "rejected"}, "", [])]),
    ],
)
def test_a_document_carries_out_its_action(action: Action | None, elements: list[Element]) -> None:
    assert written(action) == elements


@pytest.mark.parametrize(
    "action",
    [
        PlaceCall(CALL, "+15550100101", "+15550100100", HOOK, 30.0, 300.0),
        Listen(LEG, BACK, answered=True),
        HangUp(LEG),
        FetchStatus(LEG),
        PressDigits(LEG, "1", BACK),
    ],
)
def test_what_no_document_carries_out_is_left_to_rest(action: Action) -> None:
    assert CARRIER.document(action) is None


@pytest.mark.parametrize(
    ("codec", "content_type"),
    [
        ("PCMU", "audio/x-mulaw;rate=8000"),
        ("L16/8000", "audio/x-l16;rate=8000"),
        ("L16/16000", "audio/x-l16;rate=16000"),
    ],
)
def test_a_stream_is_asked_to_carry_what_is_configured(codec: Codec, content_type: str) -> None:
    [stream, *_] = written(CONNECT, PlivoCarrier("MA1", "s3cret", codec=codec))
    assert stream[1]["contentType"] == content_type


def test_voice_and_language_are_americas_unless_configured_and_plivos_own_where_empty() -> None:
    assert written(DISMISS, PlivoCarrier("MA1", "x"))[0][1] == {"voice": "WOMAN", "language": "en-US"}
    silent = PlivoCarrier("MA1", "x", voice="", language="")
    assert written(DISMISS, silent)[0][1] == {}
    assert "language" not in written(ASK, silent)[0][1]


def test_a_slash_at_the_end_of_the_stream_url_is_not_doubled() -> None:
    assert written(replace(CONNECT, stream_url=f"{STREAM}/"))[0][2] == f"{STREAM}/the.token"


# --- whatever the text

TAGS = {
    CONNECT: ["Response", "Stream", "Wait", "Redirect"],
    ASK: ["Response", "GetInput", "Speak", "Redirect"],
    TELL: ["Response", "Speak", "Redirect"],
    ComeBack(LEG, BACK): ["Response", "Wait", "Redirect"],
    DISMISS: ["Response", "Speak", "Hangup"],
}


@given(st.sampled_from(list(TAGS)), st.text(), st.text(max_size=100))
def test_no_text_breaks_out_of_its_place(action: Told, text: str, more: str) -> None:
    back = Callback(HOOK + more, CallId(more), text)
    filled: dict[str, Any] = {"text": text, "back": back, "credential": more, "stream_url": STREAM + text}
    told = replace(action, **{name: filled[name] for name in action.__struct_fields__ if name in filled})
    reply = CARRIER.document(told)
    assert reply is not None
    root = ElementTree.fromstring(reply.body)  # noqa: S314 - our own
    tags = [element.tag for element in root.iter()]
    assert tags in (TAGS[action], [tag for tag in TAGS[action] if tag != "Speak"])


words = st.text(st.characters(min_codepoint=33, exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1).filter(
    lambda word: "\ufffe" not in word and "\uffff" not in word
)


@given(st.lists(words, min_size=1, max_size=20))
def test_words_are_spoken_as_they_are(said: list[str]) -> None:
    [speak, _] = written(Dismiss(LEG, "\n ".join(said)))
    assert speak[2] == " ".join(said)


@pytest.mark.parametrize("text", ["\x00", "\x1b\x08", "\ufffe\uffff", "\ud800", "\x0b\x00 \x0c"])
def test_what_xml_cannot_hold_is_not_spoken(text: str) -> None:
    assert written(Dismiss(LEG, text)) == [("Hangup", {}, "", [])]
    assert written(Dismiss(LEG, f"One{text} two"))[0][2] == "One two"


def test_a_stream_url_keeps_within_plivos_limit() -> None:
    room = 2048 - len(STREAM) - 1
    assert len(written(replace(CONNECT, credential="t" * room))[0][2]) == 2048
    with pytest.raises(CarrierError, match="longer") as error:
        CARRIER.document(replace(CONNECT, credential="t" * (room + 1)))
    assert (error.value.code, error.value.certain) == ("too-long", True)


@pytest.mark.parametrize("action", [ASK, TELL, DISMISS])
def test_a_text_keeps_within_plivos_limit_and_the_document_too(action: Any) -> None:
    longest = replace(action, text=" " + "🎉" * 3000 + " ")
    assert "🎉" * 3000 in str(written(longest))
    reply = CARRIER.document(longest)
    assert reply is not None
    assert len(reply.body) < 100_000
    with pytest.raises(CarrierError, match="3001 characters") as error:
        CARRIER.document(replace(action, text="x" * 3001))
    assert (error.value.code, error.value.certain) == ("too-long", True)

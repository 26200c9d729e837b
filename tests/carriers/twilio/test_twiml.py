"""Documents: what Twilio's own builder would write for the same, and nothing else whatever the text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace
from twilio.twiml.voice_response import Connect, Gather, Stream, VoiceResponse

from voicecall.carriers import (
    Action,
    Callback,
    ComeBack,
    ConnectStream,
    Dismiss,
    PressDigits,
    Prompt,
    RejectCall,
)
from voicecall.carriers.twilio import TwilioCarrier
from voicecall.carriers.twilio.signatures import OVERRIDES
from voicecall.carriers.twilio.twiml import Speech, Told, write
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.errors import CarrierError

CARRIER = TwilioCarrier("AC1", "s3cret", voice="Polly.Vicki", language="de-DE")
SPEECH = Speech("Polly.Vicki", "de-DE")
LEG = CarrierCallId("CA1")
CALL = CallId("01K8Z0000000000000000000AB")
HOOK = "https://voice.example.com/voice/webhook/twilio?a=b"
STREAM = "wss://voice.example.com/voice/stream"
BACK = Callback(HOOK, CALL, "n1")
AGAIN = f"{HOOK}&call={CALL}&visit=n1{OVERRIDES}"
GATHERED = f"{HOOK}&call={CALL}&type=gather&visit=n1&prompt=3{OVERRIDES}"
TEXT = 'Fish & "chips" <3, don\'t you? Ja: ümläut, 日本, 🎉.'

CONNECT = ConnectStream(LEG, STREAM, "the-token", BACK)
ASK = Prompt(LEG, TEXT, listen=True, number=3, back=BACK)
TELL = Prompt(LEG, TEXT, listen=False, number=3, back=BACK)
DISMISS = Dismiss(LEG, TEXT)
PRESS = PressDigits(LEG, "1w#", BACK)


def shape(document: str | bytes) -> Any:
    """Return what a document says, element by element."""

    def read(element: ElementTree.Element) -> Any:
        return (element.tag, dict(element.attrib), element.text or "", [read(inner) for inner in element])

    return read(ElementTree.fromstring(document))  # noqa: S314 - our own


def written(action: Action | None) -> Any:
    reply = CARRIER.document(action)
    assert reply is not None
    assert (reply.status, reply.content_type) == (200, "text/xml")
    assert reply.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?><Response')
    return shape(reply.body)


# --- as Twilio's own builder


def nothing(_: VoiceResponse) -> None:
    pass


def connected(response: VoiceResponse) -> None:
    stream = Stream(url=STREAM, status_callback=f"{HOOK}&call={CALL}&type=stream{OVERRIDES}")
    stream.parameter(name="token", value="the-token")
    connect = Connect(action=AGAIN)
    connect.append(stream)
    response.append(connect)
    response.redirect(AGAIN, method="POST")


def asked(response: VoiceResponse, *texts: str) -> None:
    gather = Gather(
        input="dtmf speech",
        action=GATHERED,
        method="POST",
        timeout=5,
        speech_timeout="auto",
        language="de-DE",
        action_on_empty_result=True,
    )
    for text in texts:
        gather.say(text, voice="Polly.Vicki", language="de-DE")
    response.append(gather)
    response.redirect(GATHERED, method="POST")


def told(response: VoiceResponse) -> None:
    response.say(TEXT, voice="Polly.Vicki", language="de-DE")
    response.redirect(GATHERED, method="POST")


def told_to_wait(response: VoiceResponse) -> None:
    response.pause(length=1)
    response.redirect(AGAIN, method="POST")


def dismissed(response: VoiceResponse) -> None:
    response.say(TEXT, voice="Polly.Vicki", language="de-DE")
    response.hangup()


@pytest.mark.parametrize(
    ("action", "build"),
    [
        (None, nothing),
        (CONNECT, connected),
        (ASK, lambda response: asked(response, TEXT)),
        (replace(ASK, text=""), asked),
        (TELL, told),
        (replace(TELL, text=" \n"), lambda response: response.redirect(GATHERED, method="POST")),
        (ComeBack(LEG, BACK), told_to_wait),
        (DISMISS, dismissed),
        (Dismiss(LEG, ""), lambda response: response.hangup()),
        (RejectCall(LEG, "busy"), lambda response: response.reject(reason="busy")),
        (RejectCall(LEG, "rejected"), lambda response: response.reject(reason="rejected")),
    ],
)
def test_a_document_says_what_twilios_builder_would(
    action: Action | None, build: Callable[[VoiceResponse], object]
) -> None:
    theirs = VoiceResponse()
    build(theirs)
    assert written(action) == shape(str(theirs))


def test_pressed_digits_are_what_twilios_builder_would_write() -> None:
    theirs = VoiceResponse()
    theirs.play(digits="1w#")
    theirs.redirect(AGAIN, method="POST")
    assert shape(write(SPEECH, PRESS)) == shape(str(theirs))


def test_voice_and_language_are_american_unless_configured_and_twilios_own_where_empty() -> None:
    def said(carrier: TwilioCarrier) -> dict[str, str]:
        reply = carrier.document(DISMISS)
        assert reply is not None
        attributes: dict[str, str] = shape(reply.body)[3][0][1]
        return attributes

    assert said(TwilioCarrier("AC1", "s3cret")) == {"voice": "Polly.Joanna", "language": "en-US"}
    assert said(TwilioCarrier("AC1", "s3cret", voice="", language="")) == {}


# --- whatever the text

TAGS = {
    CONNECT: ["Response", "Connect", "Stream", "Parameter", "Redirect"],
    ASK: ["Response", "Gather", "Say", "Redirect"],
    TELL: ["Response", "Say", "Redirect"],
    ComeBack(LEG, BACK): ["Response", "Pause", "Redirect"],
    DISMISS: ["Response", "Say", "Hangup"],
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
    assert tags in (TAGS[action], [tag for tag in TAGS[action] if tag != "Say"])


words = st.text(st.characters(min_codepoint=33, exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1).filter(
    lambda word: "\ufffe" not in word and "\uffff" not in word
)


@given(st.lists(words, min_size=1, max_size=20))
def test_words_are_spoken_as_they_are(said: list[str]) -> None:
    [say, _] = written(Dismiss(LEG, "\n ".join(said)))[3]
    assert say[2] == " ".join(said)


@pytest.mark.parametrize("text", ["\x00", "\x1b\x08", "\ufffe\uffff", "\ud800", "\x0b\x00 \x0c"])
def test_what_xml_cannot_hold_is_not_spoken(text: str) -> None:
    assert written(Dismiss(LEG, text))[3] == [("Hangup", {}, "", [])]
    assert written(Dismiss(LEG, f"One{text} two"))[3][0][2] == "One two"


def test_what_parts_words_for_us_and_is_forbidden_to_xml_is_a_space() -> None:
    assert written(Dismiss(LEG, "One\x0btwo\x1cthree"))[3][0][2] == "One two three"


def test_a_parameter_keeps_within_twilios_limit() -> None:
    [[_, _, _, [[_, _, _, [parameter]]]], _] = written(replace(CONNECT, credential="t" * 494))[3]
    assert parameter[1] == {"name": "token", "value": "t" * 494}
    with pytest.raises(CarrierError, match="longer"):
        CARRIER.document(replace(CONNECT, credential="t" * 495))


@pytest.mark.parametrize("action", [ASK, TELL, DISMISS])
def test_a_text_keeps_within_twilios_limit(action: Any) -> None:
    assert "🎉" * 4096 in str(written(replace(action, text=" " + "🎉" * 4096 + " ")))
    with pytest.raises(CarrierError, match="4097 characters") as error:
        CARRIER.document(replace(action, text="x" * 4097))
    assert (error.value.code, error.value.certain) == ("too-long", True)

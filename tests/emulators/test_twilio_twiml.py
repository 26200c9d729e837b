"""TwiML documents: what is read, what is warned about, what is refused; the official builder as referee."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from twilio.twiml.voice_response import Connect as SdkConnect, Gather as SdkGather, VoiceResponse

from voicecall.emulators.twilio.twiml import TwimlError, parse
from voicecall.emulators.twilio.verbs import (
    ConnectStream,
    Dial,
    Enqueue,
    Gather,
    Hangup,
    Leave,
    Pause,
    Play,
    Redirect,
    Reject,
    Say,
    Verb,
)


def warned(body: str) -> tuple[Verb, ...]:
    """Parse a document that causes exactly one warning."""
    document = parse(f"<Response>{body}</Response>".encode())
    assert len(document.warnings) == 1
    return document.verbs


def test_what_the_official_builder_writes_is_read() -> None:
    response = VoiceResponse()
    response.say("Ä <b> & c", voice="alice", language="de-DE", loop=2)
    response.play(digits="1w#")
    response.pause(length=3)
    gather = SdkGather(
        input="speech dtmf",
        action="/a",
        method="GET",
        timeout=3,
        speech_timeout="auto",
        num_digits=4,
        finish_on_key="",
        barge_in=False,
        action_on_empty_result=True,
        language="en-US",
    )
    gather.say("Well?")
    response.append(gather)
    connect = SdkConnect(action="/c")
    stream = connect.stream(url="wss://h/m", name="n", status_callback="/s", status_callback_method="GET")
    stream.parameter(name="token", value="<t>")
    response.append(connect)
    response.dial("+15550100001", timeout=9, action="/d")
    response.enqueue("q", wait_url="/w", action="/e")
    response.leave()
    response.redirect("/r", method="GET")
    response.reject(reason="busy")
    response.hangup()
    document = parse(str(response).encode())
    assert document.warnings == ()
    assert document.verbs == (
        Say("Ä <b> & c", 2),
        Play(digits="1w#"),
        Pause(3.0),
        Gather(
            (Say("Well?"),),
            dtmf=True,
            speech=True,
            action="/a",
            method="GET",
            timeout=3.0,
            speech_timeout=1.0,
            num_digits=4,
            finish_on_key="",
            barge_in=False,
            action_on_empty_result=True,
        ),
        ConnectStream("wss://h/m", "n", "inbound_track", (("token", "<t>"),), "/s", "GET", "/c"),
        Dial(("+15550100001",), "/d", timeout=9.0),
        Enqueue("q", "/e", wait_url="/w"),
        Leave(),
        Redirect("/r", "GET"),
        Reject("busy"),
        Hangup(),
    )


@pytest.mark.parametrize(
    "body",
    [
        "<say>lower case</say>",
        "<Say loop='often'>x</Say>",
        f"<Say>{'x' * 4097}</Say>",
        "<Play digits='12x'/>",
        "<Pause length='-1'/>",
        "<Pause length='nan'/>",
        "<Gather input='fax'/>",
        "<Gather bargeIn='maybe'/>",
        "<Redirect method='PUT'>/x</Redirect>",
        "<Reject reason='tired'/>",
        "<Connect><ConversationRelay url='wss://h'/></Connect>",
        "<Connect/>",
    ],
)
def test_a_verb_that_cannot_be_carried_out_is_skipped_with_a_warning(body: str) -> None:
    assert warned(body) == ()


def test_an_unknown_attribute_is_warned_about_and_the_verb_is_kept() -> None:
    assert warned("<Pause Length='3'/>") == (Pause(1.0),)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 12100),
        (b"<Response>", 12100),
        (b"<html/>", 12100),
        (b"\xff\xfe", 12100),
        (b"<Response>" + b"x" * 65_536 + b"</Response>", 11750),
    ],
)
def test_what_is_no_document_is_refused(body: bytes, code: int) -> None:
    with pytest.raises(TwimlError) as refused:
        parse(body)
    assert refused.value.code == code


@given(st.binary() | st.text().map(lambda text: f"<Response>{text}</Response>".encode()))
def test_any_bytes_are_a_document_or_refused(body: bytes) -> None:
    code = 0
    try:
        parse(body)
    except TwimlError as error:
        code = error.code
    assert code in (0, 12100, 11750)

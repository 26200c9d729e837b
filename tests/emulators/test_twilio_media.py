"""The messages of a media stream: what is refused, and that any text is taken or refused but never breaks anything."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, strategies as st

from voicecall.emulators.faces import Audio, Clear, Mark, Sent
from voicecall.emulators.twilio.media import TwilioDialect


def dialect() -> tuple[TwilioDialect, list[int]]:
    codes: list[int] = []
    return TwilioDialect("AC1", "CA1", "MZ1", {}, lambda: 0.0, lambda code, _: codes.append(code)), codes


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ('{"event":"media","streamSid":"MZ1","media":{"payload":"//8="}}', Audio(b"\xff\xff")),
        ('{"event":"mark","streamSid":"MZ1","mark":{"name":"a"}}', Mark("a")),
        ('{"event":"clear","streamSid":"MZ1"}', Clear()),
    ],
)
def test_the_gateways_messages_are_understood(text: str, sent: Sent) -> None:
    wire, codes = dialect()
    assert wire.read(text) == sent
    assert codes == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"event":"media","streamSid":"MZ2","media":{"payload":"//8="}}', 31951),
        ('{"event":"media","media":{"payload":"//8="}}', 31951),
        ('{"event":"media","streamSid":"MZ1","media":{"payload":"*"}}', 31951),
        ('{"event":"media","streamSid":"MZ1","media":{"payload":"//8=","extra":1}}', 31951),
        ('{"event":"clear","streamSid":"MZ1","mark":"a"}', 31951),
        ('{"event":"mark","streamSid":"MZ1"}', 31951),
        ('{"event":"dtmf","streamSid":"MZ1"}', 31951),
        ("[]", 31951),
        ("{", 31950),
        ("", 31950),
    ],
)
def test_what_twilio_refuses_is_warned_about_once(text: str, code: int) -> None:
    wire, codes = dialect()
    assert wire.read(text) is None
    assert wire.read(text) is None
    assert codes == [code]


@given(st.text())
def test_rubbish_never_breaks_a_stream(text: str) -> None:
    wire, codes = dialect()
    assert wire.read(text) is None
    assert codes[0] in (31950, 31951)


def test_a_binary_message_is_refused_and_the_stream_goes_on() -> None:
    wire, codes = dialect()
    wire.binary()
    assert codes == [31950]


def test_sequence_numbers_run_through_all_messages_but_connected() -> None:
    wire, _ = dialect()
    _, start = wire.opening()
    messages = [start, wire.audio(bytes(160)), wire.mark("a"), wire.digit("1"), wire.stop()]
    assert [msgspec.json.decode(text)["sequenceNumber"] for text in messages] == ["1", "2", "3", "4", "5"]

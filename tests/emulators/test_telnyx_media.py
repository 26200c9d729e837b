"""The messages of a media stream: any text is taken or refused but never breaks anything."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, strategies as st

from voicecall.emulators.faces import Audio, Clear, Mark, Sent
from voicecall.emulators.telnyx.commands import StartStreaming
from voicecall.emulators.telnyx.media import Identity, TelnyxDialect

IDENTITY = Identity("s1", "u1", "v3:c1", "x1", "+15550100009", "+15550100010", None)


class Wire:
    """A dialect, and what it says."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.refused: list[int] = []
        self.keys: list[str] = []
        wanted = StartStreaming(stream_bidirectional_mode="rtp")
        self.dialect = TelnyxDialect(
            IDENTITY, wanted, lambda: 0.0, self.sent.append, lambda code, _: self.refused.append(code), self.keys.append
        )


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ('{"event":"media","media":{"payload":"' + "////" * 80 + '"}}', Audio(b"\xff" * 240)),
        ('{"event":"mark","mark":{"name":"a"}}', Mark("a")),
        ('{"event":"clear"}', Clear()),
    ],
)
def test_the_gateways_messages_are_understood(text: str, sent: Sent) -> None:
    wire = Wire()
    assert wire.dialect.read(text) == sent
    assert wire.sent == []


@given(st.text())
def test_rubbish_is_answered_with_an_error(text: str) -> None:
    wire = Wire()
    assert wire.dialect.read(text) is None
    (error,) = (msgspec.json.decode(message) for message in wire.sent)
    assert error == {
        "event": "error",
        "stream_id": "s1",
        "payload": {"code": 100003, "title": "malformed_frame", "detail": error["payload"]["detail"]},
    }
    assert wire.refused == [100003]


def test_a_binary_message_is_refused_and_the_stream_goes_on() -> None:
    wire = Wire()
    wire.dialect.binary()
    assert wire.refused == [100003]
    assert len(wire.sent) == 1


def test_sequence_numbers_run_through_all_messages_but_connected() -> None:
    wire = Wire()
    _, start = wire.dialect.opening()
    dialect = wire.dialect
    messages = [start, dialect.audio(bytes(160)), dialect.mark("a"), dialect.digit("1"), dialect.stop()]
    assert [msgspec.json.decode(text)["sequence_number"] for text in messages] == ["1", "2", "3", "4", "5"]
    assert wire.keys == ["1"]

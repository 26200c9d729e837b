"""The messages of an audio stream: formats, what is refused, and that any text is taken or refused."""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode
from collections import deque

import msgspec
import numpy as np
import pytest
from hypothesis import given, strategies as st

from voicecall.audio.g711 import float_to_pcm, from_float, pcm_to_float, to_float
from voicecall.emulators.faces import Audio, Clear, Mark, Sent
from voicecall.emulators.memory import MemorySocket
from voicecall.emulators.plivo.media import FORMATS, Opened, PlivoDialect, PlivoSocket
from voicecall.errors import FrameError

MULAW, L16, WIDE = FORMATS


class Line:
    """A call leg that takes notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def accepts(self, size: int) -> bool:
        return size <= 16_000

    def clear(self) -> None:
        self.notes.append("clear")

    def dial(self, digits: str) -> None:
        self.notes.append(digits)

    def notify(self, what: str, text: str) -> None:
        self.notes.append(what)


def dialect(content_type: str = MULAW) -> tuple[PlivoDialect, Line, deque[str]]:
    line, answers = Line(), deque[str]()
    opened = Opened("MA1", "c1", "s1", FORMATS[content_type], "", two_way=True)
    return PlivoDialect(opened, line, lambda: 0.0, answers), line, answers


def audio(payload: bytes, content_type: str = "audio/x-mulaw", rate: int = 8000) -> str:
    media = {"contentType": content_type, "sampleRate": rate, "payload": b64encode(payload).decode()}
    return msgspec.json.encode({"event": "playAudio", "media": media}).decode()


@pytest.mark.parametrize(
    ("text", "sent", "notes"),
    [
        (audio(b"\xff\x10"), Audio(b"\xff\x10"), []),
        ('{"event":"checkpoint","streamId":"s1","name":"a"}', Mark("a"), []),
        ('{"event":"clearAudio","streamId":"s1"}', Clear(), ["clear"]),
        ('{"event":"sendDTMF","dtmf":"12#"}', None, ["12#"]),
    ],
)
def test_the_gateways_messages_are_understood(text: str, sent: Sent | None, notes: list[str]) -> None:
    wire, line, _ = dialect()
    assert wire.read(text) == sent
    assert line.notes == notes


@pytest.mark.parametrize(
    "text",
    [
        audio(b"\xff").replace("{", '{"streamId":"s2",', 1),
        '{"event":"checkpoint","name":"a"}',
        '{"event":"checkpoint","streamId":"s2","name":"a"}',
        '{"event":"clearAudio"}',
        '{"event":"clear","streamId":"s1"}',
        '{"event":"playAudio","media":{"contentType":"audio/x-mulaw","sampleRate":"8000","payload":"//8="}}',
        '{"event":"playAudio","media":{"contentType":"audio/x-mulaw","sampleRate":8000,"payload":"*"}}',
        "[]",
        "",
    ],
)
def test_what_is_no_message_of_this_stream_has_no_effect(text: str) -> None:
    wire, line, answers = dialect()
    assert wire.read(text) is None
    assert (line.notes, len(answers)) == (["invalid_message"], 0)


@pytest.mark.parametrize(
    ("message", "event", "reason"),
    [
        (audio(b"\xff" * 160, "audio/x-mulaw;rate=8000"), "playFailed", "invalid_content_type"),
        (audio(b"\xff" * 160, rate=16_000), "playFailed", "invalid_content_type"),
        (audio(b"\xff" * 160, "audio/x-l16"), "playFailed", "invalid_content_type"),
        (audio(b"\xff" * 16_001), "error", "buffer_overflow"),
    ],
)
def test_audio_that_cannot_be_played_is_answered(message: str, event: str, reason: str) -> None:
    wire, _, answers = dialect()
    assert wire.read(message) is None
    (answer,) = map(msgspec.json.decode, answers)
    assert (answer["event"], answer["reason"], answer["streamId"]) == (event, reason, "s1")


def test_linear_audio_is_converted_both_ways() -> None:
    tone = np.sin(np.arange(8000, dtype=np.float32) * np.float32(0.3)) * np.float32(0.5)
    for name, rate in ((L16, 8000), (WIDE, 16_000)):
        wire, _, _ = dialect(name)
        (start,) = map(msgspec.json.decode, wire.opening())
        assert start["start"]["mediaFormat"] == {"encoding": "audio/x-l16", "sampleRate": rate}
        mulaw = from_float(tone)
        frames = [wire.audio(mulaw[at : at + 160]) for at in range(0, 8000, 160)]
        pcm = b"".join(b64decode(msgspec.json.decode(frame)["media"]["payload"]) for frame in frames)
        assert abs(len(pcm) - 2 * rate) <= 200
        back = wire.read(audio(pcm[:40_000], "audio/x-l16", rate))
        assert isinstance(back, Audio)
        assert np.abs(to_float(back.payload)[100:900] - tone[100:900]).max() < 0.05
        assert np.sqrt(np.mean(pcm_to_float(pcm) ** 2)) == pytest.approx(0.35, abs=0.03)
    assert dialect(L16)[0].read(audio(float_to_pcm(tone[:80]) + b"\0", "audio/x-l16")) is not None


def test_a_message_of_more_than_64_kb_is_fatal() -> None:
    wire, _, _ = dialect()
    with pytest.raises(FrameError):
        wire.read("x" * 65_537)


@given(st.text())
def test_rubbish_never_breaks_a_stream(text: str) -> None:
    wire, line, _ = dialect()
    assert wire.read(text) is None
    assert line.notes == ["invalid_message"]


def test_sequence_numbers_run_through_all_messages() -> None:
    wire, _, answers = dialect()
    messages = [*wire.opening(), wire.audio(bytes(160)), wire.mark("a"), wire.digit("1")]
    wire.read('{"event":"clearAudio","streamId":"s1"}')
    numbers = [msgspec.json.decode(text)["sequenceNumber"] for text in (*messages, *answers)]
    assert numbers == [0, 1, 2, 3, 4]
    assert wire.stop() == ""


def test_a_binary_message_is_ignored() -> None:
    wire, line, _ = dialect()
    wire.binary()
    assert line.notes == ["invalid_message"]


def test_answers_go_out_before_the_next_message_is_read_unless_nobody_listens() -> None:
    async def main() -> None:
        near, far = MemorySocket.pair()
        answers = deque(["a", "b"])
        socket = PlivoSocket(near, answers)
        await far.send("hello")
        await socket.send("")
        assert await socket.recv() == "hello"
        assert [await far.recv(), await far.recv()] == ["a", "b"]
        answers.append("c")
        await far.close(1001)
        assert (await socket.recv(), socket.code) == (None, 1001)

    asyncio.run(main())

"""The messages of a Plivo audio stream.

Source: Plivo docs `voice-agents/audio-streaming/concepts/audio-streaming-reference`.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, assert_never

import msgspec

from voicecall.audio import TELEPHONE_RATE
from voicecall.audio.g711 import float_to_pcm, from_float, pcm_to_float, to_float
from voicecall.audio.resample import Resampler
from voicecall.emulators.faces import Audio, Clear, Mark, Sent, Socket
from voicecall.errors import FrameError

LARGEST = 64 * 1024
"""Bytes of a message from the gateway."""

Encoding = Literal["audio/x-mulaw", "audio/x-l16"]


@dataclass(frozen=True, slots=True)
class Format:
    """How the audio of a stream is encoded; 16-bit samples are little-endian."""

    encoding: Encoding
    rate: int


FORMATS: Mapping[str, Format] = {
    "audio/x-mulaw;rate=8000": Format("audio/x-mulaw", 8000),
    "audio/x-l16;rate=8000": Format("audio/x-l16", 8000),
    "audio/x-l16;rate=16000": Format("audio/x-l16", 16_000),
}


class _Audio(msgspec.Struct, frozen=True):
    contentType: str  # noqa: N815 - Plivo's spelling
    sampleRate: int  # noqa: N815 - Plivo's spelling
    payload: bytes


class _PlayAudio(msgspec.Struct, frozen=True, tag="playAudio", tag_field="event"):
    media: _Audio
    streamId: str = ""  # noqa: N815 - Plivo's spelling


class _Checkpoint(msgspec.Struct, frozen=True, tag="checkpoint", tag_field="event"):
    streamId: str  # noqa: N815 - Plivo's spelling
    name: str


class _ClearAudio(msgspec.Struct, frozen=True, tag="clearAudio", tag_field="event"):
    streamId: str  # noqa: N815 - Plivo's spelling


class _SendDtmf(msgspec.Struct, frozen=True, tag="sendDTMF", tag_field="event"):
    dtmf: str
    streamId: str = ""  # noqa: N815 - Plivo's spelling


_decoder = msgspec.json.Decoder(_PlayAudio | _Checkpoint | _ClearAudio | _SendDtmf)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a stream says about itself."""

    account_id: str
    call_uuid: str
    stream_id: str
    format: Format
    extra_headers: str
    two_way: bool
    track: str = "inbound"
    epoch: float = 0.0
    """Added to the seconds of timestamps, which otherwise count from the beginning of the stream."""
    says_stop: bool = False


class Line(Protocol):
    """What the messages of the gateway do to its call leg, besides playing audio."""

    def accepts(self, size: int) -> bool:
        """Return whether so many bytes of mu-law can be queued; if so, they are about to be."""

    def clear(self) -> None:
        """Drop what is queued, checkpoints too."""

    def dial(self, digits: str) -> None:
        """Send keys to the phone."""

    def notify(self, what: str, text: str) -> None:
        """Take a warning of Plivo's debug log."""


class PlivoDialect:
    """The messages of one audio stream."""

    def __init__(self, opened: Opened, line: Line, clock: Callable[[], float], answers: deque[str]) -> None:
        """`clock` returns seconds; `answers` gets what is to be sent in response to the gateway's latest message."""
        self._answers = answers
        self._opened = opened
        self._line = line
        self._clock = clock
        self._began = clock()
        self._sequence = 0
        self._chunk = 0
        self._out = Resampler(TELEPHONE_RATE, opened.format.rate)
        self._in = Resampler(opened.format.rate, TELEPHONE_RATE)

    def opening(self) -> tuple[str, ...]:
        """Return `start`."""
        opened = self._opened
        start = {
            "callId": opened.call_uuid,
            "streamId": opened.stream_id,
            "accountId": opened.account_id,
            "tracks": ["inbound", "outbound"] if opened.track == "both" else [opened.track],
            "mediaFormat": {"encoding": opened.format.encoding, "sampleRate": opened.format.rate},
        }
        return (_text({"sequenceNumber": 0, "event": "start", "start": start, "extra_headers": opened.extra_headers}),)

    def audio(self, mulaw: bytes) -> str:
        """Return the message that carries 20 ms of the phone's audio."""
        self._chunk += 1
        media = {
            "track": "inbound",
            "timestamp": str(self._timestamp()),
            "chunk": self._chunk,
            "payload": b2a_base64(self._encode(mulaw), newline=False).decode("ascii"),
        }
        return self._message("media", media=media, extra_headers=self._opened.extra_headers)

    def mark(self, name: str) -> str:
        """Return the message that says that a checkpoint was reached."""
        return self._message("playedStream", name=name)

    def digit(self, digit: str) -> str:
        """Return the message that reports a pressed key."""
        return self._message("dtmf", dtmf={"track": "inbound", "digit": digit, "timestamp": str(self._timestamp())})

    def stop(self) -> str:
        """Return the last message; nothing, because the closing socket is the end."""
        return self._message("stop") if self._opened.says_stop else ""

    def read(self, message: str) -> Sent | None:
        """Return what the gateway sent.

        Raises:
            FrameError: the message is too large, and the stream must be closed.
        """
        if len(message.encode(errors="replace")) > LARGEST:
            self._line.notify("message_too_large", f"more than {LARGEST} bytes")
            raise FrameError("plivo stream: a message of more than 64 KB")
        try:
            frame = _decoder.decode(message)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            self._line.notify("invalid_message", str(error))
            return None
        if frame.streamId != self._opened.stream_id and (
            frame.streamId or isinstance(frame, _Checkpoint | _ClearAudio)
        ):
            self._line.notify("invalid_message", "wrong streamId")
            return None
        if not self._opened.two_way:
            self._line.notify("not_bidirectional", "the stream is one-way, a message was ignored")
            return None
        match frame:
            case _PlayAudio(media=media):
                return self._play(media)
            case _Checkpoint(name=name):
                return Mark(name)
            case _ClearAudio():
                self._line.clear()
                self._answers.append(self._message("clearedAudio"))
                return Clear()
            case _SendDtmf(dtmf=digits):
                self._line.dial(digits)
                return None
            case _:
                assert_never(frame)

    def binary(self) -> None:
        """Ignore a message that is not text."""
        self._line.notify("invalid_message", "a binary message")

    def _play(self, media: _Audio) -> Audio | None:
        expected = self._opened.format
        if (media.contentType, media.sampleRate) != (expected.encoding, expected.rate):
            self._refuse("playFailed", "invalid_content_type")
            return None
        mulaw = self._decode(media.payload)
        if not self._line.accepts(len(mulaw)):
            self._refuse("error", "buffer_overflow")
            return None
        return Audio(mulaw)

    def _refuse(self, event: str, reason: str) -> None:
        self._line.notify(reason, "audio was dropped")
        self._answers.append(self._message(event, reason=reason))

    def _encode(self, mulaw: bytes) -> bytes:
        if self._opened.format.encoding == "audio/x-mulaw":
            return mulaw
        return float_to_pcm(self._out.feed(to_float(mulaw)))

    def _decode(self, payload: bytes) -> bytes:
        if self._opened.format.encoding == "audio/x-mulaw":
            return payload
        return from_float(self._in.feed(pcm_to_float(payload[: len(payload) // 2 * 2])))

    def _timestamp(self) -> int:
        return round((self._opened.epoch + self._clock() - self._began) * 1000)

    def _message(self, event: str, **body: object) -> str:
        self._sequence += 1
        return _text({"sequenceNumber": self._sequence, "streamId": self._opened.stream_id, "event": event, **body})


class PlivoSocket:
    """A media socket on which Plivo answers some messages by itself, before it reads the next one."""

    def __init__(self, socket: Socket, answers: deque[str]) -> None:
        """`answers` are sent before the next message is read."""
        self._socket = socket
        self._answers = answers

    @property
    def code(self) -> int | None:
        """The peer's close code; None while open, 1006 where it sent none."""
        return self._socket.code

    async def send(self, text: str) -> None:
        """Send one message; an empty one is none.

        Raises:
            ConnectionError: the socket is closed.
        """
        if text:
            await self._socket.send(text)

    async def recv(self) -> str | None:
        """Return the next message, or None once the socket is closed.

        Raises:
            FrameError: a message that is not text arrived.
        """
        try:
            while self._answers:
                await self._socket.send(self._answers.popleft())
        except ConnectionError:
            self._answers.clear()
        return await self._socket.recv()

    async def close(self, code: int = 1000) -> None:
        """Close it politely; closing twice is nothing."""
        await self._socket.close(code)

    def drop(self) -> None:
        """Cut the connection without a close frame."""
        self._socket.drop()


def _text(message: Mapping[str, object]) -> str:
    return msgspec.json.encode(message).decode()

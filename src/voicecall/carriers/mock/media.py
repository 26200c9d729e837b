"""The frames of the mock network's media stream. The hot path: fifty frames a second each way and call.

Source: docs/mock-network.md, "Media stream".
"""

from __future__ import annotations

from binascii import b2a_base64
from typing import Annotated, Literal, assert_never

import msgspec

from voicecall.carriers import MediaAudio, MediaDigit, MediaFrame, MediaMark, MediaStarted, MediaStopped
from voicecall.carriers.payloads import as_written
from voicecall.core.ids import CarrierCallId, StreamId
from voicecall.errors import FrameError

_Name = Annotated[str, msgspec.Meta(min_length=1)]


class _Format(msgspec.Struct, frozen=True):
    encoding: Literal["mulaw"]
    rate: Literal[8000]


class _Frame(msgspec.Struct, frozen=True, tag_field="event"):
    pass


class _Start(_Frame, frozen=True, tag="start"):
    stream: _Name
    call: _Name
    format: _Format
    parameters: dict[str, str] = {}


class _Media(_Frame, frozen=True, tag="media"):
    payload: bytes


class _Mark(_Frame, frozen=True, tag="mark"):
    name: str


class _Digit(_Frame, frozen=True, tag="digit"):
    digit: Annotated[str, msgspec.Meta(pattern=r"\A[0-9*#A-D]\Z")]


class _Stop(_Frame, frozen=True, tag="stop"):
    pass


_AnyFrame = _Start | _Media | _Mark | _Digit | _Stop
_decoder: msgspec.json.Decoder[_AnyFrame] = msgspec.json.Decoder(_AnyFrame)


class MockMedia:
    """The frames of one media stream."""

    def __init__(self) -> None:
        self._started = False

    def decode(self, message: str | bytes) -> MediaFrame | None:
        """Return the frame.

        Raises:
            FrameError: the message is not of the mock network's form, or starts the stream a second time.
        """
        if not isinstance(message, str):
            raise FrameError("mock stream: a binary message")
        try:
            frame = _decoder.decode(message)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise FrameError(f"mock stream: {error}") from error
        if isinstance(frame, _Media):
            return MediaAudio(frame.payload, as_written(message, frame.payload))
        match frame:
            case _Start():
                return self._start(frame)
            case _Mark():
                return MediaMark(frame.name)
            case _Digit():
                return MediaDigit(frame.digit)
            case _Stop():
                return MediaStopped()
            case _:
                assert_never(frame)

    def audio(self, mulaw: bytes) -> str:
        """Return the message that plays this audio: mu-law, 8 kHz, any length up to one second."""
        return '{"event":"media","payload":"' + b2a_base64(mulaw, newline=False).decode("ascii") + '"}'

    def mark(self, name: str) -> str:
        """Return the message that asks for a mark after the audio sent so far."""
        return msgspec.json.encode({"event": "mark", "name": name}).decode()

    def clear(self) -> str:
        """Return the message that drops the audio that was sent and not yet played."""
        return '{"event":"clear"}'

    def _start(self, frame: _Start) -> MediaStarted:
        if self._started:
            raise FrameError("mock stream: started twice")
        self._started = True
        return MediaStarted(StreamId(frame.stream), CarrierCallId(frame.call), frame.parameters.get("token"))

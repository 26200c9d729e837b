"""The frames of a Telnyx media stream. The hot path: fifty frames a second each way and call.

Source: developers.telnyx.com, "Media streaming", 2026-11; the byte order of L16 as Telnyx's own samples have it.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable
from typing import Annotated, Literal, assert_never

import msgspec

from voicecall.carriers import MediaAudio, MediaFrame, MediaMark, MediaStarted, MediaStopped
from voicecall.carriers.payloads import as_written
from voicecall.core.ids import CarrierCallId, StreamId
from voicecall.errors import FrameError

from .codecs import Codec, Encoding, decoder, encoder
from .webhooks import LEG, NAME

_LONGEST_REASON = 200
_PATIENCE = 3
"""Newer chunks that may come before a missing one is given up."""
_RESTART = 50
"""A chunk that is older than the awaited one by so many is the first of a new count."""


class _Format(msgspec.Struct, frozen=True):
    encoding: Encoding
    sample_rate: Literal[8000, 16000, 22050, 24000, 48000]
    channels: Literal[1] = 1


class _StartBody(msgspec.Struct, frozen=True):
    call_control_id: Annotated[str, msgspec.Meta(pattern=LEG)]
    media_format: _Format


class _MediaBody(msgspec.Struct, frozen=True):
    payload: bytes
    chunk: Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{1,18}\Z")] | None = None
    track: str = "inbound"


class _MarkBody(msgspec.Struct, frozen=True):
    name: str


class _Message(msgspec.Struct, frozen=True, tag_field="event"):
    pass


class _Start(_Message, frozen=True, tag="start"):
    stream_id: Annotated[str, msgspec.Meta(pattern=NAME)]
    start: _StartBody


class _Media(_Message, frozen=True, tag="media"):
    media: _MediaBody


class _Mark(_Message, frozen=True, tag="mark"):
    mark: _MarkBody


class _Stop(_Message, frozen=True, tag="stop"):
    pass


class _Other(msgspec.Struct, frozen=True):
    event: str


_AnyMessage = _Start | _Media | _Mark | _Stop
_KNOWN = frozenset({"start", "media", "mark", "stop"})
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
_decoder: msgspec.json.Decoder[_AnyMessage] = msgspec.json.Decoder(_AnyMessage)
_other: msgspec.json.Decoder[_Other] = msgspec.json.Decoder(_Other)


class TelnyxMedia:
    """The frames of one media stream. What comes is in the codec that its start names; what goes, in ours."""

    def __init__(self, codec: Codec) -> None:
        """`codec`: what the stream was asked to take."""
        self._encoder = encoder(codec)
        self._decode: Callable[[bytes], bytes] | None = None
        self._chunks = _Chunks()

    def decode(self, message: str | bytes) -> MediaFrame | None:
        """Return the frame; None for a greeting, our own audio, and audio that waits for what goes before it.

        Keys are not told here: the webhook `call.dtmf.received` tells them, with a stream and without. Errors that
        Telnyx reports about what we sent say nothing that could be acted on.

        Raises:
            FrameError: the message is not of Telnyx's form, starts the stream a second time, or is audio before it.
        """
        if not isinstance(message, str):
            raise FrameError("telnyx stream: a binary message")
        try:
            frame = _decoder.decode(message)
        except _UNREADABLE as error:
            if _is_other(message):
                return None
            raise FrameError(f"telnyx stream: {str(error)[:_LONGEST_REASON]}") from error
        match frame:
            case _Media(media):
                return self._heard(media, message) if media.track == "inbound" else None
            case _Start(stream_id, start):
                return self._start(stream_id, start)
            case _Mark(mark):
                return MediaMark(mark.name)
            case _Stop():
                return MediaStopped()
            case _:
                assert_never(frame)

    def audio(self, mulaw: bytes) -> str:
        """Return the message that plays this audio: mu-law, 8 kHz, any length up to one second.

        What is shorter than 20 ms is filled up with silence.
        """
        payload = b2a_base64(self._encoder.encode(mulaw), newline=False).decode("ascii")
        return '{"event":"media","media":{"payload":"' + payload + '"}}'

    def mark(self, name: str) -> str:
        """Return the message that asks for a mark after the audio sent so far."""
        return '{"event":"mark","mark":{"name":' + msgspec.json.encode(name).decode() + "}}"

    def clear(self) -> str:
        """Return the message that drops the audio that was sent and not yet played."""
        self._encoder.restart()
        return '{"event":"clear"}'

    def _start(self, stream_id: str, start: _StartBody) -> MediaStarted:
        if self._decode is not None:
            raise FrameError("telnyx stream: started twice")
        agreed = start.media_format
        if agreed.encoding != "L16" and agreed.sample_rate != 8000:
            raise FrameError(f"telnyx stream: {agreed.encoding} at {agreed.sample_rate} Hz")
        self._decode = decoder(agreed.encoding, agreed.sample_rate)
        return MediaStarted(StreamId(stream_id), CarrierCallId(start.call_control_id), None)

    def _heard(self, media: _MediaBody, message: str) -> MediaAudio | None:
        if self._decode is None:
            raise FrameError("telnyx stream: audio before its start")
        payload = self._chunks.take(None if media.chunk is None else int(media.chunk), media.payload)
        try:
            mulaw = self._decode(payload)
        except ValueError:
            raise FrameError("telnyx stream: half a sample") from None
        if not mulaw:
            return None
        return MediaAudio(mulaw, as_written(message, mulaw) if mulaw == media.payload else "")


class _Chunks:
    """Puts audio into its order, which Telnyx does not promise to keep."""

    def __init__(self) -> None:
        self._next = 1
        self._waiting: dict[int, bytes] = {}

    def take(self, number: int | None, payload: bytes) -> bytes:
        """Take a chunk, in its turn where it bears no number; return all that is in order by now.

        A chunk that comes twice, or after it was given up, is dropped.
        """
        if number is None or number <= self._next - _RESTART:
            self._waiting.clear()
            self._next = self._next if number is None else number
            number = self._next
        if number < self._next:
            return b""
        self._waiting[number] = payload
        if number != self._next and len(self._waiting) >= _PATIENCE:
            self._next = min(self._waiting)
        ordered = bytearray()
        while self._next in self._waiting:
            ordered += self._waiting.pop(self._next)
            self._next += 1
        return bytes(ordered)


def _is_other(message: str) -> bool:
    """Say whether this is an event that says nothing to us, in a message that is well formed otherwise."""
    try:
        return _other.decode(message).event not in _KNOWN
    except _UNREADABLE:
        return False

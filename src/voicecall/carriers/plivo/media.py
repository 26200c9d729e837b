"""The frames of a Plivo audio stream. The hot path: fifty frames a second each way and call.

Plivo queues 40 to 60 s of audio and then loses it, and does not return the checkpoints of what was cleared. The player
is never more than 0.3 s ahead, and counts only what came back. Messages may have 64 KB and should have no more than
16 KB: a tenth of a second, which is what the player sends at once, has 4.4 KB at most, and a whole second 43 KB.

Source: plivo.com/docs/voice-agents/audio-streaming, 2026-11.
"""

from __future__ import annotations

from binascii import b2a_base64
from typing import Annotated, assert_never

import msgspec

from voicecall.carriers import MediaAudio, MediaDigit, MediaFrame, MediaMark, MediaStarted, MediaStopped
from voicecall.carriers.payloads import as_written
from voicecall.core.ids import CarrierCallId, StreamId
from voicecall.errors import FrameError

from .codecs import CONTENT_TYPES, coder
from .webhooks import NAME

_Name = Annotated[str, msgspec.Meta(pattern=NAME)]
_LONGEST_REASON = 200
_CODECS = {content_type: codec for codec, content_type in CONTENT_TYPES.items()}


class _Format(msgspec.Struct, frozen=True, rename="camel"):
    encoding: str
    sample_rate: int


class _StartBody(msgspec.Struct, frozen=True, rename="camel"):
    stream_id: _Name
    call_id: _Name
    media_format: _Format


class _MediaBody(msgspec.Struct, frozen=True):
    payload: bytes
    track: str = "inbound"


class _DigitBody(msgspec.Struct, frozen=True):
    digit: Annotated[str, msgspec.Meta(pattern=r"\A[0-9*#A-D]\Z")]


class _Message(msgspec.Struct, frozen=True, tag_field="event"):
    pass


class _Start(_Message, frozen=True, tag="start"):
    start: _StartBody


class _Media(_Message, frozen=True, tag="media"):
    media: _MediaBody


class _Digit(_Message, frozen=True, tag="dtmf"):
    dtmf: _DigitBody


class _Played(_Message, frozen=True, tag="playedStream"):
    name: str


class _Stop(_Message, frozen=True, tag="stop"):
    """Not documented: the closing socket is the end."""


class _Other(msgspec.Struct, frozen=True):
    event: str


_AnyMessage = _Start | _Media | _Digit | _Played | _Stop
_KNOWN = frozenset({"start", "media", "dtmf", "playedStream", "stop"})
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
_decoder: msgspec.json.Decoder[_AnyMessage] = msgspec.json.Decoder(_AnyMessage)
_other: msgspec.json.Decoder[_Other] = msgspec.json.Decoder(_Other)


class PlivoMedia:
    """The frames of one stream. What it sends bears the stream's name and format, so it sends only once that started.

    A stream says at its start what it carries, and takes nothing else.
    """

    def __init__(self) -> None:
        self._started = False
        self._agree("", CONTENT_TYPES["PCMU"])

    def decode(self, message: str | bytes) -> MediaFrame | None:
        """Return the frame; None for our own audio, what only confirms our request, and events that Plivo may add.

        Raises:
            FrameError: the message is not of Plivo's form, starts the stream a second time, or in no format known here.
        """
        if not isinstance(message, str):
            raise FrameError("plivo stream: a binary message")
        try:
            frame = _decoder.decode(message)
        except _UNREADABLE as error:
            if _is_news(message):
                return None
            raise FrameError(f"plivo stream: {str(error)[:_LONGEST_REASON]}") from error
        if isinstance(frame, _Media):
            return self._heard(frame.media.payload, message) if frame.media.track == "inbound" else None
        match frame:
            case _Start(start):
                return self._start(start)
            case _Played(name):
                return MediaMark(name)
            case _Digit(dtmf):
                return MediaDigit(dtmf.digit)
            case _Stop():
                return MediaStopped()
            case _:
                assert_never(frame)

    def audio(self, mulaw: bytes) -> str:
        """Return the message that plays this audio: mu-law, 8 kHz, any length up to one second."""
        return self._play + b2a_base64(self._coder.encode(mulaw), newline=False).decode("ascii") + '"}}'

    def mark(self, name: str) -> str:
        """Return the message that asks for a mark after the audio sent so far. It never comes back after a clear."""
        return self._checkpoint + msgspec.json.encode(name).decode() + "}"

    def clear(self) -> str:
        """Return the message that drops the audio that was sent and not yet played."""
        self._coder.restart()
        return self._clear

    def _heard(self, payload: bytes, message: str) -> MediaAudio:
        mulaw = self._coder.decode(payload)
        return MediaAudio(mulaw, as_written(message, payload) if mulaw == payload else "")

    def _start(self, start: _StartBody) -> MediaStarted:
        if self._started:
            raise FrameError("plivo stream: started twice")
        content_type = f"{start.media_format.encoding};rate={start.media_format.sample_rate}"
        if content_type not in _CODECS:
            raise FrameError("plivo stream: it carries neither mu-law nor 16-bit PCM at 8 or 16 kHz")
        self._started = True
        self._agree(start.stream_id, content_type)
        return MediaStarted(StreamId(start.stream_id), CarrierCallId(start.call_id), None)

    def _agree(self, stream: str, content_type: str) -> None:
        """Speak of this stream, in its format."""
        self._coder = coder(_CODECS[content_type])
        name = msgspec.json.encode(stream).decode()
        encoding, _, rate = content_type.partition(";rate=")
        media = f'{{"contentType":"{encoding}","sampleRate":{rate},"payload":"'
        self._play = f'{{"event":"playAudio","streamId":{name},"media":{media}'
        self._checkpoint = f'{{"event":"checkpoint","streamId":{name},"name":'
        self._clear = f'{{"event":"clearAudio","streamId":{name}}}'


def _is_news(message: str) -> bool:
    """Say whether this is an event that is not known here, in a message that is well formed otherwise."""
    try:
        return _other.decode(message).event not in _KNOWN
    except _UNREADABLE:
        return False

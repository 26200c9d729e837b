"""The frames of a Twilio media stream. The hot path: fifty frames a second each way and call.

Source: twilio.com/docs/voice/media-streams/websocket-messages, 2026-11.
"""

from __future__ import annotations

from binascii import b2a_base64
from typing import Annotated, Literal, assert_never

import msgspec

from voicecall.carriers import MediaAudio, MediaDigit, MediaFrame, MediaMark, MediaStarted, MediaStopped
from voicecall.carriers.payloads import as_written
from voicecall.core.ids import CarrierCallId, StreamId
from voicecall.errors import FrameError

from .webhooks import NAME

_Name = Annotated[str, msgspec.Meta(pattern=NAME)]
_LONGEST_REASON = 200


class _Format(msgspec.Struct, frozen=True, rename="camel"):
    encoding: Literal["audio/x-mulaw"]
    sample_rate: Literal[8000]
    channels: Literal[1]


class _StartBody(msgspec.Struct, frozen=True, rename="camel"):
    stream_sid: _Name
    call_sid: _Name
    media_format: _Format
    custom_parameters: dict[str, str] = {}


class _MediaBody(msgspec.Struct, frozen=True):
    payload: bytes
    track: str = "inbound"


class _MarkBody(msgspec.Struct, frozen=True):
    name: str


class _DigitBody(msgspec.Struct, frozen=True):
    digit: Annotated[str, msgspec.Meta(pattern=r"\A[0-9*#A-D]\Z")]


class _Message(msgspec.Struct, frozen=True, tag_field="event"):
    pass


class _Connected(_Message, frozen=True, tag="connected"):
    pass


class _Start(_Message, frozen=True, tag="start"):
    start: _StartBody


class _Media(_Message, frozen=True, tag="media"):
    media: _MediaBody


class _Mark(_Message, frozen=True, tag="mark"):
    mark: _MarkBody


class _Digit(_Message, frozen=True, tag="dtmf"):
    dtmf: _DigitBody


class _Stop(_Message, frozen=True, tag="stop"):
    pass


class _Other(msgspec.Struct, frozen=True):
    event: str


_AnyMessage = _Connected | _Start | _Media | _Mark | _Digit | _Stop
_KNOWN = frozenset({"connected", "start", "media", "mark", "dtmf", "stop"})
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
_decoder: msgspec.json.Decoder[_AnyMessage] = msgspec.json.Decoder(_AnyMessage)
_other: msgspec.json.Decoder[_Other] = msgspec.json.Decoder(_Other)


class TwilioMedia:
    """The frames of one media stream. What it sends bears the stream's name, so it sends only once that started."""

    def __init__(self) -> None:
        self._started = False
        self._address("")

    def decode(self, message: str | bytes) -> MediaFrame | None:
        """Return the frame; None for a greeting, our own audio, and events that Twilio may add.

        Raises:
            FrameError: the message is not of Twilio's form, or starts the stream a second time.
        """
        if not isinstance(message, str):
            raise FrameError("twilio stream: a binary message")
        try:
            frame = _decoder.decode(message)
        except _UNREADABLE as error:
            if _is_news(message):
                return None
            raise FrameError(f"twilio stream: {str(error)[:_LONGEST_REASON]}") from error
        if isinstance(frame, _Media):
            if frame.media.track != "inbound":
                return None
            payload = frame.media.payload
            return MediaAudio(payload, as_written(message, payload))
        match frame:
            case _Connected():
                return None
            case _Start(start):
                return self._start(start)
            case _Mark(mark):
                return MediaMark(mark.name)
            case _Digit(dtmf):
                return MediaDigit(dtmf.digit)
            case _Stop():
                return MediaStopped()
            case _:
                assert_never(frame)

    def audio(self, mulaw: bytes) -> str:
        """Return the message that plays this audio: mu-law, 8 kHz, any length up to one second."""
        return self._media + b2a_base64(mulaw, newline=False).decode("ascii") + '"}}'

    def mark(self, name: str) -> str:
        """Return the message that asks for a mark after the audio sent so far."""
        return self._mark + msgspec.json.encode(name).decode() + "}}"

    def clear(self) -> str:
        """Return the message that drops the audio that was sent and not yet played."""
        return self._clear

    def _start(self, start: _StartBody) -> MediaStarted:
        if self._started:
            raise FrameError("twilio stream: started twice")
        self._started = True
        self._address(start.stream_sid)
        token = start.custom_parameters.get("token")
        return MediaStarted(StreamId(start.stream_sid), CarrierCallId(start.call_sid), token)

    def _address(self, stream: str) -> None:
        sid = msgspec.json.encode(stream).decode()
        self._media = f'{{"event":"media","streamSid":{sid},"media":{{"payload":"'
        self._mark = f'{{"event":"mark","streamSid":{sid},"mark":{{"name":'
        self._clear = f'{{"event":"clear","streamSid":{sid}}}'


def _is_news(message: str) -> bool:
    """Say whether this is an event that is not known here, in a message that is well formed otherwise."""
    try:
        return _other.decode(message).event not in _KNOWN
    except _UNREADABLE:
        return False

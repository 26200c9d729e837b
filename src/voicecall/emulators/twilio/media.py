"""The messages of a Twilio media stream.

Source: Twilio docs `voice/media-streams/websocket-messages`.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Mapping

import msgspec

from voicecall.emulators.faces import Audio, Clear, Mark, Sent
from voicecall.emulators.playout import RATE, SILENCE

UNDECODABLE = 31950
MALFORMED = 31951
QUEUE_OVERFLOW = 31931


class _Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    payload: bytes


class _Name(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str


class _Media(msgspec.Struct, frozen=True, tag="media", tag_field="event", forbid_unknown_fields=True):
    streamSid: str  # noqa: N815 - Twilio's spelling
    media: _Payload


class _Mark(msgspec.Struct, frozen=True, tag="mark", tag_field="event", forbid_unknown_fields=True):
    streamSid: str  # noqa: N815 - Twilio's spelling
    mark: _Name


class _Clear(msgspec.Struct, frozen=True, tag="clear", tag_field="event", forbid_unknown_fields=True):
    streamSid: str  # noqa: N815 - Twilio's spelling


def _base64(payload: bytes) -> str:
    return b2a_base64(payload, newline=False).decode("ascii")


_SILENCE = _base64(SILENCE)
_decoder = msgspec.json.Decoder(_Media | _Mark | _Clear)


class TwilioDialect:
    """The messages of one two-way media stream."""

    def __init__(
        self,
        account_sid: str,
        call_sid: str,
        stream_sid: str,
        parameters: Mapping[str, str],
        clock: Callable[[], float],
        notify: Callable[[int, str], None],
        overflowed: Callable[[], bool] = lambda: False,
    ) -> None:
        """`clock` returns seconds; `notify` gets Twilio's warnings, each once; `overflowed` tells of lost audio."""
        self._account_sid = account_sid
        self._call_sid = call_sid
        self._stream_sid = stream_sid
        self._parameters = dict(parameters)
        self._clock = clock
        self._notify = notify
        self._overflowed = overflowed
        self._began = clock()
        self._sequence = 0
        self._chunk = 0
        self._warned: set[int] = set()

    def opening(self) -> tuple[str, ...]:
        """Return `connected` and `start`."""
        connected = {"event": "connected", "protocol": "Call", "version": "1.0.0"}
        start = {
            "streamSid": self._stream_sid,
            "accountSid": self._account_sid,
            "callSid": self._call_sid,
            "tracks": ["inbound"],
            "customParameters": self._parameters,
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": RATE, "channels": 1},
        }
        return msgspec.json.encode(connected).decode(), self._message("start", start)

    def audio(self, mulaw: bytes) -> str:
        """Return the message that carries 20 ms of the phone's audio."""
        self._chunk += 1
        self._sequence += 1
        elapsed = round((self._clock() - self._began) * 1000)
        payload = _SILENCE if mulaw is SILENCE else _base64(mulaw)
        return (
            f'{{"event":"media","sequenceNumber":"{self._sequence}","media":{{"track":"inbound",'
            f'"chunk":"{self._chunk}","timestamp":"{elapsed}","payload":"{payload}"}},"streamSid":"{self._stream_sid}"}}'
        )

    def mark(self, name: str) -> str:
        """Return the message that returns a mark."""
        return self._message("mark", {"name": name})

    def digit(self, digit: str) -> str:
        """Return the message that reports a pressed key."""
        return self._message("dtmf", {"track": "inbound_track", "digit": digit})

    def stop(self) -> str:
        """Return the last message."""
        return self._message("stop", {"accountSid": self._account_sid, "callSid": self._call_sid})

    def read(self, message: str) -> Sent | None:
        """Return what the gateway sent; a message that Twilio refuses has no effect but a warning."""
        if self._overflowed():
            self._warn(QUEUE_OVERFLOW, "more than ten minutes of audio were queued")
        try:
            frame = _decoder.decode(message)
        except msgspec.ValidationError as error:
            self._warn(MALFORMED, str(error))
            return None
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            self._warn(UNDECODABLE, str(error))
            return None
        if frame.streamSid != self._stream_sid:
            self._warn(MALFORMED, "wrong streamSid")
            return None
        if isinstance(frame, _Media):
            return Audio(frame.media.payload)
        return Mark(frame.mark.name) if isinstance(frame, _Mark) else Clear()

    def binary(self) -> None:
        """Refuse a message that is not text; the stream goes on."""
        self._warn(UNDECODABLE, "a binary message")

    def _warn(self, code: int, text: str) -> None:
        if code not in self._warned:
            self._warned.add(code)
            self._notify(code, text)

    def _message(self, event: str, body: Mapping[str, object]) -> str:
        self._sequence += 1
        message = {
            "event": event,
            "sequenceNumber": str(self._sequence),
            event: body,
            "streamSid": self._stream_sid,
        }
        return msgspec.json.encode(message).decode()

"""The messages of a Telnyx media stream.

Source: Telnyx docs `docs/voice/programmable-voice/media-streaming`. Little-endian L16 is as seen in Telnyx's samples.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from voicecall.audio.g711 import (
    alaw_decode,
    alaw_encode,
    float_to_pcm,
    from_float,
    mulaw_decode,
    mulaw_encode,
    pcm_to_float,
    to_float,
)
from voicecall.audio.resample import Resampler
from voicecall.emulators.faces import Audio, Clear, Mark, Sent
from voicecall.emulators.playout import RATE, SILENCE

from .commands import StartStreaming

MALFORMED = 100003
INVALID_MEDIA = 100004
RATE_LIMIT = 100005
ERRORS: Mapping[int, str] = {
    MALFORMED: "malformed_frame",
    INVALID_MEDIA: "invalid_media",
    RATE_LIMIT: "rate_limit_reached",
}
SHORTEST, LONGEST = 0.02, 30.0
"""Seconds of audio that a message of the gateway can hold."""
L16_RATE = 16000
"""Hertz of L16, where nothing else was asked for."""


class _Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    payload: bytes


class _Name(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str


class _Media(msgspec.Struct, frozen=True, tag="media", tag_field="event", forbid_unknown_fields=True):
    media: _Payload


class _Mark(msgspec.Struct, frozen=True, tag="mark", tag_field="event", forbid_unknown_fields=True):
    mark: _Name


class _Clear(msgspec.Struct, frozen=True, tag="clear", tag_field="event", forbid_unknown_fields=True):
    pass


def _base64(payload: bytes) -> str:
    return b2a_base64(payload, newline=False).decode("ascii")


_SILENCE = _base64(SILENCE)
_decoder = msgspec.json.Decoder(_Media | _Mark | _Clear)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which call and which stream the messages belong to."""

    stream: str
    user: str
    control: str
    session: str
    from_: str
    to: str
    client_state: str | None


class Encoder:
    """The phone's audio in the codec of `stream_codec`; one that is not simulated becomes that of the call, PCMU."""

    def __init__(self, codec: str) -> None:
        self.encoding = codec if codec in ("PCMA", "L16") else "PCMU"
        self.rate = L16_RATE if self.encoding == "L16" else RATE
        self._resampler = Resampler(RATE, self.rate)

    def encode(self, mulaw: bytes) -> str:
        """Return a frame of mu-law as base64 in the codec."""
        if self.encoding == "PCMU":
            return _SILENCE if mulaw is SILENCE else _base64(mulaw)
        if self.encoding == "PCMA":
            return _base64(alaw_encode(mulaw_decode(mulaw)))
        samples = self._resampler.feed(to_float(mulaw))
        missing = len(mulaw) * self.rate // RATE - len(samples)
        return _base64(float_to_pcm(np.pad(samples, (max(0, missing), 0))))


class Decoder:
    """The gateway's audio, out of the codec of `stream_bidirectional_codec`."""

    def __init__(self, codec: str, rate: int | None) -> None:
        self._codec = codec
        rate = (rate or L16_RATE) if codec == "L16" else RATE
        self._bytes_per_second = 2 * rate if codec == "L16" else rate
        self._resampler = Resampler(rate, RATE)

    def decode(self, payload: bytes) -> bytes:
        """Return mu-law.

        Raises:
            ValueError: it is too short, too long, or no audio in a codec that is simulated.
        """
        if not SHORTEST <= len(payload) / self._bytes_per_second <= LONGEST:
            raise ValueError(f"{len(payload)} bytes of audio are not from 20 ms to 30 s")
        if self._codec == "PCMU":
            return payload
        if self._codec == "PCMA":
            return mulaw_encode(alaw_decode(payload))
        if self._codec != "L16" or len(payload) % 2:
            raise ValueError(f"no audio in {self._codec}")
        return from_float(self._resampler.feed(pcm_to_float(payload)))


class TelnyxDialect:
    """The messages of one two-way media stream."""

    def __init__(
        self,
        identity: Identity,
        wanted: StartStreaming,
        clock: Callable[[], float],
        send: Callable[[str], None],
        refused: Callable[[int, str], None],
        pressed: Callable[[str], None],
        lost: Callable[[], int] = lambda: 0,
    ) -> None:
        """`clock` returns seconds; `send` sends a message out of turn.

        `refused` learns of the gateway's mistakes, `pressed` of keys; `lost` tells how many bytes had no room.
        """
        self._identity = identity
        self._wanted = wanted
        self._clock = clock
        self._send = send
        self._refused = refused
        self._pressed = pressed
        self._lost = lost
        self._told = lost()
        self._encoder = Encoder(wanted.stream_codec)
        self._decoder = Decoder(wanted.stream_bidirectional_codec, wanted.stream_bidirectional_sampling_rate)
        self._began = clock()
        self._sequence = 0
        self._chunk = 0

    def opening(self) -> tuple[str, ...]:
        """Return `connected` and `start`."""
        token = self._wanted.stream_auth_token
        connected: dict[str, object] = {"event": "connected", "version": "1.0.0"}
        if token:
            connected["connected"] = {"x-telnyx-streaming-auth-token": token}
        identity = self._identity
        start: dict[str, object] = {
            "user_id": identity.user,
            "call_control_id": identity.control,
            "call_session_id": identity.session,
            "from": identity.from_,
            "to": identity.to,
            "tags": [],
            "client_state": identity.client_state,
            "custom_parameters": self._wanted.custom_parameters,
            "media_format": {"encoding": self._encoder.encoding, "sample_rate": self._encoder.rate, "channels": 1},
        }
        return msgspec.json.encode(connected).decode(), self._message("start", start)

    def audio(self, mulaw: bytes) -> str:
        """Return the message that carries 20 ms of the phone's audio."""
        self._chunk += 1
        self._sequence += 1
        elapsed = round((self._clock() - self._began) * 1000)
        return (
            f'{{"event":"media","sequence_number":"{self._sequence}","media":{{"track":"inbound",'
            f'"chunk":"{self._chunk}","timestamp":"{elapsed}","payload":"{self._encoder.encode(mulaw)}"}},'
            f'"stream_id":"{self._identity.stream}"}}'
        )

    def mark(self, name: str) -> str:
        """Return the message that returns a mark."""
        return self._message("mark", {"name": name})

    def digit(self, digit: str) -> str:
        """Return the message that reports a pressed key; the call reports it by webhook as well."""
        self._pressed(digit)
        return self._message("dtmf", {"digit": digit})

    def stop(self) -> str:
        """Return the last message."""
        return self._message("stop", {"user_id": self._identity.user, "call_control_id": self._identity.control})

    def read(self, message: str) -> Sent | None:
        """Return what the gateway sent; a message that Telnyx refuses is answered with an error."""
        if (lost := self._lost()) > self._told:
            self._told = lost
            self._refuse(RATE_LIMIT, "more audio is queued than there is room for")
        try:
            frame = _decoder.decode(message)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            self._refuse(MALFORMED, str(error))
            return None
        if isinstance(frame, _Mark):
            return Mark(frame.mark.name)
        if isinstance(frame, _Clear):
            return Clear()
        if self._wanted.stream_bidirectional_mode != "rtp":
            self._refuse(INVALID_MEDIA, "this stream plays whole MP3 clips")
            return None
        try:
            return Audio(self._decoder.decode(frame.media.payload))
        except ValueError as error:
            self._refuse(INVALID_MEDIA, str(error))
            return None

    def binary(self) -> None:
        """Refuse a message that is not text; the stream goes on."""
        self._refuse(MALFORMED, "a binary message")

    def _refuse(self, code: int, detail: str) -> None:
        error = {"code": code, "title": ERRORS[code], "detail": detail}
        message = {"event": "error", "stream_id": self._identity.stream, "payload": error}
        self._send(msgspec.json.encode(message).decode())
        self._refused(code, detail)

    def _message(self, event: str, body: Mapping[str, object]) -> str:
        self._sequence += 1
        message = {
            "event": event,
            "sequence_number": str(self._sequence),
            event: body,
            "stream_id": self._identity.stream,
        }
        return msgspec.json.encode(message).decode()

"""Transcription by ElevenLabs Scribe, in real time.

Source: elevenlabs.io/docs, "Realtime Speech to Text": API reference, event reference, "Transcripts and commit
strategies".
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from voicecall.audio import TELEPHONE_RATE
from voicecall.audio.g711 import MULAW_SILENCE
from voicecall.errors import SpeechError
from voicecall.net.link import Message
from voicecall.speech import Report, Trouble, VendorOptions
from voicecall.speech.stt.remote import RemoteStream, language_of, socket_url, text_of

_VENDOR = "stt.elevenlabs"
_ORIGIN = "https://api.elevenlabs.io"
_MODEL = "scribe_v2_realtime"
_ALIVE = 5.0
"""Seconds without audio after which a little silence is sent: a session without any is ended."""
_SILENCE = 0.6
"""Seconds of silence that end a segment where the vendor notices speech; its own default is 1.5."""
_NOTICED = 0.5
"""Seconds of speech after which a first partial comes, about."""
_WITHOUT_WORDS = ("commit_throttled", "insufficient_audio_activity")
"""Too little audio to transcribe."""
_HOPELESS = {
    "auth_error": f"check {_VENDOR}.api_key",
    "quota_exceeded": "check the account",
    "unaccepted_terms": "accept the terms of use in the account",
    "invalid_request": f"check {_VENDOR}.model and the language",
    "input_error": f"check {_VENDOR}.model and the language",
}
_PASSING = (
    "error",
    "transcriber_error",
    "rate_limited",
    "queue_overflow",
    "resource_exhausted",
    "session_time_limit_exceeded",
    "chunk_size_exceeded",
)


class ElevenLabsTranscriber:
    """Hears by Scribe. `extra`: `vad = vendor` leaves it to Scribe to notice speech; what else is there goes into the
    query, such as `vad_silence_threshold_secs`, `keyterms` or `no_verbatim`.
    """

    def __init__(self, options: VendorOptions, *, due: float = 2.5) -> None:
        """`due`: seconds after the end of speech in which its words must have come."""
        self._options = options
        self._due = due

    def open(self, report: Callable[[Report], None], language: str = "en") -> RemoteStream:
        """Start listening to a call."""
        return RemoteStream(_Dialect(self._options, language_of(self._options, language), report), report, self._due)


class _Dialect:
    vendor = _VENDOR
    shortest = 0.3
    headers: Mapping[str, str]
    keepalive: tuple[float, Message] | None

    def __init__(self, options: VendorOptions, language: str, report: Callable[[Report], None]) -> None:
        extra = dict(options.extra)
        self.own_vad = extra.pop("vad", "") == "vendor"
        query = {
            "model_id": options.model or _MODEL,
            "audio_format": "ulaw_8000",
            "language_code": language,
            "commit_strategy": "vad" if self.own_vad else "manual",
        }
        if self.own_vad:
            query["vad_silence_threshold_secs"] = f"{_SILENCE}"
        query |= extra
        self.url = f"{socket_url(options, _ORIGIN)}/v1/speech-to-text/realtime?{urlencode(query)}"
        self.headers = {"xi-api-key": options.api_key}
        self.keepalive = (_ALIVE, self.audio(MULAW_SILENCE * (TELEPHONE_RATE // 10)))
        self._silence = float(query.get("vad_silence_threshold_secs", _SILENCE))
        self._report = report

    def opening(self) -> Iterable[Message]:
        """Send nothing: the query says it all, and `session_started` comes by itself."""
        return ()

    def audio(self, mulaw: bytes) -> Message:
        """Return audio as base64."""
        return _chunk(mulaw, commit=False)

    def commit(self, segment: int) -> Message:
        """Return a commit without audio."""
        return _chunk(b"", commit=True)

    def discard(self) -> Iterable[Message]:
        """Send nothing: so little audio may as well precede the next segment."""
        return ()

    def read(self, event: dict[str, Any], stream: RemoteStream) -> None:
        """Understand one event; unknown ones are ignored. Answers come in the order of the commits."""
        kind, text = text_of(event, "message_type"), text_of(event, "text")
        if kind == "session_started":
            stream.begin()
        elif kind == "partial_transcript":
            if self.own_vad and text.strip():
                stream.noticed(_NOTICED)
            stream.partial(stream.first(), text)
        elif kind == "committed_transcript":
            if self.own_vad and text.strip():
                stream.noticed(_NOTICED + self._silence)
            self._settle(stream, text)
        elif kind in _WITHOUT_WORDS:
            self._settle(stream, "")
        elif kind in _HOPELESS:
            raise SpeechError(f"the session ended ({kind}); {_HOPELESS[kind]}", code=kind)
        elif kind in _PASSING:
            raise SpeechError(f"the session ended ({kind})", retryable=True, code=kind)
        elif kind == "warning":
            self._report(Trouble("transcriber", f"{_VENDOR}: a warning that stops nothing"))

    def _settle(self, stream: RemoteStream, text: str) -> None:
        if self.own_vad:
            stream.silence(self._silence)
        segment = stream.first()
        if segment is None:
            return
        if not segment.is_over:  # more than Scribe keeps: it commits a part by itself
            segment.settled_text = segment.words(text)
            return
        if segment.is_settled and stream.awaits_another(segment):
            raise SpeechError("an answer is missing, and it is not known which", retryable=True)
        stream.final(segment, text)


def _chunk(mulaw: bytes, *, commit: bool) -> str:
    message = {
        "message_type": "input_audio_chunk",
        "audio_base_64": base64.b64encode(mulaw).decode(),
        "commit": commit,
        "sample_rate": TELEPHONE_RATE,
    }
    return msgspec.json.encode(message).decode()

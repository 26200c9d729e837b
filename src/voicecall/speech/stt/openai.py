"""Transcription by OpenAI, in a Realtime session that only transcribes.

Source: developers.openai.com, guides "Realtime transcription" and "Voice activity detection", reference "Realtime".
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from voicecall.errors import SpeechError
from voicecall.net.link import Message
from voicecall.speech import Report, Trouble, VendorOptions
from voicecall.speech.stt.remote import RemoteStream, language_of, socket_url, text_of, word_of

_VENDOR = "stt.openai"
_ORIGIN = "https://api.openai.com"
_LIVE = "gpt-live-transcribe"
"""Has words while the caller still speaks, and cannot notice speech by itself."""
_WITH_VAD = "gpt-transcribe"
_WITHOUT_VAD = (_LIVE, "gpt-realtime-whisper")
_SEVERAL_LANGUAGES = (_LIVE, _WITH_VAD)
"""The models that take a list of languages."""
_PADDING = 300
_SILENCE = 500
"""Milliseconds before speech, and of silence after it, that the vendor's own VAD counts in."""
_BYTES_PER_MS = 8
_HOPELESS = ("invalid_api_key", "insufficient_quota", "model_not_found", "account_deactivated")
_CONFIGURATION = "configuration"
"""Our name for the message that sets up the session."""
_ITEM = "conversation.item.input_audio_transcription."


class OpenAITranscriber:
    """Hears by OpenAI. `extra`: `vad = vendor` leaves it to OpenAI to notice speech; `keywords` (separated by commas),
    `delay` (of gpt-realtime-whisper) and `noise_reduction` (`near_field` or `far_field`) are passed on.
    """

    def __init__(self, options: VendorOptions, *, due: float = 2.5) -> None:
        """`due`: seconds after the end of speech in which its words must have come.

        Raises:
            SpeechError: the model cannot do what it is to do.
        """
        self._options = options
        self._due = due
        self._own_vad = dict(options.extra).get("vad") == "vendor"
        self._model = options.model or (_WITH_VAD if self._own_vad else _LIVE)
        if self._own_vad and self._model.startswith(_WITHOUT_VAD):
            raise SpeechError(
                f'{_VENDOR}: {self._model} cannot notice speech by itself; set turns.vad = "local", '
                f"or {_VENDOR}.model = {_WITH_VAD!r}"
            )

    def open(self, report: Callable[[Report], None], language: str = "en") -> RemoteStream:
        """Start listening to a call."""
        dialect = _Dialect(self._options, self._model, language_of(self._options, language), self._own_vad, report)
        return RemoteStream(dialect, report, self._due)


class _Dialect:
    vendor = _VENDOR
    shortest = 0.1
    headers: Mapping[str, str]
    keepalive: tuple[float, Message] | None = None

    def __init__(
        self, options: VendorOptions, model: str, language: str, own_vad: bool, report: Callable[[Report], None]
    ) -> None:
        self.url = f"{socket_url(options, _ORIGIN)}/v1/realtime?intent=transcription"
        self.headers = {"Authorization": f"Bearer {options.api_key}"}
        self.own_vad = own_vad
        self._options = options
        self._model = model
        self._language = language
        self._report = report

    def opening(self) -> Iterable[Message]:
        """Set up the session; the answer is `session.updated`."""
        extra = dict(self._options.extra)
        transcription: dict[str, Any] = {"model": self._model}
        if self._model.startswith(_SEVERAL_LANGUAGES):
            transcription["languages"] = [self._language]
        else:
            transcription["language"] = self._language
        if self._options.instructions:
            transcription["prompt"] = self._options.instructions
        if "keywords" in extra:
            transcription["keywords"] = [word.strip() for word in extra["keywords"].split(",") if word.strip()]
        if "delay" in extra:
            transcription["delay"] = extra["delay"]
        audio: dict[str, Any] = {
            "format": {"type": "audio/pcmu"},
            "transcription": transcription,
            "turn_detection": None,
        }
        if self.own_vad:
            audio["turn_detection"] = {
                "type": "server_vad",
                "prefix_padding_ms": _PADDING,
                "silence_duration_ms": _SILENCE,
            }
        if "noise_reduction" in extra:
            audio["noise_reduction"] = {"type": extra["noise_reduction"]}
        session = {"type": "transcription", "audio": {"input": audio}}
        return (_json({"type": "session.update", "event_id": _CONFIGURATION, "session": session}),)

    def audio(self, mulaw: bytes) -> Message:
        """Return audio as base64."""
        return _json({"type": "input_audio_buffer.append", "audio": base64.b64encode(mulaw).decode()})

    def commit(self, segment: int) -> Message:
        """Return a commit that carries the segment, so that an error tells which one it is about."""
        return _json({"type": "input_audio_buffer.commit", "event_id": f"segment-{segment}"})

    def discard(self) -> Iterable[Message]:
        """Empty the buffer."""
        return (_json({"type": "input_audio_buffer.clear"}),)

    def read(self, event: dict[str, Any], stream: RemoteStream) -> None:
        """Understand one event; unknown ones are ignored."""
        kind = text_of(event, "type")
        item = text_of(event, "item_id")
        if kind == "session.updated":
            stream.begin()
        elif kind == "input_audio_buffer.committed" and item and not self.own_vad:
            stream.named(item)
        elif kind == f"{_ITEM}delta" and item:
            segment = stream.named(item)
            if segment is not None:
                stream.partial(segment, segment.text + text_of(event, "delta"))
        elif kind == f"{_ITEM}completed" and item:
            stream.final(stream.named(item), text_of(event, "transcript"))
        elif kind == f"{_ITEM}failed" and item:
            stream.final(stream.named(item), "", f"{_VENDOR}: transcription failed{_code(event)}")
        elif kind == "input_audio_buffer.speech_started" and self.own_vad:
            segment = stream.noticed(_ago(stream, event, "audio_start_ms") - _PADDING / 1000)
            if segment is not None:
                segment.item = segment.item or item
        elif kind == "input_audio_buffer.speech_stopped" and self.own_vad:
            stream.silence(_ago(stream, event, "audio_end_ms") + _SILENCE / 1000)
        elif kind == "error":
            self._fail(event, stream)

    def _fail(self, event: dict[str, Any], stream: RemoteStream) -> None:
        error = _error(event)
        about, code = text_of(error, "event_id"), word_of(error, "code", "type")
        _, _, number = about.partition("segment-")
        if number.isdigit():
            empty = code == "input_audio_buffer_commit_empty"
            reason = "" if empty else f"{_VENDOR}: the audio was refused{_code(event)}"
            stream.final(stream.find(int(number)), "", reason)
        elif about == _CONFIGURATION:
            raise SpeechError(
                f"the session was refused{_code(event)}; check {_VENDOR}.model ({self._model}) and the language",
                code=code,
            )
        elif code in _HOPELESS:
            advice = f"; check {_VENDOR}.api_key" if code == "invalid_api_key" else "; check the account"
            raise SpeechError(f"the session ended{_code(event)}{advice}", code=code)
        elif code in ("session_expired", "server_error", "rate_limit_exceeded"):
            raise SpeechError(f"the session ended{_code(event)}", retryable=True, code=code)
        else:
            self._report(Trouble("transcriber", f"{_VENDOR}: an error{_code(event)} that stops nothing"))


def _ago(stream: RemoteStream, event: dict[str, Any], name: str) -> float:
    """Return how many seconds of audio were sent since the place that the event tells."""
    place = event.get(name)
    return stream.sent / _BYTES_PER_MS / 1000 - place / 1000 if isinstance(place, int) else 0.0


def _error(event: dict[str, Any]) -> dict[str, Any]:
    error = event.get("error")
    return error if isinstance(error, dict) else {}


def _code(event: dict[str, Any]) -> str:
    code = word_of(_error(event), "code", "type")
    return f" ({code})" if code else ""


def _json(message: dict[str, Any]) -> str:
    return msgspec.json.encode(message).decode()

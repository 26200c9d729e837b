"""Speech by ElevenLabs: one socket for a call, one of its contexts for a piece.

Source: elevenlabs.io/docs, API reference "Multi-Context WebSocket" and guide of that name.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from voicecall.errors import SpeechError
from voicecall.net.link import Link, Message
from voicecall.speech import Trouble, VendorOptions, Voice
from voicecall.speech.tts.pieces import Pieces

_VENDOR = "tts.elevenlabs"
_ORIGIN = "wss://api.elevenlabs.io"
_MODEL = "eleven_flash_v2_5"
_VOICE = "JBFqnCBsd6RMkjVDRZzb"
"""One of those that every account has."""
_INACTIVITY = 180
"""Seconds after which ElevenLabs closes what is not used; the most that it allows."""
_ALIVE = {"text": "", "context_id": "alive"}
"""What keeps the socket in use; it has a context of its own."""
_CONTEXTS = 4
"""How many pieces may be under way: five contexts are allowed, and one is taken."""
_SETTINGS = ("stability", "similarity_boost", "style")
_SPEEDS = (0.7, 1.2)
_HOPELESS = (
    "invalid_api_key",
    "missing_permissions",
    "quota_exceeded",
    "voice_not_found",
    "model_not_found",
    "invalid_model_id",
    "unsupported_language",
)


class ElevenLabsSynthesizer:
    """Speaks by ElevenLabs. `extra`: `stability`, `similarity_boost` and `style` (0 to 1) are settings of the voice;
    what else is there goes into the query, such as `apply_text_normalization`.
    """

    def __init__(
        self, options: VendorOptions, *, first: float = 4.0, stall: float = 3.0, keepalive: float = 15.0
    ) -> None:
        """`first`: seconds until a piece is heard; `stall`: seconds without any more of it.

        `keepalive`: seconds without anything sent after which the socket is kept in use.
        """
        self._options = options
        self._first = first
        self._stall = stall
        self._keepalive = keepalive

    def open(self, voice: Voice, report: Callable[[Trouble], None]) -> ElevenLabsVoice:
        """Return the voice of a call."""
        link = partial(
            Link,
            _VENDOR,
            _url(self._options, voice),
            {"xi-api-key": self._options.api_key},
            report=report,
            keepalive=(self._keepalive, _json(_ALIVE)),
        )
        return ElevenLabsVoice(link, _settings(self._options, voice), self._first, self._stall)


class ElevenLabsVoice:
    """One call."""

    def __init__(self, link: Callable[..., Link], settings: dict[str, float], first: float, stall: float) -> None:
        self._settings = settings
        self._link = link(receive=self._receive, lost=self._lost)
        self._pieces = Pieces(
            _VENDOR, self._link, ask=self._ask, cancel=self._close, first=first, stall=stall, most=_CONTEXTS
        )

    async def run(self) -> None:
        """Keep the connection.

        Raises:
            SpeechError: ElevenLabs refuses us, or cannot be reached any more.
        """
        await self._link.run()

    def speak(self, text: str) -> AsyncGenerator[bytes, None]:
        """Yield `text` as audio."""
        return self._pieces.speak(text)

    def _ask(self, context: str, text: str) -> None:
        """Send the whole piece. To close its context at once is what makes ElevenLabs tell the end of the audio."""
        begin: dict[str, Any] = {"text": " ", "context_id": context}
        if self._settings:
            begin["voice_settings"] = self._settings
        self._link.send(_json(begin))
        self._link.send(_json({"text": f"{text} ", "context_id": context, "flush": True}))
        self._close(context)

    def _close(self, context: str) -> None:
        self._link.send(_json({"context_id": context, "close_context": True}))

    def _lost(self, why: str) -> None:
        self._pieces.lost(why)

    def _receive(self, message: Message) -> None:
        try:
            event = msgspec.json.decode(message)
        except msgspec.DecodeError:
            return
        if not isinstance(event, dict):
            return
        context = event.get("contextId") or event.get("context_id")
        context = context if isinstance(context, str) else ""
        if isinstance(event.get("error"), str):
            self._fail(event["error"], context)
        if isinstance(event.get("audio"), str):
            self._pieces.heard(context, event["audio"])
        if event.get("isFinal") is True or event.get("is_final") is True:
            self._pieces.end(context)

    def _fail(self, kind: str, context: str) -> None:
        code = kind if len(kind) <= 60 and kind.replace("_", "").isalnum() else "error"
        if context in self._pieces:
            why = f"{_VENDOR}: the piece was refused ({code})"
            self._pieces.end(context, SpeechError(why, retryable=True, code=code))
            return
        error = SpeechError(f"the connection was ended ({code})", retryable=True, code=code)
        if code in _HOPELESS:
            advice = "api_key" if code in ("invalid_api_key", "missing_permissions") else "voice and model"
            error = SpeechError(f"the connection was refused ({code}); check {_VENDOR}.{advice}", code=code)
        self._pieces.fail(str(error), code, retryable=error.retryable)
        raise error


def _url(options: VendorOptions, voice: Voice) -> str:
    model = options.model or _MODEL
    named = "" if voice.name == "default" else voice.name
    query = {
        "model_id": model,
        "output_format": "ulaw_8000",
        "inactivity_timeout": f"{_INACTIVITY}",
        "auto_mode": "true",
    }
    if model.endswith("_v2_5"):  # others refuse to be told
        query["language_code"] = (options.language or voice.language).partition("-")[0].lower()
    query |= {name: value for name, value in options.extra if name not in _SETTINGS}
    origin = (options.base_url or _ORIGIN).rstrip("/")
    origin = "ws" + origin.removeprefix("http") if origin.startswith("http") else origin
    chosen = quote(options.voice or named or _VOICE, safe="")
    return f"{origin}/v1/text-to-speech/{chosen}/multi-stream-input?{urlencode(query)}"


def _settings(options: VendorOptions, voice: Voice) -> dict[str, float]:
    settings = {name: float(value) for name, value in options.extra if name in _SETTINGS}
    if (speed := (options.speed or 1.0) * voice.pace) != 1.0:
        settings["speed"] = min(_SPEEDS[1], max(_SPEEDS[0], speed))
    return settings


def _json(message: dict[str, Any]) -> str:
    return msgspec.json.encode(message).decode()

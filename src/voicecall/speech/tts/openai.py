"""Speech by OpenAI over HTTP, and by whoever else answers `POST /v1/audio/speech`.

OpenAI itself shuts its models for this down on 2027-01-06; models of the Realtime interface read aloud in their place.
Source: developers.openai.com, guide "Text to speech", reference "Audio", "Create speech".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import quote

import msgspec
import numpy as np

from voicecall.audio import TELEPHONE_RATE
from voicecall.audio.g711 import from_float
from voicecall.audio.resample import Resampler
from voicecall.errors import CarrierError, NetworkError, SpeechError
from voicecall.net.http import Http, Streamed
from voicecall.speech import SynthesizerStream, Trouble, VendorOptions, Voice
from voicecall.speech.tts.openai_realtime import RealtimeVoice

_VENDOR = "tts.openai"
_ORIGIN = "https://api.openai.com"
_MODEL = "gpt-4o-mini-tts"
_REALTIME = "gpt-realtime"
_SUCCESSOR = "gpt-realtime-2.1-mini"
_VOICE = "alloy"
_RATE = 24000
_WARMING = 0.5
"""Seconds that a piece waits for the first connection, rather than open a second one."""
_FORMATS = {b"RIFF": "WAV", b"OggS": "Ogg", b"fLaC": "FLAC", b"ID3": "MP3", b'{"': "JSON"}
"""What else than samples an answer may begin with."""


class OpenAISynthesizer:
    """Speaks by OpenAI: over HTTP, or by a model whose name begins with `gpt-realtime`."""

    def __init__(self, options: VendorOptions, *, first: float = 4.0, stall: float = 3.0) -> None:
        """`first`: seconds until a piece is heard; `stall`: seconds without any more of it."""
        self.options = options
        self.first = first
        self.stall = stall
        self.url = f"{(options.base_url or _ORIGIN).rstrip('/')}/v1"
        self.model = options.model or _MODEL
        self.headers = {"Authorization": f"Bearer {options.api_key}", "Content-Type": "application/json"}
        self.http: Http | None = None

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Own the connections."""
        async with Http() as self.http:
            try:
                yield
            finally:
                self.http = None

    def open(self, voice: Voice, report: Callable[[Trouble], None]) -> SynthesizerStream:
        """Return the voice of a call.

        Raises:
            SpeechError: it is not ready.
        """
        if self.model.startswith(_REALTIME):
            return RealtimeVoice(self.options, self.model, voice, report, self.first, self.stall)
        if self.http is None:
            raise SpeechError(f"{_VENDOR} is not ready: enter ready() before the first call")
        return OpenAIVoice(self, self.http, voice)


class OpenAIVoice:
    """One call."""

    def __init__(self, vendor: OpenAISynthesizer, http: Http, voice: Voice) -> None:
        self._vendor = vendor
        self._http = http
        self._voice = voice
        self._warm = asyncio.Event()
        self._warm.set()

    async def run(self) -> None:
        """Open the connection before it is needed.

        Raises:
            SpeechError: OpenAI refuses us.
        """
        self._warm.clear()
        url = f"{self._vendor.url}/models/{quote(self._vendor.model, safe='')}"
        try:
            status, answer = await self._http.send("GET", url, self._vendor.headers, timeout=self._vendor.first)
        except CarrierError:
            status, answer = 0, b""  # each piece will tell
        finally:
            self._warm.set()
        if status in (401, 403):
            raise _refusal(status, answer)
        await asyncio.Event().wait()

    async def speak(self, text: str) -> AsyncGenerator[bytes, None]:
        """Yield `text` as audio."""
        if not text.strip():
            return
        deadline = asyncio.get_running_loop().time() + self._vendor.first
        await self._warmed()
        samples = _Samples()
        heard = False
        try:
            async with self._answer(self._body(text)) as answer:
                if answer.status != 200:
                    raise _refusal(answer.status, await answer.whole())
                _check_type(answer)
                while (piece := await _next(answer, None if heard else deadline)) is not None:
                    if mulaw := samples.feed(piece):
                        heard = True
                        yield mulaw
        except NetworkError as error:
            raise SpeechError(f"{_VENDOR}: {error}", retryable=error.retryable, code=error.code) from None
        if rest := samples.flush():
            heard = True
            yield rest
        if not heard:
            raise SpeechError(f"{_VENDOR}: the answer held no audio", retryable=True, code="empty")

    @asynccontextmanager
    async def _answer(self, body: bytes) -> AsyncIterator[Streamed]:
        """Ask; once more where the connection had been closed, as idle ones are."""

        def ask() -> AbstractAsyncContextManager[Streamed]:
            vendor = self._vendor
            url = f"{vendor.url}/audio/speech"
            return self._http.stream("POST", url, vendor.headers, body, first=vendor.first, stall=vendor.stall)

        async with AsyncExitStack() as stack:
            try:
                answer = await stack.enter_async_context(ask())
            except NetworkError as error:
                if error.code == "timeout":
                    raise
                answer = await stack.enter_async_context(ask())
            yield answer

    async def _warmed(self) -> None:
        try:
            async with asyncio.timeout(min(_WARMING, self._vendor.first / 2)):
                await self._warm.wait()
        except TimeoutError:
            pass

    def _body(self, text: str) -> bytes:
        options = self._vendor.options
        named = "" if self._voice.name == "default" else self._voice.name
        body: dict[str, Any] = {
            "model": self._vendor.model,
            "voice": options.voice or named or _VOICE,
            "input": text,
            "response_format": "pcm",
        }
        if (speed := (options.speed or 1.0) * self._voice.pace) != 1.0:
            body["speed"] = min(4.0, max(0.25, speed))
        if options.instructions:
            body["instructions"] = options.instructions
        return msgspec.json.encode(body | dict(options.extra))


class _Samples:
    """24 kHz 16-bit samples, cut anywhere, as mu-law."""

    def __init__(self) -> None:
        self._resampler = Resampler(_RATE, TELEPHONE_RATE)
        self._begun = False
        self._rest = b""

    def feed(self, piece: bytes) -> bytes:
        """Return what can be heard by now.

        Raises:
            SpeechError: it is no samples.
        """
        data = self._rest + piece
        if not self._begun and len(data) < 4:
            self._rest = data
            return b""
        if not self._begun:
            _check_start(data)
            self._begun = True
        whole = len(data) // 2 * 2
        self._rest = data[whole:]
        pcm = np.frombuffer(data[:whole], "<i2").astype(np.float32) / np.float32(32768)
        return from_float(self._resampler.feed(pcm))

    def flush(self) -> bytes:
        """Return what is left."""
        return from_float(self._resampler.flush()) if self._begun else b""


async def _next(answer: Streamed, deadline: float | None) -> bytes | None:
    try:
        async with asyncio.timeout_at(deadline):
            return await anext(answer.body, None)
    except TimeoutError:
        raise NetworkError("no audio came in time", retryable=True, code="timeout") from None


def _check_type(answer: Streamed) -> None:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.startswith("text/") or kind.endswith("json"):
        raise SpeechError(f"{_VENDOR}: the answer was {kind} in place of audio", retryable=True, code="no-audio")


def _check_start(data: bytes) -> None:
    for start, name in _FORMATS.items():
        if data.startswith(start):
            raise SpeechError(f"{_VENDOR}: the answer was {name} in place of PCM samples", code="no-audio")


def _refusal(status: int, answer: bytes) -> SpeechError:
    """Return the error of a refusal: of its text only the code, for vendors quote keys in theirs."""
    try:
        error = msgspec.json.decode(answer)["error"]
        code = str(error["code"] or error["type"])
    except (msgspec.DecodeError, LookupError, TypeError):
        code = ""
    known = code if code.replace("_", "").isalnum() and len(code) <= 60 else f"{status}"
    advice = {401: f"; check {_VENDOR}.api_key", 403: f"; check {_VENDOR}.api_key"}
    if status == 404 or code == "model_not_found":
        advice[status] = f"; is the model gone? Then {_VENDOR}.model = {_SUCCESSOR!r} may do"
    retryable = status in (408, 429) or status >= 500
    message = f"{_VENDOR}: refused with {status} ({known}){advice.get(status, '')}"
    return SpeechError(message, retryable=retryable and known != "insufficient_quota", code=known)

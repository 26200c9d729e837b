"""Cartesia's voices over WebSocket: one connection a call, one context a piece, mu-law at 8 kHz as it comes.

Source: docs.cartesia.ai, "Text to Speech (WebSocket)" and "API Errors", API version 2026-03-01 (read 2026-11).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from uuid import uuid4

import msgspec

from voicecall.audio import TELEPHONE_RATE
from voicecall.errors import NetworkError, SpeechError
from voicecall.net.link import Link, Message
from voicecall.speech import Trouble, VendorOptions, Voice

SECTION = "tts.cartesia"
_ORIGIN = "https://api.cartesia.ai"
_VERSION = "2026-03-01"
_MODEL = "sonic-3"
_VOICE = "f786b574-daa5-4673-aa0c-cbe3e8534c02"
"""The voice of Cartesia's own first examples."""
_SPEEDS = (0.6, 1.5)
"""Cartesia refuses to speak slower or faster."""
_LANGUAGES = {"nb": "no", "nn": "no", "fil": "tl"}
"""Languages that Cartesia calls otherwise than BCP 47."""
_WAV = b"RIFF"


class CartesiaSynthesizer:
    """Cartesia's voices, shared by all calls.

    `first` bounds the wait for a piece's first audio, `stall` the wait for each further chunk, in seconds.
    """

    def __init__(self, options: VendorOptions, *, first: float = 4.0, stall: float = 3.0) -> None:
        self._options = options
        self._first = first
        self._stall = stall

    def open(self, voice: Voice, report: Callable[[Trouble], None]) -> CartesiaStream:
        """Return the voice of a call."""
        return CartesiaStream(self._options, voice, report, first=self._first, stall=self._stall)


class _Event(msgspec.Struct):
    """Any message of Cartesia's, as far as it matters."""

    type: str
    context_id: str | None = None
    data: bytes = b""
    done: bool = False
    status_code: int = 0
    error_code: str | None = None
    title: str = ""


_decoder = msgspec.json.Decoder(_Event)

_Coming = bytes | SpeechError | NetworkError | None
"""Audio; what went wrong; the connection that was lost; the end."""


class CartesiaStream:
    """One call."""

    def __init__(
        self, options: VendorOptions, voice: Voice, report: Callable[[Trouble], None], *, first: float, stall: float
    ) -> None:
        self._first = first
        self._stall = stall
        self._request = _request(options, voice)
        self._pieces: dict[str, asyncio.Queue[_Coming]] = {}
        """What came of each piece that is being spoken."""
        origin = (options.base_url or _ORIGIN).rstrip("/").replace("http", "ws", 1)
        self._link = Link(
            SECTION,
            f"{origin}/tts/websocket",
            {"Authorization": f"Bearer {options.api_key}", "Cartesia-Version": _VERSION},
            receive=self._take,
            report=report,
            lost=self._lost,
        )

    async def run(self) -> None:
        """Stay connected, so that no piece waits for it.

        Raises:
            SpeechError: Cartesia refuses us, or cannot be reached any more.
        """
        await self._link.run()

    async def speak(self, text: str) -> AsyncGenerator[bytes, None]:
        """Yield `text` as audio.

        Raises:
            SpeechError: there is no connection, no audio within the bounds, or something else in its place.
        """
        if not text.strip():
            return
        clock = asyncio.get_running_loop().time
        until = clock() + self._first
        context = uuid4().hex
        coming = self._pieces[context] = asyncio.Queue()
        head, over, again = b"", False, True
        try:
            await self._ask(context, text, until)
            while (chunk := await _next(coming, until)) is not None:
                if isinstance(chunk, NetworkError):
                    if head or not again:
                        raise SpeechError(f"{SECTION}: {chunk}", retryable=True)
                    again = False  # an idle connection may end in the very moment in which it is needed
                    await self._ask(context, text, until)
                    continue
                until = clock() + self._stall
                if len(head) < len(_WAV):
                    head = chunk = head + chunk
                    if head.startswith(_WAV):
                        raise SpeechError(f"{SECTION}: Cartesia sent a WAV file in place of raw audio")
                if len(head) >= len(_WAV):
                    yield chunk
            over = True
            if not head:
                raise SpeechError(f"{SECTION}: Cartesia sent no audio", retryable=True)
        finally:
            del self._pieces[context]
            if not over and self._link.is_up:
                self._link.send(_json({"context_id": context, "cancel": True}))

    async def _ask(self, context: str, text: str, until: float) -> None:
        await self._link.connected(max(0.0, until - asyncio.get_running_loop().time()))
        self._link.send(_json(self._request | {"context_id": context, "transcript": text}))

    def _take(self, message: Message) -> None:
        try:
            event = _decoder.decode(message)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        if event.type == "error":
            error = _error(event)
            concerned = [event.context_id] if event.context_id else list(self._pieces)
            for context in concerned:
                self._tell(context, error)
        elif event.context_id is not None:
            if event.type == "chunk" and event.data:
                self._tell(event.context_id, event.data)
            if event.done:
                self._tell(event.context_id, None)

    def _lost(self, why: str) -> None:
        self._link.forget()
        for context in self._pieces:
            self._tell(context, NetworkError(why))

    def _tell(self, context: str | None, what: _Coming) -> None:
        if context in self._pieces:
            self._pieces[context].put_nowait(what)


async def _next(coming: asyncio.Queue[_Coming], until: float) -> bytes | NetworkError | None:
    try:
        async with asyncio.timeout_at(until):
            came = await coming.get()
    except TimeoutError:
        raise SpeechError(f"{SECTION}: Cartesia is too slow: no audio came in time", retryable=True) from None
    if isinstance(came, SpeechError):
        raise came
    return came


def _json(message: dict[str, object]) -> str:
    return msgspec.json.encode(message).decode()


def _request(options: VendorOptions, voice: Voice) -> dict[str, object]:
    """Return what all pieces of a call have in common."""
    name = options.voice or (voice.name if voice.name != "default" else _VOICE)
    language = (options.language or voice.language).split("-")[0].lower()
    slowest, quickest = _SPEEDS
    speed = min(max((options.speed or 1.0) * voice.pace, slowest), quickest)
    request: dict[str, object] = {
        "model_id": options.model or _MODEL,
        "voice": {"mode": "id", "id": name},
        "language": _LANGUAGES.get(language, language),
        "output_format": {"container": "raw", "encoding": "pcm_mulaw", "sample_rate": TELEPHONE_RATE},
        "continue": False,
    }
    return request if speed == 1.0 else request | {"generation_config": {"speed": speed}}


def _error(event: _Event) -> SpeechError:
    what = event.title[:120] or event.error_code or f"error {event.status_code}"
    advice = f"; check {SECTION}.api_key" if event.status_code in (401, 403) else ""
    retryable = event.status_code == 429 or event.status_code >= 500
    return SpeechError(f"{SECTION}: Cartesia says: {what}{advice}", retryable=retryable, code=f"{event.status_code}")

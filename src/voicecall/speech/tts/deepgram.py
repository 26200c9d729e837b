"""Deepgram's voices (Aura): one WebSocket for a call, and HTTP for what the socket cannot take."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

import msgspec

from voicecall.audio import TELEPHONE_RATE
from voicecall.errors import NetworkError, SpeechError
from voicecall.net.http import Http, Streamed
from voicecall.net.link import Link, Message
from voicecall.speech import Trouble, VendorOptions, Voice
from voicecall.speech.deepgram import address, credentials, primary

SECTION = "tts.deepgram"
_VOICES = {
    "en": "thalia",
    "de": "viktoria",
    "es": "celeste",
    "fr": "agathe",
    "it": "livia",
    "ja": "izanami",
    "nl": "rhea",
}
"""Who speaks a language where nobody is named."""
_SPEEDS = (0.7, 1.5)
_PATIENCE = 1.0
"""Seconds that a piece waits for the socket before it goes over HTTP."""
_NOT_AUDIO = re.compile(rb'RIFF|\s*\{\s*"')
_HEAD = 4
"""Bytes by which something else than audio is told from it."""


class _Elsewhere(Exception):
    """Nothing of a piece came over the socket, nor will."""


class DeepgramSynthesizer:
    """Deepgram, shared by all calls.

    `first` and `stall`: seconds until the first audio of a piece, and between chunks, at most. `flushes`: how many
    pieces a socket may take within `window` seconds.
    """

    def __init__(
        self,
        options: VendorOptions,
        *,
        first: float = 4.0,
        stall: float = 3.0,
        flushes: int = 20,
        window: float = 60.0,
    ) -> None:
        self.options = options
        self.first = first
        self.stall = stall
        self.flushes = flushes
        self.window = window
        self.http: Http | None = None

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Have an HTTP client."""
        async with Http() as http:
            self.http = http
            try:
                yield
            finally:
                self.http = None

    def open(self, voice: Voice, report: Callable[[Trouble], None]) -> AuraStream:
        """Return the voice of a call.

        Raises:
            SpeechError: there is no voice for its language.
        """
        query = {"model": model(self.options, voice), "encoding": "mulaw", "sample_rate": f"{TELEPHONE_RATE}"}
        speed = min(max((self.options.speed or 1.0) * voice.pace, _SPEEDS[0]), _SPEEDS[1])
        if speed != 1.0:
            query["speed"] = f"{speed:g}"
        return AuraStream(self, query, report)


def model(options: VendorOptions, voice: Voice) -> str:
    """Return the name of the model that is this voice.

    Raises:
        SpeechError: there is no voice for its language.
    """
    if options.model:
        return options.model
    language = primary(options.language or voice.language)
    name = options.voice or (voice.name if voice.name != "default" else _VOICES.get(language))
    if name is None:
        raise SpeechError(f"{SECTION}: no voice is known for the language {language}; set {SECTION}.voice")
    return name if name.startswith("aura-") else f"aura-2-{name.lower()}-{language}"


class _Control(msgspec.Struct):
    type: str
    code: str = "an error"


class _Piece:
    """A piece that the socket speaks."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        """Audio; at last what went wrong, or None."""
        self.sounded = False

    def fail(self, error: SpeechError) -> None:
        """Go elsewhere, or if it can be heard already, end with this error."""
        self.came.put_nowait(error if self.sounded else _Elsewhere())


class AuraStream:
    """The voice of one call.

    The socket speaks one piece at a time and names none, so whatever comes is of the piece at hand. After a piece was
    called off the socket is not used until Deepgram has confirmed that it is clear. What comes before that is dropped.
    A piece goes over HTTP while the socket is not there or not clear, speaks another piece, or has had as many as
    Deepgram allows.
    """

    def __init__(
        self, synthesizer: DeepgramSynthesizer, query: dict[str, str], report: Callable[[Trouble], None]
    ) -> None:
        self._synthesizer = synthesizer
        self._report = report
        options = synthesizer.options
        self._url = address(options, "/v1/speak", {**query, "container": "none"}, socket=False)
        self._headers = {**credentials(options), "Content-Type": "application/json"}
        self._loop = asyncio.get_running_loop()
        self._piece: _Piece | None = None
        self._clear = asyncio.Event()
        self._clear.set()
        self._flushed: deque[float] = deque()
        """When the latest pieces were sent."""
        self._expected: float | None = None
        """Until when the socket is worth waiting for, once that has been asked."""
        self._stood = False
        """Whether there was a connection since it was last lost."""
        self._link = Link(
            SECTION,
            address(options, "/v1/speak", query, socket=True),
            credentials(options),
            receive=self._take,
            report=report,
            opened=self._opened,
            lost=self._lost,
        )

    async def run(self) -> None:
        """Keep the connection to Deepgram.

        Raises:
            SpeechError: Deepgram refuses us, or cannot be reached any more.
        """
        await self._link.run()

    async def speak(self, text: str) -> AsyncGenerator[bytes, None]:
        """Yield `text` as audio.

        Raises:
            SpeechError: Deepgram makes nothing of it, or no more.
        """
        deadline = self._loop.time() + self._synthesizer.first
        for way in (self._over_socket, self._over_http):
            head, sounded = b"", False
            try:
                async with aclosing(way(text, deadline)) as chunks:
                    async for chunk in chunks:
                        if sounded:
                            yield chunk
                            continue
                        head += chunk
                        if len(head) >= _HEAD:
                            yield _audio(head)
                            sounded = True
            except _Elsewhere:
                continue
            if not sounded and not head:
                raise SpeechError(f"{SECTION}: Deepgram sent no audio", retryable=True)
            if not sounded:
                yield _audio(head)
            return

    # --- over the socket

    async def _over_socket(self, text: str, deadline: float) -> AsyncGenerator[bytes, None]:
        await self._free()
        piece = self._piece = _Piece()
        self._flushed.append(self._loop.time())
        self._link.send(msgspec.json.encode({"type": "Speak", "text": text}).decode())
        self._link.send('{"type":"Flush"}')
        stall = self._synthesizer.stall
        try:
            while True:
                limit = self._loop.time() + stall if piece.sounded else deadline
                try:
                    async with asyncio.timeout_at(limit):
                        came = await piece.came.get()
                except TimeoutError:
                    raise SpeechError(f"{SECTION}: the audio did not come in time", retryable=True) from None
                if isinstance(came, Exception):
                    raise came
                if came is None:
                    return
                yield came
        finally:
            if self._piece is piece:
                self._piece = None
                self._clear.clear()
                self._expect()
                self._link.send('{"type":"Clear"}')

    async def _free(self) -> None:
        """Wait for the socket a little.

        Raises:
            SpeechError: there will be none.
            _Elsewhere: it is not to be had now.
        """
        if self._expected is None:
            self._expect()
        patience = max((self._expected or 0.0) - self._loop.time(), 0.0)
        try:
            await self._link.connected(patience)
            async with asyncio.timeout(patience):
                await self._clear.wait()
        except TimeoutError:
            raise _Elsewhere from None
        except SpeechError as error:
            if error.retryable:
                raise _Elsewhere from None
            raise
        oldest = self._loop.time() - self._synthesizer.window
        while self._flushed and self._flushed[0] <= oldest:
            self._flushed.popleft()
        if self._piece is not None or not self._link.is_up or len(self._flushed) >= self._synthesizer.flushes:
            raise _Elsewhere

    def _expect(self) -> None:
        self._expected = self._loop.time() + min(_PATIENCE, self._synthesizer.first / 2)

    def _opened(self) -> tuple[Message, ...]:
        self._stood = True
        return ()

    def _take(self, message: Message) -> None:
        if isinstance(message, bytes):
            if self._piece is not None:
                self._piece.sounded = True
                self._piece.came.put_nowait(message)
            return
        try:
            read = msgspec.json.decode(message, type=_Control)
        except msgspec.DecodeError:
            return
        match read.type:
            case "Cleared":
                self._clear.set()
            case "Flushed" if self._piece is not None:
                self._piece.came.put_nowait(None)
                self._piece = None
            case "Warning" | "Error":
                self._report(Trouble("vendor-warning", f"{SECTION}: Deepgram reports {read.code}."))
                if self._piece is not None and (read.type == "Error" or not self._piece.sounded):
                    self._piece.fail(SpeechError(f"{SECTION}: Deepgram reports {read.code}", retryable=True))
            case _:
                pass

    def _lost(self, why: str) -> None:
        self._link.forget()
        self._clear.set()
        if self._stood:
            self._stood = False
            self._expect()
        if self._piece is not None:
            self._piece.fail(SpeechError(f"{SECTION}: {why}", retryable=True))
            self._piece = None

    # --- over HTTP

    async def _over_http(self, text: str, deadline: float) -> AsyncGenerator[bytes, None]:
        http = self._synthesizer.http
        if http is None:
            raise SpeechError(f"{SECTION} is not ready: enter ready() before the first call")
        first = max(deadline - self._loop.time(), self._synthesizer.first / 2)
        body = msgspec.json.encode({"text": text})
        try:
            answer = http.stream("POST", self._url, self._headers, body, first=first, stall=self._synthesizer.stall)
            async with answer as streamed:
                _check(streamed)
                async with aclosing(streamed.body) as chunks:
                    async for chunk in chunks:
                        yield chunk
        except NetworkError as error:
            raise SpeechError(f"{SECTION}: {error}", retryable=error.retryable, code=error.code) from error


def _check(answer: Streamed) -> None:
    status = answer.status
    if status == 200:
        return
    way_out = "api_key" if status in (401, 403) else "model and voice" if status == 400 else ""
    advice = f"; check {SECTION}.{way_out}" if way_out else ""
    raise SpeechError(
        f"{SECTION}: Deepgram answered {status}{advice}", retryable=status == 429 or status >= 500, code=f"{status}"
    )


def _audio(head: bytes) -> bytes:
    """Return the first bytes of a piece.

    Raises:
        SpeechError: they are not audio.
    """
    if _NOT_AUDIO.match(head):
        raise SpeechError(f"{SECTION}: Deepgram sent a file or a message in place of raw audio", retryable=True)
    return head

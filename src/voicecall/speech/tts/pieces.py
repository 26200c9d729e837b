"""What every voice needs whose pieces share one socket: their audio apart, time limits, one more attempt."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from voicecall.errors import SpeechError
from voicecall.net.link import Link

_BROKEN = "broken"

_Heard = bytes | SpeechError | None
"""Audio, why there is no more, or the end."""


class Pieces:
    """Those of one call, by name. Audio of a piece that is called off is dropped until the vendor has ended it."""

    def __init__(
        self,
        vendor: str,
        link: Link,
        *,
        ask: Callable[[str, str], None],
        cancel: Callable[[str], None],
        first: float,
        stall: float,
        most: int,
    ) -> None:
        """`ask` sends for a piece (name, text), `cancel` calls it off. `first`: seconds until it is heard; `stall`:
        seconds without any more of it; `most`: how many the vendor makes at once.
        """
        self._vendor = vendor
        self._link = link
        self._ask = ask
        self._cancel = cancel
        self._first = first
        self._stall = stall
        self._free = asyncio.Semaphore(most)
        self._count = 0
        self._pieces: dict[str, asyncio.Queue[_Heard]] = {}
        """Those that the vendor has not ended yet."""

    def __contains__(self, name: object) -> bool:
        return name in self._pieces

    async def speak(self, text: str) -> AsyncGenerator[bytes, None]:
        """Yield `text` as audio."""
        if not text.strip():
            return
        deadline = asyncio.get_running_loop().time() + self._first
        for is_last in (False, True):
            begun = False
            try:
                async with aclosing(self._speak(text, deadline)) as chunks:
                    async for audio in chunks:
                        begun = True
                        yield audio
                return
            except SpeechError as error:  # the connection may have been idle for too long
                if begun or is_last or error.code != _BROKEN:
                    raise

    def heard(self, name: str, audio: str) -> None:
        """More of a piece came, as base64."""
        if name in self._pieces:
            try:
                self._pieces[name].put_nowait(base64.b64decode(audio))
            except binascii.Error:
                error = SpeechError(f"{self._vendor}: what came as audio is not base64", code="no-audio")
                self._pieces[name].put_nowait(error)

    def end(self, name: str, why: SpeechError | None = None) -> None:
        """The vendor has ended a piece."""
        if name in self._pieces:
            self._pieces.pop(name).put_nowait(why)
            self._free.release()

    def fail(self, why: str, code: str | None, *, retryable: bool) -> None:
        """Nothing more comes of any of them."""
        for name in list(self._pieces):
            self.end(name, SpeechError(f"{self._vendor}: {why}", retryable=retryable, code=code))

    def lost(self, why: str) -> None:
        """The connection ended."""
        self._link.forget()
        self.fail(why, _BROKEN, retryable=True)

    async def _speak(self, text: str, deadline: float) -> AsyncGenerator[bytes, None]:
        await self._link.connected(deadline - asyncio.get_running_loop().time())
        name, heard = await self._begin(deadline)
        begun = False
        try:
            self._ask(name, text.strip())
            while (audio := await self._next(heard, None if begun else deadline)) is not None:
                if not begun and audio.startswith(b"RIFF"):
                    raise SpeechError(f"{self._vendor}: a WAV file came in place of mu-law", code="no-audio")
                begun = begun or bool(audio)
                yield audio
        finally:
            if name in self._pieces:
                self._cancel(name)
        if not begun:
            raise SpeechError(f"{self._vendor}: the answer held no audio", retryable=True, code="empty")

    async def _begin(self, deadline: float) -> tuple[str, asyncio.Queue[_Heard]]:
        try:
            async with asyncio.timeout_at(deadline):
                await self._free.acquire()
        except TimeoutError:
            raise SpeechError(f"{self._vendor}: too many pieces are under way", retryable=True) from None
        self._count += 1
        name = f"piece-{self._count}"
        self._pieces[name] = asyncio.Queue()
        return name, self._pieces[name]

    async def _next(self, heard: asyncio.Queue[_Heard], deadline: float | None) -> bytes | None:
        until = asyncio.get_running_loop().time() + self._stall if deadline is None else deadline
        try:
            async with asyncio.timeout_at(until):
                audio = await heard.get()
        except TimeoutError:
            seconds = self._stall if deadline is None else self._first
            raise SpeechError(f"{self._vendor}: no audio for {seconds:g} s", retryable=True, code="timeout") from None
        if isinstance(audio, SpeechError):
            raise audio
        return audio

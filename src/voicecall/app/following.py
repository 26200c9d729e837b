"""Numbers that follow a tunnel: whoever was pointed at its URL is pointed at the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import chain, repeat

import structlog

from voicecall.core.ids import mask
from voicecall.errors import BadParameters, VoicecallError

from .numbers import Numbers

_PAUSES = (5.0, 15.0, 60.0)
"""Seconds until a carrier that failed is asked again; the last one stays."""

_log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Following:
    """Has those numbers follow that were pointed at the tunnel's URL by us, and that nobody else changed since."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._url = ""
        self._let_be: set[tuple[str, str]] = set()
        self._news = asyncio.Event()

    def moved(self, url: str) -> None:
        """Take note of the tunnel's URL (the webhooks'); the numbers follow soon."""
        self._url = url
        self._let_be.clear()
        self._news.set()

    async def run(self) -> None:
        """Work until cancelled; what a carrier does not take is told in the log, and tried again."""
        pauses = self._pauses()
        while True:
            await self._news.wait()
            self._news.clear()
            if await self._follow(self._url):
                pauses = self._pauses()
                continue
            try:
                async with asyncio.timeout(next(pauses)):
                    await self._news.wait()
            except TimeoutError:
                self._news.set()

    async def _follow(self, url: str) -> bool:
        """Point all numbers that are left behind; return whether none of them needs another attempt."""
        try:
            behind = self._numbers.left_behind(url)
        except VoicecallError as error:
            _log.warning("number.failed", url=url, detail=str(error))
            return False
        done = True
        for carrier, number in (one for one in behind if one not in self._let_be):
            about = {"carrier": carrier, "number": mask(number), "url": url}
            try:
                change = await self._numbers.follow(carrier, number, url)
            except BadParameters as error:
                _log.warning("number.let-be", detail=str(error), **about)
                self._let_be.add((carrier, number))
            except VoicecallError as error:
                _log.warning("number.failed", detail=str(error), **about)
                done = False
            else:
                if change.changed:
                    _log.info("number.pointed", before=change.before.voice_url, **about)
        return done

    @staticmethod
    def _pauses() -> Iterator[float]:
        return chain(_PAUSES, repeat(_PAUSES[-1]))

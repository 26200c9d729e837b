"""Delivers the webhooks of one call leg: in time, late, twice, out of order or not at all, as the fault plan says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from voicecall.errors import FrameError

from .faces import Command, Ended, Happening, Incoming, Parties, Post, Request, Ringing, Wire
from .faults import Faults

PAUSES = (0.5, 1.0, 2.0)
"""Seconds before each further attempt."""
PATIENCE = 5.0
"""Seconds given to the gateway to answer."""
LONGEST_HOLD = 2.0
"""Seconds that a webhook is held back for the next one to overtake it."""


class Courier:
    """Posts what happens on one leg to the gateway, and hands the gateway's commands to the leg."""

    def __init__(
        self,
        parties: Parties,
        wire: Wire,
        post: Post,
        *,
        faults: Faults,
        now: Callable[[], float],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        obey: Callable[[Command], None],
        note: Callable[[str, str], None],
    ) -> None:
        """`now` returns Unix seconds; `spawn` owns the deliveries, which outlive the leg."""
        self._parties = parties
        self._wire = wire
        self._post = post
        self._faults = faults
        self._now = now
        self._spawn = spawn
        self._obey = obey
        self._note = note
        self._delivered = [asyncio.Event()]
        """Set once answered; the last one belongs to the webhook that comes next."""

    def report(self, happening: Happening) -> None:
        """Deliver this soon."""
        self._delivered.append(asyncio.Event())
        self._spawn(self._deliver(happening, len(self._delivered) - 2))

    async def _deliver(self, happening: Happening, number: int) -> None:
        faults, kind = self._faults, self._wire.kind(happening)
        happened = self._now()
        if kind in faults.webhook_lose:
            return
        if delay := faults.webhook_delay.get(kind):
            await asyncio.sleep(delay)
        if faults.webhook_reorder and number % 2 == 0 and not isinstance(happening, Incoming):
            await self._hold(number + 1)
        identity = f"wh_{self._parties.call}_{number + 1}"
        request = self._wire.request(self._parties, happening, identity, happened, self._now())
        body = await self._post_patiently(request)
        self._delivered[number].set()
        if body is not None and not isinstance(happening, Ringing | Ended):
            self._carry_out(kind, body)
        if kind in faults.webhook_duplicate:
            await self._post_patiently(request)

    async def _hold(self, number: int) -> None:
        try:
            async with asyncio.timeout(LONGEST_HOLD):
                await self._delivered[number].wait()
        except TimeoutError:
            return

    async def _post_patiently(self, request: Request) -> bytes | None:
        """Return the body of a 2xx answer, or None when there was none in four attempts."""
        for pause in (*PAUSES, None):
            status, body = await self._post_once(request)
            if status < 500:
                return body if 200 <= status < 300 else None
            if pause is not None:
                await asyncio.sleep(pause)
        return None

    async def _post_once(self, request: Request) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._post(request.url, request.headers, request.body)
        except OSError:  # a time-out is one, too
            return 504, b""

    def _carry_out(self, kind: str, body: bytes) -> None:
        try:
            command = self._wire.command(body)
        except FrameError as error:
            self._note("bad-document", f"{kind}: {error}")
        else:
            self._obey(command)

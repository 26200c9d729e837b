"""Asks the archive what may be dialled: the switch, the list of numbers that want no calls, what was dialled before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from voicecall.core.budget import DAY, Budget, allow, check_number, do_not_call
from voicecall.core.policy import check_destination
from voicecall.core.rules import Rules
from voicecall.core.spending import Spent
from voicecall.errors import CallRefused, RequestError, StoreError
from voicecall.gateway.notes import Notes
from voicecall.store import Store

SWITCH = "outbound"
"""Key of the note that says whether dialling is stopped."""


class Switch(msgspec.Struct, frozen=True):
    """What was said last of dialling."""

    stopped: bool = False
    reason: str = ""
    hang_up: bool = False
    """Whether the calls that were under way were to end."""
    at: float = 0.0
    """Unix seconds."""


class Entry(msgspec.Struct, frozen=True):
    """What is noted of a number that wants no calls."""

    reason: str = ""


class OutboundBudget:
    """Lets nothing be dialled that the budget does not allow. Where the archive cannot be read, that is nothing."""

    def __init__(self, budget: Budget, store: Store, clock: Callable[[], float]) -> None:
        self.budget = budget
        self._store = store
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self.switches = Notes(store, clock, "switch", Switch)
        self.do_not_call = Notes(store, clock, "do-not-call", Entry)
        """By number, canonical."""
        self.stopped = False
        """Whether dialling was stopped when that was last looked at."""

    async def switch(self) -> Switch:
        """Return how the switch stands.

        Raises:
            StoreError: that cannot be read.
        """
        noted = await self.switches.read(SWITCH)
        switch = Switch() if noted is None else noted.value
        self.stopped = switch.stopped
        return switch

    async def spent(self, number: str | None = None) -> Spent:
        """Return what was dialled in the last 24 hours.

        Raises:
            StoreError: that cannot be read.
        """
        return await self._store.spent(self._clock() - DAY, number)

    @asynccontextmanager
    async def dialling(
        self, number: str, rules: Rules, recorded: Callable[[], Awaitable[None]]
    ) -> AsyncIterator[tuple[str, Rules]]:
        """See that a number may be dialled, and keep others from being counted until its call is on record.

        `recorded` returns once all calls that began before are. Yields the number as it is to be dialled,
        in its canonical spelling, and the rules with which the call may be placed.

        Raises:
            BadParameters: it is no number that can be dialled.
            CallRefused: it must not be dialled; `reason` says why.
            StoreError: what that depends on cannot be read.
        """
        number = await self._check(number)
        async with AsyncExitStack() as stack:
            spent = Spent()
            if self.budget.counts:
                await stack.enter_async_context(self._one_at_a_time)
                await recorded()
                spent = await self.spent(number)
            yield number, allow(self.budget, number, rules, spent)

    async def barred(self, number: str) -> str:
        """Say why a call that was placed must not be dialled now; empty where it may."""
        try:
            await self._check(number)
        except RequestError as refused:
            return str(refused)
        except StoreError as error:
            return f"Whether it may be dialled cannot be read: {error}"
        return ""

    async def _check(self, number: str) -> str:
        """Return the number in its canonical spelling, if it may be dialled now, however little was dialled before."""
        number = check_destination(number, premium=self.budget.premium)
        switch = await self.switch()
        if switch.stopped:
            why = f": {switch.reason}" if switch.reason else ""
            raise CallRefused("outbound-stopped", f"outbound calls are stopped{why} (voicecall outbound resume)")
        if await self.do_not_call.read(number) is not None:
            raise do_not_call("on the stored list (voicecall do-not-call list)")
        check_number(self.budget, number, self._clock())
        return number

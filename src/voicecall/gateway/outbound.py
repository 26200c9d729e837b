"""The desk for what may be dialled: the limits and their use, the switch, the numbers that want no calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, assert_never

import structlog

from voicecall.core.administration import (
    AddDoNotCall,
    ListDoNotCall,
    RemoveDoNotCall,
    ResumeOutbound,
    ShowOutbound,
    StopOutbound,
)
from voicecall.core.numbers import canonical
from voicecall.core.record import rfc3339
from voicecall.errors import BadParameters, CallRefused, StoreError
from voicecall.gateway.budget import SWITCH, Entry, OutboundBudget, Switch
from voicecall.gateway.notes import Noted

_LONGEST = 500
"""Characters of a reason."""
_PAUSE = 5.0
"""Seconds after which another look is taken at what other gateways were told."""

_log = structlog.get_logger()

Asked = ShowOutbound | StopOutbound | ResumeOutbound | ListDoNotCall | AddDoNotCall | RemoveDoNotCall


class OutboundDesk:
    """Carries out what is asked of it. `hang_up` ends all outbound calls here that began by then (Unix seconds)."""

    def __init__(
        self,
        budget: OutboundBudget,
        clock: Callable[[], float],
        hang_up: Callable[[float], Awaitable[None]],
    ) -> None:
        self._budget = budget
        self._clock = clock
        self._hang_up = hang_up

    async def perform(self, operation: Asked) -> Any:
        """Return the operation's result, a JSON value.

        Raises:
            RequestError: it cannot be done.
            StoreError: the archive cannot be read or written.
        """
        match operation:
            case ShowOutbound():
                return await self._show()
            case StopOutbound(reason=reason, hang_up=hang_up):
                await self._turn(Switch(True, _reason(reason), hang_up, self._clock()))
                await self.look()
                return await self._show()
            case ResumeOutbound():
                await self._turn(Switch(at=self._clock()))
                return await self._show()
            case ListDoNotCall():
                return await self._list()
            case AddDoNotCall(number=number, reason=reason):
                return _told(await self._budget.do_not_call.put(canonical(number), Entry(_reason(reason))))
            case RemoveDoNotCall(number=number):
                return await self._remove(canonical(number))
            case _:
                assert_never(operation)

    async def watch(self) -> None:
        """Do what other gateways were told of the calls here, until cancelled."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                _log.error("store.failed", detail=str(error))
            await asyncio.sleep(_PAUSE)

    async def look(self) -> None:
        """End the calls that are under way, if that was wished when dialling was stopped.

        Raises:
            StoreError: what was wished cannot be read.
        """
        switch = await self._budget.switch()
        if switch.stopped and switch.hang_up:
            await self._hang_up(switch.at)

    async def _show(self) -> dict[str, Any]:
        switch, spent, budget = await self._budget.switch(), await self._budget.spent(), self._budget.budget
        limits = (
            ("calls_per_day", budget.calls, spent.calls),
            ("calls_per_number_per_day", budget.calls_per_number, spent.to_number),
            ("minutes_per_day", budget.minutes, spent.minutes),
            ("money_per_day", budget.money, round(spent.cost, 6)),
        )
        return {
            "stopped": switch.stopped,
            **({"stoppedAt": rfc3339(switch.at), "reason": switch.reason} if switch.stopped else {}),
            "limits": [{"name": f"budget.{name}", "limit": limit, "used": used} for name, limit, used in limits],
        }

    async def _turn(self, switch: Switch) -> None:
        await self._budget.switches.put(SWITCH, switch)

    async def _list(self) -> list[dict[str, Any]]:
        stored = {noted.key: _told(noted) for noted in await self._budget.do_not_call.all()}
        configured = {
            number: {"number": number, "reason": "", "at": None} for number in self._budget.budget.do_not_call
        }
        return [entry for _, entry in sorted((configured | stored).items())]

    async def _remove(self, number: str) -> dict[str, Any]:
        if number in self._budget.budget.do_not_call:
            raise CallRefused("configured", "the number is in budget.do_not_call: take it out of the configuration")
        removed = await self._budget.do_not_call.remove(number)
        if removed is None:
            raise BadParameters("number: it is not on the list")
        return _told(removed)


def _told(noted: Noted[Entry]) -> dict[str, Any]:
    return {"number": noted.key, "reason": noted.value.reason, "at": rfc3339(noted.at)}


def _reason(reason: str) -> str:
    if len(reason) > _LONGEST:
        raise BadParameters(f"reason: up to {_LONGEST} characters")
    return reason.strip()

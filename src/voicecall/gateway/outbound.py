"""The desk for what may be dialled: the limits and their use, the switch, the numbers that want no calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, assert_never

import msgspec
import structlog

from voicecall.core.administration import (
    AddDoNotCall,
    ListDoNotCall,
    RemoveDoNotCall,
    ResumeOutbound,
    ShowOutbound,
    StopOutbound,
)
from voicecall.core.budget import canonical
from voicecall.core.ids import is_e164
from voicecall.core.record import rfc3339
from voicecall.errors import BadParameters, CallRefused, StoreError
from voicecall.gateway.budget import DO_NOT_CALL, SWITCH, OutboundBudget, Switch
from voicecall.store import Note, Store

_LONGEST = 500
"""Characters of a reason."""
_PAUSE = 5.0
"""Seconds after which another look is taken at what other gateways were told."""

_log = structlog.get_logger()

Asked = ShowOutbound | StopOutbound | ResumeOutbound | ListDoNotCall | AddDoNotCall | RemoveDoNotCall


class _Entry(msgspec.Struct, frozen=True):
    """What is noted of a number that wants no calls."""

    reason: str = ""


class OutboundDesk:
    """Carries out what is asked of it. `hang_up` ends all outbound calls here that began by then (Unix seconds)."""

    def __init__(
        self,
        budget: OutboundBudget,
        store: Store,
        clock: Callable[[], float],
        hang_up: Callable[[float], Awaitable[None]],
    ) -> None:
        self._budget = budget
        self._store = store
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
                entry = msgspec.json.encode(_Entry(_reason(reason)))
                return _told(await self._write(DO_NOT_CALL, _number(number), entry))
            case RemoveDoNotCall(number=number):
                return await self._remove(_number(number))
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
        await self._write(*SWITCH, msgspec.json.encode(switch))

    async def _list(self) -> list[dict[str, Any]]:
        stored = {note.key: _told(note) for note in await self._store.notes(DO_NOT_CALL)}
        configured = {
            number: {"number": number, "reason": "", "at": None} for number in self._budget.budget.do_not_call
        }
        return [entry for _, entry in sorted((configured | stored).items())]

    async def _remove(self, number: str) -> dict[str, Any]:
        if number in self._budget.budget.do_not_call:
            raise CallRefused("configured", "the number is in budget.do_not_call: take it out of the configuration")
        while (note := await self._store.note(DO_NOT_CALL, number)) is not None:
            if await self._store.remove_note(note):
                return _told(note)
        raise BadParameters("number: it is not on the list")

    async def _write(self, kind: str, key: str, data: bytes) -> Note:
        """Write a note over whatever stands; whoever is first makes others try again."""
        while True:
            stands = await self._store.note(kind, key)
            note = Note(kind, key, data, self._clock(), 1 if stands is None else stands.version + 1)
            if await self._store.write_note(note):
                return note


def _told(note: Note) -> dict[str, Any]:
    entry = msgspec.json.decode(note.data, type=_Entry)
    return {"number": note.key, "reason": entry.reason, "at": rfc3339(note.at)}


def _number(number: str) -> str:
    if not is_e164(number):
        raise BadParameters("number: E.164, such as +15551234567")
    return canonical(number)


def _reason(reason: str) -> str:
    if len(reason) > _LONGEST:
        raise BadParameters(f"reason: up to {_LONGEST} characters")
    return reason.strip()

"""Holds one call of a scenario, and gathers what it leaves behind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from voicecall.core.ids import CarrierCallId
from voicecall.core.operations import Events, Initiate, Status, Wait
from voicecall.emulators.disturbance import Disturbance
from voicecall.emulators.faces import Parties
from voicecall.emulators.legs import Leg
from voicecall.emulators.phones import Span
from voicecall.emulators.recording import Entry
from voicecall.emulators.script import Step
from voicecall.errors import RequestError

from .form import Scenario
from .stage import CARRIER, Stage

_PAGE = 1000
_AFTER = 15.0
"""Seconds given to a call to end once its phone was hung up."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one call left behind. Times in seconds since the phone was picked up."""

    record: dict[str, Any]
    events: list[dict[str, Any]]
    wav: bytes
    """The phone left, as it was sent; the gateway right, as it was played."""
    journal: list[Entry]
    voice: list[Span]
    """When the phone itself was audible, without what its line added."""
    answered_at: float
    """Unix seconds at which the phone was picked up."""
    overdue: bool
    """Whether the call had to be ended because it took too long."""

    def seconds(self, event: dict[str, Any]) -> float:
        """Return when an event, or a line of the transcript, happened."""
        return datetime.fromisoformat(event["at"]).timestamp() - self.answered_at


async def hold(stage: Stage, scenario: Scenario) -> Held:
    """Hold the call of a scenario to its end.

    Raises:
        VoicecallError: it could not be placed.
    """
    caller = scenario.caller
    steps = (Step(line=caller.line), *caller.steps)
    call_id, leg = await (_ring if scenario.direction == "inbound" else _place)(stage, scenario, steps)
    overdue = False
    try:
        await stage.gateway.perform(Wait(call_id=call_id, timeout=scenario.seconds))
    except RequestError:  # the wait is over, and the call is not
        overdue = True
        leg.hang_up()
        await stage.gateway.perform(Wait(call_id=call_id, timeout=_AFTER))
    await leg.over.wait()
    record = await stage.gateway.perform(Status(call_id=call_id))
    events: list[dict[str, Any]] = []
    while page := await _page(stage, call_id, events[-1]["seq"] if events else 0):
        events += page
    return Held(
        record=record,
        events=events,
        wav=leg.recording.wav(),
        journal=leg.journal,
        voice=leg.voice.spans,
        answered_at=stage.since_loop_time(leg.answered_at),
        overdue=overdue,
    )


async def _ring(stage: Stage, scenario: Scenario, steps: tuple[Step, ...]) -> tuple[str, Leg]:
    caller = scenario.caller
    parties = Parties("", "inbound", caller.number, caller.rings or stage.line, stage.webhook)
    leg = await stage.network.ring(stage.face, parties, steps)
    async with asyncio.timeout(scenario.seconds):
        return await stage.switchboard.arrival(CARRIER, CarrierCallId(leg.parties.call)), leg


async def _place(stage: Stage, scenario: Scenario, steps: tuple[Step, ...]) -> tuple[str, Leg]:
    number = scenario.caller.number
    if scenario.caller.steps or scenario.caller.line != Disturbance():
        await stage.network.script(number, steps)
    wish = Initiate(to=number, message=scenario.message, mode=scenario.mode, objective=scenario.objective)
    placed = await stage.gateway.perform(wish)
    return placed["callId"], await _leg_of(stage, placed["callId"], scenario.seconds)


async def _leg_of(stage: Stage, call_id: str, seconds: float) -> Leg:
    """Return the leg of a call once it was dialled."""
    async with asyncio.timeout(seconds):
        async for _ in stage.gateway.subscribe(0, call_id):
            carrier_call_id = (await stage.gateway.perform(Status(call_id=call_id)))["carrierCallId"]
            if carrier_call_id is not None:
                return stage.network.legs[carrier_call_id]
    raise RequestError("the call was never dialled")


async def _page(stage: Stage, call_id: str, since: int) -> list[dict[str, Any]]:
    page: list[dict[str, Any]] = await stage.gateway.perform(Events(call_id=call_id, since=since, limit=_PAGE))
    return page

"""`<Dial>`: calls phones of the network, of which only the outcome is simulated; no audio passes between the two.

Source: Plivo docs `voice/xml/dial`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from voicecall.emulators.legs import SET_UP
from voicecall.emulators.playout import RATE
from voicecall.emulators.script import Prepared, Sound
from voicecall.errors import SpeechError

from .account import uuid
from .elements import Dial

if TYPE_CHECKING:
    from .call import PlivoCall


async def dial(wanted: Dial, call: PlivoCall) -> dict[str, str]:
    """Dial the first number and return, when that call is over, what the action is told."""
    if not wanted.numbers:
        return _result(call, "", "failed", ringing=False, cause="INVALID_NUMBER_FORMAT")
    number = "+" + wanted.numbers[0].removeprefix("+")
    call.leg.note("dial", number)
    try:
        plan = await call.network.plan(number)
    except SpeechError:
        return _result(call, number, "failed", ringing=False, cause="NORMAL_TEMPORARY_FAILURE")
    await asyncio.sleep(SET_UP)
    if plan.busy:
        return _result(call, number, "busy", ringing=False, cause="USER_BUSY")
    if plan.answers_after is None or plan.answers_after > wanted.timeout:
        await asyncio.sleep(wanted.timeout)
        return _result(call, number, "no-answer", ringing=True, cause="NO_ANSWER")
    await asyncio.sleep(plan.answers_after)
    call.leg.note("bridged", number)
    seconds = 0.0
    for step in plan.steps:
        seconds += _seconds(step)
        if not isinstance(step, Sound) and step.hangup:
            break
    else:
        seconds = wanted.time_limit
    await asyncio.sleep(min(seconds, wanted.time_limit))
    return _result(call, number, "completed", ringing=True, cause="NORMAL_CLEARING")


def _seconds(step: Prepared) -> float:
    """Return how long a step takes if it never waits for the other side."""
    return len(step.audio) / RATE if isinstance(step, Sound) else step.wait or 0.0


def _result(call: PlivoCall, number: str, status: str, *, ringing: bool, cause: str) -> dict[str, str]:
    return {
        "DialStatus": status,
        "DialRingStatus": str(ringing).lower(),
        "DialHangupCause": cause,
        "DialALegUUID": call.uuid,
        "DialBLegUUID": uuid(f"{call.uuid}/{number}") if ringing else "",
    }

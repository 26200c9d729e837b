"""`<Dial>`: calls phones of the network, of which only the outcome is simulated; no audio passes between the two.

Source: Twilio docs `voice/twiml/dial`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from voicecall.emulators.legs import SET_UP, Plan
from voicecall.emulators.playout import RATE
from voicecall.emulators.script import Sound
from voicecall.errors import SpeechError

from .account import sid
from .verbs import Dial

if TYPE_CHECKING:
    from .call import TwilioCall


async def dial(verb: Dial, call: TwilioCall) -> dict[str, str]:
    """Dial the first number and return, when that call is over, what the action is told."""
    if not verb.numbers:
        return {"DialCallStatus": "failed"}
    number = verb.numbers[0]
    call.leg.note("dial", number)
    result = {"DialCallSid": sid("CA", f"{call.sid}/{number}"), "DialBridged": "false"}
    try:
        plan = await call.network.plan(number)
    except SpeechError:
        return result | {"DialCallStatus": "failed"}
    await asyncio.sleep(SET_UP)
    if plan.busy:
        return result | {"DialCallStatus": "busy"}
    if plan.answers_after is None or plan.answers_after > verb.timeout:
        await asyncio.sleep(verb.timeout)
        return result | {"DialCallStatus": "no-answer"}
    await asyncio.sleep(plan.answers_after)
    call.leg.note("bridged", number)
    seconds = min(stays_for(plan), verb.time_limit)
    await asyncio.sleep(seconds)
    return result | {"DialCallStatus": "completed", "DialCallDuration": f"{seconds:.0f}", "DialBridged": "true"}


def stays_for(plan: Plan) -> float:
    """Return how long a phone stays on the line, in seconds, if its script never waits for the other side."""
    seconds = 0.0
    for step in plan.steps:
        if isinstance(step, Sound):
            seconds += len(step.audio) / RATE
        elif step.hangup:
            return seconds
        else:
            seconds += step.wait or 0.0
    return float("inf")

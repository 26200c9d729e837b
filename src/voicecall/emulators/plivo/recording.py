"""`<Record>`: what is told about a recording; where it is said to be, there is nothing.

Source: Plivo docs `voice/xml/record`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .account import uuid
from .elements import Record
from .gathering import Input, Pressed

if TYPE_CHECKING:
    from .call import PlivoCall


async def record(wanted: Record, call: PlivoCall) -> dict[str, str]:
    """Record until the key that finishes or the longest time, and return what the action is told."""
    inputs: asyncio.Queue[Input] = asyncio.Queue()
    call.inputs = inputs
    call.leg.note("record")
    began, digits = call.network.wires.now(), ""
    try:
        async with asyncio.timeout(wanted.max_length):
            while not digits or digits not in wanted.finish_on_key:
                given = await inputs.get()
                digits = given.digit if isinstance(given, Pressed) else ""
    except TimeoutError:
        digits = ""
    call.inputs = None
    form = _describe(call, began, call.network.wires.now()) | {"Digits": digits}
    call.call_back("record", wanted.callback_method, wanted.callback, call.parameters("Record") | form)
    return form


def record_session(wanted: Record, call: PlivoCall) -> None:
    """Record from now to the end of the call: the action is told at once without durations, the callback in the end."""
    call.leg.note("record")
    began = call.network.wires.now()
    unknown = dict.fromkeys(("RecordingDuration", "RecordingDurationMs", "RecordingStartMs", "RecordingEndMs"), "-1")
    form = call.parameters("Record") | _describe(call, began, began) | unknown
    call.call_back("action", wanted.method, wanted.action, form)

    def over() -> None:
        final = call.parameters("Record") | _describe(call, began, call.network.wires.now())
        call.call_back("record", wanted.callback_method, wanted.callback, final)

    call.afterwards.append(over)


def _describe(call: PlivoCall, began: float, ended: float) -> dict[str, str]:
    identity = uuid(f"{call.uuid}/recording/{began}")
    return {
        "RecordUrl": f"https://media.plivo.com/v1/Account/{call.owner.auth_id}/Recording/{identity}.mp3",
        "RecordingID": identity,
        "RecordingDuration": f"{ended - began:.0f}",
        "RecordingDurationMs": f"{(ended - began) * 1000:.0f}",
        "RecordingStartMs": f"{began * 1000:.0f}",
        "RecordingEndMs": f"{ended * 1000:.0f}",
    }

"""A test call: is there sound both ways, and if not, why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any

from voicecall.client import AsyncClient
from voicecall.core.operations import End, Events, Initiate, Wait
from voicecall.doctor import Report, warn
from voicecall.doctor.diagnosis import diagnose
from voicecall.errors import OperationTimeout, RequestError

WORDS = "Hello, this is a test call. Please say something, and wait for an answer."
_RINGING = 75.0
"""Seconds until somebody must have answered and heard us."""
_LISTENING = 15.0
"""Seconds that the other side has to say something, and again for an answer to be heard."""
_CLOSING = 20.0
_MOST = 1000
"""Events that are read."""
_UNHEARD = warn(
    "stream",
    "nothing was heard of the other side: nobody spoke, or their sound does not arrive",
    "say something when it rings again; voicecall doctor --live",
)
_NEWS = {"call.dialled": "dialled", "call.ringing": "it rings", "call.answered": "answered"}


class Sound:
    """What was heard on either side, by the events of the call."""

    def __init__(self) -> None:
        self.they_heard = False
        self.we_heard = False
        self.answered = False
        """Whether something was said to what we heard."""

    def take(self, event: Mapping[str, Any]) -> str:
        """Let an event count; return what it means for a person, or nothing."""
        kind = str(event["type"])
        if kind in ("reply.confirmed", "reply.finished"):
            self.answered = self.answered or (self.we_heard and kind == "reply.finished")
            first, self.they_heard = not self.they_heard, True
            return "our words were played" if first else ""
        if kind == "speech.started" or (kind == "transcript.final" and event["data"].get("text")):
            first, self.we_heard = not self.we_heard, True
            return "we hear the other side" if first else ""
        return _NEWS.get(kind, "")


@dataclass(frozen=True, slots=True)
class Called:
    """What became of a test call."""

    call_id: str
    they_heard: bool
    we_heard: bool
    end_reason: str
    report: Report
    """Why it went as it did."""

    @property
    def ok(self) -> bool:
        """Whether there was sound both ways."""
        return self.they_heard and self.we_heard

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "callId": self.call_id,
            "soundOut": self.they_heard,
            "soundIn": self.we_heard,
            "endReason": self.end_reason,
            "causes": [] if self.ok else self.report.plain()["checks"],
        }


async def call(client: AsyncClient, to: str, say: Callable[[str], None]) -> Called:
    """Ring a number, wait until both sides have heard each other, and hang up; `say` is told how it goes.

    Raises:
        VoicecallError: the call cannot be placed, or the gateway is gone.
    """
    placed = await client.perform(Initiate(to=to, message=WORDS, mode="conversation"))
    call_id = str(placed["callId"])
    sound = Sound()
    try:
        with suppress(TimeoutError):
            await _listened(client, call_id, sound, say)
    finally:
        await _hung_up(client, call_id)
    try:
        async with asyncio.timeout(_CLOSING):
            record = await client.perform(Wait(call_id=call_id))
            events = await client.perform(Events(call_id=call_id, limit=_MOST))
    except TimeoutError:
        raise OperationTimeout(f"the test call did not end: `voicecall end --call-id {call_id}`") from None
    report = diagnose(record, events)
    if sound.they_heard and not sound.we_heard:
        report = Report((*(check for check in report.checks if check.level != "ok"), _UNHEARD))
    return Called(call_id, sound.they_heard, sound.we_heard, str(record.get("endReason") or ""), report)


async def _listened(client: AsyncClient, call_id: str, sound: Sound, say: Callable[[str], None]) -> None:
    """Follow a call until both sides have heard each other, or it is over, or has taken too long."""
    now = asyncio.get_running_loop().time
    async with aclosing(client.subscribe(0, call_id)) as stream, asyncio.timeout(_RINGING) as limit:
        async for event in stream:
            if news := sound.take(event):
                say(f"  {news}")
                if sound.they_heard:
                    limit.reschedule(now() + _LISTENING)
            if sound.answered or event["type"] == "call.ended":
                return


async def _hung_up(client: AsyncClient, call_id: str) -> None:
    with suppress(RequestError, TimeoutError):  # it is over already, or ends by its own limits
        async with asyncio.timeout(_CLOSING):
            await client.perform(End(call_id=call_id))

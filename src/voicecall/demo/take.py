"""Holds one call: brings a gateway up on free ports, rings it, and gathers what the call leaves behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from voicecall.app import Running, running
from voicecall.config.load import Loaded
from voicecall.config.model import Config
from voicecall.config.state import StateDir
from voicecall.core.operations import Events, Simulate
from voicecall.errors import VoicecallError

from .script import CALLER, FAULTS, LAST_WEBHOOK, STEPS

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Take:
    """What one call left behind."""

    record: dict[str, Any]
    events: list[dict[str, Any]]
    wav: bytes
    """The caller left, the agent right, from the answer on."""


class Audience(Protocol):
    """Whoever watches."""

    def progress(self, text: str) -> None:
        """Something takes a while."""

    def opened(self, public_url: str, *, faults: bool) -> None:
        """The gateway is up."""

    def event(self, event: dict[str, Any]) -> None:
        """Something happened in the call, `{seq, at, callId, type, data}`."""


async def record(state: Path, audience: Audience, *, faults: bool) -> Take:
    """Hold the call and return it; the gateway's state is in the folder `state`.

    Raises:
        VoicecallError: it could not be held; possibly inside an exception group.
    """
    audience.progress("loading the speech models")
    async with running(Loaded(_config(), None, StateDir(state))) as up:
        if up.network is None:
            raise VoicecallError("the demonstration needs the mock network in this process")
        audience.opened(up.public_url, faults=faults)
        if faults:
            up.network.network.faults = FAULTS
        audience.progress("the caller dials")
        events: list[dict[str, Any]] = []
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_follow(up, await _newest(up), audience, events))
            call = await up.gateway.perform(Simulate(from_=CALLER, steps=STEPS))
        if faults:
            audience.progress("late webhooks arrive")
            await asyncio.sleep(LAST_WEBHOOK)
        leg = up.network.network.legs[call["carrierCallId"]]
        return Take(call, events, leg.recording.wav())


def _config() -> Config:
    """All default, but for ports that are free and a door that is open."""
    anywhere = {"port": 0}
    return Config.model_validate({"inbound_policy": "open", "serve": anywhere, "control": anywhere})


async def _newest(up: Running) -> int:
    """Return the position of the newest event of earlier calls."""
    position = 0
    while page := await up.gateway.perform(Events(since=position, limit=_PAGE)):
        position = page[-1]["seq"]
    return position


async def _follow(up: Running, since: int, audience: Audience, events: list[dict[str, Any]]) -> None:
    """Show and keep the events of the next call to come until it has ended; a call of before is not shown."""
    log: AsyncGenerator[dict[str, Any], None] = up.gateway.subscribe(since, None)
    call_id = None
    async with aclosing(log):
        async for event in log:
            if call_id is None and event["type"] == "call.initiated":
                call_id = event["callId"]
            if event["callId"] != call_id:
                continue
            events.append(event)
            audience.event(event)
            if event["type"] == "call.ended":
                return

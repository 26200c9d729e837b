"""What is done once the file is written: the way from outside is tried, the number is pointed, a phone is rung."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from voicecall.app.carriers import from_number
from voicecall.app.numbers import Change, Numbers
from voicecall.carriers.numbers import NumberSettings
from voicecall.client import AsyncClient
from voicecall.config.address import of
from voicecall.config.load import Loaded
from voicecall.core.ids import mask
from voicecall.doctor import Check, Report, accounts, exposure
from voicecall.doctor.examine import examine
from voicecall.doctor.live import prove
from voicecall.errors import TunnelError, VoicecallError
from voicecall.net.http import Http

from .calling import Called, call
from .interview import line
from .serving import answers, served

_PATIENCE = 15.0
_PAUSES = (2.0, 5.0, 10.0)
"""Seconds before each further look at an address that is new."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done."""

    tunnel: bool = False
    """Whether the tunnel is waited for."""
    point: bool = False
    ring: str = ""
    """The number that is rung; empty rings nobody."""
    is_running: bool = False
    """Whether a daemon runs already."""


@dataclass(slots=True)
class Done:
    """What was done so far."""

    public_url: str = ""
    pointing: bool = False
    """Whether the carrier was asked to change anything."""
    pointed: Change | None = None
    rung: str = ""
    """Who was rung, masked."""
    called: Called | None = None
    checks: list[Check] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """What could not be done, and why."""


class Deeds(Protocol):
    """What can be done."""

    def examined(self, file: Path) -> Report:
        """Return what the doctor finds."""

    def is_running(self, loaded: Loaded) -> bool:
        """Say whether the daemon runs."""

    def number(self, loaded: Loaded) -> NumberSettings | None:
        """Return what the carrier does with calls to our number; None where it does not tell."""

    def act(self, file: Path, loaded: Loaded, plan: Plan, done: Done, say: Say) -> None:
        """Carry out a plan; `done` tells how far it came, at any time.

        Raises:
            VoicecallError: the gateway does not start.
        """


class Doing:
    """The deeds themselves."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives Unix seconds."""
        self._clock = clock

    def examined(self, file: Path) -> Report:
        """Return what the doctor finds."""
        return asyncio.run(examine(file, clock=self._clock))

    def is_running(self, loaded: Loaded) -> bool:
        """Say whether the daemon runs."""
        return asyncio.run(answers(loaded))

    def number(self, loaded: Loaded) -> NumberSettings | None:
        """Return what the carrier does with calls to our number; None where it does not tell."""
        carrier = loaded.config.provider
        ours = from_number(loaded.config, carrier)

        async def ask() -> NumberSettings | None:
            try:
                async with Http() as http, asyncio.timeout(_PATIENCE):
                    return await Numbers(loaded.config, loaded.state, http).show(carrier, ours or "")
            except (VoicecallError, TimeoutError):
                return None

        return asyncio.run(ask())

    def act(self, file: Path, loaded: Loaded, plan: Plan, done: Done, say: Say) -> None:
        """Carry out a plan.

        Raises:
            VoicecallError: the gateway does not start.
        """
        asyncio.run(self._act(file, loaded, plan, done, say))

    async def _act(self, file: Path, loaded: Loaded, plan: Plan, done: Done, say: Say) -> None:
        async with AsyncExitStack() as stack:
            done.public_url = loaded.config.public_url or loaded.state.announced_public_url() or ""
            if not plan.is_running:
                say("the gateway is started ...")
                gateway = await stack.enter_async_context(served(file))
                done.public_url = loaded.config.public_url or gateway.public_url
                if plan.tunnel:
                    try:
                        done.public_url = await gateway.tunnelled()
                    except TunnelError as error:
                        done.failures.append(f"the tunnel is not there: {error}")
                        return
                    say(f"the tunnel is there: {done.public_url}")
            http = await stack.enter_async_context(Http())
            found = await self._proven(loaded, http, say, fresh=plan.tunnel)
            done.checks += found
            for check in found:
                say(line(check))
            if plan.point:
                await self._point(loaded, http, done, say)
            if plan.ring:
                await self._ring(loaded, plan.ring, done, say)

    async def _proven(self, loaded: Loaded, http: Http, say: Say, *, fresh: bool) -> list[Check]:
        """Return what probes from outside show; a `fresh` address is tried until its name is known."""
        carriers = accounts.carriers_of(loaded.config)
        for pause in _PAUSES if fresh else ():
            found = await prove(loaded, carriers, http, self._clock)
            if all(check.level != "fail" for check in found):
                return found
            say(f"  not reached yet, as a new name may take a while; again in {pause:g} s")
            await asyncio.sleep(pause)
        return await prove(loaded, carriers, http, self._clock)

    async def _point(self, loaded: Loaded, http: Http, done: Done, say: Say) -> None:
        carrier = loaded.config.provider
        ours = from_number(loaded.config, carrier) or ""
        if any(check.level == "fail" and check.id in ("public-url", "webhook-path") for check in done.checks):
            done.failures.append("the number was not pointed: see above; `voicecall number point` does it all the same")
            return
        numbers = Numbers(loaded.config, loaded.state, http)
        done.pointing = True
        try:
            async with asyncio.timeout(_PATIENCE):
                done.pointed = await numbers.point(
                    carrier, ours, done.public_url, force=exposure.is_local(loaded.config)
                )
        except TimeoutError:
            done.failures.append("the number was not pointed: the carrier did not answer in time")
        except VoicecallError as error:
            done.failures.append(f"the number was not pointed: {error}")
        else:
            for told in pointed(ours, done.pointed):
                say(told)

    async def _ring(self, loaded: Loaded, to: str, done: Done, say: Say) -> None:
        url, token = of(loaded)
        done.rung = mask(to)
        say(f"{done.rung} is rung: answer, and say something ...")
        try:
            async with AsyncClient(url, token) as client:
                done.called = await call(client, to, say)
        except VoicecallError as error:
            done.failures.append(f"nobody was rung: {error}")
            return
        for told in came_of(done.called):
            say(told)
        if loaded.config.provider == "mock" and done.called.they_heard:
            say("  the phones of the mock network say nothing: `voicecall simulate --say` has one speak")


def pointed(number: str, change: Change) -> list[str]:
    """Return what a change of a number's settings was, in lines."""
    if not change.changed:
        return [f"calls to {mask(number)} are announced here already"]
    was, now = change.before, change.after
    lines = [f"calls to {mask(number)}: {was.voice_url or 'nowhere'} -> {now.voice_url}"]
    if was.status_url != now.status_url:
        lines.append(f"their end: {was.status_url or 'nowhere'} -> {now.status_url}")
    return [*lines, "  `voicecall number undo` puts that back"]


def came_of(called: Called) -> list[str]:
    """Return what came of a test call, in lines."""
    if called.ok:
        return ["sound both ways: the call is as it should be"]
    lines = [
        f"they {'heard' if called.they_heard else 'did not hear'} us, "
        f"we {'heard' if called.we_heard else 'did not hear'} them ({called.end_reason})"
    ]
    lines += [line(check) for check in called.report.checks]
    return [*lines, f"  `voicecall doctor --call-id {called.call_id}` says it again"]


def plain(done: Done) -> Mapping[str, Any]:
    """Return what was done as JSON values."""
    change, called = done.pointed, done.called
    number = None
    if change is not None:
        number = {"changed": change.changed, "before": change.before.voice_url, "after": change.after.voice_url}
    return {
        "publicUrl": done.public_url or None,
        "number": number,
        "call": None if called is None else called.plain(),
        "failures": list(done.failures),
    }

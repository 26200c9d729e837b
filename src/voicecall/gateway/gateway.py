"""The operations, carried out: what every door hands in comes here."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from voicecall.core.events import ContinueAsked, DigitsAsked, EndAsked, Placed, SpeakAsked
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.core.operations import (
    CallerStep,
    Continue,
    Dtmf,
    End,
    Events,
    History,
    Initiate,
    Latency,
    Live,
    Operation,
    Recording,
    Simulate,
    Speak,
    Status,
    Transcript,
    Wait,
)
from voicecall.core.record import record
from voicecall.core.rules import Mode, Route
from voicecall.errors import (
    BadParameters,
    CallOver,
    CallRefused,
    OperationTimeout,
    RequestError,
    StoreConflict,
    StoreError,
)
from voicecall.gateway import schemas
from voicecall.gateway.budget import OutboundBudget
from voicecall.gateway.hooks import Hooks
from voicecall.gateway.office import Office
from voicecall.gateway.outbound import OutboundDesk
from voicecall.gateway.probes import Probes
from voicecall.gateway.reading import published, read
from voicecall.gateway.recording import Recordings, not_recorded
from voicecall.gateway.repetition import CallTaken, Repetition
from voicecall.gateway.session import Session, elsewhere
from voicecall.gateway.switchboard import Switchboard
from voicecall.gateway.tokens import Tokens
from voicecall.store import Logged, Store

_DIGITS = re.compile(r"[0-9A-Da-d*#wW,pP]{1,64}")
_RING_PATIENCE = 30.0
_HANG_UP_PATIENCE = 30.0
_LONGEST_PATIENCE = 3600.0
"""Seconds in which an answer of the caller may be awaited."""
LAST_ANSWERS = 5.0
"""Seconds in which those who asked something are told, once the calls are over."""

Ring = Callable[[str, str, list[CallerStep]], Awaitable[CarrierCallId]]
"""Rings the gateway from a phone of a network: caller, called, steps; returns the leg."""


@dataclass(frozen=True, slots=True)
class Phones:
    """The phones of a network that can be told to ring the gateway."""

    carrier: str
    line: str
    """The number of ours that they ring unless told otherwise."""
    ring: Ring


@dataclass(frozen=True, slots=True)
class Defaults:
    """What an outbound call is made with unless told otherwise."""

    carriers: tuple[str, ...]
    """Tried in this order."""
    mode: Mode
    to_number: str | None


class Bell:
    """Rings when the log has grown; whoever follows it then reads on."""

    def __init__(self) -> None:
        self._grown = asyncio.Event()

    def ring(self, logged: list[Logged]) -> None:
        """The log has grown."""
        if logged:
            self._grown.set()
            self._grown = asyncio.Event()

    def next(self) -> asyncio.Event:
        """Return what is set when the log grows next."""
        return self._grown


class Gateway:
    """Carries out operations; the one thing that every door talks to."""

    def __init__(
        self,
        switchboard: Switchboard,
        store: Store,
        bell: Bell,
        defaults: Defaults,
        phones: Phones | None,
        *,
        recordings: Recordings | None = None,
        budget: OutboundBudget,
        failing: Callable[[], str],
        hooks: Hooks | None = None,
        tunnelled: Callable[[], bool] = lambda: True,
        probes: Probes | None = None,
    ) -> None:
        """`phones` are those of a network on this machine; `recordings` those of its calls.

        `failing` says why the archive cannot be written; `tunnelled`, whether the tunnel that is wanted is there.
        """
        self._tunnelled = tunnelled
        self._failing = failing
        self._recordings = recordings
        self._switchboard = switchboard
        self._store = store
        self._bell = bell
        self._defaults = defaults
        self._phones = phones
        exchange = switchboard.exchange
        self.tokens = Tokens(store, clock=exchange.clock, entropy=exchange.entropy)
        """Who holds a named token."""
        hooks = hooks or Hooks((), grown=bell.next, clock=exchange.clock, new_id=switchboard.new_id)
        self._budget = budget
        self._outbound = OutboundDesk(budget, exchange.clock, self._hang_up)
        self._office = Office(self.tokens, switchboard.pairing, self._outbound, hooks, probes)
        self._repetition = Repetition(
            store,
            instance=switchboard.exchange.instance,
            clock=switchboard.exchange.clock,
            new_id=switchboard.new_id,
            carry_out=self._carry_out,
            placed=self._placed,
            tasks=switchboard.tasks,
        )

    async def watch(self) -> None:
        """Do what is asked of all gateways of the archive, until cancelled."""
        await self._outbound.watch()

    async def drain(self) -> None:
        """Take no new calls, and return once the live ones are over and whoever asked something was told."""
        await self._switchboard.drain()
        await self._repetition.finished(LAST_ANSWERS)

    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        """Carry out an operation and return its result, a JSON value.

        What changes something is done once per key, and tells a repetition what came of it.

        Raises:
            RequestError: it cannot be done.
            ProviderError, StoreError: somebody it needs failed.
        """
        if idempotency_key is None or not operation.changes:
            return await self._carry_out(operation, self._switchboard.new_id())
        return await self._repetition.once(idempotency_key, operation)

    async def _carry_out(self, operation: Operation, id_: CallId) -> Any:
        match operation:
            case Initiate():
                return await self._initiate(operation, id_)
            case Speak(call_id=call_id, message=message):
                said = await self._ask(call_id, lambda op: SpeakAsked(op, _words(message)))
                return {"callId": call_id, **said}
            case Continue(call_id=call_id, message=message, timeout=timeout):
                if timeout is not None and not 0 < timeout <= _LONGEST_PATIENCE:
                    raise BadParameters("timeout: more than 0 and at most 3600 seconds")
                said = await self._ask(call_id, lambda op: ContinueAsked(op, _words(message), timeout or 0.0))
                return {"callId": call_id, **said}
            case Dtmf(call_id=call_id, digits=digits):
                if not _DIGITS.fullmatch(digits):
                    raise BadParameters("digits: 1 to 64 of 0-9 * # A-D, and w for a pause of half a second")
                await self._ask(call_id, lambda op: DigitsAsked(op, digits))
                return {"callId": call_id}
            case End(call_id=call_id):
                return await self._end(call_id)
            case Wait():
                return await self._wait(operation)
            case Status(call_id=call_id):
                return await self._record(call_id)
            case Live():
                return [record(session.call) for session in self._switchboard.live()]
            case Transcript(call_id=call_id):
                return (await self._record(call_id))["transcript"]
            case History() | Latency() | Events():
                return await read(self._store, operation, self._switchboard.exchange.clock())
            case Recording(call_id=call_id):
                await self._record(call_id)
                if self._recordings is None:
                    raise not_recorded()
                return await asyncio.to_thread(self._recordings.find, call_id)
            case Simulate():
                return await self._simulate(operation)
            case _:
                return await self._office.perform(operation)

    async def subscribe(self, since: int, call_id: str | None) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the events after position `since`, first from the log, then as they are saved; none is left out."""
        position = since
        while True:
            grown = self._bell.next()
            log = await self._store.events(position, 500, CallId(call_id) if call_id else None)
            if not log:
                await grown.wait()
                continue
            for logged in log:
                position = logged.position
                yield published(logged)

    def readiness(self) -> dict[str, bool]:
        """Say of each thing that must be in order whether it is."""
        return {
            "store": not self._failing(),
            "provider": self._defaults.carriers[0] in self._switchboard.exchange.carriers,
            "tunnel": self._tunnelled(),
            "taking-calls": not self._switchboard.draining,
        }

    # --- calls

    async def _initiate(self, wish: Initiate, call_id: CallId) -> dict[str, str | bool]:
        to = wish.to or self._defaults.to_number
        if to is None:
            raise BadParameters("to: no number to call, and no to_number is configured")
        if wish.dtmf and not _DIGITS.fullmatch(wish.dtmf):
            raise BadParameters("dtmf: 1 to 64 of 0-9 * # A-D, and w for a pause of half a second")
        if wish.schema is not None:
            schemas.check(wish.schema)
        route, *others = self._routes(wish.carrier)
        mode = wish.mode or self._defaults.mode
        if mode == "notify" and not wish.message.strip():
            raise BadParameters("message: a notify call needs something to say")
        rules = self._switchboard.rules(route.carrier, language=wish.language or "")
        async with self._budget.dialling(to, rules, self._recorded) as (number, allowed):
            self._switchboard.check_room()
            session = await self._switchboard.place(
                Placed(
                    call_id=call_id,
                    carrier=route.carrier,
                    to=number,
                    from_=route.from_,
                    mode=mode,
                    greeting=wish.message.strip(),
                    rules=allowed,
                    digits=wish.dtmf,
                    objective=wish.objective,
                    schema=wish.schema,
                    metadata=wish.metadata,
                    routes=tuple(others),
                )
            )
        placed: dict[str, str | bool] = {"callId": session.call.id, "state": session.call.state}
        return {**placed, "queued": True} if session.is_queued else placed

    async def _recorded(self) -> None:
        """Return once all outbound calls are on record as they stand.

        Raises:
            StoreError: the archive cannot be written.
        """
        for session in self._switchboard.live():
            if session.call.direction == "outbound":
                with suppress(StoreConflict):  # another gateway has it, and on record
                    await self._switchboard.exchange.journal.durable(session.call.id)

    async def _placed(self, call_id: CallId) -> dict[str, str] | None:
        """Return what is known of a call that may have been placed, or None if it is not on record."""
        if call_id in self._switchboard.sessions:
            await self._switchboard.exchange.journal.durable(call_id)
        found = await self._store.record(call_id)
        return None if found is None else {"callId": call_id, "state": found["state"]}

    def _routes(self, wanted: str | None) -> list[Route]:
        """Return the ways to place a call, the first one usable; ways that cannot be used now are left out after it."""
        carriers = self._switchboard.exchange.carriers
        names = [wanted] if wanted else list(self._defaults.carriers)
        routes: list[Route] = []
        for name in names:
            around = carriers.get(name)
            if around is None:
                fault: RequestError | None = BadParameters(f"carrier: {name} is not configured")
            elif not around.is_reachable():
                fault = CallRefused(
                    "no-public-url", f"{name} could not reach this gateway: set public_url or tunnel.provider"
                )
            elif around.from_number is None:
                fault = BadParameters("from: no number to call from is configured; set from_number")
            else:
                fault = None
                routes.append(Route(name, around.from_number, around.line.carrier.capabilities))
            if fault is not None and not routes:
                raise fault
        return routes

    async def _ask(self, call_id: str, event: Callable[[str], SpeakAsked | ContinueAsked | DigitsAsked]) -> Any:
        session = self._switchboard.sessions.get(CallId(call_id))
        if session is None:
            raise CallOver(f"the call has ended: {(await self._ended(call_id))['endReason']}")
        operation = self._switchboard.new_id()
        try:
            return await session.ask(operation, event(operation))
        except CallRefused as refused:
            if session.lost:
                raise CallTaken(refused.reason, str(refused)) from None
            raise

    async def _end(self, call_id: str) -> dict[str, str]:
        session = self._switchboard.sessions.get(CallId(call_id))
        if session is not None:
            operation = self._switchboard.new_id()
            try:
                await session.ask(operation, EndAsked(operation))
                return {"callId": call_id, "state": "ended", "endReason": session.call.end_reason or "error"}
            except CallOver:
                await session.over
        over = await self._ended(call_id)
        return {"callId": call_id, "state": over["state"], "endReason": over["endReason"]}

    async def _hang_up(self, before: float) -> None:
        """End the outbound calls that are served here and began by then (Unix seconds)."""
        async with asyncio.TaskGroup() as tasks:
            for session in self._switchboard.live():
                if session.call.direction == "outbound" and session.call.started_at <= before:
                    tasks.create_task(self._hung_up(session.call.id), name=f"stop {session.call.id}")

    async def _hung_up(self, call_id: CallId) -> None:
        with suppress(RequestError, StoreError, TimeoutError):  # it is over, or elsewhere, or tried again
            async with asyncio.timeout(_HANG_UP_PATIENCE):
                await self._end(call_id)

    async def _wait(self, wish: Wait) -> dict[str, Any]:
        session = self._switchboard.sessions.get(CallId(wish.call_id))
        if session is not None:
            return await _end_of(session, wish.timeout)
        return await self._ended(wish.call_id)

    async def _ended(self, call_id: str) -> dict[str, Any]:
        """Return the record of a call that is not served here.

        Raises:
            CallRefused: it is served elsewhere.
        """
        found = await self._record(call_id)
        if found["state"] != "ended":
            raise elsewhere()
        return found

    async def _record(self, call_id: str) -> dict[str, Any]:
        session = self._switchboard.sessions.get(CallId(call_id))
        if session is not None:
            return record(session.call)
        found: dict[str, Any] = await read(self._store, Status(call_id=call_id), self._switchboard.exchange.clock())
        return found

    async def _simulate(self, wish: Simulate) -> dict[str, Any]:
        phones = self._phones
        if phones is None:
            raise CallRefused("no-network", "there is no telephone network on this machine to be rung from")
        leg = await phones.ring(wish.from_, wish.line or phones.line, wish.steps)
        try:
            async with asyncio.timeout(_RING_PATIENCE):
                call_id = await self._switchboard.arrival(phones.carrier, leg)
        except TimeoutError as error:
            raise OperationTimeout("the gateway was not rung within 30 s") from error
        return await self._wait(Wait(call_id=call_id, timeout=3600.0))


async def _end_of(session: Session, patience: float) -> dict[str, Any]:
    try:
        async with asyncio.timeout(patience):
            call = await asyncio.shield(session.over)
    except TimeoutError as error:
        raise OperationTimeout(f"the call has not ended within {patience:g} s; it goes on") from error
    if session.lost:
        raise elsewhere()
    return record(call)


def _words(message: str) -> str:
    if not message.strip():
        raise BadParameters("message: there is nothing to say")
    return message.strip()

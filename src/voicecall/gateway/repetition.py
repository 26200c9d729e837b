"""An idempotency key makes a request's repetitions the request itself: they get its outcome, and do nothing.

The key is claimed in the archive before anything is done, and what came of it is kept there before it is told, so that
it holds at every door, over restarts, and with several gateways. A call that is placed gets the id that its claim
named: the archive takes the first event of an id once, and what is not on record is not dialled. So a repetition of a
request that was cut off finds the call on record, or places the one that never was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import msgspec
import structlog

from voicecall.core.ids import CallId
from voicecall.core.operations import End, Initiate, Operation
from voicecall.errors import BadParameters, CallRefused, OperationTimeout, ProviderError, RequestError, StoreError
from voicecall.store import Claim, Store

LIFE = 24 * 3600.0
"""Seconds that an outcome is kept, from when its key was claimed."""
_LONGEST = 255
_PATIENCE = 10.0
"""Seconds that another gateway, which has the request, is waited for."""
_PAUSE = 0.25

_log = structlog.get_logger()


class _Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of a request: its result, or the failure of somebody whom it needed."""

    result: Any = None
    failure: str = ""
    code: str | None = None


class CallTaken(CallRefused):
    """Another gateway has taken the call, amid what was asked of it here."""


class _Running:
    """A request that is being carried out here."""

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.answer.add_done_callback(lambda done: done.exception())  # whoever asked may have left


class Repetition:
    """Carries each request out once. `instance` names this gateway; `clock` tells Unix seconds."""

    def __init__(
        self,
        store: Store,
        *,
        instance: str,
        clock: Callable[[], float],
        new_id: Callable[[], CallId],
        carry_out: Callable[[Operation, CallId], Awaitable[Any]],
        placed: Callable[[CallId], Awaitable[Any]],
        tasks: asyncio.TaskGroup,
    ) -> None:
        """`carry_out` does what is asked; a call that it places gets the id. `placed` finds what it placed, or None.

        In `tasks` it outlives whoever asked.
        """
        self._store = store
        self._instance = instance
        self._clock = clock
        self._new_id = new_id
        self._carry_out = carry_out
        self._placed = placed
        self._tasks = tasks
        self._running: dict[str, _Running] = {}

    async def once(self, key: str, operation: Operation) -> Any:
        """Return the operation's result: from carrying it out, or from when that was done under this key.

        A refusal is not kept: the same request may be made again under its key. Who leaves does not stop what he began.

        Raises:
            BadParameters: the key is malformed, or was used for something else.
            CallRefused: `unknown-outcome`: it was begun, and nobody knows whether it was done. It is not done again.
            RequestError: it cannot be done.
            ProviderError, StoreError: somebody it needs failed.
        """
        if not 0 < len(key) <= _LONGEST or not key.isprintable():
            raise BadParameters(f"idempotency key: expected 1 to {_LONGEST} printable characters")
        # ending twice is ending once, and a full disk must not keep a call from its end; a secret is told but once
        if isinstance(operation, End) or operation.secret:
            return await self._carry_out(operation, self._new_id())
        fingerprint = _fingerprint(operation)
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = _Running(fingerprint)
            task = self._tasks.create_task(self._run(key, operation, running), name=f"operation {operation.name}")
            task.add_done_callback(lambda _: self._forget(key, running))
        elif running.fingerprint != fingerprint:
            raise _other_use()
        return await asyncio.shield(running.answer)

    async def finished(self, patience: float) -> None:
        """Wait, at most `patience` seconds, until nothing is being carried out."""
        if self._running:
            await asyncio.wait([running.answer for running in self._running.values()], timeout=patience)

    async def _run(self, key: str, operation: Operation, running: _Running) -> None:
        """Tell those who ask what comes of it."""
        try:
            running.answer.set_result(await self._settled(key, operation, running.fingerprint))
        except Exception as error:  # noqa: BLE001 - it is told to whoever asked, and ends no call
            running.answer.set_exception(error)

    def _forget(self, key: str, running: _Running) -> None:
        del self._running[key]
        if not running.answer.done():  # the gateway stops
            running.answer.set_exception(unknown_outcome())

    async def _settled(self, key: str, operation: Operation, fingerprint: str) -> Any:
        """Return the result, once it is kept under the key."""
        wanted = Claim(key, fingerprint, self._new_id(), self._instance, self._clock())
        claim = await self._claim(wanted)
        if claim.fingerprint != fingerprint:
            raise _other_use()
        if claim.outcome is not None:
            return _told(claim.outcome)
        if claim.id != wanted.id:  # begun by a process that is gone, or elsewhere
            if not isinstance(operation, Initiate):
                raise unknown_outcome()
            found = await self._placed(claim.id)
            if found is None and claim.instance != self._instance:
                raise unknown_outcome()
            if found is not None:
                return await self._keep(claim, _Outcome(found))
        return await self._first(claim, operation)

    async def _claim(self, wanted: Claim) -> Claim:
        """Return the claim that stands; one that another gateway may be about to settle is waited for."""
        tries = int(_PATIENCE / _PAUSE)
        while True:
            try:
                claim = await self._store.claim_key(wanted, self._clock() - LIFE)
            except StoreError as error:
                _log.error("store.failed", detail=str(error))
                raise
            ours = claim.instance == self._instance
            if ours or claim.outcome is not None or claim.fingerprint != wanted.fingerprint or not tries:
                return claim
            tries -= 1
            await asyncio.sleep(_PAUSE)

    async def _first(self, claim: Claim, operation: Operation) -> Any:
        try:
            outcome = _Outcome(await self._carry_out(operation, claim.id))
        except (RequestError, StoreError) as error:
            if not isinstance(error, OperationTimeout | CallTaken):  # it may have been done
                await self._write(claim)
            raise
        except ProviderError as error:
            await self._keep(claim, _Outcome(failure=str(error), code=error.code))
            raise
        return await self._keep(claim, outcome)

    async def _keep(self, claim: Claim, outcome: _Outcome) -> Any:
        await self._write(msgspec.structs.replace(claim, outcome=msgspec.json.encode(outcome)))
        return outcome.result

    async def _write(self, claim: Claim) -> None:
        """Settle the claim; where that fails it stays open, as if the gateway had died."""
        try:
            await self._store.settle_key(claim)
        except StoreError as error:
            _log.error("store.failed", detail=str(error))


def unknown_outcome() -> CallRefused:
    """Return why a request that may have been carried out is not carried out again."""
    return CallRefused(
        "unknown-outcome",
        "this request was begun before, and what came of it is not known; look at the call before asking anew",
    )


def _other_use() -> BadParameters:
    return BadParameters("idempotency key: it was used for something else; take a new one for every request")


def _fingerprint(operation: Operation) -> str:
    asked = msgspec.json.encode([operation.name, operation], order="sorted")
    return sha256(asked).hexdigest()


def _told(kept: bytes) -> Any:
    outcome = msgspec.json.decode(kept, type=_Outcome)
    if outcome.failure:
        raise ProviderError(outcome.failure, code=outcome.code)
    return outcome.result

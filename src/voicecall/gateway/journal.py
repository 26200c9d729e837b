"""The one writer of the archive: everything that waits goes into one transaction.

A session hands over its events in order and at once. What acts upon the world waits, by `durable`, until the events
that led to it are saved; the rest never waits. Events that nobody waits for are written behind, a little later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

import structlog

from voicecall.core import events
from voicecall.core.call import Call
from voicecall.core.events import Event
from voicecall.core.ids import CallId
from voicecall.core.record import encode_record
from voicecall.core.spending import cost, minutes
from voicecall.errors import StoreError
from voicecall.store import Batch, Entry, Logged, Row, Store

_BEHIND = 0.1
"""Seconds that events nobody waits for may stay in memory."""
_RETRY = 1.0
"""Seconds between attempts while the archive cannot be written."""

_log = structlog.get_logger()


class _Page:
    """What one call has not yet had written."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.entries: list[Entry] = []
        self.waiters: list[asyncio.Future[None]] = []


class Journal:
    """Commits in batches; runs as a task of whoever opens it."""

    def __init__(self, store: Store, publish: Callable[[list[Logged]], None]) -> None:
        self._store = store
        self._publish = publish
        self._pages: dict[CallId, _Page] = {}
        self._writing: dict[CallId, _Page] = {}
        self._watchers: dict[CallId, asyncio.Future[None]] = {}
        self._wake = asyncio.Event()
        self._urgent = asyncio.Event()
        self._closing = False
        self.failing: str = ""
        """Why the archive cannot be written; empty while it can."""

    async def __aenter__(self) -> Journal:
        self._tasks = asyncio.TaskGroup()
        await self._tasks.__aenter__()
        self._tasks.create_task(self._write_until_closed(), name="journal")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Write what is left, if it can be written, and stop."""
        self._closing = True
        self._wake.set()
        self._urgent.set()
        await self._tasks.__aexit__(None, None, None)

    def append(self, call: Call, seq: int, event: Event, at: float, key: str | None = None) -> None:
        """Take an event, and the call after it, to be written in this order."""
        page = self._pages.get(call.id)
        if page is None:
            page = self._pages[call.id] = _Page(call)
        page.call = call
        page.entries.append(Entry(call.id, seq, at, type(event).__name__, events.encode(event), key))
        self._wake.set()
        if event.binding:
            self._urgent.set()

    async def durable(self, call_id: CallId) -> None:
        """Return once all that was appended for this call is saved.

        Raises:
            StoreError: it was not; a `StoreConflict` when another writer was there first.
        """
        page = self._pages.get(call_id) or self._writing.get(call_id)
        if page is None:
            return
        waiter = asyncio.get_running_loop().create_future()
        page.waiters.append(waiter)
        self._urgent.set()
        await waiter

    async def watch(self, call_id: CallId) -> None:
        """Wait until another writer has this call, whether or not anybody waits for what is written; does not return.

        Raises:
            StoreConflict: it has.
        """
        watcher = self._watchers[call_id] = asyncio.get_running_loop().create_future()
        try:
            await watcher
        finally:
            del self._watchers[call_id]

    async def _write_until_closed(self) -> None:
        while self._pages or not self._closing:
            await self._wake.wait()
            if not self._urgent.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(_BEHIND):
                        await self._urgent.wait()
            if self._pages:
                await self._write()
            else:
                self._wake.clear()
            if self.failing:
                if self._closing:
                    return
                await asyncio.sleep(_RETRY)

    async def _write(self) -> None:
        self._wake.clear()
        self._urgent.clear()
        self._writing, self._pages = self._pages, {}
        pages = list(self._writing.values())
        try:
            results = await self._store.write([_batch(page) for page in pages])
        except StoreError as error:
            self._fail(error)
            return
        finally:
            self._writing = {}
        self.failing = ""
        logged: list[Logged] = []
        for page, result in zip(pages, results, strict=True):
            if isinstance(result, Exception):
                self._refuse(page, result)
            else:
                logged.extend(result)
                _tell(page, None)
        self._publish(logged)

    def _refuse(self, page: _Page, conflict: Exception) -> None:
        """Another writer has this call: what was appended since is refused as well."""
        later = self._pages.pop(page.call.id, None)
        for refused in (page, later):
            if refused is not None:
                _tell(refused, conflict)
        watcher = self._watchers.get(page.call.id)
        if watcher is not None and not watcher.done():
            watcher.set_exception(conflict)

    def _fail(self, error: StoreError) -> None:
        """Tell those who wait; keep the events of calls that go on, in front of what came since."""
        if not self.failing:
            _log.error("store.failed", detail=str(error))
        self.failing = str(error)
        for call_id, page in self._writing.items():
            _tell(page, error)
            later = self._pages.get(call_id)
            page.waiters = []
            if later is not None:
                page.call = later.call
                page.entries.extend(later.entries)
                page.waiters = later.waiters
            self._pages[call_id] = page
        self._wake.set()

    def owes(self, call_id: CallId) -> bool:
        """Say whether something of this call is still to be written."""
        return call_id in self._pages or call_id in self._writing

    def forget(self, call_id: CallId) -> None:
        """Drop what is not written of a call that was refused, or taken away."""
        self._pages.pop(call_id, None)


def _batch(page: _Page) -> Batch:
    call = page.call
    return Batch(tuple(page.entries), row_of(call, page.entries[-1].seq))


def row_of(call: Call, seq: int) -> Row:
    """Return the row of a call, as it stands after this event of its log."""
    return Row(
        call_id=call.id,
        carrier=call.carrier,
        carrier_call_id=call.carrier_call_id,
        direction=call.direction,
        state=call.state,
        from_=call.from_,
        to=call.to,
        started_at=call.started_at,
        ended_at=call.ended_at if call.is_over else None,
        record=encode_record(call),
        seq=seq,
        minutes=minutes(call),
        cost=cost(call),
    )


def _tell(page: _Page, error: Exception | None) -> None:
    for waiter in page.waiters:
        if waiter.done():
            continue
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(error)

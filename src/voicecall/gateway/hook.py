"""One receiver of outgoing webhooks: told what it wants to know, in order, until it has taken it.

The queue is the log of the archive; a note, the cursor, says how far the receiver was told. Of several gateways one
delivers, for as long as the cursor names it; where it falls silent, the next one goes on. What was taken just before
the cursor could be moved is sent again, with the same id.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress

import msgspec
import structlog

from voicecall.core import hooks
from voicecall.core.hooks import Answer, Cursor, Receiver
from voicecall.core.results import Webhook
from voicecall.core.times import rfc3339
from voicecall.errors import NetworkError, StoreError, whereabouts
from voicecall.gateway.notes import Notes
from voicecall.gateway.reading import published
from voicecall.net.http import Http
from voicecall.store import Logged, Store

KIND = "webhook"
"""Of the notes that hold cursors."""
TIMEOUT = 10.0
"""Seconds that a receiver has."""
LEASE = 30.0
"""Seconds for which the cursor names who delivers; renewed when half of them are gone."""
POLL = 2.0
"""Seconds after which the archive is looked at again: other gateways write to it too, and it may fail."""
_READING = 1.0
"""Seconds for the body of an answer."""
_LONGEST_REST = 60.0
"""Seconds after which a pause is looked at again: another gateway may have ended it."""
_BATCH = 200
_SKIPPED = 1000
"""Events that nobody wants, after which the cursor is moved all the same."""

_log = structlog.get_logger()


class Hook:
    """Tells one receiver. `clock` tells Unix seconds; `chance` is between 0 and 1, new each time."""

    def __init__(
        self,
        receiver: Receiver,
        store: Store,
        http: Http,
        *,
        instance: str,
        clock: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self.receiver = receiver
        self.taken = 0
        """Messages that were taken."""
        self.failed = 0
        """Attempts that failed."""
        self.given_up = 0
        """Messages that were given up."""
        self.is_gone = False
        """Whether it wants to be told nothing any more."""
        self._store = store
        self._notes = Notes(store, clock, KIND, Cursor)
        self._http = http
        self._instance = instance
        self._clock = clock
        self._chance = chance
        self._seen: int | None = None
        """Nothing up to this position is still to be delivered from here."""
        self._noted = 0
        """Where the cursor was last seen."""
        self._pending_at: float | None = None
        """When the oldest event happened that is still to be delivered."""
        self._failing = False
        self._unreadable = False
        self._at_once = True
        """Whether the next attempt is made before it is due: the first one, and after a test that went well."""
        self._resting = False
        self._stopping = False
        self._woken = asyncio.Event()

    @property
    def lag(self) -> float:
        """Seconds that the oldest event has waited which is still to be delivered; 0 without one."""
        return 0.0 if self._pending_at is None else max(0.0, self._clock() - self._pending_at)

    async def run(self) -> None:
        """Deliver until told to stop, or for good where the receiver is gone."""
        while not self.is_gone:
            self._woken.clear()
            try:
                rest = await self._step()
                self._unreadable = False
            except StoreError as error:
                rest = POLL
                if not self._unreadable:
                    _log.error("store.failed", webhook=self.receiver.name, detail=str(error))
                self._unreadable = True
            except Exception as error:  # noqa: BLE001 - whatever is wrong here, calls go on
                rest = _LONGEST_REST
                _log.error("webhook-out.broken", webhook=self.receiver.name, detail=whereabouts(error))
            if rest is None:
                continue
            if self._stopping:
                break
            with suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._woken.wait()
            self._resting = False

    def grown(self) -> None:
        """Look at the log, which may have grown."""
        if not self._resting:
            self._woken.set()

    def retry(self) -> None:
        """Make the next attempt at once."""
        self._at_once = True
        self._woken.set()

    def stop(self) -> None:
        """Deliver what can be delivered without a pause, and no more."""
        self._stopping = True
        self._woken.set()

    async def send(self, id_: str, body: bytes) -> Answer:
        """Send a message once, and say what came of it."""
        now = self._clock()
        headers = hooks.headers(self.receiver.secrets, id_, body, now)
        post = self._http.stream("POST", self.receiver.url, headers, body, first=TIMEOUT, stall=_READING)
        try:
            async with post as reply:
                with suppress(NetworkError, TimeoutError):
                    async with asyncio.timeout(_READING):
                        await reply.whole()  # nobody reads it, but then the connection can be used again
                return hooks.judge(reply.status, reply.headers.get("retry-after"), now)
        except NetworkError as error:
            return Answer(None, str(error))

    async def state(self) -> Webhook:
        """Return how it goes.

        Raises:
            StoreError: the archive cannot be read.
        """
        _, cursor = await self._cursor()
        cursor = cursor or Cursor(after=0)
        receiver = self.receiver
        return Webhook(
            name=receiver.name,
            host=receiver.host,
            events=list(receiver.events),
            state="gone" if self.is_gone else "failing" if cursor.failures else "ok",
            lag_seconds=round(self.lag, 1),
            failures=cursor.failures,
            delivered_at=rfc3339(cursor.delivered_at or None),
            retry_at=rfc3339(cursor.retry_at or None),
            error=cursor.error or None,
            error_at=rfc3339(cursor.error_at or None),
        )

    async def _step(self) -> float | None:
        """Do the next thing; return the seconds to rest, or None where there may be more to do at once."""
        if self._seen is None:
            self._seen = await self._begin()
            return None
        log = await self._store.events(self._seen, _BATCH)
        found = next((logged for logged in log if self.receiver.wants(logged.type)), None)
        if found is None:
            self._pending_at = None
            self._seen = log[-1].position if log else self._seen
            if self._seen - self._noted > _SKIPPED:
                await self._skip(self._seen)
            return None if len(log) == _BATCH else POLL
        self._seen, self._pending_at = found.position - 1, found.at
        return await self._attend(found)

    async def _attend(self, logged: Logged) -> float | None:
        """See that an event is delivered, here or elsewhere."""
        version, cursor = await self._cursor()
        now = self._clock()
        if cursor is None:  # the note was removed
            self._seen = None
            return None
        if cursor.after >= logged.position:
            self._seen = cursor.after
            return None
        if not cursor.is_free(self._instance, now):
            return POLL
        if cursor.retry_at > now and not self._at_once:
            self._resting = True
            return min(cursor.retry_at - now, _LONGEST_REST)
        if cursor.owner != self._instance or cursor.until - now < LEASE / 2:
            cursor, version = cursor.taken(self._instance, now + LEASE), version + 1
            if not await self._write(cursor, version):
                return None
        self._at_once = False
        return await self._deliver(logged, cursor, version)

    async def _deliver(self, logged: Logged, cursor: Cursor, version: int) -> float | None:
        event = published(logged)
        record = await self._store.record(logged.call_id) if event["type"] == "call.ended" else None
        data = hooks.told(event, record, words=self.receiver.words)
        answer = await self.send(_id(logged), hooks.body(event["type"], logged.at, data))
        now = self._clock()
        if not answer.error:
            self._succeeded()
            self._seen = logged.position
            cursor = cursor.delivered(logged.position, now).taken(self._instance, now + LEASE)
            await self._write(cursor, version + 1)
            return None
        self.failed += 1
        rest = hooks.pause(cursor.failures + 1, self._chance(), answer.retry_after)
        cursor = cursor.failed(answer.error, now, rest)
        if answer.is_gone:
            self.is_gone = True
            _log.error("webhook-out.gone", webhook=self.receiver.name, host=self.receiver.host, event_id=_id(logged))
        elif not self._failing:
            self._failing = True
            _log.warning(
                "webhook-out.failing", webhook=self.receiver.name, host=self.receiver.host, detail=answer.error
            )
        if cursor.gives_up(logged.at, now) and not answer.is_gone:
            self._seen = await self._given_up(logged, cursor, now)
            cursor = msgspec.structs.replace(cursor, after=self._seen)
        await self._write(cursor, version + 1)
        self._resting = True
        return min(rest, _LONGEST_REST)

    def _succeeded(self) -> None:
        self.taken += 1
        if self._failing:
            _log.info("webhook-out.mended", webhook=self.receiver.name, host=self.receiver.host)
        self._failing = False

    async def _given_up(self, first: Logged, cursor: Cursor, now: float) -> int:
        """Give up this event and those after it that are as old; return the position of the last one."""
        last, count = first, 1
        async with aclosing(self._wanted(first.position)) as later:
            async for logged in later:
                if not cursor.gives_up(logged.at, now):
                    break
                last, count = logged, count + 1
        self.given_up += count
        _log.error(
            "webhook-out.given-up",
            webhook=self.receiver.name,
            host=self.receiver.host,
            messages=count,
            first=_id(first),
            last=_id(last),
            since=first.position - 1,
            detail=cursor.error,
        )
        return last.position

    async def _wanted(self, position: int) -> AsyncGenerator[Logged, None]:
        while log := await self._store.events(position, _BATCH):
            for logged in log:
                if self.receiver.wants(logged.type):
                    yield logged
            position = log[-1].position

    # --- the cursor

    async def _begin(self) -> int:
        """Return where the cursor stands; a new receiver is told what happens from now on."""
        _, cursor = await self._cursor()
        if cursor is None:
            cursor = Cursor(after=await self._store.newest())
            if not await self._write(cursor, 1):
                return await self._begin()
        return cursor.after

    async def _skip(self, position: int) -> None:
        """Move the cursor over what nobody wants."""
        version, cursor = await self._cursor()
        if cursor is not None and cursor.after < position and cursor.is_free(self._instance, self._clock()):
            await self._write(msgspec.structs.replace(cursor, after=position), version + 1)
        self._noted = position

    async def _cursor(self) -> tuple[int, Cursor | None]:
        """Return the version of the note, 0 for none, and what it says."""
        noted = await self._notes.read(self.receiver.name)
        if noted is None:
            return 0, None
        self._noted = max(self._noted, noted.value.after)
        return noted.version, noted.value

    async def _write(self, cursor: Cursor, version: int) -> bool:
        """Write the cursor over the version before, and say whether nobody else had."""
        return await self._notes.write(self.receiver.name, cursor, version)


def _id(logged: Logged) -> str:
    return hooks.message_id(logged.call_id, logged.seq)

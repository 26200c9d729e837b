"""The archive in SQLite or PostgreSQL. The database decides what collides: other processes write to it too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import Connection, Executable, Select, inspect, text
from sqlalchemy.exc import DBAPIError

from voicecall.core.ids import CallId
from voicecall.core.spending import Spent
from voicecall.errors import StoreError

from . import Batch, Claim, Logged, Note, Query, statements
from .engines import Engine, PostgresDatabase, SqliteFile, Synchronous
from .faults import explain, newer, refusal, second_writer
from .tables import REVISION, VERSIONS
from .urls import failures, is_refusal, is_sqlite, place, read_url


class _HeldElsewhere(Exception):
    """Some batch is for a call that another instance holds."""


class SqlStore:
    """The archive in the database at `url`, written as `instance`; `lease` in seconds, `clock` in Unix seconds."""

    def __init__(
        self,
        url: str,
        *,
        instance: str,
        lease: float = 30.0,
        clock: Callable[[], float],
        synchronous: Synchronous = "FULL",
    ) -> None:
        self._url = read_url(url)
        self._failures = failures(self._url)
        self._instance = instance
        self._lease = lease
        self._clock = clock
        self._synchronous = synchronous
        self._save_rows = statements.save_rows(self._url.get_backend_name())
        self._save_entries = statements.save_entries()
        self._engine: Engine | None = None

    async def open(self) -> None:
        """Connect, migrate (safe when two processes start at once) and check."""
        if self._engine is not None:
            return
        self._engine = SqliteFile(self._url, self._synchronous) if is_sqlite(self._url) else PostgresDatabase(self._url)
        try:
            with self._explained() as engine:
                if await engine.read(_revision) != REVISION:
                    await engine.change(self._migrate)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let go of every connection."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.close()

    async def write(self, batches: Sequence[Batch]) -> list[list[Logged] | Exception]:
        """Write all batches in one transaction and return, per batch, what was logged or why it was refused."""
        with self._explained() as engine:
            if not batches:
                return []
            try:
                return await engine.change(lambda connection: self._write_together(connection, batches))
            except _HeldElsewhere:
                pass
            except DBAPIError as error:
                if not is_refusal(error):
                    raise
            return await engine.change(lambda connection: self._write_singly(connection, batches))

    async def log(self, call_id: CallId) -> list[Logged]:
        """Return all events of a call, in order; empty when the call is unknown."""
        return statements.read_logged(await self._read(statements.log(call_id)))

    async def events(self, after: int, limit: int, call_id: CallId | None = None) -> list[Logged]:
        """Return up to `limit` events whose position is above `after`, in order."""
        return statements.read_logged(await self._read(statements.events_after(after, limit, call_id)))

    async def newest(self) -> int:
        """Return the position of the newest event, or 0."""
        return (await self._read(statements.newest()))[0][0] or 0

    async def record(self, call_id: CallId) -> dict[str, Any] | None:
        """Return the record of a call, or None."""
        rows = await self._read(statements.record(call_id))
        return msgspec.json.decode(rows[0][0], type=dict[str, Any]) if rows else None

    async def find(self, carrier: str, carrier_call_id: str) -> CallId | None:
        """Return our id of a carrier's call leg, or None."""
        rows = await self._read(statements.find(carrier, carrier_call_id))
        return CallId(rows[0][0]) if rows else None

    async def keyed(self, carrier: str, key: str) -> Logged | None:
        """Return the event that bears this key of this carrier, whatever its call, or None."""
        return next(iter(statements.read_logged(await self._read(statements.keyed(carrier, key)))), None)

    async def records(self, query: Query) -> list[dict[str, Any]]:
        """Return records, newest first."""
        return [msgspec.json.decode(row[0], type=dict[str, Any]) for row in await self._read(statements.records(query))]

    async def spent(self, since: float, number: str | None = None) -> Spent:
        """Return what the outbound calls took that were placed after `since`."""
        ((calls, to_number, minutes, cost),) = await self._read(statements.spent(since, number))
        return Spent(int(calls), int(to_number), int(minutes), float(cost))

    async def claim(self, now: float, lease: float) -> list[CallId]:
        """Take over the calls that are not ended and whose lease is ours or has run out, and return them."""
        found = await self._take(statements.claim(self._instance, now, lease))
        return sorted(CallId(call_id) for call_id in found)

    async def seize(self, call_id: CallId, now: float, lease: float) -> bool:
        """Take over a call that is not ended, whoever holds it, and say whether there was one."""
        return len(await self._take(statements.seize(call_id, self._instance, now, lease))) > 0

    async def claim_key(self, claim: Claim, since: float) -> Claim:
        """Take an idempotency key unless it is taken, and return the claim that stands."""

        def take(connection: Connection) -> Claim:
            connection.execute(statements.forget_claims(since))
            connection.execute(statements.save_claim(self._url.get_backend_name(), claim))
            return statements.read_claim(connection.execute(statements.find_claim(claim.key)).one())

        with self._explained() as engine:
            return await engine.change(take)

    async def settle_key(self, claim: Claim) -> None:
        """Keep the claim's outcome, or without one remove the claim."""
        with self._explained() as engine:
            await engine.change(lambda connection: connection.execute(statements.settle_claim(claim)))

    async def note(self, kind: str, key: str) -> Note | None:
        """Return a note, or None."""
        rows = await self._read(statements.find_notes(kind, key))
        return statements.read_note(rows[0]) if rows else None

    async def notes(self, kind: str) -> list[Note]:
        """Return the notes of a kind, by key."""
        return [statements.read_note(row) for row in await self._read(statements.find_notes(kind))]

    async def write_note(self, note: Note) -> bool:
        """Write a note if what stands is of the version before; 1 is for where nothing stands."""
        return bool(await self._take(statements.save_note(self._url.get_backend_name(), note)))

    async def remove_note(self, note: Note) -> bool:
        """Remove a note if it stands in this very version, and say whether it did."""
        return bool(await self._take(statements.remove_note(note)))

    def _write_together(self, connection: Connection, batches: Sequence[Batch]) -> list[list[Logged] | Exception]:
        return [logged for run in _runs(batches) for logged in self._append(connection, run)]

    def _write_singly(self, connection: Connection, batches: Sequence[Batch]) -> list[list[Logged] | Exception]:
        written: list[list[Logged] | Exception] = []
        for batch in batches:
            savepoint = connection.begin_nested()
            try:
                written += self._append(connection, [batch])
            except _HeldElsewhere:
                savepoint.rollback()
                written.append(second_writer(batch))
            except DBAPIError as error:
                if not is_refusal(error):
                    # A SQLite without room has rolled everything back: the savepoint is gone with it.
                    raise
                savepoint.rollback()
                written.append(refusal(batch, error))
            else:
                savepoint.commit()
        return written

    def _append(self, connection: Connection, batches: Sequence[Batch]) -> list[list[Logged]]:
        """Write batches of different calls: one statement for the rows, one for the events."""
        until = self._clock() + self._lease
        rows = [statements.row_values(batch, self._instance, until) for batch in batches]
        if len(connection.execute(self._save_rows, rows).all()) < len(rows):
            raise _HeldElsewhere
        entries = [statements.entry_values(batch, entry) for batch in batches for entry in batch.entries]
        positions = iter(connection.execute(self._save_entries, entries).scalars() if entries else ())
        return [
            [
                Logged(next(positions), entry.call_id, entry.seq, entry.at, entry.type, entry.data, entry.key)
                for entry in batch.entries
            ]
            for batch in batches
        ]

    def _migrate(self, connection: Connection) -> None:
        from . import migrations

        revision = _revision(connection)
        if revision is not None and not migrations.knows(revision):
            raise newer(self._url, revision)
        migrations.upgrade(connection)

    async def _read(self, query: Select[Any]) -> Sequence[Any]:
        with self._explained() as engine:
            return await engine.read(lambda connection: connection.execute(query).all())

    async def _take(self, taken: Executable) -> Sequence[str]:
        with self._explained() as engine:
            return await engine.change(lambda connection: connection.execute(taken).scalars().all())

    @contextmanager
    def _explained(self) -> Iterator[Engine]:
        """Hand out the engine, and turn its failures into sentences."""
        if self._engine is None:
            raise StoreError(f"the archive {place(self._url)} is not open")
        try:
            yield self._engine
        except self._failures as error:
            raise explain(self._url, error) from error


def _runs(batches: Sequence[Batch]) -> Iterator[list[Batch]]:
    """Cut `batches` where a call comes a second time: a statement can write each row but once."""
    run: list[Batch] = []
    seen: set[CallId] = set()
    for batch in batches:
        if batch.row.call_id in seen:
            yield run
            run, seen = [], set()
        run.append(batch)
        seen.add(batch.row.call_id)
    yield run


def _revision(connection: Connection) -> str | None:
    """Return the last migration that was run, or None in an empty database."""
    if not inspect(connection).has_table(VERSIONS):
        return None
    revision = connection.execute(text(f"SELECT version_num FROM {VERSIONS}")).scalar()  # noqa: S608 - our own name
    return None if revision is None else str(revision)

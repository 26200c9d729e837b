"""The archive in memory: the twin of `sql.SqlStore` for virtual time and tests. No threads, no IO, nothing waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from voicecall.core.ids import CallId
from voicecall.core.spending import Spent
from voicecall.errors import StoreConflict, StoreError

from . import Batch, Claim, Logged, Note, Query, Row
from .faults import second_writer


@dataclass(slots=True)
class _Held:
    """A row, and who may write it until when (Unix seconds)."""

    row: Row
    instance: str
    lease_until: float


@dataclass(slots=True)
class Archive:
    """What outlives a `MemoryStore`, as a database outlives a process."""

    events: list[Logged] = field(default_factory=list)
    numbers: set[tuple[CallId, int]] = field(default_factory=set)
    keys: dict[tuple[str, str], Logged] = field(default_factory=dict)
    calls: dict[CallId, _Held] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    notes: dict[tuple[str, str], Note] = field(default_factory=dict)


class MemoryStore:
    """The archive in `archive`, which may be shared by stores of several instances; `lease` and `clock` in seconds."""

    def __init__(
        self,
        *,
        instance: str,
        lease: float = 30.0,
        clock: Callable[[], float],
        archive: Archive | None = None,
    ) -> None:
        self._instance = instance
        self._lease = lease
        self._clock = clock
        self._archive = Archive() if archive is None else archive
        self._open = False

    async def open(self) -> None:
        """Begin to answer."""
        self._open = True

    async def close(self) -> None:
        """Stop answering; the archive stays."""
        self._open = False

    async def write(self, batches: Sequence[Batch]) -> list[list[Logged] | Exception]:
        """Write all batches and return, per batch, what was logged or why it was refused."""
        archive = self._opened()
        return [self._collision(archive, batch) or self._append(archive, batch) for batch in batches]

    async def log(self, call_id: CallId) -> list[Logged]:
        """Return all events of a call, in order; empty when the call is unknown."""
        found = [event for event in self._opened().events if event.call_id == call_id]
        return sorted(found, key=lambda event: event.seq)

    async def events(self, after: int, limit: int, call_id: CallId | None = None) -> list[Logged]:
        """Return up to `limit` events whose position is above `after`, in order."""
        later = self._opened().events[max(after, 0) :]
        return [event for event in later if call_id in (None, event.call_id)][: max(limit, 0)]

    async def newest(self) -> int:
        """Return the position of the newest event, or 0."""
        return len(self._opened().events)

    async def record(self, call_id: CallId) -> dict[str, Any] | None:
        """Return the record of a call, or None."""
        held = self._opened().calls.get(call_id)
        return None if held is None else _record(held.row)

    async def find(self, carrier: str, carrier_call_id: str) -> CallId | None:
        """Return our id of a carrier's call leg, or None."""
        return _leg(self._opened(), carrier, carrier_call_id)

    async def keyed(self, carrier: str, key: str) -> Logged | None:
        """Return the event that bears this key of this carrier, whatever its call, or None."""
        return self._opened().keys.get((carrier, key))

    async def records(self, query: Query) -> list[dict[str, Any]]:
        """Return records, newest first."""
        rows = [held.row for held in self._opened().calls.values() if _matches(held.row, query)]
        rows.sort(key=lambda row: (row.started_at, row.call_id), reverse=True)
        return [_record(row) for row in rows[: max(query.limit, 0)]]

    async def spent(self, since: float, number: str | None = None) -> Spent:
        """Return what the outbound calls took that were placed after `since`."""
        rows = [held.row for held in self._opened().calls.values()]
        placed = [row for row in rows if row.direction == "outbound" and row.started_at > since]
        by_number = Counter(row.to for row in placed)
        to_number = max(by_number.values(), default=0) if number is None else by_number[number]
        minutes, cost = sum(row.minutes for row in placed), sum(row.cost or 0.0 for row in placed)
        return Spent(len(placed), to_number, minutes, cost)

    async def claim(self, now: float, lease: float) -> list[CallId]:
        """Take over the calls that are not ended and whose lease is ours or has run out, and return them."""
        taken = [
            held
            for held in self._opened().calls.values()
            if not _over(held.row) and (held.instance == self._instance or held.lease_until <= now)
        ]
        for held in taken:
            held.instance, held.lease_until = self._instance, now + lease
        return sorted(held.row.call_id for held in taken)

    async def seize(self, call_id: CallId, now: float, lease: float) -> bool:
        """Take over a call that is not ended, whoever holds it, and say whether there was one."""
        held = self._opened().calls.get(call_id)
        if held is None or _over(held.row):
            return False
        held.instance, held.lease_until = self._instance, now + lease
        return True

    async def claim_key(self, claim: Claim, since: float) -> Claim:
        """Take an idempotency key unless it is taken, and return the claim that stands."""
        archive = self._opened()
        archive.claims = {key: stands for key, stands in archive.claims.items() if stands.at >= since}
        return archive.claims.setdefault(claim.key, claim)

    async def settle_key(self, claim: Claim) -> None:
        """Keep the claim's outcome, or without one remove the claim."""
        claims = self._opened().claims
        stands = claims.get(claim.key)
        if stands is None or stands.id != claim.id:
            return
        if claim.outcome is None:
            del claims[claim.key]
        else:
            claims[claim.key] = msgspec.structs.replace(stands, outcome=claim.outcome)

    async def note(self, kind: str, key: str) -> Note | None:
        """Return a note, or None."""
        return self._opened().notes.get((kind, key))

    async def notes(self, kind: str) -> list[Note]:
        """Return the notes of a kind, by key."""
        found = [note for note in self._opened().notes.values() if note.kind == kind]
        return sorted(found, key=lambda note: note.key)

    async def write_note(self, note: Note) -> bool:
        """Write a note if what stands is of the version before; 1 is for where nothing stands."""
        notes = self._opened().notes
        stands = notes.get((note.kind, note.key))
        if (stands.version if stands else 0) != note.version - 1:
            return False
        notes[note.kind, note.key] = note
        return True

    async def remove_note(self, note: Note) -> bool:
        """Remove a note if it stands in this very version, and say whether it did."""
        notes = self._opened().notes
        stands = notes.get((note.kind, note.key))
        if stands is None or stands.version != note.version:
            return False
        del notes[note.kind, note.key]
        return True

    def _collision(self, archive: Archive, batch: Batch) -> StoreConflict | None:
        row = batch.row
        held = archive.calls.get(row.call_id)
        if held is not None and held.instance != self._instance and not (_over(held.row) and _over(row)):
            return second_writer(batch)
        if row.carrier_call_id is not None:
            owner = _leg(archive, row.carrier, row.carrier_call_id)
            if owner not in (None, row.call_id):
                return StoreConflict(f"call {row.call_id}: another call has that carrier's call leg")
        numbers = [(entry.call_id, entry.seq) for entry in batch.entries]
        if len(set(numbers)) < len(numbers) or not archive.numbers.isdisjoint(numbers):
            return StoreConflict(f"call {row.call_id}: an event with that number is written already")
        keys = [(row.carrier, entry.key) for entry in batch.entries if entry.key is not None]
        if len(set(keys)) < len(keys) or not archive.keys.keys().isdisjoint(keys):
            return StoreConflict(f"call {row.call_id}: the carrier's event is written already")
        return None

    def _append(self, archive: Archive, batch: Batch) -> list[Logged]:
        row = batch.row
        held = archive.calls.get(row.call_id)
        if held is None:
            archive.calls[row.call_id] = _Held(row, self._instance, self._clock() + self._lease)
        else:
            held.row = row
        first = len(archive.events) + 1
        logged = [
            Logged(position, entry.call_id, entry.seq, entry.at, entry.type, entry.data, entry.key)
            for position, entry in enumerate(batch.entries, first)
        ]
        archive.events += logged
        archive.numbers.update((entry.call_id, entry.seq) for entry in batch.entries)
        archive.keys.update({(row.carrier, event.key): event for event in logged if event.key is not None})
        return logged

    def _opened(self) -> Archive:
        if not self._open:
            raise StoreError("the archive in memory is not open")
        return self._archive


def _over(row: Row) -> bool:
    return row.state == "ended"


def _leg(archive: Archive, carrier: str, carrier_call_id: str) -> CallId | None:
    for held in archive.calls.values():
        if (held.row.carrier, held.row.carrier_call_id) == (carrier, carrier_call_id):
            return held.row.call_id
    return None


def _matches(row: Row, query: Query) -> bool:
    return (
        (query.since is None or row.started_at >= query.since)
        and query.number in (None, row.from_, row.to)
        and query.state in (None, row.state)
    )


def _record(row: Row) -> dict[str, Any]:
    return msgspec.json.decode(row.record, type=dict[str, Any])

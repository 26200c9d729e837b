"""The archive: an append-only log of events per call, and the record folded from it, kept beside it for queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from voicecall.core.ids import CallId
from voicecall.core.spending import Spent


class Entry(msgspec.Struct, frozen=True):
    """One event, to be appended."""

    call_id: CallId
    seq: int
    """From 1, without gaps, per call."""
    at: float
    """Unix seconds."""
    type: str
    data: bytes
    """The event as JSON."""
    key: str | None = None
    """The carrier's key of the fact, unique over all calls of that carrier; None for our own events."""


class Row(msgspec.Struct, frozen=True):
    """The columns by which calls are found, and the whole record as JSON (contract: the call record)."""

    call_id: CallId
    carrier: str
    carrier_call_id: str | None
    direction: str
    state: str
    from_: str
    to: str
    started_at: float
    ended_at: float | None
    record: bytes
    seq: int
    """The last event that `record` knows of."""
    minutes: int = 0
    """Started minutes from the answer to the end; of a call that goes on, the most that it may take."""
    cost: float | None = None
    """What those minutes of an outbound call cost; None where no price is known."""


class Batch(msgspec.Struct, frozen=True):
    """What one call wants written: events in order, and the row after the last of them."""

    entries: tuple[Entry, ...]
    row: Row


class Logged(msgspec.Struct, frozen=True):
    """One event of the log, as read back. `position` numbers all events of the archive, rising, never reused."""

    position: int
    call_id: CallId
    seq: int
    at: float
    type: str
    data: bytes
    key: str | None = None


class Claim(msgspec.Struct, frozen=True):
    """An idempotency key, and the request that took it."""

    key: str
    fingerprint: str
    """Of what was asked for; another request's differs."""
    id: CallId
    """New for every claim; a call that is placed upon it has this id."""
    instance: str
    """Who carries the request out."""
    at: float
    """Unix seconds."""
    outcome: bytes | None = None
    """What came of it, as JSON; None until that is known."""


class Note(msgspec.Struct, frozen=True):
    """Something small that is to outlive the process and is no event of a call: a token, a paired caller, a switch."""

    kind: str
    """What it is a note of; with `key`, its name."""
    key: str
    data: bytes
    """JSON."""
    at: float
    """When it was written, in Unix seconds."""
    version: int = 1
    """Rises by one whenever it is written."""


class Query(msgspec.Struct, frozen=True):
    """Which records to list, newest first."""

    since: float | None = None
    limit: int = 50
    number: str | None = None
    """Either end of the call."""
    state: str | None = None


class Store(Protocol):
    """The archive of one gateway. All methods raise `StoreError` when the archive cannot be read or written."""

    async def open(self) -> None:
        """Connect, migrate (safe when two processes start at once) and check."""

    async def close(self) -> None:
        """Let go of every connection."""

    async def write(self, batches: Sequence[Batch]) -> list[list[Logged] | Exception]:
        """Write all batches in one transaction and return, per batch, what was logged.

        A batch that collides (a sequence number or a carrier's key that is there already, a call leg that another call
        has, an open call that another instance holds) is left out whole, and its place holds the `StoreConflict`; the
        others are written. Of an ended call any instance may write, as long as the row stays ended. New rows are born
        with this instance's lease.

        Raises:
            StoreError: nothing was written.
        """

    async def log(self, call_id: CallId) -> list[Logged]:
        """Return all events of a call, in order; empty when the call is unknown."""

    async def events(self, after: int, limit: int, call_id: CallId | None = None) -> list[Logged]:
        """Return up to `limit` events whose position is above `after`, in order."""

    async def newest(self) -> int:
        """Return the position of the newest event, or 0."""

    async def record(self, call_id: CallId) -> dict[str, Any] | None:
        """Return the record of a call, or None."""

    async def find(self, carrier: str, carrier_call_id: str) -> CallId | None:
        """Return our id of a carrier's call leg, or None."""

    async def keyed(self, carrier: str, key: str) -> Logged | None:
        """Return the event that bears this key of this carrier, whatever its call, or None."""

    async def records(self, query: Query) -> list[dict[str, Any]]:
        """Return records, newest first."""

    async def spent(self, since: float, number: str | None = None) -> Spent:
        """Return what the outbound calls took that were placed after `since` (Unix seconds), whoever holds them."""

    async def claim(self, now: float, lease: float) -> list[CallId]:
        """Hold until `now + lease` the calls that are not ended and whose lease is ours or ran out, and return them."""

    async def seize(self, call_id: CallId, now: float, lease: float) -> bool:
        """Hold until `now + lease` one call that is not ended, whoever holds it and however long; say whether we do.

        Ours already is renewed; an unknown or ended call is False. Unless it seizes the call back, whoever held it can
        write nothing more of it while it is open: `StoreConflict`, whatever the sequence number. `now` is Unix seconds,
        `lease` seconds.
        """

    async def claim_key(self, claim: Claim, since: float) -> Claim:
        """Take an idempotency key unless it is taken; return the claim that stands, which has our `id` if it is ours.

        Claims of before `since` (Unix seconds) stand no longer, and are removed.
        """

    async def settle_key(self, claim: Claim) -> None:
        """Keep the claim's outcome, or without one remove the claim, as long as it is the one that stands."""

    async def note(self, kind: str, key: str) -> Note | None:
        """Return a note, or None."""

    async def notes(self, kind: str) -> list[Note]:
        """Return the notes of a kind, by key."""

    async def write_note(self, note: Note) -> bool:
        """Write a note if what stands is of the version before `note.version`; 1 is for where nothing stands.

        False says that it is not, and that nothing was written.
        """

    async def remove_note(self, note: Note) -> bool:
        """Remove a note if it stands in this very version, and say whether it did."""

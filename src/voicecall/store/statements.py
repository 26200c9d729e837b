"""What is asked of the database, as SQL expressions: the same for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, delete, func, insert, literal_column, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Delete, Insert, ReturningDelete, ReturningInsert, ReturningUpdate, Update

from voicecall.core.ids import CallId

from . import Batch, Claim, Entry, Logged, Note, Query
from .tables import calls, claims, events, notes

_OVER: ColumnElement[str] = literal_column("'ended'")
_OPEN = calls.c.state != _OVER
_LOGGED = (events.c.position, events.c.call_id, events.c.seq, events.c.at, events.c.type, events.c.data, events.c.key)
_KEPT = ("call_id", "instance", "lease_until")


def save_rows(dialect: str) -> ReturningInsert[str]:
    """Return the statement that writes rows, and returns the ids of the calls that it wrote.

    A call that another instance holds is left alone, whether or not its lease has run out: only a claim or a seizure
    moves a call. A call that has ended is nobody's, but nobody else opens it again.
    """
    new: Any = sqlite.insert(calls) if dialect == "sqlite" else postgresql.insert(calls)
    stays_over = and_(calls.c.state == _OVER, new.excluded.state == _OVER)
    ours = or_(calls.c.instance == new.excluded.instance, stays_over)
    changed = {column.name: new.excluded[column.name] for column in calls.c if column.name not in _KEPT}
    saved: ReturningInsert[str] = new.on_conflict_do_update(
        index_elements=[calls.c.call_id], set_=changed, where=ours
    ).returning(calls.c.call_id)
    return saved


def save_entries() -> ReturningInsert[int]:
    """Return the statement that appends events and returns their positions in the order given."""
    return insert(events).returning(events.c.position, sort_by_parameter_order=True)


def row_values(batch: Batch, instance: str, lease_until: float) -> dict[str, Any]:
    """Return the columns of a batch's row, held by `instance` should it be new."""
    row = batch.row
    return {
        "call_id": row.call_id,
        "carrier": row.carrier,
        "carrier_call_id": row.carrier_call_id,
        "direction": row.direction,
        "state": row.state,
        "from_number": row.from_,
        "to_number": row.to,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "record": row.record.decode(),
        "seq": row.seq,
        "instance": instance,
        "lease_until": lease_until,
        "minutes": row.minutes,
        "cost": row.cost,
    }


def entry_values(batch: Batch, entry: Entry) -> dict[str, Any]:
    """Return the columns of one event."""
    return {
        "call_id": entry.call_id,
        "seq": entry.seq,
        "at": entry.at,
        "type": entry.type,
        "data": entry.data.decode(),
        "carrier": batch.row.carrier,
        "key": entry.key,
    }


def log(call_id: CallId) -> Select[Any]:
    """Return the query for all events of a call."""
    return select(*_LOGGED).where(events.c.call_id == call_id).order_by(events.c.seq)


def events_after(position: int, limit: int, call_id: CallId | None) -> Select[Any]:
    """Return the query for events above a position."""
    found = select(*_LOGGED).where(events.c.position > position).order_by(events.c.position).limit(max(limit, 0))
    return found if call_id is None else found.where(events.c.call_id == call_id)


def newest() -> Select[Any]:
    """Return the query for the highest position."""
    return select(func.max(events.c.position))


def keyed(carrier: str, key: str) -> Select[Any]:
    """Return the query for the event that bears a carrier's key."""
    return select(*_LOGGED).where(events.c.carrier == carrier, events.c.key == key)


def read_logged(rows: Iterable[Any]) -> list[Logged]:
    """Return what `log`, `events_after` or `keyed` found."""
    return [
        Logged(position=position, call_id=CallId(call_id), seq=seq, at=at, type=kind, data=data.encode(), key=key)
        for position, call_id, seq, at, kind, data, key in rows
    ]


def record(call_id: CallId) -> Select[str]:
    """Return the query for one record."""
    return select(calls.c.record).where(calls.c.call_id == call_id)


def records(query: Query) -> Select[str]:
    """Return the query for records, newest first."""
    found = (
        select(calls.c.record).order_by(calls.c.started_at.desc(), calls.c.call_id.desc()).limit(max(query.limit, 0))
    )
    if query.since is not None:
        found = found.where(calls.c.started_at >= query.since)
    if query.number is not None:
        found = found.where(or_(calls.c.from_number == query.number, calls.c.to_number == query.number))
    if query.state is not None:
        found = found.where(calls.c.state == query.state)
    return found


def find(carrier: str, carrier_call_id: str) -> Select[str]:
    """Return the query for the call that has a carrier's call leg."""
    return select(calls.c.call_id).where(calls.c.carrier == carrier, calls.c.carrier_call_id == carrier_call_id)


def spent(since: float, number: str | None) -> Select[Any]:
    """Return the query for what outbound calls took: how many, how many to one number, minutes, cost.

    It is answered from an index alone: rows, with their records, are large.
    """
    totals = (
        func.count().label("calls"),
        func.sum(calls.c.minutes).label("minutes"),
        func.sum(calls.c.cost).label("cost"),
    )
    placed = calls.c.direction == "outbound", calls.c.started_at > since
    each = select(calls.c.to_number, *totals).where(*placed).group_by(calls.c.to_number).subquery()
    one = each.c.calls if number is None else case((each.c.to_number == number, each.c.calls), else_=0)
    sums = (func.sum(each.c.calls), func.max(one), func.sum(each.c.minutes), func.sum(each.c.cost))
    return select(*(func.coalesce(total, 0) for total in sums))


def claim(instance: str, now: float, lease: float) -> ReturningUpdate[str]:
    """Return the statement that takes over open calls, and returns their ids."""
    free = or_(calls.c.instance == instance, calls.c.lease_until <= now)
    return _take(free, instance, now + lease)


def seize(call_id: CallId, instance: str, now: float, lease: float) -> ReturningUpdate[str]:
    """Return the statement that takes over one open call, whoever holds it, and returns its id."""
    return _take(calls.c.call_id == call_id, instance, now + lease)


def _take(which: ColumnElement[bool], instance: str, until: float) -> ReturningUpdate[str]:
    taken = update(calls).where(_OPEN, which).values(instance=instance, lease_until=until)
    return taken.returning(calls.c.call_id)


def forget_claims(before: float) -> Delete:
    """Return the statement that removes the claims of before then."""
    return delete(claims).where(claims.c.at < before)


def save_claim(dialect: str, claim: Claim) -> Insert:
    """Return the statement that writes a claim, unless its key is taken."""
    new: Any = sqlite.insert(claims) if dialect == "sqlite" else postgresql.insert(claims)
    saved: Insert = new.values(
        key=claim.key,
        fingerprint=claim.fingerprint,
        id=claim.id,
        instance=claim.instance,
        at=claim.at,
        outcome=None if claim.outcome is None else claim.outcome.decode(),
    ).on_conflict_do_nothing(index_elements=[claims.c.key])
    return saved


def find_claim(key: str) -> Select[Any]:
    """Return the query for the claim that stands."""
    return select(*claims.c).where(claims.c.key == key)


def read_claim(row: Any) -> Claim:
    """Return what `find_claim` found."""
    key, fingerprint, id_, instance, at, outcome = row
    return Claim(key, fingerprint, CallId(id_), instance, at, None if outcome is None else outcome.encode())


def settle_claim(claim: Claim) -> Update | Delete:
    """Return the statement that keeps what came of a claim, or removes it."""
    ours = and_(claims.c.key == claim.key, claims.c.id == claim.id)
    if claim.outcome is None:
        return delete(claims).where(ours)
    return update(claims).where(ours).values(outcome=claim.outcome.decode())


def find_notes(kind: str, key: str | None = None) -> Select[Any]:
    """Return the query for the notes of a kind, or for one of them."""
    found = select(*notes.c).where(notes.c.kind == kind).order_by(notes.c.key)
    return found if key is None else found.where(notes.c.key == key)


def read_note(row: Any) -> Note:
    """Return what `find_notes` found."""
    kind, key, data, at, version = row
    return Note(kind, key, data.encode(), at, version)


def save_note(dialect: str, note: Note) -> ReturningInsert[Any] | ReturningUpdate[Any]:
    """Return the statement that writes a note over the version before it, and returns its key where it did."""
    values = {"data": note.data.decode(), "at": note.at, "version": note.version}
    if note.version > 1:
        return update(notes).where(_stands(note, note.version - 1)).values(values).returning(notes.c.key)
    new: Any = sqlite.insert(notes) if dialect == "sqlite" else postgresql.insert(notes)
    saved: ReturningInsert[Any] = (
        new.values(kind=note.kind, key=note.key, **values)
        .on_conflict_do_nothing(index_elements=[notes.c.kind, notes.c.key])
        .returning(notes.c.key)
    )
    return saved


def remove_note(note: Note) -> ReturningDelete[Any]:
    """Return the statement that removes this version of a note, and returns its key where it did."""
    return delete(notes).where(_stands(note, note.version)).returning(notes.c.key)


def _stands(note: Note, version: int) -> ColumnElement[bool]:
    return and_(notes.c.kind == note.kind, notes.c.key == note.key, notes.c.version == version)

"""What went wrong with the archive, in one sentence: where, what, and what to do. Never holds a password."""

from __future__ import annotations

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from voicecall.errors import StoreConflict, StoreError

from . import Batch
from .urls import code, is_sqlite, place

_SQLITE = {
    "SQLITE_NOTADB": "is not a SQLite database: move it away, or point store.url at another file",
    "SQLITE_CORRUPT": "is damaged: restore it from a backup, or move it away to begin a new archive",
    "SQLITE_FULL": "cannot grow, the disk is full: make room on it",
    "SQLITE_READONLY": "is read-only: make the file and its directory writable for this user",
    "SQLITE_CANTOPEN": "cannot be opened: check that its directory exists and is writable for this user",
    "SQLITE_IOERR": "cannot be read or written, the disk is full, over quota or failing: make room or check it",
    "SQLITE_BUSY": "is held by another program: end the one that has it open",
    "ENOENT": "cannot be made, its directory does not exist: create it, or correct store.url",
    "ENOTDIR": "cannot be made, a part of its path is a file: correct store.url",
    "EISDIR": "is a directory: name a file in store.url",
    "EACCES": "may not be opened: make the file and its directory writable for this user",
}
_POSTGRESQL = {
    "08": "cannot be reached: check that the server runs, and the host and port in store.url",
    "28": "refused the login: check the user and the password in store.url",
    "3D": "does not exist: create the database, or correct its name in store.url",
    "42501": "forbids it: grant this user all rights on the schema",
    "25006": "is read-only: point store.url at the primary server",
    "53100": "cannot grow, the server's disk is full: make room on it",
    "53": "has no resources left: raise the server's limits, or end other programs",
    "57": "is starting, stopping or too slow: check the server",
}
_COLLISIONS = (
    (("events.call_id, events.seq", "events_call_id_seq"), "an event with that number is written already"),
    (("events.carrier, events.key", "events_carrier_key"), "the carrier's event is written already"),
    (
        ("calls.carrier, calls.carrier_call_id", "calls_carrier_carrier_call_id"),
        "another call has that carrier's call leg",
    ),
)


def explain(url: URL, error: BaseException) -> StoreError:
    """Return the sentence for a failure of the archive at `url`."""
    name = code(error)
    if is_sqlite(url):
        known, names = _SQLITE, [name, "_".join(name.split("_")[:2])]
    else:
        known, names = _POSTGRESQL, ["08"] if isinstance(error, OSError) else [name, name[:2]]
    found = next((known[name] for name in names if name in known), None)
    return StoreError(f"the archive {place(url)} {found or f'cannot be used: {type(error).__name__} {name}'.rstrip()}")


def newer(url: URL, revision: str) -> StoreError:
    """Return the sentence for an archive that a later version of this program has migrated."""
    return StoreError(
        f"the archive {place(url)} was written by a newer voicecall (schema {revision}): "
        "upgrade voicecall, or point store.url at another archive"
    )


def refusal(batch: Batch, error: DBAPIError) -> StoreError:
    """Return why the database refused `batch`."""
    said = str(error.orig)
    why = next((why for marks, why in _COLLISIONS if any(mark in said for mark in marks)), None)
    if why is None:
        return StoreError(f"call {batch.row.call_id}: the archive cannot hold a text of it")
    return StoreConflict(f"call {batch.row.call_id}: {why}")


def second_writer(batch: Batch) -> StoreConflict:
    """Return why a batch for a call that another instance holds is refused."""
    return StoreConflict(f"call {batch.row.call_id}: another instance holds it")

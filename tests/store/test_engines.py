"""How a SQLite connection is set up while others do the same."""

from __future__ import annotations

import sqlite3

import pytest

from voicecall.store.engines import write_ahead


class Cursor:
    """A cursor whose first statements fail."""

    def __init__(self, *failures: int) -> None:
        self.failures = list(failures)
        self.executed: list[str] = []

    def execute(self, operation: str, parameters: object = None) -> object:
        self.executed.append(operation)
        if operation.startswith("PRAGMA") and self.failures:
            error = sqlite3.OperationalError("no")
            error.sqlite_errorcode = self.failures.pop(0)
            raise error
        return self


def test_who_comes_second_to_a_new_file_waits_for_its_lock_and_asks_again() -> None:
    cursor = Cursor(sqlite3.SQLITE_BUSY)
    write_ahead(cursor)
    assert cursor.executed == ["PRAGMA journal_mode=WAL", "BEGIN IMMEDIATE", "ROLLBACK", "PRAGMA journal_mode=WAL"]


def test_a_file_that_stays_busy_is_given_up() -> None:
    with pytest.raises(sqlite3.OperationalError):
        write_ahead(Cursor(*[sqlite3.SQLITE_BUSY] * 1000))


def test_any_other_failure_is_not_tried_again() -> None:
    cursor = Cursor(sqlite3.SQLITE_NOTADB)
    with pytest.raises(sqlite3.OperationalError):
        write_ahead(cursor)
    assert cursor.executed == ["PRAGMA journal_mode=WAL"]

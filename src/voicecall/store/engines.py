"""The two databases at work: a function of a SQLAlchemy connection goes in, what it returned comes out.

SQLite's functions run in threads of their own, a whole transaction at a time: through an asynchronous driver each step
of one would hop to a thread and back, at four times the cost. PostgreSQL's run on the event loop, over asyncpg.
"""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, Protocol, TypeVar

from sqlalchemy import URL, Connection, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection

Synchronous = Literal["NORMAL", "FULL"]
"""Whether SQLite waits for the disk at every commit (`FULL`), or may lose the last commits with the power."""
T = TypeVar("T")

_PATIENCE = 10.0
"""Seconds to wait for a connection, and for another process's lock on the file."""
_READERS = 2
"""Threads that read a SQLite file."""
_ATTEMPTS = 100
"""How often to ask for write-ahead while other processes make the same file."""
_WRITERS = 0x766F696365
"""The advisory lock that PostgreSQL's writers take in turn, so that positions become visible in their order."""


class Engine(Protocol):
    """A database that work can be sent to."""

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` returns; it must not write."""

    async def change(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` returns, committed. One change at a time, over all processes; none if it raises."""

    async def close(self) -> None:
        """Let go of every connection and thread."""


class Cursor(Protocol):
    """What executes a statement on a connection of the driver's."""

    def execute(self, operation: str, /) -> object:
        """Execute one statement."""


class SqliteFile:
    """A SQLite file, made for its owner alone where there is none; one thread writes, others read."""

    def __init__(self, url: URL, synchronous: Synchronous) -> None:
        self._path = str(url.database)
        self._engine = create_engine(
            url,
            pool_size=1 + _READERS,
            max_overflow=0,
            hide_parameters=True,
            connect_args={"isolation_level": None, "timeout": _PATIENCE, "check_same_thread": False},
        )
        self._synchronous = synchronous
        self._writer = ThreadPoolExecutor(1, "archive-writer")
        self._readers = ThreadPoolExecutor(_READERS, "archive-reader")
        event.listen(self._engine, "do_connect", self._check)
        event.listen(self._engine, "connect", self._set_up)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` returns; it must not write."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    async def change(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` returns, committed. One change at a time, over all processes; none if it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._change, work)

    async def close(self) -> None:
        """Let go of every connection and thread."""
        await asyncio.get_running_loop().run_in_executor(None, self._let_go)

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self._engine.connect() as connection:
            return work(connection)

    def _change(self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return work(connection)

    def _let_go(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self._engine.dispose()

    def _check(self, *_: object) -> None:
        """Tell apart what SQLite calls one thing. The file is not opened: closing it would drop SQLite's locks."""
        directory = os.path.join(os.path.dirname(self._path) or ".", "")
        os.stat(directory)
        if os.path.isdir(self._path):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), self._path)
        if not os.access(directory, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), directory)

    def _set_up(self, connection: DBAPIConnection, _: object) -> None:
        try:
            if os.stat(self._path).st_size == 0:
                os.chmod(self._path, 0o600)
            cursor = connection.cursor()
            write_ahead(cursor)
            cursor.execute(f"PRAGMA synchronous={self._synchronous}")
            cursor.close()
        except BaseException:
            connection.close()
            raise


def write_ahead(cursor: Cursor) -> None:
    """Have SQLite write ahead, so that readers and a writer share the file.

    A new file is changed over once, and who comes second is refused at once however long he would wait: he waits for
    the lock that can be waited for, and asks again.
    """
    for _ in range(_ATTEMPTS):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("ROLLBACK")
    cursor.execute("PRAGMA journal_mode=WAL")


class PostgresDatabase:
    """A PostgreSQL database; connections are tried before they are used, so that a server may restart."""

    def __init__(self, url: URL) -> None:
        from sqlalchemy.ext.asyncio import create_async_engine

        self._engine = create_async_engine(
            url,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"timeout": _PATIENCE, "command_timeout": 3 * _PATIENCE},
        )
        self._changing = asyncio.Lock()

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` returns; it must not write."""
        async with self._engine.connect() as connection:
            return await connection.run_sync(work)

    async def change(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` returns, committed. One change at a time, over all processes; none if it raises."""
        async with self._changing, self._engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WRITERS})
            return await connection.run_sync(work)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._engine.dispose()

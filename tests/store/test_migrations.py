"""The migrations make the tables that the code asks, once, however many processes start."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, column, create_engine, table, text, update
from sqlalchemy.ext.asyncio import create_async_engine

from voicecall.errors import StoreError
from voicecall.store import migrations
from voicecall.store.tables import REVISION, VERSIONS, metadata
from voicecall.store.urls import is_sqlite, read_url


def on(url: str, work: Any) -> Any:
    """Return what `work` returns of a connection to `url`, committed."""
    found = read_url(url)
    if is_sqlite(found):
        engine = create_engine(found)
        try:
            with engine.begin() as connection:
                return work(connection)
        finally:
            engine.dispose()

    async def run() -> Any:
        served = create_async_engine(found)
        try:
            async with served.begin() as connection:
                return await connection.run_sync(work)
        finally:
            await served.dispose()

    return asyncio.run(run())


async def open_and_close(shelf: Any) -> None:
    async with shelf.opened():
        pass


def test_the_migrations_make_the_tables_of_the_metadata(empty_shelf: Any) -> None:
    asyncio.run(open_and_close(empty_shelf))

    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"version_table": VERSIONS, "compare_type": True})
        found: list[Any] = compare_metadata(context, metadata)
        return found

    assert on(empty_shelf.url, differences) == []


def test_the_last_migration_is_the_one_that_the_code_names() -> None:
    assert ScriptDirectory.from_config(migrations.configuration()).get_heads() == [REVISION]


def test_an_archive_of_a_newer_program_is_refused(empty_shelf: Any) -> None:
    asyncio.run(open_and_close(empty_shelf))
    versions = table(VERSIONS, column("version_num"))
    on(empty_shelf.url, lambda connection: connection.execute(update(versions).values(version_num="9999")))
    with pytest.raises(StoreError, match=r"was written by a newer voicecall \(schema 9999\): upgrade voicecall"):
        asyncio.run(open_and_close(empty_shelf))


def test_a_migration_that_fails_leaves_nothing_behind(empty_shelf: Any) -> None:
    on(empty_shelf.url, lambda connection: connection.execute(text("CREATE TABLE calls (somebody_elses TEXT)")))
    with pytest.raises(StoreError, match=r"the archive .* cannot be used"):
        asyncio.run(open_and_close(empty_shelf))
    on(empty_shelf.url, lambda connection: connection.execute(text("DROP TABLE calls")))
    asyncio.run(open_and_close(empty_shelf))


def test_two_stores_that_open_an_empty_archive_at_once_both_open(empty_shelf: Any) -> None:
    async def run() -> None:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(4):
                tasks.create_task(open_and_close(empty_shelf))

    asyncio.run(run())

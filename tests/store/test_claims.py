"""An idempotency key is taken once, keeps what came of its request, and is forgotten in time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from alembic import command
from msgspec.structs import replace
from sqlalchemy import text

from tests.store.test_migrations import on, open_and_close
from voicecall.core.ids import CallId
from voicecall.errors import StoreError
from voicecall.store import Claim, migrations
from voicecall.store.tables import REVISION, VERSIONS

NOW = 1_000_000.0
FIRST = Claim("key", "fingerprint", CallId("A"), "one", NOW)


def another(id_: str, **more: Any) -> Claim:
    return replace(FIRST, id=CallId(id_), **more)


def test_a_key_is_taken_once(shelf: Any) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two:
            assert await one.claim_key(FIRST, NOW) == FIRST
            assert await one.claim_key(another("B"), NOW) == FIRST
            assert await two.claim_key(another("C", fingerprint="another", instance="two"), NOW) == FIRST
            other = another("D", key="another kéy")
            assert await two.claim_key(other, NOW) == other

    asyncio.run(run())


def test_of_many_who_claim_at_once_one_is_first(shelf: Any) -> None:
    async def run() -> None:
        async with shelf.opened("one") as one, shelf.opened("two") as two, asyncio.TaskGroup() as tasks:
            claims = [
                tasks.create_task(store.claim_key(another(f"{name}{number}", instance=name), NOW))
                for number in range(10)
                for name, store in (("one", one), ("two", two))
            ]
        assert len({claim.result() for claim in claims}) == 1

    asyncio.run(run())


def test_what_came_of_a_request_outlives_the_store(shelf: Any) -> None:
    async def run() -> None:
        settled = replace(FIRST, outcome='{"result":{"text":"Zoë \\u0000"}}'.encode())
        async with shelf.opened() as store:
            await store.claim_key(FIRST, NOW)
            await store.settle_key(settled)
        async with shelf.opened() as store:
            assert await store.claim_key(another("B"), NOW) == settled

    asyncio.run(run())


def test_a_claim_without_an_outcome_is_removed(shelf: Any) -> None:
    async def run() -> None:
        async with shelf.opened() as store:
            await store.claim_key(FIRST, NOW)
            await store.settle_key(FIRST)
            assert await store.claim_key(another("B"), NOW) == another("B")

    asyncio.run(run())


def test_a_claim_that_stands_no_longer_settles_nothing(shelf: Any) -> None:
    async def run() -> None:
        async with shelf.opened() as store:
            await store.settle_key(replace(FIRST, outcome=b"1"))
            second = another("B")
            assert await store.claim_key(second, NOW) == second
            await store.settle_key(replace(FIRST, outcome=b"1"))
            await store.settle_key(FIRST)
            assert await store.claim_key(another("C"), NOW) == second

    asyncio.run(run())


def test_old_claims_are_removed(shelf: Any) -> None:
    async def run() -> None:
        async with shelf.opened() as store:
            await store.claim_key(FIRST, NOW)
            other = another("B", key="other", at=NOW + 1)
            await store.claim_key(other, NOW + 0.5)
            renewed = another("C", at=NOW + 1)
            assert await store.claim_key(renewed, NOW + 0.5) == renewed
            assert await store.claim_key(replace(other, id=CallId("D")), NOW + 1) == other

    asyncio.run(run())


def test_a_store_that_is_not_open_takes_no_keys(shelf: Any) -> None:
    async def run() -> None:
        store = shelf.make("one")
        with pytest.raises(StoreError, match="is not open"):
            await store.claim_key(FIRST, NOW)
        with pytest.raises(StoreError, match="is not open"):
            await store.settle_key(FIRST)

    asyncio.run(run())


def test_an_archive_of_the_first_version_gets_the_table_and_keeps_its_calls(empty_shelf: Any) -> None:
    on(empty_shelf.url, lambda connection: command.upgrade(migrations.configuration(connection), "0001"))

    def old(connection: Any) -> None:
        connection.execute(
            text("INSERT INTO events (call_id, seq, at, type, data, carrier) VALUES ('A', 1, 1.0, 'Warned', '{}', 'x')")
        )

    on(empty_shelf.url, old)
    asyncio.run(open_and_close(empty_shelf))

    async def run() -> None:
        async with empty_shelf.opened() as store:
            assert await store.claim_key(FIRST, NOW) == FIRST
            assert [logged.type for logged in await store.log(CallId("A"))] == ["Warned"]

    asyncio.run(run())
    revision = on(empty_shelf.url, lambda c: c.execute(text(f"SELECT version_num FROM {VERSIONS}")).scalar())  # noqa: S608
    assert revision == REVISION

"""Several processes with one archive: real ones."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import asyncpg

from voicecall.core.ids import CallId
from voicecall.store import Batch

NOW = 1_000_000.0

OPEN = """
import asyncio, sys
from voicecall.store.sql import SqlStore

async def main():
    store = SqlStore(sys.argv[1], instance=sys.argv[2], clock=lambda: 1e6)
    print("ready", flush=True)
    sys.stdin.readline()
    await store.open()
    print(await store.claim(2e6, 30.0), flush=True)
    await store.close()

asyncio.run(main())
"""

WRITE = """
import asyncio, itertools, sys
from voicecall.store import Batch, Entry, Row
from voicecall.store.sql import SqlStore

async def main():
    store = SqlStore(sys.argv[1], instance="writer", clock=lambda: 1e6)
    await store.open()
    for seq in itertools.count(1):
        row = Row("A", "mock", None, "inbound", "listening", "", "", 1e6, None, b'{"seq":%d}' % seq, seq)
        [logged] = await store.write([Batch((Entry("A", seq, 1e6, "Warned", b"{}", f"key-{seq}"),), row)])
        print(logged[0].seq, flush=True)

asyncio.run(main())
"""


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own programs
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_processes_that_start_at_once_migrate_once_and_share_what_they_claim(
    empty_shelf: Any, make_batch: Callable[..., Batch]
) -> None:
    processes = [start(OPEN, empty_shelf.url, name) for name in ("one", "two")]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    answers = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        answers.append(process.communicate(timeout=20))
        assert process.returncode == 0, answers
    assert answers == [("[]\n", "")] * 2


def test_everything_acknowledged_survives_a_killed_writer_and_is_read_meanwhile(sqlite_shelf: Any) -> None:
    with start(WRITE, sqlite_shelf.url) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(50)]

        async def read() -> None:
            async with sqlite_shelf.opened("reader") as store:
                assert len(await store.log(CallId("A"))) >= 50

        asyncio.run(read())
        writer.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout.read().split("\n")[:-1]]
        assert writer.wait() == -signal.SIGKILL

    async def check() -> None:
        async with sqlite_shelf.opened("writer") as store:
            log = await store.log(CallId("A"))
            assert [event.seq for event in log][: len(acknowledged)] == acknowledged
            assert await store.record(CallId("A")) == {"seq": log[-1].seq}
            assert len(log) - len(acknowledged) in (0, 1)

    asyncio.run(check())


def test_postgresql_lets_one_writer_in_at_a_time_so_that_positions_appear_in_order(
    postgres: Any, postgres_shelf: Any, make_batch: Callable[..., Batch]
) -> None:
    database = postgres_shelf.url.rpartition("/archive")[2].partition("?")[0]

    async def run() -> None:
        async with postgres_shelf.opened("one") as store:
            await store.write([make_batch("A")])
            other = await asyncpg.connect(host=postgres.directory, user="postgres", database="archive" + database)
            async with asyncio.TaskGroup() as tasks, other.transaction():
                await other.execute("SELECT pg_advisory_xact_lock($1)", 0x766F696365)
                write = tasks.create_task(store.write([make_batch("B")]))
                while not await other.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                    assert not write.done()
            assert isinstance(write.result()[0], list)
            await other.close()

    asyncio.run(run())

"""The in-memory socket pair behaves as a WebSocket does."""

from __future__ import annotations

import asyncio

import pytest

from voicecall.emulators.memory import MemorySocket


def test_messages_arrive_in_order_and_then_the_end() -> None:
    async def main() -> list[str | None]:
        near, far = MemorySocket.pair()
        await near.send("one")
        await near.send("two")
        await near.close(1001)
        return [await far.recv() for _ in range(4)]

    assert asyncio.run(main()) == ["one", "two", None, None]


def test_the_first_close_code_counts() -> None:
    async def main() -> None:
        near, far = MemorySocket.pair()
        assert [near.code, far.code] == [None, None]
        await near.close(1003)
        await far.close(1000)
        near.drop()
        assert [near.code, far.code] == [1003, 1003]

    asyncio.run(main())


def test_a_cut_looks_like_1006_and_sending_fails() -> None:
    async def main() -> None:
        near, far = MemorySocket.pair()
        near.drop()
        assert await far.recv() is None
        assert far.code == 1006
        with pytest.raises(ConnectionError):
            await far.send("late")

    asyncio.run(main())


def test_a_waiting_reader_learns_of_the_end() -> None:
    async def main() -> str | None:
        near, far = MemorySocket.pair()
        async with asyncio.TaskGroup() as tasks:
            reader = tasks.create_task(near.recv())
            await asyncio.sleep(0)
            await far.close()
        return reader.result()

    assert asyncio.run(main()) is None

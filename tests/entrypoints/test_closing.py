"""Closing: what is under way gets half a second, and only the listener's own limit is a 503."""

from __future__ import annotations

import asyncio

import pytest
from starlette.exceptions import HTTPException

from voicecall.emulators.clock import run_virtual
from voicecall.entrypoints.closing import Closing


def stay(seconds: float, *, begins_after: float) -> float:
    """Stay in a bounded block for some seconds and return when it was left."""

    async def main() -> float:
        closing = Closing()
        asyncio.get_running_loop().call_later(begins_after, closing.begin)
        async with closing.bounded():
            await asyncio.sleep(seconds)
        await closing.begun()
        return asyncio.get_running_loop().time()

    return run_virtual(main)


def test_what_is_nearly_done_may_finish() -> None:
    assert stay(2.4, begins_after=2.0) == 2.4


def test_what_takes_longer_is_cut_short() -> None:
    with pytest.raises(HTTPException) as error:
        stay(600.0, begins_after=2.0)
    assert error.value.status_code == 503


def test_what_begins_later_gets_no_longer() -> None:
    async def main() -> float:
        closing = Closing()
        closing.begin()
        with pytest.raises(HTTPException):
            async with closing.bounded():
                await asyncio.sleep(600.0)
        return asyncio.get_running_loop().time()

    assert run_virtual(main) == 0.5


def test_what_is_done_already_is_not_touched() -> None:
    assert stay(1.0, begins_after=2.0) == 2.0


def test_another_time_out_is_told_as_it_is() -> None:
    async def main() -> None:
        async with Closing().bounded():
            raise TimeoutError("another")

    with pytest.raises(TimeoutError, match="another"):
        run_virtual(main)

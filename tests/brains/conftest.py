"""Tests of brains may be coroutines; they run in real time, on a loop of their own, and none may hang."""

from __future__ import annotations

import asyncio
import inspect

import pytest

_LONGEST = 20.0
"""Seconds."""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}

    async def bounded() -> None:
        async with asyncio.timeout(_LONGEST):
            await pyfuncitem.obj(**arguments)

    try:
        asyncio.run(bounded())
    except BaseExceptionGroup as group:
        raise _first(group) from None
    return True


def _first(error: BaseException) -> BaseException:
    """Return what went wrong, out of the task groups that it went through."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error

"""Tests of the gateway are coroutines that run in virtual time; the one place where their carrier is chosen."""

from __future__ import annotations

import inspect
from functools import partial

import pytest

from tests.gateway.carriers import CARRIERS
from tests.gateway.house import MakeHouse, open_house
from tests.gateway.town import MakeTown, open_town
from voicecall.emulators.clock import run_virtual


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine on a loop of its own, in virtual time."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    try:
        run_virtual(lambda: pyfuncitem.obj(**arguments))
    except BaseExceptionGroup as group:
        raise _first(group) from None
    return True


def _first(error: BaseException) -> BaseException:
    """Return what went wrong, out of the task groups that it went through."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@pytest.fixture(params=sorted(CARRIERS))
def town(request: pytest.FixtureRequest) -> MakeTown:
    """Open a telephone network of this carrier, an archive, and no gateway yet."""
    return partial(open_town, CARRIERS[request.param])


@pytest.fixture
def house(town: MakeTown) -> MakeHouse:
    """Open a gateway in a town of its own."""
    return partial(open_house, town)

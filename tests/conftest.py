"""What holds for all tests."""

from __future__ import annotations

import gc
import logging
from collections.abc import Generator, Iterator

import pytest
import structlog
from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
if settings.get_current_profile_name() == "default":  # `make fuzz` has a profile of its own
    settings.load_profile("unhurried")  # a machine with much to do is no failure


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Spare the garbage collector what stays to the end: modules, and the thousands of tests themselves."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True)
def _the_log_is_left_as_it_was() -> Iterator[None]:
    """A command that is run in this process configures the log of this process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    if structlog.is_configured():
        structlog.reset_defaults()
        for handler in {*root.handlers} - {*handlers}:
            root.removeHandler(handler)
            handler.close()
        root.handlers[:], root.level = handlers, level

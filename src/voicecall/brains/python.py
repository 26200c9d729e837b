"""The agent as a function or a class of one's own: `module:name`, in this process."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, aclosing, contextmanager, nullcontext, suppress
from importlib import import_module
from typing import Any, cast

from voicecall.errors import AgentError, ConfigError, Fault, whereabouts

from . import (
    Brain,
    BrainOptions,
    Conclusion,
    Conversation,
    HangUpAfter,
    Inquiry,
    Mind,
    NoteOutcome,
    Opening,
    PressKeys,
    Report,
    Said,
)
from .conclusion import cannot

_KEY = "brain.callable"
_MOST_AHEAD = 100
"""How many pieces a thread may be ahead of who listens."""
_SAID = (str, HangUpAfter, PressKeys, NoteOutcome)

Function = Callable[[Any], Any]
"""Gives text, something to be done, several of these, or nothing; at once, awaited, or one after another."""


class PythonBrain:
    """Calls `callable`. Belongs to all calls."""

    def __init__(self, options: BrainOptions) -> None:
        """A class, or an object with `open`, is a brain by itself; a class is made with `options` if it takes any.

        Raises:
            ConfigError: there is nothing of that name, or it is nothing that could answer.
        """
        found = _found(options.callable)
        if inspect.isclass(found):
            found = _made(found, options)
        self._brain: Brain | None = found if hasattr(found, "open") else None
        if self._brain is None and not callable(found):
            raise _fault(f"{options.callable} can neither be called nor opened; name a function or a class")
        self._function: Function = found
        own = getattr(found, "early", False) if self._brain is not None else False
        self.early: bool = own if options.early is None else options.early

    def ready(self) -> AbstractAsyncContextManager[None]:
        """Make ready a brain that asks for it."""
        ready: Callable[[], AbstractAsyncContextManager[None]] = getattr(self._brain, "ready", nullcontext)
        return ready()

    def open(self, call: Opening, report: Callable[[Report], None]) -> Mind:
        """Return the agent of a call that begins."""
        return FunctionMind(self._function) if self._brain is None else self._brain.open(call, report)


class FunctionMind:
    """A function; the same for every call."""

    def __init__(self, function: Function) -> None:
        self._function = function

    async def run(self) -> None:
        """There is nothing to keep ready."""
        await asyncio.Event().wait()

    async def reply(self, conversation: Conversation) -> AsyncGenerator[Said, None]:
        """Yield what the function gives.

        Raises:
            AgentError: it raised something, or gave something else.
        """
        pieces = _awaited if _is_async(self._function) else _in_thread
        async with aclosing(pieces(self._function, conversation)) as items:
            async for item in items:
                yield _checked(item)

    async def conclude(self, inquiry: Inquiry) -> Conclusion:
        """Return what the function's own `conclude` gives; a function may have one as its attribute.

        Raises:
            AgentError: it has none, or that raised something, or gave something else.
        """
        function: Function | None = getattr(self._function, "conclude", None)
        if function is None:
            raise cannot(_KEY)
        pieces = _awaited if _is_async(function) else _in_thread
        async with aclosing(pieces(function, inquiry)) as items:
            async for item in items:
                if isinstance(item, Conclusion):
                    return item
        raise AgentError(f"{_KEY}.conclude gave no Conclusion", code="bad-answer")


def _found(name: str) -> Any:
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise _fault(f'write "module:name" in place of {name!r}')
    try:
        found: Any = import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except ModuleNotFoundError as error:
        raise _fault(f"there is no module {error.name}; install it, or put its folder into PYTHONPATH") from error
    except AttributeError as error:
        raise _fault(f"there is no {attribute} in {module}") from error
    except Exception as error:
        raise _fault(f"{module} cannot be imported: {whereabouts(error)}") from error
    return found


def _made(kind: type, options: BrainOptions) -> Any:
    if not hasattr(kind, "open"):
        raise _fault(f"{options.callable} is a class without `open`, so it is no brain")
    try:
        return kind(options) if inspect.signature(kind).parameters else kind()
    except ConfigError:
        raise
    except Exception as error:
        raise _fault(f"{options.callable} cannot be made: {whereabouts(error)}") from error


def _fault(message: str) -> ConfigError:
    return ConfigError([Fault(_KEY, message)])


@contextmanager
def _somebody_elses() -> Iterator[None]:
    try:
        yield
    except AgentError:
        raise
    except Exception as error:
        raise AgentError(f"{_KEY} raised {whereabouts(error)}", code="raised") from error


def _is_async(function: Function) -> bool:
    forms = (function, getattr(function, "__call__", None))  # noqa: B004 - of an object, its method
    return any(inspect.iscoroutinefunction(form) or inspect.isasyncgenfunction(form) for form in forms)


async def _awaited(function: Function, asked: Conversation | Inquiry) -> AsyncGenerator[Any, None]:
    with _somebody_elses():
        given = function(asked)
        if inspect.isawaitable(given):
            given = await given
    if not isinstance(given, AsyncIterable):
        for item in _pieces(given):
            yield item
        return
    iterator = cast("AsyncGenerator[Any, None]", aiter(given))
    async with aclosing(iterator) if hasattr(iterator, "aclose") else nullcontext():
        while True:
            with _somebody_elses():
                try:
                    item = await anext(iterator)
                except StopAsyncIteration:
                    return
            yield item


def _pieces(given: Any) -> Iterable[Any]:
    if given is None:
        return ()
    return given if isinstance(given, Iterable) and not isinstance(given, str) else (given,)


def _checked(item: Any) -> Said:
    if isinstance(item, _SAID):
        return item
    raise AgentError(f"{_KEY} gave a {type(item).__name__}; text is wanted, or something to be done", code="bad-answer")


class _End:
    """There is no more."""


async def _in_thread(function: Function, asked: Conversation | Inquiry) -> AsyncGenerator[Any, None]:
    """Yield what a function gives that would hold up the event loop.

    Its thread cannot be stopped, only asked to stop between two pieces; one that hangs keeps nothing else waiting.
    """
    loop = asyncio.get_running_loop()
    given: asyncio.Queue[Any] = asyncio.Queue()
    stopped, room = threading.Event(), threading.Semaphore(_MOST_AHEAD)

    def tell(item: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(given.put_nowait, item)

    def work() -> None:
        try:
            with _somebody_elses():
                for item in _pieces(function(asked)):
                    room.acquire()
                    if stopped.is_set():
                        return
                    tell(item)
        except AgentError as error:
            tell(error)
        else:
            tell(_End())

    threading.Thread(target=work, name=_KEY, daemon=True).start()
    try:
        while not isinstance(item := await given.get(), _End):
            if isinstance(item, AgentError):
                raise item
            room.release()
            yield item
    finally:
        stopped.set()
        room.release()

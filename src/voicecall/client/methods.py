"""Typed methods, drawn from the table of operations: a method's parameters are the operation's, in their order."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from voicecall.core.operations import Operation

from .wire import typed

P = ParamSpec("P")
R = TypeVar("R")


class _Performs(Protocol):
    def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any: ...


class _PerformsLater(Protocol):
    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any: ...


class _Method(Generic[P, R]):
    def __init__(self, kind: Callable[P, Operation], result: type[R]) -> None:
        """Ask for an operation of this `kind` and return its `result`, which is the one that the table names."""
        self.kind = kind
        self.result = result
        self.__doc__ = kind.__doc__

    def _read(self, operation: Operation, value: Any) -> R:
        return typed(value, self.result, operation.name)


class Blocking(_Method[P, R]):
    """A method that returns its result."""

    @overload
    def __get__(self, client: None, owner: Any) -> Self: ...

    @overload
    def __get__(self, client: _Performs, owner: Any) -> Callable[P, R]: ...

    def __get__(self, client: _Performs | None, owner: Any) -> Self | Callable[P, R]:
        if client is None:
            return self

        def method(*args: P.args, **kwargs: P.kwargs) -> R:
            operation = self.kind(*args, **kwargs)
            return self._read(operation, client.perform(operation))

        method.__doc__ = self.__doc__
        return method


class Awaited(_Method[P, R]):
    """A method whose result is awaited."""

    @overload
    def __get__(self, client: None, owner: Any) -> Self: ...

    @overload
    def __get__(self, client: _PerformsLater, owner: Any) -> Callable[P, Coroutine[Any, Any, R]]: ...

    def __get__(self, client: _PerformsLater | None, owner: Any) -> Self | Callable[P, Coroutine[Any, Any, R]]:
        if client is None:
            return self

        async def method(*args: P.args, **kwargs: P.kwargs) -> R:
            operation = self.kind(*args, **kwargs)
            return self._read(operation, await client.perform(operation))

        method.__doc__ = self.__doc__
        return method

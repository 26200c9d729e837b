"""Outgoing webhooks: all receivers, each told by itself, and what those may ask who look after them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import msgspec

from voicecall.core import hooks
from voicecall.core.administration import ListWebhooks, TryWebhook
from voicecall.core.results import WebhookTest
from voicecall.errors import BadParameters
from voicecall.gateway.hook import Hook

_GRACE = 5.0
"""Seconds in which receivers are told what is left, when the gateway stops."""


class Hooks:
    """Runs the hooks as long as it is entered; as a desk, it lists and tests them."""

    def __init__(
        self,
        all_: Sequence[Hook],
        *,
        grown: Callable[[], asyncio.Event],
        clock: Callable[[], float],
        new_id: Callable[[], str],
    ) -> None:
        """`grown` returns what is set when the log grows next; `new_id` something that was never returned before."""
        self.all = tuple(all_)
        self._grown = grown
        self._clock = clock
        self._new_id = new_id

    async def __aenter__(self) -> Self:
        self._tasks = asyncio.TaskGroup()
        await self._tasks.__aenter__()
        self._running = [self._tasks.create_task(hook.run(), name=f"webhook {hook.receiver.name}") for hook in self.all]
        self._bell = self._tasks.create_task(self._ring(), name="webhooks") if self.all else None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Deliver what can be delivered in a few seconds; the rest is for the next start."""
        for hook in self.all:
            hook.stop()
        if self._running and kind is None:
            await asyncio.wait(self._running, timeout=_GRACE)
        for task in (*self._running, *([self._bell] if self._bell else [])):
            task.cancel()
        await self._tasks.__aexit__(None, None, None)

    async def _ring(self) -> None:
        """Have all hooks look at the log when it has grown."""
        while True:
            await self._grown().wait()
            for hook in self.all:
                hook.grown()

    async def perform(self, operation: ListWebhooks | TryWebhook) -> Any:
        """Return the operation's result, a JSON value.

        Raises:
            BadParameters: there is no such receiver.
            StoreError: the archive cannot be read.
        """
        match operation:
            case ListWebhooks():
                return msgspec.to_builtins([await hook.state() for hook in self.all])
            case TryWebhook(receiver=name):
                return msgspec.to_builtins(await self._test(self._named(name)))

    def _named(self, name: str) -> Hook:
        for hook in self.all:
            if hook.receiver.name == name:
                return hook
        known = ", ".join(hook.receiver.name for hook in self.all) or "none"
        raise BadParameters(f"receiver: no webhook has this name; configured: {known}")

    async def _test(self, hook: Hook) -> WebhookTest:
        """Send a test; where it is taken, what waits is tried again at once."""
        name, id_ = hook.receiver.name, f"test_{self._new_id()}"
        answer = await hook.send(id_, hooks.body("webhook.test", self._clock(), {"webhook": name}))
        if not answer.error:
            hook.retry()
        return WebhookTest(
            name=name, id=id_, accepted=not answer.error, status=answer.status, error=answer.error or None
        )

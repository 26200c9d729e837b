"""How a listener closes while requests are under way: streams end at once, the rest has a moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.exceptions import HTTPException

_GRACE = 0.5


class Closing:
    """Known to every open request; set once."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()
        self._limits: set[asyncio.Timeout] = set()

    def begin(self) -> None:
        """Let nothing take longer than half a second from here on."""
        self._begun.set()
        for limit in self._limits:
            limit.reschedule(asyncio.get_running_loop().time() + _GRACE)

    async def begun(self) -> None:
        """Wait until the listener closes."""
        await self._begun.wait()

    @asynccontextmanager
    async def bounded(self) -> AsyncIterator[None]:
        """Cut the block short when the listener closes, or has begun to.

        Raises:
            HTTPException: 503, it was.
        """
        limit = asyncio.timeout(_GRACE if self._begun.is_set() else None)
        try:
            async with limit:
                self._limits.add(limit)
                yield
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise HTTPException(503, "the gateway is stopping") from error
        finally:
            self._limits.discard(limit)

"""Keeps a tunnel up whatever happens to it: tries again, ever more slowly, and tells what went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from voicecall.errors import TunnelError

from . import Announce, Tunnel, Way

PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Seconds before each further attempt; the last one goes on for ever."""
_SOUND = 60.0
"""Seconds that a tunnel must have been up for its earlier ends to be forgotten."""


async def keep(
    tunnel: Tunnel,
    way: Way,
    announce: Announce,
    failed: Callable[[TunnelError, float], None],
    *,
    pauses: Sequence[float] = PAUSES,
) -> None:
    """Run a tunnel until cancelled. `failed` is told why it ended, and in how many seconds it is tried again."""
    loop = asyncio.get_running_loop()
    attempts = 0
    while True:
        begun = loop.time()
        try:
            await tunnel.run(way, announce)
        except TunnelError as error:
            attempts = 0 if loop.time() - begun > _SOUND else attempts
            pause = pauses[min(attempts, len(pauses) - 1)]
            attempts += 1
            announce(None)
            failed(error, pause)
            await asyncio.sleep(pause)

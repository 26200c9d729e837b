"""Where scenarios are played: a gateway with a telephone network beside it, in real time or in virtual time."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from voicecall.app import running
from voicecall.app.carriers import MOCK_NUMBER
from voicecall.app.serving import wall_clock
from voicecall.config.load import Loaded
from voicecall.config.model import Config
from voicecall.config.state import StateDir
from voicecall.emulators.faces import Face
from voicecall.emulators.mock import MockFace
from voicecall.emulators.network import Network
from voicecall.errors import VoicecallError
from voicecall.gateway.gateway import Gateway
from voicecall.gateway.switchboard import Switchboard

from .reading import SECRET

CARRIER = "mock"


@dataclass(frozen=True, slots=True)
class Stage:
    """A gateway that is up, and the phones around it."""

    gateway: Gateway
    switchboard: Switchboard
    network: Network
    face: Face
    webhook: str
    """Where the network reports to."""
    line: str
    """The number of ours that is rung unless told otherwise."""
    clock: Callable[[], float]
    """Unix seconds."""

    def since_loop_time(self, at: float) -> float:
        """Return Unix seconds of an event loop time."""
        return self.clock() - asyncio.get_running_loop().time() + at


OpenStage = Callable[[Config], AbstractAsyncContextManager[Stage]]
"""Opens a stage for a configuration."""


@asynccontextmanager
async def real_stage(config: Config) -> AsyncIterator[Stage]:
    """Open a gateway as the daemon does, with sockets on loopback; its state goes when it closes.

    Raises:
        VoicecallError: it cannot start.
    """
    with tempfile.TemporaryDirectory(prefix="voicecall-") as folder:
        async with running(Loaded(config, None, StateDir(Path(folder)))) as up:
            if up.network is None:
                raise VoicecallError("scenarios need the mock network in this process")
            yield Stage(
                gateway=up.gateway,
                switchboard=up.switchboard,
                network=up.network.network,
                face=MockFace(SECRET),
                webhook=f"{up.public_url}/{CARRIER}",
                line=config.from_number or MOCK_NUMBER,
                clock=wall_clock,
            )

"""The sockets of the emulated Deepgram: how it answers, rightly and wrongly, and what it has seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from aiohttp import WSMsgType, web

REQUEST_ID = str(UUID(int=0x5EED))


class Fault(StrEnum):
    """What Deepgram does wrong."""

    REFUSED = "refused"
    """401."""
    THROTTLED = "throttled"
    """429."""
    DROP = "drop"
    """The connection is lost after the first audio of a segment came in, or of a piece went out."""
    HALF = "half"
    """In place of that: a text frame that ends within a UTF-8 character."""
    BROKEN = "broken"
    """Text frames that are no JSON, and JSON that is no object, between the right ones."""
    UNKNOWN = "unknown"
    """Types and members of messages that nobody knows."""
    MUTE = "mute"
    """Nothing is answered."""
    ERROR = "error"
    """An error in place of an answer."""
    STALL = "stall"
    """The first audio of a piece, and nothing more."""
    LATE = "late"
    """The same, and more of it after it was cleared."""
    EMPTY = "empty"
    """A piece ends without audio."""
    WAV = "wav"
    """A piece begins with a WAV header."""
    ODD = "odd"
    """Chunks of odd lengths."""
    SLOW = "slow"
    """The first audio of a piece comes only after `State.slowness` seconds."""
    UNCLEARED = "uncleared"
    """`Clear` is never confirmed."""
    UNFINISHED = "unfinished"
    """`Finalize` and `ForceEndTurn` are passed over."""


@dataclass
class State:
    """The emulated Deepgram: what it will do, and what it has seen."""

    fault: Fault | None = None
    script: deque[str] = field(default_factory=deque)
    """What the coming utterances say. `|` divides what is settled in parts; a last word with a comma is no end."""
    voices: dict[str, bytes] = field(default_factory=dict)
    """The sound of each text, mu-law 8 kHz."""
    idle: float = 10.0
    """Seconds without a message after which a recogniser hangs up."""
    slowness: float = 0.2
    flushes: int = 20
    """How many `Flush` a connection may send within 60 s."""

    connections: int = 0
    credentials: list[str] = field(default_factory=list)
    queries: list[Mapping[str, str]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    """The types of the messages and requests that came, less audio; `POST` for a request for a piece."""
    asked: int = 0
    """Pieces that were asked for."""
    cancelled: int = 0
    """Pieces that were called off before their end."""
    heard: int = 0
    """Bytes of audio that came."""
    open: set[web.WebSocketResponse] = field(default_factory=set)

    async def close_idle(self) -> None:
        """Hang up on everybody."""
        for socket in tuple(self.open):
            await socket.close(code=1011, message=b"NET-0001: no audio was received in time")


class Wire:
    """One socket, seen from the vendor's side."""

    def __init__(self, state: State, request: web.Request, socket: web.WebSocketResponse) -> None:
        self.state = state
        self._request = request
        self._socket = socket

    async def say(self, message: Mapping[str, Any]) -> None:
        """Send a message, or what the fault makes of it."""
        match self.state.fault:
            case Fault.MUTE:
                return
            case Fault.BROKEN:
                await self._socket.send_str("not { json")
                await self._socket.send_str("[1, 2]")
            case Fault.UNKNOWN:
                await self._socket.send_json({"type": "Novelty", "channel": "?", "words": 7})
                message = {**message, "novelty": {"of": ["this", 1]}}
            case _:
                pass
        await self._socket.send_json(message)

    async def sound(self, mulaw: bytes) -> None:
        """Send audio."""
        await self._socket.send_bytes(mulaw)

    async def breaks(self) -> bool:
        """Lose the connection, where that is the fault; say whether it is."""
        if self.state.fault is Fault.DROP:
            transport = self._request.transport
            if transport is not None:
                transport.abort()
        elif self.state.fault is Fault.HALF:
            await self._socket.send_frame(b'{"type": "caf\xc3', WSMsgType.TEXT)
        else:
            return False
        return True

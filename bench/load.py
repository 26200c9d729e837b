"""Load from this machine to this machine: media streams on an absolute clock, and signed webhooks back to back.

Everything is bounded and ends by itself. Messages are paced by the clock, so a slow server does not slow its load.
"""

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import cast

from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.echoes.message import PAYLOAD, SIGNATURE_HEADER, WEBHOOK_REPLY, encode, sign
from bench.measure import Running, cpu_seconds, percentile, resident_mb

FRAME = 0.02
_TICK = 0.001
_WARM_UP = 0.5
_KEEP_ALIVES = 8


@dataclass(frozen=True, slots=True)
class StreamCost:
    """What a number of echoed media streams cost the server."""

    messages: int
    cpu_us: float
    """Server CPU for one message in and one out, microseconds."""
    p50_ms: float
    p95_ms: float
    p99_ms: float
    resident_mb: float
    late: float
    """Seconds by which the load generator itself was late at worst."""


@dataclass(frozen=True, slots=True)
class WebhookCost:
    """What signed webhooks cost the server."""

    per_second: float
    cpu_us: float
    late: float = 0.0
    """Nothing is paced, so nothing is late."""


class _Stream(WSListener):
    def __init__(self) -> None:
        self.round_trips: list[float] = []
        self._sent: deque[float] = deque()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def send(self, message: bytes) -> None:
        self._sent.append(perf_counter())
        self.transport.send(WSMsgType.TEXT, message)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self.round_trips.append(perf_counter() - self._sent.popleft())


def _same(caller: _Stream) -> _Stream:
    return caller


async def load_streams(server: Running, streams: int, seconds: float, path: str = "/stream") -> StreamCost:
    """Hold `streams` media streams of 50 messages a second each, spread evenly over the 20 ms of a frame."""
    async with contextlib.AsyncExitStack() as stack:
        callers = [_Stream() for _ in range(streams)]
        for caller in callers:
            transport, _ = await ws_connect(partial(_same, caller), f"ws://127.0.0.1:{server.port}{path}")
            stack.callback(transport.disconnect)
        await _pace(callers, _WARM_UP)
        for caller in callers:
            caller.round_trips.clear()
        before = cpu_seconds(server.pid)
        late = await _pace(callers, seconds)
        used = cpu_seconds(server.pid) - before
        taken = [each for caller in callers for each in caller.round_trips]
        if len(taken) < streams * seconds / FRAME * 0.95:
            raise RuntimeError(f"{len(taken)} replies are too few for {streams} streams in {seconds} s")
        return StreamCost(
            messages=len(taken),
            cpu_us=used / len(taken) * 1e6,
            p50_ms=percentile(taken, 0.5) * 1e3,
            p95_ms=percentile(taken, 0.95) * 1e3,
            p99_ms=percentile(taken, 0.99) * 1e3,
            resident_mb=resident_mb(server.pid),
            late=late,
        )


async def _pace(callers: list[_Stream], seconds: float) -> float:
    message = encode(PAYLOAD)
    slots = round(FRAME / _TICK)
    begin, late = perf_counter(), 0.0
    for tick in range(round(seconds / _TICK)):
        ahead = begin + tick * _TICK - perf_counter()
        await asyncio.sleep(max(0.0, ahead))
        late = max(late, -ahead)
        for caller in callers[tick % slots :: slots]:
            caller.send(message)
    return late


class _Poster(asyncio.Protocol):
    """Posts the next webhook when the reply to the last has come."""

    def __init__(self, request: bytes) -> None:
        self.replies = 0
        self._request = request
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._read += data
        if not self._read.endswith(WEBHOOK_REPLY):
            return
        if not self._read.startswith(b"HTTP/1.1 200"):
            raise RuntimeError("a webhook was refused")
        self.replies += 1
        self._read = b""
        self._transport.write(self._request)


async def load_webhooks(server: Running, seconds: float, path: str = "/webhook") -> WebhookCost:
    """Post 500-byte signed forms over a few keep-alive connections, each as fast as it is answered."""
    body = b"Body=".ljust(500, b"x")
    request = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{SIGNATURE_HEADER}: {sign(body)}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    loop = asyncio.get_running_loop()
    posters = []
    for _ in range(_KEEP_ALIVES):
        transport, poster = await loop.create_connection(lambda: _Poster(request), "127.0.0.1", server.port)
        posters.append((transport, poster))
    try:
        await asyncio.sleep(_WARM_UP)
        replies, used, begin = sum(p.replies for _, p in posters), cpu_seconds(server.pid), perf_counter()
        await asyncio.sleep(seconds)
        replies = sum(p.replies for _, p in posters) - replies
        used, took = cpu_seconds(server.pid) - used, perf_counter() - begin
    finally:
        for transport, _ in posters:
            transport.abort()
    return WebhookCost(per_second=replies / took, cpu_us=used / replies * 1e6)

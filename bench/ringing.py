"""Rings a gateway with a number of callers, keeps their clocks, and reads what the calls cost."""

import asyncio
import hmac
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from random import Random
from time import perf_counter

import aiohttp
import msgspec
from picows import ws_connect

from bench.callers import FRAME, Book, Caller
from bench.gateway import SECRET, Gateway
from bench.measure import cpu_seconds, percentile, resident_mb

_TICK = 0.001
_SLOTS = round(FRAME / _TICK)
_BETWEEN_RINGS = 0.02
_WARM_UP = 8.0
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class CallsCost:
    """What a number of calls cost the gateway, and what their callers noticed."""

    calls: int
    cpu: float
    """CPU seconds per call-minute."""
    turns: int
    added_p50_ms: float
    added_p99_ms: float
    """From the end of the caller's speech to the first audible frame, less the configured endpointing."""
    barge_ins: int
    barge_in_p50_ms: float
    barge_in_p99_ms: float
    """From the first frame of speech over the agent to the clear."""
    unanswered: int
    early: int
    """Turns that were answered before they were over."""
    unheeded: int
    """Interruptions without a clear."""
    closed: int
    """Sockets that the gateway closed, or lost."""
    underrun: float
    """Silence inside replies, as a share of what was played."""
    lag_ms: float
    """The server's loop at worst, by its own metrics."""
    batch: float
    """Windows in a mean inference of the voice activity detector; 0 without one."""
    idle_mb: float
    """Resident memory with one call."""
    call_mb: float
    """Resident memory that each further call added."""
    load_cpu: float
    """Share of its core that the callers used."""
    late: float
    """Seconds by which the callers themselves were late at worst."""

    @property
    def missed(self) -> int:
        """How many turns and interruptions were not met as they should be."""
        return self.unanswered + self.early + self.unheeded

    @property
    def cpu_us(self) -> float:
        """CPU microseconds of a call-second."""
        return self.cpu / 60 * 1e6


class _Clock:
    """Ticks every caller each 20 ms, a twentieth of them each millisecond, on an absolute clock."""

    def __init__(self) -> None:
        self.callers: list[Caller] = []
        self.late = 0.0

    async def run(self) -> None:
        begin, tick = perf_counter(), 0
        while True:
            ahead = begin + tick * _TICK - perf_counter()
            await asyncio.sleep(max(0.0, ahead))
            self.late = max(self.late, -ahead)
            for caller in self.callers[tick % _SLOTS :: _SLOTS]:
                caller.tick()
            tick += 1


async def load_calls(
    gateway: Gateway, phrases: list[list[bytes]], *, calls: int, seconds: float, converse: bool
) -> CallsCost:
    """Hold `calls` calls and measure `seconds` of them, once they have begun and are out of step with each other.

    Raises:
        RuntimeError: the gateway refused a call.
    """
    clock = _Clock()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(_PATIENCE)) as session, asyncio.TaskGroup() as tasks:
        ticking = tasks.create_task(clock.run())
        idle = 0.0
        for number in range(calls):
            stream, token = await ring(session, gateway, number)
            chance = Random(number)  # noqa: S311 - the same callers in every run
            at = number % len(phrases)
            caller = Caller(leg(number), token, phrases[at:] + phrases[:at], Book(), chance, converses=converse)
            await ws_connect(partial(_same, caller), stream)
            clock.callers.append(caller)
            await asyncio.sleep(_BETWEEN_RINGS)
            idle = idle or resident_mb(gateway.pid)
        await asyncio.sleep(_WARM_UP)
        cost = await _measure(gateway, clock, idle, seconds)
        for caller in clock.callers:
            caller.hang_up()
        for number in range(calls):
            await tell(session, gateway, number, "ended", cause="completed")
        ticking.cancel()
    return cost


async def _measure(gateway: Gateway, clock: _Clock, idle: float, seconds: float) -> CallsCost:
    book, calls = Book(), len(clock.callers)
    book.closed = sum(caller.book.closed for caller in clock.callers)
    for caller in clock.callers:
        caller.book = book
    before = await asyncio.to_thread(gateway.metrics)
    clock.late = 0.0
    used, own, begin = cpu_seconds(gateway.pid), time.process_time(), perf_counter()
    await asyncio.sleep(seconds)
    used, own, took = cpu_seconds(gateway.pid) - used, time.process_time() - own, perf_counter() - begin
    late = clock.late
    after = await asyncio.to_thread(gateway.metrics)
    windows, batches = (
        after.get(name, 0.0) - before.get(name, 0.0)
        for name in ("voicecall_vad_windows_total", "voicecall_vad_batches_total")
    )
    return CallsCost(
        calls=calls,
        cpu=used / (calls * took / 60),
        turns=len(book.added),
        added_p50_ms=percentile(book.added, 0.5) * 1e3,
        added_p99_ms=percentile(book.added, 0.99) * 1e3,
        barge_ins=len(book.barge_in),
        barge_in_p50_ms=percentile(book.barge_in, 0.5) * 1e3,
        barge_in_p99_ms=percentile(book.barge_in, 0.99) * 1e3,
        unanswered=book.unanswered,
        early=book.early,
        unheeded=book.unheeded,
        closed=book.closed,
        underrun=book.gaps / book.played if book.played else 0.0,
        lag_ms=after["voicecall_loop_lag_seconds"] * 1e3,
        batch=windows / batches if batches else 0.0,
        idle_mb=idle,
        call_mb=(resident_mb(gateway.pid) - idle) / max(1, calls - 1),
        load_cpu=own / took,
        late=late,
    )


def _same(caller: Caller) -> Caller:
    return caller


def leg(number: int) -> str:
    """Return the name of a caller's call leg."""
    return f"mc_bench{number:03}"


async def ring(session: aiohttp.ClientSession, gateway: Gateway, number: int) -> tuple[str, str]:
    """Ring, and return the stream's URL and credential."""
    answer = await tell(session, gateway, number, "incoming")
    try:
        connect = msgspec.json.decode(answer)["connect"]
    except (KeyError, msgspec.DecodeError):
        raise RuntimeError(f"the gateway did not answer call {number}: {answer[:200]!r}") from None
    return connect["stream"], connect["parameters"]["token"]


async def tell(session: aiohttp.ClientSession, gateway: Gateway, number: int, kind: str, **more: str) -> bytes:
    """Send one of the network's webhooks, and return the answer's body."""
    report = {
        "id": f"{leg(number)}-{kind}",
        "type": kind,
        "call": leg(number),
        "direction": "inbound",
        "from": f"+1555010{number:04}",
        "to": "+15550000000",
        "reference": None,
        "at": datetime.now(UTC).timestamp(),
        **more,
    }
    body, at = msgspec.json.encode(report), f"{datetime.now(UTC).timestamp():.3f}"
    signature = hmac.digest(SECRET.encode(), f"{at}.{gateway.webhook_url}.".encode() + body, "sha256").hex()
    headers = {"Content-Type": "application/json", "X-Mock-Timestamp": at, "X-Mock-Signature": signature}
    async with session.post(gateway.webhook_url, data=body, headers=headers) as response:
        return await response.read()

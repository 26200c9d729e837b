"""What does the gateway add between a telephone and a model that hears and speaks? Calls against an echo as the floor.

Run as `python -m bench.realtime [--calls 50] [--vad local] [--provider openai] [--seconds 30] [--repeats 3]`.
The gateway has core 0; callers and models, which share a clock, core 1. Every frame bears a number, in sound that is
too quiet to be speech, so each is timed by itself: from the caller's socket to the model's, and from the model's to the
caller's. The floor is a bare echo on the library of the public listener, with as many streams: its round trip goes
through a server once, as each direction of a call does.
"""

import argparse
import asyncio
import math
import socket
import sys
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from time import perf_counter

import aiohttp
import msgspec
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_connect, ws_create_server

from bench.floors import AIOHTTP_FLOOR
from bench.gateway import Gateway, Vad, gateway
from bench.load import FRAME, StreamCost, load_streams
from bench.measure import LOAD_CORE, STALL, IdleTwin, Runs, cpu_seconds, idle_twin, one_run, percentile, pin
from bench.ringing import leg, ring, tell
from bench.servers import machine

_BOUND_MS = 5.0
"""What the gateway may add at p95, above the floor."""
_TICK = 0.001
_SLOTS = round(FRAME / _TICK)
_PORTION = 5
"""Frames in one portion of what a model says, which comes as it is to be heard."""
_BETWEEN_RINGS, _WARM_UP = 0.02, 5.0
_PATIENCE = 10.0
_QUIET = 0xF8
"""The loudest of the eight mu-law values that a number is written in: 55 dB below full scale."""


@dataclass(slots=True)
class Book:
    """What was sent and is on its way, by its base64, and how long it took; seconds."""

    sent: dict[str, float] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def send(self, frames: int) -> str:
        """Return audio like no other, which is sent now."""
        number, digits = next(self.numbers), bytearray()
        for place in range(10):
            digits.append(_QUIET + (number >> 3 * place & 7))
        payload = b64encode(bytes(digits).ljust(160 * frames, b"\xff")).decode()
        self.sent[payload] = perf_counter()
        return payload

    def arrived(self, payload: str) -> None:
        """Take note, unless it is not of this kind."""
        sent = self.sent.pop(payload, None)
        if sent is not None:
            self.took.append(perf_counter() - sent)


@dataclass(slots=True)
class Books:
    """Both directions."""

    up: Book = field(default_factory=Book)
    """From callers to models."""
    down: Book = field(default_factory=Book)


@dataclass(frozen=True, slots=True)
class RealtimeCost:
    """What calls cost the gateway, and what it added to their sound."""

    cpu_us: float
    """CPU microseconds of a call-second."""
    up: list[float]
    """p50, p95 and p99, in milliseconds."""
    down: list[float]
    lost: float
    """Share of all audio that did not arrive, or not as it was sent."""
    transcoded: float
    """Frames that were turned from one encoding into another."""
    late: float
    """Seconds by which callers and models themselves were late at worst."""


# --- callers


class _Text(msgspec.Struct):
    event: str
    payload: str = ""
    name: str = ""


_read_text = msgspec.json.Decoder(_Text).decode


class _Caller(WSListener):
    """A telephone of the mock network that is never silent, and returns marks once their audio was played."""

    def __init__(self, number: int, token: str, books: Books) -> None:
        self.closed = False
        self._number, self._token, self._books = number, token, books
        self._marks: deque[tuple[float, str]] = deque()
        self._until = 0.0
        self._over = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        name, agreed = leg(self._number), {"encoding": "mulaw", "rate": 8000}
        parameters = {"token": self._token}
        self._send({"event": "start", "stream": f"ms_{name}", "call": name, "parameters": parameters, "format": agreed})

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        if frame.msg_type != WSMsgType.TEXT:
            return
        message, now = _read_text(frame.get_payload_as_bytes()), perf_counter()
        if message.event == "media":
            self._books.down.arrived(message.payload)
            self._until = max(self._until, now) + len(message.payload) * 3 / 4 / 8000
        elif message.event == "mark":
            self._marks.append((max(self._until, now), message.name))
        else:
            self._until = now

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.closed = not self._over
        self._over = True

    def tick(self) -> None:
        """Return the marks that are due, and send the next 20 ms."""
        now = perf_counter()
        while not self._over and self._marks and self._marks[0][0] <= now:
            self._send({"event": "mark", "name": self._marks.popleft()[1]})
        if not self._over:
            self._send({"event": "media", "payload": self._books.up.send(1)})

    def hang_up(self) -> None:
        if not self._over:
            self._over = True
            self._send({"event": "stop"})

    def _send(self, message: object) -> None:
        self._transport.send(WSMsgType.TEXT, msgspec.json.encode(message))


# --- models


class _Event(msgspec.Struct):
    type: str
    audio: str = ""
    response: dict[str, object] = {}


_read_event = msgspec.json.Decoder(_Event).decode


class OpenAIModel(WSListener):
    """OpenAI's socket: speaks without end once it is asked to, and takes note of what it hears."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._speaks = False
        self._over = False
        self._ticks = 0

    @staticmethod
    def configuration(origin: str) -> str:
        """Return what leads the gateway here, in TOML."""
        return (
            f'realtime.provider = "openai"\nrealtime.openai.api_key = "k"\nrealtime.openai.api_base_url = "{origin}"\n'
        )

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._over = True

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        if frame.msg_type != WSMsgType.TEXT:
            return
        event = _read_event(frame.get_payload_as_bytes())
        if event.type == "input_audio_buffer.append":
            self._books.up.arrived(event.audio)
        elif event.type == "session.update":
            self._send({"type": "session.updated", "session": {}})
        elif event.type == "response.create":
            metadata = event.response.get("metadata")
            self._send({"type": "response.created", "response": {"id": "resp_1", "metadata": metadata}})
            item = {"id": "item_1", "type": "message"}
            self._send({"type": "response.output_item.added", "response_id": "resp_1", "item": item})
            self._speaks = True

    def tick(self) -> None:
        """Say the next portion when it is time."""
        self._ticks += 1
        if self._speaks and not self._over and self._ticks % _PORTION == 0:
            common = {"type": "response.output_audio.delta", "response_id": "resp_1", "item_id": "item_1"}
            self._send({**common, "delta": self._books.down.send(_PORTION)})

    def _send(self, message: object) -> None:
        self._transport.send(WSMsgType.TEXT, msgspec.json.encode(message))


MODELS = {"openai": OpenAIModel}


# --- a run


async def load_calls(
    server: Gateway, listener: socket.socket, make: Callable[[Books], OpenAIModel], calls: int, seconds: float
) -> RealtimeCost:
    """Hold `calls` calls, each with its model, and measure `seconds` of them.

    Raises:
        RuntimeError: the gateway refused a call, or closed one.
    """
    books, callers, models = Books(), list[_Caller](), list[OpenAIModel]()
    late = [0.0]

    def accept(_: WSUpgradeRequest) -> WSListener:
        models.append(make(books))
        return models[-1]

    async def pace() -> None:
        begin = perf_counter()
        for tick in count():
            ahead = begin + tick * _TICK - perf_counter()
            await asyncio.sleep(max(0.0, ahead))
            late[0] = max(late[0], -ahead)
            for caller in callers[tick % _SLOTS :: _SLOTS]:
                caller.tick()
            for model in models[tick % _SLOTS :: _SLOTS]:
                model.tick()

    models_server = await ws_create_server(accept, sock=listener)
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(_PATIENCE)) as session,
            asyncio.TaskGroup() as tasks,
        ):
            pacing = tasks.create_task(pace())
            for number in range(calls):
                stream, token = await ring(session, server, number)
                caller = _Caller(number, token, books)
                await ws_connect(partial(_same, caller), stream)
                callers.append(caller)
                await asyncio.sleep(_BETWEEN_RINGS)
            await asyncio.sleep(_WARM_UP)
            late[0] = 0.0
            cost = await _measure(server, books, calls, seconds, late)
            if len(models) != calls or any(caller.closed for caller in callers):
                raise RuntimeError(f"{len(models)} models for {calls} calls; the log of the gateway says why")
            for number, caller in enumerate(callers):
                caller.hang_up()
                await tell(session, server, number, "ended", cause="completed")
            pacing.cancel()
    finally:
        models_server.close()
    return cost


async def _measure(server: Gateway, books: Books, calls: int, seconds: float, late: list[float]) -> RealtimeCost:
    for book in (books.up, books.down):
        book.sent.clear()
        book.took.clear()
    used, begin = cpu_seconds(server.pid), perf_counter()
    await asyncio.sleep(seconds)
    used, took, worst = cpu_seconds(server.pid) - used, perf_counter() - begin, late[0]
    old = perf_counter() - 1.0
    lost = sum(at < old for book in (books.up, books.down) for at in book.sent.values())
    arrived = len(books.up.took) + len(books.down.took)
    metrics = await asyncio.to_thread(server.metrics)
    return RealtimeCost(
        cpu_us=used / (calls * took) * 1e6,
        up=_percentiles(books.up.took),
        down=_percentiles(books.down.took),
        lost=lost / max(1, lost + arrived),
        transcoded=sum(
            value for name, value in metrics.items() if name.startswith("voicecall_transcoded_frames_total")
        ),
        late=worst,
    )


def _percentiles(took: list[float]) -> list[float]:
    return [percentile(took, share) * 1e3 for share in (0.5, 0.95, 0.99)]


def _same(caller: _Caller) -> _Caller:
    return caller


@contextmanager
def _listening() -> Iterator[tuple[socket.socket, str]]:
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        yield listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


def run_once(runs: Runs[RealtimeCost], twin: IdleTwin, provider: str, vad: Vad, calls: int, seconds: float) -> None:
    """Measure a fresh gateway, and note the cost unless the host stalled meanwhile."""
    make = MODELS[provider]
    with _listening() as (listener, origin):
        extra = f"realtime.enabled = true\nturns.echo = false\n{make.configuration(origin)}"
        with gateway(vad, extra) as server:
            twin.worst_lag()
            cost = uvloop.run(load_calls(server, listener, make, calls, seconds))
            lag = twin.worst_lag()
    if max(lag, cost.late) > STALL:
        print(
            f"left out: woken {lag * 1e3:.0f} ms late, {cost.late * 1e3:.0f} ms late ourselves: {cost}", file=sys.stderr
        )
        runs.spoiled += 1
    else:
        runs.clean.append(cost)


def report(runs: Runs[RealtimeCost], floors: Runs[StreamCost]) -> bool:
    """Print what was measured; say whether the bound held."""
    floor, cost = floors.best(), runs.best()
    if floor is None or cost is None:
        print("every run was spoiled by stalls")
        return False
    print(f"{'':<22}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}")
    print(f"{'echo floor':<22}{floor.p50_ms:>8.2f}{floor.p95_ms:>8.2f}{floor.p99_ms:>8.2f}")
    for name, values in (("caller to model", cost.up), ("model to caller", cost.down)):
        print(f"{name:<22}" + "".join(f"{value:>8.2f}" for value in values))
    above = max(cost.up[1], cost.down[1]) - floor.p95_ms
    held = math.isfinite(above) and above <= _BOUND_MS and not cost.lost
    print(f"\nabove the floor at p95: {above:.2f} ms (bound {_BOUND_MS:g}): {'held' if held else 'NOT HELD'}")
    print(f"lost {cost.lost:.2%}, transcoded {cost.transcoded:.0f} frames; {cost.cpu_us / 1e4:.2f} % of a core a call")
    print(f"{len(runs.clean)} of {len(runs.clean) + runs.spoiled} runs were clean; {machine()}")
    return held


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.realtime", description=__doc__)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--vad", choices=("local", "energy"), default="local")
    parser.add_argument("--provider", choices=sorted(MODELS), default="openai")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    pin(LOAD_CORE)
    runs: Runs[RealtimeCost] = Runs()
    floors: Runs[StreamCost] = Runs()
    with idle_twin() as twin:
        for _ in range(given.repeats):
            one_run(floors, AIOHTTP_FLOOR, twin, partial(load_streams, streams=given.calls, seconds=given.seconds / 2))
            run_once(runs, twin, given.provider, given.vad, given.calls, given.seconds)
    report(runs, floors)


if __name__ == "__main__":
    main()

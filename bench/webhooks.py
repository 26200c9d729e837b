"""What a webhook costs at the gateway: Twilio's, signed, decided and saved, against the bare framework beneath it.

Run as `python -m bench.webhooks [--seconds 20] [--repeats 3] [--json FILE]`. Every call is two webhooks: it arrives and
is answered with a document that holds a fresh credential; a second later it is over. Both are on disk before their
answer. The bare server checks an HMAC over the body and answers a constant. The server has core 0, the load core 1.
"""

import argparse
import asyncio
import json
from base64 import b64encode
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from functools import partial
from hmac import digest
from pathlib import Path
from time import perf_counter
from typing import cast
from urllib.parse import urlencode, urlsplit

import uvloop

from bench.echoes.message import SIGNATURE_HEADER, sign
from bench.floors import AIOHTTP_FLOOR
from bench.gateway import gateway
from bench.measure import LOAD_CORE, STALL, IdleTwin, cpu_seconds, idle_twin, percentile, pin, serving
from bench.servers import machine

RATE = 50
"""Webhooks a second, in the paced part."""
_LINES = 16
_WARM_UP = 2.0
_ACCOUNT = "AC" + "0" * 32
_TOKEN = "bench"  # noqa: S105 - of an account that exists nowhere
TWILIO = f"""
twilio.account_sid = "{_ACCOUNT}"
twilio.auth_token = "{_TOKEN}"
twilio.api_base_url = "http://127.0.0.1:9"
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """One run. Milliseconds, and webhooks a second when each line posts as soon as it is answered."""

    p50_ms: float
    p99_ms: float
    cpu_us: float
    """Server CPU for one webhook of the paced part, microseconds."""
    per_second: float


Make = Callable[[int], bytes]
"""Makes the request number so and so, from 0."""


class _Line(asyncio.Protocol):
    """One keep-alive connection: one request at a time."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._read = b""

    async def post(self, request: bytes) -> None:
        """Post, and return when the whole answer has come."""
        self._answered = asyncio.get_running_loop().create_future()
        self._read = b""
        self.transport.write(request)
        await self._answered

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, found, body = self._read.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or 0) if found else 0
        if not found or len(body) < length:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._answered.set_exception(RuntimeError(f"a webhook was answered {head.splitlines()[0].decode()}"))
        else:
            self._answered.set_result(None)


def bare_requests(_: int) -> bytes:
    """Return the bare server's webhook: as long a form as Twilio's."""
    body = b"Body=".ljust(500, b"x")
    return _request("/webhook", body, SIGNATURE_HEADER, sign(body))


def twilio_requests(webhook_url: str, first: int, number: int) -> bytes:
    """Return Twilio's webhook number so and so: an arrival, and `RATE` later its end."""
    arrival = number % (2 * RATE) < RATE
    call = first + (number if arrival else number - RATE)
    form = {
        "CallSid": f"CA{call:032x}",
        "AccountSid": _ACCOUNT,
        "From": f"+1555010{call % 10000:04d}",
        "To": "+15550000000",
        "CallStatus": "ringing" if arrival else "completed",
        "ApiVersion": "2010-04-01",
        "Direction": "inbound",
        "CallerName": "",
        "FromCity": "San José",
        "ToCountry": "US",
        "StirVerstat": "TN-Validation-Passed-A",
        "CallToken": "x" * 160,
    }
    signed = webhook_url + "".join(name + value for name, value in sorted(form.items()))
    signature = b64encode(digest(_TOKEN.encode(), signed.encode(), "sha1")).decode()
    return _request(urlsplit(webhook_url).path, urlencode(form).encode(), "X-Twilio-Signature", signature)


def _request(path: str, body: bytes, name: str, signature: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{name}: {signature}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


async def load(pid: int, port: int, paced: Make, rushed: Make, seconds: float) -> Cost:
    """Post at an even pace for `seconds`, then as fast as it is answered for half as long."""
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        lines = []
        for _ in range(_LINES):
            transport, line = await loop.create_connection(_Line, "127.0.0.1", port)
            stack.callback(transport.abort)
            lines.append(line)
        await _pace(lines, paced, round(_WARM_UP * RATE))
        used = cpu_seconds(pid)
        waits = await _pace(lines, lambda number: paced(number + round(_WARM_UP * RATE)), round(seconds * RATE))
        used = cpu_seconds(pid) - used
        answered = await _rush(lines, rushed, seconds / 2)
        return Cost(
            p50_ms=percentile(waits, 0.5) * 1000,
            p99_ms=percentile(waits, 0.99) * 1000,
            cpu_us=used / len(waits) * 1e6,
            per_second=answered / (seconds / 2),
        )


async def _pace(lines: list[_Line], make: Make, count: int) -> list[float]:
    """Return how long each webhook waited, from when it was due."""
    waits: list[float] = []
    idle: asyncio.Queue[_Line] = asyncio.Queue()
    for line in lines:
        idle.put_nowait(line)

    async def post(request: bytes, due: float) -> None:
        line = await idle.get()
        await line.post(request)
        waits.append(perf_counter() - due)
        idle.put_nowait(line)

    begin = perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(count):
            due = begin + number / RATE
            request = make(number)
            await asyncio.sleep(max(0.0, due - perf_counter()))
            tasks.create_task(post(request, max(due, perf_counter())))
    return waits


async def _rush(lines: list[_Line], make: Make, seconds: float) -> int:
    """Return how many webhooks were answered."""
    end, count = perf_counter() + seconds, 0

    async def post(line: _Line) -> None:
        nonlocal count
        while perf_counter() < end:
            count += 1
            await line.post(make(count))

    async with asyncio.TaskGroup() as tasks:
        for line in lines:
            tasks.create_task(post(line))
    return count


def run_bare(seconds: float) -> Cost:
    """Measure the bare framework."""
    with serving(AIOHTTP_FLOOR) as server:
        return uvloop.run(load(server.pid, server.port, bare_requests, bare_requests, seconds))


def run_gateway(seconds: float) -> Cost:
    """Measure a fresh gateway."""
    with gateway("off", TWILIO) as up:
        url = f"{up.public_url}/twilio"
        paced, rushed = (partial(twilio_requests, url, first) for first in (1, 1 << 32))
        return uvloop.run(load(up.pid, urlsplit(url).port or 80, paced, rushed, seconds))


def measure(seconds: float, repeats: int, twin: IdleTwin) -> dict[str, list[Cost]]:
    """Run both in turns; runs that a stall of the host spoiled are left out."""
    runs: dict[str, list[Cost]] = {"bare": [], "gateway": []}
    for _ in range(repeats):
        for name, run in (("bare", run_bare), ("gateway", run_gateway)):
            twin.worst_lag()
            cost = run(seconds)
            if twin.worst_lag() <= STALL:
                runs[name].append(cost)
    return runs


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    pin(LOAD_CORE)
    with idle_twin() as twin:
        runs = measure(arguments.seconds, arguments.repeats, twin)
    print(f"{'server':<10}{'p50 ms':>8}{'p99 ms':>8}{'us each':>9}{'webhooks/s':>12}{'runs':>6}")
    for name, costs in runs.items():
        for cost in sorted(costs, key=lambda cost: cost.p99_ms)[:1]:
            most = max(one.per_second for one in costs)
            print(f"{name:<10}{cost.p50_ms:>8.2f}{cost.p99_ms:>8.2f}{cost.cpu_us:>9.0f}{most:>12.0f}{len(costs):>6}")
    print(f"\n{machine()}")
    if arguments.json:
        arguments.json.write_text(json.dumps({name: [asdict(cost) for cost in costs] for name, costs in runs.items()}))


if __name__ == "__main__":
    main()

"""The whole chain, proven from outside: a webhook and a media stream go through the public URL to the daemon."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping

from voicecall.carriers import Carrier
from voicecall.carriers.accounts import HasSample
from voicecall.client import AsyncClient
from voicecall.config.address import elsewhere, of
from voicecall.config.load import Loaded
from voicecall.config.model import Config
from voicecall.core.results import Probed
from voicecall.entrypoints.urls import origin
from voicecall.errors import NetworkError, VoicecallError
from voicecall.gateway.probes import HEADER
from voicecall.net.http import Http
from voicecall.net.sockets import connect

from . import Check, fail, ok, warn
from .arrival import Expected, Opened, stream, webhook
from .asking import PATIENCE, Answer, ask

_FRAMES = 30
_ENOUGH = 10
"""Messages that must come back in time."""
_SPACING = 0.02
_MESSAGE = "." * 250
"""As long as a message with 20 ms of sound."""


async def prove(
    loaded: Loaded,
    carriers: Mapping[str, Carrier],
    http: Http,
    clock: Callable[[], float],
    *,
    frames: int = _FRAMES,
    patience: float = PATIENCE,
) -> list[Check]:
    """Return what probes through the public URL show, for every carrier. `clock` gives Unix seconds.

    A daemon must be running. A media stream is given so many `frames` to send back within `patience` seconds.
    """
    config = loaded.config
    if not carriers:
        return [ok("public-url", "not tried: no carrier is configured that would come from outside")]
    url, token = elsewhere() or of(loaded)
    try:
        async with AsyncClient(url, token, timeout=PATIENCE) as client:
            checks: list[Check] = []
            for name, carrier in carriers.items():
                checks += await _webhook(config, client, http, carrier, clock, bare=name == config.provider)
            if config.streaming.enabled:
                checks += await _streams(config, client, carriers, frames, patience)
            return checks
    except VoicecallError as error:
        return [fail("daemon", f"it cannot be asked what arrived: {error}", "restart it with this version")]


async def _probe(client: AsyncClient, nonce: str) -> Probed:
    probed: Probed = await client.probe(nonce=nonce)
    return probed


async def _webhook(
    config: Config, client: AsyncClient, http: Http, carrier: Carrier, clock: Callable[[], float], *, bare: bool
) -> list[Check]:
    if not isinstance(carrier, HasSample):
        return []
    nonce = secrets.token_hex(16)
    before = await _probe(client, nonce)
    suffix = "" if bare else f"/{carrier.name}"
    base = before.public_url + suffix
    sample = carrier.sample(f"{base}?probe={nonce}", nonce, clock())
    headers = {**sample.request.headers, HEADER: nonce}
    answer: Answer = await ask(http, "POST", sample.request.url, headers, sample.request.body)
    after = await _probe(client, nonce)
    expected = Expected(
        public_url=base,
        path=config.serve.path + suffix,
        serve_path=config.serve.path,
        own=origin(config.serve.bind, config.serve.port),
        query=f"probe={nonce}",
        body=sample.request.body,
        signed=sample.signed,
    )
    checks = webhook(expected, nonce, answer, after.arrivals)
    if config.public_url is not None and before.public_url != config.public_url:
        told = f"the daemon runs with public_url {before.public_url}, and the configuration has {config.public_url}"
        checks.append(warn("daemon", told, "restart the daemon"))
    return checks


async def _streams(
    config: Config, client: AsyncClient, carriers: Mapping[str, Carrier], frames: int, patience: float
) -> list[Check]:
    """Open a media stream as each kind of carrier does: with its credential in its first message, or in its path."""
    ways = {not carrier.capabilities.credential_in_start for carrier in carriers.values()}
    return [await _stream(config, client, frames, patience, in_path=in_path) for in_path in sorted(ways)]


async def _stream(config: Config, client: AsyncClient, frames: int, patience: float, *, in_path: bool) -> Check:
    nonce = secrets.token_hex(16)
    before = await _probe(client, nonce)
    url = f"{before.stream_url}/{before.credential}" if in_path else before.stream_url
    opened = await _opened(url, nonce, None if in_path else before.credential, frames, patience)
    after = await _probe(client, nonce)
    expected = Expected(
        public_url=before.public_url,
        path=config.stream_path,
        serve_path=config.serve.path,
        own=origin(config.serve.bind, config.serve.port),
        query="",
    )
    return stream(expected, before.stream_url, opened, after.arrivals, credential=before.credential if in_path else "")


async def _opened(url: str, nonce: str, first: str | None, frames: int, patience: float) -> Opened:
    """Open a media stream, send messages at the pace of a call, and wait for each to come back."""
    times: list[float] = []
    clock = asyncio.get_running_loop().time
    try:
        async with connect(url, {HEADER: nonce}, timeout=PATIENCE) as socket, asyncio.timeout(patience):
            if first is not None:
                await socket.send(first)
            while len(times) < frames:
                sent = clock()
                await socket.send(_MESSAGE)
                await socket.recv()
                times.append(clock() - sent)
                await asyncio.sleep(max(0.0, _SPACING - times[-1]))
    except NetworkError as error:
        return Opened(str(error), error.code or "", tuple(times), frames)
    except TimeoutError:
        pass
    return Opened("", "", tuple(times), len(times) + (len(times) < min(_ENOUGH, frames)))

"""The check of the model that hears and speaks: it is connected to, and given the settings of a call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from voicecall.app.engines import realtime_options
from voicecall.config.model import Config
from voicecall.errors import ConfigError, NetworkError, ProviderError, RealtimeError
from voicecall.net.sockets import Socket, connect
from voicecall.plugins import find
from voicecall.realtime import Brief, RealtimeOptions, gemini_wire, openai_wire

from . import Check, fail, ok, warn
from .asking import PATIENCE


@dataclass(frozen=True, slots=True)
class _Door:
    """How one vendor is asked."""

    url: str
    headers: Mapping[str, str]
    opening: str
    """The settings of a call."""
    confirmed: Callable[[dict[str, Any]], bool]
    """Whether a message says that they were taken."""
    refused: Callable[[dict[str, Any]], str] = lambda _: ""
    """Why a message says that they were not, in one word; empty where it does not."""
    judged: Callable[[ProviderError], ProviderError] = lambda error: error
    """What the end of the connection means."""


def _openai(options: RealtimeOptions) -> _Door:
    def refused(event: dict[str, Any]) -> str:
        error = openai_wire.member(event, "error")
        return (openai_wire.word(error, "code", "type") or "error") if event.get("type") == "error" else ""

    return _Door(
        openai_wire.address(options),
        {"Authorization": f"Bearer {options.api_key}"},
        openai_wire.configuration(options, Brief("doctor", "", tuple), ()),
        lambda event: event.get("type") == "session.updated",
        refused,
    )


def _gemini(options: RealtimeOptions) -> _Door:
    return _Door(
        gemini_wire.address(options),
        {"x-goog-api-key": options.api_key},
        gemini_wire.setup(options, "", ()),
        lambda event: "setupComplete" in event,
        judged=gemini_wire.judged,
    )


_DOORS: Mapping[str, Callable[[RealtimeOptions], _Door]] = {"openai": _openai, "gemini": _gemini}
_KEY = ("401", "403", "3000", "invalid_api_key")
_MODEL = ("404", "model_not_found")
_SETTINGS = ("1007",)
_BUSY = ("429", "rate_limit_exceeded", "insufficient_quota")


async def realtime(config: Config) -> Check:
    """See whether the model that hears and speaks in calls can be had."""
    name = config.realtime.provider
    if not config.realtime.enabled:
        return ok("realtime", "not used: a call has somebody who hears, somebody who answers and somebody who speaks")
    options = realtime_options(config.realtime)
    try:
        find("realtime", name)(options)
    except ConfigError as error:
        return fail("realtime", error.faults[0].message, f"see {error.faults[0].key}")
    except RealtimeError as error:
        return fail("realtime", str(error), f"see realtime.{name}")
    if name == "scripted":
        return ok("realtime", "scripted, on this machine")
    if name not in _DOORS:
        return ok("realtime", f"{name}, of another package; not tried")
    if not options.api_key:
        return fail("realtime", f"{name} has no API key", f"set {name.upper()}_API_KEY, or realtime.{name}.api_key")
    return _judged(name, await _knock(_DOORS[name](options)), options.api_key)


async def _knock(door: _Door) -> ProviderError | str | None:
    """Return why there is no session: a failure, or the vendor's word; None where there is one."""
    try:
        async with asyncio.timeout(PATIENCE), connect(door.url, door.headers, timeout=PATIENCE) as socket:
            await socket.send(door.opening)
            return await _answer(door, socket)
    except TimeoutError:
        return NetworkError(f"the session was not confirmed within {PATIENCE:g} s")
    except NetworkError as error:
        return door.judged(error)


async def _answer(door: _Door, socket: Socket) -> str | None:
    while True:
        try:
            event = msgspec.json.decode(await socket.recv())
        except msgspec.DecodeError:
            continue
        if isinstance(event, dict):
            if why := door.refused(event):
                return why
            if door.confirmed(event):
                return None


def _judged(name: str, why: ProviderError | str | None, key: str) -> Check:
    if why is None:
        return ok("realtime", f"{name} takes the key, the model and the settings")
    code = (why.code or "") if isinstance(why, ProviderError) else why
    told = f" ({code})" if code else ""
    if code in _KEY:
        return fail(
            "realtime", f"{name} refuses the key{told}", f"make a new key at {name}, and set realtime.{name}.api_key"
        )
    if code in _MODEL:
        return fail(
            "realtime", f"{name} does not have the model{told}", f"write one that it has in realtime.{name}.model"
        )
    if code in _BUSY:
        return warn("realtime", f"{name} was asked too often, or credit is spent{told}", "see the account")
    if isinstance(why, ProviderError) and code not in _SETTINGS:
        told = str(why).replace(key, "***")
        return fail("realtime", f"{name}: {told}", "see that this machine reaches it: DNS, firewall, HTTPS_PROXY")
    return fail(
        "realtime", f"{name} refuses the settings{told}", f"see realtime.{name}.model, voice and turn_detection"
    )

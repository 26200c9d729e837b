"""The carriers' settings of our numbers: shown, pointed at the gateway, and put back as they were."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from voicecall.carriers import RestResponse
from voicecall.carriers.numbers import HasNumbers, NumberCodec, NumberSettings, Talk
from voicecall.config.model import Config
from voicecall.config.state import StateDir
from voicecall.core.ids import is_e164
from voicecall.errors import BadParameters, CarrierError
from voicecall.net.http import Http

from .carriers import rest_carrier

T = TypeVar("T")
_PATIENCE = 10.0
"""Seconds that one answer of a carrier may take."""
_KEPT = "numbers"
_URL = "tunnel_url"
"""In what is kept of a number: where it was pointed, if that was the URL of our tunnel."""
_HOMELY = (".local", ".localhost", ".internal", ".lan", ".home.arpa", ".test", ".invalid")


@dataclass(frozen=True, slots=True)
class Change:
    """What the settings of a number were, and what they are now."""

    before: NumberSettings
    after: NumberSettings

    @property
    def changed(self) -> bool:
        """Whether anything is different."""
        return self.before != self.after


class Numbers:
    """Asks the configured carriers about numbers (E.164), and changes what they do with their calls.

    What was there before is kept in the state directory until it is put back, and with it where the number was pointed.
    All that ask a carrier raise:

        BadParameters: the number, the carrier or the URL is not one.
        ConfigError: the carrier's credentials are missing.
        CarrierError: the carrier refused or failed, or has no such number (code `unknown-number`).
        StateError: what was there cannot be kept, or read.
    """

    def __init__(self, config: Config, state: StateDir, http: Http) -> None:
        self._config = config
        self._state = state
        self._http = http

    async def owned(self, carrier: str) -> tuple[str, ...]:
        """Return the numbers of the account (E.164), at most as many as the carrier tells at once."""
        return await self._hold(self._numbers(carrier).owned())

    async def show(self, carrier: str, number: str) -> NumberSettings:
        """Return the settings of a number."""
        return await self._hold(self._codec(carrier, number).read(number))

    async def point(self, carrier: str, number: str, webhook_url: str, *, force: bool = False) -> Change:
        """Have calls to a number announced at `webhook_url`; nothing is written where they are already.

        A URL that the carrier cannot reach is refused, unless `force`.
        """
        if (why := unreachable(webhook_url)) and not force:
            raise BadParameters(f"{webhook_url} is no URL for a carrier: {why}")
        codec = self._codec(carrier, number)
        before = await self._hold(codec.read(number))
        wanted = codec.pointed(before, webhook_url)
        tunnel_url = webhook_url if self._is_tunnels(carrier, webhook_url) else None
        if wanted == before.raw:
            if self._pointed(carrier, number) not in (None, tunnel_url):
                self._keep(carrier, number, self._original(carrier, before), wanted, tunnel_url)
            return Change(before, before)
        was = self._original(carrier, before)
        self._keep(carrier, number, was, wanted, self._pointed(carrier, number))
        await self._hold(codec.write(before, wanted))
        after = await self._hold(codec.read(number))
        self._keep(carrier, number, was, after.raw, tunnel_url)
        if codec.pointed(after, webhook_url) != after.raw:
            raise CarrierError(f"{carrier} took the change, and still shows other settings", certain=False)
        return Change(before, after)

    def left_behind(self, url: str) -> tuple[tuple[str, str], ...]:
        """Return the numbers, each with its carrier, that were pointed at another URL of the tunnel than `url`.

        Raises:
            StateError: what is kept cannot be read.
        """
        found = (_named(key) for key, entry in self._state.kept(_KEPT).items() if _is_behind(key, entry, url))
        return tuple(found)

    async def follow(self, carrier: str, number: str, url: str) -> Change:
        """Point a number, which was pointed at a URL of the tunnel, at `url`, that of now.

        It is refused where somebody changed the settings since.
        """
        before = await self.show(carrier, number)
        pointed = self._pointed(carrier, number) or ""
        target = url + _suffix(carrier, pointed)
        if not pointed or not (before.leads_to(pointed) or before.leads_to(target)):
            raise BadParameters("somebody changed the number's settings since")
        return await self.point(carrier, number, target)

    async def undo(self, carrier: str, number: str, *, force: bool = False) -> Change:
        """Put back what was there before `point`; nothing happens where nothing was kept.

        Settings that somebody else changed since are left alone, unless `force`.
        """
        codec = self._codec(carrier, number)
        before = await self._hold(codec.read(number))
        kept = self._state.kept(_KEPT)
        entry = kept.pop(_key(carrier, number), None)
        if entry is None:
            return Change(before, before)
        if not force and not _is_ours(entry, before.raw):
            raise BadParameters("somebody changed the number's settings since; --force puts them back all the same")
        wanted = {name: entry["was"].get(name, value) for name, value in before.raw.items()}
        after = before
        if wanted != before.raw:
            await self._hold(codec.write(before, wanted))
            after = await self._hold(codec.read(number))
        self._state.keep(_KEPT, kept)
        return Change(before, after)

    def _codec(self, carrier: str, number: str) -> NumberCodec:
        if not is_e164(number):
            raise BadParameters("the number is not one in E.164 (plus sign, country code, number)")
        return self._numbers(carrier)

    def _numbers(self, carrier: str) -> NumberCodec:
        found = rest_carrier(self._config, carrier)
        if not isinstance(found, HasNumbers):
            raise BadParameters(f"the numbers of {carrier} cannot be set up from here")
        return found.numbers()

    def _original(self, carrier: str, before: NumberSettings) -> Mapping[str, str]:
        """Return what is to be put back: what was there before our own last change, or else what is there."""
        entry = self._state.kept(_KEPT).get(_key(carrier, before.number))
        if entry is None or not _is_ours(entry, before.raw):
            return before.raw
        was: Mapping[str, str] = entry["was"]
        return was

    def _keep(
        self, carrier: str, number: str, was: Mapping[str, str], now: Mapping[str, str], tunnel_url: str | None
    ) -> None:
        entry = {"was": dict(was), "is": dict(now)} | ({_URL: tunnel_url} if tunnel_url else {})
        self._state.keep(_KEPT, {**self._state.kept(_KEPT), _key(carrier, number): entry})

    def _pointed(self, carrier: str, number: str) -> str | None:
        """Return at which URL of the tunnel a number was pointed, if it was."""
        pointed = self._state.kept(_KEPT).get(_key(carrier, number), {}).get(_URL)
        return pointed if isinstance(pointed, str) else None

    def _is_tunnels(self, carrier: str, url: str) -> bool:
        """Say whether a URL is the running daemon's, and its tunnel's."""
        if self._config.tunnel.provider == "none" or self._config.public_url is not None:
            return False
        return url.removesuffix(_suffix(carrier, url)) == self._state.announced_public_url()

    async def _hold(self, talk: Talk[T]) -> T:
        response: RestResponse | None = None
        while True:
            try:
                request = next(talk) if response is None else talk.send(response)
            except StopIteration as done:
                result: T = done.value
                return result
            status, body = await self._http.send(
                request.method,
                request.url,
                request.headers,
                request.body,
                timeout=_PATIENCE,
                repeatable=request.repeatable,
            )
            response = RestResponse(status, body)


def unreachable(url: str) -> str:
    """Say why a carrier cannot send calls to a URL, as far as the URL shows; nothing where it can."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "it is malformed"
    if parts.scheme != "https":
        return "it must begin with https://"
    try:
        if ipaddress.ip_address(host).is_global:
            return ""
        return "its address is not one of the public internet"
    except ValueError:
        pass
    if "." not in host.strip(".") or host.endswith(_HOMELY):
        return "its host is not known on the public internet"
    return ""


def _key(carrier: str, number: str) -> str:
    return f"{carrier} {number}"


def _named(key: str) -> tuple[str, str]:
    carrier, _, number = key.partition(" ")
    return carrier, number


def _suffix(carrier: str, url: str) -> str:
    """Return what `url` has behind the path of all carriers' webhooks: the carrier's name, or nothing."""
    return f"/{carrier}" if url.endswith(f"/{carrier}") else ""


def _is_behind(key: str, entry: Mapping[str, Any], url: str) -> bool:
    """Say whether a number was pointed at a URL of the tunnel, and not at this one."""
    pointed = entry.get(_URL)
    return isinstance(pointed, str) and pointed.removesuffix(_suffix(_named(key)[0], pointed)) != url


def _is_ours(entry: Mapping[str, Any], raw: Mapping[str, str]) -> bool:
    """Say whether every setting is as we found it or as we left it."""
    return all(value in (entry["was"].get(name), entry["is"].get(name)) for name, value in raw.items())

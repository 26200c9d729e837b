"""Delivers the webhooks of one call as Plivo does: signed, with its time limits and retries.

Source: Plivo docs `voice/concepts/callback-configurations`, `voice/concepts/signature-validation`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urldefrag, urlencode, urlsplit

from voicecall.emulators.faults import Faults
from voicecall.emulators.internet import Answer, Internet

from .account import Owner, uuid
from .signing import Parameters, signature_headers

LONGEST_HOLD = 2.0
"""Seconds that a callback is held back for the next one to overtake it."""
_REASONS = frozenset({"ct", "rt", "4xx", "5xx"})


class Undelivered(Exception):
    """A webhook was not answered with success."""


class InvalidUrl(Undelivered):
    """There is nowhere to send it."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """How a webhook is delivered, from the fragment of its URL. Times in seconds."""

    connect: float = 2.0
    """Known, but nobody here is slow to connect."""
    read: float = 40.0
    total: float = 55.0
    retries: int = 1
    retried: frozenset[str] = frozenset({"ct", "rt"})
    """`ct` unreachable, `rt` late, `4xx`, `5xx`."""


def overrides(fragment: str) -> Overrides:
    """Return what the fragment asks for; what is out of range counts as not given."""
    given = dict(parse_qsl(fragment))
    retried = frozenset(given.get("rp", "ct,rt").split(","))
    return Overrides(
        connect=_number(given, "ct", 100, 10_000, 2000) / 1000,
        read=_number(given, "rt", 100, 40_000, 40_000) / 1000,
        total=_number(given, "tt", 100, 55_000, 55_000) / 1000,
        retries=_number(given, "rc", 0, 5, 1),
        retried=_REASONS if "all" in retried else retried,
    )


def _number(given: dict[str, str], name: str, least: int, most: int, default: int) -> int:
    text = given.get(name, "")
    return int(text) if text.isdecimal() and least <= int(text) <= most else default


class Delivery:
    """Posts the webhooks of one call."""

    def __init__(
        self,
        owner: Owner,
        internet: Internet,
        call_uuid: str,
        faults: Faults,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        """`spawn` owns duplicates, which nobody waits for."""
        self._owner = owner
        self._internet = internet
        self._call_uuid = call_uuid
        self._faults = faults
        self._spawn = spawn
        self._nonces = 0
        self._callbacks = [asyncio.Event()]
        """Set once answered; the last one belongs to the callback that comes next."""

    def headers(self, method: str, url: str, form: Parameters = ()) -> dict[str, str]:
        """Return the signature of a request, with a nonce that no other request has."""
        self._nonces += 1
        nonce = str(int(uuid(f"{self._call_uuid}/{self._nonces}").replace("-", "")[:16], 16))
        return signature_headers(self._owner, method, url, form, nonce)

    def reserve(self) -> int:
        """Return the place of the next callback; its request may be held back for the one after it."""
        self._callbacks.append(asyncio.Event())
        return len(self._callbacks) - 2

    async def callback(self, kind: str, place: int, method: str, url: str, form: Parameters) -> None:
        """Deliver a callback, whose answer does not matter.

        Raises:
            Undelivered: the gateway did not answer with success.
        """
        if self._faults.webhook_reorder and place % 2 == 0:
            try:
                async with asyncio.timeout(LONGEST_HOLD):
                    await self._callbacks[place + 1].wait()
            except TimeoutError:
                pass
        try:
            await self.send(kind, method, url, form)
        finally:
            self._callbacks[place].set()

    async def send(
        self, kind: str, method: str, url: str, form: Parameters, *, patience: float = float("inf")
    ) -> Answer:
        """Deliver a webhook and return the successful answer, waiting for it no longer than `patience` seconds.

        `kind` is its name in fault plans. A stream's callbacks know no overrides.

        Raises:
            InvalidUrl: the URL is none.
            Undelivered: there was no such answer.
        """
        faults = self._faults
        try:
            address, fragment = urldefrag(url)
            parts = urlsplit(address)
            absolute = parts.scheme in ("http", "https") and parts.hostname is not None
        except ValueError:
            absolute, address, fragment = False, "", ""
        if not absolute:
            raise InvalidUrl(f"{kind}: not an absolute URL")
        rules = Overrides() if kind == "stream" else overrides(fragment)
        if delay := faults.webhook_delay.get(kind):
            await asyncio.sleep(delay)
        if kind in faults.webhook_lose:
            await asyncio.sleep(min(rules.total, patience))
            raise Undelivered(f"{kind}: nobody answered")
        answer = await self._patiently(kind, method, address, form, rules, patience)
        if kind in faults.webhook_duplicate:
            self._spawn(self._again(kind, method, address, form, rules, patience))
        return answer

    async def _again(
        self, kind: str, method: str, url: str, form: Parameters, rules: Overrides, patience: float
    ) -> None:
        try:
            await self._patiently(kind, method, url, form, rules, patience)
        except Undelivered:
            return

    async def _patiently(
        self, kind: str, method: str, url: str, form: Parameters, rules: Overrides, patience: float
    ) -> Answer:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + rules.total
        for attempt in range(rules.retries + 1):
            try:
                async with asyncio.timeout_at(min(deadline, loop.time() + min(rules.read, patience))):
                    answer = await self._request(method, url, form)
            except TimeoutError:
                trouble = "rt"
            except OSError:
                trouble = "ct"
            else:
                if 200 <= answer.status < 300:
                    return answer
                trouble = f"{answer.status // 100}xx"
            if trouble not in rules.retried or attempt == rules.retries or loop.time() >= deadline:
                raise Undelivered(f"{kind}: {trouble}")
        raise AssertionError("the last attempt returns or raises")

    async def _request(self, method: str, url: str, form: Parameters) -> Answer:
        body = b""
        headers = {"User-Agent": "Plivo", "Accept": "*/*"}
        if method == "POST":
            body = urlencode(form).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif form:
            url += ("&" if "?" in url else "?") + urlencode(form)
        headers |= self.headers(method, url, form if method == "POST" else ())
        return await self._internet.fetch(method, url, headers, body)

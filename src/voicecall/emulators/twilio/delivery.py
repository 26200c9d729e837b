"""Delivers the webhooks of one call as Twilio does: signed, with its time limits, retries and redirects.

Source: Twilio docs `usage/webhooks/webhooks-security`, `usage/webhooks/webhooks-connection-overrides`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urldefrag, urlencode, urljoin, urlsplit

from voicecall.emulators.faults import Faults
from voicecall.emulators.internet import Answer, Internet

from .account import Account, sid
from .signing import signature_headers

LONGEST_HOLD = 2.0
"""Seconds that a status callback is held back for the next one to overtake it."""
MOST_REDIRECTS = 5
UNREACHABLE = 11205
FAILED = 11200
INVALID_URL = 11100


class Undelivered(Exception):
    """A webhook was not answered with success; `code` is Twilio's error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Overrides:
    """How a webhook is delivered, from the fragment of its URL. Times in seconds."""

    read: float = 15.0
    total: float = 15.0
    retries: int = 1
    retried: frozenset[str] = frozenset({"ct"})
    """`ct` unreachable, `rt` late, `4xx`, `5xx`."""


def overrides(fragment: str) -> Overrides:
    """Return what the fragment asks for; what is out of range counts as not given."""
    given = dict(parse_qsl(fragment))
    retried = frozenset(given.get("rp", "ct").split(","))
    return Overrides(
        read=_number(given, "rt", 100, 15_000, 15_000) / 1000,
        total=_number(given, "tt", 100, 15_000, 15_000) / 1000,
        retries=_number(given, "rc", 0, 5, 1),
        retried=frozenset({"ct", "rt", "4xx", "5xx"}) if "all" in retried else retried,
    )


def _number(given: dict[str, str], name: str, least: int, most: int, default: int) -> int:
    text = given.get(name, "")
    return int(text) if text.isdecimal() and least <= int(text) <= most else default


class Delivery:
    """Posts the webhooks of one call."""

    def __init__(
        self,
        account: Account,
        internet: Internet,
        call_sid: str,
        faults: Faults,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        """`spawn` owns duplicates, which nobody waits for."""
        self._account = account
        self._internet = internet
        self._call_sid = call_sid
        self._faults = faults
        self._spawn = spawn
        self._count = 0
        self._callbacks = [asyncio.Event()]
        """Set once answered; the last one belongs to the status callback that comes next."""

    def reserve(self) -> int:
        """Return the place of the next status callback; its request may be held back for the one after it."""
        self._callbacks.append(asyncio.Event())
        return len(self._callbacks) - 2

    async def callback(self, kind: str, place: int, method: str, url: str, form: Iterable[tuple[str, str]]) -> None:
        """Deliver a status callback, whose answer does not matter.

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

    async def send(self, kind: str, method: str, url: str, form: Iterable[tuple[str, str]]) -> Answer:
        """Deliver a webhook and return the successful answer. `kind` is its name in fault plans.

        Raises:
            Undelivered: there was none.
        """
        faults = self._faults
        try:
            address, fragment = urldefrag(url)
            absolute = urlsplit(address).scheme in ("http", "https")
        except ValueError:
            absolute, address, fragment = False, "", ""
        if not absolute:
            raise Undelivered(INVALID_URL, f"{kind}: not an absolute URL")
        rules = overrides(fragment)
        if delay := faults.webhook_delay.get(kind):
            await asyncio.sleep(delay)
        if kind in faults.webhook_lose:
            await asyncio.sleep(rules.total)
            raise Undelivered(FAILED, f"{kind}: nobody answered")
        self._count += 1
        token = sid("", f"{self._call_sid}/{self._count}")
        answer = await self._patiently(kind, method, address, tuple(form), token, rules)
        if kind in faults.webhook_duplicate:
            self._spawn(self._again(kind, method, address, tuple(form), token, rules))
        return answer

    async def _again(
        self, kind: str, method: str, url: str, form: tuple[tuple[str, str], ...], token: str, rules: Overrides
    ) -> None:
        try:
            await self._patiently(kind, method, url, form, token, rules)
        except Undelivered:
            return

    async def _patiently(
        self, kind: str, method: str, url: str, form: tuple[tuple[str, str], ...], token: str, rules: Overrides
    ) -> Answer:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + rules.total
        for attempt in range(rules.retries + 1):
            try:
                async with asyncio.timeout_at(min(deadline, loop.time() + rules.read)):
                    answer = await self._once(method, url, form, token)
            except TimeoutError:
                trouble, code = "rt", FAILED
            except OSError:
                trouble, code = "ct", UNREACHABLE
            else:
                if 200 <= answer.status < 300:
                    return answer
                trouble, code = f"{answer.status // 100}xx", FAILED
            if trouble not in rules.retried or attempt == rules.retries or loop.time() >= deadline:
                raise Undelivered(code, f"{kind}: {trouble}")
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, method: str, url: str, form: tuple[tuple[str, str], ...], token: str) -> Answer:
        answer = await self._request(method, url, form, token)
        for _ in range(MOST_REDIRECTS):
            if not 300 <= answer.status < 400 or "location" not in answer.headers:
                return answer
            try:
                url = urljoin(url, answer.headers["location"])
            except ValueError:
                return answer
            answer = await self._request("GET", url, (), token)
        return answer

    async def _request(self, method: str, url: str, form: tuple[tuple[str, str], ...], token: str) -> Answer:
        headers = {"I-Twilio-Idempotency-Token": token, "User-Agent": "TwilioProxy/1.1", "Accept": "*/*"}
        body = b""
        signed: tuple[tuple[str, str], ...] = ()
        if method == "POST":
            body, signed = urlencode(form).encode(), form
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        elif form:
            url += ("&" if "?" in url else "?") + urlencode(form)
        headers |= signature_headers(self._account.auth_token, self._account.shared_key, url, signed)
        return await self._internet.fetch(method, url, headers, body)

"""Delivers the webhooks of one call as Telnyx does: signed, in no promised order, with its time limit and retries.

Source: Telnyx docs `docs/voice/programmable-voice/receiving-webhooks`. How often and how soon a webhook is tried again
is not published; redirects count as failures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from voicecall.emulators.faults import Faults
from voicecall.emulators.internet import Internet

from .account import Account, identity
from .signing import SigningKey

LONGEST_HOLD = 2.0
"""Seconds that a webhook is held back for the next one to overtake it."""
PAUSES = (0.5, 1.0)
"""Seconds before each further attempt at a URL."""


def iso(seconds: float) -> str:
    """Return Unix seconds as Telnyx writes times."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Delivery:
    """Posts the webhooks of one call."""

    def __init__(
        self,
        account: Account,
        internet: Internet,
        call: str,
        url: str,
        *,
        faults: Faults,
        now: Callable[[], float],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        failed: Callable[[str], None],
    ) -> None:
        """`now` returns Unix seconds; `spawn` owns the deliveries; `failed` learns of webhooks that were given up."""
        self._account = account
        self._key = SigningKey(account.seed)
        self._internet = internet
        self._call = call
        self._urls = tuple(target for target in (url, account.failover_url) if target)
        self._faults = faults
        self._now = now
        self._spawn = spawn
        self._failed = failed
        self._delivered = [asyncio.Event()]
        """Set once answered; the last one belongs to the webhook that comes next."""

    def send(self, kind: str, payload: Mapping[str, object]) -> None:
        """Deliver an event soon. `kind` is its type, and its name in fault plans."""
        self._delivered.append(asyncio.Event())
        number = len(self._delivered) - 2
        event = {
            "record_type": "event",
            "event_type": kind,
            "id": identity(f"event/{self._call}/{number}"),
            "occurred_at": iso(self._now()),
            "payload": payload,
        }
        self._spawn(self._deliver(kind, number, event))

    async def _deliver(self, kind: str, number: int, event: Mapping[str, object]) -> None:
        faults = self._faults
        if kind in faults.webhook_lose:
            return
        if delay := faults.webhook_delay.get(kind):
            await asyncio.sleep(delay)
        if faults.webhook_reorder and number % 2 == 0:
            try:
                async with asyncio.timeout(LONGEST_HOLD):
                    await self._delivered[number + 1].wait()
            except TimeoutError:
                pass
        await self._patiently(kind, event)
        self._delivered[number].set()
        if kind in faults.webhook_duplicate:
            await self._patiently(kind, event)

    async def _patiently(self, kind: str, event: Mapping[str, object]) -> None:
        attempt, outcome = 0, "nowhere to send it"
        for url in self._urls:
            for pause in (*PAUSES, None):
                attempt += 1
                status = await self._once(url, event, attempt)
                if 200 <= status < 300:
                    return
                outcome = str(status) if status else "nobody answered"
                if status and status < 500 and status not in (408, 429):
                    self._failed(f"{kind}: {outcome}")
                    return
                if pause is not None:
                    await asyncio.sleep(pause)
        self._failed(f"{kind}: {outcome}")

    async def _once(self, url: str, event: Mapping[str, object], attempt: int) -> int:
        """Return the status, or 0 where nobody answered in time."""
        body = msgspec.json.encode({"data": event, "meta": {"attempt": attempt, "delivered_to": url}})
        headers = {"Content-Type": "application/json", "User-Agent": "telnyx-webhooks"}
        headers |= self._key.headers(body, self._now())
        try:
            async with asyncio.timeout(self._account.webhook_timeout):
                return (await self._internet.fetch("POST", url, headers, body)).status
        except OSError:  # a time-out is one, too
            return 0

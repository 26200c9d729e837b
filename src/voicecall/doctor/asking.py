"""One harmless question to somebody else's service: who answers, and what the time is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from voicecall.errors import NetworkError
from voicecall.net.http import Http

PATIENCE = 5.0
"""Seconds for each question."""
_REFUSED = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered; status 0 when nobody did."""

    status: int
    host: str
    body: bytes = b""
    silence: str = ""
    """Why there is no answer."""
    time: float | None = None
    """Unix seconds, where it said them."""

    @property
    def refused(self) -> bool:
        """Whether it does not believe who we are."""
        return self.status in _REFUSED

    @property
    def good(self) -> bool:
        """Whether it did what was asked."""
        return 200 <= self.status < 300


async def ask(http: Http, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
    """Ask, and return what came of it; no failure is raised."""
    host = urlsplit(url).netloc.rpartition("@")[2]
    try:
        async with http.stream(method, url, headers, body, first=PATIENCE, stall=PATIENCE) as answer:
            told = await answer.whole(16 * 1024)
            return Answer(answer.status, host, told, time=_time(answer.headers.get("date")))
    except NetworkError as error:
        return Answer(0, host, silence=str(error))


def _time(header: str | None) -> float | None:
    try:
        at = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return at.replace(tzinfo=at.tzinfo or UTC).timestamp()


def is_near(url: str | None) -> bool:
    """Say whether a URL leads to this machine."""
    host = urlsplit(url).hostname if url else None
    return host is not None and (host in ("localhost", "::1") or host.startswith("127."))

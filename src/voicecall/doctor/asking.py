"""One harmless question to somebody else's service: who answers, and what the time is there."""

from __future__ import annotations

import re
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
    location: str = ""
    """Where it says that one should go instead."""

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
            time, location = _time(answer.headers.get("date")), answer.headers.get("location", "")
            return Answer(answer.status, host, told, time=time, location=location)
    except NetworkError as error:
        return Answer(0, host, silence=f"{error}{_about_tls(error)}")


def _about_tls(error: NetworkError) -> str:
    """Return what is wrong with a certificate, where it is that."""
    said = re.search(r"certificate verify failed: ([^(]+)", str(error.__cause__))
    return f" (its certificate: {said[1].strip()})" if said else ""


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

"""Probes: requests of our own that come in by the public listener, to show what became of them on the way.

Whoever holds a token that may do everything names a probe, and for a minute the listener takes note of requests that
bear the name; it takes note of nothing else. Nothing of a probe reaches a call, and none is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from voicecall.core.administration import Probe
from voicecall.core.results import Arrival, Probed
from voicecall.errors import BadParameters

HEADER = "x-voicecall-probe"
"""The header that bears the name, in lower case; the query does too, as `probe`."""
LIFETIME = 60.0
_FORM = re.compile(r"[A-Za-z0-9]{16,64}")
_MOST = 8
"""Probes at once; one more, and the oldest is forgotten."""
_MOST_ARRIVALS = 32
_NAMED = re.compile(r"[?&]probe=([A-Za-z0-9]{16,64})")


@dataclass(frozen=True, slots=True)
class Address:
    """Where probes are sent, and with what."""

    public_url: str
    stream_url: str
    credential: Callable[[str, float], str]
    """Mints what a media stream of a probe shows, given its name and when it expires (Unix seconds)."""


class Probes:
    """The probes that are under way."""

    def __init__(self, address: Callable[[], Address], clock: Callable[[], float]) -> None:
        """`clock` gives Unix seconds."""
        self._address = address
        self._clock = clock
        self._known: dict[str, tuple[float, list[Arrival]]] = {}

    def perform(self, operation: Probe) -> Probed:
        """Return what has arrived of a probe; one that is not known yet is taken note of from now on.

        Raises:
            BadParameters: it has no name of the right form.
        """
        name = operation.nonce
        if not _FORM.fullmatch(name):
            raise BadParameters("nonce: 16 to 64 letters and digits")
        self._forget()
        if name not in self._known:
            if len(self._known) >= _MOST:
                del self._known[next(iter(self._known))]
            self._known[name] = (self._clock() + LIFETIME, [])
        expires, arrivals = self._known[name]
        address = self._address()
        return Probed(
            public_url=address.public_url,
            stream_url=address.stream_url,
            credential=address.credential(call_id(name), expires),
            arrivals=list(arrivals),
        )

    def find(self, target: str, headers: Mapping[str, str]) -> str | None:
        """Return the name of the probe that a request is of, if it is of one. Names of headers are in lower case."""
        if not self._known:
            return None
        self._forget()
        in_target = _NAMED.search(target)
        for name in (headers.get(HEADER), in_target[1] if in_target else None):
            if name in self._known:
                return name
        return None

    @property
    def idle(self) -> bool:
        """Whether none is under way."""
        return not self._known

    def note(self, name: str, arrival: Arrival) -> None:
        """Take note of a request of a probe."""
        if name in self._known and len(self._known[name][1]) < _MOST_ARRIVALS:
            self._known[name][1].append(arrival)

    def _forget(self) -> None:
        now = self._clock()
        for name in [name for name, (expires, _) in self._known.items() if expires <= now]:
            del self._known[name]


def call_id(name: str) -> str:
    """Return the call that a probe's credential is for: one that there never is."""
    return f"probe-{name}"


def plain(probed: Probed) -> object:
    """Return the result as JSON values."""
    return msgspec.to_builtins(probed)

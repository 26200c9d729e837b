"""Faults on demand: webhooks late, twice, lost or out of order; dropped sockets; slow reads; REST errors."""

from __future__ import annotations

from typing import Annotated

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fault plan. Times in seconds; webhooks are named by their `type`."""

    webhook_delay: dict[str, Seconds] = {}
    webhook_duplicate: tuple[str, ...] = ()
    webhook_lose: tuple[str, ...] = ()
    webhook_reorder: bool = False
    """Every other webhook of a call is held back until the next one was answered, for at most two seconds."""
    stream_drop_after: Seconds | None = None
    """The socket is cut, without a close frame, so long after the stream started."""
    stream_return_after: Seconds = 0.0
    """How long after the cut the network notices, and reports `stream-ended`."""
    stream_drops: Count = 1
    """How many streams of a call are cut."""
    slow_read: Seconds = 0.0
    """Pause before each message read from the gateway."""
    media_unordered: bool = False
    """Media messages overtake each other, where the carrier promises no order."""
    rest_delay: dict[str, Seconds] = {}
    """Seconds from a deed to its answer, by request, where the carrier's webhooks can overtake the answer."""
    rest_status: dict[str, int] = {}
    """Status by request, such as `POST /calls` or `DELETE /calls/{call}`."""
    rest_times: Count | None = None
    """How many requests fail; without it, all that match."""


class RestFaults:
    """Counts down the REST errors of a plan."""

    def __init__(self, faults: Faults) -> None:
        self._status = faults.rest_status
        self._left = faults.rest_times

    def take(self, route: str) -> int | None:
        """Return the status that this request must fail with, if it must."""
        status = self._status.get(route)
        if status is None or self._left == 0:
            return None
        if self._left is not None:
            self._left -= 1
        return status

"""Events as they come, from where they were left. No sockets, no clocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2

from voicecall.core.sse import Events, TooLong

from .wire import DaemonUnreachable, Request, Wire

_SILENCE = 60.0
"""Seconds without a byte after which a stream counts as lost; the gateway says something every 15."""
_ATTEMPTS = 5
"""How often in a row a lost stream is asked for again; a byte that arrives, be it of a comment, ends the row."""


class Following:
    """A stream of events that outlives its connections.

    A shell sends `request`, feeds what arrives, and when the connection is over pauses as long as `broke` says.
    """

    def __init__(self, wire: Wire, since: int, call_id: str | None) -> None:
        self._wire = wire
        self._since = since
        self._call_id = call_id
        self._failures = 0
        self._events = Events()

    def request(self) -> Request:
        """Return the request for what comes after the last event that was seen."""
        self._events = Events()
        params = {"since": str(self._since)} | ({} if self._call_id is None else {"callId": self._call_id})
        headers = {"accept": "text/event-stream"}
        if self._failures:
            headers["last-event-id"] = str(self._since)
        return Request("GET", "/v1/events", params, headers, timeout=_SILENCE)

    def feed(self, chunk: bytes) -> Iterator[dict[str, Any]]:
        """Yield the events that end in this chunk.

        Raises:
            VoicecallError: they are none of ours.
        """
        if chunk:
            self._failures = 0
        try:
            found = self._events.feed(chunk)
        except TooLong:
            raise self._wire.stranger() from None
        for one in found:
            event = self._wire.value(one.data.encode())
            if not isinstance(event, dict) or not isinstance(event.get("seq"), int):
                raise self._wire.stranger()
            self._since = event["seq"]
            yield event

    def broke(self, error: httpx2.RequestError | None) -> float:
        """Return how many seconds to pause before the stream is asked for again; it ended if there is no `error`.

        Raises:
            DaemonUnreachable: nobody answers, or no longer.
        """
        if self._failures == 0 and isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
            raise DaemonUnreachable(self._wire.url) from None
        self._failures += 1
        if self._failures > _ATTEMPTS:
            raise self._wire.lost() from None
        return min(0.5 * self._failures, 2.0)

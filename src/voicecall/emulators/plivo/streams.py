"""The audio streams of one call: opened by `<Stream>` or by REST, one at a time, reported by status callbacks.

Source: Plivo docs `voice-agents/audio-streaming/xml/stream`, `voice-agents/audio-streaming/api`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import deque
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

from voicecall.emulators.faces import Connect, Dialect, Socket
from voicecall.emulators.internet import Internet
from voicecall.emulators.legs import Leg
from voicecall.emulators.playout import RATE

from .account import Owner, uuid
from .delivery import Delivery
from .elements import Stream
from .media import FORMATS, Opened, PlivoDialect, PlivoSocket
from .readings import Readings
from .signing import handshake_url

EXTRA_ATTEMPTS = 2
"""To open a socket that could not be opened."""
BETWEEN_ATTEMPTS = 0.5
"""Seconds."""
DEGRADED = (0.3, 0.6, 0.9)
"""How full the queue is when a stream is reported as degraded, each once."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

StreamEvent = Literal["StartStream", "StopStream", "DroppedStream", "DegradedStream"]
Report = Callable[[Stream, StreamEvent, str, str], None]
"""Gets the wish, the event, the stream ID, and a reason."""


class Streams:
    """Opens the streams of a call and says how they end."""

    def __init__(
        self,
        leg: Leg,
        owner: Owner,
        internet: Internet,
        readings: Readings,
        delivery: Delivery,
        notify: Callable[[str, str], None],
        report: Report,
    ) -> None:
        """`notify` gets Plivo's warnings."""
        self.id = ""
        """Of the stream that is open or being opened; empty while none is."""
        self._leg = leg
        self._owner = owner
        self._internet = internet
        self._readings = readings
        self._delivery = delivery
        self._notify = notify
        self._report = report
        self.wanted = Stream("")
        """What was asked of the latest stream."""
        self._format = FORMATS["audio/x-mulaw;rate=8000"]
        self._count = itertools.count(1)
        self._open = False
        self._began = 0.0
        self._trouble = "timed_out"
        self._answers: deque[str] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def two_way(self) -> bool:
        """Whether a stream runs on which the gateway speaks."""
        return self._open and self.wanted.bidirectional

    def start(self, wanted: Stream) -> str:
        """Open a stream soon and return its ID; nothing if it cannot be."""
        trouble = self._trouble_with(wanted)
        if trouble:
            self._notify(trouble, "the stream is not opened")
            self._report(wanted, "DroppedStream", "", trouble)
            return ""
        self.wanted, self._trouble = wanted, "timed_out"
        self._format = FORMATS[wanted.content_type or self._readings.content_type]
        self.id = uuid(f"{self._leg.parties.call}/stream/{next(self._count)}")
        self._idle.clear()
        self._leg.obey(Connect(wanted.url))
        return self.id

    async def carry(self, wanted: Stream) -> None:
        """Open a stream and wait until it is over."""
        if self.start(wanted):
            await self._idle.wait()

    def stop(self) -> None:
        """Close the stream, if one is open."""
        self._leg.stop_stream()

    def ended(self, reason: Literal["closed", "lost"]) -> None:
        """The stream that was open, or was to be opened, is over while the call lives."""
        if self._leg.dropped:
            self._notify("slow_reader", "inbound audio was dropped")
        if not self._open:
            self._notify("connection_failed", self._trouble)
            self._finish("DroppedStream", "connection_failed")
        elif reason == "lost":
            self._notify("stream_broken", "the socket broke")
            self._finish("DroppedStream", "connection_lost")
        else:
            self._finish("StopStream", "")

    def call_ended(self) -> None:
        """The call is over, and with it the stream."""
        if self._open:
            self._finish("StopStream", "")
        self._idle.set()

    def _finish(self, event: StreamEvent, reason: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._report(self.wanted, event, self.id, reason)
        self.id, self._open = "", False
        self._idle.set()

    @property
    def duration(self) -> float:
        """Seconds since the stream was opened."""
        return asyncio.get_running_loop().time() - self._began if self._open else 0.0

    # --- what the leg asks for

    async def open(self, url: str) -> Socket:
        """Open the socket, with a signed handshake, in up to three attempts.

        Raises:
            OSError: it cannot be opened.
        """
        signed = handshake_url(url, self._readings.handshake_url)
        for attempt in range(EXTRA_ATTEMPTS + 1):
            try:
                socket = await self._internet.connect(url, self._delivery.headers("GET", signed))
            except OSError as error:
                self._trouble = f"attempt {attempt + 1}: {error}"
                if attempt == EXTRA_ATTEMPTS:
                    raise
                await asyncio.sleep(BETWEEN_ATTEMPTS)
            else:
                self._answers = deque()
                return PlivoSocket(socket, self._answers)
        raise AssertionError("the last attempt returns or raises")

    def dialect(self, now: float, count: int) -> Dialect:
        """Return the messages of the stream whose socket was opened at this time, in Unix seconds.

        A socket that Plivo did not open for the stream at hand gets those of a stream of its own, named by `count`.
        """
        loop = asyncio.get_running_loop()
        stream = self.id
        if self._open or not stream:
            stream = uuid(f"{self._leg.parties.call}/another stream/{count}")
        else:
            self._open, self._began = True, loop.time()
            self._timer = loop.call_later(self.wanted.timeout, self.stop)
            self._report(self.wanted, "StartStream", stream, "")
        opened = Opened(
            account_id=self._owner.auth_id,
            call_uuid=self._leg.parties.call,
            stream_id=stream,
            format=self._format,
            extra_headers=self._written(self.wanted.extra_headers),
            two_way=self.wanted.bidirectional,
            track=self.wanted.track,
            epoch=now if self._readings.timestamps == "epoch" else 0.0,
            says_stop=self._readings.says_stop,
        )
        capacity = round(self._readings.queue * RATE)
        line = _LegLine(self._leg, capacity, self._notify, self._degraded)
        return PlivoDialect(opened, line, loop.time, self._answers)

    def _degraded(self, percent: int) -> None:
        self._report(self.wanted, "DegradedStream", self.id, f"buffer {percent}% full")

    def _written(self, headers: tuple[tuple[str, str], ...]) -> str:
        if self._readings.extra_headers == "json":
            return json.dumps(dict(headers))
        separator = "," if self._readings.extra_headers == "comma" else ";"
        return separator.join(f"{name}={value}" for name, value in headers)

    def _trouble_with(self, wanted: Stream) -> str:
        """Return why a stream cannot be opened, nothing if it can."""
        try:
            parts = urlsplit(wanted.url)
        except ValueError:
            parts = urlsplit("")
        if self.id:
            return "one_stream_per_call"
        if parts.scheme != "wss" and not (parts.scheme == "ws" and parts.hostname in _LOOPBACK):
            return "invalid_url"
        if (wanted.content_type or self._readings.content_type) not in FORMATS:
            return "invalid_content_type"
        if wanted.bidirectional and wanted.track != "inbound":
            return "invalid_audio_track"
        return ""


class _LegLine:
    """A leg as the messages of its stream see it."""

    def __init__(
        self, leg: Leg, capacity: int, notify: Callable[[str, str], None], degraded: Callable[[int], None]
    ) -> None:
        """`capacity` is how many bytes of mu-law can wait; `degraded` gets how full that is, in percent."""
        self._leg = leg
        self._capacity = capacity
        self._notify = notify
        self._degraded = degraded
        self._steps = list(DEGRADED)

    def accepts(self, size: int) -> bool:
        """Return whether so many bytes of mu-law can be queued; if so, they are about to be."""
        filled = (self._leg.playout.seconds * RATE + size) / self._capacity
        while self._steps and filled >= self._steps[0]:
            self._degraded(round(self._steps.pop(0) * 100))
        return filled <= 1

    def clear(self) -> None:
        """Drop what is queued, checkpoints too."""
        self._leg.playout.clear()

    def dial(self, digits: str) -> None:
        """Send keys to the phone."""
        self._leg.hear_digits(digits)

    def notify(self, what: str, text: str) -> None:
        """Show a warning where Plivo's debug log would."""
        self._notify(what, text)

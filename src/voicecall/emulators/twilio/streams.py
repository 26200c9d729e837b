"""The media streams of one call: opened by `<Connect><Stream>`, reported by stream status callbacks.

Source: Twilio docs `voice/media-streams`, `voice/twiml/stream`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from voicecall.emulators.faces import Connect, Dialect, Socket
from voicecall.emulators.internet import Internet
from voicecall.emulators.legs import Leg

from .account import Account, sid
from .media import TwilioDialect
from .signing import signature_headers
from .verbs import ConnectStream

TOO_LATE = 31901
BROKEN = 31903
REFUSED = 31920
CLOSED_BY_GATEWAY = 31921
BAD_SCHEME = 31922
READS_TOO_SLOWLY = 31930
BAD_TRACK = 31941
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

StreamEvent = Literal["stream-started", "stream-stopped", "stream-error"]


class Streams:
    """Opens the media streams of a call, one at a time, and says how they end."""

    def __init__(
        self,
        leg: Leg,
        account: Account,
        internet: Internet,
        notify: Callable[[int, str], None],
        callback: Callable[[ConnectStream, StreamEvent, str, str], None],
    ) -> None:
        """`notify` gets Twilio's warnings; `callback` the verb, the event, the stream SID and the error of an event."""
        self._leg = leg
        self._account = account
        self._internet = internet
        self._notify = notify
        self._callback = callback
        self._verb = ConnectStream("")
        self._sid = ""
        """Of the stream that is open; empty while none is."""
        self._trouble = TOO_LATE
        self._wanted = True
        self._idle = asyncio.Event()
        self._idle.set()

    async def carry(self, verb: ConnectStream, parameters: Mapping[str, str]) -> None:
        """Open the stream and wait until it is over."""
        url = self._checked(verb)
        if url is None:
            return
        self._verb, self._wanted, self._trouble = verb, True, TOO_LATE
        self._idle.clear()
        self._leg.obey(Connect(url, parameters))
        await self._idle.wait()

    async def stop(self) -> None:
        """Close the stream, if one is open, and wait until it is gone."""
        self._wanted = False
        self._leg.stop_stream()
        await self._idle.wait()

    def ended(self, reason: Literal["closed", "lost"]) -> None:
        """The stream that was open, or was to be opened, is over while the call lives."""
        if self._leg.dropped:
            self._notify(READS_TOO_SLOWLY, "inbound audio was dropped")
        if self._sid == "":
            self._notify(self._trouble, "the media stream could not be opened")
            self._callback(self._verb, "stream-error", "", str(self._trouble))
        elif reason == "lost":
            self._notify(BROKEN, "the media stream broke")
            self._callback(self._verb, "stream-error", self._sid, str(BROKEN))
        else:
            if self._wanted:
                self._notify(CLOSED_BY_GATEWAY, "the gateway closed the media stream")
            self._callback(self._verb, "stream-stopped", self._sid, "")
        self._sid = ""
        self._idle.set()

    def call_ended(self) -> None:
        """The call is over, and with it the stream."""
        if self._sid:
            self._callback(self._verb, "stream-stopped", self._sid, "")
        self._sid = ""
        self._idle.set()

    async def open(self, url: str) -> Socket:
        """Open the socket, with a signed handshake.

        Raises:
            OSError: it cannot be opened.
        """
        headers = signature_headers(self._account.auth_token, self._account.shared_key, url)
        try:
            return await self._internet.connect(url, headers)
        except OSError:
            self._trouble = REFUSED
            raise

    def dialect(self, count: int, parameters: Mapping[str, str]) -> Dialect:
        """Return the messages of the stream whose socket was opened."""
        self._sid = sid("MZ", f"{self._leg.parties.call}/{count}")
        self._callback(self._verb, "stream-started", self._sid, "")
        clock = asyncio.get_running_loop().time
        return TwilioDialect(
            self._account.sid, self._leg.parties.call, self._sid, parameters, clock, self._notify, self._overflowed
        )

    def _overflowed(self) -> bool:
        return self._leg.playout.overflow_bytes > 0

    def _checked(self, verb: ConnectStream) -> str | None:
        try:
            parts = urlsplit(verb.url)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme != "wss" and not (parts.scheme == "ws" and parts.hostname in _LOOPBACK):
            self._notify(BAD_SCHEME, "a media stream needs wss")
            return None
        if verb.track != "inbound_track":
            self._notify(BAD_TRACK, f"a two-way media stream has no track {verb.track}")
            return None
        if parts.query:
            self._leg.note("query-dropped", verb.url)
        return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))

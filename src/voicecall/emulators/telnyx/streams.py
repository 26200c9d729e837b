"""The media streams of one call: opened by a command, reported by webhooks.

Source: Telnyx docs `docs/voice/programmable-voice/media-streaming`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Literal

from voicecall.emulators.faces import Connect, Dialect, Socket
from voicecall.emulators.internet import Internet
from voicecall.emulators.legs import Leg

from .account import identity
from .commands import StartStreaming
from .errors import ApiError
from .media import Identity, TelnyxDialect
from .sockets import StreamSocket

TOKEN_HEADER = "x-telnyx-streaming-auth-token"  # noqa: S105 - the name of a header


class Streams:
    """Opens the media streams of a call, one at a time, and says how they end."""

    def __init__(
        self,
        leg: Leg,
        internet: Internet,
        who: Callable[[str], Identity],
        event: Callable[[str, Mapping[str, object]], None],
        refused: Callable[[int, str], None],
        pressed: Callable[[str], None],
        *,
        unordered: bool,
    ) -> None:
        """`who` returns the call's names for a stream id; `event` sends a webhook.

        `refused` learns of the gateway's mistakes, `pressed` of keys; `unordered` media messages are a fault.
        """
        self._leg = leg
        self._internet = internet
        self._who = who
        self._event = event
        self._refused = refused
        self._pressed = pressed
        self._unordered = unordered
        self._wanted = StartStreaming()
        """The latest stream."""
        self._busy = False
        """Whether it is open, or being opened."""
        self._socket: StreamSocket
        self._running = False
        self._count = 0

    def start(self, wanted: StartStreaming) -> None:
        """Begin to open a stream.

        Raises:
            ApiError: there is one already.
        """
        if not wanted.stream_url:
            raise ApiError("10004", "The 'stream_url' parameter is required.", "/stream_url")
        if self._busy:
            raise ApiError("90045", "This command can't be issued when media streaming is used.")
        self._wanted, self._busy, self._running = wanted, True, False
        self._count += 1
        self._leg.obey(Connect(wanted.stream_url))

    def stop(self, stream_id: str) -> None:
        """Begin to close the stream.

        Raises:
            ApiError: there is none, or it has another id.
        """
        if not self._busy or stream_id not in ("", self._id):
            raise ApiError("90046", "This command can't be issued when media streaming is not used.")
        self._leg.stop_stream()

    def ended(self, reason: Literal["closed", "lost"]) -> None:
        """The stream that was open, or was to be opened, is over while the call lives."""
        self._busy = False
        if self._running and reason == "closed":
            self._event("streaming.stopped", {"stream_url": self._wanted.stream_url})
        else:
            self._fail("connection_lost" if self._running else "connection_failed")

    def call_ended(self) -> None:
        """The call is over, and with it the stream."""
        if self._busy and self._running:
            self._event("streaming.stopped", {"stream_url": self._wanted.stream_url})
        self._busy = False

    async def open(self, url: str) -> Socket:
        """Open the socket, with the token that the gateway chose; nothing is signed.

        Raises:
            OSError: it cannot be opened.
        """
        token = self._wanted.stream_auth_token
        socket = await self._internet.connect(url, {TOKEN_HEADER: token} if token else {})
        self._socket = StreamSocket(socket, unordered=self._unordered)
        return self._socket

    def dialect(self, count: int) -> Dialect:
        """Return the messages of the stream whose socket was opened.

        A socket that Telnyx did not open for the stream at hand gets those of a stream of its own, named by `count`.
        """
        stream = self._id
        if self._busy and not self._running:
            self._running = True
            self._event("streaming.started", {"stream_url": self._wanted.stream_url})
        else:
            stream = identity(f"another stream/{self._leg.parties.call}/{count}")
        return TelnyxDialect(
            self._who(stream),
            self._wanted,
            asyncio.get_running_loop().time,
            self._socket.post,
            self._refused,
            self._pressed,
            lambda: self._leg.playout.overflow_bytes,
        )

    @property
    def _id(self) -> str:
        return identity(f"stream/{self._leg.parties.call}/{self._count}")

    def _fail(self, reason: str) -> None:
        payload = {
            "failure_reason": reason,
            "stream_id": self._id,
            "stream_params": {"stream_url": self._wanted.stream_url, "track": self._wanted.stream_track},
            "stream_type": "websocket",
        }
        self._event("streaming.failed", payload)

"""The one WebSocket client: connects within a bound, carries text and bytes, pings. It never logs what it carries."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect as _connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI, ProtocolError

from voicecall.errors import NetworkError

_LARGEST = 4 << 20
"""Bytes in one message from a peer."""
_PINGS = 20.0
"""Seconds between pings."""
PONG = 20.0
"""Seconds until one must be answered."""
_CLOSING = 2.0
"""Seconds that a peer has to answer a close frame."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

logging.getLogger("websockets").setLevel(logging.WARNING)  # at DEBUG it writes down headers, which hold secrets


class Socket:
    """An open WebSocket. One task receives; any may send."""

    def __init__(self, connection: ClientConnection, host: str) -> None:
        self._connection = connection
        self._host = host

    async def send(self, message: str | bytes) -> None:
        """Send text or bytes; waits while the peer reads too slowly.

        Raises:
            NetworkError: the socket is closed.
        """
        try:
            await self._connection.send(message)
        except ConnectionClosed as error:
            raise self._closed(error) from None

    async def recv(self) -> str | bytes:
        """Return the next message.

        Raises:
            NetworkError: the socket is closed; `code` is the peer's close code, if it gave one.
        """
        try:
            return await self._connection.recv()
        except ConnectionClosed as error:
            raise self._closed(error) from None

    def _closed(self, error: ConnectionClosed) -> NetworkError:
        if error.rcvd is None:
            return NetworkError(f"the connection to {self._host} was lost", retryable=True)
        code, reason = error.rcvd.code, error.rcvd.reason[:120]
        return NetworkError(
            f"{self._host} closed the connection: {code} {reason}".rstrip(), retryable=True, code=f"{code}"
        )


@asynccontextmanager
async def connect(
    url: str,
    headers: Mapping[str, str],
    *,
    timeout: float,  # noqa: ASYNC109 - of the handshake alone, which the caller cannot see
    subprotocols: tuple[str, ...] = (),
    pong: float = PONG,
) -> AsyncIterator[Socket]:
    """Open a WebSocket within `timeout` seconds and close it on exit. Loopback is never reached through a proxy.

    `pong`: seconds until a ping must be answered.

    Raises:
        NetworkError: it cannot be opened; `code` is the HTTP status of a refusal, and `retryable` says whether asking
            again can help.
    """
    host = urlsplit(url).hostname or url
    try:
        async with asyncio.timeout(timeout):
            connection = await _connect(
                url,
                additional_headers=dict(headers),
                subprotocols=subprotocols or None,  # type: ignore[arg-type] # plain strings are such
                max_size=_LARGEST,
                ping_interval=_PINGS,
                ping_timeout=pong,
                close_timeout=_CLOSING,
                open_timeout=None,
                compression=None,
                proxy=None if host in _LOOPBACK else True,
                user_agent_header="voicecall",
            )
    except InvalidStatus as error:
        status = error.response.status_code
        raise NetworkError(
            f"{host} refused the connection: {status}", retryable=status == 429 or status >= 500, code=f"{status}"
        ) from None
    except TimeoutError:
        raise NetworkError(f"{host} did not open a connection within {timeout:g} s", retryable=True) from None
    except (InvalidURI, ValueError) as error:
        raise NetworkError(f"{host} cannot be connected to: {type(error).__name__}") from None
    except (OSError, InvalidHandshake, ProtocolError, EOFError) as error:
        raise NetworkError(f"cannot connect to {host}: {type(error).__name__}", retryable=True) from None
    try:
        yield Socket(connection, host)
    finally:
        await connection.close()

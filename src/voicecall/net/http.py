"""The one HTTP client: time-outs, bounded repetition, bounded answers. It never logs headers or bodies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx2

from voicecall.errors import CarrierError, NetworkError

_LARGEST_ANSWER = 1 << 20
_PAUSES = (0.25, 1.0)
"""Seconds before the second and the third attempt."""
_LONGEST_CONNECT = 5.0
_TRANSIENT = frozenset({429, 500, 502, 503, 504})
_KEPT = 60.0
"""Seconds for which an idle connection is kept: as long as a telephone rings."""
_LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer that is still coming."""

    status: int
    headers: Mapping[str, str]
    body: AsyncGenerator[bytes, None]
    """Chunks of any length, cut anywhere."""

    async def whole(self, most: int = 4096) -> bytes:
        """Return at most so many bytes of the body: what an error says."""
        answer = bytearray()
        async for piece in self.body:
            answer += piece
            if len(answer) >= most:
                break
        return bytes(answer[:most])


class Http:
    """Sends requests to somebody else's API; an async context manager that owns its connections."""

    def __init__(self, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        """Use `transport` in place of the network, or the network, through the proxies that the environment names."""
        for chatter in ("httpx2", "httpcore2"):  # they log URLs and headers, which may hold secrets
            logging.getLogger(chatter).setLevel(logging.WARNING)
        self._client = httpx2.AsyncClient(
            transport=transport,
            mounts=dict.fromkeys(_LOOPBACK),  # never through a proxy
            headers={"User-Agent": "voicecall", "Accept-Encoding": "identity"},
            limits=httpx2.Limits(keepalive_expiry=_KEPT),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        timeout: float,  # noqa: ASYNC109 - per attempt, which the caller cannot see
        repeatable: bool = False,
    ) -> tuple[int, bytes]:
        """Return status and body of the answer, whatever the status; at most `timeout` seconds per attempt.

        A repeatable request is sent up to three times while it fails or is answered 429 or 5xx.

        Raises:
            CarrierError: there is no answer; `certain` says whether the request was certainly not carried out.
        """
        pauses = _PAUSES if repeatable else ()
        for pause in pauses:
            try:
                status, answer = await self._attempt(method, url, headers, body, timeout)
                if status not in _TRANSIENT:
                    return status, answer
            except CarrierError as error:
                if not error.retryable:
                    raise
            await asyncio.sleep(pause)
        return await self._attempt(method, url, headers, body, timeout)

    @asynccontextmanager
    async def stream(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, *, first: float, stall: float
    ) -> AsyncIterator[Streamed]:
        """Send a request and hand out its answer as it comes; to leave early closes the connection.

        `first`: seconds until the answer begins; `stall`: seconds without a byte after which it counts as broken off.

        Raises:
            NetworkError: there is no answer, or (from its body) no more of it.
        """
        host = _host(url)
        phases = httpx2.Timeout(None, connect=min(_LONGEST_CONNECT, first))
        async with AsyncExitStack() as stack:
            try:
                request = self._client.stream(method, url, headers=headers, content=body, timeout=phases)
                async with asyncio.timeout(first):
                    response = await stack.enter_async_context(request)
            except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError) as error:
                raise NetworkError(f"{method} request cannot be sent: {type(error).__name__}") from error
            except (TimeoutError, httpx2.TimeoutException) as error:
                message = f"{host} did not answer within {first:g} s"
                raise NetworkError(message, retryable=True, code="timeout") from error
            except httpx2.TransportError as error:
                raise NetworkError(f"cannot reach {host}: {type(error).__name__}", retryable=True) from error
            pieces = _body(response, host, stall)
            stack.push_async_callback(pieces.aclose)
            yield Streamed(response.status_code, response.headers, pieces)

    async def _attempt(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, patience: float
    ) -> tuple[int, bytes]:
        try:
            target = httpx2.URL(url)
            phases = httpx2.Timeout(patience, connect=min(_LONGEST_CONNECT, patience / 2))
            async with (
                asyncio.timeout(patience),
                self._client.stream(method, target, headers=headers, content=body, timeout=phases) as response,
            ):
                return response.status_code, await self._read(response)
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError) as error:
            raise CarrierError(f"{method} request cannot be sent: {type(error).__name__}", code="unsendable") from error
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError) as error:
            raise CarrierError(f"cannot connect to {_host(url)}", retryable=True, code="unreachable") from error
        except (TimeoutError, httpx2.TimeoutException) as error:
            message = f"{_host(url)} did not answer {method} within {patience:g} s"
            raise CarrierError(message, retryable=True, code="timeout", certain=False) from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            message = f"the connection to {_host(url)} broke during {method}"
            raise CarrierError(message, retryable=True, code="broken", certain=False) from error

    async def _read(self, response: httpx2.Response) -> bytes:
        answer = bytearray()
        async for piece in response.aiter_bytes():
            answer += piece
            if len(answer) > _LARGEST_ANSWER:
                raise CarrierError(
                    f"{response.url.host} answered with more than {_LARGEST_ANSWER} bytes",
                    code="answer-too-long",
                    certain=False,
                )
        return bytes(answer)


async def _body(response: httpx2.Response, host: str, stall: float) -> AsyncGenerator[bytes, None]:
    pieces = aiter(response.aiter_bytes())
    try:
        while True:
            async with asyncio.timeout(stall):
                piece = await anext(pieces, None)
            if piece is None:
                break
            yield piece
    except (TimeoutError, httpx2.TimeoutException) as error:
        raise NetworkError(f"{host} sent nothing for {stall:g} s", retryable=True, code="timeout") from error
    except (httpx2.TransportError, httpx2.DecodingError) as error:
        raise NetworkError(f"the connection to {host} broke", retryable=True, code="broken") from error


def _host(url: str) -> str:
    """Return the host for a message; what is no URL has none, and is refused by whoever sends there."""
    try:
        return httpx2.URL(url).host
    except httpx2.InvalidURL:
        return ""

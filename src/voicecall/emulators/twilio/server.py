"""Twilio on a real port, beside the network's own server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType

from voicecall.emulators.mock_rest import MockRest
from voicecall.emulators.network import Network
from voicecall.emulators.rest import Reply
from voicecall.emulators.wires import real_internet, serve

from .account import Account
from .face import TwilioFace
from .rest import TwilioRest


class TwilioServer:
    """The simulated Twilio with its REST API on a port of its own; an async context manager.

    `/phones` and `/faults` drive the network as they do on the mock network's server; a ring needs no webhook there,
    because each number of the account has its own.
    """

    def __init__(
        self,
        network: Network,
        account: Account | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        via: Mapping[str, str] | None = None,
        secret: str = "mock",  # noqa: S107 - the documented default of a network that exists on this machine only
    ) -> None:
        """Port 0 takes a free one, `url` tells which; `via` maps public origins to local ones.

        `secret` is the bearer token of `/phones` and `/faults`.
        """
        self.url = ""
        self.face: TwilioFace
        self._network = network
        self._account = account
        self._host = host
        self._port = port
        self._via = via
        self._secret = secret
        self._context = self._running()

    async def __aenter__(self) -> TwilioServer:
        await self._context.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._context.__aexit__(kind, error, trace)

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        async with real_internet(self._via) as internet:
            self.face = TwilioFace(self._account, internet)
            rest = TwilioRest(self._network, self.face)
            phones = MockRest(self._network, self.face, self._secret, numbers_have_webhooks=True)
            async with serve(_Doors(rest, phones), self._host, self._port) as self.url:
                yield


class _Doors:
    """Twilio's API, and the one that drives the phones."""

    def __init__(self, twilio: TwilioRest, phones: MockRest) -> None:
        self._twilio = twilio
        self._phones = phones

    async def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request."""
        api = self._phones if path.startswith(("/phones/", "/faults")) else self._twilio
        return await api.handle(method, path, headers, body)

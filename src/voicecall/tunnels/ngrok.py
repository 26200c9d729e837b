"""ngrok by its Python SDK, an extra of this package (`voicecall[ngrok]`). An agent that runs here is adopted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

from voicecall.errors import TunnelError
from voicecall.net.http import Http

from . import Announce, Route, Way, is_here
from .adopting import adopt, check_whole, told

AGENT = "http://127.0.0.1:4040"
"""Where an ngrok agent of this machine tells about itself."""
_PATIENCE = 30.0
_WATCH = 15.0
"""Seconds between two looks whether the URL is the same."""
_CLOSING = 3.0
_HINTS = {
    "ERR_NGROK_105": "compare tunnel.ngrok_auth_token with https://dashboard.ngrok.com/get-started/your-authtoken",
    "ERR_NGROK_107": "the token was revoked: take another, from https://dashboard.ngrok.com/authtokens",
    "ERR_NGROK_108": "the account allows no further agent: end the other one, or let it lead here",
    "ERR_NGROK_4018": "set tunnel.ngrok_auth_token, or NGROK_AUTHTOKEN",
    "ERR_NGROK_120": "update the package: pip install --upgrade ngrok",
    "ERR_NGROK_121": "update the package: pip install --upgrade ngrok",
    "ERR_NGROK_319": "reserve tunnel.ngrok_domain at https://dashboard.ngrok.com/domains",
    "ERR_NGROK_320": "tunnel.ngrok_domain belongs to another account",
    "ERR_NGROK_334": "tunnel.ngrok_domain is in use: end the other agent, or let it lead here",
}
"""What to do about ngrok's codes. Source: ngrok.com/docs/errors (2026-09)."""


def _sdk() -> Any:
    try:
        return import_module("ngrok")
    except ImportError:
        raise TunnelError("the package `ngrok` is not installed", "pip install 'voicecall[ngrok]'") from None


class Ngrok:
    """One endpoint of an account, which the SDK serves from this process and reconnects by itself."""

    name = "ngrok"

    def __init__(
        self,
        token: str,
        domain: str = "",
        *,
        agent: str = AGENT,
        sdk: Callable[[], Any] = _sdk,
        server: str = "",
        patience: float = _PATIENCE,
        watch: float = _WATCH,
    ) -> None:
        """Use `domain`, if one is reserved. `server` (`host:port`) is in place of ngrok's own."""
        self._token = token
        self._domain = domain
        self._agent = agent
        self._sdk = sdk
        self._server = server
        self._patience = patience
        self._watch = watch

    async def run(self, way: Way, announce: Announce) -> None:
        """Adopt what a running agent leads here, for as long as it does; else open an endpoint."""
        check_whole(way, self.name)
        await adopt(self.name, lambda http: self._found(http, way), announce, watch=self._watch)
        await self._run(way, announce)

    async def remove(self) -> tuple[Route, ...]:
        """Nothing outlives the process."""
        return ()

    async def _found(self, http: Http, way: Way) -> str | None:
        """Return the URL at which a running agent leads to our listener."""
        said = await told(http, f"{self._agent}/api/tunnels")
        listed = said.get("tunnels") if isinstance(said, dict) else None
        for one in listed if isinstance(listed, list) else ():
            url, config = str(one.get("public_url") or ""), one.get("config") or {}
            wanted = not self._domain or url == f"https://{self._domain}"
            if url.startswith("https://") and wanted and is_here(str(config.get("addr") or ""), way):
                return url
        return None

    async def _run(self, way: Way, announce: Announce) -> None:
        sdk = self._sdk()
        if not self._token:
            raise TunnelError("ngrok needs the token of an account", "set tunnel.ngrok_auth_token, or NGROK_AUTHTOKEN")
        loop, news = asyncio.get_running_loop(), asyncio.Event()
        connected = True

        def heartbeat(connects: bool) -> None:
            nonlocal connected
            connected = connects
            news.set()

        def tell(connects: bool) -> None:  # from a thread of the SDK's, which may outlive the loop
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(heartbeat, connects)

        session, listener = None, None
        try:
            async with asyncio.timeout(self._patience):
                builder = sdk.SessionBuilder().authtoken(self._token).metadata("voicecall")
                builder = builder.handle_disconnection(lambda *_: tell(False)).handle_heartbeat(lambda *_: tell(True))
                session = await (builder.server_addr(self._server) if self._server else builder).connect()
                endpoint = session.http_endpoint()
                endpoint = endpoint.domain(self._domain) if self._domain else endpoint
                listener = await endpoint.listen_and_forward(way.origin)
            known = None
            while True:
                url = str(listener.url()).rstrip("/") if connected else None
                if url != known:
                    announce(url)
                known = url
                news.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._watch):
                        await news.wait()
        except TimeoutError:
            raise TunnelError(f"ngrok did not answer within {self._patience:g} s", "look at its status page") from None
        except (ValueError, RuntimeError, OSError, AttributeError) as error:
            raise _complaint(error, self._token) from None
        finally:
            for one in (listener, session):
                with suppress(TimeoutError, ValueError, RuntimeError, OSError):
                    async with asyncio.timeout(_CLOSING):
                        if one is not None:
                            await one.close()


def _complaint(error: Exception, token: str) -> TunnelError:
    """Return what the SDK raised, in one sentence. It may quote the token, which stays here."""
    if isinstance(error, AttributeError):
        return TunnelError(f"the package `ngrok` is of another version: {error}", "pip install --upgrade ngrok")
    said = ": ".join(str(part) for part in error.args) or type(error).__name__
    said = said.replace(token, "***")
    code = re.search(r"ERR_NGROK_\d+", said)
    hint = _HINTS.get(code[0]) if code else None
    return TunnelError(f"ngrok: {' '.join(said.split())}", hint or "see https://ngrok.com/docs/errors")

"""Who may talk to the control listener: holders of the token, under a name of ours, from no other origin.

The name (`Host`) is checked against DNS rebinding, the origin against cross-site requests. Both go before the token, so
that a page in somebody's browser cannot even learn whether it guessed one.
"""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from . import ControlOptions
from .health import OPEN, WELCOME
from .permission import Holder, admit
from .problems import problem

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared, not bound
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="voicecall"'}


_OWNER = Holder("control-token", "admin")


class Guard:
    """Lets requests through to `app`, or answers them with a refusal."""

    def __init__(self, app: ASGIApp, options: ControlOptions) -> None:
        self._app = app
        self._token = options.token.encode()
        self._hosts = _LOOPBACK | {host.lower() for host in (options.bind, *options.allowed_hosts)}
        self._any_address = options.bind in _EVERYWHERE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path: str = scope["path"]
        refusal = None if path in OPEN else self._refusal(path, Headers(scope=scope))
        if refusal is None:
            admit(scope, _OWNER)
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, path: str, headers: Headers) -> Response | None:
        host = headers.get("host", "").lower()
        if not self._knows(host):
            return problem(403, "this name is not one of the control listener's", code="wrong-host")
        if headers.get("origin", f"http://{host}").lower() not in {f"http://{host}", f"https://{host}"}:
            return problem(403, "requests from another origin are not taken", code="wrong-origin")
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), self._token):
            if path == "/":
                return PlainTextResponse(WELCOME + "It asks for a bearer token.\n", 401, _CHALLENGE)
            return problem(401, "a valid bearer token is missing", code="unauthorized", headers=_CHALLENGE)
        return None

    def _knows(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self._hosts or (self._any_address and _is_address(name))


def _is_address(name: str) -> bool:
    """A rebinding attack needs a name; an address is what it says."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True

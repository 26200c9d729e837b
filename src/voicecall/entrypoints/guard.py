"""Who may talk to the control listener: whoever holds a token, under a name of ours, from no other origin.

The name and the origin go before the token, so that a page in somebody's browser cannot even learn whether it guessed
one. The control token needs no archive; named tokens are looked up in it, and hold as long as they are found there.
"""

from __future__ import annotations

import asyncio
import hmac
import math
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from ipaddress import IPv6Address, ip_address

import structlog
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from voicecall.core.asking import Scope as May
from voicecall.core.tokens import OWNER
from voicecall.errors import CallRefused, StoreError

from . import ControlOptions, Tokens
from .health import OPEN, WELCOME
from .leash import Leash
from .names import Names
from .permission import Holder, admit
from .problems import problem, problem_of
from .rates import Rate

_GUESSES, _GUESSES_PER_SECOND = 60.0, 1 / 6
"""Wrong tokens that one address may try at once, and then."""
_LOOK = 1.0
"""Seconds between looks at the tokens of open connections."""
_BLIND = 5.0
"""Seconds that a connection lasts while its token cannot be looked up."""
_WORDS = {
    "wrong-host": "this name is not one of the control listener's",
    "wrong-origin": "requests from another origin are not taken",
    "missing-token": "a valid bearer token is missing",
    "wrong-token": "a valid bearer token is missing: this one is not known",
    "expired-token": "a valid bearer token is missing: this one has expired",
}

_log = structlog.get_logger()


class _Visit:
    """A request or a socket, before anybody is let in."""

    def __init__(self, scope: Scope) -> None:
        self.path: str = scope["path"]
        self.headers = Headers(scope=scope)
        client = scope.get("client")
        self.address: str | None = client[0] if client else None

    @property
    def token(self) -> str:
        """The bearer token that came with it; empty without one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    @property
    def door(self) -> str | None:
        """At which of the doors that carry out operations it knocks."""
        first = self.path.split("/", 2)[1] if "/" in self.path else ""
        return {"v1": "rest", "rpc": "rpc", "mcp": "mcp"}.get(first)

    @property
    def network(self) -> str | None:
        """Whose guesses count together: an address, or the network of one household."""
        try:
            address = ip_address(self.address or "")
        except ValueError:
            return self.address
        return address.exploded[:19] if isinstance(address, IPv6Address) else str(address)


class Guard:
    """Lets requests through to `app`, or answers them with a refusal. `tokens` knows the named ones."""

    def __init__(self, app: ASGIApp, options: ControlOptions, tokens: Tokens | None = None) -> None:
        self._app = app
        self._token = options.token.encode()
        self._tokens = tokens
        self._names = Names(options.bind, options.allowed_hosts)
        self._requests = Rate(options.requests_per_second, 2 * options.requests_per_second)
        self._guesses = Rate(_GUESSES_PER_SECOND, _GUESSES)
        self._lines = Rate(_GUESSES_PER_SECOND, _GUESSES)
        self._leashes: set[Leash] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one socket."""
        if scope["path"] in OPEN:
            await self._app(scope, receive, send)
            return
        visit = _Visit(scope)
        try:
            found = self._objection(visit) or await self._holder(visit)
            if isinstance(found, Holder) and visit.door is None:
                found.spend()
        except (CallRefused, StoreError) as error:
            found = problem_of(error)
        if isinstance(found, Response):
            await found(scope, receive, send)
            return
        admit(scope, found)
        if found.label == OWNER:
            await self._app(scope, receive, send)
            return
        leash = Leash(scope, receive, send, visit.token, _now())
        self._leashes.add(leash)
        try:
            await self._app(scope, leash.receive, leash.send)
            await leash.end()
        finally:
            self._leashes.discard(leash)

    async def watch(self) -> None:
        """End the connections of tokens that are revoked or expire, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK)
            held = await self._held()
            async with asyncio.TaskGroup() as ends:
                for leash in self._ended(held):
                    self._leashes.discard(leash)
                    ends.create_task(leash.cut(_unauthorized("", "wrong-token")))

    async def _held(self) -> dict[str, bool]:
        """Return of the tokens of open connections whether they hold, as far as that can be known."""
        held: dict[str, bool] = {}
        with suppress(StoreError):
            for token in {leash.token for leash in self._leashes}:
                bearer = await self._tokens.bearer(token) if self._tokens else None
                held[token] = bearer is not None and not bearer.expired
        return held

    def _ended(self, held: dict[str, bool]) -> Iterator[Leash]:
        """Yield the connections that are to end."""
        for leash in list(self._leashes):
            match held.get(leash.token):
                case True:
                    leash.seen = _now()
                case False:
                    yield leash
                case None:
                    if _now() - leash.seen > _BLIND:
                        yield leash

    def _objection(self, visit: _Visit) -> Response | None:
        """Return the refusal of what was not meant for us."""
        why = self._names.objection(visit.headers)
        if why is None:
            return None
        self._note(visit, why)
        return problem(403, _WORDS[why], code=why)

    async def _holder(self, visit: _Visit) -> Holder | Response:
        """Return who holds the token that came along, or the refusal of one that nobody holds.

        Raises:
            CallRefused: `rate-limit`: too many wrong ones came from there.
            StoreError: it may be a named one, and the archive cannot be read.
        """
        token = visit.token
        if token and hmac.compare_digest(token.encode(), self._token):
            return self._admitted(visit, OWNER, "admin")
        bearer = await self._tokens.bearer(token) if self._tokens and token else None
        if bearer is not None and not bearer.expired:
            return self._admitted(visit, bearer.label, bearer.may)
        why = "missing-token" if not token else "wrong-token" if bearer is None else "expired-token"
        if token and (too_often := self._guesses.take(visit.network, _now())):
            if too_often.first:
                self._note(visit, "rate-limit")
            raise _limited("too many wrong tokens from this address", too_often.wait)
        self._note(visit, why, holder=bearer.label if bearer else None)
        return _unauthorized(visit.path, why)

    def _admitted(self, visit: _Visit, label: str, may: May) -> Holder:
        return Holder(label, may, visit.door, visit.address, partial(self._spend, visit, label))

    def _spend(self, visit: _Visit, label: str) -> None:
        """Count one more request of this token.

        Raises:
            CallRefused: `rate-limit`: there were too many.
        """
        if too_often := self._requests.take(label, _now()):
            if too_often.first:
                self._note(visit, "rate-limit", holder=label)
            raise _limited(f"too many requests with the token {label!r}", too_often.wait)

    def _note(self, visit: _Visit, reason: str, *, holder: str | None = None) -> None:
        """Write down a refusal, unless there were many from there."""
        if self._lines.take(visit.network, _now()) is None:
            _log.warning("audit.refused", reason=reason, holder=holder, door=visit.door, address=visit.address)


def _unauthorized(path: str, why: str) -> Response:
    challenge = 'Bearer realm="voicecall"'
    if why != "missing-token":
        told = "the token has expired" if why == "expired-token" else "the token is not known"
        challenge += f', error="invalid_token", error_description="{told}"'
    headers = {"WWW-Authenticate": challenge}
    if path == "/":
        return PlainTextResponse(WELCOME + "It asks for a bearer token.\n", 401, headers)
    return problem(401, _WORDS[why], code="unauthorized", reason=why, headers=headers)


def _limited(what: str, wait: float) -> CallRefused:
    pause = math.ceil(wait)
    return CallRefused("rate-limit", f"{what}: try again in {pause} s", limit=True, retry_after=pause)


def _now() -> float:
    return asyncio.get_running_loop().time()

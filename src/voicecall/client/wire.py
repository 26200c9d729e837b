"""What the client sends, what the answers mean, and when it asks again. No sockets, no clocks."""

from __future__ import annotations

import re
import ssl
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import httpx2
import msgspec

from voicecall.core.failures import understood
from voicecall.core.operations import Operation, Recording
from voicecall.errors import BadParameters, OperationTimeout, VoicecallError

R = TypeVar("R")
_CONNECT = 5.0
"""Seconds in which a connection must stand."""
_PATIENCE = 60.0
"""Seconds for an answer that waits for nobody."""
_WAITS_FOR_PEOPLE = frozenset({"continue", "speak", "wait", "simulate"})
_PAUSE = 0.3
"""Seconds before a request is sent again."""


class DaemonUnreachable(VoicecallError):
    """No daemon answers at `url`."""

    def __init__(self, url: str, message: str | None = None) -> None:
        super().__init__(message or f"no daemon at {url}: start one with `voicecall serve`")
        self.url = url


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, without what all have in common."""

    method: str
    path: str
    """Percent-encoded."""
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    timeout: float | None = None
    """Seconds without a byte, after which nobody is waited for; None: for ever."""

    @property
    def limits(self) -> httpx2.Timeout:
        """The same, as the HTTP client has it."""
        return httpx2.Timeout(self.timeout, connect=min(_CONNECT, self.timeout or _CONNECT))


class Wire:
    """A daemon as it is talked to: where it is, and what it says."""

    def __init__(self, url: str, token: str | None) -> None:
        """Talk to the daemon at `url`.

        Raises:
            BadParameters: that is no HTTP address.
        """
        try:
            parts = urlsplit(url)
            fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            fits = False
        if not fits:
            raise BadParameters(f"the daemon's address is not one: {url!r}; write it as http://127.0.0.1:3335")
        self.url = url
        self.trusts: bool | ssl.SSLContext = url.lower().startswith("https:") or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        """Who may vouch for the daemon: nobody needs to without TLS, and reading all certificates takes its time."""
        self.headers = {"accept": "application/json"} | ({} if token is None else {"authorization": f"Bearer {token}"})

    def exchange(self, operation: Operation, key: str | None, timeout: float | None) -> Exchange:
        """Return the way from an operation to its result. Without a `key`, what changes something gets its own."""
        method, path = operation.route
        members = {name: value for name, value in msgspec.to_builtins(operation).items() if value is not None}
        path = re.sub(r"\{(\w+)\}", lambda name: quote(str(members.pop(name[1], "")), safe=""), path)
        headers = {"idempotency-key": key or uuid.uuid4().hex} if operation.changes else {}
        params: dict[str, str] = {}
        body = None
        if method == "POST":
            body = msgspec.json.encode(members)
            headers["content-type"] = "application/json"
        else:
            params = {name: _in_query(value) for name, value in members.items()}
        if timeout is None and operation.name not in _WAITS_FOR_PEOPLE:
            timeout = _PATIENCE
        return Exchange(self, operation.name, Request(method, path, params, headers, body, timeout))

    def sound(self, call_id: str, timeout: float | None) -> Exchange:
        """Return the way to the recording of a call."""
        asked = self.exchange(Recording(call_id=call_id), None, timeout)
        request = asked.request
        return Exchange(
            self,
            "recording",
            Request(request.method, request.path, headers={"accept": "audio/wav"}, timeout=request.timeout),
        )

    def value(self, body: bytes) -> Any:
        """Return the JSON value that an answer is.

        Raises:
            VoicecallError: it is none.
        """
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise self.stranger() from None

    def checked(self, status: int, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Return the body of an answer that is good.

        Raises:
            RequestError: the gateway cannot do it.
            CarrierError, StoreError: somebody whom the gateway needs failed.
            VoicecallError: the token is wrong, or the answer is not one of ours.
        """
        if 200 <= status < 300:
            return body
        try:
            told = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            told = None
        if status == 401:
            match told:
                case {"reason": "missing-token"}:
                    why = "asks for a token, and none is known here: VOICECALL_CONTROL_TOKEN, or its state directory"
                case {"reason": "expired-token"}:
                    why = "refuses the token: it has expired"
                case _:
                    why = "refuses the token: it was revoked, or belongs to another state directory"
            raise VoicecallError(f"the daemon at {self.url} {why}")
        if not isinstance(told, dict) or not isinstance(told.get("status"), int):
            raise self.stranger(f" (HTTP {status})")
        pause = headers.get("retry-after", "")
        raise understood(
            str(told.get("code", "")),
            str(told.get("detail") or told.get("title") or f"HTTP {status}"),
            status=status,
            reason=str(told.get("reason") or "") or None,
            retry_after=int(pause) if pause.isascii() and pause.isdigit() else None,
        )

    def stranger(self, more: str = "") -> VoicecallError:
        """Return the error of an answer that no daemon would give."""
        return VoicecallError(f"what answers at {self.url} is not a voicecall daemon{more}")

    def lost(self) -> DaemonUnreachable:
        """Return the error of a daemon that was there and is so no longer."""
        return DaemonUnreachable(self.url, f"the daemon at {self.url} stopped answering")


class Exchange:
    """One request and its answer. It may be sent again once: what changes something has a key that says it is the same.

    A shell sends `request` until one is `answered`, and pauses as long as `broke` says.
    """

    def __init__(self, wire: Wire, name: str, request: Request) -> None:
        self.request = request
        self._wire = wire
        self._name = name
        self._repeated = False

    def broke(self, error: httpx2.RequestError) -> float:
        """Return how many seconds to pause before the request is sent again.

        Raises:
            DaemonUnreachable: nobody answers.
            OperationTimeout: the answer takes too long; who asks again with the same key gets it.
        """
        if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
            raise (self._wire.lost() if self._repeated else DaemonUnreachable(self._wire.url)) from None
        if isinstance(error, httpx2.TimeoutException):
            raise OperationTimeout(f"the daemon did not answer `{self._name}` in time") from None
        if self._repeated:
            raise self._wire.lost() from None
        self._repeated = True
        return _PAUSE

    def answered(self, status: int, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Return the result as it was sent; raises as `Wire.checked`."""
        return self._wire.checked(status, body, headers)


def typed(value: Any, kind: type[R], name: str) -> R:
    """Return the result of the operation `name` that a JSON value is.

    Raises:
        VoicecallError: it is another one.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise VoicecallError(f"the daemon answers `{name}` in a way that is not known here: {error}") from None


def _in_query(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)

"""The gateway's twin on the other side of its control listener: operations over REST, events as they happen.

Blocking, for the command line. It alone imports the HTTP client for this purpose.
"""

from __future__ import annotations

import json
import re
import ssl
import time
import uuid
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx2
import msgspec

from voicecall.core.operations import Operation
from voicecall.errors import (
    BadParameters,
    CallNotFound,
    CallOver,
    CallRefused,
    CarrierError,
    OperationTimeout,
    RequestError,
    StoreError,
    VoicecallError,
)

_PLAIN: dict[str, type[RequestError]] = {
    kind.code: kind for kind in (BadParameters, CallNotFound, CallOver, OperationTimeout)
}
_SILENCE = 60.0
"""Seconds without a byte after which an event stream counts as lost."""
_ATTEMPTS = 5
"""How often in a row a lost event stream is asked for again."""


def _trust(url: str) -> ssl.SSLContext | bool:
    """Return whose certificates count: the usual authorities' under https; elsewhere loading them would be in vain."""
    return True if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class DaemonUnreachable(VoicecallError):
    """No daemon answers at `url`."""

    def __init__(self, url: str, message: str | None = None) -> None:
        super().__init__(message or f"no daemon at {url}: start one with `voicecall serve`")
        self.url = url


class Client:
    """A daemon, reached at `url` with `token`; `timeout` in seconds bounds each answer, None is without bound.

    `transport` and `pause` are for tests.
    """

    def __init__(
        self,
        url: str,
        token: str | None,
        *,
        timeout: float | None = None,
        transport: httpx2.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = url
        self._pause = pause
        headers = {"accept": "application/json"} | ({} if token is None else {"authorization": f"Bearer {token}"})
        limits = httpx2.Timeout(timeout, connect=min(5.0, timeout or 5.0))
        self._http = httpx2.Client(
            base_url=url, headers=headers, timeout=limits, transport=transport, trust_env=False, verify=_trust(url)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        """Return the operation's result as a JSON value. Without a key, what changes something gets one of its own.

        Raises:
            DaemonUnreachable: nobody answers.
            RequestError: the gateway cannot do it.
            CarrierError, StoreError: somebody whom the gateway needs failed.
            VoicecallError: the answer is not one of ours.
        """
        method, path = operation.route
        members: dict[str, Any] = {
            name: value for name, value in msgspec.to_builtins(operation).items() if value is not None
        }
        path = re.sub(r"\{(\w+)\}", lambda name: quote(str(members.pop(name[1], "")), safe=""), path)
        headers = {"idempotency-key": idempotency_key or uuid.uuid4().hex} if operation.changes else {}
        in_query = method == "GET"
        try:
            response = self._http.request(
                method,
                path,
                headers=headers,
                params={name: str(value) for name, value in members.items()} if in_query else None,
                json=members if members and not in_query else None,
            )
        except httpx2.ReadTimeout:
            raise OperationTimeout(f"the daemon did not answer `{operation.name}` in time") from None
        except httpx2.TransportError as error:
            raise self._unreachable(error) from None
        return self._result(response)

    def events(self, since: int = 0, call_id: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield events after the sequence number `since`, then new ones as they happen; a lost stream is resumed.

        Raises:
            DaemonUnreachable: nobody answers, or no longer.
            RequestError: the gateway refuses.
        """
        failures = 0
        while True:
            try:
                for event in self._stream(since, call_id, resumed=failures > 0):
                    failures, since = 0, int(event["seq"])
                    yield event
            except httpx2.ConnectError as error:
                if failures == 0:
                    raise self._unreachable(error) from None
            except httpx2.TransportError:
                pass
            failures += 1
            if failures > _ATTEMPTS:
                raise DaemonUnreachable(self._url, f"the daemon at {self._url} stopped answering")
            self._pause(min(0.5 * failures, 2.0))

    def _stream(self, since: int, call_id: str | None, *, resumed: bool) -> Iterator[dict[str, Any]]:
        params = {"since": str(since)} | ({} if call_id is None else {"callId": call_id})
        headers = {"accept": "text/event-stream"} | ({"last-event-id": str(since)} if resumed else {})
        limits = httpx2.Timeout(_SILENCE, connect=5.0)
        with self._http.stream("GET", "/v1/events", params=params, headers=headers, timeout=limits) as response:
            if not response.is_success:
                response.read()
                self._result(response)
            data: list[str] = []
            for line in response.iter_lines():
                if line.startswith("data:"):
                    data.append(line[5:].removeprefix(" "))
                elif not line and data:
                    yield self._event("\n".join(data))
                    data = []

    def _event(self, text: str) -> dict[str, Any]:
        try:
            event = json.loads(text)
        except ValueError:
            event = None
        if not isinstance(event, dict) or not isinstance(event.get("seq"), int):
            raise VoicecallError(f"what answers at {self._url} is not a voicecall daemon")
        return event

    def _result(self, response: httpx2.Response) -> Any:
        try:
            body = response.json()
        except ValueError:
            body = None
        if response.is_success and body is not None:
            return body
        if response.status_code == 401:
            expired = isinstance(body, dict) and body.get("reason") == "expired-token"
            why = "it has expired" if expired else "it was revoked, or is that of another daemon"
            raise VoicecallError(f"the daemon at {self._url} refuses the token: {why}")
        if not isinstance(body, dict) or not isinstance(body.get("status"), int):
            raise VoicecallError(f"what answers at {self._url} is not a voicecall daemon (HTTP {response.status_code})")
        detail = str(body.get("detail") or body.get("title") or f"HTTP {response.status_code}")
        code = str(body.get("code", ""))
        if code in _PLAIN:
            raise _PLAIN[code](detail)
        if code == CallRefused.code:
            raise CallRefused(str(body.get("reason", "")), detail, limit=response.status_code == 429)
        if response.status_code == 502:
            raise CarrierError(detail, code=str(body.get("reason") or "") or None)
        if code == "store-failed":
            raise StoreError(detail)
        raise RequestError(detail)

    def _unreachable(self, error: httpx2.TransportError) -> DaemonUnreachable:
        if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
            return DaemonUnreachable(self._url)
        return DaemonUnreachable(self._url, f"the daemon at {self._url} stopped answering")

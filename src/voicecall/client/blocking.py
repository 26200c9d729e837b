"""The client for programs that wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from copy import copy
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from voicecall.config.address import address
from voicecall.core import administration as desk, operations as ops, results

from .following import Following
from .methods import Blocking
from .wire import Exchange, Request, Wire, typed


class _Desk:
    """A group of operations of those who look after the gateway."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def perform(self, operation: ops.Operation, *, idempotency_key: str | None = None) -> Any:
        """Return the operation's result as a JSON value."""
        return self._client.perform(operation, idempotency_key=idempotency_key)


class Tokens(_Desk):
    """Tokens of the control listener."""

    create = Blocking(desk.CreateToken, results.NewToken)
    list = Blocking(desk.ListTokens, list[results.Token])
    revoke = Blocking(desk.RevokeToken, results.Token)


class Pairing(_Desk):
    """Callers that were paired, or wish to be."""

    list = Blocking(desk.ListPairings, list[results.Pairing])
    approve = Blocking(desk.ApprovePairing, results.Pairing)
    revoke = Blocking(desk.RevokePairing, results.Pairing)


class Outbound(_Desk):
    """Whether and how much may be dialled."""

    show = Blocking(desk.ShowOutbound, results.Outbound)
    stop = Blocking(desk.StopOutbound, results.Outbound)
    resume = Blocking(desk.ResumeOutbound, results.Outbound)


class DoNotCall(_Desk):
    """Numbers that are not called."""

    list = Blocking(desk.ListDoNotCall, list[results.DoNotCall])
    add = Blocking(desk.AddDoNotCall, results.DoNotCall)
    remove = Blocking(desk.RemoveDoNotCall, results.DoNotCall)


class Webhooks(_Desk):
    """Receivers of outgoing webhooks."""

    list = Blocking(desk.ListWebhooks, list[results.Webhook])
    test = Blocking(desk.TryWebhook, results.WebhookTest)


class Client:
    """A daemon, as a context manager that owns its connections. Every method may raise what `perform` raises."""

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        config: Path | None = None,
        timeout: float | None = None,
        transport: httpx2.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Talk to the daemon at `url` with `token`; without them to the one that the command line would find.

        `config` is the configuration by which it is found. `timeout` bounds each answer, in seconds; without it, those
        that wait for nobody are bounded by a minute. `transport` and `pause` are for tests.

        Raises:
            BadParameters: the address is none.
            ConfigError: the configuration by which the daemon would be found has faults.
        """
        if url is None:
            url, found = address(config)
            token = found if token is None else token
        self._wire = Wire(url, token)
        self._timeout = timeout
        self._key: str | None = None
        self._pause = pause
        self._http = httpx2.Client(
            base_url=url, headers=self._wire.headers, transport=transport, verify=self._wire.trusts, trust_env=False
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

    def with_options(self, *, timeout: float | None = None, idempotency_key: str | None = None) -> Self:
        """Return this client with another bound on answers, or with a key of yours for the one request that follows."""
        other = copy(self)
        other._timeout = self._timeout if timeout is None else timeout
        other._key = idempotency_key
        return other

    # --- calls

    call = Blocking(ops.Initiate, results.Placed)
    continue_ = Blocking(ops.Continue, results.Answered)
    ask = continue_
    speak = Blocking(ops.Speak, results.Spoken)
    dtmf = Blocking(ops.Dtmf, results.Sent)
    end = Blocking(ops.End, results.Ended)
    wait = Blocking(ops.Wait, results.Record)
    status = Blocking(ops.Status, results.Record)
    live = Blocking(ops.Live, list[results.Record])
    history = Blocking(ops.History, list[results.Record])
    transcript = Blocking(ops.Transcript, list[results.TranscriptLine])
    recording = Blocking(ops.Recording, results.Recording)
    latency = Blocking(ops.Latency, results.Latency)
    simulate = Blocking(ops.Simulate, results.Record)
    probe = Blocking(desk.Probe, results.Probed)

    # --- the gateway

    @property
    def tokens(self) -> Tokens:
        """Tokens of the control listener: `create`, `list`, `revoke`."""
        return Tokens(self)

    @property
    def pairing(self) -> Pairing:
        """Callers that were paired: `list`, `approve`, `revoke`."""
        return Pairing(self)

    @property
    def outbound(self) -> Outbound:
        """Whether and how much may be dialled: `show`, `stop`, `resume`."""
        return Outbound(self)

    @property
    def do_not_call(self) -> DoNotCall:
        """Numbers that are not called: `list`, `add`, `remove`."""
        return DoNotCall(self)

    @property
    def webhooks(self) -> Webhooks:
        """Receivers of outgoing webhooks: `list`, `test`."""
        return Webhooks(self)

    # --- the rest

    def events(self, call_id: str | None = None, *, since: int = 0) -> Iterator[results.Event]:
        """Yield events after the sequence number `since`, then new ones as they happen; those of one call to its end.

        A lost connection is made again and goes on where it broke.
        """
        for event in self.subscribe(since, call_id):
            yield typed(event, results.Event, "events")
            if call_id is not None and event["type"] == "call.ended":
                return

    def sound(self, call_id: str) -> bytes:
        """Return the recording of a call: a stereo WAV file, the caller left and the agent right."""
        return self._carry_out(self._wire.sound(call_id, self._timeout))

    def save_sound(self, call_id: str, file: Path) -> None:
        """Write the recording of a call to a file, however large it is.

        Raises:
            OSError: the file cannot be written.
        """
        exchange = self._wire.sound(call_id, self._timeout)
        while True:
            try:
                with self._open(exchange.request) as response:
                    if not response.is_success:
                        self._wire.checked(response.status_code, response.read(), response.headers)
                    with file.open("wb") as output:
                        for chunk in response.iter_bytes():
                            output.write(chunk)
                return
            except httpx2.RequestError as error:
                self._pause(exchange.broke(error))

    def perform(self, operation: ops.Operation, *, idempotency_key: str | None = None) -> Any:
        """Return the operation's result as a JSON value.

        What changes something gets a key of its own if it has none, and is sent once more, with the same key, where the
        connection breaks.

        Raises:
            DaemonUnreachable: nobody answers.
            RequestError: the gateway cannot do it.
            CarrierError, StoreError: somebody whom the gateway needs failed.
            VoicecallError: the token is wrong, or the answer is not one of ours.
        """
        exchange = self._wire.exchange(operation, idempotency_key or self._key, self._timeout)
        return self._wire.value(self._carry_out(exchange))

    def subscribe(self, since: int = 0, call_id: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield events as JSON values, without end: those after `since`, then new ones as they happen.

        Raises:
            DaemonUnreachable: nobody answers, or no longer.
            RequestError: the gateway refuses.
        """
        following = Following(self._wire, since, call_id)
        while True:
            lost: httpx2.RequestError | None = None
            try:
                with self._open(following.request()) as response:
                    if not response.is_success:
                        self._wire.checked(response.status_code, response.read(), response.headers)
                    for chunk in response.iter_bytes():
                        yield from following.feed(chunk)
            except httpx2.RequestError as error:
                lost = error
            self._pause(following.broke(lost))

    def _carry_out(self, exchange: Exchange) -> bytes:
        while True:
            try:
                with self._open(exchange.request) as response:
                    body = response.read()
            except httpx2.RequestError as error:
                self._pause(exchange.broke(error))
            else:
                return exchange.answered(response.status_code, body, response.headers)

    def _open(self, request: Request) -> AbstractContextManager[httpx2.Response]:
        return self._http.stream(
            request.method,
            request.path,
            params=request.params,
            headers=request.headers,
            content=request.body,
            timeout=request.limits,
        )

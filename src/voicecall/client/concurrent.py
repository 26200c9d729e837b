"""The client for programs with an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from copy import copy
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from voicecall.config.address import address
from voicecall.core import administration as desk, operations as ops, results

from .following import Following
from .methods import Awaited
from .wire import Exchange, Request, Wire, typed


class _Desk:
    """A group of operations of those who look after the gateway."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def perform(self, operation: ops.Operation, *, idempotency_key: str | None = None) -> Any:
        """Return the operation's result as a JSON value."""
        return await self._client.perform(operation, idempotency_key=idempotency_key)


class Tokens(_Desk):
    """Tokens of the control listener."""

    create = Awaited(desk.CreateToken, results.NewToken)
    list = Awaited(desk.ListTokens, list[results.Token])
    revoke = Awaited(desk.RevokeToken, results.Token)


class Pairing(_Desk):
    """Callers that were paired, or wish to be."""

    list = Awaited(desk.ListPairings, list[results.Pairing])
    approve = Awaited(desk.ApprovePairing, results.Pairing)
    revoke = Awaited(desk.RevokePairing, results.Pairing)


class Outbound(_Desk):
    """Whether and how much may be dialled."""

    show = Awaited(desk.ShowOutbound, results.Outbound)
    stop = Awaited(desk.StopOutbound, results.Outbound)
    resume = Awaited(desk.ResumeOutbound, results.Outbound)


class DoNotCall(_Desk):
    """Numbers that are not called."""

    list = Awaited(desk.ListDoNotCall, list[results.DoNotCall])
    add = Awaited(desk.AddDoNotCall, results.DoNotCall)
    remove = Awaited(desk.RemoveDoNotCall, results.DoNotCall)


class Webhooks(_Desk):
    """Receivers of outgoing webhooks."""

    list = Awaited(desk.ListWebhooks, list[results.Webhook])
    test = Awaited(desk.TryWebhook, results.WebhookTest)


class AsyncClient:
    """A daemon, as an async context manager that owns its connections. Methods are those of `Client`, awaited."""

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        config: Path | None = None,
        timeout: float | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
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
        self._http = httpx2.AsyncClient(
            base_url=url, headers=self._wire.headers, transport=transport, verify=self._wire.trusts, trust_env=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    def with_options(self, *, timeout: float | None = None, idempotency_key: str | None = None) -> Self:
        """Return this client with another bound on answers, or with a key of yours for the one request that follows."""
        other = copy(self)
        other._timeout = self._timeout if timeout is None else timeout
        other._key = idempotency_key
        return other

    # --- calls

    call = Awaited(ops.Initiate, results.Placed)
    continue_ = Awaited(ops.Continue, results.Answered)
    ask = continue_
    speak = Awaited(ops.Speak, results.Spoken)
    dtmf = Awaited(ops.Dtmf, results.Sent)
    end = Awaited(ops.End, results.Ended)
    wait = Awaited(ops.Wait, results.Record)
    status = Awaited(ops.Status, results.Record)
    live = Awaited(ops.Live, list[results.Record])
    history = Awaited(ops.History, list[results.Record])
    transcript = Awaited(ops.Transcript, list[results.TranscriptLine])
    recording = Awaited(ops.Recording, results.Recording)
    latency = Awaited(ops.Latency, results.Latency)
    simulate = Awaited(ops.Simulate, results.Record)
    probe = Awaited(desk.Probe, results.Probed)

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

    async def events(self, call_id: str | None = None, *, since: int = 0) -> AsyncGenerator[results.Event, None]:
        """Yield events after the sequence number `since`, then new ones as they happen; those of one call to its end.

        A lost connection is made again and goes on where it broke.
        """
        async with aclosing(self.subscribe(since, call_id)) as stream:
            async for event in stream:
                yield typed(event, results.Event, "events")
                if call_id is not None and event["type"] == "call.ended":
                    return

    async def sound(self, call_id: str) -> bytes:
        """Return the recording of a call: a stereo WAV file, the caller left and the agent right."""
        return await self._carry_out(self._wire.sound(call_id, self._timeout))

    async def save_sound(self, call_id: str, file: Path) -> None:
        """Write the recording of a call to a file, however large it is.

        Raises:
            OSError: the file cannot be written.
        """
        exchange = self._wire.sound(call_id, self._timeout)
        while True:
            try:
                async with self._open(exchange.request) as response:
                    if not response.is_success:
                        self._wire.checked(response.status_code, await response.aread(), response.headers)
                    with await asyncio.to_thread(file.open, "wb") as output:
                        async for chunk in response.aiter_bytes():
                            await asyncio.to_thread(output.write, chunk)
                return
            except httpx2.RequestError as error:
                await self._pause(exchange.broke(error))

    async def perform(self, operation: ops.Operation, *, idempotency_key: str | None = None) -> Any:
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
        return self._wire.value(await self._carry_out(exchange))

    async def subscribe(self, since: int = 0, call_id: str | None = None) -> AsyncGenerator[dict[str, Any], None]:
        """Yield events as JSON values, without end: those after `since`, then new ones as they happen.

        Raises:
            DaemonUnreachable: nobody answers, or no longer.
            RequestError: the gateway refuses.
        """
        following = Following(self._wire, since, call_id)
        while True:
            lost: httpx2.RequestError | None = None
            try:
                async with self._open(following.request()) as response:
                    if not response.is_success:
                        self._wire.checked(response.status_code, await response.aread(), response.headers)
                    async for chunk in response.aiter_bytes():
                        for event in following.feed(chunk):
                            yield event
            except httpx2.RequestError as error:
                lost = error
            await self._pause(following.broke(lost))

    async def _carry_out(self, exchange: Exchange) -> bytes:
        while True:
            try:
                async with self._open(exchange.request) as response:
                    body = await response.aread()
            except httpx2.RequestError as error:
                await self._pause(exchange.broke(error))
            else:
                return exchange.answered(response.status_code, body, response.headers)

    def _open(self, request: Request) -> AbstractAsyncContextManager[httpx2.Response]:
        return self._http.stream(
            request.method,
            request.path,
            params=request.params,
            headers=request.headers,
            content=request.body,
            timeout=request.limits,
        )

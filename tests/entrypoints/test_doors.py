"""Every error of the table comes out of every door in that door's form. Drawn from the table: a new operation is in."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from mcp import Client as McpClient
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs
from websockets.sync.client import ClientConnection, connect

from voicecall import Client
from voicecall.cli import run
from voicecall.core.administration import (
    AddDoNotCall,
    ApprovePairing,
    CreateToken,
    ListDoNotCall,
    ListPairings,
    ListTokens,
    ListWebhooks,
    RemoveDoNotCall,
    ResumeOutbound,
    RevokePairing,
    RevokeToken,
    ShowOutbound,
    StopOutbound,
    TryWebhook,
)
from voicecall.core.asking import ALWAYS
from voicecall.core.operations import (
    TABLE,
    CallerStep,
    Continue,
    Dtmf,
    End,
    Events,
    History,
    Initiate,
    Latency,
    Live,
    Operation,
    Recording,
    Simulate,
    Speak,
    Status,
    Transcript,
    Wait,
)
from voicecall.entrypoints import ControlOptions, tool
from voicecall.entrypoints.control import ControlListener
from voicecall.entrypoints.mcp import make_server
from voicecall.entrypoints.openapi import statuses_of
from voicecall.entrypoints.rpc import PREFIX
from voicecall.errors import (
    BadParameters,
    CallNotFound,
    CallOver,
    CallRefused,
    OperationTimeout,
    ProviderError,
    StoreError,
    VoicecallError,
)

TOKEN = "the-token"
MESSAGE = "this is why, and the way out"


@dataclass(frozen=True)
class Form:
    """How an error is told."""

    error: VoicecallError
    status: int
    """Of HTTP."""
    number: int
    """Of JSON-RPC."""
    code: str
    reason: str | None = None
    exit: int = 1
    """Of the command line."""

    @property
    def data(self) -> dict[str, str]:
        """What goes with it at the doors for programs."""
        return {"code": self.code} | ({} if self.reason is None else {"reason": self.reason})


FORMS = (
    Form(BadParameters(MESSAGE), 422, -32602, "bad-parameters", exit=2),
    Form(CallNotFound(MESSAGE), 404, -32001, "call-not-found"),
    Form(CallOver(MESSAGE), 409, -32002, "call-over"),
    Form(CallRefused("policy", MESSAGE), 403, -32003, "refused", "policy"),
    Form(CallRefused("max-calls", MESSAGE, limit=True), 429, -32003, "refused", "max-calls"),
    Form(ProviderError(MESSAGE, code="21211"), 502, -32004, "provider-failed", "21211"),
    Form(OperationTimeout(MESSAGE), 504, -32005, "timeout"),
    Form(StoreError(MESSAGE), 503, -32603, "store-failed"),
)
VALUES: dict[str, Any] = {"callId": "01J", "digits": "1", "steps": [CallerStep(hangup=True)]}
"""Parameters that are no text like any other."""


class Failing:
    """An operator that cannot do what it is asked."""

    def __init__(self) -> None:
        self.error: VoicecallError = VoicecallError()
        self.asked: list[Operation] = []

    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        self.asked.append(operation)
        raise self.error

    async def subscribe(self, since: int, call_id: str | None) -> AsyncIterator[dict[str, Any]]:
        self.asked.append(Events(call_id=call_id, since=since))
        yield {}

    def readiness(self) -> dict[str, bool]:
        return {}


class Site:
    """A control listener in a thread of its own."""

    def __init__(self) -> None:
        self.operator = Failing()
        self.port = 0
        self.http: httpx2.Client
        self.client: Client
        self.socket: ClientConnection

    @contextmanager
    def open(self) -> Iterator[Site]:
        ready, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

        async def serve() -> None:
            options = ControlOptions(port=0, token=TOKEN, requests_per_second=0)
            async with AsyncExitStack() as stack:
                stack.callback(ready.set)
                listener = ControlListener(options, self.operator, CollectorRegistry())
                await stack.enter_async_context(listener)
                self.port = listener.port
                ready.set()
                await stop.wait()

        thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
        thread.start()
        ready.wait()
        bearer, url = {"Authorization": f"Bearer {TOKEN}"}, f"http://127.0.0.1:{self.port}"
        try:
            with (
                httpx2.Client(base_url=url, headers=bearer, trust_env=False) as self.http,
                Client(url, TOKEN, timeout=5.0) as self.client,
                connect(url.replace("http", "ws") + "/rpc", additional_headers=bearer, proxy=None) as self.socket,
            ):
                yield self
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()
            loop.close()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with capture_logs(), Site().open() as site:
        yield site


@pytest.fixture
def shell(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the command line find the listener."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VOICECALL_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "etc"))
    monkeypatch.setenv("VOICECALL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("VOICECALL_CONTROL__PORT", str(site.port))
    monkeypatch.setenv("VOICECALL_CONTROL_TOKEN", TOKEN)


def wish(kind: type[Operation]) -> Operation:
    """Return an operation of this kind with what it must have."""
    told = {
        field.encode_name: VALUES.get(field.encode_name, "x")
        for field in msgspec.structs.fields(kind)
        if field.required or field.encode_name == "callId"
    }
    return msgspec.convert(msgspec.to_builtins(told), kind)


def members(operation: Operation) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(operation)
    return {name: value for name, value in told.items() if name in VALUES or value == "x"}


def by_rest(site: Site, operation: Operation, form: Form) -> None:
    method, path = operation.route
    told = members(operation)
    in_path = {name: told.pop(name) for name in list(told) if f"{{{name}}}" in path}
    in_body = method == "POST"
    response = site.http.request(
        method, path.format(**in_path), json=told if in_body else None, params=None if in_body else told
    )
    assert response.status_code == form.status
    assert response.headers["content-type"] == "application/problem+json"
    title = response.json().pop("title")
    assert response.json() == {
        **{"type": "about:blank", "title": title, "status": form.status, "detail": MESSAGE},
        **form.data,
    }
    assert form.status in statuses_of(type(operation))


def request(operation: Operation) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "method": PREFIX + operation.name, "params": members(operation)}


def as_rpc(form: Form) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 7, "error": {"code": form.number, "message": MESSAGE, "data": form.data}}


def by_rpc(site: Site, operation: Operation, form: Form) -> None:
    response = site.http.post("/rpc", json=request(operation))
    assert (response.status_code, response.json()) == (200, as_rpc(form))


def by_socket(site: Site, operation: Operation, form: Form) -> None:
    site.socket.send(json.dumps(request(operation)))
    assert json.loads(site.socket.recv(5.0)) == as_rpc(form)


def by_tool(site: Site, operation: Operation, form: Form) -> None:
    waits = isinstance(operation, Wait)
    wanted = Status if waits else type(operation)
    (action,) = (name for name, kind in tool.ACTIONS.items() if kind is wanted)
    told = {"action": action, **members(operation)} | ({"wait": True} if waits else {})

    async def main() -> None:
        async with asyncio.timeout(5.0), McpClient(make_server(lambda _: site.operator)) as client:
            answer = await client.call_tool(tool.NAME, told)
            assert answer.is_error
            assert answer.structured_content == {"error": {**form.data, "message": MESSAGE}}
            assert MESSAGE in str(answer.content[0])

    asyncio.run(main())


def by_client(site: Site, operation: Operation, form: Form) -> None:
    with pytest.raises(VoicecallError, match=MESSAGE) as raised:
        site.client.perform(operation)
    assert isinstance(raised.value, type(form.error))
    for name in ("reason", "limit", "code"):
        assert getattr(raised.value, name, None) == getattr(form.error, name, None)


COMMANDS: dict[type[Operation], tuple[str, ...]] = {
    Initiate: ("call", "--to", "+15550100101"),
    Continue: ("continue", "--call-id", "01J", "--message", "x"),
    Speak: ("speak", "--call-id", "01J", "--message", "x"),
    Dtmf: ("dtmf", "--call-id", "01J", "--digits", "1"),
    End: ("end", "--call-id", "01J"),
    Status: ("status", "--call-id", "01J"),
    Live: ("status",),
    History: ("history",),
    Transcript: ("transcript", "--call-id", "01J"),
    Recording: ("recording", "--call-id", "01J"),
    Latency: ("latency",),
    CreateToken: ("token", "create", "--label", "desk"),
    ListTokens: ("token", "list"),
    RevokeToken: ("token", "revoke", "desk"),
    ListPairings: ("pairing", "list"),
    ApprovePairing: ("pairing", "approve", "123456"),
    RevokePairing: ("pairing", "revoke", "+15550100101"),
    ShowOutbound: ("outbound", "show"),
    StopOutbound: ("outbound", "stop"),
    ResumeOutbound: ("outbound", "resume"),
    ListDoNotCall: ("do-not-call", "list"),
    AddDoNotCall: ("do-not-call", "add", "+15550100101"),
    RemoveDoNotCall: ("do-not-call", "remove", "+15550100101"),
    ListWebhooks: ("webhooks", "list"),
    TryWebhook: ("webhooks", "test", "desk"),
    Simulate: ("simulate", "--from", "+15550100101", "--say", "x"),
}
"""Operations that are a command of their own."""


def by_command(operation: Operation, form: Form, capfd: pytest.CaptureFixture[str], *flags: str) -> None:
    capfd.readouterr()
    with capture_logs():
        assert run([*COMMANDS[type(operation)], *flags]) == form.exit
    assert capfd.readouterr() == ("", f"voicecall: {MESSAGE}\n")


Door = Callable[[Site, Operation, Form], None]
DOORS: dict[str, tuple[Door, tuple[type[Operation], ...]]] = {
    "rest": (by_rest, TABLE),
    "rpc": (by_rpc, TABLE),
    "socket": (by_socket, TABLE),
    "tool": (by_tool, (*tool.ACTIONS.values(), Wait)),
    "client": (by_client, TABLE),
}


def forms(kind: type[Operation]) -> list[Form]:
    """Return the ways in which an operation may fail, as its table says."""
    found = [form for form in FORMS if isinstance(form.error, kind.errors + ALWAYS)]
    assert len(found) > len(ALWAYS)
    return found


@pytest.mark.parametrize(
    ("door", "kind"),
    [pytest.param(door, kind, id=f"{name}-{kind.name}") for name, (door, kinds) in DOORS.items() for kind in kinds],
)
def test_every_error_of_the_table_comes_out_of_every_door(site: Site, door: Door, kind: type[Operation]) -> None:
    for form in forms(kind):
        site.operator.error = form.error
        door(site, wish(kind), form)


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.name)
@pytest.mark.usefixtures("shell")
def test_every_error_of_the_table_is_one_line_of_the_command(
    site: Site, capfd: pytest.CaptureFixture[str], kind: type[Operation]
) -> None:
    for form in forms(kind):
        site.operator.error = form.error
        by_command(wish(kind), form, capfd)
        by_command(wish(kind), form, capfd, "--json")


def test_every_error_of_the_table_has_its_form() -> None:
    told = {type(form.error) for form in FORMS}
    assert {error for kind in TABLE for error in kind.errors + ALWAYS} == told

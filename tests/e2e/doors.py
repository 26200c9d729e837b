"""The doors of a running gateway, each as a function from an operation to its result."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from websockets.sync.client import connect

from tests.e2e.daemon import Daemon
from tests.e2e.test_mcp import do, over_http
from voicecall.core.operations import Continue, Dtmf, End, Events, Initiate, Operation, Speak, Status, Transcript
from voicecall.entrypoints import tool
from voicecall.entrypoints.rpc import PREFIX

Door = Callable[[Daemon, Operation, str | None], Any]
"""Takes the gateway, what is asked and an idempotency key; returns the result; raises whatever shows a failure."""


class Failed(Exception):
    """It was answered with a failure, or not at all."""


def given(operation: Operation) -> dict[str, Any]:
    """Return the parameters that are not what they are anyway."""
    usual = {field.encode_name: field.default for field in msgspec.structs.fields(operation)}
    told: dict[str, Any] = msgspec.to_builtins(operation)
    return {name: value for name, value in told.items() if value not in (usual[name], {})}


def by_rest(daemon: Daemon, operation: Operation, key: str | None) -> Any:
    method, path = operation.route
    told = given(operation)
    in_path = {name: told.pop(name) for name in list(told) if f"{{{name}}}" in path}
    in_body = method == "POST"
    with daemon.http(**({} if key is None else {"Idempotency-Key": key})) as http:
        answer = http.request(
            method, path.format(**in_path), json=told if in_body else None, params=None if in_body else told
        )
    if not answer.is_success:
        raise Failed(answer.text)
    return answer.json()


def _request(operation: Operation, key: str | None) -> dict[str, Any]:
    told = given(operation) | ({} if key is None else {"idempotencyKey": key})
    return {"jsonrpc": "2.0", "id": 1, "method": PREFIX + operation.name, "params": told}


def _told(answer: Mapping[str, Any]) -> Any:
    if "error" in answer:
        raise Failed(str(answer["error"]))
    return answer["result"]


def by_rpc(daemon: Daemon, operation: Operation, key: str | None) -> Any:
    with daemon.http() as http:
        return _told(http.post("/rpc", json=_request(operation, key)).json())


def by_socket(daemon: Daemon, operation: Operation, key: str | None) -> Any:
    if isinstance(operation, Events):
        return _followed(daemon, operation)
    with _connected(daemon) as socket:
        socket.send(json.dumps(_request(operation, key)))
        return _told(json.loads(socket.recv()))


def _connected(daemon: Daemon) -> Any:
    url = daemon.control.replace("http", "ws", 1) + "/rpc"
    return connect(url, additional_headers={"Authorization": f"Bearer {daemon.token}"}, proxy=None)


def _followed(daemon: Daemon, operation: Events) -> Any:
    """Events are a subscription there: return those up to the end of the call."""
    events: list[Any] = []
    with _connected(daemon) as socket:
        socket.send(json.dumps(_request(operation, None)))
        _told(json.loads(socket.recv()))
        while not events or events[-1]["type"] != "call.ended":
            events.append(json.loads(socket.recv())["params"]["event"])
    return events


def by_tool(daemon: Daemon, operation: Operation, key: str | None) -> Any:
    (action,) = (name for name, kind in tool.ACTIONS.items() if kind is type(operation))
    told = given(operation) | ({} if key is None else {"idempotencyKey": key})

    async def main() -> Any:
        async with over_http(daemon) as client:
            return await do(client, action, **told)

    return asyncio.run(main())


def by_client(daemon: Daemon, operation: Operation, key: str | None) -> Any:
    with daemon.client() as client:
        return client.perform(operation, idempotency_key=key)


_COMMANDS: Mapping[type[Operation], str] = {
    Initiate: "call",
    Continue: "continue",
    Speak: "speak",
    Dtmf: "dtmf",
    End: "end",
    Status: "status",
    Transcript: "transcript",
    Events: "tail",
}
_FLAGS = {"callId": "--call-id"}


def by_command(daemon: Daemon, operation: Operation, key: str | None) -> Any:
    told = [part for name, value in given(operation).items() for part in (_FLAGS.get(name, f"--{name}"), str(value))]
    with_key = [] if key is None else ["--idempotency-key", key]
    done = daemon.house.run(_COMMANDS[type(operation)], *told, *with_key, "--json")
    if done.status:
        raise Failed(done.err)
    return [json.loads(line) for line in done.out.splitlines()] if isinstance(operation, Events) else done.json


DOORS: Mapping[str, Door] = {
    "rest": by_rest,
    "rpc": by_rpc,
    "socket": by_socket,
    "tool": by_tool,
    "client": by_client,
    "command": by_command,
}

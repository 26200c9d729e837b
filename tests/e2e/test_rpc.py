"""JSON-RPC to a running gateway: what its page shows, and events that resume while a call runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.e2e.daemon import PHONE, SHORT, Daemon, Json, Program
from voicecall.core.operations import TABLE, Events
from voicecall.entrypoints.rpc import PREFIX

PAGE = (Path(__file__).parents[2] / "docs" / "rpc.md").read_text("utf-8")
_CALL = re.compile(r"01[0-9A-Z]{24}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@contextmanager
def opened(gateway: Daemon, **headers: str) -> Iterator[ClientConnection]:
    bearer = {"Authorization": f"Bearer {gateway.token}"}
    url = gateway.control.replace("http", "ws", 1) + "/rpc"
    with connect(url, additional_headers=bearer | headers, proxy=None) as socket:
        yield socket


def ask(socket: ClientConnection, method: str, **params: Any) -> Json:
    """Return the answer to a request that nothing else is told before."""
    socket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": PREFIX + method, "params": params}))
    answer: Json = json.loads(socket.recv())
    assert answer["id"] == 1
    return answer


class Conversation:
    """What the page shows, played. Call ids and times are the gateway's own; `…` is anything."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.calls: dict[str, str] = {}

    def play(self, line: str) -> None:
        way, _, text = line.partition(" ")
        if way == "-->":
            self.socket.send(_CALL.sub(lambda shown: self.calls[shown[0]], text))
        elif way == "<--":
            self.compare(json.loads(text), json.loads(self.socket.recv()))
        else:
            assert way == "…"
            while json.loads(self.socket.recv())["params"]["event"]["type"] != "call.ended":
                pass

    def compare(self, shown: Any, got: Any) -> None:
        if isinstance(shown, dict):
            assert shown.keys() == got.keys()
            for name in shown.keys() - {"seq"}:
                self.compare(shown[name], got[name])
        elif isinstance(shown, list):
            for one, other in zip(shown, got, strict=True):
                self.compare(one, other)
        elif isinstance(shown, str) and _CALL.fullmatch(shown):
            assert self.calls.setdefault(shown, got) == got
        elif isinstance(shown, str) and _TIME.fullmatch(shown):
            assert _TIME.fullmatch(got)
        else:
            assert shown in ("…", got)


def test_the_conversations_of_the_page_go_as_shown(gateway: Daemon) -> None:
    with opened(gateway) as socket:
        conversation = Conversation(socket)
        for block in blocks("text"):
            for line in block.splitlines():
                conversation.play(line)
        assert conversation.calls


def test_the_command_of_the_page_is_answered(gateway: Daemon) -> None:
    (command,) = blocks("sh")
    environment = {**gateway.house.environment, "VOICECALL_URL": gateway.control, "VOICECALL_TOKEN": gateway.token}
    done = subprocess.run(  # noqa: S602 - the page's own
        command, shell=True, env=environment, capture_output=True, text=True, check=True
    )
    assert isinstance(json.loads(done.stdout)["result"], list)


def test_the_program_of_the_page_follows_events(gateway: Daemon) -> None:
    (program,) = blocks("python")
    environment = {**gateway.house.environment, "VOICECALL_URL": gateway.control, "VOICECALL_TOKEN": gateway.token}
    call_id = gateway.place(SHORT)
    follower = Program([sys.executable, "-c", program], gateway.house.folder, environment)
    try:
        for event in gateway.perform(Events(call_id=call_id)):
            follower.wait_for(follower.out, f"{event['seq']} {call_id} {event['type']}".__eq__)
        follower.wait_for(follower.out, lambda line: line.endswith(f"{call_id} call.ended"))
    finally:
        follower.kill()


def test_the_page_lists_every_method_and_parameter() -> None:
    rows = dict(re.findall(r"^\| `voicecall\.([\w.]+)` \| (.*)\|$", PAGE, re.MULTILINE))
    assert rows.pop("unsubscribe")
    assert rows.keys() == {kind.name for kind in TABLE}
    for kind in TABLE:
        assert set(re.findall(r"`(\w+)`", rows[kind.name])) == set(kind.__struct_encode_fields__)


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer wrong"}, {"Origin": "http://elsewhere.example"}])
def test_the_upgrade_needs_the_token_and_our_own_origin(gateway: Daemon, headers: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus, match=r"40[13]"), opened(gateway, **headers):
        pass


def test_a_client_that_leaves_ends_no_call(gateway: Daemon) -> None:
    with opened(gateway) as socket:
        wish = {"to": PHONE, "message": "Good evening.", "mode": "conversation"}
        call_id = ask(socket, "initiate", **wish)["result"]["callId"]
        gateway.until(call_id, "reply.finished")
        socket.send(json.dumps({"jsonrpc": "2.0", "id": 2, "method": "voicecall.wait", "params": {"callId": call_id}}))
        speak = {"callId": call_id, "message": "One more thing."}
        socket.send(json.dumps({"jsonrpc": "2.0", "id": 3, "method": "voicecall.speak", "params": speak}))
        asked = gateway.until(call_id, "operation.speak")
    gateway.until(call_id, "reply.finished", asked["seq"])
    assert gateway.status(call_id)["state"] != "ended"
    with opened(gateway) as socket:
        assert ask(socket, "end", callId=call_id)["result"]["endReason"] == "hangup-agent"


def test_events_resume_without_loss_while_a_call_runs(gateway: Daemon) -> None:
    call_id = gateway.place(SHORT)
    since = gateway.perform(Events(call_id=call_id, limit=1))[0]["seq"] - 1
    seen: list[Json] = []
    sockets = 0
    while not seen or seen[-1]["type"] != "call.ended":
        with opened(gateway) as socket:
            sockets += 1
            name = ask(socket, "events", callId=call_id, since=seen[-1]["seq"] if seen else since)["result"]
            for _ in range(2):
                told = json.loads(socket.recv())
                assert (told["method"], told["params"]["subscription"]) == ("voicecall.event", name["subscription"])
                seen.append(told["params"]["event"])
                if seen[-1]["type"] == "call.ended":
                    break
    assert sockets > 3
    assert all(earlier["seq"] < later["seq"] for earlier, later in pairwise(seen))
    assert seen == gateway.events(call_id)

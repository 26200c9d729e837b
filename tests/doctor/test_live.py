"""Proxies of every kind between the doctor and the gateway: each either works, or is named with its fix."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from tests.doctor.proxy import Proxy, host, serving, target, without
from tests.entrypoints.house import FakeDesk
from tests.tunnels.commands import WAY, Tailnet
from voicecall.carriers import Carrier
from voicecall.carriers.telnyx import TelnyxCarrier
from voicecall.carriers.twilio import TwilioCarrier
from voicecall.config.load import load
from voicecall.core.administration import Probe
from voicecall.core.operations import Operation
from voicecall.core.results import Arrival
from voicecall.doctor import Check, merged
from voicecall.doctor.arrival import Expected, Opened, stream
from voicecall.doctor.live import prove
from voicecall.entrypoints import ControlOptions, PublicOptions
from voicecall.entrypoints.control import ControlListener
from voicecall.entrypoints.public import PublicListener
from voicecall.net.http import Http
from voicecall.tunnels.ledger import Ledger
from voicecall.tunnels.tailscale import Tailscale

NOW = 1_800_000_000.0
PUBLIC_KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
TWILIO = TwilioCarrier("AC1", "the secret token")
TELNYX = TelnyxCarrier("key", "77", PUBLIC_KEY)


class Operator:
    """Tells of probes, and of nothing else."""

    def __init__(self, listener: PublicListener) -> None:
        self._listener = listener

    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        assert isinstance(operation, Probe)
        return msgspec.to_builtins(self._listener.probes.perform(operation))

    def subscribe(self, since: int, call_id: str | None) -> AsyncIterator[dict[str, Any]]:
        raise NotImplementedError

    def readiness(self) -> dict[str, bool]:
        return {}


@pytest.fixture
def proven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the doctor finds through a proxy, by id."""
    monkeypatch.setenv("VOICECALL_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("VOICECALL_CONTROL_TOKEN", "door")

    def run(
        proxy: Proxy, path: str = "/voice/webhook", *, theirs: TwilioCarrier = TWILIO, telnyx: bool = False, **more: Any
    ) -> dict[str, Check]:
        async def main() -> list[Check]:
            ours: dict[str, Carrier] = {"twilio": theirs} | ({"telnyx": TELNYX} if telnyx else {})
            ports: list[int] = []
            async with asyncio.timeout(20.0), serving(proxy, lambda: ports[0]) as port:
                public_url = f"http://127.0.0.1:{port}{path}"
                options = PublicOptions(
                    port=0, public_url=public_url, default_carrier="twilio", credential_keys=(b"key",), **more
                )
                desk = FakeDesk()
                listener = PublicListener(options, ours, desk, lambda: NOW)
                door = ControlListener(ControlOptions(port=0, token="door"), Operator(listener), CollectorRegistry())
                async with listener, door, Http() as http:
                    ports.append(listener.port)
                    monkeypatch.setenv("VOICECALL_CONTROL_URL", f"http://127.0.0.1:{door.port}")
                    file = tmp_path / "voicecall.toml"
                    file.write_text(
                        f'provider = "twilio"\npublic_url = "{public_url}"\n'
                        '[twilio]\naccount_sid = "AC1"\nauth_token = "the secret token"\n'
                    )
                    carriers: dict[str, Carrier] = {"twilio": TWILIO} | ({"telnyx": TELNYX} if telnyx else {})
                    checks = await prove(load(file), carriers, http, lambda: NOW, frames=5, patience=1.5)
                assert (desk.delivered, desk.received, desk.refusals) == ([], [], [])
                return checks

        checks = asyncio.run(main())
        return {id_: merged(id_, [one for one in checks if one.id == id_]) for id_ in {one.id for one in checks}}

    return run


def levels(found: dict[str, Check]) -> dict[str, str]:
    return {id_: check.level for id_, check in found.items()}


GOOD = dict.fromkeys(("public-url", "webhook-path", "signature", "stream"), "ok")


def test_a_proxy_that_changes_nothing_works(proven: Any) -> None:
    found = proven(Proxy())
    assert levels(found) == GOOD
    assert "p95" in found["stream"].message
    assert "real secret was verified" in found["signature"].message


def test_every_carrier_is_tried_in_its_own_way(proven: Any) -> None:
    found = proven(Proxy(), telnyx=True)
    assert levels(found) == GOOD
    assert "in its first message" in found["stream"].message
    assert "in the path" in found["stream"].message
    assert "only the carrier itself could sign" in found["signature"].message


@pytest.mark.parametrize(
    ("proxy", "path"),
    [
        (Proxy(target("^/agent", "")), "/agent/voice/webhook"),
        (Proxy(host("10.0.0.3:3334")), "/voice/webhook"),
        (Proxy(host("127.0.0.1:8443")), "/voice/webhook"),
        (Proxy(latency=0.05), "/voice/webhook"),
        (Proxy(without("accept", "user-agent")), "/voice/webhook"),
    ],
    ids=["prefix", "host", "port", "100 ms", "headers"],
)
def test_what_a_proxy_may_do_works(proven: Any, proxy: Proxy, path: str) -> None:
    assert levels(proven(proxy, path)) == GOOD


@pytest.mark.parametrize(
    ("proxy", "path", "id_", "said", "fix"),
    [
        (Proxy(target(r"^/voice", "")), "/voice/webhook", "webhook-path", "removed /voice", "serve.path = '/webhook'"),
        (Proxy(target(r"^/voice/webhook", "/")), "/voice/webhook", "webhook-path", "whole path", "--set-path"),
        (Proxy(target(r"^", "/app")), "/voice/webhook", "webhook-path", "/app in front", "'/app/voice/webhook'"),
        (
            Proxy(target(r"/webhook", "/hook")),
            "/voice/webhook",
            "webhook-path",
            "arrived as /voice/hook",
            "as they came",
        ),
        (Proxy(target(r"\?.*", "")), "/voice/webhook", "webhook-path", "query was dropped", "as they came"),
        (Proxy(target(r"\?", "?more=1&")), "/voice/webhook", "webhook-path", "query was changed", "as they came"),
        (Proxy(target(r"\?.*", "")), "/voice/webhook", "signature", "a right signature was refused", "as they came"),
        (Proxy(without("upgrade", "connection")), "/voice/webhook", "stream", "upgrades", "proxy_set_header Upgrade"),
        (Proxy(target("^/voice/stream", "/stream")), "/voice/webhook", "stream", "arrived at /stream", "/voice/stream"),
        (Proxy(holds=True), "/voice/webhook", "stream", "came back", "buffering"),
        (Proxy(latency=0.13), "/voice/webhook", "stream", "answers come late", "nearer"),
        (Proxy(target("^/", "//")), "/voice/webhook", "webhook-path", "slash was doubled", "on both sides"),
        (
            Proxy(target(r"^/voice", "")),
            "/voice/webhook",
            "signature",
            "no signature was looked at",
            "serve.path = '/webhook'",
        ),
        (Proxy(without("x-twilio-signature")), "/voice/webhook", "signature", "dropped on the way", "all headers on"),
        (Proxy(answers="401 Unauthorized"), "/voice/webhook", "public-url", "lets nobody in", "without a login"),
        (Proxy(answers="403 Forbidden"), "/voice/webhook", "stream", "lets nobody in", "without a login"),
        (Proxy(answers="413 Too Large"), "/voice/webhook", "public-url", "takes no bodies", "64k"),
        (Proxy(answers="426 Upgrade Required"), "/voice/webhook", "stream", "upgrades", "proxy_set_header Upgrade"),
        (Proxy(answers="502 Bad Gateway"), "/voice/webhook", "stream", "does not reach", "for this path too"),
        (Proxy(answers="404 Not Found"), "/voice/webhook", "public-url", "no route for this path", "/voice/webhook to"),
        (Proxy(answers="404 Not Found"), "/voice/webhook", "stream", "no route for media streams", "with upgrades"),
        (Proxy(answers="502 Bad Gateway"), "/voice/webhook", "public-url", "does not reach", "point the proxy at"),
        (Proxy(answers="200 OK"), "/voice/webhook", "public-url", "something other than this gateway", "lead"),
        (
            Proxy(answers="301 Moved\r\nLocation: https://x.example/"),
            "/voice/webhook",
            "public-url",
            "redirects",
            "public_url",
        ),
    ],
)
def test_what_a_proxy_must_not_do_is_named_with_its_fix(
    proven: Any, proxy: Proxy, path: str, id_: str, said: str, fix: str
) -> None:
    check = proven(proxy, path)[id_]
    assert (check.level != "ok", said in check.message, fix in check.fix) == (True, True, True), check


def test_a_proxy_that_closes_a_stream_early_is_named() -> None:
    expected = Expected("https://a.example/voice/webhook", "/voice/stream", "/voice/webhook", "http://127.0.0.1:1", "")
    arrival = Arrival(
        method="GET",
        target="/voice/stream",
        host="a.example",
        upgrade="websocket",
        forwarded={},
        verdict="verified",
        url="",
        tried=[],
        body="",
    )
    closed = Opened("the connection to a.example was lost", "", (0.001,) * 7, 30)
    check = stream(expected, "wss://a.example/voice/stream", closed, [arrival])
    assert (check.level, "30 messages of a media stream 7 came back" in check.message) == ("fail", True)
    assert "then the proxy closed it" in check.message
    assert "above the longest call" in check.fix


def test_a_path_that_went_astray_is_not_taken_for_a_changed_body(proven: Any) -> None:
    check = proven(Proxy(target(r"^/voice", "")), telnyx=True)["signature"]
    assert (check.level, "body" in check.message) == ("fail", False), check


def test_another_secret_at_the_gateway_is_named(proven: Any) -> None:
    check = proven(Proxy(), theirs=TwilioCarrier("AC1", "another token"))["signature"]
    assert (check.level, "a right signature was refused" in check.message) == ("fail", True), check


def test_a_gateway_that_looks_at_no_signature_is_said_so(proven: Any) -> None:
    check = proven(Proxy(), skip_signature_verification=True)["signature"]
    assert (check.level, "not looked at" in check.message) == ("warn", True)


def test_another_time_limit_of_one_minute_ends_a_probe() -> None:
    now = [NOW]
    listener = PublicListener(
        PublicOptions(port=0, credential_keys=(b"key",)), {"twilio": TWILIO}, FakeDesk(), lambda: now[0]
    )
    name = "0123456789abcdef"
    listener.probes.perform(Probe(nonce=name))
    assert listener.probes.find(f"/x?probe={name}", {}) == name
    now[0] += 61.0
    assert listener.probes.find(f"/x?probe={name}", {}) is None
    assert listener.probes.idle


def behind(tailnet: Tailnet) -> Proxy:
    """Does to a request what Tailscale does: the mount point is cut off, and the target put before the rest."""

    def change(head: str) -> str:
        method, called, rest = head.split(" ", 2)
        path, mark, query = called.partition("?")
        reached = tailnet.reaches(path)
        return f"{method} {urlsplit(reached).path or '/' if reached else '/nothing'}{mark}{query} {rest}"

    return Proxy(change)


@pytest.fixture
def tailnet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tailnet:
    """A machine with Tailscale."""
    net = Tailnet(tmp_path, tmp_path / "tailnet.json")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TAILNET", str(net.file))
    return net


@pytest.mark.parametrize(
    "theirs",
    [{}, {"/voice": "http://127.0.0.1:3334"}, {"/": "http://127.0.0.1:3334"}],
    ids=["alone", "stripped", "all"],
)
def test_what_expose_opens_in_tailscale_loses_no_path(
    proven: Any, tailnet: Tailnet, tmp_path: Path, theirs: dict[str, str]
) -> None:
    tailnet.serve(theirs)
    asyncio.run(Tailscale(Ledger(tmp_path / "routes.json"), public=True).open(WAY))
    assert levels(proven(behind(tailnet))) == GOOD


@pytest.mark.parametrize(("mount", "said"), [("/voice/webhook", "whole path"), ("/voice", "removed /voice")])
def test_a_mount_point_made_by_hand_that_loses_its_path_is_named_with_its_fix(
    proven: Any, tailnet: Tailnet, mount: str, said: str
) -> None:
    tailnet.serve({mount: "http://127.0.0.1:3334"})
    found = proven(behind(tailnet))
    check = found["webhook-path"]
    assert (check.level, said in check.message) == ("fail", True), check
    assert "--set-path" in check.fix
    assert found["stream"].level == "fail"
    assert said in found["signature"].message
    assert found["signature"].fix == check.fix


def test_however_often_the_doctor_is_asked_within_a_minute_it_answers() -> None:
    listener = PublicListener(
        PublicOptions(port=0, credential_keys=(b"key",)), {"twilio": TWILIO}, FakeDesk(), lambda: NOW
    )
    names = [f"{number:016}" for number in range(20)]
    for name in names:
        listener.probes.perform(Probe(nonce=name))
        assert listener.probes.find(f"/x?probe={name}", {}) == name
    assert listener.probes.find(f"/x?probe={names[0]}", {}) is None

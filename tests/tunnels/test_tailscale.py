"""Tailscale: both paths or none, nobody else's, and gone when we are."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from tests.tunnels.commands import BOTH, HOST, STREAM, WAY, WEBHOOK, Heard, Tailnet, running
from voicecall.errors import TunnelError
from voicecall.tunnels import Route, Way
from voicecall.tunnels.keeping import keep
from voicecall.tunnels.ledger import Entry, Ledger
from voicecall.tunnels.tailscale import Tailscale

BESIDE = {"/other": "http://127.0.0.1:9000"}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "state" / "routes.json")


@pytest.fixture
def funnel(ledger: Ledger) -> Tailscale:
    return Tailscale(ledger, public=True)


async def test_both_paths_are_opened_and_closed_again(tailnet: Tailnet, funnel: Tailscale) -> None:
    async with running(funnel) as heard:
        await heard.count(1)
        assert heard.urls == [f"https://{HOST}"]
        assert (tailnet.served(), tailnet.public()) == (BOTH, True)
    assert (tailnet.served(), tailnet.public()) == ({}, False)


async def test_a_request_arrives_under_the_path_that_was_called(tailnet: Tailnet, funnel: Tailscale) -> None:
    await funnel.open(WAY)
    for path in ("/voice/webhook", "/voice/webhook/carrier", "/voice/stream/credential"):
        assert tailnet.reaches(path) == f"http://127.0.0.1:3334{path}"


async def test_another_public_path_and_port_lead_to_the_paths_here(tailnet: Tailnet, funnel: Tailscale) -> None:
    there = Way(4000, "/voice/webhook", "/voice/stream", "/calls", "/media", 8443)
    assert await funnel.open(there) == f"https://{HOST}:8443"
    assert tailnet.reaches("/calls/carrier", 8443) == "http://127.0.0.1:4000/voice/webhook/carrier"
    assert tailnet.reaches("/media", 8443) == "http://127.0.0.1:4000/voice/stream"


async def test_serve_is_for_the_own_network(tailnet: Tailnet, ledger: Ledger) -> None:
    async with running(Tailscale(ledger, public=False)) as heard:
        await heard.count(1)
        assert (tailnet.served(), tailnet.public()) == (BOTH, False)
    assert tailnet.served() == {}


async def test_what_is_served_already_is_used_and_left(tailnet: Tailnet, funnel: Tailscale) -> None:
    tailnet.serve(BOTH | BESIDE)
    with capture_logs() as logs:
        async with running(funnel) as heard:
            await heard.count(1)
    assert heard.urls == [f"https://{HOST}"]
    assert (tailnet.served(), tailnet.changes) == (BOTH | BESIDE, [])
    assert "tunnel.adopted" in [log["event"] for log in logs]


@pytest.mark.parametrize("foreground", [False, True])
@pytest.mark.parametrize(
    "handlers",
    [
        {"/": "http://127.0.0.1:3334"},
        {"/": "http://localhost:3334/"},
        {"/voice/": "http://127.0.0.1:3334/voice"},
        {"/voice": "http://127.0.0.1:3334/voice/", "/": "http://127.0.0.1:1"},
    ],
)
async def test_a_whole_host_that_is_served_already_will_do(
    tailnet: Tailnet, funnel: Tailscale, handlers: dict[str, str], foreground: bool
) -> None:
    tailnet.serve(handlers, foreground=foreground)
    assert await funnel.open(WAY) == f"https://{HOST}"
    assert tailnet.changes == []


async def test_a_mount_point_that_loses_its_path_will_not(tailnet: Tailnet, funnel: Tailscale) -> None:
    tailnet.serve({"/voice": "http://127.0.0.1:3334"})
    await funnel.open(WAY)
    assert tailnet.reaches("/voice/webhook") == WEBHOOK
    assert tailnet.reaches("/voice/stream") == STREAM


async def test_only_what_was_missing_is_added_and_removed(tailnet: Tailnet, funnel: Tailscale) -> None:
    tailnet.serve({"/voice/webhook": WEBHOOK} | BESIDE)
    async with running(funnel) as heard:
        await heard.count(1)
        assert tailnet.served() == BOTH | BESIDE
    assert tailnet.served() == {"/voice/webhook": WEBHOOK} | BESIDE


async def test_when_the_second_path_is_refused_the_first_is_removed(
    tailnet: Tailnet, funnel: Tailscale, ledger: Ledger
) -> None:
    tailnet.serve(BESIDE)
    tailnet.fault("refuses /voice/stream")
    with pytest.raises(TunnelError, match="cannot serve /voice/stream"):
        await funnel.open(WAY)
    assert (tailnet.served(), ledger.entries()) == (BESIDE, ())


async def test_what_somebody_resets_is_added_again_and_a_new_name_is_told(tailnet: Tailnet, ledger: Ledger) -> None:
    async with running(Tailscale(ledger, public=True, watch=0.01)) as heard:
        await heard.count(1)
        tailnet.reset(Self={"DNSName": "new.tail1234.ts.net."})
        await heard.count(2)
    assert heard.urls == [f"https://{HOST}", "https://new.tail1234.ts.net"]
    assert len([words for words in tailnet.changes if "off" not in words]) == 4


async def test_a_network_that_is_lost_and_comes_back_is_outlived(tailnet: Tailnet, ledger: Ledger) -> None:
    heard, told = Heard(), []
    tunnel = Tailscale(ledger, public=True, watch=0.01)
    async with asyncio.TaskGroup() as tasks:
        kept = tasks.create_task(keep(tunnel, WAY, heard, lambda error, pause: told.append(str(error)), pauses=(0.01,)))
        await heard.count(1)
        tailnet.reset(BackendState="Stopped")
        await heard.count(2)
        tailnet.status(BackendState="Running")
        await heard.until(lambda urls: urls[-1] is not None and len(urls) > 2)
        assert tailnet.served() == BOTH
        kept.cancel()
    assert (heard.urls[0], heard.urls[1], heard.urls[-1]) == (f"https://{HOST}", None, f"https://{HOST}")
    assert "not connected (Stopped)" in told[0]
    assert (tailnet.served(), ledger.entries()) == ({}, ())


async def test_what_a_killed_process_left_behind_is_ours(tailnet: Tailnet, ledger: Ledger) -> None:
    old = {"/voice/webhook": "http://127.0.0.1:3000/voice/webhook", "/gone": "http://127.0.0.1:3000/gone"}
    for path, target in old.items():
        ledger.add(Entry(443, path, target))
    tailnet.serve(old | BESIDE)
    async with running(Tailscale(ledger, public=True)) as heard:
        await heard.count(1)
        assert tailnet.served() == BOTH | BESIDE
    assert (tailnet.served(), ledger.entries()) == (BESIDE, ())


async def test_a_path_that_leads_elsewhere_by_now_is_not_removed(tailnet: Tailnet, ledger: Ledger) -> None:
    ledger.add(Entry(443, "/voice/stream", STREAM))
    ledger.add(Entry(443, "/voice/webhook", WEBHOOK))
    tailnet.serve({"/voice/webhook": "http://127.0.0.1:9000", "/voice/stream": STREAM})
    assert await Tailscale(ledger, public=True).remove() == (Route("/voice/stream", STREAM),)
    assert (tailnet.served(), ledger.entries()) == ({"/voice/webhook": "http://127.0.0.1:9000"}, ())


async def test_what_cannot_be_removed_is_told_and_not_forgotten(
    tailnet: Tailnet, funnel: Tailscale, ledger: Ledger
) -> None:
    with capture_logs() as logs:
        async with running(funnel) as heard:
            await heard.count(1)
            tailnet.fault("keeps")
    (kept,) = [log for log in logs if log["event"] == "tunnel.kept"]
    assert "it is kept" in kept["hint"]
    assert [entry.path for entry in ledger.entries()] == ["/voice/webhook", "/voice/stream"]


async def test_what_cannot_be_removed_for_long_is_told_once(tailnet: Tailnet, ledger: Ledger) -> None:
    funnel = Tailscale(ledger, public=True)
    ledger.add(Entry(443, "/voice/webhook", WEBHOOK))
    tailnet.fault("stopped")
    with capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(TunnelError, match="does not run"):
                await funnel.run(WAY, Heard())
    assert [log["event"] for log in logs].count("tunnel.kept") == 1
    assert len(ledger.entries()) == 1


def _state(**status: Any) -> Callable[[Tailnet], None]:
    return lambda net: net.status(**status)


def _fault(name: str) -> Callable[[Tailnet], None]:
    return lambda net: net.fault(name)


REFUSALS: dict[str, tuple[Callable[[Tailnet], None], str]] = {
    "its daemon is down": (_fault("stopped"), "does not run on this machine: .*systemctl start tailscaled"),
    "logged out": (
        _state(BackendState="NeedsLogin", AuthURL="https://login.tailscale.com/a/1"),
        "not logged in: .*`tailscale up`, or open https://login.tailscale.com/a/1",
    ),
    "unapproved": (_state(BackendState="NeedsMachineAuth"), "waits for approval: .*admin/machines"),
    "down": (_state(BackendState="Stopped"), r"not connected \(Stopped\): run `tailscale up`"),
    "too old": (_state(Version="1.50.1-t1"), "version 1.50: update it; 1.52 or newer"),
    "nameless": (_state(Self={"DNSName": ""}), "no name in tailscale: turn MagicDNS on"),
    "funnel not allowed": (_fault("consent"), r"not allowed .*open https://login.tailscale.com/f/funnel\?node=nTEST "),
    "no rights": (_fault("denied"), "this user may not .*sudo tailscale set --operator=\\$USER"),
    "other flags": (_fault("flags"), "does not know the flags: update it"),
    "taken in a terminal": (_fault("foreground"), "port 443 is taken in tailscale: end the `tailscale` command"),
    "port not allowed": (
        _state(Self={"DNSName": HOST, "Capabilities": ["https://tailscale.com/cap/funnel-ports?ports=8443,9000-9001"]}),
        "funnel cannot use port 443: write one of 8443, 9000, 9001",
    ),
    "path taken": (
        lambda net: net.serve({"/voice/stream": "http://127.0.0.1:9000"}),
        "/voice/stream on port 443 leads to http://127.0.0.1:9000 .*--set-path=/voice/stream off",
    ),
    "would show others' paths": (
        lambda net: net.serve(BESIDE, funnel=False),
        "other paths of port 443 in tailscale would be shown to the internet as well: write another tunnel.port",
    ),
    "another protocol": (lambda net: net.serve({}, tcp=True), "port 443 serves something else"),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_refusal_says_why_and_what_to_do(
    tailnet: Tailnet, funnel: Tailscale, ledger: Ledger, name: str
) -> None:
    plant, told = REFUSALS[name]
    plant(tailnet)
    before = tailnet.served()
    with pytest.raises(TunnelError) as refused:
        await funnel.open(WAY)
    assert re.search(told, str(refused.value)), str(refused.value)
    assert refused.value.hint
    assert (tailnet.served(), ledger.entries()) == (before, ())


@pytest.mark.parametrize("public", [True, False])
async def test_what_we_served_to_the_others_is_changed_over(tailnet: Tailnet, ledger: Ledger, public: bool) -> None:
    await Tailscale(ledger, public=not public).open(WAY)
    async with running(Tailscale(ledger, public=public)) as heard:
        await heard.count(1)
        assert (tailnet.served(), tailnet.public()) == (BOTH, public)
    assert (tailnet.served(), ledger.entries()) == ({}, ())


async def test_serve_does_not_take_a_public_port_from_others(tailnet: Tailnet, ledger: Ledger) -> None:
    tailnet.serve(BESIDE)
    with pytest.raises(TunnelError, match="hidden from the internet"):
        await Tailscale(ledger, public=False).open(WAY)
    assert tailnet.public()


async def test_without_the_command_it_is_said_where_to_get_it(path: Path, funnel: Tailscale) -> None:
    with pytest.raises(TunnelError, match=r"no `tailscale` command: install it, from https://tailscale\.com/download"):
        await funnel.open(WAY)


async def test_a_command_that_does_not_end_is_given_up(tailnet: Tailnet, path: Path, ledger: Ledger) -> None:
    (path / "tailscale").write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    with pytest.raises(TunnelError, match=r"did not end within 0\.05 s"):
        await Tailscale(ledger, public=True, patience=0.05).open(WAY)


@pytest.mark.parametrize("text", ["", "no", "[]", '{"Version": 1}'])
async def test_what_cannot_be_read_is_said_to_be_so(path: Path, ledger: Ledger, text: str, tailnet: Tailnet) -> None:
    (path / "tailscale").write_text(f"#!/bin/sh\nprintf '%s' '{text}'\n")
    with pytest.raises(TunnelError, match="unknown form"):
        await Tailscale(ledger, public=True).open(WAY)


async def test_the_list_of_what_was_added_is_for_its_owner_alone(
    tailnet: Tailnet, funnel: Tailscale, tmp_path: Path
) -> None:
    await funnel.open(WAY)
    file = tmp_path / "state" / "routes.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(msgspec.json.decode(file.read_bytes())) == 2


async def test_a_list_that_cannot_be_written_stops_before_anything_is_added(tailnet: Tailnet, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TunnelError, match="state directory"):
        await Tailscale(Ledger(tmp_path / "file" / "routes.json"), public=True).open(WAY)
    assert tailnet.changes == []

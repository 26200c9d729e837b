"""cloudflared: its URL comes late, changes with each start, or is one's own; what it says when it fails is told."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from tests.tunnels.commands import WAY, Cloud, Heard, running, telling
from voicecall.errors import TunnelError
from voicecall.tunnels import Way
from voicecall.tunnels.cloudflared import Cloudflared, Named
from voicecall.tunnels.keeping import keep

STAMP = "2026-11-21T10:00:00Z"
WELCOME = (
    f"{STAMP} INF Thank you for trying Cloudflare Tunnel: https://developers.cloudflare.com/cloudflare-one/connections",
    f"{STAMP} INF Requesting new quick Tunnel on trycloudflare.com...",
)
CONNECTED = f"{STAMP} INF Registered tunnel connection connIndex=0 connection=1-2 location=fra10 protocol=quic"


def banner(url: str) -> str:
    return f"{STAMP} INF |  {url}                        |"


def quick(**options: Any) -> Cloudflared:
    return Cloudflared(metrics=(), **options)


def ingress(*rules: tuple[str, str]) -> str:
    config = {"ingress": [{"hostname": host, "service": service} for host, service in rules]}
    quoted = json.dumps(config).replace('"', '\\"')
    return f'{STAMP} INF Updated to new configuration config="{quoted}" version=1'


async def test_a_quick_tunnel_is_announced_when_its_url_is_printed_however_late(cloud: Cloud) -> None:
    async with running(quick()) as heard:
        cloud.say(*WELCOME)
        cloud.say(banner("https://four-dashed-words-url.trycloudflare.com"), CONNECTED)
        await heard.count(1)
        (started,) = cloud.started
        assert heard.urls == ["https://four-dashed-words-url.trycloudflare.com"]
    assert started["arguments"][-2:] == ["--url", "http://127.0.0.1:3334"]
    assert not psutil.pid_exists(started["pid"])


async def test_a_configuration_of_another_tunnel_has_no_say(cloud: Cloud) -> None:
    async with running(quick()) as heard:
        cloud.say(banner("https://a-b.trycloudflare.com"))
        await heard.count(1)
    arguments = cloud.started[0]["arguments"]
    assert arguments[arguments.index("--config") + 1] == os.devnull


async def test_one_that_dies_is_started_again_and_its_new_url_is_announced(cloud: Cloud) -> None:
    told: list[str] = []
    heard = Heard()
    async with asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(
            keep(quick(), WAY, heard, lambda error, _: told.append(str(error)), pauses=(0,)),
        )
        cloud.say(banner("https://one.trycloudflare.com"))
        await heard.count(1)
        cloud.say(f"{STAMP} ERR Unable to reach the origin service")
        cloud.exit(1)
        await heard.count(2)
        cloud.say(banner("https://two.trycloudflare.com"))
        await heard.count(3)
        keeping.cancel()
    assert heard.urls == ["https://one.trycloudflare.com", None, "https://two.trycloudflare.com"]
    assert "exit status 1" in told[0]
    assert told[0].endswith(": Unable to reach the origin service")


async def test_one_without_a_url_is_given_up(cloud: Cloud) -> None:
    cloud.say(*WELCOME)
    with pytest.raises(TunnelError, match=r"printed no URL within 0\.2 s: .*port 7844"):
        await quick(patience=0.2).run(WAY, Heard())


async def test_one_with_a_url_may_stay_as_long_as_it_likes(cloud: Cloud) -> None:
    patience, loop = 1.5, asyncio.get_running_loop()
    begun = loop.time()
    async with running(quick(patience=patience)) as heard:
        cloud.say(banner("https://a-b.trycloudflare.com"))
        await heard.count(1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout_at(begun + patience + 0.2):
                await heard.count(2)


async def test_the_api_is_not_taken_for_the_url(cloud: Cloud) -> None:
    async with running(quick()) as heard:
        cloud.say('ERR Post "https://api.trycloudflare.com/tunnel": again', banner("https://a-b.trycloudflare.com"))
        await heard.count(1)
        assert heard.urls == ["https://a-b.trycloudflare.com"]


async def test_a_token_is_not_among_the_arguments(cloud: Cloud) -> None:
    async with running(quick(named=Named(token="sesame", domain="voice.example.com"))) as heard:
        cloud.say(CONNECTED, CONNECTED)
        await heard.count(1)
        (started,) = cloud.started
    assert heard.urls == ["https://voice.example.com"]
    assert (started["arguments"], started["token"]) == (["tunnel", "--no-autoupdate", "run"], "sesame")
    assert "sesame" not in repr(Named(token="sesame"))


async def test_the_dashboard_says_which_name_leads_here(cloud: Cloud) -> None:
    async with running(quick(named=Named(token="sesame"))) as heard:
        rules = (("ssh.example.com", "ssh://localhost:22"), ("voice.example.com", "http://localhost:3334"))
        cloud.say(CONNECTED, ingress(*rules, ("", "http_status:404")))
        await heard.count(1)
        assert heard.urls == ["https://voice.example.com"]
        cloud.say(ingress(("calls.example.com", "http://127.0.0.1:3334")))
        await heard.count(2)
        assert heard.urls[1:] == ["https://calls.example.com"]


async def test_a_dashboard_without_such_a_name_is_said_to_lack_it(cloud: Cloud) -> None:
    cloud.say(CONNECTED, ingress(("voice.example.com", "http://localhost:8080")), 'INF config="{oops" version=2')
    with pytest.raises(TunnelError, match=r"no public hostname that leads to http://127\.0\.0\.1:3334: add that"):
        await quick(named=Named(token="sesame"), patience=1.5).run(WAY, Heard())


async def test_a_tunnel_of_this_machine_is_run_by_its_name(cloud: Cloud) -> None:
    async with running(quick(named=Named(name="calls", domain="voice.example.com"))) as heard:
        cloud.say(f"{STAMP} INF Connection 1-2-3 registered connIndex=0")
        await heard.count(1)
    assert cloud.started[0]["arguments"][2:] == ["run", "--url", "http://127.0.0.1:3334", "calls"]


COMPLAINTS = {
    "Provided Tunnel token is not valid.": "token is not valid: compare tunnel.cloudflared_token",
    "ERR Cannot determine default origin certificate path. No file cert.pem in [~/.cloudflared]": "not logged in",
    "Incorrect Usage: flag provided but not defined: -no-autoupdate": "does not know the flags: update it",
    'failed to request quick Tunnel: Post "https://api.trycloudflare.com/tunnel": no such host': "no quick tunnel",
    f"{STAMP} ERR Failed to serve something": r"exit status 1.*: Failed to serve something$",
    "": "exit status 1.*: run it by hand to see why",
}


@pytest.mark.parametrize("said", COMPLAINTS, ids=lambda said: said[:20])
async def test_its_complaint_says_what_to_do(cloud: Cloud, said: str) -> None:
    cloud.say(*([said] if said else []))
    cloud.exit(1)
    with pytest.raises(TunnelError) as refused:
        await quick().run(WAY, Heard())
    assert re.search(COMPLAINTS[said], str(refused.value)), str(refused.value)


async def test_without_the_command_it_is_said_where_to_get_it(path: Path) -> None:
    with pytest.raises(TunnelError, match="no `cloudflared` command: install it"):
        await quick().run(WAY, Heard())


@pytest.mark.parametrize(
    ("way", "told"),
    [
        (Way(1, "/a", "/b", "/a", "/b", 8443), "no port 8443: write 443 in tunnel.port"),
        (Way(1, "/a", "/b", "/x/a", "/x/b"), "keeps paths as they are: leave tunnel.path out"),
    ],
)
async def test_what_it_cannot_do_is_refused(cloud: Cloud, way: Way, told: str) -> None:
    with pytest.raises(TunnelError, match=told):
        await quick().run(way, Heard())


async def test_one_that_somebody_else_runs_for_us_is_used_until_it_is_gone(cloud: Cloud) -> None:
    rules = {"version": 0, "config": {"ingress": [{"service": "http://localhost:3334"}]}}
    answers: dict[str, Any] = {"/quicktunnel": {"hostname": "theirs.trycloudflare.com"}, "/config": rules}
    async with (
        telling(answers) as port,
        running(Cloudflared(metrics=(port,), watch=0.01)) as heard,
    ):
        await heard.count(1)
        answers["/quicktunnel"] = {"hostname": ""}
        cloud.say(banner("https://ours.trycloudflare.com"))
        await heard.count(3)
    assert heard.urls == ["https://theirs.trycloudflare.com", None, "https://ours.trycloudflare.com"]


@pytest.mark.parametrize(
    "config",
    [{"config": {"ingress": [{"service": "http://localhost:8080"}, "oops"]}}, {"config": []}, "oops", {"ingress": {}}],
)
async def test_one_that_leads_elsewhere_is_not(cloud: Cloud, config: Any) -> None:
    answers = {"/quicktunnel": {"hostname": "theirs.trycloudflare.com"}, "/config": config}
    async with telling(answers) as port, running(Cloudflared(metrics=(port,))) as heard:
        cloud.say(banner("https://ours.trycloudflare.com"))
        await heard.count(1)
    assert heard.urls == ["https://ours.trycloudflare.com"]


async def test_nothing_is_left_to_remove() -> None:
    assert await quick().remove() == ()

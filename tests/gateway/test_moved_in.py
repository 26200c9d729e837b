"""OpenClaw's configuration, moved in: calls under it do what they did there. Shapes are theirs, values our own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.entrypoints.house import FakeDesk
from tests.gateway.brains import Answers
from tests.gateway.carriers import CARRIERS
from tests.gateway.house import FRIEND, HANG_UP, US, House, listen, open_house, say, text, wait
from tests.gateway.town import open_town
from voicecall.app.profiles import rules
from voicecall.app.serving import public_options
from voicecall.app.tunnels import make_way
from voicecall.carriers.twilio import TwilioCarrier
from voicecall.config.load import load
from voicecall.config.model import Config
from voicecall.config.moving import move
from voicecall.entrypoints.public import PublicListener
from voicecall.errors import CallRefused
from voicecall.net.http import Http

STRANGER = "+15550100007"
SALES = "+15550000001"
MINE: dict[str, Any] = {
    "provider": "twilio",
    "fromNumber": US,
    "twilio": {"accountSid": "AC1", "authToken": "token"},
    "publicUrl": "https://voice.example.org/voice/webhook",
    "streaming": {"enabled": True},
}
Moved = Callable[..., Config]


@pytest.fixture
def moved(tmp_path: Path) -> Moved:
    """Import a whole OpenClaw file with these keys in its block, and return what holds then."""

    def run(**keys: Any) -> Config:
        was, becomes = tmp_path / "openclaw.json", tmp_path / "voicecall.toml"
        block = MINE | keys
        was.write_text(json.dumps({"plugins": {"entries": {"voice-call": {"enabled": True, "config": block}}}}))
        becomes.write_text(move(was, {}).toml)
        return load(becomes, {}).config

    return run


def gateway(config: Config, line: str = US, **more: Any) -> Any:
    """Open a gateway that does as the configuration says of one of our numbers."""
    met = config.line(line)
    return open_house(
        partial(open_town, CARRIERS["twilio"]),
        rules=rules(config, "en", early=False),
        policy=met.inbound_policy,
        allow_from=tuple(met.allow_from),
        greeting=met.greeting,
        max_calls=config.limits.max_concurrent_calls,
        **{"brain": Answers("Fine thank you")} | more,
    )


async def end(h: House, call: str) -> tuple[str, float]:
    """Return why a call ended, and how many seconds after its beginning."""
    record = await h.over(call)
    events = await h.events(call)
    return record["endReason"], _seconds(events[-1]["at"]) - _seconds(events[0]["at"])


def _seconds(at: str) -> float:
    hours, minutes, seconds = at.partition("T")[2].rstrip("Z").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


async def test_whoever_is_on_the_allowlist_is_greeted_and_nobody_else(moved: Moved) -> None:
    config = moved(inboundPolicy="allowlist", allowFrom=[FRIEND], inboundGreeting="Welcome home")
    async with gateway(config) as h:
        call = await h.ring(wait(4), HANG_UP)
        await h.over(call)
        assert text(await h.hears(call)) == "Welcome home"
        refused = await h.ring(wait(4), HANG_UP, caller=STRANGER)
        assert (await h.over(refused))["endReason"] == "rejected"
        assert text(await h.hears(refused)) == ""


async def test_nobody_is_let_in_where_nothing_says_who_may(moved: Moved) -> None:
    async with gateway(moved()) as h:
        assert (await h.over(await h.ring(wait(4), HANG_UP)))["endReason"] == "rejected"


async def test_a_line_greets_in_its_own_words_and_others_in_the_usual_ones(moved: Moved) -> None:
    numbers = {"1 (555) 000-0001": {"inboundGreeting": "Sales here", "responseTimeoutMs": 4001, "agentId": "sales"}}
    config = moved(inboundPolicy="open", inboundGreeting="Welcome home", numbers=numbers, agentId="main")
    for line, greeting, agent in ((SALES, "Sales here", "sales"), (US, "Welcome home", "main")):
        async with gateway(config, line) as h:
            call = await h.ring(wait(4), HANG_UP, line=line)
            await h.over(call)
            assert text(await h.hears(call)) == greeting
        assert config.line(line).brain.openclaw.agent_id == agent
        assert config.line(line).brain.kind == "openclaw"
    assert (config.line(SALES).brain.timeout_ms, config.line(US).brain.timeout_ms) == (4001, 30_000)


@pytest.mark.parametrize("delay", [0, 7])
async def test_a_message_is_heard_out_and_the_delay_kept_before_the_hang_up(moved: Moved, delay: int) -> None:
    config = moved(outbound={"notifyHangupDelaySec": delay})
    assert config.outbound.default_mode == "notify"
    async with gateway(config) as h:
        call = await h.place(wait(60), message="Your table is ready", mode=config.outbound.default_mode)
        assert (await h.over(call))["endReason"] == "completed"
        words = await h.hears(call)
        finished = await h.seen(call, "reply.finished")
        ended = (await h.events(call))[-1]["at"]
        assert text(words) == "Your table is ready"
        assert _seconds(ended) - _seconds(finished["at"]) == pytest.approx(delay, abs=0.6)


async def test_a_call_is_ended_at_its_longest_duration(moved: Moved) -> None:
    async with gateway(moved(maxDurationSeconds=45)) as h:
        reason, seconds = await end(h, await h.place(*(listen(), say("Go on"), wait(6)) * 20))
        assert (reason, 45 <= seconds < 60) == ("timeout", True)


async def test_no_more_calls_are_placed_than_there_may_be_at_once(moved: Moved) -> None:
    async with gateway(moved(maxConcurrentCalls=1)) as h:
        call = await h.place(wait(10), HANG_UP)
        with pytest.raises(CallRefused, match="all 1 lines are taken"):
            await h.place()
        await h.over(call)


async def test_it_rings_as_long_as_it_may(moved: Moved) -> None:
    async with gateway(moved(ringTimeoutMs=12_000)) as h:
        reason, seconds = await end(h, await h.place(to="+15550100002"))
        assert (reason, 12 <= seconds < 20) == ("no-answer", True)


async def test_an_answer_is_awaited_as_long_as_it_may_take(moved: Moved) -> None:
    async with gateway(moved(transcriptTimeoutMs=9000)) as h:
        call = await h.place(wait(60), HANG_UP)
        await h.seen(call, "reply.finished")
        began = asyncio.get_running_loop().time()
        assert (await h.ask(call, "Are you there"))["timedOut"]
        assert 9 <= asyncio.get_running_loop().time() - began < 13


async def test_without_streaming_the_carrier_speaks_and_listens(moved: Moved) -> None:
    config = moved(streaming={"enabled": False})
    async with gateway(config) as h:
        call = await h.place(listen(), say("How are you"), listen(), HANG_UP)
        assert (await h.over(call))["endReason"] == "hangup-user"
        assert text(await h.hears(call)) == "Hello there Fine thank you"
        assert h.town.plugs == []


FORM = {"CallSid": "CA1", "CallStatus": "completed", "From": FRIEND, "To": US, "AccountSid": "AC1"}


@pytest.mark.parametrize("skipped", [False, True])
def test_signatures_are_looked_at_unless_that_was_skipped(moved: Moved, skipped: bool) -> None:
    config = moved(skipSignatureVerification=skipped)

    async def main() -> list[int]:
        options = replace(public_options(config, (b"key",), frozenset()), port=0)
        listener = PublicListener(options, {"twilio": TwilioCarrier("AC1", "token")}, FakeDesk(), lambda: 1000.0)
        signed = MINE["publicUrl"] + "".join(name + FORM[name] for name in sorted(FORM))
        mac = base64.b64encode(hmac.new(b"token", signed.encode(), hashlib.sha1).digest()).decode()
        found = []
        async with asyncio.timeout(5.0), listener, Http() as http:
            for signature in ({"X-Twilio-Signature": mac}, {"X-Twilio-Signature": "wrong"}):
                headers = {"Content-Type": "application/x-www-form-urlencoded"} | signature
                body = urlencode(FORM).encode()
                found.append((await http.send("POST", listener.own_url, headers, body, timeout=2.0))[0])
        return found

    assert asyncio.run(main()) == [201, 201 if skipped else 403]


@pytest.mark.parametrize(
    ("keys", "outside", "here"),
    [
        ({}, ("/voice/webhook", "/voice/stream", 443), ("/voice/webhook", "/voice/stream")),
        (
            {"path": "/p/voice/webhook"},
            ("/p/voice/webhook", "/p/voice/stream", 443),
            ("/voice/webhook", "/voice/stream"),
        ),
        ({"port": 8443}, ("/voice/webhook", "/voice/stream", 8443), ("/voice/webhook", "/voice/stream")),
    ],
)
def test_tailscale_leads_from_the_paths_that_it_led_from(
    moved: Moved, keys: dict[str, Any], outside: tuple[str, str, int], here: tuple[str, str]
) -> None:
    way = make_way(moved(tailscale={"mode": "funnel"} | keys), 3334)
    assert (way.public_webhook_path, way.public_stream_path, way.public_port) == outside
    assert (way.webhook_path, way.stream_path) == here

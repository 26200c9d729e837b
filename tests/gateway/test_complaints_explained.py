"""What users of such systems complained of, planted in a whole gateway: one run of the doctor names each, and its fix.

`doctor --call-id` reads what the gateway itself wrote down of the call, and the call says that it is to be asked.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.gateway.brains import Answers
from tests.gateway.house import HANG_UP, House, listen, say, wait
from tests.gateway.test_complaints import TALK, DeafToGather, NoSpeech, NoStreams, TokenInQuery, forgetful, gateway
from voicecall.config.load import load
from voicecall.core.doubts import is_doubtful
from voicecall.core.operations import Live
from voicecall.core.rules import Rules
from voicecall.doctor import Check
from voicecall.doctor.diagnosis import diagnose
from voicecall.doctor.people import limits
from voicecall.emulators.faults import Faults
from voicecall.gateway import session


async def cause(h: House, call: str) -> Check:
    """What `doctor --call-id` says first of a call, once it has ended."""
    record = await h.over(call)
    first = diagnose(record, await h.events(call)).checks[0]
    assert first.level != "ok"
    assert first.fix
    assert first.why
    for line in h.town.named("call.ended"):
        assert (line.get("hint") == f"voicecall doctor --call-id {call}") is is_doubtful(record)
    return first


async def test_a_token_that_something_on_the_way_drops() -> None:
    async with gateway(TokenInQuery)(brain=Answers("Fine thank you")) as h:
        call = await h.place(*TALK)
        found = await cause(h, call)
        assert (found.id, found.level, "came without its credential" in found.message) == ("stream", "fail", True)
        assert "pass the whole path" in found.fix
        assert is_doubtful(await h.record(call))


async def test_a_greeting_that_is_forgotten_before_it_was_played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "step", forgetful)
    async with gateway(mark='"event"')() as h:
        h.town.marks_get_lost = True
        call = await h.place(wait(40), HANG_UP, message="Hello there")
        found = await cause(h, call)
        assert (found.id, "opening line may not have been heard" in found.message) == ("stream", True)
        assert is_doubtful(await h.record(call))


async def test_a_line_on_which_nobody_may_call() -> None:
    async with gateway()(policy="disabled") as h:
        call = await h.ring(say("Hello"), HANG_UP)
        found = await cause(h, call)
        assert (found.id, found.level, "inbound_policy" in found.message) == ("inbound-policy", "fail", True)
        assert "allow_from" in found.fix
        assert is_doubtful(await h.record(call))


async def test_calls_that_nobody_answers_and_that_keep_the_line(tmp_path: Path) -> None:
    async with gateway()(rules=Rules(ring_timeout=600.0, stale=0.0), max_calls=1) as h:
        h.town.faults = Faults(webhook_lose=("ringing", "ended"))
        await h.place(to="+15550100001")
        await asyncio.sleep(125)
        (tmp_path / "voicecall.toml").write_text("limits = { max_concurrent_calls = 1, stale_call_seconds = 0 }\n")
        found = limits(load(tmp_path / "voicecall.toml").config, await h.perform(Live()))
        assert (found.level, "1 by calls that nobody answered" in found.message) == ("warn", True)
        assert "kept for ever" in found.message
        assert found.fix == "limits.stale_call_seconds = 120"


async def test_a_call_of_which_no_report_arrives() -> None:
    async with gateway()(rules=Rules(ring_timeout=600.0), max_calls=1) as h:
        h.town.faults = Faults(webhook_lose=("ringing", "ended"))
        call = await h.place(to="+15550100001")
        found = await cause(h, call)
        assert (found.id, found.level, "not one of its reports" in found.message) == ("public-url", "fail", True)
        assert "doctor --live" in found.fix
        assert is_doubtful(await h.record(call))


@pytest.mark.parametrize("speech", [True, False])
async def test_a_stream_that_is_answered_404(monkeypatch: pytest.MonkeyPatch, speech: bool) -> None:
    monkeypatch.setattr(House, "connect", NoStreams.connect)
    async with gateway(None if speech else NoSpeech)(brain=Answers("Fine thank you")) as h:
        call = await h.place(*TALK)
        found = await cause(h, call)
        assert (found.id, found.level, "31920" in found.message) == ("stream", "warn" if speech else "fail", True)
        assert "doctor --live" in found.fix
        assert is_doubtful(await h.record(call))


async def test_what_a_caller_says_to_the_carrier_and_nobody_answers() -> None:
    async with gateway(DeafToGather)(brain=Answers("Fine thank you"), rules=Rules(streaming=False)) as h:
        found = await cause(h, await h.place(listen(), say("How are you"), wait(20), HANG_UP))
        assert (found.id, "told nothing of what the caller said" in found.message) == ("stt", True)

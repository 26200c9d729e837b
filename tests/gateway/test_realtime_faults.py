"""Models that flood, stall or fall behind: the call ends with its cause, or goes on without them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.gateway.house import HANG_UP, MakeHouse, listen, say, text, wait
from tests.gateway.models import Lines, model
from tests.gateway.puppet import conversing
from tests.gateway.spelling import Alphabet
from tests.gateway.test_conversations import said
from voicecall.brains import Conversation
from voicecall.core.events import Event
from voicecall.core.utterances import ModelLost, PlaybackFinished
from voicecall.gateway.answer import LONGEST
from voicecall.realtime import Audio, Called, Ended, Traits
from voicecall.realtime.scripted import Reply, Script

NOBODY = Conversation("call", "inbound", "", "", ())
FLOOD = "The model sent 120 s more of audio than was played."


def flooding(seconds: float, words: str) -> Callable[[Alphabet], Script]:
    """Return the script of a model that makes this much sound of these words."""

    def script(alphabet: Alphabet) -> Script:
        usual = model(Lines(words))(alphabet)
        flood = b"\x20\xa0" * round(seconds * 4000)
        return replace(usual, voice=lambda text: flood if text == words else usual.voice(text))

    return script


async def test_a_model_that_is_two_minutes_ahead_of_what_was_played_ends_the_call_with_its_cause(
    house: MakeHouse,
) -> None:
    async with house(model=flooding(125.0, "Fine thank you")) as h:
        call = await h.place(listen(), say("How are you"), wait(60))
        record = await h.over(call)

        assert (record["state"], record["endReason"], record["endDetail"]) == ("ended", "error", FLOOD)
        assert [warning["code"] for warning in record["warnings"]] == ["realtime"]
        assert record["warnings"][0]["text"] == FLOOD
        assert said(record)[:2] == [("agent", "Hello there"), ("caller", "How are you")]
        assert h.town.rest.count("hang-up") == 1
        (ended,) = h.town.named("call.ended")
        assert (ended["reason"], ended["detail"]) == ("error", FLOOD)
        await h.idle()


async def test_a_model_that_speaks_long_and_not_too_far_ahead_is_heard(house: MakeHouse) -> None:
    async with house(model=flooding(100.0, "Fine thank you")) as h:
        call = await h.place(listen(), say("How are you"), wait(30), HANG_UP)
        record = await h.over(call)

        assert (record["endReason"], record["warnings"]) == ("hangup-user", [])


async def test_a_model_that_does_not_answer_in_time_hands_the_call_over(house: MakeHouse) -> None:
    slow = model(lambda lines, told: Reply("Too late"), delay=30.0)
    async with house(model=slow, patience=4.0) as h:
        call = await h.place(listen(), say("How are you"), listen(20.0), HANG_UP)
        record = await h.over(call)

        assert record["endReason"] == "hangup-user"
        (warning,) = (one for one in record["warnings"] if one["code"] == "realtime")
        assert warning["text"] == (
            "The model was asked for an answer and said nothing for 4 s. Transcriber, agent and voice take its place."
        )
        assert "Too late" not in text(await h.hears(call))
        assert text(await h.hears(call)).startswith("Hello there")
        await h.idle()


# --- the mouth alone


def lost(events: list[Event]) -> list[str]:
    return [event.detail for event in events if isinstance(event, ModelLost)]


async def test_a_model_that_stops_in_mid_answer_is_given_up_once_all_that_came_was_heard() -> None:
    events: list[Event] = []
    played: list[bytes] = []
    async with conversing(Traits(), events.append, played.append, patience=4.0) as (duplex, puppet):
        duplex.respond(1, 1, NOBODY, silent_since=0.0)
        puppet.report(Audio("1", b"\x20" * 8000 * 8))
        await asyncio.sleep(11.0)
        assert lost(events) == []
        await asyncio.sleep(1.5)

        assert lost(events) == ["The model stopped in the middle of an answer and said nothing for 4 s."]


async def test_a_model_that_goes_on_slowly_after_a_tool_is_not_given_up() -> None:
    events: list[Event] = []
    async with conversing(Traits(), events.append, lambda mulaw: None, patience=4.0) as (duplex, puppet):
        duplex.respond(1, 1, NOBODY, silent_since=0.0)
        puppet.report(Audio("1", b"\x20" * 800))
        puppet.report(Called("1", "call-1", "note_outcome", '{"disposition": "ok", "summary": "fine"}'))
        for _ in range(8):
            await asyncio.sleep(3.0)
            puppet.report(Audio("1", b"\x20" * 800))
        puppet.report(Ended("1"))
        await asyncio.sleep(10.0)

        assert lost(events) == []
        assert any(isinstance(event, PlaybackFinished) for event in events)


async def test_what_comes_late_of_a_cancelled_answer_never_sounds() -> None:
    events: list[Event] = []
    played: list[bytes] = []
    async with conversing(Traits(), events.append, played.append) as (duplex, puppet):
        duplex.respond(1, 1, NOBODY, silent_since=0.0)
        puppet.report(Audio("1", b"\x20" * 8000))
        await asyncio.sleep(0.5)
        duplex.cancel(1)
        await asyncio.sleep(0.1)
        played.clear()
        duplex.respond(2, 2, NOBODY, silent_since=0.0)
        for _ in range(5):
            puppet.report(Audio("1", b"\x20" * 8000))
            puppet.report(Audio("2", b"\x30" * 800))
            await asyncio.sleep(0.5)
        puppet.report(Ended("1"))
        puppet.report(Ended("2"))
        await asyncio.sleep(2.0)

        assert set(b"".join(played)) == {0x30}
        assert len(b"".join(played)) == 4000
        assert [asked[:2] for asked in puppet.asked] == [("respond", "1"), ("cancel", "1"), ("respond", "2")]


@pytest.mark.parametrize("wanted", [True, False], ids=["said", "not wanted yet"])
async def test_a_flood_is_noticed_before_anybody_wants_it_too(wanted: bool) -> None:
    events: list[Event] = []
    async with conversing(Traits(), events.append, lambda mulaw: None) as (duplex, puppet):
        name = "1" if wanted else "prepared"
        if wanted:
            duplex.say(1, "Hello")
        else:
            duplex.prepare("Hello")
        for _ in range(int(LONGEST) + 1):
            puppet.report(Audio(name, b"\x20" * 8000))
        before = duplex.player.waiting
        puppet.report(Audio(name, b"\x20" * 80_000))

        assert lost(events) == [FLOOD]
        assert duplex.player.waiting == before <= (LONGEST + 1) * 8000


async def test_a_model_that_says_nothing_when_it_should_is_asked_twice() -> None:
    events: list[Event] = []
    async with conversing(Traits(), events.append, lambda mulaw: None) as (duplex, puppet):
        duplex.say(1, "Hello")
        puppet.report(Ended("1"))
        assert puppet.asked[-1] == ("say", "1.again", "Hello")
        puppet.report(Ended("1.again", "It is out of order."))

        assert lost(events) == ["The model failed twice to answer: It is out of order."]

"""What goes wrong on our own side: agents, voices, ears, bugs. One call suffers, no other, and the record says why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.gateway.brains import Answers, Part
from tests.gateway.house import HANG_UP, Json, MakeHouse, listen, say, text, wait
from voicecall.errors import AgentError, SpeechError
from voicecall.gateway.making import Manner

ASK = (listen(), say("How are you"), listen(), HANG_UP)
AGAIN = (listen(), say("How are you"), wait(4), say("Hello hello"), listen(), HANG_UP)


def codes(record: Json) -> list[str]:
    """Return what the record warns of."""
    return [warning["code"] for warning in record["warnings"]]


def bug_on(text: str) -> Callable[[str], str]:
    """Return how texts are read aloud, with a bug that shows once, on this one."""
    bugs = [RuntimeError("a bug")]

    def speakable(piece: str) -> str:
        if piece == text and bugs:
            raise bugs.pop()
        return piece

    return speakable


async def test_an_agent_that_breaks_has_failed_and_ends_nothing(house: MakeHouse) -> None:
    async with house(brain=Answers((RuntimeError("a bug"),), "I am back")) as h:
        call = await h.place(*AGAIN)
        record = await h.over(call)

        assert codes(record) == ["reply-failed"]
        assert record["warnings"][0]["text"] == "the agent broke: RuntimeError"
        assert text(await h.hears(call)) == "Hello there I am back"


async def test_a_bug_ends_its_own_call_and_no_other(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine thank you"), manner=Manner(speakable=bug_on("Fine thank you"))) as h:
        broken = await h.place(*ASK)
        await asyncio.sleep(0.5)
        fine = await h.place(*ASK, to="+15550100010")
        record = await h.over(broken)

        assert record["endReason"] == "error"
        assert record["endDetail"] == "The gateway failed on this call: RuntimeError: a bug"
        assert (await h.leg(broken)).status == "ended"
        assert (await h.types(broken))[-4:] == ["call.crashed", "call.hangup-accepted", "timer.fired", "call.ended"]
        assert [line["event"] for line in h.town.logs if line["log_level"] == "error"] == ["call.crashed"]
        assert text(await h.hears(fine) if (await h.over(fine)) else []) == "Hello there Fine thank you"
        await h.idle()


async def test_a_bug_while_the_hang_up_fails_still_ends_the_call(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine"), manner=Manner(speakable=bug_on("Fine")), max_calls=1) as h:
        h.town.rest.statuses["hang-up"] = [503] * 9
        record = await h.over(await h.place(*ASK))

        assert record["endReason"] == "error"
        await h.idle()
        h.town.rest.statuses.clear()
        assert (await h.over(await h.place(wait(2), HANG_UP)))["endReason"] == "hangup-user"


@pytest.mark.parametrize(
    ("parts", "heard"),
    [
        ((AgentError("the model is down"),), ""),
        (("One moment please. ", "And then ", 0.01, AgentError("the model is down")), "One moment please."),
        ((99.0,), ""),
        (("One moment please. ", 99.0), "One moment please."),
    ],
    ids=["at once", "after a piece", "silence at once", "silence after a piece"],
)
async def test_an_agent_that_fails_leaves_a_warning_and_the_call_goes_on(
    house: MakeHouse, parts: tuple[Part, ...], heard: str
) -> None:
    async with house(brain=Answers(parts, "I am back"), patience=2.0) as h:
        call = await h.place(*AGAIN)
        record = await h.over(call)

        assert codes(record) == ["reply-cut-short" if heard else "reply-failed"]
        assert text(await h.hears(call)) == " ".join(filter(None, ["Hello there", heard, "I am back"]))
        assert record["endReason"] == "hangup-user"
        await h.idle()


async def test_an_agent_that_says_nothing_leaves_the_floor_to_the_caller(house: MakeHouse) -> None:
    async with house(brain=Answers((), "I am back")) as h:
        call = await h.place(*AGAIN)
        record = await h.over(call)

        assert text(await h.hears(call)) == "Hello there I am back"
        assert [line["text"] for line in record["transcript"]] == [
            *("Hello there", "How are you", "Hello hello", "I am back")
        ]
        assert codes(record) == ["reply-failed"]


async def test_an_agent_that_is_silent_on_purpose_has_not_failed(house: MakeHouse) -> None:
    async with house(brain=Answers("", "I am back")) as h:
        call = await h.place(*AGAIN)
        record = await h.over(call)

        assert text(await h.hears(call)) == "Hello there I am back"
        assert codes(record) == []


@pytest.mark.parametrize(("parts", "heard"), [((), ""), (("Fine. And then ", AgentError("gone")), "Fine. ")])
async def test_the_gateway_apologises_for_an_agent_that_fails(
    house: MakeHouse, parts: tuple[Part, ...], heard: str
) -> None:
    async with house(brain=Answers(parts, "I am back"), manner=Manner(apology="So sorry")) as h:
        call = await h.place(*AGAIN)
        record = await h.over(call)

        assert text(await h.hears(call)) == f"Hello there {heard}So sorry I am back"
        assert codes(record) == ["reply-cut-short" if heard else "reply-failed"]


async def test_a_voice_that_fails_on_an_answer_leaves_a_warning_and_the_call_goes_on(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine xyzzy you", "I am back")) as h:
        h.voice.failing.add("xyzzy")
        call = await h.place(*AGAIN)
        record = await h.over(call)

        assert codes(record) == ["reply-cut-short"]
        assert record["warnings"][0]["text"] == "nothing can say xyzzy"
        assert text(await h.hears(call)).endswith("I am back")


async def test_a_message_that_our_voice_cannot_say_is_the_carriers_to_say_or_ends_the_call(house: MakeHouse) -> None:
    async with house() as h:
        h.voice.failing.add("xyzzy")
        call = await h.place(message="xyzzy", mode="notify")
        record = await h.over(call)

        if h.can.prompts:
            assert (record["endReason"], text(await h.hears(call))) == ("completed", "xyzzy")
        else:
            assert record["endReason"] == "error"
            assert record["endDetail"] == "The message could not be spoken: nothing can say xyzzy"
        assert (await h.leg(call)).status == "ended"
        await h.idle()


async def test_speaking_what_cannot_be_spoken_is_refused(house: MakeHouse) -> None:
    async with house() as h:
        h.voice.failing.add("xyzzy")
        call = await h.place(wait(99))
        await h.seen(call, "reply.finished")
        with pytest.raises(SpeechError, match="nothing can say xyzzy"):
            await h.speak(call, "xyzzy")
        assert await h.speak(call, "Never mind") == {"callId": call, "heard": True}


async def test_a_voice_that_stalls_is_given_up(house: MakeHouse) -> None:
    async with house(manner=Manner(patience=2.0)) as h:
        call = await h.place(wait(99))
        await h.seen(call, "reply.finished")
        h.voice.delay = 99.0
        with pytest.raises(SpeechError, match="no sound for 2 s"):
            await h.speak(call, "Hello again")
        h.voice.delay = 0.0
        assert await h.speak(call, "Never mind") == {"callId": call, "heard": True}


async def test_a_transcriber_that_fails_leaves_a_warning_and_the_call_goes_on(house: MakeHouse) -> None:
    async with house(brain=Answers("I am back")) as h:
        h.ears.broken = True
        call = await h.place(*AGAIN)
        await h.seen(call, "transcript.failed")
        h.ears.broken = False
        record = await h.over(call)

        assert codes(record) == ["stt"]
        assert [line["text"] for line in record["transcript"]] == ["Hello there", "Hello hello", "I am back"]


async def test_a_slow_transcript_is_waited_for(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine thank you")) as h:
        h.ears.delay = 1.5
        record = await h.over(await h.place(*ASK))
        assert [line["text"] for line in record["transcript"]] == ["Hello there", "How are you", "Fine thank you"]


async def test_a_transcript_that_comes_too_late_is_a_turn_of_its_own(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine thank you")) as h:
        h.ears.delay = 8.0
        call = await h.place(listen(), say("How are you"), listen(), HANG_UP)
        record = await h.over(call)
        assert [line["text"] for line in record["transcript"]] == ["Hello there", "How are you", "Fine thank you"]

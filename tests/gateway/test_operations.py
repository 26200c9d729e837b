"""What is asked of the gateway while calls run: speak, continue, digits, end, wait, status, history, events."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.gateway.brains import Answers
from tests.gateway.house import FRIEND, HANG_UP, House, MakeHouse, listen, onset, say, text, wait
from voicecall.core.operations import History, Latency, Live, Status, Transcript, Wait
from voicecall.core.rules import Rules
from voicecall.emulators.script import Step
from voicecall.errors import BadParameters, CallNotFound, CallOver, CallRefused, CarrierError, OperationTimeout

COUNT = "one two three four five six seven eight nine ten"


async def talking(h: House, *steps: Step, **wish: Any) -> str:
    """Place a call, and return its id a second after the greeting was heard."""
    call = await h.place(*(steps or (wait(900),)), **wish)
    await h.seen(call, "reply.finished")
    await asyncio.sleep(1)
    return call


# --- speak


async def test_speak_returns_once_it_was_heard(house: MakeHouse) -> None:
    async with house() as h:
        call = await talking(h)
        begun = asyncio.get_running_loop().time()
        assert await h.speak(call, "  Your taxi is here ") == {"callId": call, "heard": True}

        assert asyncio.get_running_loop().time() - begun == pytest.approx(0.82, abs=0.03)
        assert text(await h.hears(call)) == "Hello there Your taxi is here"
        assert (await h.record(call))["transcript"][-1]["text"] == "Your taxi is here"


async def test_speak_says_that_it_was_interrupted(house: MakeHouse) -> None:
    async with house() as h:
        call = await talking(h, listen(0.5), onset(0.5), say("Stop it now"), wait(99))
        assert await h.speak(call, COUNT) == {"callId": call, "heard": False}

        assert (await h.record(call))["transcript"][-1]["heard"] == "one two"


async def test_what_is_spoken_at_once_is_spoken_in_turn(house: MakeHouse) -> None:
    async with house() as h:
        call = await talking(h)
        said = [h.beside(h.speak(call, words)) for words in ("First line", "Second line", "Third line")]
        assert [await one for one in said] == [{"callId": call, "heard": True}] * 3

        assert text(await h.hears(call)) == "Hello there First line Second line Third line"


async def test_speak_before_the_answer_waits_for_it(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(wait(9), message="")
        assert await h.speak(call, "Your taxi is here") == {"callId": call, "heard": True}
        assert text(await h.hears(call)) == "Your taxi is here"


async def test_the_opening_line_comes_before_whatever_else_there_is_to_say(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(wait(9))
        await h.speak(call, "Your taxi is here")
        assert text(await h.hears(call)) == "Hello there Your taxi is here"


async def test_speaking_to_a_call_that_is_over_is_refused(house: MakeHouse) -> None:
    async with house() as h:
        call = await talking(h)
        await h.end(call)
        for ask in (h.speak, h.ask):
            with pytest.raises(CallOver, match="hangup-agent"):
                await ask(call, "Hello again")
        with pytest.raises(CallOver):
            await h.press(call, "1")


async def test_what_was_being_said_when_the_call_ended_tells_whether_it_was_heard(house: MakeHouse) -> None:
    async with house() as h:
        call = await talking(h, listen(0.5), onset(0.5), HANG_UP)
        first, second = h.beside(h.speak(call, COUNT)), h.beside(h.speak(call, "And this"))
        assert await first == {"callId": call, "heard": False}
        with pytest.raises(CallOver, match="hangup-user"):
            await second
        assert (await h.over(call))["transcript"][-1]["heard"] == "one two"


# --- continue


async def test_continue_returns_what_the_caller_answers(house: MakeHouse) -> None:
    brain = Answers("Never asked")
    async with house(brain=brain) as h:
        call = await talking(h, listen(0.5), listen(0.5), say("At nine please"), wait(99))
        assert await h.ask(call, "When shall we come") == {"callId": call, "transcript": "At nine please"}

        assert brain.asked == []
        assert text(await h.hears(call)) == "Hello there When shall we come"
        assert [line["text"] for line in (await h.record(call))["transcript"]] == [
            *("Hello there", "When shall we come", "At nine please")
        ]


async def test_continue_gives_up_after_the_transcript_timeout(house: MakeHouse) -> None:
    async with house(rules=Rules(transcript_timeout=20.0)) as h:
        call = await talking(h)
        begun = asyncio.get_running_loop().time()
        assert await h.ask(call, "Are you there") == {"callId": call, "transcript": "", "timedOut": True}
        assert asyncio.get_running_loop().time() - begun == pytest.approx(20.6, abs=0.1)

        assert await h.speak(call, "Then good bye") == {"callId": call, "heard": True}


async def test_only_one_continue_waits_at_a_time(house: MakeHouse) -> None:
    async with house() as h:
        call = await talking(h)
        waiting = h.beside(h.ask(call, "When shall we come"))
        await asyncio.sleep(0.1)
        with pytest.raises(CallRefused):
            await h.ask(call, "And where to")
        await h.end(call)
        with pytest.raises(CallOver):
            await waiting


async def test_an_answer_that_interrupts_the_question_counts(house: MakeHouse) -> None:
    async with house() as h:
        call = await talking(h, listen(0.5), onset(0.6), say("At nine please"), wait(99))
        assert await h.ask(call, COUNT) == {"callId": call, "transcript": "At nine please"}


# --- digits


async def test_digits_reach_the_phone(house: MakeHouse) -> None:
    async with house() as h:
        call = await talking(h)
        assert await h.press(call, "12w#") == {"callId": call}
        await asyncio.sleep(3)

        assert [entry.text for entry in (await h.leg(call)).journal if entry.what == "digit"] == ["1", "2", "#"]


@pytest.mark.parametrize("digits", ["", "12x", "1 2", "1" * 65])
async def test_what_is_no_digit_is_refused(house: MakeHouse, digits: str) -> None:
    async with house() as h:
        call = await talking(h)
        with pytest.raises(BadParameters, match="digits"):
            await h.press(call, digits)
        assert h.town.rest.count("digits") == 0


async def test_digits_that_the_carrier_refuses_are_told_so(house: MakeHouse) -> None:
    async with house() as h:
        call = await talking(h)
        h.town.rest.statuses["digits"] = [400]
        with pytest.raises(CarrierError, match="400"):
            await h.press(call, "1")
        assert await h.speak(call, "Never mind") == {"callId": call, "heard": True}


# --- end


async def at_once(h: House, call: str) -> None:
    """The dial was only asked for."""


async def ringing(h: House, call: str) -> None:
    """The phone rings."""
    await h.seen(call, h.town.kit.ringing)


async def answered(h: House, call: str) -> None:
    """The phone was picked up."""
    await h.seen(call, "call.answered")


async def speaking(h: House, call: str) -> None:
    """The greeting is being said."""
    await h.seen(call, "reply.started")
    await asyncio.sleep(0.3)


async def silent(h: House, call: str) -> None:
    """The greeting was heard."""
    await h.seen(call, "reply.finished")


MOMENTS = {moment.__name__: moment for moment in (at_once, ringing, answered, speaking, silent)}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("late", [0.01, 1.5])
async def test_end_hangs_up_at_any_moment(house: MakeHouse, moment: str, late: float) -> None:
    async with house(max_calls=1) as h:
        h.town.rest.late["dial"] = late
        call = await h.place(wait(99), message=COUNT)
        await MOMENTS[moment](h, call)
        assert await h.end(call) == {"callId": call, "state": "ended", "endReason": "hangup-agent"}

        record = await h.over(call)
        assert (record["endReason"], record["endDetail"]) == ("hangup-agent", None)
        await h.idle()
        assert [leg.status for leg in h.network.legs.values()] == ["ended"]
        assert h.town.rest.count("hang-up") == 1
        again = await h.place(wait(2), HANG_UP)
        assert (await h.over(again))["endReason"] == "hangup-user"


async def test_ending_twice_is_ending_once(house: MakeHouse) -> None:
    async with house() as h:
        call = await talking(h)
        both = [h.beside(h.end(call)) for _ in range(2)]
        result = {"callId": call, "state": "ended", "endReason": "hangup-agent"}
        assert [await one for one in both] == [result, result]
        assert await h.end(call) == result
        assert h.town.rest.count("hang-up") == 1


async def test_ending_a_call_that_the_caller_ended_tells_who_did(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(wait(2), HANG_UP)
        await h.over(call)
        assert await h.end(call) == {"callId": call, "state": "ended", "endReason": "hangup-user"}
        assert h.town.rest.count("hang-up") == 0


async def test_end_while_the_agent_speaks_silences_it_at_once(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(wait(99), message=COUNT)
        await speaking(h, call)
        await h.end(call)
        record = await h.over(call)

        words = await h.hears(call)
        assert (await h.does(call, "ended"))[0] - words[-1].end < 0.05
        assert record["transcript"][0]["heard"] == text([word for word in words if word.end - word.begin > 0.15])


async def test_a_caller_who_was_speaking_at_the_end_is_on_record(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(listen(0.5), say("I wanted to"), HANG_UP)
        record = await h.over(call)

        assert [line["text"] for line in record["transcript"]] == ["Hello there", "I wanted to"]


# --- wait, status, history


async def test_wait_gives_up_and_the_call_goes_on(house: MakeHouse) -> None:
    async with house() as h:
        call = await talking(h)
        with pytest.raises(OperationTimeout, match="not ended within 5 s"):
            await h.perform(Wait(call_id=call, timeout=5.0))
        assert (await h.record(call))["state"] == "active"
        h.beside(h.end(call))
        assert (await h.perform(Wait(call_id=call)))["endReason"] == "hangup-agent"
        assert (await h.perform(Wait(call_id=call)))["endReason"] == "hangup-agent"


@pytest.mark.parametrize("operation", [Status, Wait, Transcript])
async def test_a_call_that_nobody_knows_is_not_found(
    house: MakeHouse, operation: type[Status | Wait | Transcript]
) -> None:
    async with house() as h:
        with pytest.raises(CallNotFound, match="01NOSUCHCALL"):
            await h.perform(operation(call_id="01NOSUCHCALL"))
        for ask in (h.speak, h.ask, h.press):
            with pytest.raises(CallNotFound):
                await ask("01NOSUCHCALL", "1")
        with pytest.raises(CallNotFound):
            await h.end("01NOSUCHCALL")


async def test_states_follow_the_call(house: MakeHouse) -> None:
    async with house(brain=Answers((1.0, COUNT))) as h:
        call = await h.place(listen(0.5), say("Please count"), listen(), HANG_UP)
        states: list[str] = []

        async def watch() -> None:
            while not states or states[-1] != "ended":
                state = (await h.record(call))["state"]
                if not states or states[-1] != state:
                    states.append(state)
                await asyncio.sleep(0.01)

        await h.beside(watch())
        assert states == [
            *("initiated", *(["ringing"] if h.town.kit.ringing == "call.ringing" else [])),
            *("speaking", "active", "listening", "active", "speaking", "active", "ended"),
        ]


async def test_live_calls_and_history_tell_them_apart(house: MakeHouse) -> None:
    async with house() as h:
        old = await h.place(wait(2), HANG_UP)
        await h.over(old)
        await asyncio.sleep(100)
        new = await talking(h, to="+15550100010")

        assert [one["callId"] for one in await h.perform(Live())] == [new]
        assert [one["callId"] for one in await h.perform(History())] == [new, old]
        assert [one["callId"] for one in await h.perform(History(limit=1))] == [new]
        assert [one["callId"] for one in await h.perform(History(number=FRIEND))] == [old]
        assert [one["callId"] for one in await h.perform(History(state="ended"))] == [old]
        assert [one["callId"] for one in await h.perform(History(since="90s"))] == [new]
        assert [one["callId"] for one in await h.perform(History(since="2027-01-15T08:01:00Z"))] == [new]
        with pytest.raises(BadParameters, match="RFC 3339"):
            await h.perform(History(since="yesterday"))
        assert await h.perform(Transcript(call_id=old)) == (await h.record(old))["transcript"]


async def test_the_latency_of_recent_turns_is_summed_up(house: MakeHouse) -> None:
    async with house(brain=Answers((0.2, "First answer"), (0.4, "Second answer"))) as h:
        call = await h.place(listen(), say("Question one"), listen(), say("Question two"), listen(), HANG_UP)
        await h.over(call)

        stages = {stage.pop("name"): stage for stage in (await h.perform(Latency()))["stages"]}
        assert stages["brain"] == {"count": 2, "p50_ms": 200.0, "p95_ms": 400.0}
        assert stages["response"]["count"] == 2

"""What is asked of calls on which the carrier speaks by itself, the messages that it leaves, and how they end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.gateway.brains import Answers
from tests.gateway.house import HANG_UP, House, MakeHouse, listen, onset, say, text, wait
from tests.gateway.test_conversations import said
from tests.gateway.town import START, MakeTown
from voicecall.core.rules import Rules
from voicecall.emulators.faults import Faults
from voicecall.emulators.script import Step
from voicecall.errors import CallOver, CarrierError

pytestmark = pytest.mark.parametrize("town", ["twilio", "telnyx", "plivo"], indirect=True)

SPEECH = Rules(streaming=False)
"""The carrier speaks and listens."""
COUNT = "one two three four five six seven eight nine ten"
TALK = (listen(), say("How are you"), listen(), HANG_UP)


# --- operations


async def talking(h: House, *steps: Step, **wish: Any) -> str:
    """Place a call, and return its id in the middle of listening, a second after the greeting was confirmed."""
    call = await h.place(*(steps or (wait(900),)), **wish)
    await h.seen(call, "call.told" if h.can.listens_apart else "call.gathered")
    await asyncio.sleep(1)
    return call


async def test_speak_is_heard_in_the_middle_of_listening(house: MakeHouse) -> None:
    async with house(rules=SPEECH) as h:
        call = await talking(h)
        begun = asyncio.get_running_loop().time()
        assert await h.speak(call, "Your taxi is here") == {"callId": call, "heard": True}

        assert asyncio.get_running_loop().time() - begun == pytest.approx(0.8 + h.town.kit.listens, abs=0.2)
        assert text(await h.hears(call)) == "Hello there Your taxi is here"
        assert said(await h.record(call)) == [("agent", "Hello there"), ("agent", "Your taxi is here")]


async def test_continue_returns_what_the_caller_answers(house: MakeHouse) -> None:
    brain = Answers("Never asked")
    async with house(rules=SPEECH, brain=brain) as h:
        call = await talking(h, listen(), wait(5), listen(), say("At nine please"), wait(99))
        assert await h.ask(call, "When shall we come") == {"callId": call, "transcript": "At nine please"}

        assert brain.asked == []
        assert said(await h.record(call))[1:] == [("agent", "When shall we come"), ("caller", "At nine please")]


async def test_what_is_spoken_at_once_is_spoken_in_turn(house: MakeHouse) -> None:
    async with house(rules=SPEECH) as h:
        call = await talking(h)
        spoken = [h.beside(h.speak(call, words)) for words in ("First line", "Second line", "Third line")]
        assert [await one for one in spoken] == [{"callId": call, "heard": True}] * 3
        assert text(await h.hears(call)) == "Hello there First line Second line Third line"


async def test_digits_are_sent_and_the_conversation_goes_on(house: MakeHouse) -> None:
    async with house(rules=SPEECH, brain=Answers("Fine thank you")) as h:
        call = await talking(h, listen(), wait(h.town.kit.listens + 7), say("How are you"), listen(), HANG_UP)
        await h.press(call, "1w2")
        record = await h.over(call)

        digits = [entry.text for entry in (await h.leg(call)).journal if entry.what == "digit"]
        assert digits == ["1", "2"]
        assert text(await h.hears(call)) == "Hello there Fine thank you"
        assert record["endReason"] == "hangup-user"


async def test_what_is_said_waits_until_the_digits_were_sent(house: MakeHouse) -> None:
    async with house(rules=SPEECH) as h:
        if not h.can.digits_end_stream:
            pytest.skip("digits_end_stream: it sends digits beside what it says")
        call = await talking(h)
        await h.press(call, "1234567890")
        assert await h.speak(call, "One moment") == {"callId": call, "heard": True}

        digits = [entry for entry in (await h.leg(call)).journal if entry.what == "digit"]
        assert "".join(entry.text for entry in digits) == "1234567890"
        assert text(await h.hears(call)) == "Hello there One moment"
        assert (await h.does(call, "say"))[1] > digits[-1].at


async def test_digits_that_are_sent_while_the_agent_thinks_are_sent_before_its_answer(house: MakeHouse) -> None:
    async with house(rules=SPEECH, brain=Answers((3.0, "Fine thank you"))) as h:
        call = await h.place(listen(), say("How are you"), wait(20), HANG_UP)
        await h.seen(call, "call.gathered")
        await asyncio.sleep(2.5)
        await h.press(call, "1234567890")
        record = await h.over(call)

        digits = [entry.text for entry in (await h.leg(call)).journal if entry.what == "digit"]
        assert "".join(digits) == "1234567890"
        assert text(await h.hears(call)) == "Hello there Fine thank you"
        assert record["endReason"] == "hangup-user"


async def test_digits_that_are_sent_beside_a_prompt_do_not_keep_it_from_being_told(house: MakeHouse) -> None:
    async with house(rules=SPEECH) as h:
        if not h.can.listens_apart:
            pytest.skip("listens_apart: a prompt is told once the caller was listened to")
        call = await h.place(wait(30), HANG_UP, message=COUNT)
        await h.seen(call, "call.answered")
        await asyncio.sleep(1)
        await h.press(call, "12")
        assert (await h.seen(call, "call.told"))["data"] == {"prompt": 1}
        assert said(await h.record(call)) == [("agent", COUNT)]


async def test_digits_that_cannot_be_sent_hold_nothing_up(house: MakeHouse) -> None:
    async with house(rules=SPEECH) as h:
        call = await talking(h)
        h.town.rest.statuses["digits"] = [400]
        with pytest.raises(CarrierError, match="400"):
            await h.press(call, "12")
        assert await h.speak(call, "Then without") == {"callId": call, "heard": True}


async def test_the_call_is_ended_on_request(house: MakeHouse) -> None:
    async with house(rules=SPEECH) as h:
        call = await talking(h)
        assert await h.end(call) == {"callId": call, "state": "ended", "endReason": "hangup-agent"}
        with pytest.raises(CallOver):
            await h.speak(call, "Too late")
        assert (await h.leg(call)).status == "ended"


# --- messages


async def test_a_message_is_spoken_and_the_call_ends(house: MakeHouse) -> None:
    async with house(rules=SPEECH) as h:
        call = await h.place(mode="notify", message="Your taxi is here")
        record = await h.over(call)

        assert (record["endReason"], said(record)) == ("completed", [("agent", "Your taxi is here")])
        assert text(await h.hears(call)) == "Your taxi is here"
        assert (await h.does(call, "ended"))[0] == pytest.approx(0.8 + 3.0, abs=0.3)
        await h.idle()


async def test_a_message_is_left_on_a_machine_once_it_has_had_its_say(house: MakeHouse) -> None:
    rules = Rules(streaming=False, machine="message", machine_message="Please call back")
    async with house(rules=rules) as h:
        call = await h.place(to="+15550100003")
        record = await h.over(call)

        assert record["endReason"] == "voicemail"
        assert record["transcript"][-1]["text"] == "Please call back"
        assert text(await h.hears(call)).endswith("Please call back")
        beep = (await h.does(call, "beep-end"))[0]
        words = [word for word in await h.hears(call) if word.text in "Please call back".split()]
        assert words[-3].begin > beep


# --- ends


async def test_a_caller_who_hangs_up_in_the_middle_of_the_answer_heard_a_part_of_it(house: MakeHouse) -> None:
    async with house(rules=SPEECH, brain=Answers(COUNT)) as h:
        call = await h.place(listen(), say("Please count"), onset(0.9), HANG_UP)
        record = await h.over(call)

        assert record["endReason"] == "hangup-user"
        assert record["transcript"][-1]["text"] == COUNT
        assert 1 <= len(record["transcript"][-1]["heard"].split()) < 10
        await h.idle()


async def test_a_caller_who_hangs_up_in_the_middle_of_a_sentence_ends_the_call(house: MakeHouse) -> None:
    async with house(rules=SPEECH) as h:
        call = await h.place(listen(), say(COUNT), HANG_UP)
        await asyncio.sleep(2.5)
        (await h.leg(call)).hang_up()
        record = await h.over(call)

        assert record["endReason"] == "hangup-user"
        assert said(record) == [("agent", "Hello there")]
        await h.idle()


async def test_a_caller_whose_hang_up_nobody_reported_does_not_keep_the_line(house: MakeHouse) -> None:
    async with house(rules=SPEECH, max_calls=1) as h:
        h.town.faults = Faults(webhook_lose=("ended",))
        call = await h.place(*TALK)
        record = await h.over(call)

        assert record["endReason"] == "hangup-user"
        assert h.town.rest.count("hang-up") == 0
        assert h.town.now() - START < (await h.does(call, "ended"))[0] + 40
        h.town.faults = Faults()
        assert (await h.over(await h.place(*TALK)))["endReason"] == "hangup-user"


async def test_the_longest_duration_is_kept_to(house: MakeHouse) -> None:
    async with house(rules=Rules(streaming=False, max_duration=30.0)) as h:
        call = await h.place(wait(99))
        record = await h.over(call)

        assert record["endReason"] == "timeout"
        assert (await h.does(call, "ended"))[0] == pytest.approx(30.0, abs=0.2)


async def test_the_last_sentence_may_be_finished(house: MakeHouse) -> None:
    rules = Rules(streaming=False, max_duration=5.0)
    async with house(rules=rules, brain=Answers(" ".join([COUNT] * 2))) as h:
        call = await h.place(listen(), say("Please count"), wait(99))
        record = await h.over(call)

        assert record["endReason"] == "timeout"
        assert text(await h.hears(call)).endswith("ten")
        assert 5.0 < (await h.does(call, "ended"))[0] < 15.2


# --- restart


async def test_the_next_gateway_goes_on_with_the_conversation(town: MakeTown, house: MakeHouse) -> None:
    brain = Answers("Fine thank you")
    async with town() as place:
        async with house(place, rules=SPEECH) as h:
            call = await talking(h, listen(), wait(place.kit.listens + 7), say("How are you"), listen(), HANG_UP)
        async with house(place, rules=SPEECH, brain=brain) as h:
            record = await h.over(call)

            assert record["endReason"] == "hangup-user"
            assert said(record) == [("agent", "Hello there"), ("caller", "How are you"), ("agent", "Fine thank you")]
            assert text(await h.hears(call)) == "Hello there Fine thank you"
            assert place.rest.count("dial") == 1
            await h.idle()


async def test_a_question_that_came_while_the_gateway_was_dead_is_answered(town: MakeTown, house: MakeHouse) -> None:
    async with town() as place:
        async with house(place, rules=SPEECH, brain=Answers((60.0, "Too late")), patience=99.0) as h:
            call = await h.place(listen(), say("How are you"), wait(15), HANG_UP)
            await h.seen(call, "call.gathered")
            await asyncio.sleep(0.5)
        async with house(place, rules=SPEECH, brain=Answers("Fine thank you")) as h:
            record = await h.over(call)

            if place.kit.gives_up:
                assert record["endReason"] == "stale-timeout"
                assert said(record) == [("agent", "Hello there"), ("caller", "How are you")]
                return
            assert said(record) == [("agent", "Hello there"), ("caller", "How are you"), ("agent", "Fine thank you")]

"""Whole calls that go well, and calls that nobody takes: who said what, who heard it, how it ended."""

from __future__ import annotations

import pytest

from tests.gateway.brains import Answers
from tests.gateway.house import FRIEND, HANG_UP, US, House, Json, MakeHouse, listen, say, text, wait
from voicecall.brains import HangUpAfter
from voicecall.core.operations import CallerStep, Simulate
from voicecall.core.rules import Rules


def said(record: Json) -> list[tuple[str, str]]:
    """Return who said what, with what was not heard of it after a bar."""
    return [
        (line["speaker"], line["text"] + (f" | {line['heard']}" if "heard" in line else ""))
        for line in record["transcript"]
    ]


async def test_an_outbound_conversation_has_its_greeting_a_turn_and_an_answer(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine thank you")) as h:
        call = await h.place(listen(), say("How are you"), listen(), HANG_UP, message="Hello there")
        record = await h.over(call)

        assert (record["state"], record["endReason"], record["endDetail"]) == ("ended", "hangup-user", None)
        assert (record["direction"], record["mode"], record["to"], record["from"]) == (
            "outbound",
            "conversation",
            FRIEND,
            US,
        )
        assert said(record) == [("agent", "Hello there"), ("caller", "How are you"), ("agent", "Fine thank you")]
        assert text(await h.hears(call)) == "Hello there Fine thank you"
        assert await h.types(call) == [
            "call.initiated",
            "call.dialled",
            *(["call.dialled"] if h.town.kit.names_later else []),
            *(["call.ringing"] if h.town.kit.ringing == "call.ringing" else []),
            "call.answered",
            "call.instructions-asked",
            "stream.started",
            "reply.started",
            "reply.confirmed",
            "reply.finished",
            "speech.started",
            "speech.sure",
            "speech.stopped",
            "transcript.final",
            "timer.fired",
            "reply.started",
            "turn.measured",
            "reply.finished",
            "stream.stopped",
            "call.leg-ended",
            "call.ended",
        ]
        assert record["warnings"] == []
        await h.idle()


async def test_lines_carry_the_times_at_which_they_began(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(listen(), say("How are you"), listen(), HANG_UP)
        record = await h.over(call)

        assert record["startedAt"] == "2027-01-15T08:00:00.000Z"
        assert record["answeredAt"] == "2027-01-15T08:00:00.602Z"
        assert [line["at"] for line in record["transcript"]] == [
            "2027-01-15T08:00:00.606Z",
            "2027-01-15T08:00:02.002Z",
            "2027-01-15T08:00:03.104Z",
        ]


async def test_a_conversation_has_as_many_turns_as_the_caller_takes(house: MakeHouse) -> None:
    brain = Answers("First answer", "Second answer", "Third answer")
    async with house(brain=brain) as h:
        turns = [step for question in ("one", "two", "three") for step in (say(f"Question {question}"), listen())]
        call = await h.place(listen(), *turns, HANG_UP)
        record = await h.over(call)

        assert said(record) == [
            ("agent", "Hello there"),
            ("caller", "Question one"),
            ("agent", "First answer"),
            ("caller", "Question two"),
            ("agent", "Second answer"),
            ("caller", "Question three"),
            ("agent", "Third answer"),
        ]
        assert text(await h.hears(call)) == "Hello there First answer Second answer Third answer"
        assert [turn["turn"] for turn in record["latency"]["turns"]] == [1, 2, 3]
        assert [line.text for line in brain.asked[2].lines] == [
            "Hello there",
            "Question one",
            "First answer",
            "Question two",
            "Second answer",
            "Question three",
        ]


async def test_the_stages_of_a_turn_add_up_to_its_response(house: MakeHouse) -> None:
    async with house(brain=Answers((0.3, "After a while"))) as h:
        h.voice.delay = 0.1
        call = await h.place(listen(), say("How are you"), listen(), HANG_UP)
        (turn,) = (await h.over(call))["latency"]["turns"]

        assert turn["wait"] == pytest.approx(502, abs=2)
        assert (turn["brain"], turn["voice"]) == (pytest.approx(300, abs=1), pytest.approx(100, abs=1))
        assert turn["response"] == pytest.approx(sum(turn[s] for s in ("wait", "brain", "clause", "voice", "send")))


async def test_the_agent_hangs_up_once_its_goodbye_was_heard(house: MakeHouse) -> None:
    async with house(brain=Answers(("Good bye then", HangUpAfter()))) as h:
        call = await h.place(listen(), say("That was all"), listen(30))
        record = await h.over(call)

        assert (record["endReason"], said(record)[-1]) == ("hangup-agent", ("agent", "Good bye then"))
        words = await h.hears(call)
        assert text(words) == "Hello there Good bye then"
        assert 0 <= (await h.does(call, "ended"))[0] - words[-1].end < 0.1
        assert h.town.rest.count("hang-up") == 1
        await h.idle()


async def test_a_notify_call_speaks_waits_and_hangs_up(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(message="Your table is ready", mode="notify")
        record = await h.over(call)

        assert (record["endReason"], record["mode"]) == ("completed", "notify")
        assert said(record) == [("agent", "Your table is ready")]
        words = await h.hears(call)
        assert text(words) == "Your table is ready"
        assert (await h.does(call, "ended"))[0] == pytest.approx(words[-1].end + 3.0, abs=0.1)
        assert "operation.end" not in await h.types(call)
        await h.idle()


async def test_a_notify_call_answers_nothing(house: MakeHouse) -> None:
    brain = Answers("Never said")
    async with house(brain=brain) as h:
        call = await h.place(listen(0.5), say("Who is this"), message="Your table is ready", mode="notify")
        record = await h.over(call)

        assert said(record) == [("agent", "Your table is ready"), ("caller", "Who is this")]
        assert (record["endReason"], brain.asked) == ("completed", [])


async def test_a_notify_call_hung_up_after_its_message_is_completed_and_before_is_not(house: MakeHouse) -> None:
    async with house() as h:
        after = await h.over(await h.place(wait(1.5), HANG_UP, message="Ready", mode="notify"))
        before = await h.over(await h.place(wait(0.5), HANG_UP, message="Your table is ready now", mode="notify"))

        assert (after["endReason"], before["endReason"]) == ("completed", "hangup-user")
        (line,) = before["transcript"]
        assert (line["text"], line["heard"]) == ("Your table is ready now", "Your table")


async def test_a_caller_is_greeted_and_answered(house: MakeHouse) -> None:
    async with house(greeting="Welcome to us", brain=Answers("At nine")) as h:
        call = await h.ring(listen(), say("When do you open"), listen(), HANG_UP)
        record = await h.over(call)

        assert (record["direction"], record["from"], record["to"]) == ("inbound", FRIEND, US)
        assert said(record) == [("agent", "Welcome to us"), ("caller", "When do you open"), ("agent", "At nine")]
        assert text(await h.hears(call)) == "Welcome to us At nine"
        assert record["endReason"] == "hangup-user"
        types = [name for name in await h.types(call) if name != "call.answered"]  # where that is told
        assert types[:2] == ["call.initiated", "stream.started"]
        await h.idle()


async def test_an_empty_greeting_greets_nobody(house: MakeHouse) -> None:
    async with house(greeting="", brain=Answers("At nine")) as h:
        record = await h.over(call := await h.ring(say("When do you open"), listen(), HANG_UP))

        assert said(record) == [("caller", "When do you open"), ("agent", "At nine")]
        assert text(await h.hears(call)) == "At nine"


@pytest.mark.parametrize(
    ("policy", "allowed", "admitted"),
    [
        ("open", (), True),
        ("allowlist", (FRIEND,), True),
        ("allowlist", ("+15550100008",), False),
        ("disabled", (FRIEND,), False),
    ],
)
async def test_the_inbound_policy_admits_or_turns_away(
    house: MakeHouse, policy: str, allowed: tuple[str, ...], admitted: bool
) -> None:
    async with house(policy=policy, allow_from=allowed) as h:
        call = await h.ring(wait(1), HANG_UP)
        record = await h.over(call)

        if admitted:
            assert record["endReason"] == "hangup-user"
        else:
            assert (record["endReason"], record["answeredAt"], record["transcript"]) == ("rejected", None, [])
            assert (await h.leg(call)).cause == "failed"
            assert h.town.plugs == []
            (line,) = h.town.named("inbound.rejected")
            assert (line["reason"], line["policy"], line["caller"]) == ("policy", policy, "…0009")
        await h.idle()


@pytest.mark.parametrize(
    ("number", "reason"),
    [("+15550100001", "busy"), ("+15550100002", "no-answer"), ("+15550100004", "hangup-user")],
)
async def test_numbers_that_are_not_for_talking(house: MakeHouse, number: str, reason: str) -> None:
    async with house() as h:
        call = await h.place(to=number, message="Hello there how are you doing today")
        record = await h.over(call)

        assert record["endReason"] == reason
        assert h.town.rest.count("dial") == 1
        assert (record["answeredAt"] is None) == (reason != "hangup-user")
        await h.idle()


async def test_who_answers_and_hangs_up_heard_what_there_was_time_for(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(to="+15550100004", message="Hello there how are you doing today")
        (line,) = (await h.over(call))["transcript"]

        assert (line["text"], line["heard"]) == ("Hello there how are you doing today", "Hello there how are you")
        assert text(await h.hears(call)) == "Hello there how are you"


async def test_a_voicemail_is_spoken_to_like_anybody_else(house: MakeHouse) -> None:
    async with house(rules=Rules(max_duration=20.0)) as h:
        call = await h.place(to="+15550100003", message="Please call back", mode="notify")
        record = await h.over(call)

        assert record["endReason"] == "completed"
        assert text(await h.hears(call)) == "Please call back"


async def test_nobody_answers_within_the_ring_timeout(house: MakeHouse) -> None:
    async with house(rules=Rules(ring_timeout=10.0)) as h:
        record = await h.over(call := await h.place(to="+15550100002"))

        assert (record["endReason"], record["answeredAt"]) == ("no-answer", None)
        assert h.town.now() - (await started(h, call)) == pytest.approx(10.1, abs=0.1)


async def started(h: House, call: str) -> float:
    """Return when a call began, in Unix seconds."""
    return (await h.store.log(call))[0].at  # type: ignore[arg-type]


async def test_simulate_rings_the_gateway_and_returns_the_final_record(house: MakeHouse) -> None:
    async with house(brain=Answers("At nine")) as h:
        wish = Simulate(from_="+15550100007", steps=[CallerStep(say="When do you open"), CallerStep(hangup=True)])
        record = await h.perform(wish)

        assert (record["from"], record["endReason"]) == ("+15550100007", "hangup-user")
        assert record == await h.over(record["callId"])


async def test_a_call_in_another_voice_room_goes_on_undisturbed(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine thank you")) as h:
        steps = (listen(), say("How are you"), listen(), HANG_UP)
        calls = [await h.place(*steps, to=f"+1555010001{n}") for n in range(3)] + [await h.ring(*steps)]
        for call in calls:
            record = await h.over(call)
            assert [line["speaker"] for line in record["transcript"]] == ["agent", "caller", "agent"]
            assert text(await h.hears(call)).endswith("Fine thank you")
        await h.idle()

"""Conversations on which the carrier speaks and listens by itself: the same call, prompt by prompt."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

import pytest

from tests.gateway.brains import Answers
from tests.gateway.house import FRIEND, HANG_UP, MakeHouse, listen, onset, say, text, wait
from tests.gateway.test_conversations import said
from tests.gateway.town import Town
from voicecall.brains import HangUpAfter
from voicecall.core.rules import Rules
from voicecall.emulators.faults import Faults
from voicecall.emulators.internet import Answer
from voicecall.emulators.script import Step
from voicecall.errors import AgentError

pytestmark = pytest.mark.parametrize("town", ["twilio", "telnyx", "plivo"], indirect=True)

SPEECH = Rules(streaming=False)
"""The carrier speaks and listens."""
COUNT = "one two three four five six seven eight nine ten"
TALK = (listen(), say("How are you"), listen(), HANG_UP)


def gathers(town: Town) -> list[tuple[str, str]]:
    """Return URL and form of every webhook that told what the caller said, and was answered."""
    return [(url, body.decode()) for url, _, body in town.posted if "type=gather" in url or b"transcript" in body]


async def post(town: Town, url: str, form: list[tuple[str, str]]) -> Answer:
    """Post a webhook that the carrier signed."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", **town.kit.sign(url, form)}
    return await town.deliver(url, headers, urlencode(form).encode())


# --- the same call


SCRIPTS: dict[str, tuple[Step, ...]] = {
    "two turns": (listen(), say("How are you"), listen(), say("And where"), listen(), HANG_UP),
    "nothing said": (listen(2), HANG_UP),
    "a good-bye": (listen(), say("How are you"), listen(), say("Nowhere"), listen(), say("Good bye"), listen(30)),
}


@pytest.mark.parametrize("direction", ["outbound", "inbound"])
@pytest.mark.parametrize("script", SCRIPTS)
async def test_the_same_script_makes_the_same_record_as_with_a_stream(
    house: MakeHouse, direction: str, script: str
) -> None:
    records, sounds = [], []
    for streaming in (True, False):
        brain = Answers("Fine thank you", "Here and there", ("As you wish", HangUpAfter()))
        async with house(rules=Rules(streaming=streaming), brain=brain, greeting="Hello there") as h:
            open_call = h.place if direction == "outbound" else h.ring
            call = await open_call(*SCRIPTS[script])
            record = await h.over(call)
            assert (len(h.town.plugs) > 0) is streaming
            sounds.append(text(await h.hears(call)))
            await h.idle()
        for own in ("startedAt", "answeredAt", "endedAt", "latency", "warnings", "callId", "carrierCallId"):
            assert record.pop(own) is not None
        records.append(record | {"transcript": said(record)})

    assert records[0] == records[1]
    assert sounds[0] == sounds[1]
    assert records[0]["endReason"] == ("hangup-agent" if script == "a good-bye" else "hangup-user")


async def test_what_is_spoken_is_understood_by_the_carrier_and_on_record_as_it_was_written(house: MakeHouse) -> None:
    async with house(rules=SPEECH, brain=Answers("Fish & chips at 3 < 4")) as h:
        call = await h.place(*TALK)
        record = await h.over(call)

        assert h.town.kit.complaints(h.town.face) == []
        assert record["warnings"] == []
        assert text(await h.hears(call)) == "Hello there Fish and chips at three < four"
        assert [line["text"] for line in record["transcript"]][-1] == "Fish & chips at 3 < 4"


# --- listening


async def test_a_caller_who_says_nothing_is_listened_to_again(house: MakeHouse) -> None:
    async with house(rules=SPEECH, brain=Answers("Fine thank you")) as h:
        call = await h.place(listen(), wait(2 * h.town.kit.listens + 4), say("How are you"), listen(), HANG_UP)
        record = await h.over(call)

        assert said(record) == [("agent", "Hello there"), ("caller", "How are you"), ("agent", "Fine thank you")]
        assert text(await h.hears(call)) == "Hello there Fine thank you"
        answers = [event["data"]["text"] for event in await h.events(call) if event["type"] == "call.gathered"]
        assert answers == [*([] if h.can.listens_apart else ["", ""]), "How are you"]


async def test_keys_are_on_record_and_the_conversation_goes_on(house: MakeHouse) -> None:
    async with house(rules=SPEECH, brain=Answers("Fine thank you")) as h:
        call = await h.place(listen(), Step(press="12#"), listen(), say("How are you"), listen(), HANG_UP)
        record = await h.over(call)

        pressed = [event["data"]["digit"] for event in await h.events(call) if event["type"] == "dtmf.received"]
        assert pressed == ["1", "2", *(["#"] if h.can.listens_apart else [])]  # a gather ends with this key
        assert said(record)[1:] == [
            *(("caller", "12"), ("agent", "Fine thank you"), ("caller", "How are you"), ("agent", "Fine thank you"))
        ]


async def test_an_old_prompt_cannot_answer_a_newer_turn(house: MakeHouse) -> None:
    brain = Answers("Fine thank you")
    async with house(rules=SPEECH, brain=brain) as h:
        if h.can.listens_apart:
            pytest.skip("listens_apart: what the caller said names no prompt")
        call = await h.place(listen(), say("How are you"), listen(), wait(3), HANG_UP)
        await h.seen(call, "call.gathered")
        await asyncio.sleep(1)
        (old, body), before = gathers(h.town)[0], await h.types(call)
        late = await post(h.town, old, parse_qsl(body.replace("How+are+you", "Delete+everything")))
        record = await h.over(call)

        assert late.status == 200
        assert not any(tag in late.body for tag in (b"<Say", b"<Gather", b"<Speak", b"<GetInput"))
        assert text(await h.hears(call)) == "Hello there Fine thank you"
        assert said(record) == [("agent", "Hello there"), ("caller", "How are you"), ("agent", "Fine thank you")]
        assert len(brain.asked) == 1
        assert before.count("call.gathered") == 1


async def test_a_gather_that_is_delivered_again_has_no_second_effect(house: MakeHouse) -> None:
    brain = Answers("Fine thank you")
    async with house(rules=SPEECH, brain=brain) as h:
        h.town.faults = Faults(webhook_duplicate=("gather",))
        call = await h.place(*TALK)
        record = await h.over(call)

        assert len(gathers(h.town)) > len(set(gathers(h.town)))
        assert said(record) == [("agent", "Hello there"), ("caller", "How are you"), ("agent", "Fine thank you")]
        assert text(await h.hears(call)) == "Hello there Fine thank you"
        assert len(brain.asked) == 1
        await h.idle()


async def test_what_is_said_at_the_moment_of_an_answer_is_said_once(house: MakeHouse) -> None:
    async with house(rules=SPEECH, brain=Answers("Fine thank you")) as h:
        if h.can.listens_apart:
            pytest.skip("listens_apart: nothing that it says makes an answer of the caller's an old one")
        answering, deliver = asyncio.Event(), h.town.deliver

        async def late(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            if b"=How+are+you" in body:
                answering.set()
                await asyncio.sleep(0.5)
            return await deliver(url, headers, body)

        async def carry(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            return await asyncio.shield(h.town.tasks.create_task(late(url, headers, body)))

        h.town.between = carry
        asks = (wait(h.town.kit.listens + 3), say("How are you"), wait(9), say("Are you there"))
        call = await h.place(listen(), *asks, listen(), HANG_UP)
        await answering.wait()
        await h.speak(call, "One moment")
        record = await h.over(call)

        assert text(await h.hears(call)) == "Hello there One moment Fine thank you"
        assert [line["text"] for line in record["transcript"]] == [
            *("Hello there", "One moment", "Are you there", "Fine thank you")
        ]
        await h.idle()


# --- answering


async def test_a_slow_agent_keeps_the_leg_and_its_answer_comes(house: MakeHouse) -> None:
    async with house(rules=SPEECH, brain=Answers((20.0, "At last")), patience=30.0) as h:
        call = await h.place(listen(), say("How are you"), listen(), HANG_UP)
        record = await h.over(call)

        assert record["endReason"] == "hangup-user"
        assert text(await h.hears(call)) == "Hello there At last"
        asked, answered = (await h.does(call, "say-end"))[0], (await h.does(call, "say"))[1]
        assert answered - asked == pytest.approx(21.0, abs=2.0)
        if h.can.documents:
            assert 4 <= len(h.town.named("webhook.slow")) <= 10
        await h.idle()


async def test_after_an_agent_that_fails_the_caller_is_listened_to(house: MakeHouse) -> None:
    brain = Answers((AgentError("the model is down"),), "Fine thank you")
    async with house(rules=SPEECH, brain=brain) as h:
        call = await h.place(listen(), say("How are you"), wait(3), say("Are you there"), listen(), HANG_UP)
        record = await h.over(call)

        assert [line["text"] for line in record["transcript"]] == [
            *("Hello there", "How are you", "Are you there", "Fine thank you")
        ]
        assert [warning["code"] for warning in record["warnings"]] == ["reply-failed"]


@pytest.mark.parametrize("sentences", [True, False])
async def test_a_very_long_answer_stays_within_the_limits_and_is_heard_whole(house: MakeHouse, sentences: bool) -> None:
    words = [chr(ord("a") + number) * 220 + ("." if sentences else "") for number in range(20)]
    async with house(rules=SPEECH, brain=Answers(" ".join(words))) as h:
        call = await h.place(listen(), say("Tell me all"), listen(9), HANG_UP)
        record = await h.over(call)

        heard = text(await h.hears(call)).removeprefix("Hello there ")
        assert heard.split() == words
        assert record["transcript"][-1]["text"] == " ".join(words)
        assert "heard" not in record["transcript"][-1]
        assert h.town.kit.complaints(h.town.face) == []
        assert record["warnings"] == []


# --- interruptions


async def test_the_carrier_falls_silent_when_the_caller_speaks_and_the_caller_is_answered(house: MakeHouse) -> None:
    brain = Answers(COUNT, "As you wish")
    async with house(rules=SPEECH, brain=brain) as h:
        if h.can.listens_apart:
            pytest.skip("listens_apart: its voice goes on when the caller speaks")
        call = await h.place(listen(), say("Please count"), onset(0.5), say("Stop it now"), listen(), HANG_UP)
        record = await h.over(call)

        spoke = (await h.does(call, "say-start"))[1]
        counted = [word for word in await h.hears(call) if word.text in COUNT.split()]
        assert counted[-1].end <= spoke + 0.1
        assert [line["text"] for line in record["transcript"]] == [
            *("Hello there", "Please count", COUNT, "Stop it now", "As you wish")
        ]
        assert text(await h.hears(call)).endswith("As you wish")
        assert record["to"] == FRIEND

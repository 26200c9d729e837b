"""Media streams that drop, come back, take each other's place, or are not ours."""

from __future__ import annotations

import asyncio

import pytest

from tests.gateway.brains import Answers
from tests.gateway.carriers import CARRIERS
from tests.gateway.house import HANG_UP, KEY, House, MakeHouse, listen, say, text, wait
from tests.gateway.spelling import Word
from tests.gateway.town import Plug
from voicecall.core.credentials import mint
from voicecall.core.ids import CallId
from voicecall.core.languages import ENGLISH
from voicecall.core.rules import Rules
from voicecall.emulators.faces import Audio
from voicecall.emulators.faults import Faults
from voicecall.emulators.legs import Leg
from voicecall.emulators.script import Step

SPEAKING = [name for name, kit in CARRIERS.items() if kit.carrier().capabilities.prompts]
"""Carriers that can speak and listen by themselves."""
COUNT = "one two three four five six seven eight nine ten"


@pytest.mark.parametrize("dropped", [1.2, 1.9, 2.3, 2.8, 3.1, 3.6, 4.4])
@pytest.mark.parametrize("gone", [0.0, 1.5])
async def test_a_stream_that_comes_back_in_time_costs_no_word_of_the_agent(
    house: MakeHouse, dropped: float, gone: float
) -> None:
    async with house(brain=Answers(COUNT)) as h:
        h.town.faults = Faults(stream_drop_after=dropped, stream_return_after=gone)
        call = await h.place(listen(0.5), say("Please count"), listen(3 + h.can.return_delay), HANG_UP)
        record = await h.over(call)

        assert text(await h.hears(call)) == f"Hello there {COUNT}"
        assert [line["speaker"] for line in record["transcript"]] == ["agent", "caller", "agent"]
        assert [line["text"] for line in record["transcript"]][::2] == ["Hello there", COUNT]
        assert (await h.types(call)).count("stream.started") == 2
        assert record["endReason"] == "hangup-user"
        await h.idle()


async def test_what_the_caller_says_after_the_drop_is_answered(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine thank you")) as h:
        h.town.faults = Faults(stream_drop_after=1.0)
        call = await h.place(listen(1 + h.can.return_delay), say("How are you"), listen(), HANG_UP)
        record = await h.over(call)

        assert [line["text"] for line in record["transcript"]] == ["Hello there", "How are you", "Fine thank you"]


async def test_a_stream_that_stays_away_is_asked_after_and_replaced_or_ends_the_call(house: MakeHouse) -> None:
    async with house() as h:
        h.town.faults = Faults(stream_drop_after=1.0, stream_return_after=60.0)
        call = await h.place(wait(30 if h.can.one_stream else 12), HANG_UP, message=COUNT)
        record = await h.over(call)

        assert h.town.rest.count("status") == 1
        await h.idle()
        if h.can.one_stream:  # the network takes the stream for alive, and opens no other
            assert record["endReason"] == "hangup-user"
            assert text(await h.hears(call)).endswith(COUNT)
            assert "carrier-speech" in [warning["code"] for warning in record["warnings"]]
            return
        if h.can.redirects:
            assert record["endReason"] == "hangup-user"
            assert text(await h.hears(call)) == COUNT
            assert (await h.does(call, "stream-start"))[1] == pytest.approx(3.0 + h.can.return_delay, abs=0.1)
            assert "stream-retried" in [warning["code"] for warning in record["warnings"]]
            return
        assert record["endReason"] == "error"
        assert record["endDetail"] == "The media stream was lost and did not come back within 2 s."
        assert (await h.leg(call)).status == "ended"
        assert (await h.does(call, "ended"))[0] == pytest.approx(3.0, abs=0.1)


async def test_a_media_socket_that_cannot_be_opened_is_tried_again(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine thank you")) as h:
        h.town.closed_to_sockets = 1
        call = await h.place(listen(), say("How are you"), listen(), HANG_UP)
        record = await h.over(call)

        assert record["endReason"] == "hangup-user"
        assert text(await h.hears(call)) == "Hello there Fine thank you"
        assert (await h.types(call)).count("stream.started") == 1
        await h.idle()


async def test_a_call_without_any_media_socket_is_spoken_on_by_the_carrier_or_ends(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine thank you")) as h:
        h.town.closed_to_sockets = 99
        call = await h.place(listen(), say("How are you"), listen(), HANG_UP)
        record = await h.over(call)

        assert h.town.plugs == []
        await h.idle()
        if h.can.prompts:
            assert record["endReason"] == "hangup-user"
            assert [line["text"] for line in record["transcript"]] == ["Hello there", "How are you", "Fine thank you"]
            assert text(await h.hears(call)) == "Hello there Fine thank you"
            assert "carrier-speech" in [warning["code"] for warning in record["warnings"]]
            return
        assert (record["endReason"], record["transcript"]) == ("error", [])
        assert (await h.leg(call)).status == "ended"


@pytest.mark.parametrize("town", SPEAKING, indirect=True)
@pytest.mark.parametrize("trouble", ["streams break at once", "nothing is confirmed"])
async def test_a_caller_who_never_hears_a_stream_is_spoken_to_by_the_carrier(house: MakeHouse, trouble: str) -> None:
    async with house(brain=Answers("Fine thank you")) as h:
        if trouble == "streams break at once":
            h.town.faults = Faults(stream_drop_after=0.0, stream_drops=9)
        else:
            h.town.marks_get_lost = True
        call = await h.place(listen(6), say("How are you"), listen(), HANG_UP)
        record = await h.over(call)

        assert record["endReason"] == "hangup-user"
        assert [line["text"] for line in record["transcript"]][-2:] == ["How are you", "Fine thank you"]
        assert text(await h.hears(call)).endswith("Hello there Fine thank you")
        assert len(h.town.plugs) == 2
        if h.can.one_stream and trouble == "nothing is confirmed":
            assert [plug.closed[0] for plug in h.town.plugs] == [(1000, "not needed any more")] * 2
        assert [warning["code"] for warning in record["warnings"]].count("carrier-speech") == 1
        await h.idle()


async def test_after_four_streams_that_were_heard_and_lost_the_call_ends_with_a_word_of_regret(
    house: MakeHouse,
) -> None:
    async with house(brain=Answers("Fine thank you")) as h:
        h.town.faults = Faults(stream_drop_after=1.0, stream_drops=9)
        call = await h.place(wait(60))
        record = await h.over(call)
        await asyncio.sleep(10)

        assert (record["endReason"], len(h.town.plugs)) == ("error", 4)
        assert record["endDetail"] == "The media stream ended 4 times; it is not opened again."
        assert text(await h.hears(call)) == (f"Hello there {ENGLISH.sorry}" if h.can.prompts else "Hello there")
        assert (await h.leg(call)).status == "ended"
        await h.idle()


async def test_a_caller_who_is_gone_with_the_stream_hung_up(house: MakeHouse) -> None:
    async with house() as h:
        h.town.faults = Faults(webhook_lose=("ended",))
        call = await h.place(wait(2), HANG_UP)
        record = await h.over(call)

        assert record["endReason"] == "hangup-user"
        assert h.town.rest.count("status") == 1
        assert h.town.rest.count("hang-up") == 0


async def test_a_newer_stream_takes_the_place_of_an_older_one(house: MakeHouse) -> None:
    async with house() as h:
        h.town.faults = Faults(webhook_lose=("stream-ended",))
        call = await h.place(wait(8), message=COUNT)
        await h.seen(call, "reply.started")
        await asyncio.sleep(0.5)
        leg = await h.leg(call)
        plug = await h.knock(leg, h.credential(CallId(call), "second"))
        await asyncio.sleep(3)

        assert h.town.plugs[0].closed[0] == (1000, "another stream took its place")
        assert plug.closed == []
        words = [word for word in await h.hears(call) if word.text in COUNT.split()] + await carried(h, leg, plug)
        assert text(words) == COUNT
        for number in COUNT.split():
            sounded = sum(word.end - word.begin for word in words if word.text == number)
            assert sounded == pytest.approx(0.2, abs=0.03)
        assert (await h.seen(call, "reply.finished"))["data"]["confirmed"] is False
        assert (await h.record(call))["state"] in ("active", "speaking")
        assert "ended" not in [entry.what for entry in leg.journal]
        await h.end(call)


async def test_a_newer_stream_does_not_wait_for_an_older_one_to_close(house: MakeHouse) -> None:
    async with house() as h:
        h.town.faults = Faults(webhook_lose=("stream-ended",))
        call = await h.place(wait(8), message=COUNT)
        await h.seen(call, "reply.started")
        h.town.plugs[0].slow_close = 2.0
        leg = await h.leg(call)
        plug = await h.knock(leg, h.credential(CallId(call), "second"))
        await asyncio.sleep(0.2)

        assert "one" in text(await carried(h, leg, plug))
        await h.end(call)
        assert h.town.plugs[0].closed[0] == (1000, "another stream took its place")


async def carried(h: House, leg: Leg, plug: Plug) -> list[Word]:
    """Return the words that the gateway sent over a stream of our own."""
    dialect = leg.attendant.dialect(9, {})
    sent = [dialect.read(await plug.phone.recv() or "") for _ in range(plug.phone.unread)]
    return h.town.alphabet.read(b"".join(audio.payload for audio in sent if isinstance(audio, Audio)))


REFUSALS = ["missing", "malformed", "expired", "wrong call", "wrong key", "already used"]


@pytest.mark.parametrize("reason", REFUSALS)
async def test_a_stream_without_a_good_credential_is_refused_by_name(house: MakeHouse, reason: str) -> None:
    async with house() as h:
        call, other = CallId(await h.place(wait(20))), CallId(await h.place(wait(20), to="+15550100010"))
        await h.seen(call, "reply.finished")
        await h.seen(other, "stream.started")
        later = h.town.now() + 60
        tokens = {
            "missing": None,
            "malformed": "nonsense",
            "expired": mint(KEY, call_id=call, nonce="n", expires=h.town.now() - 1),
            "wrong call": mint(KEY, call_id=other, nonce="n", expires=later),
            "wrong key": mint(b"another key", call_id=call, nonce="n", expires=later),
            "already used": mint(KEY, call_id=call, nonce=h.nonces[0], expires=later),
        }
        plug = await h.knock(await h.leg(call), tokens[reason])
        await asyncio.sleep(1)

        assert plug.closed == [(1008, reason)]
        (line,) = h.town.named("stream.refused")
        assert line["reason"] == reason
        assert (await h.types(call)).count("stream.started") == 1
        assert (await h.leg(call)).connected
        assert h.town.plugs[0].closed == []


async def test_a_stream_for_a_call_that_is_over_is_refused(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(wait(2), HANG_UP)
        await h.over(call)
        plug = await h.knock(await h.leg(call), h.credential(CallId(call), "late"))
        await asyncio.sleep(1)

        assert plug.closed == [(1008, "wrong call")]


async def test_one_credential_admits_one_of_two_streams_at_once(house: MakeHouse) -> None:
    async with house() as h:
        h.town.faults = Faults(webhook_lose=("stream-ended",))
        call = await h.place(wait(20))
        await h.seen(call, "stream.started")
        leg, token = await h.leg(call), h.credential(CallId(call), "twice")
        first, second = await h.knock(leg, token), await h.knock(leg, token)
        await asyncio.sleep(1)

        assert (first.closed, second.closed) == ([], [(1008, "already used")])


async def test_a_stream_that_breaks_its_form_is_closed_and_its_call_goes_on(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine thank you")) as h:
        call = await h.place(wait(3), say("How are you"), listen(), HANG_UP)
        await h.seen(call, "reply.finished")
        await h.town.plugs[0].phone.send("this is no frame")
        record = await h.over(call)

        assert h.town.plugs[0].closed[0] == (1003, "not of the agreed form")
        assert len(h.town.named("stream.broken")) == 1
        assert [line["text"] for line in record["transcript"]] == ["Hello there", "How are you", "Fine thank you"]


async def test_keys_that_the_caller_presses_are_on_record(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(listen(0.5), Step(press="12#"), HANG_UP)
        await h.over(call)

        pressed = [event["data"]["digit"] for event in await h.events(call) if event["type"] == "dtmf.received"]
        assert pressed == ["1", "2", "#"]


async def test_a_peer_that_reads_slowly_holds_up_its_own_audio_and_nothing_else(house: MakeHouse) -> None:
    async with house(brain=Answers(COUNT)) as h:
        h.town.faults = Faults(slow_read=0.3)
        slow = await h.place(wait(60), message=" ".join([COUNT] * 3))
        h.town.faults = Faults()
        quick = await h.place(listen(), say("Please count"), listen(), HANG_UP, to="+15550100010")
        await h.over(quick)

        assert text(await h.hears(quick)) == f"Hello there {COUNT}"
        assert h.town.plugs[0].most_unread <= 64
        ended = await h.end(slow)
        assert ended["state"] == "ended"
        await h.idle()


async def test_an_unanswered_question_is_answered_on_the_next_stream(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine thank you"), rules=Rules(stream_grace=5.0)) as h:
        h.town.faults = Faults(stream_drop_after=2.3, stream_return_after=3.0)
        call = await h.place(listen(), say("How are you"), listen(), HANG_UP)
        await h.over(call)

        assert text(await h.hears(call)) == "Hello there Fine thank you"


async def test_digits_that_are_sent_in_a_row_all_arrive(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(wait(40))
        await h.seen(call, "reply.finished")
        first = h.beside(h.press(call, "123456"))
        await asyncio.sleep(0.5 if h.can.digits_end_stream else 5)  # the mock network sends what it is told at once
        await h.press(call, "789")
        await first
        await asyncio.sleep(15)

        digits = [entry.text for entry in (await h.leg(call)).journal if entry.what == "digit"]
        assert "".join(digits) == "123456789"
        assert (await h.record(call))["state"] in ("active", "listening")

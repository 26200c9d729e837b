"""A call is not left silent: another stream, then the carrier's own voice, then an end that says why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from itertools import product

import pytest

from tests.gateway.brains import Answers
from tests.gateway.carriers import ACCOUNT, CARRIERS
from tests.gateway.house import HANG_UP, House, Json, MakeHouse, listen, open_house, say, text, wait
from tests.gateway.town import Kit, open_town
from voicecall.core.languages import ENGLISH
from voicecall.core.rescue import MAX_CONNECTS
from voicecall.core.rules import Rules
from voicecall.emulators.faces import Socket
from voicecall.emulators.faults import Faults
from voicecall.emulators.internet import Answer, Internet
from voicecall.emulators.twilio.face import TwilioFace

TWILIO = CARRIERS["twilio"]
TALK = (listen(), say("How are you"), listen(), HANG_UP)
SPOKEN = "Hello there Fine thank you"
COUNT = "one two three four five six seven eight nine ten"


def closed(internet: Internet) -> TwilioFace:
    """Return a Twilio that cannot open any media socket."""

    async def connect(url: str, headers: Mapping[str, str]) -> Socket:
        raise ConnectionRefusedError("404")

    return TwilioFace(ACCOUNT, Internet(internet.fetch, connect))


def stuck(internet: Internet) -> TwilioFace:
    """Return a Twilio whose media sockets never open."""

    async def connect(url: str, headers: Mapping[str, str]) -> Socket:
        await asyncio.Event().wait()
        raise AssertionError

    return TwilioFace(ACCOUNT, Internet(internet.fetch, connect))


KITS = {
    "streams": TWILIO,
    "no socket": replace(TWILIO, face=closed),
    "sockets hang": replace(TWILIO, face=stuck),
    "marks get lost": TWILIO,
    "all that is sent gets lost": replace(TWILIO, mark='"event"'),
    "refused": TWILIO,
    "dropped at once": TWILIO,
    "dropped in the greeting": TWILIO,
    "dropped later": TWILIO,
}
"""Every way in which media streams do not do, and the one in which they do."""
LOST = ("marks get lost", "all that is sent gets lost")
DROPPED = {"dropped at once": 0.0, "dropped in the greeting": 0.3, "dropped later": 1.0}


class Watched:
    """A gateway, and the documents that it gave."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.documents: list[bytes] = []
        """What answered the webhooks."""
        house.town.between = self._carry

    async def _carry(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer = await self.house.town.deliver(url, headers, body)
        self.documents.append(answer.body)
        return answer

    @property
    def instructions(self) -> int:
        """How often the carrier was told anything, in answers or by REST."""
        return sum(document != EMPTY for document in self.documents) + self.house.town.rest.count("instruct")

    @property
    def streams_asked_for(self) -> int:
        """How often an answer asked for a media stream."""
        return sum(b"<Stream" in document for document in self.documents)


EMPTY = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


def gateway(kit: Kit) -> MakeHouse:
    """Return what opens a gateway on this Twilio."""
    return partial(open_house, partial(open_town, kit))


@asynccontextmanager
async def watched(fault: str) -> AsyncIterator[Watched]:
    """Open a gateway whose media streams have this fault."""
    async with gateway(KITS[fault])(brain=Answers("Fine thank you")) as h:
        h.town.marks_get_lost = fault in LOST
        if fault in DROPPED:
            h.town.faults = Faults(stream_drop_after=DROPPED[fault], stream_drops=99)
        if fault == "refused":
            h._streams._keys = (b"another key",)
        yield Watched(h)


def codes(record: Json) -> list[str]:
    """Return the codes of a call's warnings, without what the carrier itself reported."""
    return [warning["code"] for warning in record["warnings"] if warning["code"] != "stream"]


# --- nothing says that anybody hears us


@pytest.mark.parametrize(("greeting", "again"), [("Hello there", "unconfirmed"), (" ".join([COUNT] * 3), "")])
@pytest.mark.parametrize("fault", LOST)
async def test_without_marks_another_stream_is_tried_and_then_the_carrier_speaks(
    fault: str, greeting: str, again: str
) -> None:
    async with watched(fault) as w:
        h = w.house
        call = await h.place(listen(9), say("How are you"), listen(), HANG_UP, message=greeting)
        record = await h.over(call)

        assert record["endReason"] == "hangup-user"
        assert [code for code in codes(record) if code != "unconfirmed"] == ["stream-retried", "carrier-speech"]
        assert ("unconfirmed" in codes(record)) == bool(again)
        assert len(h.town.plugs) == 2
        heard = text(await h.hears(call))
        assert heard.endswith(f"{greeting} Fine thank you")
        assert heard.count("one") + heard.count("Hello") <= (9 if fault == "marks get lost" else 3)
        for warning in record["warnings"]:
            assert warning["text"].endswith(".")
        await h.idle()


async def test_what_the_caller_says_as_the_carrier_takes_over_is_answered() -> None:
    async with watched("marks get lost") as w:
        call = await w.house.place(wait(5), say("How are you"), wait(40), HANG_UP)
        record = await w.house.over(call)

        assert [line["text"] for line in record["transcript"]][-2:] == ["How are you", "Fine thank you"]
        assert text(await w.house.hears(call)).endswith("Fine thank you")


async def test_where_our_voice_fails_the_carrier_greets_and_goes_on() -> None:
    async with watched("streams") as w:
        h = w.house
        h.voice.failing = {"Hello"}
        call = await h.place(listen(), say("How are you"), listen(), HANG_UP)
        record = await h.over(call)

        assert codes(record) == ["reply-failed", "carrier-speech"]
        assert record["warnings"][0]["text"] == "nothing can say Hello"
        assert [line["text"] for line in record["transcript"]] == ["Hello there", "How are you", "Fine thank you"]
        assert text(await h.hears(call)) == SPOKEN
        assert record["endReason"] == "hangup-user"


async def test_an_answer_that_our_voice_cannot_say_is_made_again_for_the_carriers() -> None:
    async with watched("streams") as w:
        h = w.house
        h.voice.failing = {"Fine"}
        call = await h.place(listen(), say("How are you"), listen(), HANG_UP)
        record = await h.over(call)

        assert [line["text"] for line in record["transcript"]] == ["Hello there", "How are you", "Fine thank you"]
        assert text(await h.hears(call)) == SPOKEN


async def test_a_message_without_a_voice_is_told_by_the_carrier() -> None:
    async with watched("streams") as w:
        h = w.house
        h.voice.failing = {"Hello"}
        call = await h.place(mode="notify")
        record = await h.over(call)

        assert record["endReason"] == "completed"
        assert text(await h.hears(call)) == "Hello there"


# --- there is no stream


@pytest.mark.parametrize("fault", ["no socket", "sockets hang"])
@pytest.mark.parametrize("silent", [False, True], ids=["the carrier asks", "the carrier is silent"])
async def test_without_a_stream_the_carrier_speaks(fault: str, silent: bool) -> None:
    async with watched(fault) as w:
        h = w.house
        if silent:
            h.town.network.faults = Faults(webhook_lose=("connect", "stream-error"))
        call = await h.place(*TALK)
        record = await h.over(call)

        assert text(await h.hears(call)) == SPOKEN
        assert record["endReason"] == "hangup-user"
        assert codes(record) == (["stream-retried"] if silent else []) + ["carrier-speech"]
        assert w.streams_asked_for + h.town.rest.count("instruct") <= 4
        await h.idle()


@pytest.mark.parametrize("fault", LOST)
async def test_if_the_carrier_cannot_be_told_either_the_call_ends_and_says_so(fault: str) -> None:
    async with watched(fault) as w:
        h = w.house
        h.town.rest.statuses["instruct"] = [503] * 99
        record = await h.over(await h.place(wait(99)))

        assert (record["endReason"], record["endDetail"]) == ("error", "The carrier could not be told what to say.")
        assert codes(record)[-3:] == ["carrier-failed", "carrier-speech", "carrier-speech"]
        assert all("503" in warning["text"] for warning in record["warnings"] if warning["code"] == "carrier-failed")
        assert h.town.rest.count("hang-up") == 1
        assert h.town.rest.count("instruct") == 2
        await h.idle()


# --- the streams are refused


async def test_after_a_second_refusal_the_caller_is_told_and_the_call_ends() -> None:
    async with watched("refused") as w:
        h = w.house
        call = await h.place(wait(99))
        record = await h.over(call)

        assert (record["endReason"], record["endDetail"]) == ("error", "The media stream was refused 2 times.")
        assert [line["reason"] for line in h.town.named("stream.refused")] == ["wrong key", "wrong key"]
        assert text(await h.hears(call)) == ENGLISH.sorry
        assert (await h.leg(call)).status == "ended"
        assert w.streams_asked_for == 2
        await h.idle()


# --- no fault makes a loop


CALLBACKS = {
    "all told": Faults(),
    "the end of streams is not told": Faults(webhook_lose=("connect", "stream-error", "stream-stopped")),
    "twice": Faults(webhook_duplicate=("voice", "connect", "gather", "redirect", "stream-error", "stream-stopped")),
    "the gather gets lost": Faults(webhook_lose=("gather",)),
}
RESTS = {"works": [], "fails once": [503], "fails": [503] * 999}


@pytest.mark.parametrize("fault", KITS)
async def test_no_combination_of_faults_makes_a_loop_or_a_call_without_end(fault: str) -> None:
    for (callbacks, plan), (rest, statuses) in product(CALLBACKS.items(), RESTS.items()):
        async with watched(fault) as w:
            h, what = w.house, f"{fault}, {callbacks}, REST {rest}"
            streams = h.town.network.faults
            h.town.network.faults = Faults(
                stream_drop_after=streams.stream_drop_after,
                stream_drops=streams.stream_drops,
                webhook_lose=plan.webhook_lose,
                webhook_duplicate=plan.webhook_duplicate,
            )
            h.town.rest.statuses["instruct"] = list(statuses)
            call = await h.place(listen(), say("How are you"), wait(60), HANG_UP)
            record = await h.over(call)

            assert w.streams_asked_for + len(h.town.plugs) <= 3 * MAX_CONNECTS, what
            assert w.instructions <= 30, what
            assert h.town.rest.count("instruct") <= 4, what
            assert (await h.leg(call)).status == "ended", what
            assert record["endReason"] in ("hangup-user", "error"), what
            assert record["endReason"] == "hangup-user" or record["endDetail"], what
            assert len(record["warnings"]) <= 15, what
            await h.idle()


async def test_an_inbound_caller_whose_streams_fail_is_spoken_to() -> None:
    async with gateway(KITS["no socket"])(brain=Answers("At nine"), rules=Rules()) as h:
        call = await h.ring(listen(), say("When do you open"), listen(), HANG_UP)
        record = await h.over(call)

        assert text(await h.hears(call)) == "Welcome At nine"
        assert codes(record) == ["carrier-speech"]
        assert record["endReason"] == "hangup-user"

"""What users of such systems complained of, as promises: each is first seen broken by the fault that broke it there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import aiohttp
import msgspec
import pytest

from tests.entrypoints.house import START as STREAM_START, FakeDesk, House as Door, visit
from tests.gateway.brains import Answers
from tests.gateway.carriers import ACCOUNT, CARRIERS, SECRET
from tests.gateway.house import HANG_UP, KEY, House, MakeHouse, listen, open_house, say, text, wait
from tests.gateway.town import API, START, Plug, open_town
from voicecall.carriers import (
    Action,
    Capabilities,
    Carrier,
    ConnectStream,
    Delivery,
    HttpReply,
    Prompt,
    Webhook,
)
from voicecall.carriers.twilio import TwilioCarrier
from voicecall.core.call import Call
from voicecall.core.credentials import mint
from voicecall.core.draft import Draft
from voicecall.core.effects import Effect, Say
from voicecall.core.events import DocumentAsked, Event, Gathered
from voicecall.core.rules import Rules
from voicecall.core.step import step
from voicecall.emulators.faces import Socket
from voicecall.emulators.faults import Faults
from voicecall.emulators.internet import Answer, Internet
from voicecall.emulators.twilio.face import TwilioFace
from voicecall.entrypoints import PublicOptions
from voicecall.errors import CallRefused
from voicecall.gateway import session
from voicecall.gateway.outbox import Outbox

TWILIO = CARRIERS["twilio"]
TALK = (listen(), say("How are you"), listen(), HANG_UP)
SPOKEN = "Hello there Fine thank you"
planted = pytest.mark.parametrize("planted", [True, False], ids=["with the fault", "without"])


class Faulty(TwilioCarrier):
    """Twilio's codec, to have a fault planted in it."""

    def __init__(self) -> None:
        super().__init__(ACCOUNT.sid, SECRET, api_base_url=API)


def gateway(carrier: Callable[[], Carrier] | None = None, **kit: Any) -> MakeHouse:
    """Return what opens a gateway on Twilio, with this codec in place of the right one."""
    return partial(open_house, partial(open_town, replace(TWILIO, carrier=carrier or TWILIO.carrier, **kit)))


async def talk(h: House) -> str:
    """Hold a conversation, and return what the phone heard of us within a minute."""
    call = await h.place(*TALK)
    await asyncio.sleep(60)
    return text(await h.hears(call))


# --- the stream's token got lost behind a tunnel


class TokenInQuery(Faulty):
    """Puts the token into the stream's URL, in place of a parameter."""

    def document(self, action: Action | None) -> HttpReply | None:
        """Return the TwiML."""
        if not isinstance(action, ConnectStream):
            return super().document(action)
        reply = super().document(
            msgspec.structs.replace(action, stream_url=f"{action.stream_url}?token={action.credential}")
        )
        assert reply is not None
        return HttpReply(body=re.sub(rb"<Parameter[^>]*/>", b"", reply.body), content_type=reply.content_type)


@planted
async def test_the_token_arrives_behind_a_tunnel_that_drops_the_query(planted: bool) -> None:
    async with gateway(TokenInQuery if planted else None)(brain=Answers("Fine thank you")) as h:
        call = await h.place(*TALK)
        record = await h.over(call)
        reasons = [line["reason"] for line in h.town.named("stream.refused")]

        assert (record["endReason"] == "error") is planted
        assert (text(await h.hears(call)) == SPOKEN) is not planted
        assert reasons == (["missing"] * 2 if planted else [])


class HastyToken(Faulty):
    """Gives the token three seconds to come back."""

    def document(self, action: Action | None) -> HttpReply | None:
        """Return the TwiML."""
        if isinstance(action, ConnectStream):
            expires = START + asyncio.get_running_loop().time() + 3
            token = mint(KEY, call_id=action.back.call_id, nonce=action.back.visit, expires=expires)
            action = msgspec.structs.replace(action, credential=token)
        return super().document(action)


def slowly(internet: Internet) -> TwilioFace:
    """Return a Twilio that reaches the gateway through a tunnel that takes three seconds for everything."""

    async def fetch(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        await asyncio.sleep(1.5)
        answer = await internet.fetch(method, url, headers, body)
        await asyncio.sleep(1.5)
        return answer

    async def connect(url: str, headers: Mapping[str, str]) -> Socket:
        await asyncio.sleep(3)
        return await internet.connect(url, headers)

    return TwilioFace(ACCOUNT, Internet(fetch, connect))


@planted
async def test_the_token_is_still_good_behind_a_tunnel_that_takes_three_seconds(planted: bool) -> None:
    async with gateway(HastyToken if planted else None, face=slowly)(brain=Answers("Fine thank you")) as h:
        assert (await talk(h) == SPOKEN) is not planted
        assert len(h.town.plugs) == (2 if planted else 1)
        assert {line["reason"] for line in h.town.named("stream.refused")} == ({"expired"} if planted else set())


@dataclass
class Balancer:
    """Sends webhooks to one gateway and media streams to another."""

    webhooks: House
    streams: House

    async def post(self, webhook: Webhook) -> HttpReply:
        """Answer a webhook."""
        return await self.webhooks.post(webhook)

    def connect(self, plug: Plug, handshake: Webhook) -> None:
        """Serve a media stream."""
        self.streams.connect(plug, handshake)


@planted
async def test_the_token_is_good_at_an_instance_that_never_saw_the_webhook(planted: bool) -> None:
    async with AsyncExitStack() as stack:
        town = await stack.enter_async_context(open_town(TWILIO))
        opened: MakeHouse = partial(open_house, partial(open_town, TWILIO))
        one = await stack.enter_async_context(opened(town, instance="one", brain=Answers("I am one")))
        two = await stack.enter_async_context(opened(town, instance="two", brain=Answers("I am two")))
        if planted:
            two._streams._keys = (b"known to this process only",)
        town.front = Balancer(one, two)
        call = await one.place(*TALK)
        await asyncio.sleep(60)

        assert (text(await two.hears(call)) == "Hello there I am two") is not planted
        assert (len(town.named("stream.refused")) > 0) is planted
        assert (await two.record(call))["endReason"] == "hangup-user"


# --- the conversation drops, or is silent


def forgetful(call: Call, event: Event, at: float) -> tuple[Call, tuple[Effect, ...]]:
    """Decide as ever, but delete the greeting as soon as it is sent."""
    after, effects = step(call, event, at)
    if after.greeting_state == "sending":
        after = msgspec.structs.replace(after, greeting_state="none", greeting="")
    return after, effects


@planted
async def test_a_greeting_counts_as_said_once_it_was_played(planted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if planted:
        monkeypatch.setattr(session, "step", forgetful)
    async with gateway(mark='"event"')() as h:
        h.town.marks_get_lost = True  # and everything else that is sent, so that nothing is played
        call = await h.place(wait(40), HANG_UP, message="Hello there")
        await asyncio.sleep(60)

        assert (text(await h.hears(call)) == "Hello there") is not planted


class ByRest(Outbox):
    """Speaks by REST while a media stream runs."""

    def _carry(self, effect: Any, hand: Any, tasks: asyncio.TaskGroup) -> None:
        if isinstance(effect, Say) and effect.reply > 1:
            leg = self._call().carrier_call_id
            assert leg is not None
            effect = Prompt(leg, effect.text, True, effect.reply, self._back())
            self._act(effect, None, tasks)
        else:
            super()._carry(effect, hand, tasks)


@planted
async def test_nothing_that_is_said_takes_the_place_of_the_live_stream(
    planted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if planted:
        monkeypatch.setattr(session, "Outbox", ByRest)
    async with gateway()(brain=Answers("Fine thank you")) as h:
        call = await h.place(listen(), wait(4), say("How are you"), listen(), HANG_UP)
        await h.seen(call, "reply.finished")
        await asyncio.sleep(1)
        speaking = h.beside(h.speak(call, "One moment"))
        await asyncio.sleep(3)
        told = speaking.done()
        await asyncio.wait([speaking])
        await h.over(call)

        assert (told and speaking.exception() is None) is not planted
        assert (len(await h.does(call, "stream-start")) == 1) is not planted
        assert (h.town.rest.count("instruct") == 0) is not planted


# --- stale calls keep the line


@pytest.mark.parametrize("number", ["+15550100001", "+15550100002"], ids=["busy", "rings on"])
@planted
async def test_a_call_that_nobody_answers_and_whose_end_is_not_told_does_not_keep_the_line(
    planted: bool, number: str
) -> None:
    rules = Rules(ring_timeout=600.0, stale=0.0 if planted else 120.0)
    async with gateway()(rules=rules, max_calls=1) as h:
        h.town.faults = Faults(webhook_lose=("ringing", "ended"))
        call = await h.place(to=number)
        await asyncio.sleep(125)
        h.town.faults = Faults()
        if planted:
            with pytest.raises(CallRefused, match="all 1 lines are taken"):
                await h.place(*TALK)
        else:
            record = await h.over(call)
            assert (record["endReason"], record["answeredAt"]) == ("stale-timeout", None)
            assert (await h.leg(call)).status == "ended"
            assert (await h.over(await h.place(*TALK)))["endReason"] == "hangup-user"
            await h.idle()


@pytest.mark.parametrize("streaming", [True, False])
@planted
async def test_a_live_call_is_not_taken_for_a_stale_one(
    planted: bool, streaming: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Draft.stop
    if planted:
        monkeypatch.setattr(Draft, "stop", lambda draft, *names: stop(draft, *(set(names) - {"stale"})))
    rules = Rules(stale=30.0, streaming=streaming)
    async with gateway()(rules=rules, brain=Answers("Fine thank you")) as h:
        call = await h.place(listen(), wait(100), say("How are you"), listen(), HANG_UP)
        record = await h.over(call)

        assert record["endReason"] == ("stale-timeout" if planted else "hangup-user")
        assert (text(await h.hears(call)) == SPOKEN) is not planted


# --- the stream's path is not there, and what was gathered is ignored


class NoStreams(House):
    """A gateway whose media socket the carrier cannot open: its path is answered 404."""

    def connect(self, plug: Plug, handshake: Webhook) -> None:
        """Refuse it."""
        raise ConnectionRefusedError("404")


class NoSpeech(Faulty):
    """Does not let the carrier speak by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.capabilities = Capabilities(digits_at_dial=True, digits_end_stream=True, redirects=True)


@planted
async def test_a_stream_whose_path_is_not_there_leaves_a_conversation(
    planted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(House, "connect", NoStreams.connect)
    async with gateway(NoSpeech if planted else None)(brain=Answers("Fine thank you")) as h:
        call = await h.place(*TALK)
        record = await h.over(call)

        assert record["endReason"] == ("error" if planted else "hangup-user")
        assert (text(await h.hears(call)) == SPOKEN) is not planted
        assert any("31920" in warning["text"] for warning in record["warnings"])
        assert ("carrier-speech" in [warning["code"] for warning in record["warnings"]]) is not planted
        assert isinstance(h.town.face, TwilioFace)
        assert [note.code for note in h.town.face.notifications].count(31920) == (4 if planted else 2)


class DeafToGather(Faulty):
    """Takes the answer to a `<Gather>` for a leg that merely asks what to do."""

    def parse(self, webhook: Webhook) -> tuple[Delivery, ...]:
        """Return what the webhook says, less what the caller said."""
        return tuple(
            msgspec.structs.replace(
                delivery,
                events=tuple(DocumentAsked() if isinstance(event, Gathered) else event for event in delivery.events),
            )
            for delivery in super().parse(webhook)
        )


@planted
async def test_what_was_gathered_is_answered(planted: bool) -> None:
    async with gateway(DeafToGather if planted else None)(
        brain=Answers("Fine thank you"), rules=Rules(streaming=False)
    ) as h:
        assert (await talk(h) == SPOKEN) is not planted


# --- an oversized frame brings the process down


@planted
def test_an_oversized_frame_closes_its_stream_and_nothing_else(planted: bool) -> None:
    desks: list[FakeDesk] = []

    async def play(door: Door) -> None:
        desks.append(door.desk)
        quiet, loud = await door.client.ws_connect("/voice/stream"), await door.client.ws_connect("/voice/stream")
        for socket in (quiet, loud):
            await socket.send_str(STREAM_START)
            await socket.send_str("hello")
            assert (await socket.receive_str()) == "echo 'hello'"
        await loud.send_str("x" * (64 * 1024 + 1))
        answer = await loud.receive()
        assert (answer.type is aiohttp.WSMsgType.CLOSE and answer.data == 1009) is not planted
        await quiet.send_str("still there")
        assert (await quiet.receive_str()) == "echo 'still there'"
        assert (await door.signed())[0] == 201

    visit(play, max_frame=10**7 if planted else PublicOptions().max_frame)
    assert (max(len(message) for message in desks[0].received) <= 64 * 1024) is not planted


async def test_the_call_whose_frame_was_oversized_goes_on_as_all_others_do() -> None:
    async with gateway()(brain=Answers("Fine thank you")) as h:
        calls = [await h.place(*TALK, to=f"+1555010001{number}") for number in range(2)]
        await h.seen(calls[0], "reply.finished")
        await h.town.plugs[0].close(1009, "")
        for call in calls:
            assert (await h.over(call))["endReason"] == "hangup-user"
            assert text(await h.hears(call)) == SPOKEN
        assert len(h.town.plugs) == 3

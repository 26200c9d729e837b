"""A webhook that comes again gets the same document, byte for byte, while that is of use; later a harmless one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from tests.gateway.house import HANG_UP, House, MakeHouse, text, wait
from tests.gateway.town import MakeTown, Town
from voicecall.carriers import Webhook
from voicecall.core.ids import CallId
from voicecall.core.operations import History
from voicecall.core.rules import Rules
from voicecall.emulators.internet import Answer
from voicecall.gateway.outbox import CREDENTIAL_LIFE

ON_MOCK = pytest.mark.parametrize("town", ["mock"], indirect=True)
"""Its network sends a webhook again that was not answered."""

Posted = tuple[str, Mapping[str, str], bytes]


class Post:
    """Carries the webhooks, and keeps the one that opens a media stream with all that it was answered.

    Its first answer is `lost` where that is wanted: the network does not get it. A `copy` goes to this gateway before
    the network acts on the answer.
    """

    def __init__(self, town: Town, *, lost: bool = False, copy: House | None = None) -> None:
        self.town = town
        self.lost = lost
        self.copy = copy
        self.connecting: Posted | None = None
        self.documents: list[bytes] = []
        self.came = asyncio.Event()
        town.between = self.carry

    async def carry(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer = await self.town.deliver(url, headers, body)
        if self.connecting is None and self.town.kit.connects(body, answer.body):
            self.connecting = url, headers, body
        if self.connecting == (url, headers, body):
            assert answer.status == 200
            self.documents.append(answer.body)
            if self.copy is not None:
                self.documents.append(await self.again(self.copy))
            self.came.set()
            if self.lost:
                self.lost = False
                raise ConnectionResetError("the answer is lost")
        return answer

    async def again(self, h: House) -> bytes:
        """Deliver the webhook once more, to this gateway, and return the answer."""
        assert self.connecting is not None
        url, headers, body = self.connecting
        reply = await h.post(Webhook("POST", url, {name.lower(): value for name, value in headers.items()}, body))
        assert reply.status == 200
        return reply.body


async def begin(h: House, post: Post, *, inbound: bool) -> str:
    """Begin a call that lasts five seconds, and wait until the document that connects it went out."""
    call = await (h.ring(wait(5), HANG_UP) if inbound else h.place(wait(5), HANG_UP, message="Welcome"))
    await post.came.wait()
    return call


@pytest.mark.parametrize("inbound", [True, False])
async def test_a_copy_gets_the_same_document_until_the_stream_is_there(house: MakeHouse, inbound: bool) -> None:
    async with house() as h:
        post = Post(h.town, copy=h)
        call = await begin(h, post, inbound=inbound)
        assert post.documents[0] == post.documents[1]
        await h.seen(call, "stream.started")
        assert b"/voice/stream" not in await post.again(h)
        record = await h.over(call)
        assert b"/voice/stream" not in await post.again(h)

        assert (record["endReason"], record["warnings"]) == ("hangup-user", [])
        assert text(await h.hears(call)) == "Welcome"
        assert len(await h.perform(History())) == len(h.town.plugs) == 1
        await h.idle()


@pytest.mark.parametrize("inbound", [True, False])
async def test_a_copy_at_another_gateway_gets_the_same_document_and_takes_no_call_away(
    town: MakeTown, house: MakeHouse, inbound: bool
) -> None:
    async with town() as place, house(place, instance="one") as one, house(place, instance="two") as two:
        place.front = one
        post = Post(place, copy=two)
        call = await begin(one, post, inbound=inbound)
        assert post.documents[0] == post.documents[1]
        await one.seen(call, "stream.started")
        assert b"/voice/stream" not in await post.again(two)
        assert two.switchboard.sessions == {}
        record = await one.over(call)

        assert (record["endReason"], text(await one.hears(call))) == ("hangup-user", "Welcome")
        assert "call.adopted" not in await one.types(call)
        assert len(await one.perform(History())) == len(place.plugs) == 1
        await one.idle()


@ON_MOCK
@pytest.mark.parametrize("inbound", [True, False])
async def test_a_webhook_whose_answer_was_lost_is_answered_by_another_gateway_which_then_serves_the_call(
    town: MakeTown, house: MakeHouse, inbound: bool
) -> None:
    async with town() as place, house(place, instance="one") as one, house(place, instance="two") as two:
        place.front = one
        post = Post(place, lost=True)
        call = await begin(one, post, inbound=inbound)
        place.front = two
        await two.seen(call, "call.adopted")
        record = await two.over(call)

        assert post.documents[0] == post.documents[1]
        assert (record["endReason"], text(await two.hears(call))) == ("hangup-user", "Welcome")
        assert len(await two.perform(History())) == len(place.plugs) == 1
        assert place.rest.count("hang-up") == 0


@ON_MOCK
@pytest.mark.parametrize("inbound", [True, False])
async def test_a_webhook_whose_answer_was_lost_with_the_gateway_gets_the_same_from_the_next(
    town: MakeTown, house: MakeHouse, inbound: bool
) -> None:
    async with town() as place:
        async with house(place) as h:
            post = Post(place, lost=True)
            call = await begin(h, post, inbound=inbound)
        async with house(place) as h:
            record = await h.over(call)

            assert len(post.documents) == 2
            assert post.documents[0] == post.documents[1]
            assert (record["endReason"], text(await h.hears(call))) == ("hangup-user", "Welcome")
            assert len(await h.perform(History())) == len(place.plugs) == 1
            assert b"/voice/stream" not in await post.again(h)
            await h.idle()


@ON_MOCK
@pytest.mark.parametrize("restarted", [True, False])
async def test_a_copy_gets_no_document_whose_credential_is_good_no_more(
    town: MakeTown, house: MakeHouse, restarted: bool
) -> None:
    rules = Rules(stream_start=200.0)
    async with town() as place, house(place, rules=rules) as first:
        post = Post(place, lost=True)
        call = await begin(first, post, inbound=False)
        place.between = lose_everything
        asked = place.now()
        async with house(place, rules=rules, lease=0.001 if restarted else 30.0) as second:
            h = second if restarted else first
            assert await post.again(h) == post.documents[0]
            await asyncio.sleep(asked + CREDENTIAL_LIFE - 0.5 - place.now())
            assert await post.again(h) == post.documents[0]
            await asyncio.sleep(1)
            assert b"/voice/stream" not in await post.again(h)
            assert (await h.record(call))["state"] == "answered"


async def lose_everything(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Carry no webhook."""
    raise ConnectionRefusedError


@ON_MOCK
async def test_a_webhook_that_could_not_be_saved_may_come_again(house: MakeHouse) -> None:
    async with house() as h:
        statuses: list[int] = []

        async def carry(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            if b'"type":"ringing"' not in body:
                return await h.town.deliver(url, headers, body)
            if not statuses:
                h.store.failing = {h.store.writes + 1}
            answer = await h.town.deliver(url, headers, body)
            statuses.append(answer.status)
            return answer

        h.town.between = carry
        h.town.rest.statuses["hang-up"] = [503] * 6
        call = await h.place(wait(5), HANG_UP)
        await h.seen(call, "call.ringing")
        await asyncio.sleep(1)

        assert statuses == [503, 200]
        assert CallId(call) in h.switchboard.sessions
        assert (await h.over(call))["endReason"] == "error"

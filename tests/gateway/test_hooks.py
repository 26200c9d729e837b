"""Outgoing webhooks, whatever becomes of receivers, gateways and the archive: each message arrives, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise

import httpx2
import pytest
from standardwebhooks import Webhook

from tests.gateway.receivers import HANG, KEY, Answer, Town, arrived, meet, receiver, scene
from voicecall.core.administration import ListWebhooks, TryWebhook
from voicecall.core.events import Answered, CallEnded, CarrierEnded, Heard
from voicecall.core.hooks import write_secret
from voicecall.errors import BadParameters

ENDED = CallEnded("completed")


@scene
async def test_a_receiver_is_told_of_a_call_from_its_beginning_to_its_end(town: Town) -> None:
    async with town.gateway(receiver()) as gateway:
        over = (CarrierEnded("completed"), ENDED)
        ids = await town.happens(gateway, "A", arrived("A"), Answered(), Heard(1, "my secret"), *over)
        await town.receivers.have("crm", ids[0], ids[1], ids[4])
        first, _, last = town.receivers.bodies("crm")
        assert first["type"] == "call.initiated"
        assert first["timestamp"] == "2027-01-15T08:00:00.100Z"
        assert (first["data"]["callId"], first["data"]["seq"], first["data"]["from"]) == ("A", 1, "+15550100009")
        assert last["data"]["reason"] == "completed"
        assert last["data"]["record"]["state"] == "ended"
        assert "my secret" not in str(town.receivers.bodies("crm"))
        assert "Good morning" not in str(town.receivers.bodies("crm"))
        assert max(town.receivers.times("crm")) < 0.3


@scene
async def test_words_arrive_where_the_configuration_lets_them_leave(town: Town) -> None:
    async with town.gateway(receiver(events=("transcript.*", "call.ended"), words=True)) as gateway:
        ids = await town.happens(gateway, "A", arrived("A"), Answered(), Heard(1, "hello"), ENDED)
        await town.receivers.have("crm", ids[2], ids[3])
        heard, last = town.receivers.bodies("crm")
        assert (heard["type"], heard["data"]["text"]) == ("transcript.final", "hello")
        assert "transcript" in last["data"]["record"]


@scene
async def test_every_attempt_is_signed_anew_and_keeps_its_id(town: Town) -> None:
    town.receivers.answers["crm"] = [500]
    async with town.gateway(receiver()) as gateway:
        (id_,) = await town.happens(gateway, "A", arrived("A"))
        await town.receivers.have("crm", id_)
        requests = [request for _, _, request in town.receivers.asked]
        assert [request.headers["webhook-id"] for request in requests] == [id_, id_]
        for request in requests:
            moment = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
            signature = Webhook(write_secret(KEY)).sign(id_, moment, request.content.decode())
            assert request.headers["webhook-signature"] == signature
        assert len({request.headers["webhook-timestamp"] for request in requests}) == 2
        assert requests[0].content == requests[1].content


@scene
async def test_a_new_receiver_is_told_what_happens_from_now_on(town: Town) -> None:
    async with town.gateway() as gateway:
        await town.happens(gateway, "A", arrived("A"), ENDED)
    async with town.gateway(receiver()) as gateway:
        ids = await town.happens(gateway, "B", arrived("B"))
        await town.receivers.have("crm", *ids)


class Endless(httpx2.AsyncByteStream):
    """A body without an end."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.5)
            yield b"x"


FAULTS: dict[str, tuple[list[Answer], list[float]]] = {
    "500 twice": ([500, 500], [5, 10]),
    "404": ([404], [5]),
    "429 with a date": ([httpx2.Response(429, headers={"retry-after": "Fri, 15 Jan 2027 08:02:00 GMT"})], [119.9]),
    "503 with seconds": ([httpx2.Response(503, headers={"retry-after": "120"})], [120]),
    "a redirect": ([httpx2.Response(302, headers={"location": "https://elsewhere.test/"})], [5]),
    "no answer": ([HANG], [15]),
    "a reset": ([httpx2.ReadError("reset")], [5]),
    "no such host, or the wrong certificate": ([httpx2.ConnectError("no"), httpx2.ConnectError("no")], [5, 10]),
    "not HTTP": ([httpx2.RemoteProtocolError("no")], [5]),
    "an answer without an end": ([httpx2.Response(500, stream=Endless())], [6]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_goes_wrong_is_tried_again_and_nothing_overtakes_it(fault: str) -> None:
    answers, pauses = FAULTS[fault]

    async def play(town: Town) -> None:
        town.receivers.answers["crm"] = list(answers)
        async with town.gateway(receiver()) as gateway:
            ids = await town.happens(gateway, "A", arrived("A"), Answered(), ENDED)
            await town.receivers.have("crm", *ids)
            times = town.receivers.times("crm")[: len(pauses) + 1]
            waited = [after - before for before, after in pairwise(times)]
            assert waited == pytest.approx(pauses, abs=0.2)
            assert "elsewhere" not in [name for _, name, _ in town.receivers.asked]
            assert len(town.named("webhook-out.failing")) == len(town.named("webhook-out.mended")) == 1
            assert gateway.hook().failed == len(pauses)

    meet(play)


@scene
async def test_an_answer_without_an_end_that_takes_the_message_has_taken_it(town: Town) -> None:
    town.receivers.answers["crm"] = [httpx2.Response(200, stream=Endless())]
    async with town.gateway(receiver()) as gateway:
        ids = await town.happens(gateway, "A", arrived("A"), ENDED)
        await town.receivers.have("crm", *ids)
        assert town.receivers.times("crm")[1] < 2


@scene
async def test_who_answers_gone_is_told_nothing_more_until_the_next_start(town: Town) -> None:
    town.receivers.answers["crm"] = [410]
    async with town.gateway(receiver(), receiver("log")) as gateway:
        ids = await town.happens(gateway, "A", arrived("A"), ENDED)
        await town.receivers.have("log", *ids)
        await asyncio.sleep(3600)
        assert len(town.receivers.times("crm")) == 1
        (line,) = town.named("webhook-out.gone")
        assert (line["webhook"], line["host"]) == ("crm", "crm.test")
        crm, log = await gateway.hooks.perform(ListWebhooks())
        assert (crm["state"], log["state"]) == ("gone", "ok")
        assert crm["error"] == "answered 410"
    async with town.gateway(receiver()):
        await town.receivers.have("crm", *ids)


@scene
async def test_a_receiver_that_hangs_holds_up_no_other(town: Town) -> None:
    town.receivers.answers["crm"] = [HANG] * 3
    async with town.gateway(receiver(), receiver("log")) as gateway:
        ids = await town.happens(gateway, "A", arrived("A"), ENDED)
        await town.receivers.have("log", *ids)
        assert max(town.receivers.times("log")) < 0.3
        await asyncio.sleep(9)
        assert gateway.hook().lag == pytest.approx(9, abs=0.5)
        assert gateway.hook("log").lag == 0
        await town.receivers.have("crm", *ids)


@scene
async def test_the_state_tells_what_waits_what_failed_and_when_it_is_tried_again(town: Town) -> None:
    async with town.gateway(receiver()) as gateway:
        (fresh,) = await gateway.hooks.perform(ListWebhooks())
        assert fresh == {
            "name": "crm",
            "host": "crm.test",
            "events": ["call.initiated", "call.answered", "call.ended"],
            "state": "ok",
            "lagSeconds": 0.0,
            "failures": 0,
            "deliveredAt": None,
            "retryAt": None,
            "error": None,
            "errorAt": None,
        }
        town.receivers.answers["crm"] = [204, 500, 500]
        ids = await town.happens(gateway, "A", arrived("A"), ENDED)
        await asyncio.sleep(8)
        (failing,) = await gateway.hooks.perform(ListWebhooks())
        assert (failing["state"], failing["failures"], failing["error"]) == ("failing", 2, "answered 500")
        assert failing["lagSeconds"] == pytest.approx(8, abs=0.5)
        assert failing["deliveredAt"] < failing["errorAt"] < failing["retryAt"]
        await town.receivers.have("crm", *ids)
        await asyncio.sleep(1)
        (mended,) = await gateway.hooks.perform(ListWebhooks())
        assert (mended["state"], mended["lagSeconds"], mended["retryAt"]) == ("ok", 0, None)
        assert mended["error"] == "answered 500"


@scene
async def test_a_test_that_is_taken_has_what_waits_tried_again_at_once(town: Town) -> None:
    town.receivers.answers["crm"] = [httpx2.Response(503, headers={"retry-after": "3000"})]
    async with town.gateway(receiver()) as gateway:
        ids = await town.happens(gateway, "A", arrived("A"))
        await asyncio.sleep(10)
        told = await gateway.hooks.perform(TryWebhook(receiver="crm"))
        assert told == {"name": "crm", "id": "test_NEW", "accepted": True, "status": 204, "error": None}
        await town.receivers.have("crm", "test_NEW", *ids)
        assert max(town.receivers.times("crm")) < 11
        sent = town.receivers.bodies("crm")[1]
        assert (sent["type"], sent["data"]) == ("webhook.test", {"webhook": "crm"})


@scene
async def test_a_test_that_fails_says_why_and_changes_nothing(town: Town) -> None:
    town.receivers.answers["crm"] = [500, httpx2.ConnectError("no")]
    async with town.gateway(receiver()) as gateway:
        refused = await gateway.hooks.perform(TryWebhook(receiver="crm"))
        assert (refused["accepted"], refused["status"], refused["error"]) == (False, 500, "answered 500")
        unreached = await gateway.hooks.perform(TryWebhook(receiver="crm"))
        assert (unreached["status"], unreached["error"]) == (None, "cannot reach crm.test: ConnectError")
        with pytest.raises(BadParameters, match="configured: crm"):
            await gateway.hooks.perform(TryWebhook(receiver="nobody"))
        assert town.named("webhook-out.failing") == []

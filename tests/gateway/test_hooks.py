"""Outgoing webhooks, whatever becomes of receivers, gateways and the archive: each message arrives, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace
from standardwebhooks import Webhook

from tests.gateway.receivers import HANG, KEY, Answer, Gateway, Town, arrived, meet, receiver
from voicecall.core.administration import ListWebhooks, TryWebhook
from voicecall.core.events import Answered, CallEnded, CarrierEnded, Heard, SpeechStarted
from voicecall.core.hooks import PATIENCE, write_secret
from voicecall.errors import BadParameters

ENDED = CallEnded("completed")


def scene(play: Callable[[Town], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Make a test of a scene, which plays in virtual time."""

    def test() -> None:
        meet(play)

    return test


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
async def test_a_gateway_that_dies_before_the_cursor_moved_sends_the_same_message_again(town: Town) -> None:
    ids: list[str] = []

    async def taken(gateway: Gateway) -> None:
        town.receivers.answers["crm"] = [1.0]
        ids.extend(await town.happens(gateway, "A", arrived("A"), ENDED))
        await town.receivers.until(lambda: bool(town.receivers.asked))
        gateway.store.read_only = True
        await town.receivers.have("crm", ids[0])

    await town.killed(receiver(), until=taken)
    async with town.gateway(receiver()):
        await town.receivers.have("crm", ids[0], ids[0], ids[1])


@scene
async def test_what_happens_while_no_gateway_runs_the_hooks_is_told_at_the_next_start(town: Town) -> None:
    async with town.gateway(receiver()):
        pass
    async with town.gateway() as without:
        ids = await town.happens(without, "A", arrived("A"), ENDED)
    await asyncio.sleep(2 * PATIENCE)
    async with town.gateway(receiver()):
        await town.receivers.have("crm", *ids)


@scene
async def test_a_start_does_not_wait_out_the_pause_of_the_last_run(town: Town) -> None:
    town.receivers.answers["crm"] = [httpx2.Response(503, headers={"retry-after": "3000"})]
    async with town.gateway(receiver()) as gateway:
        ids = await town.happens(gateway, "A", arrived("A"))
        await town.receivers.until(lambda: gateway.hook().failed > 0 or bool(town.receivers.asked))
        await asyncio.sleep(1)
    async with town.gateway(receiver()):
        await town.receivers.have("crm", *ids)
        assert max(town.receivers.times("crm")) < 10


@scene
async def test_of_two_gateways_one_delivers_and_nothing_is_told_twice(town: Town) -> None:
    async with town.gateway(receiver()) as one, town.gateway(receiver(), instance="two") as two:
        ids: list[str] = []
        for number in range(20):
            where = (one, two)[number % 2]
            ids += await town.happens(where, f"C{number}", arrived(f"C{number}"), Answered(), ENDED)
            await asyncio.sleep(0.7)
        await town.receivers.have("crm", *ids)
        await asyncio.sleep(60)
        assert town.receivers.taken["crm"] == ids


@scene
async def test_a_gateway_takes_over_from_one_that_fell_silent(town: Town) -> None:
    async with town.gateway(receiver(), instance="two") as two:
        ids: list[str] = []

        async def delivering(one: Gateway) -> None:
            two.store.broken = True
            town.receivers.answers["crm"] = [204, HANG]
            ids.extend(await town.happens(one, "A", arrived("A"), ENDED))
            await town.receivers.until(lambda: len(town.receivers.asked) == 2)

        await town.killed(receiver(), until=delivering)
        two.store.broken = False
        await town.receivers.have("crm", *ids)
        assert 15 < town.receivers.times("crm")[-1] < 35


@scene
async def test_a_pause_that_another_gateway_has_ended_is_no_pause(town: Town) -> None:
    town.receivers.answers["crm"] = [httpx2.Response(503, headers={"retry-after": "80000"})]
    async with town.gateway(receiver()) as one:
        ids = await town.happens(one, "A", arrived("A"))
        await asyncio.sleep(100)
        async with town.gateway(receiver(), instance="two"):  # a start makes the next attempt at once
            await asyncio.sleep(40)
            assert town.receivers.taken["crm"] == ids
        ids += await town.happens(one, "A", ENDED)
        await town.receivers.have("crm", *ids)
        assert town.receivers.times("crm")[-1] < 230


@scene
async def test_two_gateways_that_see_the_same_at_the_same_moment_tell_it_once(town: Town) -> None:
    async with town.gateway(receiver()) as one, town.gateway(receiver(), instance="two") as two:
        town.receivers.answers["crm"] = [1.0]
        ids = await town.happens(one, "A", arrived("A"))
        two.bell.ring(await two.store.events(0, 10))
        await asyncio.sleep(60)
        assert town.receivers.taken["crm"] == ids


@scene
async def test_nobody_takes_over_from_a_gateway_whose_receiver_takes_its_time(town: Town) -> None:
    async with town.gateway(receiver()) as one, town.gateway(receiver(), instance="two"):
        ids = await town.happens(one, "A", arrived("A"))
        await asyncio.sleep(28)
        town.receivers.answers["crm"] = [9.0, 9.0]
        ids += await town.happens(one, "A", ENDED)
        await asyncio.sleep(60)
        assert town.receivers.taken["crm"] == ids


@scene
async def test_while_a_receiver_is_let_rest_the_archive_is_not_read_for_it_at_every_event(town: Town) -> None:
    town.receivers.answers["crm"] = [httpx2.Response(503, headers={"retry-after": "3000"})]
    async with town.gateway(receiver()) as gateway:
        await town.happens(gateway, "A", arrived("A"))
        await asyncio.sleep(1)
        before = gateway.store.reads
        for number in range(40):
            await town.happens(gateway, "A", SpeechStarted(number))
            await asyncio.sleep(0.1)
        assert gateway.store.reads == before


@scene
async def test_while_the_archive_fails_nothing_is_sent_and_afterwards_nothing_is_missing(town: Town) -> None:
    async with town.gateway(receiver()) as gateway:
        gateway.store.broken = True
        ids = await town.happens(gateway, "A", arrived("A"), ENDED)
        await asyncio.sleep(60)
        assert town.receivers.asked == []
        assert len(town.named("store.failed")) == 1
        gateway.store.broken = False
        await town.receivers.have("crm", *ids)
        gateway.store.broken = True
        await asyncio.sleep(10)
        assert len(town.named("store.failed")) == 2


@scene
async def test_a_cursor_that_cannot_be_moved_makes_no_flood_of_the_same_message(town: Town) -> None:
    async with town.gateway(receiver()) as gateway:
        town.receivers.answers["crm"] = [1.0]
        ids = await town.happens(gateway, "A", arrived("A"))
        await town.receivers.until(lambda: bool(town.receivers.asked))
        gateway.store.read_only = True
        await town.receivers.have("crm", *ids)
        await asyncio.sleep(600)
        ids += await town.happens(gateway, "A", ENDED)
        await asyncio.sleep(600)
        gateway.store.read_only = False
        await town.receivers.have("crm", *ids)


@scene
async def test_a_day_of_failures_gives_up_what_is_as_old_and_goes_on_with_the_rest(town: Town) -> None:
    town.receivers.answers["crm"] = [500]
    async with town.gateway(receiver()) as gateway:
        old = await town.happens(gateway, "A", arrived("A"), ENDED)
        await asyncio.sleep(1)
    async with town.gateway() as without:
        await asyncio.sleep(PATIENCE - 60)
        new = await town.happens(without, "B", arrived("B"))
        await asyncio.sleep(60)
    town.receivers.answers["crm"] = [500]
    async with town.gateway(receiver()) as gateway:
        await town.receivers.have("crm", *new)
        (line,) = town.named("webhook-out.given-up")
        assert (line["messages"], line["first"], line["last"]) == (2, old[0], old[-1])
        assert (line["since"], line["detail"]) == (0, "answered 500")
        assert gateway.hook().given_up == 2


@scene
async def test_a_gateway_that_stops_tells_what_is_left_and_waits_for_nobody_long(town: Town) -> None:
    town.receivers.answers["log"] = [1.5]
    town.receivers.answers["crm"] = [HANG]
    async with town.gateway(receiver(), receiver("log")) as gateway:
        ids = await town.happens(gateway, "A", arrived("A"), ENDED)
        await town.receivers.until(lambda: len(town.receivers.asked) == 2)
        stopped = asyncio.get_running_loop().time()
    await town.receivers.have("log", *ids)
    assert asyncio.get_running_loop().time() - stopped == pytest.approx(5, abs=0.1)
    assert (await town.cursor(gateway, "log")).after == 2
    assert (await town.cursor(gateway, "crm")).after == 0


@scene
async def test_a_gateway_whose_receivers_have_all_stops_at_once(town: Town) -> None:
    town.receivers.answers["crm"] = [500]
    async with town.gateway(receiver(), receiver("log")) as gateway:
        await town.happens(gateway, "A", arrived("A"))
        await asyncio.sleep(1)
        stopped = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - stopped < 0.1
    assert len(town.receivers.times("crm")) == 1


@scene
async def test_what_nobody_wants_does_not_have_to_be_read_again_at_the_next_start(town: Town) -> None:
    async with town.gateway(receiver()) as gateway:
        await town.happens(gateway, "A", arrived("A"))
        for _ in range(3):
            await town.happens(gateway, "A", *(SpeechStarted(number) for number in range(500)))
        await asyncio.sleep(10)
        assert (await town.cursor(gateway)).after > 1000
        assert town.receivers.taken["crm"] == ["evt_A_1"]


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


@scene
async def test_a_fault_of_our_own_ends_nothing_and_is_told_without_what_it_was_about(town: Town) -> None:
    town.receivers.answers["crm"] = [RuntimeError("hidden")]
    async with town.gateway(receiver(), receiver("log")) as gateway:
        ids = await town.happens(gateway, "A", arrived("A"), ENDED)
        await town.receivers.have("log", *ids)
        await town.receivers.have("crm", *ids)
        (line,) = town.named("webhook-out.broken")
        assert (line["webhook"], "RuntimeError" in line["detail"]) == ("crm", True)


@scene
async def test_a_note_that_cannot_be_read_stops_its_receiver_and_nothing_else(town: Town) -> None:
    async with town.gateway(receiver(), receiver("log")) as gateway:
        note = await gateway.store.note("webhook", "crm")
        assert note is not None
        await gateway.store.write_note(replace(note, data=b'{"after": "x"}', version=note.version + 1))
        ids = await town.happens(gateway, "A", arrived("A"))
        await town.receivers.have("log", *ids)
        await asyncio.sleep(10)
        assert town.receivers.times("crm") == []
        (line,) = town.named("store.failed")
        assert "webhook crm" in line["detail"]

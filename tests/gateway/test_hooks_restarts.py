"""Outgoing webhooks over restarts, among gateways, and while the archive fails: nothing is lost, nothing told twice."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from msgspec.structs import replace

from tests.gateway.receivers import HANG, Gateway, Town, arrived, receiver, scene
from voicecall.core.events import Answered, CallEnded, SpeechStarted
from voicecall.core.hooks import PATIENCE

ENDED = CallEnded("completed")


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
async def test_a_note_that_is_gone_makes_the_receiver_a_new_one(town: Town) -> None:
    async with town.gateway(receiver()) as gateway:
        note = await gateway.store.note("webhook", "crm")
        assert note is not None
        assert await gateway.store.remove_note(note)
        await town.happens(gateway, "A", arrived("A"))
        await asyncio.sleep(1)
        ids = await town.happens(gateway, "B", arrived("B"))
        await town.receivers.have("crm", *ids)


@scene
async def test_two_gateways_that_start_at_once_agree_where_a_new_receiver_begins(town: Town) -> None:
    async with asyncio.TaskGroup() as tasks:
        started = asyncio.Barrier(2)

        async def run(instance: str) -> None:
            async with town.gateway(receiver(), instance=instance) as gateway:
                await started.wait()
                if instance == "one":
                    await town.happens(gateway, "A", arrived("A"))
                await asyncio.sleep(10)
                assert (await town.cursor(gateway)).after == 1

        tasks.create_task(run("one"))
        tasks.create_task(run("two"))
    assert town.receivers.taken["crm"] == ["evt_A_1"]


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

"""How webhooks of the simulated Telnyx are delivered: tried again, given up, late, twice and out of order."""

from __future__ import annotations

import asyncio

import pytest

from tests.emulators.telnyx_rig import EPOCH, ORIGIN, Gateway, World, play
from voicecall.emulators.faults import Faults
from voicecall.emulators.telnyx.account import Account

HOOK = f"{ORIGIN}/telnyx"


def ringing(*statuses: int | Exception, account: Account | None = None) -> tuple[Gateway, list[str]]:
    """Ring a gateway that gives these answers; return it, and what the simulator complains about."""
    complaints: list[str] = []

    async def scene(world: World) -> None:
        await world.ring()
        await asyncio.sleep(20)
        complaints.extend(f"{note.code} {note.text}" for note in world.face.notifications)

    account = account or Account(webhook_url=HOOK)
    return play(scene, *statuses, account=account), complaints


@pytest.mark.parametrize("status", [500, 503, 408, 429])
def test_a_webhook_that_may_succeed_later_is_tried_again_under_a_new_signature(status: int) -> None:
    gateway, complaints = ringing(status, status, 204)
    assert [hook.at for hook in gateway.hooks] == [0.0, 0.5, 1.5]
    assert [hook.meta["attempt"] for hook in gateway.hooks] == [1, 2, 3]
    assert len({hook.data["id"] for hook in gateway.hooks}) == 1
    assert [hook.headers["telnyx-timestamp"] for hook in gateway.hooks] == [str(EPOCH), str(EPOCH), str(EPOCH + 1)]
    assert all(hook.genuine(Account()) for hook in gateway.hooks)
    assert complaints == []


@pytest.mark.parametrize("status", [400, 403, 404, 301])
def test_any_other_refusal_is_final(status: int) -> None:
    gateway, complaints = ringing(status)
    assert len(gateway.hooks) == 1
    assert complaints == [f"webhook call.initiated: {status}"]


def test_an_answer_that_takes_longer_than_two_seconds_is_none() -> None:
    gateway, complaints = ringing(TimeoutError(), 200)
    assert [hook.at for hook in gateway.hooks] == [0.0, 2.5]
    assert complaints == []


def test_after_the_primary_url_comes_the_failover_url() -> None:
    account = Account(webhook_url=HOOK, failover_url=f"{ORIGIN}/failover")
    gateway, complaints = ringing(ConnectionRefusedError(), account=account)
    assert [hook.path for hook in gateway.hooks] == ["/telnyx"] * 3 + ["/failover"] * 3
    assert gateway.hooks[3].meta == {"attempt": 4, "delivered_to": f"{ORIGIN}/failover"}
    assert complaints == ["webhook call.initiated: nobody answered"]


def test_without_a_url_there_is_no_webhook() -> None:
    gateway, complaints = ringing(account=Account())
    assert gateway.hooks == []
    assert complaints == ["webhook call.initiated: nowhere to send it"]


def test_a_dialled_call_can_have_a_webhook_url_of_its_own() -> None:
    async def scene(world: World) -> None:
        await world.dial(webhook_url=f"{ORIGIN}/own?c=1")
        await asyncio.sleep(0.1)

    assert [hook.path for hook in play(scene).hooks] == ["/own"]


def test_webhooks_are_late_twice_and_lost_on_demand() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        await asyncio.sleep(3)
        await world.do(leg, "hangup")
        await asyncio.sleep(3)

    plan = Faults(
        webhook_delay={"call.answered": 1.5}, webhook_duplicate=("call.hangup",), webhook_lose=("call.initiated",)
    )
    gateway = play(scene, faults=plan)
    assert [(hook.at, hook.type) for hook in gateway.hooks] == [
        (2.1, "call.answered"),
        (3.7, "call.hangup"),
        (3.7, "call.hangup"),
    ]
    _, first, second = gateway.hooks
    assert first.data == second.data


def test_webhooks_arrive_out_of_order_on_demand() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        await world.do(leg, "hangup")
        await asyncio.sleep(5)

    gateway = play(scene, faults=Faults(webhook_reorder=True))
    assert gateway.types() == ["call.answered", "call.initiated", "call.hangup"]
    times = [hook.data["occurred_at"] for hook in gateway.hooks]
    assert times[1] < times[0] < times[2]


def test_webhooks_overtake_the_answer_to_the_dial_on_demand() -> None:
    async def scene(world: World) -> None:
        await world.dial()
        assert world.gateway.types() == ["call.initiated", "call.answered"]

    play(scene, faults=Faults(rest_delay={"POST /calls": 1.0}))

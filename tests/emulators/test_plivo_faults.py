"""Faults on demand of the simulated Plivo, in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from tests.emulators.plivo_rig import ORIGIN, PHONE, WAIT, World, ended, play
from voicecall.emulators.faults import Faults
from voicecall.emulators.script import Step

CALLBACKS = {"ring_url": f"{ORIGIN}/ring", "hangup_url": f"{ORIGIN}/hangup"}


def test_webhooks_are_late_twice_lost_and_out_of_order_on_demand() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(**CALLBACKS)
        await asyncio.sleep(3)
        leg.dismiss()
        await asyncio.sleep(60)

    faults = Faults(webhook_delay={"answer": 1.5}, webhook_duplicate=("answer",), webhook_lose=("hangup",))
    gateway = play(scene, {"/answer": WAIT}, faults=faults)
    assert [(hook.path, hook.at) for hook in gateway.hooks] == [("/ring", 0.1), ("/answer", 2.1), ("/answer", 2.1)]
    first, second = (hook.headers["X-Plivo-Signature-V3-Nonce"] for hook in gateway.at("/answer"))
    assert first != second

    async def busy(world: World) -> None:
        leg = await world.dial(**CALLBACKS)
        await asyncio.sleep(0.3)
        leg.hang_up()
        await asyncio.sleep(5)

    assert play(busy, faults=Faults(webhook_reorder=True)).paths() == ["/hangup", "/ring"]


def test_a_lost_document_request_is_given_up_after_15_s() -> None:
    async def scene(world: World) -> None:
        await world.dial(**CALLBACKS)
        await asyncio.sleep(20)

    gateway = play(scene, faults=Faults(webhook_lose=("answer",)))
    assert ended(gateway, "/hangup")[0] == "7011"
    assert gateway.at("/hangup")[0].at == pytest.approx(15.6, abs=0.05)


def test_an_action_is_delivered_twice_on_demand() -> None:
    async def scene(world: World) -> None:
        await world.network.script(PHONE, [Step(press="1#")])
        await world.dial()
        await asyncio.sleep(5)

    pages = {"/answer": f'<GetInput action="{ORIGIN}/heard"/>', "/heard": WAIT}
    actions = play(scene, pages, faults=Faults(webhook_duplicate=("action",))).at("/heard")
    assert [action.form["Digits"] for action in actions] == ["1", "1"]

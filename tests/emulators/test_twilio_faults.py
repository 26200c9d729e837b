"""Faults on demand of the simulated Twilio, in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from tests.emulators.twilio_rig import STATUS, World, journal, play
from voicecall.emulators.faults import Faults


def test_webhooks_are_late_twice_lost_and_out_of_order_on_demand() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(**STATUS)
        await asyncio.sleep(3)
        leg.dismiss()
        await asyncio.sleep(30)

    faults = Faults(webhook_delay={"voice": 1.5}, webhook_duplicate=("voice",), webhook_lose=("completed",))
    gateway = play(scene, {"/voice": '<Pause length="60"/>'}, faults=faults)
    assert [hook.at for hook in gateway.at("/voice")] == [2.1, 2.1]
    assert [hook.form["CallStatus"] for hook in gateway.at("/status")] == ["initiated", "ringing", "in-progress"]

    gateway = play(scene, {"/voice": '<Pause length="60"/>'}, faults=Faults(webhook_reorder=True))
    assert [hook.form["SequenceNumber"] for hook in gateway.at("/status")] == ["1", "0", "2", "3"]


def test_a_lost_document_request_is_given_up_after_15_s() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await asyncio.sleep(20)
        assert journal(leg, "notification")[0][0] == pytest.approx(15, abs=0.05)
        assert world.codes() == [11200]

    assert play(scene, faults=Faults(webhook_lose=("voice",))).hooks == []

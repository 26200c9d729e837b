"""Machine detection of the simulated Twilio, in virtual time: who answered, and when that is known."""

from __future__ import annotations

import asyncio

import pytest

from tests.emulators.twilio_rig import ORIGIN, PHONE, World, play
from voicecall.emulators.script import Step


@pytest.mark.parametrize(
    ("number", "kind", "answered_by", "at"),
    [
        ("+15550100003", "Enable", "machine_start", 2.4),
        ("+15550100003", "DetectMessageEnd", "machine_end_beep", 2.54),
        (PHONE, "Enable", "unknown", 5.0),
    ],
)
def test_the_document_is_asked_for_after_the_verdict(number: str, kind: str, answered_by: str, at: float) -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(number, MachineDetection=kind)
        await asyncio.sleep(12)
        assert (await world.ask("GET", f"/Calls/{leg.parties.call}.json"))["answered_by"] == answered_by

    (hook,) = play(scene).hooks
    assert hook.form["AnsweredBy"] == answered_by
    assert hook.at == pytest.approx(0.6 + at, abs=0.05)
    assert int(hook.form["MachineDetectionDuration"]) == pytest.approx((hook.at - 0.6) * 1000, abs=20)


def test_a_person_is_known_by_a_short_greeting_while_the_document_runs_already() -> None:
    async def scene(world: World) -> None:
        await world.network.script(PHONE, [Step(say="Hello?")])
        await world.dial(MachineDetection="Enable", AsyncAmd="true", AsyncAmdStatusCallback=f"{ORIGIN}/amd")
        await asyncio.sleep(12)

    gateway = play(scene, {"/voice": '<Pause length="60"/>'})
    assert gateway.paths() == ["/voice", "/amd"]
    voice, amd = gateway.hooks
    assert "AnsweredBy" not in voice.form
    assert amd.form["AnsweredBy"] == "human"
    assert amd.at == pytest.approx(0.6 + 1.0 + 1.0 + 1.2, abs=0.1)

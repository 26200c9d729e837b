"""Machine detection in virtual time: what is told about a voicemail, a person and silence, and when."""

from __future__ import annotations

import asyncio

import pytest

from tests.emulators.telnyx_rig import PHONE, World, play
from voicecall.emulators.script import Step

VOICEMAIL = "+15550100003"


def detecting(mode: str, to: str, *steps: Step, **limits: int) -> list[tuple[str, str]]:
    """Dial a phone that does these steps; return what was told about it."""

    async def scene(world: World) -> None:
        if steps:
            await world.network.script(to, steps)
        await world.dial(to, answering_machine_detection=mode, answering_machine_detection_config=limits)
        await asyncio.sleep(30)

    hooks = play(scene).hooks
    return [
        (hook.type.removeprefix("call.machine."), hook.payload["result"]) for hook in hooks if "machine" in hook.type
    ]


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("disabled", []),
        ("detect", [("detection.ended", "machine")]),
        ("detect_words", [("detection.ended", "machine")]),
        ("greeting_end", [("detection.ended", "machine"), ("greeting.ended", "ended")]),
        ("detect_beep", [("detection.ended", "machine"), ("greeting.ended", "beep_detected")]),
        ("premium", [("premium.detection.ended", "machine"), ("premium.greeting.ended", "beep_detected")]),
    ],
)
def test_a_voicemail_is_a_machine(mode: str, told: list[tuple[str, str]]) -> None:
    assert detecting(mode, VOICEMAIL) == told


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("greeting_end", [("detection.ended", "human")]),
        ("premium", [("premium.detection.ended", "human_residence")]),
    ],
)
def test_somebody_who_says_a_word_is_human(mode: str, told: list[tuple[str, str]]) -> None:
    assert detecting(mode, PHONE, Step(say="Hello")) == told


@pytest.mark.parametrize(
    ("mode", "limits", "told"),
    [
        ("detect", {}, [("detection.ended", "not_sure")]),
        ("detect", {"initial_silence_millis": 2000}, [("detection.ended", "machine")]),
        ("premium", {"initial_silence_millis": 2000}, [("premium.detection.ended", "silence")]),
    ],
)
def test_silence_is_told_by_the_time_it_lasts(mode: str, limits: dict[str, int], told: list[tuple[str, str]]) -> None:
    assert detecting(mode, PHONE, Step(wait=20.0), **limits) == told


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("detect_beep", ("greeting.ended", "not_sure")),
        ("premium", ("premium.greeting.ended", "no_beep_detected")),
        ("greeting_end", ("greeting.ended", "ended")),
    ],
)
def test_a_voicemail_without_a_beep_is_waited_for_in_vain(mode: str, told: tuple[str, str]) -> None:
    assert detecting(mode, VOICEMAIL, Step(say="Leave a message."))[1] == told


def test_a_greeting_that_never_ends_is_given_up() -> None:
    limits = {"greeting_total_analysis_time_millis": 100, "maximum_number_of_words": 0}
    told = detecting("premium", VOICEMAIL, Step(say="Leave a message."), **limits)
    assert told[1] == ("premium.greeting.ended", "no_beep_detected")


def test_nothing_is_told_once_the_call_is_over() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered(VOICEMAIL, answering_machine_detection="detect")
        await asyncio.sleep(1)
        await world.do(leg, "hangup")
        await asyncio.sleep(30)

    assert play(scene).types() == ["call.initiated", "call.answered", "call.hangup"]

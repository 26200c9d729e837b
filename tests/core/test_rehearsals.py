"""Answers that are prepared before the caller has surely finished."""

from __future__ import annotations

import pytest

from tests.core.scenes import greeted
from tests.core.world import placed
from voicecall.core import events as ev
from voicecall.core.effects import Rehearse
from voicecall.core.rules import Mode, Rules, TurnRules

EARLY = Rules(turns=TurnRules(early=True))


@pytest.mark.parametrize(
    ("mode", "asks", "rehearsed"),
    [("conversation", False, True), ("conversation", True, False), ("notify", False, False)],
)
def test_an_answer_is_rehearsed_only_where_the_agent_is_to_give_one(mode: Mode, asks: bool, rehearsed: bool) -> None:
    world = greeted(placed(mode=mode, rules=EARLY))
    if asks:
        world.feed(ev.ContinueAsked("a", "And your name?"))
        world.feed(ev.PlaybackStarted(2))
        world.feed(ev.PlaybackFinished(2, "And your name?"))
    world.next_segment()
    world.feed(ev.SpeechStopped(world.segments, 0.2), after=1.0)
    out = world.feed(ev.Heard(world.segments, "What time is it?"))
    assert (Rehearse(1, "What time is it?") in out) is rehearsed

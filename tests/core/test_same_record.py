"""The same conversation over a media stream and by prompts leaves the same record."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.scenes import SPEAKING, says
from tests.core.world import LEG, World, arrived, placed
from voicecall.core import events as ev
from voicecall.core.record import record
from voicecall.core.rules import Rules

STREAMED = Rules(can=SPEAKING)
PROMPTED = Rules(can=SPEAKING, streaming=False)
TALK = (
    ("What time is it?", "It is noon."),
    ("And the date?", ""),
    ("Hello?", "It is Monday, and it will be for a while. " * 40),
    ("Thank you, goodbye.", "Goodbye."),
)
"""What the caller says, and what the agent answers."""


def streamed(beginning: ev.Placed | ev.Arrived, turns: tuple[tuple[str, str], ...]) -> World:
    world = World(beginning)
    if world.call.carrier_call_id is None:
        world.feed(ev.Dialled(LEG))
        world.feed(ev.DocumentAsked())
    world.next_stream()
    heard(world, 1, "Good day.")
    for reply, (words, answer) in enumerate(turns, 2):
        says(world, words)
        world.feed(ev.TurnMeasured(reply - 1, {"wait": 500.0}))
        if reply == len(turns) + 1:
            world.feed(ev.FarewellAsked(reply))
        heard(world, reply, " ".join(answer.split()))
    return world


def heard(world: World, reply: int, text: str) -> None:
    """A reply is played to its end."""
    if text:
        world.feed(ev.PlaybackStarted(reply))
        world.feed(ev.PlaybackConfirmed(reply))
    world.feed(ev.PlaybackFinished(reply, text))


def prompted(beginning: ev.Placed | ev.Arrived, turns: tuple[tuple[str, str], ...]) -> World:
    world = World(beginning)
    if world.call.carrier_call_id is None:
        world.feed(ev.Dialled(LEG))
        world.feed(ev.DocumentAsked())
    world.feed(ev.ReplyWorded(1, "Good day."))
    for reply, (words, answer) in enumerate(turns, 2):
        told(world)
        world.feed(ev.Gathered(0, words))
        if reply == len(turns) + 1:
            world.feed(ev.FarewellAsked(reply))
        world.feed(ev.ReplyWorded(reply, " ".join(answer.split())))
    told(world)
    if world.prompt is not None:
        world.feed(ev.Gathered(world.prompt.number))
    return world


def told(world: World) -> None:
    """The carrier speaks until it listens."""
    while world.prompt is not None and world.prompt.text and not world.prompt.listen:
        world.feed(ev.Gathered(world.prompt.number), after=1.0)


def apart_from_latency(world: World) -> dict[str, Any]:
    """The record of a call without when things happened and how long they took."""
    shown = record(world.call)
    for moment in ("startedAt", "answeredAt", "endedAt"):
        shown[moment] = shown[moment] is not None
    shown["transcript"] = [{**line, "at": ""} for line in shown["transcript"]]
    del shown["latency"]
    return shown


@pytest.mark.parametrize("outbound", [True, False])
@pytest.mark.parametrize("turns", [TALK[:count] for count in range(1, len(TALK) + 1)])
def test_a_conversation_leaves_the_same_record(turns: tuple[tuple[str, str], ...], *, outbound: bool) -> None:
    beginning = placed if outbound else arrived
    one, other = streamed(beginning(rules=STREAMED), turns), prompted(beginning(rules=PROMPTED), turns)
    for world in (one, other):
        world.calm()
        assert world.call.is_over
    assert len(one.call.lines) == 1 + sum(1 + bool(answer) for _, answer in turns)
    assert apart_from_latency(one) == apart_from_latency(other)


@pytest.mark.parametrize("cause", ["completed", "failed"])
def test_a_call_that_the_carrier_ends_leaves_the_same_record(cause: str) -> None:
    one, other = streamed(arrived(rules=STREAMED), ()), prompted(arrived(rules=PROMPTED), ())
    for world in (one, other):
        world.feed(ev.CarrierEnded(cause, "So it was."))  # type: ignore[arg-type]
        world.calm()
    assert apart_from_latency(one) == apart_from_latency(other)


def test_a_message_leaves_the_same_record() -> None:
    one = streamed(placed(mode="notify", rules=STREAMED), ())
    other = prompted(placed(mode="notify", rules=PROMPTED), ())
    for world in (one, other):
        world.fire("notify")
        world.calm()
        assert world.call.end_reason == "completed"
    assert apart_from_latency(one) == apart_from_latency(other)

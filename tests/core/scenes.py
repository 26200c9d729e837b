"""Calls that have come so far."""

from __future__ import annotations

from tests.core.world import LEG, World, placed
from voicecall.core import events as ev
from voicecall.core.ids import StreamId
from voicecall.core.rules import Rules, TurnRules

STREAM = ev.StreamStarted(StreamId("stream-1"), "nonce-1")
RUDE = Rules(turns=TurnRules(protect_greeting=False))


def connected(beginning: ev.Placed | ev.Arrived | None = None) -> World:
    """A call whose media stream has just joined."""
    world = World(beginning or placed())
    if world.call.carrier_call_id is None:
        world.feed(ev.Dialled(LEG))
    world.next_stream()
    return world


def greeted(beginning: ev.Placed | ev.Arrived | None = None) -> World:
    """A call whose opening line was heard."""
    world = connected(beginning)
    world.feed(ev.PlaybackStarted(1))
    world.feed(ev.PlaybackFinished(1, "Good day."))
    return world


def asked(text: str = "What time is it?", beginning: ev.Placed | ev.Arrived | None = None) -> World:
    """A call whose caller has asked something, and whose agent makes an answer as reply 2."""
    world = greeted(beginning)
    says(world, text)
    return world


def says(world: World, text: str) -> tuple[object, ...]:
    """The caller says something and waits for an answer."""
    world.next_segment()
    world.feed(ev.SpeechStopped(world.segments, 0.2), after=1.0)
    world.feed(ev.Heard(world.segments, text))
    return world.feed(ev.TimerFired("endpoint"))

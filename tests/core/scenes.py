"""Calls that have come so far."""

from __future__ import annotations

from tests.core.world import LEG, World, arrived, placed
from voicecall.core import events as ev
from voicecall.core.effects import Effect, StartTimer, StopTimer
from voicecall.core.ids import StreamId
from voicecall.core.rules import Capabilities, Mode, Rules, TurnRules

STREAM = ev.StreamStarted(StreamId("stream-1"), "nonce-1")
RUDE = Rules(turns=TurnRules(protect_greeting=False))
SPEAKING = Capabilities(prompts=True, redirects=True)
"""A carrier that can speak and listen by itself."""
ASKING = Capabilities(prompts=True)
"""A carrier that can speak by itself, and is told so only when it asks."""
BY_PROMPT = Rules(streaming=False, can=SPEAKING)
ONE, TWO, THREE = (f"{word} " * 160 + "end." for word in ("one", "two", "three"))
"""Sentences of which no two go into one prompt."""


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


def acts(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """What is done, apart from timers."""
    return tuple(effect for effect in effects if not isinstance(effect, StartTimer | StopTimer))


def welcomed(beginning: ev.Placed | ev.Arrived | None = None) -> World:
    """A call by prompts whose opening line the carrier speaks, as prompt 1."""
    world = World(beginning or arrived(rules=BY_PROMPT))
    if world.call.carrier_call_id is None:
        world.feed(ev.Dialled(LEG))
        world.feed(ev.DocumentAsked())
    world.feed(ev.ReplyWorded(1, "Good day."))
    return world


def answering(text: str = "What time is it?", beginning: ev.Placed | ev.Arrived | None = None) -> World:
    """A call by prompts whose caller answered the opening line, and whose agent makes an answer as reply 2."""
    world = welcomed(beginning)
    world.feed(ev.Gathered(1, text))
    return world


def telling(text: str = f"{ONE} {TWO}") -> World:
    """A call whose carrier tells the first part of a long answer, as prompt 2."""
    world = answering()
    world.feed(ev.ReplyWorded(2, text))
    return world


def listening() -> World:
    """A call whose carrier has said all there was to say and listens, as prompt 2."""
    world = welcomed()
    world.feed(ev.Gathered(1))
    return world


def call_on(can: Capabilities, mode: Mode = "conversation") -> ev.Placed:
    return placed(mode=mode, rules=Rules(can=can))


def silent(can: Capabilities) -> World:
    """A call whose opening line is sent and not heard, so far as the carrier says."""
    world = World(call_on(can))
    world.feed(ev.Dialled(LEG))
    world.feed(ev.DocumentAsked())
    world.next_stream()
    world.feed(ev.PlaybackStarted(1))
    return world


def dropped(world: World) -> None:
    """The newest media stream ends."""
    world.feed(ev.StreamStopped(StreamId(f"stream-{world.streams}")))

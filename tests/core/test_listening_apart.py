"""Carriers on which listening is a step of its own: they report what was told and what was heard one by one."""

from __future__ import annotations

from tests.core.scenes import ONE, TWO, acts, call_on, connected
from tests.core.world import LEG, World, about, arrived, placed
from voicecall.core import events as ev
from voicecall.core.effects import (
    Acknowledge,
    AskCarrier,
    Connect,
    Hangup,
    Ignored,
    Listen,
    Prompt,
    Respond,
    Say,
    StartTimer,
    StopTimer,
)
from voicecall.core.ids import StreamId
from voicecall.core.rules import Capabilities, Rules
from voicecall.core.step import begin

CAN = Capabilities(prompts=True, redirects=True, listens_apart=True)
APART = Rules(streaming=False, can=CAN)


def welcomed() -> World:
    """A call whose opening line the carrier speaks, as prompt 1."""
    world = World(arrived(rules=APART))
    world.feed(ev.DocumentAsked())
    world.feed(ev.ReplyWorded(1, "Good day."))
    return world


def listening() -> World:
    """A call whose opening line was told, and whose carrier listens."""
    world = welcomed()
    world.feed(ev.Told(1))
    return world


def test_an_inbound_leg_is_answered_by_listening() -> None:
    _, effects = begin(arrived(rules=APART), 0.0)
    assert effects == (Listen(), StartTimer("stream-start", 10.0))
    world = World(arrived(rules=APART))
    assert acts(world.feed(ev.DocumentAsked())) == (Say(1, "Good day."),)
    assert acts(world.feed(ev.ReplyWorded(1, "Good day."))) == (Prompt(1, "Good day.", listen=True),)


def test_an_outbound_leg_listens_with_the_first_words() -> None:
    world = World(placed(rules=APART))
    world.feed(ev.Dialled(LEG))
    world.feed(ev.DocumentAsked())
    assert acts(world.feed(ev.ReplyWorded(1, "Good day."))) == (Listen(), Prompt(1, "Good day.", listen=True))


def test_a_stream_that_fails_is_replaced_by_listening_too() -> None:
    world = World(arrived(rules=Rules(can=CAN)))
    assert acts(world.feed(ev.TimerFired("stream-start"), after=10.0)) == (Connect(),)
    assert acts(world.feed(ev.TimerFired("stream-start"), after=10.0)) == (Say(1, "Good day."),)
    assert acts(world.feed(ev.ReplyWorded(1, "Good day."))) == (Listen(), Prompt(1, "Good day.", listen=True))


def test_what_was_told_was_heard_and_needs_no_new_prompt() -> None:
    world = welcomed()
    assert world.feed(ev.Told(1)) == (StartTimer("prompt", 20.0),)
    assert (world.call.greeting_state, world.call.proven, world.call.lines[-1].text) == ("heard", True, "Good day.")
    assert acts(world.feed(ev.Gathered(0, "What time is it?"))) == (Respond(2, 1),)


def test_what_was_told_twice_was_heard_once() -> None:
    world = listening()
    assert len(world.call.lines) == 1
    world.feed(ev.Told(1))
    assert len(world.call.lines) == 1


def test_the_parts_of_a_long_answer_follow_each_other() -> None:
    world = listening()
    world.feed(ev.Gathered(0, "What time is it?"))
    assert acts(world.feed(ev.ReplyWorded(2, f"{ONE} {TWO}"))) == (Prompt(2, ONE, listen=False),)
    assert acts(world.feed(ev.Told(2))) == (Prompt(3, TWO, listen=True),)
    assert acts(world.feed(ev.Told(3))) == ()
    assert world.call.lines[-1].text == f"{ONE} {TWO}"


def test_a_stale_prompt_was_told_for_nothing() -> None:
    world = listening()
    world.feed(ev.SpeakAsked("a", "One moment."))
    world.feed(ev.ReplyWorded(2, "One moment."))
    assert world.feed(ev.Told(1)) == (Ignored("Told in active"),)
    assert acts(world.feed(ev.Told(2))) == (Acknowledge("a", {"heard": True}),)


def test_a_farewell_that_was_told_ends_the_call() -> None:
    world = listening()
    world.feed(ev.Gathered(0, "Goodbye."))
    world.feed(ev.FarewellAsked(2))
    world.feed(ev.ReplyWorded(2, "Goodbye."))
    assert acts(world.feed(ev.Told(2))) == (Hangup(),)


def test_a_carrier_that_hears_nothing_for_long_is_asked() -> None:
    world = listening()
    assert world.timers["prompt"] == about(world.at + 20.0)
    assert world.feed(ev.TimerFired("prompt"), after=20.0) == (AskCarrier(),)
    assert acts(world.feed(ev.CarrierAsked("alive"))) == (Prompt(2, "", listen=True),)


def test_what_is_told_to_a_call_that_streams_or_ends_is_out_of_place() -> None:
    world = World(arrived())
    world.next_stream()
    assert world.feed(ev.Told(1)) == (Ignored("Told in active"),)
    world = welcomed()
    world.feed(ev.EndAsked("a"))
    assert world.feed(ev.Told(1)) == (Ignored("Told in ending"),)


def test_an_answer_is_kept_as_it_was_written() -> None:
    world = listening()
    world.feed(ev.Gathered(0, "What time is it?"))
    world.feed(ev.ReplyWorded(2, "It is twelve thirty.", "It is 12:30."))
    assert StopTimer("prompt") in world.feed(ev.Gathered(0, "Thank you."))
    assert [line.text for line in world.call.lines[-2:]] == ["It is 12:30.", "Thank you."]


def test_late_news_of_an_older_stream_leaves_the_open_one_alone() -> None:
    world = connected(call_on(Capabilities(prompts=True, redirects=True, one_stream=True)))
    assert world.feed(ev.StreamStopped(StreamId("an older one"))) == (Ignored("StreamStopped in active"),)
    assert world.feed(ev.DocumentAsked()) == (Ignored("DocumentAsked in active"),)

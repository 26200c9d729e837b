"""Calls that a machine answers, also where the carrier says so late, or speaks by itself."""

from __future__ import annotations

from tests.core.scenes import (
    SPEAKING,
    acts,
    connected,
    greeted,
)
from tests.core.world import LEG, World, placed
from voicecall.core import events as ev
from voicecall.core.effects import (
    CancelReply,
    Hangup,
    Prompt,
    Say,
    StartTimer,
    StopTimer,
)
from voicecall.core.rules import Rules, TurnRules

# --- by prompt


def machine(mode: str = "notify") -> World:
    """A call by prompts that a machine answered."""
    rules = Rules(streaming=False, can=SPEAKING, machine="message", machine_message="Call us back.")
    world = World(placed(mode=mode, rules=rules))  # type: ignore[arg-type]
    world.feed(ev.Dialled(LEG))
    return world


def test_a_machine_is_heard_out_and_left_a_message_by_prompt() -> None:
    world = machine()
    world.feed(ev.Answered(machine=True))
    effects = world.feed(ev.DocumentAsked())
    assert StartTimer("machine", 8.0) in effects
    assert acts(effects) == (Prompt(1, "", listen=True),)
    effects = world.feed(ev.Gathered(1, "Leave a message."))
    assert StartTimer("machine", 2.0) in effects
    assert acts(effects) == (Prompt(2, "", listen=True),)
    assert world.feed(ev.TimerFired("machine"), after=2.0) == (Say(1, "Call us back."),)
    assert acts(world.feed(ev.ReplyWorded(1, "Call us back."))) == (Prompt(3, "Call us back.", listen=False),)
    assert StartTimer("notify", 3.0) in world.feed(ev.Gathered(3))
    assert acts(world.feed(ev.TimerFired("notify"), after=3.0)) == (Hangup(),)
    assert world.call.end_reason == "voicemail"


def test_a_silent_machine_is_spoken_to_all_the_same() -> None:
    world = machine()
    world.feed(ev.Answered(machine=True))
    world.feed(ev.DocumentAsked())
    assert acts(world.feed(ev.Gathered(1), after=5.0)) == (Prompt(2, "", listen=True),)
    assert world.feed(ev.TimerFired("machine"), after=3.0) == (Say(1, "Call us back."),)


def test_a_late_verdict_drops_the_opening_line_that_the_carrier_tells() -> None:
    world = machine("conversation")
    world.feed(ev.DocumentAsked())
    world.feed(ev.ReplyWorded(1, "Good day."))
    assert world.feed(ev.Answered(machine=True)) == (CancelReply(1), StartTimer("machine", 8.0))
    world.feed(ev.PlaybackStopped(1, "Good day.", "Good"))
    assert acts(world.feed(ev.Gathered(1, "Leave a message."))) == (Prompt(2, "", listen=True),)
    assert acts(world.feed(ev.TimerFired("machine"), after=2.0)) == (Say(2, "Call us back."),)
    assert [(line.text, line.heard) for line in world.call.lines] == [
        ("Good day.", "Good"),
        ("Leave a message.", None),
    ]


# --- a verdict that comes late


def late(seconds: float = 1.0, *, machine_message: str = "Call us back.") -> World:
    """A call whose greeting is under way when the carrier says that a machine answered."""
    rules = Rules(machine="message", machine_message=machine_message, turns=TurnRules(protect_greeting=False))
    world = connected(placed(rules=rules))
    world.feed(ev.PlaybackStarted(1))
    world.feed(ev.PlaybackConfirmed(1), after=seconds)
    return world


def test_a_late_verdict_cancels_the_greeting_under_way() -> None:
    world = late()
    assert world.feed(ev.Answered(machine=True)) == (CancelReply(1), StartTimer("machine", 8.0))
    world.feed(ev.PlaybackStopped(1, "Good day.", "Good"))
    assert world.call.greeting_state == "pending"
    assert world.feed(ev.TimerFired("machine"), after=8.0) == (Say(2, "Call us back."),)


def test_a_late_verdict_over_a_talking_machine_waits_for_its_beep() -> None:
    world = late()
    world.next_segment()
    world.feed(ev.Answered(machine=True))
    world.feed(ev.PlaybackStopped(1, "Good day.", "Good"))
    world.feed(ev.SpeechStopped(1, 0.2), after=1.0)
    world.feed(ev.Heard(1, "Leave a message."))
    assert world.feed(ev.TimerFired("endpoint")) == (StartTimer("machine", 2.0),)
    assert world.feed(ev.TimerFired("machine"), after=2.0) == (Say(2, "Call us back."),)


def test_a_late_verdict_in_a_pause_keeps_the_words_before_it() -> None:
    world = late()
    world.feed(ev.PlaybackFinished(1, "Good day."))
    world.next_segment()
    world.feed(ev.SpeechStopped(1, 0.2))
    world.feed(ev.Heard(1, "Leave a message."))
    world.feed(ev.Answered(machine=True))
    assert world.feed(ev.TimerFired("endpoint")) == (StartTimer("machine", 2.0),)
    assert world.call.lines[-1].text == "Leave a message."


def test_a_late_verdict_keeps_what_waits_for_after_the_message() -> None:
    world = late()
    world.feed(ev.SpeakAsked("a", "One moment."))
    world.feed(ev.Answered(machine=True))
    assert world.feed(ev.PlaybackStopped(1, "Good day.", "")) == ()
    assert world.feed(ev.TimerFired("machine"), after=8.0) == (Say(3, "Call us back."),)
    world.feed(ev.PlaybackStarted(3))
    assert acts(world.feed(ev.PlaybackFinished(3, "Call us back."))) == (Say(2, "One moment."),)


def test_a_late_verdict_on_a_message_call_that_was_about_to_end_keeps_it_for_the_message() -> None:
    world = greeted(placed(mode="notify", rules=Rules(machine="message")))
    assert "notify" in world.timers
    assert world.feed(ev.Answered(machine=True)) == (StopTimer("notify"), StartTimer("machine", 8.0))

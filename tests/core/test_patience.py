"""Silence on the line: the caller is asked, given a moment, and in the end said goodbye to."""

from __future__ import annotations

import pytest

from tests.core.scenes import SPEAKING, STREAM, says, welcomed
from tests.core.world import LEG, World, arrived, placed
from voicecall.core import events as ev
from voicecall.core.call import Phase
from voicecall.core.effects import Effect, Respond, Say, StartTimer, StopTimer
from voicecall.core.rules import Rules, TurnRules

TURNS = TurnRules(silence=10.0, reprompts=2, reprompt="Are you there?", goodbye="Goodbye then.", moment=60.0)
RULES = Rules(turns=TURNS)


def greeted(rules: Rules = RULES, *, outbound: bool = False) -> World:
    """The opening line was heard, and nobody speaks."""
    world = World(placed(rules=rules) if outbound else arrived(rules=rules))
    if outbound:
        world.feed(ev.Dialled(LEG))
        world.feed(ev.Answered())
    world.feed(STREAM)
    world.feed(ev.PlaybackStarted(1))
    world.feed(ev.PlaybackConfirmed(1))
    world.feed(ev.PlaybackFinished(1, "Good day."))
    return world


def said(world: World, reply: int, text: str) -> tuple[Effect, ...]:
    """The agent says all of a reply."""
    world.feed(ev.PlaybackStarted(reply))
    return world.feed(ev.PlaybackFinished(reply, text))


def test_a_caller_who_says_nothing_is_asked_and_in_the_end_said_goodbye_to() -> None:
    world = greeted()
    assert "silence" in world.timers
    for reply in (2, 3):
        assert world.feed(ev.TimerFired("silence")) == (Say(reply, "Are you there?"),)
        assert said(world, reply, "Are you there?") == (StartTimer("silence", 10.0),)
    assert world.feed(ev.TimerFired("silence")) == (Say(4, "Goodbye then."),)
    said(world, 4, "Goodbye then.")
    assert (world.call.phase, world.call.end_reason) == (Phase.ENDING, "hangup-agent")
    assert world.call.end_detail == "The caller said nothing any more."
    world.finish()


def test_a_caller_who_speaks_into_the_goodbye_is_listened_to_and_counted_anew() -> None:
    world = greeted()
    for _ in range(3):
        world.feed(ev.TimerFired("silence"))
        if world.call.turns.replies < 4:
            said(world, world.call.turns.replies, "Are you there?")
    world.feed(ev.PlaybackStarted(4))
    world.next_segment()
    world.feed(ev.PartlyHeard(1, "I am here"))
    world.feed(ev.PlaybackStopped(4, "Goodbye then.", "Goodbye"))
    world.feed(ev.SpeechStopped(1, 0.2))
    world.feed(ev.Heard(1, "I am here."))
    world.feed(ev.TimerFired("endpoint"))
    assert (world.call.is_live, world.call.reprompted) == (True, 0)
    world.finish()


def test_speech_stops_the_clock_of_silence() -> None:
    world = greeted()
    assert world.feed(ev.SpeechStarted(1, 0.2)) == (StopTimer("silence"),)
    world.finish()


@pytest.mark.parametrize(
    ("turns", "ends"), [(TurnRules(silence=10.0, reprompts=0), True), (TurnRules(silence=10.0), False)]
)
def test_empty_phrases_are_not_said(turns: TurnRules, ends: bool) -> None:
    world = greeted(Rules(turns=turns))
    assert not any(isinstance(effect, Say) for effect in world.feed(ev.TimerFired("silence")))
    assert (world.call.phase is Phase.ENDING) is ends
    assert ("silence" in world.timers) is not ends
    world.finish()


def test_a_caller_who_asks_for_a_moment_is_given_it_and_no_answer() -> None:
    world = greeted()
    effects = says(world, "One moment, please.")
    assert not any(isinstance(effect, Respond) for effect in effects)
    assert effects[-1] == StartTimer("silence", 60.0)
    assert world.feed(ev.TimerFired("silence")) == (Say(2, "Are you there?"),)
    assert said(world, 2, "Are you there?") == (StartTimer("silence", 10.0),)
    world.finish()


def test_an_announcement_to_who_is_on_hold_is_not_answered_on_a_call_that_we_placed() -> None:
    world = greeted(outbound=True)
    effects = says(world, "Your call is important to us. Please stay on the line.")
    assert not any(isinstance(effect, Respond) for effect in effects)
    assert effects[-1] == StartTimer("silence", 60.0)
    assert any(isinstance(effect, Respond) for effect in says(world, "Good morning, how can I help you?"))
    world.finish()


def test_a_caller_who_speaks_like_an_announcement_is_answered() -> None:
    world = greeted()
    effects = says(world, "Your call is important to us, is it not?")
    assert any(isinstance(effect, Respond) for effect in effects)
    world.finish()


@pytest.mark.parametrize(("machine", "reason"), [("hangup", "voicemail"), ("off", None), ("message", None)])
def test_a_voicemails_greeting_is_not_answered_and_counts_as_a_machine(machine: str, reason: str | None) -> None:
    rules = Rules(turns=TURNS, machine=machine, machine_message="Call us.")  # type: ignore[arg-type]
    world = greeted(rules, outbound=True)
    effects = says(world, "You have reached Anna. Please leave a message after the tone.")
    assert not any(isinstance(effect, Respond) for effect in effects)
    assert world.call.end_reason == reason
    if machine == "message":
        assert effects[-1] == StartTimer("machine", 2.0)
        assert Say(2, "Call us.") in world.feed(ev.TimerFired("machine"))
    world.finish()


def test_silence_belongs_to_whoever_drives_the_call() -> None:
    world = greeted()
    assert StopTimer("silence") in world.feed(ev.SpeakAsked("one", "Hold on."))
    said(world, 2, "Hold on.")
    assert "silence" not in world.timers
    says(world, "What is it?")
    said(world, 3, "Nothing.")
    assert "silence" in world.timers
    world.finish()


@pytest.mark.parametrize("goodbye", [True, False])
def test_a_word_over_what_the_caller_is_asked_shows_that_they_are_there(goodbye: bool) -> None:
    world = greeted()
    for reply in (2, 3, 4)[: 3 if goodbye else 1]:
        world.feed(ev.TimerFired("silence"))
        world.feed(ev.PlaybackStarted(reply))
        if reply < 4 and goodbye:
            world.feed(ev.PlaybackFinished(reply, "Are you there?"))
    reply = world.call.turns.reply
    world.next_segment()
    world.feed(ev.SpeechStopped(1, 0.2))
    world.feed(ev.Heard(1, "Yeah."))
    assert (world.call.reprompted, world.call.farewell) == (0, 0)
    world.feed(ev.PlaybackFinished(reply, "Are you there?"))
    assert Respond(reply + 1, 1, 0.3) in world.feed(ev.TimerFired("endpoint"))
    world.finish()


def test_while_the_carrier_listens_silence_is_known_once_it_comes_back_without_words() -> None:
    world = welcomed(arrived(rules=Rules(turns=TURNS, streaming=False, can=SPEAKING)))
    world.feed(ev.Gathered(1))
    assert world.feed(ev.TimerFired("silence")) == ()
    assert Say(2, "Are you there?") in world.feed(ev.Gathered(2))
    world.finish()


def test_words_that_the_carrier_comes_back_with_break_the_silence() -> None:
    world = welcomed(arrived(rules=Rules(turns=TURNS, streaming=False, can=SPEAKING)))
    world.feed(ev.Gathered(1))
    world.feed(ev.TimerFired("silence"))
    assert Respond(2, 1) in world.feed(ev.Gathered(2, "What time is it?"))
    assert not world.call.silent
    world.finish()


def test_whom_the_agent_has_answered_is_no_voicemail() -> None:
    world = greeted(outbound=True)
    says(world, "Hello?")
    said(world, 2, "Good day to you.")
    effects = says(world, "At the tone, please leave a message.")
    assert any(isinstance(effect, Respond) for effect in effects)
    world.finish()


def test_a_turn_that_ends_while_keys_are_entered_is_answered_with_them() -> None:
    world = greeted()
    world.feed(ev.DigitPressed("4"))
    assert not any(isinstance(effect, Respond) for effect in says(world, "My code is"))
    assert Respond(2, 2) in world.feed(ev.TimerFired("keys"))
    world.finish()

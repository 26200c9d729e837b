"""What is asked of a call on which the carrier speaks by itself, what goes wrong with it, and its end."""

from __future__ import annotations

import pytest

from tests.core.scenes import (
    BY_PROMPT,
    ONE,
    TWO,
    acts,
    answering,
    listening,
    telling,
    welcomed,
)
from tests.core.world import LEG, World, placed
from voicecall.core import events as ev
from voicecall.core.effects import (
    Acknowledge,
    AskCarrier,
    CancelReply,
    Connect,
    Hangup,
    HoldReply,
    Ignored,
    Prompt,
    Refuse,
    Respond,
    ResumeReply,
    Say,
    SendDigits,
    StartTimer,
)
from voicecall.core.ids import StreamId
from voicecall.core.rules import Capabilities, Rules

# --- the end


def test_a_farewell_is_not_listened_to_and_ends_the_call_once_it_was_heard() -> None:
    world = answering()
    world.feed(ev.FarewellAsked(2))
    assert acts(world.feed(ev.ReplyWorded(2, "Goodbye."))) == (Prompt(2, "Goodbye.", listen=False),)
    assert world.call.is_live
    assert acts(world.feed(ev.Gathered(2))) == (Hangup(),)
    world.feed(ev.HangupAccepted())
    assert (world.call.end_reason, world.call.lines[-1].text) == ("hangup-agent", "Goodbye.")


def test_a_long_farewell_is_told_to_its_end() -> None:
    world = answering()
    world.feed(ev.FarewellAsked(2))
    assert acts(world.feed(ev.ReplyWorded(2, f"{ONE} {TWO}"))) == (Prompt(2, ONE, listen=False),)
    assert acts(world.feed(ev.Gathered(2))) == (Prompt(3, TWO, listen=False),)
    assert acts(world.feed(ev.Gathered(3))) == (Hangup(),)


def test_a_farewell_without_words_ends_the_call() -> None:
    world = answering()
    world.feed(ev.FarewellAsked(2))
    assert acts(world.feed(ev.ReplyWorded(2, ""))) == (Hangup(),)


def test_words_with_a_farewell_are_the_last_ones() -> None:
    world = answering()
    world.feed(ev.FarewellAsked(2))
    world.feed(ev.ReplyWorded(2, "Goodbye."))
    assert acts(world.feed(ev.Gathered(2, "Bye."))) == (Hangup(),)
    world.feed(ev.HangupAccepted())
    assert [line.text for line in world.call.lines[-2:]] == ["Goodbye.", "Bye."]


def test_the_end_with_a_part_under_way_keeps_what_was_heard_of_it() -> None:
    world = telling()
    assert acts(world.feed(ev.EndAsked("a"))) == (CancelReply(2), Hangup())
    world.feed(ev.PlaybackStopped(2, f"{ONE} {TWO}", "one one"))
    assert acts(world.feed(ev.HangupAccepted())) == (Acknowledge("a", {}),)
    assert (world.call.end_reason, world.call.lines[-1].heard) == ("hangup-agent", "one one")


@pytest.mark.parametrize("event", [ev.DocumentAsked(), ev.Gathered(2, "Hello?"), ev.PromptFailed("503")])
def test_a_call_that_ends_tells_the_carrier_nothing_more(event: ev.Event) -> None:
    world = telling()
    world.feed(ev.EndAsked("a"))
    assert world.feed(event) == (Ignored(f"{type(event).__name__} in ending"),)


def test_words_for_a_call_that_ends_are_not_told() -> None:
    world = answering()
    world.feed(ev.EndAsked("a"))
    assert world.feed(ev.ReplyWorded(2, "It is noon.")) == (Ignored("ReplyWorded in ending"),)


def test_the_last_part_is_told_when_the_call_has_lasted_long_enough() -> None:
    world = telling("It is noon.")
    assert world.feed(ev.TimerFired("max-duration"), after=300.0) == (StartTimer("last-sentence", 10.0),)
    assert acts(world.feed(ev.Gathered(2))) == (Hangup(),)
    assert world.call.end_reason == "timeout"


def test_a_message_is_left_by_prompt_and_not_listened_to() -> None:
    world = welcomed(placed(mode="notify", rules=BY_PROMPT))
    assert world.prompt == Prompt(1, "Good day.", listen=False)
    effects = world.feed(ev.Gathered(1))
    assert StartTimer("notify", 3.0) in effects
    assert acts(effects) == (Prompt(2, "", listen=True),)
    assert acts(world.feed(ev.TimerFired("notify"), after=3.0)) == (Hangup(),)
    assert world.call.end_reason == "completed"


def test_a_message_that_cannot_be_worded_ends_its_call() -> None:
    world = World(placed(mode="notify", rules=BY_PROMPT))
    world.feed(ev.Dialled(LEG))
    world.feed(ev.DocumentAsked())
    assert acts(world.feed(ev.ReplyFailed(1, "no words"))) == (Hangup(),)
    assert (world.call.end_reason, world.call.end_detail) == ("error", "The message could not be spoken: no words")


def test_what_waited_is_refused_when_a_call_ends_while_prompting() -> None:
    world = telling()
    world.feed(ev.SpeakAsked("a", "One moment."))
    world.feed(ev.CarrierEnded("completed"))
    effects = world.feed(ev.PlaybackStopped(2, f"{ONE} {TWO}", ""))
    assert acts(effects) == (Refuse("a", "call-over", "the call ended: hangup-user"),)


# --- what is asked of the call


def test_speak_interrupts_the_listening() -> None:
    world = listening()
    assert world.feed(ev.SpeakAsked("a", "One moment.")) == (Say(2, "One moment."),)
    assert acts(world.feed(ev.ReplyWorded(2, "One moment."))) == (Prompt(3, "One moment.", listen=True),)
    assert world.feed(ev.Gathered(2)) == (Ignored("Gathered in active"),)
    assert acts(world.feed(ev.Gathered(3))) == (Acknowledge("a", {"heard": True}), Prompt(4, "", listen=True))


def test_speak_without_words_is_done_and_leaves_the_carrier_listening() -> None:
    world = listening()
    world.feed(ev.SpeakAsked("a", "*"))
    assert world.feed(ev.ReplyWorded(2, "")) == (Acknowledge("a", {"heard": True}),)


def test_words_of_the_caller_that_cross_a_speak_come_first() -> None:
    world = listening()
    world.feed(ev.SpeakAsked("a", "One moment."))
    assert acts(world.feed(ev.Gathered(2, "What time is it?"))) == (HoldReply(2, 1), CancelReply(2), Respond(3, 1))
    assert world.feed(ev.PlaybackStopped(2, "", "")) == (Acknowledge("a", {"heard": False}),)


def test_a_murmur_that_crosses_a_speak_does_not_cost_it() -> None:
    world = listening()
    world.feed(ev.SpeakAsked("a", "One moment."))
    assert acts(world.feed(ev.Gathered(2, "mhm"))) == (HoldReply(2, 1), ResumeReply(2))
    assert acts(world.feed(ev.ReplyWorded(2, "One moment."))) == (Prompt(3, "One moment.", listen=True),)


def test_speak_waits_for_the_answer_to_what_the_caller_said_meanwhile() -> None:
    world = telling("It is noon.")
    assert world.feed(ev.SpeakAsked("a", "One moment.")) == ()
    assert acts(world.feed(ev.Gathered(2, "And the date?"))) == (Respond(4, 2),)
    world.feed(ev.ReplyWorded(4, "It is Monday."))
    assert acts(world.feed(ev.Gathered(3))) == (Say(3, "One moment."),)


def test_continue_has_the_answer_of_the_caller() -> None:
    world = listening()
    assert world.feed(ev.ContinueAsked("a", "And your name?")) == (Say(2, "And your name?"),)
    assert acts(world.feed(ev.ReplyWorded(2, "And your name?"))) == (Prompt(3, "And your name?", listen=True),)
    effects = world.feed(ev.Gathered(3, "Ada."))
    assert acts(effects) == (Acknowledge("a", {"transcript": "Ada."}), Prompt(4, "", listen=True))
    assert "answer" not in world.timers


def test_continue_waits_longer_than_one_prompt() -> None:
    world = listening()
    world.feed(ev.ContinueAsked("a", "And your name?"))
    world.feed(ev.ReplyWorded(2, "And your name?"))
    effects = world.feed(ev.Gathered(3))
    assert StartTimer("answer", 180.0) in effects
    assert acts(effects) == (Prompt(4, "", listen=True),)
    assert acts(world.feed(ev.Gathered(4, "Ada."))) == (
        Acknowledge("a", {"transcript": "Ada."}),
        Prompt(5, "", listen=True),
    )


def test_what_was_said_before_the_question_is_not_its_answer() -> None:
    world = welcomed()
    assert world.feed(ev.ContinueAsked("a", "And your name?")) == ()
    assert acts(world.feed(ev.Gathered(1, "Hello there."))) == (Respond(3, 1),)
    world.feed(ev.ReplyWorded(3, "Hello."))
    assert acts(world.feed(ev.Gathered(2))) == (Say(2, "And your name?"),)


def test_digits_bring_the_leg_back_for_what_is_to_be_said() -> None:
    world = telling("It is noon.")
    assert world.feed(ev.DigitsAsked("a", "1")) == (SendDigits("a", "1"),)
    assert world.feed(ev.DigitsSent("a")) == (Acknowledge("a", {}),)
    assert acts(world.feed(ev.DocumentAsked())) == (Prompt(3, "It is noon.", listen=True),)
    assert world.call.away == 0.0


def test_first_digits_go_out_before_anything_is_said() -> None:
    world = World(placed(rules=BY_PROMPT, digits="12#"))
    world.feed(ev.Dialled(LEG))
    assert acts(world.feed(ev.DocumentAsked())) == (SendDigits("", "12#"),)
    assert world.feed(ev.DocumentAsked()) == (Ignored("DocumentAsked in active"),)
    assert acts(world.feed(ev.DigitsSent(""))) == (Say(1, "Good day."),)
    assert acts(world.feed(ev.ReplyWorded(1, "Good day."))) == (Prompt(1, "Good day.", listen=True),)


def test_first_digits_that_the_carrier_sends_itself_are_not_sent_again() -> None:
    can = Capabilities(prompts=True, digits_at_dial=True)
    world = World(placed(rules=Rules(streaming=False, can=can), digits="12#"))
    world.feed(ev.Dialled(LEG))
    assert acts(world.feed(ev.DocumentAsked())) == (Say(1, "Good day."),)


# --- when it goes wrong


@pytest.mark.parametrize(("answer", "reason"), [("gone", "hangup-user"), ("alive", "error"), ("unknown", "error")])
def test_a_prompt_that_cannot_be_given_ends_the_call(answer: str, reason: str) -> None:
    world = telling()
    assert world.feed(ev.PromptFailed("503", 2)) == (AskCarrier(),)
    assert (world.call.warnings[-1].code, world.call.warnings[-1].text) == ("carrier-speech", "503")
    effects = world.feed(ev.CarrierAsked(answer))  # type: ignore[arg-type]
    assert (Hangup() in effects) == (answer != "gone")
    assert world.call.end_reason == reason


def test_a_carrier_that_asks_after_a_failed_prompt_is_told_again() -> None:
    world = telling("It is noon.")
    world.feed(ev.PromptFailed("503"))
    assert acts(world.feed(ev.DocumentAsked())) == (Prompt(3, "It is noon.", listen=True),)
    assert world.feed(ev.CarrierAsked("alive")) == (Ignored("CarrierAsked in active"),)


def test_a_prompt_that_failed_after_a_newer_one_was_given_is_nothing() -> None:
    world = telling("It is noon.")
    world.feed(ev.DocumentAsked())
    assert world.feed(ev.PromptFailed("503", 2)) == (Ignored("PromptFailed in active"),)


def test_a_media_stream_for_a_call_that_needs_none_only_uses_up_its_credential() -> None:
    world = welcomed()
    before = world.call
    assert world.feed(ev.StreamStarted(StreamId("stream-1"), "nonce-1")) == ()
    assert world.call.credentials == ("nonce-1",)
    assert (world.call.stream, world.call.turns, world.call.phase) == (None, before.turns, before.phase)
    assert world.feed(ev.SpeechStarted(1)) == (Ignored("SpeechStarted in active"),)


def test_nobody_is_connected_while_the_carrier_speaks() -> None:
    world = listening()
    assert Connect() not in world.feed(ev.DocumentAsked())


# --- after a restart


def test_a_restart_while_prompting_says_the_opening_line_again() -> None:
    world = welcomed()
    world.feed(ev.Adopted("b"))
    assert acts(world.feed(ev.CarrierAsked("alive"))) == (Say(2, "Good day."),)
    assert acts(world.feed(ev.ReplyWorded(2, "Good day."))) == (Prompt(2, "Good day.", listen=True),)


def test_a_restart_while_listening_listens_again() -> None:
    world = listening()
    world.feed(ev.Adopted("b"))
    assert acts(world.feed(ev.CarrierAsked("alive"))) == (Prompt(3, "", listen=True),)


def test_a_restart_answers_what_nobody_answered() -> None:
    world = answering()
    world.feed(ev.Adopted("b"))
    assert acts(world.feed(ev.CarrierAsked("alive"))) == (Respond(3, 1),)


@pytest.mark.parametrize(
    ("event", "effects"),
    [
        (ev.DocumentAsked(), (Say(2, "Good day."),)),
        (ev.Gathered(1), (Say(2, "Good day."),)),
        (ev.Gathered(1, "Hello?"), (Respond(2, 1),)),
    ],
)
def test_a_carrier_that_comes_back_after_a_restart_answers_for_itself(
    event: ev.Event, effects: tuple[object, ...]
) -> None:
    world = welcomed()
    world.feed(ev.Adopted("b"))
    assert acts(world.feed(event))[:1] == effects
    assert world.feed(ev.CarrierAsked("alive")) == (Ignored("CarrierAsked in active"),)


def test_a_call_that_is_gone_after_a_restart_is_over() -> None:
    world = telling()
    world.feed(ev.Adopted("b"))
    world.feed(ev.CarrierAsked("gone"))
    assert (world.call.end_reason, world.call.is_over) == ("stale-timeout", True)

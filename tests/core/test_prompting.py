"""Calls on which the carrier speaks and listens by itself, prompt by prompt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.scenes import BY_PROMPT, SPEAKING, acts, answering, welcomed
from tests.core.world import LEG, World, about, arrived, placed
from voicecall.core import events as ev
from voicecall.core.call import Line, Phase
from voicecall.core.effects import (
    Acknowledge,
    AskCarrier,
    CancelReply,
    Connect,
    Dial,
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
    StopTimer,
)
from voicecall.core.ids import StreamId
from voicecall.core.prompting import LONGEST_PART, split
from voicecall.core.rules import Capabilities, Rules
from voicecall.core.step import begin

ONE, TWO, THREE = (f"{word} " * 160 + "end." for word in ("one", "two", "three"))
"""Sentences of which no two go into one prompt."""
OUTBOUND = placed(rules=BY_PROMPT)


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


# --- the opening line, and the conversation


def test_an_inbound_call_is_greeted_by_prompt() -> None:
    call, effects = begin(arrived(rules=BY_PROMPT), 0.0)
    assert effects == (
        StartTimer("max-duration", 300.0),
        StartTimer("stream-start", 10.0),
        StopTimer("stream-start"),
        Say(1, "Good day."),
    )
    assert (call.phase, call.answered_at) == (Phase.ACTIVE, 0.0)
    world = World(arrived(rules=BY_PROMPT))
    assert world.feed(ev.ReplyWorded(1, "Good day.")) == (
        Prompt(1, "Good day.", listen=True),
        StartTimer("prompt", about(21.125)),
    )
    assert world.call.state == "speaking"
    assert world.call.greeting_state == "sending"


def test_an_outbound_call_is_greeted_once_it_asks_what_to_say() -> None:
    world = World(OUTBOUND)
    assert begin(OUTBOUND, 0.0)[1] == (Dial(),)
    world.feed(ev.Dialled(LEG))
    world.feed(ev.Answered())
    assert world.feed(ev.DocumentAsked()) == (StopTimer("stream-start"), Say(1, "Good day."))
    assert acts(world.feed(ev.ReplyWorded(1, "Good day."))) == (Prompt(1, "Good day.", listen=True),)


def test_an_answered_call_that_never_asks_what_to_say_ends() -> None:
    world = World(OUTBOUND)
    world.feed(ev.Dialled(LEG))
    world.feed(ev.Answered())
    assert Hangup() in world.feed(ev.TimerFired("stream-start"), after=10.0)
    assert (world.call.end_reason, world.call.end_detail) == (
        "error",
        "The carrier did not ask within 10 s what to say.",
    )


def test_a_call_without_an_opening_line_listens_at_once() -> None:
    _, effects = begin(arrived(greeting="", rules=BY_PROMPT), 0.0)
    assert acts(effects) == (Prompt(1, "", listen=True),)


def test_a_carrier_that_cannot_stream_is_never_asked_to() -> None:
    _, effects = begin(arrived(rules=Rules(can=Capabilities(streaming=False, prompts=True))), 0.0)
    assert acts(effects) == (Say(1, "Good day."),)


def test_the_answer_of_the_agent_is_in_the_next_prompt() -> None:
    world = welcomed()
    assert acts(world.feed(ev.Gathered(1, "What time is it?"))) == (Respond(2, 1),)
    assert (world.call.greeting_state, world.call.proven) == ("heard", True)
    assert acts(world.feed(ev.ReplyWorded(2, "It is noon."))) == (Prompt(2, "It is noon.", listen=True),)
    assert acts(world.feed(ev.Gathered(2, "Thank you."))) == (Respond(3, 2),)
    assert [(line.speaker, line.text, line.heard) for line in world.call.lines] == [
        ("agent", "Good day.", None),
        ("caller", "What time is it?", None),
        ("agent", "It is noon.", None),
        ("caller", "Thank you.", None),
    ]


def test_an_agent_that_says_nothing_has_the_carrier_listen_on() -> None:
    world = answering()
    assert acts(world.feed(ev.ReplyWorded(2, "  "))) == (Prompt(2, "", listen=True),)
    assert len(world.call.lines) == 2


def test_an_agent_that_fails_has_the_carrier_listen_on() -> None:
    world = answering()
    assert acts(world.feed(ev.ReplyFailed(2, "the model is down"))) == (Prompt(2, "", listen=True),)
    assert world.call.warnings[-1].text == "the model is down"


def test_silence_is_listened_to_again_and_again() -> None:
    world = welcomed()
    for number in range(2, 6):
        assert acts(world.feed(ev.Gathered(number - 1))) == (Prompt(number, "", listen=True),)
    assert [line.text for line in world.call.lines] == ["Good day."]


def test_pressed_keys_alone_are_no_turn() -> None:
    world = listening()
    assert world.feed(ev.DigitPressed("1")) == ()
    assert acts(world.feed(ev.Gathered(2))) == (Prompt(3, "", listen=True),)


# --- which prompt is answered


def test_a_stale_prompt_cannot_answer_a_newer_one() -> None:
    world = telling("It is noon.")
    before = world.call.lines
    assert world.feed(ev.Gathered(1, "Hello?")) == (Ignored("Gathered in active"),)
    assert world.call.lines == before
    assert acts(world.feed(ev.Gathered(2, "Thank you."))) == (Respond(3, 2),)


def test_a_prompt_without_a_number_is_the_newest() -> None:
    world = telling("It is noon.")
    assert acts(world.feed(ev.Gathered(0, "Thank you."))) == (Respond(3, 2),)
    assert [line.text for line in world.call.lines[-2:]] == ["It is noon.", "Thank you."]


def test_a_prompt_is_answered_once() -> None:
    world = answering()
    assert world.feed(ev.Gathered(1, "What time is it?")) == (Ignored("Gathered in active"),)
    assert acts(world.feed(ev.ReplyWorded(2, "It is noon."))) == (Prompt(2, "It is noon.", listen=True),)


def test_words_that_come_twice_are_told_once() -> None:
    world = telling("It is noon.")
    assert world.feed(ev.ReplyWorded(2, "It is noon.")) == (Ignored("ReplyWorded in active"),)
    world.feed(ev.Gathered(2))
    assert world.feed(ev.ReplyWorded(2, "It is noon.")) == (Ignored("ReplyWorded in active"),)


def test_a_carrier_that_asks_again_is_told_the_same_again() -> None:
    world = telling()
    assert acts(world.feed(ev.DocumentAsked())) == (Prompt(3, ONE, listen=False),)
    assert acts(world.feed(ev.Gathered(3))) == (Prompt(4, TWO, listen=True),)
    assert acts(world.feed(ev.DocumentAsked())) == (Prompt(5, TWO, listen=True),)


def test_a_carrier_that_asks_while_the_agent_thinks_is_told_when_it_has_thought() -> None:
    world = answering()
    assert world.feed(ev.DocumentAsked()) == (Ignored("DocumentAsked in active"),)
    assert acts(world.feed(ev.ReplyWorded(2, "It is noon."))) == (Prompt(2, "It is noon.", listen=True),)


def test_a_prompt_that_does_not_come_back_is_asked_after() -> None:
    world = telling("It is noon.")
    assert world.feed(ev.TimerFired("prompt"), after=30.0) == (AskCarrier(),)
    assert acts(world.feed(ev.CarrierAsked("alive"))) == (Prompt(3, "It is noon.", listen=True),)
    assert world.feed(ev.TimerFired("prompt"), after=30.0) == (AskCarrier(),)
    world.feed(ev.CarrierAsked("gone"))
    assert world.call.end_reason == "hangup-user"


# --- long answers


def test_a_long_answer_is_told_in_parts_and_listened_to_after_the_last() -> None:
    world = answering()
    assert acts(world.feed(ev.ReplyWorded(2, f"{ONE} {TWO} {THREE}"))) == (Prompt(2, ONE, listen=False),)
    assert acts(world.feed(ev.Gathered(2))) == (Prompt(3, TWO, listen=False),)
    assert acts(world.feed(ev.Gathered(3))) == (Prompt(4, THREE, listen=True),)
    assert acts(world.feed(ev.Gathered(4, "I see."))) == (Respond(3, 2),)
    assert [line.text for line in world.call.lines[2:]] == [f"{ONE} {TWO} {THREE}", "I see."]


def test_a_long_answer_that_is_interrupted_keeps_only_what_was_told() -> None:
    world = answering()
    world.feed(ev.ReplyWorded(2, f"{ONE} {TWO} {THREE}"))
    started = world.at
    world.feed(ev.Gathered(2))
    assert acts(world.feed(ev.Gathered(3, "Stop it."))) == (Respond(3, 2),)
    assert world.call.lines[2] == Line(started, "agent", f"{ONE} {TWO} {THREE}", f"{ONE} {TWO}")
    assert world.call.lines[3].text == "Stop it."
    assert acts(world.feed(ev.ReplyWorded(3, "As you like."))) == (Prompt(4, "As you like.", listen=True),)


def test_an_interruption_that_only_says_go_on_is_a_turn_of_its_own() -> None:
    world = telling()
    assert acts(world.feed(ev.Gathered(2, "okay"))) == (Respond(3, 2),)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("   ", ()),
        ("It is noon.", ("It is noon.",)),
        ("It is noon.  Is it?\nYes!", ("It is noon. Is it? Yes!",)),
        (f"{ONE} {TWO}", (ONE, TWO)),
        ("x" * LONGEST_PART, ("x" * LONGEST_PART,)),
        ("x" * (LONGEST_PART + 1), ("x" * LONGEST_PART, "x")),
        ("x" * 2500 + " end.", ("x" * LONGEST_PART, "x" * LONGEST_PART, "x" * 500 + " end.")),
        ("a " * 499 + "bc end.", ("a " * 499 + "bc", "end.")),
        (f"{'a' * 999}. {'b' * 10}.", ("a" * 999 + ".", "b" * 10 + ".")),
        (f"{'a' * 988}. {'b' * 9}.", (f"{'a' * 988}. {'b' * 9}.",)),
        (f"{'a' * 989}. {'b' * 9}.", ("a" * 989 + ".", "b" * 9 + ".")),
    ],
)
def test_a_text_is_split_between_sentences_and_at_least_between_words(text: str, parts: tuple[str, ...]) -> None:
    assert split(text) == parts


@given(st.lists(st.sampled_from(["word", "word.", "y" * 1700, "really?", "…", "\n"]), max_size=400))
def test_no_part_is_too_long_and_nothing_is_lost(words: list[str]) -> None:
    parts = split(" ".join(words))
    assert all(0 < len(part) <= LONGEST_PART and part == part.strip() for part in parts)
    assert "".join("".join(parts).split()) == "".join("".join(words).split())


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


# --- machines


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


def test_what_waited_is_refused_when_a_call_ends_while_prompting() -> None:
    world = telling()
    world.feed(ev.SpeakAsked("a", "One moment."))
    world.feed(ev.CarrierEnded("completed"))
    effects = world.feed(ev.PlaybackStopped(2, f"{ONE} {TWO}", ""))
    assert acts(effects) == (Refuse("a", "call-over", "the call ended: hangup-user"),)

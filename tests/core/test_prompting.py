"""Calls on which the carrier speaks and listens by itself, prompt by prompt."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from tests.core.scenes import (
    BY_PROMPT,
    ONE,
    THREE,
    TWO,
    acts,
    answering,
    listening,
    telling,
    welcomed,
)
from tests.core.world import LEG, World, about, arrived, placed
from voicecall.core import events as ev
from voicecall.core.call import Line, Phase
from voicecall.core.effects import (
    AskCarrier,
    Dial,
    Hangup,
    Ignored,
    Prompt,
    Respond,
    Say,
    StartTimer,
    StopTimer,
)
from voicecall.core.prompting import LONGEST_PART, split
from voicecall.core.rules import Capabilities, Rules
from voicecall.core.step import begin

OUTBOUND = placed(rules=BY_PROMPT)


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


def test_pressed_keys_are_a_turn_of_their_own() -> None:
    world = listening()
    assert acts(world.feed(ev.DigitPressed("1"))) == ()
    assert acts(world.feed(ev.DigitPressed("#"))) == (Respond(2, 1),)
    assert world.call.lines[-1] == Line(world.at, "caller", "1", keys=True)


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

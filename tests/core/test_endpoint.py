"""The text rule for the end of a turn, by examples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecall.core.endpoint import completeness


@pytest.mark.parametrize(
    "text",
    [
        "I would like to book a table.",
        "What time is it?",
        "How are you?",
        "Yes, I am.",
        "We do.",
        "What is this for?",
        "Where do I log in?",
        "Yes",
        "no thanks",
        "I need 20.",
        "I was born in 1985.",
        "Four.",
        "The meeting is at 10:42.",
        "It costs $500.",
        "Come at 5 p.m.",
        "It grew by 50%.",
        'He said "stop."',
        "That's mine!",
    ],
)
def test_a_finished_sentence_is_complete(text: str) -> None:
    assert completeness(text) == "complete"


@pytest.mark.parametrize(
    "text",
    [
        "I would like to",
        "I would like to.",
        "My name is.",
        "Can you give me the",
        "I want to talk to my.",
        "It is because",
        "So I was thinking, and.",
        "I'd",
        "I\u2019d",
        "Well, um.",
        "I live in",
        "Please look it up and then log in",
        "I was wondering...",
        "I was wondering…",
        "I mean -",
        "First,",
        "Here is the thing:",
        "My number is five five five, zero one",
        "My number is 555",
        "It is 555-0134.",
        "Two, two.",
        "It's spelled B, R, O",
        "R-O-B",
        "R.O.B.",
        "Whatever we can do is what we should",
    ],
)
def test_a_sentence_that_needs_more_is_open(text: str) -> None:
    assert completeness(text) == "open"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "...",
        "I would like a table",
        "Please log in.",
        "My number is 212-555-0134.",
        "It is 2 1 2 5 5 5 0 1 3 4",
        "plan b",
    ],
)
def test_otherwise_it_is_unclear(text: str) -> None:
    assert completeness(text) == "unclear"


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    assert completeness(text) in ("complete", "open", "unclear")

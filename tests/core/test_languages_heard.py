"""What utterances are for, by examples in every language."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest

from tests.core.utterances import de, en, es, fr
from voicecall.core.endpoint import completeness
from voicecall.core.languages import (
    ENGLISH,
    FRENCH,
    GERMAN,
    SPANISH,
    Language,
    asks_for_a_moment,
    is_backchannel,
    is_recording,
)

TABLES = {"en": (en, ENGLISH), "de": (de, GERMAN), "es": (es, SPANISH), "fr": (fr, FRENCH)}


def cases(pick: Callable[[ModuleType], list[str]]) -> pytest.MarkDecorator:
    found = [
        pytest.param(text, known, id=f"{tag}-{text}") for tag, (table, known) in TABLES.items() for text in pick(table)
    ]
    return pytest.mark.parametrize(("text", "known"), found)


@cases(lambda table: table.BACKCHANNELS)
def test_what_only_says_go_on_is_a_backchannel(text: str, known: Language) -> None:
    assert is_backchannel(text, known)


@cases(lambda table: ["", *table.NO_BACKCHANNELS])
def test_words_that_mean_something_are_none(text: str, known: Language) -> None:
    assert not is_backchannel(text, known)


@cases(lambda table: table.MOMENTS)
def test_who_asks_for_a_moment_is_understood(text: str, known: Language) -> None:
    assert asks_for_a_moment(text, known)


@cases(lambda table: ["", *table.NO_MOMENTS])
def test_who_wants_an_answer_does_not_ask_for_a_moment(text: str, known: Language) -> None:
    assert not asks_for_a_moment(text, known)


@cases(lambda table: table.VOICEMAIL)
def test_an_answering_machine_is_known_by_its_words(text: str, known: Language) -> None:
    assert is_recording(text, known) == "voicemail"


@cases(lambda table: table.HOLD)
def test_a_queue_is_known_by_its_words(text: str, known: Language) -> None:
    assert is_recording(text, known) == "hold"


@cases(lambda table: ["", *table.HUMAN])
def test_a_human_being_is_no_recording(text: str, known: Language) -> None:
    assert is_recording(text, known) == ""


@cases(lambda table: table.COMPLETE)
def test_a_finished_sentence_is_complete(text: str, known: Language) -> None:
    assert completeness(text, known) == "complete"


@cases(lambda table: table.OPEN)
def test_a_sentence_that_needs_more_is_open(text: str, known: Language) -> None:
    assert completeness(text, known) == "open"


@cases(lambda table: ["", *table.UNCLEAR])
def test_otherwise_it_is_unclear(text: str, known: Language) -> None:
    assert completeness(text, known) == "unclear"

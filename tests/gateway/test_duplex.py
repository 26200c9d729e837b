"""A model that hears and speaks, on its own: which of its words and ours belong together, and which nobody wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.gateway.puppet import Puppet, conversing
from voicecall.brains import Conversation
from voicecall.core.events import Event
from voicecall.core.utterances import OutcomeNoted, PlaybackFinished
from voicecall.gateway.duplex import Duplex
from voicecall.gateway.player import RATE
from voicecall.realtime import Audio, Began, Called, CallerWords, Ended, Interrupted, Traits, TurnOver, Worded
from voicecall.speech import Report, Transcription, TurnSign

SECOND = b"\x10" * RATE
NOTED = '{"disposition": "booked", "summary": "A table."}'
TALK = Conversation("call", "inbound", "", "", ())


@dataclass(frozen=True, slots=True)
class Stage:
    """A mouth whose model is a puppet, and what it posted."""

    duplex: Duplex
    model: Puppet
    posted: list[Event]

    def respond(self, reply: int) -> None:
        """Have it answer."""
        self.duplex.respond(reply, 1, TALK, silent_since=0.0, waited=None)

    def of(self, *kinds: type[Event]) -> list[Event]:
        """Return what was posted of these kinds."""
        return [event for event in self.posted if isinstance(event, kinds)]


@asynccontextmanager
async def stage(traits: Traits) -> AsyncIterator[Stage]:
    """Open one."""
    posted: list[Event] = []
    async with conversing(traits, posted.append, lambda _: None) as (duplex, model):
        yield Stage(duplex, model, posted)


# --- what the caller says


def heard(at: Stage) -> list[Report]:
    """Return what is told of the caller from now on."""
    told: list[Report] = []
    at.duplex.hearing.open(told.append)
    return told


async def test_words_of_a_turn_are_not_given_to_what_was_our_own_sound() -> None:
    async with stage(Traits(endpoints="provider")) as at:
        told, hearing = heard(at), at.duplex.hearing
        for segment in (1, 2):
            hearing.speech_started(segment, 0.0)
            hearing.speech_stopped(segment)
        hearing.retracted(2)
        at.model.report(TurnOver("item"))
        at.model.report(CallerWords("item", "How are you?"))
        assert told == [TurnSign("over"), Transcription(1, "How are you?", final=True)]


async def test_a_turn_may_lose_what_was_our_own_sound_before_its_words_are_known() -> None:
    async with stage(Traits(endpoints="provider")) as at:
        told, hearing = heard(at), at.duplex.hearing
        for segment in (1, 2):
            hearing.speech_started(segment, 0.0)
        at.model.report(TurnOver("item"))
        hearing.retracted(2)
        at.model.report(CallerWords("item", "How are you?"))
        assert told == [TurnSign("over"), Transcription(1, "How are you?", final=True)]


async def test_a_turn_in_which_nobody_but_us_was_heard_is_none() -> None:
    async with stage(Traits(endpoints="provider")) as at:
        told, hearing = heard(at), at.duplex.hearing
        at.respond(1)
        at.model.report(Audio("1", SECOND))
        await asyncio.sleep(0.5)
        hearing.speech_started(1, 0.0)
        hearing.speech_stopped(1)
        hearing.retracted(1)
        hearing.hear(b"\x10" * 160)
        at.model.report(TurnOver("item"))
        at.model.report(CallerWords("item", "One two three"))
        assert told == []


async def test_whoever_went_on_after_the_end_of_their_turn_has_another_even_while_we_are_heard() -> None:
    async with stage(Traits(endpoints="provider")) as at:
        told, hearing = heard(at), at.duplex.hearing
        hearing.speech_started(1, 0.0)
        at.model.report(TurnOver("first"))
        at.respond(1)
        at.model.report(Audio("1", SECOND))
        await asyncio.sleep(0.5)
        hearing.hear(b"\x10" * 160)
        hearing.speech_stopped(1)
        at.model.report(TurnOver("second"))
        at.model.report(CallerWords("first", "How are you?"))
        at.model.report(CallerWords("second", "And where?"))
        assert told[2:] == [Transcription(1, "How are you?", final=True), Transcription(-1, "And where?", final=True)]


# --- what a model says unasked


@pytest.mark.parametrize("interrupted", [False, True])
async def test_what_was_said_unasked_and_not_wanted_is_stale_once_the_caller_goes_on(interrupted: bool) -> None:
    async with stage(Traits(endpoints="provider", interrupts="provider")) as at:
        heard(at)
        at.model.report(Began("own-1"))
        at.model.report(Worded("own-1", "Take your time."))
        at.model.report(Called("own-1", "one", "note_outcome", NOTED))
        if interrupted:
            at.model.report(Interrupted())
        at.duplex.hearing.speech_started(1, 0.0)
        assert at.model.asked == [("cancel", "own-1", "0"), ("result", "one", "False")]
        at.model.report(Began("own-2"))
        at.model.report(Worded("own-2", "It is noon."))
        at.model.report(Audio("own-2", SECOND))
        at.model.report(Ended("own-2"))
        at.respond(1)
        await asyncio.sleep(2.0)
        assert at.of(PlaybackFinished) == [PlaybackFinished(1, "It is noon.", confirmed=True)]
        assert at.of(OutcomeNoted) == []


async def test_what_was_said_unasked_waits_for_what_is_being_said() -> None:
    async with stage(Traits(endpoints="provider", interrupts="provider")) as at:
        told = heard(at)
        at.duplex.say(1, "One moment")
        at.model.report(Audio("1", SECOND))
        at.model.report(Began("own-1"))
        at.duplex.hearing.speech_started(1, 0.0)
        at.model.report(Ended("1"))
        await asyncio.sleep(2.0)
        assert (told, at.model.asked) == ([TurnSign("over")], [("say", "1", "One moment")])

"""Calls that lose their model, or never have one."""

from __future__ import annotations

import msgspec
import pytest

from tests.core.scenes import SPEAKING, acts, asked as heard_and_asked
from tests.core.test_realtime import BY_IT, answering, conversing, holder, over, speaks
from tests.core.world import LEG, World, arrived, placed
from voicecall.core import events as ev
from voicecall.core.effects import (
    CancelReply,
    Hangup,
    HoldReply,
    Respond,
    Say,
    TakeOver,
)
from voicecall.core.floor import Floor
from voicecall.core.languages import ENGLISH
from voicecall.core.rules import Capabilities, Mode, Route, Rules


def test_a_model_that_is_lost_is_replaced_and_what_it_left_unanswered_is_answered() -> None:
    world = answering()
    effects = acts(world.feed(ev.ModelLost("realtime.openai: the connection was lost")))
    assert effects == (CancelReply(2), TakeOver(), Respond(3, 1))
    assert not world.call.rules.turns.hears
    assert [(caution.code, caution.text) for caution in world.call.warnings] == [
        (
            "realtime",
            "realtime.openai: the connection was lost. Transcriber, agent and voice take its place.",
        )
    ]
    world.again(ev.ModelLost("again"))


def test_a_caller_whose_words_were_lost_with_the_model_is_asked_to_repeat_them() -> None:
    world = conversing()
    speaks(world)
    over(world)
    assert acts(world.feed(ev.ModelLost("gone"))) == (CancelReply(2), TakeOver(), Say(3, ENGLISH.apology))


def test_an_opening_line_that_was_under_way_is_said_again() -> None:
    world = World(placed(rules=Rules(turns=BY_IT)))
    world.feed(ev.Dialled(LEG))
    world.next_stream()
    world.feed(ev.PlaybackStarted(1))
    assert acts(world.feed(ev.ModelLost("gone"))) == (CancelReply(1), TakeOver(), Say(2, "Good day."))


def test_a_model_that_is_lost_while_it_rings_is_replaced_before_anybody_notices() -> None:
    world = World(placed(rules=Rules(turns=BY_IT)))
    world.feed(ev.Dialled(LEG))
    assert acts(world.feed(ev.ModelLost("gone"))) == (TakeOver(),)
    world.next_stream()
    assert world.call.greeting_state == "sending"


def test_a_model_that_is_out_of_bounds_ends_its_call() -> None:
    world = answering()
    effects = acts(world.feed(ev.ModelLost("The model sent too much.", hopeless=True)))
    assert effects == (CancelReply(2), Hangup())
    assert (world.call.end_reason, world.call.end_detail) == ("error", "The model sent too much.")


def test_a_model_that_is_lost_after_the_end_is_no_news() -> None:
    world = answering()
    world.feed(ev.EndAsked("op"))
    world.again(ev.ModelLost("gone"))


def test_where_the_carrier_has_to_speak_the_model_goes() -> None:
    world = World(placed(rules=Rules(turns=BY_IT, can=SPEAKING)))
    world.feed(ev.Dialled(LEG))
    world.feed(ev.Answered())
    world.fire("stream-start")
    effects = acts(world.feed(ev.TimerFired("stream-start")))
    assert TakeOver() in effects
    assert world.call.prompting


def test_a_machine_is_spoken_to_without_the_model() -> None:
    world = World(placed(rules=Rules(turns=BY_IT, machine="message")))
    world.feed(ev.Dialled(LEG))
    assert TakeOver() in world.feed(ev.Answered(machine=True))


def test_a_recording_is_known_by_its_words_though_it_was_answered() -> None:
    world = conversing(machine="message")
    segment = speaks(world)
    over(world)
    effects = world.feed(ev.Heard(segment, "Please leave a message after the tone."))
    assert {CancelReply(2), TakeOver()} <= set(effects)
    assert world.call.machine


@pytest.mark.parametrize("mode", ["notify"])
def test_a_message_is_spoken_word_for_word_and_needs_no_model(mode: Mode) -> None:
    assert not World(placed(mode=mode, rules=Rules(turns=BY_IT))).call.rules.turns.hears


def test_a_call_without_a_media_stream_has_no_model() -> None:
    rules = Rules(turns=BY_IT, streaming=False, can=SPEAKING)
    assert not World(arrived(rules=rules)).call.rules.turns.hears


def test_an_interruption_of_what_the_model_only_prepares_is_one_as_well() -> None:
    world = conversing()
    speaks(world)
    over(world)
    world.next_segment()
    assert holder(world) is Floor.HELD
    assert acts((HoldReply(2, 2),)) == (HoldReply(2, 2),)
    world.feed(ev.SpeechSure(world.segments))
    assert acts(world.feed(ev.TimerFired("barge-in"))) == (CancelReply(2),)
    assert world.call.turns.owed


def test_an_ordinary_call_hears_nothing_of_this() -> None:
    world = heard_and_asked()
    world.again(ev.ModelLost("gone"))
    world.again(ev.BargedIn())


def test_a_carrier_that_takes_the_place_of_another_and_cannot_stream_has_no_model() -> None:
    spare = Route("spare", "+15550109999", Capabilities(streaming=False, prompts=True))
    world = World(msgspec.structs.replace(placed(rules=Rules(turns=BY_IT)), routes=(spare,)))
    world.feed(ev.DialFailed("no such account", certain=True))
    assert world.call.prompting
    assert not world.call.rules.turns.hears

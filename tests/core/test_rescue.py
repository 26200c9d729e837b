"""Media streams that are asked for, refused, lost or never heard, and how such calls are saved or ended."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from tests.core.scenes import (
    ASKING,
    SPEAKING,
    acts,
    call_on,
    connected,
    dropped,
    greeted,
    says,
    silent,
)
from tests.core.world import LEG, World, about, arrived
from voicecall.core import events as ev
from voicecall.core.call import Phase
from voicecall.core.draft import SORRY_PATIENCE
from voicecall.core.effects import (
    AskCarrier,
    CancelReply,
    Connect,
    Dismiss,
    Hangup,
    Ignored,
    Prompt,
    Respond,
    Say,
    StartTimer,
    StopTimer,
)
from voicecall.core.ids import StreamId
from voicecall.core.languages import ENGLISH
from voicecall.core.rescue import MAX_CONNECTS
from voicecall.core.rules import Capabilities, Rules

STREAMING = Capabilities()
"""A carrier that streams and can do nothing else."""
REDIRECTING = Capabilities(redirects=True)
FETCHING = Capabilities(prompts=True, redirects=True, redirects_on_close=True)
"""A carrier that is sent to ask for other instructions."""
UNHEARD = "The carrier did not confirm within 4 s that the caller hears anything."


# --- a first stream that nobody hears


def test_a_stream_that_nobody_hears_is_replaced_then_the_carrier_speaks() -> None:
    world = silent(SPEAKING)
    assert acts(world.feed(ev.TimerFired("playback"), after=4.0)) == (Connect(),)
    assert world.call.warnings[-1].code == "stream-retried"
    assert acts(world.feed(ev.StreamStarted(StreamId("stream-2"), "nonce-2"))) == ()
    assert "playback" in world.timers
    assert acts(world.feed(ev.TimerFired("playback"), after=4.0)) == (CancelReply(1), Say(2, "Good day."))
    assert world.call.warnings[-1].code == "carrier-speech"
    world.feed(ev.PlaybackStopped(1, "Good day.", ""))
    assert acts(world.feed(ev.ReplyWorded(2, "Good day."))) == (Prompt(1, "Good day.", listen=True),)
    assert acts(world.feed(ev.Gathered(1, "Hello."))) == (Respond(3, 1),)
    assert (world.call.greeting_state, world.call.proven, world.call.stream) == ("heard", True, None)
    assert world.connects == 2


def test_a_leg_that_asks_some_time_after_its_stream_has_so_much_more_time_to_come_back() -> None:
    world = connected(call_on(replace(FETCHING, return_delay=1.0)))
    assert world.feed(ev.StreamStopped(StreamId("stream-1"))) == (StartTimer("stream-grace", 3.0),)


def test_a_leg_that_was_sent_to_ask_for_another_stream_is_counted_once() -> None:
    world = silent(FETCHING)
    assert acts(world.feed(ev.TimerFired("playback"), after=4.0)) == (Connect(),)
    assert acts(world.feed(ev.DocumentAsked())) == (Connect(),)
    world.feed(ev.StreamStarted(StreamId("stream-2"), "nonce-2"))
    assert world.call.connects == 2
    dropped(world)
    assert acts(world.feed(ev.DocumentAsked())) == (CancelReply(1), Say(2, "Good day."))


def test_a_leg_that_was_sent_to_ask_and_did_not_is_counted_when_it_asks_again() -> None:
    world = silent(FETCHING)
    world.feed(ev.TimerFired("playback"), after=4.0)
    world.feed(ev.StreamStarted(StreamId("stream-2"), "nonce-2"))
    dropped(world)
    assert acts(world.feed(ev.DocumentAsked())) == (CancelReply(1), Say(2, "Good day."))


def test_a_stream_that_was_heard_is_not_replaced() -> None:
    world = silent(SPEAKING)
    assert world.feed(ev.PlaybackConfirmed(1)) == (StopTimer("playback"),)
    world.feed(ev.PlaybackFinished(1, "Good day."))
    says(world, "What time is it?")
    assert world.feed(ev.PlaybackStarted(2)) == ()


@pytest.mark.parametrize("can", [STREAMING, REDIRECTING])
def test_a_call_that_nobody_hears_ends_with_the_cause(can: Capabilities) -> None:
    world = silent(can)
    while world.call.is_live:
        assert "playback" in world.timers
        world.fire("playback")
        if world.call.is_live:
            world.next_stream()
    assert (world.call.end_reason, world.call.end_detail) == ("error", UNHEARD)
    assert world.connects == (2 if can.redirects else 1)


def test_a_carrier_that_cannot_be_redirected_speaks_after_the_first_stream() -> None:
    world = silent(ASKING)
    assert acts(world.feed(ev.TimerFired("playback"), after=4.0)) == (CancelReply(1), Say(2, "Good day."))
    assert world.connects == 1


def test_a_stream_that_stops_before_it_was_heard_is_replaced_when_the_carrier_asks() -> None:
    world = silent(SPEAKING)
    dropped(world)
    assert "playback" not in world.timers
    assert acts(world.feed(ev.DocumentAsked())) == (Connect(),)
    world.next_stream()
    dropped(world)
    assert acts(world.feed(ev.DocumentAsked())) == (CancelReply(1), Say(2, "Good day."))
    assert world.call.warnings[-1].text.startswith("2 media streams were opened, and none was heard.")


def test_the_watch_over_playback_starts_with_the_audio_and_minds_only_that() -> None:
    world = connected(call_on(SPEAKING))
    assert "playback" not in world.timers
    assert world.feed(ev.PlaybackStarted(7)) == (Ignored("PlaybackStarted in active"),)
    world.feed(ev.PlaybackStarted(1))
    assert world.timers["playback"] == about(world.at + 4.0)


def test_a_reply_that_was_held_meanwhile_is_not_taken_for_unheard() -> None:
    world = World(arrived(rules=Rules(can=SPEAKING)))
    world.next_stream()
    world.feed(ev.PlaybackStarted(1))
    world.next_segment()
    assert world.feed(ev.TimerFired("playback"), after=4.0) == ()
    assert world.connects == 1


# --- playback that only the clock says is over


def test_playback_that_was_not_confirmed_has_the_stream_replaced() -> None:
    world = silent(SPEAKING)
    effects = world.feed(ev.PlaybackFinished(1, "Good day.", confirmed=False), after=3.0)
    assert acts(effects) == (Connect(),)
    assert world.call.greeting_state == "pending"
    assert acts(world.feed(ev.StreamStarted(StreamId("stream-2"), "nonce-2"))) == (Say(2, "Good day."),)
    world.feed(ev.PlaybackStarted(2))
    effects = world.feed(ev.PlaybackFinished(2, "Good day.", confirmed=False), after=3.0)
    assert acts(effects) == (Say(3, "Good day."),)
    assert world.call.prompting


def test_playback_that_was_not_confirmed_ends_the_call_with_the_cause() -> None:
    world = silent(STREAMING)
    assert acts(world.feed(ev.PlaybackFinished(1, "Good day.", confirmed=False))) == (Hangup(),)
    assert (world.call.end_reason, world.call.end_detail) == (
        "error",
        "The carrier confirmed nothing of what was sent to the caller.",
    )


def test_a_message_that_was_not_confirmed_is_not_taken_for_left() -> None:
    world = World(call_on(SPEAKING, "notify"))
    world.feed(ev.Dialled(LEG))
    world.next_stream()
    world.feed(ev.PlaybackStarted(1))
    world.feed(ev.PlaybackFinished(1, "Good day.", confirmed=False))
    assert "notify" not in world.timers
    world.next_stream()
    world.feed(ev.PlaybackStarted(2))
    world.feed(ev.PlaybackFinished(2, "Good day."))
    assert "notify" in world.timers


def test_playback_that_ends_while_there_is_no_stream_says_nothing_about_it() -> None:
    world = silent(SPEAKING)
    dropped(world)
    assert acts(world.feed(ev.PlaybackFinished(1, "Good day.", confirmed=False))) == ()
    assert world.feed(ev.PlaybackFinished(1, "Good day.", confirmed=False)) == (Ignored("PlaybackFinished in active"),)


# --- no stream at all


def test_a_stream_that_never_comes_is_asked_for_again_then_the_carrier_speaks() -> None:
    world = World(call_on(SPEAKING))
    world.feed(ev.Dialled(LEG))
    world.feed(ev.DocumentAsked())
    assert acts(world.feed(ev.TimerFired("stream-start"), after=10.0)) == (Connect(),)
    assert acts(world.feed(ev.TimerFired("stream-start"), after=10.0)) == (Say(1, "Good day."),)
    assert (world.call.phase, world.call.prompting) == (Phase.ACTIVE, True)


def test_a_call_that_comes_in_and_gets_no_stream_lasts_no_longer_than_it_may() -> None:
    world = World(arrived(rules=Rules(can=ASKING)))
    effects = world.feed(ev.TimerFired("stream-start"), after=10.0)
    assert StartTimer("max-duration", 300.0) in effects
    assert acts(effects) == (Say(1, "Good day."),)


def test_a_stream_that_never_comes_ends_the_call_with_the_cause() -> None:
    world = World(call_on(STREAMING))
    world.feed(ev.Dialled(LEG))
    world.feed(ev.DocumentAsked())
    assert acts(world.feed(ev.TimerFired("stream-start"), after=10.0)) == (Hangup(),)
    assert world.call.end_detail == "No media stream arrived within 10 s of the answer."


# --- a stream that was lost


def lost(can: Capabilities) -> World:
    """A call that was heard, and whose stream is gone for longer than it may."""
    world = greeted(call_on(can))
    dropped(world)
    assert world.feed(ev.TimerFired("stream-grace"), after=2.0) == (AskCarrier(),)
    return world


def test_a_lost_stream_is_replaced_where_the_leg_can_be_redirected() -> None:
    world = lost(REDIRECTING)
    assert acts(world.feed(ev.CarrierAsked("alive"))) == (Connect(),)
    world.next_stream()
    dropped(world)
    world.feed(ev.TimerFired("stream-grace"), after=2.0)
    assert acts(world.feed(ev.CarrierAsked("alive"))) == (Hangup(),)
    assert world.call.end_detail == "The media stream was lost and did not come back within 2 s."


def test_a_lost_stream_is_replaced_by_the_carriers_speech() -> None:
    world = lost(ASKING)
    assert acts(world.feed(ev.CarrierAsked("unknown"))) == (Prompt(1, "", listen=True),)
    assert world.call.greeting_state == "heard"


def test_a_leg_that_is_gone_with_its_stream_was_hung_up() -> None:
    world = lost(SPEAKING)
    world.feed(ev.CarrierAsked("gone"))
    assert (world.call.end_reason, world.call.is_over) == ("hangup-user", True)


def test_a_verdict_on_the_leg_that_comes_after_it_asked_is_late() -> None:
    world = lost(SPEAKING)
    assert acts(world.feed(ev.DocumentAsked())) == (Connect(),)
    for answer in ("alive", "gone", "unknown"):
        assert world.feed(ev.CarrierAsked(answer)) == (Ignored("CarrierAsked in active"),)


def test_a_verdict_on_the_leg_that_comes_after_the_stream_is_late() -> None:
    world = lost(SPEAKING)
    world.next_stream()
    assert world.feed(ev.CarrierAsked("gone")) == (Ignored("CarrierAsked in active"),)


def test_a_carrier_that_comes_back_with_words_asks_for_a_stream_all_the_same() -> None:
    world = greeted(call_on(SPEAKING))
    dropped(world)
    assert acts(world.feed(ev.Gathered(0, "Hello?"))) == (Connect(),)


def test_a_stream_that_ends_once_the_next_was_asked_for_is_no_loss() -> None:
    world = greeted(call_on(SPEAKING))
    assert acts(world.feed(ev.DocumentAsked())) == (Connect(),)
    assert world.feed(ev.StreamStopped(StreamId("stream-1"))) == (Ignored("StreamStopped in active"),)
    assert "stream-grace" not in world.timers


@pytest.mark.parametrize("can", [STREAMING, SPEAKING])
def test_at_most_four_streams_are_opened(can: Capabilities) -> None:
    world = World(call_on(can))
    world.feed(ev.Dialled(LEG))
    assert acts(world.feed(ev.DocumentAsked())) == (Connect(),)
    world.next_stream()
    world.feed(ev.PlaybackStarted(1))
    world.feed(ev.PlaybackFinished(1, "Good day."))
    for _ in range(MAX_CONNECTS - 1):
        dropped(world)
        assert acts(world.feed(ev.DocumentAsked())) == (Connect(),)
        world.next_stream()
    dropped(world)
    assert acts(world.feed(ev.DocumentAsked())) == (Dismiss(ENGLISH.sorry),)
    assert world.call.end_detail == "The media stream ended 4 times; it is not opened again."
    assert world.feed(ev.DocumentAsked()) == (Ignored("DocumentAsked in ending"),)


def test_a_fifth_stream_is_not_asked_for_of_our_own_accord_either() -> None:
    world = greeted(call_on(SPEAKING))
    for _ in range(MAX_CONNECTS):
        dropped(world)
        world.feed(ev.DocumentAsked())
    assert acts(world.feed(ev.TimerFired("stream-start"), after=10.0)) == (Hangup(),)


# --- refused streams


def test_a_refused_stream_is_tried_once_more() -> None:
    world = World(call_on(STREAMING))
    world.feed(ev.Dialled(LEG))
    assert acts(world.feed(ev.DocumentAsked())) == (Connect(),)
    assert world.feed(ev.StreamDenied("expired")) == ()
    assert acts(world.feed(ev.DocumentAsked())) == (Connect(),)
    world.feed(ev.StreamDenied("expired"))
    assert world.feed(ev.DocumentAsked()) == (
        StopTimer("max-duration"),
        StopTimer("stream-start"),
        StartTimer("settle", 30.0),
        Dismiss(ENGLISH.sorry),
        StartTimer("hangup", SORRY_PATIENCE),
    )
    assert (world.call.end_reason, world.call.end_detail) == ("error", "The media stream was refused 2 times.")


def test_a_dismissed_leg_that_stays_is_hung_up() -> None:
    world = refused()
    assert world.feed(ev.TimerFired("hangup"), after=SORRY_PATIENCE) == (Hangup(),)


def test_a_dismissed_leg_that_ends_is_not_hung_up() -> None:
    world = refused()
    assert acts(world.feed(ev.CarrierEnded("completed"))) == ()
    assert (world.call.is_over, world.call.hangups, world.call.end_reason) == (True, 0, "error")


def refused() -> World:
    """A call whose streams were refused, and to which the carrier says sorry."""
    world = World(call_on(SPEAKING))
    world.feed(ev.Dialled(LEG))
    for _ in range(2):
        world.feed(ev.DocumentAsked())
        world.feed(ev.StreamDenied("wrong key"))
    assert acts(world.feed(ev.DocumentAsked())) == (Dismiss(ENGLISH.sorry),)
    return world


# --- nothing of this goes on for ever


CARRIERS = st.builds(Capabilities, prompts=st.booleans(), redirects=st.booleans(), digits_end_stream=st.booleans())
MISHAPS = st.lists(
    st.sampled_from(["denied", "drops", "comes", "comes", "unheard", "unconfirmed", "time", "verdict"]), max_size=8
)


@given(can=CARRIERS, mishaps=MISHAPS)
def test_a_carrier_on_which_nothing_works_is_given_up(can: Capabilities, mishaps: list[str]) -> None:
    """The carrier asks again and again what to do, after the same mishaps, and nothing is ever heard."""
    world = World(call_on(can))
    world.feed(ev.Dialled(LEG))
    rounds = 0
    while world.call.is_live and not world.call.prompting:
        rounds += 1
        assert rounds <= MAX_CONNECTS + 1, "it goes on for ever"
        world.feed(ev.DocumentAsked())
        for mishap in mishaps:
            befall(world, mishap)
    assert world.connects <= MAX_CONNECTS
    if world.call.prompting:
        assert can.prompts
        world.calm()
        world.feed(ev.PromptFailed("503"))
        world.calm()
        assert world.call.is_over or world.call.phase is Phase.ENDING
    world.finish()


def befall(world: World, mishap: str) -> None:
    """Something goes wrong, where it can."""
    stream, replies = world.call.stream, sorted(world.replies)
    match mishap:
        case "denied":
            world.feed(ev.StreamDenied("expired"))
        case "drops" if stream is not None:
            world.feed(ev.StreamStopped(stream))
        case "comes" if stream is None:
            world.next_stream()
        case "unheard" if replies:
            world.feed(ev.PlaybackStarted(replies[0]))
            if "playback" in world.timers:
                world.fire("playback")
        case "unconfirmed" if replies:
            world.feed(ev.PlaybackFinished(replies[0], "Good day.", confirmed=False))
        case "verdict" if world.asked:
            world.feed(ev.CarrierAsked("alive"))
        case "time" if world.timers:
            world.fire(min(world.timers, key=lambda name: world.timers[name]))

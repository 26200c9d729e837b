"""A call and the world around it, which watches that every promise of the core is kept.

`feed` gives the call an event, notes what it asks for and checks the invariants that hold after any event. `calm` lets
everything that is under way come to its end, and `finish` ends the call; both check what must hold then.
"""

from __future__ import annotations

from typing import Any, cast

import pytest

from tests.core.watch import FLOOR_TIMERS, Watch
from voicecall.core import events as ev, step as decisions
from voicecall.core.call import Phase
from voicecall.core.effects import (
    Acknowledge,
    Effect,
    Ignored,
    Refuse,
)
from voicecall.core.events import Event
from voicecall.core.floor import Floor
from voicecall.core.ids import CallId, CarrierCallId, StreamId
from voicecall.core.record import replay
from voicecall.core.rules import Mode, Rules

LEG = CarrierCallId("leg-1")
TWICE = (
    ev.Dialled
    | ev.DialFailed
    | ev.Ringing
    | ev.Answered
    | ev.CarrierEnded
    | ev.HangupAccepted
    | ev.DigitsSent
    | ev.StreamStopped
    | ev.SpeechStopped
    | ev.Heard
    | ev.PlaybackConfirmed
    | ev.ReplyWorded
    | ev.PlaybackFinished
    | ev.PlaybackStopped
    | ev.ReplyFailed
)
"""What says nothing the second time."""


def about(seconds: float) -> float:
    """Equal to what is nearly as long."""
    return cast("float", pytest.approx(seconds))


def placed(
    *,
    mode: Mode = "conversation",
    greeting: str = "Good day.",
    digits: str = "",
    rules: Rules = Rules(),  # noqa: B008 - frozen
    objective: str = "",
    schema: dict[str, Any] | None = None,
) -> ev.Placed:
    return ev.Placed(
        call_id=CallId("01J00000000000000000000000"),
        carrier="mock",
        to="+15550101234",
        from_="+15550109999",
        mode=mode,
        greeting=greeting,
        rules=rules,
        digits=digits,
        objective=objective,
        schema=schema,
    )


def arrived(
    *,
    greeting: str = "Good day.",
    refusal: str = "",
    rules: Rules = Rules(),  # noqa: B008 - frozen
) -> ev.Arrived:
    return ev.Arrived(
        call_id=CallId("01J00000000000000000000000"),
        carrier="mock",
        carrier_call_id=LEG,
        from_="+15550101234",
        to="+15550109999",
        greeting=greeting,
        rules=rules,
        refusal=refusal,
    )


class World(Watch):
    """One call, the mouth, ears, timers and carrier it talks to, and whoever asks something of it."""

    # --- events in

    def feed(self, event: Event, *, after: float = 0.01) -> tuple[Effect, ...]:
        """Tell the call what happened `after` seconds later, and check what must hold after any event."""
        self.at += after
        self.sound = False
        assert ev.decode(ev.encode(event)) == event
        before = self.call
        self.call, effects = decisions.step(before, event, self.at)
        if any(isinstance(effect, Ignored) for effect in effects):
            assert len(effects) == 1, f"something follows from what was ignored: {effects}"
            assert self.call == before, f"an ignored {event} changed the call"
        else:
            assert effects or self.call != before or isinstance(event, ev.PartlyHeard | ev.DigitPressed), (
                f"{event} changed nothing and was not ignored"
            )
            self.log.append((self.at, event))
        if before.is_over:
            assert self.call == before, f"{event} changed a call that is over"
            assert all(isinstance(effect, Ignored | Acknowledge | Refuse) for effect in effects), effects
        self._report(event)
        self.manners.report(event, before, self.at)
        self._tell()
        if isinstance(event, ev.PlaybackFinished | ev.PlaybackStopped | ev.ReplyFailed):
            self._spoken(event)
        self._note(effects)
        self._changed(before)
        self.sound = True
        return effects

    def again(self, event: Event) -> None:
        """The same fact comes a second time."""
        effects = self.feed(event)
        assert [type(effect) for effect in effects] == [Ignored], f"a second {event} led to {effects}"

    # --- letting things come to their end

    def calm(self) -> None:
        """Let everything under way come to its end, then check that nothing is stuck."""
        for _ in range(200):
            if not self._something_happens():
                break
        else:
            raise AssertionError(f"it never comes to rest: {self.call.turns}")
        call, turns = self.call, self.call.turns
        if call.phase is Phase.ACTIVE:
            assert turns.floor is Floor.OPEN, f"the floor is stuck: {turns}"
            waits = call.keys or "machine" in self.timers
            assert not turns.queue or not turns.ready or waits, f"never said: {turns.queue}"
            assert not turns.words, f"never answered: {turns.words}"
            assert not call.reporting
            assert not call.speaks or not turns.ready or call.keys
            assert not FLOOR_TIMERS & set(self.timers)
            assert not self.waiting or not call.prompting, "the carrier was left waiting"
            self.manners.at_rest(call, self.timers)
        if call.is_live:
            assert self.timers, "nothing would ever end this call"

    def _something_happens(self) -> bool:
        """Do the first thing that is under way, or return False for silence."""
        if self.call.is_over:
            return False
        for reply, how in self.replies.items():
            if how == "cancelled":
                self.feed(ev.PlaybackStopped(reply, "It was cut.", ""))
                return True
            if how == "due":
                self.feed(self.worded(reply) if reply in self.in_words else ev.PlaybackStarted(reply))
                return True
        if self.speaking:
            self.feed(ev.SpeechStopped(self.speaking, 0.2), after=0.3)
        elif self.unheard:
            self.feed(ev.Heard(min(self.unheard), f"words {len(self.words)} end."))
        elif self.digits:
            self.feed(ev.DigitsSent(min(self.digits)))
        elif self.dialling:
            self.feed(ev.Dialled(LEG))
        elif self.hanging_up:
            self.feed(ev.HangupAccepted())
        elif self.dismissed and not self.gone:
            self.feed(ev.CarrierEnded("completed"))
        elif self.asked:
            self.feed(ev.CarrierAsked("alive"))
        elif self.concluding:
            self.feed(ev.Concluded("So it went."), after=1.0)
        elif FLOOR_TIMERS & set(self.timers):
            self.fire(min(FLOOR_TIMERS & set(self.timers)))
        elif "sounding" in self.replies.values():
            (reply,) = (number for number, how in self.replies.items() if how == "sounding")
            self.feed(ev.PlaybackFinished(reply, f"It is reply {reply}."), after=1.0)
        elif self.call.away and self.call.prompting and self.call.is_live:
            self.feed(ev.DocumentAsked(), after=1.0)
        elif self.prompt is not None and self.prompt.text:
            number = self.prompt.number
            self.feed(ev.Told(number) if self.listens else ev.Gathered(number), after=1.0)
        else:
            return False
        return True

    def fire(self, name: str) -> None:
        """A timer goes off."""
        self.feed(ev.TimerFired(name), after=max(0.0, self.timers[name] - self.at))

    def finish(self) -> None:
        """Ask for the end: it must come, and the log must tell the same story."""
        if not self.call.is_over:
            self.feed(ev.EndAsked("the-last"))
        self.calm()
        if self.call.hangups == 0 and not self.call.is_over and not self.dismissed:
            assert self.call.carrier_call_id is None, "nobody hung up"
        while self.timers:
            self.fire(min(self.timers, key=lambda name: self.timers[name]))
            self.calm()
        assert self.call.is_over, "the end was asked for and did not come"
        assert not self.call.consults, "the agent is still asked something"
        assert replay(self.log) == self.call, "the log tells another story"

    # --- what else the world can do

    def next_stream(self) -> None:
        self.streams += 1
        self.feed(ev.StreamStarted(StreamId(f"stream-{self.streams}"), f"nonce-{self.streams}"))

    def worded(self, reply: int) -> ev.ReplyWorded:
        """The words of a reply, in two parts if its number is odd."""
        return ev.ReplyWorded(reply, f"It is reply {reply}." + " It is so long." * (40 * (1 + reply % 2)))

    def next_segment(self, lead: float = 0.2) -> None:
        self.segments += 1
        self.feed(ev.SpeechStarted(self.segments, lead))

    def next_operation(self) -> str:
        self.numbers += 1
        return f"operation-{self.numbers}"

"""The promises about sounds in doubt, early answers, keys and silence, kept track of beside those about the rest."""

from __future__ import annotations

from voicecall.core import events as ev
from voicecall.core.call import Call, Phase
from voicecall.core.draft import SILENCE
from voicecall.core.effects import Effect, Rehearse, Respond, Say
from voicecall.core.events import Event
from voicecall.core.floor import BARGE_IN, Floor
from voicecall.core.keys import KEYS
from voicecall.core.languages import ENGLISH, asks_for_a_moment
from voicecall.core.rules import TurnRules

ARE_YOU_THERE = "Are you there?"
_SLACK = 1e-6


class Manners:
    """What the caller did that the agent must respect, and what must hold because of it."""

    def __init__(self, rules: TurnRules) -> None:
        self.rules = rules
        self.known: set[str] = set()
        """What was made out of all that was said."""
        self.sure: set[int] = set()
        """Segments that were surely speech."""
        self.doubtful_since: float | None = None
        """Since when only a sound in doubt holds the agent."""
        self.entry = ""
        """Keys that were pressed and make no entry yet."""
        self.entries: list[str] = []
        """What must be in the transcript as keys."""
        self.driven = False
        """Whether what was said last was asked for by an operation."""
        self.asked = 0
        """How often in a row the caller was asked whether they are there."""
        self.outcome = ""

    def report(self, event: Event, before: Call, at: float) -> None:
        """Take what happened to a call that was like this."""
        match event:
            case ev.SpeechStarted():
                self.doubtful_since = None
            case ev.SpeechSure(segment):
                self.sure.add(segment)
            case ev.Heard(_, text) | ev.Gathered(_, text):
                self.known.add(text)
                self.asked = 0 if text and before.is_live else self.asked  # be it only that they listen
            case ev.DigitPressed(digit) if _takes_keys(before):
                self._pressed(digit)
            case ev.TimerFired(name) if name == KEYS and KEYS in before.timers:
                self._entered()
            case ev.SpeakAsked() | ev.ContinueAsked() if before.is_live:
                self.driven = self.driven or isinstance(event, ev.SpeakAsked) or not before.continues
            case ev.OutcomeNoted(summary=summary) if not before.is_over:
                self.outcome = summary
            case ev.Adopted():
                self.sure.clear()
                self._entered()
            case _:
                pass

    def _pressed(self, digit: str) -> None:
        ends = digit in self.rules.digits_end
        self.entry += "" if ends and self.entry else digit
        if ends or len(self.entry) == self.rules.digits_count:
            self._entered()

    def _entered(self) -> None:
        if self.entry:
            self.entries.append(self.entry)
        self.entry = ""

    def note(self, effect: Effect, call: Call) -> None:
        """Take what is to be done about a call that is now like this."""
        match effect:
            case Rehearse(turn, text):
                turns = call.turns
                assert self.rules.early, "an answer was rehearsed that nobody wanted early"
                assert call.is_live, f"{effect} for nobody"
                assert turns.floor is Floor.PAUSE, f"{effect} while the floor is {turns.floor}"
                assert not turns.awaited, f"{effect}, and the words of {turns.awaited} are not known"
                assert (turn, text) == (turns.turn + 1, " ".join(turns.words)), effect
                assert set(turns.words) <= self.known, f"{effect}: nobody said that"
            case Respond():
                self.driven = False
                said = [line for line in call.lines if line.speaker == "caller"]
                assert said or call.rules.turns.hears, "an answer to nobody"
                assert call.rules.turns.hears or said[-1].keys or not asks_for_a_moment(said[-1].text, ENGLISH), (
                    f"{said[-1]} was answered"
                )
            case Say(_, text) if text == ARE_YOU_THERE:
                self.asked += 1
                assert self.asked <= self.rules.reprompts, f"asked {self.asked} times in a row"
            case _:
                pass

    def check(
        self, before: Call, call: Call, timers: dict[str, float], at: float, *, speaking: int, live: set[int]
    ) -> None:
        """See what must hold after any event; `live`: replies that are being made, said or held."""
        if _said(call) > _said(before):
            self.asked = 0
        if not call.has_line or (call.prompting and not before.prompting):
            self._entered()
        keyed = [line.text for line in call.lines if line.keys]
        assert keyed == self.entries, f"{self.entries} were entered, {keyed} are in the transcript"
        self._doubt(call, timers, at)
        if SILENCE in timers:
            assert call.turns.floor is Floor.OPEN, f"silence is timed while the floor is {call.turns.floor}"
            assert not speaking or call.prompting, "silence is timed while the caller speaks"
            assert not live, f"silence is timed while {live} are under way"
            assert not self.driven, "silence is timed while an operation drives the call"
            waits = call.continues or call.presses or self.entry or call.consults
            assert not waits, f"silence is timed while {waits} is waited for"
        if call.is_over and self.outcome:
            assert call.outcome is not None
            assert call.outcome.summary == self.outcome, "the last outcome is lost"

    def _doubt(self, call: Call, timers: dict[str, float], at: float) -> None:
        turns = call.turns
        certain = turns.speaking in self.sure or bool(turns.awaited & self.sure)
        if not call.is_live or turns.floor is not Floor.HELD or certain:
            self.doubtful_since = None
            return
        if self.doubtful_since is None:
            self.doubtful_since = at
        latest = self.doubtful_since + self.rules.barge_in_doubt
        assert timers.get(BARGE_IN, float("inf")) <= latest + _SLACK, "a sound in doubt holds the reply for too long"

    def at_rest(self, call: Call, timers: dict[str, float]) -> None:
        """See what must hold of an active call once nothing is under way."""
        waits = call.continues or call.presses or call.away or self.entry or call.consults
        conversing = call.mode == "conversation" and not call.machine and call.turns.ready
        if self.rules.silence and conversing and not self.driven and not waits:
            assert SILENCE in timers or call.silent, "nobody would ever break the silence"
        assert bool(self.entry) == (KEYS in timers), f"{self.entry!r}, with the timers {set(timers)}"


def _takes_keys(call: Call) -> bool:
    return call.phase is Phase.ACTIVE and call.mode == "conversation" and not call.machine


def _said(call: Call) -> int:
    return sum(line.speaker == "caller" for line in call.lines)

"""A state machine that plays any order of facts on turn-taking alone, without a call around it."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.core.machine import TEXTS, TURN_RULES
from voicecall.core import floor, saying, turns
from voicecall.core.effects import CancelReply, HoldReply, Rehearse, ResumeReply, Say, StartTimer, StopTimer
from voicecall.core.floor import Floor, Sign, Turns
from voicecall.core.rules import TurnRules


class TurnsMachine(RuleBasedStateMachine):
    """Turn-taking alone, without a call around it."""

    def __init__(self) -> None:
        super().__init__()
        self.turns, _ = saying.connect(Turns())
        self.how = TurnRules()
        self.at = 1000.0
        self.segments = 0
        self.unheard: set[int] = set()
        self.sure: set[int] = set()
        self.keying = False
        """Whether keys were pressed that make no entry yet."""
        self.timers: set[str] = set()
        self.replies: dict[int, bool] = {}
        """Under way, by number; whether it was cancelled."""

    @initialize(rules=TURN_RULES, talking=st.booleans(), interrupted=st.booleans())
    def begin(self, rules: TurnRules, talking: bool, interrupted: bool) -> None:
        self.how = rules
        if talking:
            self.something_is_said(protected=False)
            self.the_mouth_reports(over=False)
        if interrupted:
            self.speech_starts(0.2)

    def take(self, result: floor.Result) -> None:
        self.turns, out = result
        for effect in out:
            match effect:
                case StartTimer(name, seconds):
                    assert seconds >= 0
                    self.timers.add(name)
                case StopTimer(name):
                    self.timers.discard(name)
                case Say(reply):
                    self.asked(reply)
                case Rehearse(turn, text):
                    assert self.how.early, "an answer was rehearsed that nobody wanted early"
                    assert self.turns.floor is Floor.PAUSE, f"an answer was rehearsed while {self.turns.floor}"
                    assert not self.turns.awaited, f"{effect}, and the words of {self.turns.awaited} are not known"
                    assert (turn, text) == (self.turns.turn + 1, self.turns.text), effect
                case HoldReply(reply) | ResumeReply(reply) | CancelReply(reply):
                    assert not self.turns.protected or isinstance(effect, CancelReply), f"{effect} of a protected reply"
                    assert self.replies.get(reply) is False, f"{effect}: {self.replies}"
                    self.replies[reply] = isinstance(effect, CancelReply)
                case floor.TurnEnded(unanswered=True):
                    self.turns = saying.respond(self.turns)
                    self.asked(self.turns.reply)
                case floor.TurnEnded():
                    self.take(saying.release(self.turns))
                case floor.TurnWorded(text):
                    assert text, "a turn without words is no line"

    def asked(self, reply: int) -> None:
        assert all(self.replies.values()), f"{reply} while {self.replies} are under way"
        assert reply not in self.replies
        self.replies[reply] = False

    @precondition(lambda self: not self.turns.speaking)
    @rule(lead=st.sampled_from([0.0, 0.2]))
    def speech_starts(self, lead: float) -> None:
        self.at += 0.5
        self.segments += 1
        self.unheard.add(self.segments)
        self.take(turns.speech_started(self.turns, self.how, self.segments, lead, self.at))

    @precondition(lambda self: self.turns.speaking)
    @rule()
    def speech_stops(self) -> None:
        self.at += 0.5
        self.take(turns.speech_stopped(self.turns, self.how, self.turns.speaking, 0.2, self.at))

    @precondition(lambda self: self.turns.speaking)
    @rule()
    def speech_is_sure(self) -> None:
        self.sure.add(self.turns.speaking)
        self.take(turns.speech_sure(self.turns, self.how, self.turns.speaking))

    @precondition(lambda self: self.how.interrupts == "provider")
    @rule()
    def the_provider_hears_an_interruption(self) -> None:
        self.take(turns.barged_in(self.turns, self.how, self.at))

    @rule(sign=st.sampled_from(["likely", "over", "unlikely"]))
    def the_pause_is_judged(self, sign: Sign) -> None:
        self.take(turns.signed(self.turns, self.how, sign, self.at))

    @rule(entered=st.booleans())
    def a_key_is_pressed(self, entered: bool) -> None:
        self.take(turns.keys_pressed(self.turns, self.how))
        self.keying = not entered
        if entered:
            self.take(turns.keys_entered(self.turns, "42", self.at))

    @precondition(lambda self: self.unheard - {self.turns.speaking})
    @rule(text=TEXTS, partly=st.booleans())
    def words_come(self, text: str, partly: bool) -> None:
        segment = min(self.unheard - {self.turns.speaking})
        if partly:
            self.take(turns.partly_heard(self.turns, self.how, segment, text, self.at))
        else:
            self.unheard.remove(segment)
            self.take(turns.heard(self.turns, self.how, segment, text, self.at))

    @precondition(lambda self: self.timers)
    @rule()
    def a_timer_fires(self) -> None:
        name = min(self.timers)
        self.timers.remove(name)
        self.at += 0.5
        self.take(turns.timer_fired(self.turns, self.how, name, self.at))

    @rule(protected=st.booleans())
    def something_is_said(self, protected: bool) -> None:
        self.take(saying.say(self.turns, "One moment.", protected=protected))

    @precondition(lambda self: self.replies)
    @rule(over=st.booleans())
    def the_mouth_reports(self, over: bool) -> None:
        reply = min(self.replies)
        if over or self.replies[reply]:
            del self.replies[reply]
            self.take(saying.reply_over(self.turns, self.how, reply, self.at))
        else:
            self.take(saying.playback_started(self.turns, reply))

    @invariant()
    def the_floor_has_a_holder(self) -> None:
        turns = self.turns
        match turns.floor:
            case Floor.OPEN:
                assert not turns.reply
                assert not turns.queue or self.keying
            case Floor.CALLER:
                assert turns.speaking
                assert not turns.reply
            case Floor.PAUSE:
                assert self.timers & {"endpoint", "transcript"}
            case Floor.THINKING | Floor.AGENT:
                assert self.replies[turns.reply] is False
            case Floor.HELD:
                assert self.replies[turns.reply] is False
                certain = self.sure & (turns.awaited | {turns.speaking})
                assert certain or "barge-in" in self.timers, "a sound in doubt holds the reply for ever"

    def teardown(self) -> None:
        for _ in range(100):
            if self.turns.speaking:
                self.speech_stops()
            elif self.unheard:
                self.words_come("yes please {}.", partly=False)
            elif self.timers:
                self.a_timer_fires()
            elif self.keying:
                self.a_key_is_pressed(entered=True)
            elif self.replies:
                self.the_mouth_reports(over=True)
            else:
                break
        assert self.turns.floor is Floor.OPEN, f"the floor is stuck: {self.turns}"
        assert not self.turns.words, f"never answered: {self.turns.words}"

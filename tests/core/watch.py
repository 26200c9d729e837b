"""The promises of the core, kept track of from one event to the next: what is under way, and what must hold."""

from __future__ import annotations

from tests.core.manners import Manners
from voicecall.core import events as ev, step as decisions
from voicecall.core.call import NEXT, Call
from voicecall.core.effects import (
    Acknowledge,
    AskCarrier,
    CancelReply,
    Conclude,
    Connect,
    Dial,
    Dismiss,
    Effect,
    Hangup,
    HoldReply,
    Listen,
    Prompt,
    Refuse,
    Respond,
    ResumeReply,
    Say,
    SendDigits,
    StartTimer,
    StopTimer,
)
from voicecall.core.events import Event
from voicecall.core.floor import BARGE_IN, ENDPOINT, TRANSCRIPT, Floor
from voicecall.core.languages import ENGLISH, is_backchannel
from voicecall.core.rescue import MAX_CONNECTS

FLOOR_TIMERS = {ENDPOINT, TRANSCRIPT, BARGE_IN}


class Watch:
    """What is under way around one call, as its events and effects tell, and what must hold after each of them."""

    def __init__(self, beginning: ev.Placed | ev.Arrived) -> None:
        self.at = 1_000_000.0
        self.sound = True
        """Whether every promise was kept so far."""
        self.log: list[tuple[float, Event]] = [(self.at, beginning)]
        self.timers: dict[str, float] = {}
        self.replies: dict[int, str] = {}
        """Asked for and not reported: `due`, `sounding`, `told` (by the carrier), `held` or `cancelled`."""
        self.asked = self.hanging_up = self.dialling = self.dismissed = self.concluding = False
        self.mute = False
        """Whether the agent never says what came of the call."""
        self.in_words: set[int] = set()
        """Replies of which only the words are made."""
        self.waiting = False
        """Whether the carrier asked what to say and was not told yet."""
        self.listens = False
        """Whether the carrier was told to listen, where that is a step of its own."""
        self.prompt: Prompt | None = None
        """What the carrier speaks and hears."""
        self.prompted: set[int] = set()
        """The numbers of all prompts."""
        self.told: set[tuple[int, str]] = set()
        """Parts of replies that came back as heard."""
        self.connects = self.pressed = self.restarts = 0
        self.digits: set[str] = set()
        self.operations: set[str] = set()
        self.numbers = self.segments = self.streams = self.dials = self.speaking = 0
        self.numbered: set[int] = set()
        """Every reply there was."""
        self.answers: dict[int, int] = {}
        """How many lines the caller had said when an answer was asked for."""
        self.answered = 0
        """How many lines of the caller were answered."""
        self.openings: set[int] = set()
        """Replies that are the opening line."""
        self.greeted = self.gone = False
        """Whether the opening line was confirmed; whether the carrier said that the leg is over."""
        self.unheard: set[int] = set()
        self.counted: set[int] = set()
        self.words: list[str] = []
        """Words that must be in the transcript when the call is over."""
        self.ways = 1 + (len(beginning.routes) if isinstance(beginning, ev.Placed) else 0)
        """How many carriers may be asked to dial."""
        self.manners = Manners(beginning.rules.turns)
        self.call, effects = decisions.begin(beginning, self.at)
        self.waiting = self.call.prompting and isinstance(beginning, ev.Arrived)
        self._note(effects)

    # --- events in

    def _report(self, event: Event) -> None:
        """What the world did to make this event."""
        match event:
            case ev.PlaybackStarted(reply) if self.replies.get(reply) == "due":
                self.replies[reply] = "sounding"
            case ev.PlaybackFinished(reply) | ev.PlaybackStopped(reply) | ev.ReplyFailed(reply):
                self.replies.pop(reply, None)
            case ev.ReplyWorded(reply, text) if self.replies.get(reply) == "due":
                self.replies[reply] = "told"
                if not text:
                    self.answers.pop(reply, None)  # silence leaves no trace that a restart could go by
            case ev.Gathered(number) | ev.Told(number) if number and number != max(self.prompted, default=0):
                pass
            case ev.Told() if self.prompt is not None:
                self._heard(self.prompt)
                self.prompt = Prompt(self.prompt.number, "", listen=True)
            case ev.Gathered():
                if self.prompt is not None:
                    self._heard(self.prompt)
                self.waiting, self.prompt = True, None
            case ev.DocumentAsked():
                self.waiting, self.prompt = True, None
            case ev.PromptFailed():
                self.prompt = None
            case ev.Dialled() | ev.DialFailed():
                self.dialling = False
            case ev.TimerFired(name):
                self.timers.pop(name, None)
            case ev.HangupAccepted() | ev.HangupFailed():
                self.hanging_up = False
                self.gone = self.gone or isinstance(event, ev.HangupAccepted)
            case ev.CarrierAsked(answer):
                self.gone = self.gone or (self.asked and answer == "gone")
                self.asked = False
            case ev.CarrierEnded():
                self.gone = True
            case ev.DigitsSent(operation):
                self.digits.discard(operation)
            case ev.SpeechStarted(segment):
                self.speaking = segment
                self.unheard.add(segment)
            case ev.SpeechStopped(segment) if segment == self.speaking:
                self.speaking = 0
            case ev.Heard(segment, text):
                self.unheard.discard(segment)
                if segment in self.counted and text and not is_backchannel(text, ENGLISH):
                    self.words.append(text)
                self.counted.discard(segment)
            case ev.EarsFailed(segment):
                self.unheard.discard(segment)
                self.counted.discard(segment)
            case ev.SpeakAsked() | ev.ContinueAsked() | ev.DigitsAsked() | ev.EndAsked():
                self.operations.add(event.operation)
            case ev.Concluded():
                self.concluding = False
            case ev.Adopted():
                self._restarted()
            case _:
                pass

    def _heard(self, prompt: Prompt) -> None:
        """The carrier has spoken it."""
        if prompt.text:
            self.told.update((reply, prompt.text) for reply, how in self.replies.items() if how == "told")

    def _restarted(self) -> None:
        """Nothing of the old process is left; what it had logged is."""
        self.timers.clear()
        self.replies.clear()
        self.operations.clear()
        self.digits.clear()
        self.unheard.clear()
        self.counted.clear()
        self.segments = self.speaking = 0
        self.restarts += 1
        self.asked = self.hanging_up = self.dialling = self.concluding = False

    def _spoken(self, event: ev.PlaybackFinished | ev.PlaybackStopped | ev.ReplyFailed) -> None:
        """A reply was heard, or some of it."""
        confirmed = event.confirmed if isinstance(event, ev.PlaybackFinished) else False
        self.greeted = self.greeted or (confirmed and event.reply in self.openings)
        if confirmed or getattr(event, "heard", True):
            self.answered = max(self.answered, self.answers.get(event.reply, 0))

    def _tell(self) -> None:
        """The carrier came back: what it told of a reply was heard."""
        for reply in [reply for reply, how in self.replies.items() if how == "told"]:
            if reply not in self.call.reporting:
                del self.replies[reply]
                self.greeted = self.greeted or reply in self.openings
                self.answered = max(self.answered, self.answers.get(reply, 0))

    # --- effects out

    def _note(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            self.manners.note(effect, self.call)
            match effect:
                case StartTimer(name, seconds):
                    assert seconds >= 0, effect
                    self.timers[name] = self.at + seconds
                case StopTimer(name):
                    assert name in self.timers, f"{effect}, which did not run"
                    del self.timers[name]
                case Say(reply) | Respond(reply):
                    live = {number: how for number, how in self.replies.items() if how != "cancelled"}
                    assert not live, f"{effect} while {live} are under way"
                    assert reply not in self.numbered, f"{effect} uses an old number"
                    assert self.call.answered_at is not None, f"{effect} before the answer"
                    self.numbered.add(reply)
                    self.replies[reply] = "due"
                    if self.call.prompting:
                        self.in_words.add(reply)
                    self._begun(effect)
                case HoldReply(reply):
                    assert self.replies.get(reply) in ("due", "sounding"), f"{effect}: {self.replies}"
                    assert not self.call.turns.protected, "a protected reply was held"
                    self.replies[reply] = "held"
                case ResumeReply(reply):
                    assert self.replies.get(reply) == "held", f"{effect}: {self.replies}"
                    self.replies[reply] = "due" if reply in self.in_words else "sounding"
                case CancelReply(reply):
                    assert reply in self.replies, f"{effect}, which is not under way"
                    self.replies[reply] = "cancelled"
                case Dial():
                    self.dials += 1
                    assert self.dials <= self.ways, "dialled twice"
                    self.dialling = True
                case Conclude():
                    assert not self.concluding, "asked twice what came of it"
                    assert "caller" in {line.speaker for line in self.call.lines}, "there is nothing to conclude from"
                    self.concluding = True
                    self.counted.clear()
                case Connect():
                    self.connects += 1
                    self.waiting = False
                    assert not self.call.prompting, "a media stream for a call that needs none"
                    assert self.connects <= MAX_CONNECTS + self.pressed + self.restarts, (
                        "one media stream after the other"
                    )
                case Listen():
                    assert self.call.prompting, "the carrier is to listen to a call that streams"
                    assert not self.listens, "told to listen twice"
                    self.listens, self.waiting = True, False
                case Prompt(number, text, listen):
                    assert self.call.prompting, f"{effect} of a call that streams"
                    assert number not in self.prompted, f"{effect} uses an old number"
                    assert text or listen, f"{effect} does nothing"
                    assert (self.call.turns.reply, text) not in self.told, f"{effect} was heard before"
                    self.prompted.add(number)
                    self.waiting, self.prompt = False, effect
                case Dismiss():
                    assert not self.dismissed, "said sorry twice"
                    assert not self.call.leg_over, "said sorry to nobody"
                    self.dismissed, self.waiting = True, False
                case Hangup():
                    assert not self.hanging_up, "a second hang-up while the first is under way"
                    assert not self.call.leg_over, "a hang-up of a leg that is over"
                    self.hanging_up = True
                case AskCarrier():
                    self.asked = True
                case SendDigits(operation):
                    self.digits.add(operation)
                    self.pressed += 1
                case Acknowledge(operation) | Refuse(operation):
                    assert operation in self.operations, f"{effect}: nobody waits for it"
                    self.operations.remove(operation)
                case _:
                    pass

    def _begun(self, effect: Say | Respond) -> None:
        """The mouth is asked to speak."""
        if isinstance(effect, Respond):
            self.answers[effect.reply] = self._caller_lines()
            unnoticed = self.call.rules.turns.hears
            assert unnoticed or self.answers[effect.reply] > self.answered, f"{effect} answers nothing"
        elif effect.text == self.call.greeting:
            assert not self.greeted, "the opening line was heard, and is said again"
            self.openings.add(effect.reply)

    def _caller_lines(self) -> int:
        return sum(line.speaker == "caller" for line in self.call.lines) + len(self.call.turns.untold)

    # --- what must hold

    def _changed(self, before: Call) -> None:
        call = self.call
        if call.machine and not before.machine:
            self.greeted = False
            self.openings.clear()
        if self.waiting and call.prompting and call.is_live:
            timed = (FLOOR_TIMERS | {"ask"}) & set(self.timers)
            busy = call.turns.reply or timed or self.digits or call.asked or (call.away and "prompt" in self.timers)
            assert busy, "the carrier waits, and nobody will tell it what to do"
        assert call.phase is before.phase or call.phase in NEXT[before.phase], f"{before.phase} became {call.phase}"
        assert set(self.timers) == call.timers, f"{set(self.timers)} run, the call knows {set(call.timers)}"
        lines = iter(call.lines)
        assert all(line in lines for line in before.lines), "a line of the transcript vanished, or changed places"
        self.counted |= call.turns.awaited
        if call.greeting_state == "sending" and call.is_live:
            queued = {said.reply for said in call.turns.queue}
            assert call.greeting_reply in call.reporting | queued, "nobody says the opening line"
        if call.turns.floor is Floor.OPEN:
            assert call.turns.reply == 0, "the floor is open while a reply is under way"
        if call.turns.floor in (Floor.AGENT, Floor.HELD, Floor.THINKING):
            assert call.turns.reply in call.reporting, f"{call.turns.floor}, and nothing is being said"
        assert call.turns.floor is not Floor.HELD or self.replies[call.turns.reply] in ("held", "cancelled")
        if call.is_live and call.turns.floor in (Floor.HELD, Floor.PAUSE):
            waits = FLOOR_TIMERS & set(self.timers) or (call.turns.floor is Floor.HELD and call.turns.speaking)
            assert waits, f"nothing ends this: {call.turns}"
        assert (call.end_reason is None) == call.is_live
        live = {reply for reply, how in self.replies.items() if how != "cancelled"}
        self.manners.check(before, call, self.timers, self.at, speaking=self.speaking, live=live)
        if call.is_over and not before.is_over:
            self._over(before)

    def _over(self, before: Call) -> None:
        refused = isinstance(self.log[0][1], ev.Arrived) and self.log[0][1].refusal
        known = self.call.carrier_call_id is not None
        assert self.gone or self.call.hangups or refused or not known, "the leg was left to itself"
        if not isinstance(self.log[-1][1], ev.TimerFired):
            assert not self.replies, f"what became of {self.replies} was not waited for"
            due = self.counted & before.turns.awaited
            assert not due, f"the words of {due} were not waited for"
        assert not self.timers, f"timers left at the end: {self.timers}"
        assert not self.operations, f"nobody answered {self.operations}"
        said = " | ".join(line.text for line in self.call.lines if line.speaker == "caller")
        lost = [words for words in self.words if words not in said]
        assert not lost, f"the caller's words are lost: {lost}"
        assert self.call.ended_at is not None
        wanted = self.call.objective or self.call.schema is not None or before.outcome
        assert (self.call.outcome is not None) == bool(wanted), "what came of it is not known, or was not asked for"

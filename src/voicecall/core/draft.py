"""A call under change: what the decisions of `step` have in common. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from voicecall.core import floor, pairing, saying
from voicecall.core.call import NEXT, Call, Caution, EndReason, Line, Phase
from voicecall.core.effects import (
    Acknowledge,
    CancelReply,
    Conclude,
    Connect,
    Dismiss,
    Effect,
    Hangup,
    Refuse,
    Rehearse,
    Respond,
    Say,
    SendDigits,
    StartTimer,
    StopTimer,
    TakeOver,
)
from voicecall.core.languages import Language, asks_for_a_moment, is_recording, language as tongue
from voicecall.core.outcome import outcome, unasked
from voicecall.core.rules import Rules, without_model
from voicecall.core.utterances import Concluded

SILENCE = "silence"
"""The timer of a caller who says nothing."""
HANGUP_TRIES = 3
MACHINE_SILENCE = 8.0
"""Seconds after which a machine that says nothing is spoken to all the same."""
MACHINE_BEEP = 2.0
"""Seconds between a machine's last word and the end of its beep."""
SORRY_PATIENCE = 8.0
"""Seconds that the carrier may take to say sorry before the leg is ended."""
AGENT = "agent "
"""What the digits that an agent wants are called by, before the number of its reply."""
LAST_WORDS = 3.0
"""Seconds that transcripts may take once the leg is gone."""
CONCLUSION = 20.0
"""Seconds that the agent may take to say what came of a call that is over."""
CONCLUSION_SLACK = 2.0
"""Seconds after which what the agent said by then is not awaited any more, either."""
RING_SLACK = 5.0
"""Seconds past its ring time-out that the carrier may take to say that nobody answered."""
_DIGIT = 0.6
"""Seconds that a digit may take, with the pause after it."""
_AWAY_SLACK = 3.0
"""Seconds that a leg may take to leave its stream for digits, and to come back."""


def is_asked(press: str) -> bool:
    """Say whether digits are sent for an operation, and not for the call itself or its agent."""
    return bool(press) and not press.startswith(AGENT)


def longest(rules: Rules) -> float:
    """Return for how many seconds a call may take, from when the carrier knows of it: past that, it is over."""
    unanswered = max(rules.ring_timeout + RING_SLACK, rules.stale)
    hanging_up = rules.hangup_patience * HANGUP_TRIES + LAST_WORDS
    return unanswered + rules.max_duration + rules.last_sentence + hanging_up + CONCLUSION + CONCLUSION_SLACK


class Draft:
    """A call under change, and what must be done about it."""

    def __init__(self, call: Call, at: float) -> None:
        self.call = call
        self.at = at
        self.effects: list[Effect] = []

    def set(self, **changes: Any) -> None:
        self.call = msgspec.structs.replace(self.call, **changes)

    def do(self, effect: Effect) -> None:
        self.effects.append(effect)

    def done(self) -> tuple[Call, tuple[Effect, ...]]:
        return self.call, tuple(self.effects)

    def enter(self, phase: Phase) -> None:
        if phase in NEXT[self.call.phase]:
            self.set(phase=phase)

    def start(self, timer: str, seconds: float) -> None:
        self.set(timers=self.call.timers | {timer})
        self.do(StartTimer(timer, seconds))

    def stop(self, *timers: str) -> None:
        for timer in timers:
            if timer in self.call.timers:
                self.set(timers=self.call.timers - {timer})
                self.do(StopTimer(timer))

    def turn(self, result: floor.Result) -> None:
        """Take what turn-taking decided."""
        turns, out = result
        self.set(turns=turns)
        for effect in out:
            match effect:
                case floor.TurnEnded():
                    self.caller_said(effect)
                case floor.TurnWorded(text, since):
                    self.words_known(text, since)
                case StartTimer(name, seconds):
                    self.start(name, seconds)
                case StopTimer(name):
                    self.stop(name)
                case Say(reply):
                    self.reply(reply, effect)
                case Rehearse() if self.call.prompting or self.call.continues or self.call.machine:
                    pass
                case Rehearse() if self.call.mode == "notify" or not self.call.is_live:
                    pass
                case _:
                    self.do(effect)

    def reply(self, reply: int, effect: Say | Respond) -> None:
        """Have a reply made; the mouth reports once what became of it."""
        self.set(reporting=self.call.reporting | {reply}, replying_since=self.at)
        self.do(effect)

    def caller_said(self, ended: floor.TurnEnded) -> None:
        """The caller ended a turn: whoever waits for it has it, else the agent answers, where there is something to."""
        if ended.text:
            self.line(Line(ended.since, "caller", ended.text, keys=ended.keys))
            self.set(reprompted=0, moment=False)
        call, language = self.call, tongue(self.call.rules.turns.language)
        if self.is_asked and ended.text:
            self.answer(ended.text)
        elif self.is_asked and ended.wordless:
            self.turn(saying.release(call.turns))
        elif call.machine:
            self.start("machine", MACHINE_BEEP)
        elif not ended.unanswered or call.keys or call.mode != "conversation" or not call.is_live:
            self.turn(saying.release(call.turns))
        elif ended.wordless:
            self.respond(ended.turn, ended.waited)
        elif not ended.keys and asks_for_a_moment(ended.text, language):
            self.stop(SILENCE)
            self.set(moment=True)
            self.turn(saying.release(call.turns))
        elif not ended.keys and (kind := self.recording(ended.text, language)):
            self.recording_heard(kind)
        else:
            self.respond(ended.turn, None if call.prompting or ended.keys else ended.waited)

    @property
    def is_asked(self) -> bool:
        """Whether somebody waits for the caller's next words, and has had their own said."""
        call = self.call
        return bool(call.continues) and not any(said.reply == call.continue_reply for said in call.turns.queue)

    def answer(self, text: str) -> None:
        """Give the caller's words to whoever waits for them."""
        self.stop("answer")
        self.do(Acknowledge(self.call.continues, {"transcript": text}))
        self.set(continues="", turns=floor.changed(self.call.turns, owed=False))
        self.turn(saying.release(self.call.turns))

    def words_known(self, text: str, since: float) -> None:
        """It is known what the caller said in a turn that the agent heard by itself."""
        lines = self.call.lines
        place = len(lines)
        while place and lines[place - 1].at > since:
            place -= 1
        lines = (*lines[:place], Line(since, "caller", text), *lines[place:])
        language = tongue(self.call.rules.turns.language)
        self.set(lines=lines, reprompted=0, moment=asks_for_a_moment(text, language))
        if self.is_asked:
            self.answer(text)
        elif self.call.is_live and (kind := self.recording(text, language)):
            self.recording_heard(kind)

    def respond(self, turn: int, waited: float | None = None) -> None:
        """Have the agent answer; the floor must be open."""
        turns = saying.respond(self.call.turns)
        self.set(turns=turns, driven=False)
        self.reply(turns.reply, Respond(turns.reply, turn, waited))

    def machine_answered(self) -> None:
        """A machine picked up: hang up, or leave a message once it has had its say."""
        call = self.call
        message = call.rules.machine_message or call.greeting
        if call.rules.machine == "hangup" or not message:
            self.end("voicemail", "A machine answered.")
            return
        if call.turns.reply in call.reporting:
            self.do(CancelReply(call.turns.reply))
        self.stop("notify", "playback")
        self.leave_model()
        self.set(
            turns=saying.drop(call.turns, call.greeting_reply),
            prompts=msgspec.structs.replace(call.prompts, told=(), left=()),
        )
        self.set(machine=True, greeting=message, greeting_state="pending", greeting_reply=0)
        self.greet()

    def leave_model(self) -> None:
        """Go on without a model that hears and speaks: with transcriber, agent and voice, or with the carrier's."""
        if self.call.rules.turns.hears:
            self.set(rules=without_model(self.call.rules))
            self.do(TakeOver())

    def recording(self, text: str, language: Language) -> str:
        """Say what recording speaks, if one does; nobody is taken for a voicemail whom the agent has answered."""
        if self.call.direction != "outbound":
            return ""
        speakers = [line.speaker for line in self.call.lines]
        conversed = "agent" in speakers[speakers.index("caller") :]
        kind = is_recording(text, language)
        return "" if kind == "voicemail" and conversed else kind

    def recording_heard(self, kind: str) -> None:
        """A recording speaks, which nobody answers: a voicemail's greeting, or an announcement to who is on hold."""
        if kind == "voicemail" and self.call.rules.machine != "off":
            self.machine_answered()
            if self.call.is_live:
                self.start("machine", MACHINE_BEEP)
            return
        self.set(moment=kind == "hold")
        self.turn(saying.release(self.call.turns))

    def warn(self, code: str, text: str) -> None:
        self.set(warnings=(*self.call.warnings, Caution(self.at, code, text)))

    def line(self, line: Line) -> None:
        self.set(lines=(*self.call.lines, line))

    def say(self, text: str) -> None:
        """Say it when the floor is open."""
        self.turn(saying.say(self.call.turns, text, protected=False))

    def greet(self, *, machine_silent: bool = False) -> None:
        """Say the opening line, unless it was confirmed or is under way; a machine is heard out first."""
        call = self.call
        if call.phase is not Phase.ACTIVE or call.digits:
            return
        if call.greeting_state == "heard":
            self.told()
        elif call.machine and not machine_silent:
            self.start("machine", MACHINE_SILENCE)
            return
        elif call.greeting_state == "pending":
            rules = call.rules.turns
            outbound = call.direction == "outbound"
            protected = rules.protect_greeting if outbound else rules.protect_inbound_greeting
            self.stop("notify")
            self.set(greeting_state="sending", greeting_reply=call.turns.replies + 1)
            self.turn(saying.say(call.turns, call.greeting, protected=protected, first=True))
        self.turn(saying.connect(self.call.turns))

    def told(self) -> None:
        """The opening line was said as far as it could be: a call that has no more to say ends soon."""
        if self.call.pairing:
            if self.call.greeting_state == "heard":
                self.end("completed")
        elif (self.call.mode == "notify" or self.call.machine) and self.call.is_live:
            self.start("notify", self.call.rules.notify_hangup_delay)

    def end(self, reason: EndReason, detail: str | None = None, *, sorry: bool = False) -> None:
        """Settle why the call ends, once, and hang up if there is anything to hang up; the carrier may say `sorry`."""
        if not self.call.is_live:
            return
        if self.call.pairing and reason in ("completed", "hangup-user", "timeout"):
            reason, detail = "rejected", pairing.TOLD if self.call.greeting_state == "heard" else pairing.UNTOLD
        self.stop(*sorted(self.call.timers))
        self.set(phase=Phase.ENDING, end_reason=reason, end_detail=detail)
        if self.call.turns.reply in self.call.reporting:
            self.do(CancelReply(self.call.turns.reply))
        self.set(turns=saying.stop(self.call.turns))
        self.start("settle", LAST_WORDS if self.call.leg_over else self.call.rules.hangup_patience * HANGUP_TRIES)
        if sorry and not self.call.leg_over:
            self.do(Dismiss(tongue(self.call.rules.turns.language).sorry))
            self.start("hangup", SORRY_PATIENCE)
        else:
            self.hang_up()
        self.settle()

    def press_first_digits(self) -> None:
        """Send the digits that come before anything is said, once."""
        if self.call.digits and "" not in self.call.presses:
            self.press("", self.call.digits)

    def press(self, operation: str, digits: str) -> None:
        """Have digits sent, for which the leg may leave its media stream, or the prompt at hand."""
        call = self.call
        if call.away:
            self.set(presses=(*call.presses, operation), later=(*call.later, (operation, digits)))
            return
        leaves = call.rules.can.digits_end_stream and (call.stream is not None or call.prompting)
        presses = call.presses if operation in call.presses else (*call.presses, operation)
        self.set(presses=presses, away=_DIGIT * len(digits) + _AWAY_SLACK if leaves else 0.0)
        if leaves and call.prompting:
            self.start("prompt", self.call.away)
        self.do(SendDigits(operation, digits))

    def back(self) -> None:
        """The leg is back from sending digits, if it was away; there may be more."""
        self.set(away=0.0)
        if self.call.later:
            (operation, digits), *rest = self.call.later
            self.set(later=tuple(rest))
            self.press(operation, digits)

    def hang_up(self) -> None:
        if not self.call.leg_over and self.call.carrier_call_id is not None:
            self.set(hangups=self.call.hangups + 1)
            self.do(Hangup())

    def settle(self, *, force: bool = False) -> None:
        """Close the call once its leg is gone and its last words are known; there may be an outcome to be asked for."""
        call = self.call
        if call.phase is not Phase.ENDING or call.concluding == "asked":
            return
        words_due = call.reporting or call.turns.speaking or call.turns.awaited or call.turns.untold
        if not force and (not call.leg_over or words_due):
            return
        self.stop(*sorted(call.timers))
        self.last_words()
        refused = [*call.speaks.values(), *(press for press in call.presses if is_asked(press))]
        if call.continues and call.turns.words:
            self.do(Acknowledge(call.continues, {"transcript": call.turns.text}))
        elif call.continues:
            refused.append(call.continues)
        for operation in refused:
            self.do(Refuse(operation, "call-over", f"the call ended: {call.end_reason}"))
        self.set(
            ended_at=call.ended_at or self.at,
            stream=None,
            turns=saying.forget(self.call.turns),
            reporting=frozenset(),
            speaks={},
            presses=(),
            continues="",
        )
        for operation in self.call.ends:
            self.do(Acknowledge(operation, {}))
        self.set(ends=())
        why = unasked(self.call)
        if why or not call.wants_outcome:
            self.close(Concluded(error=why))
            return
        self.set(concluding="asked")
        self.start("conclude", CONCLUSION + CONCLUSION_SLACK)
        self.do(Conclude())

    def close(self, concluded: Concluded) -> None:
        """Nothing is awaited any more: the call is over."""
        self.stop(*sorted(self.call.timers))
        self.set(phase=Phase.ENDED, concluding="", outcome=outcome(self.call, concluded))

    def last_words(self) -> None:
        """Keep what the caller said of a turn that will not be finished, and the keys of such an entry."""
        turns = self.call.turns
        if turns.words:
            self.line(Line(turns.since, "caller", turns.text))
        if self.call.keys:
            self.line(Line(self.at, "caller", self.call.keys, keys=True))
            self.set(keys="")

    def leg_over(self) -> None:
        """The carrier's leg is gone: nothing is left to hang up, and little to wait for."""
        if self.call.leg_over:
            return
        self.set(leg_over=True)
        self.stop("hangup")
        if self.call.phase is Phase.ENDING:
            self.start("settle", LAST_WORDS)

    def answered(self) -> None:
        if self.call.answered_at is None:
            self.set(answered_at=self.at)
            self.stop("ring", "stale")
            self.set(asked="" if self.call.asked == "stale" else self.call.asked)
            self.start("max-duration", self.call.rules.max_duration)
            self.start("stream-start", self.call.rules.stream_start)

    def connect(self) -> None:
        """Have a media stream opened; one that there was counts no more."""
        self.stop("playback", "stream-grace", "ask")
        self.set(connects=self.call.connects + 1, redirected=False, stream=None, asked="")
        self.do(Connect())
        self.start("stream-start", self.call.rules.stream_start)

    def redirect(self) -> None:
        """Have a media stream opened on a leg that does not ask for one, and counted once should it ask thereupon."""
        self.connect()
        self.set(redirected=self.call.rules.can.redirects_on_close)

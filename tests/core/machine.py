"""State machines that play any order of events on a call."""

from __future__ import annotations

from typing import Any, Literal

from hypothesis import HealthCheck, Phase, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.core.manners import ARE_YOU_THERE
from tests.core.watch import FLOOR_TIMERS
from tests.core.world import LEG, TWICE, World, arrived, placed
from voicecall.core import events as ev
from voicecall.core.floor import Floor
from voicecall.core.rules import Capabilities, Rules, TurnRules

TEXTS = st.sampled_from(
    [
        *("", "", "mhm", "yes please number {}.", "yes please number {}.", "then {} and", "perhaps {}"),
        *("number {}, one moment please.", "All our agents {} are busy.", "Leave a message {} after the tone."),
    ]
)
CAUSES = st.sampled_from(["completed", "busy", "no-answer", "failed", "canceled", "voicemail", "rejected"])
MISFORTUNES = (
    *("leg ends", "dial fails", "stream drops", "stream drops", "ears fail", "end is asked"),
    *("restart", "restart", "crash", "conclusion", "stray hang-up", "stray answer"),
    *("carrier asks", "carrier asks", "stream is refused", "stream is refused", "late verdict", "prompt fails"),
)
MOUTH = ("", "", *("finished",) * 4, "unconfirmed", "failed", "farewell", "keys", "news", "outcome")
TIMERS = ("endpoint", "transcript", "barge-in", "settle", "ring", "max-duration", "notify", "playback", "keys")
MODELS: tuple[dict[str, Any], ...] = (
    {},
    {"hears": True},
    {"hears": True, "endpoints": "provider"},
    {"hears": True, "endpoints": "provider", "interrupts": "provider"},
)
"""Who decides about turns, where one model hears and speaks."""


def _turn_rules(model: dict[str, Any], **rules: Any) -> TurnRules:
    return TurnRules(**{**rules, "early": rules["early"] and not model}, **model)


_MANNERS: dict[str, Any] = dict(  # noqa: C408 - reads as the call that it is for
    barge_in=st.sampled_from([True, True, False]),
    protect_greeting=st.booleans(),
    protect_inbound_greeting=st.booleans(),
    early=st.booleans(),
    silence=st.sampled_from([10.0, 10.0, 0.0]),
    reprompts=st.sampled_from([0, 1, 1]),
    reprompt=st.sampled_from([ARE_YOU_THERE, ARE_YOU_THERE, ""]),
    goodbye=st.sampled_from(["Goodbye.", ""]),
    digits_count=st.sampled_from([0, 2]),
)
TURN_RULES = st.builds(_turn_rules, model=st.sampled_from([*(MODELS[0],) * 3, *MODELS[1:]]), **_MANNERS)
FACULTIES = ("prompts", "redirects", "digits_end_stream", "listens_apart")
CAN = st.builds(Capabilities, **dict.fromkeys(FACULTIES, st.booleans()))
RULES = st.builds(
    Rules,
    stale=st.sampled_from([0.0, 120.0]),
    turns=TURN_RULES,
    machine=st.sampled_from(["off", "off", "message", "hangup"]),
    can=CAN,
    streaming=st.sampled_from([True, True, False]),
)
GREETINGS = st.sampled_from(["Good day.", ""])
MODEL_RULES = st.builds(
    Rules,
    turns=st.builds(_turn_rules, model=st.sampled_from(MODELS[1:]), **_MANNERS),
    machine=st.sampled_from(["off", "off", "message"]),
    can=CAN,
)
CONVERSED = st.one_of(
    st.builds(arrived, greeting=GREETINGS, rules=MODEL_RULES),
    st.builds(placed, greeting=GREETINGS, rules=MODEL_RULES),
)
BEGINNINGS = st.one_of(
    st.builds(arrived, greeting=GREETINGS, rules=RULES),
    st.builds(placed, greeting=GREETINGS, rules=RULES, digits=st.sampled_from(["", "", "12"])),
    st.builds(
        placed, rules=RULES, objective=st.just("Book a table."), schema=st.sampled_from([None, {"type": "object"}])
    ),
    st.builds(placed, mode=st.just("notify"), rules=RULES),
)


def play(machine: type[RuleBasedStateMachine], examples: int) -> None:
    """Play that many sequences, the same ones every time."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


class CallMachine(RuleBasedStateMachine):
    """One call in a world where anything may happen at any time."""

    @initialize(beginning=BEGINNINGS, connected=st.sampled_from([True, True, True, False]))
    def begin(self, beginning: ev.Placed | ev.Arrived, connected: bool) -> None:
        self.world = World(beginning)
        if connected:
            if isinstance(beginning, ev.Placed):
                self.world.feed(ev.Dialled(LEG))
            if not self.world.call.prompting:
                self.world.next_stream()
            elif not self.world.waiting:
                self.world.feed(ev.DocumentAsked())

    # --- the carrier

    @precondition(lambda self: self.world.call.stream is None)
    @rule(
        event=st.sampled_from([ev.Dialled(LEG), ev.Ringing(), ev.Answered(), ev.Answered(True), ev.DocumentAsked()]),
    )
    def the_carrier_reports(self, event: ev.Event) -> None:
        self.world.feed(event)

    @precondition(lambda self: self.world.hanging_up)
    @rule(failed=st.booleans())
    def the_hangup_is_answered(self, failed: bool) -> None:
        self.world.feed(ev.HangupFailed("503") if failed else ev.HangupAccepted())

    @precondition(lambda self: self.world.asked)
    @rule(answer=st.sampled_from(["alive", "alive", "gone", "unknown"]))
    def the_carrier_answers(self, answer: str) -> None:
        self.world.feed(ev.CarrierAsked(answer))  # type: ignore[arg-type]

    @precondition(lambda self: self.world.digits)
    @rule(error=st.sampled_from(["", "unsupported"]))
    def digits_are_sent(self, error: str) -> None:
        self.world.feed(ev.DigitsSent(min(self.world.digits), error))

    @precondition(lambda self: not (self.world.hanging_up or self.world.asked or self.world.digits))
    @rule(index=st.integers(0, 40), name=st.sampled_from(TIMERS))
    def a_fact_comes_twice_or_late(self, index: int, name: str) -> None:
        facts = [event for _, event in self.world.log if isinstance(event, TWICE)]
        facts = [event for event in facts if getattr(event, "segment", 0) not in self.world.unheard]
        if facts and index % 4:
            self.world.again(facts[index % len(facts)])
        elif name not in self.world.timers:
            self.world.again(ev.TimerFired(name))

    @precondition(lambda self: self.world.prompt is not None)
    @rule(
        text=st.one_of(st.just(""), TEXTS),
        which=st.sampled_from(["newest", "newest", "newest", "unnumbered", "stale"]),
        after=st.sampled_from([0.5, 5.0]),
    )
    def a_prompt_comes_back(self, text: str, which: str, after: float) -> None:
        world, lines, newest = self.world, self.world.call.lines, max(self.world.prompted)
        number = {"newest": newest, "unnumbered": 0, "stale": newest - 1}[which]
        text = text if world.prompt and world.prompt.listen else ""
        if world.listens and not text and which != "unnumbered":
            world.feed(ev.Told(number), after=after)
        else:
            world.feed(ev.Gathered(number, text.format(len(world.log))), after=after)
        assert which != "stale" or not number or world.call.lines == lines, "a stale prompt was taken for the newest"

    # --- the media plane

    @precondition(lambda self: self.world.call.stream is None and self.world.call.is_live)
    @rule()
    def a_stream_starts(self) -> None:
        if self.world.call.carrier_call_id is not None:
            self.world.next_stream()

    @precondition(lambda self: not self.world.speaking and self.world.call.stream is not None)
    @rule(lead=st.sampled_from([0.1, 0.3]))
    def the_caller_speaks(self, lead: float) -> None:
        self.world.next_segment(lead)

    @precondition(lambda self: not self.world.speaking and self.world.call.stream is not None)
    @rule(text=TEXTS, sure=st.booleans())
    def the_caller_says(self, text: str, sure: bool) -> None:
        world = self.world
        world.next_segment()
        segment = world.segments
        if sure:
            world.feed(ev.SpeechSure(segment))
        world.feed(ev.SpeechStopped(segment, 0.2), after=1.0)
        world.feed(ev.Heard(segment, text.format(len(world.log))))

    @precondition(lambda self: self.world.speaking)
    @rule(after=st.sampled_from([0.1, 2.0]))
    def the_caller_falls_silent(self, after: float) -> None:
        self.world.feed(ev.SpeechStopped(self.world.speaking, 0.2), after=after)

    @precondition(lambda self: self.world.speaking)
    @rule()
    def it_is_speech_for_sure(self) -> None:
        self.world.feed(ev.SpeechSure(self.world.speaking))

    @precondition(lambda self: self.world.call.turns.floor in (Floor.CALLER, Floor.PAUSE))
    @rule(sign=st.sampled_from(["likely", "over", "unlikely"]))
    def the_pause_is_judged(self, sign: Literal["likely", "over", "unlikely"]) -> None:
        self.world.feed(ev.TurnSigned(sign))

    @rule(digit=st.sampled_from(["", "4", "2", "#"]))
    def a_key_is_pressed(self, digit: str) -> None:
        if digit:
            self.world.feed(ev.DigitPressed(digit))

    @precondition(lambda self: self.world.unheard)
    @rule(text=TEXTS, newest=st.booleans(), final=st.sampled_from([True, True, False]))
    def words_are_made_out(self, text: str, newest: bool, final: bool) -> None:
        segment = (max if newest else min)(self.world.unheard)
        text = text.format(len(self.world.log))
        if not final:
            self.world.feed(ev.PartlyHeard(segment, text))
        elif segment != self.world.speaking:
            self.world.feed(ev.Heard(segment, text))

    @precondition(lambda self: self.world.replies)
    @rule(end=st.sampled_from(MOUTH), heard=st.booleans())
    def the_mouth_reports(self, end: str, heard: bool) -> None:
        world, (reply, how) = self.world, min(self.world.replies.items())
        text = f"It is reply {reply}."
        if how == "cancelled":
            world.feed(ev.PlaybackStopped(reply, text, "It is" if heard else ""))
        elif how == "due" and end == "failed":
            world.feed(ev.ReplyFailed(reply, "the service is down", voice=heard))
        elif end == "farewell":
            world.feed(ev.FarewellAsked(reply))
        elif end == "keys":
            world.feed(ev.KeysWanted(reply, "1w2"))
        elif end == "news":
            world.feed(ev.Volunteered("It is on its way."))
        elif end == "outcome":
            world.feed(ev.OutcomeNoted("booked", f"after {len(world.log)} facts"))
        elif reply in world.in_words:
            if how == "due":
                world.feed(world.worded(reply) if end else ev.ReplyWorded(reply, ""))
        elif how == "due":
            world.feed(ev.PlaybackStarted(reply))
        elif not end:
            world.feed(ev.PlaybackConfirmed(reply))
        elif end == "failed":
            world.feed(ev.ReplyFailed(reply, "the service is down", text, "It is" if heard else ""))
        else:
            world.feed(ev.PlaybackFinished(reply, text, end == "finished"), after=1.0)

    # --- whoever asks, and ourselves

    @rule(what=st.sampled_from([*MISFORTUNES, *("nothing",) * 30]), cause=CAUSES)
    def something_rare_happens(self, what: str, cause: str) -> None:
        world, done = self.world, self.world.unheard - {self.world.speaking}
        match what:
            case "leg ends":
                world.feed(ev.CarrierEnded(cause))  # type: ignore[arg-type]
            case "dial fails":
                world.feed(ev.DialFailed("no such number"))
            case "stream drops" if world.call.stream is not None:
                world.feed(ev.StreamStopped(world.call.stream))
            case "ears fail" if done:
                world.feed(ev.EarsFailed(min(done), "the service is down"))
            case "end is asked":
                world.feed(ev.EndAsked(world.next_operation()))
            case "conclusion":
                world.feed(ev.Concluded(error="It broke."))
            case "restart" if not world.call.is_over:
                world.feed(ev.Adopted("another"))
            case "carrier asks" if world.call.carrier_call_id is not None:
                world.feed(ev.DocumentAsked())
            case "stream is refused":
                world.feed(ev.StreamDenied("wrong call"))
            case "late verdict" if world.call.is_live:
                world.feed(ev.Answered(machine=True))
            case "prompt fails" if world.prompt is not None:
                world.feed(ev.PromptFailed("503", world.prompt.number))
            case "crash":
                world.feed(ev.Crashed("a fault"))
            case "stray hang-up" if world.call.is_live or world.call.leg_over:
                world.again(ev.HangupAccepted() if cause == "busy" else ev.HangupFailed("503"))
            case "stray answer" if not world.call.asked:
                world.again(ev.CarrierAsked("gone"))

    @precondition(lambda self: len(self.world.operations) < 3)
    @rule(what=st.sampled_from(["speak", "continue", "digits"]))
    def somebody_asks(self, what: str) -> None:
        operation = self.world.next_operation()
        if what == "speak":
            self.world.feed(ev.SpeakAsked(operation, "One moment."))
        elif what == "continue":
            self.world.feed(ev.ContinueAsked(operation, "And your name?"))
        else:
            self.world.feed(ev.DigitsAsked(operation, "1w2"))

    @precondition(lambda self: not FLOOR_TIMERS.isdisjoint(self.world.timers))
    @rule()
    def the_floor_is_timed(self) -> None:
        self.world.fire(min(FLOOR_TIMERS & set(self.world.timers)))

    @precondition(lambda self: "silence" in self.world.timers)
    @rule()
    def nobody_speaks(self) -> None:
        self.world.fire("silence")

    @precondition(lambda self: self.world.timers)
    @rule(index=st.integers(0, 40))
    def a_timer_goes_off(self, index: int) -> None:
        names = sorted(self.world.timers, key=lambda name: self.world.timers[name])
        if "hangup" in names and "settle" in names:
            names.remove("settle")
        if index < 2 * len(names):
            self.world.fire(names[index % len(names)])

    @rule()
    def it_grows_quiet(self) -> None:
        self.world.calm()

    def teardown(self) -> None:
        if hasattr(self, "world") and self.world.sound:
            self.world.calm()
            self.world.finish()


class TroubledMachine(CallMachine):
    """One call whose media streams are a matter of luck, and whose caller leaves it time for that."""

    the_caller_says = None  # type: ignore[assignment]

    @precondition(lambda self: self.world.call.is_live and not self.world.call.prompting)
    @rule(what=st.sampled_from(["drops", "carrier asks", "carrier asks", "is refused", "is lost", "is unheard"]))
    def a_stream_gives_trouble(self, what: str) -> None:
        world, stream = self.world, self.world.call.stream
        match what:
            case "drops" if stream is not None:
                world.feed(ev.StreamStopped(stream))
            case "carrier asks" if world.call.carrier_call_id is not None:
                world.feed(ev.DocumentAsked())
            case "is refused":
                world.feed(ev.StreamDenied("expired"))
            case "is lost" if "stream-grace" in world.timers:
                world.fire("stream-grace")
                world.feed(ev.CarrierAsked("alive"))
            case _:
                if "due" in world.replies.values():
                    world.feed(ev.PlaybackStarted(max(world.replies)))
                if "playback" in world.timers:
                    world.fire("playback")


class ModelMachine(CallMachine):
    """One call whose agent is a model that hears and speaks, as long as there is one."""

    @initialize(beginning=CONVERSED, connected=st.sampled_from([True, True, True, False]))
    def begin(self, beginning: ev.Placed | ev.Arrived, connected: bool) -> None:
        super().begin(beginning, connected)

    @precondition(lambda self: self.world.call.rules.turns.hears and self.world.call.stream is not None)
    @rule(sure=st.booleans(), lasts=st.booleans(), interrupts=st.booleans(), text=TEXTS)
    def the_caller_takes_a_turn(self, sure: bool, lasts: bool, interrupts: bool, text: str) -> None:
        world = self.world
        if not world.speaking:
            world.next_segment()
        segment = world.speaking
        if sure:
            world.feed(ev.SpeechSure(segment))
        if interrupts:
            world.feed(ev.BargedIn())
        if not lasts:
            world.feed(ev.SpeechStopped(segment, 0.2), after=0.5)
        world.feed(ev.TurnSigned("over"))
        if lasts:
            world.feed(ev.SpeechStopped(segment, 0.2), after=0.5)
        if text and segment in world.unheard:
            world.feed(ev.Heard(segment, text.format(len(world.log))))

    @precondition(lambda self: self.world.call.rules.turns.hears)
    @rule(answers=st.booleans())
    def the_model_asks_the_agent(self, answers: bool) -> None:
        self.world.feed(ev.ConsultBegan(len(self.world.log)))
        if answers:
            self.world.feed(ev.ConsultOver(max(self.world.call.consults, default=0)))

    @precondition(lambda self: self.world.call.rules.turns.hears)
    @rule(what=st.sampled_from(["interrupted", "interrupted", "lost", *("",) * 5, "hopeless"]))
    def the_model_gives_trouble(self, what: str) -> None:
        if what == "interrupted":
            self.world.feed(ev.BargedIn())
        elif what:
            self.world.feed(ev.ModelLost("It went away.", what == "hopeless"))

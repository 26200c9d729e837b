"""The machines find what they are there to find: every planted fault, within a bounded number of examples."""

from __future__ import annotations

import inspect
import textwrap
from types import FunctionType

import pytest

from tests.core.machine import CallMachine, ModelMachine, TroubledMachine, play
from tests.core.turns_machine import TurnsMachine
from voicecall.core import keys, leg, patience, prompting, realtime, replies, rescue, saying, step, timers, turns
from voicecall.core.draft import Draft

FAULTS: dict[str, tuple[object, str, str, str]] = {
    "an interruption does not cancel the reply": (turns, "_yield", ", CancelReply(turns.reply))", ",)"),
    "a resumed reply leaves the floor held": (turns, "_resume", "floor=Floor.AGENT", "floor=turns.floor"),
    "noise is answered": (turns, "_end_turn", "said = bool(text) or", "said = True or"),
    "a protected reply is held": (turns, "_yields", "not turns.protected and", ""),
    "a finished reply keeps the floor": (saying, "reply_over", "protected=False, floor=Floor.OPEN", "protected=False"),
    "what waits is never said": (saying, "reply_over", "return _next(turns)", "return turns, ()"),
    "speech that was nothing holds the reply": (turns, "timer_fired", "else _resume(turns)", "else (turns, ())"),
    "late words are lost": (turns, "_give_up", "turns.late | turns.awaited", "turns.late"),
    "words are spoken over": (turns, "speech_started", "floor=Floor.CALLER, due=False", "due=False"),
    "timers run on after the end": (Draft, "close", "self.stop(*sorted(self.call.timers))", "pass"),
    "the outcome is asked for twice": (Draft, "settle", ' or call.concluding == "asked"', ""),
    "an outcome is waited for in vain": (timers, "fired", "draft.close(Concluded(error=outcome.LATE))", "pass"),
    "the last words are not waited for": (Draft, "settle", " or words_due", ""),
    "an unfinished turn is lost": (Draft, "last_words", "if turns.words", "if not turns.words"),
    "an operation is forgotten": (
        Draft,
        "settle",
        "call.speaks.values(), *(press for press in call.presses if is_asked(press))",
        "[]",
    ),
    "an operation is answered twice": (replies, "_tell_speaker", "draft.set(speaks=", "dict(speaks="),
    "a leg that is over is hung up": (Draft, "hang_up", "not self.call.leg_over and", ""),
    "a call ends without a hang-up": (Draft, "end", "self.hang_up()", "pass"),
    "a hang-up is hung up again": (
        step,
        "_take",
        "HangupAccepted():\n            draft.leg",
        "HangupAccepted():\n            draft.hang_up()\n            draft.leg",
    ),
    "the opening line is repeated": (replies, "heard_out", '"heard" if confirmed else "pending"', '"pending"'),
    "a phase goes back": (Draft, "enter", "if phase in NEXT[self.call.phase]", "if True"),
    "nothing is ignored": (step, "step", 'return call, (Ignored(f"', 'return call, tuple(str(f"'),
    "a dead process leaves its timers": (leg, "adopted", "timers=frozenset(),", ""),
    "a stale prompt is accepted": (prompting, "gathered", "if prompt not in (0, prompts.number):", "if False:"),
    "a prompt is repeated after it was heard": (
        prompting,
        "_part_over",
        "told=told, left=left",
        "told=told, left=call.prompts.left",
    ),
    "a carrier that comes back is left waiting": (prompting, "_back", "_prompts(draft, waiting=True)", "pass"),
    "the words of the agent are never told": (prompting, "worded", "waiting=True, reply=reply", "reply=reply"),
    "a call by prompts asks for a stream": (step, "_asked", "if draft.call.prompting:", "if draft.call.denials:"),
    "media streams are not counted": (Draft, "connect", "self.call.connects + 1", "self.call.connects"),
    "the fall-back forgets the opening line": (
        rescue,
        "fall_back",
        '"pending" if call.greeting_state == "sending" else call.greeting_state',
        "call.greeting_state",
    ),
    "an answer is rehearsed for half of the words": (turns, "pause", " and not turns.awaited", ""),
    "a sound in doubt holds the reply": (
        turns,
        "speech_started",
        "return _hold(turns, StartTimer(BARGE_IN, rules.barge_in_doubt))",
        "return _hold(turns)",
    ),
    "a sound in doubt holds the reply for long": (turns, "speech_started", "rules.barge_in_doubt", "1.5"),
    "keys are lost at the end": (Draft, "last_words", "if self.call.keys", "if not self.call"),
    "keys are entered twice": (keys, "entered", 'draft.set(keys="")', "pass"),
    "silence is never timed": (patience, "attend", "draft.start(SILENCE, ", "max(0.0, "),
    "silence is timed while somebody speaks": (
        patience,
        "_is_the_callers_turn",
        "call.turns.floor is Floor.OPEN",
        "True",
    ),
    "silence is timed while an operation drives": (patience, "_is_the_callers_turn", "not call.driven", "True"),
    "the caller is asked without end": (patience, "silent", "call.reprompted + 1", "call.reprompted"),
    "who asks for a moment is answered": (
        Draft,
        "caller_said",
        "elif not ended.keys and asks",
        "elif ended.keys and asks",
    ),
    "what came of the call is lost": (step, "_take", "Outcome(disposition, summary, data)", "call.outcome"),
    "the turn of a model is not answered": (turns, "_over", "return _end_turn", "return turns, () or _end_turn"),
    "the words of a models turn are lost": (turns, "_end_turn", "(*turns.untold, untold)", "turns.untold"),
    "a model is interrupted in vain": (turns, "barged_in", "return _yield(turns, rules, at)", "return turns, ()"),
    "a model that is lost goes on speaking": (realtime, "lost", "draft.do(CancelReply(call.turns.reply))", "pass"),
    "a late failure ends a call that was dialled": (step, "_take", "if call.carrier_call_id is None:", "if True:"),
}


def plant(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, right: str, wrong: str) -> None:
    """Replace a function by itself with one text changed."""
    function = getattr(owner, name)
    assert isinstance(function, FunctionType)
    source = textwrap.dedent(inspect.getsource(function))
    assert right in source
    faulty: dict[str, object] = {}
    exec(  # noqa: S102 - our own source
        compile("from __future__ import annotations\n" + source.replace(right, wrong, 1), name, "exec"),
        function.__globals__,
        faulty,
    )
    monkeypatch.setattr(owner, name, faulty[name])


@pytest.mark.parametrize("fault", FAULTS)
def test_the_machines_find_a_planted_fault(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, *mistake = FAULTS[fault]
    plant(monkeypatch, owner, *mistake)
    with pytest.raises((AssertionError, KeyError, ValueError)):
        find(owner)


def find(owner: object) -> None:
    """Play what finds the mistakes of this room, the quickest first."""
    if owner in (turns, saying):
        play(TurnsMachine, 100)
    elif owner in (leg, prompting, replies, rescue):
        play(TroubledMachine, 500)
    if owner in (turns, realtime):
        play(ModelMachine, 900)
    play(CallMachine, 1500)
    play(TroubledMachine, 500)

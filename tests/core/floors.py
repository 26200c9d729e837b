"""Who has the floor: states of turn-taking that have come so far."""

from __future__ import annotations

from voicecall.core import saying, turns
from voicecall.core.effects import StopTimer
from voicecall.core.floor import Turns
from voicecall.core.rules import TurnRules

RULES = TurnRules()
DEAF = TurnRules(barge_in=False)
EARLY = TurnRules(early=True)
WAITING = (StopTimer("endpoint"), StopTimer("transcript"))
OPEN, _ = saying.connect(Turns())


def speaking(segment: int = 1, at: float = 100.0) -> Turns:
    """The caller has the floor."""
    state, _ = turns.speech_started(OPEN, RULES, segment, 0.2, at)
    return state


def silent(text: str | None, at: float = 102.0) -> Turns:
    """The caller said `text` (None: it is not known yet) and fell silent 0.2 s before `at`."""
    state, _ = turns.speech_stopped(speaking(), RULES, 1, 0.2, at)
    if text is not None:
        state, _ = turns.heard(state, RULES, 1, text, at)
    return state


def thinking() -> Turns:
    """The agent makes an answer to the caller's first turn."""
    state, _ = turns.timer_fired(silent("What time is it?"), RULES, "endpoint", 103.0)
    return saying.respond(state)


def talking(*, protected: bool = False) -> Turns:
    """The agent is heard."""
    state, _ = saying.say(OPEN, "Good day to you.", protected=protected)
    state, _ = saying.playback_started(state, 1)
    return state


def held() -> Turns:
    """The agent was cut short by something."""
    state, _ = turns.speech_started(talking(), RULES, 1, 0.2, 100.0)
    return state

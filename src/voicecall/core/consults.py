"""What a model that hears and speaks asks the agent behind it, and is told of what it wanted done. Pure."""

from __future__ import annotations

from voicecall.core.draft import Draft
from voicecall.core.effects import DropConsults, Inform


def attend(draft: Draft) -> None:
    """Give up the questions of a model that is gone, or whose call ends."""
    if not draft.call.is_live or not draft.call.rules.turns.hears:
        drop(draft)


def drop(draft: Draft) -> None:
    """Nobody waits for the answers any more."""
    if draft.call.consults:
        draft.set(consults=frozenset())
        draft.warn("consult-cancelled", "The agent was still at work on a question when nobody waited for it any more.")
        draft.do(DropConsults())


def unsent(draft: Draft, error: str) -> None:
    """Keys that the agent wanted pressed could not be sent."""
    draft.warn("dtmf", f"The agent's digits could not be sent: {error}")
    if draft.call.rules.turns.hears:
        draft.do(Inform("[The keys could not be sent: the other side has not received them.]"))

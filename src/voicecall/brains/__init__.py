"""The mind: who answers. One small port that streams text; one file per kind."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Literal, Protocol

import msgspec


class Line(msgspec.Struct, frozen=True):
    """One line of the conversation. For the agent, `text` is what the caller heard of it, not what was planned."""

    speaker: Literal["agent", "caller"]
    text: str
    interrupted: bool = False


class Conversation(msgspec.Struct, frozen=True):
    """Everything an agent is told when it is its turn."""

    call_id: str
    direction: Literal["inbound", "outbound"]
    from_: str
    to: str
    lines: tuple[Line, ...]
    """From the first to the last; the last is the caller's."""
    objective: str = ""
    now: float = 0.0
    """Unix seconds."""
    seconds_left: float | None = None
    """Until the call is ended by its cap, once that is near."""


class HangUpAfter(msgspec.Struct, frozen=True):
    """The agent wants the call ended once what it said was heard."""


class Brain(Protocol):
    """Answers the caller. Shared by all calls: everything it needs is in the conversation."""

    def reply(self, conversation: Conversation) -> AsyncGenerator[str | HangUpAfter, None]:
        """Yield the answer as pieces of text, as soon as they exist; closing the iterator cancels the work.

        Raises:
            AgentError: there is no answer, or no more of it.
        """

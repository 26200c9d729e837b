"""What `http` and `command` tell an agent and what it may answer, as JSON. Pure; docs/brains.md is its reference."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from . import Conversation, HangUpAfter, Inquiry, Line, NoteOutcome, Opening, PressKeys, Said

_KEYS = re.compile(r"[0-9*#A-Dw]{1,64}")


class _Line(msgspec.Struct, omit_defaults=True):
    speaker: Literal["agent", "caller"]
    text: str
    interrupted: bool = False
    keys: bool = False
    asked: bool = False


class Turn(msgspec.Struct, rename="camel", omit_defaults=True):
    """A question."""

    call_id: str
    turn: int
    """Counts the questions of a call, from 1."""
    text: str
    """The caller's last words, the keys they pressed, or what the model that speaks with them asks."""
    lines: list[_Line]
    direction: Literal["inbound", "outbound"]
    from_: str = msgspec.field(name="from")
    to: str
    language: str
    objective: str
    seconds_left: float | None
    """Until the call is ended by its cap, once that is near."""
    read_only: bool = False
    """Whether the agent is to look things up only, and to change nothing."""


class Start(msgspec.Struct, rename="camel"):
    """A call begins."""

    call_id: str
    direction: Literal["inbound", "outbound"]
    from_: str = msgspec.field(name="from")
    to: str
    language: str


class Ask(msgspec.Struct, rename="camel"):
    """The call is over: what came of it?"""

    type: Literal["outcome"]
    call_id: str
    turn: int
    lines: list[_Line]
    direction: Literal["inbound", "outbound"]
    from_: str = msgspec.field(name="from")
    to: str
    language: str
    objective: str
    schema: dict[str, Any] | None
    """JSON Schema of the `data` that are wanted."""
    outcome: Outcome | None
    """What was noted during the call."""
    faults: list[str]
    """What was wrong with the `data` that were given before."""


class Outcome(msgspec.Struct):
    """What came of the call."""

    disposition: str
    summary: str = ""
    data: dict[str, Any] = {}


class Answer(msgspec.Struct, rename="camel"):
    """An answer, or a part of one. Other members are passed over."""

    text: str | None = None
    spoken: str | None = None
    """Another name of `text`."""
    hang_up: bool = False
    press: str = ""
    outcome: Outcome | None = None

    def said(self) -> list[Said]:
        """Return it as the port wants it.

        Raises:
            ValueError: the keys to press are none.
        """
        text = self.text if self.text is not None else self.spoken
        items: list[Said] = [] if text is None else [text]
        if self.press:
            items.append(pressed(self.press))
        if self.outcome is not None:
            items.append(noted(self.outcome))
        if self.hang_up:
            items.append(HangUpAfter())
        return items


def pressed(digits: str) -> PressKeys:
    """Return the keys as something to be done.

    Raises:
        ValueError: they are not such that a telephone has.
    """
    if not _KEYS.fullmatch(digits):
        raise ValueError("the keys to press are not of 0-9, *, #, A-D and w")
    return PressKeys(digits)


def noted(outcome: Outcome) -> NoteOutcome:
    """Return the outcome as something to be done."""
    return NoteOutcome(outcome.disposition, outcome.summary, outcome.data)


def _line(line: Line) -> _Line:
    return _Line(line.speaker, line.text, line.interrupted, line.keys, line.asked)


def turn(conversation: Conversation, number: int) -> Turn:
    """Return the question that a conversation has come to."""
    return Turn(
        call_id=conversation.call_id,
        turn=number,
        text=conversation.lines[-1].text if conversation.lines else "",
        lines=[_line(line) for line in conversation.lines],
        direction=conversation.direction,
        from_=conversation.from_,
        to=conversation.to,
        language=conversation.language,
        objective=conversation.objective,
        seconds_left=conversation.seconds_left,
        read_only=conversation.read_only,
    )


def question(inquiry: Inquiry, number: int) -> Ask:
    """Return the question what came of a call."""
    call, noted = inquiry.conversation, inquiry.noted
    return Ask(
        type="outcome",
        call_id=call.call_id,
        turn=number,
        lines=[_line(line) for line in call.lines],
        direction=call.direction,
        from_=call.from_,
        to=call.to,
        language=call.language,
        objective=call.objective,
        schema=inquiry.schema,
        outcome=Outcome(noted.disposition, noted.summary, noted.data) if noted is not None else None,
        faults=list(inquiry.faults),
    )


def start(call: Opening) -> Start:
    """Return what is told of a call that begins."""
    return Start(call.call_id, call.direction, call.from_, call.to, call.language)

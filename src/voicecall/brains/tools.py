"""What a language model can do on the phone besides talking: hang up, press keys, note what came of the call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple, Protocol

import msgspec
from msgspec import Meta

from voicecall.brains import Conversation, HangUpAfter, NoteOutcome, PressKeys


class _HangUp(msgspec.Struct):
    pass


class _Press(msgspec.Struct):
    digits: Annotated[
        str,
        Meta(pattern="^[0-9*#A-Dw]{1,64}$", description="0-9, *, #, A-D; w waits for half a second."),
    ]


class _Note(msgspec.Struct):
    disposition: Annotated[
        str, Meta(min_length=1, max_length=80, description="One word or two, such as booked or wrong number.")
    ]
    summary: Annotated[str, Meta(max_length=2000, description="What came of the call, in a sentence or two.")] = ""
    data: Annotated[dict[str, Any], Meta(description="Facts worth keeping, by name.")] = {}


class Tool(NamedTuple):
    """A tool as a model is told of it."""

    name: str
    description: str
    parameters: dict[str, Any]
    """JSON schema of an object."""
    read_only: bool = False
    """Whether it changes nothing, by its own account."""


class Toolbox(Protocol):
    """The tools of one call that are carried out elsewhere."""

    async def run(self) -> None:
        """Be connected until cancelled."""

    async def tools(self) -> list[Tool]:
        """Return the tools there are, once that is known."""

    async def call(self, name: str, arguments: dict[str, Any]) -> Done:
        """Call one of them; its failure is told to the model. It takes some seconds at most."""


class Done(NamedTuple):
    """What came of a tool that a model called."""

    told: str
    """To the model."""
    failed: bool = False
    act: HangUpAfter | PressKeys | NoteOutcome | None = None
    """What the call is asked to do."""


_ARGUMENTS: dict[str, tuple[type[_HangUp | _Press | _Note], str]] = {
    "hang_up": (
        _HangUp,
        "End the call. Say goodbye in words first; the line is dropped once that was heard. "
        "Only when the conversation is over, never because the other side is silent or slow.",
    ),
    "press_keys": (_Press, "Send touch tones to the other side, as to get through a phone menu."),
    "note_outcome": (_Note, "Write down what came of the call. A later note takes the place of an earlier one."),
}


def _tool(name: str) -> Tool:
    arguments, description = _ARGUMENTS[name]
    _, components = msgspec.json.schema_components([arguments])
    schema = components[arguments.__name__]
    return Tool(name, description, {key: schema[key] for key in ("type", "properties", "required")})


PHONE = tuple(_tool(name) for name in _ARGUMENTS)
"""The tools that every model has."""


def perform(
    name: str, arguments: str | dict[str, Any] | None, conversation: Conversation, *, answering: bool = False
) -> Done:
    """Carry out one of the `PHONE` tools; a call that makes no sense tells the model why.

    `answering`: the caller has surely spoken, whatever the lines say so far.
    """
    kind, _ = _ARGUMENTS[name]
    try:
        parsed = msgspec.json.decode(arguments or "{}") if not isinstance(arguments, dict) else arguments
        wanted = msgspec.convert(parsed, kind)
    except (msgspec.MsgspecError, UnicodeError) as error:
        return Done(f"The arguments of {name} are wrong: {error}", failed=True)
    match wanted:
        case _HangUp():
            if not answering and not any(line.speaker == "caller" and line.text.strip() for line in conversation.lines):
                return Done("Not yet: the other side has not had a chance to speak.", failed=True)
            return Done("The call ends once your goodbye was heard. Say goodbye unless you have.", act=HangUpAfter())
        case _Press(digits):
            return Done("The keys are being sent.", act=PressKeys(digits.strip()))
        case _Note(disposition, summary, data):
            return Done("Noted.", act=NoteOutcome(disposition, summary, data))


def unknown(name: str, known: Sequence[str]) -> Done:
    """What a model is told that called a tool which there is not."""
    return Done(f"There is no tool {name[:64]!r}. There are: {', '.join(known)}.", failed=True)

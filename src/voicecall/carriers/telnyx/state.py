"""What we have Telnyx remember about a leg: `client_state`, which every later webhook of the leg brings back.

Each command replaces it, so that a webhook tells what the leg was last told. Source: Telnyx developer documentation,
Call Control commands, 2026-11.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Annotated, Literal

import msgspec

Name = Annotated[str, msgspec.Meta(pattern=r"\A[!-~]{1,64}\Z")]
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError, ValueError)


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a leg was told, and of which call it is."""

    call: Name | None = None
    """Our call, where it is known."""
    why: Literal["", "stream", "dismiss"] = ""
    """What the command was for, where its end means something else than usual: a leg that was answered with its media
    stream under way needs no further instruction; one that is dismissed hears its last words."""
    prompt: Annotated[int, msgspec.Meta(ge=0, lt=2**31)] = 0
    """The prompt that is spoken, by its number; 0 is none."""
    listen: bool = False
    """Whether the caller's words are awaited after it."""


_decoder: msgspec.json.Decoder[State] = msgspec.json.Decoder(State)


def write(state: State) -> str:
    """Return the state as Telnyx keeps it."""
    return b64encode(msgspec.json.encode(state)).decode("ascii")


def read(text: str | None) -> State:
    """Return the state that `write` wrote; an empty one where there is none, or somebody else's."""
    try:
        return _decoder.decode(b64decode(text or "", validate=True))
    except _UNREADABLE:
        return State()

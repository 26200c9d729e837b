"""What a model that hears and speaks can do besides: its tools, carried out beside the conversation.

A tool that fails tells the model why. Everything under way ends with the call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import msgspec

from voicecall.brains import Conversation, HangUpAfter, NoteOutcome, PressKeys
from voicecall.brains.tools import PHONE, perform, unknown
from voicecall.core.events import Event
from voicecall.core.utterances import FarewellAsked, KeysWanted, OutcomeNoted
from voicecall.realtime import Called, Tool

_OURS = {"end_call": "hang_up", "send_dtmf": "press_keys", "note_outcome": "note_outcome"}
"""What a tool of a model is called that every agent has, by its name here."""


class Desk:
    """The tools of one call. `run` is its task."""

    def __init__(self, conversation: Callable[[], Conversation], post: Callable[[Event], None]) -> None:
        """`conversation` gives what was said so far."""
        self._conversation = conversation
        self._post = post
        self._answer: Callable[[str, str, int], None] = lambda call, output, reply: None

    async def tools(self) -> tuple[Tool, ...]:
        """Return what the model may call, once it is known."""
        named = {ours: name for name, ours in _OURS.items()}
        return tuple(Tool(named[tool.name], tool.description, tool.parameters) for tool in PHONE)

    async def run(self, answer: Callable[[str, str, int], None]) -> None:
        """Carry out what is called until cancelled: `answer(call, output, reply)` takes what came of a call.

        `reply` is what the model is to go on with, 0 for nothing.
        """
        self._answer = answer

    def call(self, called: Called, reply: int, *, sounded: bool) -> None:
        """The model calls a tool while it says `reply`; whether any of that has sounded yet."""
        if called.name not in _OURS:
            self._answer(called.call, unknown(called.name, list(_OURS)).told, reply)
            return
        done = perform(_OURS[called.name], called.arguments, self._conversation())
        match done.act:
            case HangUpAfter():
                self._post(FarewellAsked(reply))
            case PressKeys(digits):
                self._post(KeysWanted(reply, digits))
            case NoteOutcome(disposition, summary, data):
                self._post(OutcomeNoted(disposition, summary, data))
            case None:
                pass
            case _:
                assert_never(done.act)
        goes_on = not (isinstance(done.act, HangUpAfter) and sounded)
        output = msgspec.json.encode({"failed" if done.failed else "done": done.told}).decode()
        self._answer(called.call, output, reply if goes_on else 0)

    def uncall(self, call: str) -> None:
        """The model does not wait for this any more."""

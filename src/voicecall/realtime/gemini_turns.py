"""The model's side of a session with Gemini Live: its turns, one after the other, and which answers they are.

Gemini has no names for answers. Each request of ours is followed by one turn; a turn that follows none is the model's
own. A turn lasts until Gemini closes it, which may be long after all of it was sent.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from voicecall.audio import TELEPHONE_RATE
from voicecall.errors import RealtimeError

from . import Audio, Began, Called, Ended, Interrupted, Report, Uncalled, Worded
from .gemini_caller import Caller, Patience
from .gemini_wire import Content, Downward, ServerContent, ToolCall, order, results


@dataclass(slots=True, eq=False)
class _Turn:
    """A turn of the model's: what it says for an answer."""

    name: str
    kind: Literal["respond", "say", "goes on", "own"]
    muted: bool = False
    """Whether the rest of it is of no interest."""
    ended: bool = False
    """Whether that was reported."""
    generated: bool = False
    sounded: bool = False
    due: dict[str, str] = field(default_factory=dict)
    """Names of tools by calls without a result."""
    told: list[tuple[str, str, str]] = field(default_factory=list)
    more: bool = False
    resumes: bool = False
    """Whether it was asked to go on, and has not yet."""


class Turns:
    """One call's. `paused` is called whenever a turn is closed, `stalled` when the model falls silent within one."""

    def __init__(
        self,
        model: str,
        caller: Caller,
        *,
        local: bool,
        send: Callable[[str], None],
        report: Callable[[Report], None],
        paused: Callable[[], None],
        stalled: Callable[[], None],
        patience: Patience,
    ) -> None:
        self._patience = patience
        self._schedules = model.startswith("gemini-3.8")
        """Whether the model can be told a result without going on."""
        self._thinks = "thinking" in model
        """Whether the model goes on by itself after it has closed a turn, as it then says."""
        self._caller = caller
        self._local = local
        self._send = send
        self._report = report
        self._paused = paused
        self._stalled = stalled
        self._loop = asyncio.get_running_loop()
        self._downward = Downward()
        self._turn: _Turn | None = None
        """The turn that Gemini has not closed."""
        self._asked: deque[_Turn] = deque()
        """What Gemini was asked for and has not begun."""
        self._closing = False
        """Whether Gemini, interrupted, closes a turn that was over."""
        self._calls: dict[str, _Turn] = {}
        self._own = 0
        self._audible_until = 0.0
        """Loop time until which the caller hears us, unless somebody has stopped that."""
        self._silence: asyncio.TimerHandle | None = None

    @property
    def is_generating(self) -> bool:
        """Whether something is being made that the caller may hear."""
        return bool(self._asked) or (self._turn is not None and not (self._turn.generated or self._turn.muted))

    def spoken_over(self) -> None:
        """The caller talks into what Gemini takes for a turn that is long over, and so for no interruption."""
        if self._turn is None and not self._asked and self._loop.time() < self._audible_until:
            self._audible_until = 0.0
            self._report(Interrupted())

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return self._turn is None and not self._asked and not self._calls

    # --- what is asked of the model

    def respond(self, answer: str, notes: list[str]) -> None:
        """Have it answer; where we end the caller's turn, this is its end. It learns of `notes` besides."""
        turn = _Turn(answer, "respond")
        if not (self._local and self._caller.finish(notes)):
            self._send(order(*notes))
        self._asked.append(turn)

    def say(self, answer: str, texts: list[str]) -> None:
        """Have it follow an order, the last of `texts`."""
        self._send(order(*texts))
        self._asked.append(_Turn(answer, "say"))

    def cancel(self, answer: str) -> None:
        """Listen to an answer no more."""
        for turn in (self._turn, *self._asked):
            if turn is not None and turn.name == answer:
                turn.muted = True
                self._watch(None)
        self._audible_until = 0.0

    def result(self, call: str, output: str, *, more: bool) -> None:
        """Tell what came of a tool; the model goes on once all have told, if that is wanted of one."""
        turn = self._calls.pop(call, None)
        if turn is None:
            return
        turn.told.append((call, turn.due.pop(call), output))
        turn.more = turn.more or more
        if turn.due:
            return
        turn.more = turn.more and not turn.ended
        self._send(results(turn.told, silent=self._schedules and not turn.more))
        turn.told.clear()
        if turn.more:
            turn.more, turn.generated, turn.resumes = False, False, True
            if turn is not self._turn:
                self._go_on(turn)
        else:
            self._end(turn)
            turn.muted = True

    def _go_on(self, turn: _Turn) -> None:
        """Await more of an answer in a further turn, and not for ever."""
        further = _Turn(turn.name, "goes on", muted=turn.muted, sounded=turn.sounded)
        self._asked.append(further)
        self._loop.call_later(self._patience.further, self._give_up, further)

    def _give_up(self, turn: _Turn) -> None:
        if turn in self._asked:
            self._asked.remove(turn)
            self._end(turn)
            self._paused()

    def fail(self, why: str) -> None:
        """Nothing more comes of what is under way."""
        turns = (*([self._turn] if self._turn else []), *self._asked, *self._calls.values())
        calls = tuple(self._calls)
        self._turn, self._closing = None, False
        self._asked.clear()
        self._calls.clear()
        self._watch(None)
        self._downward.flush()
        for call in calls:
            self._report(Uncalled(call))
        for turn in turns:
            self._end(turn, why)

    # --- what the model does

    def hear(self, content: ServerContent) -> None:
        """Take more of the conversation."""
        if content.interrupted:
            self._interrupted()
        elif content.model_turn is not None or content.output_transcription is not None:
            turn = self._current()
            if content.model_turn is not None:
                self._sound(turn, content.model_turn)
            if content.output_transcription is not None and not (turn.muted or turn.ended):
                self._report(Worded(turn.name, content.output_transcription.text))
        if content.generation_complete:
            self._generated()
        if content.turn_complete:
            self._complete(content)

    def call(self, told: ToolCall) -> None:
        """The model calls tools."""
        turn = self._current()
        self._caller.settle()
        self._watch(None)
        turn.resumes = False
        for call in told.function_calls:
            turn.due[call.id] = call.name
            self._calls[call.id] = turn
        for call in told.function_calls:
            if turn.muted or turn.ended:
                self.result(call.id, "Not wanted any more.", more=False)
            else:
                arguments = msgspec.json.encode(call.args).decode()
                self._report(Called(turn.name, call.id, call.name, arguments))

    def uncall(self, call: str) -> None:
        """The model does not wait for a tool any more."""
        turn = self._calls.pop(call, None)
        if turn is None:
            return
        turn.due.pop(call)
        self._report(Uncalled(call))
        if not turn.due:
            self._end(turn)

    def _current(self) -> _Turn:
        """Return the model's turn, which begins now if there is none."""
        if self._turn is not None:
            return self._turn
        if self._caller.is_owed:
            self.spoken_over()
        if self._asked:
            turn = self._asked.popleft()
        else:
            self._own += 1
            turn = _Turn(f"own-{self._own}", "own", muted=self._local)
        self._turn, self._closing = turn, False
        if turn.kind == "own" and not self._local:
            self._caller.taken()
            self._report(Began(turn.name))
        if turn.kind in ("own", "respond"):
            self._caller.answered()
        return turn

    def _sound(self, turn: _Turn, content: Content) -> None:
        turn.resumes = False
        if turn.muted or turn.ended:
            return
        self._watch(self._stalled, self._patience.stall)
        for part in content.parts:
            if part.inline_data is None or part.thought:
                continue
            try:
                mulaw = self._downward.convert(part.inline_data)
            except RealtimeError as error:
                self._end(turn, f"{error}.")
                turn.muted = True
                return
            turn.sounded = True
            begun = max(self._audible_until, self._loop.time())
            self._audible_until = begun + len(mulaw) / TELEPHONE_RATE
            self._report(Audio(turn.name, mulaw))

    def _interrupted(self) -> None:
        """By the caller, unless we have just asked for something, or told of the caller's speech ourselves."""
        self._watch(None)
        turn = self._turn
        ours = bool(self._asked) or self._local
        if not ours and not (turn is not None and turn.muted):
            self._audible_until = 0.0
            self._report(Interrupted())
        if turn is None and self._asked:
            turn = self._turn = self._asked.popleft()
            self._end(turn, "Gemini was interrupted before it began.")
        self._closing = turn is None
        if turn is not None:
            if not turn.due:
                self._end(turn)
            turn.muted = turn.generated = True
            turn.resumes = False
            self._downward.flush()

    def _generated(self) -> None:
        turn = self._turn
        if turn is None:
            return
        self._watch(None)
        turn.generated = True
        rest = self._downward.flush()
        if rest and not (turn.muted or turn.ended):
            self._report(Audio(turn.name, rest))
        if not turn.due and not turn.resumes:
            playing = max(0.0, self._audible_until - self._loop.time())
            self._watch(lambda: self._end(turn), playing + self._patience.closed)

    def _complete(self, content: ServerContent) -> None:
        self._generated()
        turn = self._turn
        if turn is None and self._asked and not self._closing:
            turn = self._turn = self._asked.popleft()  # Gemini has nothing to say to that
        self._closing = False
        if turn is None:
            return
        if self._thinks and content.interaction_status == "IN_PROGRESS" and not turn.due:
            self._watch(lambda: self._end(turn), self._patience.thinking)
            return
        self._turn = None
        self._watch(None)
        if turn.resumes:
            self._go_on(turn)
        elif not turn.due:
            silence = "" if turn.sounded or turn.kind != "say" else "Gemini said nothing."
            self._end(turn, _reason(content.turn_complete_reason) or silence)
        self._paused()

    def _end(self, turn: _Turn, failed: str = "") -> None:
        if not turn.ended:
            turn.ended = True
            self._report(Ended(turn.name, failed))

    def _watch(self, act: Callable[[], None] | None, seconds: float = 0.0) -> None:
        """Do this after so many seconds in which nothing more comes of the model's turn; None: do nothing."""
        if self._silence is not None:
            self._silence.cancel()
        self._silence = self._loop.call_later(seconds, act) if act is not None else None


def _reason(reason: str) -> str:
    """Return why a turn ended that should not have, in a sentence."""
    named = reason.replace("_", " ").lower()
    if reason in ("", "TURN_COMPLETE_REASON_UNSPECIFIED", "NEED_MORE_INPUT") or len(named) > 60:
        return ""
    return f"Gemini gave no answer ({named})." if named.replace(" ", "").isalpha() else ""

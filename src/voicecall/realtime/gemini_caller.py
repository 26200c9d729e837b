"""The caller's side of a session with Gemini Live: sound, when it is speech, and the words it is understood as.

Where Gemini finds the turns, everything is sent as it comes. Where we do, only speech is sent, between marks of ours;
and while the model still makes an answer nothing is, for the first mark would stop it: a cough would. What the caller
says is kept until it is answered, so that a connection that is lost costs none of it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from voicecall.audio import TELEPHONE_RATE

from . import CallerWords, Report, TurnOver
from .gemini_wire import Upward, write

_PRE_ROLL = 15
"""Frames sent from before the speech was noticed to begin."""
_TAIL = 100
"""Frames sent after speech, in case that it goes on: the turn is over only when we say so."""
_KEPT = 30 * TELEPHONE_RATE
"""Bytes of what nobody answered yet."""
_PIECE = TELEPHONE_RATE // 2


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds are waited for what may never come."""

    session: float = 5.0
    """For a session to be set up."""
    stall: float = 8.0
    """For more of an answer that is being made."""
    lasting: float = 0.6
    """For speech to end, before it interrupts what Gemini takes for over."""
    closed: float = 1.0
    """For a turn to be closed, once all of it was played."""
    thinking: float = 30.0
    """For a model to go on that says that it thinks."""
    further: float = 3.0
    """For a model to go on with an answer, once its tools have told."""
    settled: float = 0.7
    """For another word of a turn."""
    wordless: float = 5.0
    """For the first word of a turn."""
    late: float = 1.5
    """The same, once the caller speaks again."""


class Caller:
    """One call's. `send` sends a message; nothing is sent before `resume` and after `pause`."""

    def __init__(
        self,
        *,
        local: bool,
        send: Callable[[str], None],
        report: Callable[[Report], None],
        is_generating: Callable[[], bool],
        patience: Patience,
    ) -> None:
        self._patience = patience
        self._local = local
        self._send = send
        self._report = report
        self._is_generating = is_generating
        self._loop = asyncio.get_running_loop()
        self._upward = Upward()
        self._ready = False
        self._speaking = False
        self._marked = False
        """Whether Gemini was told that the caller speaks."""
        self._recent: deque[bytes] = deque(maxlen=_PRE_ROLL)
        self._tail = 0
        self._keeps = False
        self._kept = bytearray()
        """What the caller says."""
        self._unanswered = b""
        """What the caller said in a turn that is over."""
        self._repeats = False
        """Whether that has to be said again, to another connection."""
        self._detects = False
        """Whether a detector of ours listens."""
        self._turns = 0
        self._item = ""
        """The turn whose words are awaited."""
        self._words = ""
        self._settling: asyncio.TimerHandle | None = None

    # --- sound

    @property
    def is_owed(self) -> bool:
        """Whether the caller said something that is not answered."""
        return self._keeps or bool(self._unanswered)

    def feed(self, mulaw: bytes) -> None:
        """Take caller audio."""
        if self._keeps or not (self._ready or self._local):
            self._kept += mulaw
            del self._kept[:-_KEPT]
        if not self._ready:
            self._recent.append(mulaw)
        elif not self._local:
            self._recent.append(mulaw)
            self._send(self._upward.message(mulaw))
        elif self._marked and self._tail:
            self._tail -= not self._speaking
            self._send(self._upward.message(mulaw))
        else:
            self._recent.append(mulaw)

    def started(self) -> None:
        """The caller speaks."""
        self._settle_in(0.0 if self._words else self._patience.late)
        self._speaking = self._detects = True
        if not self._keeps:
            self._keeps = True
            self._kept = bytearray(b"".join(self._recent))
        if self._marked and not self._tail:
            self._send(self._upward.message(b"".join(self._recent)))
        self._recent.clear()
        self._tail = _TAIL
        self.catch_up()

    def stopped(self) -> None:
        """The caller is silent."""
        self._speaking = False

    def catch_up(self, *, anyway: bool = False) -> None:
        """Begin to send what the caller says, and what was held back, unless it would stop the model."""
        if not self._local or not self._keeps or self._marked or not self._ready:
            return
        if anyway or not self._is_generating():
            self._marked = True
            self._send(write("realtimeInput", {"activityStart": {}}))
            self._send_kept()

    @property
    def is_understood(self) -> bool:
        """Whether some words are known of what the caller says now."""
        return self._keeps and not self._item and bool(self._words)

    def taken(self) -> None:
        """Gemini takes the caller's turn as over, if there was one."""
        if self._keeps or self._words or not self._detects:
            self.turn_over()

    def finish(self, notes: list[str]) -> bool:
        """Say that the caller's turn is over, `notes` being part of it; return whether there was any."""
        self.catch_up(anyway=True)
        if not self._marked:
            return False
        for note in notes:
            self._send(write("realtimeInput", {"text": note}))
        self._send(write("realtimeInput", {"activityEnd": {}}))
        self._unanswered = bytes(self._kept)
        self._kept.clear()
        self._marked, self._keeps = False, self._speaking
        if not self._repeats:
            self.turn_over()
        self._repeats = False
        return True

    def answered(self) -> None:
        """What the caller said is being answered."""
        self._unanswered = b""
        if not self._local:
            self._keeps = False
            self._kept.clear()

    def pause(self) -> None:
        """There is no connection."""
        self._ready = self._marked = False
        if self._unanswered:
            self._kept[:0] = self._unanswered
            self._unanswered, self._keeps, self._repeats = b"", True, True

    def resume(self) -> None:
        """There is one, which has heard nothing of what is not answered."""
        self._ready = True
        if self._local:
            self.catch_up()
            return
        self._send_kept()
        if self._keeps and not self._speaking:
            self._send(write("realtimeInput", {"audioStreamEnd": True}))
        elif not self._keeps:
            self._kept.clear()

    def _send_kept(self) -> None:
        for begin in range(0, len(self._kept), _PIECE):
            self._send(self._upward.message(bytes(self._kept[begin : begin + _PIECE])))

    # --- words

    def told(self, text: str, *, finished: bool) -> None:
        """Some words of the caller are known."""
        self._words += text
        self._settle_in(0.0 if finished else self._patience.settled)

    def turn_over(self) -> None:
        """The caller's turn is over."""
        self._settle()
        self._turns += 1
        self._item = f"turn-{self._turns}"
        self._report(TurnOver(self._item))
        self._settle_in(self._patience.settled if self._words else self._patience.wordless)

    def settle(self) -> None:
        """Report the words of the last turn now, if there are any: somebody acts on them."""
        if self._words:
            self._settle()

    def close(self) -> None:
        """Wait for nothing any more."""
        if self._settling is not None:
            self._settling.cancel()

    def _settle_in(self, seconds: float) -> None:
        if self._settling is not None:
            self._settling.cancel()
        self._settling = self._loop.call_later(seconds, self._settle) if self._item else None

    def _settle(self) -> None:
        """No more words of the last turn are awaited."""
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None
        if self._item:
            item, words, self._item, self._words = self._item, self._words, "", ""
            self._report(CallerWords(item, " ".join(words.split())))

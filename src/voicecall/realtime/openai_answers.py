"""The answers of one OpenAI Realtime session: made one at a time, cut to what was heard, gone on with after tools.

Source: developers.openai.com, guide "Realtime conversations", reference "Realtime".
"""

from __future__ import annotations

import base64
import binascii
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from voicecall.realtime import Audio, Called, Ended, Report, Trouble, Uncalled, Worded, openai_wire as wire
from voicecall.realtime.openai_wire import VENDOR, member, word

_PER_MS = 8
"""Bytes."""
_RECENT = 16
"""Answers that may still be cancelled, because they are being played."""


@dataclass(slots=True)
class _Item:
    """A message of the conversation that is part of an answer."""

    id: str
    size: int = 0
    """Bytes of audio."""
    is_cut: bool = False


@dataclass(slots=True, eq=False)
class _Answer:
    name: str
    text: str | None = None
    """What is to be said; None where the model answers."""
    items: list[_Item] = field(default_factory=list)
    due: set[str] = field(default_factory=set)
    """Calls whose results are."""
    has_called: bool = False
    goes_on: bool = False
    """Whether a result asks for more of it."""
    heard: int | None = None
    """Milliseconds; None unless it was cancelled."""
    is_over: bool = False

    @property
    def is_cancelled(self) -> bool:
        return self.heard is not None

    @property
    def size(self) -> int:
        return sum(item.size for item in self.items)

    def item(self, name: str) -> _Item:
        for item in self.items:
            if item.id == name:
                return item
        self.items.append(_Item(name))
        return self.items[-1]


class Answers:
    """What one session says."""

    def __init__(
        self, send: Callable[[str], None], report: Callable[[Report], None], clock: Callable[[], float]
    ) -> None:
        self.sounds_until = 0.0
        """When all that was made so far has been played, if it is played at once."""
        self._send = send
        self._report = report
        self._clock = clock
        self._is_ready = False
        self._known: dict[str, _Answer] = {}
        self._queue: deque[_Answer] = deque()
        self._active: _Answer | None = None
        self._response = ""
        """OpenAI's name for what is being made."""
        self._moved_at = 0.0
        """When that was last heard of."""
        self._inspection = wire.Inspection()
        self._calls: dict[str, tuple[_Answer, str, bool]] = {}
        """By call, who called what; and whether the session knows of it."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being made, or waited for."""
        return self._active is None and not self._queue and not self._calls

    # --- what is asked for

    def ask(self, name: str, text: str | None = None) -> None:
        """Have an answer made, or a text said."""
        answer = self._known[name] = _Answer(name, text)
        while len(self._known) > _RECENT:
            self._known.pop(next(iter(self._known)))
        self._queue.append(answer)
        self._next()

    def cancel(self, name: str, heard: int) -> None:
        """Have it stop, and cut it to `heard` milliseconds."""
        answer = self._known.get(name)
        if answer is None or answer.is_cancelled:
            return
        answer.heard = heard
        self.sounds_until = self._clock()
        if answer in self._queue:
            self._queue.remove(answer)
        if answer is self._active:
            named = {"response_id": self._response} if self._response else {}
            self._send(wire.message("response.cancel", **named))
            self._moved_at = self._clock()
        self._cut(answer)

    def result(self, call: str, output: str, *, more: bool) -> None:
        """Tell what came of a tool; a session that does not know of the call is told in words."""
        found = self._calls.pop(call, None)
        if found is None:
            return
        answer, name, is_known = found
        self._send(wire.output(call, output) if is_known else wire.aside(f"The result of {name}: {output}"))
        answer.due.discard(call)
        answer.goes_on = answer.goes_on or more
        if answer is not self._active:
            self._conclude(answer)

    def _next(self) -> None:
        if self._is_ready and self._active is None and self._queue:
            self._active = answer = self._queue.popleft()
            self._response, self._moved_at = "", self._clock()
            self._inspection.begin()
            self._send(wire.create(answer.name, answer.text))

    def _cut(self, answer: _Answer) -> None:
        """Take what was not heard of it out of the conversation, item by item."""
        left = (answer.heard or 0) * _PER_MS
        for item in answer.items:
            is_whole = 0 < item.size <= left
            if not is_whole and not item.is_cut:
                item.is_cut = True
                place: dict[str, Any] = {"event_id": f"cut {item.id}", "item_id": item.id}
                if left > 0:
                    place |= {"content_index": 0, "audio_end_ms": left // _PER_MS}
                self._send(wire.message(f"conversation.item.{'truncate' if left > 0 else 'delete'}", **place))
            left = max(0, left - item.size)

    # --- the session

    def begin(self) -> None:
        """A session is ready."""
        self._is_ready = True
        self._next()

    def lost(self, why: str) -> None:
        """There is no session any more. An answer of which nothing was heard is asked for again."""
        self._is_ready = False
        answer, self._active = self._active, None
        if answer is not None and not answer.is_cancelled:
            if answer.size or answer.due:
                for call in answer.due:
                    del self._calls[call]
                    self._report(Uncalled(call))
                self._end(answer, why)
            else:
                self._queue.appendleft(answer)
        self._calls = {call: (owner, name, False) for call, (owner, name, _) in self._calls.items()}
        for each in self._known.values():
            each.items.clear()

    def hurry(self, going_on: float, cancelled: float) -> bool:
        """Give up an answer that has not moved for `going_on` seconds; False if one that was cancelled does not end."""
        answer, waited = self._active, self._clock() - self._moved_at
        if answer is None:
            return True
        if answer.is_cancelled:
            return waited <= cancelled
        if waited > going_on:
            self.cancel(answer.name, answer.size // _PER_MS)
            self._end(answer, f"{VENDOR}: nothing more of an answer came within {going_on:g} s")
        return True

    # --- what OpenAI says

    def refused(self, about: str, code: str) -> bool:
        """Say whether what was refused is the answer that was asked for; it is over then."""
        answer = self._active
        if answer is None or about != answer.name:
            return False
        self._active = None
        if not answer.is_cancelled:
            self._end(answer, f"{VENDOR}: an answer was refused ({code})")
        self._next()
        return True

    def read(self, kind: str, event: dict[str, Any]) -> None:
        """Understand an event about a response.

        Raises:
            RealtimeError: its audio is not what was asked for.
        """
        answer, response = self._active, member(event, "response")
        if answer is None:
            return
        if kind == "response.created":
            if member(response, "metadata").get("answer") == answer.name:
                self._response = str(response.get("id") or "")
            return
        if not self._response or (event.get("response_id") or response.get("id")) != self._response:
            return
        if not answer.is_cancelled:
            self._moved_at = self._clock()
        if kind == "response.output_audio.delta":
            self._sounds(answer, str(event.get("item_id") or ""), event.get("delta"))
        elif kind == "response.output_audio_transcript.delta" and not answer.is_cancelled:
            self._report(Worded(answer.name, str(event.get("delta") or "")))
        elif kind == "response.output_item.added" and member(event, "item").get("type") == "message":
            answer.item(str(member(event, "item").get("id") or ""))
        elif kind == "response.function_call_arguments.done":
            self._call(answer, event)
        elif kind == "response.done":
            self._done(answer, response)

    def _sounds(self, answer: _Answer, item: str, delta: object) -> None:
        try:
            audio = base64.b64decode(delta) if isinstance(delta, str) else b""
        except binascii.Error:
            return
        answer.item(item).size += len(audio)
        if not answer.is_cancelled:
            self._pass_on(answer, self._inspection.admit(audio))

    def _pass_on(self, answer: _Answer, mulaw: bytes) -> None:
        if mulaw:
            self.sounds_until = max(self._clock(), self.sounds_until) + len(mulaw) / _PER_MS / 1000
            self._report(Audio(answer.name, mulaw))

    def _call(self, answer: _Answer, event: dict[str, Any]) -> None:
        call, name = str(event.get("call_id") or ""), str(event.get("name") or "")
        if call and call not in self._calls and not answer.is_cancelled:
            self._calls[call] = (answer, name, True)
            answer.due.add(call)
            answer.has_called = True
            self._report(Called(answer.name, call, name, str(event.get("arguments") or "")))

    def _done(self, answer: _Answer, response: dict[str, Any]) -> None:
        self._active = None
        if answer.is_cancelled:
            self._cut(answer)
        else:
            self._pass_on(answer, self._inspection.end())
            self._judge(answer, response)
        self._next()

    def _judge(self, answer: _Answer, response: dict[str, Any]) -> None:
        status, details = word(response, "status") or "failed", member(response, "status_details")
        reason = word(member(details, "error"), "code", "type") or word(details, "reason") or status
        if not answer.size and not answer.has_called:
            reason = "empty" if status == "completed" else reason
            status = "failed"
        if status not in ("completed", "incomplete"):
            self._end(answer, f"{VENDOR}: an answer failed ({reason})")
            return
        if status == "incomplete":
            self._report(Trouble("reply-cut-short", f"{VENDOR}: an answer was not finished ({reason})."))
        self._conclude(answer)

    def _conclude(self, answer: _Answer) -> None:
        """What was asked for of it is there: go on with it, end it, or wait for what its tools say."""
        if answer.is_cancelled or answer.is_over or answer.due:
            return
        if answer.goes_on:
            answer.goes_on, answer.text = False, None
            self._queue.appendleft(answer)
            self._next()
        else:
            self._end(answer)

    def _end(self, answer: _Answer, failed: str = "") -> None:
        if not answer.is_over:
            answer.is_over = True
            self._report(Ended(answer.name, failed))

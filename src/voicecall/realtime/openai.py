"""OpenAI's Realtime models: mu-law goes both ways as it is, and every answer is one that we asked for.

The vendor, or our own detector, finds the end of the caller's turn; the vendor never answers or falls silent by itself.
Source: developers.openai.com, guides "Realtime conversations" and "Voice activity detection", reference "Realtime".
"""

from __future__ import annotations

import asyncio
import base64 as base_64
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from voicecall.audio.g711 import MULAW_SILENCE
from voicecall.errors import RealtimeError
from voicecall.net.link import Link, Message
from voicecall.realtime import (
    Brief,
    CallerWords,
    RealtimeOptions,
    Report,
    Sound,
    Tool,
    Traits,
    Trouble,
    TurnOver,
    openai_wire as wire,
)
from voicecall.realtime.openai_answers import Answers
from voicecall.realtime.openai_wire import VENDOR, member, word

_PAUSES = (0.1,)
"""One attempt to connect again: the call has something else to go on with."""
_SHORTEST = 800
"""Bytes: less than 100 ms cannot be committed."""
_EARLY = 500
"""Messages that wait for the session at most: 10 s of audio."""
_PRE_ROLL, _TAIL = 15, 50
"""Frames sent from before our detector heard speech, and after it heard the end of it."""
_TICK = 0.25
_HOPELESS = ("invalid_api_key", "insufficient_quota", "model_not_found", "account_deactivated")
_REFUSED = "3000"
"""The code by which a socket is closed whose key is wrong."""
_TRANSCRIPTION = "conversation.item.input_audio_transcription."


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited, in seconds."""

    settled: float = 5.0
    """For a session to be confirmed."""
    going_on: float = 8.0
    """For more of an answer."""
    cancelled: float = 3.0
    """For the end of an answer that was cancelled."""
    limit: float = 3600.0
    """How long a session lasts."""
    notice: float = 300.0
    """So long before that, a pause in the conversation is used to begin a fresh one."""
    pause: float = 1.0
    """So long nobody may have been heard then."""


class OpenAIRealtime:
    """Converses by OpenAI. `extra`, as OpenAI has them: `silence_ms` of `server_vad`, `eagerness` of `semantic_vad`,
    `noise_reduction`, `speed`, and `transcription`, the model that writes down what the caller says.
    """

    def __init__(self, options: RealtimeOptions, patience: Patience = Patience()) -> None:
        """Raises:
        RealtimeError: an option makes no sense.
        """
        is_local = wire.way_of(options) == wire.LOCAL
        self._options = options
        self._patience = patience
        self.traits = Traits(endpoints="gateway" if is_local else "provider", interrupts="gateway", truncates=True)

    def open(self, brief: Brief, report: Callable[[Report], None]) -> OpenAISession:
        """Return the session of a call."""
        return OpenAISession(self._options, brief, report, self._patience)


class OpenAISession:
    """One call."""

    def __init__(
        self, options: RealtimeOptions, brief: Brief, report: Callable[[Report], None], patience: Patience
    ) -> None:
        self._options = options
        self._brief = brief
        self._report = report
        self._patience = patience
        self._clock = asyncio.get_running_loop().time
        self._is_local = wire.way_of(options) == wire.LOCAL
        self._tools: tuple[Tool, ...] = ()
        self._link = Link(
            VENDOR,
            wire.address(options),
            {"Authorization": f"Bearer {options.api_key}"},
            receive=self._receive,
            report=report,
            opened=self._opening,
            lost=self._lost,
            pauses=_PAUSES,
            failure=RealtimeError,
        )
        self._answers = Answers(self._send, report, self._clock)
        self._opened_at: float | None = None
        self._is_settled = False
        self._early: deque[str] = deque(maxlen=_EARLY)
        """What waits for the session."""
        self._untold: dict[str, None] = {}
        """Turns of the caller's whose words are to come."""
        self._speaking = False
        self._ring: deque[tuple[str, int]] = deque(maxlen=_PRE_ROLL)
        self._tail = 0
        self._buffered = 0
        """Bytes that are not committed yet, where that is ours to do."""

    # --- what the gateway asks for

    def feed(self, mulaw: bytes, base64: str = "") -> None:
        """Take caller audio. Where we find the turns, only speech is sent, and what is around it."""
        encoded = base64 or base_64.b64encode(mulaw).decode()
        if self._is_local and not self._speaking:
            if self._tail == 0:
                self._ring.append((encoded, len(mulaw)))
                return
            self._tail -= 1
        self._append(encoded, len(mulaw))

    def speech_started(self) -> None:
        """Our detector hears the caller speak."""
        self._speaking = True
        while self._ring:
            self._append(*self._ring.popleft())

    def speech_stopped(self) -> None:
        """Our detector hears the caller no more."""
        self._speaking = False
        self._tail = _TAIL

    def respond(self, answer: str) -> None:
        """Have the model answer; where we find the turns, this one ends here."""
        if self._is_local and self._buffered:
            if (missing := _SHORTEST - self._buffered) > 0:
                self._append(base_64.b64encode(MULAW_SILENCE * missing).decode(), missing)
            self._send(wire.message("input_audio_buffer.commit"))
            self._buffered = self._tail = 0
        self._answers.ask(answer)

    def say(self, answer: str, text: str) -> None:
        """Have the model read this aloud."""
        self._answers.ask(answer, text)

    def cancel(self, answer: str, heard: int) -> None:
        """Have it stop, and cut it to `heard` milliseconds."""
        self._answers.cancel(answer, heard)

    def result(self, call: str, output: str, *, more: bool) -> None:
        """Tell what came of a tool."""
        self._answers.result(call, output, more=more)

    def note(self, text: str) -> None:
        """Let the model know something that nobody said."""
        self._send(wire.aside(text))

    async def run(self, tools: tuple[Tool, ...]) -> None:
        """Be connected until cancelled.

        Raises:
            RealtimeError: it cannot be had, or not any more.
        """
        self._tools = tools
        error: RealtimeError | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch(), name=f"{VENDOR} watches")
                await self._link.run()
        except* RealtimeError as group:
            error = _first(group)
        if error is not None:
            advice = f"; check {VENDOR}.api_key" if error.code == _REFUSED else ""
            raise RealtimeError(f"{error}{advice}", code=error.code)

    def _append(self, encoded: str, size: int) -> None:
        self._buffered += size
        self._send(wire.sound(encoded))

    def _send(self, text: str) -> None:
        if self._is_settled:
            self._link.send(text)
        else:
            self._early.append(text)

    # --- the connection

    def _opening(self) -> tuple[str, ...]:
        self._opened_at = self._clock()
        return (wire.configuration(self._options, self._brief, self._tools), *wire.past(self._brief.history()))

    def _settle(self, session: dict[str, Any]) -> None:
        declared = member(member(member(session, "audio"), "output"), "format").get("type", wire.FORMAT)
        if declared != wire.FORMAT:
            told = "another format" if not isinstance(declared, str) else declared[:20]
            raise RealtimeError(f"the session speaks {told} where {wire.FORMAT} was asked for", code="wrong_format")
        self._is_settled = True
        while self._early:
            self._link.send(self._early.popleft())
        self._answers.begin()

    def _lost(self, why: str) -> None:
        """Forget what only the session knew."""
        self._is_settled, self._opened_at, self._buffered = False, None, 0
        self._link.forget()
        for item in self._untold:
            self._report(CallerWords(item, ""))
        self._untold.clear()
        self._answers.lost(why)

    def _renew(self, why: str) -> None:
        self._report(Trouble("session-renewed", f"{VENDOR}: {why}; a fresh session takes its place."))
        self._lost(why)
        self._link.renew()

    async def _watch(self) -> None:
        """See that nothing is waited for in vain, and that a session is replaced before it ends."""
        patience = self._patience
        while True:
            await asyncio.sleep(_TICK)
            if self._opened_at is None:
                continue
            age = self._clock() - self._opened_at
            if not self._is_settled:
                if age > patience.settled:
                    raise RealtimeError(f"{VENDOR}: the session was not confirmed within {patience.settled:g} s")
            elif not self._answers.hurry(patience.going_on, patience.cancelled):
                self._renew("an answer that was cancelled did not end")
            elif age > patience.limit - patience.notice and self._is_pause():
                self._renew("the session nears its limit")

    def _is_pause(self) -> bool:
        is_quiet = not self._speaking and self._clock() > self._answers.sounds_until + self._patience.pause
        return is_quiet and self._answers.is_idle and not self._untold

    # --- what OpenAI says

    def _receive(self, text: Message) -> None:
        try:
            event = msgspec.json.decode(text)
        except msgspec.DecodeError:
            return
        kind = event.get("type") if isinstance(event, dict) else None
        if not isinstance(kind, str):
            return
        if kind == "error":
            self._fail(member(event, "error"))
        elif kind == "session.updated" and not self._is_settled:
            self._settle(member(event, "session"))
        elif not self._is_settled:
            return
        elif kind.startswith("response."):
            self._answers.read(kind, event)
        elif kind.startswith(_TRANSCRIPTION):
            self._read_words(kind.removeprefix(_TRANSCRIPTION), event)
        elif kind == "input_audio_buffer.committed" and (item := str(event.get("item_id") or "")):
            self._untold[item] = None
            self._report(TurnOver(item))
        elif kind in ("input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"):
            self._report(Sound(started=kind.endswith("started")))

    def _read_words(self, kind: str, event: dict[str, Any]) -> None:
        item = str(event.get("item_id") or "")
        if kind not in ("completed", "failed") or item not in self._untold:
            return
        del self._untold[item]
        if kind == "failed":
            code = word(member(event, "error"), "code", "type") or "no reason"
            self._report(Trouble("transcriber", f"{VENDOR}: a turn could not be written down ({code})."))
        self._report(CallerWords(item, str(event.get("transcript") or "").strip()))

    def _fail(self, error: dict[str, Any]) -> None:
        code, about = word(error, "code", "type") or "error", str(error.get("event_id") or "")
        if about == wire.CONFIGURATION:
            raise RealtimeError(
                f"the session was refused ({code}{wire.where(error)}); check {VENDOR}.model "
                f"({self._options.model or wire.MODEL}), the voice and the options",
                code=code,
            )
        if code in _HOPELESS:
            advice = f"check {VENDOR}.api_key" if code == "invalid_api_key" else "check the model, and the account"
            raise RealtimeError(f"the session ended ({code}); {advice}", code=code)
        if code == "session_expired":
            raise RealtimeError(f"the session ended ({code})", retryable=True, code=code)
        if not self._answers.refused(about, code) and code != "response_cancel_not_active":
            self._report(Trouble("vendor-error", f"{VENDOR}: an error that stops nothing ({code})."))


def _first(group: BaseExceptionGroup[RealtimeError]) -> RealtimeError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, RealtimeError)  # noqa: S101 - except* has chosen it
    return error

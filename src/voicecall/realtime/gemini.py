"""Speech to speech by Gemini Live: the connection, which lasts about ten minutes, and the session, which goes on.

The next connection resumes the session by a handle, or is told what was said so far. Gemini keeps what it has sent of
an answer, heard or not.
Sources: as in `gemini_wire`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Literal

from voicecall.errors import ConfigError, Fault, ProviderError, RealtimeError, Trouble
from voicecall.net.link import Link, Message

from . import Brief, RealtimeOptions, Report, Sound, Tool, Traits
from .gemini_caller import Caller, Patience
from .gemini_turns import Turns
from .gemini_wire import LOCAL, MODEL, GoAway, Resumption, ServerMessage, address, history, judged, read, setup

_VENDOR = "realtime.gemini"
_PAUSES = (0.1, 0.5)
"""Seconds before each further attempt to connect: the second is without the handle, if that was refused."""
_PONG = 60.0
"""Seconds that a ping may go unanswered: Gemini has been seen to take half a minute."""
_MARGIN = 2.0
"""Seconds before the end of a connection at which it is left, whatever goes on."""
_SAY = "[Say the following to the person now, word for word, in its own language, and nothing else.] {}"


class GeminiRealtime:
    """Gemini Live. `turn_detection`: `automatic`, Gemini's own, which also interrupts, or `local`."""

    def __init__(self, options: RealtimeOptions, patience: Patience = Patience()) -> None:  # noqa: B008 - it is frozen
        """Raises:
        ConfigError: `turn_detection` is neither.
        """
        if options.turn_detection not in ("", "automatic", LOCAL):
            raise ConfigError([Fault(f"{_VENDOR}.turn_detection", "write automatic or local")])
        self._options = options
        self._patience = patience
        self._local = options.turn_detection == LOCAL
        decides: Literal["gateway", "provider"] = "gateway" if self._local else "provider"
        self.traits = Traits(endpoints=decides, interrupts=decides, truncates=False)

    def open(self, brief: Brief, report: Callable[[Report], None]) -> GeminiSession:
        """Return the session of a call that begins."""
        return GeminiSession(self._options, brief, report, self._patience, local=self._local)


class GeminiSession:
    """One call."""

    def __init__(
        self,
        options: RealtimeOptions,
        brief: Brief,
        report: Callable[[Report], None],
        patience: Patience,
        *,
        local: bool,
    ) -> None:
        self._options = options
        self._patience = patience
        self._brief = brief
        self._tell = report
        self._local = local
        self._tools: tuple[Tool, ...] = ()
        self._loop = asyncio.get_running_loop()
        self._link = Link(
            _VENDOR,
            address(options),
            {"x-goog-api-key": options.api_key},
            receive=self._receive,
            report=self._report,
            opened=self._opening,
            lost=self._lost,
            pauses=_PAUSES,
            failure=RealtimeError,
            judged=judged,
            pong=_PONG,
        )
        self._caller = Caller(
            local=local,
            send=self._link.send,
            report=self._report,
            is_generating=lambda: self._turns.is_generating,
            patience=patience,
        )
        self._turns = Turns(
            options.model or MODEL,
            self._caller,
            local=local,
            send=self._link.send,
            report=self._report,
            paused=self._paused,
            stalled=lambda: self._replace("Gemini fell silent in the middle of an answer."),
            patience=patience,
        )
        self._ready = False
        self._failures = 0
        """Connections in a row on which no session was set up in time."""
        self._doom: asyncio.Future[None] = self._loop.create_future()
        self._later: list[tuple[str, Callable[[], None]]] = []
        """What is asked once there is a session, by answer."""
        self._notes: list[str] = []
        self._begun = False
        self._handle = ""
        self._resumable = True
        self._past = False
        """Whether the session that is being set up is told what was said."""
        self._leaving = False
        self._speech: asyncio.TimerHandle | None = None
        self._due: asyncio.TimerHandle | None = None
        """Runs until the session must be set up, and then until the connection must be left."""

    async def run(self, tools: tuple[Tool, ...]) -> None:
        """Be connected until cancelled.

        Raises:
            RealtimeError: Google refuses us, or cannot be reached any more.
        """
        self._tools = tools
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._link.run(), name=_VENDOR)
                await self._doom
        except* ProviderError as group:
            error: BaseException = group
            while isinstance(error, BaseExceptionGroup):
                error = error.exceptions[0]
            raise error from None
        finally:
            self._tell = lambda _: None
            self._expect(0.0, None)
            self._lasts(None)
            self._turns.fail("")
            self._caller.close()

    # --- what is asked of it

    def feed(self, mulaw: bytes, base64: str = "") -> None:
        """Take caller audio."""
        self._caller.feed(mulaw)

    def speech_started(self) -> None:
        """Our detector hears the caller speak."""
        self._caller.started()
        self._lasts(self._turns.spoken_over if not self._local else None)

    def speech_stopped(self) -> None:
        """Our detector hears the caller no more."""
        self._caller.stopped()
        self._lasts(None)

    def respond(self, answer: str) -> None:
        """Have the model answer; where we end the caller's turn, this is its end."""
        self._ask(answer, lambda: self._turns.respond(answer, self._taken_notes()))

    def say(self, answer: str, text: str) -> None:
        """Have the model say this. It is told to, and may reword all the same."""
        self._ask(answer, lambda: self._turns.say(answer, [*self._taken_notes(), _SAY.format(text)]))

    def cancel(self, answer: str, heard: int) -> None:
        """Listen to it no more. Gemini is stopped by the caller's speech alone, and forgets nothing of what it sent."""
        self._later = [(name, act) for name, act in self._later if name != answer]
        self._turns.cancel(answer)
        self._caller.catch_up()

    def result(self, call: str, output: str, *, more: bool) -> None:
        """Tell what came of a tool."""
        self._turns.result(call, output, more=more)

    def note(self, text: str) -> None:
        """Let the model know with the next thing that it is asked: content of its own would have it wait for more."""
        self._notes.append(text if text.startswith("[") else f"[{text}]")

    def _ask(self, answer: str, act: Callable[[], None]) -> None:
        if self._ready:
            act()
        else:
            self._later.append((answer, act))

    def _taken_notes(self) -> list[str]:
        notes, self._notes = self._notes, []
        return notes

    # --- the connection

    def _opening(self) -> Iterable[Message]:
        self._link.forget()
        self._unready()
        lines = () if self._handle else self._brief.history()
        self._past = bool(lines)
        self._expect(self._patience.session, self._silent)
        yield setup(self._options, self._brief.instructions, self._tools, handle=self._handle, history=self._past)

    def _silent(self) -> None:
        """No session was set up."""
        self._failures += 1
        self._handle = ""
        if self._failures < 2:
            self._link.renew()
        elif not self._doom.done():
            why = f"{_VENDOR}: Google set up no session within {self._patience.session:g} s"
            self._doom.set_exception(RealtimeError(why, retryable=True))

    def _lost(self, why: str) -> None:
        if not self._ready:
            self._handle = ""  # it may be what was refused
        self._unready()
        self._turns.fail("The connection to Gemini was lost.")

    def _replace(self, why: str) -> None:
        """Take a fresh connection; nothing comes of what is under way."""
        self._unready()
        self._turns.fail(why)
        self._link.renew()

    def _unready(self) -> None:
        self._expect(0.0, None)
        self._ready = self._leaving = False
        self._resumable = True
        self._caller.pause()

    def _receive(self, message: Message) -> None:
        told = read(message)
        if told is None:
            return
        if told.setup_complete is not None and not self._ready:
            self._set_up()
        if self._ready:
            self._take(told)

    def _set_up(self) -> None:
        self._expect(0.0, None)
        self._ready, self._failures = True, 0
        if self._past:
            self._link.send(history(self._brief.history()))
        if self._begun and not self._handle:
            self._report(Trouble("session-renewed", f"{_VENDOR}: a fresh session was told what had been said."))
        self._begun = True
        self._caller.resume()
        later, self._later = self._later, []
        for _, act in later:
            act()

    def _take(self, told: ServerMessage) -> None:
        if (content := told.server_content) is not None:
            if (words := content.input_transcription) is not None:
                self._caller.told(words.text, finished=words.finished)
                if self._caller.is_understood and not self._local:
                    self._turns.spoken_over()
            self._turns.hear(content)
            self._caller.catch_up()
        if told.tool_call is not None:
            self._turns.call(told.tool_call)
        for call in told.tool_call_cancellation.ids if told.tool_call_cancellation else ():
            self._turns.uncall(call)
        if told.voice_activity is not None:
            self._report(Sound(told.voice_activity.voice_activity_type == "ACTIVITY_START"))
        if told.session_resumption_update is not None:
            self._remember(told.session_resumption_update)
        if told.go_away is not None:
            self._leave(told.go_away)

    def _remember(self, update: Resumption) -> None:
        self._resumable = update.resumable
        if update.resumable and update.new_handle:
            self._handle = update.new_handle
        self._paused()

    def _leave(self, notice: GoAway) -> None:
        self._leaving = True
        self._expect(max(0.0, notice.seconds - _MARGIN), self._depart)
        self._paused()

    def _paused(self) -> None:
        """Leave a connection that is about to end, if nothing is under way."""
        if self._leaving and self._resumable and self._turns.is_idle and not self._caller.is_owed:
            self._depart()

    def _depart(self) -> None:
        self._replace("The connection to Gemini was about to end.")

    def _expect(self, seconds: float, act: Callable[[], None] | None) -> None:
        if self._due is not None:
            self._due.cancel()
        self._due = self._loop.call_later(seconds, act) if act is not None else None

    def _lasts(self, act: Callable[[], None] | None) -> None:
        """Do this once the caller has spoken for a while; None: do nothing."""
        if self._speech is not None:
            self._speech.cancel()
        self._speech = self._loop.call_later(self._patience.lasting, act) if act is not None else None

    def _report(self, report: Report) -> None:
        self._tell(report)

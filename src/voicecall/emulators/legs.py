"""One call leg: it rings, is answered, carries a media stream, and ends. One task each; audio runs on the metronome."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal, assert_never

from .disturbance import Disturbance, DisturbedLine
from .faces import (
    Answered,
    Attendant,
    Audio,
    Cause,
    Clear,
    Command,
    Connect,
    Ended,
    HangUp,
    Incoming,
    Mark,
    Parties,
    Reject,
    Ringing,
    Sent,
    Stay,
    StreamEnded,
)
from .faults import Faults
from .metronome import Metronome
from .phones import BETWEEN_KEYS, PAUSE, Ear, Phone
from .playout import Playout
from .recording import MOST_ENTRIES, Entry, Recording
from .script import Prepared
from .stream import MediaStream, Reason

Status = Literal["ringing", "answered", "ended"]

SET_UP = 0.1
"""Seconds from the dial to the first ring."""
PATIENCE = 5.0
"""Seconds given to the gateway to accept a media stream."""
_KEY_SECONDS = {"w": PAUSE, "W": 2 * PAUSE}


@dataclass(frozen=True, slots=True)
class Plan:
    """How the phone of a leg behaves. Times in seconds."""

    steps: Sequence[Prepared] = ()
    busy: bool = False
    machine: bool = False
    answers_after: float | None = 0.5
    """From the first ring; None: never."""
    ring_timeout: float = 30.0
    time_limit: float | None = None
    """From the answer."""


class Leg:
    """A call leg between a phone of the network and the gateway."""

    def __init__(self, parties: Parties, plan: Plan, *, faults: Faults, metronome: Metronome) -> None:
        self.parties = parties
        self.status: Status = "ringing"
        self.cause: Cause | None = None
        self.ear = Ear()
        self.voice = Ear()
        """When the caller was audible, without what the line adds."""
        self.playout = Playout()
        self.recording = Recording()
        self.journal: list[Entry] = []
        self.now = 0.0
        """Seconds since the answer, as of the latest frame."""
        self.dropped = 0
        """Frames that were not sent because the gateway read too slowly."""
        self.attendant: Attendant
        """Set before `run`."""
        self._plan = plan
        self._faults = faults
        self._metronome = metronome
        self._phone = Phone(self, plan.steps)
        self.answered_at = 0.0
        """Event loop time."""
        self._line: DisturbedLine | None = None
        self.over = asyncio.Event()
        """Set once it has ended."""
        self._timer: asyncio.TimerHandle | None = None
        self._stream: MediaStream | None = None
        self._connecting = False
        self._unwanted = asyncio.Event()
        self._streams = 0
        self._underruns = 0

    # --- the life of the leg

    async def run(self) -> None:
        """Live from the dial to the end."""
        async with asyncio.TaskGroup() as self._tasks:
            ringing = self._tasks.create_task(self._ring())
            await self.over.wait()
            ringing.cancel()

    async def _ring(self) -> None:
        plan = self._plan
        if self.parties.direction == "inbound":
            self.attendant.report(Incoming())
            await asyncio.sleep(plan.ring_timeout)
            if self.status == "ringing":
                self.end("canceled")
            return
        await asyncio.sleep(SET_UP)
        if plan.busy:
            self.end("busy")
            return
        self.attendant.report(Ringing())
        if plan.answers_after is None or plan.answers_after > plan.ring_timeout:
            await asyncio.sleep(plan.ring_timeout)
            self.end("no-answer")
            return
        await asyncio.sleep(plan.answers_after)
        self.answer()
        self.attendant.report(Answered(plan.machine))

    def answer(self) -> None:
        """Pick up; nothing happens if the leg does not ring."""
        if self.status != "ringing":
            return
        loop = asyncio.get_running_loop()
        self.status = "answered"
        self.answered_at = loop.time()
        self.note("answered")
        self._metronome.add(self)
        self.limit(self._plan.time_limit)

    def limit(self, seconds: float | None) -> None:
        """End the leg so many seconds after the answer, in place of an earlier limit."""
        self._plan = replace(self._plan, time_limit=seconds)
        if self._timer is not None:
            self._timer.cancel()
        if seconds is not None and self.status == "answered":
            self._timer = asyncio.get_running_loop().call_at(self.answered_at + seconds, self.end, "completed")

    def end(self, cause: Cause) -> None:
        """End the leg, whoever wants it; the first cause counts."""
        if self.status == "ended":
            return
        self._look_at_the_clock()
        self.note("ended", cause)
        self.status, self.cause = "ended", cause
        self._metronome.remove(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._stream is not None:
            self._stream.stop()
        self.attendant.report(Ended(cause))
        self.over.set()

    # --- what the gateway wants

    def obey(self, command: Command) -> None:
        """Do what the gateway answered to a webhook."""
        if self.status == "ended":
            return
        match command:
            case Connect():
                if self.parties.direction == "inbound":
                    self.answer()
                if self.status == "answered" and self._stream is None and not self._connecting:
                    self._connecting = True
                    self._tasks.create_task(self._carry(command))
            case Reject(reason):
                if self.status == "ringing":
                    self.end("busy" if reason == "busy" else "failed")
            case HangUp():
                self.dismiss()
            case Stay():
                pass
            case _:
                assert_never(command)

    def dismiss(self) -> None:
        """The gateway hangs up."""
        self.end("canceled" if self.status == "ringing" else "completed")

    def hear_digits(self, digits: str) -> None:
        """The gateway sends these keys to the phone; `w` pauses."""
        self._tasks.create_task(self.play_digits(digits))

    async def play_digits(self, digits: str) -> None:
        """Let the phone hear these keys; `w` pauses and `W` pauses twice as long."""
        for digit in digits:
            if self.status == "ended":
                return
            if digit not in "wW":
                self._look_at_the_clock()
                self.note("digit", digit)
            await asyncio.sleep(_KEY_SECONDS.get(digit, BETWEEN_KEYS))

    # --- the media stream

    async def _carry(self, command: Connect) -> None:
        reason: Reason = "lost"
        cut = False
        try:
            async with asyncio.timeout(PATIENCE):
                socket = await self.attendant.open(command.url)
        except OSError:  # a time-out is one, too
            self.note("stream-failed")
        else:
            self._streams += 1
            cut = self._faults.stream_drop_after is not None and self._streams <= self._faults.stream_drops
            stream = MediaStream(
                socket,
                self.attendant.dialect(self._streams, command.parameters),
                self._receive,
                slow_read=self._faults.slow_read,
                drop_after=self._faults.stream_drop_after if cut else None,
            )
            reason = await self._run_stream(stream)
            if cut and reason == "lost":
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._faults.stream_return_after):
                        await self._unwanted.wait()
        self._connecting = False
        self._unwanted.clear()
        if self.status == "answered":
            self.attendant.report(StreamEnded(reason))

    def stop_stream(self) -> None:
        """End the media stream politely, running, being opened or lost unnoticed; what is queued is dropped."""
        self.playout.clear()
        if self._connecting:
            self._unwanted.set()
        if self._stream is not None:
            self._stream.stop()
            self._stream = None

    async def _run_stream(self, stream: MediaStream) -> Reason:
        if self.status == "ended" or self._unwanted.is_set():
            stream.stop()
        else:
            self._stream = stream
            self._look_at_the_clock()
            self.note("stream-start")
        reason = await stream.run()
        self._stream = None
        self.dropped += stream.dropped
        self.playout.clear()
        if self.status == "answered":
            self._look_at_the_clock()
            self.note(f"stream-{reason}")
        return reason

    def _receive(self, sent: Sent) -> None:
        if self.status == "ended" or self._stream is None:
            return
        match sent:
            case Audio(payload):
                self.playout.queue(payload)
            case Mark(name):
                self.playout.mark(name)
            case Clear():
                self._look_at_the_clock()
                self.note("clear")
                for name in self.playout.clear():
                    self._stream.send_mark(name)
            case _:
                assert_never(sent)

    def tick(self, at: float) -> None:
        """Play a frame, record it, let the phone act on it and send what the phone says."""
        self.now = at - self.answered_at
        heard, marks = self.playout.frame(at)
        if self._line is not None:
            heard = self._line.play(heard)
        self.ear.hear(heard, self.now)
        spoken = self._phone.frame()
        if self.status == "ended":
            return
        self.voice.hear(spoken, self.now)
        if self._line is not None:
            spoken = self._line.speak(spoken, heard)
        self.recording.add(spoken, heard, self.now)
        if self.playout.underruns != self._underruns:
            self._underruns = self.playout.underruns
            self.note("underrun")
        if self._stream is not None:
            for name in marks:
                self.note("mark", name)
                self._stream.send_mark(name)
            self._stream.send_audio(spoken)

    # --- what the phone needs

    @property
    def connected(self) -> bool:
        """Whether a media stream runs."""
        return self._stream is not None

    def press(self, digit: str) -> None:
        """Send one key to the gateway."""
        if self._stream is not None:
            self._stream.send_digit(digit)
        else:
            self.attendant.pressed(digit)

    def hang_up(self) -> None:
        """The phone hangs up."""
        self.end("completed")

    def disturb(self, disturbance: Disturbance) -> None:
        """Make the line like this from now on."""
        self._line = DisturbedLine(disturbance)

    def note(self, what: str, text: str = "") -> None:
        """Write into the journal, at the time of the latest frame."""
        if len(self.journal) < MOST_ENTRIES:
            self.journal.append(Entry(round(self.now, 3), what, text))
        self.attendant.noted(what, text)

    def _look_at_the_clock(self) -> None:
        if self.status == "answered":
            self.now = asyncio.get_running_loop().time() - self.answered_at

"""One call of the simulator: its settings and state, its callbacks, and whom it asks what to do.

Source: Plivo docs `voice/api/calls`, `voice/concepts/callbacks`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil
from typing import assert_never

from voicecall.emulators import faces
from voicecall.emulators.faces import Answered, Cause, Dialect, Ended, Happening, Incoming, Ringing, Socket, StreamEnded
from voicecall.emulators.internet import Internet
from voicecall.emulators.legs import Leg
from voicecall.emulators.network import Network
from voicecall.emulators.playout import RATE, Playout
from voicecall.errors import SpeechError

from . import causes
from .account import Owner, uuid
from .causes import Hangup
from .delivery import Delivery, Undelivered
from .elements import Stream
from .gathering import Input, Pressed, Said, Speaking
from .program import Program, Source
from .readings import Readings
from .streams import StreamEvent, Streams

QUEUE_SECONDS = 600
"""What Plivo says itself can be so long; the queue of a stream is shorter."""
BILL_RATE = "0.0055"
_OTHER_EVENTS: Mapping[StreamEvent, str] = {
    "StartStream": "started",
    "StopStream": "stopped",
    "DroppedStream": "failed",
    "DegradedStream": "degraded",
}


@dataclass(frozen=True, slots=True)
class Detection:
    """How machines are looked for. Only machines are reported."""

    hangup: bool = False
    seconds: float = 5.0
    """From the answer to the verdict."""
    url: str = ""
    """Without one the document is asked for after the verdict, and told of it."""
    method: str = "POST"


@dataclass(slots=True)
class Settings:
    """What was asked of a call. Times in seconds."""

    answer_url: str = ""
    answer_method: str = "POST"
    ring_url: str = ""
    ring_method: str = "POST"
    hangup_url: str = ""
    hangup_method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    caller_name: str = ""
    send_digits: str = ""
    detection: Detection | None = None
    time_limit: float | None = None
    """From the answer."""
    failure: int = 0
    """The hang-up code of a call that never rings."""


class PlivoCall:
    """Attends one leg of the network the way Plivo does."""

    def __init__(
        self,
        leg: Leg,
        network: Network,
        owner: Owner,
        internet: Internet,
        settings: Settings,
        readings: Readings,
        notify: Callable[[str, str, str], None],
    ) -> None:
        """`notify` gets the call's UUID, the name and the text of what Plivo's debug log would show."""
        self.leg = leg
        self.network = network
        self.owner = owner
        self.settings = settings
        self.readings = readings
        self.uuid = leg.parties.call
        self.request_uuid = uuid(f"request/{leg.parties.call}")
        self.from_, self.to = leg.parties.from_.removeprefix("+"), leg.parties.to.removeprefix("+")
        self.direction = leg.parties.direction
        self.status = "ringing" if self.direction == "inbound" else "queued"
        self.created = network.wires.now()
        self.started: float | None = None
        """Answered at this time, in Unix seconds."""
        self.finished: float | None = None
        self.why: Hangup | None = None
        """How it ended."""
        self.inputs: asyncio.Queue[Input] | None = None
        """What a `<GetInput>` or a `<Record>` listens to; None while there is none."""
        self.held = False
        """Whether the document waits for the end of its stream; a transfer waits with it."""
        self.transfer_to: Source | None = None
        """A transfer that waits."""
        self.afterwards: list[Callable[[], None]] = []
        """Done when the call is over, before that is reported."""
        self._notify = notify
        self._machine = False
        self.delivery = Delivery(owner, internet, self.uuid, network.faults, network.spawn)
        self.streams = Streams(leg, owner, internet, readings, self.delivery, self.notify, self._stream_event)
        self._program: asyncio.Task[None] | None = None
        self._speaking: asyncio.Task[None] | None = None
        leg.playout = Playout(QUEUE_SECONDS * RATE)
        if settings.failure:
            network.spawn(self._fail(settings.failure))

    # --- what happens on the leg

    def report(self, happening: Happening) -> None:
        """React to what happened on the leg."""
        settings = self.settings
        match happening:
            case Incoming():
                self._run(self._begin())
            case Ringing():
                self.status = "ringing"
                self.call_back("ring", settings.ring_method, settings.ring_url, self.parameters("Ring"))
            case Answered(machine):
                self._pick_up()
                if settings.send_digits:
                    self.leg.hear_digits(settings.send_digits)
                self._run(self._begin(machine=machine))
            case StreamEnded(reason):
                self.streams.ended(reason)
            case Ended(cause):
                self._end(cause)
            case _:
                assert_never(happening)

    def pressed(self, digit: str) -> None:
        """The phone pressed a key while no media stream ran."""
        if self.inputs is not None:
            self.inputs.put_nowait(Pressed(digit))

    def noted(self, what: str, text: str) -> None:
        """The leg's journal got this entry."""
        if self.inputs is not None and what in ("say-start", "say-end"):
            self.inputs.put_nowait(Speaking(text) if what == "say-start" else Said(text))

    async def open(self, url: str) -> Socket:
        """Open the socket of a media stream."""
        return await self.streams.open(url)

    def dialect(self, count: int, parameters: Mapping[str, str]) -> Dialect:
        """Return the messages of a new media stream."""
        return self.streams.dialect(self.network.wires.now(), count)

    # --- what the gateway wants

    def answer(self) -> None:
        """Pick up an incoming call."""
        if self.leg.status == "ringing" and self.direction == "inbound":
            self.leg.answer()
            self._pick_up()

    def hang_up(self, why: Hangup) -> None:
        """End the call, for this reason unless there is one already."""
        if self.leg.status != "ended":
            self.why = self.why or why
            self.leg.dismiss()

    def turn_away(self, *, busy: bool) -> None:
        """End the call, unanswered if it still can be."""
        if self.leg.status == "ringing" and self.direction == "inbound":
            self.why = causes.TURNED_AWAY_BUSY if busy else causes.TURNED_AWAY
            self.leg.obey(faces.Reject("busy" if busy else "rejected"))
        self.hang_up(causes.BY_DOCUMENT)

    def schedule(self, seconds: float) -> None:
        """End the call so many seconds from now, in place of an earlier limit."""
        self.settings.time_limit = self.seconds + seconds
        self.leg.limit(self.settings.time_limit)

    def transfer(self, source: Source) -> None:
        """Run another document: now, or when the stream that the present one waits for has ended."""
        if self.held:
            self.transfer_to = source
            return
        if not self.streams.id:
            self.leg.playout.clear()
        self._run(Program(self).run(source))

    def speak(self, text: str, loop: int) -> None:
        """Speak beside what the document does; nothing is heard of it on a two-way stream."""
        if self.streams.two_way:
            self.notify("not_mixed", "speech cannot be mixed into a two-way stream")
        else:
            self.be_silent()
            self._speaking = self.network.spawn(self.say(text, loop))

    def be_silent(self) -> None:
        """Stop what `speak` began."""
        if self._speaking is not None and not self._speaking.done():
            self._speaking.cancel()
            self.leg.playout.clear()

    async def say(self, text: str, loop: int) -> None:
        """Speak, and return when it was heard."""
        try:
            audio = await self.network.speak(text)
        except SpeechError as error:
            self.notify("no_speech", str(error))
            return
        self.leg.note("say", text)
        playout, count = self.leg.playout, 0
        while audio and (count < loop or loop == 0):
            playout.queue(audio)
            count += 1
            while playout.seconds:  # noqa: ASYNC110 - the clock of the calls plays it, and an input drops it
                await asyncio.sleep(playout.seconds + 0.02)

    def _run(self, work: Coroutine[object, object, None]) -> None:
        if self._program is not None:
            self._program.cancel()
        self.inputs = None
        self._program = self.network.spawn(work)

    async def _fail(self, code: int) -> None:
        self.why = causes.failed(code)
        self.leg.end("failed")

    async def _begin(self, *, machine: bool | None = None) -> None:
        """Run the call's own document; `machine` is None for an incoming call."""
        settings = self.settings
        if settings.detection is not None and machine:
            if settings.detection.url:
                self.network.spawn(self._detect(settings.detection))
            else:
                await self._detect(settings.detection)
        elif settings.detection is not None and machine is not None and not settings.detection.url:
            await asyncio.sleep(settings.detection.seconds)
        if self.finished is None:
            await Program(self).run(Source(settings.answer_url, settings.answer_method, "answer"))

    async def _detect(self, wanted: Detection) -> None:
        await asyncio.sleep(wanted.seconds)
        if self.leg.status != "answered":
            return
        self._machine = True
        verdict = {"IfMachine": "hangup" if wanted.hangup else "continue"}
        self.call_back("machine", wanted.method, wanted.url, self.parameters("MachineDetection") | verdict)
        if wanted.hangup:
            self.hang_up(causes.MACHINE)

    # --- what the gateway is told

    def parameters(self, event: str) -> dict[str, str]:
        """Return the parameters of every webhook."""
        return {
            "CallUUID": self.uuid,
            "RequestUUID": self.request_uuid,
            "ALegUUID": self.uuid,
            "ALegRequestUUID": self.request_uuid,
            "From": self.from_,
            "To": self.to,
            "Direction": self.direction,
            "CallStatus": self.status,
            "Event": event,
            "CallerName": self.settings.caller_name,
            "BillRate": BILL_RATE,
            "SessionStart": timestamp(self.created),
            "AuthID": self.owner.auth_id,
            "ParentAuthID": self.owner.main_id,
            **({"Machine": "true"} if self._machine else {}),
        }

    @property
    def seconds(self) -> float:
        """How long the call has lasted from the answer to the end, or to now."""
        if self.started is None:
            return 0.0
        return (self.network.wires.now() if self.finished is None else self.finished) - self.started

    @property
    def duration(self) -> int:
        """The same in whole seconds, those that have begun included."""
        return ceil(self.seconds)

    def notify(self, what: str, text: str) -> None:
        """Show an error or a warning where Plivo's debug log would."""
        self.leg.note("notification", f"{what}: {text}")
        self._notify(self.uuid, what, text)

    def _pick_up(self) -> None:
        self.status = "in-progress"
        self.started = self.network.wires.now()

    def _end(self, cause: Cause) -> None:
        self.finished = self.network.wires.now()
        why = self.why = self.why or self._reason(cause)
        self.status = why.status
        for task in (self._program, self._speaking):
            if task is not None:
                task.cancel()
        self.streams.call_ended()
        for work in self.afterwards:
            work()
        form = self.parameters("Hangup") | {
            "HangupCause": why.cause,
            "HangupCauseCode": str(why.code),
            "HangupCauseName": why.name,
            "HangupSource": why.source,
            "Duration": str(self.duration),
            "BillDuration": str(ceil(self.duration / 60) * 60),
            "TotalCost": "0.00000",
            "StartTime": timestamp(self.created),
            "AnswerTime": timestamp(self.started),
            "EndTime": timestamp(self.finished),
        }
        settings = self.settings
        if settings.hangup_url:
            self.call_back("hangup", settings.hangup_method, settings.hangup_url, form)
        elif self.readings.hangup_at_answer_url:
            self.call_back("hangup", settings.answer_method, settings.answer_url, form)

    def _reason(self, cause: Cause) -> Hangup:
        """Return why the call ended that nobody on this side ended."""
        inbound, limit = self.direction == "inbound", self.settings.time_limit
        match cause:
            case "busy":
                return causes.BUSY
            case "no-answer":
                return causes.RANG_OUT
            case "canceled":
                return causes.GAVE_UP if inbound else causes.CANCELLED
            case "failed":
                return causes.TURNED_AWAY
            case "completed" | "voicemail":
                if limit is not None and self.seconds > limit - 0.01:
                    return causes.SCHEDULED
                return replace(causes.NORMAL, source="Caller" if inbound else "Callee")
            case _:
                assert_never(cause)

    def _stream_event(self, wanted: Stream, event: StreamEvent, stream: str, reason: str) -> None:
        now = self.network.wires.now()
        form = {
            "CallUUID": self.uuid,
            "StreamID": stream,
            "Timestamp": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds"),
            "From": self.from_,
            "To": self.to,
            "Direction": self.direction,
            "Event": event,
        }
        if self.readings.stream_events == "started":
            form["Event"] = _OTHER_EVENTS[event]
            form |= {"StatusReason": reason, "Duration": str(round(self.streams.duration))}
        self.call_back("stream", wanted.status_method, wanted.status_callback, form)

    def call_back(self, kind: str, method: str, url: str, form: Mapping[str, str]) -> None:
        """Deliver a webhook whose answer does not matter; without a URL there is none."""
        if url:
            self.network.spawn(self._deliver(kind, self.delivery.reserve(), method, url, tuple(form.items())))

    async def _deliver(self, kind: str, place: int, method: str, url: str, form: tuple[tuple[str, str], ...]) -> None:
        try:
            await self.delivery.callback(kind, place, method, url, form)
        except Undelivered as trouble:
            self.notify("callback_failed", str(trouble))


def timestamp(seconds: float | None) -> str:
    """Return a time in Unix seconds as Plivo writes it; nothing for None."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")

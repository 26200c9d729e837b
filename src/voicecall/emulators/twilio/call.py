"""One call of the simulator: its settings and state, its status callbacks, and whom it asks what to do.

Source: Twilio docs `voice/api/call-resource`, `voice/twiml`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from math import ceil
from typing import assert_never

from voicecall.emulators.faces import (
    Answered,
    Cause,
    Dialect,
    Ended,
    Happening,
    Incoming,
    Ringing,
    Socket,
    StreamEnded,
)
from voicecall.emulators.internet import Internet
from voicecall.emulators.legs import Leg
from voicecall.emulators.network import Network
from voicecall.emulators.playout import RATE, Playout

from .account import Account
from .delivery import Delivery, Undelivered
from .detection import Detection, Detector
from .gathering import Input, Pressed, Said, Speaking
from .program import Program, Source
from .streams import StreamEvent, Streams
from .verbs import ConnectStream

QUEUE_SECONDS = 600
"""Audio beyond so many seconds is dropped."""
API_VERSION = "2010-04-01"
_STATUS: Mapping[Cause, str] = {
    "completed": "completed",
    "busy": "busy",
    "no-answer": "no-answer",
    "failed": "failed",
    "canceled": "canceled",
    "voicemail": "completed",
}
_SIP: Mapping[str, str] = {"completed": "200", "busy": "486", "no-answer": "480", "failed": "603", "canceled": "487"}
_PLACES = ("City", "State", "Zip", "Country")


@dataclass(slots=True)
class Settings:
    """What was asked of a call; an update changes it."""

    url: str = ""
    method: str = "POST"
    twiml: str = ""
    """Inline document, where there is no URL."""
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback: str = ""
    status_method: str = "POST"
    status_events: frozenset[str] = frozenset({"completed"})
    send_digits: str = ""
    detection: Detection | None = None


class TwilioCall:
    """Attends one leg of the network the way Twilio does."""

    def __init__(
        self,
        leg: Leg,
        network: Network,
        account: Account,
        internet: Internet,
        settings: Settings,
        notify: Callable[[str, int, str], None],
    ) -> None:
        """`notify` gets the call's SID, the code and the text of what Twilio's debugger would show."""
        self.leg = leg
        self.network = network
        self.settings = settings
        self.sid, self.from_, self.to = leg.parties.call, leg.parties.from_, leg.parties.to
        self.status = "ringing" if leg.parties.direction == "inbound" else "queued"
        self.answered_by: str | None = None
        self.created = network.wires.now()
        self.started: float | None = None
        """Answered at this time, in Unix seconds."""
        self.finished: float | None = None
        self.inputs: asyncio.Queue[Input] | None = None
        """What a `<Gather>` listens to; None while there is none."""
        self._account = account
        self._notify = notify
        self.delivery = Delivery(account, internet, self.sid, network.faults, network.spawn)
        self.streams = Streams(leg, account, internet, self.notify, self._stream_event)
        self._detector: Detector | None = None
        self._detected_in = 0
        self._program: asyncio.Task[None] | None = None
        self._sequence = 0
        leg.playout = Playout(QUEUE_SECONDS * RATE)
        if leg.parties.direction == "outbound":
            self.status = "initiated"
            self._progress("initiated")

    # --- what happens on the leg

    def report(self, happening: Happening) -> None:
        """React to what happened on the leg."""
        match happening:
            case Incoming():
                self._run(self._begin(None))
            case Ringing():
                self.status = "ringing"
                self._progress("ringing")
            case Answered(machine):
                self._pick_up()
                self._run(self._begin(machine))
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
        if self._detector is not None:
            self._detector.noted(what)
        if self.inputs is not None and what in ("say-start", "say-end"):
            self.inputs.put_nowait(Speaking(text) if what == "say-start" else Said(text))

    async def open(self, url: str) -> Socket:
        """Open the socket of a media stream."""
        return await self.streams.open(url)

    def dialect(self, count: int, parameters: Mapping[str, str]) -> Dialect:
        """Return the messages of a new media stream."""
        return self.streams.dialect(count, parameters)

    # --- what the gateway wants

    def answer(self) -> None:
        """Pick up an incoming call."""
        if self.leg.status == "ringing" and self.leg.parties.direction == "inbound":
            self.leg.answer()
            self._pick_up()

    def replace(self, source: Source) -> None:
        """Abandon what the call does, its media stream too, and run another document."""

        async def start() -> None:
            await self.streams.stop()
            await Program(self).run(source)

        self._run(start())

    def _run(self, work: Coroutine[object, object, None]) -> None:
        if self._program is not None:
            self._program.cancel()
        self.inputs = None
        self._program = self.network.spawn(work)

    async def _begin(self, machine: bool | None) -> None:
        """Run the call's own document, after digits and detection; `machine` is None for an incoming call."""
        settings = self.settings
        if settings.send_digits:
            await self.leg.play_digits(settings.send_digits)
        elif settings.detection is not None and machine is not None:
            if settings.detection.asynchronous:
                self.network.spawn(self._detect(settings.detection, machine))
            else:
                await self._detect(settings.detection, machine)
        source = Source(settings.url, settings.method, settings.twiml if not settings.url else "")
        await Program(self).run(source)

    async def _detect(self, wanted: Detection, machine: bool) -> None:
        self._detector = Detector(wanted)
        began = asyncio.get_running_loop().time()
        self.answered_by = await self._detector.verdict(machine=machine)
        self._detector = None
        self._detected_in = round((asyncio.get_running_loop().time() - began) * 1000)
        if wanted.asynchronous and self.leg.status == "answered":
            form = {"CallSid": self.sid, "AccountSid": self._account.sid, **self._detection()}
            self.call_back("amd", wanted.callback_method, wanted.callback, form)

    # --- what the gateway is told

    def parameters(self) -> dict[str, str]:
        """Return the parameters of every webhook that asks for a document."""
        return {
            "CallSid": self.sid,
            "AccountSid": self._account.sid,
            "From": self.from_,
            "To": self.to,
            "Caller": self.from_,
            "Called": self.to,
            "CallStatus": self.status,
            "ApiVersion": API_VERSION,
            "Direction": self.direction,
            **{f"{who}{place}": "" for who in ("From", "To") for place in _PLACES},
            **(self._detection() if self.settings.detection and not self.settings.detection.asynchronous else {}),
        }

    @property
    def direction(self) -> str:
        """Twilio's word for it."""
        return "inbound" if self.leg.parties.direction == "inbound" else "outbound-api"

    @property
    def duration(self) -> int:
        """Seconds from the answer to the end, or to now."""
        if self.started is None:
            return 0
        return ceil((self.network.wires.now() if self.finished is None else self.finished) - self.started)

    def notify(self, code: int, text: str) -> None:
        """Show an error or a warning where Twilio's debugger would."""
        self.leg.note("notification", f"{code} {text}")
        self._notify(self.sid, code, text)

    def _detection(self) -> dict[str, str]:
        if self.answered_by is None:
            return {}
        return {"AnsweredBy": self.answered_by, "MachineDetectionDuration": str(self._detected_in)}

    def _pick_up(self) -> None:
        self.status = "in-progress"
        self.started = self.network.wires.now()
        if self.leg.parties.direction == "outbound":
            self._progress("answered")

    def _end(self, cause: Cause) -> None:
        self.status = _STATUS[cause]
        self.finished = self.network.wires.now()
        if self._program is not None:
            self._program.cancel()
        self.streams.call_ended()
        self._progress("completed")

    def _progress(self, event: str) -> None:
        settings = self.settings
        if not settings.status_callback or event not in settings.status_events:
            return
        form = self.parameters() | {
            "CallStatus": self.status,
            "Timestamp": format_datetime(datetime.fromtimestamp(self.network.wires.now(), UTC)),
            "SequenceNumber": str(self._sequence),
            "CallbackSource": "call-progress-events",
        }
        self._sequence += 1
        if event == "completed":
            form |= {
                "CallDuration": str(self.duration),
                "Duration": str(ceil(self.duration / 60)),
                "SipResponseCode": _SIP[self.status],
            }
        self.call_back(event, settings.status_method, settings.status_callback, form)

    def _stream_event(self, verb: ConnectStream, event: StreamEvent, stream: str, error: str) -> None:
        if not verb.status_callback:
            return
        form = {
            "AccountSid": self._account.sid,
            "CallSid": self.sid,
            "StreamSid": stream,
            "StreamName": verb.name or stream,
            "StreamEvent": event,
            "Timestamp": datetime.fromtimestamp(self.network.wires.now(), UTC).isoformat(timespec="milliseconds"),
            **({"StreamError": error} if error else {}),
        }
        self.call_back(event, verb.status_method, verb.status_callback, form)

    def call_back(self, kind: str, method: str, url: str, form: Mapping[str, str]) -> None:
        """Deliver a webhook whose answer does not matter."""
        self.network.spawn(self._deliver(kind, self.delivery.reserve(), method, url, tuple(form.items())))

    async def _deliver(self, kind: str, place: int, method: str, url: str, form: tuple[tuple[str, str], ...]) -> None:
        try:
            await self.delivery.callback(kind, place, method, url, form)
        except Undelivered as trouble:
            self.notify(trouble.code, str(trouble))

"""One call of the simulator: its state, the commands it obeys, and the events it reports.

Source: Telnyx docs `docs/voice/programmable-voice`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import assert_never

from voicecall.emulators import faces
from voicecall.emulators.faces import Answered, Cause, Dialect, Ended, Happening, Incoming, Ringing, Socket, StreamEnded
from voicecall.emulators.internet import Internet
from voicecall.emulators.legs import Leg
from voicecall.emulators.network import Network
from voicecall.emulators.playout import RATE, Playout

from .account import Account, identity
from .commands import (
    Answer,
    Command,
    Dial,
    Gather,
    HangUp,
    Reject,
    SendDtmf,
    Speak,
    StartStreaming,
    StartTranscription,
    StopPlayback,
    StopStreaming,
    StopTranscription,
    UpdateClientState,
)
from .delivery import Delivery, iso
from .detection import Detector
from .errors import ApiError
from .gathering import Gatherer
from .media import Identity
from .speaking import Speaker
from .streams import Streams
from .transcribing import Transcriber

QUEUE_SECONDS = 300
"""Audio beyond so many seconds is dropped; how much Telnyx keeps is not published."""
ANSWERING = 0.05
"""Seconds from the command that answers a call to the answer."""
MEMORY = 60.0
"""Seconds in which a second command of the same `command_id` is ignored."""
_REJECTED: Mapping[str, str] = {
    "CALL_REJECTED": "call_rejected",
    "USER_BUSY": "user_busy",
    "NOT_FOUND": "not_found",
    "TEMPORARILY_UNAVAILABLE": "no_answer",
}
_HANGUP: Mapping[Cause, tuple[str, str]] = {
    "completed": ("normal_clearing", "200"),
    "busy": ("user_busy", "486"),
    "no-answer": ("timeout", "487"),
    "failed": ("call_rejected", "603"),
    "canceled": ("originator_cancel", "487"),
    "voicemail": ("normal_clearing", "200"),
}
"""Cause and SIP code by the network's word; an incoming call has no SIP code."""
_NAMELESS = ("call.speak.", "call.transcription", "streaming.")
"""Events that do not say who calls whom."""


class TelnyxCall:
    """Attends one leg of the network the way Telnyx does."""

    def __init__(
        self,
        leg: Leg,
        network: Network,
        account: Account,
        internet: Internet,
        dial: Dial | None,
        notify: Callable[[str, str, str], None],
    ) -> None:
        """`dial` placed the call, if the gateway did; `notify` gets the call's id, a code and what went wrong."""
        self.leg = leg
        self.id = leg.parties.call
        self.leg_id, self.session_id = identity(f"leg/{self.id}"), identity(f"session/{self.id}")
        self.client_state = dial.client_state if dial is not None else None
        self.started = network.wires.now()
        self.finished: float | None = None
        self._picked_up: float | None = None
        self._network = network
        self._account = account
        self._dial = dial
        self._notify = notify
        self._seen: dict[str, float] = {}
        """When each `command_id` was obeyed."""
        self._answering = False
        self._commanded = False
        self._hung_up = False
        self._cause = ""
        """Why the call ended, where the network's word does not tell."""
        self._detector: Detector | None = None
        self._detecting: asyncio.Task[None] | None = None
        url = leg.parties.webhook or (account.webhook_url if dial is not None else account.announces(leg.parties.to))
        self._delivery = Delivery(
            account,
            internet,
            self.id,
            url,
            faults=network.faults,
            now=network.wires.now,
            spawn=network.spawn,
            failed=lambda text: self.notify("webhook", text),
        )
        self._speaker = Speaker(leg, network, self._event)
        self._transcriber = Transcriber(leg, self._event, network.spawn)
        self._gatherer = Gatherer(network, self._event)
        self._streams = Streams(
            leg,
            internet,
            self._identity,
            self._event,
            lambda code, text: self.notify(str(code), text),
            self.pressed,
            unordered=network.faults.media_unordered,
        )
        leg.playout = Playout(QUEUE_SECONDS * RATE)
        if dial is not None:
            self._event("call.initiated", {"direction": "outgoing", "state": "bridging", "start_time": self._start()})

    # --- what happens on the leg

    def report(self, happening: Happening) -> None:
        """React to what happened on the leg."""
        match happening:
            case Incoming():
                payload = {"direction": "incoming", "state": "parked", "start_time": self._start()}
                self._event("call.initiated", payload)
                if self._account.first_command_timeout is not None:
                    self._network.spawn(self._park(self._account.first_command_timeout))
            case Ringing():
                pass
            case Answered(machine):
                if self._dial is not None:
                    self._answered(self._dial)
                    self._begin(self._dial, machine=machine)
            case StreamEnded(reason):
                self._streams.ended(reason)
                self._speaker.stream_ended()
            case Ended(cause):
                self._end(cause)
            case _:
                assert_never(happening)

    def pressed(self, digit: str) -> None:
        """The phone pressed a key."""
        self._event("call.dtmf.received", {"digit": digit})
        self._gatherer.pressed(digit)

    def noted(self, what: str, text: str) -> None:
        """The leg's journal got this entry."""
        if self._detector is not None:
            self._detector.noted(what)
        self._transcriber.noted(what, text)

    async def open(self, url: str) -> Socket:
        """Open the socket of a media stream."""
        return await self._streams.open(url)

    def dialect(self, count: int, parameters: Mapping[str, str]) -> Dialect:
        """Return the messages of a new media stream."""
        return self._streams.dialect(count)

    # --- what the gateway wants

    def obey(self, command: Command) -> None:
        """Carry out a command, or begin to; one whose `command_id` was obeyed a moment ago is ignored.

        Raises:
            ApiError: Telnyx would refuse it.
        """
        now = self._network.wires.now()
        if self.leg.status == "ended":
            raise ApiError("90018", "This call is no longer active and can't receive commands.")
        if command.command_id and now - self._seen.get(command.command_id, -MEMORY) < MEMORY:
            return
        if self.leg.status != "answered" and not isinstance(command, Answer | Reject | HangUp | UpdateClientState):
            raise ApiError("90034", "This call can't receive this command because it has not been answered yet.")
        before = self.client_state
        if command.client_state is not None:
            self.client_state = command.client_state
        try:
            self._do(command)
        except ApiError:
            self.client_state = before
            raise
        self._commanded = True
        if command.command_id:
            self._seen[command.command_id] = now

    def _do(self, command: Command) -> None:
        match command:
            case Answer():
                self._incoming_only()
                self._answering = True
                self._network.spawn(self._pick_up(command))
            case Reject(cause=cause):
                self._incoming_only()
                self._cause = _REJECTED[cause]
                self.leg.obey(faces.Reject("busy" if cause == "USER_BUSY" else "rejected"))
            case HangUp():
                self._hung_up = True
                self.leg.dismiss()
            case Speak(payload=text, stop=stop):
                if stop is not None:
                    self._speaker.stop(stop)
                self._speaker.say(text)
            case StopPlayback(stop=which):
                self._speaker.stop(which)
            case Gather():
                self._gatherer.start(command)
            case SendDtmf(digits=digits):
                self.leg.hear_digits(digits)
            case StartStreaming():
                self._streams.start(command)
            case StopStreaming(stream_id=stream):
                self._streams.stop(stream)
            case StartTranscription():
                self._transcriber.start(command)
            case StopTranscription():
                self._transcriber.stop()
            case UpdateClientState():
                pass
            case _:
                raise AssertionError(command)

    def _incoming_only(self) -> None:
        if self._dial is not None:
            raise ApiError("90102", "Outbound calls are neither answered nor rejected.")
        if self._answering:
            raise ApiError("90033", "The call has been answered.")

    async def _pick_up(self, command: Answer) -> None:
        await asyncio.sleep(ANSWERING)
        if self.leg.status == "ringing":
            self.leg.answer()
            self._answered(command)

    def _answered(self, wanted: Answer | Dial) -> None:
        self._picked_up = self._network.wires.now()
        self._event("call.answered", {"state": "answered", "start_time": self._start()})
        if wanted.transcription:
            self._transcriber.start(wanted.transcription_config)
        if wanted.stream_url:
            self._streams.start(wanted.streaming())

    def _begin(self, dial: Dial, *, machine: bool) -> None:
        if dial.send_digits_on_answer:
            self.leg.hear_digits(dial.send_digits_on_answer)
        if dial.answering_machine_detection != "disabled":
            limits = dial.answering_machine_detection_config
            self._detector = Detector(dial.answering_machine_detection, limits, self._event)
            self._detecting = self._network.spawn(self._detector.run(machine=machine))

    async def _park(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if not self._commanded and self.leg.status == "ringing":
            self._cause = "timeout"
            self.leg.end("failed")

    # --- what the gateway is told

    def describe(self) -> dict[str, object]:
        """Return the call as `GET` shows it."""
        over = self.finished is not None
        now = self._network.wires.now() if self.finished is None else self.finished
        return {
            "record_type": "call",
            "call_control_id": self.id,
            "call_leg_id": self.leg_id,
            "call_session_id": self.session_id,
            "client_state": self.client_state,
            "is_alive": not over,
            "call_duration": int(now - self.started),
            "start_time": self._start(),
            **({"end_time": iso(now)} if over else {}),
        }

    def notify(self, code: str, text: str) -> None:
        """Show what went wrong where the portal would."""
        self.leg.note("notification", f"{code} {text}")
        self._notify(self.id, code, text)

    def _event(self, kind: str, payload: Mapping[str, object]) -> None:
        common: dict[str, object] = {
            "call_control_id": self.id,
            "call_leg_id": self.leg_id,
            "call_session_id": self.session_id,
            "connection_id": self._account.connection_id,
            "client_state": self.client_state,
        }
        if not kind.startswith(_NAMELESS):
            common |= {"from": self.leg.parties.from_, "to": self.leg.parties.to}
        self._delivery.send(kind, {**common, **payload})

    def _identity(self, stream: str) -> Identity:
        parties = self.leg.parties
        user = identity(f"user/{self._account.connection_id}")
        return Identity(stream, user, self.id, self.session_id, parties.from_, parties.to, self.client_state)

    def _start(self) -> str:
        return iso(self.started)

    def _end(self, cause: Cause) -> None:
        self.finished = self._network.wires.now()
        if self._detecting is not None:
            self._detecting.cancel()
        self._speaker.call_ended()
        self._gatherer.call_ended()
        self._transcriber.call_ended()
        self._streams.call_ended()
        hangup_cause, sip = _HANGUP[cause]
        source = self._who_ended(cause)
        if cause == "completed" and self._overdue(self.finished):
            hangup_cause, source = "time_limit", "unknown"
        payload = {
            "state": "hangup",
            "hangup_cause": self._cause or hangup_cause,
            "hangup_source": source,
            "sip_hangup_cause": sip if self._dial is not None else "unspecified",
            "start_time": self._start(),
            "end_time": iso(self.finished),
        }
        self._event("call.hangup", payload)

    def _overdue(self, now: float) -> bool:
        if self._dial is None or self._picked_up is None:
            return False
        return now - self._picked_up >= self._dial.time_limit_secs

    def _who_ended(self, cause: Cause) -> str:
        if cause not in ("completed", "canceled"):
            return "callee"
        ours = "caller" if self._dial is not None else "callee"
        theirs = "callee" if self._dial is not None else "caller"
        return ours if self._hung_up else theirs

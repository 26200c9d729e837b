"""What a call wants of the world, carried out once the journal has saved what led to it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

import structlog

from voicecall.carriers import Action, ConnectStream, FetchStatus, HangUp, PlaceCall, PressDigits, RejectCall
from voicecall.core.call import Call
from voicecall.core.effects import (
    Acknowledge,
    AskCarrier,
    Connect,
    Dial,
    Durable,
    Hangup,
    Refuse,
    Reject,
    Respond,
    Say,
    SendDigits,
)
from voicecall.core.events import CarrierAsked, Crashed, DialFailed, DigitsSent, Event, HangupFailed, Warned
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.errors import CallOver, CallRefused, CarrierError, SpeechError, StoreConflict, StoreError
from voicecall.gateway.journal import Journal
from voicecall.gateway.line import Hand, Line

_log = structlog.get_logger()

After = Callable[[Exception | None], None]
"""Called once what follows from an event was carried out, or with why it was not."""
Answer = Mapping[str, str | bool] | Exception


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every call of one carrier has in common."""

    journal: Journal
    line: Line
    clock: Callable[[], float]
    """Unix seconds."""
    nonce: Callable[[], str]
    credential: Callable[[CallId, str], str]
    """Mints a media stream's credential, from the call and the credential's own id."""
    stream_url: Callable[[], str]
    webhook_url: Callable[[], str]


def names(call: Call) -> dict[str, str | None]:
    """Return what every log line about a call carries."""
    return {"call_id": call.id, "carrier": call.carrier, "carrier_call_id": call.carrier_call_id}


class Outbox:
    """The effects of one call that wait to be durable, in order."""

    def __init__(
        self,
        around: Surroundings,
        *,
        call: Callable[[], Call],
        post: Callable[[Event], None],
        speak: Callable[[Say | Respond], None],
        answer: Callable[[str, Answer], None],
    ) -> None:
        """`call`: its present state. `post`: tells it what came of an effect. `answer`: tells whoever asked."""
        self._around = around
        self._call = call
        self._post = post
        self._speak = speak
        self._answer = answer
        self._waiting: asyncio.Queue[tuple[tuple[Durable, ...], Hand | None, After | None]] = asyncio.Queue()
        self._afters: deque[After] = deque()
        self.failed = False
        """Whether something could not be saved, so that the call was ended."""

    def put(self, effects: tuple[Durable, ...], hand: Hand | None, after: After | None) -> None:
        """Carry these out once durable, in the webhook at hand where that is possible; then call `after`."""
        self._waiting.put_nowait((effects, hand, after))
        if after is not None:
            self._afters.append(after)

    def abandon(self, why: Exception | None) -> None:
        """Nothing more will be carried out: tell those who wait."""
        while self._afters:
            self._afters.popleft()(why)

    async def join(self) -> None:
        """Return once everything was carried out."""
        await self._waiting.join()

    async def run(self, tasks: asyncio.TaskGroup) -> None:
        """Carry out until cancelled; what takes long runs beside, as a child of `tasks`."""
        while True:
            effects, hand, after = await self._waiting.get()
            error = await self._saved()
            for effect in effects:
                if error is None or isinstance(effect, Hangup | Reject):
                    self._carry(effect, hand, tasks)
                elif isinstance(effect, Dial):
                    self._post(DialFailed(str(error)))
                elif isinstance(effect, Acknowledge | Refuse):
                    self._answer(effect.operation, error)
            if after is not None:
                self._afters.popleft()(error)
            self._waiting.task_done()

    async def _saved(self) -> StoreError | None:
        """Wait until everything so far is durable. A call whose archive fails is hung up, not left to itself."""
        try:
            await self._around.journal.durable(self._call().id)
        except StoreConflict:
            raise
        except StoreError as error:
            if not self.failed:
                self.failed = True
                self._post(Crashed(f"The call could not be recorded, so it was ended: {error}"))
            return error
        return None

    def _carry(self, effect: Durable, hand: Hand | None, tasks: asyncio.TaskGroup) -> None:
        leg = self._call().carrier_call_id or CarrierCallId("")
        match effect:
            case Say() | Respond():
                self._speak(effect)
            case Acknowledge(operation, result):
                self._answer(operation, result)
            case Refuse(operation, code, detail):
                self._answer(operation, _refusal(code, detail))
            case Connect():
                nonce = self._around.nonce()
                if hand is not None:
                    hand.nonce = nonce
                action = ConnectStream(leg, self._around.stream_url(), self._around.credential(self._call().id, nonce))
                self._act(action, hand, tasks)
            case Reject(reason):
                self._act(RejectCall(leg, "busy" if reason == "busy" else "rejected"), hand, tasks)
            case Dial():
                call = self._call()
                limit = call.rules.max_duration + call.rules.last_sentence
                self._act(
                    PlaceCall(call.id, call.to, call.from_, self._around.webhook_url(), call.rules.ring_timeout, limit),
                    None,
                    tasks,
                )
            case Hangup():
                self._act(HangUp(leg), None, tasks)
            case AskCarrier():
                self._act(FetchStatus(leg), None, tasks)
            case SendDigits(operation, digits):
                self._act(PressDigits(leg, digits), None, tasks, operation)
            case _:
                assert_never(effect)

    def _act(self, action: Action, hand: Hand | None, tasks: asyncio.TaskGroup, operation: str = "") -> None:
        """Have the carrier do it: in the webhook at hand, or by a request that runs beside the call."""
        if hand is None or not self._around.line.answer(action, hand):
            tasks.create_task(self._request(action, operation), name=f"{type(action).__name__} {self._call().id}")

    async def _request(self, action: Action, operation: str) -> None:
        try:
            events = await self._around.line.request(action)
        except CarrierError as error:
            _log.warning(
                "carrier.failed",
                action=type(action).__name__,
                code=error.code,
                detail=str(error),
                **names(self._call()),
            )
            self._post(_failure(action, operation, error))
            return
        for event in events:
            self._post(event)
        if isinstance(action, PressDigits):
            self._post(DigitsSent(operation))


def _failure(action: Action, operation: str, error: CarrierError) -> Event:
    """What it means for the call that the carrier failed an action."""
    match action:
        case PlaceCall():
            return DialFailed(str(error), error.code or "")
        case HangUp():
            return HangupFailed(str(error))
        case FetchStatus():
            return CarrierAsked("unknown")
        case PressDigits():
            return DigitsSent(operation, str(error))
        case _:
            return Warned("carrier-failed", str(error))


def _refusal(code: str, detail: str) -> Exception:
    match code:
        case "call-over":
            return CallOver(detail)
        case "carrier":
            return CarrierError(detail)
        case "speech":
            return SpeechError(detail)
        case _:
            return CallRefused("busy", detail)

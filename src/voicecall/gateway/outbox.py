"""What a call wants of the world, carried out once the journal has saved what led to it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

import structlog

from voicecall.carriers import (
    Action,
    Callback,
    ComeBack,
    ConnectStream,
    Dismiss as DismissCall,
    EndStream,
    FetchStatus,
    HangUp,
    HttpReply,
    Listen as ListenItself,
    PlaceCall,
    PressDigits,
    Prompt as PromptCaller,
    RejectCall,
)
from voicecall.core.call import Call
from voicecall.core.effects import (
    Acknowledge,
    AskCarrier,
    Conclude,
    Connect,
    Dial,
    Dismiss,
    Durable,
    Hangup,
    Listen,
    Prompt,
    Refuse,
    Reject,
    Respond,
    Say,
    SendDigits,
)
from voicecall.core.events import BARRED, CarrierAsked, Crashed, DialFailed, DigitsSent, Event, HangupFailed, Warned
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.core.utterances import PromptFailed
from voicecall.errors import CallOver, CallRefused, CarrierError, SpeechError, StoreConflict, StoreError
from voicecall.gateway.journal import Journal
from voicecall.gateway.line import Hand, Line, nonce_of

_log = structlog.get_logger()

After = Callable[[Exception | None], None]
"""Called once what follows from an event was carried out, or with why it was not."""
Answer = Mapping[str, str | bool] | Exception

CREDENTIAL_LIFE = 60.0
"""Seconds that a media stream may take to present its credential."""
DIAL_PAUSES = (1.0, 2.0, 4.0)
"""Seconds before a dial that the carrier surely did not take, and may take later, is tried again."""
_STREAM_PAUSES = (0.5, 1.0, 2.0)
"""Seconds before a media stream is asked for again, as the carrier may not have noticed yet that the last one ended."""


async def _never(number: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every call of one carrier has in common."""

    journal: Journal
    line: Line
    clock: Callable[[], float]
    """Unix seconds."""
    nonce: Callable[[], str]
    credential: Callable[[CallId, str, float], str]
    """Mints a media stream's credential, from the call, the credential's own id, and when it stops being good."""
    stream_url: Callable[[], str]
    webhook_url: Callable[[], str]
    is_reachable: Callable[[], bool] = lambda: True
    """Whether the carrier can reach those URLs, as far as is known."""
    from_number: str | None = None
    """The number that calls are placed from."""
    barred: Callable[[str], Awaitable[str]] = _never
    """Says of a number why it must not be dialled now; empty where it may."""


def names(call: Call) -> dict[str, str | None]:
    """Return what every log line about a call carries."""
    return {"call_id": call.id, "carrier": call.carrier, "carrier_call_id": call.carrier_call_id}


def connection(around: Surroundings, call: Call, nonce: str, at: float) -> ConnectStream:
    """Return what opens a media stream on the call's leg; asked for at `at`, it is the same every time."""
    return ConnectStream(
        call.carrier_call_id or CarrierCallId(""),
        around.stream_url(),
        around.credential(call.id, nonce, at + CREDENTIAL_LIFE),
        Callback(around.webhook_url(), call.id, nonce),
        answered=call.answered_at is not None,
    )


def repeated(around: Surroundings, call: Call, key: str, at: float) -> HttpReply:
    """Return the answer to a webhook that was acted on at `at`: the same document, while its credential is good."""
    nonce = nonce_of(key)
    document = None
    if call.is_live and not call.prompting and nonce not in call.credentials and around.clock() < at + CREDENTIAL_LIFE:
        document = around.line.document(connection(around, call, nonce, at))
    return document or around.line.nothing()


def come_back(around: Surroundings, call: Call, hand: Hand) -> HttpReply | None:
    """Return what keeps a leg whose webhook cannot be answered yet, where the carrier has a document for it."""
    back = Callback(around.webhook_url(), call.id, hand.nonce)
    document = around.line.document(ComeBack(call.carrier_call_id or CarrierCallId(""), back))
    hand.returns = document is not None
    return document


class Outbox:
    """The effects of one call that wait to be durable, in order."""

    def __init__(
        self,
        around: Callable[[], Surroundings],
        *,
        call: Callable[[], Call],
        post: Callable[[Event], None],
        speak: Callable[[Say | Respond], None],
        conclude: Callable[[Call], None],
        answer: Callable[[str, Answer], None],
        close: Callable[[], Awaitable[None]],
        streams: Callable[[], bool],
        aloud: Callable[[str], str],
    ) -> None:
        """`around`: what its present carrier offers. `call`: its present state.

        `post`: tells it what came of an effect. `answer`: tells whoever asked. `close`: closes its media stream.
        `streams`: says whether it has one. `aloud`: a text as the carrier is to speak it.
        """
        self._around = around
        self._call = call
        self._post = post
        self._speak = speak
        self._conclude = conclude
        self._answer = answer
        self._close = close
        self._streams = streams
        self._aloud = aloud
        self._waiting: asyncio.Queue[tuple[tuple[Durable, ...], Hand | None, After | None]] = asyncio.Queue()
        self._afters: deque[After] = deque()
        self.over = asyncio.Event()
        """Set once nothing is to be dialled any more."""
        self.visitor: Hand | None = None
        """The webhook of a leg that waits for what the carrier is to say."""
        self.failed = False
        """Whether something could not be saved, so that the call was ended."""
        self.queued = False
        """Whether the dial waits for those before it."""

    def put(self, effects: tuple[Durable, ...], hand: Hand | None, after: After | None) -> None:
        """Carry these out once durable, in the webhook at hand where that is possible; then call `after`."""
        self._waiting.put_nowait((effects, hand, after))
        if after is not None:
            self._afters.append(after)

    def abandon(self, why: Exception | None) -> None:
        """Nothing more will be carried out: tell those who wait."""
        while self._afters:
            self._afters.popleft()(why)

    def leave(self) -> None:
        """The call is about to end: dial no more, and keep no leg waiting."""
        self.over.set()
        if self.visitor is not None:
            self.visitor.give(self._around().line.nothing())
            self.visitor = None

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
            await self._around().journal.durable(self._call().id)
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
            case Conclude():
                self._conclude(self._call())
            case Acknowledge(operation, result):
                self._answer(operation, result)
            case Refuse(operation, code, detail):
                self._answer(operation, _refusal(code, detail))
            case Connect() if hand is not None and hand.returns:
                pass  # the leg asks again
            case Connect():
                nonce, at = (hand.nonce, hand.at) if hand else (self._around().nonce(), self._around().clock())
                self._act(connection(self._around(), self._call(), nonce, at), hand, tasks)
            case Listen():
                call = self._call()
                answered = call.answered_at is not None
                self._act(ListenItself(leg, self._back(), answered, call.pairing), hand, tasks)
            case Prompt(number, text, listen):
                visitor, self.visitor = self.visitor, None
                if visitor is None or not visitor.returns:
                    self._act(PromptCaller(leg, self._aloud(text), listen, number, self._back()), visitor, tasks)
            case Dismiss(text):
                self._act(DismissCall(leg, text), hand, tasks)
            case Reject(reason):
                self._act(RejectCall(leg, "busy" if reason == "busy" else "rejected"), hand, tasks)
            case Dial():
                call = self._call()
                limit = call.rules.max_duration + call.rules.last_sentence
                action = PlaceCall(
                    call.id,
                    call.to,
                    call.from_,
                    self._around().webhook_url(),
                    call.rules.ring_timeout,
                    limit,
                    digits=call.digits if call.rules.can.digits_at_dial else "",
                    detect_machine=call.rules.machine != "off",
                )
                tasks.create_task(self._dial(action), name=f"dial {call.id}")
            case Hangup():
                self._act(HangUp(leg), None, tasks)
            case AskCarrier():
                self._act(FetchStatus(leg), None, tasks)
            case SendDigits(operation, digits):
                self._act(PressDigits(leg, digits, self._back()), None, tasks, operation)
            case _:
                assert_never(effect)

    def _act(self, action: Action, hand: Hand | None, tasks: asyncio.TaskGroup, operation: str = "") -> None:
        """Have the carrier do it: in the webhook at hand, or by a request that runs beside the call."""
        if hand is None or not self._around().line.answer(action, hand):
            tasks.create_task(self._request(action, operation), name=f"{type(action).__name__} {self._call().id}")

    def _back(self) -> Callback:
        """Return where the leg goes from here, under a name of its own."""
        return Callback(self._around().webhook_url(), self._call().id, self._around().nonce())

    async def _dial(self, action: PlaceCall) -> None:
        """Dial in turn, again where the carrier had no room, and not at all once the call is over."""
        for pause in (*DIAL_PAUSES, 0.0):
            self.queued = self._around().line.is_dialling_slowly
            await self._around().line.await_dial(self.over)
            self.queued = False
            if not self._call().is_live:
                self._post(DialFailed("The call ended before it was dialled."))
                return
            if barred := await self._around().barred(action.to):
                self._post(DialFailed(barred, BARRED))
                return
            try:
                events = await self._around().line.request(action)
            except CarrierError as error:
                self._log_failure(action, error)
                if pause and error.retryable and error.certain and not self._call().routes:
                    await asyncio.sleep(pause)
                    continue
                events = (_failure(action, "", error),)
            for event in events:
                self._post(event)
            return

    def _log_failure(self, action: Action, error: CarrierError) -> None:
        what = type(action).__name__
        _log.warning("carrier.failed", action=what, code=error.code, detail=str(error), **names(self._call()))

    async def _request(self, action: Action, operation: str) -> None:
        can = self._call().rules.can
        redirects = can.redirects_on_close and isinstance(action, ConnectStream | PromptCaller | DismissCall)
        closes = redirects and self._streams()
        try:
            if redirects and not closes and self._call().connects:  # one that was lost unnoticed would be waited for
                leg = self._call().carrier_call_id or CarrierCallId("")
                await self._around().line.request(EndStream(leg))
            if can.one_stream and isinstance(action, ConnectStream | ListenItself):
                await self._close()
            if can.one_stream and isinstance(action, ConnectStream):
                events = await self._stream(action)
            else:
                events = await self._around().line.request(action)
            if closes:
                await self._close()
        except CarrierError as error:
            self._log_failure(action, error)
            self._post(_failure(action, operation, error))
            return
        for event in events:
            self._post(event)
        if isinstance(action, PressDigits):
            self._post(DigitsSent(operation))

    async def _stream(self, action: ConnectStream) -> tuple[Event, ...]:
        """Have a media stream opened, as soon as the one before it is over for the carrier, too.

        Raises:
            CarrierError: the carrier refused or failed it.
        """
        for pause in _STREAM_PAUSES:
            try:
                return await self._around().line.request(action)
            except CarrierError as error:
                if not error.certain or not error.retryable:
                    raise
            await asyncio.sleep(pause)
            if not self._call().is_live or self._call().stream is not None:
                return ()
        return await self._around().line.request(action)


def _failure(action: Action, operation: str, error: CarrierError) -> Event:
    """What it means for the call that the carrier failed an action."""
    match action:
        case PlaceCall():
            return DialFailed(str(error), error.code or "", error.certain)
        case HangUp():
            return HangupFailed(str(error))
        case FetchStatus():
            return CarrierAsked("unknown")
        case PromptCaller():
            return PromptFailed(str(error), action.number)
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

"""One call, one task: its mailbox, its decisions, its timers, and the effects carried out.

Every fact goes through the mailbox, is decided by `step`, and is appended to the journal in that order. What the media
plane is told is told at once. What reaches beyond this process waits in `outbox` until the journal has saved what led
to it; so a stalled disk delays a dial, and never an interruption.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import structlog

from voicecall.carriers import (
    HangUp,
    MediaCodec,
    MediaStarted,
)
from voicecall.core import pairing
from voicecall.core.call import Call
from voicecall.core.effects import (
    CancelReply,
    DropConsults,
    Durable,
    Effect,
    HoldReply,
    Ignored,
    Inform,
    Prompt,
    Rehearse,
    ResumeReply,
    StartTimer,
    StopTimer,
    TakeOver,
)
from voicecall.core.events import (
    CallEnded,
    Crashed,
    Dialled,
    DocumentAsked,
    Event,
    Gathered,
    HangupAccepted,
    StreamStarted,
    TimerFired,
)
from voicecall.core.ids import CarrierCallId
from voicecall.core.step import step
from voicecall.errors import (
    CallOver,
    CallRefused,
    CarrierError,
    FrameError,
    StoreConflict,
    StoreError,
    StreamRefused,
)
from voicecall.gateway.call_log import tell
from voicecall.gateway.line import Hand
from voicecall.gateway.media import Media
from voicecall.gateway.outbox import CREDENTIAL_LIFE, After, Answer, Outbox, Surroundings, come_back, names, repeated
from voicecall.net import MediaSocket

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Post:
    event: Event
    key: str | None = None
    hand: Hand | None = None
    after: After | None = None


def elsewhere() -> CallRefused:
    """Return why nothing can be asked here of a call that another process serves."""
    return CallRefused("elsewhere", "another gateway serves this call; ask it")


def check_stream(call: Call, started: MediaStarted, nonce: str) -> None:
    """See whether a credential that was made out for this call admits this stream.

    Raises:
        StreamRefused: it was used before, or the stream is of another call leg.
    """
    if call.carrier_call_id not in (None, started.carrier_call_id):
        raise StreamRefused("wrong call")
    if nonce in call.credentials:
        raise StreamRefused("already used")


class Session:
    """Owns the state of one call. `run` is its task; everything else may be called from any other."""

    def __init__(
        self,
        call: Call,
        seq: int,
        seen: Mapping[str, float],
        carriers: Mapping[str, Surroundings],
        open_media: Callable[[Session], Media],
        *,
        code: str = "",
    ) -> None:
        """`seq`: how many events of the call are in the journal.

        `seen`: the carrier's keys of facts among them, with the Unix seconds at which they were saved. `code`: the
        pairing code that the caller is told, which is kept nowhere else.
        """
        self.call = call
        self._carriers = carriers
        self._code = code
        self.over: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        """Done when the call is not served here any more."""
        self.lost = False
        """Whether another process has taken it."""
        self._seq = seq
        self._mailbox: asyncio.Queue[_Post] = asyncio.Queue()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._operations: dict[str, asyncio.Future[Mapping[str, str | bool]]] = {}
        self._claimed: set[str] = set()
        """Credentials that a stream has presented, used or about to be."""
        self._seen: dict[str, Hand | float] = dict(seen)
        """Keys of the facts already taken, with the webhooks that brought them, or when another process took them."""
        self._media = open_media(self)
        self._outbox = Outbox(
            lambda: self.around,
            call=lambda: self.call,
            post=self.post,
            speak=self._media.perform,
            conclude=self._media.conclude,
            answer=self._answer,
            close=self._media.close,
            streams=self._media.is_streaming,
            aloud=self.aloud,
        )

    @property
    def around(self) -> Surroundings:
        """What the carrier of the call offers."""
        return self._carriers[self.call.carrier]

    @property
    def is_queued(self) -> bool:
        """Whether it is yet to be dialled, after others."""
        return self._outbox.queued

    def aloud(self, text: str) -> str:
        """Return a text as it is to be spoken: with the pairing code, in a call that tells one."""
        return pairing.aloud(text, self._code, self.call.rules.turns.language) if self.call.pairing else text

    # --- facts in

    def post(self, event: Event) -> None:
        """Tell the call that something happened."""
        self._put(_Post(event))

    def _put(self, post: _Post) -> None:
        if not self.over.done():
            self._mailbox.put_nowait(post)
        elif post.after is not None:
            post.after(None)

    def deliver(self, leg: CarrierCallId, key: str, events: tuple[Event, ...], hand: Hand) -> None:
        """Tell the call what a webhook said, once; the hand is answered when what follows was carried out."""
        if key in self._seen:
            self._answer_again(key, self._seen[key], hand)
            return
        if not events:
            hand.give(self.around.line.nothing())
            return
        self._seen[key] = hand
        if self.call.carrier_call_id is None:
            self.post(Dialled(leg))
        for event in events[:-1]:
            self._put(_Post(event, hand=hand))
        self._put(_Post(events[-1], key, hand, self.answering(key, hand)))

    def answering(self, key: str, hand: Hand) -> After:
        """Return what answers a webhook when nothing else did; one that failed may come again."""
        self._seen[key] = hand

        def answer(error: Exception | None) -> None:
            if error is None and not hand.kept:
                hand.give(self.around.line.nothing())
            elif error is not None:
                self._seen.pop(key, None)
                hand.fail(error)

        return answer

    def _answer_again(self, key: str, first: Hand | float, hand: Hand) -> None:
        """Repeat the first answer while the credential in it is good; afterwards say nothing of consequence."""
        at = first.at if isinstance(first, Hand) else first
        used = hand.nonce in self._claimed or hand.nonce in self.call.credentials
        if used or self.around.clock() >= at + CREDENTIAL_LIFE:
            hand.give(self.around.line.nothing())
        elif isinstance(first, Hand):
            first.pass_on(hand)
        else:
            hand.give(repeated(self.around, self.call, key, at))

    async def ask(self, operation: str, event: Event) -> Mapping[str, str | bool]:
        """Ask something of the call and wait for its answer.

        Raises:
            RequestError: it was refused.
            StoreError: it could not be saved, and was not done.
        """
        if self.over.done():
            raise CallOver(f"the call ended: {self.call.end_reason}")
        answer: asyncio.Future[Mapping[str, str | bool]] = asyncio.get_running_loop().create_future()
        self._operations[operation] = answer
        try:
            self.post(event)
            return await answer
        finally:
            self._operations.pop(operation, None)

    async def serve(self, codec: MediaCodec, started: MediaStarted, nonce: str, socket: MediaSocket) -> None:
        """Take a media stream whose credential is valid, and serve it until it ends.

        Raises:
            StreamRefused: the credential was used before, or the stream is of another call leg.
            StoreError: that the credential is used up could not be saved.
        """
        check_stream(self.call, started, nonce)
        if nonce in self._claimed:
            raise StreamRefused("already used")
        self._claimed.add(nonce)
        saved: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def tell(error: Exception | None) -> None:
            if not saved.done():
                saved.set_exception(error) if error else saved.set_result(None)

        self._put(_Post(StreamStarted(started.stream_id, nonce), after=tell))
        await saved
        if not self.call.is_live or self.call.prompting:
            await socket.close(1000, "the call needs no media stream any more")
            return
        try:
            await self._media.serve(started.stream_id, codec, socket)
        except FrameError as error:
            _log.warning("stream.broken", stream_id=started.stream_id, detail=str(error), **names(self.call))
            await socket.close(1003, "not of the agreed form")

    # --- the loop

    async def run(self, effects: tuple[Effect, ...], hand: Hand | None = None, after: After | None = None) -> None:
        """Live until the call is over. `effects`: what its first event asks for, with the webhook it came by."""
        try:
            async with asyncio.TaskGroup() as tasks:
                live = self.call.is_live or self.call.wants_outcome  # who is turned away needs neither ears nor mouth
                media = tasks.create_task(self._media.run(), name=f"media {self.call.id}") if live else None
                outbox = tasks.create_task(self._outbox.run(tasks), name=f"outbox {self.call.id}")
                watch = tasks.create_task(self.around.journal.watch(self.call.id), name=f"watch {self.call.id}")
                self._keep(hand, effects)
                self._perform(effects, hand, after)
                if effects and self.call.greeting_state == "sending":
                    _log.info("greeting.speaking", **names(self.call))
                if self.call.is_over:
                    self._mark_the_end()
                while not self.call.is_over:
                    self._take(await self._mailbox.get())
                await self._media.close()
                await self._outbox.join()
                if not self._outbox.failed:
                    with suppress(StoreError):
                        await self.around.journal.durable(self.call.id)
                for task in filter(None, (outbox, media, watch)):
                    task.cancel()
        except* StoreConflict as conflict:
            self.lost = True
            self.around.journal.forget(self.call.id)
            _log.error("store.conflict", detail=str(conflict.exceptions[0]), **names(self.call))
            await self._media.close()
        except* Exception as crash:  # noqa: BLE001 - the one supervisor: a fault ends its call, and no other
            await self._crashed(crash)
        finally:
            self._leave()

    def _take(self, post: _Post) -> None:
        at, before = self.around.clock(), self.call
        self.call, effects = step(before, post.event, at)
        if post.hand is not None:
            post.hand.at = at
            if isinstance(post.event, DocumentAsked | Gathered):
                self._keep(post.hand, effects)
        if not any(isinstance(effect, Ignored) for effect in effects):
            self._seq += 1
            self.around.journal.append(self.call, self._seq, post.event, at, post.key)
        self._perform(effects, post.hand, post.after)
        if self.call.is_over and not before.is_over:
            self._mark_the_end()
        tell(before, self.call)

    def _keep(self, hand: Hand | None, effects: tuple[Effect, ...]) -> None:
        """Where the carrier speaks by itself, its webhook waits until it is known what there is to say.

        A leg that was told something newer meanwhile needs nothing; should it be there all the same, it comes back.
        """
        able = self.around.line.carrier.capabilities.documents
        if hand is None or not able or not self.call.prompting or not self.call.is_live:
            return
        if self.call.prompts.waiting or any(isinstance(effect, Prompt) for effect in effects):
            hand.kept = True
            self._outbox.visitor = hand
        else:
            hand.give(come_back(self.around, self.call, hand) or self.around.line.nothing())

    def _mark_the_end(self) -> None:
        """Put the end into the log by name, for whoever follows the events."""
        self._seq += 1
        ended = CallEnded(self.call.end_reason or "error", self.call.end_detail or "")
        self.around.journal.append(self.call, self._seq, ended, self.around.clock())

    def _perform(self, effects: tuple[Effect, ...], hand: Hand | None, after: After | None) -> None:
        """Do at once what can be, and queue the rest until it is durable."""
        later: list[Durable] = []
        for effect in effects:
            match effect:
                case HoldReply() | ResumeReply() | CancelReply() | TakeOver() | Rehearse() | Inform() | DropConsults():
                    self._media.perform(effect)
                case StartTimer(name, seconds):
                    self._stop_timer(name)
                    loop = asyncio.get_running_loop()
                    self._timers[name] = loop.call_later(seconds, self.post, TimerFired(name))
                case StopTimer(name):
                    self._stop_timer(name)
                case Ignored(why):
                    _log.debug("event.ignored", why=why, **names(self.call))
                case _:
                    later.append(effect)
        if later or after is not None:
            self._outbox.put(tuple(later), hand, after)
        if not self.call.is_live:
            self._outbox.leave()

    def _stop_timer(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def _answer(self, operation: str, answer: Answer) -> None:
        waiting = self._operations.get(operation)
        if waiting is None or waiting.done():
            return
        if isinstance(answer, Exception):
            waiting.set_exception(answer)
        else:
            waiting.set_result(answer)

    # --- the end

    async def _crashed(self, crash: BaseExceptionGroup[Exception]) -> None:
        """Our own fault: say so, hang up, and close the record."""
        _log.error("call.crashed", exc_info=crash, **names(self.call))
        first: BaseException = crash
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        detail = f"The gateway failed on this call: {type(first).__name__}: {first}"
        leg = self.call.carrier_call_id
        self._take(_Post(Crashed(detail)))
        await self._media.close()
        if leg is not None and not self.call.leg_over:
            try:
                await self.around.line.request(HangUp(leg))
            except CarrierError as error:
                _log.error("carrier.failed", action="HangUp", code=error.code, detail=str(error), **names(self.call))
        if not self.call.is_over:
            self._take(_Post(HangupAccepted()))
            self._take(_Post(TimerFired("settle")))
        with suppress(StoreError):
            await self.around.journal.durable(self.call.id)

    def _leave(self) -> None:
        for name in list(self._timers):
            self._stop_timer(name)
        why: StoreError | None = None
        if self.lost:
            why = StoreConflict(f"call {self.call.id} is served elsewhere")
        elif not self.call.is_over:
            why = StoreError(f"call {self.call.id} is not served here any more")
        for operation in list(self._operations):
            self._answer(operation, elsewhere() if self.lost else CallOver(f"the call ended: {self.call.end_reason}"))
        self._outbox.abandon(why)
        while not self._mailbox.empty():
            post = self._mailbox.get_nowait()
            if post.after is not None:
                post.after(why)
        if not self.over.done():
            self.over.set_result(self.call)

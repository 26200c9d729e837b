"""Finds or opens the session of a call: places, takes in, takes over, and keeps within the limits."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
import structlog

from voicecall.carriers import Delivery, HangUp, HttpReply, Inbound, MediaCodec, MediaStarted
from voicecall.core import events
from voicecall.core.call import Call
from voicecall.core.credentials import Credential
from voicecall.core.effects import Effect
from voicecall.core.events import Adopted, CarrierEnded, Dialled, DocumentAsked, Gathered, Placed, StreamDenied
from voicecall.core.ids import CallId, CarrierCallId, new_call_id
from voicecall.core.record import replay
from voicecall.core.rules import Rules
from voicecall.core.step import begin
from voicecall.errors import CallRefused, CarrierError, StoreConflict, StoreError, StreamRefused
from voicecall.gateway.admission import Reception, Verdict, arrival, decide
from voicecall.gateway.journal import Journal
from voicecall.gateway.line import Hand
from voicecall.gateway.media import Media
from voicecall.gateway.outbox import After, Surroundings, come_back, repeated
from voicecall.gateway.pairing import Limits, PairingDesk
from voicecall.gateway.reading import replayed
from voicecall.gateway.session import Session, check_stream
from voicecall.net import MediaSocket
from voicecall.store import Logged, Store

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the switchboard is given."""

    store: Store
    journal: Journal
    carriers: Mapping[str, Surroundings]
    clock: Callable[[], float]
    entropy: Callable[[int], bytes]
    instance: str
    rules: Callable[[str, str], Rules]
    """What is decided about a call, by our dialled number, if there is one, and by language: empty for the line's."""
    reception: Callable[[str], Reception]
    """By the number that was dialled."""
    open_media: Callable[[Session], Media]
    max_calls: int
    pairing: Limits = Limits()  # noqa: RUF009 - it is frozen
    answer_within: float = 4.0
    """Seconds a webhook may wait for its decision."""
    lease: float = 30.0
    """Seconds an open call is ours without renewal."""


@dataclass(slots=True)
class Switchboard:
    """All live calls. Run `run` as a task; `tasks` live as long as it does."""

    exchange: Exchange
    sessions: dict[CallId, Session] = field(default_factory=dict)
    draining: bool = False
    pairing: PairingDesk = field(init=False)
    ended: Counter[str] = field(default_factory=Counter)
    """How many calls ended since the start, by reason."""
    _arrivals: dict[str, asyncio.Future[CallId]] = field(default_factory=dict)
    tasks: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup)

    def __post_init__(self) -> None:
        given = self.exchange
        self.pairing = PairingDesk(given.store, clock=given.clock, entropy=given.entropy, limits=given.pairing)

    async def run(self, ready: Callable[[], None]) -> None:
        """Take over what an earlier process left, call `ready`, and keep the lease on our calls until cancelled."""
        async with self.tasks:
            await self._take_over()
            ready()
            while True:
                await asyncio.sleep(self.exchange.lease / 3)
                try:
                    await self._take_over()
                except StoreError as error:
                    _log.error("store.failed", detail=str(error))

    async def drain(self) -> None:
        """Take no new calls, and return once the live ones are over."""
        self.draining = True
        while self.sessions:
            await asyncio.wait([session.over for session in self.sessions.values()])
            await asyncio.sleep(0)

    def live(self) -> list[Session]:
        """Return the sessions of the calls that are not over, but for those of which only the outcome is awaited."""
        return [session for session in self.sessions.values() if session.call.has_line]

    # --- calls begin

    def check_room(self) -> None:
        """Say by name why no call can be placed.

        Raises:
            CallRefused: the gateway is shutting down, or as many calls as allowed are under way.
        """
        if self.draining:
            raise CallRefused("draining", "the gateway is shutting down")
        limit = self.exchange.max_calls
        if len(self.live()) >= limit:
            raise CallRefused(
                "max-concurrent-calls", f"all {limit} lines are taken (limits.max_concurrent_calls)", limit=True
            )

    async def place(self, event: Placed) -> Session:
        """Open an outbound call; it is dialled once it is on record.

        Raises:
            StoreError: it could not be put on record, and was not dialled.
        """
        recorded: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def tell(error: Exception | None) -> None:
            if not recorded.done():
                recorded.set_exception(error) if error else recorded.set_result(None)

        at = self.exchange.clock()
        call, effects = begin(event, at)
        self.exchange.journal.append(call, 1, event, at)
        session = self._open(call, 1, {})
        self._start(session, effects, None, tell)
        try:
            await asyncio.shield(recorded)
        except StoreError:
            await session.over
            self.exchange.journal.forget(call.id)
            raise
        return session

    def rules(self, carrier: str, line: str = "", language: str = "") -> Rules:
        """Return what is decided about a new call on a carrier and a line of ours; `language` in place of the line's.

        Raises:
            BadParameters: the language is none, or nobody here knows it.
        """
        can = self.exchange.carriers[carrier].line.carrier.capabilities
        return msgspec.structs.replace(self.exchange.rules(line, language), can=can)

    def new_id(self) -> CallId:
        """Return an id for a new call."""
        return new_call_id(self.exchange.clock(), self.exchange.entropy(10))

    async def _decide(self, carrier: str, delivery: Delivery, inbound: Inbound) -> Verdict:
        """Return what becomes of a caller."""
        reception, leg = self._reception(inbound), f"{carrier} {delivery.carrier_call_id}"
        return await decide(reception, inbound, leg, self.pairing, room=not self._full())

    def _full(self) -> bool:
        return self.draining or len(self.live()) >= self.exchange.max_calls

    def _reception(self, inbound: Inbound) -> Reception:
        return self.exchange.reception(inbound.from_ if inbound.placed else inbound.to)

    def _arrive(self, carrier: str, delivery: Delivery, inbound: Inbound, verdict: Verdict, hand: Hand) -> None:
        if self.draining:
            verdict = Verdict("draining")
        elif not verdict.refusal and self._full():
            verdict = Verdict("busy")
        rules = self.rules(carrier, "" if inbound.placed else inbound.to)
        event = arrival(self.new_id(), carrier, delivery, inbound, self._reception(inbound), rules, verdict)
        at = hand.at
        call, effects = begin(event, at)
        self.exchange.journal.append(call, 1, event, at, delivery.key)
        session = self._open(call, 1, {}, verdict.code)
        self._start(session, effects, hand, session.answering(delivery.key, hand))
        waiting = self._arrivals.pop(delivery.carrier_call_id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(call.id)

    def _open(self, call: Call, seq: int, seen: Mapping[str, float], code: str = "") -> Session:
        session = Session(call, seq, seen, self.exchange.carriers, self.exchange.open_media, code=code)
        self.sessions[call.id] = session
        return session

    def _start(self, session: Session, effects: tuple[Effect, ...], hand: Hand | None, after: After | None) -> None:
        self.tasks.create_task(self._live(session, effects, hand, after), name=f"call {session.call.id}")

    async def _live(
        self, session: Session, effects: tuple[Effect, ...], hand: Hand | None, after: After | None
    ) -> None:
        try:
            await session.run(effects, hand, after)
        finally:
            del self.sessions[session.call.id]
            if session.call.end_reason is not None and not session.lost:
                self.ended[session.call.end_reason] += 1

    async def arrival(self, carrier: str, leg: CarrierCallId) -> CallId:
        """Return the call of an inbound leg, once it is here; it may be over by then."""
        session = self._of_leg(leg)
        if session is not None:
            return session.call.id
        waiting: asyncio.Future[CallId] = asyncio.get_running_loop().create_future()
        self._arrivals[leg] = waiting
        try:
            return await self.exchange.store.find(carrier, leg) or await waiting
        finally:
            self._arrivals.pop(leg, None)

    # --- what carriers say

    async def deliver(self, carrier: str, deliveries: tuple[Delivery, ...]) -> HttpReply:
        """Hand a webhook to the calls it speaks of, and return their answer once it is saved.

        Raises:
            StoreError: it could not be saved; the carrier should deliver it again.
        """
        reply = self.exchange.carriers[carrier].line.nothing()
        for delivery in deliveries:
            try:
                reply = await self._answered(carrier, delivery) or reply
            except StoreConflict:  # a copy of it, or the call, was taken in elsewhere, and it goes there
                reply = await self._answered(carrier, delivery) or reply
        return reply

    async def _answered(self, carrier: str, delivery: Delivery) -> HttpReply | None:
        """Return the answer to a delivery; None if it takes too long."""
        hand = Hand(delivery.key, self.exchange.clock())
        await self._hand_in(carrier, delivery, hand)
        try:
            async with asyncio.timeout(self.exchange.answer_within):
                return await hand.answer
        except TimeoutError:
            _log.warning("webhook.slow", carrier=carrier, carrier_call_id=delivery.carrier_call_id)
            return self._come_back(carrier, delivery, hand)

    async def _hand_in(self, carrier: str, delivery: Delivery, hand: Hand) -> None:
        """Give a delivery to its call, here or fetched from where it was served; a new one may begin with it."""
        store, leg = self.exchange.store, delivery.carrier_call_id
        session = self._serving(delivery)
        if session is None:
            logged = await store.keyed(carrier, delivery.key)
            known = await store.find(carrier, leg) or await self._unnamed(delivery)
            session = self._serving(delivery)  # a copy may have come in meanwhile
            if session is None and logged is not None:
                hand.give(await self._repeated(carrier, logged))
                return
            if session is None and known is not None:
                session = await self._seize(known, leg) if _asks(delivery) else None
                if session is None:
                    hand.give(self.exchange.carriers[carrier].line.nothing())
                    return
        verdict = Verdict()
        if session is None and delivery.inbound is not None:
            verdict = await self._decide(carrier, delivery, delivery.inbound)
            session = self._serving(delivery)
        if session is not None:
            session.deliver(leg, delivery.key, delivery.events, hand)
        elif delivery.inbound is not None:
            self._arrive(carrier, delivery, delivery.inbound, verdict, hand)
        else:
            _log.warning("call.unknown", carrier=carrier, carrier_call_id=leg)
            hand.give(self.exchange.carriers[carrier].line.nothing())
            if delivery.call_id is not None:
                self.tasks.create_task(self._lay_ghost(carrier, delivery), name="ghost")

    def _serving(self, delivery: Delivery) -> Session | None:
        session = self.sessions.get(delivery.call_id) if delivery.call_id else None
        return session or self._of_leg(delivery.carrier_call_id)

    async def _unnamed(self, delivery: Delivery) -> CallId | None:
        """Return the call that was dialled, without a name for its leg yet, and that this is the leg of."""
        with suppress(StoreError):
            call = await self.exchange.store.record(delivery.call_id) if delivery.call_id else None
            if call is not None and call["state"] != "ended" and call["carrierCallId"] is None:
                return delivery.call_id
        return None

    async def _repeated(self, carrier: str, logged: Logged) -> HttpReply:
        """Answer a webhook that another process acted on."""
        call = replay((entry.at, events.decode(entry.data)) for entry in await self.exchange.store.log(logged.call_id))
        return repeated(self.exchange.carriers[carrier], call, logged.key or "", logged.at)

    def _come_back(self, carrier: str, delivery: Delivery, hand: Hand) -> HttpReply | None:
        """Keep a leg that waits for a decision which takes too long."""
        session = self._serving(delivery)
        if session is None or not _asks(delivery):
            return None
        return come_back(self.exchange.carriers[carrier], session.call, hand)

    async def _lay_ghost(self, carrier: str, delivery: Delivery) -> None:
        """End a leg that we dialled, and whose call ended before we knew the leg."""
        over = any(isinstance(event, CarrierEnded) for event in delivery.events)
        try:
            call = await self.exchange.store.record(delivery.call_id) if delivery.call_id else None
            if over or call is None or call["state"] != "ended":
                return
            await self.exchange.carriers[carrier].line.request(HangUp(delivery.carrier_call_id))
        except CarrierError as error:
            _log.error("carrier.failed", action="HangUp", carrier_call_id=delivery.carrier_call_id, detail=str(error))
        except StoreError as error:
            _log.error("store.failed", detail=str(error))

    async def stream(
        self, carrier: str, codec: MediaCodec, started: MediaStarted, credential: Credential, socket: MediaSocket
    ) -> None:
        """Serve a media stream until it ends, if its credential, which is ours and fresh, admits it to this call.

        Raises:
            StreamRefused: it does not.
            StoreError: that the credential is used up could not be saved.
        """
        try:
            session = self.sessions.get(credential.call_id) or await self._admit(started, credential)
            await _serve(session, carrier, codec, started, credential, socket)
        except StoreConflict:  # another process had taken the call, whose stream is here
            session = await self._admit(started, credential)
            await _serve(session, carrier, codec, started, credential, socket)

    def refused(self, carrier: str, carrier_call_id: CarrierCallId, reason: str) -> None:
        """Tell the call whose leg this is that a media stream of it was refused."""
        session = self._of_leg(carrier_call_id)
        if session is not None and session.call.carrier == carrier:
            session.post(StreamDenied(reason))

    def _of_leg(self, leg: CarrierCallId) -> Session | None:
        return next((s for s in self.sessions.values() if s.call.carrier_call_id == leg), None)

    # --- what another process left, or serves no more

    async def _take_over(self) -> None:
        """Renew the leases on our calls, and open those that we hold and do not serve."""
        for call_id in await self.exchange.store.claim(self.exchange.clock(), self.exchange.lease):
            if call_id not in self.sessions and not self.exchange.journal.owes(call_id):
                await self._adopt(call_id)

    async def _seize(self, call_id: CallId, leg: CarrierCallId | None = None) -> Session | None:
        """Take a call from the process that serves it: its carrier has turned to us. None if there is none to take."""
        if not await self.exchange.store.seize(call_id, self.exchange.clock(), self.exchange.lease):
            return self.sessions.get(call_id)
        return self.sessions.get(call_id) or await self._adopt(call_id, leg)

    async def _admit(self, started: MediaStarted, credential: Credential) -> Session | None:
        """Take the call of a stream that came here from whoever serves it; not for a stream that would be refused."""
        log = await self.exchange.store.log(credential.call_id)
        call = replayed(credential.call_id, log) if log else None
        if call is not None:
            check_stream(call, started, credential.nonce)
        return await self._seize(credential.call_id)

    async def _adopt(self, call_id: CallId, leg: CarrierCallId | None = None) -> Session | None:
        log = await self.exchange.store.log(call_id)
        call = replayed(call_id, log)
        if call is None:
            return None
        if call.carrier not in self.exchange.carriers:
            _log.error("call.orphaned", call_id=call_id, carrier=call.carrier, detail="the carrier is not configured")
            return None
        code = await self.pairing.code_of(call.from_) if call.pairing and call.is_live else ""
        if call_id in self.sessions:
            return self.sessions[call_id]
        seen = {logged.key: logged.at for logged in log if logged.key is not None}
        session = self._open(call, log[-1].seq, seen, code)
        self._start(session, (), None, None)
        if leg is not None:
            session.post(Dialled(leg))
        session.post(Adopted(self.exchange.instance))
        _log.info("call.adopted", call_id=call_id, carrier=call.carrier, carrier_call_id=call.carrier_call_id)
        return session


async def _serve(
    session: Session | None,
    carrier: str,
    codec: MediaCodec,
    started: MediaStarted,
    credential: Credential,
    socket: MediaSocket,
) -> None:
    if session is None or session.call.carrier != carrier:
        raise StreamRefused("wrong call")
    await session.serve(codec, started, credential.nonce, socket)


def _asks(delivery: Delivery) -> bool:
    """Say whether the carrier waits to be told what to do with the leg."""
    return any(isinstance(event, DocumentAsked | Gathered) for event in delivery.events)

"""A whole gateway in memory, wired as in production: real decisions, real codecs, real phones; no socket, no clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager
from typing import Any, Protocol

from tests.gateway.callers import HANG_UP as HANG_UP, listen as listen, onset as onset, say as say, wait as wait
from tests.gateway.promises import check_error, check_result
from tests.gateway.spelling import (
    Word,
    text as text,
)
from tests.gateway.studio import Options as Options, Studio
from tests.gateway.town import OF_CALLS, Disk, MakeTown, Plug, Town
from voicecall.carriers import Capabilities, Carrier, HttpReply, Webhook
from voicecall.core.credentials import mint
from voicecall.core.events import decode
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.core.operations import CallerStep, Continue, Dtmf, End, Events, Initiate, Operation, Speak, Status, Wait
from voicecall.core.record import record, replay
from voicecall.emulators.faces import Parties
from voicecall.emulators.legs import Leg
from voicecall.emulators.script import Step
from voicecall.entrypoints.streams import Streams
from voicecall.entrypoints.webhooks import Webhooks
from voicecall.errors import StoreError, VoicecallError
from voicecall.gateway.admission import Reception
from voicecall.gateway.budget import OutboundBudget
from voicecall.gateway.gateway import Bell, Defaults, Gateway, Phones
from voicecall.gateway.journal import Journal
from voicecall.gateway.line import Line
from voicecall.gateway.outbox import Surroundings
from voicecall.gateway.switchboard import Exchange, Switchboard
from voicecall.net.http import Http

FRIEND = "+15550100009"  # answers
US = "+15550000000"
KEY = b"the key of stream credentials"
WEBHOOK = "https://gateway.test/voice/webhook"
STREAM = "wss://gateway.test/voice/stream"


Json = dict[str, Any]


class House(Studio):
    """A gateway in a town."""

    def __init__(self, town: Town, options: Options) -> None:
        self.town = town
        self.network = town.network
        super().__init__(options, town.alphabet)
        self.store = Disk(instance=options.instance, lease=options.lease, clock=town.now, archive=town.archive)
        self.nonces: list[str] = []
        self._carrier = town.kit.carrier()
        self._count = 0
        self.gateway: Gateway
        self.switchboard: Switchboard
        self.journal: Journal

    # --- its life

    async def run(self, ready: Callable[[], None]) -> None:
        """Be up until cancelled."""
        options, name = self.options, self.town.kit.name
        await self.store.open()
        carrier = self._carrier
        bell = Bell()
        outbound = OutboundBudget(options.budget, self.store, self.town.now)
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(Http(self.town.rest))
            self.journal = await stack.enter_async_context(Journal(self.store, bell.ring))
            around = Surroundings(
                journal=self.journal,
                line=Line(carrier, http, timeout=10.0, dials_per_second=options.dials_per_second),
                clock=self.town.now,
                nonce=self._nonce,
                credential=self._mint,
                stream_url=lambda: STREAM,
                webhook_url=lambda: f"{WEBHOOK}/{name}",
                from_number=US,
                barred=outbound.barred,
            )
            self.switchboard = Switchboard(
                Exchange(
                    store=self.store,
                    journal=self.journal,
                    carriers={name: around},
                    clock=self.town.now,
                    entropy=self._entropy,
                    instance=options.instance,
                    rules=lambda line, language: self.rules(),
                    reception=lambda number: Reception(options.policy, options.allow_from, options.greeting),
                    open_media=self.open_media,
                    max_calls=options.max_calls,
                    pairing=options.pairing,
                    lease=options.lease,
                )
            )
            defaults = Defaults((name,), "conversation", FRIEND)
            self.gateway = Gateway(
                self.switchboard,
                self.store,
                bell,
                defaults,
                Phones(name, US, self._ring),
                budget=outbound,
                failing=lambda: self.journal.failing,
            )
            carriers = {name: carrier}
            self._webhooks = Webhooks(carriers, self.switchboard, self.town.now, default=name)
            self._streams = Streams(
                carriers,
                self.switchboard,
                self.town.now,
                default=name,
                keys=(KEY,),
                pre_start_timeout=5.0,
                require_signature=self.town.kit.signs_handshakes,
            )
            async with asyncio.TaskGroup() as self._doors:
                self._doors.create_task(self.gateway.watch(), name="outbound")
                await self.switchboard.run(ready)

    def _nonce(self) -> str:
        return self._entropy(10).decode()

    def _entropy(self, size: int) -> bytes:
        self._count += 1
        return f"{self.options.instance:5}{self._count:05d}".encode()[:size]

    def credential(self, call_id: CallId, nonce: str) -> str:
        """Mint a stream credential."""
        return mint(KEY, call_id=call_id, nonce=nonce, expires=self.town.now() + 60.0)

    def _mint(self, call_id: CallId, nonce: str, expires: float) -> str:
        self.nonces.append(nonce)
        return mint(KEY, call_id=call_id, nonce=nonce, expires=expires, carrier=self.town.kit.name)

    # --- its public door

    async def post(self, webhook: Webhook) -> HttpReply:
        """Answer a webhook; the connection breaks when the house falls."""
        handled = self._doors.create_task(
            self._webhooks.handle(webhook, self.town.kit.name, lambda: None), name="webhook"
        )
        await asyncio.wait([handled])
        if handled.cancelled():
            raise ConnectionResetError("the gateway is gone")
        return handled.result()

    def connect(self, plug: Plug, handshake: Webhook) -> None:
        """Serve a media stream beside everything else.

        Raises:
            ConnectionRefusedError: its handshake is not admitted.
        """
        token = handshake.url.partition(f"{STREAM}/")[2] or None
        carrier = self._streams.carrier_of(token) if token else self._streams.carrier(handshake.headers)
        if carrier is None or not self._streams.admits(carrier, handshake):
            raise ConnectionRefusedError("the handshake is not admitted")
        self._doors.create_task(self._serve(carrier, token, plug), name="stream")

    async def _serve(self, carrier: Carrier, token: str | None, plug: Plug) -> None:
        try:
            await self._streams.serve(carrier, token, plug, lambda: None)
        except StoreError:
            await plug.close(1011, "")
        finally:
            plug.drop()

    # --- what is done with it

    async def place(self, *steps: Step, to: str = FRIEND, message: str = "Hello there", **wish: Any) -> str:
        """Place a call to a phone that does `steps` once it answers; return the call's id."""
        if steps:
            await self.network.script(to, steps)
        placed = await self.perform(Initiate(to=to, message=message, **wish))
        return str(placed["callId"])

    async def ring(self, *steps: Step, caller: str = FRIEND, line: str = US) -> str:
        """Ring the gateway from a phone that does `steps`; return the call's id once it has one."""
        leg = await self.dial_in(*steps, caller=caller, line=line)
        return await self.switchboard.arrival(self.town.kit.name, CarrierCallId(leg.parties.call))

    async def dial_in(self, *steps: Step, caller: str = FRIEND, line: str = US) -> Leg:
        """Ring the gateway, and return the leg at once."""
        parties = Parties("", "inbound", caller, line, f"{WEBHOOK}/{self.town.kit.name}")
        return await self.network.ring(self.town.face, parties, steps)

    async def knock(self, leg: Leg, token: str | None) -> Plug:
        """Open a media stream on this leg with this credential, as the network would, and begin it."""
        plug = Plug()
        in_path = None if self._carrier.capabilities.credential_in_start else token
        self._doors.create_task(self._serve(self._carrier, in_path, plug), name="stream")
        parameters = {} if token is None else {"token": token}
        for message in leg.attendant.dialect(9, parameters).opening():
            await plug.phone.send(message)
        return plug

    async def _ring(self, caller: str, called: str, steps: list[CallerStep]) -> CarrierCallId:
        leg = await self.dial_in(*(Step(say=step.say, hangup=step.hangup) for step in steps), caller=caller)
        return CarrierCallId(leg.parties.call)

    async def perform(self, operation: Operation, key: str | None = None) -> Any:
        """Carry out an operation, once per key, and see that what comes of it is what the table promises."""
        try:
            result = await self.gateway.perform(operation, idempotency_key=key)
        except VoicecallError as error:
            check_error(operation, error)
            raise
        check_result(operation, result)
        return result

    async def speak(self, call_id: str, message: str) -> Json:
        """Say something."""
        return await self.perform(Speak(call_id=call_id, message=message))  # type: ignore[no-any-return]

    async def ask(self, call_id: str, message: str) -> Json:
        """Say something and wait for the answer."""
        return await self.perform(Continue(call_id=call_id, message=message))  # type: ignore[no-any-return]

    async def press(self, call_id: str, digits: str) -> Json:
        """Send digits."""
        return await self.perform(Dtmf(call_id=call_id, digits=digits))  # type: ignore[no-any-return]

    async def end(self, call_id: str) -> Json:
        """Hang up."""
        return await self.perform(End(call_id=call_id))  # type: ignore[no-any-return]

    def beside(self, work: Coroutine[Any, Any, Any]) -> asyncio.Future[Any]:
        """Run something beside the test, and return what will come of it."""
        outcome: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        async def run() -> None:
            try:
                outcome.set_result(await work)
            except VoicecallError as error:
                outcome.set_exception(error)

        task = self.town.tasks.create_task(run(), name="beside")
        outcome.add_done_callback(lambda _: task.cancel())
        return outcome

    # --- what is known of it

    @property
    def can(self) -> Capabilities:
        """What can be done on its carrier."""
        return self._carrier.capabilities

    async def record(self, call_id: str) -> Json:
        """Return the record of a call, as it is."""
        return await self.perform(Status(call_id=call_id))  # type: ignore[no-any-return]

    async def over(self, call_id: str) -> Json:
        """Return the record of a call once it has ended, and see that the archive tells the same story."""
        final: Json = await self.perform(Wait(call_id=call_id, timeout=1000.0))
        log = await self.store.log(CallId(call_id))
        assert [logged.seq for logged in log] == list(range(1, len(log) + 1))
        assert [logged.type for logged in log].index("CallEnded") == len(log) - 1
        assert final == await self.store.record(CallId(call_id))
        assert final == record(replay((logged.at, decode(logged.data)) for logged in log))
        assert final["state"] == "ended"
        return final

    async def events(self, call_id: str) -> list[Json]:
        """Return the events of a call so far."""
        return await self.perform(Events(call_id=call_id))  # type: ignore[no-any-return]

    async def types(self, call_id: str) -> list[str]:
        """Return the types of the events of a call so far."""
        return [event["type"] for event in await self.events(call_id)]

    async def seen(self, call_id: str, type_: str, count: int = 1) -> Json:
        """Return the `count`th event of this type, waiting until there is one."""
        async with aclosing(self.gateway.subscribe(0, call_id)) as log:
            async for event in log:
                count -= event["type"] == type_
                if not count:
                    return event
        raise AssertionError

    async def leg(self, call_id: str) -> Leg:
        """Return the call's leg in the network."""
        return self.network.legs[(await self.record(call_id))["carrierCallId"]]

    async def hears(self, call_id: str) -> list[Word]:
        """Return the words that the phone heard, with their times since the answer."""
        return self.town.alphabet.hear((await self.leg(call_id)).recording.wav())

    async def heard_of_us(self, call_id: str) -> str:
        """Return what the phone heard as one line, without the one word that the carrier may say for a dead gateway."""
        words = await self.hears(call_id)
        sorry = next((word for word in words if word.text == self.town.kit.sorry), None)
        return text([word for word in words if word is not sorry])

    async def does(self, call_id: str, what: str) -> list[float]:
        """Return when the phone did this, or something was done to it, in seconds since the answer."""
        return [entry.at for entry in (await self.leg(call_id)).journal if entry.what == what]

    async def idle(self) -> None:
        """See that nothing is left of any call: no session, no task."""
        await asyncio.sleep(5.0)
        assert self.switchboard.sessions == {}
        left = {task.get_name().split()[0] for task in asyncio.all_tasks()} & OF_CALLS
        assert not left


class MakeHouse(Protocol):
    """Opens a gateway, in a new town unless there is one."""

    def __call__(self, town: Town | None = None, /, **options: Any) -> AbstractAsyncContextManager[House]:
        """Open it."""


@asynccontextmanager
async def open_house(found: MakeTown, town: Town | None = None, **options: Any) -> AsyncIterator[House]:
    """Open a gateway; on exit it is shut as by a kill: nothing more is written, and its sockets are cut."""
    async with AsyncExitStack() as stack:
        if town is None:
            town = await stack.enter_async_context(found())
        house = House(town, Options(**options))
        ready = asyncio.Event()
        life = town.tasks.create_task(house.run(ready.set), name=f"gateway {house.options.instance}")
        await ready.wait()
        town.front = house
        try:
            yield house
        finally:
            if town.front is house:
                town.front = None
            house.store.broken = True
            life.cancel()
            await asyncio.wait([life])

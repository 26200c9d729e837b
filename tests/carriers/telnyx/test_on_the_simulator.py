"""What the codec asks for is done by the simulated Telnyx, and what that reports is read by the codec. Virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from tests.emulators.telnyx_rig import EPOCH, ORIGIN, OURS, PHONE, Gateway, Hook, Stream, World, play
from tests.emulators.twilio_rig import journal
from voicecall.audio import Samples
from voicecall.audio.g711 import from_float, to_float
from voicecall.audio.levels import rms_dbfs
from voicecall.carriers import (
    Action,
    Callback,
    ConnectStream,
    Delivery,
    Dismiss,
    FetchStatus,
    HangUp,
    Inbound,
    Listen,
    MediaAudio,
    MediaCodec,
    MediaMark,
    MediaStarted,
    PlaceCall,
    PressDigits,
    Prompt,
    RejectCall,
    RestResponse,
    Webhook,
)
from voicecall.carriers.telnyx import TelnyxCarrier
from voicecall.carriers.telnyx.codecs import Codec
from voicecall.core.events import (
    Answered,
    CarrierAsked,
    CarrierEnded,
    Dialled,
    DigitPressed,
    DocumentAsked,
    Event,
    Gathered,
    HangupAccepted,
    Told,
    Warned,
)
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.emulators.faults import Faults
from voicecall.emulators.legs import Leg
from voicecall.emulators.script import Step
from voicecall.emulators.telnyx.account import Account
from voicecall.errors import CarrierError

ACCOUNT = Account(webhook_url=f"{ORIGIN}/telnyx")
CALL = CallId("01K8Z0000000000000000000AB")
MAILBOX = "+15550100003"
PLACE = PlaceCall(CALL, PHONE, OURS, f"{ORIGIN}/telnyx", 30.0, 60.0)
NOBODY = CarrierCallId("")
CONNECT = ConnectStream(NOBODY, "wss://voice.example.org/media", "1.k.c.m", Callback("", CALL, "n1"))
CODECS: list[Codec] = ["PCMU", "PCMA", "L16/16000"]


def carrier(codec: Codec = "PCMU") -> TelnyxCarrier:
    return TelnyxCarrier(ACCOUNT.api_key, ACCOUNT.connection_id, ACCOUNT.public_key, codec=codec)


def back(visit: int = 1) -> Callback:
    return Callback(f"{ORIGIN}/telnyx", CALL, f"n{visit}")


def read(hook: Hook) -> tuple[Delivery, ...]:
    headers = {name.lower(): value for name, value in hook.headers.items()}
    webhook = Webhook("POST", f"{ORIGIN}{hook.path}", headers, hook.body)
    carrier().verify(webhook, EPOCH + hook.at)
    return carrier().parse(webhook)


def told(gateway: Gateway) -> list[Event]:
    """Everything that the webhooks said."""
    return [event for hook in gateway.hooks for delivery in read(hook) for event in delivery.events]


class Desk:
    """Asks the simulator by REST for what the gateway would."""

    def __init__(self, world: World, codec: Codec) -> None:
        self.world = world
        self.carrier = carrier(codec)
        self.leg: Leg
        self.refused: list[str] = []
        """The codes with which something was refused, as the simulator notes them."""

    async def ask(self, action: Action) -> tuple[Event, ...]:
        if not isinstance(action, PlaceCall):
            action = replace(action, carrier_call_id=CarrierCallId(self.leg.parties.call))
        request = self.carrier.request(action)
        path = request.url.removeprefix("https://api.telnyx.com")
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = await self.world.rest.handle(request.method, path, headers, request.body)
        if reply.status != 200:
            self.refused.append(json.loads(reply.body)["errors"][0]["code"])
        return self.carrier.outcome(action, RestResponse(reply.status, reply.body))

    async def stream(self) -> tuple[MediaCodec, Stream]:
        """Return the newest media stream, with the codec that has read its start."""
        await asyncio.sleep(0.1)
        stream = self.world.gateway.streams[-1]
        media = self.carrier.media()
        connected, start = (media.decode(json.dumps(one)) for one in stream.events("connected", "start"))
        assert connected is None
        assert isinstance(start, MediaStarted)
        assert start.carrier_call_id == self.leg.parties.call
        return media, stream


Scene = Callable[[Desk], Awaitable[object]]


def dialled(scene: Scene, *steps: Step, codec: Codec = "PCMU", faults: Faults | None = None, **dial: Any) -> Gateway:
    """Dial, do something once it was answered, hang up."""

    async def whole(world: World) -> None:
        desk = Desk(world, codec)
        await world.network.script(PHONE, steps)
        (event,) = await desk.ask(replace(PLACE, **dial))
        assert isinstance(event, Dialled)
        desk.leg = world.network.legs[event.carrier_call_id]
        await asyncio.sleep(0.7)
        await scene(desk)
        assert await desk.ask(HangUp(NOBODY)) == (HangupAccepted(),)
        await asyncio.sleep(3)
        assert world.codes() == desk.refused

    return play(whole, account=ACCOUNT, faults=faults)


def rung(scene: Scene, *steps: Step) -> Gateway:
    """Be called, do something, hang up."""

    async def whole(world: World) -> None:
        desk = Desk(world, "PCMU")
        desk.leg = await world.ring(*steps or (Step(wait=30.0),))
        await scene(desk)
        assert await desk.ask(HangUp(NOBODY)) == (HangupAccepted(),)
        await asyncio.sleep(3)
        assert world.codes() == desk.refused

    return play(whole, account=ACCOUNT)


def tone(seconds: float) -> Samples:
    times = np.arange(int(seconds * 8000), dtype=np.float32) / np.float32(8000)
    samples: Samples = np.float32(0.4) * np.sin(np.float32(2 * np.pi * 440) * times)
    return samples


# --- calls


async def nothing(desk: Desk) -> None:
    """Leave it as it is."""


def test_a_dial_is_reported_to_its_end() -> None:
    gateway = dialled(nothing)
    leg = CarrierCallId(gateway.hooks[0].payload["call_control_id"])
    assert told(gateway) == [Dialled(leg), Answered(), DocumentAsked(), CarrierEnded("completed")]
    assert {delivery.call_id for hook in gateway.hooks for delivery in read(hook)} == {CALL}


def test_a_dial_that_goes_out_as_asked_for_is_told_machines_and_sends_digits() -> None:
    async def wait(desk: Desk) -> None:
        assert [text for _, _, text in journal(desk.leg, "digit")] == []
        await asyncio.sleep(5)

    gateway = dialled(wait, to=MAILBOX, detect_machine=True)
    assert Answered(machine=True) in told(gateway)

    async def listen(desk: Desk) -> None:
        await asyncio.sleep(3)
        assert "".join(text for _, _, text in journal(desk.leg, "digit")) == "12#"

    dialled(listen, digits="1p2,#")


def test_a_leg_is_asked_after_and_hung_up_once() -> None:
    async def ask(desk: Desk) -> None:
        assert await desk.ask(FetchStatus(NOBODY)) == (CarrierAsked("alive"),)
        assert await desk.ask(HangUp(NOBODY)) == (HangupAccepted(),)
        await asyncio.sleep(0.1)
        assert await desk.ask(FetchStatus(NOBODY)) == (CarrierAsked("gone"),)

    assert told(dialled(ask)).count(CarrierEnded("completed")) == 1


@pytest.mark.parametrize(("reason", "cause"), [("busy", "busy"), ("rejected", "rejected")])
def test_a_call_from_outside_is_turned_away_unanswered(reason: Any, cause: Any) -> None:
    async def reject(desk: Desk) -> None:
        assert await desk.ask(RejectCall(NOBODY, reason)) == ()
        assert journal(desk.leg, "answered") == []

    gateway = rung(reject)
    assert told(gateway) == [DocumentAsked(), CarrierEnded(cause)]
    assert read(gateway.hooks[0])[0].inbound == Inbound(PHONE, OURS)


# --- prompts


@pytest.mark.parametrize("inbound", [False, True])
def test_a_prompt_is_spoken_and_answered(inbound: bool) -> None:
    async def talk(desk: Desk) -> None:
        assert await desk.ask(Listen(NOBODY, back(), answered=not inbound)) == ()
        await asyncio.sleep(0.2)
        assert await desk.ask(Prompt(NOBODY, "What is it?", listen=True, number=3, back=back())) == ()
        await asyncio.sleep(6)
        assert [text for _, _, text in journal(desk.leg, "say")] == ["What is it?"]

    steps = (Step(wait=3.0), Step(say="Call me back."))
    events = told(rung(talk, *steps) if inbound else dialled(talk, *steps))
    assert [event for event in events if not isinstance(event, Dialled)] == [
        *([DocumentAsked()] if inbound else []),
        Answered(),
        DocumentAsked(),
        Told(3),
        Gathered(0, "Call me back."),
        CarrierEnded("completed"),
    ]


def test_prompts_that_do_not_listen_bring_the_leg_back_one_after_the_other() -> None:
    async def talk(desk: Desk) -> None:
        for number in (1, 2):
            await desk.ask(Prompt(NOBODY, f"Part {number}.", listen=False, number=number, back=back(number)))
            await asyncio.sleep(2)
        assert [text for _, _, text in journal(desk.leg, "say")] == ["Part 1.", "Part 2."]

    assert told(dialled(talk))[-3:] == [Gathered(1), Gathered(2), CarrierEnded("completed")]


def test_a_prompt_that_is_sent_twice_is_spoken_once() -> None:
    async def talk(desk: Desk) -> None:
        for _ in range(2):
            await desk.ask(Prompt(NOBODY, "Once.", listen=True, number=1, back=back()))
        await asyncio.sleep(4)
        assert [text for _, _, text in journal(desk.leg, "say")] == ["Once."]

    assert told(dialled(talk)).count(Told(1)) == 1


def test_a_silent_prompt_says_nothing_and_a_farewell_cuts_in() -> None:
    async def talk(desk: Desk) -> None:
        assert await desk.ask(Prompt(NOBODY, "", listen=True, number=1, back=back())) == ()
        assert await desk.ask(Prompt(NOBODY, "This is long. " * 40, listen=True, number=2, back=back())) == ()
        await asyncio.sleep(1)
        assert await desk.ask(Dismiss(NOBODY, "Goodbye.")) == ()
        await asyncio.sleep(3)
        assert [text for _, _, text in journal(desk.leg, "say")][1:] == ["Goodbye."]

    assert told(dialled(talk))[-1] == CarrierEnded("completed")


# --- digits


def test_digits_go_both_ways_and_each_is_told_once() -> None:
    async def press(desk: Desk) -> None:
        await desk.ask(CONNECT)
        media, stream = await desk.stream()
        assert await desk.ask(PressDigits(NOBODY, "1p2,#", back(5))) == ()
        await asyncio.sleep(3)
        assert [text for _, _, text in journal(desk.leg, "digit")] == ["1", "2", "#"]
        assert [media.decode(json.dumps(one)) for one in stream.events("dtmf")] == [None, None]

    pressed = [
        event for event in told(dialled(press, Step(wait=1.0), Step(press="7#"))) if isinstance(event, DigitPressed)
    ]
    assert pressed == [DigitPressed("7"), DigitPressed("#")]


# --- media streams


def test_a_call_from_outside_is_answered_with_its_stream() -> None:
    async def answer(desk: Desk) -> None:
        assert await desk.ask(replace(CONNECT, answered=False)) == ()
        await asyncio.sleep(0.1)
        _, stream = await desk.stream()
        assert stream.url == "wss://voice.example.org/media/1.k.c.m"

    assert told(rung(answer)) == [DocumentAsked(), Answered(), CarrierEnded("completed")]


def test_a_stream_on_a_live_call_shows_its_token_besides() -> None:
    async def connect(desk: Desk) -> None:
        assert await desk.ask(CONNECT) == ()
        _, stream = await desk.stream()
        assert stream.url == "wss://voice.example.org/media/1.k.c.m"
        assert desk.carrier.recognises({name.lower(): value for name, value in stream.headers.items()})
        with pytest.raises(CarrierError, match="under way already"):
            await desk.ask(replace(CONNECT, back=back(2)))

    dialled(connect)


@pytest.mark.parametrize("unordered", [False, True])
@pytest.mark.parametrize("codec", CODECS)
def test_what_the_phone_says_is_heard_whole_and_in_order(codec: Codec, unordered: bool) -> None:
    async def listen(desk: Desk) -> None:
        await desk.ask(CONNECT)
        media, stream = await desk.stream()
        await asyncio.sleep(4)
        heard = sound(media, stream.events("media"))
        assert rms_dbfs(to_float(heard)) > -40
        in_order = sorted(stream.events("media"), key=lambda message: int(message["media"]["chunk"]))
        assert (in_order == stream.events("media")) is not unordered
        again, _ = await desk.stream()
        assert sound(again, in_order).startswith(heard)
        assert len(heard) > 160 * (len(in_order) - 4)

    dialled(listen, Step(wait=1.0), Step(say="Hello there."), codec=codec, faults=Faults(media_unordered=unordered))


def sound(media: MediaCodec, messages: list[Any]) -> bytes:
    frames = (media.decode(json.dumps(message)) for message in messages)
    return b"".join(frame.payload for frame in frames if isinstance(frame, MediaAudio))


@pytest.mark.parametrize("codec", CODECS)
def test_what_is_sent_is_played_and_its_marks_come_back(codec: Codec) -> None:
    async def speak(desk: Desk) -> None:
        await desk.ask(CONNECT)
        media, stream = await desk.stream()
        mulaw = from_float(tone(1.0))
        for at in range(0, len(mulaw), 800):
            await stream.socket.send(media.audio(mulaw[at : at + 800]))
        await stream.socket.send(media.audio(mulaw[:40]))
        await stream.socket.send(media.mark("r1"))
        await asyncio.sleep(0.5)
        assert stream.events("mark") == []
        await asyncio.sleep(1)
        assert [media.decode(json.dumps(one)) for one in stream.events("mark")] == [MediaMark("r1")]
        await stream.socket.send(media.audio(mulaw))
        await stream.socket.send(media.mark("r2"))
        await stream.socket.send(media.clear())
        await asyncio.sleep(0.1)
        assert len(stream.events("mark")) == 2
        assert stream.codes() == []

    dialled(speak, codec=codec)


def test_a_stream_that_cannot_be_opened_is_a_warning() -> None:
    async def connect(desk: Desk) -> None:
        desk.world.gateway.refuses_streams = ConnectionRefusedError("refused")
        await desk.ask(CONNECT)
        await asyncio.sleep(1)

    warnings = [event for event in told(dialled(connect)) if isinstance(event, Warned)]
    assert [warning.code for warning in warnings] == ["stream"]


# --- webhooks


@pytest.mark.parametrize(
    "faults", [Faults(webhook_duplicate=("call.answered", "call.hangup")), Faults(webhook_reorder=True)]
)
def test_webhooks_that_come_twice_or_in_another_order_are_the_same_facts(faults: Faults) -> None:
    gateway = dialled(nothing, faults=faults)
    facts = {delivery.key: delivery.events for hook in gateway.hooks for delivery in read(hook)}
    leg = CarrierCallId(gateway.hooks[0].payload["call_control_id"])
    wanted = {(Dialled(leg),), (Answered(), DocumentAsked()), (CarrierEnded("completed"),)}
    assert set(facts.values()) == wanted
    assert len(facts) == 3

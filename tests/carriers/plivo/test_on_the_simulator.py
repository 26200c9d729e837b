"""What the codec writes is run by the simulated Plivo, and what that reports is read by the codec. Virtual time."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from msgspec.structs import replace

from tests.emulators.plivo_rig import ORIGIN, OURS, PHONE, Hook, Stream, World, journal, play
from voicecall.audio import Samples
from voicecall.audio.g711 import from_float, to_float
from voicecall.audio.levels import rms_dbfs
from voicecall.carriers import (
    Action,
    Callback,
    ComeBack,
    ConnectStream,
    Dismiss,
    FetchStatus,
    HangUp,
    Inbound,
    MediaAudio,
    MediaMark,
    MediaStarted,
    PlaceCall,
    PressDigits,
    Prompt,
    RejectCall,
    RestResponse,
    Webhook,
)
from voicecall.carriers.plivo import PlivoCarrier
from voicecall.carriers.plivo.codecs import Codec
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
    Ringing,
    StreamStopped,
)
from voicecall.core.ids import CallId, CarrierCallId, StreamId
from voicecall.emulators.internet import Answer
from voicecall.emulators.legs import Leg
from voicecall.emulators.plivo.account import Account, Number
from voicecall.emulators.plivo.readings import Readings
from voicecall.emulators.script import Step
from voicecall.errors import CarrierError

ACCOUNT = Account()
ACCOUNT.add(Number(OURS, f"{ORIGIN}/voice", hangup_url=f"{ORIGIN}/voice"))
CALL = CallId("01K8Z0000000000000000000AB")
ORDINARY = Readings()
MAILBOX = "+15550100003"
NOBODY = CarrierCallId("")
PLACE = PlaceCall(CALL, PHONE, OURS, f"{ORIGIN}/voice", 30.0, 60.0)
CODECS: list[Codec] = ["PCMU", "L16/8000", "L16/16000"]


def carrier(codec: Codec = "PCMU") -> PlivoCarrier:
    return PlivoCarrier(ACCOUNT.auth_id, ACCOUNT.auth_token, codec=codec)


def back(visit: int = 1) -> Callback:
    return Callback(f"{ORIGIN}/voice", CALL, f"n{visit}")


WAIT = ComeBack(NOBODY, back(90))
LONG = Prompt(NOBODY, "", listen=True, number=90, back=back(91))
"""Fifteen seconds of silence."""
CONNECT = ConnectStream(NOBODY, "wss://voice.example.org/media", "1.k.c.m", back())


class Desk:
    """A gateway that answers each question with the next action, and hangs up when there is none left."""

    def __init__(self, *answers: Action, codec: Codec = "PCMU") -> None:
        self.carrier = carrier(codec)
        self.got: list[tuple[float, tuple[Event, ...]]] = []
        self.arrivals: list[Inbound] = []
        self.legs: set[CarrierCallId] = set()
        self.leg: Leg
        self.warnings: list[str] = []
        """Of Plivo's debug log."""
        self.world: World
        self._answers = list(answers)

    def answer(self, hook: Hook) -> Answer:
        headers = {name.lower(): value for name, value in hook.headers.items()}
        webhook = Webhook(hook.method, hook.url, headers, urlencode(hook.form).encode())
        self.carrier.verify(webhook, 0.0)
        (delivery,) = self.carrier.parse(webhook)
        self.got.append((hook.at, delivery.events))
        self.legs.add(delivery.carrier_call_id)
        if delivery.inbound is not None:
            self.arrivals.append(delivery.inbound)
        asks = any(isinstance(event, DocumentAsked | Gathered) for event in delivery.events)
        reply = self.carrier.document(self._answers.pop(0) if asks and self._answers else None)
        assert reply is not None
        return Answer(reply.status, reply.body, {"content-type": reply.content_type})

    @property
    def events(self) -> list[Event]:
        return [event for _, events in self.got for event in events]

    def since_answer(self) -> list[tuple[float, Event]]:
        """Return what was reported after the first document, in seconds since then."""
        first = next(index for index, (_, events) in enumerate(self.got) if DocumentAsked() in events)
        start = self.got[first][0]
        return [(round(at - start, 1), event) for at, events in self.got[first + 1 :] for event in events]

    async def ask(self, action: Action) -> tuple[Event, ...]:
        """Carry an action out by REST, on the leg where it is of one."""
        if not isinstance(action, PlaceCall):
            action = replace(action, carrier_call_id=CarrierCallId(self.leg.parties.call))
        request = self.carrier.request(action)
        headers = {name.lower(): value for name, value in request.headers.items()}
        path = request.url.removeprefix("https://api.plivo.com")
        reply = await self.world.rest.handle(request.method, path, headers, request.body)
        return self.carrier.outcome(action, RestResponse(reply.status, reply.body))


Then = Callable[[Desk], Awaitable[object]]


def dialled(
    *answers: Action,
    steps: tuple[Step, ...] = (),
    then: Then | None = None,
    codec: Codec = "PCMU",
    readings: Readings = ORDINARY,
    **dial: Any,
) -> Desk:
    """Dial, answer the leg's questions, do something by REST once it was answered, and see the leg to its end."""
    desk = Desk(*answers, codec=codec)

    async def scene(world: World) -> None:
        desk.world = world
        await world.network.script(PHONE, steps)
        assert await desk.ask(replace(PLACE, **dial)) == (Dialled(NOBODY),)
        (call,) = world.face.calls.values()
        desk.leg = call.leg
        await asyncio.sleep(3)
        if then is not None:
            await then(desk)
        await asyncio.sleep(60)
        desk.warnings = world.warnings()

    play(scene, {"/voice": desk.answer}, account=dataclasses.replace(ACCOUNT, readings=readings))
    return desk


def rung(*answers: Action) -> Desk:
    """Be called."""
    desk = Desk(*answers)

    async def scene(world: World) -> None:
        desk.world = world
        desk.leg = await world.ring(Step(wait=30.0))
        await asyncio.sleep(60)
        desk.warnings = world.warnings()

    play(scene, {"/voice": desk.answer}, account=ACCOUNT)
    return desk


def said(desk: Desk) -> list[str]:
    return [text for _, _, text in journal(desk.leg, "say")]


# --- dials


def test_a_dial_is_reported_to_its_end_and_its_webhooks_name_the_leg() -> None:
    desk = dialled()
    assert desk.events == [Ringing(), Answered(), DocumentAsked(), CarrierEnded("completed")]
    assert desk.legs == {desk.leg.parties.call}
    assert (desk.arrivals, desk.warnings) == ([], [])


def test_digits_are_sent_once_the_call_is_answered() -> None:
    desk = dialled(LONG, digits="p12,#")
    assert [text for _, _, text in journal(desk.leg, "digit")] == ["1", "2", "#"]
    assert desk.warnings == []


def test_a_machine_is_told_while_the_call_goes_on() -> None:
    desk = dialled(LONG, LONG, to=MAILBOX, detect_machine=True)
    assert [event for _, event in desk.since_answer() if isinstance(event, Answered)] == [Answered(machine=True)]
    assert desk.warnings == []


def test_a_refused_dial_is_certain() -> None:
    async def dial_badly(desk: Desk) -> None:
        with pytest.raises(CarrierError) as refused:
            await desk.ask(replace(PLACE, from_="+15550109999"))
        assert refused.value.certain

    dialled(LONG, then=dial_badly)


# --- prompts


@pytest.mark.parametrize("text", ["What is it?", ""])
@pytest.mark.parametrize(
    ("steps", "answer"),
    [
        ((Step(wait=2.5), Step(say="Call me back.")), [Gathered(3, "Call me back.")]),
        ((Step(wait=2.5), Step(press="12#")), [DigitPressed("1"), DigitPressed("2"), Gathered(3, "")]),
        ((), [Gathered(3, "")]),
    ],
)
def test_a_prompt_is_spoken_and_answered(text: str, steps: tuple[Step, ...], answer: list[Event]) -> None:
    desk = dialled(Prompt(NOBODY, text, listen=True, number=3, back=back()), steps=steps)
    assert [event for _, event in desk.since_answer()] == [*answer, CarrierEnded("completed")]
    assert said(desk) == ([text] if text else [])
    assert desk.warnings == []


def test_a_prompt_that_does_not_listen_is_back_once_it_was_spoken() -> None:
    first = Prompt(NOBODY, "One moment.", listen=False, number=1, back=back(1))
    desk = dialled(first, Prompt(NOBODY, "", listen=False, number=2, back=back(2)), steps=(Step(say="Hello?"),))
    assert [event for _, event in desk.since_answer()] == [Gathered(1, ""), Gathered(2, ""), CarrierEnded("completed")]
    assert desk.warnings == []


def test_a_leg_in_the_midst_of_listening_is_sent_to_ask_again_by_rest() -> None:
    news = Prompt(NOBODY, "News & more.", listen=True, number=8, back=back(8))

    async def interrupt(desk: Desk) -> None:
        assert await desk.ask(replace(news, number=7, back=back(7))) == ()

    desk = dialled(LONG, news, then=interrupt)
    assert [event for _, event in desk.since_answer()] == [DocumentAsked(), Gathered(8, ""), CarrierEnded("completed")]
    assert said(desk) == ["News & more."]
    assert desk.warnings == []


def test_a_leg_that_is_to_wait_asks_again_in_a_second() -> None:
    desk = dialled(WAIT, ComeBack(NOBODY, back(2)))
    assert desk.since_answer() == [(1.0, DocumentAsked()), (2.0, DocumentAsked()), (2.0, CarrierEnded("completed"))]
    assert desk.warnings == []


# --- ends


def test_a_leg_is_dismissed_with_words_in_answer() -> None:
    desk = dialled(Dismiss(NOBODY, "Goodbye."))
    assert [event for _, event in desk.since_answer()] == [CarrierEnded("completed")]
    assert (said(desk), desk.warnings) == (["Goodbye."], [])


def test_a_leg_is_spoken_to_by_rest_hung_up_and_then_gone() -> None:
    outcomes: list[tuple[Event, ...]] = []

    async def dismiss(desk: Desk) -> None:
        outcomes.append(await desk.ask(FetchStatus(NOBODY)))
        outcomes.append(await desk.ask(Dismiss(NOBODY, "Goodbye.")))
        await asyncio.sleep(3)
        for action in (HangUp(NOBODY), HangUp(NOBODY), Dismiss(NOBODY, "Goodbye."), FetchStatus(NOBODY)):
            outcomes.append(await desk.ask(action))
            await asyncio.sleep(1)

    desk = dialled(WAIT, *(ComeBack(NOBODY, back(visit)) for visit in range(10)), then=dismiss)
    alive, gone = (Answered(), CarrierAsked("alive")), (CarrierAsked("gone"),)
    over = (HangupAccepted(),)
    assert outcomes == [alive, (), over, over, over, gone]
    assert desk.events[-1] == CarrierEnded("completed")
    assert said(desk) == ["Goodbye."]


def test_digits_are_pressed_on_a_live_leg_which_stays_where_it_is() -> None:
    async def press(desk: Desk) -> None:
        assert await desk.ask(PressDigits(NOBODY, "1p2,#", back(5))) == ()

    desk = dialled(LONG, then=press)
    assert [text for _, _, text in journal(desk.leg, "digit")] == ["1", "2", "#"]
    assert [event for _, event in desk.since_answer()] == [Gathered(90, ""), CarrierEnded("completed")]


# --- media streams


@pytest.mark.parametrize("by_rest", [False, True])
@pytest.mark.parametrize(
    "readings",
    [
        ORDINARY,
        Readings(handshake_url="https", stream_events="started", extra_headers="json", says_stop=True),
        Readings(handshake_url="http/websocket", extra_headers="comma", timestamps="relative"),
    ],
)
def test_a_stream_is_connected_with_its_credential_and_the_leg_comes_back_after_it(
    by_rest: bool, readings: Readings
) -> None:
    async def stream(desk: Desk) -> None:
        if by_rest:
            assert await desk.ask(CONNECT) == ()
        stream = await desk.world.stream_of(desk.leg)
        assert stream.url == f"{CONNECT.stream_url}/{CONNECT.credential}"
        headers = {name.lower(): value for name, value in stream.headers.items()}
        desk.carrier.verify(Webhook("GET", stream.url, headers, b""), 0.0)
        (start,) = stream.events("start")
        leg = CarrierCallId(desk.leg.parties.call)
        assert desk.carrier.media().decode(json.dumps(start)) == MediaStarted(StreamId(stream.sid), leg, None)
        stream.socket.drop()
        await asyncio.sleep(1)

    desk = dialled(*((LONG, CONNECT) if by_rest else (CONNECT,)), then=stream, readings=readings)
    events = [event for _, event in desk.since_answer()]
    assert len([event for event in events if isinstance(event, StreamStopped)]) == 1
    assert [event for event in events if isinstance(event, DocumentAsked)] == [DocumentAsked()] * (1 + by_rest)
    assert events[-1] == CarrierEnded("completed")


@pytest.mark.parametrize("codec", CODECS)
def test_audio_goes_both_ways_in_every_codec(codec: Codec) -> None:
    """The far end is heard, and what we play is taken: its mark comes back, and that of what was cleared does not."""
    heard: list[bytes] = []
    marks: list[str] = []
    ours: Samples = (0.25 * np.sin(2 * np.pi * 700 * np.arange(8000) / 8000)).astype(np.float32)

    async def talk(desk: Desk) -> None:
        stream = await desk.world.stream_of(desk.leg)
        media = desk.carrier.media()
        (start,) = stream.events("start")
        media.decode(json.dumps(start))
        for at in range(0, 8000, 800):
            await stream.socket.send(media.audio(from_float(ours[at : at + 800])))
        await stream.socket.send(media.mark("r1"))
        await asyncio.sleep(2)
        await stream.socket.send(media.audio(from_float(ours)))
        await stream.socket.send(media.mark("r2"))
        await stream.socket.send(media.clear())
        await asyncio.sleep(2)
        for frame in map(media.decode, map(json.dumps, _after_start(stream))):
            if isinstance(frame, MediaAudio):
                heard.append(frame.payload)
            elif isinstance(frame, MediaMark):
                marks.append(frame.name)
        assert desk.world.warnings() == []

    dialled(CONNECT, codec=codec, steps=(Step(wait=2.0), Step(say="Hello there.")), then=talk)
    assert marks == ["r1"]
    assert {len(payload) for payload in heard[1:]} == {160}
    assert rms_dbfs(to_float(b"".join(heard))) > -40


def _after_start(stream: Stream) -> list[dict[str, Any]]:
    return [message for _, message in stream.got if message["event"] != "start"]


# --- calls from outside


def test_a_call_from_outside_waits_and_is_then_spoken_to() -> None:
    desk = rung(WAIT, Prompt(NOBODY, "Hello.", listen=False, number=1, back=back()), Dismiss(NOBODY, "Bye."))
    assert desk.arrivals == [Inbound(PHONE, OURS)]
    assert [event for _, event in desk.since_answer()] == [DocumentAsked(), Gathered(1, ""), CarrierEnded("completed")]
    assert said(desk) == ["Hello.", "Bye."]
    assert (desk.leg.status, desk.leg.cause, desk.warnings) == ("ended", "completed", [])


@pytest.mark.parametrize(("reason", "cause"), [("busy", "busy"), ("rejected", "failed")])
def test_a_call_from_outside_is_turned_away_unanswered(reason: Any, cause: str) -> None:
    desk = rung(RejectCall(NOBODY, reason))
    assert (desk.leg.cause, journal(desk.leg, "answered"), desk.warnings) == (cause, [], [])

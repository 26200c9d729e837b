"""What the codec writes is run by the simulated Twilio, and what that reports is read by the codec. Virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from msgspec.structs import replace

from tests.emulators.twilio_rig import ORIGIN, OURS, PHONE, Hook, World, journal, play
from voicecall.carriers import (
    Action,
    Callback,
    ComeBack,
    ConnectStream,
    Dismiss,
    HangUp,
    Inbound,
    MediaFrame,
    MediaStarted,
    PlaceCall,
    PressDigits,
    Prompt,
    RejectCall,
    RestResponse,
    Webhook,
)
from voicecall.carriers.twilio import TwilioCarrier
from voicecall.core.events import (
    Answered,
    CarrierEnded,
    Dialled,
    DigitPressed,
    DocumentAsked,
    Event,
    Gathered,
    HangupAccepted,
    Ringing,
    StreamStopped,
    Warned,
)
from voicecall.core.ids import CallId, CarrierCallId, StreamId
from voicecall.emulators.internet import Answer
from voicecall.emulators.legs import Leg
from voicecall.emulators.script import Step
from voicecall.emulators.twilio.account import Account, Number

ACCOUNT = Account()
ACCOUNT.add(Number(OURS, f"{ORIGIN}/voice"))
CARRIER = TwilioCarrier(ACCOUNT.sid, ACCOUNT.auth_token)
CALL = CallId("01K8Z0000000000000000000AB")
MAILBOX = "+15550100003"
LEG = CarrierCallId("")
PLACE = PlaceCall(CALL, PHONE, OURS, f"{ORIGIN}/voice", 30.0, 60.0)


def back(visit: int = 1) -> Callback:
    return Callback(f"{ORIGIN}/voice", CALL, f"n{visit}")


WAIT = ComeBack(LEG, back(90))
LONG = Prompt(LEG, "", listen=True, number=90, back=back(91))
"""Five seconds of silence."""
CONNECT = ConnectStream(LEG, "wss://voice.example.org/media", "the-token", back())

Then = Callable[[World, CarrierCallId], Awaitable[object]]


class Desk:
    """A gateway that answers each question with the next action, and hangs up when there is none left."""

    def __init__(self, *answers: Action) -> None:
        self.got: list[tuple[float, tuple[Event, ...]]] = []
        self.arrivals: list[Inbound] = []
        self.leg: Leg
        self.codes: list[int] = []
        """Of Twilio's debugger."""
        self._answers = list(answers)

    def answer(self, hook: Hook) -> Answer:
        headers = {name.lower(): value for name, value in hook.headers.items()}
        webhook = Webhook(hook.method, hook.url, headers, urlencode(hook.form).encode())
        CARRIER.verify(webhook, 0.0)
        (delivery,) = CARRIER.parse(webhook)
        self.got.append((hook.at, delivery.events))
        if delivery.inbound is not None:
            self.arrivals.append(delivery.inbound)
        asks = any(isinstance(event, DocumentAsked | Gathered) for event in delivery.events)
        reply = CARRIER.document(self._answers.pop(0) if asks and self._answers else None)
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


async def carry_out(world: World, action: Action) -> tuple[Event, ...]:
    request = CARRIER.request(action)
    headers = {name.lower(): value for name, value in request.headers.items()}
    path = request.url.removeprefix("https://api.twilio.com")
    reply = await world.rest.handle(request.method, path, headers, request.body)
    return CARRIER.outcome(action, RestResponse(reply.status, reply.body))


def dialled(*answers: Action, steps: tuple[Step, ...] = (), then: Then | None = None, **dial: Any) -> Desk:
    """Dial, answer the leg's questions, do something by REST once it was answered, and see the leg to its end."""
    desk = Desk(*answers)

    async def scene(world: World) -> None:
        await world.network.script(PHONE, steps)
        (event,) = await carry_out(world, replace(PLACE, **dial))
        assert isinstance(event, Dialled)
        desk.leg = world.network.legs[event.carrier_call_id]
        await asyncio.sleep(3)
        if then is not None:
            await then(world, event.carrier_call_id)
        await asyncio.sleep(60)
        desk.codes = world.codes()

    play(scene, {"/voice": desk.answer}, account=ACCOUNT)
    return desk


def rung(*answers: Action) -> Desk:
    """Be called."""
    desk = Desk(*answers)

    async def scene(world: World) -> None:
        desk.leg = await world.ring(Step(wait=30.0))
        await asyncio.sleep(60)
        desk.codes = world.codes()

    play(scene, {"/voice": desk.answer}, account=ACCOUNT)
    return desk


# --- dials


def test_a_dial_is_reported_to_its_end() -> None:
    desk = dialled()
    assert desk.events == [
        Ringing(),
        Answered(machine=False),
        Answered(machine=False),
        DocumentAsked(),
        CarrierEnded("completed"),
    ]
    assert desk.codes == []


def test_digits_are_sent_before_the_first_document_is_asked_for() -> None:
    desk = dialled(digits="p12,#")
    pressed = [text for _, _, text in journal(desk.leg, "digit")]
    answered = next(at for at, events in desk.got if events == (Answered(machine=False),))
    asked = next(at for at, events in desk.got if DocumentAsked() in events)
    assert pressed == ["1", "2", "#"]
    assert asked - answered > 1.0
    assert desk.codes == []


def test_a_machine_is_told_while_the_call_goes_on() -> None:
    desk = dialled(LONG, LONG, to=MAILBOX, detect_machine=True)
    assert desk.since_answer()[0][1] == Answered(machine=True)
    assert desk.codes == []


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
    desk = dialled(Prompt(LEG, text, listen=True, number=3, back=back()), steps=steps)
    assert [event for _, event in desk.since_answer()] == [*answer, CarrierEnded("completed")]
    assert [said for _, _, said in journal(desk.leg, "say")] == ([text] if text else [])
    assert desk.codes == []


def test_a_prompt_that_does_not_listen_is_back_once_it_was_spoken() -> None:
    first = Prompt(LEG, "One moment.", listen=False, number=1, back=back(1))
    desk = dialled(first, Prompt(LEG, "", listen=False, number=2, back=back(2)), steps=(Step(say="Hello?"),))
    assert desk.since_answer() == [(1.0, Gathered(1, "")), (1.0, Gathered(2, "")), (1.0, CarrierEnded("completed"))]
    assert desk.codes == []


def test_a_leg_in_the_midst_of_listening_is_told_something_else_by_rest() -> None:
    async def interrupt(world: World, leg: CarrierCallId) -> None:
        assert await carry_out(world, Prompt(leg, "News & more.", listen=True, number=7, back=back(7))) == ()

    desk = dialled(LONG, then=interrupt)
    assert [event for _, event in desk.since_answer()] == [Gathered(7, ""), CarrierEnded("completed")]
    assert [said for _, _, said in journal(desk.leg, "say")] == ["News & more."]
    assert desk.codes == []


def test_a_leg_that_is_to_wait_asks_again_in_a_second() -> None:
    desk = dialled(WAIT, ComeBack(LEG, back(2)))
    assert desk.since_answer() == [(1.0, DocumentAsked()), (2.0, DocumentAsked()), (2.0, CarrierEnded("completed"))]
    assert desk.codes == []


# --- ends


def test_a_leg_is_dismissed_with_words_in_answer() -> None:
    desk = dialled(Dismiss(LEG, "Goodbye."))
    assert desk.since_answer() == [(1.0, CarrierEnded("completed"))]
    assert [said for _, _, said in journal(desk.leg, "say")] == ["Goodbye."]
    assert desk.codes == []


def test_a_leg_is_dismissed_with_words_by_rest_and_tells_when_it_is_over() -> None:
    outcomes: list[tuple[Event, ...]] = []

    async def dismiss(world: World, leg: CarrierCallId) -> None:
        outcomes.append(await carry_out(world, Dismiss(leg, "Goodbye.")))
        await asyncio.sleep(3)
        outcomes.append(await carry_out(world, Dismiss(leg, "Goodbye.")))
        outcomes.append(await carry_out(world, HangUp(leg)))

    desk = dialled(LONG, then=dismiss)
    assert outcomes == [(), (HangupAccepted(),), (HangupAccepted(),)]
    assert [event for _, event in desk.since_answer()] == [CarrierEnded("completed")]
    assert [said for _, _, said in journal(desk.leg, "say")] == ["Goodbye."]
    assert desk.codes == []


# --- digits


def test_digits_are_pressed_on_a_live_leg_which_then_comes_back() -> None:
    async def press(world: World, leg: CarrierCallId) -> None:
        assert await carry_out(world, PressDigits(leg, "1p2,#", back(5))) == ()

    desk = dialled(LONG, then=press)
    assert [text for _, _, text in journal(desk.leg, "digit")] == ["1", "2", "#"]
    assert [event for _, event in desk.since_answer()] == [DocumentAsked(), CarrierEnded("completed")]
    assert desk.codes == []


# --- media streams


@pytest.mark.parametrize("by_rest", [False, True])
def test_a_stream_is_connected_with_its_credential_and_the_leg_comes_back_after_it(by_rest: bool) -> None:
    started: list[MediaFrame | None] = []

    async def stream(world: World, leg: CarrierCallId) -> None:
        if by_rest:
            assert await carry_out(world, replace(CONNECT, carrier_call_id=leg)) == ()
            await asyncio.sleep(1)
        (stream,) = world.gateway.streams
        assert stream.url == CONNECT.stream_url
        codec = CARRIER.media()
        started.extend(codec.decode(json.dumps(message)) for message in stream.events("connected", "start"))
        stream.socket.drop()

    desk = dialled(LONG if by_rest else CONNECT, then=stream)
    told = MediaStarted(StreamId(""), CarrierCallId(desk.leg.parties.call), "the-token")
    assert [replace(frame, stream_id=StreamId("")) for frame in started if frame is not None] == [told]
    *reports, asked, end = [event for _, event in desk.since_answer()]
    assert all(isinstance(report, StreamStopped | Warned) for report in reports)
    assert (len(reports), asked, end) == (1, DocumentAsked(), CarrierEnded("completed"))


# --- calls from outside


def test_a_call_from_outside_waits_unanswered_and_is_then_spoken_to() -> None:
    desk = rung(WAIT, Prompt(LEG, "Hello.", listen=False, number=1, back=back()), Dismiss(LEG, "Bye."))
    assert desk.arrivals == [Inbound(PHONE, OURS)]
    assert desk.since_answer() == [(1.0, DocumentAsked()), (2.0, Gathered(1, ""))]
    assert [said for _, _, said in journal(desk.leg, "say")] == ["Hello.", "Bye."]
    assert (desk.leg.status, desk.leg.cause, desk.codes) == ("ended", "completed", [])


@pytest.mark.parametrize(("reason", "cause"), [("busy", "busy"), ("rejected", "failed")])
def test_a_call_from_outside_is_turned_away_unanswered(reason: Any, cause: str) -> None:
    desk = rung(RejectCall(LEG, reason))
    assert (desk.leg.cause, journal(desk.leg, "answered"), desk.codes) == (cause, [], [])

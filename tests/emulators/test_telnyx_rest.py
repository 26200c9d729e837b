"""The REST API without HTTP: who may ask, what is refused with which code, and errors on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from tests.emulators.telnyx_rig import OURS, PHONE, World, play, state
from tests.emulators.twilio_rig import Tone
from voicecall.emulators.faults import Faults
from voicecall.emulators.telnyx.account import Account, control_id
from voicecall.emulators.telnyx.commands import ACTIONS, Command, Dial, read
from voicecall.emulators.telnyx.errors import ApiError
from voicecall.errors import SpeechError
from voicecall.speech import Voice

GONE = f"/calls/{control_id('gone')}"


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer wrong", "Basic telnyx", "telnyx", "Bearer tëlnyx"])
def test_only_the_api_key_opens_the_api(authorization: str) -> None:
    async def scene(world: World) -> None:
        reply = await world.rest.handle("POST", "/v2/calls", {"authorization": authorization}, b"{}")
        (error,) = msgspec.json.decode(reply.body)["errors"]
        assert (reply.status, error["code"], error["title"]) == (401, "10009", "Authentication failed")

    play(scene)


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({"connection_id": "2"}, 422, "10015", "/connection_id"),
        ({"connection_id": None}, 422, "10015", "/connection_id"),
        ({"to": "5550100"}, 422, "10016", "/to"),
        ({"to": f"{PHONE},200"}, 422, "10016", "/to"),
        ({"from": "me"}, 422, "10016", "/from"),
        ({"from": "+15550100011"}, 403, "D51", "/from"),
        ({"to": "+15550100099"}, 403, "D13", "/to"),
        ({"to": "+15550100098"}, 422, "90041", "/to"),
        ({"timeout_secs": 4}, 422, "10033", "/timeout_secs"),
        ({"time_limit_secs": 59}, 422, "10033", "/time_limit_secs"),
        ({"time_limit_secs": 14401}, 422, "10033", "/time_limit_secs"),
        ({"answering_machine_detection": "maybe"}, 422, "10032", "/answering_machine_detection"),
        ({"webhook_url": "voice"}, 422, "10003", "/webhook_url"),
        ({"client_state": "not base64"}, 422, "10015", None),
        ({"timeout": 30}, 422, "10015", None),
        ({"send_digits_on_answer": "12x"}, 422, "10015", "/send_digits_on_answer"),
    ],
)
def test_a_call_that_telnyx_would_refuse_is_not_placed(
    body: dict[str, Any], status: int, code: str, pointer: str | None
) -> None:
    account = Account(numbers=frozenset({OURS}), refusals={"+15550100099": "D13", "+15550100098": "90041"})

    async def scene(world: World) -> None:
        complete = {"connection_id": account.connection_id, "to": PHONE, "from": OURS} | body
        error = await world.ask("POST", "/calls", complete, status=status)
        assert (error["code"], error.get("source", {}).get("pointer")) == (code, pointer)
        assert world.network.legs == {}
        assert world.codes() == [code]

    play(scene, account=account)


def test_a_missing_parameter_is_named() -> None:
    async def scene(world: World) -> None:
        error = await world.ask("POST", "/calls", {"connection_id": world.face.account.connection_id}, status=422)
        assert (error["code"], error["source"]) == ("10004", {"pointer": "/to"})

    play(scene)


def test_a_placed_call_is_described() -> None:
    async def scene(world: World) -> None:
        body = {"connection_id": world.face.account.connection_id, "to": PHONE, "from": OURS}
        call = await world.ask("POST", "/calls", {**body, "client_state": state("c1")})
        assert (call["record_type"], call["is_alive"], call["client_state"]) == ("call", False, state("c1"))
        path = f"/calls/{call['call_control_id']}"
        alive = await world.ask("GET", path)
        assert (alive["is_alive"], "end_time" in alive) == (True, False)
        await asyncio.sleep(10)
        await world.ask("POST", f"{path}/actions/hangup")
        described = await world.ask("GET", path)
        assert (described["is_alive"], described["call_duration"]) == (False, 10)
        assert described["end_time"] == "2027-01-15T08:00:10.000000Z"
        assert described["call_leg_id"] == call["call_leg_id"]

    play(scene)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", GONE, 404, "10005"),
        ("POST", f"{GONE}/actions/hangup", 422, "90015"),
        ("POST", f"{GONE}/actions/sing", 404, "10005"),
        ("GET", f"{GONE}/actions/hangup", 404, "10005"),
        ("POST", f"{GONE}/actions/client_state_update", 404, "10005"),
        ("PUT", f"{GONE}/actions/hangup", 404, "10005"),
        ("DELETE", GONE, 404, "10005"),
        ("GET", "/calls", 404, "10005"),
        ("POST", "/texts", 404, "10005"),
    ],
)
def test_what_does_not_exist_is_not_found(method: str, path: str, status: int, code: str) -> None:
    async def scene(world: World) -> None:
        assert (await world.ask(method, path, status=status))["code"] == code

    play(scene)


def test_the_api_is_found_under_its_version_only() -> None:
    async def scene(world: World) -> None:
        headers = {"authorization": "Bearer telnyx"}
        assert (await world.rest.handle("POST", "/calls", headers, b"{}")).status == 404
        assert (await world.rest.handle("GET", f"/v2{GONE}?x=1", headers, b"")).status == 404

    play(scene)


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_a_call_that_is_over_takes_no_command(action: str) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "reject": {"cause": "USER_BUSY"},
        "speak": {"payload": "Hello", "voice": "v"},
        "send_dtmf": {"digits": "1"},
        "client_state_update": {"client_state": state("x")},
    }

    async def scene(world: World) -> None:
        leg = await world.answered()
        leg.hang_up()
        assert await world.code(leg, action, **bodies.get(action, {})) == "90018"

    play(scene)


@pytest.mark.parametrize(
    ("action", "body", "code"),
    [
        ("speak", {"payload": "Hello"}, "10004"),
        ("speak", {"payload": "", "voice": "v"}, "10033"),
        ("speak", {"payload": "x" * 3001, "voice": "v"}, "10033"),
        ("send_dtmf", {"digits": "12x"}, "10015"),
        ("send_dtmf", {"digits": "1", "duration_millis": 99}, "10033"),
        ("gather", {"maximum_digits": 129}, "10033"),
        ("reject", {"cause": "BORED"}, "10032"),
        ("streaming_start", {"stream_track": "sideways"}, "10032"),
        ("streaming_start", {"stream_auth_token": "x" * 4001}, "10033"),
        ("client_state_update", {}, "10004"),
        ("client_state_update", {"client_state": state("x"), "command_id": "1"}, "10015"),
        ("hangup", {"because": "x"}, "10015"),
        ("answer", {}, "90102"),
        ("reject", {"cause": "USER_BUSY"}, "90102"),
    ],
)
def test_a_command_that_telnyx_would_refuse_has_no_effect(action: str, body: dict[str, Any], code: str) -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        assert await world.code(leg, action, **body) == code
        assert await world.alive(leg)

    assert play(scene).types() == ["call.initiated", "call.answered"]


def test_a_text_of_3000_characters_is_spoken() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        assert await world.do(leg, "speak", payload="x" * 3000, voice="v") == {"result": "ok"}

    play(scene)


def test_requests_fail_on_demand_and_then_succeed() -> None:
    async def scene(world: World) -> None:
        body = {"connection_id": world.face.account.connection_id, "to": PHONE, "from": OURS}
        assert (await world.ask("POST", "/calls", body, status=429))["code"] == "10011"
        leg = await world.dial()
        world.network.faults = Faults(rest_status={"GET /calls/{call}": 503, "POST /calls/{call}/actions/hangup": 500})
        assert (await world.ask("GET", f"/calls/{leg.parties.call}", status=503))["code"] == "10007"
        await world.do(leg, "hangup", status=500)
        assert leg.status == "ringing"

    play(scene, faults=Faults(rest_status={"POST /calls": 429}, rest_times=1))


def test_too_many_requests_at_once_are_throttled() -> None:
    async def scene(world: World) -> None:
        reply = await world.request("GET", GONE)
        assert reply.status == 429
        assert {name: reply.headers[name] for name in sorted(reply.headers)} == {
            "x-ratelimit-limit": "0",
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": "1",
        }

    play(scene, account=Account(concurrency=0))


def refusal(body: bytes, form: type[Command]) -> str | None:
    """Return the code with which a body is refused, if it is."""
    try:
        read(body, form)
    except ApiError as error:
        return error.code
    return None


@given(st.binary() | st.from_regex(rb'\{"[a-z_]{1,12}":.{0,40}\}', fullmatch=True))
def test_rubbish_is_refused_with_a_code(body: bytes) -> None:
    codes = {refusal(body, Dial), *(refusal(body, form) for form in ACTIONS.values())}
    assert codes <= {None, "10003", "10004", "10015", "10016", "10032", "10033"}


class Mute(Tone):
    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        raise SpeechError("mute")
        yield b""


def test_a_voicemail_that_cannot_speak_is_an_error_of_the_network() -> None:
    async def scene(world: World) -> None:
        body = {"connection_id": world.face.account.connection_id, "to": "+15550100003", "from": OURS}
        assert (await world.ask("POST", "/calls", body, status=500))["code"] == "10007"

    play(scene, voice=Mute())

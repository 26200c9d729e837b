"""The REST API without HTTP: who may ask, what is refused with which code, and errors on demand."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tests.emulators.twilio_rig import ORIGIN, OURS, PHONE, World, basic, play
from voicecall.emulators.faults import Faults
from voicecall.emulators.twilio.account import Account, Number

KEY = "SK" + "0" * 32


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (basic(Account().sid, "twilio"), 200),
        (basic(KEY, "secret"), 200),
        (basic(KEY, "twilio"), 401),
        (basic(Account().sid, "secret"), 401),
        (basic(Account().sid, ""), 401),
        ("Bearer twilio", 401),
        ("Basic *", 401),
        ("", 401),
    ],
)
def test_the_account_and_its_keys_open_the_api(authorization: str, status: int) -> None:
    async def scene(world: World) -> None:
        reply = await world.rest.handle("GET", world.root + ".json", {"authorization": authorization}, b"")
        assert reply.status == status
        if status == 401:
            assert msgspec.json.decode(reply.body) == {
                "code": 20003,
                "message": "Authenticate",
                "more_info": "https://www.twilio.com/docs/errors/20003",
                "status": 401,
            }

    play(scene, account=Account(api_keys={KEY: "secret"}))


@pytest.mark.parametrize("path", ["/2010-04-01/Accounts/AC2/Calls.json", "/2010-04-01/Accounts/AC2.json"])
def test_another_account_is_closed(path: str) -> None:
    async def scene(world: World) -> None:
        reply = await world.rest.handle("GET", path, {"authorization": basic(Account().sid, "twilio")}, b"")
        assert reply.status == 401

    play(scene)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"To": ""}, 21201),
        ({"From": ""}, 21213),
        ({"To": "5550100"}, 21211),
        ({"From": "me"}, 21212),
        ({"From": "+15550100011"}, 21210),
        ({"To": "+15550100099"}, 21215),
        ({"Url": ""}, 21205),
        ({"Url": "voice"}, 21205),
        ({"Url": "http://["}, 21205),
        ({"StatusCallback": "https://a_b.example.org/"}, 21205),
        ({"SendDigits": "12x"}, 21206),
        ({"SendDigits": "1" * 33}, 21206),
        ({"Timeout": "601"}, 21208),
        ({"Timeout": "soon"}, 21208),
        ({"Method": "PUT"}, 21209),
        ({"Twiml": "x" * 4001}, 32018),
        ({"MachineDetection": "Maybe"}, 20001),
        ({"MachineDetection": "Enable", "MachineDetectionTimeout": "2"}, 20001),
    ],
)
def test_a_call_that_twilio_would_refuse_is_not_placed(form: dict[str, str], code: int) -> None:
    account = Account(refusals={"+15550100099": 21215})
    account.add(Number(OURS))

    async def scene(world: World) -> None:
        complete = {"To": PHONE, "From": OURS, "Url": f"{ORIGIN}/voice"} | form
        error = await world.ask("POST", "/Calls.json", complete, status=400)
        assert (error["code"], error["status"]) == (code, 400)
        assert world.network.legs == {}

    play(scene, account=account)


def test_a_document_of_4000_characters_is_taken_and_a_url_wins_over_it() -> None:
    async def scene(world: World) -> None:
        await world.dial(Twiml="<Response>" + " " * 3979 + "</Response>")
        await asyncio.sleep(1)

    assert play(scene).paths() == ["/voice"]


def test_a_created_call_is_described() -> None:
    async def scene(world: World) -> None:
        form = {"To": PHONE, "From": OURS, "Url": f"{ORIGIN}/voice"}
        call = await world.ask("POST", "/Calls.json", form, status=201)
        assert (call["sid"][:2], len(call["sid"])) == ("CA", 34)
        assert (call["status"], call["direction"], call["answered_by"]) == ("queued", "outbound-api", None)
        assert (call["start_time"], call["end_time"], call["duration"]) == (None, None, None)
        await asyncio.sleep(30)
        call = await world.ask("GET", f"/Calls/{call['sid']}.json")
        assert (call["start_time"], call["end_time"], call["duration"]) == (
            "Fri, 15 Jan 2027 08:00:00 +0000",
            "Fri, 15 Jan 2027 08:00:10 +0000",
            "10",
        )

    play(scene, {"/voice": '<Pause length="10"/>'})


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/Calls/CA" + "0" * 32 + ".json"), ("GET", "/Calls/x.json"), ("DELETE", "/Calls.json"), ("POST", "/x")],
)
def test_what_does_not_exist_is_not_found(method: str, path: str) -> None:
    async def scene(world: World) -> None:
        assert (await world.ask(method, path, status=404))["code"] == 20404

    play(scene)


def test_calls_are_listed_by_their_parties_and_status_newest_first() -> None:
    async def scene(world: World) -> None:
        first, other, second = await world.dial(), await world.dial("+15550100008"), await world.dial()
        listed = await world.ask("GET", "/Calls.json", {"To": PHONE})
        assert [call["sid"] for call in listed["calls"]] == [second.parties.call, first.parties.call]
        other.dismiss()
        listed = await world.ask("GET", "/Calls.json", {"Status": "canceled"})
        assert [call["sid"] for call in listed["calls"]] == [other.parties.call]
        page = await world.ask("GET", "/Calls.json", {"PageSize": "2"})
        assert len(page["calls"]) == 2
        rest = await world.ask("GET", page["next_page_uri"].removeprefix(world.root))
        assert ([call["sid"] for call in rest["calls"]], rest["next_page_uri"]) == ([first.parties.call], None)

    play(scene, {"/voice": '<Pause length="10"/>'})


@pytest.mark.parametrize("form", [{"Url": f"{ORIGIN}/a", "Twiml": "<Response/>"}, {"Status": "over"}])
def test_an_update_that_contradicts_itself_is_refused(form: dict[str, Any]) -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await asyncio.sleep(1)
        assert (await world.update(leg, status=400, **form))["code"] == 20001

    play(scene, {"/voice": '<Pause length="10"/>'})


def test_a_number_is_found_and_given_another_url() -> None:
    account = Account()
    account.add(Number(OURS))
    account.add(Number("+15550100011"))

    async def scene(world: World) -> None:
        (number,) = (await world.ask("GET", "/IncomingPhoneNumbers.json", {"PhoneNumber": OURS}))[
            "incoming_phone_numbers"
        ]
        path = f"/IncomingPhoneNumbers/{number['sid']}.json"
        changed = await world.ask("POST", path, {"VoiceUrl": f"{ORIGIN}/voice", "StatusCallbackMethod": "GET"})
        assert changed == number | {"voice_url": f"{ORIGIN}/voice", "status_callback_method": "GET"}
        assert await world.ask("GET", path) == changed
        assert (await world.ask("POST", path, {"VoiceUrl": "x"}, status=400))["code"] == 21205
        await world.ring()
        await asyncio.sleep(1)

    assert play(scene, account=account).paths() == ["/voice"]


def test_requests_fail_on_demand_and_then_succeed() -> None:
    async def scene(world: World) -> None:
        form = {"To": PHONE, "From": OURS, "Url": f"{ORIGIN}/voice"}
        assert (await world.ask("POST", "/Calls.json", form, status=429))["code"] == 20429
        leg = await world.dial()
        world.network.faults = Faults(rest_status={"GET /Calls/{sid}.json": 503})
        assert (await world.ask("GET", f"/Calls/{leg.parties.call}.json", status=503))["code"] == 20500

    play(scene, faults=Faults(rest_status={"POST /Calls.json": 429}, rest_times=1))


def test_too_many_requests_at_once_are_throttled() -> None:
    async def scene(world: World) -> None:
        headers = {"authorization": basic(Account().sid, "twilio")}
        reply = await world.rest.handle("GET", world.root + ".json", headers, b"")
        assert (reply.status, reply.headers["Twilio-Concurrent-Requests"]) == (429, "1")

    play(scene, account=Account(concurrency=0))


def test_asynchronous_detection_without_a_callback_is_warned_about() -> None:
    async def scene(world: World) -> None:
        await world.dial(MachineDetection="Enable", AsyncAmd="true")
        assert world.codes() == [21262]

    play(scene)

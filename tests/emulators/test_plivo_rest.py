"""The REST API without HTTP: who may ask, what is refused, and what can be done about a live call."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from tests.emulators.plivo_rig import MULAW, ORIGIN, OURS, PHONE, STREAM, WAIT, World, basic, ended, journal, play
from voicecall.emulators.faults import Faults
from voicecall.emulators.plivo.account import Account, Number
from voicecall.emulators.plivo.sdk import RepeatingClient
from voicecall.emulators.plivo.signing import signature

MAIN, SUB = Account().auth_id, "SA" + "0" * 18
DIAL = {"to": PHONE[1:], "from": OURS, "answer_url": f"{ORIGIN}/answer"}
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("authorization", "owner", "status"),
    [
        (basic(MAIN, "plivo"), MAIN, 200),
        (basic(MAIN, "next"), MAIN, 200),
        (basic(MAIN, "plivo"), SUB, 200),
        (basic(SUB, "sub"), SUB, 200),
        (basic(SUB, "sub"), MAIN, 401),
        (basic(SUB, "plivo"), SUB, 401),
        (basic(MAIN, ""), MAIN, 401),
        (basic("MA2", "plivo"), "MA2", 401),
        ("Bearer plivo", MAIN, 401),
        ("Basic *", MAIN, 401),
        ("", MAIN, 401),
    ],
)
def test_an_account_opens_its_own_resources_and_those_of_its_subaccounts(
    authorization: str, owner: str, status: int
) -> None:
    async def scene(world: World) -> None:
        reply = await world.rest.handle("GET", f"/v1/Account/{owner}/", {"authorization": authorization}, b"")
        assert reply.status == status
        answer = msgspec.json.decode(reply.body)
        assert set(answer) >= {"api_id", "auth_id" if status == 200 else "error"}

    play(scene, account=Account(second_token="next", subaccounts={SUB: "sub"}))


def test_the_webhooks_of_a_subaccounts_call_are_signed_with_both_tokens() -> None:
    async def scene(world: World) -> None:
        headers = {"authorization": basic(SUB, "sub"), "content-type": "application/json"}
        path = f"/v1/Account/{SUB}/Call/"
        reply = await world.rest.handle("POST", path, headers, msgspec.json.encode(DIAL))
        call = world.by_request(msgspec.json.decode(reply.body)["request_uuid"])
        await world.ask("GET", world.path(call.leg), {"status": "live"}, status=404)
        await asyncio.sleep(1)

    (hook,) = play(scene, {"/answer": WAIT}, account=Account(subaccounts={SUB: "sub"})).hooks
    nonce = hook.headers["X-Plivo-Signature-V3-Nonce"]
    for header, token in (("X-Plivo-Signature-V3", "sub"), ("X-Plivo-Signature-Ma-V3", "plivo")):
        assert hook.headers[header] == signature(token, "POST", hook.url, hook.form.items(), nonce)
    assert (hook.form["AuthID"], hook.form["ParentAuthID"]) == (SUB, MAIN)


@pytest.mark.parametrize(
    "values",
    [
        {"to": ""},
        {"from": ""},
        {"answer_url": ""},
        {"to": "abc"},
        {"to": "sip:a@phone.plivo.com"},
        {"to": f"{PHONE}<x"},
        {"from": "me"},
        {"from": "15550100011"},
        {"answer_url": "answer"},
        {"hangup_url": "http://["},
        {"answer_method": "PUT"},
        {"send_digits": "12x"},
        {"ring_timeout": 601},
        {"ring_timeout": "soon"},
        {"time_limit": 0},
        {"machine_detection": "maybe"},
        {"machine_detection": "true", "machine_detection_time": 1000},
    ],
)
def test_a_call_that_plivo_would_refuse_is_not_placed(values: dict[str, Any]) -> None:
    account = Account()
    account.add(Number(OURS))

    async def scene(world: World) -> None:
        answer = await world.ask("POST", "/Call/", DIAL | values, status=400)
        assert set(answer) == {"error"}
        assert world.network.legs == {}

    play(scene, account=account)


def test_a_body_is_json_or_a_form_and_rubbish_is_refused() -> None:
    async def scene(world: World) -> None:
        await world.ask("POST", "/Call/", {**DIAL, "ring_timeout": 20, "machine_detection": False}, status=201)
        await world.ask("POST", "/Call/", {**DIAL, "ring_timeout": "20"}, status=201, form=True)
        headers = {"authorization": basic(MAIN, "plivo"), "content-type": "application/json; charset=utf-8"}
        for body in (b"{", b"[]", b'{"to": []}', b"\xff"):
            assert (await world.rest.handle("POST", f"{world.root}/Call/", headers, body)).status == 400

    play(scene, {"/answer": WAIT})


def test_several_destinations_get_a_request_each() -> None:
    async def scene(world: World) -> None:
        answer = await world.ask("POST", "/Call/", DIAL | {"to": "15550100008<15550100009"}, status=201)
        assert [world.by_request(request).to for request in answer["request_uuid"]] == ["15550100008", "15550100009"]

    play(scene)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/Call/{NOBODY}/"),
        ("DELETE", f"/Call/{NOBODY}/"),
        ("DELETE", f"/Request/{NOBODY}/"),
        ("POST", f"/Call/{NOBODY}/DTMF/"),
        ("POST", "/Call"),
        ("PUT", "/Call/"),
        ("POST", "/Message/"),
    ],
)
def test_what_does_not_exist_is_not_found(method: str, path: str) -> None:
    async def scene(world: World) -> None:
        await world.ask(method, path, {} if method == "POST" else None, status=404)

    play(scene)


def test_a_call_is_live_until_it_is_a_record() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        path = world.path(leg)
        assert (await world.ask("GET", "/Call/", {"status": "queued"}))["calls"] != [leg.parties.call]
        await asyncio.sleep(1)
        live = await world.ask("GET", path, {"status": "live"})
        assert (live["call_status"], live["direction"], live["to"]) == ("in-progress", "outbound", PHONE[1:])
        assert (await world.ask("GET", "/Call/", {"status": "live"}))["calls"] == [leg.parties.call]
        await world.ask("GET", path, status=404)
        await asyncio.sleep(9.6)
        await world.ask("GET", path, {"status": "live"}, status=404)
        record = await world.ask("GET", path)
        assert (record["hangup_cause_code"], record["hangup_source"]) == (4010, "Answer XML")
        assert (record["call_duration"], record["billed_duration"]) == (10, 60)
        assert record["answer_time"] == "2027-01-15 08:00:00"
        assert (await world.ask("GET", "/Call/"))["objects"] == [record]

    play(scene, {"/answer": '<Wait length="10" silence="true"/>'})


def test_a_ringing_call_is_hung_up_as_cancelled_and_a_live_one_normally() -> None:
    async def scene(world: World) -> None:
        ringing = await world.dial(hangup_url=f"{ORIGIN}/first")
        live = await world.dial(hangup_url=f"{ORIGIN}/second")
        await asyncio.sleep(0.3)
        await world.ask("DELETE", world.path(ringing), status=204)
        await asyncio.sleep(1)
        await world.ask("DELETE", world.path(live), status=204)
        await world.ask("DELETE", world.path(live), status=404)
        await asyncio.sleep(1)

    gateway = play(scene, {"/answer": WAIT})
    assert ended(gateway, "/first") == ("1000", "API Request", "no-answer")
    assert ended(gateway, "/second") == ("4000", "API Request", "completed")


def test_a_request_is_cancelled_until_it_is_answered() -> None:
    async def scene(world: World) -> None:
        first, second = await world.dial(hangup_url=f"{ORIGIN}/first"), await world.dial()
        requests = [world.face.calls[leg.parties.call].request_uuid for leg in (first, second)]
        await asyncio.sleep(0.3)
        await world.ask("DELETE", f"/Request/{requests[0]}/", status=204)
        await asyncio.sleep(1)
        await world.ask("DELETE", f"/Request/{requests[1]}/", status=404)
        await world.ask("DELETE", f"/Request/{second.parties.call}/", status=404)

    assert ended(play(scene, {"/answer": WAIT}), "/first")[0] == "1000"


def test_digits_are_sent_to_an_answered_call() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await world.ask("POST", world.path(leg) + "DTMF/", {"digits": "1"}, status=404)
        await asyncio.sleep(1)
        await world.ask("POST", world.path(leg) + "DTMF/", {"digits": "1w#", "leg": "aleg"}, status=202)
        await world.ask("POST", world.path(leg) + "DTMF/", {"digits": "x"}, status=400)
        await world.ask("POST", world.path(leg) + "DTMF/", {}, status=400)
        await asyncio.sleep(2)
        assert [text for _, _, text in journal(leg, "digit")] == ["1", "#"]

    play(scene, {"/answer": WAIT})


def test_speech_is_heard_beside_the_document_but_not_on_a_two_way_stream() -> None:
    async def scene(world: World) -> None:
        quiet, streaming = await world.dial(), await world.dial(answer_url=f"{ORIGIN}/streaming")
        await asyncio.sleep(1)
        for leg in (quiet, streaming):
            await world.ask("POST", world.path(leg) + "Speak/", {"text": "Hi", "loop": True}, status=202)
        await asyncio.sleep(2.5)
        await world.ask("DELETE", world.path(quiet) + "Speak/", status=204)
        await asyncio.sleep(2)
        (span,) = quiet.ear.spans
        assert span.end - span.begin == pytest.approx(2.5, abs=0.1)
        assert (streaming.ear.spans, world.warnings()) == ([], ["not_mixed"])

    play(scene, {"/answer": WAIT, "/streaming": STREAM})


def test_a_stream_is_opened_shown_and_closed_by_rest() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await asyncio.sleep(1)
        path = world.path(leg) + "Stream/"
        wanted = {"service_url": "wss://voice.example.org/media", "bidirectional": True, "content_type": MULAW}
        identity = (await world.ask("POST", path, wanted, status=201))["stream_id"]
        stream = await world.stream_of(leg)
        assert stream.sid == identity
        assert (await world.ask("POST", path, wanted, status=400))["error"] == "one_stream_per_call"
        shown = await world.ask("GET", f"{path}{identity}/")
        assert (shown["service_url"], shown["bidirectional"]) == (wanted["service_url"], True)
        assert (await world.ask("GET", path))["objects"] == [shown]
        await world.ask("DELETE", f"{path}{NOBODY}/", status=404)
        await world.ask("DELETE", f"{path}{identity}/", status=204)
        await asyncio.sleep(0.1)
        assert (leg.connected, leg.status, stream.socket.code) == (False, "answered", 1000)
        await world.ask("GET", f"{path}{identity}/", status=404)
        await world.ask("DELETE", path, status=404)
        for wrong in ({}, wanted | {"audio_track": "left"}, wanted | {"extra_headers": "a=" + "b" * 511}):
            await world.ask("POST", path, wrong, status=400)

    play(scene, {"/answer": WAIT})


def test_closing_the_stream_that_a_document_ends_with_ends_the_call() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(hangup_url=f"{ORIGIN}/hangup")
        await world.stream_of(leg)
        await world.ask("DELETE", world.path(leg) + "Stream/", status=204)
        await asyncio.sleep(0.1)

    assert ended(play(scene, {"/answer": STREAM}), "/hangup")[0] == "4010"


def test_only_the_first_leg_is_transferred_and_only_to_a_url() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await asyncio.sleep(1)
        for values in ({}, {"aleg_url": "x"}, {"legs": "both", "aleg_url": ORIGIN}, {"legs": "all"}):
            await world.ask("POST", world.path(leg), values, status=400)

    play(scene, {"/answer": WAIT})


def test_more_than_300_requests_in_five_seconds_are_throttled() -> None:
    async def scene(world: World) -> None:
        for _ in range(300):
            await world.ask("GET", "/")
        assert "rate limit" in (await world.ask("GET", "/", status=429))["error"]
        await asyncio.sleep(5)
        await world.ask("GET", "/")

    play(scene)


def test_requests_fail_on_demand_and_then_succeed() -> None:
    async def scene(world: World) -> None:
        await world.ask("POST", "/Call/", DIAL, status=503)
        assert world.network.legs == {}
        leg = await world.dial()
        world.network.faults = Faults(rest_status={"GET /Call/{uuid}/": 429})
        await world.ask("GET", world.path(leg), status=429)

    play(scene, faults=Faults(rest_status={"POST /Call/": 503}, rest_times=1))


@pytest.mark.parametrize(("route", "calls"), [("POST /Call/ done", 3), ("POST /Call/", 1)])
def test_a_client_that_sends_again_after_5xx_dials_up_to_three_times(route: str, calls: int) -> None:
    async def scene(world: World) -> None:
        world.rest = RepeatingClient(world.rest)
        await world.ask("POST", "/Call/", DIAL, status=201)
        assert len(world.network.legs) == calls
        world.network.faults = Faults(rest_status={"POST /Call/": 500, "GET /": 500})
        await world.ask("POST", "/Call/", DIAL, status=500)
        await world.ask("GET", "/", status=500)

    play(scene, {"/answer": WAIT}, faults=Faults(rest_status={route: 502}, rest_times=2))


def test_a_query_is_no_part_of_a_post() -> None:
    async def scene(world: World) -> None:
        await world.ask("POST", f"/Call/?{urlencode(DIAL)}", {}, status=400)

    play(scene)

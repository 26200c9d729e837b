"""A call to a number is announced where the settings of the number say, as each carrier reads them."""

from __future__ import annotations

import asyncio

import pytest

from tests.emulators import plivo_rig, telnyx_rig, twilio_rig
from tests.emulators.twilio_rig import ORIGIN, OURS
from voicecall.emulators.plivo.account import Account as PlivoAccount, Number as PlivoNumber
from voicecall.emulators.telnyx.account import Account as TelnyxAccount, Application as TelnyxApplication
from voicecall.emulators.twilio.account import Account as TwilioAccount, Application, Number as TwilioNumber

HANG_UP = "<Hangup/>"


@pytest.mark.parametrize("applied", [True, False])
def test_twilio_asks_the_application_of_a_number_before_the_number(applied: bool) -> None:
    account, application = TwilioAccount(), Application("ours", voice_url=f"{ORIGIN}/application")
    account.applications[application.sid] = application
    account.add(TwilioNumber(OURS, f"{ORIGIN}/number", voice_application_sid=application.sid if applied else ""))

    async def scene(world: twilio_rig.World) -> None:
        await world.ring()
        await asyncio.sleep(5)

    gateway = twilio_rig.play(scene, {"/application": HANG_UP, "/number": HANG_UP}, account=account)
    assert gateway.paths() == ["/application" if applied else "/number"]


def test_twilio_takes_a_number_from_its_trunk_when_it_is_given_to_an_application() -> None:
    account, application = TwilioAccount(), Application("ours")
    account.applications[application.sid] = application
    account.add(TwilioNumber(OURS, f"{ORIGIN}/number", trunk_sid="TK" + "0" * 32))

    async def scene(world: twilio_rig.World) -> None:
        path = f"/IncomingPhoneNumbers/{account.numbers[OURS].sid}.json"
        assert (await world.ask("GET", path))["trunk_sid"] == "TK" + "0" * 32
        assert account.handler(OURS).voice_url == ""
        given = await world.ask("POST", path, {"VoiceApplicationSid": application.sid})
        assert (given["trunk_sid"], given["voice_application_sid"]) == (None, application.sid)
        freed = await world.ask("POST", path, {"VoiceApplicationSid": "", "TrunkSid": ""})
        assert (freed["trunk_sid"], freed["voice_application_sid"]) == (None, None)

    twilio_rig.play(scene, account=account)


@pytest.mark.parametrize(
    ("connection", "heard"), [("7", "/other"), ("1000000000000000001", "/own"), ("8", ""), ("", "")]
)
def test_telnyx_asks_the_application_that_has_the_number(connection: str, heard: str) -> None:
    account = TelnyxAccount(webhook_url=f"{ORIGIN}/own", connections={OURS: connection})
    account.applications["7"] = TelnyxApplication("other", f"{ORIGIN}/other")
    account.applications["8"] = TelnyxApplication("off", f"{ORIGIN}/off", active=False)

    async def scene(world: telnyx_rig.World) -> None:
        await world.ring()
        await asyncio.sleep(1)

    hooks = telnyx_rig.play(scene, account=account).hooks
    assert {hook.path for hook in hooks} == ({heard} if heard else set())


def test_telnyx_refuses_what_an_application_cannot_be() -> None:
    account = TelnyxAccount(numbers=frozenset({OURS}))
    path = f"/call_control_applications/{account.connection_id}"

    async def scene(world: telnyx_rig.World) -> None:
        for body, code in (
            ({"webhook_event_url": f"{ORIGIN}/x"}, "10004"),
            ({"application_name": "a", "webhook_event_url": "voice.example.org"}, "10015"),
            ({"application_name": "a", "webhook_event_url": f"{ORIGIN}/x", "webhook_api_version": "3"}, "10032"),
        ):
            answer = await world.ask("PATCH", path, body, status=422)
            assert answer["code"] == code
        assert account.webhook_url == ""
        failover = {"application_name": "a", "webhook_event_url": f"{ORIGIN}/x", "webhook_event_failover_url": ORIGIN}
        assert (await world.ask("PATCH", path, failover))["webhook_event_failover_url"] == ORIGIN
        await world.ask("DELETE", path, status=404)

    telnyx_rig.play(scene, account=account)


def test_plivo_asks_the_application_that_has_the_number() -> None:
    account = PlivoAccount()
    account.add(PlivoNumber(OURS, f"{ORIGIN}/answer"))
    account.make("ours").answer_url = f"{ORIGIN}/ours"

    async def scene(world: plivo_rig.World) -> None:
        ours = (await world.ask("GET", "/Application/", {"app_name": "ours"}))["objects"][0]["app_id"]
        await world.ask("POST", f"/Number/{OURS[1:]}/", {"app_id": "5"}, status=404)
        await world.ask("POST", f"/Number/{OURS[1:]}/", {"app_id": ours}, status=202)
        await world.ring()
        await asyncio.sleep(5)

    gateway = plivo_rig.play(scene, {"/ours": HANG_UP}, account=account)
    assert {hook.path for hook in gateway.hooks} == {"/ours"}


@pytest.mark.parametrize(
    "body",
    [
        {"app_name": "a b", "answer_url": f"{ORIGIN}/x"},
        {"app_name": "ours"},
        {"answer_url": f"{ORIGIN}/x"},
        {"app_name": "ours", "answer_url": "x"},
        {"app_name": "ours", "answer_url": f"{ORIGIN}/x", "answer_method": "PUT"},
    ],
)
def test_plivo_makes_no_application_of_rubbish(body: dict[str, str]) -> None:
    account = PlivoAccount()

    async def scene(world: plivo_rig.World) -> None:
        await world.ask("POST", "/Application/", body, status=400)
        assert account.applications == {}

    plivo_rig.play(scene, account=account)

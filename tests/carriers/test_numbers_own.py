"""What is each carrier's own about its numbers: applications, trunks, connections, subaccounts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.carriers.numbering import NEW, OLD, OURS, Town
from tests.carriers.test_numbers import POINTED
from voicecall.emulators.plivo.account import Number as PlivoNumber
from voicecall.emulators.telnyx.account import Application as TelnyxApplication
from voicecall.emulators.twilio.account import Application as TwilioApplication
from voicecall.errors import CarrierError


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


# --- Twilio


def test_a_setting_that_leads_here_keeps_its_overrides(town: Town) -> None:
    number = town.twilio.numbers[OURS]
    number.voice_url, number.voice_method = f"{NEW}#rc=1", "POST"
    change = town.do(lambda numbers: numbers.point("twilio", OURS, NEW))
    assert town.calls_go_to("twilio") == (f"{NEW}#rc=1", f"{NEW}#rc=2&rp=all")
    assert change.after.fallback_url == "https://old.example.org/sorry"


def test_a_number_of_a_twiml_application_is_taken_from_it_and_given_back(town: Town) -> None:
    application = TwilioApplication("other", voice_url=OLD)
    town.twilio.applications[application.sid] = application
    number = town.twilio.numbers[OURS]
    number.voice_application_sid, number.voice_url = application.sid, "https://unused.example.org/"
    change = town.do(lambda numbers: numbers.point("twilio", OURS, NEW))
    assert (change.before.application, change.before.voice_url) == (application.sid, OLD)
    assert (change.after.application, application.voice_url) == ("", OLD)
    assert town.do(lambda numbers: numbers.undo("twilio", OURS)).after.application == application.sid
    assert number.voice_url == "https://unused.example.org/"


def test_a_twiml_application_that_leads_here_is_let_be(town: Town) -> None:
    application = TwilioApplication("ours", voice_url=NEW)
    town.twilio.applications[application.sid] = application
    town.twilio.numbers[OURS].voice_application_sid = application.sid
    assert not town.do(lambda numbers: numbers.point("twilio", OURS, NEW)).changed
    town.twilio.applications.clear()
    assert town.do(lambda numbers: numbers.show("twilio", OURS)).voice_url == ""


def test_a_number_of_a_trunk_has_no_webhook_until_it_is_pointed(town: Town) -> None:
    number = town.twilio.numbers[OURS]
    number.trunk_sid = "TK" + "0" * 32
    change = town.do(lambda numbers: numbers.point("twilio", OURS, NEW))
    assert (change.before.voice_url, change.before.application) == ("", number.trunk_sid or "TK" + "0" * 32)
    assert (change.after.application, number.trunk_sid) == ("", "")
    town.do(lambda numbers: numbers.undo("twilio", OURS))
    assert number.trunk_sid == "TK" + "0" * 32


# --- Telnyx


@pytest.mark.parametrize("known", [True, False])
def test_a_number_of_another_connection_is_given_to_the_configured_application(town: Town, known: bool) -> None:
    if known:
        town.telnyx.applications["7"] = TelnyxApplication("other", "https://theirs.example.org/hook")
    town.telnyx.connections[OURS] = "7"
    town.telnyx.webhook_url, town.telnyx.api_version, town.telnyx.active = NEW, "1", False
    change = town.do(lambda numbers: numbers.point("telnyx", OURS, NEW))
    assert change.before.voice_url == ("https://theirs.example.org/hook" if known else "")
    assert (change.before.application, change.after.application) == ("7", town.telnyx.connection_id)
    assert (town.telnyx.api_version, town.telnyx.active, town.telnyx.name) == ("2", True, "simulated")
    if known:
        assert town.do(lambda numbers: numbers.undo("telnyx", OURS)).after.application == "7"
        assert (town.telnyx.api_version, town.telnyx.active) == ("1", False)


def test_a_number_of_no_connection_is_given_one_and_loses_it_again(town: Town) -> None:
    town.telnyx.connections[OURS] = ""
    town.fail(500, "PATCH /phone_numbers/{id}")
    with pytest.raises(CarrierError, match="change the number, after its application"):
        town.do(lambda numbers: numbers.point("telnyx", OURS, NEW))
    assert town.telnyx.webhook_url == NEW
    town.fail(200)
    town.do(lambda numbers: numbers.undo("telnyx", OURS))
    assert town.telnyx.webhook_url == OLD
    change = town.do(lambda numbers: numbers.point("telnyx", OURS, NEW))
    assert (change.before.voice_url, change.after.voice_url) == ("", NEW)
    assert town.do(lambda numbers: numbers.undo("telnyx", OURS)).after.application == ""
    assert town.telnyx.webhook_url == OLD


def test_an_application_that_leads_here_already_is_not_written(town: Town) -> None:
    town.telnyx.connections[OURS], town.telnyx.webhook_url = "", NEW
    town.fail(500, "PATCH /call_control_applications/{id}")
    assert town.do(lambda numbers: numbers.point("telnyx", OURS, NEW)).after.leads_to(NEW)
    assert [asked.rpartition("/")[0] for asked in town.wire.changes] == ["PATCH /v2/phone_numbers"]


def test_an_application_that_there_is_not_is_named(town: Town) -> None:
    town.configure(telnyx={"api_key": town.telnyx.api_key, "connection_id": "5"})
    with pytest.raises(CarrierError, match=r"telnyx\.connection_id names no Voice API application"):
        town.do(lambda numbers: numbers.show("telnyx", OURS))


# --- Plivo


def test_an_application_is_made_for_the_number_once(town: Town) -> None:
    for wanted in ("https://first.example.org/voice/webhook", NEW):
        town.do(lambda numbers, wanted=wanted: numbers.point("plivo", OURS, wanted))  # type: ignore[misc]
    assert [one.name for one in town.plivo.applications.values()] == ["simulated-15550100010", "voicecall-15550100010"]
    town.do(lambda numbers: numbers.undo("plivo", OURS))
    assert town.do(lambda numbers: numbers.point("plivo", OURS, NEW)).after.leads_to(NEW)
    assert len(town.plivo.applications) == 2


def test_our_application_is_found_among_many_and_its_older_urls_are_put_back(town: Town) -> None:
    for count in range(45):
        town.plivo.make(f"voicecall-15550100010{count}")
    ours = town.plivo.make("voicecall-15550100010")
    ours.answer_url, ours.hangup_url = "https://older.example.org/", "https://older.example.org/end"
    town.plivo.numbers[OURS].app_id = ours.app_id
    town.do(lambda numbers: numbers.point("plivo", OURS, NEW))
    assert town.wire.changes == [f"POST /v1/Account/{town.plivo.auth_id}/Application/{ours.app_id}/"]
    assert town.calls_go_to("plivo") == POINTED["plivo"]
    town.do(lambda numbers: numbers.undo("plivo", OURS))
    assert town.calls_go_to("plivo") == ("https://older.example.org/", "https://older.example.org/end")
    town.fail(500, "POST /Application/{app}/")
    with pytest.raises(CarrierError, match="change the application"):
        town.do(lambda numbers: numbers.point("plivo", OURS, NEW))


def test_the_search_for_our_application_has_an_end(town: Town) -> None:
    page = {"objects": [{"app_id": str(count), "app_name": "another"} for count in range(20)]}
    town.wire.forged = {"/Application/": (200, json.dumps(page).encode())}
    assert town.do(lambda numbers: numbers.show("plivo", OURS)).voice_url == OLD
    assert len(town.wire.asked) == 52


def test_an_application_of_the_users_that_leads_here_is_let_be(town: Town) -> None:
    handler = town.plivo.handler(OURS)
    handler.answer_url = handler.hangup_url = NEW
    assert not town.do(lambda numbers: numbers.point("plivo", OURS, NEW)).changed


def test_a_number_without_an_application_returns_to_the_default_one(town: Town) -> None:
    number = town.plivo.numbers[OURS]
    number.app_id = ""
    change = town.do(lambda numbers: numbers.point("plivo", OURS, NEW))
    assert (change.before.voice_url, change.before.application) == ("", "")
    town.plivo.default_application = town.plivo.make("default").app_id
    town.fail(500, "POST /Number/{number}/")
    with pytest.raises(CarrierError, match=r"change the number \(HTTP"):
        town.do(lambda numbers: numbers.undo("plivo", OURS))
    town.fail(200)
    undone = town.do(lambda numbers: numbers.undo("plivo", OURS))
    assert undone.after.application == town.plivo.default_application


def test_a_number_of_what_is_no_application_has_no_webhook(town: Town) -> None:
    town.plivo.numbers[OURS].app_id = "404"
    assert town.do(lambda numbers: numbers.show("plivo", OURS)).voice_url == ""


def test_a_subaccount_sees_its_own_numbers_only(town: Town) -> None:
    sub = "SA" + "0" * 18
    town.plivo.subaccounts = {sub: "sub"}
    town.plivo.add(PlivoNumber("+15550100011", OLD, auth_id=sub))
    town.configure(plivo={"auth_id": sub, "auth_token": "sub"})
    assert town.do(lambda numbers: numbers.point("plivo", "+15550100011", NEW)).after.leads_to(NEW)
    with pytest.raises(CarrierError, match="no such number"):
        town.do(lambda numbers: numbers.show("plivo", OURS))

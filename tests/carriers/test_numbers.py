"""The numbers of each carrier, asked about and changed over the emulators' wire."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.carriers.numbering import NEW, OLD, OURS, Town
from voicecall.app.numbers import unreachable
from voicecall.errors import BadParameters, CarrierError, ConfigError

NUMBER = {
    "twilio": "/IncomingPhoneNumbers/{sid}.json",
    "telnyx": "/phone_numbers/{id}",
    "plivo": "/Number/{number}/",
}
LOOK = {"twilio": "/IncomingPhoneNumbers.json", "telnyx": "/phone_numbers", "plivo": "/Number/{number}/"}
LIST = {"twilio": "/IncomingPhoneNumbers.json", "telnyx": "/phone_numbers", "plivo": "/Number/"}
WRITE = {"twilio": "POST", "telnyx": "PATCH", "plivo": "POST"}
POINTED = {"twilio": (f"{NEW}#rc=2&rp=all",) * 2, "telnyx": (NEW, ""), "plivo": (f"{NEW}#rc=2&rp=all",) * 2}
EACH = pytest.mark.parametrize("carrier", ["twilio", "telnyx", "plivo"])


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


@EACH
def test_a_number_is_shown_pointed_here_and_put_back(town: Town, carrier: str) -> None:
    was = town.calls_go_to(carrier)
    shown = town.do(lambda numbers: numbers.show(carrier, OURS))
    assert (shown.number, shown.voice_url) == (OURS, OLD)
    assert shown.voice_method == ("GET" if carrier == "twilio" else "POST")
    assert shown.fallback_url == ("" if carrier == "telnyx" else "https://old.example.org/sorry")
    assert not town.wire.changes
    change = town.do(lambda numbers: numbers.point(carrier, OURS, NEW))
    assert change.changed
    assert change.before == shown
    assert change.after.leads_to(NEW)
    assert town.calls_go_to(carrier) == POINTED[carrier]
    undone = town.do(lambda numbers: numbers.undo(carrier, OURS))
    assert undone.before == change.after
    assert undone.after.voice_url == OLD
    assert undone.after.application == shown.application
    assert undone.after.voice_method == shown.voice_method
    assert town.calls_go_to(carrier) == was


@EACH
def test_the_numbers_of_the_account_are_listed(town: Town, carrier: str) -> None:
    owned = town.do(lambda numbers: numbers.owned(carrier))
    assert set(owned) == ({OURS} if carrier == "plivo" else {OURS, OURS + "7"})
    town.fail(403, f"GET {LIST[carrier]}")
    with pytest.raises(CarrierError, match="list the numbers"):
        town.do(lambda numbers: numbers.owned(carrier))


@EACH
def test_what_is_so_already_is_not_written(town: Town, carrier: str) -> None:
    town.do(lambda numbers: numbers.point(carrier, OURS, NEW))
    assert town.wire.changes
    again = town.do(lambda numbers: numbers.point(carrier, OURS, NEW))
    assert not again.changed
    assert town.do(lambda numbers: numbers.show(carrier, OURS)).leads_to(NEW)
    assert not town.wire.changes
    town.do(lambda numbers: numbers.undo(carrier, OURS))
    assert town.wire.changes
    assert not town.do(lambda numbers: numbers.undo(carrier, OURS)).changed
    assert not town.wire.changes


@EACH
def test_what_was_there_first_is_put_back_after_several_changes(town: Town, carrier: str) -> None:
    town.do(lambda numbers: numbers.point(carrier, OURS, "https://first.example.org/voice/webhook"))
    town.do(lambda numbers: numbers.point(carrier, OURS, NEW))
    assert town.do(lambda numbers: numbers.undo(carrier, OURS)).after.voice_url == OLD


@EACH
def test_what_somebody_else_changed_is_let_be_unless_forced(town: Town, carrier: str) -> None:
    town.do(lambda numbers: numbers.point(carrier, OURS, NEW))
    theirs = "https://theirs.example.org/hook"
    town.twilio.numbers[OURS].voice_url = theirs
    town.telnyx.webhook_url = theirs
    town.plivo.handler(OURS).answer_url = theirs
    with pytest.raises(BadParameters, match="somebody changed"):
        town.do(lambda numbers: numbers.undo(carrier, OURS))
    assert town.calls_go_to(carrier)[0] == theirs
    town.do(lambda numbers: numbers.point(carrier, OURS, NEW))
    assert town.do(lambda numbers: numbers.undo(carrier, OURS)).after.voice_url == theirs


def test_forced_undo_overwrites_a_strangers_change(town: Town) -> None:
    town.do(lambda numbers: numbers.point("twilio", OURS, NEW))
    town.twilio.numbers[OURS].voice_url = "https://theirs.example.org/hook"
    assert town.do(lambda numbers: numbers.undo("twilio", OURS, force=True)).after.voice_url == OLD


@EACH
def test_what_is_kept_is_for_the_owner_alone_and_holds_no_secret(town: Town, carrier: str) -> None:
    town.do(lambda numbers: numbers.point(carrier, OURS, NEW))
    kept = town.state.folder / "numbers.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    entry = json.loads(kept.read_text())[f"{carrier} {OURS}"]
    assert OLD in entry["was"].values() or carrier == "plivo"
    town.do(lambda numbers: numbers.undo(carrier, OURS))
    assert json.loads(kept.read_text()) == {}


@EACH
def test_a_number_of_somebody_else_is_named_as_such(town: Town, carrier: str) -> None:
    for number in ("+15550100099", OURS[:-1]):
        with pytest.raises(CarrierError, match="no such number; check") as told:
            town.do(lambda numbers, number=number: numbers.show(carrier, number))  # type: ignore[misc]
        assert told.value.code == "unknown-number"
        assert number not in str(told.value)


def test_a_wrong_key_is_named_by_every_carrier(town: Town) -> None:
    town.configure(
        twilio={"account_sid": town.twilio.sid, "auth_token": "wrong"},
        telnyx={"api_key": "wrong", "connection_id": "1"},
        plivo={"auth_id": town.plivo.auth_id, "auth_token": "wrong"},
    )
    for carrier, key in {
        "twilio": "twilio.auth_token",
        "telnyx": "telnyx.api_key",
        "plivo": "plivo.auth_token",
    }.items():
        with pytest.raises(CarrierError, match=key) as told:
            town.do(lambda numbers, carrier=carrier: numbers.point(carrier, OURS, NEW))  # type: ignore[misc]
        assert (told.value.code, told.value.certain) == ("401", True)
    assert not town.wire.changes


@EACH
def test_credentials_without_the_right_change_nothing(town: Town, carrier: str) -> None:
    town.fail(403, f"{WRITE[carrier]} {NUMBER[carrier]}", "PATCH /call_control_applications/{id}", "POST /Application/")
    with pytest.raises(CarrierError, match=r"ha(ve|s) no right"):
        town.do(lambda numbers: numbers.point(carrier, OURS, NEW))
    assert town.calls_go_to(carrier)[0] == OLD
    town.fail(200)
    assert not town.do(lambda numbers: numbers.undo(carrier, OURS)).changed


@EACH
def test_a_carrier_that_fails_while_looking_is_asked_three_times(town: Town, carrier: str) -> None:
    town.fail(503, f"GET {LOOK[carrier]}")
    with pytest.raises(CarrierError, match=r"failed to show the number \(HTTP 503\)") as told:
        town.do(lambda numbers: numbers.show(carrier, OURS))
    assert (told.value.retryable, told.value.certain, len(town.wire.asked)) == (True, False, 3)


@pytest.mark.parametrize(
    ("carrier", "route", "what"),
    [
        ("twilio", "POST /IncomingPhoneNumbers/{sid}.json", "change the number"),
        ("telnyx", "GET /call_control_applications/{id}", "show the application"),
        ("telnyx", "PATCH /call_control_applications/{id}", "change the application"),
        ("plivo", "GET /Application/", "list the applications"),
        ("plivo", "POST /Application/", "make the application"),
        ("plivo", "POST /Number/{number}/", "change the number, after its application"),
    ],
)
def test_a_carrier_that_fails_on_the_way_is_named_with_what_it_was_to_do(
    town: Town, carrier: str, route: str, what: str
) -> None:
    town.fail(500, route)
    with pytest.raises(CarrierError, match=what):
        town.do(lambda numbers: numbers.point(carrier, OURS, NEW))
    assert town.calls_go_to(carrier)[0] == OLD
    town.fail(200)
    assert town.do(lambda numbers: numbers.point(carrier, OURS, NEW)).after.leads_to(NEW)


@pytest.mark.parametrize(
    ("carrier", "ending"),
    [("twilio", ".json"), ("telnyx", "/phone_numbers"), ("plivo", f"/Number/{OURS[1:]}/"), ("plivo", "/Application/")],
)
def test_an_answer_that_is_no_answer_is_an_error(town: Town, carrier: str, ending: str) -> None:
    for body in (b"<html>", b'{"data": 5, "application": 5}', b"\xff"):
        town.wire.forged = {ending: (200, body)}
        with pytest.raises(CarrierError, match="cannot be read"):
            town.do(lambda numbers: numbers.show(carrier, OURS))


@EACH
def test_a_refusal_that_says_nothing_is_told_by_its_status(town: Town, carrier: str) -> None:
    town.wire.forged = {"": (418, b"<html>")}
    with pytest.raises(CarrierError, match=r"refused to show the number \(HTTP 418\)"):
        town.do(lambda numbers: numbers.show(carrier, OURS))


def test_settings_that_a_carrier_accepts_and_does_not_keep_are_an_error(town: Town) -> None:
    town.wire.forged = {f"/{town.twilio.numbers[OURS].sid}.json": (200, b"{}")}
    with pytest.raises(CarrierError, match="still shows other settings"):
        town.do(lambda numbers: numbers.point("twilio", OURS, NEW))


# --- what is asked


@pytest.mark.parametrize(
    "url",
    [
        "http://voice.example.org/voice/webhook",
        "https://127.0.0.1/voice/webhook",
        "https://10.0.0.7/voice/webhook",
        "https://[fd00::1]/voice/webhook",
        "https://gateway/voice/webhook",
        "https://gateway.local/voice/webhook",
        "https:///voice/webhook",
        "https://voice.example.org:port/",
        "voice.example.org/voice/webhook",
    ],
)
def test_a_url_that_is_not_public_is_refused_unless_forced(town: Town, url: str) -> None:
    with pytest.raises(BadParameters, match="is no URL for a carrier"):
        town.do(lambda numbers: numbers.point("telnyx", OURS, url))
    assert not town.wire.asked


def test_a_url_that_is_not_public_can_be_forced(town: Town) -> None:
    local = "http://127.0.0.1:3334/voice/webhook"
    assert town.do(lambda numbers: numbers.point("twilio", OURS, local, force=True)).after.leads_to(local)


@pytest.mark.parametrize(
    "url", [NEW, "https://voice.example.org:8443/x", "https://8.8.8.8/x", "https://[2606:4700::1]/x"]
)
def test_a_public_url_is_not_refused(url: str) -> None:
    assert unreachable(url) == ""


def test_a_number_leads_here_when_its_calls_do(town: Town) -> None:
    number = town.twilio.numbers[OURS]
    for url, method, here in (
        (NEW, "POST", True),
        (f"{NEW}#rc=5", "POST", True),
        (NEW, "GET", False),
        (OLD, "POST", False),
    ):
        number.voice_url, number.voice_method = url, method
        assert town.do(lambda numbers: numbers.show("twilio", OURS)).leads_to(NEW) is here
    for version, active, here in (("2", True, True), ("1", True, False), ("2", False, False)):
        town.telnyx.webhook_url, town.telnyx.api_version, town.telnyx.active = NEW, version, active
        assert town.do(lambda numbers: numbers.show("telnyx", OURS)).leads_to(NEW) is here


@pytest.mark.parametrize("number", ["15550100010", "+1", "", "+1555010001x"])
def test_what_is_no_number_is_refused(town: Town, number: str) -> None:
    with pytest.raises(BadParameters, match=r"E\.164"):
        town.do(lambda numbers: numbers.show("twilio", number))


@pytest.mark.parametrize("carrier", ["mock", "nobody"])
def test_a_carrier_without_an_account_is_refused(town: Town, carrier: str) -> None:
    with pytest.raises(BadParameters, match=carrier):
        town.do(lambda numbers: numbers.show(carrier, OURS))


@pytest.mark.parametrize(
    ("carrier", "key"), [("twilio", "twilio.account_sid"), ("telnyx", "telnyx.api_key"), ("plivo", "plivo.auth_id")]
)
def test_missing_credentials_are_named(town: Town, carrier: str, key: str) -> None:
    town.configure()
    with pytest.raises(ConfigError, match=key):
        town.do(lambda numbers: numbers.show(carrier, OURS))


def test_an_api_key_opens_twilio_without_the_auth_token(town: Town) -> None:
    town.twilio.api_keys = {"SK1": "secret"}
    town.configure(twilio={"account_sid": town.twilio.sid, "api_key_sid": "SK1", "api_key_secret": "secret"})
    assert town.do(lambda numbers: numbers.show("twilio", OURS)).voice_url == OLD


def test_what_is_kept_and_cannot_be_understood_is_as_nothing(town: Town) -> None:
    town.do(lambda numbers: numbers.point("twilio", OURS, NEW))
    for text in ("{", "[]"):
        (town.state.folder / "numbers.json").write_text(text)
        assert not town.do(lambda numbers: numbers.undo("twilio", OURS)).changed

"""The commands about numbers, against the simulated carriers on real ports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.carriers import Carriers, serving
from tests.cli.daemon import Cli
from voicecall.emulators.plivo.account import Account as PlivoAccount, Number as PlivoNumber
from voicecall.emulators.telnyx.account import Account as TelnyxAccount
from voicecall.emulators.twilio.account import Account as TwilioAccount, Number as TwilioNumber

OURS = "+15550000000"
OLD = "https://old.example.org/hook"
URL = "https://voice.example.org/voice/webhook"
EACH = pytest.mark.parametrize("carrier", ["twilio", "telnyx", "plivo"])


@pytest.fixture(scope="module")
def served() -> Iterator[Carriers]:
    with serving(TwilioAccount(), TelnyxAccount(numbers=frozenset({OURS})), PlivoAccount()) as carriers:
        yield carriers


@pytest.fixture
def carriers(served: Carriers, monkeypatch: pytest.MonkeyPatch) -> Carriers:
    """The carriers as they were at first, and a configuration that knows them."""
    served.twilio.add(TwilioNumber(OURS, OLD))
    served.telnyx.webhook_url = OLD
    served.plivo.applications.clear()
    served.plivo.add(PlivoNumber(OURS, OLD))
    for name, value in {
        "TWILIO_ACCOUNT_SID": served.twilio.sid,
        "TWILIO_AUTH_TOKEN": served.twilio.auth_token,
        "TELNYX_API_KEY": served.telnyx.api_key,
        "TELNYX_CONNECTION_ID": served.telnyx.connection_id,
        "PLIVO_AUTH_ID": served.plivo.auth_id,
        "PLIVO_AUTH_TOKEN": served.plivo.auth_token,
        "VOICECALL_FROM_NUMBER": OURS,
        "VOICECALL_PUBLIC_URL": URL,
        **{f"VOICECALL_{carrier.upper()}__API_BASE_URL": url for carrier, url in served.urls.items()},
    }.items():
        monkeypatch.setenv(name, value)
    return served


@EACH
def test_a_number_is_shown_pointed_and_put_back_in_json(cli: Cli, carriers: Carriers, carrier: str) -> None:
    shown = cli("number", "show", "--carrier", carrier, "--json").json
    assert shown.items() >= {"carrier": carrier, "number": OURS, "voiceUrl": OLD, "pointsHere": False}.items()
    pointed = cli("number", "point", "--carrier", carrier, "--json").json
    assert (pointed["changed"], pointed["before"]["voiceUrl"]) == (True, OLD)
    assert pointed["after"]["voiceUrl"] == carriers.announces(carrier, OURS)
    assert carriers.announces(carrier, OURS).partition("#")[0] == URL
    assert cli("number", "show", "--carrier", carrier, "--json").json["pointsHere"] is True
    assert cli("number", "point", "--carrier", carrier, "--json").json["changed"] is False
    undone = cli("number", "undo", "--carrier", carrier, "--json").json
    assert (undone["changed"], undone["after"], undone["before"]) == (True, pointed["before"], pointed["after"])
    assert carriers.announces(carrier, OURS) == OLD


def test_a_person_is_told_what_was_and_what_is(cli: Cli, carriers: Carriers) -> None:
    here = f"this gateway:  {URL}: "
    shown = cli("number", "show", "--carrier", "twilio").out.splitlines()
    assert shown == [
        f"{OURS} at twilio",
        f"calls go to:   {OLD}",
        "their end:     –",
        "if that fails: –",
        "application:   –",
        f"{here}point it there with `voicecall number point`",
    ]
    assert cli("number", "point", "--carrier", "twilio").out.splitlines() == [
        f"{OURS} at twilio",
        f"calls go to:   {OLD} -> {URL}#rc=2&rp=all",
        f"their end:     – -> {URL}#rc=2&rp=all",
    ]
    again = f"{OURS} at twilio: it points there already: nothing was changed\n"
    assert cli("number", "point", "--carrier", "twilio").out == again
    assert cli("number", "show", "--carrier", "twilio").out.endswith(f"{here}calls come here\n")
    assert f"calls go to:   {URL}#rc=2&rp=all -> {OLD}" in cli("number", "undo", "--carrier", "twilio").out
    assert cli("number", "undo", "--carrier", "twilio").out == f"{OURS} at twilio: there is nothing to undo\n"
    carriers.twilio.numbers[OURS].voice_method = "GET"
    assert f"calls go to:   {OLD} (GET)" in cli("number", "show", "--carrier", "twilio").out


def test_what_stays_is_shown_beside_what_changes(cli: Cli, carriers: Carriers) -> None:
    carriers.twilio.numbers[OURS].voice_fallback_url = "https://old.example.org/sorry"
    out = cli("number", "point", "--carrier", "twilio").out
    assert "if that fails: https://old.example.org/sorry (as it was)\n" in out


def test_a_url_that_is_not_public_needs_force(cli: Cli, carriers: Carriers) -> None:
    local = "http://127.0.0.1:3334/voice/webhook"
    ran = cli("number", "point", "--carrier", "telnyx", "--url", local)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"voicecall: {local} is no URL for a carrier: it must begin with https://\n"
    assert carriers.announces("telnyx", OURS) == OLD
    assert cli("number", "point", "--carrier", "telnyx", "--url", local, "--force", "--json").json["changed"]
    assert carriers.announces("telnyx", OURS) == local


def test_a_strangers_change_is_put_back_by_force_only(cli: Cli, carriers: Carriers) -> None:
    cli("number", "point", "--carrier", "twilio")
    carriers.twilio.numbers[OURS].voice_url = "https://theirs.example.org/"
    ran = cli("number", "undo", "--carrier", "twilio")
    assert (ran.status, ran.out) == (2, "")
    assert "--force" in ran.err
    assert cli("number", "undo", "--carrier", "twilio", "--force").status == 0
    assert carriers.announces("twilio", OURS) == OLD


def test_the_running_daemon_says_where_calls_are_to_go(
    cli: Cli, carriers: Carriers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("VOICECALL_PUBLIC_URL")
    shown = cli("number", "show", "--carrier", "telnyx", "--json").json
    assert shown["pointsHere"] is None
    assert "this gateway" not in cli("number", "show", "--carrier", "telnyx").out
    ran = cli("number", "point", "--carrier", "telnyx")
    assert (ran.status, ran.out, "--url" in ran.err) == (2, "", True)
    (tmp_path / "state").mkdir(exist_ok=True)
    tunnel = "https://tunnel.example.org/voice/webhook"
    (tmp_path / "state" / "daemon.json").write_text(json.dumps({"public": tunnel}))
    assert cli("number", "point", "--carrier", "telnyx").status == 0
    assert carriers.announces("telnyx", OURS) == tunnel


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("show",), 2, "name a carrier with --carrier"),
        (("show", "--carrier", "nobody"), 2, "name twilio, telnyx or plivo"),
        (("point", "--carrier", "twilio", "--number", "5550"), 2, "E.164"),
        (("show", "--carrier", "twilio", "--number", "+15550000009"), 1, "no such number"),
        (("undo", "--carrier", "plivo", "--number", "+15550000009"), 1, "no such number"),
    ],
)
def test_what_cannot_be_is_one_line(
    cli: Cli, carriers: Carriers, arguments: tuple[str, ...], status: int, says: str
) -> None:
    ran = cli("number", *arguments)
    assert (ran.status, ran.out, ran.err.count("\n")) == (status, "", 1)
    assert says in ran.err


def test_a_number_must_be_known(cli: Cli, carriers: Carriers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VOICECALL_FROM_NUMBER")
    ran = cli("number", "show", "--carrier", "plivo")
    assert (ran.status, "--number" in ran.err) == (2, True)


def test_a_wrong_key_fails_and_missing_credentials_are_a_fault(
    cli: Cli, carriers: Carriers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELNYX_API_KEY", "KEY-OF-SOMEBODY")
    ran = cli("number", "show", "--carrier", "telnyx")
    assert (ran.status, "telnyx.api_key" in ran.err, "SOMEBODY" in ran.err) == (1, True, False)
    monkeypatch.delenv("TELNYX_API_KEY")
    ran = cli("number", "show", "--carrier", "telnyx")
    assert (ran.status, "telnyx.api_key" in ran.err) == (2, True)

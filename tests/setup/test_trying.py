"""Answers are tried by the doctor's checks, and what can be chosen is looked for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.doctor.house import ACCOUNT, DATE, NOW, NUMBERS
from voicecall.config.load import Draft, draft
from voicecall.setup import REACH, Question, Trial, Tried
from voicecall.setup.trying import Trying

TREE: dict[str, object] = {
    "provider": "twilio",
    "from_number": "+15550001111",
    "public_url": "https://voice.example.com/voice/webhook",
    "inbound_policy": "pairing",
    "serve": {"port": 0},
    "control": {"port": 0},
    "twilio": {"account_sid": "AC00000000000000000000000000000001", "auth_token": "secret"},
}


class Internet:
    """Twilio, as far as it answers."""

    def __init__(self) -> None:
        self.status = 200
        self.numbers = ["+15550001110", "+15550001111"]

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        url = str(request.url)
        body: dict[str, Any] = {"status": "active", "type": "Full"}
        if url.startswith(NUMBERS):
            body = {"incoming_phone_numbers": [{"sid": "PN1", "phone_number": one} for one in self.numbers]}
        elif url != f"{ACCOUNT}.json":
            raise httpx2.ConnectError("nobody is there")
        return httpx2.Response(self.status, json=body, headers={"Date": DATE})


@pytest.fixture
def internet() -> Internet:
    return Internet()


@pytest.fixture
def trying(internet: Internet) -> Trying:
    return Trying(lambda: NOW, transport=httpx2.MockTransport(internet))


def of(folder: Path, **changes: object) -> Draft:
    return draft({**TREE, **changes}, {"VOICECALL_STATE_DIR": str(folder / "state")})


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("credentials", ["credentials-twilio"]),
        ("number", ["number-twilio"]),
        ("way", ["public-url", "webhook-path", "stream"]),
        ("inbound-policy", ["inbound-policy"]),
        ("brain", ["brain"]),
        ("stt", ["stt"]),
        ("tts", ["tts"]),
        ("machine", ["state-dir", "disk", "ports", "models"]),
    ],
)
def test_each_answer_is_tried_by_checks_of_the_doctor(
    trying: Trying, tmp_path: Path, name: Tried, ids: list[str]
) -> None:
    checks = trying.tried(Trial(name, ()), of(tmp_path))
    assert [(check.id, check.level) for check in checks] == [(id_, "ok") for id_ in ids]


def test_what_is_wrong_with_a_carrier_is_found(trying: Trying, internet: Internet, tmp_path: Path) -> None:
    internet.numbers = []
    (number,) = trying.tried(Trial("number", ()), of(tmp_path))
    assert (number.level, "no number of the twilio account" in number.message) == ("fail", True)
    internet.status = 401
    (credentials,) = trying.tried(Trial("credentials", ()), of(tmp_path))
    assert (credentials.level, "refuses" in credentials.message) == ("fail", True)
    (lacking,) = trying.tried(Trial("credentials", ()), of(tmp_path, twilio={"account_sid": "AC1"}))
    assert (lacking.level, "twilio.auth_token: is missing" in lacking.message) == ("fail", True)


def test_a_clock_that_is_wrong_is_told_with_the_credentials(internet: Internet, tmp_path: Path) -> None:
    late = Trying(lambda: NOW + 400, transport=httpx2.MockTransport(internet))
    assert [check.id for check in late.tried(Trial("credentials", ()), of(tmp_path))] == ["credentials-twilio", "clock"]


def test_the_numbers_of_the_account_are_offered_ours_first(trying: Trying, internet: Internet, tmp_path: Path) -> None:
    question = Question("from_number", "--from-number", "Which?")
    assert [choice.name for choice in trying.offers(question, of(tmp_path))] == ["+15550001111", "+15550001110"]
    internet.status = 403
    assert trying.offers(question, of(tmp_path)) == ()
    assert trying.offers(Question("brain.kind", "--brain", "Who?"), of(tmp_path)) == ()


def test_tunnels_that_can_be_had_are_offered_first(
    trying: Trying, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = Question(REACH, "--tunnel", "How?")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "cloudflared").write_text("#!/bin/sh\n")
    (programs / "cloudflared").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    offered = trying.offers(question, of(tmp_path))
    assert [choice.name for choice in offered] == ["cloudflared", "fixed", "ngrok", "tailscale-funnel", "none"]
    assert "install tailscale" in offered[3].text
    with_token = of(tmp_path, tunnel={"ngrok_auth_token": "token"})
    assert trying.offers(question, with_token)[0].name == "ngrok"


def test_a_tunnel_whose_package_is_missing_is_offered_with_what_it_lacks(
    trying: Trying, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ngrok", None)
    offered = trying.offers(Question(REACH, "--tunnel", "How?"), of(tmp_path, tunnel={"ngrok_auth_token": "token"}))
    assert "pip install 'voicecall[ngrok]'" in {choice.name: choice.text for choice in offered}["ngrok"]


def test_a_secret_that_others_may_read_is_found(trying: Trying, tmp_path: Path) -> None:
    known = of(tmp_path)
    file = known.state.keep_secret("twilio-auth_token", "secret")
    (tmp_path / "state").chmod(0o700)
    file.chmod(0o644)
    checks = {check.id: check for check in trying.tried(Trial("machine", ()), known)}
    assert (checks["state-dir"].level, file.name in checks["state-dir"].message) == ("fail", True)


def test_a_tunnel_is_looked_at_with_the_way(trying: Trying, tmp_path: Path) -> None:
    tree = {key: value for key, value in TREE.items() if key != "public_url"}
    tunnelled = draft({**tree, "tunnel": {"provider": "ngrok"}}, {"VOICECALL_STATE_DIR": str(tmp_path)})
    checks = {check.id: check.level for check in trying.tried(Trial("way", ()), tunnelled)}
    assert checks == {"public-url": "ok", "webhook-path": "ok", "stream": "ok", "tunnel": "warn"}

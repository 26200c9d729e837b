"""Every fault that can be planted in a configuration, a machine or a carrier is named by one check, with its fix."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.doctor.house import ACCOUNT, TWILIO, World, of
from voicecall.config.state import StateDir

SECRET = "the secret token"


def with_(key: str, value: str) -> str:
    """The configuration with another value of a general key, or with one more."""
    lines = [line for line in TWILIO.strip().splitlines() if not line.startswith(f"{key} =")]
    return "\n".join([f"{key} = {value}", *lines])


def test_a_gateway_in_order_has_nothing_to_mend(world: World) -> None:
    report = world.examine(with_("inbound_policy", '"pairing"'))
    assert report.ok
    assert [(check.id, check.level) for check in report.checks if check.level != "ok"] == [("daemon", "warn")]
    assert {"credentials-twilio", "number-twilio", "stt", "tts", "brain", "clock"} <= {one.id for one in report.checks}
    assert report.plain()["checks"][0] == {
        "id": "config",
        "level": "ok",
        "message": str(world.folder / "voicecall.toml"),
        "fix": "",
    }


def test_the_defaults_on_this_machine_are_no_failure(world: World) -> None:
    report = world.examine("serve.port = 0")
    assert report.ok
    assert world.asked == []


@pytest.mark.parametrize(
    ("id_", "level", "text", "said"),
    [
        ("config", "fail", "bogus = 1", "bogus"),
        ("credentials-twilio", "fail", 'provider = "twilio"', "twilio.auth_token: is missing"),
        ("inbound-policy", "warn", TWILIO, "nobody can call"),
        ("inbound-policy", "warn", with_("inbound_policy", '"allowlist"'), "allow_from is empty"),
        ("inbound-policy", "warn", with_("inbound_policy", '"open"'), "anybody can call"),
        (
            "inbound-policy",
            "warn",
            with_("inbound_policy", '"pairing"') + '\n[lines."+15550002222"]\ninbound_policy = "disabled"',
            "…2222: nobody",
        ),
        ("public-url", "fail", with_("public_url", '"https://localhost/voice/webhook"'), "only this network"),
        ("public-url", "fail", with_("public_url", '"https://192.168.1.7/voice/webhook"'), "private address"),
        ("public-url", "fail", with_("public_url", '"https://127.0.0.1/voice/webhook"'), "this machine itself"),
        ("public-url", "fail", with_("public_url", '"http://voice.example.com/voice/webhook"'), "not encrypted"),
        ("public-url", "warn", with_("public_url", '"https://voice.example.com:8443/voice/webhook"'), "port 8443"),
        ("public-url", "fail", TWILIO.replace("public_url", "#"), "missing"),
        (
            "public-url",
            "warn",
            TWILIO.replace("https://voice.example.com", "http://127.0.0.1:9") + 'api_base_url = "http://127.0.0.1:9"',
            "on this machine",
        ),
        ("webhook-path", "warn", with_("public_url", '"https://voice.example.com/hook"'), "the proxy must rewrite"),
        ("signature", "warn", with_("skip_signature_verification", "true"), "fake calls"),
        ("stream", "warn", TWILIO + '[streaming]\npublic_url = "wss://other.example.com"', "another host"),
        ("stream", "fail", with_("public_url", '"http://voice.example.com/voice/webhook"'), "TLS only"),
        ("tunnel", "warn", TWILIO.replace("public_url", "#") + '[tunnel]\nprovider = "ngrok"', "token of an account"),
        ("tunnel", "warn", TWILIO + '[tunnel]\nprovider = "ngrok"', "go by public_url"),
        ("limits", "warn", TWILIO + "[limits]\nstale_call_seconds = 0", "kept for ever"),
        ("limits", "warn", TWILIO + "[limits]\nmax_duration_seconds = 20", "after 20 s"),
        ("limits", "warn", TWILIO + "[limits]\nring_timeout_ms = 2000", "ring for 2 s"),
        ("log", "warn", TWILIO + "[log]\ntranscripts = true", "words of calls"),
        ("log", "fail", TWILIO + '[log]\nfile = "/nowhere/at/all.log"', "cannot be written"),
        ("number-twilio", "fail", TWILIO.replace("from_number", "#"), "no number to call from"),
        ("number-twilio", "warn", with_("to_number", '"+15550001111"'), "both …1111"),
        ("store", "fail", TWILIO + '[store]\nurl = "sqlite:////proc/version"', "cannot be"),
        ("brain", "fail", TWILIO + '[brain]\nkind = "command"\ncommand = ["no-such-program"]', "no-such-program"),
        (
            "brain",
            "fail",
            TWILIO + '[brain]\nkind = "python"\ncallable = "no_such_module:answer"',
            "cannot be imported",
        ),
    ],
)
def test_a_planted_fault_is_named_with_its_fix(world: World, id_: str, level: str, text: str, said: str) -> None:
    report = world.examine(text)
    check = of(report, id_)
    assert (check.level, said in check.message) == (level, True), check
    assert check.fix
    assert check.why
    assert report.ok is (level != "fail" and all(one.level != "fail" for one in report.checks))
    assert SECRET not in json.dumps(report.plain())


# --- this machine


def test_a_port_of_another_program_is_named(world: World, taken: int) -> None:
    check = world.check("ports", f"serve.port = {taken}")
    assert (check.level, f"serve.port {taken}" in check.message) == ("fail", True)
    assert "serve.port" in check.fix


def test_what_others_may_read_is_named_and_mended_when_asked(world: World) -> None:
    state = world.folder / "state"
    state.mkdir(mode=0o755)
    token = state / "control-token"
    token.write_text("secret")
    token.chmod(0o644)
    named = of(world.examine(), "state-dir")
    assert (named.level, "control-token" in named.message, "--fix" in named.fix) == ("fail", True, True)
    assert token.stat().st_mode & 0o777 == 0o644
    assert of(world.examine(fix=True), "state-dir").message.startswith("mended")
    assert (state.stat().st_mode & 0o777, token.stat().st_mode & 0o777) == (0o700, 0o600)
    assert of(world.examine(), "state-dir").level == "ok"


def test_a_state_directory_that_is_a_file_is_named(world: World) -> None:
    (world.folder / "state").write_text("")
    assert world.check("state-dir").level == "fail"


# --- the carrier


@pytest.mark.parametrize(
    ("status", "body", "level", "said"),
    [
        (401, {}, "fail", "refuses twilio.account_sid, twilio.auth_token"),
        (503, {}, "warn", "HTTP 503"),
        (200, {"status": "suspended"}, "warn", "is suspended"),
        (200, {"status": "active", "type": "Trial"}, "warn", "verified numbers only"),
    ],
)
def test_what_the_carrier_says_of_the_credentials_is_told(
    world: World, status: int, body: dict[str, str], level: str, said: str
) -> None:
    world.answer(f"{ACCOUNT}.json", status, body)
    check = world.check("credentials-twilio", TWILIO)
    assert (check.level, said in check.message) == (level, True), check
    assert check.fix
    (request,) = world.asked
    assert (request.method, request.headers["authorization"].startswith("Basic ")) == ("GET", True)


def test_a_carrier_that_cannot_be_reached_is_named(world: World) -> None:
    world.answers.clear()
    check = world.check("credentials-twilio", TWILIO)
    assert (check.level, "cannot reach api.twilio.com" in check.message) == ("fail", True)


def test_the_key_of_the_api_is_tried_beside_the_token(world: World) -> None:
    world.answer(f"{ACCOUNT}/Calls.json?PageSize=1", 401)
    check = world.check("credentials-twilio", TWILIO + 'api_key_sid = "SK1"\napi_key_secret = "s"')
    assert (check.level, "refuses twilio.api_key_sid" in check.message) == ("fail", True)
    assert len({request.headers["authorization"] for request in world.asked}) == 2


TELNYX = """
provider = "telnyx"
from_number = "+15550001111"
[telnyx]
api_key = "KEY"
connection_id = "77"
public_key = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
"""
PLIVO = 'provider = "plivo"\nfrom_number = "+15550001111"\n[plivo]\nauth_id = "MA1"\nauth_token = "t"\n'


@pytest.mark.parametrize(
    ("id_", "text", "url", "status", "body", "level", "said"),
    [
        ("telnyx", TELNYX, "https://api.telnyx.com/v2/call_control_applications/77", 200, {}, "ok", "takes"),
        (
            "telnyx",
            TELNYX,
            "https://api.telnyx.com/v2/call_control_applications/77",
            404,
            {},
            "fail",
            "telnyx.connection_id",
        ),
        ("telnyx", TELNYX, "https://api.telnyx.com/v2/call_control_applications/77", 401, {}, "fail", "telnyx.api_key"),
        (
            "telnyx",
            TELNYX,
            "https://api.telnyx.com/v2/call_control_applications/77",
            200,
            {"data": {"active": False}},
            "warn",
            "off",
        ),
        ("plivo", PLIVO, "https://api.plivo.com/v1/Account/MA1/", 200, {"cash_credits": "4.20"}, "ok", "takes"),
        (
            "plivo",
            PLIVO,
            "https://api.plivo.com/v1/Account/MA1/",
            200,
            {"cash_credits": "0.00000"},
            "warn",
            "credit left",
        ),
        ("plivo", PLIVO, "https://api.plivo.com/v1/Account/MA1/", 403, {}, "fail", "plivo.auth_id"),
    ],
)
def test_telnyx_and_plivo_are_asked_too(
    world: World, id_: str, text: str, url: str, status: int, body: dict[str, object], level: str, said: str
) -> None:
    world.answer(url, status, body)
    check = world.check(f"credentials-{id_}", text)
    assert (check.level, said in check.message) == (level, True), check


@pytest.mark.parametrize(
    ("seconds", "level", "said"),
    [(0, "ok", "agrees"), (-45, "warn", "45 s behind"), (45, "warn", "ahead of"), (400, "fail", "refused")],
)
def test_a_clock_that_is_off_is_named(world: World, seconds: int, level: str, said: str) -> None:
    world.now += seconds
    check = world.check("clock", TWILIO)
    assert (check.level, said in check.message) == (level, True), check


@pytest.mark.parametrize(
    ("url", "policy", "level", "said"),
    [
        ("https://voice.example.com/voice/webhook", "open", "ok", "…1111"),
        ("https://voice.example.com/voice/webhook/twilio#rc=2", "open", "ok", "…1111"),
        ("https://demo.twilio.com/welcome", "open", "fail", "announced at https://demo.twilio.com/welcome"),
        ("https://demo.twilio.com/welcome", "disabled", "warn", "nobody may call anyway"),
        ("", "open", "fail", "announced nowhere"),
        (None, "open", "fail", "no number of the twilio account"),
    ],
)
def test_a_number_that_leads_elsewhere_is_named(
    world: World, url: str | None, policy: str, level: str, said: str
) -> None:
    world.number(url)
    check = world.check("number-twilio", with_("inbound_policy", f'"{policy}"'))
    assert (check.level, said in check.message) == (level, True), check
    assert "+15550001111" not in check.message
    assert world.written == 0


def test_a_number_is_pointed_here_when_that_is_asked(world: World) -> None:
    world.number("https://demo.twilio.com/welcome")
    mended = of(world.examine(with_("inbound_policy", '"open"'), fix=True), "number-twilio")
    assert (mended.level, mended.message.startswith("mended")) == ("ok", True), mended
    assert "voicecall number undo" in mended.message
    assert world.written > 0
    assert world.check("number-twilio", with_("inbound_policy", '"open"')).level == "ok"


def test_a_number_that_leads_to_a_former_url_of_the_tunnel_is_named_and_mended(world: World) -> None:
    text = TWILIO.replace('public_url = "https://voice.example.com/voice/webhook"', 'inbound_policy = "open"')
    text += '[tunnel]\nprovider = "cloudflared"'
    assert "calls are placed from" in world.check("number-twilio", text).message
    StateDir(world.folder / "state").announce("http://127.0.0.1:1", "https://now.trycloudflare.com/voice/webhook")
    found = world.check("number-twilio", text)
    assert (found.level, "not at https://now.trycloudflare.com" in found.message) == ("fail", True), found
    assert of(world.examine(text, fix=True), "number-twilio").message.startswith("mended")
    assert world.check("number-twilio", text).level == "ok"


# --- who hears, speaks and answers


VENDORS = """
[stt]
provider = "deepgram"
deepgram = { api_key = "k" }
[tts]
provider = "elevenlabs"
fallback = ["local"]
elevenlabs = { api_key = "k" }
[brain]
"""
DEEPGRAM, ELEVENLABS = "https://api.deepgram.com/v1/auth/token", "https://api.elevenlabs.io/v1/models"


@pytest.mark.parametrize(
    ("id_", "url", "status", "level", "said"),
    [
        ("stt", DEEPGRAM, 200, "ok", "takes the key"),
        ("stt", DEEPGRAM, 401, "fail", "refuses the key"),
        ("stt", DEEPGRAM, 500, "warn", "HTTP 500"),
        ("stt", DEEPGRAM, 429, "warn", "credit is spent"),
        ("stt", "https://elsewhere.example", 200, "fail", "cannot reach"),
        ("tts", ELEVENLABS, 200, "ok", "piper"),
        ("tts", ELEVENLABS, 401, "fail", "refuses the key"),
    ],
)
def test_the_keys_of_vendors_are_tried(world: World, id_: str, url: str, status: int, level: str, said: str) -> None:
    world.answer(url, status)
    check = world.check(id_, TWILIO + VENDORS)
    assert (check.level, said in check.message) == (level, True), check


def test_a_key_that_may_only_speak_is_a_right_one(world: World) -> None:
    world.answer(ELEVENLABS, 401, {"detail": {"status": "missing_permissions"}})
    assert world.check("tts", TWILIO + VENDORS).level == "ok"


OPENCLAW = 'kind = "openclaw"\n[brain.openclaw]\ngateway_url = "http://10.0.0.5:18789"\ntoken = "t"'
MODEL = 'kind = "model"\nmodel = "anthropic:claude"\n[brain.anthropic]\napi_key = "k"'
SERVED = 'kind = "model"\nmodel = "llama"\nbase_url = "http://10.0.0.6/v1"'
SERVICE = 'kind = "http"\nurl = "http://10.0.0.7/answer"'


@pytest.mark.parametrize(
    ("text", "url", "status", "level", "said"),
    [
        (OPENCLAW, "http://10.0.0.5:18789/v1/models", 200, "ok", "takes the token"),
        (OPENCLAW, "http://10.0.0.5:18789/v1/models", 401, "fail", "refuses the token"),
        (OPENCLAW, "http://10.0.0.5:18789/v1/models", 404, "warn", "switched off"),
        (OPENCLAW, "http://10.0.0.9/", 200, "fail", "does not answer"),
        (MODEL, "https://api.anthropic.com/v1/models", 200, "ok", "Anthropic takes the key"),
        (MODEL, "https://api.anthropic.com/v1/models", 401, "fail", "Anthropic refuses the key"),
        (SERVED, "http://10.0.0.6/v1/models", 200, "warn", "no model 'llama'"),
        (SERVICE, "http://10.0.0.7/answer", 405, "ok", "is reached"),
        (SERVICE, "http://10.0.0.7/answer", 404, "warn", "nothing at the path"),
        (SERVICE, "http://10.0.0.9/", 200, "fail", "does not answer"),
    ],
)
def test_who_answers_is_asked_whether_it_is_there(
    world: World, text: str, url: str, status: int, level: str, said: str
) -> None:
    world.answer(url, status)
    check = world.check("brain", f"{TWILIO}[brain]\n{text}")
    assert (check.level, said in check.message) == (level, True), check


def test_a_file_of_a_model_that_was_changed_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from voicecall.speech import models

    damaged = tmp_path / "engine" / "data"
    damaged.mkdir(parents=True)
    (damaged / "silero_vad.onnx").write_bytes(b"something else")
    monkeypatch.setattr(models, "_module_directory", lambda _: tmp_path / "engine")
    check = world.check("models", TWILIO)
    assert (check.level, "silero_vad.onnx" in check.message) == ("fail", True)
    assert check.fix.startswith("pip install")

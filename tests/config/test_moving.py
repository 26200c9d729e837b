"""What is moved in is the configuration that it was, key by key."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.config.test_openclaw import BLOCK, ENVIRON, VALUES, whole
from voicecall.config.load import load
from voicecall.config.migrating import respell
from voicecall.config.moving import Moved, move
from voicecall.config.openclaw_keys import RENAMED
from voicecall.errors import ConfigError


def nested(path: str, value: object) -> dict[str, Any]:
    first, _, rest = path.partition(".")
    return {first: nested(rest, value) if rest else value}


SHAPES = {
    "whole": whole(BLOCK, gateway={"port": 1234, "auth": {"token": "gw"}}),
    "entry": json.dumps({"voice-call": {"enabled": True, "config": BLOCK}}),
    "block": json.dumps(BLOCK),
    "remote": whole({"provider": "mock"}, gateway={"mode": "remote", "remote": {"url": "wss://h", "token": "${TT}"}}),
} | {
    key: json.dumps(
        {"enabled": True, "provider": "mock"} | nested(key, (VALUES | {"responseModel": "openai/m"}).get(key, 7))
    )
    for key in RENAMED
}
"""Every shape of a file, and every key that is spelled otherwise, the old ones included."""


def moved_in(folder: Path, text: str, environ: dict[str, str]) -> tuple[Path, Path, tuple[Moved, ...]]:
    was, becomes = folder / "openclaw.json", folder / "voicecall.toml"
    was.write_text(text)
    done = move(was, environ)
    becomes.write_text(done.toml)
    return was, becomes, done.keys


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
def test_the_gateway_runs_on_it_as_on_what_it_was_made_from(tmp_path: Path, text: str) -> None:
    was, becomes, _ = moved_in(tmp_path, text, ENVIRON)
    environ = ENVIRON | {"OPENAI_API_KEY": "o"}
    assert load(becomes, environ).config == load(was, environ).config


def test_each_key_is_told_of_with_its_line_and_no_secret(tmp_path: Path) -> None:
    _, becomes, keys = moved_in(tmp_path, SHAPES["whole"], ENVIRON)
    at = "plugins.entries.voice-call.config"
    told = {one.becomes or one.was: one for one in keys}
    assert told["limits.max_duration_seconds"].was == f"{at}.maxDurationSeconds"
    assert told["limits.max_duration_seconds"].value == 100
    line = told["limits.max_duration_seconds"].line
    assert line is not None
    assert '"maxDurationSeconds": 100' in SHAPES["whole"].splitlines()[line - 1]
    assert told[f"{at}.silenceTimeoutMs"].becomes is None
    assert "turns.endpointing_ms" in told[f"{at}.silenceTimeoutMs"].remark
    assert told["limits.max_concurrent_calls"] == Moved(
        "", None, "limits.max_concurrent_calls", 10, "not set: here the default holds; in OpenClaw it is 1"
    )
    assert told["tts.elevenlabs.api_key"].value == "***"
    assert "better" in told["tts.elevenlabs.api_key"].remark
    text = becomes.read_text()
    assert tomllib.loads(text)["twilio"]["auth_token"] == {"env": "TT"}
    assert "max_duration_seconds = 100 # was maxDurationSeconds" in text
    assert "# silenceTimeoutMs: is left out" in text


def test_a_value_from_the_environment_is_put_in_and_a_secret_stays_a_reference(tmp_path: Path) -> None:
    block = {"enabled": True, "provider": "mock", "toNumber": "${TO}", "inboundGreeting": "${GONE}"}
    block |= {"twilio": {"authToken": "${TT}"}}
    _, becomes, keys = moved_in(tmp_path, json.dumps(block), {"TO": "+15550001111"})
    found = tomllib.loads(becomes.read_text())
    assert (found["to_number"], found["twilio"]) == ("+15550001111", {"auth_token": {"env": "TT"}})
    (greeting,) = (one for one in keys if one.becomes == "inbound_greeting")
    assert "GONE is not set" in greeting.remark


def test_an_unknown_key_is_neither_lost_nor_taken(tmp_path: Path) -> None:
    block = {"enabled": True, "provider": "mock", "maxDurationSecond": 5}
    _, becomes, keys = moved_in(tmp_path, json.dumps(block), {})
    (lost,) = (one for one in keys if one.was == "maxDurationSecond")
    assert (lost.becomes, lost.line) == (None, 1)
    assert "# maxDurationSecond: unknown key" in becomes.read_text()


def test_a_file_of_a_secret_is_named_by_its_full_path(tmp_path: Path) -> None:
    secret = {"source": "file", "id": "token.txt"}
    _, becomes, _ = moved_in(tmp_path, json.dumps({"enabled": True, "twilio": {"authToken": secret}}), {})
    assert tomllib.loads(becomes.read_text())["twilio"]["auth_token"] == {"file": str(tmp_path / "token.txt")}


def test_a_file_that_configures_no_calls_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="configures no calls"):
        moved_in(tmp_path, '{"plugins": {}}', {})


OLD = """\
# kept
fromNumber = "+15550001111" # fromNumber = mine
[serve]
port = 1
[webhookSecurity]
trustForwardingHeaders = true
[stt]
deepgram = { apiKey = "apiKey = x", model = "m" }
[lines."+15550001111".brain]
timeoutMs = 1
"""


def test_an_older_file_is_respelled_in_place(tmp_path: Path) -> None:
    file = tmp_path / "voicecall.toml"
    file.write_text(OLD)
    text, changes = respell(file)
    assert text.splitlines() == [
        "# kept",
        'from_number = "+15550001111" # fromNumber = mine',
        "[serve]",
        "port = 1",
        "[webhook_security]",
        "trust_forwarding_headers = true",
        "[stt]",
        'deepgram = { api_key = "apiKey = x", model = "m" }',
        '[lines."+15550001111".brain]',
        "timeout_ms = 1",
    ]
    assert changes[0] == (2, "fromNumber", "from_number")
    file.write_text(text)
    assert respell(file) == (text, ())


def test_what_cannot_be_respelled_by_machine_is_left_and_told_by_key(tmp_path: Path) -> None:
    file = tmp_path / "voicecall.toml"
    file.write_text('"fromNumber" = "+15550001111"\n')
    with pytest.raises(ConfigError, match="fromNumber: write `from_number`"):
        respell(file)


def test_an_unknown_key_of_an_older_file_is_a_fault_that_suggests_the_nearest(tmp_path: Path) -> None:
    file = tmp_path / "voicecall.toml"
    file.write_text('from_numbr = "+15550001111"\n')
    with pytest.raises(ConfigError, match="did you mean `from_number`"):
        respell(file)

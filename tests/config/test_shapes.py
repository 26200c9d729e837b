"""Every key of every version of OpenClaw's plugin comes in, is told of, and means here what it meant there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.config.shapes import DEFAULTS, LEGACY, NUMBER, SHAPES, VALUES, Shape
from tests.config.test_moving import nested
from voicecall.config.load import load
from voicecall.config.model import Config
from voicecall.config.moving import THEIR_DEFAULTS, Moved, move
from voicecall.errors import ConfigError

Json = dict[str, Any]
KEYS = {"OPENAI_API_KEY": "o", "DEEPGRAM_API_KEY": "d", "ELEVENLABS_API_KEY": "e"}
"""In the environment, which counts for more than files."""
CREDENTIALS = {
    "twilio": {"accountSid": "AC1", "authToken": "t"},
    "telnyx": {"apiKey": "k", "connectionId": "1", "publicKey": SHAPES["telnyx.publicKey"].value},
    "plivo": {"authId": "MA1", "authToken": "t"},
}
ENVELOPES: dict[str, Callable[[Json], Json]] = {
    "whole": lambda block: {"plugins": {"entries": {"voice-call": {"enabled": True, "config": block}}}},
    "entry": lambda block: {"voice-call": {"enabled": True, "config": block}},
    "block": lambda block: {"enabled": True} | block,
}
ALL = SHAPES | LEGACY
EVERY = pytest.mark.parametrize("key", ALL)


def around(key: str, value: Any) -> Json:
    """A block with this key, and with what it needs to be one."""
    block: Json = nested_number(key, value)
    credentials = {name: dict(keys) for name, keys in CREDENTIALS.items()}
    for name, keys in credentials.items():
        block[name] = keys | block.get(name, {})
    if key != "provider":
        block["provider"] = "twilio"
    if key not in ("fromNumber", "twilio.from"):
        block["fromNumber"] = "+15550007777"
    return block


def nested_number(key: str, value: Any) -> Json:
    """Return the key as tables in tables; a number's key is one part of it."""
    start = f"numbers.{NUMBER}."
    if key.startswith(start):
        return {"numbers": {NUMBER: nested(key.removeprefix(start), value)}}
    return nested(key, value)


def imported(folder: Path, raw: Json, environ: dict[str, str] = KEYS) -> tuple[Config, tuple[Moved, ...]]:
    """Import a file, and run on what was made of it."""
    was, becomes = folder / "openclaw.json", folder / "voicecall.toml"
    was.write_text(json.dumps(raw, indent=1))
    done = move(was, environ)
    becomes.write_text(done.toml)
    config = load(becomes, environ).config
    assert config == load(was, environ).config
    return config, done.keys


def effective(config: Config, ours: str) -> Any:
    """Return what a key of ours holds; that of a line, as it holds on the line."""
    found: Any = config
    if ours.startswith("lines."):
        found, ours = config.line(NUMBER), ours.rpartition('".')[2].replace("inbound_greeting", "greeting")
    for part in ours.split("."):
        found = getattr(found, part)
    if isinstance(found, SecretStr):
        return found.get_secret_value()
    return list(found) if isinstance(found, tuple) else found


@EVERY
@pytest.mark.parametrize("envelope", ENVELOPES)
def test_a_key_comes_in_and_means_what_it_meant(tmp_path: Path, key: str, envelope: str) -> None:
    shape: Shape = ALL[key]
    environ = {} if key.lower().endswith("apikey") else KEYS
    config, keys = imported(tmp_path, ENVELOPES[envelope](around(key, shape.value)), environ)
    told = [one for one in keys if one.was.replace('"', "").rpartition("voice-call.config.")[2] == key]
    assert not any("unknown key" in one.remark for one in keys), keys
    if shape.becomes is not None:
        assert told[0].becomes == shape.becomes
        assert told[0].line is not None
        assert effective(config, shape.becomes) == (shape.value if shape.means is None else shape.means)
    else:
        lost = told[0] if told else _within(key, keys)
        assert lost is not None
        assert lost.becomes is None
        assert lost.remark.startswith(("is left out: ", "has no counterpart: "))


def _within(key: str, keys: tuple[Moved, ...]) -> Moved | None:
    """Return the table that is told of in the place of all its keys."""
    plain = [(one.was.replace('"', "").rpartition("voice-call.config.")[2], one) for one in keys]
    return next((one for was, one in plain if was and key.startswith(f"{was}.")), None)


@pytest.mark.parametrize(("key", "value", "means"), [(key, *each) for key, values in VALUES.items() for each in values])
def test_a_value_means_what_it_meant(tmp_path: Path, key: str, value: str, means: str) -> None:
    block = around(key, value)
    if key == "inboundPolicy":
        block["allowFrom"] = ["+15550003333"]
    config, _ = imported(tmp_path, ENVELOPES["whole"](block))
    assert effective(config, str(SHAPES[key].becomes)) == means


def test_all_keys_at_once_are_told_of_one_by_one(tmp_path: Path) -> None:
    block: Json = {}
    for key in ALL:
        if not key.startswith(("realtime.fastContext.", "realtime.agentContext.", "tts.edge", "tts.microsoft")):
            _merge(block, nested_number(key, ALL[key].value))
    block["provider"], block["realtime"]["enabled"] = "twilio", False
    _, keys = imported(tmp_path, ENVELOPES["whole"](block))
    told = [one.was for one in keys if one.was]
    written = {".".join(path).replace(f"numbers.{NUMBER}", f'numbers."{NUMBER}"') for path in _leaves(block)}
    short = {was.rpartition("voice-call.config.")[2] for was in told}
    assert {key for key in written if not any(key == one or key.startswith(f"{one}.") for one in short)} == set()
    assert not any("unknown" in one.remark for one in keys)


def _merge(into: Json, more: Json) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into.setdefault(key, value)


def _leaves(block: Json, at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in block.items():
        found += _leaves(value, (*at, key)) if isinstance(value, dict) else [(*at, key)]
    return found


def test_what_holds_where_nothing_is_written_is_the_same_or_told(tmp_path: Path) -> None:
    config, keys = imported(tmp_path, ENVELOPES["whole"]({"provider": "mock"}))
    plain = {ours: list(theirs) if isinstance(theirs, tuple) else theirs for ours, theirs in DEFAULTS.items()}
    other = {ours for ours, theirs in plain.items() if effective(config, ours) != theirs}
    assert other == set(DEFAULTS) & set(THEIR_DEFAULTS)
    assert other <= {one.becomes for one in keys if "not set" in one.remark}


@pytest.mark.parametrize(
    ("block", "provider", "port", "path", "lost"),
    [
        ({"tailscale": {"mode": "funnel", "path": "/p/hook"}}, "tailscale-funnel", 443, "/p/hook", None),
        ({"tailscale": {"mode": "serve"}, "serve": {"path": "/hook"}}, "tailscale-serve", 443, "/voice/webhook", None),
        (
            {"tunnel": {"provider": "tailscale-funnel"}, "tailscale": {"mode": "serve", "port": 8443}},
            "tailscale-funnel",
            8443,
            None,
            "tailscale.mode",
        ),
        (
            {"tunnel": {"provider": "none"}, "tailscale": {"mode": "funnel"}},
            "tailscale-funnel",
            443,
            None,
            "tunnel.provider",
        ),
        (
            {"tunnel": {"provider": "ngrok"}, "tailscale": {"mode": "off", "port": 8443, "path": "/p"}},
            "ngrok",
            443,
            None,
            "tailscale.port",
        ),
    ],
)
def test_the_tunnel_is_the_one_that_it_was(
    tmp_path: Path, block: Json, provider: str, port: int, path: str | None, lost: str | None
) -> None:
    config, keys = imported(tmp_path, ENVELOPES["entry"]({"provider": "mock"} | block))
    assert (config.tunnel.provider, config.tunnel.port, config.tunnel.path) == (provider, port, path)
    left = {one.was.rpartition("config.")[2]: one.remark for one in keys if one.becomes is None}
    assert lost is None or "is left out" in left[lost]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"plugins": {"entries": {"voice-call": {"enabled": False, "config": {"provider": "mock"}}}}}, "was off"),
        ({"plugins": {"entries": {"voice-call": {"enabled": True, "config": {"provider": "mock"}}}}}, "starts it"),
        ({"voice-call": {"config": {"enabled": False}}}, "was off"),
        ({"enabled": False, "provider": "mock"}, "was off"),
    ],
)
def test_a_plugin_that_was_off_is_said_to_have_been(tmp_path: Path, raw: Json, said: str) -> None:
    file = tmp_path / "openclaw.json"
    file.write_text(json.dumps(raw))
    (told,) = (one for one in move(file, {}).keys if one.was.endswith("enabled"))
    assert said in told.remark


def test_what_has_no_value_or_cannot_be_read_is_left_out_and_told(tmp_path: Path) -> None:
    file = tmp_path / "openclaw.json"
    secret = {"source": "exec", "provider": "vault", "id": "twilio"}
    file.write_text(json.dumps({"enabled": True, "publicUrl": None, "twilio": {"authToken": secret}}))
    told = {one.was: one.remark for one in move(file, {}).keys}
    assert "no value" in told["publicUrl"]
    assert "secrets of source exec are not read" in told["twilio.authToken"]


def test_current_keys_count_and_each_that_yields_is_told(tmp_path: Path) -> None:
    block: Json = {"provider": "mock", "twilio": {"from": "+15550009999"}, "fromNumber": NUMBER}
    block["streaming"] = {"sttProvider": "openai", "provider": "deepgram"}
    config, keys = imported(tmp_path, ENVELOPES["whole"](block))
    assert (config.from_number, config.stt.provider) == (NUMBER, "deepgram")
    left = {one.was.rpartition("config.")[2]: one.remark for one in keys if one.becomes is None}
    assert left["twilio.from"] == "is left out: fromNumber counts"
    assert left["streaming.sttProvider"] == "is left out: streaming.provider counts"


@pytest.mark.parametrize(
    ("block", "key", "meant"),
    [
        ({"maxDurationSecond": 5}, "maxDurationSecond", "maxDurationSeconds"),
        ({"streaming": {"sttProvidr": "openai"}}, "streaming.sttProvidr", "streaming.sttProvider"),
        ({"tailscale": {"pth": "/x", "mod": "serve"}}, "tailscale.mod", "tailscale.mode"),
        ({"numbers": {NUMBER: {"responseModl": "x"}}}, f'numbers."{NUMBER}".responseModl', "responseModel"),
        ({"allowForm": [NUMBER]}, "allowForm", "allow_from"),
    ],
)
def test_a_mistyped_key_of_theirs_suggests_the_nearest(tmp_path: Path, block: Json, key: str, meant: str) -> None:
    file = tmp_path / "openclaw.json"
    file.write_text(json.dumps(ENVELOPES["whole"]({"provider": "mock"} | block)))
    told = {one.was.rpartition("voice-call.config.")[2]: one for one in move(file, {}).keys}
    assert (told[key].becomes, told[key].remark) == (None, f"unknown key: did you mean `{meant}`?")
    with pytest.raises(ConfigError, match=f"did you mean `{meant}`"):
        load(file, {})


def test_what_became_of_the_keys_is_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    _, keys = imported(tmp_path, ENVELOPES["whole"]({"provider": "mock", "silenceTimeoutMs": 1, "toNumber": NUMBER}))
    lines = [one.line for one in keys if one.line is not None]
    assert lines == sorted(lines)
    assert [one.line for one in keys[len(lines) :]] == [None] * (len(keys) - len(lines))
    (agent,) = (one for one in keys if one.becomes == "brain.kind")
    assert (agent.was, agent.remark) == ("", "the agent is OpenClaw itself, as nothing else is said")


def test_a_file_that_says_nothing_of_calls_makes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "openclaw.json"
    file.write_text('{"channels": {}}')
    with pytest.raises(ConfigError, match="configures no calls"):
        move(file, {})

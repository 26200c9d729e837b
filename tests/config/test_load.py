from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import SecretStr

from voicecall.config.keys import bare, is_secret, member_of, section_of
from voicecall.config.load import Loaded, load
from voicecall.config.model import GREETING, Config
from voicecall.config.section import Section
from voicecall.errors import Fault

Write = Callable[..., Loaded]
Fail = Callable[..., list[Fault]]
NUMBER = "+15551234567"
SPECIAL: dict[str, Any] = {
    "from_number": NUMBER,
    "to_number": NUMBER,
    "public_url": "https://voice.example.com/voice/webhook",
    "serve.path": "/hook",
    "streaming.stream_path": "/media",
    "streaming.public_url": "wss://voice.example.com",
    "realtime.stream_path": "/rt",
    "realtime.provider": "gemini",
    "tunnel.path": "/t",
    "twilio.from_number": "+15550100001",
    "telnyx.from_number": "+15550100001",
    "plivo.from_number": "+15550100001",
    "outbound.carriers": ["mock"],
    "control.port": 4444,
    "control.bind": "::1",
    "turns.endpointing_ms": 700,
    "turns.endpointing_min_ms": 100,
    "turns.endpointing_max_ms": 2000,
    "turns.model": "none",
    "turns.digits_end": "*",
    "webhooks": [
        {
            "name": "crm",
            "url": "https://crm.example/",
            "secret": f"whsec_{'A' * 32}",
            "old_secrets": [f"whsec_{'B' * 32}"],
            "events": ["call.*"],
            "transcripts": True,
        }
    ],
    "budget.prices": {"+1": 0.5},
    "budget.countries": ["US", "DE"],
    "budget.prefixes": ["+1"],
    "budget.quiet_hours": "21:00-08:00",
}
BY_NAME: dict[str, Any] = {
    "language": "en-GB",
    "kind": "echo",
    "base_url": "http://127.0.0.1:9/v1",
    "brain.url": "http://127.0.0.1:9/turn",
    "fallback.url": "http://127.0.0.1:9/turn",
    "servers": [{"url": "http://127.0.0.1:9/mcp", "token": "x", "command": ["tool"]}],
    "stt.provider": "scripted",
    "stt.fallback": ["scripted"],
    "tts.provider": "tone",
    "tts.fallback": ["tone"],
}
"""Values by the last parts of a key."""

HALVES = {
    "VOICECALL_TWILIO__API_KEY_SID": "twilio.api_key_sid",
    "VOICECALL_TWILIO__API_KEY_SECRET": "twilio.api_key_secret",
}
"""Keys that go with each other, by their variables."""
WITH = {
    "realtime.enabled": {"OPENAI_API_KEY": "k"},
    "budget.money_per_day": {"VOICECALL_BUDGET__PRICES": '{"+1": 0.5}'},
}
"""What a key is of no use without, as variables."""


def camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(part.title() for part in rest)


def keys(section: type[Section] = Config, prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Yield every key of the model with a value that is good for it."""
    for name, field in section.model_fields.items():
        path, inner, member = (*prefix, name), section_of(field.annotation), member_of(field.annotation)
        if inner is not None:
            yield from keys(inner, path)
        elif member is not None and member[0] is dict:
            line = section_of(member[1])
            if line is not None:
                yield from keys(line, (*path, NUMBER))
            else:
                yield path, SPECIAL.get(".".join(path), {"word": "another"})
        else:
            yield path, good(".".join(path), field.annotation)


def good(key: str, annotation: object) -> object:
    kind, member = bare(annotation), member_of(annotation)
    if key in SPECIAL:
        return SPECIAL[key]
    for parts in (1, 2):
        if (name := ".".join(key.split(".")[-parts:])) in BY_NAME:
            return BY_NAME[name]
    if member is not None:
        inner = section_of(member[1])
        return [dict.fromkeys(inner.model_fields, "x")] if inner else [NUMBER]
    if is_secret(annotation):
        return "secret"
    if get_origin(kind) is Literal:
        return [one for one in get_args(kind) if one not in ("twilio", "telnyx", "plivo", "model")][-1]
    if key.endswith(("api_base_url", "gateway_url")):
        return "http://127.0.0.1:9"
    return {bool: True, int: 7, float: 1.5}.get(kind, "text")  # type: ignore[call-overload]


EVERY_KEY = [pytest.param(path, value, id=".".join(path)) for path, value in keys()]


def nested(path: tuple[str, ...], value: object) -> dict[str, object]:
    for part in reversed(path):
        value = {part: value}
    assert isinstance(value, dict)
    return value


def plain(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Section):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    return value


def read(config: Config, path: tuple[str, ...]) -> object:
    value: Any = config
    for part in path:
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    return value


@pytest.mark.parametrize(("path", "value"), EVERY_KEY)
def test_every_key_is_accepted_in_both_spellings(path: tuple[str, ...], value: object, loaded: Write) -> None:
    environ = {variable: "x" for variable, key in HALVES.items() if key != ".".join(path)}
    environ |= WITH.get(".".join(path), {})
    ours = loaded(json.dumps(nested(path, value)), "ours.json", environ)
    theirs = loaded(json.dumps(nested(tuple(camel(part) for part in path), value)), "theirs.json", environ)
    assert read(ours.config, path) == read(theirs.config, path)
    assert plain(read(ours.config, path)) == value


def test_toml_json_and_json5_mean_the_same(loaded: Write) -> None:
    toml = loaded("from_number = '+15551234567'\n[serve]\nport = 4000\n")
    plain = loaded('{"fromNumber": "+15551234567", "serve": {"port": 4000}}', "a.json")
    five = loaded("{fromNumber: '+15551234567', /* so */ serve: {port: 4000,}, } // end", "a.json5")
    assert toml.config.model_dump(exclude={"store"}) == plain.config.model_dump(exclude={"store"})
    assert plain.config == five.config


def test_nothing_configured_is_the_default(tmp_path: Path) -> None:
    found = load(None, {"VOICECALL_STATE_DIR": str(tmp_path / "s")})
    assert found.file is None
    assert (found.config.provider, found.config.serve.port, found.config.control.port) == ("mock", 3334, 3335)
    assert found.config.inbound_greeting == GREETING
    assert found.config.store.url is not None
    assert found.config.store.url.get_secret_value() == f"sqlite:///{tmp_path}/s/calls.db"
    assert not (tmp_path / "s").exists()


def test_files_are_looked_for_in_order(tmp_path: Path) -> None:
    platform = tmp_path / "etc" / "voicecall" / "config.toml"
    platform.parent.mkdir(parents=True)
    places = [platform, tmp_path / "voicecall.toml", tmp_path / "env.toml", tmp_path / "flag.toml"]
    environ: dict[str, str] = {}
    for port, place in enumerate(places, 4000):
        place.write_text(f"[serve]\nport = {port}\n")
        if place.name == "env.toml":
            environ["VOICECALL_CONFIG"] = str(place)
        assert load(place if place.name == "flag.toml" else None, environ).config.serve.port == port


def test_control_listens_next_to_serve(loaded: Write) -> None:
    assert loaded("[serve]\nport = 4000\n").config.control.port == 4001
    assert loaded("[serve]\nport = 0\n").config.control.port == 0
    assert loaded("[serve]\nport = 4000\n[control]\nport = 9\n").config.control.port == 9
    assert loaded(environ={"VOICECALL_SERVE__PORT": "5000"}).config.control.port == 5001


def test_a_line_lies_over_the_general_keys(loaded: Write) -> None:
    text = """
    inbound_greeting = "general"
    inbound_policy = "open"
    [brain]
    kind = "fixed"
    text = "general"
    [lines."+15551234567"]
    greeting = ""
    [lines."+15551234567".brain]
    text = "special"
    [lines."+15551234567".tts.tone]
    seconds = 2.5
    """
    config = loaded(text).config
    line = config.line("15551234567")
    assert (line.greeting, line.inbound_policy, line.allow_from) == ("", "open", ())
    assert (line.brain.kind, line.brain.text, line.tts.tone.seconds) == ("fixed", "special", 2.5)
    assert config.line("+15550000000").brain.text == "general"


def test_secrets_come_from_the_environment_and_from_files(tmp_path: Path, loaded: Write) -> None:
    (tmp_path / "key.txt").write_text("from-file\n")
    config = loaded(
        """
        twilio.auth_token = { env = "THE_TOKEN" }
        streaming.credential_keys = [{ file = "key.txt" }, "plain"]
        twilio.signing_keys = [{ id = "k", secret = { env = "THE_TOKEN" } }]
        """,
        environ={"THE_TOKEN": "from-environment"},
    ).config
    assert config.twilio.auth_token is not None
    assert config.twilio.auth_token.get_secret_value() == "from-environment"
    assert [key.get_secret_value() for key in config.streaming.credential_keys] == ["from-file", "plain"]
    assert config.twilio.signing_keys[0].secret.get_secret_value() == "from-environment"


def test_a_mock_network_elsewhere_shares_a_known_secret(loaded: Write) -> None:
    secret = loaded('mock.api_base_url = "http://127.0.0.1:9000/"').config.mock.secret
    assert secret is not None
    assert secret.get_secret_value() == "mock"
    assert loaded().config.mock.secret is None


FAULTS = {
    "nobody answers": (
        "[realtime]\nenabled = true\nprovider = 'scripted'\nconsult_policy = 'always'\ntool_policy = 'none'\n",
        "realtime.consult_policy",
        4,
        "write safe-read-only or owner",
    ),
    "unknown key": ("[serve]\nprot = 1\n", "serve.prot", 2, "did you mean `serve.port`"),
    "unknown table": ("\n[sevre]\n", "sevre", 2, "did you mean `serve`"),
    "unknown inline": ("serve = { prot = 1 }\n", "serve.prot", 1, "did you mean `serve.port`"),
    "two spellings": ("from_number = '+15551234567'\nfromNumber = '+15551234567'\n", "fromNumber", 2, "twice"),
    "wrong type": ("\n\nserve.port = 'x'\n", "serve.port", 3, "expected a whole number, not text"),
    "truth as number": ("serve.port = true\n", "serve.port", 1, "expected a whole number, not true or false"),
    "table expected": ("serve = 3\n", "serve", 1, "expected a table of keys, not a number"),
    "list expected": ("allow_from = '+15551234567'\n", "allow_from", 1, "expected a list, not text"),
    "no such choice": ("provider = 'acme'\n", "provider", 1, "expected 'mock', 'twilio'"),
    "number": ("from_number = '555'\n", "from_number", 1, "write E.164"),
    "number in list": ("allow_from = ['+15551234567', '1']\n", "allow_from[1]", 1, "write E.164"),
    "number of a line": ("[lines.55]\n", "lines.55", 1, "write E.164"),
    "url": ("public_url = 'voice.example.com'\n", "public_url", 1, "write https://"),
    "path": ("serve.path = 'hook'\n", "serve.path", 1, "begins with a slash"),
    "range": ("serve.port = 70000\n", "serve.port", 1, "65535"),
    "missing member": ("[[twilio.signing_keys]]\nid = 'a'\n", "twilio.signing_keys[0].secret", 1, "is missing"),
    "secret not set": ("control.token = { env = 'NOPE' }\n", "control.token", 1, "NOPE is not set"),
    "secret no file": ("control.token = { file = 'nope' }\n", "control.token", 1, "nope cannot be read"),
    "secret malformed": ("control.token = { a = 1 }\n", "control.token", 1, "a secret is text"),
    "funnel port": (
        "[tunnel]\nprovider = 'tailscale-funnel'\nport = 444\n",
        "tunnel.port",
        3,
        "funnel can use 443, 8443, 10000 only",
    ),
    "tunnel without a name": (
        "[tunnel]\nprovider = 'cloudflared'\ncloudflared_name = 'calls'\n",
        "tunnel.cloudflared_domain",
        1,
        "write the host name",
    ),
    "empty token": ("control.token = ''\n", "control.token", 1, "is empty"),
    "bind": ("control.bind = '0.0.0.0'\n", "control.bind", 1, "control.token"),
    "waits": ("turns.endpointing_min_ms = 600\n", "turns.endpointing_min_ms", 1, "above `turns.endpointing_ms`"),
    "waits above": ("turns.endpointing_ms = 1300\n", "turns.endpointing_max_ms", None, "below `turns.endpointing_ms`"),
    "same path": ("serve.path = '/voice/stream'\n", "streaming.stream_path", None, "same as `serve.path`"),
    "same path of models": ("realtime.stream_path = '/voice/webhook'\n", "realtime.stream_path", 1, "`serve.path`"),
    "half a key": ("twilio.api_key_sid = 'SK1'\n", "twilio.api_key_secret", 1, "`twilio.api_key_sid` is of no use"),
    "other half": ("twilio.api_key_secret = 's'\n", "twilio.api_key_sid", 1, "`twilio.api_key_secret` is of no use"),
    "no model": ("[brain]\nkind = 'model'\n", "brain.model", 1, "vendor:name"),
    "syntax": ("a = 1\nb = \n", "", 2, "is not valid TOML"),
}

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from pydantic import SecretStr

from voicecall.config.keys import bare, is_secret, member_of, section_of
from voicecall.config.load import Loaded, load
from voicecall.config.model import GREETING, Config
from voicecall.config.section import Section
from voicecall.errors import ConfigError, Fault

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
WITH = {"budget.money_per_day": {"VOICECALL_BUDGET__PRICES": '{"+1": 0.5}'}}
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
    "empty token": ("control.token = ''\n", "control.token", 1, "is empty"),
    "bind": ("control.bind = '0.0.0.0'\n", "control.bind", 1, "control.token"),
    "waits": ("turns.endpointing_min_ms = 600\n", "turns.endpointing_min_ms", 1, "above `turns.endpointing_ms`"),
    "waits above": ("turns.endpointing_ms = 1300\n", "turns.endpointing_max_ms", None, "below `turns.endpointing_ms`"),
    "same path": ("serve.path = '/voice/stream'\n", "streaming.stream_path", None, "same as `serve.path`"),
    "half a key": ("twilio.api_key_sid = 'SK1'\n", "twilio.api_key_secret", 1, "`twilio.api_key_sid` is of no use"),
    "other half": ("twilio.api_key_secret = 's'\n", "twilio.api_key_sid", 1, "`twilio.api_key_secret` is of no use"),
    "no model": ("[brain]\nkind = 'model'\n", "brain.model", 1, "vendor:name"),
    "syntax": ("a = 1\nb = \n", "", 2, "is not valid TOML"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_names_key_file_line_and_remedy(name: str, faults: Fail, tmp_path: Path) -> None:
    text, key, line, words = FAULTS[name]
    [fault] = faults(text)
    assert (fault.key, fault.file) == (key, str(tmp_path / "voicecall.toml"))
    assert fault.line == line or line is None
    assert words in fault.message
    assert "\n" not in str(fault)


def test_both_listeners_on_one_address_are_one_fault_that_names_both(faults: Fail) -> None:
    [fault] = faults("[serve]\nport = 4000\n[control]\nport = 4000\n")
    assert "`serve.port`" in fault.message
    assert "`control.port`" in fault.message
    assert (fault.key, fault.line) == ("control.port", 4)
    [fault] = faults("serve.bind = '0.0.0.0'\nserve.port = 4000\ncontrol.port = 4000\n")
    assert fault.key == "control.port"


@pytest.mark.parametrize(
    ("provider", "missing"),
    [
        ("twilio", {"twilio.account_sid", "twilio.auth_token"}),
        ("telnyx", {"telnyx.api_key", "telnyx.connection_id", "telnyx.public_key"}),
        ("plivo", {"plivo.auth_id", "plivo.auth_token"}),
    ],
)
def test_missing_credentials_are_named_with_their_variables(provider: str, missing: set[str], faults: Fail) -> None:
    found = faults(f"provider = '{provider}'\n")
    assert {fault.key for fault in found} == missing
    assert all(provider.upper() in fault.message for fault in found)


def test_all_faults_are_listed_at_once(faults: Fail) -> None:
    found = faults(
        "provider = 'twilio'\nbogus = 1\n[serve]\nport = 'x'\n[control]\nbind = '0.0.0.0'\n"
        "[twilio]\nauth_token = { env = 'N' }\n",
        environ={"VOICECALL_TURNS__VAD": "loud", "VOICECALL_TURNZ__VAD": "off"},
    )
    keys = [fault.key for fault in found]
    assert sorted(keys) == [
        "bogus", "control.bind", "serve.port", "turns.vad", "turnz.vad", "twilio.account_sid", "twilio.auth_token",
    ]  # fmt: skip


def test_lines_are_known_in_json_too(faults: Fail) -> None:
    text = '{\n  // words\n  "serve": {\n    "port": "x"\n  },\n  "allowFrom": [\n    "+15551234567",\n    "1"\n  ]\n}'
    assert {fault.key: fault.line for fault in faults(text, "a.json5")} == {"serve.port": 4, "allow_from[1]": 8}


@pytest.mark.parametrize("text", ["{", '{"a" 1}', "[1]", "{a: 1,, }", "", "\ufeff{", '{"a": "' + "\\ud800"])
def test_broken_json_is_one_fault(text: str, faults: Fail) -> None:
    [fault] = faults(text, "a.json")
    assert fault.file is not None


def test_a_named_file_that_is_missing_is_one_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone.toml: cannot be read: .* \(named by --config\)") as caught:
        load(tmp_path / "gone.toml", {})
    assert len(caught.value.faults) == 1
    with pytest.raises(ConfigError, match="named by VOICECALL_CONFIG"):
        load(None, {"VOICECALL_CONFIG": str(tmp_path / "gone.toml")})


def test_text_that_is_not_utf8_and_folders_are_one_fault(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"from_number = '\xe9'")
    for name, words in (("latin.toml", "UTF-8"), ("", "cannot be read")):
        with pytest.raises(ConfigError, match=words):
            load(tmp_path / name, {})


def test_a_public_url_that_the_proxy_rewrites_is_a_warning(loaded: Write) -> None:
    found = loaded("public_url = 'https://voice.example.com/hooks'\n")
    [warning] = found.warnings
    assert (warning.key, warning.line) == ("public_url", 1)
    assert not loaded("public_url = 'https://voice.example.com/x/voice/webhook'\n").warnings


def test_secrets_never_appear_in_what_is_said(loaded: Write, faults: Fail) -> None:
    secret = "swordfish"
    config = loaded(f"control.token = '{secret}'\nstore.url = 'postgresql://u:{secret}@h/d'\n").config
    assert secret not in repr(config) + str(config)
    for text in (
        f"control.token = ['{secret}']\n",
        f"twilio.signing_keys = '{secret}'\n",
        f"serve.port = '{secret}'\n",
    ):
        assert all(secret not in str(fault) + repr(fault) for fault in faults(text))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
THEIRS = "port token authToken bind env file enabled plugins entries voice-call config providers numbers openai".split()
NAMES = st.sampled_from([*Config.model_fields, *THEIRS, NUMBER]) | st.text(max_size=5)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=25
)


FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def outcome(file: Path) -> Loaded | tuple[Fault, ...]:
    try:
        return load(file, {})
    except ConfigError as error:
        return error.faults


@settings(FUZZ, max_examples=300)
@given(tree=st.dictionaries(NAMES, TREES, max_size=6))
def test_any_file_is_a_configuration_or_a_list_of_faults(tree: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "any.json").write_text(json.dumps(tree))
    found = outcome(tmp_path / "any.json")
    assert isinstance(found, Loaded) or (found and all("\n" not in str(fault) for fault in found))


@settings(FUZZ, max_examples=100)
@given(text=st.text(alphabet="ab=[]{}.\"'\n1 #,\\", max_size=60), suffix=st.sampled_from(["toml", "json"]))
def test_any_text_is_a_configuration_or_a_list_of_faults(text: str, suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"any.{suffix}").write_text(text)
    assert isinstance(outcome(tmp_path / f"any.{suffix}"), Loaded | tuple)

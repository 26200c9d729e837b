"""A fault of the configuration is named with its key, file, line and remedy, and nothing secret is said."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.config.test_load import FAULTS, NUMBER, Fail, Write
from voicecall.config.load import Loaded, load
from voicecall.config.model import Config
from voicecall.errors import ConfigError, Fault


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


def test_a_tunnel_that_carriers_do_not_reach_is_a_warning(loaded: Write) -> None:
    twilio = "provider = 'twilio'\ntwilio = { account_sid = 'AC1', auth_token = 't' }\n"
    serve = "[tunnel]\nprovider = 'tailscale-serve'\n"
    [warning] = loaded(twilio + serve).warnings
    assert (warning.key, warning.line) == ("tunnel.provider", 4)
    assert "write tailscale-funnel" in warning.message
    assert not loaded(serve).warnings
    assert not loaded(twilio + "public_url = 'https://v.example.com/voice/webhook'\n" + serve).warnings


def test_a_demo_agent_behind_a_model_is_probably_not_meant(loaded: Write) -> None:
    model = "[realtime]\nenabled = true\nprovider = 'scripted'\n"
    [warning] = loaded(model).warnings
    assert (warning.key, "demo agent" in warning.message) == ("brain.kind", True)
    assert not loaded(model + "tool_policy = 'none'\n").warnings
    assert not loaded(model + "[brain]\nkind = 'echo'\n").warnings


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

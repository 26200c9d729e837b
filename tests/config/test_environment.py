from collections.abc import Callable

import pytest

from voicecall.config.load import Loaded
from voicecall.errors import Fault

Write = Callable[..., Loaded]
Fail = Callable[..., list[Fault]]


def test_the_environment_counts_for_more_than_the_file(loaded: Write) -> None:
    text = "provider = 'mock'\ninbound_greeting = 'file'\n[serve]\nport = 4000\nbind = '::1'\n"
    environ = {
        "VOICECALL_SERVE__PORT": "5000",
        "VOICECALL_INBOUND_GREETING": "",
        "VOICECALL_ALLOW_FROM": "+15551234567, +15557654321",
        "VOICECALL_TURNS__BARGE_IN": "false",
        "VOICECALL_LIMITS__DIALS_PER_SECOND": "2.5",
        "VOICECALL_LINES": '{"+15551234567": {"greeting": "line"}}',
        "VOICECALL_LIMITS__MAX_DURATION_SECONDS": "",
    }
    config = loaded(text, environ=environ).config
    assert (config.serve.port, config.serve.bind, config.inbound_greeting) == (5000, "::1", "")
    assert config.allow_from == ("+15551234567", "+15557654321")
    assert (config.turns.barge_in, config.limits.dials_per_second) == (False, 2.5)
    assert config.line("+15551234567").greeting == "line"
    assert config.limits.max_duration_seconds == 300


def test_vendors_usual_variables_set_their_keys(loaded: Write) -> None:
    environ = {
        "VOICECALL_PROVIDER": "twilio",
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_FROM_NUMBER": "+15551234567",
        "OPENAI_API_KEY": "oa",
        "GEMINI_API_KEY": "ge",
        "GOOGLE_API_KEY": "go",
        "DEEPGRAM_API_KEY": "",
        "VOICECALL_CONTROL_TOKEN": "door",
    }
    config = loaded(environ=environ).config
    assert (config.provider, config.twilio.account_sid, config.from_number) == ("twilio", "AC1", "+15551234567")
    secrets = [config.stt.openai.api_key, config.brain.openai.api_key, config.realtime.gemini.api_key]
    assert [secret.get_secret_value() for secret in secrets if secret] == ["oa", "oa", "ge"]
    assert config.control.token is not None
    assert config.control.token.get_secret_value() == "door"
    assert config.stt.deepgram.api_key is None


def test_twilios_number_is_nobody_elses(loaded: Write) -> None:
    assert loaded(environ={"TWILIO_FROM_NUMBER": "+15551234567"}).config.from_number is None


def test_our_variables_count_for_more_than_usual_ones(loaded: Write) -> None:
    environ = {"VOICECALL_TWILIO__ACCOUNT_SID": "ours", "TWILIO_ACCOUNT_SID": "usual"}
    assert loaded("twilio.account_sid = 'file'\n", environ=environ).config.twilio.account_sid == "ours"


@pytest.mark.parametrize(
    ("name", "value", "key", "words"),
    [
        ("VOICECALL_SERVE__PROT", "1", "serve.prot", "did you mean `serve.port`"),
        ("VOICECALL_SERVE__PORT", "x", "serve.port", "expected a whole number"),
        ("VOICECALL_SERVE", "x", "serve", "expected a table"),
        ("VOICECALL_PROVIDER__X", "x", "provider.x", "is a value, not a table"),
        ("VOICECALL_TURNS__BARGE_IN", "maybe", "turns.barge_in", "expected true or false"),
        ("VOICECALL_LINES", '{"+15551234567": {"gretting": ""}}', 'lines."+15551234567".gretting', "did you mean"),
        ("VOICECALL_ALLOW_FROM", "[1", "allow_from", "expected a list"),
    ],
)
def test_a_fault_in_the_environment_names_the_variable(
    name: str, value: str, key: str, words: str, faults: Fail
) -> None:
    [fault] = faults(environ={name: value})
    assert (fault.key, fault.file) == (key, None)
    assert words in fault.message
    assert name in fault.message


def test_a_variable_without_a_key_is_a_warning(loaded: Write) -> None:
    [warning] = loaded(environ={"VOICECALL_SOMETHING": "1", "VOICECALL_STATE_DIR": "state"}).warnings
    assert "VOICECALL_SOMETHING" in warning.message

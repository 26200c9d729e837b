import json
from collections.abc import Callable
from typing import Any

import pytest

from voicecall.config.load import Loaded
from voicecall.config.openclaw_keys import NO_COUNTERPART, RENAMED
from voicecall.errors import Fault

Write = Callable[..., Loaded]
Fail = Callable[..., list[Fault]]

BLOCK: dict[str, Any] = {
    "enabled": True,
    "provider": "twilio",
    "fromNumber": "+15550001111",
    "twilio": {"accountSid": "AC1", "authToken": {"source": "env", "provider": "default", "id": "TT"}},
    "maxDurationSeconds": 100,
    "webhookSecurity": {"trustedProxyIPs": ["10.0.0.1"]},
    "streaming": {
        "enabled": True,
        "provider": "openai",
        "providers": {"openai": {"apiKey": "${OK}", "vadThreshold": 1}},
    },
    "tts": {"provider": "edge", "providers": {"elevenlabs": {"apiKey": "e", "voiceId": "v"}, "edge": {"voice": "x"}}},
    "numbers": {"+15550002222": {"inboundGreeting": "hi", "responseModel": "openai/x", "tts": {"provider": "openai"}}},
    "tailscale": {"mode": "funnel", "path": "/p"},
    "realtime": {
        "providers": {"google": {"voice": "p"}},
        "toolPolicy": "owner",
        "consultPolicy": "always",
        "fastContext": {"enabled": True, "maxResults": 5, "sources": ["memory"]},
    },
    "silenceTimeoutMs": 800,
    "responseTimeoutMs": 5000,
}
ENVIRON = {"TT": "token", "OK": "key"}


VALUES = {
    "agentId": "a",
    "sessionScope": "main",
    "responseModel": "v/m",
    "responseSystemPrompt": "s",
    "tailscale.mode": "off",
    "tailscale.path": "/p",
    "streaming.provider": "openai",
    "streaming.sttProvider": "openai",
    "streaming.openaiApiKey": "k",
    "streaming.sttModel": "m",
    "twilio.from": "+15550001111",
}
"""Values for those of their keys that take no number."""


def whole(block: dict[str, Any], **others: Any) -> str:
    return json.dumps({**others, "plugins": {"entries": {"voice-call": {"enabled": True, "config": block}}}}, indent=1)


def test_a_whole_file_is_mapped(loaded: Write) -> None:
    found = loaded(whole(BLOCK, gateway={"port": 1234, "auth": {"token": "gw"}}), "openclaw.json", ENVIRON)
    config = found.config
    assert (config.provider, config.from_number, config.limits.max_duration_seconds) == ("twilio", "+15550001111", 100)
    assert config.twilio.auth_token is not None
    assert config.twilio.auth_token.get_secret_value() == "token"
    assert (config.stt.provider, config.stt.openai.api_key and config.stt.openai.api_key.get_secret_value()) == (
        "openai",
        "key",
    )
    assert (config.tts.provider, config.tts.elevenlabs.voice) == ("local", "v")
    assert (config.tunnel.provider, config.tunnel.path) == ("tailscale-funnel", "/p")
    assert (config.realtime.gemini.voice, config.webhook_security.trusted_proxy_ips) == ("p", ("10.0.0.1",))
    assert (config.realtime.tool_policy, config.realtime.consult_policy) == ("owner", "always")
    assert (config.realtime.fast_context.enabled, config.realtime.fast_context.max_results) == (True, 5)
    assert (config.brain.kind, config.brain.openclaw.gateway_url) == ("openclaw", "http://127.0.0.1:1234")
    assert config.brain.openclaw.token is not None
    assert config.brain.timeout_ms == 5000
    line = config.line("+15550002222")
    assert (line.greeting, line.brain.kind, line.tts.provider) == ("hi", "openclaw", "openai")


def test_what_is_left_out_is_told_with_its_line(loaded: Write) -> None:
    warnings = loaded(whole(BLOCK), "openclaw.json", ENVIRON).warnings
    told = {warning.key.removeprefix("plugins.entries.voice-call.config."): warning for warning in warnings}
    assert set(told) == {
        "streaming.providers.openai.vadThreshold",
        "tts.provider",
        "tts.providers.edge",
        "realtime.fastContext.sources",
        "silenceTimeoutMs",
        'lines."+15550002222".tts.openai.api_key',
    }
    assert all(warning.line is not None for warning in warnings)
    assert "is missing for `openai`" in told.pop('lines."+15550002222".tts.openai.api_key').message
    assert all("left out" in warning.message for warning in told.values())


def test_the_other_shapes_mean_the_same(loaded: Write) -> None:
    bare = loaded(json.dumps(BLOCK), "bare.json5", ENVIRON).config
    entry = loaded(json.dumps({"voice-call": {"enabled": True, "config": BLOCK}}), "entry.json", ENVIRON).config
    assert bare == entry
    assert bare.limits.max_duration_seconds == 100
    assert bare.line("+15550002222").brain.kind == "model"


def test_a_bare_block_is_answered_by_its_model_or_by_the_demo_agent(loaded: Write) -> None:
    model = loaded(
        '{"enabled": true, "responseModel": "openai/gpt", "responseSystemPrompt": "short"}',
        "a.json",
        {"OPENAI_API_KEY": "key"},
    )
    assert (model.config.brain.kind, model.config.brain.model) == ("model", "openai/gpt")
    assert model.config.brain.instructions == "short"
    assert not model.warnings
    demo = loaded('{"enabled": true}', "a.json")
    assert demo.config.brain.kind == "demo"
    assert "demo agent" in demo.warnings[0].message


@pytest.mark.parametrize(
    "text",
    [
        '{"enabled": false}',
        '{"voice-call": {"enabled": false, "config": {}}}',
        '{"plugins": {"entries": {"voice-call": {"enabled": false}}}}',
        '{"plugins": {"entries": {"voice-call": {"enabled": true, "config": {"enabled": false}}}}}',
    ],
)
def test_disabled_is_remembered(text: str, loaded: Write) -> None:
    assert loaded(text, "a.json").enabled is False


def test_current_keys_count_for_more_than_legacy_ones(loaded: Write) -> None:
    block = {
        "enabled": True,
        "provider": "log",
        "twilio": {"from": "+15559999999"},
        "fromNumber": "+15550001111",
        "streaming": {"sttProvider": "deepgram", "provider": "elevenlabs", "openaiApiKey": "old", "sttModel": "m"},
        "tunnel": {"provider": "ngrok", "ngrokAuthToken": "n"},
        "tailscale": {"mode": "serve"},
        "tts": {"openai": {"speakerVoice": "alloy"}},
    }
    config = loaded(json.dumps(block), "a.json").config
    assert (config.provider, config.from_number, config.stt.provider) == ("mock", "+15550001111", "elevenlabs")
    assert (config.stt.openai.model, config.tunnel.provider, config.tts.openai.voice) == ("m", "ngrok", "alloy")
    legacy = loaded('{"enabled": true, "twilio": {"from": "+15559999999"}}', "a.json").config
    assert legacy.from_number == "+15559999999"


def test_faults_are_told_in_their_words(faults: Fail) -> None:
    found = faults(whole({"maxDurationSeconds": "x", "outbound": {"defaultMod": 1}, "toNumber": "${NOPE}"}), "a.json")
    prefix = "plugins.entries.voice-call.config."
    assert {fault.key: fault.line for fault in found} == {
        "limits.max_duration_seconds": 7,
        f"{prefix}outbound.defaultMod": 9,
        f"{prefix}toNumber": 11,
        "to_number": 11,
    }


def test_a_file_without_the_plugin_is_a_fault(faults: Fail) -> None:
    [fault] = faults('{"plugins": {"entries": {}}}', "a.json")
    assert "voice-call" in fault.message


def test_secrets_of_other_sources_are_refused(faults: Fail) -> None:
    found = faults('{"enabled": true, "twilio": {"authToken": {"source": "exec", "id": "x"}}}', "a.json")
    assert any("exec" in fault.message for fault in found)


@pytest.mark.parametrize("key", [*RENAMED, *NO_COUNTERPART])
def test_no_key_of_the_table_is_unknown(key: str, loaded: Write) -> None:
    value: Any = VALUES.get(key, 500)
    for part in reversed(key.split(".")):
        value = {part: value}
    assert loaded(json.dumps({"enabled": True, **value}), "a.json").enabled


def test_our_own_keys_in_json_are_not_taken_for_theirs(loaded: Write) -> None:
    found = loaded(
        '{"tts": {"provider": "openai", "openai": {"voice": "alloy", "apiKey": "key"}}, "brain": {"kind": "echo"}}',
        "a.json",
    )
    assert (found.config.tts.openai.voice, found.config.brain.kind, found.warnings) == ("alloy", "echo", ())


def test_dialled_numbers_may_be_written_loosely(loaded: Write) -> None:
    config = loaded('{"numbers": {"1 (555) 000-2222": {"inboundGreeting": "hi"}}}', "a.json").config
    assert config.line("+15550002222").greeting == "hi"

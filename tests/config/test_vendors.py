"""Vendors and agents in the configuration: what is missing is named with the key and the variable that set it."""

from __future__ import annotations

import sys

import pytest

from .conftest import Fail, Write

VENDORS = {
    "stt.deepgram": "DEEPGRAM_API_KEY",
    "stt.openai": "OPENAI_API_KEY",
    "stt.elevenlabs": "ELEVENLABS_API_KEY",
    "tts.deepgram": "DEEPGRAM_API_KEY",
    "tts.openai": "OPENAI_API_KEY",
    "tts.elevenlabs": "ELEVENLABS_API_KEY",
    "tts.cartesia": "CARTESIA_API_KEY",
}
MODELS = {
    "openai:gpt-5-mini": ("openai", "OPENAI_API_KEY"),
    "openai/gpt-5-mini": ("openai", "OPENAI_API_KEY"),
    "openai-responses:gpt-5-mini": ("openai", "OPENAI_API_KEY"),
    "anthropic:claude-haiku-4-5": ("anthropic", "ANTHROPIC_API_KEY"),
    "google-gla:gemini-2.5-flash": ("gemini", "GEMINI_API_KEY"),
}


@pytest.mark.parametrize("how", ["provider", "fallback"])
@pytest.mark.parametrize(("name", "variable"), VENDORS.items())
def test_a_vendor_without_a_key_is_a_fault_that_names_key_and_variable(
    faults: Fail, loaded: Write, name: str, variable: str, how: str
) -> None:
    part, vendor = name.split(".")
    text = f'{part}.provider = "{vendor}"' if how == "provider" else f'{part}.fallback = ["{vendor}"]'
    (fault,) = faults(text)
    assert (fault.key, fault.line) == (f"{name}.api_key", 1)
    assert variable in fault.message
    config = loaded(text, environ={variable: "key"}).config
    assert getattr(getattr(config, part), vendor).api_key.get_secret_value() == "key"


@pytest.mark.parametrize(("model", "vendor", "variable"), [(model, *told) for model, told in MODELS.items()])
@pytest.mark.parametrize("at", ["brain", "brain.fallback", 'lines."+15550000001".brain'])
def test_a_language_model_without_a_key_is_a_fault_that_names_key_and_variable(
    faults: Fail, loaded: Write, at: str, model: str, vendor: str, variable: str
) -> None:
    text = f'[{at}]\nkind = "model"\nmodel = "{model}"\n'
    (fault,) = faults(text)
    assert fault.key == f"{at}.{vendor}.api_key"
    assert fault.line is not None
    assert variable in fault.message
    if at == "brain":
        assert loaded(text, environ={variable: "key"}).config.brain.model == model
    assert loaded(f'{text}[{at}.{vendor}]\napi_key = "key"\n').warnings == ()


@pytest.mark.parametrize("line", ['base_url = "http://127.0.0.1:9/v1"', 'openai.api_base_url = "http://127.0.0.1:9"'])
def test_a_server_that_speaks_as_openai_does_needs_no_key(loaded: Write, line: str) -> None:
    assert loaded(f'[brain]\nkind = "model"\nmodel = "openai:mine"\n{line}\n').warnings == ()
    assert loaded('[brain]\nkind = "model"\nmodel = "ollama:qwen3"\n').warnings == ()


def test_in_a_file_of_openclaws_a_missing_key_is_a_warning(loaded: Write) -> None:
    found = loaded(
        '{"enabled": true, "responseModel": "anthropic/claude", "tts": {"provider": "elevenlabs"}}', "a.json"
    )
    told = {warning.key: warning.message for warning in found.warnings}
    assert "ELEVENLABS_API_KEY" in told["tts.elevenlabs.api_key"]
    assert "ANTHROPIC_API_KEY" in told["brain.anthropic.api_key"]


@pytest.mark.parametrize(
    ("kind", "key"), [("http", "url"), ("command", "command"), ("python", "callable"), ("model", "model")]
)
@pytest.mark.parametrize("at", ["brain", "brain.fallback"])
def test_an_agent_that_lacks_what_its_kind_needs_is_a_fault_that_says_what_to_write(
    faults: Fail, at: str, kind: str, key: str
) -> None:
    (fault,) = faults(f'[{at}]\nkind = "{kind}"\n')
    assert (fault.key, fault.line) == (f"{at}.{key}", 1)
    assert f"is missing for kind `{kind}`: write" in fault.message


@pytest.mark.parametrize("model", ["mistral:large", "gpt-5-mini", "openai", "ollama"])
def test_a_model_of_nobody_is_a_fault_unless_there_is_a_server_for_it(faults: Fail, loaded: Write, model: str) -> None:
    text = f'[brain]\nkind = "model"\nmodel = "{model}"\n'
    (fault,) = faults(text, environ={"OPENAI_API_KEY": "key"})
    assert (fault.key, fault.line) == ("brain.model", 3)
    assert "openai, anthropic, google-gla or ollama" in fault.message
    assert loaded(f'{text}base_url = "http://127.0.0.1:9/v1"\n').warnings == ()


@pytest.mark.parametrize("server", ["{}", "{ command = [] }", '{ token = "t" }'])
def test_a_server_of_tools_is_reached_in_one_way(faults: Fail, server: str) -> None:
    (fault,) = faults(f"[brain]\nservers = [{{ command = ['tool'] }}, {server}]\n")
    assert (fault.key, fault.line) == ("brain.servers[1]", 2)
    assert "write one of them" in fault.message


def test_a_program_that_is_not_there_is_a_doubt(loaded: Write) -> None:
    text = '[brain]\nkind = "command"\ncommand = ["./nothing", "--fast"]\n'
    (warning,) = loaded(text).warnings
    assert (warning.key, warning.line) == ("brain.command", 3)
    assert "'./nothing'" in warning.message
    assert loaded(text.replace("./nothing", sys.executable)).warnings == ()


def test_what_is_missing_for_all_lines_is_told_once(faults: Fail) -> None:
    lines = "".join(f'[lines."+1555000000{number}"]\ngreeting = "Hi."\n' for number in range(5))
    text = 'stt.provider = "deepgram"\n[brain]\nkind = "model"\nmodel = "openai:gpt-5-mini"\n[turns]\nvad = "off"\n'
    assert [fault.key for fault in faults(f"{text}{lines}")] == ["brain.openai.api_key", "stt.deepgram.api_key"]


@pytest.mark.parametrize("stt", ['provider = "local"', 'provider = "scripted"', 'fallback = ["whisper"]'])
def test_a_transcriber_that_notices_no_speech_needs_a_detector(faults: Fail, loaded: Write, stt: str) -> None:
    key = {"DEEPGRAM_API_KEY": "key"}
    text = "[stt]\n" + (stt if "provider" in stt else f'provider = "deepgram"\n{stt}') + "\n[turns]\nvad = "
    (fault,) = faults(f'{text}"off"\n', environ=key)
    assert fault.key == "turns.vad"
    assert "does not notice by itself when the caller speaks" in fault.message
    assert loaded(f'{text}"local"\n', environ=key).warnings == ()
    assert loaded('stt.provider = "deepgram"\nturns.vad = "off"\n', environ=key).warnings == ()


@pytest.mark.parametrize("part", ["stt", "tts"])
def test_local_engines_speak_english_only_and_the_fault_names_vendors(faults: Fail, part: str) -> None:
    other = {"stt": "tts", "tts": "stt"}[part]
    text = f'language = "de"\n{other}.provider = "deepgram"\n{part}.provider = "local"\n'
    (fault,) = faults(text, environ={"DEEPGRAM_API_KEY": "key"})
    assert (fault.key, fault.line) == ("language", 1)
    assert f"in `{part}.provider`, write a vendor such as deepgram, openai or elevenlabs" in fault.message
    beside = (
        f'language = "de"\n{other}.provider = "deepgram"\n{part} = {{ provider = "deepgram", fallback = ["local"] }}\n'
    )
    (fault,) = faults(beside, environ={"DEEPGRAM_API_KEY": "key"})
    assert f"in `{part}.fallback`, write a vendor" in fault.message


@pytest.mark.parametrize("value", ["https://api.example.com/v1?x=1", "api.example.com", "https://key@api.example.com"])
def test_an_origin_that_is_none_is_a_fault(faults: Fail, value: str) -> None:
    (fault,) = faults(f'tts.openai.api_base_url = "{value}"\n')
    assert fault.key == "tts.openai.api_base_url"
    assert "https://host" in fault.message

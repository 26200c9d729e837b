"""Whose a model is, by its name; and what is wrong with a name that is nobody's."""

from __future__ import annotations

import subprocess
import sys

import pytest

from voicecall.brains import BrainOptions
from voicecall.brains.model import ModelBrain
from voicecall.brains.vendors import find
from voicecall.errors import ConfigError


@pytest.mark.parametrize(
    ("model", "base_url", "found"),
    [
        ("openai:gpt-5-mini", None, ("OpenAI", "responses", "https://api.openai.com/v1", "gpt-5-mini")),
        ("openai/gpt-5-mini", None, ("OpenAI", "responses", "https://api.openai.com/v1", "gpt-5-mini")),
        ("openai-chat:gpt-4o", None, ("OpenAI", "chat", "https://api.openai.com/v1", "gpt-4o")),
        ("openai:gpt-4o", "http://h:1", ("OpenAI", "chat", "http://h:1/v1", "gpt-4o")),
        ("openai:gpt-4o", "http://h:1/api/v2/", ("OpenAI", "chat", "http://h:1/api/v2", "gpt-4o")),
        ("openai-responses:gpt-4o", "http://h", ("OpenAI", "responses", "http://h/v1", "gpt-4o")),
        ("anthropic:claude", None, ("Anthropic", "anthropic", "https://api.anthropic.com", "claude")),
        ("anthropic:claude", "http://h/v1", ("Anthropic", "anthropic", "http://h", "claude")),
        ("ollama/llama3.2:3b", None, ("Ollama", "chat", "http://127.0.0.1:11434/v1", "llama3.2:3b")),
        ("ollama:qwen3", "http://h:2/v1", ("Ollama", "chat", "http://h:2/v1", "qwen3")),
        ("llama3.2:3b", "http://h:2/v1", ("h", "chat", "http://h:2/v1", "llama3.2:3b")),
        ("meta-llama/Llama-3.1-8B", "http://h:2", ("h", "chat", "http://h:2/v1", "meta-llama/Llama-3.1-8B")),
        *(
            (
                f"{name}:gemini-x",
                None,
                ("Google Gemini", "gemini", "https://generativelanguage.googleapis.com", "gemini-x"),
            )
            for name in ("google-gla", "google", "gemini")
        ),
    ],
)
def test_a_model_is_found_by_the_name_that_users_write(
    model: str, base_url: str | None, found: tuple[str, str, str, str]
) -> None:
    vendor, name = find(BrainOptions(model=model, base_url=base_url, api_key="k"))
    assert (vendor.title, vendor.api, vendor.base_url, name) == found


@pytest.mark.parametrize("model", ["", "gpt-5-mini", "openai:", "nobody:gpt-5", "meta-llama/Llama-3.1-8B"])
def test_a_name_that_is_nobodys_is_a_fault_of_the_configuration(model: str) -> None:
    with pytest.raises(ConfigError, match="write vendor:name") as error:
        ModelBrain(BrainOptions(model=model, api_key="k"))
    assert [fault.key for fault in error.value.faults] == ["brain.model"]


@pytest.mark.parametrize(
    ("model", "key"),
    [
        ("openai:gpt-5-mini", "brain.openai.api_key"),
        ("anthropic:claude", "brain.anthropic.api_key"),
        ("google-gla:gemini-x", "brain.gemini.api_key"),
    ],
)
def test_a_missing_key_is_a_fault_of_the_configuration(model: str, key: str) -> None:
    with pytest.raises(ConfigError, match=key) as error:
        ModelBrain(BrainOptions(model=model))
    assert [fault.key for fault in error.value.faults] == ["brain.model"]


@pytest.mark.parametrize("model", ["ollama:llama", "openai:llama", "llama"])
def test_a_server_of_ones_own_needs_no_key(model: str) -> None:
    ModelBrain(BrainOptions(model=model, base_url="http://127.0.0.1:11434"))


def test_the_key_is_not_shown_with_the_options() -> None:
    assert "hidden" not in repr(BrainOptions(model="openai:gpt-5-mini", api_key="hidden"))


def test_nothing_slow_is_imported_before_a_brain_is_ready() -> None:
    program = (
        "import sys; from voicecall.brains import BrainOptions; from voicecall.brains.model import ModelBrain;"
        "ModelBrain(BrainOptions(model='openai:gpt-5-mini', api_key='k'));"
        "print(sorted({'pydantic_ai', 'openai', 'anthropic', 'google', 'fastmcp', 'mcp'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"

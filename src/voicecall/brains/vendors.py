"""Whose a language model is, by its name, and how it is reached.

Nothing of pydantic-ai is imported before a model is built: that takes seconds, which the command line does not have.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import httpx2

from voicecall.brains import BrainOptions
from voicecall.errors import ConfigError, Fault

if TYPE_CHECKING:
    from pydantic_ai.models import Model


@dataclass(frozen=True, slots=True)
class Vendor:
    """Somebody who serves models."""

    title: str
    api: Literal["responses", "chat", "anthropic", "gemini"]
    base_url: str
    key: str
    """Where its API key is configured; empty when there is none."""


_OPENAI = Vendor("OpenAI", "responses", "https://api.openai.com/v1", "brain.openai.api_key")
_OPENAI_CHAT = Vendor("OpenAI", "chat", "https://api.openai.com/v1", "brain.openai.api_key")
_GEMINI = Vendor("Google Gemini", "gemini", "https://generativelanguage.googleapis.com", "brain.gemini.api_key")
_VENDORS = {
    "openai": _OPENAI,
    "openai-responses": _OPENAI,
    "openai-chat": _OPENAI_CHAT,
    "anthropic": Vendor("Anthropic", "anthropic", "https://api.anthropic.com", "brain.anthropic.api_key"),
    "google-gla": _GEMINI,
    "google": _GEMINI,
    "gemini": _GEMINI,
    "ollama": Vendor("Ollama", "chat", "http://127.0.0.1:11434/v1", ""),
}


def find(options: BrainOptions) -> tuple[Vendor, str]:
    """Return the vendor that `options` name, and its name of the model.

    Raises:
        ConfigError: there is no such vendor, or its API key is missing.
    """
    named = re.fullmatch(r"([a-z-]+)[:/](.+)", options.model)
    vendor = _VENDORS.get(named[1]) if named else None
    base_url = (options.base_url or "").rstrip("/")
    if vendor is not None and named is not None:
        name = named[2]
        if base_url:
            api = "chat" if named[1] == "openai" else vendor.api
            vendor = Vendor(vendor.title, api, _rooted(base_url, api), vendor.key)
    elif base_url and options.model:
        name = options.model
        vendor = Vendor(httpx2.URL(base_url).host, "chat", _rooted(base_url, "chat"), _OPENAI.key)
    else:
        known = ", ".join(name for name in ("openai", "anthropic", "google-gla", "ollama"))
        message = (
            f"{options.model!r} is no model: write vendor:name, where vendor is one of {known}; "
            "for another server that speaks OpenAI's protocol, set its base URL too"
        )
        raise ConfigError([Fault("brain.model", message)])
    if vendor.key and not options.api_key and not (base_url and vendor.api == "chat"):
        raise ConfigError([Fault("brain.model", f"{options.model} needs the API key of {vendor.title}: {vendor.key}")])
    return vendor, name


def _rooted(base_url: str, api: str) -> str:
    """The base URL as the vendor's client takes it: OpenAI's with the version, the others without."""
    if api in ("anthropic", "gemini"):
        return re.sub(r"/v1(beta)?$", "", base_url)
    return f"{base_url}/v1" if httpx2.URL(base_url).path in ("", "/") else base_url


def build(vendor: Vendor, name: str, key: str, client: httpx2.AsyncClient) -> Model:
    """Return the model, to be reached by `client`. Takes seconds at first: that is what imports pydantic-ai."""
    match vendor.api:
        case "anthropic":
            from pydantic_ai.models.anthropic import AnthropicModel
            from pydantic_ai.providers.anthropic import AnthropicProvider

            anthropic = AnthropicProvider(api_key=key, base_url=vendor.base_url, http_client=client)
            return AnthropicModel(name, provider=anthropic)
        case "gemini":
            from pydantic_ai.models.google import GoogleModel
            from pydantic_ai.providers.google import GoogleProvider

            return GoogleModel(name, provider=GoogleProvider(api_key=key, base_url=vendor.base_url, http_client=client))
        case "responses":
            from pydantic_ai.models.openai import OpenAIResponsesModel
            from pydantic_ai.providers.openai import OpenAIProvider

            openai = OpenAIProvider(api_key=key, base_url=vendor.base_url, http_client=client)
            return OpenAIResponsesModel(name, provider=openai)
        case "chat":
            return _chat(vendor, name, key, client)


def _chat(vendor: Vendor, name: str, key: str, client: httpx2.AsyncClient) -> Model:
    from pydantic_ai.models.ollama import OllamaModel
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.profiles.openai import OpenAIModelProfile
    from pydantic_ai.providers.ollama import OllamaProvider
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    # Many servers know `max_tokens` only, which OpenAI's newer models in turn refuse.
    limit = OpenAIModelProfile(openai_chat_supports_max_completion_tokens=re.match(r"gpt-\d|o\d", name) is not None)
    if vendor.title == "Ollama":
        ollama = OllamaProvider(base_url=vendor.base_url, api_key=key or "none", http_client=client)
        return OllamaModel(name, provider=ollama, profile=limit)
    if vendor is _OPENAI_CHAT:
        openai = OpenAIProvider(base_url=vendor.base_url, api_key=key, http_client=client)
        return OpenAIChatModel(name, provider=openai)
    compatible = OpenAICompatibleProvider(
        "openai-compatible", base_url=vendor.base_url, api_key=key or None, http_client=client, profile=limit
    )
    return OpenAIChatModel(name, provider=compatible)

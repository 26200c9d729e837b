"""Configuration of who answers: the agent behind the call, and speech to speech."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr

from .section import HttpUrl, Origin, Positive, Section, UrlPath, nested


class VendorModel(Section):
    """A vendor's language models."""

    api_key: SecretStr | None = None
    """The vendor's API key."""
    api_base_url: Origin | None = None
    """An origin in place of the vendor's own: tests, proxies."""


class OpenClaw(Section):
    """An OpenClaw gateway whose agent answers."""

    gateway_url: HttpUrl | None = None
    """Where the gateway listens."""
    token: SecretStr | None = None
    """The gateway's token."""
    agent_id: str | None = None
    """Which agent; the gateway's own choice when absent."""
    session_scope: Literal["per-phone", "per-call", "main"] = "per-phone"
    """How long the agent remembers."""


class Brain(Section):
    """Who answers the caller."""

    kind: Literal["demo", "fixed", "echo", "model", "openclaw"] = "demo"
    """`demo` is the built-in agent, `fixed` always says `brain.text`, `echo` repeats the caller."""
    text: str = ""
    """What the fixed agent answers; empty answers nothing."""
    model: str | None = None
    """The language model of `model`, as `vendor/name`."""
    instructions: str | None = None
    """What the language model is told about its task."""
    timeout_ms: Positive = 30000
    """How long an answer may take to begin."""
    openai: VendorModel = nested()
    """OpenAI."""
    anthropic: VendorModel = nested()
    """Anthropic."""
    gemini: VendorModel = nested()
    """Google Gemini."""
    openclaw: OpenClaw = nested()
    """The agent of an OpenClaw gateway."""


class RealtimeVendor(Section):
    """A vendor's speech to speech."""

    api_key: SecretStr | None = None
    """The vendor's API key."""
    api_base_url: Origin | None = None
    """An origin in place of the vendor's own: tests, proxies."""
    model: str | None = None
    """The vendor's model; its default when absent."""
    voice: str | None = None
    """The vendor's name of the voice; its default when absent."""


class Realtime(Section):
    """Speech to speech, in place of transcriber, agent and synthesiser."""

    enabled: bool = False
    """Whether calls are answered this way."""
    provider: Literal["openai", "gemini"] = "openai"
    """Whose."""
    stream_path: UrlPath | None = None
    """Path of its media streams; `streaming.stream_path` when absent."""
    instructions: str | None = None
    """What the model is told about its task."""
    tool_policy: Literal["safe-read-only", "owner", "none"] = "safe-read-only"
    """Which tools the model may use."""
    consult_policy: Literal["auto", "substantive", "always"] = "auto"
    """When the model asks the agent behind it."""
    openai: RealtimeVendor = nested()
    """OpenAI."""
    gemini: RealtimeVendor = nested()
    """Google Gemini."""

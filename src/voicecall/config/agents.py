"""Configuration of who answers: the agent behind the call, and speech to speech."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from .section import HttpUrl, Listed, Named, Origin, Positive, Section, UrlPath, nested


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


class Server(Section):
    """An MCP server whose tools the language model may use: `url` or `command`."""

    url: HttpUrl | None = None
    """Where it listens."""
    token: SecretStr | None = None
    """The bearer token that it asks for."""
    command: Listed[str] = ()
    """The program and its arguments, which speaks on its standard streams."""


class Agent(Section):
    """Who answers the caller."""

    kind: Annotated[
        str,
        AfterValidator(Named("brain", "demo", "fixed", "echo", "model", "openclaw", "http", "command", "python")),
    ] = "demo"
    """`demo` is the built-in agent, `fixed` always says `brain.text`, `echo` repeats the caller."""
    text: str = ""
    """What the fixed agent answers; empty answers nothing."""
    model: str | None = None
    """The language model of `model`, as `vendor:name`."""
    instructions: str | None = None
    """What the agent is told about its task."""
    base_url: HttpUrl | None = None
    """Where a server listens that speaks as OpenAI does, such as `http://127.0.0.1:11434/v1`."""
    max_tokens: Positive = 500
    """How long an answer of the language model may be."""
    servers: Listed[Server] = ()
    """MCP servers whose tools the language model may use."""
    url: HttpUrl | None = None
    """Where `http` asks for answers."""
    token: SecretStr | None = None
    """The bearer token for `url`, or the key for `base_url`."""
    command: Listed[str] = ()
    """The program of `command`, and its arguments."""
    callable: str | None = None
    """What `python` calls, as `module:name`."""
    early: bool | None = None
    """Whether it is asked before the caller has surely finished; absent: where asking twice changes nothing."""
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


class Brain(Agent):
    """Who answers the caller, and who does in its place."""

    fallback: Agent | None = None
    """Who answers when the first one fails; has the same keys."""


RealtimeName = Annotated[str, AfterValidator(Named("realtime", "openai", "gemini", "scripted"))]


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
    turn_detection: str | None = None
    """Who finds the end of the caller's turn: a way of the vendor's, or `local` for ours; its default when absent."""
    options: Mapping[str, str] = Field(default_factory=dict)
    """What only this one understands."""


class FastContext(Section):
    """Earlier calls with the same number, looked at before the agent is asked."""

    enabled: bool = False
    """Whether they are. Whoever shows the caller's number hears of them."""
    timeout_ms: Positive = 800
    """How long that may take."""
    max_results: Positive = 3
    """How many outcomes and lines of them the model is given."""
    fallback_to_consult: bool = False
    """Whether the agent is asked where nothing was found; otherwise the model is told so."""


class Realtime(Section):
    """Speech to speech, in place of transcriber, agent and synthesiser."""

    enabled: bool = False
    """Whether calls are answered this way."""
    provider: RealtimeName = "openai"
    """Whose."""
    stream_path: UrlPath | None = None
    """Path of its media streams, which `streaming.stream_path` also leads to; the latter alone when absent."""
    instructions: str | None = None
    """What the model is told about its task."""
    tool_policy: Literal["safe-read-only", "owner", "none"] = "safe-read-only"
    """What the agent behind the model, and the tools of `brain.servers`, may do: look things up, all, or nothing."""
    consult_policy: Literal["auto", "substantive", "always"] = "auto"
    """When the model asks the agent behind it: when it needs to, for all of substance; or it says the agent's words."""
    consult_timeout_ms: Positive = 60000
    """How long an answer of the agent may take as a whole."""
    fast_context: FastContext = nested()
    """Earlier calls with the same number, looked at before the agent is asked."""
    openai: RealtimeVendor = nested()
    """OpenAI."""
    gemini: RealtimeVendor = nested()
    """Google Gemini."""
    scripted: RealtimeVendor = nested()
    """A stand-in without a model, for development: its options `heard` and `answer` are what it hears and says."""
    plugin: RealtimeVendor = nested()
    """What a model of another package is given."""

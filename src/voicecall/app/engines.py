"""The engines that all calls share: each is made once per distinct set of options, and loaded once."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from typing import cast

from pydantic import SecretStr

from voicecall import plugins
from voicecall.brains import Brain, BrainOptions, Server
from voicecall.brains.careful import Careful
from voicecall.brains.servers import CallsServers
from voicecall.config.agents import (
    Agent,
    Brain as BrainSection,
    Realtime as RealtimeSection,
    RealtimeVendor,
    VendorModel,
)
from voicecall.config.check import vendor_of
from voicecall.config.model import Turns
from voicecall.config.speech import PluginStt, PluginTts, Stt, Tts, VendorStt, VendorTts
from voicecall.realtime import Realtime, RealtimeOptions
from voicecall.speech import Detector, Engine, Speaker, Synthesizer, Transcriber, VendorOptions, Voice
from voicecall.speech.fallback import FallbackSynthesizer, FallbackTranscriber
from voicecall.speech.turn_models import TurnModel

_STALL = 20.0
"""Seconds that an agent may be silent amid an answer."""
_LONGEST = 6000
"""Characters of an answer that are said."""


class Engines:
    """Makes engines on request, then loads them all."""

    def __init__(self) -> None:
        self._made: dict[tuple[object, ...], object] = {}

    def _one(self, kind: plugins.Kind, name: str, *arguments: object) -> object:
        key = (kind, name, *arguments)
        if key not in self._made:
            self._made[key] = plugins.find(kind, name)(*arguments)
        return self._made[key]

    def detector(self, name: str) -> Detector:
        """Return the voice activity detector of that name."""
        return cast("Detector", self._one("vad", name))

    def turn_model(self, options: Turns) -> TurnModel | None:
        """Return the model of turns that these options ask for, if any.

        Raises:
            ConfigError: there is none of that name.
        """
        if options.model == "none":
            return None
        return cast("TurnModel", self._one("turns", options.model, options.model_path))

    def transcriber(self, options: Stt, *, apart: bool = True) -> Transcriber:
        """Return the transcriber that these options ask for, with those that take over when it fails.

        `apart`: a detector of ours says when the caller speaks, and not the transcriber.

        Raises:
            ConfigError: there is none of that name.
        """
        own = () if apart else (("vad", "vendor"),)
        made = [(name, cast("Transcriber", self._speech("stt", name, options, own))) for name in _names(options)]
        return FallbackTranscriber(made) if len(made) > 1 else made[0][1]

    def synthesizer(self, options: Tts) -> Synthesizer:
        """Return the synthesiser that these options ask for, with those that take over when it fails.

        Raises:
            ConfigError: there is none of that name.
        """
        made = [(name, cast("Synthesizer", self._speech("tts", name, options))) for name in _names(options)]
        return FallbackSynthesizer(made) if len(made) > 1 else made[0][1]

    def speaker(self, options: Tts) -> Speaker:
        """Return the engine of this machine that these options ask for, for whoever speaks outside our calls."""
        return cast("Speaker", self._speech("tts", options.provider, options))

    def _speech(
        self, kind: plugins.Speech, name: str, options: Stt | Tts, extra: tuple[tuple[str, str], ...] = ()
    ) -> object:
        name = plugins.local(kind) if name == "local" else name
        if isinstance(options, Stt) and name == "scripted":
            return self._one(kind, name, options.scripted.text)
        if isinstance(options, Tts) and name == "tone":
            return self._one(kind, name, options.tone.seconds)
        if plugins.is_local(kind, name):
            return self._one(kind, name)
        own = getattr(options, name, None)
        vendor = own if isinstance(own, VendorStt | VendorTts) else options.plugin
        made = _vendor(vendor, options.voice if isinstance(options, Tts) else "default")
        return self._one(kind, name, replace(made, extra=(*made.extra, *extra)))

    def brain(self, options: BrainSection) -> Brain:
        """Return the agent that these options ask for, with the one that answers in its place when it fails.

        Raises:
            ConfigError: there is none of that kind, or something that it needs is missing.
        """
        agents: list[Agent] = [options, *((options.fallback,) if options.fallback is not None else ())]
        made = [(agent.kind, self._agent(agent)) for agent in agents]
        return Careful(made, first=[agent.timeout_ms / 1000 for agent in agents], stall=_STALL, longest=_LONGEST)

    def _agent(self, agent: Agent) -> Brain:
        arguments: tuple[object, ...] = (brain_options(agent),)
        if agent.kind in ("demo", "echo"):
            arguments = ()
        elif agent.kind == "fixed":
            arguments = (agent.text,)
        return cast("Brain", self._one("brain", agent.kind, *arguments))

    def servers(self, options: BrainSection) -> CallsServers:
        """Return the MCP servers that these options name."""
        servers = brain_options(options).servers
        return cast("CallsServers", self._made.setdefault(("servers", servers), CallsServers(servers)))

    def realtime(self, options: RealtimeSection) -> Realtime:
        """Return the model that hears and speaks by itself that these options ask for.

        Raises:
            ConfigError: there is none of that name.
        """
        return cast("Realtime", self._one("realtime", options.provider, realtime_options(options)))

    async def load(self, stack: AsyncExitStack) -> None:
        """Load and warm up every engine that was made; `stack` unloads them.

        Raises:
            SpeechError: a model is missing or damaged.
        """
        for made in self._made.values():
            if hasattr(made, "ready"):
                await stack.enter_async_context(cast("Engine", made).ready())


def realtime_options(options: RealtimeSection) -> RealtimeOptions:
    """Return what the model that hears and speaks is made of."""
    own = getattr(options, options.provider, options.plugin)
    vendor = own if isinstance(own, RealtimeVendor) else options.plugin
    return RealtimeOptions(
        api_key=_secret(vendor.api_key),
        base_url=vendor.api_base_url,
        model=vendor.model,
        voice=vendor.voice,
        turn_detection=vendor.turn_detection or "",
        extra=tuple(sorted(vendor.options.items())),
    )


def _names(options: Stt | Tts) -> tuple[str, ...]:
    return tuple(dict.fromkeys((options.provider, *options.fallback)))


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value is not None else ""


def _vendor(options: VendorStt | VendorTts, voice: str) -> VendorOptions:
    extra = options.options if isinstance(options, PluginStt | PluginTts) else {}
    made = VendorOptions(
        api_key=_secret(options.api_key),
        base_url=options.api_base_url,
        model=options.model,
        language=options.language,
        extra=tuple(sorted(extra.items())),
    )
    if isinstance(options, VendorStt):
        return made
    usual = voice if voice != "default" else None
    return replace(made, voice=options.voice or usual, speed=options.speed, instructions=options.instructions)


def brain_options(agent: Agent) -> BrainOptions:
    """Return what an agent is made of; the key and the address are those of the vendor that its model names."""
    vendor = vendor_of(agent.model or "")
    whose: VendorModel | None = getattr(agent, vendor) if vendor is not None else None
    url, token = agent.url, _secret(agent.token)
    if agent.kind == "openclaw":
        url = agent.openclaw.gateway_url or "http://127.0.0.1:18789"
        token = _secret(agent.openclaw.token)
    elif agent.kind == "model" and whose is not None:
        token = token or _secret(whose.api_key)
    return BrainOptions(
        text=agent.text,
        model=agent.model or "",
        instructions=agent.instructions or "",
        api_key=token,
        base_url=agent.base_url or (_base(vendor, whose.api_base_url) if whose is not None else None),
        url=url or "",
        command=agent.command,
        callable=agent.callable or "",
        agent_id=agent.openclaw.agent_id or "",
        session_scope=agent.openclaw.session_scope,
        servers=tuple(Server(one.url or "", _secret(one.token), one.command) for one in agent.servers),
        timeout=agent.timeout_ms / 1000,
        max_tokens=agent.max_tokens,
        early=agent.early,
    )


def _base(vendor: str | None, origin: str | None) -> str | None:
    """Return the base URL at an origin, as the vendor's own ends."""
    return f"{origin}/v1" if origin is not None and vendor == "openai" else origin


def voice(options: Tts, language: str) -> Voice:
    """Return how these options want the agent to sound."""
    return Voice(options.voice, options.local.pitch, options.local.pace, language)

"""From a name in the configuration to the thing it names: our own table first, then entry points of other packages.

The only module that knows who there is. Nothing is imported before it is asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any, Literal, cast

from voicecall.errors import ConfigError, Fault

Kind = Literal["carrier", "stt", "tts", "brain", "vad", "turns", "tunnel", "realtime"]

TABLE: Mapping[Kind, Mapping[str, str]] = {
    "carrier": {
        "mock": "voicecall.carriers.mock:MockCarrier",
        "plivo": "voicecall.carriers.plivo:PlivoCarrier",
        "telnyx": "voicecall.carriers.telnyx:TelnyxCarrier",
        "twilio": "voicecall.carriers.twilio:TwilioCarrier",
    },
    "stt": {
        "moonshine": "voicecall.speech.stt.moonshine:MoonshineTranscriber",
        "whisper": "voicecall.speech.stt.whisper:WhisperTranscriber",
        "scripted": "voicecall.speech.stt.scripted:ScriptedTranscriber",
        "openai": "voicecall.speech.stt.openai:OpenAITranscriber",
        "deepgram": "voicecall.speech.stt.deepgram:DeepgramTranscriber",
        "elevenlabs": "voicecall.speech.stt.elevenlabs:ElevenLabsTranscriber",
    },
    "tts": {
        "piper": "voicecall.speech.tts.piper:PiperSynthesizer",
        "tone": "voicecall.speech.tts.tone:ToneSynthesizer",
        "openai": "voicecall.speech.tts.openai:OpenAISynthesizer",
        "deepgram": "voicecall.speech.tts.deepgram:DeepgramSynthesizer",
        "elevenlabs": "voicecall.speech.tts.elevenlabs:ElevenLabsSynthesizer",
        "cartesia": "voicecall.speech.tts.cartesia:CartesiaSynthesizer",
    },
    "vad": {
        "local": "voicecall.speech.vad:SileroDetector",
        "energy": "voicecall.speech.scripted:ScriptedDetector",
        "off": "voicecall.speech.deaf:DeafDetector",
    },
    "brain": {
        "demo": "voicecall.brains.demo:DemoBrain",
        "fixed": "voicecall.brains.plain:FixedBrain",
        "echo": "voicecall.brains.plain:EchoBrain",
        "model": "voicecall.brains.model:ModelBrain",
        "openclaw": "voicecall.brains.openclaw:OpenClawBrain",
        "http": "voicecall.brains.http:HttpBrain",
        "command": "voicecall.brains.command:CommandBrain",
        "python": "voicecall.brains.python:PythonBrain",
    },
    "turns": {
        "smart-turn": "voicecall.speech.turn_models:SmartTurn",
    },
    "realtime": {
        "gemini": "voicecall.realtime.gemini:GeminiRealtime",
        "openai": "voicecall.realtime.openai:OpenAIRealtime",
        "scripted": "voicecall.realtime.scripted:scripted",
    },
    "tunnel": {
        "cloudflared": "voicecall.tunnels.cloudflared:Cloudflared",
        "ngrok": "voicecall.tunnels.ngrok:Ngrok",
        "tailscale-funnel": "voicecall.tunnels.tailscale:Tailscale",
        "tailscale-serve": "voicecall.tunnels.tailscale:Tailscale",
    },
}
"""By kind and name, `module:attribute`."""


def find(kind: Kind, name: str) -> Callable[..., Any]:
    """Return the factory of that name; what it takes is its own affair.

    Raises:
        ConfigError: nothing installed here has that name, or what has it cannot be imported.
    """
    known = TABLE[kind]
    if name in known:
        module, _, attribute = known[name].partition(":")
        factory: Callable[..., Any] = getattr(import_module(module), attribute)
        return factory
    for entry in entry_points(group=f"voicecall.{kind}", name=name):
        try:
            return cast("Callable[..., Any]", entry.load())
        except (ImportError, AttributeError) as error:
            package = entry.dist.name if entry.dist is not None else entry.value
            raise ConfigError(
                [Fault(_KEYS[kind], f"{name}, of the package {package}, cannot be used: {error}")]
            ) from None
    names = ", ".join(sorted(known))
    raise ConfigError([Fault(_KEYS[kind], f"{name} is not available here; installed are {names}")])


_KEYS: Mapping[Kind, str] = {
    "carrier": "provider",
    "stt": "stt.provider",
    "tts": "tts.provider",
    "vad": "turns.vad",
    "brain": "brain.kind",
    "turns": "turns.model",
    "tunnel": "tunnel.provider",
    "realtime": "realtime.provider",
}


Speech = Literal["stt", "tts"]

_LOCAL = frozenset({"piper", "moonshine", "whisper", "scripted", "tone"})


def is_local(kind: Speech, name: str) -> bool:
    """Say whether it is an engine of this machine, which takes no options."""
    return name in TABLE[kind] and name in _LOCAL


def local(kind: Speech) -> str:
    """Return the name of the engine that `local` stands for on this machine."""
    if kind == "tts":
        return "piper"
    return "moonshine" if sys.platform == "linux" and find_spec("moonshine_voice") else "whisper"

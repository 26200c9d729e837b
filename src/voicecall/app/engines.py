"""The engines that all calls share: each is made once per distinct set of options, and loaded once."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import cast

from voicecall import plugins
from voicecall.brains import Brain
from voicecall.config.agents import Brain as BrainOptions
from voicecall.config.speech import Stt, Tts
from voicecall.speech import Detector, Engine, Synthesizer, Transcriber, Voice


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

    def transcriber(self, options: Stt) -> Transcriber:
        """Return the transcriber that these options ask for.

        Raises:
            ConfigError: there is none of that name.
        """
        name = plugins.local("stt") if options.provider == "local" else options.provider
        arguments = (options.scripted.text,) if name == "scripted" else ()
        return cast("Transcriber", self._one("stt", name, *arguments))

    def synthesizer(self, options: Tts) -> Synthesizer:
        """Return the synthesiser that these options ask for.

        Raises:
            ConfigError: there is none of that name.
        """
        name = plugins.local("tts") if options.provider == "local" else options.provider
        arguments = (options.tone.seconds,) if name == "tone" else ()
        return cast("Synthesizer", self._one("tts", name, *arguments))

    def brain(self, options: BrainOptions) -> Brain:
        """Return the agent that these options ask for.

        Raises:
            ConfigError: there is none of that kind.
        """
        arguments = (options.text,) if options.kind == "fixed" else ()
        return cast("Brain", self._one("brain", options.kind, *arguments))

    async def load(self, stack: AsyncExitStack) -> None:
        """Load and warm up every engine that was made; `stack` unloads them.

        Raises:
            SpeechError: a model is missing or damaged.
        """
        for made in self._made.values():
            if hasattr(made, "ready"):
                await stack.enter_async_context(cast("Engine", made).ready())


def voice(options: Tts) -> Voice:
    """Return how these options want the agent to sound."""
    return Voice(options.voice, options.local.pitch, options.local.pace)

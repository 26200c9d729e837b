"""Voices that make each text once: in virtual time speech takes no time, so it need not be made again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import cast

from voicecall.app.engines import Engines
from voicecall.config.speech import Tts
from voicecall.speech import Speaker, Synthesizer, SynthesizerStream, Trouble, Voice
from voicecall.speech.plain import PlainVoice


class RememberingVoice:
    """A local synthesiser, and what it has said so far."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._said: dict[tuple[str, Voice], tuple[bytes, ...]] = {}

    def open(self, voice: Voice, report: Callable[[Trouble], None]) -> SynthesizerStream:
        """Return the voice of a call."""
        return PlainVoice(self, voice)

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        """Yield `text` as audio: mu-law 8 kHz, as it was made the first time.

        Raises:
            SpeechError: nothing, or no more, can be made of it.
        """
        if (text, voice) in self._said:
            for chunk in self._said[text, voice]:
                yield chunk
            return
        made = []
        async with aclosing(self._speaker.speak(text, voice)) as chunks:
            async for chunk in chunks:
                made.append(chunk)
                yield chunk
        self._said[text, voice] = tuple(made)


class RememberingEngines(Engines):
    """Engines whose local voices make each text once."""

    def __init__(self) -> None:
        super().__init__()
        self._voices: dict[Speaker, RememberingVoice] = {}

    def synthesizer(self, options: Tts) -> Synthesizer:
        """Return the synthesiser that these options ask for.

        Raises:
            ConfigError: there is none of that name.
        """
        made = super().synthesizer(options)
        return self._remembering(cast("Speaker", made)) if hasattr(made, "speak") else made

    def speaker(self, options: Tts) -> Speaker:
        """Return the engine of this machine that these options ask for, for whoever speaks outside our calls."""
        return self._remembering(super().speaker(options))

    def _remembering(self, speaker: Speaker) -> RememberingVoice:
        return self._voices.setdefault(speaker, RememberingVoice(speaker))

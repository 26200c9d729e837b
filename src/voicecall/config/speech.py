"""Configuration of speech: how callers are heard and how the agent sounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from .section import Language, Listed, Named, Origin, Section, nested

Factor = Annotated[float, Field(ge=0.5, le=2.0)]
"""1.0 is the voice as it is."""


class Scripted(Section):
    """A transcriber that always returns the same words. For development."""

    text: str = "hello"
    """The transcript of every stretch of speech."""


class VendorStt(Section):
    """A vendor's speech to text."""

    api_key: SecretStr | None = None
    """The vendor's API key."""
    api_base_url: Origin | None = None
    """An origin in place of the vendor's own: tests, proxies."""
    model: str | None = None
    """The vendor's model; its default when absent."""
    language: Language | None = None
    """A BCP 47 tag such as `en-US`; the line's `language` when absent."""


SttName = Annotated[
    str,
    AfterValidator(Named("stt", "local", "scripted", "whisper", "moonshine", "openai", "deepgram", "elevenlabs")),
]
TtsName = Annotated[
    str, AfterValidator(Named("tts", "local", "piper", "tone", "openai", "elevenlabs", "cartesia", "deepgram"))
]


class PluginStt(VendorStt):
    """A transcriber that another package brings."""

    options: Mapping[str, str] = Field(default_factory=dict)
    """What only this one understands."""


class Stt(Section):
    """Speech to text."""

    provider: SttName = "local"
    """Who transcribes; `local` is the best engine installed here."""
    fallback: Listed[SttName] = ()
    """Who takes over inside a call, in this order, when the one before fails."""
    scripted: Scripted = nested()
    """The scripted transcriber."""
    openai: VendorStt = nested()
    """OpenAI."""
    deepgram: VendorStt = nested()
    """Deepgram."""
    elevenlabs: VendorStt = nested()
    """ElevenLabs."""
    plugin: PluginStt = nested()
    """What a transcriber of another package is given."""


class LocalTts(Section):
    """The voice that speaks on this machine."""

    pitch: Factor = 1.0
    """Factor on the voice's pitch."""
    pace: Factor = 1.0
    """Factor on its speed: above 1 is quicker."""


class Tone(Section):
    """A synthesiser that makes a tone instead of speech. For development."""

    seconds: Annotated[float, Field(ge=0, le=60)] = 1.0
    """Length of each utterance."""


class VendorTts(Section):
    """A vendor's text to speech."""

    api_key: SecretStr | None = None
    """The vendor's API key."""
    api_base_url: Origin | None = None
    """An origin in place of the vendor's own: tests, proxies."""
    model: str | None = None
    """The vendor's model; its default when absent."""
    voice: str | None = None
    """The vendor's name or id of the voice; `tts.voice` when absent."""
    language: Language | None = None
    """A BCP 47 tag such as `en-US`; the line's `language` when absent."""
    speed: Annotated[float, Field(ge=0.25, le=4.0)] | None = None
    """Factor on the voice's speed, where the vendor has one."""
    instructions: str | None = None
    """How to speak, where the vendor takes such words."""


class PluginTts(VendorTts):
    """A synthesiser that another package brings."""

    options: Mapping[str, str] = Field(default_factory=dict)
    """What only this one understands."""


class Tts(Section):
    """Text to speech."""

    provider: TtsName = "local"
    """Who speaks; `local` is the best engine installed here."""
    fallback: Listed[TtsName] = ()
    """Who takes over inside a call, in this order, when the one before fails."""
    pronunciations: Mapping[str, str] = Field(default_factory=dict)
    """Words, and how they are to be read aloud."""
    voice: str = "default"
    """The voice's name."""
    local: LocalTts = nested()
    """The local voice."""
    tone: Tone = nested()
    """The tone."""
    openai: VendorTts = nested()
    """OpenAI."""
    elevenlabs: VendorTts = nested()
    """ElevenLabs."""
    cartesia: VendorTts = nested()
    """Cartesia."""
    deepgram: VendorTts = nested()
    """Deepgram."""
    plugin: PluginTts = nested()
    """What a synthesiser of another package is given."""

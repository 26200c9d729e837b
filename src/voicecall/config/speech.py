"""Configuration of speech: how callers are heard and how the agent sounds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from .section import Origin, Section, nested

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
    language: str | None = None
    """A BCP 47 tag such as `en-US`; the vendor's default when absent."""


class Stt(Section):
    """Speech to text."""

    provider: Literal["local", "scripted", "whisper", "moonshine", "openai", "deepgram", "elevenlabs", "cartesia"] = (
        "local"
    )
    """Who transcribes; `local` is the best engine installed here."""
    scripted: Scripted = nested()
    """The scripted transcriber."""
    openai: VendorStt = nested()
    """OpenAI."""
    deepgram: VendorStt = nested()
    """Deepgram."""
    elevenlabs: VendorStt = nested()
    """ElevenLabs."""
    cartesia: VendorStt = nested()
    """Cartesia."""


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
    language: str | None = None
    """A BCP 47 tag such as `en-US`; the vendor's default when absent."""
    speed: Annotated[float, Field(ge=0.25, le=4.0)] | None = None
    """Factor on the voice's speed, where the vendor has one."""
    instructions: str | None = None
    """How to speak, where the vendor takes such words."""


class Tts(Section):
    """Text to speech."""

    provider: Literal["local", "piper", "tone", "openai", "elevenlabs", "cartesia", "deepgram"] = "local"
    """Who speaks; `local` is the best engine installed here."""
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

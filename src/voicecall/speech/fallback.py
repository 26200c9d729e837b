"""Where one vendor fails, the next takes over, inside the call and if need be inside a sentence.

Only the one in use is connected. Who failed once is asked again only after all the others failed as well, and never
again in this call once its `run` gave it up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import cast

from . import Engine, Report, Synthesizer, Transcriber, Trouble, Voice
from .fallback_stt import FallbackTranscriberStream
from .fallback_tts import FallbackSynthesizerStream


class FallbackTranscriber:
    """Several transcribers by name, the preferred one first; an engine, for those among them that are."""

    def __init__(self, transcribers: Sequence[tuple[str, Transcriber]]) -> None:
        self._transcribers = tuple(transcribers)

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Load all that have something to load.

        Raises:
            SpeechError: one of them cannot be loaded.
        """
        async with _all_ready([transcriber for _, transcriber in self._transcribers]):
            yield

    def open(self, report: Callable[[Report], None], language: str = "en") -> FallbackTranscriberStream:
        """Start listening to a call, with the first of them."""
        return FallbackTranscriberStream(self._transcribers, report, language)


class FallbackSynthesizer:
    """Several synthesisers by name, the preferred one first; an engine, for those among them that are."""

    def __init__(self, synthesizers: Sequence[tuple[str, Synthesizer]]) -> None:
        self._synthesizers = tuple(synthesizers)

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Load all that have something to load.

        Raises:
            SpeechError: one of them cannot be loaded.
        """
        async with _all_ready([synthesizer for _, synthesizer in self._synthesizers]):
            yield

    def open(self, voice: Voice, report: Callable[[Trouble], None]) -> FallbackSynthesizerStream:
        """Return the voice of a call: the first of them."""
        return FallbackSynthesizerStream(self._synthesizers, voice, report)


@asynccontextmanager
async def _all_ready(members: Sequence[object]) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for member in members:
            if hasattr(member, "ready"):
                await stack.enter_async_context(cast("Engine", member).ready())
        yield

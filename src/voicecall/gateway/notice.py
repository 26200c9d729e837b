"""The media plane of a call that only tells a code: a voice, and nobody who listens or thinks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

from voicecall.brains import Conversation, Said
from voicecall.core.events import Event
from voicecall.gateway.ears import Ears
from voicecall.gateway.making import Manner
from voicecall.gateway.media import Media
from voicecall.gateway.mouth import Mouth
from voicecall.gateway.session import Session
from voicecall.speech import SynthesizerStream
from voicecall.speech.deaf import DeafDetector, DeafTranscriber


def open_notice(session: Session, voice: SynthesizerStream, post: Callable[[Event], None], *, lead: float) -> Media:
    """Return ears that hear nothing, and a mouth with this voice; the call is never recorded. `lead` as of `Mouth`."""
    manner = Manner(language=session.call.rules.turns.language, speakable=str)
    in_words = lambda: session.call.prompting  # noqa: E731 - a name for what is handed on
    mouth = Mouth(_Nobody(), _Aloud(voice, session.aloud), post, lead=lead, manner=manner, in_words=in_words)
    ears = Ears(DeafDetector(), DeafTranscriber(), post, echo=False)
    opening = session.call.greeting if session.call.greeting_state == "pending" and not session.call.prompting else ""
    return Media(ears, mouth, post, _nothing, opening=opening)


def _nothing(more: str) -> Conversation:
    raise AssertionError("nobody is asked to answer")


class _Nobody:
    """An agent that is never asked."""

    async def run(self) -> None:
        """There is nothing to keep ready."""
        await asyncio.Event().wait()

    async def reply(self, conversation: Conversation) -> AsyncGenerator[Said, None]:
        """Say nothing."""
        return
        yield ""


class _Aloud:
    """A voice that is given what may be kept, and speaks what is to be heard."""

    def __init__(self, voice: SynthesizerStream, aloud: Callable[[str], str]) -> None:
        self._voice = voice
        self._aloud = aloud

    def speak(self, text: str) -> AsyncGenerator[bytes, None]:
        """Yield the audio."""
        return self._voice.speak(self._aloud(text))

    async def run(self) -> None:
        """Keep the voice ready."""
        await self._voice.run()

"""Speaks on one call: has replies made, one at a time or in advance, and reports what became of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine

from voicecall.brains import Conversation, Mind, Said
from voicecall.core.events import Event, Warned
from voicecall.core.utterances import (
    PlaybackConfirmed,
    PlaybackFinished,
    PlaybackStarted,
    PlaybackStopped,
    TurnMeasured,
)
from voicecall.errors import ProviderError
from voicecall.gateway.making import Making, Manner
from voicecall.gateway.player import Player
from voicecall.gateway.stopwatch import Stopwatch
from voicecall.speech import SynthesizerStream

_PACE = 2.5
"""Words a second, where the carrier speaks and only the clock tells how far it got."""


class Mouth:
    """One call's mouth: one reply at a time, as audio or, where the carrier speaks by itself, in words."""

    def __init__(
        self,
        mind: Mind,
        voice: SynthesizerStream,
        post: Callable[[Event], None],
        *,
        lead: float,
        manner: Manner = Manner(),  # noqa: B008 - it is frozen
        in_words: Callable[[], bool] = lambda: False,
    ) -> None:
        """`lead`: seconds the player may send ahead.

        `in_words` says whether the carrier speaks by itself, so that it needs the words only.
        """
        self.mind = mind
        self._voice = voice
        self._post = post
        self._manner = manner
        self._in_words = in_words
        self._confirmed = False
        self._loop = asyncio.get_running_loop()
        self._watch: Stopwatch | None = None
        self.cancelled: set[int] = set()
        """Replies that were cancelled before they came here."""
        self._held = 0
        """A reply that is to be held as soon as it comes here."""
        self._making: tuple[Making, asyncio.Task[None]] | None = None
        self._prepared: tuple[Making, asyncio.Task[None]] | None = None
        self._said = ""
        """The reply before the one at hand."""
        self.player = Player(lead=lead, on_started=self._started, on_finished=self._finished, on_audible=self._audible)

    async def run(self) -> None:
        """Play until cancelled."""
        async with asyncio.TaskGroup() as self._tasks:
            self._tasks.create_task(self._keep("tts", self._voice.run()), name="voice")
            self._tasks.create_task(self._keep("brain", self.mind.run()), name="mind")
            await self.player.run()

    async def _keep(self, code: str, running: Coroutine[None, None, None]) -> None:
        try:
            await running
        except ProviderError as error:
            self._post(Warned(code, str(error)))

    # --- what the call asks for

    def say(self, reply: int, text: str) -> None:
        """Speak this text."""
        self._watch = None
        self._begin(reply, text, lambda: _just(text))

    def respond(
        self,
        reply: int,
        turn: int,
        conversation: Conversation,
        *,
        silent_since: float,
        heard_at: float = 0.0,
        waited: float | None = 0.0,
    ) -> None:
        """Have the agent answer, and speak it.

        Loop times: `silent_since`, when the caller fell silent, and `heard_at`, when the words were known; `waited` are
        the seconds of silence that the turn was given, None where it did not end with speech.
        """
        self._watch = None
        if waited is not None and not self._in_words():
            now = self._loop.time()
            self._watch = Stopwatch(turn, now, silent_since=silent_since, heard_at=heard_at, waited=waited)
        making = self._begin(reply, _asked(conversation), lambda: self.mind.reply(conversation))
        if making is not None and not making.in_words and self._manner.filler_after:
            self._loop.call_later(self._manner.filler_after, making.fill)

    def prepare(self, text: str) -> None:
        """Make this text, unheard: it will be said."""
        self._rehearse(text, _just(text), whole=True)

    def rehearse(self, conversation: Conversation) -> None:
        """Have the agent begin an answer, unheard: it may be wanted."""
        self._rehearse(_asked(conversation), self.mind.reply(conversation), whole=False)

    def hold(self, reply: int) -> None:
        """Stop sounding, keep the rest."""
        self._held = reply
        if reply == self.player.reply:
            self.player.hold()

    def resume(self, reply: int) -> None:
        """Go on."""
        self._held = 0
        if reply == self.player.reply:
            self.player.resume()

    def cancel(self, reply: int) -> None:
        """Stop making and playing it for good, and report what was heard."""
        if reply != self.player.reply:
            self.cancelled.add(reply)
            return
        making, self._making = self._making, None
        if making is not None:
            making[1].cancel()
        spoken = self.player.stop()
        if spoken is None:
            return
        if making is not None and making[0].worded:
            words, written = making[0].worded.split(), making[0].written
            told = int((self._loop.time() - making[0].worded_at) * _PACE)
            self._post(PlaybackStopped(reply, written, " ".join(words[:told]) if told < len(words) else written))
        else:
            self._said = spoken.heard
            self._post(PlaybackStopped(spoken.reply, spoken.text, spoken.heard))

    def said(self) -> str:
        """Return what the caller may be hearing now, or heard a moment ago."""
        return f"{self._said} {self.player.text()}".strip()

    # --- making

    def _begin(self, reply: int, key: object, source: Callable[[], AsyncGenerator[Said, None]]) -> Making | None:
        """Have a reply made, or take the one that was made for it."""
        if reply in self.cancelled:
            self.cancelled.remove(reply)
            self._post(PlaybackStopped(reply, "", ""))
            return None
        self.player.begin(reply)
        if reply == self._held:
            self.player.hold()
        prepared, in_words = self._prepared, self._in_words()
        fits = prepared is not None and prepared[0].key == key and prepared[0].in_words == in_words
        if prepared is not None and fits and prepared[0].failed is None:
            self._prepared, self._making = None, prepared
        else:
            if prepared is not None and (fits or not isinstance(key, str)):
                prepared[1].cancel()
                self._prepared = None
            self._making = self._make(key, source(), in_words=in_words, whole=True)
        self._making[0].want(reply, self._watch)
        return self._making[0]

    def _rehearse(self, key: object, source: AsyncGenerator[Said, None], *, whole: bool) -> None:
        if self._prepared is not None:
            self._prepared[1].cancel()
        self._prepared = self._make(key, source, in_words=self._in_words(), whole=whole)

    def _make(
        self, key: object, source: AsyncGenerator[Said, None], *, in_words: bool, whole: bool
    ) -> tuple[Making, asyncio.Task[None]]:
        making = Making(key, source, self._voice, self.player, self._post, self._manner, in_words=in_words, whole=whole)
        return making, self._tasks.create_task(making.run(), name="reply")

    # --- what the player reports

    def _started(self, reply: int) -> None:
        if self._watch is not None and (self._making is None or self._making[0].answers):
            self._watch.sent(self._loop.time())
        self._post(PlaybackStarted(reply))

    def _audible(self, reply: int) -> None:
        if not self._confirmed:
            self._confirmed = True
            self._post(PlaybackConfirmed(reply))
        if self._watch is not None and self._watch.is_complete:
            self._watch.lap("heard", self._loop.time())
            self._post(TurnMeasured(self._watch.turn, self._watch.stages))
            self._watch = None

    def _finished(self, reply: int, text: str, confirmed: bool) -> None:
        self._said = text
        self._post(PlaybackFinished(reply, text, confirmed))


def _asked(conversation: Conversation) -> object:
    """Return what an answer depends on, if it comes soon."""
    return tuple((line.speaker, line.text) for line in conversation.lines)


async def _just(text: str) -> AsyncGenerator[Said, None]:
    yield text

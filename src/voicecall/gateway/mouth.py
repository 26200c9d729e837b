"""Makes what the agent says: its text, piece by piece, into audio for the player."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TypeVar

from voicecall.brains import Brain, Conversation, HangUpAfter
from voicecall.core.events import (
    Event,
    FarewellAsked,
    PlaybackConfirmed,
    PlaybackFinished,
    PlaybackStarted,
    PlaybackStopped,
    ReplyFailed,
    ReplyWorded,
    TurnMeasured,
    Warned,
)
from voicecall.errors import AgentError, ProviderError, SpeechError
from voicecall.gateway.player import Player
from voicecall.speech import Synthesizer, Voice
from voicecall.speech.sentences import Pieces
from voicecall.speech.spoken import spoken

Item = TypeVar("Item")

_PACE = 2.5
"""Words a second, where the carrier speaks and only the clock tells how far it got."""


class Stopwatch:
    """The stages of one turn, each from the end of the one before, in milliseconds."""

    def __init__(self, turn: int, now: float, silent_since: float) -> None:
        self.turn = turn
        self._silent_since = silent_since
        self._last = now
        self.stages: dict[str, float] = {"wait": _ms(now - silent_since)}

    def lap(self, stage: str, now: float) -> None:
        """The stage ended; only its first end counts."""
        if stage not in self.stages:
            self.stages[stage] = _ms(now - self._last)
            self._last = now

    def sent(self, now: float) -> None:
        """The first frame left: the caller waited this long in all."""
        self.lap("send", now)
        self.stages["response"] = _ms(now - self._silent_since)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


class Mouth:
    """One call's mouth: one reply at a time, as audio or, where the carrier speaks by itself, in words."""

    def __init__(
        self,
        brain: Brain,
        synthesizer: Synthesizer,
        voice: Voice,
        post: Callable[[Event], None],
        *,
        lead: float,
        patience: float,
        in_words: Callable[[], bool] = lambda: False,
    ) -> None:
        """`lead`: seconds the player may send ahead. `patience`: seconds an agent or a voice may stall.

        `in_words` says whether the carrier speaks by itself, so that it needs the words only.
        """
        self._brain = brain
        self._synthesizer = synthesizer
        self._voice = voice
        self._post = post
        self._patience = patience
        self._in_words = in_words
        self._worded = ""
        """The whole of the reply at hand as it is spoken, once the carrier was given its words."""
        self._written = ""
        self._worded_at = 0.0
        self._confirmed = False
        self._loop = asyncio.get_running_loop()
        self._watch: Stopwatch | None = None
        self._cancelled: set[int] = set()
        """Replies that were cancelled before they came here."""
        self._held = 0
        """A reply that is to be held as soon as it comes here."""
        self._making: asyncio.Task[None] | None = None
        self.player = Player(lead=lead, on_started=self._started, on_finished=self._finished, on_audible=self._audible)

    async def run(self) -> None:
        """Play until cancelled."""
        async with asyncio.TaskGroup() as self._tasks:
            await self.player.run()

    # --- what the call asks for

    def say(self, reply: int, text: str) -> None:
        """Speak this text."""
        self._watch = None
        self._begin(reply, _just(text))

    def respond(self, reply: int, turn: int, conversation: Conversation, silent_since: float) -> None:
        """Have the agent answer, and speak it; `silent_since`: loop time at which the caller fell silent."""
        self._watch = None if self._in_words() else Stopwatch(turn, self._loop.time(), silent_since)
        self._begin(reply, self._brain.reply(conversation))

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
            self._cancelled.add(reply)
            return
        if self._making is not None:
            self._making.cancel()
        spoken = self.player.stop()
        if spoken is not None and self._worded:
            words = self._worded.split()
            told = int((self._loop.time() - self._worded_at) * _PACE)
            heard = " ".join(words[:told]) if told < len(words) else self._written
            self._post(PlaybackStopped(reply, self._written, heard))
        elif spoken is not None:
            self._post(PlaybackStopped(spoken.reply, spoken.text, spoken.heard))

    # --- making

    def _begin(self, reply: int, source: AsyncGenerator[str | HangUpAfter, None]) -> None:
        if reply in self._cancelled:
            self._cancelled.remove(reply)
            self._post(PlaybackStopped(reply, "", ""))
            return
        self.player.begin(reply)
        self._worded = ""
        if reply == self._held:
            self.player.hold()
        make = self._word if self._in_words() else self._make
        self._making = self._tasks.create_task(make(reply, source), name=f"reply {reply}")

    async def _word(self, reply: int, source: AsyncGenerator[str | HangUpAfter, None]) -> None:
        """Collect the words of a reply."""
        pieces: list[tuple[str, str]] = []
        try:
            async with aclosing(self._pieces(reply, source)) as parts:
                async for piece in parts:
                    pieces.append((piece, spoken(piece)))  # noqa: PERF401 - those that came before a failure count
        except ProviderError as error:
            if not any(sound for _, sound in pieces):
                self.player.stop()
                self._post(ReplyFailed(reply, str(error)))
                return
            self._post(Warned("reply-cut-short", str(error)))
        self._worded, self._worded_at = " ".join(sound for _, sound in pieces if sound), self._loop.time()
        self._written = " ".join(piece for piece, sound in pieces if sound)
        self._post(ReplyWorded(reply, self._worded, self._written if self._written != self._worded else ""))

    async def _make(self, reply: int, source: AsyncGenerator[str | HangUpAfter, None]) -> None:
        """Turn text into audio as it comes."""
        try:
            async with aclosing(self._pieces(reply, source)) as pieces:
                async for piece in pieces:
                    await self._voice_piece(reply, piece)
        except ProviderError as error:
            if self.player.has_audio(reply):
                self._post(Warned("reply-cut-short", str(error)))
                self.player.complete(reply)
            else:
                self.player.stop()
                self._post(ReplyFailed(reply, str(error), voice=isinstance(error, SpeechError)))
        else:
            self.player.complete(reply)

    async def _pieces(self, reply: int, source: AsyncGenerator[str | HangUpAfter, None]) -> AsyncGenerator[str, None]:
        pieces = Pieces()
        late = AgentError(f"the agent said nothing for {self._patience:g} s")
        async with aclosing(_patiently(source, self._patience, late)) as parts:
            async for part in parts:
                if isinstance(part, HangUpAfter):
                    self._post(FarewellAsked(reply))
                    continue
                self._lap("brain")
                for piece in pieces.feed(part):
                    self._lap("clause")
                    yield piece
        for piece in pieces.flush():
            self._lap("clause")
            yield piece

    async def _voice_piece(self, reply: int, piece: str) -> None:
        text, sound = piece, spoken(piece)
        if not sound:
            return
        late = SpeechError(f"the voice made no sound for {self._patience:g} s")
        audio = self._synthesizer.speak(sound, self._voice)
        async with aclosing(_patiently(audio, self._patience, late)) as chunks:
            async for mulaw in chunks:
                self._lap("voice")
                self.player.add(reply, text, mulaw)
                text = ""

    def _lap(self, stage: str) -> None:
        if self._watch is not None:
            self._watch.lap(stage, self._loop.time())

    # --- what the player reports

    def _started(self, reply: int) -> None:
        if self._watch is not None:
            self._watch.sent(self._loop.time())
        self._post(PlaybackStarted(reply))

    def _audible(self, reply: int) -> None:
        if not self._confirmed:
            self._confirmed = True
            self._post(PlaybackConfirmed(reply))
        if self._watch is not None:
            self._watch.lap("heard", self._loop.time())
            self._post(TurnMeasured(self._watch.turn, self._watch.stages))
            self._watch = None

    def _finished(self, reply: int, text: str, confirmed: bool) -> None:
        self._post(PlaybackFinished(reply, text, confirmed))


async def _just(text: str) -> AsyncGenerator[str | HangUpAfter, None]:
    yield text


async def _patiently(
    source: AsyncGenerator[Item, None], patience: float, late: ProviderError
) -> AsyncGenerator[Item, None]:
    """Yield what comes, and raise `late` when nothing comes for `patience` seconds. Closes the source."""
    async with aclosing(source):
        while True:
            try:
                async with asyncio.timeout(patience):
                    item = await anext(source)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise late from error
            yield item

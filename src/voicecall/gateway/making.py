"""One reply in the making: the agent's words as they come, cut into pieces, piece by piece made into audio.

A reply may be made before it is known whether it will be wanted. What comes of it is kept until it is, and no more than
its first piece is voiced.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import assert_never

import structlog

from voicecall.brains import HangUpAfter, NoteOutcome, PressKeys, Said
from voicecall.core.events import Event, Warned
from voicecall.core.utterances import FarewellAsked, KeysWanted, OutcomeNoted, ReplyFailed, ReplyWorded, TurnMeasured
from voicecall.errors import ProviderError, SpeechError, whereabouts
from voicecall.gateway.player import Player
from voicecall.gateway.stopwatch import Stopwatch
from voicecall.speech import SynthesizerStream
from voicecall.speech.contract import Contract
from voicecall.speech.sentences import Pieces
from voicecall.speech.spoken import spoken

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Manner:
    """How a call's agent speaks, and what is said in its place."""

    language: str = "en"
    """A BCP 47 tag."""
    speakable: Callable[[str], str] = spoken
    """From a piece of text to how it is read aloud; empty when there is nothing to say."""
    filler: str = ""
    """Said once when the agent is slow."""
    filler_after: float = 0.0
    """Seconds; 0 is never."""
    apology: str = ""
    """Said when the agent fails."""
    patience: float = 10.0
    """Seconds that a voice may make no sound."""


class _Slow:
    """The agent has taken long."""


class _Over:
    """The agent has said all."""


class Making:
    """Makes one reply; `run` is its task."""

    def __init__(
        self,
        key: object,
        source: AsyncGenerator[Said, None],
        voice: SynthesizerStream,
        player: Player,
        post: Callable[[Event], None],
        manner: Manner,
        *,
        in_words: bool,
        whole: bool,
    ) -> None:
        """`key`: what it says, for whoever may want it.

        `in_words`: the carrier speaks, so that only the words are made. `whole`: make all of it before it is wanted.
        """
        self.key = key
        self.in_words = in_words
        self.worded = self.written = ""
        """All words, as they are spoken and as they were written, once the carrier was given them."""
        self.worded_at = 0.0
        self.failed: ProviderError | None = None
        """Why it came to nothing, or to no more."""
        self._source = source
        self._voice = voice
        self._player = player
        self._post = post
        self._manner = manner
        self._whole = whole
        self._loop = asyncio.get_running_loop()
        self._items: asyncio.Queue[Said | ProviderError | _Slow | _Over] = asyncio.Queue()
        self._reply = 0
        self._wanted = asyncio.Event()
        self._kept: list[Callable[[int], None]] = []
        self._watch: Stopwatch | None = None
        self._passed: list[str] = []
        """Stages that ended before anybody wanted the reply."""
        self._filled = False
        self._filling = False
        """Whether something else than the answer is being voiced."""
        self._sounds = False
        """Whether any audio was made."""
        self.answers = False
        """Whether any of it is of the answer, and does not only fill in for it."""

    def want(self, reply: int, watch: Stopwatch | None = None) -> None:
        """It is said, as `reply`: what was kept comes out, and the rest as it is made."""
        self._reply, self._watch = reply, watch
        for stage in self._passed:
            self._lap(stage)
        for act in self._kept:
            act(reply)
        self._kept.clear()
        self._wanted.set()

    def fill(self) -> None:
        """The agent has taken long: say so, unless it has begun meanwhile."""
        self._items.put_nowait(_Slow())

    async def run(self) -> None:
        """Make it; what becomes of it goes to the player and to the call."""
        async with asyncio.TaskGroup() as tasks:
            agent = tasks.create_task(self._listen(), name="agent")
            try:
                await (self._word() if self.in_words else self._speak())
            except ProviderError as error:
                failed = self.failed = error
                self._do(lambda reply: self._fail(reply, failed))
            agent.cancel()

    async def _listen(self) -> None:
        try:
            async with aclosing(self._source) as source:
                async for item in source:
                    self._items.put_nowait(item)
        except ProviderError as error:
            self._items.put_nowait(error)
        else:
            self._items.put_nowait(_Over())

    async def _word(self) -> None:
        """Collect the words of a reply."""
        pieces: list[tuple[str, str]] = []
        async with aclosing(self._pieces()) as parts:
            async for piece in parts:
                pieces.append((piece, self._manner.speakable(piece)))  # noqa: PERF401 - what came before a failure counts
        self.worded, self.worded_at = " ".join(sound for _, sound in pieces if sound), self._loop.time()
        self.written = " ".join(piece for piece, sound in pieces if sound)
        self._do(lambda reply: self._post(self._worded(reply)))

    def _worded(self, reply: int) -> ReplyWorded:
        return ReplyWorded(reply, self.worded, self.written if self.written != self.worded else "")

    async def _speak(self) -> None:
        """Turn text into audio as it comes."""
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                await self._voice_piece(piece)
                if not self._whole:
                    await self._wanted.wait()
        self._do(self._player.complete)

    async def _voice_piece(self, piece: str) -> None:
        sound = self._manner.speakable(piece)
        if not sound:
            return
        text, late = piece, SpeechError(f"the voice made no sound for {self._manner.patience:g} s")
        async with aclosing(_patiently(self._voice.speak(sound), self._manner.patience, late)) as chunks:
            async for mulaw in chunks:
                self._lap("voice")
                self._sounds = True
                self._answer_begins()
                self._do(lambda reply, text=text, mulaw=mulaw: self._player.add(reply, text, mulaw))  # type: ignore[misc]
                text = ""

    def _answer_begins(self) -> None:
        """The answer has audio; where something filled in for it, it was waited for until now."""
        if self.answers or self._filling:
            return
        self.answers = True
        if self._filled and self._watch is not None:
            self._watch.sent(self._loop.time())
            self._watch.told = True
            self._post(TurnMeasured(self._watch.turn, self._watch.stages))

    async def _pieces(self) -> AsyncGenerator[str, None]:
        """Yield what is to be said, and do what is to be done, in the order in which the agent wants it."""
        contract, pieces = Contract(), Pieces(self._manner.language)
        begun = False
        while True:
            match await self._items.get():
                case str(text):
                    for part in contract.feed(text):
                        self._lap("brain")
                        for piece in pieces.feed(part):
                            self._lap("clause")
                            begun = True
                            yield piece
                case HangUpAfter():
                    self._do(lambda reply: self._post(FarewellAsked(reply)))
                case PressKeys(digits):
                    self._do(lambda reply, digits=digits: self._post(KeysWanted(reply, digits)))  # type: ignore[misc]
                case NoteOutcome(disposition, summary, data):
                    noted = OutcomeNoted(disposition, summary, data)
                    self._do(lambda _, noted=noted: self._post(noted))  # type: ignore[misc]
                case _Slow():
                    if not begun and self._manner.filler:
                        self._filling = self._filled = True
                        yield self._manner.filler
                        self._filling = False
                case _Over():
                    rest = [piece for part in contract.flush() for piece in pieces.feed(part)]
                    for piece in (*rest, *pieces.flush()):
                        self._lap("brain")
                        self._lap("clause")
                        yield piece
                    return
                case ProviderError() as error:
                    self.failed = error
                    if not begun and not self._manner.apology:
                        raise error
                    warned = Warned("reply-cut-short" if begun else "reply-failed", str(error))
                    self._do(lambda _, warned=warned: self._post(warned))  # type: ignore[misc]
                    if self._manner.apology:
                        yield self._manner.apology
                    return
                case other:
                    assert_never(other)

    def _fail(self, reply: int, error: ProviderError) -> None:
        if self._sounds:
            self._post(Warned("reply-cut-short", str(error)))
            self._player.complete(reply)
        else:
            self._player.stop()
            self._post(ReplyFailed(reply, str(error), voice=isinstance(error, SpeechError)))

    def _do(self, act: Callable[[int], None]) -> None:
        """Do it now, or once the reply is wanted."""
        if self._reply:
            act(self._reply)
        else:
            self._kept.append(act)

    def _lap(self, stage: str) -> None:
        if self._filling:
            return
        if not self._reply:
            self._passed.append(stage)
        elif self._watch is not None:
            self._watch.lap(stage, self._loop.time())


async def _patiently(
    source: AsyncGenerator[bytes, None], patience: float, late: SpeechError
) -> AsyncGenerator[bytes, None]:
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
            except ProviderError:
                raise
            except Exception as error:  # a voice may be anybody's code, and must not end the call
                _log.error("voice.broken", detail=whereabouts(error))
                raise SpeechError(f"the voice broke: {type(error).__name__}") from error
            yield item

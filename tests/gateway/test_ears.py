"""Ears: segments are numbered, begin and end in pairs, and outlive a stream that does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voicecall.core.events import Event
from voicecall.core.utterances import EarsFailed, Heard, PartlyHeard, SpeechStarted, SpeechStopped
from voicecall.gateway.ears import Ears
from voicecall.speech import Report, Speech, Transcription


class Engine:
    """A detector and a transcriber that say what the test wants."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.detect: Callable[[Speech], None]
        self.tell: Callable[[Report], None]
        self.opened = 0

    def open_voice(self, report: Callable[[Speech], None]) -> EngineStream:
        self.detect = report
        self.opened += 1
        return EngineStream(self, "voice")

    def open_words(self, report: Callable[[Report], None]) -> EngineStream:
        self.tell = report
        return EngineStream(self, "words")


class EngineStream:
    def __init__(self, engine: Engine, name: str) -> None:
        self._engine, self._name = engine, name

    def feed(self, mulaw: bytes) -> None:
        self._engine.log.append(f"{self._name} {len(mulaw)}")

    def speech_started(self, segment: int, lead: float) -> None:
        self._engine.log.append(f"{self._name} started {segment}")

    def speech_stopped(self, segment: int) -> None:
        self._engine.log.append(f"{self._name} stopped {segment}")

    async def run(self) -> None:
        await asyncio.Event().wait()

    def close(self) -> None:
        self._engine.log.append(f"{self._name} closed")


class Voices:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, report: Callable[[Speech], None]) -> EngineStream:
        return self._engine.open_voice(report)


class Words:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, report: Callable[[Report], None], language: str = "en") -> EngineStream:
        return self._engine.open_words(report)


def listen() -> tuple[Ears, Engine, list[Event]]:
    engine, posted = Engine(), list[Event]()
    return Ears(Voices(engine), Words(engine), posted.append), engine, posted


async def test_audio_reaches_both_only_while_a_stream_is_open() -> None:
    ears, engine, _ = listen()
    ears.feed(b"\xff" * 160)
    ears.open()
    ears.feed(b"\xff" * 160)
    ears.close()
    ears.feed(b"\xff" * 160)
    ears.close()
    assert engine.log == ["voice 160", "words 160", "voice closed"]


async def test_segments_are_numbered_and_come_in_pairs() -> None:
    ears, engine, posted = listen()
    ears.open()
    await asyncio.sleep(1)
    engine.detect(Speech(started=False))
    engine.detect(Speech(started=True, lead=0.12345))
    engine.detect(Speech(started=True))
    engine.detect(Speech(started=False, silence=0.22))
    engine.detect(Speech(started=True))
    assert posted == [SpeechStarted(1, 0.123), SpeechStopped(1, 0.22), SpeechStarted(2)]
    assert engine.log == ["words started 1", "words stopped 1", "words started 2"]
    assert (ears.onset, round(ears.silent_since, 3)) == (1.0, 0.78)


async def test_a_stream_that_is_lost_ends_what_was_being_said_and_the_next_counts_on() -> None:
    ears, engine, posted = listen()
    ears.open()
    engine.detect(Speech(started=True))
    ears.close()
    ears.open()
    engine.detect(Speech(started=True))
    assert posted == [SpeechStarted(1), SpeechStopped(1, 0.0), SpeechStarted(2)]
    assert engine.opened == 2
    ears.end()
    assert engine.log[-2:] == ["words stopped 2", "words closed"]


async def test_words_become_facts() -> None:
    _, engine, posted = listen()
    engine.tell(Transcription(1, " so far ", final=False))
    engine.tell(Transcription(1, " so far so good ", final=True))
    engine.tell(Transcription(2, "", final=True, error="no model"))
    assert posted == [PartlyHeard(1, "so far"), Heard(1, "so far so good"), EarsFailed(2, "no model")]

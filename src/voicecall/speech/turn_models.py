"""Models of turns: from the sound of what the caller said so far, has the caller finished?

Off unless asked for: on telephone speech the model here errs too often to decide alone, so what it says is only one
sign among others.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np

from voicecall.audio import TELEPHONE_RATE, Samples
from voicecall.audio.g711 import to_float
from voicecall.audio.resample import resample
from voicecall.errors import SpeechError

from . import TurnSign, onnx
from .models import ModelFile
from .stt.mel import RATE, log_mel, mel_filters

SMART_TURN = ModelFile(
    "smart-turn",
    "pipecat-ai",
    "1.14.0",
    "pipecat",
    file="audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",
    sha256="2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
    licence="BSD-2-Clause",
)

_SECONDS = 8
_FINISHED, _GOING_ON = 0.9, 0.3
# On synthetic sentences at the telephone's band, cut halfway or not: "likely" for 74 % of the whole and 41 % of the cut
# ones, "unlikely" for 5 % and 31 %.
_SMALLEST_VARIANCE = 1e-7


class TurnModel(Protocol):
    """Judges pauses, for all calls. A local one may be an Engine too. Found by the entry point group `voicecall.turns`.

    Its factory takes the path of its file, or None.
    """

    async def judge(self, mulaw: bytes) -> TurnSign | None:
        """Say what this pause is, or None when there is no telling, or not soon enough. Raises nothing.

        `mulaw` is the newest 8 s, or less, of what the caller said, up to now: mu-law 8 kHz.
        """


def load_smart_turn(path: str | None) -> onnx.Network:
    """Check and load Smart Turn v3.2 from this file, or out of an installed package.

    Raises:
        SpeechError: the file is missing, is not that network, or is not to the runtime's liking.
    """
    if path is not None:
        file = Path(path)
        return onnx.load(replace(SMART_TURN, file=file.name), file.parent)
    if find_spec(SMART_TURN.module) is None:
        raise SpeechError(
            f"smart-turn needs the file {SMART_TURN.name}: pip download --no-deps {SMART_TURN.requirement} brings a "
            f"wheel that has it at {SMART_TURN.module}/{SMART_TURN.file}; unpack it and name it in turns.model_path"
        )
    return onnx.load(SMART_TURN)


class SmartTurn:
    """Turn model and engine: the network of that name, in one thread for all calls.

    A judgement that is not there after `limit` seconds is none. `load` gets the network.
    """

    def __init__(
        self,
        path: str | None = None,
        *,
        limit: float = 0.3,
        load: Callable[[str | None], onnx.Network] = load_smart_turn,
    ) -> None:
        self._path = path
        self._limit = limit
        self._load = load
        self._filters = mel_filters()
        self._network: onnx.Network | None = None
        self._worker: ThreadPoolExecutor | None = None

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Load and warm up; on exit stop the thread.

        Raises:
            SpeechError: the model file is missing, damaged or cannot be loaded.
        """
        worker = ThreadPoolExecutor(1, "turns")
        try:
            await asyncio.get_running_loop().run_in_executor(worker, self._warm_up)
            self._worker = worker
            yield
        finally:
            self._worker = None
            worker.shutdown(cancel_futures=True)

    def _warm_up(self) -> None:
        self._network = self._load(self._path)
        self._probability(b"")

    async def judge(self, mulaw: bytes) -> TurnSign | None:
        """Say what this pause is, or None when there is no telling, or not soon enough."""
        if self._worker is None:
            return None
        work = asyncio.get_running_loop().run_in_executor(self._worker, self._probability, mulaw)
        try:
            async with asyncio.timeout(self._limit):
                probability = await work
        except TimeoutError:
            return None
        if probability >= _FINISHED:
            return TurnSign("likely")
        return TurnSign("unlikely") if probability <= _GOING_ON else None

    def _probability(self, mulaw: bytes) -> float:
        """Return how probable it is that the caller has finished. Runs in the worker thread."""
        assert self._network is not None  # noqa: S101 - loaded before the first judgement
        features = log_mel(turn(mulaw), self._filters)
        (found,) = self._network.run(None, {"input_features": features[np.newaxis]})
        return float(found.reshape(-1)[0])


def turn(mulaw: bytes) -> Samples:
    """Return the newest 8 s at 16 kHz, silence before them if they are fewer, with mean 0 and variance 1."""
    samples = resample(to_float(mulaw[-_SECONDS * TELEPHONE_RATE :]), TELEPHONE_RATE, RATE)
    padded = np.pad(samples, (_SECONDS * RATE - len(samples), 0))
    normal: Samples = (padded - padded.mean()) / np.sqrt(padded.var() + np.float32(_SMALLEST_VARIANCE))
    return normal

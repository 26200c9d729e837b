"""A synthesiser on this machine: a Piper voice by onnxruntime, its phonemes by gruut."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voicecall.audio import TELEPHONE_RATE, Samples
from voicecall.audio.g711 import from_float
from voicecall.audio.levels import gain, rms_dbfs
from voicecall.audio.resample import resample
from voicecall.errors import SpeechError
from voicecall.speech import Trouble, Voice, onnx
from voicecall.speech.models import PIPER_CONFIG, PIPER_NETWORK, verify
from voicecall.speech.plain import PlainVoice

from .phonemes import Phonemizer

_LEVEL_DBFS = -20.0
_PEAK = 0.95
_LEAD_IN = 0.02  # seconds of silence kept before the first sound
_PITCHES = (0.5, 2.0)
_PACES = (0.4, 3.0)
_RATE_GRID = 50  # hertz: keeps the resampler's filter bank small at odd pitches


@dataclass(frozen=True, slots=True)
class _Models:
    network: onnx.Network
    phonemizer: Phonemizer
    rate: int
    scales: tuple[float, float, float]
    """Noise, length, and noise of the length."""

    def speak(self, ids: list[int], voice: Voice) -> bytes:
        """Return one phrase as mu-law at the telephone's rate and level."""
        pitch = min(max(voice.pitch, _PITCHES[0]), _PITCHES[1])
        pace = min(max(voice.pace, _PACES[0]), _PACES[1])
        noise, length, noise_of_length = self.scales
        inputs: dict[str, onnx.Tensor] = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([noise, length * pitch / pace, noise_of_length], np.float32),
        }
        audio: Samples = self.network.run(None, inputs)[0].reshape(-1)
        played_at = round(self.rate * pitch / _RATE_GRID) * _RATE_GRID
        return from_float(level(begin(resample(audio, played_at, TELEPHONE_RATE))))


def begin(samples: Samples) -> Samples:
    """Return the samples from shortly before the first sound."""
    sounding = np.flatnonzero(np.abs(samples) > 0.02 * np.max(np.abs(samples), initial=0.0))
    first = int(sounding[0]) if len(sounding) else 0
    return samples[max(0, first - round(_LEAD_IN * TELEPHONE_RATE)) :]


def level(samples: Samples) -> Samples:
    """Return the samples at -20 dBFS rms, pauses not counted, or as loud as goes without clipping."""
    frames = samples[: len(samples) - len(samples) % 160].reshape(-1, 160)
    power = np.mean(np.square(frames), axis=1)
    active = frames[power > np.max(power, initial=0.0) / 1000]
    wanted = gain(_LEVEL_DBFS - rms_dbfs(active.reshape(-1)))
    peak = float(np.max(np.abs(samples), initial=0.0))
    return samples * np.float32(min(wanted, _PEAK / peak if peak > 0 else 1.0))


class PiperSynthesizer:
    """Synthesizer and engine. At most `threads` phrases are made at once; `directory` overrides the package's files.

    The one voice answers to every name; pitch and pace make other speakers of it.
    """

    def __init__(self, *, threads: int = 2, directory: Path | None = None) -> None:
        self._threads = threads
        self._directory = directory
        self._models: _Models | None = None
        self._reader: ThreadPoolExecutor | None = None
        self._speakers: ThreadPoolExecutor | None = None

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        """Load and warm up; on exit stop the threads.

        Raises:
            SpeechError: a model file is missing, damaged or cannot be loaded.
        """
        self._reader = ThreadPoolExecutor(1, "phonemes")
        self._speakers = ThreadPoolExecutor(self._threads, "tts")
        try:
            self._models = await asyncio.get_running_loop().run_in_executor(self._reader, self._load)
            yield
        finally:
            if self._models is not None:
                self._reader.submit(self._models.phonemizer.close)
                self._models = None
            self._reader.shutdown()
            self._speakers.shutdown(cancel_futures=True)

    def _load(self) -> _Models:
        network = onnx.load(PIPER_NETWORK, self._directory)
        config = json.loads(verify(PIPER_CONFIG, self._directory).read_bytes())
        inference = config["inference"]
        models = _Models(
            network=network,
            phonemizer=Phonemizer(config["phoneme_id_map"]),
            rate=config["audio"]["sample_rate"],
            scales=(inference["noise_scale"], inference["length_scale"], inference["noise_w"]),
        )
        for phrase in models.phonemizer.phrases("Ready when you are."):
            models.speak(phrase, Voice())
        return models

    def open(self, voice: Voice, report: Callable[[Trouble], None]) -> PlainVoice:
        """Return the voice of a call."""
        return PlainVoice(self, voice)

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        """Yield the audio phrase by phrase; nothing for a text without words.

        Raises:
            SpeechError: the engine is not ready.
        """
        models = self._models
        if models is None:
            raise SpeechError("the piper synthesiser is not ready: enter ready() before the first call")
        loop = asyncio.get_running_loop()
        for phrase in await loop.run_in_executor(self._reader, models.phonemizer.phrases, text):
            yield await loop.run_in_executor(self._speakers, models.speak, phrase, voice)

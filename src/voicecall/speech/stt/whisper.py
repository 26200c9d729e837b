"""A transcriber on this machine: Whisper tiny, English, by CTranslate2. Better in noise than Moonshine.

Whisper always listens to 30 seconds. Given the clip and 8 seconds of silence instead, it is several times quicker and
just as good, except that it may say everything twice: what it repeats is cut, and where it does not end in time it is
given the whole 30 seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from voicecall.audio import TELEPHONE_RATE, Samples
from voicecall.audio.resample import resample
from voicecall.errors import SpeechError
from voicecall.speech import Report
from voicecall.speech.models import WHISPER_CONFIG, WHISPER_NETWORK, WHISPER_VOCABULARY, verify

from .mel import RATE, log_mel, mel_filters
from .segments import SegmentStream, SegmentTranscriber

_SILENCE, _WHOLE = 8.0, 30.0  # seconds
_LONGEST = 22.0
_PROMPT = ["<|startoftranscript|>", "<|notimestamps|>"]
_TOKENS_A_SECOND, _TOKENS_MORE = 5, 16
_FEWEST_REPEATED = 3  # words
_SPEECHLESS = 0.6


class WhisperTranscriber:
    """Transcriber and engine. `threads` recognitions at most run at once; `directory` overrides the package's files."""

    def __init__(self, *, threads: int = 2, directory: Path | None = None) -> None:
        load = partial(_Whisper, threads, directory)
        self._segments = SegmentTranscriber("whisper", load, threads=threads, longest=_LONGEST)

    def ready(self) -> AbstractAsyncContextManager[None]:
        """Load and warm up; on exit stop the threads.

        Raises:
            SpeechError: a model file or the runtime is missing, damaged or cannot be loaded.
        """
        return self._segments.ready()

    def open(self, report: Callable[[Report], None], language: str = "en") -> SegmentStream:
        """Start listening to a call.

        Raises:
            SpeechError: the engine is not ready.
        """
        return self._segments.open(report)


class _Whisper:
    def __init__(self, threads: int, directory: Path | None) -> None:
        paths = [verify(model, directory) for model in (WHISPER_NETWORK, WHISPER_CONFIG, WHISPER_VOCABULARY)]
        try:
            import ctranslate2
        except ImportError:
            raise SpeechError("the whisper engine needs ctranslate2: pip install 'voicecall[whisper]'") from None
        self._view: Any = ctranslate2.StorageView
        try:
            self._model: Any = ctranslate2.models.Whisper(
                str(paths[0].parent), device="cpu", compute_type="int8", inter_threads=threads, intra_threads=1
            )
        except RuntimeError as error:
            raise SpeechError(f"ctranslate2 {ctranslate2.__version__} cannot load {paths[0]}: {error}") from None
        self._filters = mel_filters()
        self._bytes = byte_of_character()
        self.recognize(np.zeros(TELEPHONE_RATE, np.float32))

    def recognize(self, samples: Samples) -> str:
        wide = resample(samples, TELEPHONE_RATE, RATE)
        seconds = len(wide) / RATE
        most = int(seconds * _TOKENS_A_SECOND) + _TOKENS_MORE
        tokens, ended = self._generate(wide, min(seconds + _SILENCE, _WHOLE), most)
        if not ended:
            tokens, _ = self._generate(wide, _WHOLE, most)
        text = bytes(self._bytes[character] for token in tokens for character in token if character in self._bytes)
        return without_echo(text.decode("utf-8", "replace").strip())

    def _generate(self, wide: Samples, seconds: float, most: int) -> tuple[list[str], bool]:
        """Return the tokens, and whether they came to an end by themselves."""
        padded = np.pad(wide, (0, max(0, round(seconds * RATE) - len(wide))))
        features = self._view.from_array(log_mel(padded, self._filters)[np.newaxis])
        (result,) = self._model.generate(
            features, [_PROMPT], beam_size=1, max_length=most + len(_PROMPT), return_no_speech_prob=True
        )
        if result.no_speech_prob > _SPEECHLESS:
            return [], True
        tokens: list[str] = [token for token in result.sequences[0] if not token.startswith("<|")]
        return tokens, len(tokens) < most


def without_echo(text: str) -> str:
    """Return the text without a repetition at its end: what is said again from the beginning, three words or more."""
    words = text.split()
    for half in range(_FEWEST_REPEATED, len(words) - _FEWEST_REPEATED + 1):
        again = [word.strip(".,!?").lower() for word in words[half:]]
        if again == [word.strip(".,!?").lower() for word in words[: len(again)]]:
            return " ".join(words[:half])
    return text


def byte_of_character() -> dict[str, int]:
    """Return which byte each character of a token stands for: printable ones themselves, the rest from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in printable]
    table = {chr(byte): byte for byte in printable}
    return table | {chr(0x100 + place): byte for place, byte in enumerate(rest)}

"""A transcriber on this machine: Moonshine tiny, English, by onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import numpy as np

from voicecall.audio import TELEPHONE_RATE, Samples
from voicecall.audio.resample import resample
from voicecall.speech import Report, onnx
from voicecall.speech.models import MOONSHINE_DECODER, MOONSHINE_ENCODER, MOONSHINE_TOKENS, verify

from .segments import SegmentStream, SegmentTranscriber

_RATE = 16000
_BEFORE, _AFTER = 0.2, 0.4  # seconds of silence added: without it the network loops on digits
_START, _END = 1, 2
_TOKENS_A_SECOND, _TOKENS_MORE = 6.5, 6
_EMPTY_MEMORY = (1, 8, 0, 36)
_SPACE = "\u2581"
_WORDLESS = "You"  # what noise, a cough or a tone becomes; a spoken "you" comes with its full stop


class MoonshineTranscriber:
    """Transcriber and engine. `threads` recognitions at most run at once; `directory` overrides the package's files."""

    def __init__(self, *, threads: int = 2, directory: Path | None = None) -> None:
        self._segments = SegmentTranscriber("moonshine", partial(_Moonshine, directory), threads=threads)

    def ready(self) -> AbstractAsyncContextManager[None]:
        """Load and warm up; on exit stop the threads.

        Raises:
            SpeechError: a model file is missing, damaged or cannot be loaded.
        """
        return self._segments.ready()

    def open(self, report: Callable[[Report], None], language: str = "en") -> SegmentStream:
        """Start listening to a call.

        Raises:
            SpeechError: the engine is not ready.
        """
        return self._segments.open(report)


class _Moonshine:
    def __init__(self, directory: Path | None) -> None:
        self._encoder = onnx.load(MOONSHINE_ENCODER, directory)
        self._decoder = onnx.load(MOONSHINE_DECODER, directory)
        self._tokens = read_tokens(verify(MOONSHINE_TOKENS, directory).read_bytes())
        self._encoder_inputs = {argument.name for argument in self._encoder.get_inputs()}
        self._decoder_inputs = {argument.name for argument in self._decoder.get_inputs()}
        self._decoder_outputs = [argument.name for argument in self._decoder.get_outputs()]
        self.recognize(np.zeros(TELEPHONE_RATE, np.float32))

    def recognize(self, samples: Samples) -> str:
        wide = resample(samples, TELEPHONE_RATE, _RATE)
        audio = np.pad(wide, (round(_BEFORE * _RATE), round(_AFTER * _RATE)))[np.newaxis]
        inputs: dict[str, onnx.Tensor] = {"input_values": audio, "attention_mask": np.ones(audio.shape, np.int64)}
        hidden = self._encoder.run(None, _named(inputs, self._encoder_inputs))[0]
        most = int(audio.shape[1] / _RATE * _TOKENS_A_SECOND) + _TOKENS_MORE
        return self._decode(hidden, audio.shape[1], most)

    def _decode(self, hidden: onnx.Tensor, length: int, most: int) -> str:
        memory: dict[str, onnx.Tensor] = {
            name: np.zeros(_EMPTY_MEMORY, np.float32) for name in self._decoder_inputs if name.startswith("past")
        }
        token, tokens = _START, list[int]()
        while len(tokens) < most:
            inputs: dict[str, onnx.Tensor] = {
                "input_ids": np.array([[token]], np.int64),
                "encoder_hidden_states": hidden,
                "encoder_attention_mask": np.ones((1, length), np.int64),
                "use_cache_branch": np.array([bool(tokens)]),
                **memory,
            }
            outputs = dict(
                zip(self._decoder_outputs, self._decoder.run(None, _named(inputs, self._decoder_inputs)), strict=True)
            )
            token = int(np.argmax(outputs["logits"][0, -1]))
            if token == _END:
                break
            for name, value in outputs.items():
                # What concerns the encoder is right in the first step only.
                if name.startswith("present") and (not tokens or "decoder" in name):
                    memory[name.replace("present", "past_key_values", 1)] = value
            tokens.append(token)
        said = b"".join(self._tokens[token] for token in tokens).decode("utf-8", "replace")
        text = said.replace(_SPACE, " ").strip()
        return "" if text == _WORDLESS else text


def _named(inputs: dict[str, onnx.Tensor], names: set[str]) -> dict[str, onnx.Tensor]:
    return {name: value for name, value in inputs.items() if name in names}


def read_tokens(data: bytes) -> list[bytes]:
    """Return the token table: entries of a length and that many bytes; a length of 128 and more takes two bytes."""
    tokens, place = [], 0
    while place < len(data):
        length = data[place]
        place += 1
        if length >= 128:
            length = length * 128 + data[place] - 128
            place += 1
        tokens.append(data[place : place + length])
        place += length
    return tokens

"""Networks that load, and those that do not."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest

from voicecall.errors import SpeechError
from voicecall.speech import models, onnx


def test_a_network_that_the_runtime_cannot_read_is_a_speech_error(tmp_path: Path) -> None:
    (tmp_path / "silero_vad.onnx").write_bytes(b"rubbish")
    rubbish = dataclasses.replace(models.SILERO_NETWORK, sha256=hashlib.sha256(b"rubbish").hexdigest())
    with pytest.raises(SpeechError, match=r"onnxruntime .* cannot load .*silero_vad\.onnx"):
        onnx.load(rubbish, tmp_path)


def test_a_network_names_what_goes_in() -> None:
    assert [argument.name for argument in onnx.load(models.SILERO_NETWORK).get_inputs()] == ["input", "state", "sr"]

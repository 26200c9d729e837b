"""ONNX networks, one thread each: parallel calls share the cores better than one call's matrices do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt

from voicecall.errors import SpeechError

from .models import ModelFile, verify

Tensor = npt.NDArray[Any]


class Argument(Protocol):
    """An input or output that a network names."""

    name: str


class Network(Protocol):
    """What we use of an onnxruntime session. Safe to run from several threads."""

    def run(self, outputs: Sequence[str] | None, inputs: Mapping[str, Tensor]) -> list[Tensor]:
        """Compute the outputs, all of them when None."""

    def get_inputs(self) -> list[Argument]:
        """Return what goes in."""

    def get_outputs(self) -> list[Argument]:
        """Return what comes out."""


def seed(number: int) -> None:
    """Leave nothing to chance in networks that are loaded from now on: the same runs give the same results."""
    import onnxruntime

    onnxruntime.set_seed(number)


def load(model: ModelFile, directory: Path | None = None) -> Network:
    """Check and load a network.

    Raises:
        SpeechError: the file is missing, damaged, or not to the runtime's liking.
    """
    path = verify(model, directory)
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as faults

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        network: Network = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except (
        faults.Fail,
        faults.InvalidArgument,
        faults.InvalidGraph,
        faults.InvalidProtobuf,
        faults.NoModel,
        faults.NotImplemented,
        faults.RuntimeException,
    ) as error:
        raise SpeechError(f"onnxruntime {onnxruntime.__version__} cannot load {path}: {error}") from None
    return network

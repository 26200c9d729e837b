"""Models of turns: what Smart Turn is given, what its answers become, and what happens without its file."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from voicecall.audio.g711 import MULAW_SILENCE, from_float, to_float
from voicecall.errors import SpeechError
from voicecall.speech import TurnSign, onnx
from voicecall.speech.turn_models import SMART_TURN, SmartTurn, turn

REAL = "VOICECALL_TEST_SMART_TURN"


class Oracle:
    """A network that answers as told, and notes what it is shown. Waits for `gate`."""

    def __init__(self, *answers: float) -> None:
        self.answers = [0.5, *answers]  # the first to the warming up
        self.shown: list[onnx.Tensor] = []
        self.gate = threading.Event()
        self.gate.set()

    def run(self, outputs: Sequence[str] | None, inputs: Mapping[str, onnx.Tensor]) -> list[onnx.Tensor]:
        self.gate.wait(5)
        self.shown.append(inputs["input_features"])
        return [np.array([[self.answers.pop(0)]], np.float32)]

    def get_inputs(self) -> list[onnx.Argument]:
        raise NotImplementedError

    get_outputs = get_inputs


def tone(seconds: float) -> bytes:
    return from_float((0.1 * np.sin(np.arange(round(8000 * seconds)) * 0.4)).astype(np.float32))


@pytest.mark.parametrize(
    ("probability", "sign"),
    [(0.95, TurnSign("likely")), (0.6, None), (0.4, None), (0.05, TurnSign("unlikely"))],
)
def test_what_is_probable_is_a_sign_and_what_is_doubtful_none(probability: float, sign: TurnSign | None) -> None:
    async def run() -> TurnSign | None:
        model = SmartTurn(load=lambda path: Oracle(probability), limit=5)
        async with model.ready():
            return await model.judge(tone(1.0))

    assert asyncio.run(run()) == sign


def test_the_network_is_shown_the_features_of_eight_seconds_however_much_was_said() -> None:
    oracle = Oracle(0.9, 0.9)

    async def run() -> None:
        model = SmartTurn("anywhere", load=lambda path: oracle, limit=5)
        async with model.ready():
            for seconds in (0.7, 11.0):
                await model.judge(tone(seconds))

    asyncio.run(run())
    assert [(shown.shape, str(shown.dtype)) for shown in oracle.shown] == [((1, 80, 800), "float32")] * 3
    short = oracle.shown[1][0]
    assert short[:, :700].std() < 0.01  # the silence comes first
    assert short[:, 740:].std() > 0.1


def test_a_turn_is_its_newest_eight_seconds_at_one_loudness() -> None:
    newest = tone(8.0)
    loud, faint = turn(newest), turn(from_float(to_float(newest) / np.float32(8)))
    assert loud.shape == faint.shape == (128000,)
    assert np.abs(loud - faint).max() < 0.1
    assert turn(tone(3.0) + newest).tolist() == loud.tolist()
    assert np.abs(turn(b"")).max() == 0.0


def test_a_judgement_that_takes_too_long_is_none() -> None:
    async def run() -> TurnSign | None:
        oracle = Oracle(0.9)
        model = SmartTurn(load=lambda path: oracle, limit=0.01)
        async with model.ready():
            oracle.gate.clear()
            try:
                return await model.judge(tone(1.0))
            finally:
                oracle.gate.set()

    assert asyncio.run(run()) is None


def test_a_model_that_is_not_ready_judges_nothing() -> None:
    assert asyncio.run(SmartTurn(load=lambda path: Oracle(0.9)).judge(tone(1.0))) is None


def test_a_file_that_is_missing_or_another_is_named_and_nothing_starts(tmp_path: Path) -> None:
    async def start(path: Path) -> None:
        async with SmartTurn(str(path)).ready():
            pass

    with pytest.raises(SpeechError, match=r"here\.onnx"):
        asyncio.run(start(tmp_path / "here.onnx"))
    (tmp_path / "other.onnx").write_bytes(b"something else")
    with pytest.raises(SpeechError, match="SHA-256"):
        asyncio.run(start(tmp_path / "other.onnx"))


def test_without_a_file_the_way_to_one_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicecall.speech.turn_models.find_spec", lambda module: None)

    async def start() -> None:
        async with SmartTurn().ready():
            pass

    with pytest.raises(SpeechError, match=r"turns\.model_path") as told:
        asyncio.run(start())
    assert SMART_TURN.requirement in str(told.value)


@pytest.mark.skipif(not os.environ.get(REAL), reason=f"{REAL} names no file of {SMART_TURN.requirement}")
def test_the_real_network_finds_whole_sentences_more_complete_than_broken_ones(speech: Mapping[str, bytes]) -> None:
    pause = MULAW_SILENCE * 1600

    async def run() -> tuple[list[TurnSign | None], list[TurnSign | None]]:
        model = SmartTurn(os.environ[REAL], limit=5)
        async with model.ready():
            whole = [await model.judge(mulaw + pause) for mulaw in speech.values()]
            broken = [await model.judge(mulaw[: len(mulaw) // 2] + pause) for mulaw in speech.values()]
        return whole, broken

    whole, broken = asyncio.run(run())
    assert whole.count(TurnSign("likely")) > broken.count(TurnSign("likely"))
    assert whole.count(TurnSign("unlikely")) < broken.count(TurnSign("unlikely"))

"""Which demonstrations count as undisturbed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.demo.played import Played, undisturbed
from voicecall.audio import Samples
from voicecall.audio.wav import encode_wav

Spans = list[tuple[float, float]]
AGENT = [(1.0, 3.0), (9.0, 14.38), (15.96, 18.0)]
"""Seconds in which it is audible."""


def track(spans: Spans) -> Samples:
    samples = np.zeros(20 * 8000, np.float32)
    for begin, end in spans:
        samples[round(begin * 8000) : round(end * 8000)] = 0.3
    return samples


def played(folder: Path, caller: Spans, agent: Spans = AGENT, cut: int = 1) -> Played:
    lines = [{"speaker": "agent", "text": "One two.", "heard": "One"} for _ in range(cut)]
    (folder / "record.json").write_text(json.dumps({"transcript": lines}))
    (folder / "call.wav").write_bytes(encode_wav(track(caller), track(agent)))
    return Played(0, "", "", folder)


def test_an_agent_who_is_silent_within_200_ms_is_undisturbed(tmp_path: Path) -> None:
    one = played(tmp_path, [(4.0, 6.0), (14.18, 15.0)])
    assert one.disturbance() is None
    assert undisturbed([one]) is one


@pytest.mark.parametrize(
    ("caller", "cut", "told"),
    [
        ([(14.17, 15.0)], 1, "the agent fell silent 0.21 s after the caller began"),
        ([(14.38, 15.0)], 1, "the caller began 0 times while the agent spoke"),
        ([(9.3, 10.0)], 1, "the caller began 0 times while the agent spoke"),
        ([(2.0, 2.5), (14.18, 15.0)], 1, "the caller began 2 times while the agent spoke"),
        ([(14.18, 15.0)], 0, "0 replies were cut short"),
        ([(14.18, 15.0)], 2, "2 replies were cut short"),
    ],
)
def test_what_a_stall_may_have_spoilt_is_told_and_raises_nothing(
    tmp_path: Path, caller: Spans, cut: int, told: str
) -> None:
    assert told in str(played(tmp_path, caller, cut=cut).disturbance())


def test_a_demonstration_that_failed_left_nothing_to_measure(tmp_path: Path) -> None:
    assert Played(1, "", "the port is taken\n", tmp_path).disturbance() == "it exited with 1: the port is taken"


def test_if_every_try_was_disturbed_each_is_told(tmp_path: Path) -> None:
    late = played(tmp_path, [(14.0, 15.0)])
    failed = Played(1, "", "no models", tmp_path)
    with pytest.raises(
        AssertionError, match=r"every one of 3 tries:\n.*1: it exited.*\n.*2: .*0\.38 s.*\n.*3: .*0\.38 s"
    ):
        undisturbed([failed, late, late])

"""What one run of the demonstration printed and left behind, and what can be measured in it."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from voicecall.audio import Samples
from voicecall.audio.levels import audible_spans

LATEST_SILENCE = 0.2
"""Seconds after the caller's onset by which the agent must be silent."""


class Interruption(NamedTuple):
    """The caller talks over the agent; in seconds since the answer, each a multiple of 10 ms."""

    onset: float
    """The caller begins."""
    silent: float
    """The agent falls silent."""
    again: float
    """The agent speaks again."""

    @property
    def reaction(self) -> float:
        """Seconds from the caller's onset to the agent's silence."""
        return round(self.silent - self.onset, 2)


@dataclass(frozen=True)
class Played:
    """What one run of the demonstration printed and left behind."""

    status: int
    output: str
    errors: str
    folder: Path

    @property
    def record(self) -> dict[str, Any]:
        record: dict[str, Any] = json.loads((self.folder / "record.json").read_text())
        return record

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "events.jsonl").read_text().splitlines()]

    def lines(self, speaker: str) -> list[dict[str, Any]]:
        return [line for line in self.record["transcript"] if line["speaker"] == speaker]

    def times(self, kind: str) -> list[str]:
        return [event["at"] for event in self.events if event["type"] == kind]

    def sides(self) -> tuple[Samples, Samples]:
        """The caller's and the agent's audio, 8 kHz."""
        with wave.open(io.BytesIO((self.folder / "call.wav").read_bytes())) as file:
            assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8000, 2)
            both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
        scaled = both.astype(np.float32) / np.float32(32768)
        return np.ascontiguousarray(scaled[:, 0]), np.ascontiguousarray(scaled[:, 1])

    def interruptions(self) -> list[Interruption]:
        """Where the caller began while the agent had been speaking for half a second and still spoke."""
        caller, agent = self.sides()
        agent_spans = audible_spans(agent, join=0.4)
        return [
            Interruption(onset, end, again)
            for onset, _ in audible_spans(caller, join=0.4)
            for (begin, end), (again, _) in pairwise(agent_spans)
            if begin + 0.5 < onset < end
        ]

    def disturbance(self) -> str | None:
        """Say what a stall of the machine may have spoilt: the parties talked past each other, or were late."""
        if self.status != 0:
            return f"it exited with {self.status}: {self.errors.strip()}"
        cut = sum("heard" in line for line in self.lines("agent"))
        if cut != 1:
            return f"{cut} replies were cut short instead of one"
        interruptions = self.interruptions()
        if len(interruptions) != 1:
            return f"the caller began {len(interruptions)} times while the agent spoke, instead of once"
        (interruption,) = interruptions
        if interruption.reaction > LATEST_SILENCE:
            return f"the agent fell silent {interruption.reaction:.2f} s after the caller began"
        return None


def undisturbed(tries: Sequence[Played]) -> Played:
    """Return the last try, which no stall of the machine may have spoilt; it is an error if all were."""
    told = [f"try {number}: {one.disturbance()}" for number, one in enumerate(tries, 1)]
    assert tries[-1].disturbance() is None, f"disturbed in every one of {len(tries)} tries:\n" + "\n".join(told)
    return tries[-1]

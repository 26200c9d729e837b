"""What one run of the demonstration printed and left behind, and what can be measured in it."""

from __future__ import annotations

import io
import json
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from voicecall.audio import Samples
from voicecall.audio.levels import audible_spans

LATEST_SILENCE = 0.2
"""Seconds after the caller's onset by which the agent must be silent."""


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

    def interruption(self) -> tuple[float, float, float]:
        """When the caller began to talk over the agent, when the agent fell silent, and when it spoke again."""
        caller, agent = self.sides()
        agent_spans = audible_spans(agent, join=0.4)
        for onset, _ in audible_spans(caller, join=0.4):
            for number, (begin, end) in enumerate(agent_spans[:-1]):
                if begin + 0.5 < onset < end:
                    return onset, end, agent_spans[number + 1][0]
        raise AssertionError("nobody was interrupted")


def is_undisturbed(played: Played) -> bool:
    """Say whether no stall of the machine made the parties talk past each other, or delayed the interruption."""
    if played.status != 0 or sum("heard" in line for line in played.lines("agent")) != 1:
        return False
    onset, silent, _ = played.interruption()
    return silent - onset <= LATEST_SILENCE

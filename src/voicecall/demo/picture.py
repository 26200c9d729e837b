"""Draws a call as an SVG: the waveforms of both sides over time, and under them the words where they were said."""

from __future__ import annotations

import io
import textwrap
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from voicecall.audio import Samples

from .take import Take

_SCALE = 52
"""Pixels a second."""
_MARGIN = 70
_LANE = 110
"""Height of a waveform."""
_TOP = 56
_BLOCK = 30
"""Characters in a line of words."""
_LETTER, _LEADING = 7.4, 17
"""Width of a letter and distance of lines, in pixels; letters are drawn with one width."""
_COLOURS = {"caller": "#0b7285", "agent": "#2b8a3e"}
_BINS = _SCALE
"""Bars of the waveform a second."""


@dataclass(frozen=True, slots=True)
class _Words:
    """A line of the transcript, folded, with its place."""

    x: float
    speaker: str
    heard: list[str]
    unheard: list[str]

    @property
    def lines(self) -> int:
        return len(self.heard) + len(self.unheard)


def draw(take: Take) -> str:
    """Return the picture of a call."""
    sides, rate = _sides(take.wav)
    seconds = len(sides["caller"]) / rate
    width = round(2 * _MARGIN + seconds * _SCALE + _BLOCK * _LETTER / 2)
    under = _TOP + 2 * _LANE + 40
    words, height = _placed(_words(take.record), under)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        "<style>text{font:12px 'DejaVu Sans Mono',Menlo,Consolas,monospace}</style>",
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{_MARGIN}" y="24" font-weight="bold">{escape(_title(take.record, seconds))}</text>',
        *_axis(seconds, under),
    ]
    for lane, (speaker, samples) in enumerate(sides.items()):
        middle = _TOP + _LANE * lane + _LANE / 2
        parts.append(f'<text x="10" y="{middle + 4:.0f}" fill="{_COLOURS[speaker]}">{speaker}</text>')
        parts.append(f'<path d="{_bars(samples, rate, middle)}" stroke="{_COLOURS[speaker]}" stroke-width="1"/>')
    parts += _interruptions(take, under)
    parts += [_leader(block, y, under) for block, y in words]
    for block, y in words:
        parts += _text(block, y)
    return "\n".join([*parts, "</svg>"])


def _sides(wav: bytes) -> tuple[dict[str, Samples], int]:
    with wave.open(io.BytesIO(wav)) as file:
        rate = file.getframerate()
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    scaled = both.astype(np.float32) / np.float32(32768)
    return {"caller": scaled[:, 0], "agent": scaled[:, 1]}, rate


def _title(record: dict[str, Any], seconds: float) -> str:
    return f"{record['callId']}   {record['startedAt'][:10]}   {seconds:.1f} s   {record['endReason']}"


def _bars(samples: Samples, rate: int, middle: float) -> str:
    step = rate // _BINS
    peaks = np.abs(samples[: len(samples) - len(samples) % step]).reshape(-1, step).max(axis=1)
    drawn = []
    for number, peak in enumerate(peaks.tolist()):
        half = max(0.5, peak * _LANE * 0.48)
        drawn.append(f"M{_MARGIN + number:.0f} {middle - half:.1f}V{middle + half:.1f}")
    return "".join(drawn)


def _axis(seconds: float, under: int) -> Iterator[str]:
    y = under - 22
    yield f'<path d="M{_MARGIN} {y}h{seconds * _SCALE:.0f}" stroke="#868e96"/>'
    for second in range(int(seconds) + 1):
        x = _MARGIN + second * _SCALE
        yield f'<path d="M{x} {y}v{8 if second % 5 == 0 else 4}" stroke="#868e96"/>'
        if second % 5 == 0:
            yield f'<text x="{x + 3}" y="{y + 16}" fill="#868e96">{second} s</text>'


def _interruptions(take: Take, under: int) -> Iterator[str]:
    for event in take.events:
        late = event["data"].get("stages", {}).get("interruption") if event["type"] == "turn.measured" else None
        if late is not None:
            x = _MARGIN + _seconds(event["at"], take.record) * _SCALE
            yield f'<path d="M{x:.0f} {_TOP - 8}V{under - 22}" stroke="#e8590c" stroke-dasharray="4 3"/>'
            yield f'<text x="{x + 4:.0f}" y="{_TOP - 10}" fill="#e8590c">silent after {late:.0f} ms</text>'


def _seconds(at: str, record: dict[str, Any]) -> float:
    answered = record["answeredAt"] or record["startedAt"]
    return (datetime.fromisoformat(at) - datetime.fromisoformat(answered)).total_seconds()


def _words(record: dict[str, Any]) -> Iterator[_Words]:
    for line in record["transcript"]:
        text, heard = line["text"], line.get("heard", line["text"])
        rest = text[len(heard) :].strip() if text.startswith(heard) else ""
        x = _MARGIN + max(0.0, _seconds(line["at"], record)) * _SCALE
        unheard = textwrap.wrap(textwrap.shorten(f"[{rest}]", 3 * _BLOCK, placeholder=" ...]"), _BLOCK) if rest else []
        yield _Words(x, line["speaker"], textwrap.wrap(heard, _BLOCK), unheard)


def _placed(blocks: Iterator[_Words], under: int) -> tuple[list[tuple[_Words, int]], int]:
    """Give each block the highest place where it covers no other; return them with the height of it all."""
    taken: list[tuple[float, int, int]] = []
    placed = []
    for block in sorted(blocks, key=lambda one: one.x):
        y, tall = under, block.lines * _LEADING + 12
        while any(end > block.x and top < y + tall and y < bottom for end, top, bottom in taken):
            y += _LEADING
        taken.append((block.x + _BLOCK * _LETTER + 10, y, y + tall))
        placed.append((block, y))
    return placed, max((bottom for _, _, bottom in taken), default=under) + 16


def _leader(block: _Words, y: int, under: int) -> str:
    return f'<path d="M{block.x:.0f} {under - 22}V{y + 4}" stroke="{_COLOURS[block.speaker]}" opacity="0.4"/>'


def _text(block: _Words, y: int) -> Iterator[str]:
    lines = [*block.heard, *block.unheard]
    wide, tall = max(map(len, lines)) * _LETTER + 8, block.lines * _LEADING + 4
    yield f'<rect x="{block.x + 2:.0f}" y="{y + 3}" width="{wide:.0f}" height="{tall}" fill="white" opacity="0.9"/>'
    for number, line in enumerate(lines):
        colour = _COLOURS[block.speaker] if number < len(block.heard) else "#adb5bd"
        yield f'<text x="{block.x + 5:.0f}" y="{y + (number + 1) * _LEADING}" fill="{colour}">{escape(line)}</text>'

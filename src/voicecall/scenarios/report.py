"""Outcomes as words for people, as JSON for programs, and as files to keep."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from voicecall.errors import VoicecallError

from .measures import Measures
from .running import Outcome
from .timeline import timeline, told


def lines(outcome: Outcome, *, whole: bool = False) -> Iterator[str]:
    """Yield what a person is told: one line when all was as expected, else what was not, and what was heard when.

    `whole`: tell what was heard when in any case.
    """
    took = f"{outcome.measures.seconds:6.1f} s" if outcome.measures else "        "
    yield f"{'pass' if outcome.passed else 'FAIL'}  {took}  {outcome.read.file}: {outcome.read.scenario.name}"
    if outcome.passed and not whole:
        return
    for miss in outcome.missed:
        yield f"      {miss.expectation}: wanted {miss.wanted}"
        yield f"      {' ' * len(miss.expectation)}  got    {miss.was}"
    if outcome.measures is not None:
        yield "      seconds          who     heard"
        for moment in timeline(outcome.measures):
            yield f"     {told(moment)}"
    if outcome.heard is not None:
        yield f"      made out of the recording: {outcome.heard}"


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON values; times in milliseconds."""
    return {
        "name": outcome.read.scenario.name,
        "file": str(outcome.read.file),
        "ok": outcome.passed,
        "misses": msgspec.to_builtins(outcome.missed),
        "callId": outcome.held.record["callId"] if outcome.held else None,
        "timeline": msgspec.to_builtins(timeline(outcome.measures)) if outcome.measures else [],
        "heard": outcome.heard,
        "measured": _measured(outcome.measures) if outcome.measures else None,
    }


def _measured(measures: Measures) -> dict[str, Any]:
    return {
        "seconds": round(measures.seconds, 3),
        "responses": [
            {"turn": one.turn, "ms": round(one.response_ms), "waitMs": round(one.wait_ms)} for one in measures.answers
        ],
        "silentAfter": [round(took) for took in measures.interruptions_ms],
        "pauses": [[round(begin * 1000), round(end * 1000)] for begin, end in measures.pauses],
        "longestSilence": round(max((end - begin for begin, end in measures.silences), default=0.0) * 1000),
    }


def keep(outcome: Outcome, folder: Path) -> None:
    """Write recording, record, transcript, events and timeline of a call into `folder`, by the scenario's file name.

    Raises:
        VoicecallError: they cannot be written.
    """
    held = outcome.held
    if held is None:
        return
    stem = outcome.read.file.stem
    texts = {
        "record.json": json.dumps(held.record, indent=1),
        "transcript.json": json.dumps(held.record["transcript"], indent=1),
        "events.jsonl": "\n".join(map(json.dumps, held.events)),
        "timeline.txt": "\n".join(lines(outcome, whole=True)),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{stem}.wav").write_bytes(held.wav)
        for name, text in texts.items():
            (folder / f"{stem}.{name}").write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise VoicecallError(f"the calls cannot be kept in {folder}: {error.strerror}") from None

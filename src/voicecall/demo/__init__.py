"""The demonstration: one spoken call between a simulated caller and the default agent, shown, recorded and drawn."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from voicecall import logs
from voicecall.app import new_event_loop
from voicecall.errors import VoicecallError

from .picture import draw
from .show import Show
from .take import Take, record

__all__ = ["run"]


def run(*, faults: bool = False, folder: Path | None = None, as_json: bool = False) -> int:
    """Hold the call and return the exit code; what it leaves behind is in `folder`, default `./demo`.

    `faults` makes the network misbehave. `as_json` writes one JSON object and shows nothing.

    Raises:
        VoicecallError: the call could not be held.
    """
    folder = (folder or Path("demo")).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VoicecallError(f"the folder of the demonstration cannot be made: {folder}: {error.strerror}") from None
    logs.configure(logs.LogOptions(level="error"))
    with Show(quiet=as_json) as show, asyncio.Runner(loop_factory=new_event_loop) as runner:
        try:
            take = runner.run(record(folder / "state", show, faults=faults))
        except BaseExceptionGroup as group:
            cause = _first(group)
            if isinstance(cause, VoicecallError):
                raise cause from None
            raise
    files = _keep(take, folder)
    show.summary(take.record, files)
    if as_json:
        sys.stdout.write(json.dumps(files) + "\n")
    else:
        for name in ("recording", "transcript"):
            sys.stdout.write(f"{name}: {files[name]}\n")
    return 0 if take.record["endReason"] == "hangup-agent" else 1


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _keep(take: Take, folder: Path) -> dict[str, str]:
    """Write down what the call left behind, and return the files by what they are."""
    texts = {
        "transcript": ("transcript.json", json.dumps(take.record["transcript"])),
        "record": ("record.json", json.dumps(take.record, indent=1)),
        "events": ("events.jsonl", "\n".join(map(json.dumps, take.events))),
        "picture": ("call.svg", draw(take)),
    }
    recording = folder / "call.wav"
    recording.write_bytes(take.wav)
    files = {"recording": str(recording)}
    for what, (name, text) in texts.items():
        (folder / name).write_text(text + "\n", encoding="utf-8")
        files[what] = str(folder / name)
    return files

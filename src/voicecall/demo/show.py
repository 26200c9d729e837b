"""Shows a call as it happens: coloured and in place in a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from .script import FAULTS_IN_WORDS

_COLOURS = {"caller": "cyan", "agent": "green", "": "dim"}
_SPEAKING = {
    "speech.started": ("the caller speaks", "cyan"),
    "speech.stopped": ("the caller paused", "dim"),
    "reply.started": ("the agent speaks", "green"),
    "reply.finished": ("nobody speaks", "dim"),
    "call.ended": ("the call is over", "dim"),
}
_STAGES = ("wait", "brain", "voice", "response")
_NEWS = {
    "call.initiated": "the phone rings",
    "stream.started": "the media stream is up",
    "stream.stopped": "the media stream is gone",
    "reply.farewell": "the agent will hang up once this was heard",
    "call.hangup-accepted": "the network has hung up",
}


class Show:
    """One call on one console; a context manager."""

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        """`quiet` shows nothing at all."""
        self._console = console or Console(quiet=quiet, highlight=False)
        self._live = self._console.is_terminal and not quiet
        self._status = Status("", console=self._console, spinner="dots")
        self._zero: datetime | None = None
        self._streams = 0

    def __enter__(self) -> Self:
        if self._live:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._status.stop()

    # --- what the audience of a take is told

    def progress(self, text: str) -> None:
        """Something takes a while."""
        if self._live:
            self._status.update(text + " …")
        else:
            self._line(text + " …", "dim")

    def opened(self, public_url: str, *, faults: bool) -> None:
        """The gateway is up."""
        self._line(f"the gateway listens at {public_url}", "dim")
        if faults:
            self._line(f"the network misbehaves: {FAULTS_IN_WORDS}", "yellow")

    def event(self, event: Mapping[str, Any]) -> None:
        """Something happened in the call."""
        at = datetime.fromisoformat(event["at"])
        kind, data = str(event["type"]), event["data"]
        if kind == "stream.started":
            self._streams += 1
            self._zero = at if self._streams == 1 else self._zero
        seconds = (at - (self._zero or at)).total_seconds()
        match kind:
            case "transcript.partial":
                self._partial(seconds, data["text"])
            case "transcript.final" if data["text"]:
                self._row(seconds, "caller", data["text"])
            case "reply.finished":
                self._row(seconds, "agent", data["text"])
            case "reply.interrupted" if data["heard"]:
                self._cut(seconds, data["text"], data["heard"])
            case "turn.measured":
                self._measured(seconds, data["turn"], data["stages"])
            case "call.warning" | "reply.failed" | "transcript.failed":
                self._row(seconds, "", str(data.get("text") or data.get("detail")), style="yellow")
            case "stream.started" if self._streams > 1:
                self._row(seconds, "", "the media stream is back", style="yellow")
            case _ if kind in _NEWS:
                self._row(seconds, "", _NEWS[kind])
            case _:
                pass
        self._now(kind)

    def _partial(self, seconds: float, text: str) -> None:
        if self._live:
            self._status.update(Text(text, "cyan"), spinner_style="cyan")
        else:
            self._row(seconds, "caller", text + " …")

    def _now(self, kind: str) -> None:
        """Say who speaks; plain lines leave that to the words."""
        if self._live and kind in _SPEAKING:
            told, colour = _SPEAKING[kind]
            self._status.update(Text(told, colour), spinner_style=colour)

    def _cut(self, seconds: float, text: str, heard: str) -> None:
        unheard = len(text.split()) - len(heard.split())
        self._row(seconds, "agent", f"{heard} —", note=f"interrupted; {unheard} words were never heard")

    def _measured(self, seconds: float, turn: int, stages: Mapping[str, float]) -> None:
        if "interruption" in stages:
            self._row(seconds, "", f"silent {stages['interruption']:.0f} ms after the caller began", style="yellow")
        if "response" in stages:
            told = ", ".join(f"{name} {stages[name]:.0f}" for name in _STAGES if name in stages)
            self._row(seconds, "", f"turn {turn}: {told} ms")

    # --- what it all came to

    def summary(self, record: Mapping[str, Any], files: Mapping[str, str]) -> None:
        """Show how the call went."""
        turns = record["latency"]["turns"]
        answers = sorted(turn["response"] for turn in turns if "response" in turn)
        cuts = [turn["interruption"] for turn in turns if "interruption" in turn]
        self._line("")
        if answers:
            self._line(
                f"answers after {answers[0]:.0f} to {answers[-1]:.0f} ms, median {answers[len(answers) // 2]:.0f}"
            )
        if cuts:
            self._line(f"silent {max(cuts):.0f} ms after being interrupted")
        self._line(f"ended: {record['endReason']}, {self._streams} media stream{'s' * (self._streams != 1)}")
        self._line(f"picture: {files['picture']}")

    # --- lines

    def _row(self, seconds: float, who: str, text: str, *, style: str = "", note: str = "") -> None:
        told = Text(text, style or _COLOURS[who])
        if note:
            told.append(f"  ({note})", "yellow")
        row = Table.grid(padding=(0, 2))
        row.add_row(Text(f"{seconds:6.1f}", "dim"), Text(f"{who:>6}", f"bold {_COLOURS[who]}"), told)
        if self._live:
            self._console.print(row)
        else:
            self._line(f"{seconds:6.1f}  {who:>6}  {told.plain}")

    def _line(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style), soft_wrap=True)

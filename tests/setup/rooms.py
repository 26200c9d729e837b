"""A terminal with answers written beforehand, a world that says what it is told, and deeds that are only noted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from voicecall.app.numbers import Change
from voicecall.carriers.numbers import NumberSettings
from voicecall.config.load import Draft, Loaded
from voicecall.core.ids import mask
from voicecall.doctor import Check, Report, ok
from voicecall.setup import REACH, Choice, Question, Trial
from voicecall.setup.acting import Done, Plan, Say
from voicecall.setup.run import SetUp, Wishes

OURS, MINE = "+15550001111", "+15550100009"
URL = "https://voice.example.com/voice/webhook"


class Answering:
    """Somebody who answers questions by a word in them; without one, with Enter. An exception is raised."""

    def __init__(self, answers: Mapping[str, str | list[str] | type[BaseException]]) -> None:
        self.answers = {word: list(one) if isinstance(one, list) else [one] for word, one in answers.items()}
        self.told: list[str] = []
        self.hidden: list[str] = []
        self._question = ""

    def say(self, line: str = "") -> None:
        self.told.append(line)
        if line and not line.startswith(" "):
            self._question = line

    def ask(self, prompt: str, *, hidden: bool = False) -> str:
        question = self._question if prompt.endswith("> ") and not prompt.startswith("  ") else prompt
        self.told.append(prompt)
        assert len(self.told) < 500, self.told[-20:]
        if hidden:
            self.hidden.append(question)
        for word, given in self.answers.items():
            if word in question and given:
                answer = given.pop(0)
                if not isinstance(answer, str):
                    raise answer
                return answer
        return ""

    @property
    def text(self) -> str:
        return "\n".join(self.told)


class Pretending:
    """A world in which everything is well, but for what is said otherwise."""

    def __init__(self) -> None:
        self.numbers: tuple[Choice, ...] = (Choice(OURS), Choice("+15550002222"))
        self.ways: tuple[Choice, ...] = (Choice("cloudflared"), Choice("fixed"), Choice("none"))
        self.found: dict[str, list[Check]] = {}
        """By trial: what is found, one after the other."""
        self.tried_: list[str] = []
        self.drafts: list[Draft] = []

    def offers(self, question: Question, draft: Draft) -> tuple[Choice, ...]:
        if question.key == REACH:
            return self.ways
        return self.numbers if question.key.endswith("from_number") else ()

    def tried(self, trial: Trial, draft: Draft) -> tuple[Check, ...]:
        self.tried_.append(trial.name)
        self.drafts.append(draft)
        found = self.found.get(trial.name)
        return (found.pop(0),) if found else (ok(trial.name, "well"),)


class Noting:
    """Deeds that succeed."""

    def __init__(self) -> None:
        self.report = Report(())
        self.running = False
        self.settings: NumberSettings | None = NumberSettings(OURS, "https://old.example.com/")
        self.plans: list[Plan] = []
        self.interrupted = False

    def examined(self, file: Path) -> Report:
        return self.report

    def is_running(self, loaded: Loaded) -> bool:
        return self.running

    def number(self, loaded: Loaded) -> NumberSettings | None:
        return self.settings

    def act(self, file: Path, loaded: Loaded, plan: Plan, done: Done, say: Say) -> None:
        self.plans.append(plan)
        if plan.point and self.settings is not None:
            done.pointing = True
            done.pointed = Change(self.settings, NumberSettings(OURS, URL))
        done.rung = mask(plan.ring) if plan.ring else ""
        if self.interrupted:
            raise KeyboardInterrupt


class Room:
    """A folder in which things are set up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "voicecall.toml"
        self.environ = {"VOICECALL_STATE_DIR": str(folder / "state")}
        self.world = Pretending()
        self.deeds = Noting()
        self.last: SetUp

    def run(self, terminal: Answering | None, wishes: Wishes | None = None, **given: str) -> SetUp:
        """Set up in this folder; `given` are flags with underscores."""
        self.last = SetUp(self.world, self.deeds, self.environ, terminal, terminal)
        flags = {f"--{name.replace('_', '-')}": value for name, value in given.items()}
        self.last.run(wishes or Wishes(self.file), flags)
        return self.last

    @property
    def text(self) -> str:
        return self.file.read_text("utf-8")


TWILIO: Mapping[str, str | list[str] | type[BaseException]] = {
    "Which carrier": "twilio",
    "Account SID": "AC00000000000000000000000000000001",
    "Auth token": "very secret",
    "reach this machine": "fixed",
    "The URL at which": URL,
    "Who may call": "allowlist",
    "Which numbers": MINE,
    "Your own telephone": MINE,
}
"""Answers for a first configuration."""

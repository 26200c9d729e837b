"""The whole set-up: look at what is there, hold the interview, write the file, and do what is agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voicecall.app.carriers import from_number
from voicecall.config.files import read
from voicecall.config.keys import dotted
from voicecall.config.load import Loaded, draft, load, places_of
from voicecall.config.writing import replace
from voicecall.core.ids import mask
from voicecall.doctor import Check, ok
from voicecall.errors import ConfigError, Fault, VoicecallError

from . import FILE, Around, Secret, Terminal, World
from .acting import Deeds, Done, Plan, plain
from .answers import changes, shown
from .document import Present, edited, present
from .interview import Interview, line

_BEFORE_SERVING = ("config", "state-dir", "ports", "models", "store", "credentials-")
"""Checks whose failure keeps the gateway from starting, or from doing anything."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is wanted beside the answers."""

    path: Path | None = None
    """The file that the user named."""
    point: bool = True
    """Whether the number may be pointed."""
    call: bool = True
    """Whether a phone may be rung."""
    plain_secrets: bool = False
    """Whether typed secrets are to stand in the file itself."""
    agreed: bool = False
    """Whether what would be asked for leave is agreed to beforehand."""


@dataclass(slots=True)
class Outcome:
    """What came of it; filled as it goes."""

    file: Path | None = None
    backup: Path | None = None
    changed: list[str] = field(default_factory=list)
    """Keys that the file has now, or has otherwise; their names."""
    checks: dict[str, Check] = field(default_factory=dict)
    done: Done = field(default_factory=Done)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong, as far as it was tried."""
        called = self.done.called
        failed = any(check.level == "fail" for check in self.checks.values())
        return not failed and not self.done.failures and (called is None or called.they_heard)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values; no secret is in them."""
        return {
            "ok": self.ok,
            "file": None if self.file is None else str(self.file),
            "backup": None if self.backup is None else str(self.backup),
            "changed": self.changed,
            "checks": [check.plain() for check in self.checks.values()],
            **plain(self.done),
        }

    def so_far(self) -> list[str]:
        """Return what was changed, in lines: what remains where somebody ends it midway."""
        lines = []
        if self.changed:
            kept = f"; what it was is in {self.backup}" if self.backup else ""
            lines.append(f"{self.file} was written{kept}")
        if self.done.pointing and (self.done.pointed is None or self.done.pointed.changed):
            lines.append("the number was pointed here: `voicecall number undo` puts that back")
        if self.done.rung:
            lines.append(f"{self.done.rung} was rung")
        return lines or ["nothing was changed"]


class SetUp:
    """One run of it."""

    def __init__(
        self, world: World, deeds: Deeds, environ: Mapping[str, str], terminal: Terminal | None, say: Terminal | None
    ) -> None:
        """`terminal` answers questions, where there is one; `say` is told what happens, where somebody listens."""
        self.outcome = Outcome()
        self._world = world
        self._deeds = deeds
        self._environ = environ
        self._terminal = terminal
        self._listener = say

    def run(self, wishes: Wishes, given: Mapping[str, str]) -> None:
        """Set up; `given` has answers by the flag of their question.

        Raises:
            ConfigError: the present file cannot be read or changed, or answers are missing; nothing was written.
            VoicecallError: the file cannot be written, or the gateway does not start.
            KeyboardInterrupt: they had enough; `outcome` tells what remains.
        """
        around, there = look(wishes.path, self._environ)
        if self._terminal is not None and around.file is not None and there is not None:
            self._say(f"What {around.file} says is suggested; Enter takes it.")
        interview = Interview(around, self._world, given, self._terminal)
        interview.hold()
        self.outcome.checks |= interview.checks
        file = around.file or Path(str(interview.answers[FILE])).expanduser()
        self.outcome.file = file
        if not self._written(file, around, there, interview, plain_secrets=wishes.plain_secrets):
            return
        loaded = self._examined(file, points=wishes.point and (self._terminal is not None or wishes.agreed))
        if loaded is not None:
            self._act(file, loaded, wishes)

    # --- the file

    def _written(
        self, file: Path, around: Around, there: Present | None, interview: Interview, *, plain_secrets: bool
    ) -> bool:
        """Write what has changed; return whether to go on."""
        answers = interview.answers
        if plain_secrets:
            for key, answer in answers.items():
                if isinstance(answer, Secret) and answer.kind == "typed":
                    answers[key] = Secret(answer.text, "plain")
        typed = {k: a.text for k, a in answers.items() if isinstance(a, Secret) and a.kind == "typed"}
        preview = changes(answers, around, dict.fromkeys(typed, "…"))
        edited(there, preview, interview.about, str(file))
        self._say("")
        if not preview:
            self._say(f"{file} says all that already: nothing was changed")
            return True
        for path in preview:
            answer = answers.get(dotted(path))
            told = "is taken out" if preview[path] is None else f"= {shown(answer) or preview[path]}"
            self._say(f"  {dotted(path)} {told}")
        if not self._agrees(f"Write {file}?"):
            self._say("nothing was written")
            return False
        state = draft(around.present, self._environ, file).state
        kept = {key: str(state.keep_secret(key.replace(".", "-"), text)) for key, text in typed.items()}
        found = changes(answers, around, kept)
        if found:
            file.parent.mkdir(parents=True, exist_ok=True)
            self.outcome.backup = replace(file, edited(there, found, interview.about, str(file)))
        self.outcome.changed = [dotted(path) for path in found]
        told = f"; what it was is in {self.outcome.backup}" if self.outcome.backup else ""
        self._say(f"wrote {file}{told}" if found else f"{file} says all that already: nothing was changed")
        return True

    def _examined(self, file: Path, *, points: bool) -> Loaded | None:
        """Let the doctor look at everything; return the configuration where a gateway could run on it.

        `points`: where the number leads is come to later.
        """
        report = self._deeds.examined(file)
        known = self.outcome.checks if self._terminal is not None else {}
        for check in report.checks:
            comes_next = check.id == "daemon" or (points and check.id.startswith("number-"))
            if check.level != "ok" and not comes_next and known.get(check.id) != check:
                self._say(line(check))
        self.outcome.checks = {check.id: check for check in report.checks}
        stops = [check.id for check in report.checks if check.level == "fail" and check.id.startswith(_BEFORE_SERVING)]
        if stops:
            self._say(f"That first ({', '.join(stops)}); then `voicecall setup` goes on from here.")
            return None
        return load(file, self._environ)

    # --- what comes after

    def _act(self, file: Path, loaded: Loaded, wishes: Wishes) -> None:
        running = self._deeds.is_running(loaded)
        if running and self.outcome.changed:
            self._say(
                "A gateway runs with the settings of before: restart it; `voicecall setup` then goes on from here."
            )
            return
        plan = self._plan(loaded, wishes, is_running=running)
        if plan != Plan(is_running=running):
            done = self.outcome.done
            try:
                self._deeds.act(file, loaded, plan, done, self._say)
            except VoicecallError as error:
                done.failures.append(str(error))
            for failure in done.failures:
                self._say(failure)
            for check in done.checks:
                self.outcome.checks[check.id] = check
            if done.pointed is not None:
                id_ = f"number-{loaded.config.provider}"
                self.outcome.checks[id_] = ok(id_, "calls to it are announced here")
        self._say("")
        if not running:
            self._say(f"The gateway is started with: voicecall serve --config {file}")

    def _plan(self, loaded: Loaded, wishes: Wishes, *, is_running: bool) -> Plan:
        """Ask what is to be done."""
        config = loaded.config
        tunnel = config.tunnel.provider != "none" and config.public_url is None
        is_reached = config.provider == "mock" or tunnel or config.public_url is not None
        point = ring = False
        if config.provider != "mock" and is_reached and wishes.point:
            point = self._wants_pointing(loaded)
        if config.to_number is not None and is_reached and wishes.call:
            whose = " of the mock network" if config.provider == "mock" else ""
            ring = self._leave(wishes, f"Ring {mask(config.to_number)}{whose} for a test?")
        point = point and (self._terminal is not None or wishes.agreed)
        opened = tunnel and not is_running
        if opened and not (point or ring):
            opened = self._leave(wishes, "Open the tunnel, to see that it works?")
        to = str(config.to_number) if ring else ""
        return Plan(tunnel=opened, point=point, ring=to, is_running=is_running)

    def _wants_pointing(self, loaded: Loaded) -> bool:
        config = loaded.config
        ours = from_number(config, config.provider)
        settings = self._deeds.number(loaded)
        if ours is None or settings is None:
            return False
        if config.public_url is not None and settings.leads_to(config.public_url):
            self._say(f"calls to {mask(ours)} are announced here already")
            return False
        self._say("")
        self._say(f"Calls to {mask(ours)} are announced {settings.voice_url or 'nowhere'}.")
        return self._agrees(f"Have them announced at {config.public_url or 'the address of the tunnel'}?")

    def _leave(self, wishes: Wishes, question: str) -> bool:
        """Return whether something may be done outside."""
        return self._agrees(question) if self._terminal is not None else wishes.agreed

    def _agrees(self, question: str) -> bool:
        if self._terminal is None:
            return True
        return not self._terminal.ask(f"{question} [Y/n] ").strip().lower().startswith("n")

    def _say(self, told: str) -> None:
        if self._listener is not None:
            self._listener.say(told)


def look(path: Path | None, environ: Mapping[str, str]) -> tuple[Around, Present | None]:
    """Return what is there, given the file that the user named.

    Raises:
        ConfigError: there is a file that is not well-formed, or that is not in TOML.
    """
    places = places_of(environ)
    file = path or next((place for place in places if place.is_file()), None)
    if file is None:
        return Around({}, environ, places[0] if len(places) == 1 else None, places), None
    if not file.exists():
        return Around({}, environ, file, places), None
    _, _, is_json = read(file)
    if is_json:
        hint = "is JSON: `voicecall config import` makes a voicecall.toml of it"
        raise ConfigError([Fault("", hint, str(file))])
    there = present(file.read_text("utf-8-sig"))
    return Around(there.tree, environ, file, places), there

"""Holds the interview: asks, has each answer tried, asks again; or takes the answers that were given beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath

from voicecall.config.keys import Path
from voicecall.config.load import Draft, draft
from voicecall.doctor import Check
from voicecall.errors import ConfigError, Fault

from . import FILE, REACH, Answer, Around, Choice, Kind, Question, Secret, Terminal, Trial, World
from .answers import LEFT_OUT, laid_over, parsed, shown, suggested, values
from .questions import following

_KEEP = "k"


class Interview:
    """One interview; what it found is in its members."""

    def __init__(
        self, around: Around, world: World, given: Mapping[str, str], terminal: Terminal | None = None
    ) -> None:
        """`given` has answers by the flag of their question. Without a terminal, everything else is as suggested."""
        self.answers: dict[str, Answer] = {}
        self.about: dict[Path, str] = {}
        """What the keys that were asked about mean."""
        self.checks: dict[str, Check] = {}
        """What the trials found, by id."""
        self._around = around
        self._world = world
        self._given = dict(given)
        self._terminal = terminal
        self._tried: set[str] = set()
        self._faults: list[Fault] = []
        self._before: dict[str, Answer] = {}
        """Answers that are asked again."""
        if "--public-url" in given:
            self._given.setdefault("--tunnel", "fixed")

    def hold(self) -> None:
        """Ask until everything is answered.

        Raises:
            ConfigError: nobody can be asked, and answers are missing or wrong; all that are.
            KeyboardInterrupt: they had enough.
        """
        while (step := following(self.answers, self._tried, self._around)) is not None:
            if isinstance(step, Trial):
                self._try(step)
            else:
                self._answer(step)
        self._faults += [
            Fault("", f"{flag} is of no use with these answers") for flag in self._given if self._terminal is None
        ]
        if self._faults:
            raise ConfigError(self._faults)

    def draft(self) -> Draft:
        """Return the configuration as it would be."""
        return draft(laid_over(self._around.present, values(self.answers)), self._around.environ, self._around.file)

    # --- questions

    def _answer(self, question: Question) -> None:
        self.about[tuple(question.key.split("."))] = question.about
        if question.key == REACH:
            self.about["tunnel", "provider"] = "who carries requests to this machine"
        choices = question.choices or self._offers(question)
        known = self._before.get(question.key) or suggested(question, self._around) or self._of_environment(question)
        if self._terminal is None:
            self._take(question, choices, known)
        else:
            self._ask(self._terminal, question, choices, known or self._first(question, choices))

    def _of_environment(self, question: Question) -> Answer:
        """Return the answer to what is needed and known by any variable of the environment."""
        variable = self.draft().variables.get(question.key)
        if variable is None or not question.needed or question.kind not in (Kind.TEXT, Kind.CHOICE, Kind.SECRET):
            return None
        return Secret(variable, "env") if question.kind is Kind.SECRET else self._around.environ[variable]

    def _offers(self, question: Question) -> tuple[Choice, ...]:
        """Return what can be chosen; nobody is asked for suggestions that nobody sees."""
        unseen = self._terminal is None or question.flag in self._given
        if question.kind is not Kind.CHOICE or (question.is_open and unseen):
            return ()
        return self._world.offers(question, self.draft())

    def _first(self, question: Question, choices: tuple[Choice, ...]) -> Answer:
        return choices[0].name if choices and question.needed else None

    def _take(self, question: Question, choices: tuple[Choice, ...], known: Answer) -> None:
        """Answer as was given, or as suggested."""
        text = self._given.pop(question.flag, None)
        if text is None and known is None and question.key == FILE:
            known = choices[0].name
        wrong = ""
        if text is not None:
            wrong = self._put(question, text, choices)
        elif known is None and question.needed:
            wrong = f"is needed: {question.text}"
            self.answers[question.key] = None
        else:
            self._store(question, known)
            wrong = self._misfit(question)
        if wrong:
            key = "" if question.key in (REACH, FILE) else question.key
            self._faults.append(Fault(key, f"{question.flag}: {wrong}"))
            self.answers.setdefault(question.key, None)

    def _ask(self, terminal: Terminal, question: Question, choices: tuple[Choice, ...], known: Answer) -> None:
        text = self._given.pop(question.flag, None)
        if text is not None:
            terminal.say()
            terminal.say(f"{question.text}  {question.flag}")
        else:
            terminal.say()
            terminal.say(question.text)
            for number, choice in enumerate(choices, 1):
                terminal.say(f"  {number}  {choice.name:<18} {choice.text}".rstrip())
            if question.kind is Kind.SECRET:
                terminal.say("  It is not shown. env:NAME or file:PATH says where it stands.")
            if not question.needed:
                terminal.say(f"  Not needed{f'; {LEFT_OUT} leaves it out' if known else ''}.")
        while True:
            if text is None:
                prompt = f"[{shown(known)}] > " if known else "> "
                text = terminal.ask(prompt, hidden=question.kind is Kind.SECRET)
            wrong = ""
            if text.strip():
                wrong = self._put(question, text, choices)
            elif known is None and question.needed:
                wrong = "this is needed"
            else:
                self._store(question, known)
                wrong = self._misfit(question)
            if not wrong:
                self._say_what_counts(terminal, question)
                return
            terminal.say(f"  {wrong}")
            text = None

    def _put(self, question: Question, text: str, choices: tuple[Choice, ...]) -> str:
        """Take what was typed or given; return why it is no answer."""
        try:
            answer = parsed(question, text, choices, FilePath.cwd())
        except ValueError as error:
            return str(error)
        if self._terminal is None and isinstance(answer, Secret) and answer.kind == "typed":
            return "a secret on the command line can be seen by others: give env:NAME or file:PATH"
        self._store(question, answer)
        return self._misfit(question)

    def _store(self, question: Question, answer: Answer) -> None:
        self.answers[question.key] = answer

    def _misfit(self, question: Question) -> str:
        """Return what is wrong with an answer that was stored, and forget it then."""
        key, answer = question.key, self.answers[question.key]
        if key == FILE and FilePath(str(answer)).expanduser().exists():
            del self.answers[key]
            return f"is there already: `voicecall setup --config {answer}` begins with what it says"
        for fault in self.draft().misfits if answer is not None else ():
            if fault.key == key or fault.key.startswith(f"{key}["):
                del self.answers[key]
                return fault.message
        return ""

    def _say_what_counts(self, terminal: Terminal, question: Question) -> None:
        variable = self.draft().variables.get(question.key)
        mine = self.answers.get(question.key)
        if variable is None or mine is None or (isinstance(mine, Secret) and mine.text == variable):
            return
        if mine != self._around.environ.get(variable):
            terminal.say(f"  the environment's {variable} counts for more than the file")

    # --- trials

    def _try(self, trial: Trial) -> None:
        self._tried.add(trial.name)
        if self._faults:
            return
        found = self._world.tried(trial, self.draft())
        self.checks |= {check.id: check for check in found}
        if self._terminal is None:
            return
        for check in found:
            self._terminal.say(line(check))
        if trial.of and any(check.level == "fail" for check in found) and not self._is_kept(self._terminal):
            self._again(trial)

    def _is_kept(self, terminal: Terminal) -> bool:
        typed = terminal.ask("  Enter asks again, k keeps it as it is > ")
        return typed.strip().lower().startswith(_KEEP)

    def _again(self, trial: Trial) -> None:
        self._tried.discard(trial.name)
        for key in trial.of:
            if key in self.answers:
                self._before[key] = self.answers.pop(key)


def line(check: Check) -> str:
    """Return what a check found for a person."""
    told = f"  {check.level:<4}  {check.id}: {check.message}"
    return told if check.level == "ok" else f"{told}\n        {check.fix}"

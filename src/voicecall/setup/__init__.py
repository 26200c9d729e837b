"""The first configuration: an interview that tries each answer, writes a file, and places a first call.

What is asked when is data (`questions`), what the answers mean in a file is pure (`answers`, `document`), and whether
one is right is decided by the doctor's checks (`trying`). Nothing is written before everything is answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto
from pathlib import Path as FilePath
from typing import Literal, Protocol

from voicecall.config.keys import Tree
from voicecall.config.load import Draft
from voicecall.doctor import Check

REACH = "reach"
"""The question how carriers get here: no key of its own."""
FILE = "file"
"""The question where to write: no key either."""


class Kind(StrEnum):
    """What an answer is."""

    CHOICE = auto()
    TEXT = auto()
    SECRET = auto()
    LIST = auto()
    """Texts, separated by commas."""
    COMMAND = auto()
    """Words, as a shell takes them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several answers."""

    name: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that is asked."""

    key: str
    """The key of the configuration that it sets, dotted; or `REACH`, or `FILE`."""
    flag: str
    """Of the command line."""
    text: str
    kind: Kind = Kind.TEXT
    choices: tuple[Choice, ...] = ()
    is_open: bool = False
    """Whether other answers than `choices` may be right."""
    usual: str = ""
    """The answer where nobody gives one and nothing is known."""
    needed: bool = True
    """Whether there must be an answer."""
    about: str = ""
    """What its line in the file means."""


Tried = Literal["credentials", "number", "way", "inbound-policy", "brain", "stt", "tts", "machine"]


@dataclass(frozen=True, slots=True)
class Trial:
    """A look at what was answered so far."""

    name: Tried
    of: tuple[str, ...]
    """The keys that are asked again where it fails."""


Step = Question | Trial


@dataclass(frozen=True, slots=True)
class Secret:
    """An answer that is not shown."""

    text: str = field(repr=False)
    """The secret itself, or the name of a variable, or the path of a file."""
    kind: Literal["typed", "plain", "env", "file"]
    """`typed`: it is to be kept in a file of its own; `plain`: it stands in the configuration; else where it is."""


Answer = str | tuple[str, ...] | Secret | None
"""None: the key is left out."""
Answers = Mapping[str, Answer]
"""By the keys of the questions."""


@dataclass(frozen=True, slots=True)
class Around:
    """What is there before anything is asked."""

    present: Tree
    """What the file says, in our spelling."""
    environ: Mapping[str, str] = field(repr=False)
    file: FilePath | None = None
    """The file; None where one has to be chosen."""
    places: tuple[FilePath, ...] = ()
    """Where one is found by itself."""


class Terminal(Protocol):
    """Somebody who can be asked."""

    def say(self, line: str = "") -> None:
        """Write a line."""

    def ask(self, prompt: str, *, hidden: bool = False) -> str:
        """Return what is typed behind the prompt.

        Raises:
            KeyboardInterrupt: they had enough.
        """


class World(Protocol):
    """What answers are tried on."""

    def offers(self, question: Question, draft: Draft) -> tuple[Choice, ...]:
        """Return what can be chosen here and now, the best first."""

    def tried(self, trial: Trial, draft: Draft) -> tuple[Check, ...]:
        """Return what the doctor finds."""

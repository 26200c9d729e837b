"""A model that hears and speaks in the spelling of these tests, and follows a script."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.gateway.brains import Answers
from tests.gateway.spelling import NOISE, Alphabet
from voicecall.brains import Conversation, HangUpAfter, Line
from voicecall.realtime import Brief, Past, Report, Traits
from voicecall.realtime.scripted import Reply, Script, ScriptedModel, ScriptedSession


class Watched(ScriptedModel):
    """Remembers the sessions that were opened."""

    def __init__(self, script: Script) -> None:
        super().__init__(script)
        self.sessions: list[ScriptedSession] = []

    def open(self, brief: Brief, report: Callable[[Report], None]) -> ScriptedSession:
        """Return the session of a call that begins."""
        self.sessions.append(super().open(brief, report))
        return self.sessions[-1]


class Lines:
    """Answers with these, one after the other; the last one over and over."""

    def __init__(self, *answers: str | Reply) -> None:
        self.answers = answers
        self.asked: list[tuple[Past, ...]] = []
        """What was said before each answer, as the model knew it."""
        self.told: list[tuple[str, ...]] = []
        """What tools had told in the course of each answer."""

    def __call__(self, lines: Sequence[Past], told: Sequence[str]) -> Reply:
        """Return the next one."""
        self.asked.append(tuple(lines))
        self.told.append(tuple(told))
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        return Reply(answer) if isinstance(answer, str) else answer


def model(
    answer: Callable[[Sequence[Past], Sequence[str]], Reply],
    traits: Traits = Traits(),  # noqa: B008 - it is frozen
    *,
    delay: float = 0.0,
    transcribing: float = 0.2,
    unasked: bool = False,
) -> Callable[[Alphabet], Script]:
    """Return the script of a model that answers like this."""

    def script(alphabet: Alphabet) -> Script:
        return Script(
            lambda mulaw: " ".join(word.text for word in alphabet.read(mulaw) if word.text != NOISE),
            answer,
            lambda text: b"".join(alphabet.spell(word) for word in text.split()),
            delay=delay,
            transcribing=transcribing,
            traits=traits,
            unasked=unasked,
        )

    return script


def of(brain: Answers) -> Callable[[Alphabet], Script]:
    """Return the script of a model that takes turns as vendors' do, and answers as this agent would."""

    def answer(lines: Sequence[Past], told: Sequence[str]) -> Reply:
        if told:
            return Reply()
        said = tuple(Line(line.speaker, line.text) for line in lines)
        parts = brain.next(Conversation("", "inbound", "", "", said))
        end = (("end_call", "{}"),)
        return Reply(
            " ".join(part.strip() for part in parts if isinstance(part, str)),
            end if any(isinstance(part, HangUpAfter) for part in parts) else (),
        )

    return model(answer, Traits(endpoints="provider"))

"""What a language model is told: how one speaks on the phone, what this call is about, and what was heard so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from voicecall.brains import Conversation, Line

_FIRST, _LAST = 2, 40
"""How many lines of a long conversation are given, from its beginning and up to now."""

_TASK = "You are a friendly and helpful assistant. Find out what the caller needs and help as far as you can."

_MANNERS = """\
You are speaking with someone on the telephone. Whatever you write is spoken aloud as you write it, so write only what \
is to be said.

- Speak in short, plain, spoken sentences; one or two are usually enough.
- No markup, lists, headings, emoji, code or stage directions. Say addresses and symbols as a person would.
- Write numbers, dates, times and amounts the way they are said.
- Ask one question at a time, then stop and let the other side answer.
- What you are given of the other side was transcribed and may be misheard; if it makes no sense, ask.
- If something takes a moment, say so. Never claim to have done what you have not done.
- Your own earlier words are given as far as they were heard. Do not start over after an interruption: deal with what \
was said.
- Text in square brackets is a note about the call. Never say it and never write such notes.
- When the conversation is over, say goodbye, and hang up only after that."""


_VOICE_MANNERS = """\
You are speaking with someone on the telephone, and you hear them.

- Speak in short, plain, spoken sentences; one or two are usually enough, at the pace of an unhurried phone call.
- Say numbers, dates, times and amounts the way people say them.
- Ask one question at a time, then stop and let the other side answer.
- If you did not understand something, ask. If something takes a moment, say so.
- Never claim to have done what you have not done.
- Do not start over after an interruption: deal with what was said.
- Text in square brackets is a note about the call. Never say it.
- When the conversation is over, say goodbye, and only then use end_call."""


READ_ONLY = """\
In this call you may look things up and change nothing anywhere: book, order, send, delete and pay nothing. If that \
is asked for, say that it cannot be done in this call."""

_CONSULTS = {
    "auto": """\
An assistant behind you knows more than you do and can look things up: ask it with consult whenever you need what you \
were not told here. Never make up what it could tell you.""",
    "substantive": """\
An assistant behind you knows everything that this call is about. Ask it with consult before you answer anything of \
substance: facts, advice, decisions, whatever it could know better. By yourself you only greet, ask back, and say \
goodbye.""",
    "always": "What you say is given to you, word for word. Add nothing of your own.",
}
"""For a model that hears and speaks: when it asks the agent behind it."""
_WORKING = """\
When consult says that it is working, say in one short sentence that you are finding out, and go on with the \
conversation. The answer is said by itself once it is there: never promise when, and do not ask again."""


def consulting(policy: str) -> str:
    """Return what a model that hears and speaks is told about the agent behind it."""
    return _CONSULTS[policy] if policy == "always" else f"{_CONSULTS[policy]}\n\n{_WORKING}"


def inquiry(text: str) -> str:
    """Return the question of the model that speaks with the caller, as a note."""
    return (
        "[The voice that speaks with them asks you, on their behalf. Answer it in the words that are to be said to "
        f"them: {text}]"
    )


class Said(NamedTuple):
    """What one side said in one go, notes in square brackets included."""

    speaker: Literal["agent", "caller"]
    text: str


def system(instructions: str, conversation: Conversation, *, speaks: bool = False) -> str:
    """Return the system prompt: manners, task, objective, language, who is on the line, the time and how much is left.

    `speaks`: it is of a model that hears and speaks itself.

    Numbers are given as their last four digits; where `instructions` hold `{from}` or `{to}`, the whole one is put in.
    """
    task = (instructions or _TASK).replace("{from}", conversation.from_).replace("{to}", conversation.to)
    parts = [_VOICE_MANNERS if speaks else _MANNERS, f"Your task:\n{task}"]
    if conversation.objective:
        parts.append(f"The objective of this call:\n{conversation.objective}")
    parts.append(
        f"Speak the language with the BCP 47 tag {conversation.language}, unless the other side asks for another."
    )
    parts.append(_parties(conversation))
    if conversation.read_only and not speaks:
        parts.append(READ_ONLY)
    if conversation.now:
        moment = datetime.fromtimestamp(conversation.now, UTC).astimezone()
        parts.append(f"It is {moment:%A, %d %B %Y, %H:%M} (UTC{moment:%z}).")
    if conversation.seconds_left is not None:
        parts.append(
            f"Only {max(0, round(conversation.seconds_left))} seconds are left before the call is ended: "
            "come to a close and say goodbye."
        )
    return "\n\n".join(parts)


def turns(lines: Sequence[Line]) -> list[Said]:
    """Return what was said, the sides taking turns: the caller is first and last, as the vendors' interfaces demand.

    An agent's line that was cut short ends in a dash, and a note tells so where the caller speaks next.
    """
    said: list[Said] = []
    for speaker, text in _spoken(lines):
        if said and said[-1].speaker == speaker:
            said[-1] = Said(speaker, f"{said[-1].text}\n{text}")
        else:
            said.append(Said(speaker, text))
    if not said or said[0].speaker == "agent":
        said.insert(0, Said("caller", "[The call is connected.]"))
    if said[-1].speaker == "agent":
        said.append(Said("caller", "[The other side is silent.]"))
    return said


def _spoken(lines: Sequence[Line]) -> Iterator[Said]:
    left_out = len(lines) - _FIRST - _LAST
    cut_short = False
    for index, line in enumerate(lines):
        if left_out > 0 and _FIRST <= index < _FIRST + left_out:
            if index == _FIRST:
                yield Said("caller", f"[Of the conversation, {left_out} lines are left out here.]")
            continue
        text = line.text.strip()
        if line.speaker == "agent":
            cut_short = line.interrupted
            if text:
                yield Said("agent", f"{text} \N{EM DASH}" if cut_short else text)
            continue
        if cut_short:
            cut_short = False
            yield Said("caller", "[They cut you short and heard only this much of what you said.]")
        if line.asked:
            yield Said("caller", inquiry(text))
        elif line.keys:
            yield Said("caller", f"[They pressed the keys {' '.join(text)}.]")
        elif text:
            yield Said("caller", text)


def _parties(conversation: Conversation) -> str:
    if conversation.direction == "inbound":
        return f"They called you{_ending(conversation.from_, 'their')}."
    return f"You called them{_ending(conversation.to, 'their')}."


def _ending(number: str, whose: str) -> str:
    digits = [character for character in number if character.isdigit()]
    return f"; {whose} number ends in {' '.join(digits[-4:])}" if len(digits) > 4 else "; the number is withheld"

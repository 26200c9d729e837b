"""What is typed, what it means, and what it changes in the configuration. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path as FilePath

from voicecall.config.environment import usual
from voicecall.config.keys import Path, Tree
from voicecall.config.model import Config

from . import FILE, REACH, Answer, Answers, Around, Choice, Kind, Question, Secret
from .questions import CREDENTIALS

LEFT_OUT = "-"
"""What is typed to leave a key out."""
Value = object
"""A value of the file; None where the key is taken out."""


def parsed(question: Question, text: str, choices: tuple[Choice, ...], folder: FilePath) -> Answer:
    """Return the answer that was typed; relative paths of secrets begin at `folder`.

    Raises:
        ValueError: it is none. The message says what to type instead.
    """
    text = text.strip()
    if text == LEFT_OUT:
        if question.needed:
            raise ValueError("this is needed")
        return None
    match question.kind:
        case Kind.CHOICE:
            return _chosen(question, text, choices)
        case Kind.LIST:
            return tuple(part for part in text.replace(",", " ").split() if part)
        case Kind.COMMAND:
            return tuple(shlex.split(text))
        case Kind.SECRET:
            kind, _, rest = text.partition(":")
            if kind == "env" and rest:
                return Secret(rest, "env")
            if kind == "file" and rest:
                return Secret(str(folder / FilePath(rest).expanduser()), "file")
            return Secret(text, "typed")
        case Kind.TEXT:
            return text


def _chosen(question: Question, text: str, choices: tuple[Choice, ...]) -> str:
    names = [choice.name for choice in choices]
    if text.isdecimal() and 1 <= int(text) <= len(names):
        return names[int(text) - 1]
    if text in names or question.is_open:
        return text
    raise ValueError(f"type a number, or one of {', '.join(names)}")


def suggested(question: Question, around: Around) -> Answer:
    """Return the answer that is taken unless another is given: what the file says, the environment, or what is usual.

    None where there is none.
    """
    if question.key == REACH:
        return _way(around.present)
    there = value_at(around.present, tuple(question.key.split(".")))
    if there is not None:
        return _known(question, there)
    variable = usual(question.key, around.environ)
    if variable is not None:
        return Secret(variable, "env") if question.kind is Kind.SECRET else around.environ[variable]
    if question.key == "provider":
        return around.environ.get("VOICECALL_PROVIDER") or question.usual
    return question.usual or None


def _known(question: Question, value: object) -> Answer:
    match value:
        case {"env": str(name)} if question.kind is Kind.SECRET:
            return Secret(name, "env")
        case {"file": str(name)} if question.kind is Kind.SECRET:
            return Secret(name, "file")
        case list():
            return tuple(map(str, value))
        case _:
            return Secret(str(value), "plain") if question.kind is Kind.SECRET else str(value)


def _way(present: Tree) -> str | None:
    tunnel = value_at(present, ("tunnel", "provider"))
    if present.get("public_url"):
        return "fixed"
    if isinstance(tunnel, str):
        return tunnel
    return "none" if present.get("provider") in CREDENTIALS else None


def shown(answer: Answer) -> str:
    """Return an answer for a person; a secret is not in it."""
    match answer:
        case None:
            return ""
        case Secret(text, "env"):
            return f"the environment's {text}"
        case Secret(text, "file"):
            return f"file {text}"
        case Secret():
            return "kept as it is" if answer.kind == "plain" else "as typed"
        case str():
            return answer
        case _:
            return ", ".join(answer)


def values(answers: Answers, kept: Mapping[str, str] | None = None) -> dict[Path, Value]:
    """Return what the answers set, by path.

    `kept` has the files in which typed secrets are kept, by key; without it they stand in the values themselves.
    """
    found: dict[Path, Value] = {}
    for key, answer in answers.items():
        path = tuple(key.split("."))
        match answer:
            case _ if key == FILE:
                continue
            case _ if key == REACH:
                found |= _of_way(str(answer))
            case Secret(text, "env" | "file" as kind):
                found[path] = {kind: text}
            case Secret(text, kind):
                found[path] = {"file": kept[key]} if kept is not None and kind == "typed" else text
            case tuple():
                found[path] = list(answer)
            case _:
                found[path] = answer
    return found


def _of_way(way: str) -> dict[Path, Value]:
    if way in ("fixed", "none"):
        return {("tunnel", "provider"): None} | ({("public_url",): None} if way == "none" else {})
    return {("public_url",): None, ("tunnel", "provider"): way}


def changes(answers: Answers, around: Around, kept: Mapping[str, str] | None = None) -> dict[Path, Value]:
    """Return what has to change in the file; a default that an existing file leaves out is left out."""
    found = {}
    for path, value in values(answers, kept).items():
        there = value_at(around.present, path)
        nothing_new = value == _default(path) if there is None else value is None and there == _default(path)
        if value == there or (nothing_new and around.present):
            continue
        found[path] = value
    return found


def laid_over(present: Tree, found: Mapping[Path, Value]) -> Tree:
    """Return a tree with these changes."""
    tree = deepcopy(present)
    for path, value in found.items():
        table = tree
        for part in path[:-1]:
            inner = table.get(part)
            if not isinstance(inner, dict):
                inner = {}
                if value is None:
                    break
                table[part] = inner
            table = inner
        else:
            if value is None:
                table.pop(path[-1], None)
            else:
                table[path[-1]] = value
    return tree


def value_at(tree: Tree, path: Path) -> Value:
    """Return what stands at a path; None where nothing does."""
    value: object = tree
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _default(path: Path) -> Value:
    value: object = Config()
    for part in path:
        value = getattr(value, part, None)
    return list(value) if isinstance(value, tuple) else value

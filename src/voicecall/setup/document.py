"""The text of a configuration file: our keys set, each with a comment, and everything else as it was. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable, Item, Table

from voicecall.config.keys import Path, Tree, canonical, dotted
from voicecall.config.model import Config
from voicecall.errors import ConfigError, Fault

from .answers import Value, laid_over

_HEAD = """\
# Made by `voicecall setup`, which may be run again. `voicecall config check` judges this file, and
# docs/configuration.md has all keys.

"""


@dataclass(frozen=True, slots=True)
class Present:
    """A file that is there."""

    text: str
    tree: Tree
    """What it says, in our spelling; without the keys that nobody knows."""
    written: Mapping[Path, Path]
    """For each path in our spelling, the path in the file."""


def present(text: str) -> Present:
    """Read a file in TOML that is well-formed."""
    written: dict[Path, Path] = {}
    tree = canonical(tomllib.loads(text), Config, written, [])
    return Present(text, tree, written)


def edited(there: Present | None, found: Mapping[Path, Value], about: Mapping[Path, str], file: str) -> str:
    """Return the text with these changes; `about` says what keys mean. Without a file, a new one.

    Raises:
        ConfigError: this text cannot be changed by machine without losing something.
    """
    text = "" if there is None else there.text
    before = {} if there is None else tomllib.loads(text)
    places = {} if there is None else there.written
    wanted = {_place(path, places): value for path, value in found.items()}
    try:
        document = tomlkit.parse(text)
        kept = tomlkit.dumps(document) == text
        for path, value in wanted.items():
            _set(document, path, value, about.get(path, ""))
        after = tomlkit.dumps(document)
        if kept and tomllib.loads(after) == laid_over(before, wanted):
            return after if there is not None else _HEAD + after
    except (TOMLKitError, ValueError, KeyError, TypeError, AttributeError):
        pass
    faults = [Fault(dotted(path), _by_hand(value), file) for path, value in wanted.items()]
    raise ConfigError([Fault("", "cannot be changed by machine, and is as it was; by hand:", file), *faults])


def _place(path: Path, written: Mapping[Path, Path]) -> Path:
    """Return where a key stands in the file, or belongs, in the spelling of the tables that are there."""
    for depth in range(len(path), 0, -1):
        if path[:depth] in written:
            return (*written[path[:depth]], *path[depth:])
    return path


def _by_hand(value: Value) -> str:
    if value is None:
        return "take it out"
    return f"write {_item(value).as_string()}" if isinstance(value, dict) else "write what you answered"


def _set(document: tomlkit.TOMLDocument, path: Path, value: Value, about: str) -> None:
    table: tomlkit.TOMLDocument | Table | InlineTable = document
    for depth, part in enumerate(path[:-1]):
        if part not in table:
            if value is None:
                return
            if isinstance(table, InlineTable):
                table.append(part, tomlkit.inline_table())
            else:
                table.append(part, tomlkit.table(is_super_table=depth < len(path) - 2))
        inner = table[part]
        if not isinstance(inner, Table | InlineTable):
            raise TypeError
        table = inner
    if value is None:
        table.pop(path[-1], None)
        return
    item = _item(value)
    if path[-1] not in table and about and not isinstance(table, InlineTable):
        item.comment(about)
        item.trivia.comment_ws = "  "
    table[path[-1]] = item


def _item(value: Value) -> Item:
    match value:
        case {**members} if len(members) == 1:
            ((name, text),) = members.items()
            return tomlkit.value(f"{{ {name} = {tomlkit.string(str(text)).as_string()} }}")
        case _:
            return tomlkit.item(value)

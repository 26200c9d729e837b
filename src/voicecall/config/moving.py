"""Moving in: OpenClaw's configuration, or a JSON file of ours, as a `voicecall.toml` that says what each key was."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath

import tomlkit
from tomlkit.items import Item, Table

from voicecall.errors import ConfigError, Fault

from . import openclaw
from .files import line_of, read
from .includes import included
from .keys import Path, Tree, canonical, dotted, is_secret, items, member_of, section_of
from .model import Config
from .show import HIDDEN

_REFERENCE = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}")

THEIR_DEFAULTS: Mapping[str, object] = {
    "limits.max_concurrent_calls": 1,
    "streaming.enabled": False,
    "stt.provider": "the first vendor with a key",
    "tts.provider": "the voice of OpenClaw",
    "turns.endpointing_ms": "left to the vendor",
    "turns.silence_reprompt_ms": "off: nobody is asked whether they are still there",
}
"""Keys of ours that hold something else in OpenClaw where they are not set, and what."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of one key."""

    was: str
    """Dotted, as it was written; empty for a key that was absent."""
    line: int | None
    becomes: str | None
    """Dotted; None: it has no counterpart."""
    value: object
    """A JSON value; secrets read `***`."""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """A configuration in our form."""

    toml: str
    keys: tuple[Moved, ...]


def move(file: FilePath, environ: Mapping[str, str]) -> Move:
    """Return OpenClaw's configuration, or a JSON file of ours, as TOML with our keys. Nothing is judged but the form.

    Raises:
        ConfigError: it cannot be read, is not well-formed, or configures no calls.
    """
    raw, lines, is_json = read(file)
    raw = included(raw, file) if is_json else raw
    theirs = openclaw.translate(raw, environ, keep=True) if is_json else None
    if theirs is not None and theirs.faults:
        raise ConfigError([Fault(dotted(at), told, str(file), line_of(lines, at)) for at, told in theirs.faults])
    written: dict[Path, Path] = {}
    unknown: list[tuple[Path, str]] = []
    tree = canonical(raw if theirs is None else theirs.tree, Config, written, unknown)
    if theirs is None and not tree:
        text = "holds no key of ours, nor the block of OpenClaw's voice-call plugin: it configures no calls"
        raise ConfigError([Fault("", text, str(file))])
    sources = {} if theirs is None else theirs.written
    lost = [(sources.get(path, path), told) for path, told in unknown] + _told(theirs)
    moved = [
        Moved(dotted(at), line_of(lines, at), None, None, told) for at, told in sorted(lost, key=lambda one: one[0])
    ]
    for path, value in _leaves(tree):
        source = sources.get(written.get(path, path), written.get(path, path))
        secret = _holds_secret(path)
        shown = HIDDEN if secret and not isinstance(value, dict) else value
        remark = (
            _remark(value, environ, secret=secret)
            if source
            else "the agent is OpenClaw itself, as nothing else is said"
        )
        moved.append(Moved(dotted(source), line_of(lines, source), dotted(path), shown, remark))
    moved.sort(key=lambda one: (one.line is None, one.line or 0))
    if theirs is not None:
        moved += _absent(tree)
    return Move(_toml(tree, file, moved, environ), tuple(moved))


def _told(theirs: openclaw.Translation | None) -> list[openclaw.Told]:
    return [] if theirs is None else [*theirs.warnings, *theirs.remarks]


def _leaves(tree: Tree, at: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield the values of sections; maps of sections are entered, data is not."""
    for key, value in tree.items():
        path = (*at, key)
        if isinstance(value, dict) and value and _is_table(path):
            yield from _leaves(value, path)
        else:
            yield path, value


def _annotation(path: Path) -> object:
    annotation: object = Config
    for part in path:
        section, member = section_of(annotation), member_of(annotation)
        if section is not None:
            annotation = section.model_fields[part].annotation
        elif member is not None:
            annotation = member[1]
        else:
            return None
    return annotation


def _is_table(path: Path) -> bool:
    annotation = _annotation(path)
    member = member_of(annotation)
    return section_of(annotation) is not None or (
        member is not None and member[0] is dict and section_of(member[1]) is not None
    )


def _holds_secret(path: Path) -> bool:
    annotation = _annotation(path)
    member = member_of(annotation)
    return is_secret(annotation) or (member is not None and is_secret(member[1]))


def _remark(value: object, environ: Mapping[str, str], *, secret: bool) -> str:
    missing = [] if secret else [name for name in _REFERENCE.findall(json.dumps(value)) if name not in environ]
    if missing:
        return f"the environment variable {missing[0]} is not set: write what it should be"
    if not secret or isinstance(value, dict) or (isinstance(value, str) and _REFERENCE.fullmatch(value)):
        return ""
    return "the secret stands in the file: better { env = ... } or { file = ... }"


def _absent(tree: Tree) -> Iterator[Moved]:
    """Yield the keys that hold something else here than there, as nobody has set them."""
    defaults = Config()
    for key, theirs in THEIR_DEFAULTS.items():
        room, name = key.split(".")
        table = tree.get(room)
        ours = getattr(getattr(defaults, room), name)
        if not (isinstance(table, dict) and name in table) and ours != theirs:
            yield Moved("", None, key, ours, f"not set: here the default holds; in OpenClaw it is {_worded(theirs)}")


def _worded(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _toml(tree: Tree, file: FilePath, moved: list[Moved], environ: Mapping[str, str]) -> str:
    folder = file.parent.absolute()
    document = tomlkit.document()
    document.add(tomlkit.comment(f"Made from {file.name}. Every key: docs/configuration.md"))
    left = [one for one in moved if one.becomes is None]
    for one in left:
        document.add(tomlkit.comment(f"{_short(one.was)}: {one.remark}"))
    document.add(tomlkit.nl())
    was = {one.becomes: one.was for one in moved if one.becomes and one.was}
    _fill(document, tree, (), was, lambda value, secret: _item(value, environ, folder, secret=secret))
    return tomlkit.dumps(document)


def _short(key: str) -> str:
    """Return a key without the way to its block."""
    return key.rpartition("voice-call.config.")[2]


def _fill(
    table: tomlkit.TOMLDocument | Table,
    tree: Tree,
    at: Path,
    was: Mapping[str, str],
    item_of: Callable[[object, bool], Item],
) -> None:
    """Write plain values first, as TOML wants it, then the tables in them."""
    inner = {key: value for key, value in tree.items() if isinstance(value, dict) and value and _is_table((*at, key))}
    for key, value in tree.items():
        path = dotted((*at, key))
        if key not in inner:
            item = item_of(value, _holds_secret((*at, key)))
            if _short(was.get(path, path)) != path:
                item.comment(f"was {_short(was[path])}")
            table.add(key, item)
    for key, value in inner.items():
        below = tomlkit.table()
        _fill(below, value, (*at, key), was, item_of)
        table.add(key, below)


def _item(value: object, environ: Mapping[str, str], folder: FilePath, *, secret: bool) -> Item:
    """Return a value as TOML: references to the environment in our form, files by their full path."""
    match value:
        case {"file": str(name)} if secret:
            return tomlkit.item({"file": str(folder / FilePath(name).expanduser())})
        case str(text) if secret and (found := _REFERENCE.fullmatch(text)):
            reference = tomlkit.inline_table()
            reference["env"] = found[1]
            return reference
        case str(text):
            return tomlkit.item(_REFERENCE.sub(lambda found: environ.get(found[1], found[0]), text))
        case dict():
            inline = tomlkit.inline_table()
            for key, member in value.items():
                inline[key] = _item(member, environ, folder, secret=secret)
            return inline
        case list():
            listed = tomlkit.array()
            for _, member in items(value):
                listed.append(_item(member, environ, folder, secret=secret))
            return listed
        case _:
            return tomlkit.item(value)

"""An older file of ours, with its keys in the spelling that the documentation has; comments and order stay."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path as FilePath

from voicecall.errors import ConfigError, Fault

from .files import line_of, read
from .keys import Path, Tree, canonical, dotted
from .model import Config


def respell(file: FilePath) -> tuple[str, tuple[tuple[int | None, str, str], ...]]:
    """Return the text of a TOML file with our spelling, and each change: line, key as it was, key as it is.

    Raises:
        ConfigError: it cannot be read, holds unknown keys, or is written in a way that cannot be changed by machine.
    """
    raw, lines, is_json = read(file)
    if is_json:
        raise ConfigError([Fault("", "is JSON: `voicecall config import` makes a voicecall.toml of it", str(file))])
    written: dict[Path, Path] = {}
    tree = _ours(raw, file, lines, written)
    changes = [(path, source) for path, source in written.items() if path and path[-1] != source[-1]]
    text = file.read_text("utf-8-sig").splitlines(keepends=True)
    for path, source in changes:
        line = line_of(lines, source)
        if line is not None:
            spelled = rf"(?<![\w.\"'-]){re.escape(source[-1])}(?=\s*[=.\]])|(?<=\.){re.escape(source[-1])}(?=\s*[=.\]])"
            text[line - 1] = re.sub(spelled, path[-1], text[line - 1], count=1)
    after = "".join(text)
    try:
        done = _ours(tomllib.loads(after), file, lines, {}) == tree and tomllib.loads(after) == tree
    except (tomllib.TOMLDecodeError, ConfigError):
        done = False
    if not done:
        by_hand = [Fault(dotted(source), f"write `{dotted(path)}`", str(file)) for path, source in changes]
        raise ConfigError([Fault("", "cannot be respelled by machine; by hand:", str(file)), *by_hand])
    return after, tuple((line_of(lines, source), dotted(source), dotted(path)) for path, source in changes)


def _ours(raw: Tree, file: FilePath, lines: dict[Path, int], written: dict[Path, Path]) -> Tree:
    unknown: list[tuple[Path, str]] = []
    tree = canonical(raw, Config, written, unknown)
    if unknown:
        raise ConfigError([Fault(dotted(at), told, str(file), line_of(lines, at)) for at, told in unknown])
    return tree

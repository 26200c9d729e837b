"""`$include` in JSON files, as OpenClaw has it: one file or several, put in where the key stands.

Objects are merged, lists joined, and else the later wins; what stands beside `$include` is merged last. Files are
relative to the one that names them. Source: OpenClaw's documentation of modular configuration (2026-01).
"""

from __future__ import annotations

from pathlib import Path as FilePath

from voicecall.errors import ConfigError, Fault

from .files import read
from .keys import Tree

_KEY = "$include"
_DEEPEST = 10


def included(tree: Tree, file: FilePath) -> Tree:
    """Return what `file` says, with what it includes.

    Raises:
        ConfigError: a file cannot be read, includes itself, or they are nested more than 10 deep.
    """
    found = _filled(tree, (file.resolve(),))
    return found if isinstance(found, dict) else tree


def _filled(value: object, chain: tuple[FilePath, ...]) -> object:
    match value:
        case {"$include": names, **beside}:
            merged: object = {}
            for name in names if isinstance(names, list) else [names]:
                merged = _merged(merged, _file(name, chain))
            return _merged(merged, _filled(beside, chain)) if beside else merged
        case dict():
            return {key: _filled(inner, chain) for key, inner in value.items()}
        case list():
            return [_filled(inner, chain) for inner in value]
        case _:
            return value


def _file(name: object, chain: tuple[FilePath, ...]) -> object:
    if not isinstance(name, str):
        raise ConfigError([Fault(_KEY, "expected the name of a file, or a list of names", str(chain[-1]))])
    file = (chain[-1].parent / FilePath(name).expanduser()).resolve()
    if file in chain:
        names = " -> ".join(each.name for each in (*chain, file))
        raise ConfigError([Fault(_KEY, f"includes itself: {names}", str(chain[-1]))])
    if len(chain) > _DEEPEST:
        raise ConfigError([Fault(_KEY, f"more than {_DEEPEST} files are nested", str(chain[-1]))])
    tree, _, _ = read(file, f" (included by {chain[-1].name})")
    return _filled(tree, (*chain, file))


def _merged(one: object, other: object) -> object:
    if isinstance(one, dict) and isinstance(other, dict):
        return {**one, **{key: _merged(one[key], inner) if key in one else inner for key, inner in other.items()}}
    if isinstance(one, list) and isinstance(other, list):
        return [*one, *other]
    return other

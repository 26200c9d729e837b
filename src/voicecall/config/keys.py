"""How keys are spelled: dotted paths, `camelCase` for `snake_case`, and what kind of value a key holds."""

from __future__ import annotations

import difflib
import json
import re
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Union, get_args, get_origin

from pydantic import SecretStr

from .section import Section

Path = tuple[str, ...]
Tree = dict[str, object]

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def dotted(path: Path) -> str:
    """Return the path as TOML writes it; indexes of lists stand as `[0]`."""
    text = ""
    for part in path:
        if part.startswith("[") and part.endswith("]") and part[1:-1].isdigit():
            text += part
        else:
            text += ("." if text else "") + (part if _BARE.fullmatch(part) else json.dumps(part))
    return text


def bare(annotation: object) -> object:
    """Return an annotation without `Annotated` and `| None`."""
    if get_origin(annotation) is Annotated:
        return bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        some = [part for part in get_args(annotation) if part is not type(None)]
        return bare(some[0]) if len(some) == 1 else annotation
    return annotation


def section_of(annotation: object) -> type[Section] | None:
    """Return the section that a key holds, or None."""
    kind = bare(annotation)
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def member_of(annotation: object) -> tuple[type[list[object] | dict[str, object]], object] | None:
    """Return what a list or a map holds, as `(list or dict, annotation of its members)`, or None for neither."""
    kind = bare(annotation)
    if get_origin(kind) is tuple:
        return list, get_args(kind)[0]
    if get_origin(kind) in (dict, Mapping):
        return dict, get_args(kind)[1]
    return None


def is_secret(annotation: object) -> bool:
    """Say whether a key holds a secret."""
    return bare(annotation) is SecretStr


def squash(key: str) -> str:
    """Return a key without the marks of its spelling."""
    return key.replace("_", "").lower()


def own_spelling(section: type[Section], key: str) -> str | None:
    """Return our spelling of a key that may be written in `camelCase`, or None when there is no such key."""
    if key in section.model_fields:
        return key
    if key in section.also:
        return section.also[key]
    if "_" in key or not key[:1].islower():
        return None
    names = {squash(name): name for name in section.model_fields}
    names |= {squash(name): own for name, own in section.also.items()}
    return names.get(squash(key))


def nearest(section: type[Section], key: str) -> str | None:
    """Return the key of a section that looks most like `key`, or None when none does."""
    names = {squash(name): name for name in section.model_fields}
    close = difflib.get_close_matches(squash(key.replace("-", "_")), names, n=1, cutoff=0.6)
    return names[close[0]] if close else None


def unknown(section: type[Section], path: Path) -> str:
    """Return what to say about the unknown key at the end of `path`."""
    close = nearest(section, path[-1])
    if close is not None:
        return f"unknown key: did you mean `{dotted((*path[:-1], close))}`?"
    if len(section.model_fields) > 14:
        return "unknown key: docs/configuration.md lists those that exist"
    return f"unknown key: known here are {', '.join(f'`{name}`' for name in section.model_fields)}"


def canonical(
    tree: Mapping[str, object],
    section: type[Section],
    written: dict[Path, Path],
    faults: list[tuple[Path, str]],
    at: Path = (),
) -> Tree:
    """Return `tree` in our spelling; unknown keys become faults and are left out.

    `written` collects, for each path in our spelling, the path as it was written.
    """
    result: Tree = {}
    source = written.get(at, at)
    for key, value in tree.items():
        name = own_spelling(section, key)
        path = (*at, name or key)
        written[path] = (*source, key)
        if name is None:
            faults.append((written[path], unknown(section, path)))
        elif name in result:
            faults.append((written[path], f"`{name}` is given twice, in two spellings: keep one"))
        else:
            result[name] = spelled(value, section.model_fields[name].annotation, written, faults, path)
    return result


def spelled(
    value: object, annotation: object, written: dict[Path, Path], faults: list[tuple[Path, str]], path: Path
) -> object:
    """Return the value of a key with the keys inside it in our spelling; those of a map of data stay."""
    section, member = section_of(annotation), member_of(annotation)
    if section is not None and isinstance(value, dict):
        return canonical(value, section, written, faults, path)
    if member is None or not isinstance(value, member[0]):
        return value
    source = written.get(path, path)
    members: list[tuple[str, object]] = []
    for key, item in items(value):
        written[*path, key] = (*source, key)
        members.append((key, spelled(item, member[1], written, faults, (*path, key))))
    return dict(members) if isinstance(value, dict) else [item for _, item in members]


def items(value: object) -> Iterator[tuple[str, object]]:
    """Yield the members of a list or a map, each with its part of a path."""
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield f"[{index}]", item

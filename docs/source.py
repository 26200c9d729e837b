"""Reads the source of voicecall for what it can refuse and complain of; `errors.py` draws a page from it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import voicecall

SOURCE = Path(voicecall.__file__).parent
_APART = ("emulators", "scenarios")
"""Rooms whose errors are not those of a gateway."""


@cache
def trees() -> Mapping[Path, ast.Module]:
    """Return the parsed source, by its path in the package."""
    files = sorted(SOURCE.rglob("*.py"))
    places = {file: file.relative_to(SOURCE) for file in files}
    return {place: ast.parse(file.read_text("utf-8")) for file, place in places.items() if place.parts[0] not in _APART}


def _calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    """Yield the calls of functions or methods of these names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
            if name in names:
                yield node


def named(*names: str, keyword: str | None = None) -> set[str]:
    """Return the words that calls of these functions have as their first argument, or as this keyword."""
    found: set[str] = set()
    for tree in trees().values():
        for call in _calls(tree, *names):
            given = call.args[:1] if keyword is None else [one.value for one in call.keywords if one.arg == keyword]
            found |= {
                part.value
                for one in given
                for part in ast.walk(one)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            }
    return found


def _text(node: ast.expr) -> str | None:
    """Return a text in the code, with `…` for what is put into it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        return re.sub("…[…. ]*…", "…", "".join(parts))
    return None


def _assigned(scope: ast.AST, name: str) -> Iterator[ast.expr]:
    """Yield what a variable is given within a function, or a module."""
    for one in ast.walk(scope):
        if isinstance(one, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in one.targets):
            yield one.value


def _messages(tree: ast.AST, scope: ast.FunctionDef, node: ast.expr) -> Iterator[str]:
    """Yield what a message may be: itself, what its variable was given, or what its function was called with."""
    found = [node]
    if isinstance(node, ast.Name):
        found = list(_assigned(scope, node.id))
        if [given.arg for given in scope.args.args] == [node.id]:
            found += [call.args[0] for call in _calls(tree, scope.name)]
    yield from filter(None, map(_text, found))


def _key(tree: ast.Module, node: ast.expr) -> str:
    """Return the key that a fault stands at, `…` where it is one of several, nothing where it is the whole file."""
    if isinstance(node, ast.Name):
        node = next((value for value in _assigned(tree, node.id) if isinstance(value, ast.Constant)), node)
    if isinstance(node, ast.Constant):
        return str(node.value)
    first = node.elts[0] if isinstance(node, ast.Tuple) and node.elts else None
    path = first if isinstance(first, ast.Tuple) else node
    parts = path.elts if isinstance(path, ast.Tuple) else [path]
    words = [str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts]
    return re.sub(r"…(\.…)+", "…", ".".join(words))


def faults() -> Iterator[tuple[str, str]]:
    """Yield each fault of a configuration that the code can tell of, as key and message."""
    for place, tree in trees().items():
        for scope in (one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)):
            for call in _calls(scope, "Fault", "Contradiction"):
                for message in _messages(tree, scope, call.args[1]):
                    yield _key(tree, call.args[0]), message
            if place.parts[0] == "config":
                for call in _calls(scope, "ValueError"):
                    yield from (("…", message) for one in call.args for message in _messages(tree, scope, one))
                if scope.name == "unknown":
                    said = (back.value for back in ast.walk(scope) if isinstance(back, ast.Return) and back.value)
                    yield from (("…", message) for message in map(_text, said) if message)


def doubts() -> Iterator[tuple[str, str]]:
    """Yield what is allowed and probably not meant, as key and message."""
    tree = trees()[Path("config/check.py")]
    (asked,) = (one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == "doubts")
    for node in ast.walk(asked):
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            yield _key(tree, ast.Tuple([node.value.elts[0]])), _text(node.value.elts[1]) or ""


def door_codes() -> set[str]:
    """Return the codes that the control listener gives by itself."""
    listed = {
        str(value.value)
        for node in ast.walk(trees()[Path("entrypoints/control.py")])
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, int) and isinstance(value, ast.Constant)
    }
    return listed | named("problem", "_error", keyword="code")

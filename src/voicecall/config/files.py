"""Reading a configuration file: TOML, JSON or JSON5 to a plain tree, and the lines on which its keys stand."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path as FilePath

from voicecall.errors import ConfigError, Fault

from .keys import Path, Tree

_QUOTED = r'"(?:\\.|[^"\\])*"|\'[^\']*\''
_KEY = rf"(?:[A-Za-z0-9_-]+|{_QUOTED})"
_KEYS = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_KEYS})\s*\]")
_ASSIGNMENT = re.compile(rf"\s*({_KEYS})\s*=")
_INLINE = re.compile(rf"[{{,]\s*({_KEYS})\s*=")
_TOKEN = re.compile(
    r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|//[^\n]*|/\*.*?\*/|[{}\[\],:]|[^\s{}\[\],:"\'/]+|\n', re.DOTALL
)


def read(file: FilePath, why: str = "") -> tuple[Tree, dict[Path, int], bool]:
    """Return what the file says, the line of each of its keys, and whether it is JSON.

    Raises:
        ConfigError: it cannot be read, or is not well-formed.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError([Fault("", f"cannot be read: {error.strerror}{why}", str(file))]) from None
    except UnicodeDecodeError:
        raise ConfigError([Fault("", "is not UTF-8 text", str(file))]) from None
    is_json = file.suffix in (".json", ".json5", ".jsonc") or (file.suffix != ".toml" and text.lstrip()[:1] == "{")
    try:
        tree = _json(text) if is_json else tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        message = re.sub(r" \(at .*\)$", "", str(error))
        raise ConfigError([Fault("", f"is not valid TOML: {message}", str(file), line)]) from None
    except _Malformed as error:
        raise ConfigError([Fault("", f"is not valid JSON5: {error}", str(file), error.line)]) from None
    except RecursionError:
        raise ConfigError([Fault("", "is nested too deeply", str(file))]) from None
    except ValueError as error:
        raise ConfigError([Fault("", f"holds a value that cannot be read: {error}", str(file))]) from None
    if not isinstance(tree, dict):
        raise ConfigError([Fault("", "must hold one object: { … }", str(file), 1)])
    return tree, (json_lines(text) if is_json else toml_lines(text)), is_json


class _Malformed(Exception):
    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line


def _json(text: str) -> object:
    import pyjson5

    try:
        tree: object = pyjson5.decode(text, maxdepth=100)
    except pyjson5.Json5DecoderException as error:
        message = str(error.args[0]) if error.args else "it ends too early"
        near = re.search(r" near (\d+)", message)
        line = text.count("\n", 0, max(int(near[1]) - 1, 0)) + 1 if near else None
        raise _Malformed(re.sub(r" near \d+|b'|'", "", message), line) from None
    return tree


def toml_lines(text: str) -> dict[Path, int]:
    """Return the line of each key, as far as a look at each line can tell."""
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    quotes = ""
    for number, line in enumerate(text.splitlines(), 1):
        if quotes:
            quotes = "" if quotes in line else quotes
            continue
        if header := _HEADER.match(line):
            table = _parts(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                lines.setdefault(table, number)
                table = (*table, f"[{counts[table]}]")
            lines.setdefault(table, number)
        elif assignment := _ASSIGNMENT.match(line):
            path = (*table, *_parts(assignment[1]))
            for depth in range(len(table) + 1, len(path) + 1):
                lines.setdefault(path[:depth], number)
            for inner in _INLINE.finditer(line, assignment.end()):
                lines.setdefault((*path, *_parts(inner[1])), number)
        for mark in ('"""', "'''"):
            if line.count(mark) % 2:
                quotes = mark
    return lines


def _parts(keys: str) -> Path:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in re.findall(_KEY, keys))


def json_lines(text: str) -> dict[Path, int]:
    """Return the line of each key and of each member of a list."""
    lines: dict[Path, int] = {}
    path: list[str] = []
    lists: list[bool] = []
    """For each open bracket, whether it is a list's."""
    number, word, word_line = 1, "", 1
    for mark in _TOKEN.findall(text):
        if lists and lists[-1] and mark not in "\n]" and not mark.startswith("/"):
            lines.setdefault(tuple(path), number)
        if mark in ("{", "["):
            lists.append(mark == "[")
            path.append("[0]" if mark == "[" else "")
        elif mark in ("}", "]") and lists:
            lists.pop()
            path.pop()
        elif mark == ":" and lists and not lists[-1]:
            path[-1] = word
            lines.setdefault(tuple(path), word_line)
        elif mark == "," and lists and lists[-1]:
            path[-1] = f"[{int(path[-1][1:-1]) + 1}]"
        elif not mark.startswith(("//", "/*", "\n", ",")):
            word, word_line = mark.strip("\"'"), number
        number += mark.count("\n")
    return lines


def line_of(lines: dict[Path, int], path: Path) -> int | None:
    """Return the line of the key, or of the nearest table around it."""
    for depth in range(len(path), 0, -1):
        if path[:depth] in lines:
            return lines[path[:depth]]
    return None

"""Reading scenario files: YAML to a scenario, or to faults with file and line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml
from pydantic import ValidationError

from voicecall.config import keys
from voicecall.config.check import contradictions, misfit
from voicecall.config.model import Config
from voicecall.config.secrets import resolve
from voicecall.errors import ConfigError, Fault
from voicecall.plugins import TABLE

from .form import Scenario

_Place = tuple[str | int, ...]
_AT = re.compile(r" - at `\$([^`]*)`$")
_PART = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")

SECRET = "scenario"  # noqa: S105 - of a network that exists in this process only
_ALWAYS: Mapping[str, object] = {
    "provider": "mock",
    "public_url": None,
    "inbound_policy": "open",
    "skip_signature_verification": False,
    "serve": {"bind": "127.0.0.1", "port": 0},
    "control": {"bind": "127.0.0.1", "port": 0},
    "mock": {"secret": SECRET, "api_base_url": None},
}
"""What holds in every scenario, whatever is configured."""
_NEVER = (*(name for name in TABLE["carrier"] if name != "mock"), "tunnel", "store", "log")
"""What holds in none: a real carrier, a way in from outside, an archive."""


class Read(msgspec.Struct, frozen=True):
    """A scenario and where it stands."""

    file: Path
    scenario: Scenario
    config: Config


def read_all(files: list[Path], base: Config) -> list[Read]:
    """Return the scenarios of these files, each with its configuration laid over `base`.

    Raises:
        ConfigError: some of the files have faults; all that were found are listed.
    """
    found: list[Read] = []
    faults: list[Fault] = []
    for file in files:
        try:
            found.append(read(file, base))
        except ConfigError as error:
            faults += error.faults
    if faults:
        raise ConfigError(faults)
    return found


def read(file: Path, base: Config) -> Read:
    """Return the scenario of a file.

    Raises:
        ConfigError: it has faults.
    """
    tree, lines = _parsed(file)
    try:
        scenario = msgspec.convert(tree, Scenario)
    except msgspec.ValidationError as error:
        raise ConfigError([_fault(str(error), file, lines)]) from None
    steps = tuple(
        msgspec.structs.replace(step, wav=str(file.parent / step.wav)) if step.wav is not None else step
        for step in scenario.caller.steps
    )
    faults = [
        Fault("caller.steps", f"there is no file {step.wav}", str(file), lines.get(("caller", "steps", number, "wav")))
        for number, step in enumerate(steps)
        if step.wav is not None and not Path(step.wav).is_file()
    ]
    caller = msgspec.structs.replace(scenario.caller, steps=steps)
    config = _overlaid(scenario.config, base, file, lines, faults)
    if faults:
        raise ConfigError(faults)
    return Read(file, msgspec.structs.replace(scenario, caller=caller), config)


# --- YAML


def _parsed(file: Path) -> tuple[object, dict[_Place, int]]:
    """Return what the file says, and the line of every key and item."""
    lines: dict[_Place, int] = {}
    try:
        text = file.read_text("utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is not None:
            twice = list(_walk(node, (), lines))
            if twice:
                raise ConfigError([Fault(name, "is given twice", str(file), line) for name, line in twice])
        return yaml.safe_load(text), lines
    except OSError as error:
        raise ConfigError([Fault("", f"cannot be read: {error.strerror}", str(file))]) from None
    except UnicodeDecodeError:
        raise ConfigError([Fault("", "is not UTF-8 text", str(file))]) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ConfigError([Fault("", f"is not valid YAML: {error.problem}", str(file), line)]) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ConfigError([Fault("", f"is not valid YAML: {type(error).__name__}", str(file))]) from None


def _walk(node: yaml.Node, at: _Place, lines: dict[_Place, int]) -> Iterator[tuple[str, int]]:
    """Note the lines, and yield what is given twice."""
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place, line = (*at, str(key.value)), key.start_mark.line + 1
            if place in lines:
                yield str(key.value), line
            lines[place] = line
            yield from _walk(value, place, lines)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _walk(value, (*at, number), lines)


def _fault(message: str, file: Path, lines: Mapping[_Place, int]) -> Fault:
    """Return the fault that msgspec tells of."""
    found = _AT.search(message)
    place: _Place = ()
    if found:
        place = tuple(int(index) if index else name for name, index in _PART.findall(found[1]))
    what = _AT.sub("", message)
    if unknown := _UNKNOWN.search(what):
        place, what = (*place, unknown[1]), "there is no such key"
    line = next((lines[place[:depth]] for depth in range(len(place), -1, -1) if place[:depth] in lines), 1)
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")
    return Fault(key, what, str(file), line)


# --- the configuration


def _overlaid(
    overrides: dict[str, Any], base: Config, file: Path, lines: Mapping[_Place, int], faults: list[Fault]
) -> Config:
    """Return the configuration of a scenario; what is wrong with its overrides is added to `faults`."""
    written: dict[keys.Path, keys.Path] = {}
    unknown: list[tuple[keys.Path, str]] = []
    over = keys.canonical(overrides, Config, written, unknown)
    astray: dict[keys.Path, str] = {}
    resolve(over, Config, os.environ, file.parent, astray)

    def place(path: keys.Path, message: str) -> Fault:
        for depth in range(len(path), 0, -1):
            parts = ("config", *(int(part[1:-1]) if part.startswith("[") else part for part in path[:depth]))
            if line := lines.get(parts):
                return Fault(f"config.{keys.dotted(path)}", message, str(file), line)
        return Fault(f"config.{keys.dotted(path)}", message, str(file), lines.get(("config",)))

    faults += [place(path, message) for path, message in [*unknown, *astray.items()]]
    tree = _merged(_merged(base.model_dump(exclude_unset=True), over), _ALWAYS)
    for name in _NEVER:
        tree[name] = {}
    try:
        config = Config.model_validate(tree)
    except ValidationError as error:
        listed = [misfit(one) for one in error.errors(include_url=False)]
        faults += [place(written.get(path, path), message) for path, message in listed]
        return base
    faults += [place(one.paths[0], one.message) for one in contradictions(config)]
    return config


def _merged(below: Mapping[str, object], above: Mapping[str, object]) -> dict[str, object]:
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        merged[name] = _merged(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged

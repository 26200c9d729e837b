"""Finding, reading and judging the configuration. This room is the only reader of the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path as FilePath

import platformdirs
from pydantic import ValidationError

from voicecall.errors import ConfigError, Fault

from . import openclaw
from .check import contradictions, doubts, misfit
from .environment import overlay
from .files import line_of, read
from .includes import included
from .keys import Path, Tree, canonical, dotted
from .model import Config
from .secrets import resolve
from .state import StateDir


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration without faults, and where it came from."""

    config: Config
    file: FilePath | None
    """None: there is no file, so all is default or environment."""
    state: StateDir
    """Where this gateway keeps its state; not created yet."""
    warnings: tuple[Fault, ...] = ()
    """What is allowed and probably not meant."""
    enabled: bool = True
    """False: an OpenClaw file says `enabled: false`, and serving is to be refused."""


def load(path: FilePath | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Return the configuration: the environment over the file over the defaults.

    `path` is the file that the user named; otherwise `$VOICECALL_CONFIG`, `./voicecall.toml` and `config.toml` in the
    platform's config folder are looked for. `environ` is this process's environment unless given.

    Raises:
        ConfigError: something is wrong with it; all that is wrong is listed.
    """
    environ = os.environ if environ is None else environ
    file, why = _find(path, environ)
    return _judge(file, why, environ)


@dataclass(frozen=True, slots=True)
class Draft:
    """A configuration that is still being written."""

    config: Config
    """What holds so far."""
    state: StateDir
    misfits: tuple[Fault, ...]
    """Values that cannot be meant."""
    faults: tuple[Fault, ...]
    """What is lacking, or disagrees."""
    variables: Mapping[str, str]
    """For each key (dotted) that the environment sets, whatever the file says: the variable."""


def draft(tree: Tree, environ: Mapping[str, str], file: FilePath | None = None) -> Draft:
    """Return what a tree would mean if it stood in `file`; the tree, in our spelling, is left as it is."""
    tree = deepcopy(tree)
    places = _Places(file)
    misfits: list[Fault] = []
    faults: list[Fault] = []
    overlay(tree, environ, places.variables, misfits, [])
    config, unfit = _resolved(tree, environ, places, misfits)
    _compare(config, unfit, places, faults, [])
    variables = {dotted(path): name for path, name in places.variables.items()}
    return Draft(config, StateDir(state_dir(environ)), tuple(misfits), tuple(faults), variables)


def places_of(environ: Mapping[str, str]) -> tuple[FilePath, ...]:
    """Return where a configuration is looked for that nobody named, in that order.

    Raises:
        ConfigError: a variable names the home of somebody who has none here.
    """
    named = _named("VOICECALL_CONFIG", environ)
    usual = (FilePath("voicecall.toml"), platformdirs.user_config_path("voicecall") / "config.toml")
    return usual if named is None else (named,)


def state_dir(environ: Mapping[str, str]) -> FilePath:
    """Return the folder of the gateway's state: `$VOICECALL_STATE_DIR`, else the platform's.

    Raises:
        ConfigError: the variable names the home of somebody who has none here.
    """
    named = _named("VOICECALL_STATE_DIR", environ)
    return platformdirs.user_state_path("voicecall") if named is None else named.absolute()


def _named(variable: str, environ: Mapping[str, str]) -> FilePath | None:
    """Return the path in a variable, with `~` replaced; None if it is not set."""
    named = environ.get(variable)
    try:
        return FilePath(named).expanduser() if named else None
    except RuntimeError:
        message = f"{named} is in a home that is not here: write a full path (in the environment: {variable})"
        raise ConfigError([Fault("", message)]) from None


def _find(path: FilePath | None, environ: Mapping[str, str]) -> tuple[FilePath | None, str]:
    if path is not None:
        return path, " (named by --config)"
    if named := _named("VOICECALL_CONFIG", environ):
        return named, " (named by VOICECALL_CONFIG)"
    for place in (FilePath("voicecall.toml"), platformdirs.user_config_path("voicecall") / "config.toml"):
        if place.is_file():
            return place, ""
    return None, ""


@dataclass(slots=True)
class _Places:
    """Where each key was written, so that a fault can be shown there."""

    file: FilePath | None
    lines: dict[Path, int] = field(default_factory=dict)
    """The line of each path, as it stands in the file."""
    written: dict[Path, Path] = field(default_factory=dict)
    """For each path in our spelling, the path in the file."""
    variables: dict[Path, str] = field(default_factory=dict)
    """For each path that the environment set, the variable."""
    is_foreign: bool = False
    """Whether the file was written for OpenClaw."""

    def fault(self, path: Path, message: str) -> Fault:
        """Return the fault of a path in our spelling."""
        for depth in range(len(path), 0, -1):
            if variable := self.variables.get(path[:depth]):
                return Fault(dotted(path), f"{message} (in the environment: {variable})")
        for depth in range(len(path), 0, -1):
            if source := self.written.get(path[:depth]):
                return Fault(dotted(path), message, str(self.file), line_of(self.lines, source))
        return Fault(dotted(path), message, None if self.file is None else str(self.file))

    def theirs(self, path: Path, message: str) -> Fault:
        """Return the fault of a path as it stands in the file."""
        return Fault(dotted(path), message, str(self.file), line_of(self.lines, path))


def _judge(file: FilePath | None, why: str, environ: Mapping[str, str]) -> Loaded:
    places = _Places(file)
    faults: list[Fault] = []
    warnings: list[Fault] = []
    tree, enabled = ({}, True) if file is None else _from_file(file, why, environ, places, faults, warnings)
    overlay(tree, environ, places.variables, faults, warnings)
    state = state_dir(environ)
    store = tree.setdefault("store", {})
    if isinstance(store, dict):
        store.setdefault("url", f"sqlite:///{state / 'calls.db'}")
    config, misfits = _resolved(tree, environ, places, faults)
    _compare(config, misfits, places, faults, warnings)
    if faults:
        raise ConfigError(faults)
    warnings += [places.fault(path, message) for path, message in doubts(config)]
    return Loaded(config, file, StateDir(state), tuple(warnings), enabled)


def _resolved(
    tree: Tree, environ: Mapping[str, str], places: _Places, faults: list[Fault]
) -> tuple[Config, Mapping[Path, str]]:
    """Return what a tree says once secrets stand in it, and what was left out of it, as it cannot be meant."""
    astray: dict[Path, str] = {}
    resolve(tree, Config, environ, FilePath() if places.file is None else places.file.parent, astray)
    config, misfits = _validated(tree)
    misfits |= astray
    faults += [places.fault(path, message) for path, message in misfits.items()]
    return config, misfits


def _compare(
    config: Config, misfits: Mapping[Path, str], places: _Places, faults: list[Fault], warnings: list[Fault]
) -> None:
    """Tell in which keys disagree that are each well-formed."""
    for one in contradictions(config):
        if not any(path in misfits for path in one.paths):
            mild = one.mild and places.is_foreign
            (warnings if mild else faults).append(places.fault(one.paths[0], one.message))


def _from_file(
    file: FilePath,
    why: str,
    environ: Mapping[str, str],
    places: _Places,
    faults: list[Fault],
    warnings: list[Fault],
) -> tuple[Tree, bool]:
    """Return what the file says in our keys, and whether it is enabled."""
    raw, places.lines, is_json = read(file, why)
    raw = included(raw, file) if is_json else raw
    enabled = True
    moved: dict[Path, Path] = {}
    theirs = openclaw.translate(raw, environ) if is_json else None
    if theirs is not None:
        places.is_foreign = True
        raw, enabled, moved = theirs.tree, theirs.enabled, theirs.written
        warnings += [places.theirs(path, text) for path, text in theirs.warnings]
        faults += [places.theirs(path, text) for path, text in theirs.faults]
    unknown: list[tuple[Path, str]] = []
    spelled: dict[Path, Path] = {}
    tree = canonical(raw, Config, spelled, unknown)
    places.written = {path: moved.get(source, source) for path, source in spelled.items()}
    faults += [places.theirs(moved.get(path, path), message) for path, message in unknown]
    return tree, enabled


def _validated(tree: Tree) -> tuple[Config, dict[Path, str]]:
    """Return the configuration without the values that do not fit, and what is wrong with each of those."""
    misfits: dict[Path, str] = {}
    for depth in (None, 1):
        try:
            return Config.model_validate(tree), misfits
        except ValidationError as error:
            for one in error.errors(include_url=False):
                path, message = misfit(one)
                misfits.setdefault(path, message)
                _take_out(tree, path[:depth])
    return Config(), misfits


def _take_out(tree: Tree, path: Path) -> None:
    """Remove a value, or all of the list in which it stands."""
    table: object = tree
    for depth, part in enumerate(path):
        if not isinstance(table, dict):
            return
        inner = table.get(part)
        if depth == len(path) - 1 or not isinstance(inner, dict):
            table.pop(part, None)
        table = inner

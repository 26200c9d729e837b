"""Secrets that stand elsewhere: `{ env = "NAME" }` and `{ file = "PATH" }`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath

from .keys import Path, Tree, is_secret, items, member_of, section_of
from .section import Section


def resolve(
    tree: Tree,
    section: type[Section],
    environ: Mapping[str, str],
    folder: FilePath,
    astray: dict[Path, str],
    at: Path = (),
) -> None:
    """Replace, in place, every reference that stands for a secret by what it names.

    Relative files are looked up in `folder`. A reference that leads nowhere is taken out, and `astray` says why.
    """
    for name, field in section.model_fields.items():
        if name in tree:
            _resolve(tree, name, field.annotation, environ, folder, astray, (*at, name))


def _resolve(
    tree: Tree,
    name: str,
    annotation: object,
    environ: Mapping[str, str],
    folder: FilePath,
    astray: dict[Path, str],
    path: Path,
) -> None:
    value, section, member = tree[name], section_of(annotation), member_of(annotation)
    if is_secret(annotation) and isinstance(value, dict):
        try:
            tree[name] = _secret(value, environ, folder)
        except LookupError as error:
            astray[path] = str(error.args[0])
            del tree[name]
    elif section is not None and isinstance(value, dict):
        resolve(value, section, environ, folder, astray, path)
    elif member is not None and isinstance(value, member[0]):
        inner: Tree = dict(items(value))
        for key in list(inner):
            _resolve(inner, key, member[1], environ, folder, astray, (*path, key))
        tree[name] = inner if isinstance(value, dict) else list(inner.values())


def _secret(value: Mapping[str, object], environ: Mapping[str, str], folder: FilePath) -> str:
    match value:
        case {"env": str(name), **others} if not others:
            if not environ.get(name):
                raise LookupError(f"the environment variable {name} is not set")
            return environ[name]
        case {"file": str(name), **others} if not others:
            try:
                return (folder / FilePath(name).expanduser()).read_text("utf-8").strip()
            except OSError as error:
                raise LookupError(f"the secret's file {name} cannot be read: {error.strerror}") from None
            except (ValueError, RuntimeError):
                raise LookupError(f"the secret's file {name} is not UTF-8 text") from None
    raise LookupError('a secret is text, { env = "NAME" } or { file = "PATH" }')

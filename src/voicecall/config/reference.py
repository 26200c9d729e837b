"""The page of the documentation that lists every key, drawn from the model."""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator
from typing import Literal, get_args, get_origin

from pydantic import AfterValidator
from pydantic.fields import FieldInfo

from .environment import VENDORS
from .keys import bare, is_secret, member_of, section_of
from .model import Config
from .section import Named, Section

_ABSENT = {
    "control.port": "`serve.port` + 1",
    "control.token": "generated",
    "streaming.credential_keys": "generated",
    "store.url": "SQLite in the state directory",
    "mock.secret": "generated",
}
_HEAD = """\
# Configuration

This page is drawn from the code (`voicecall.config.reference`); a test compares the two.

The file is the one named by `--config`, else by `VOICECALL_CONFIG`, else `./voicecall.toml`, else `config.toml` in the
platform's config folder (`~/.config/voicecall` on Linux). TOML is the native form; JSON and JSON5 are read as well, and
so is an OpenClaw file with its `voice-call` plugin. The `camelCase` spelling of each key is accepted everywhere.

Each key can be set in the environment, which counts for more than the file: `VOICECALL_SERVE__PORT=4000` sets
`serve.port`, `VOICECALL_PROVIDER=twilio` the key `provider`. Lists are separated by commas or written as JSON. A secret
may be written as `{ env = "NAME" }` or `{ file = "PATH" }`, the path beginning at the file's folder; it is never shown.
`voicecall config check` lists everything that is wrong with a configuration, and `voicecall config show` what holds.
"""


def reference() -> str:
    """Return the page: a table of all keys with their values, defaults and meanings, and one of usual variables."""
    parts = [_HEAD, "| key | value | default | meaning |\n|---|---|---|---|"]
    parts += [f"| {' | '.join(cells)} |" for cells in _rows(Config, "")]
    parts.append("\nThese usual variables set keys too:\n\n| variable | keys |\n|---|---|")
    parts += [f"| `{name}` | {', '.join(f'`{key}`' for key in keys)} |" for name, keys in VENDORS.items()]
    parts.append("| `TWILIO_FROM_NUMBER` | `from_number`, when `provider` is `twilio` |")
    parts.append("| `VOICECALL_CONTROL_TOKEN` | `control.token` |")
    parts.append("| `VOICECALL_STATE_DIR` | no key: the folder of the state |\n")
    return "\n".join(parts)


def _rows(section: type[Section], prefix: str) -> Iterator[tuple[str, str, str, str]]:
    words = _docstrings(section)
    for name, field in section.model_fields.items():
        key, inner, member = prefix + name, section_of(field.annotation), member_of(field.annotation)
        held = section_of(member[1]) if member is not None else None
        if inner is not None and prefix.startswith("lines"):
            table = f"keys of [`{name}`](#configuration)"
            yield f"`{key}`", table, "–", words.get(name, "")
        elif inner is not None:
            yield from _rows(inner, f"{key}.")
        elif held is not None and member is not None:
            yield from _rows(held, f'{key}."+1555…".' if member[0] is dict else f"{key}[].")
        else:
            names = next((each.func for each in field.metadata if isinstance(each, AfterValidator)), None)
            kind = names.shown() if isinstance(names, Named) else _kind(field.annotation)
            yield f"`{key}`", kind, _default(key, field), words.get(name, "")


def _docstrings(section: type[Section]) -> dict[str, str]:
    """Return the sentences that stand beneath the fields of a section."""
    words: dict[str, str] = {}
    for base in section.__bases__:
        if issubclass(base, Section) and base is not Section:
            words |= _docstrings(base)
    body = ast.parse(textwrap.dedent(inspect.getsource(section))).body[0]
    if not isinstance(body, ast.ClassDef):
        return words
    for above, below in zip(body.body, body.body[1:], strict=False):
        match above, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                words[name] = " ".join(text.split()).replace("|", "\\|")
            case _:
                pass
    return words


def _kind(annotation: object) -> str:
    kind, member = bare(annotation), member_of(annotation)
    if is_secret(annotation):
        return "secret"
    if member is not None:
        return f"list of {_kind(member[1])}"
    if get_origin(kind) is Literal:
        return " ".join(f"`{value}`" for value in get_args(kind))
    words: dict[object, str] = {bool: "true, false", int: "whole number", float: "number"}
    return words.get(kind, "text")


def _default(key: str, field: FieldInfo) -> str:
    if key in _ABSENT:
        return _ABSENT[key]
    if field.is_required():
        return "required"
    value = {} if field.default_factory is dict else field.default
    if value is None:
        return "–"
    return f"`{json.dumps(list(value) if isinstance(value, tuple) else value)}`"

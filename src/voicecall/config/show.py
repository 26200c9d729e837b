"""Showing the effective configuration, without its secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import SecretStr

from .keys import Tree
from .model import Config
from .section import Section

HIDDEN = "***"


def show(config: Config) -> Tree:
    """Return the configuration as one nested object of plain values; secrets read `***`.

    Of a line, only what it was given is shown.
    """
    shown = {name: _plain(getattr(config, name)) for name in Config.model_fields}
    shown["lines"] = {number: _given(line) for number, line in config.lines.items()}
    if config.store.url is not None:
        shown["store"] = {"url": _without_password(config.store.url.get_secret_value())}
    return shown


def _plain(value: object) -> object:
    match value:
        case SecretStr():
            return HIDDEN
        case Section():
            return {name: _member(name, getattr(value, name)) for name in type(value).model_fields}
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def _member(name: str, value: object) -> object:
    """Return a member of a section. A `url` is a web address of somebody else's, whose path may be the key to it."""
    return _origin(value) if name == "url" and isinstance(value, str) else _plain(value)


def _given(section: Section) -> Tree:
    given = sorted((name, getattr(section, name)) for name in section.model_fields_set)
    return {name: _given(value) if isinstance(value, Section) else _member(name, value) for name, value in given}


def _origin(url: str) -> str:
    """Return a web address with all that comes after its host and port hidden."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" + (f"/{HIDDEN}" if parts.path.strip("/") or parts.query else "")


def _without_password(url: str) -> str:
    """Return a database's URL with its password hidden, and all of its query, where passwords may stand too."""
    return re.sub(r"\?.*", f"?{HIDDEN}", re.sub(r"^([^:/]*://[^:/?]*):.*@", rf"\1:{HIDDEN}@", url))

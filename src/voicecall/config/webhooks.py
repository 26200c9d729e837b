"""Configuration of outgoing webhooks: who is told what happens to calls."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from voicecall.core import hooks

from .section import Listed, Section, http_url


def _name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", value):
        raise ValueError(
            "not a name: write 1 to 64 letters, digits, dots, hyphens or underscores, a letter or a digit first"
        )
    return value


def _url(value: str) -> str:
    """Unlike other URLs it may have a query, where services put their keys."""
    if not value.isascii() or not value.isprintable() or " " in value or "#" in value:
        raise ValueError(
            "holds a fragment, a space or something beyond ASCII: write https://host/path, or …/path?query"
        )
    http_url(value.partition("?")[0])
    return value


def _secret(value: SecretStr) -> SecretStr:
    hooks.read_secret(value.get_secret_value())
    return value


def _event(value: str) -> str:
    if hooks.unknown([value]):
        raise ValueError("no event has this name: write one such as call.ended, a family such as call.*, or *")
    return value


Secret = Annotated[SecretStr, AfterValidator(_secret)]


class Webhook(Section):
    """A receiver of outgoing webhooks."""

    name: Annotated[str, AfterValidator(_name)]
    """Its own; what was delivered is remembered by it."""
    url: Annotated[str, AfterValidator(_url)]
    """Where messages are posted."""
    secret: Secret
    """Signs them: `whsec_` and 24 to 64 bytes in base64, as `voicecall webhooks secret` makes them."""
    old_secrets: Listed[Secret] = ()
    """Secrets by which receivers may still know us while they change to a new one: they sign too."""
    events: Annotated[Listed[Annotated[str, AfterValidator(_event)]], Field(min_length=1)] = hooks.DEFAULT_EVENTS
    """What it is told: names such as `call.ended`, families such as `call.*`, or `*`."""
    transcripts: bool = False
    """Whether the words of calls, and the keys that were pressed, may leave: in events, and in the final record."""

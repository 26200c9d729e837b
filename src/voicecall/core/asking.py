"""What every operation says of itself."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from voicecall.errors import VoicecallError

Scope = Literal["read", "call", "admin"]
"""What a token may do: look; also place and steer calls; also look after the gateway. Each includes those before it."""


class Asking(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Something that can be asked of the gateway. Its fields are the parameters."""

    name: ClassVar[str]
    """The method's name behind `voicecall.`"""
    route: ClassVar[tuple[str, str]]
    """REST: HTTP method and path; `{names}` are taken from the path, the rest from the body or the query."""
    scope: ClassVar[Scope] = "read"
    """What a token must allow."""
    changes: ClassVar[bool] = False
    """Whether it changes something, and so takes an idempotency key."""
    creates: ClassVar[bool] = False
    """Whether REST answers 201."""
    reads_store: ClassVar[bool] = False
    """Whether it can be answered from the store when no daemon runs."""
    secret: ClassVar[bool] = False
    """Whether its result holds a secret: it is told once, and not kept with an idempotency key."""
    result: ClassVar[Any]
    """The type of its result."""
    errors: ClassVar[tuple[type[VoicecallError], ...]] = ()
    """How it may fail, beside what anything may: bad parameters, and an archive that cannot be read or written."""

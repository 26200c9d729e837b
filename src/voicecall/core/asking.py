"""What every operation says of itself."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from voicecall.errors import BadParameters, CallRefused, StoreError, VoicecallError

Scope = Literal["read", "call", "admin"]
"""What a token may do: look; also place and steer calls; also look after the gateway. Each includes those before it."""

ALWAYS: tuple[type[VoicecallError], ...] = (BadParameters, CallRefused, StoreError)
"""How anything may fail: its parameters are wrong, the token or its idempotency key forbids it, the archive fails."""


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
    """How it may fail, beside what `ALWAYS` says."""

    def __post_init__(self) -> None:
        """See that an archive can look for it: PostgreSQL has no texts with the character NUL.

        Raises:
            BadParameters: a text has it.
        """
        for field, name in zip(self.__struct_fields__, self.__struct_encode_fields__, strict=True):
            value = getattr(self, field)
            if isinstance(value, str) and "\0" in value:
                raise BadParameters(f"{name}: expected a text without the character NUL")

"""What every part of the configuration shares: strictness, and the kinds of value that keys hold."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from typing import Annotated, Any, ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict

from voicecall.core.ids import is_e164


class Section(BaseModel):
    """A table of the configuration: frozen, strictly typed, and without unknown keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        defer_build=True,
    )

    also: ClassVar[dict[str, str]] = {}
    """Other spellings of keys, to the key itself."""


def nested() -> Any:
    """Return the default of a key that holds a section: all of that section's defaults.

    It is validated as a part of the whole, so that only the outermost section's validator is ever built: the commands
    of the command line start in half the time.
    """
    return Field(default_factory=dict, validate_default=True)


def _number(value: str) -> str:
    if not is_e164(value):
        raise ValueError("not a telephone number: write E.164, such as +15551234567")
    return value


class Named:
    """The check of a name that is ours, or that an installed package offers as `voicecall.<group>`."""

    def __init__(self, group: str, *built_in: str) -> None:
        self._group = group
        self._built_in = built_in

    def __call__(self, value: str) -> str:
        """Return the name if something has it."""
        offered = () if value in self._built_in else entry_points(group=f"voicecall.{self._group}").names
        if value not in self._built_in and value not in offered:
            raise ValueError(f"expected {', '.join(map(repr, (*self._built_in, *sorted(offered))))}")
        return value

    def shown(self) -> str:
        """Return our names, for the documentation."""
        return " ".join(f"`{name}`" for name in self._built_in)


def http_url(value: str) -> str:
    """Return the URL of a web address.

    Raises:
        ValueError: it is none.
    """
    return _url(value, ("https", "http"))


def _ws_url(value: str) -> str:
    return _url(value, ("wss", "ws"))


def _url(value: str, schemes: tuple[str, ...]) -> str:
    wanted = f"write {schemes[0]}://host/path, without query or fragment"
    try:
        parts = urlsplit(value)
        port_is_valid = parts.port != 0
    except ValueError:
        raise ValueError(f"not a URL: {wanted}") from None
    if parts.scheme not in schemes or not parts.hostname or not port_is_valid or parts.query or parts.fragment:
        raise ValueError(f"not such a URL: {wanted}")
    if parts.username is not None or any(character.isspace() for character in value):
        raise ValueError(f"holds a user name or a space: {wanted}")
    return value


def _origin(value: str) -> str:
    http_url(value)
    return value.rstrip("/")


def _path(value: str) -> str:
    if not value.startswith("/") or any(character in value for character in "?#{} \t\r\n"):
        raise ValueError("not a path: write one that begins with a slash, such as /voice/webhook")
    return value if value == "/" else value.rstrip("/")


def is_language(value: str) -> bool:
    """Say whether it has the form of a BCP 47 tag."""
    return re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", value) is not None


def _language(value: str) -> str:
    if not is_language(value):
        raise ValueError("not a language: write a BCP 47 tag, such as en, de or en-GB")
    return value


Item = TypeVar("Item")

Number = Annotated[str, AfterValidator(_number)]
"""E.164."""
HttpUrl = Annotated[str, AfterValidator(http_url)]
WsUrl = Annotated[str, AfterValidator(_ws_url)]
Origin = Annotated[str, AfterValidator(_origin)]
"""Scheme, host and port, to which a vendor's usual paths are appended."""
Language = Annotated[str, AfterValidator(_language)]
"""A BCP 47 tag."""
UrlPath = Annotated[str, AfterValidator(_path)]
Port = Annotated[int, Field(ge=0, le=65535)]
"""0 lets the system choose."""
Positive = Annotated[int, Field(gt=0)]
NotNegative = Annotated[int, Field(ge=0)]
Listed = Annotated[tuple[Item, ...], Strict(False)]
"""A list in the file."""
InboundPolicy = Literal["disabled", "allowlist", "pairing", "open"]

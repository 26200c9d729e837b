"""What a request to the REST API asks for, checked as Plivo checks it. Pure.

Source: Plivo docs `voice/api/calls`, `voice-agents/audio-streaming/api`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import msgspec

from .account import Account
from .call import Detection, Settings
from .documents import XmlError, read_headers
from .elements import Stream

RING_TIMEOUT = 120
LONGEST_RING = 600
CALL_LIMIT = 14_400
LONGEST_CALL = 86_400
MOST_DESTINATIONS = 1000
_NUMBER = re.compile(r"\+?[1-9][0-9]{6,14}", re.ASCII)
_DIGITS = re.compile(r"([0-9A-D#*wW]+(@[0-9]{1,5})?)*", re.ASCII)


class ApiError(Exception):
    """A request is refused with an HTTP status; the error is a text, or one text for each parameter that is wrong."""

    def __init__(self, status: int, error: str | dict[str, str]) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


class Form:
    """The parameters of a request: of its query, of a JSON object or of a form."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    @classmethod
    def read(cls, content_type: str, body: bytes) -> Form:
        """Return the parameters in a body.

        Raises:
            ApiError: it is neither JSON nor a form.
        """
        if "json" not in content_type:
            return cls(dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True)))
        try:
            values = msgspec.json.decode(body or b"{}", type=dict[str, str | int | float | bool | None])
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise ApiError(400, f"invalid JSON: {error}") from None
        return cls({name: _plain(value) for name, value in values.items() if value is not None})

    def one(self, name: str, default: str = "") -> str:
        """Return the value of a parameter."""
        return self._values.get(name, "") or default

    def needed(self, name: str) -> str:
        """Return the value of a parameter that has to be there."""
        if not self.one(name):
            raise ApiError(400, f"{name} parameter not present")
        return self.one(name)

    def url(self, name: str) -> str:
        """Return an absolute URL, or nothing."""
        text = self.one(name)
        try:
            parts = urlsplit(text)
            valid = parts.scheme in ("http", "https") and parts.hostname is not None
        except ValueError:
            valid = False
        if text and not valid:
            raise ApiError(400, {name: f"{text} is not a valid URL"})
        return text

    def choice(self, name: str, default: str, *others: str) -> str:
        """Return one of a few words."""
        text = self.one(name, default)
        if text not in (default, *others):
            raise ApiError(400, {name: f"{text} is not a valid choice"})
        return text

    def method(self, name: str) -> str:
        """Return GET or POST."""
        return self.choice(name, "POST", "GET")

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number within its range."""
        text = self.one(name, str(default))
        if not text.isdecimal() or not least <= int(text) <= most:
            raise ApiError(400, {name: f"{text} is not from {least} to {most}"})
        return int(text)

    def digits(self, name: str) -> str:
        """Return keys, without the durations that can be given after an `@`."""
        text = self.one(name)
        if _DIGITS.fullmatch(text) is None:
            raise ApiError(400, {name: f"{text} is no DTMF"})
        return re.sub("@[0-9]+", "", text)


def _plain(value: str | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True)
class Dial:
    """Calls that are to be placed. Numbers in E.164, times in seconds."""

    from_: str
    to: tuple[str, ...]
    settings: Settings
    ring_timeout: int
    time_limit: int


def read_dial(form: Form, account: Account) -> Dial:
    """Return what `POST Call/` asks for.

    Raises:
        ApiError: Plivo would refuse it.
    """
    to, from_ = form.needed("to").split("<"), form.needed("from")
    form.needed("answer_url")
    if any(_NUMBER.fullmatch(number) is None for number in to) or len(to) > MOST_DESTINATIONS:
        raise ApiError(400, {"to": "not a valid destination"})
    if _NUMBER.fullmatch(from_) is None or not account.owns(_e164(from_)):
        raise ApiError(400, {"from": "not a number of this account"})
    time_limit = min(form.number("time_limit", CALL_LIMIT, 1, 10**9), LONGEST_CALL)
    ring_timeout = form.number("ring_timeout", RING_TIMEOUT, 1, LONGEST_RING)
    settings = Settings(
        answer_url=form.url("answer_url"),
        answer_method=form.method("answer_method"),
        ring_url=form.url("ring_url"),
        ring_method=form.method("ring_method"),
        hangup_url=form.url("hangup_url"),
        hangup_method=form.method("hangup_method"),
        fallback_url=form.url("fallback_url"),
        fallback_method=form.method("fallback_method"),
        caller_name=form.one("caller_name")[:50],
        send_digits=form.digits("send_digits"),
        detection=_detection(form),
        time_limit=time_limit,
    )
    ring_timeout = min(ring_timeout, form.number("hangup_on_ring", LONGEST_RING, 1, LONGEST_RING))
    return Dial(_e164(from_), tuple(map(_e164, to)), settings, ring_timeout, time_limit)


def read_stream(form: Form) -> Stream:
    """Return what `POST Call/{uuid}/Stream/` asks for.

    Raises:
        ApiError: Plivo would refuse it.
    """
    try:
        headers = read_headers(form.one("extra_headers"))
    except XmlError as error:
        raise ApiError(400, {"extra_headers": str(error)}) from None
    return Stream(
        url=form.needed("service_url"),
        bidirectional=form.choice("bidirectional", "false", "true") == "true",
        content_type=form.one("content_type"),
        track=form.choice("audio_track", "inbound", "outbound", "both"),
        timeout=form.number("stream_timeout", 86_400, 1, 86_400),
        status_callback=form.url("status_callback_url"),
        status_method=form.method("status_callback_method"),
        extra_headers=headers,
    )


def _detection(form: Form) -> Detection | None:
    kind = form.choice("machine_detection", "", "true", "false", "hangup")
    if kind in ("", "false"):
        return None
    return Detection(
        hangup=kind == "hangup",
        seconds=form.number("machine_detection_time", 5000, 2000, 10_000) / 1000,
        url=form.url("machine_detection_url"),
        method=form.method("machine_detection_method"),
    )


def _e164(number: str) -> str:
    return "+" + number.removeprefix("+")

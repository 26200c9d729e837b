"""What a request to the REST API asks for, checked as Twilio checks it. Pure.

Source: Twilio docs `voice/api/call-resource`, `api/errors`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from .account import Account
from .call import Settings
from .detection import Detection

LONGEST_TWIML = 4000
"""Characters of an inline document."""
RING_TIMEOUT = 60
LONGEST_RING = 600
LONGEST_CALL = 4 * 3600
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_DIGITS = re.compile(r"[0-9A-D#*wW]{1,32}")
_EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})


class ApiError(Exception):
    """A request is refused; `code` is Twilio's error, `status` that of HTTP."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Form:
    """The parameters of a request."""

    def __init__(self, encoded: str) -> None:
        self._values: Mapping[str, list[str]] = parse_qs(encoded, keep_blank_values=True)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def one(self, name: str, default: str = "") -> str:
        """Return the value of a parameter, the last one if there are several."""
        return self._values.get(name, [default])[-1] or default

    def every(self, name: str) -> list[str]:
        """Return all values of a parameter."""
        return self._values.get(name, [])

    def url(self, name: str) -> str:
        """Return an absolute URL, or nothing."""
        text = self.one(name)
        try:
            parts = urlsplit(text)
            valid = parts.scheme in ("http", "https") and parts.hostname is not None and "_" not in parts.hostname
        except ValueError:
            valid = False
        if text and not valid:
            raise ApiError(400, 21205, f"{name} is not a valid URL: {text}")
        return text

    def method(self, name: str) -> str:
        """Return GET or POST."""
        text = self.one(name, "POST")
        if text not in ("GET", "POST"):
            raise ApiError(400, 21209, f"{name} is not a valid method: {text}")
        return text

    def number(self, name: str, default: int, least: int, most: int, code: int = 21208) -> int:
        """Return a whole number within its range."""
        text = self.one(name, str(default))
        if re.fullmatch(r"[0-9]{1,9}", text) is None or not least <= int(text) <= most:
            raise ApiError(400, code, f"{name} is not from {least} to {most}: {text}")
        return int(text)


@dataclass(frozen=True, slots=True)
class Dial:
    """A call that is to be placed. Times in seconds."""

    from_: str
    to: str
    settings: Settings
    ring_timeout: int
    time_limit: int


def read_dial(form: Form, account: Account) -> Dial:
    """Return what `POST Calls.json` asks for.

    Raises:
        ApiError: Twilio would refuse it.
    """
    to, from_ = form.one("To"), form.one("From")
    if not to:
        raise ApiError(400, 21201, "No 'To' number is specified")
    if not from_:
        raise ApiError(400, 21213, "No 'From' number is specified")
    if _E164.fullmatch(to) is None:
        raise ApiError(400, 21211, f"The phone number you are attempting to call, {to}, is not valid.")
    if _E164.fullmatch(from_) is None:
        raise ApiError(400, 21212, f"The source phone number provided, {from_}, is not valid.")
    if not account.owns(from_):
        raise ApiError(400, 21210, f"The source phone number provided, {from_}, is not yet verified.")
    if to in account.refusals:
        raise ApiError(400, account.refusals[to], f"The call to {to} is refused.")
    settings = Settings(
        url=form.url("Url"),
        method=form.method("Method"),
        twiml=read_twiml(form),
        send_digits=form.one("SendDigits"),
        detection=_detection(form),
    )
    read_settings(form, settings)
    if not settings.url and not settings.twiml:
        raise ApiError(400, 21205, "Url parameter is required.")
    if settings.send_digits and _DIGITS.fullmatch(settings.send_digits) is None:
        raise ApiError(400, 21206, f"Invalid SendDigits: {settings.send_digits}")
    return Dial(
        from_,
        to,
        settings,
        form.number("Timeout", RING_TIMEOUT, 1, LONGEST_RING),
        form.number("TimeLimit", LONGEST_CALL, 1, LONGEST_CALL),
    )


def read_twiml(form: Form) -> str:
    """Return the inline document, or nothing.

    Raises:
        ApiError: it is too long.
    """
    twiml = form.one("Twiml")
    if len(twiml) > LONGEST_TWIML:
        raise ApiError(400, 32018, f"The Twiml has {len(twiml)} characters, {LONGEST_TWIML} are allowed")
    return twiml


def read_settings(form: Form, settings: Settings) -> None:
    """Take over the callbacks that a request names.

    Raises:
        ApiError: Twilio would refuse them.
    """
    if "FallbackUrl" in form:
        settings.fallback_url, settings.fallback_method = form.url("FallbackUrl"), form.method("FallbackMethod")
    if "StatusCallback" in form:
        settings.status_callback = form.url("StatusCallback")
        settings.status_method = form.method("StatusCallbackMethod")
    if events := form.every("StatusCallbackEvent"):
        settings.status_events = _EVENTS & frozenset(word for event in events for word in event.split())


def _detection(form: Form) -> Detection | None:
    kind = form.one("MachineDetection")
    if not kind:
        return None
    if kind not in ("Enable", "DetectMessageEnd"):
        raise ApiError(400, 20001, f"MachineDetection is not valid: {kind}")
    return Detection(
        wait_for_end=kind == "DetectMessageEnd",
        asynchronous=form.one("AsyncAmd") == "true",
        callback=form.url("AsyncAmdStatusCallback"),
        callback_method=form.method("AsyncAmdStatusCallbackMethod"),
        timeout=form.number("MachineDetectionTimeout", 30, 3, 59, 20001),
        speech=form.number("MachineDetectionSpeechThreshold", 2400, 1000, 6000, 20001) / 1000,
        speech_end=form.number("MachineDetectionSpeechEndThreshold", 1200, 500, 5000, 20001) / 1000,
        silence=form.number("MachineDetectionSilenceTimeout", 5000, 2000, 10_000, 20001) / 1000,
    )

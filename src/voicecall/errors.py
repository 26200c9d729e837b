"""Every error voicecall raises on purpose. Each message names the thing and the way out, and holds no secret.

VoicecallError
├── ConfigError             the configuration has faults, all of them listed
├── SignatureError          a webhook is not from whom it claims
├── FrameError              a peer broke its own wire format
├── StreamRefused           a media stream may not join a call
├── ProviderError           somebody else's service failed
│   ├── NetworkError        it could not be reached, or the connection broke
│   ├── CarrierError
│   ├── SpeechError
│   ├── AgentError
│   └── RealtimeError       a model that hears and speaks
├── TunnelError             the way in from outside cannot be had
├── StoreError              the archive cannot be read or written
│   └── StoreConflict       another writer was there first, or the event is a duplicate
└── RequestError            what was asked for cannot be done
    ├── BadParameters
    ├── CallNotFound
    ├── CallOver
    ├── CallRefused         policy or limit
    └── OperationTimeout
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class VoicecallError(Exception):
    """Base of every error that voicecall raises on purpose."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a configuration."""

    key: str
    """Dotted key, such as `serve.port`; empty when the whole file is at fault."""
    message: str
    """What is wrong and what to write instead."""
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = "" if self.file is None else self.file + (f":{self.line}" if self.line else "") + ": "
        return f"{place}{self.key}: {self.message}" if self.key else f"{place}{self.message}"


class ConfigError(VoicecallError):
    """The configuration has faults; `faults` lists all of them."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class SignatureError(VoicecallError):
    """A webhook's signature is missing or wrong. `tried` lists the URL forms that were checked."""

    def __init__(self, message: str, tried: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.tried = tuple(tried)


class FrameError(VoicecallError):
    """The peer broke its own wire format."""


class StreamRefused(VoicecallError):
    """A media stream may not join a call.

    `reason` is one of `missing`, `malformed`, `expired`, `wrong call`, `wrong key`, `already used`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"media stream refused: credential {reason}")
        self.reason = reason


class ProviderError(VoicecallError):
    """Somebody else's service failed. `retryable` says whether asking again can help."""

    def __init__(self, message: str, *, retryable: bool = False, code: str | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.code = code


class NetworkError(ProviderError):
    """A service could not be reached, did not answer in time, or the connection to it broke."""


class CarrierError(ProviderError):
    """A carrier refused or failed a request. `code` is the carrier's own code.

    `certain` is False when the request may have been carried out all the same (a 5xx, a time-out).
    """

    def __init__(self, message: str, *, retryable: bool = False, code: str | None = None, certain: bool = True) -> None:
        super().__init__(message, retryable=retryable, code=code)
        self.certain = certain


class SpeechError(ProviderError):
    """A transcriber, synthesiser or voice activity detector failed."""


class AgentError(ProviderError):
    """The agent behind the call failed to answer."""


class RealtimeError(ProviderError):
    """A model that hears and speaks refused us, failed, or cannot be reached any more."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is not as it should be and stops nothing: a reconnection, a request repeated, a fallback."""

    code: str
    """A short stable word."""
    text: str
    """One sentence for the record; holds no secret and no words of the call."""


class TunnelError(VoicecallError):
    """The way in from outside cannot be had, or was lost. `hint` says what to do about it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message}: {hint}" if hint else message)
        self.message = message
        self.hint = hint


class StoreError(VoicecallError):
    """The archive cannot be read or written."""


class StoreConflict(StoreError):
    """The archive refused an entry: its sequence number or its carrier event key is already there."""


class RequestError(VoicecallError):
    """What was asked for cannot be done. `code` is stable and the same at every door."""

    code = "request"


class BadParameters(RequestError):
    """A parameter is missing, unknown or malformed."""

    code = "bad-parameters"


class CallNotFound(RequestError):
    """No call has that id."""

    code = "call-not-found"


class CallOver(RequestError):
    """The call has ended."""

    code = "call-over"


class CallRefused(RequestError):
    """Policy or a limit forbids it. `reason` is a short stable word, such as `max-concurrent-calls`.

    `retry_after`: whole seconds after which it may be allowed, where that is known.
    """

    code = "refused"

    def __init__(self, reason: str, message: str, *, limit: bool = False, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.limit = limit
        self.retry_after = retry_after


class OperationTimeout(RequestError):
    """What was waited for did not happen in time."""

    code = "timeout"


def whereabouts(error: BaseException) -> str:
    """Return what happened and where, but not its message, which may hold words of the call."""
    places = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(places[-1].filename).name}:{places[-1].lineno}" if places else ""
    return type(error).__name__ + place

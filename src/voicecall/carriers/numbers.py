"""What a carrier does with calls to a number of the account: how that is asked, and how it is changed. No IO.

A question may take several requests, each after the answer to the one before. So a codec talks: it yields requests, is
sent the responses, and returns the result.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Protocol, TypeVar, runtime_checkable

import msgspec

from voicecall.carriers import RestRequest, RestResponse
from voicecall.errors import CarrierError

T = TypeVar("T")
Talk = Generator[RestRequest, RestResponse, T]
"""Yields requests, is sent their responses, returns a `T`."""


class NumberSettings(msgspec.Struct, frozen=True):
    """What becomes of calls to a number."""

    number: str
    """E.164."""
    voice_url: str = ""
    """Where calls are announced; empty where none is: something other than a webhook takes them, or nothing does."""
    voice_method: str = "POST"
    """How: `POST`, or in another way, which the gateway does not take."""
    status_url: str = ""
    """Where the end of a call is reported, where the carrier tells these apart."""
    fallback_url: str = ""
    """What is asked when `voice_url` fails."""
    application: str = ""
    """The carrier's name for what takes the calls in the number's stead: an application, a connection, a trunk."""
    raw: Mapping[str, str] = {}
    """What pointing the number changes, by the carrier's own names: enough to put it back."""
    ids: Mapping[str, str] = {}
    """The carrier's names for what is changed."""

    def leads_to(self, webhook_url: str) -> bool:
        """Say whether calls are announced there, whatever the carrier is told behind a `#`."""
        return self.voice_method == "POST" and same(self.voice_url, webhook_url)


class NumberCodec(Protocol):
    """The settings of one carrier's numbers."""

    def owned(self) -> Talk[tuple[str, ...]]:
        """Ask for the numbers of the account (E.164), at most as many as the carrier tells at once.

        Raises:
            CarrierError: the carrier refused or failed to tell.
        """

    def read(self, number: str) -> Talk[NumberSettings]:
        """Ask for the settings of a number (E.164).

        Raises:
            CarrierError: there is no such number (code `unknown-number`), or the carrier refused or failed to tell.
        """

    def pointed(self, settings: NumberSettings, webhook_url: str) -> Mapping[str, str]:
        """Return what `settings.raw` has to be for calls to be announced at `webhook_url`."""

    def write(self, settings: NumberSettings, wanted: Mapping[str, str]) -> Talk[None]:
        """Change what differs between `settings.raw` and `wanted`.

        Raises:
            CarrierError: the carrier refused or failed it; what came before it is done.
        """


@runtime_checkable
class HasNumbers(Protocol):
    """A carrier whose numbers can be set up by its API."""

    def numbers(self) -> NumberCodec:
        """Return the codec of its numbers' settings."""


def same(url: str, other: str) -> bool:
    """Say whether two URLs are the same request."""
    return url.partition("#")[0] == other.partition("#")[0]


def turned(url: str, webhook_url: str, overrides: str = "") -> str:
    """Return the setting that leads to `webhook_url`: `url` where it does, else a new one with `overrides`."""
    return url if same(url, webhook_url) else webhook_url.partition("#")[0] + overrides


def decoded(carrier: str, response: RestResponse, form: type[T]) -> T:
    """Return what a response says.

    Raises:
        CarrierError: it is not of that form.
    """
    try:
        return msgspec.json.decode(response.body, type=form)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        status = response.status
        text = f"{carrier}'s answer cannot be read (HTTP {status})"
        raise CarrierError(text, code=str(status), certain=False) from error


def failure(carrier: str, what: str, status: int, why: str) -> CarrierError:
    """Return the error of a request about a number, which was to `what`. It holds no number."""
    refused = 400 <= status < 500
    verb = "refused" if refused else "failed"
    text = f"{carrier} {verb} to {what} (HTTP {status}): {why}"
    return CarrierError(text, retryable=status == 429 or not refused, code=str(status), certain=refused)


def unknown(carrier: str, check: str) -> CarrierError:
    """Return the error of a number that the account does not have; `check` names what to look at."""
    return CarrierError(f"the {carrier} account has no such number; check {check}", code="unknown-number")

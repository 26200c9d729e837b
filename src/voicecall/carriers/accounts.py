"""Whether a carrier and we know each other: harmless questions, what the answers say, and a webhook to try. No IO."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import msgspec

from voicecall.carriers import RestRequest


class Question(msgspec.Struct, frozen=True):
    """One request that changes nothing, and that is refused where something of ours is wrong."""

    request: RestRequest
    keys: str
    """The settings that it tries, as they are written in the configuration."""
    named: str = ""
    """The setting that names what is asked after: wrong where the carrier knows no such thing."""


@runtime_checkable
class HasAccount(Protocol):
    """A carrier that can be asked whether it knows us."""

    def questions(self) -> tuple[Question, ...]:
        """Return what to ask: each that is answered with success shows that its settings are right."""

    def shortcoming(self, body: bytes) -> str:
        """Return what a successful answer says is wrong with the account, in one sentence without its subject."""


class Sample(msgspec.Struct, frozen=True):
    """A webhook as the carrier would send it, about a call that there is not."""

    request: RestRequest
    signed: bool = True
    """Whether its signature is right; not where only the carrier can sign."""


@runtime_checkable
class HasSample(Protocol):
    """A carrier whose webhooks can be made here too."""

    def sample(self, url: str, nonce: str, now: float) -> Sample:
        """Return a webhook to `url`. `nonce` is letters and digits; `now` is Unix seconds."""

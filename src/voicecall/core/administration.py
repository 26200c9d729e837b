"""What can be asked by those who look after the gateway: tokens, paired callers, whom it may dial, webhooks.

Of these, no tool of an agent offers any.
"""

from __future__ import annotations

from voicecall.core import results
from voicecall.core.asking import Asking, Scope
from voicecall.errors import CallRefused


class CreateToken(Asking, frozen=True):
    """Make a token for the control listener. Result: what it is, and once only the token itself."""

    name = "tokens.create"
    route = ("POST", "/v1/tokens")
    scope = "admin"
    changes = True
    creates = True
    secret = True
    result = results.NewToken
    errors = (CallRefused,)
    label: str
    """What it is called: 1 to 64 letters, digits and `. _ @ -`; one token each."""
    may: Scope = "call"
    """What it allows; each includes those before it: read, call, admin."""
    lifetime: float | None = None
    """Seconds, from 1 to ten years; without it, it holds until it is revoked."""


class ListTokens(Asking, frozen=True):
    """The tokens that were made and hold. Result: a list of what they are."""

    name = "tokens.list"
    route = ("GET", "/v1/tokens")
    scope = "admin"
    result = list[results.Token]


class RevokeToken(Asking, frozen=True):
    """Let a token hold no longer. Result: what it was."""

    name = "tokens.revoke"
    route = ("DELETE", "/v1/tokens/{label}")
    scope = "admin"
    changes = True
    result = results.Token
    label: str


class ListPairings(Asking, frozen=True):
    """The callers that were paired, and the codes that can be approved. Result: a list of them."""

    name = "pairing.list"
    route = ("GET", "/v1/pairings")
    scope = "admin"
    result = list[results.Pairing]


class ApprovePairing(Asking, frozen=True):
    """Let in whoever was told this code. Result: the caller."""

    name = "pairing.approve"
    route = ("POST", "/v1/pairings")
    scope = "admin"
    changes = True
    result = results.Pairing
    code: str
    """Six digits."""


class RevokePairing(Asking, frozen=True):
    """Let a caller in no longer. Result: the caller."""

    name = "pairing.revoke"
    route = ("DELETE", "/v1/pairings/{number}")
    scope = "admin"
    changes = True
    result = results.Pairing
    number: str
    """E.164."""


class ShowOutbound(Asking, frozen=True):
    """What may still be dialled. Result: the limits, how much of each is used, and whether dialling is stopped."""

    name = "outbound.show"
    route = ("GET", "/v1/outbound")
    result = results.Outbound


class StopOutbound(Asking, frozen=True):
    """Dial nobody until it is resumed, over restarts too. Result: as of `outbound.show`."""

    name = "outbound.stop"
    route = ("POST", "/v1/outbound/stop")
    scope = "admin"
    changes = True
    result = results.Outbound
    reason: str = ""
    """Why, for those who look."""
    hang_up: bool = False
    """End the outbound calls that are under way, too."""


class ResumeOutbound(Asking, frozen=True):
    """Dial again. Result: as of `outbound.show`."""

    name = "outbound.resume"
    route = ("POST", "/v1/outbound/resume")
    scope = "admin"
    changes = True
    result = results.Outbound


class ListDoNotCall(Asking, frozen=True):
    """The numbers that are not called. Result: a list of them."""

    name = "doNotCall.list"
    route = ("GET", "/v1/do-not-call")
    result = list[results.DoNotCall]


class AddDoNotCall(Asking, frozen=True):
    """Never call a number. Result: the entry."""

    name = "doNotCall.add"
    route = ("POST", "/v1/do-not-call")
    scope = "call"
    changes = True
    creates = True
    result = results.DoNotCall
    number: str
    """E.164."""
    reason: str = ""


class RemoveDoNotCall(Asking, frozen=True):
    """Allow a number to be called again. Result: the entry it was."""

    name = "doNotCall.remove"
    route = ("DELETE", "/v1/do-not-call/{number}")
    scope = "admin"
    changes = True
    result = results.DoNotCall
    number: str
    """E.164."""


class ListWebhooks(Asking, frozen=True):
    """The receivers of outgoing webhooks, and how each goes. Result: a list of them."""

    name = "webhooks.list"
    route = ("GET", "/v1/webhooks")
    scope = "admin"
    result = list[results.Webhook]


class TryWebhook(Asking, frozen=True):
    """Send a receiver of outgoing webhooks a signed `webhook.test`. Result: what came of it."""

    name = "webhooks.test"
    route = ("POST", "/v1/webhooks/{receiver}/test")
    scope = "admin"
    changes = True
    result = results.WebhookTest
    receiver: str
    """Its `name` in the configuration."""


class Probe(Asking, frozen=True):
    """Take note, for a minute, of requests to the public listener that bear this name. Result: what has arrived."""

    name = "probe"
    route = ("GET", "/v1/probes/{nonce}")
    scope = "admin"
    result = results.Probed
    errors = (CallRefused,)
    nonce: str
    """16 to 64 letters and digits, chosen at random."""


Administration = (
    CreateToken
    | ListTokens
    | RevokeToken
    | ListPairings
    | ApprovePairing
    | RevokePairing
    | ShowOutbound
    | StopOutbound
    | ResumeOutbound
    | ListDoNotCall
    | AddDoNotCall
    | RemoveDoNotCall
    | ListWebhooks
    | TryWebhook
    | Probe
)

ADMINISTRATION: tuple[type[Administration], ...] = (
    CreateToken,
    ListTokens,
    RevokeToken,
    ListPairings,
    ApprovePairing,
    RevokePairing,
    ShowOutbound,
    StopOutbound,
    ResumeOutbound,
    ListDoNotCall,
    AddDoNotCall,
    RemoveDoNotCall,
    ListWebhooks,
    TryWebhook,
    Probe,
)

"""What those may ask who look after the gateway: each matter has a desk of its own."""

from __future__ import annotations

from typing import Any, assert_never

from voicecall.core.administration import (
    AddDoNotCall,
    Administration,
    ApprovePairing,
    CreateToken,
    ListDoNotCall,
    ListPairings,
    ListTokens,
    ListWebhooks,
    Probe,
    RemoveDoNotCall,
    ResumeOutbound,
    RevokePairing,
    RevokeToken,
    ShowOutbound,
    StopOutbound,
    TryWebhook,
)
from voicecall.errors import CallRefused
from voicecall.gateway.hooks import Hooks
from voicecall.gateway.outbound import OutboundDesk
from voicecall.gateway.pairing import PairingDesk
from voicecall.gateway.probes import Probes, plain
from voicecall.gateway.tokens import Tokens


class Office:
    """Carries out `Administration`."""

    def __init__(
        self, tokens: Tokens, pairing: PairingDesk, outbound: OutboundDesk, hooks: Hooks, probes: Probes | None = None
    ) -> None:
        """`hooks` are the receivers of outgoing webhooks; `probes` those of a public listener, where there is one."""
        self._tokens = tokens
        self._pairing = pairing
        self._outbound = outbound
        self._hooks = hooks
        self._probes = probes

    async def perform(self, operation: Administration) -> Any:
        """Return the operation's result, a JSON value.

        Raises:
            RequestError: it cannot be done.
            StoreError: the archive cannot be read or written.
        """
        match operation:
            case CreateToken() | ListTokens() | RevokeToken():
                return await self._tokens.perform(operation)
            case ListPairings() | ApprovePairing() | RevokePairing():
                return await self._pairing.perform(operation)
            case ShowOutbound() | StopOutbound() | ResumeOutbound():
                return await self._outbound.perform(operation)
            case ListDoNotCall() | AddDoNotCall() | RemoveDoNotCall():
                return await self._outbound.perform(operation)
            case ListWebhooks() | TryWebhook():
                return await self._hooks.perform(operation)
            case Probe():
                if self._probes is None:
                    raise CallRefused("no-listener", "there is no public listener here that could be probed")
                return plain(self._probes.perform(operation))
            case _:
                assert_never(operation)

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
    RemoveDoNotCall,
    ResumeOutbound,
    RevokePairing,
    RevokeToken,
    ShowOutbound,
    StopOutbound,
)
from voicecall.gateway.tokens import Tokens


class Office:
    """Carries out `Administration`."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

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
                raise NotImplementedError
            case ShowOutbound() | StopOutbound() | ResumeOutbound():
                raise NotImplementedError
            case ListDoNotCall() | AddDoNotCall() | RemoveDoNotCall():
                raise NotImplementedError
            case _:
                assert_never(operation)

"""The desk of named tokens: makes, lists and revokes them, and tells who holds one. They are notes in the archive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from voicecall.core.administration import CreateToken, ListTokens, RevokeToken
from voicecall.core.record import rfc3339
from voicecall.core.tokens import BYTES, PREFIX, Bearer, Kept, check, digest, find, spell, taken
from voicecall.errors import BadParameters, StoreError
from voicecall.gateway.notes import Notes
from voicecall.store import Store

KIND = "token"
MEMORY = 1.0
"""Seconds that the archive's tokens are remembered: as long may another gateway's revocation go unnoticed."""
_FRESH = 0.1
"""Seconds within which the archive is not asked again for a token that was not there."""
_PATIENCE = 5.0
"""Seconds in which the archive must tell them."""
_REMAINS = 30 * 86400.0
"""Seconds that an expired token is known as one."""

_log = structlog.get_logger()


class Tokens:
    """The named tokens of all gateways on one archive. `clock` tells Unix seconds, `entropy` makes so many bytes."""

    def __init__(self, store: Store, *, clock: Callable[[], float], entropy: Callable[[int], bytes]) -> None:
        self._notes = Notes(store, clock, KIND, Kept)
        self._clock = clock
        self._entropy = entropy
        self._known: Sequence[Kept] = ()
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def perform(self, operation: CreateToken | ListTokens | RevokeToken) -> Any:
        """Return the operation's result, a JSON value.

        Raises:
            BadParameters: a parameter is malformed, or there is no such token.
            CallRefused: `label-taken`.
            StoreError: the archive cannot be read or written.
        """
        match operation:
            case CreateToken():
                return await self._create(operation)
            case ListTokens():
                now = self._clock()
                return [_shown(kept) for kept in await self._all() if not kept.expired(now)]
            case RevokeToken(label=label):
                return await self._revoke(label)

    async def bearer(self, token: str) -> Bearer | None:
        """Return who holds a token, also one that has expired lately, or None where none such is known.

        Raises:
            StoreError: the archive cannot be read, so nobody is known.
        """
        if not token.startswith(PREFIX):
            return None
        found = find(token, await self._remembered(MEMORY)) or find(token, await self._remembered(_FRESH))
        return None if found is None else Bearer(found.label, found.may, found.expired(self._clock()))

    async def _create(self, wish: CreateToken) -> dict[str, Any]:
        check(wish.label, wish.lifetime)
        now = self._clock()
        await self._clear_out(now)
        stands = await self._notes.read(wish.label)
        if stands is not None and not stands.value.expired(now):
            raise taken(wish.label)
        token = spell(self._entropy(BYTES))
        kept = Kept(
            label=wish.label,
            may=wish.may,
            digest=digest(token),
            created_at=now,
            expires_at=None if wish.lifetime is None else now + wish.lifetime,
        )
        version = 1 if stands is None else stands.version + 1
        if not await self._notes.write(wish.label, kept, version):
            raise taken(wish.label)
        await self._forget()
        return {**_shown(kept), "token": token}

    async def _revoke(self, label: str) -> dict[str, Any]:
        removed = await self._notes.remove(label)
        await self._forget()
        if removed is None:
            raise BadParameters(f"label: no token is called {label!r}")
        return _shown(removed.value)

    async def _clear_out(self, now: float) -> None:
        """Remove what expired long ago."""
        for noted in await self._notes.all():
            if noted.value.expired(now - _REMAINS):
                await self._notes.discard(noted)

    async def _all(self) -> list[Kept]:
        return [noted.value for noted in await self._notes.all()]

    async def _remembered(self, age: float) -> Sequence[Kept]:
        """Return the tokens as the archive had them at most `age` seconds ago."""
        now = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(_PATIENCE), self._reading:
                asked_at = now()
                if asked_at - self._read_at > age:
                    self._known = await self._all()
                    self._read_at = asked_at
                return self._known
        except (StoreError, TimeoutError) as error:
            _log.error("store.failed", detail=str(error) or f"no answer within {_PATIENCE:g} s")
            raise StoreError("the archive cannot be read, and only the control token is known without it") from error

    async def _forget(self) -> None:
        """Ask the archive anew, also where it is being asked now."""
        async with self._reading:
            self._read_at = float("-inf")


def _shown(kept: Kept) -> dict[str, Any]:
    shown = {"label": kept.label, "may": kept.may, "createdAt": rfc3339(kept.created_at)}
    return shown if kept.expires_at is None else {**shown, "expiresAt": rfc3339(kept.expires_at)}

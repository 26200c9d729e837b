"""The desk of pairing: callers who are known, callers who were told a code, and codes that become callers.

Who was paired stands in a note each. All codes stand in one note together, so that several gateways on one archive
never have one code twice, nor a caller two, nor more of them than there is room for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from voicecall.core.administration import ApprovePairing, ListPairings, RevokePairing
from voicecall.core.numbers import known_as
from voicecall.core.pairing import DIGITS, new_code
from voicecall.core.record import rfc3339
from voicecall.core.results import Pairing
from voicecall.errors import BadParameters, CallRefused
from voicecall.gateway.notes import Noted, Notes
from voicecall.store import Store

_BOOK = "all"
"""Key of the one note with all codes."""
_DAY = 86400.0
_MOST_CODES = 100
_MOST_CALLERS = 1000
"""Who called within a day, with a code that holds or without."""

Desk = ListPairings | ApprovePairing | RevokePairing
"""What can be asked here."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a code can be approved, in seconds, and how often one caller is told a code in 24 hours."""

    lifetime: float = 600.0
    tries: int = 3


class _Caller(msgspec.Struct, frozen=True):
    """Somebody who was told a code within a day."""

    code: str
    until: float
    """Unix seconds to which it can be approved."""
    told: dict[str, float]
    """When it, or the one before, was told: Unix seconds by call leg."""


class _Paired(msgspec.Struct, frozen=True):
    """Somebody who was paired."""

    number: str


_Book = dict[str, _Caller]
"""By number, canonical."""
_Made = TypeVar("_Made")


class NotTold(CallRefused):
    """A caller is not told a code; `reason` is `tries` or `crowded`."""


class PairingDesk:
    """Keeps who is paired and who may be. `clock` tells Unix seconds; `entropy` gives random bytes."""

    def __init__(
        self, store: Store, *, clock: Callable[[], float], entropy: Callable[[int], bytes], limits: Limits
    ) -> None:
        self._paired = Notes(store, clock, "paired", _Paired)
        self._books = Notes(store, clock, "pairing-code", _Book)
        self._clock = clock
        self._entropy = entropy
        self._limits = limits
        self._turn = asyncio.Lock()

    # --- callers

    async def knows(self, number: str) -> bool:
        """Say whether this number was paired.

        Raises:
            StoreError: the archive cannot be read.
        """
        return await self._paired.read(_digits(number)) is not None

    async def tell(self, number: str, leg: str) -> str:
        """Return the code that this caller is to be told on this call leg; for one leg it is the same, and counts once.

        Raises:
            NotTold: the caller was told as often as a day allows, or too many others were.
            StoreError: the archive cannot be read or written.
        """
        number = known_as(number)

        def change(book: _Book, now: float) -> str:
            caller = book.get(number) or _Caller("", 0.0, {})
            if leg in caller.told:
                return caller.code
            if len(caller.told) >= self._limits.tries:
                raise NotTold("tries", "this caller was told a pairing code as often as a day allows")
            if caller.until <= now:
                live = sum(other.until > now for other in book.values())
                if live >= _MOST_CODES or len(book.keys() - {number}) >= _MOST_CALLERS:
                    raise NotTold("crowded", "as many pairing codes as there may be are pending")
                code = new_code(self._entropy, {other.code for other in book.values()})
                caller = _Caller(code, now + self._limits.lifetime, caller.told)
            book[number] = msgspec.structs.replace(caller, told={**caller.told, leg: now})
            return caller.code

        return await self._change(change)

    async def code_of(self, number: str) -> str:
        """Return the code that this caller was told last; empty where it is used up.

        Raises:
            StoreError: the archive cannot be read.
        """
        caller = (await self._read()).get(known_as(number))
        return caller.code if caller is not None else ""

    # --- those who look after the gateway

    async def perform(self, operation: Desk) -> Any:
        """Return the operation's result, a JSON value.

        Raises:
            BadParameters: there is no such code, or nobody of that number.
            StoreError: the archive cannot be read or written.
        """
        match operation:
            case ListPairings():
                return msgspec.to_builtins(await self._list())
            case ApprovePairing(code=code):
                return msgspec.to_builtins(await self._approve(code))
            case RevokePairing(number=number):
                return msgspec.to_builtins(await self._revoke(number))

    async def _list(self) -> list[Pairing]:
        book, now = await self._read(), self._clock()
        pending = [
            Pairing(
                number=number,
                state="pending",
                at=_time(caller.until - self._limits.lifetime),
                code=caller.code,
                expires_at=_time(caller.until),
            )
            for number, caller in sorted(book.items())
            if caller.until > now
        ]
        return [*map(_approved, await self._paired.all()), *pending]

    async def _approve(self, given: str) -> Pairing:
        code = "".join(given.replace("-", " ").split())
        if len(code) != DIGITS or not (code.isascii() and code.isdecimal()):
            raise BadParameters(f"code: {DIGITS} digits, as the caller heard them")
        number = _whose(code, await self._read(), self._clock())
        await self._paired.write(_digits(number), _Paired(number))  # who stands there already is the same caller

        def change(book: _Book, now: float) -> None:
            if number in book and book[number].code == code:
                del book[number]

        await self._change(change)
        paired = await self._paired.read(_digits(number))
        if paired is None:
            raise BadParameters("code: its caller was revoked meanwhile")
        return _approved(paired)

    async def _revoke(self, number: str) -> Pairing:
        digits = _digits(number)

        def change(book: _Book, now: float) -> bool:
            caller = book.get(f"+{digits}")
            if caller is None or caller.until <= now:
                return False
            book[f"+{digits}"] = msgspec.structs.replace(caller, until=now)
            return True

        pending = await self._change(change)
        if await self._paired.remove(digits) is None and not pending:
            raise BadParameters("number: no caller of this number was paired, or has a code that can be approved")
        return Pairing(number=f"+{digits}", state="revoked", at=_time(self._clock()))

    # --- the book

    async def _read(self) -> _Book:
        """Return who was told a code within a day."""
        noted = await self._books.read(_BOOK)
        return {} if noted is None else _recent(noted.value, self._clock())

    async def _change(self, change: Callable[[_Book, float], _Made]) -> _Made:
        """Return what `change` makes of the book, which is written; who changed it meanwhile goes first."""

        def write(stands: _Book | None) -> tuple[_Book, _Made]:
            now = self._clock()
            book = _recent(stands or {}, now)
            made = change(book, now)
            return book, made

        async with self._turn:
            return await self._books.change(_BOOK, write)


def _recent(book: _Book, now: float) -> _Book:
    """Return who of a book was told a code within a day."""
    recent = {}
    for number, caller in book.items():
        told = {leg: at for leg, at in caller.told.items() if at > now - _DAY}
        if told or caller.until > now:
            recent[number] = msgspec.structs.replace(caller, told=told)
    return recent


def _whose(code: str, book: _Book, now: float) -> str:
    for number, caller in book.items():
        if caller.code == code and caller.until > now:
            return number
        if caller.code == code:
            raise BadParameters("code: it has expired; the caller can call again for another one")
    raise BadParameters("code: nobody was told this one, or it was approved already")


def _approved(noted: Noted[_Paired]) -> Pairing:
    return Pairing(number=noted.value.number, state="approved", at=_time(noted.at))


def _digits(number: str) -> str:
    """Return the key under which a number is paired, however it is written; empty for what is no number."""
    return known_as("+" + "".join(filter(str.isdecimal, number))).removeprefix("+")


def _time(at: float) -> str:
    return rfc3339(at) or ""

"""The notes of one kind in the archive, each a value of one type. Whoever writes first makes others try again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from voicecall.core.ids import mask
from voicecall.errors import StoreError
from voicecall.store import Note, Store

_ATTEMPTS = 20
_Value = TypeVar("_Value")
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Noted(Generic[_Value]):
    """What a note says, when that was written (Unix seconds), and how often it was."""

    key: str
    value: _Value
    at: float
    version: int


class Notes(Generic[_Value]):
    """Reads and writes them. All methods raise `StoreError`, also where a note that they return cannot be read."""

    def __init__(self, store: Store, clock: Callable[[], float], kind: str, type_: type[_Value]) -> None:
        self._store = store
        self._clock = clock
        self._kind = kind
        self._type = type_

    async def read(self, key: str) -> Noted[_Value] | None:
        """Return what is noted under a key, or None."""
        note = await self._store.note(self._kind, key)
        return None if note is None else self._read(note)

    async def all(self) -> list[Noted[_Value]]:
        """Return what is noted, by key."""
        return [self._read(note) for note in await self._store.notes(self._kind)]

    async def write(self, key: str, value: _Value, version: int = 1) -> bool:
        """Write over the version before, 1 where nothing stands; False says that something else stands."""
        return await self._store.write_note(self._note(key, value, version))

    async def put(self, key: str, value: _Value) -> Noted[_Value]:
        """Write over whatever stands, also what cannot be read."""
        for _ in range(_ATTEMPTS):
            stands = await self._store.note(self._kind, key)
            note = self._note(key, value, 1 if stands is None else stands.version + 1)
            if await self._store.write_note(note):
                return Noted(key, value, note.at, note.version)
        raise self._contested(key)

    async def change(self, key: str, change: Callable[[_Value | None], tuple[_Value, _Made]]) -> _Made:
        """Write what `change` makes of what stands, if that differs, and return the other thing that it makes."""
        for _ in range(_ATTEMPTS):
            stands = await self.read(key)
            before, version = (None, 0) if stands is None else (stands.value, stands.version)
            value, made = change(before)
            if value == before or await self.write(key, value, version + 1):
                return made
        raise self._contested(key)

    async def remove(self, key: str) -> Noted[_Value] | None:
        """Remove what stands, and return what it was; what cannot be read is removed, too."""
        for _ in range(_ATTEMPTS):
            note = await self._store.note(self._kind, key)
            if note is None:
                return None
            if await self._store.remove_note(note):
                return self._read(note)
        raise self._contested(key)

    async def discard(self, noted: Noted[_Value]) -> bool:
        """Remove a note as long as it stands in this very version, and say whether it did."""
        return await self._store.remove_note(Note(self._kind, noted.key, b"", noted.at, noted.version))

    def _note(self, key: str, value: _Value, version: int) -> Note:
        return Note(self._kind, key, msgspec.json.encode(value), self._clock(), version)

    def _read(self, note: Note) -> Noted[_Value]:
        try:
            return Noted(note.key, msgspec.json.decode(note.data, type=self._type), note.at, note.version)
        except ValueError as error:  # of msgspec, and what is no UTF-8
            raise StoreError(f"the note {note.kind} {_shown(note.key)} cannot be read by this version") from error

    def _contested(self, key: str) -> StoreError:
        return StoreError(f"the note {self._kind} {_shown(key)} is being changed by somebody else all the time")


def _shown(key: str) -> str:
    return mask(key) if key.lstrip("+").isdecimal() else key

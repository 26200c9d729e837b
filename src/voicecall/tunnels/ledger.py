"""What was added to somebody else's configuration and is to be removed again: a file that outlives the process."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from voicecall.errors import TunnelError


class Entry(msgspec.Struct, frozen=True):
    """One path that was added to a public port."""

    port: int
    path: str
    target: str
    public: bool = True
    """Whether the internet reaches it, or only the own network."""


class Ledger:
    """Lists what was added; only its owner can read it."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def entries(self) -> tuple[Entry, ...]:
        """Return what was added; what cannot be read is nothing.

        Raises:
            TunnelError: the file is there and cannot be read.
        """
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=tuple[Entry, ...])
        except (FileNotFoundError, msgspec.MsgspecError):
            return ()
        except OSError as error:
            raise self._unusable(error) from None

    def add(self, entry: Entry) -> None:
        """Take note of one, before it is added.

        Raises:
            TunnelError: it cannot be written down.
        """
        self._write((*(known for known in self.entries() if known != entry), entry))

    def drop(self, entry: Entry) -> None:
        """Forget one, after it was removed.

        Raises:
            TunnelError: it cannot be written down.
        """
        self._write(tuple(known for known in self.entries() if known != entry))

    def _write(self, entries: tuple[Entry, ...]) -> None:
        fresh = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(entries))
            fresh.replace(self._file)
        except OSError as error:
            raise self._unusable(error) from None

    def _unusable(self, error: OSError) -> TunnelError:
        return TunnelError(f"{self._file}: {error.strerror}", "the state directory must be writable")

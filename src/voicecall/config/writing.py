"""Writing a configuration file: whole or not at all, for its owner only, and what it was is kept beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from voicecall.errors import BadParameters


def replace(file: Path, text: str) -> Path | None:
    """Write a file with mode 0600, and return where what it was is kept: FILE.bak, FILE.bak2 …; None where it is new.

    Raises:
        BadParameters: it cannot be written; it is as it was.
    """
    target = file.resolve() if file.is_symlink() else file
    new = target.with_name(f"{target.name}.new")
    backup = None
    try:
        if target.exists():
            backup = next(name for name in _backups(target) if not os.path.lexists(name))
            _write(backup, target.read_bytes(), os.O_EXCL)
        try:
            _write(new, text.encode("utf-8"), os.O_TRUNC)
            new.replace(target)
        except BaseException:
            if backup is not None:
                backup.unlink()
            raise
    except OSError as error:
        raise BadParameters(f"{file} cannot be written: {error.strerror}") from None
    return backup


def _write(file: Path, content: bytes, how: int) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | how, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        output.write(content)
        output.flush()
        os.fsync(output.fileno())


def _backups(file: Path) -> Iterator[Path]:
    yield Path(f"{file}.bak")
    yield from (Path(f"{file}.bak{number}") for number in count(2))

"""Writing a configuration file: whole or not at all, not for everybody to read, and what it was is kept beside it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from voicecall.errors import BadParameters


def replace(file: Path, text: str) -> Path | None:
    """Write a file, and return where what it was is kept: FILE.bak, FILE.bak2 …; None where it is new.

    Its mode is 0600; one that was kept from everybody but its owner and its group stays so, and theirs.

    Raises:
        BadParameters: it cannot be written; it is as it was.
    """
    target = file.resolve() if file.is_symlink() else file
    new = target.with_name(f"{target.name}.new")
    backup = before = None
    try:
        if target.exists():
            before = target.stat()
            backup = next(name for name in _backups(target) if not os.path.lexists(name))
            _write(backup, target.read_bytes(), before)
        try:
            new.unlink(missing_ok=True)
            _write(new, text.encode("utf-8"), before)
            new.replace(target)
        except BaseException:
            if backup is not None:
                backup.unlink()
            raise
    except OSError as error:
        raise BadParameters(f"{file} cannot be written: {error.strerror}") from None
    return backup


def _write(file: Path, content: bytes, like: os.stat_result | None) -> None:
    """Write a file that is not there, with the owner, the group and the mode of another."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        if like is not None:
            with suppress(PermissionError):  # it is ours then, as only its owner and root may give it away
                os.fchown(descriptor, like.st_uid, like.st_gid)
                if not like.st_mode & stat.S_IRWXO:
                    os.fchmod(descriptor, stat.S_IMODE(like.st_mode) | stat.S_IRUSR | stat.S_IWUSR)
        output.write(content)
        output.flush()
        os.fsync(output.fileno())


def _backups(file: Path) -> Iterator[Path]:
    yield Path(f"{file}.bak")
    yield from (Path(f"{file}.bak{number}") for number in count(2))

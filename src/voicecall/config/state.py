"""The state directory: generated secrets, the lock of the one daemon, and where that daemon can be reached."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from voicecall.core.tokens import PREFIX
from voicecall.errors import ConfigError, Fault, VoicecallError

from .model import Config


class StateError(VoicecallError):
    """The state directory cannot be used."""


class AlreadyRunning(VoicecallError):
    """Another daemon has this state directory. `pid` and `url` name it, as far as it said."""

    def __init__(self, folder: Path, pid: int | None, url: str | None) -> None:
        at = f" at {url}" if url else ""
        super().__init__(f"a daemon is already running on {folder}: process {pid or 'unknown'}{at}")
        self.pid = pid
        self.url = url


class StateDir:
    """The folder in which one gateway keeps what must outlive it. Only its owner can read it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self) -> None:
        """Make the folder, with mode 0700, where there is none.

        Raises:
            StateError: it cannot be made.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(error) from None

    def control_token(self, config: Config) -> str:
        """Return the bearer token of the control listener: the configured one, else one that is generated once.

        Raises:
            ConfigError: the configured one was made for somebody who may do less.
            StateError: it can be neither read nor written.
        """
        if config.control.token is None:
            return self._once("control-token", secrets.token_urlsafe(32))
        token = config.control.token.get_secret_value()
        if token.startswith(PREFIX):
            fault = "is a token of `voicecall token create`, which commands use; the daemon needs one of its own"
            raise ConfigError([Fault("control.token", fault)])
        return token

    def known_control_token(self, config: Config) -> str | None:
        """Return the bearer token if there is one already; nothing is written."""
        if config.control.token is not None:
            return config.control.token.get_secret_value()
        return self._read("control-token")

    def credential_keys(self, config: Config) -> tuple[bytes, ...]:
        """Return the keys of stream credentials: the configured ones, else one that is generated once.

        Raises:
            StateError: they can be neither read nor written.
        """
        configured = tuple(key.get_secret_value().encode() for key in config.streaming.credential_keys)
        return configured or tuple(self._once("stream-keys", secrets.token_urlsafe(32)).encode().split())

    def instance(self) -> str:
        """Return this gateway's name among those that share an archive; it stays the same over restarts.

        Raises:
            StateError: it can be neither read nor written.
        """
        return self._once("instance", secrets.token_hex(8))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the one daemon of this folder.

        Raises:
            AlreadyRunning: another process is.
            StateError: the lock cannot be taken.
        """
        self.create()
        try:
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unusable(error) from None
        with os.fdopen(descriptor, "r+", encoding="ascii", errors="replace") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pid = lock.read(32).strip()
                url = self._daemon().get("control")
                raise AlreadyRunning(self.folder, int(pid) if pid.isdigit() else None, url) from None
            self._withdraw()
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            try:
                yield
            finally:
                self._withdraw()

    def announce(self, control_url: str, public_url: str) -> None:
        """Write down where the listeners of the daemon that holds the lock can be reached.

        Raises:
            StateError: it cannot be written.
        """
        told = {"pid": os.getpid(), "control": control_url, "public": public_url}
        self._write("daemon.json", json.dumps(told))

    def _withdraw(self) -> None:
        try:
            (self.folder / "daemon.json").unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(error, "daemon.json") from None

    def control_url(self, config: Config) -> str:
        """Return where the daemon of this configuration is to be found.

        The configured address counts; where port 0 let the system choose, it is the one that the daemon announced.
        """
        if config.control.port == 0 and (announced := self._daemon().get("control")):
            return announced
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(config.control.bind, config.control.bind)  # noqa: S104 - compared, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{config.control.port}"

    def announced_public_url(self) -> str | None:
        """Return where the daemon of this folder told carriers to find it, if it runs."""
        return self._daemon().get("public")

    def kept(self, name: str) -> dict[str, Any]:
        """Return what was kept under a name; nothing where it cannot be understood.

        Raises:
            StateError: it cannot be read.
        """
        try:
            kept = json.loads(self._read(f"{name}.json") or "{}")
        except ValueError:
            return {}
        return kept if isinstance(kept, dict) else {}

    def keep(self, name: str, value: Mapping[str, Any]) -> None:
        """Keep JSON under a name, where only the owner reads it.

        Raises:
            StateError: it cannot be written.
        """
        self._write(f"{name}.json", json.dumps(value))

    def keep_secret(self, name: str, text: str) -> Path:
        """Keep a secret without blanks at its ends in a file that only the owner reads, and return its path.

        What an older file of that name holds stays there, if it is something else: older configurations refer to it.

        Raises:
            StateError: it cannot be written.
        """
        text = text.strip()
        names = (f"secret-{name}" + (f"-{number}" if number > 1 else "") for number in count(1))
        return self.folder / next(one for one in names if self._once(one, text) == text)

    def _daemon(self) -> dict[str, str]:
        try:
            told = json.loads(self._read("daemon.json") or "{}")
        except ValueError:
            return {}
        return {key: value for key, value in told.items() if isinstance(value, str)} if isinstance(told, dict) else {}

    def _read(self, name: str) -> str | None:
        try:
            return (self.folder / name).read_text("utf-8").strip() or None
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise self._unusable(error, name) from None

    def _once(self, name: str, value: str) -> str:
        """Return what the file says; where there is none, write `value` into it. Two processes agree on one value."""
        known = self._read(name)
        if known is not None:
            return known
        self._write(name, value, replace=False)
        return self._read(name) or value

    def _write(self, name: str, text: str, *, replace: bool = True) -> None:
        self.create()
        fresh = self.folder / f".{name}.{os.getpid()}"
        try:
            fresh.unlink(missing_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text + "\n")
            if replace:
                fresh.replace(self.folder / name)
                return
            try:
                (self.folder / name).hardlink_to(fresh)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        except OSError as error:
            raise self._unusable(error, name) from None

    def _unusable(self, error: Exception, name: str = "") -> StateError:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        return StateError(f"the state directory cannot be used: {self.folder / name}: {reason}")

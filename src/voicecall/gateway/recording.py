"""Recordings: a call's sound as a stereo WAV file, written while the call goes on and whole after every write."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

from voicecall.audio import TELEPHONE_RATE
from voicecall.audio.tape import Tape
from voicecall.audio.wav import wav_header
from voicecall.core.events import Event, Warned
from voicecall.core.ids import CallId
from voicecall.errors import CallRefused, StoreError

_HEADER = 44
_FRAME = 4
_SUFFIX = ".wav"
_LARGEST = 2**32 - 2**16
"""Bytes of sound in one file: what its header can tell."""
_SWEEP = 3600.0
_DAY = 86400.0

_log = structlog.get_logger()


class Recording:
    """The recording of one call. Run `run` while the call lasts; everything else is called on the event loop."""

    def __init__(self, file: Path, post: Callable[[Event], None], *, every: float = 5.0) -> None:
        """`every`: seconds between writes; so much is lost when the process is killed."""
        self._file = file
        self._post = post
        self._every = every
        self._tape = Tape()
        self._silent_since: float | None = None
        self._writing: asyncio.Future[None] | None = None
        self._failed = False
        self.heard = self._tape.heard
        self.sent = self._tape.sent
        self.dropped = self._tape.dropped

    def stream_opened(self) -> None:
        """A media stream has begun; the time without one is silent."""
        if self._silent_since is not None:
            silence = asyncio.get_running_loop().time() - self._silent_since
            self._tape.skipped(int(silence * TELEPHONE_RATE))
            self._silent_since = None

    def stream_closed(self) -> None:
        """There is no media stream any more."""
        self._tape.dropped()
        self._silent_since = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Write until cancelled; the rest is written then. Where that fails the call goes on, with a warning."""
        try:
            while True:
                await asyncio.sleep(self._every)
                await self._write()
        finally:
            await self._write()

    async def _write(self) -> None:
        """Write what is settled, after what is being written: a write that began is not to be called off."""
        await self._written()
        sound = self._tape.take()
        if sound and not self._failed:
            self._writing = asyncio.get_running_loop().run_in_executor(None, _append, self._file, sound)
            await self._written()

    async def _written(self) -> None:
        if self._writing is None:
            return
        try:
            await asyncio.shield(self._writing)
        except OSError as error:
            self._failed = True
            self._post(Warned("recording", f"The recording stopped: {error.strerror or error}."))
        self._writing = None


class Recordings:
    """The recordings in `folder`, of which each is kept for `keep_days`; 0 keeps them for ever."""

    def __init__(self, folder: Path, *, keep_days: float = 0.0, clock: Callable[[], float]) -> None:
        """`clock` tells Unix seconds."""
        self._folder = folder
        self._keep = keep_days * _DAY
        self._clock = clock

    def open(self, call_id: CallId, post: Callable[[Event], None]) -> Recording:
        """Return the recording of a call that begins, or goes on after a restart."""
        return Recording(self._folder / f"{call_id}{_SUFFIX}", post)

    def find(self, call_id: str) -> dict[str, Any]:
        """Return `{callId, path, seconds, bytes}`. The call is known to exist.

        Raises:
            CallRefused: `not-recorded`.
            StoreError: the file cannot be looked at.
        """
        file = self._folder / f"{call_id}{_SUFFIX}"
        try:
            size = file.stat().st_size
        except FileNotFoundError:
            raise not_recorded() from None
        except OSError as error:
            raise StoreError(f"the recording cannot be read: {error.strerror}") from None
        seconds = max(size - _HEADER, 0) / _FRAME / TELEPHONE_RATE
        return {"callId": call_id, "path": str(file), "seconds": round(seconds, 3), "bytes": size}

    async def run(self) -> None:
        """Remove what is too old, now and every hour, until cancelled."""
        while True:
            if self._keep:
                await asyncio.to_thread(self.sweep)
            await asyncio.sleep(_SWEEP)

    def sweep(self) -> None:
        """Remove what is too old."""
        removed = 0
        with suppress(FileNotFoundError):
            for file in self._folder.glob(f"*{_SUFFIX}"):
                try:
                    if file.stat().st_mtime < self._clock() - self._keep:
                        file.unlink()
                        removed += 1
                except OSError as error:
                    _log.warning("recording.kept", call_id=file.stem, detail=error.strerror)
        if removed:
            _log.info("recording.removed", files=removed)


def not_recorded() -> CallRefused:
    """Return why there is no recording of a call."""
    return CallRefused(
        "not-recorded", "the call has no recording; those are made with recording.enabled, and of media streams only"
    )


def _append(file: Path, sound: bytes) -> None:
    """Add sound to a file, which is made if need be, and have its header tell how much there is."""
    file.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b") as output:
        size = max(output.seek(0, os.SEEK_END) - _HEADER, 0)
        size -= size % _FRAME  # a write that was cut short
        sound = sound[: _LARGEST - size]
        output.seek(_HEADER + size)
        output.write(sound)
        output.flush()
        output.seek(0)
        output.write(wav_header(size + len(sound), channels=2))

"""The playout buffer of one call: what the gateway sent, played frame by frame on an absolute clock. Pure."""

from __future__ import annotations

from collections import deque

FRAME = 160
"""Bytes of mu-law in 20 ms."""
RATE = 8000
"""Bytes of mu-law in a second."""
SILENCE = b"\xff" * FRAME
"""One frame of silence."""
CAPACITY = 60 * RATE
"""Bytes that can be queued, where the carrier says nothing else; what goes beyond is dropped."""
UNDERRUN_GAP = 0.2
"""Seconds: audio that resumes within this time after the queue ran empty was meant to be continuous."""

_QUIET: tuple[bytes, tuple[str, ...]] = (SILENCE, ())


class Playout:
    """Plays queued mu-law and returns each mark once everything queued before it has been played."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        """`capacity` is how many bytes can be queued."""
        self.underruns = 0
        """Gaps inside speech, because audio came too late."""
        self.underrun_seconds = 0.0
        self.overflow_bytes = 0
        """Bytes that were dropped because too much audio was queued already."""
        self._capacity = capacity
        self._audio = bytearray()
        self._marks: deque[tuple[int, str]] = deque()
        self._queued = 0
        self._played = 0
        self._dry_since: float | None = None

    @property
    def seconds(self) -> float:
        """How much audio is queued and not yet played."""
        return len(self._audio) / RATE

    def queue(self, payload: bytes) -> None:
        """Append mu-law audio of any length."""
        room = self._capacity - len(self._audio)
        if len(payload) > room:
            self.overflow_bytes += len(payload) - room
            payload = payload[:room]
        self._audio += payload
        self._queued += len(payload)

    def mark(self, name: str) -> None:
        """Ask for `name` back once the audio queued so far has been played."""
        self._marks.append((self._queued, name))

    def clear(self) -> tuple[str, ...]:
        """Drop everything queued and return the marks that were waiting, in order."""
        names = tuple(name for _, name in self._marks)
        self._marks.clear()
        self._audio.clear()
        self._played = self._queued
        self._dry_since = None
        return names

    def frame(self, at: float) -> tuple[bytes, tuple[str, ...]]:
        """Return the 160 bytes that play from `at` (seconds) on, and the marks whose audio has been played by then."""
        if not self._audio and not self._marks:
            if self._dry_since is None and self._played:
                self._dry_since = at
            return _QUIET
        marks = self._due()
        audio = bytes(self._audio[:FRAME])
        if not audio:
            return SILENCE, marks
        del self._audio[:FRAME]
        self._played += len(audio)
        self._note_gap(at)
        if len(audio) < FRAME:
            self._dry_since = at + len(audio) / RATE
            audio += SILENCE[len(audio) :]
        return audio, marks

    def _due(self) -> tuple[str, ...]:
        names = []
        while self._marks and self._marks[0][0] <= self._played:
            names.append(self._marks.popleft()[1])
        return tuple(names)

    def _note_gap(self, at: float) -> None:
        if self._dry_since is not None and 0 < at - self._dry_since <= UNDERRUN_GAP:
            self.underruns += 1
            self.underrun_seconds += at - self._dry_since
        self._dry_since = None

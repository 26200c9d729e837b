"""Sends a call's audio ahead of real time within a lead, and knows what of it was heard.

The player belongs to the call, not to its media stream: a stream that drops and comes back goes on where the last one
stopped. It knows the position of the far end's playback from the marks that came back and from the clock between them.
Positions are bytes of mu-law (8 per millisecond) from the start of a reply.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import msgspec

RATE = 8000
"""Bytes of mu-law a second."""
_CHUNK = RATE // 10
_LOST_MARK = 2.0
"""Seconds after which a mark that should have come back is taken as lost."""
_SHORTEST = 0.001
"""Seconds: a shorter wait may be lost in the rounding of the clock, and would never end."""


class Outlet(Protocol):
    """The stream that audio goes out through."""

    async def audio(self, mulaw: bytes) -> None:
        """Send audio; waits while the peer reads too slowly."""

    async def mark(self, name: str) -> None:
        """Ask for a mark after what was sent."""

    async def clear(self) -> None:
        """Drop what was sent and not yet played."""


class Piece(msgspec.Struct):
    """A stretch of text and its audio."""

    text: str
    start: int
    end: int
    """Positions in the reply."""


class Spoken(msgspec.Struct, frozen=True):
    """What became of a reply."""

    reply: int
    text: str
    heard: str
    played: int
    """Bytes of its audio that the caller heard."""


class Player:
    """The outgoing audio of one call."""

    def __init__(
        self,
        *,
        lead: float,
        on_started: Callable[[int], None],
        on_finished: Callable[[int, str, bool], None],
        on_audible: Callable[[int], None],
    ) -> None:
        """`lead`: seconds of audio that the far end may have in its buffer.

        `on_started(reply)`: its first audio was sent. `on_audible(reply)`: its first mark shows that it plays.
        `on_finished(reply, text, confirmed)`: all of it was played, as its last mark (or only the clock) says.
        """
        self._lead = lead
        self._on_started = on_started
        self._on_finished = on_finished
        self._on_audible = on_audible
        self._loop = asyncio.get_running_loop()
        self._outlet: Outlet | None = None
        self._changed = asyncio.Event()
        self._generation = 0
        self._clear_due = False
        self._audible = False
        """Whether the far end has shown that it plays what this stream brings."""
        self.held = False
        self.reply = 0
        self._clear_reply()

    def _clear_reply(self) -> None:
        self._audio = bytearray()
        self._pieces: list[Piece] = []
        self._complete = False
        self._started = False
        self._sent = 0
        self._played = 0
        """Confirmed by marks, or by the clock at a stop."""
        self._origin = 0.0
        """Loop time at which position 0 was played, by the newest evidence."""
        self._marked = 0
        """How many pieces have had their mark sent."""

    # --- what is to be said

    def begin(self, reply: int) -> None:
        """Start a new reply; whatever was left of another is gone."""
        if self.reply:
            self.stop()
        self._generation += 1
        self._clear_reply()
        self.reply = reply
        self.held = False

    def add(self, reply: int, text: str, mulaw: bytes) -> None:
        """Add audio; `text` is what it says, empty for more of the piece before. Stale replies are dropped."""
        if reply != self.reply:
            return
        if text or not self._pieces:
            self._pieces.append(Piece(text, len(self._audio), len(self._audio)))
        self._audio += mulaw
        self._pieces[-1].end = len(self._audio)
        self._changed.set()

    def word(self, reply: int, text: str) -> None:
        """Say what all audio of the reply says, as far as is known: a model tells while it speaks."""
        if reply != self.reply:
            return
        if not self._pieces:
            self._pieces.append(Piece("", 0, len(self._audio)))
        self._pieces[0].text = text

    @property
    def waiting(self) -> int:
        """Bytes of audio that were not sent yet."""
        return len(self._audio) - self._sent

    def follow(self, other: Player) -> None:
        """Take the place of another: a mark that it asked for says nothing here."""
        self._generation = other._generation + 1

    @property
    def is_sounding(self) -> bool:
        """Whether the far end has something of this reply to play."""
        return bool(self.reply) and not self.held and self._position() < self._sent

    def complete(self, reply: int) -> None:
        """No more audio of this reply will come."""
        if reply == self.reply:
            self._complete = True
            self._changed.set()

    # --- the floor

    def hold(self) -> None:
        """Stop sounding at once and keep the rest."""
        if self.reply and not self.held:
            self.held = True
            self._fall_silent()

    def resume(self) -> None:
        """Go on from where it was held."""
        self.held = False
        self._changed.set()

    def stop(self) -> Spoken | None:
        """Stop sounding for good; returns what was heard, or None if nothing was being said."""
        if not self.reply:
            return None
        if not self.held:
            self._fall_silent()
        spoken = Spoken(self.reply, self._text(len(self._audio)), self._text(self._played), self._played)
        self.reply = 0
        self._clear_reply()
        return spoken

    def _fall_silent(self) -> None:
        self._clear_due = self._clear_due or self._sent > 0
        self._rewind()

    def _rewind(self) -> None:
        """Forget what was sent and not played."""
        self._played = self._sent = self._position()
        self._marked = sum(piece.end <= self._played for piece in self._pieces)
        self._generation += 1
        self._changed.set()

    # --- the stream

    def attach(self, outlet: Outlet) -> None:
        """Send through this stream from now on; what one that it replaces had not played yet is sent again."""
        if self._outlet is not None:
            self._rewind()
        self._outlet = outlet
        self._audible = False
        self._clear_due = False
        self._changed.set()

    def detach(self, outlet: Outlet) -> None:
        """The stream is gone: what it had not played yet is sent again through the next."""
        if self._outlet is outlet:
            self._rewind()
            self._outlet = None

    def mark_returned(self, name: str) -> None:
        """A mark came back. Marks of before a clear say nothing."""
        generation, _, position = name.partition(".")
        if generation != str(self._generation) or not position.isdigit() or not self.reply:
            return
        self._audible = True
        played = int(position)
        if not self._played:
            self._on_audible(self.reply)
        self._played = max(self._played, played)
        self._origin = max(self._origin, self._loop.time() - played / RATE)
        if self._complete and self._played >= len(self._audio):
            self._finish(confirmed=True)

    def _finish(self, *, confirmed: bool) -> None:
        reply, text = self.reply, self._text(len(self._audio))
        self.reply = 0
        self._clear_reply()
        self._on_finished(reply, text, confirmed)

    def text(self) -> str:
        """Return the words of what was sent of the reply at hand."""
        return self._text(self._sent)

    # --- what was heard

    def _position(self) -> int:
        """How far the far end has played, in bytes; nothing, as long as no mark came back on this stream."""
        if self._sent == 0 or self._outlet is None or not self._audible:
            return self._played
        clock = int((self._loop.time() - self._origin) * RATE)
        return max(self._played, min(self._sent, clock))

    def _text(self, position: int) -> str:
        """The words up to a position: whole pieces, and of the last its words in proportion."""
        heard: list[str] = []
        for piece in self._pieces:
            if piece.end <= position:
                heard.append(piece.text)
            elif piece.start < position:
                words = piece.text.split()
                share = (position - piece.start) / (piece.end - piece.start)
                heard.append(" ".join(words[: int(share * len(words) + 0.25)]))
        return " ".join(text.strip() for text in heard if text.strip())

    # --- sending

    async def run(self) -> None:
        """Send what is due until cancelled."""
        while True:
            self._changed.clear()
            delay = await self._send_due()
            if delay is None:
                await self._changed.wait()
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout(max(delay, _SHORTEST)):
                        await self._changed.wait()

    async def _send_due(self) -> float | None:
        """Send up to the lead; return after how many seconds more is due, None for when something changes."""
        if self._clear_due and self._outlet is not None:
            self._clear_due = False
            await self._outlet.clear()
        while self.reply and not self.held and self._outlet is not None:
            now = self._loop.time()
            if self._sent >= len(self._audio):
                if not self._complete:
                    return None
                return self._await_last_mark(now)
            if self._sent == self._played or self._origin + self._sent / RATE < now:
                self._origin = now - self._sent / RATE
            ahead = self._origin + self._sent / RATE - now
            if ahead > self._lead:
                return ahead - self._lead
            await self._send_chunk()
        return None

    async def _send_chunk(self) -> None:
        outlet, generation = self._outlet, self._generation
        assert outlet is not None  # noqa: S101 - the caller has looked
        opens = self._sent == self._played  # nothing is under way: ask at once whether this stream plays
        chunk = bytes(self._audio[self._sent : self._sent + _CHUNK])
        self._sent += len(chunk)
        await outlet.audio(chunk)
        if generation != self._generation:
            return
        if not self._started:
            self._started = True
            self._on_started(self.reply)
        ends = self._marked < len(self._pieces) and self._pieces[self._marked].end <= self._sent
        if opens or ends or self._sent == len(self._audio):
            self._marked = sum(piece.end <= self._sent for piece in self._pieces)
            await outlet.mark(f"{generation}.{self._sent}")

    def _await_last_mark(self, now: float) -> float | None:
        """All was sent: wait for its mark, and a while longer if that was lost."""
        if self._played >= len(self._audio):
            self._finish(confirmed=True)
            return None
        left = self._origin + len(self._audio) / RATE + _LOST_MARK - now
        if left > 0:
            return left
        self._finish(confirmed=False)
        return None

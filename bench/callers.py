"""Simulated callers: they speak the mock network's media stream to a gateway, and time what comes back.

A caller sends 20 ms frames of recorded speech, plays what it hears as a telephone would, returns marks when their
audio was played, waits for the answer to each turn, and cuts every fourth answer short. What a caller says counts as
said when its frame is sent.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, repeat
from random import Random
from time import perf_counter

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport

from bench.gateway import ENDPOINTING, REPLY_SECONDS

FRAME = 0.02
SILENCE = b"/" * 212 + b"/w=="
"""20 ms of mu-law silence, in base64."""
_RATE = 8000
_QUIET = b"\xff\x7f"
_PATIENCE = 5.0
"""Seconds after which an answer, or a clear, counts as missed."""
_SETTLING = (0.0, 6.0)
_BETWEEN_TURNS = (0.6, 2.4)
_BEFORE_BARGE_IN = (0.8, 1.6)
_BARGE_IN_EVERY = 4


@dataclass(slots=True)
class Book:
    """What all callers of a run noticed. Times in seconds."""

    added: list[float] = field(default_factory=list)
    """From the end of the caller's speech to the first audible frame, less the configured endpointing."""
    barge_in: list[float] = field(default_factory=list)
    """From the first frame of speech over the agent to the clear."""
    unanswered: int = 0
    unheeded: int = 0
    """Interruptions without a clear."""
    early: int = 0
    """Turns that were answered before they were over."""
    played: float = 0.0
    gaps: float = 0.0
    """Silence inside replies, because their audio came too late."""
    closed: int = 0
    """Sockets that the gateway closed, or lost."""


class Play(msgspec.Struct, tag_field="event", tag="media"):
    """Audio to queue."""

    payload: bytes


class Mark(msgspec.Struct, tag_field="event", tag="mark"):
    """To be returned when what was queued before it was played."""

    name: str


class Clear(msgspec.Struct, tag_field="event", tag="clear"):
    """Drop what is queued."""


_decoder: msgspec.json.Decoder[Play | Mark | Clear] = msgspec.json.Decoder(Play | Mark | Clear)


class Caller(WSListener):
    """One caller and its telephone; `tick` is to be called every 20 ms."""

    def __init__(
        self, call: str, token: str, phrases: list[list[bytes]], book: Book, chance: Random, *, converses: bool
    ) -> None:
        """`phrases`: what it says in turn, as frames in base64. One that does not converse talks without listening."""
        self.book = book
        self._call = call
        self._token = token
        self._phrases = phrases
        self._chance = chance
        self._frames = self._conversation() if converses else self._monologue()
        self._chunk = 0
        self._over = False
        self._marks: deque[tuple[float, str]] = deque()
        self._playing_until = 0.0
        self._to_come = 0.0
        """Seconds of the reply that were not received yet."""
        self._speaking = False
        self._fell_silent: float | None = None
        """When the turn ended that awaits its answer."""
        self._cut_in: float | None = None
        """When the interruption began that awaits its clear."""

    # --- the socket

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        start = {
            "event": "start",
            "stream": f"ms_{self._call}",
            "call": self._call,
            "parameters": {"token": self._token},
            "format": {"encoding": "mulaw", "rate": _RATE},
        }
        self._send(msgspec.json.encode(start))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        if frame.msg_type != WSMsgType.TEXT:
            return
        now = perf_counter()
        match _decoder.decode(frame.get_payload_as_bytes()):
            case Play(payload):
                self._hear(payload, now)
            case Mark(name):
                self._marks.append((max(self._playing_until, now), name))
            case Clear():
                self._clear(now)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.book.closed += not self._over
        self._over = True

    def tick(self) -> None:
        """Return the marks that are due, and send the next 20 ms."""
        if self._over:
            return
        now = perf_counter()
        while self._marks and self._marks[0][0] <= now:
            self._return_mark()
        self._chunk += 1
        self._send(b'{"event":"media","chunk":%d,"payload":"%b"}' % (self._chunk, next(self._frames)))

    def hang_up(self) -> None:
        """End the stream as the network does: a last message, and the gateway closes."""
        if not self._over:
            self._over = True
            self._send(b'{"event":"stop"}')

    def _return_mark(self) -> None:
        _, name = self._marks.popleft()
        self._send(msgspec.json.encode({"event": "mark", "name": name}))

    def _send(self, message: bytes) -> None:
        self._transport.send(WSMsgType.TEXT, message)

    # --- what is heard

    def _hear(self, payload: bytes, now: float) -> None:
        book, seconds = self.book, len(payload) / _RATE
        if self._fell_silent is not None and payload.strip(_QUIET):
            book.added.append(now - self._fell_silent - ENDPOINTING)
            self._fell_silent = None
        if self._to_come > 0:
            book.gaps += max(0.0, now - self._playing_until)
        else:
            book.early += self._speaking
            self._to_come = REPLY_SECONDS
        self._to_come -= seconds
        if self._to_come < FRAME / 2:
            self._to_come = 0.0
        self._playing_until = max(self._playing_until, now) + seconds
        book.played += seconds

    def _clear(self, now: float) -> None:
        if self._cut_in is not None:
            self.book.barge_in.append(now - self._cut_in)
            self._cut_in = None
        self.book.played -= max(0.0, self._playing_until - now)
        self._playing_until = min(self._playing_until, now)
        self._to_come = 0.0
        while self._marks:
            self._return_mark()

    # --- what is said: one frame for each tick

    def _conversation(self) -> Iterator[bytes]:
        yield from self._listen()
        yield from self._pause(_SETTLING)
        for turn in count(self._chance.randint(1, _BARGE_IN_EVERY)):
            if turn % _BARGE_IN_EVERY == 0 and self._to_come > 0:
                yield from self._pause(_BEFORE_BARGE_IN)
                self._cut_in = perf_counter()
                yield from self._speak(turn)
                self.book.unheeded += self._cut_in is not None
                self._cut_in = None
            else:
                yield from self._listen()
                yield from self._pause(_BETWEEN_TURNS)
                yield from self._speak(turn)
            yield from self._await_answer()

    def _monologue(self) -> Iterator[bytes]:
        yield from self._listen()
        for turn in count(1):
            yield from self._pause(_BETWEEN_TURNS)
            yield from self._phrase(turn)

    def _speak(self, turn: int) -> Iterator[bytes]:
        self._speaking = True
        now = 0.0
        for frame in self._phrase(turn):
            now = perf_counter()
            yield frame
        self._speaking = False
        self._fell_silent = now

    def _phrase(self, turn: int) -> list[bytes]:
        return self._phrases[turn % len(self._phrases)]

    def _await_answer(self) -> Iterator[bytes]:
        for _ in range(round(_PATIENCE / FRAME)):
            if self._fell_silent is None:
                return
            yield SILENCE
        self.book.unanswered += 1
        self._fell_silent = None

    def _listen(self) -> Iterator[bytes]:
        """Hear the agent out; if it is silent, wait a while for it to begin."""
        begun = False
        for _ in range(round(_PATIENCE / FRAME)):
            plays = self._to_come > 0 or self._playing_until > perf_counter()
            if begun and not plays:
                return
            begun = begun or plays
            yield SILENCE

    def _pause(self, bounds: tuple[float, float]) -> Iterator[bytes]:
        return repeat(SILENCE, round(self._chance.uniform(*bounds) / FRAME))

"""What every transcriber needs that hears over a socket, and is told where a segment of speech ends.

Only speech is sent: each segment with 0.3 s from before it. It is kept until its final has come, so that a connection
lost in between costs a repetition and no words. A vendor that notices speech by itself is sent everything instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from voicecall.audio import TELEPHONE_RATE
from voicecall.errors import SpeechError
from voicecall.net.link import Link, Message
from voicecall.speech import Report, Speech, Transcription, VendorOptions

_PRE_ROLL = 0.3
"""Seconds sent from before the speech was noticed to begin: soft onsets."""
_RING = 5 * TELEPHONE_RATE
"""Bytes kept of what came last: for what came before a segment, or before the connection."""
_LONGEST = 30 * TELEPHONE_RATE
"""Bytes of a segment that are kept for a repetition; the beginning of a longer one is lost to it."""
_PIECE = TELEPHONE_RATE // 2
"""Bytes in a message of what is sent at once."""
_TRIES = 2
"""How often a segment is sent: one that ends the connection every time must not do so for ever."""


@dataclass(slots=True, eq=False)
class Segment:
    """A segment of speech of which the vendor owes the words."""

    number: int
    audio: bytearray = field(default_factory=bytearray)
    item: str = ""
    """The vendor's name for it, once that is known."""
    text: str = ""
    """What the vendor made of it so far."""
    settled_text: str = ""
    """The part of it that the vendor has finished with."""
    is_over: bool = False
    is_settled: bool = False
    """Its final was reported; what the vendor still says about it is of no use."""
    error: str = ""
    """Why there will be no words, while the caller still speaks."""
    tries: int = 0
    bound: asyncio.TimerHandle | None = None

    def words(self, text: str) -> str:
        """Return all of it, `text` being what follows on what the vendor has finished with."""
        return f"{self.settled_text} {text.strip()}".strip()


class Dialect(Protocol):
    """One vendor's messages, for one call."""

    vendor: str
    """Section of the configuration."""
    url: str
    headers: Mapping[str, str]
    shortest: float
    """Seconds of audio below which the vendor refuses to transcribe."""
    own_vad: bool
    """Whether the vendor notices speech by itself."""
    keepalive: tuple[float, Message] | None

    def opening(self) -> Iterable[Message]:
        """Return what is sent first; the vendor's answer to it leads to `RemoteStream.begin`."""

    def audio(self, mulaw: bytes) -> Message:
        """Return the message that carries audio."""

    def commit(self, segment: int) -> Message:
        """Return the message that ends a segment."""

    def discard(self) -> Iterable[Message]:
        """Return what makes the vendor forget audio that belongs to no segment."""

    def read(self, event: dict[str, Any], stream: RemoteStream) -> None:
        """Tell the stream what the vendor says.

        Raises:
            SpeechError: this connection is of no use any more; a retryable one has another opened.
        """


class RemoteStream:
    """Transcription of one call. All but the port's methods is the dialect's."""

    def __init__(self, dialect: Dialect, report: Callable[[Report], None], due: float) -> None:
        """`due`: seconds after the end of a segment in which its final comes, whatever the vendor does."""
        self._dialect = dialect
        self._tell: Callable[[Report], None] | None = report
        self._due = due
        self._link = Link(
            dialect.vendor,
            dialect.url,
            dialect.headers,
            receive=self._receive,
            report=self._report,
            opened=dialect.opening,
            lost=self._lost,
            keepalive=dialect.keepalive,
        )
        self._ring = bytearray()
        self._current: Segment | None = None
        self._owed: list[Segment] = []
        """In the order in which they were sent, which is that of the vendor's answers."""
        self._is_open = False
        """Whether the vendor takes audio."""
        self._dead = ""
        self.sent = 0
        """Bytes of audio sent on this connection."""

    def feed(self, mulaw: bytes) -> None:
        """Send it on, if it belongs to a segment."""
        if self._dialect.own_vad and self._is_open:
            self._send_audio(mulaw)
            return
        self._ring += mulaw
        if len(self._ring) > 2 * _RING:
            del self._ring[:-_RING]
        if self._current is not None and not self._dialect.own_vad:
            self._current.audio += mulaw
            if len(self._current.audio) > 2 * _LONGEST:
                del self._current.audio[:-_LONGEST]
            if not self._current.error:
                self._send_audio(mulaw)

    def speech_started(self, segment: int, lead: float) -> None:
        """Send from `lead` seconds ago and a little more."""
        if self._current is not None:
            self.speech_stopped(self._current.number)
        self._current = Segment(segment)
        if self._dialect.own_vad:
            self._owed.append(self._current)
            return
        before = round((lead + _PRE_ROLL) * TELEPHONE_RATE)
        self._current.audio += self._ring[-before:]
        self._owed.append(self._current)
        if self._is_open:
            self._send_segment(self._current)

    def speech_stopped(self, segment: int) -> None:
        """Ask for the words; an unknown segment had none."""
        stopped, self._current = self._current, None
        loop = asyncio.get_running_loop()
        if stopped is None or stopped.number != segment:
            self._current = stopped
            loop.call_soon(self._settle, Segment(segment), "", self._dead)
            return
        stopped.is_over = True
        if stopped.error or self._dead:
            self._forget(stopped)
            loop.call_soon(self._settle, stopped, "", stopped.error or self._dead)
        elif not self._dialect.own_vad and len(stopped.audio) < self._dialect.shortest * TELEPHONE_RATE:
            self._forget(stopped)
            self._send(*self._dialect.discard())
            loop.call_soon(self._settle, stopped, "", "")
        else:
            late = f"{self._dialect.vendor}: no transcript within {self._due:g} s"
            stopped.bound = loop.call_later(self._due, self._settle, stopped, "", late)
            if not self._dialect.own_vad:
                self._send(self._dialect.commit(stopped.number))

    def close(self) -> None:
        """Forget this call; nothing is reported afterwards."""
        self._tell = None
        self._current = None
        for segment in self._owed:
            if segment.bound is not None:
                segment.bound.cancel()
        self._owed.clear()

    async def run(self) -> None:
        """Keep the connection.

        Raises:
            SpeechError: the vendor refuses us, or cannot be reached any more.
        """
        try:
            await self._link.run()
        except SpeechError as error:
            self._dead = str(error)
            for segment in [one for one in self._owed if one.is_over]:
                self.final(segment, "", self._dead)
            raise

    def begin(self) -> None:
        """The vendor takes audio from now on."""
        if self._is_open:
            return
        self._is_open = True
        self.sent = 0
        if self._dialect.own_vad:
            self._send_pieces(self._ring)
            self._ring.clear()
            return
        for segment in self._owed:
            self._send_segment(segment)
            if segment.is_over:
                self._send(self._dialect.commit(segment.number))

    def first(self) -> Segment | None:
        """Return the segment that the vendor speaks of when it names none."""
        return self._owed[0] if self._owed else None

    def awaits_another(self, segment: Segment) -> bool:
        """Tell whether the vendor owes the words of an ended segment besides this one."""
        return any(one is not segment and one.is_over for one in self._owed)

    def find(self, number: int) -> Segment | None:
        """Return the segment of that number, if its words are still owed."""
        return next((one for one in self._owed if one.number == number), None)

    def named(self, item: str) -> Segment | None:
        """Return the segment of that name; a new name is that of the first which has none yet."""
        for segment in self._owed:
            if segment.item == item:
                return segment
        unnamed = next((one for one in self._owed if not one.item), None)
        if unnamed is not None:
            unnamed.item = item
        return unnamed

    def partial(self, segment: Segment | None, text: str) -> None:
        """The vendor has heard so much of it up to now."""
        if segment is not None and text.strip():
            segment.text = text
            if not segment.is_settled:
                self._report(Transcription(segment.number, segment.words(text), final=False))

    def final(self, segment: Segment | None, text: str, error: str = "") -> None:
        """The vendor has nothing to add."""
        if segment is not None and segment in self._owed:
            self._forget(segment)
            if segment.is_over:
                self._settle(segment, segment.words(text), error)
            else:
                segment.error = error or f"{self._dialect.vendor}: a transcript came before the end of speech"

    def noticed(self, lead: float) -> Segment | None:
        """The vendor noticed that speech began, `lead` seconds ago; return the segment that this became."""
        if self._current is None:
            self._report(Speech(started=True, lead=max(0.0, lead)))
        return self._current

    def silence(self, seconds: float) -> None:
        """The vendor noticed that speech ended, so many seconds ago."""
        if self._current is not None:
            self._report(Speech(started=False, silence=max(0.0, seconds)))

    def _send(self, *messages: Message) -> None:
        for message in messages if self._is_open else ():
            self._link.send(message)

    def _send_audio(self, mulaw: bytes) -> None:
        if self._is_open:
            self.sent += len(mulaw)
            self._link.send(self._dialect.audio(mulaw))

    def _send_segment(self, segment: Segment) -> None:
        segment.tries += 1
        self._send_pieces(segment.audio)

    def _send_pieces(self, mulaw: bytearray) -> None:
        for begin in range(0, len(mulaw), _PIECE):
            self._send_audio(bytes(mulaw[begin : begin + _PIECE]))

    def _receive(self, message: Message) -> None:
        try:
            event = msgspec.json.decode(message)
        except msgspec.DecodeError:
            return
        if isinstance(event, dict) and self._tell is not None:
            self._dialect.read(event, self)

    def _lost(self, why: str) -> None:
        self._is_open = False
        self._link.forget()
        if self._dialect.own_vad:
            self.silence(0.0)
        for segment in list(self._owed):
            segment.item = segment.text = segment.settled_text = ""
            if segment.is_settled or self._dialect.own_vad or segment.tries >= _TRIES:
                self.final(segment, "", f"{self._dialect.vendor}: {why}")

    def _forget(self, segment: Segment) -> None:
        if segment in self._owed:
            self._owed.remove(segment)

    def _settle(self, segment: Segment, text: str, error: str) -> None:
        """Report the final, once; a segment whose words are still owed keeps its place in the order."""
        if segment.bound is not None:
            segment.bound.cancel()
        if not segment.is_settled:
            segment.is_settled = True
            segment.audio.clear()
            self._report(Transcription(segment.number, text, final=True, error=error))

    def _report(self, report: Report) -> None:
        if self._tell is not None:
            self._tell(report)


def text_of(event: Mapping[str, Any], *names: str) -> str:
    """Return the first of these members that is text; "" if none is."""
    return next((event[name] for name in names if isinstance(event.get(name), str)), "")


def word_of(event: Mapping[str, Any], *names: str) -> str:
    """Return the first of these members that is text, if it is a code of the vendor's, and nothing that was said."""
    text = text_of(event, *names)
    return text if len(text) <= 60 and text.isascii() and text.replace("_", "").isalnum() else ""


def language_of(options: VendorOptions, language: str) -> str:
    """Return the language of the call as the vendors want it: ISO 639-1, such as `en` of `en-GB`."""
    return (options.language or language).partition("-")[0].lower()


def socket_url(options: VendorOptions, origin: str) -> str:
    """Return where sockets are opened: the vendor's `origin`, or the one that is configured, `ws` for `http`."""
    base = (options.base_url or origin).rstrip("/")
    return "ws" + base.removeprefix("http") if base.startswith("http") else base

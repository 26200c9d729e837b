"""What both of Deepgram's recognisers need: the place of the audio in the call, and the finals that are due.

Places count bytes of caller audio, mu-law 8 kHz, from the call's beginning. Audio that the vendor has not yet given
words for stays on a tape, so that a new connection hears it again and nothing is lost with the old one.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from voicecall.audio import TELEPHONE_RATE
from voicecall.errors import SpeechError
from voicecall.net.link import Link, Message
from voicecall.speech import Report, Speech, Transcription

SECTION = "stt.deepgram"
_TAPE = 5 * TELEPHONE_RATE
"""Bytes that the tape holds."""


@dataclass(slots=True, eq=False)
class Segment:
    """A stretch of caller speech whose final was not reported yet."""

    number: int
    start: int
    """The place where it begins."""
    stop: int | None = None
    """The place where it ended, once it has."""
    settled: list[str] = field(default_factory=list)
    """Words that stay as they are."""
    latest: str = ""
    """What was made of the rest so far."""
    told: str = ""
    """The partial that was reported last."""
    deadline: asyncio.TimerHandle | None = None

    @property
    def text(self) -> str:
        """All words so far."""
        return " ".join(part for part in (*self.settled, self.latest) if part)


class Listening(ABC):
    """One call's stream. A recogniser of Deepgram's adds what it sends, and what it makes of the answers."""

    _at_stop: Message = b""
    """What follows the audio of a segment that has ended before the connection stood, if anything."""

    def __init__(
        self,
        url: str,
        headers: dict[str, str],
        report: Callable[[Report], None],
        *,
        chunk: int,
        due: float,
        keepalive: tuple[float, Message] | None = None,
    ) -> None:
        """`chunk`: bytes of audio to send at once. `due`: seconds from the stop of a segment to its final, at most."""
        self._report = report
        self._chunk = chunk
        self._patience = due
        self._loop = asyncio.get_running_loop()
        self._tape = bytearray()
        self._origin = 0
        """The place of the tape's first byte."""
        self._sent = 0
        """How much of the tape was sent on the present connection."""
        self._connected = False
        self._begun = 0
        """The place where the present connection began to listen."""
        self._speaking = False
        """Whether the vendor hears speech."""
        self._stopping: int | None = None
        """The place where the vendor says that speech stopped, while it is being reported."""
        self._failure = ""
        """Why there will be no more words."""
        self._closed = False
        self._segments: list[Segment] = []
        """Oldest first."""
        self._link = Link(
            SECTION,
            url,
            headers,
            receive=self._take,
            report=self._tell,
            opened=self._opened,
            lost=self._lost,
            keepalive=keepalive,
        )

    # --- the port

    def feed(self, mulaw: bytes) -> None:
        """Take caller audio, and send it once there is enough of it."""
        if self._closed:
            return
        self._tape += mulaw
        if len(self._tape) > _TAPE:
            self._settle(self._here - _TAPE)
        if len(self._tape) - self._sent >= self._chunk:
            self._push()

    def speech_started(self, segment: int, lead: float) -> None:
        """Credit the words from here on to this segment."""
        if self._closed:
            return
        if self._segments and self._segments[-1].stop is None:
            self.speech_stopped(self._segments[-1].number)
        last = self._segments[-1].stop if self._segments else None
        start = max(self._here - round(lead * TELEPHONE_RATE), last or 0)
        self._segments.append(Segment(segment, start))

    def speech_stopped(self, segment: int) -> None:
        """Make the final of this segment due; an unknown segment had no words."""
        found = next((one for one in self._segments if one.number == segment), None)
        if self._closed or (found is not None and found.stop is not None):
            return
        place = self._here if self._stopping is None else self._stopping
        if found is None:
            self._segments.append(found := Segment(segment, place))
        found.stop = place
        if self._failure or found.start >= place:
            self._loop.call_soon(self._end, found, self._failure)
            return
        found.deadline = self._loop.call_later(self._patience, self._overdue, found)
        if self._stopping is None:
            self._push()
            self._stopped(found)
        else:
            self._loop.call_soon(self._end, found)

    def close(self) -> None:
        """Forget this call; nothing is reported afterwards."""
        self._closed = True
        for segment in self._segments:
            if segment.deadline is not None:
                segment.deadline.cancel()
        self._segments.clear()

    async def run(self) -> None:
        """Keep the connection to Deepgram.

        Raises:
            SpeechError: Deepgram refuses us, or cannot be reached any more.
        """
        try:
            await self._link.run()
        except SpeechError as error:
            self._failure = str(error)
            self._stopped_speaking(self._here)
            for segment in tuple(self._segments):
                if segment.stop is not None:
                    self._end(segment, self._failure)
            raise

    # --- what a recogniser adds

    @abstractmethod
    def _take(self, message: Message) -> None:
        """Make something of a message; what makes no sense is passed over."""

    @abstractmethod
    def _stopped(self, segment: Segment) -> None:
        """Ask for the words of a segment that has just ended, or end it where they are known."""

    @abstractmethod
    def _interrupted(self) -> None:
        """The connection is lost, and with it what the vendor was about to say."""

    # --- what it finds here

    @property
    def _here(self) -> int:
        return self._origin + len(self._tape)

    def _place(self, seconds: float) -> int:
        """Return the place of a moment on the present connection."""
        return self._begun + round(seconds * TELEPHONE_RATE)

    def _settle(self, place: int) -> None:
        """Forget the audio before this place: its words are known."""
        done = min(max(place - self._origin, 0), len(self._tape))
        del self._tape[:done]
        self._origin += done
        self._sent = max(self._sent - done, 0)

    def _partial(self, segment: Segment) -> None:
        """Report what is known of a segment, where that is news."""
        if segment.text and segment.text != segment.told:
            segment.told = segment.text
            self._tell(Transcription(segment.number, segment.text, final=False))

    def _end(self, segment: Segment, error: str = "") -> None:
        """Report the final of a segment, unless that was done; `error` says why it has no words."""
        if segment not in self._segments:
            return
        self._segments.remove(segment)
        if segment.deadline is not None:
            segment.deadline.cancel()
        self._tell(Transcription(segment.number, segment.text, final=True, error="" if segment.text else error))

    def _overdue(self, segment: Segment) -> None:
        self._end(segment, f"{SECTION}: there was no transcript within {self._patience:g} s")

    def _began_speaking(self, place: int) -> None:
        if not self._speaking:
            self._speaking = True
            self._tell(Speech(started=True, lead=self._since(place)))

    def _stopped_speaking(self, place: int) -> None:
        if self._speaking:
            self._speaking = False
            self._stopping = place
            self._tell(Speech(started=False, silence=self._since(place)))
            self._stopping = None

    def _since(self, place: int) -> float:
        return max(0.0, (self._here - place) / TELEPHONE_RATE)

    def _tell(self, report: Report) -> None:
        if not self._closed:
            self._report(report)

    # --- the connection

    def _send(self, message: Message) -> None:
        """Send it, if there is a connection."""
        if self._connected:
            self._link.send(message)

    def _push(self) -> None:
        if self._connected and len(self._tape) > self._sent:
            self._link.send(bytes(self._tape[self._sent :]))
            self._sent = len(self._tape)

    def _opened(self) -> Iterator[Message]:
        self._connected = True
        self._begun = self._origin
        tape, self._sent = bytes(self._tape), len(self._tape)
        done = 0
        for segment in tuple(self._segments):
            if segment.stop is not None and self._at_stop:
                place = max(segment.stop - self._begun, done)
                yield from filter(None, (tape[done:place], self._at_stop))
                done = place
        yield from filter(None, (tape[done:],))

    def _lost(self, why: str) -> None:
        self._connected = False
        self._link.forget()
        self._interrupted()

"""The caller's side of a call whose agent hears for itself: sound goes to the model, what it makes of that comes back.

Our own detector says when somebody speaks, in segments; the model has turns of its own, by name. Which segments a turn
is made of is told here, so that the words of a turn find their place.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from voicecall.core.events import Event
from voicecall.core.utterances import SpeechStarted, SpeechStopped
from voicecall.realtime import Session, Traits
from voicecall.speech import Report, Speech, Transcription, TurnSign

_LEAD = 25
"""Frames that are kept while only we are heard: what the caller says is noticed a little late."""
_ECHOES = 40
"""Frames for which we may still be heard after the last that we sent was played."""
_AWAY = 0.5
"""Seconds for which a stream may be away before the caller counts as silent."""
_HUSH = 50
"""Frames of silence after which a model takes a turn for over."""
_MOST_TURNS = 50
"""Turns whose words are still to come."""
_SILENCE = b"\xff" * 160


class Hearing:
    """The transcriber of one call, in which a model hears by itself."""

    def __init__(
        self,
        session: Session,
        traits: Traits,
        post: Callable[[Event], None],
        *,
        is_sounding: Callable[[], bool],
        protected: Callable[[], bool],
        went_on: Callable[[], None],
    ) -> None:
        """`is_sounding` says whether the caller hears us, so that what comes may be our own.

        `protected` says whether the caller cannot interrupt just now. `went_on` is called when they begin to speak.
        """
        self._session = session
        self._traits = traits
        self._post = post
        self._is_sounding = is_sounding
        self._protected = protected
        self._went_on = went_on
        self.tell: Callable[[Report], None] = lambda _: None
        """Takes what the model makes of the caller."""
        self._speaking = False
        """Whether our detector hears the caller."""
        self._kept: deque[tuple[bytes, str]] = deque(maxlen=_LEAD)
        self._echoes = 0
        """Frames for which what comes may be our own."""
        self._segments: list[int] = []
        """What the caller said that belongs to no turn of the model's yet."""
        self._turns: dict[str, tuple[int, ...]] = {}
        """By name, the segments whose words are still to come."""
        self._hushing: asyncio.TimerHandle | None = None
        self._unnoticed = 0
        """Turns that our detector did not hear: they are numbered down."""
        self._ran_on = False
        """Whether the caller was still heard at the end of the last turn, so that the next may begin unnoticed."""

    # --- the transcriber

    def open(self, report: Callable[[Report], None], language: str = "en") -> Hearing:
        """Listen to the call."""
        self.tell = report
        return self

    def feed(self, mulaw: bytes) -> None:
        """Do nothing: the model is given the sound as it came, by `hear`."""

    def speech_started(self, segment: int, lead: float) -> None:
        """Our detector hears the caller speak."""
        self._speaking = True
        self._segments.append(segment)
        self._went_on()
        self._session.speech_started()

    def speech_stopped(self, segment: int) -> None:
        """Our detector hears the caller no more."""
        self._speaking = False
        self._session.speech_stopped()

    def retracted(self, segment: int) -> None:
        """It was our own sound, and belongs to no turn."""
        self._segments = [other for other in self._segments if other != segment]
        self._turns = {name: tuple(one for one in of if one != segment) for name, of in self._turns.items()}

    def close(self) -> None:
        """Report nothing any more."""
        self._hush()
        self.tell = lambda _: None

    async def run(self) -> None:
        """There is nothing to keep ready: the model does so."""
        await asyncio.Event().wait()

    # --- sound

    def hear(self, mulaw: bytes, base64: str = "") -> None:
        """Take caller audio, usually 160 bytes of mu-law, and its base64 if there is one.

        While only we are heard, the model is given silence: our own sound, come back, is no turn of the caller's.
        """
        if self._hushing is not None:
            self._hush()
        kept = self._kept
        self._echoes = _ECHOES if self._is_sounding() else max(0, self._echoes - 1)
        if self._echoes and not self._speaking:
            kept.append((mulaw, base64))
            mulaw, base64 = _SILENCE, ""
        elif kept:
            for earlier in kept if self._speaking else ():
                self._session.feed(*earlier)
            kept.clear()
        if self._traits.interrupts == "provider" and self._protected():
            mulaw, base64 = _SILENCE, ""
        self._session.feed(mulaw, base64)

    def hush(self) -> None:
        """The media stream is over. Unless another comes soon, the model hears that the caller is silent."""
        self._hush()
        self._hushing = asyncio.get_running_loop().call_later(_AWAY, self._be_silent)

    def _hush(self) -> None:
        if self._hushing is not None:
            self._hushing.cancel()
            self._hushing = None

    def _be_silent(self) -> None:
        self._hushing = None
        for _ in range(_HUSH):
            self._session.feed(_SILENCE)

    # --- what the model makes of it

    def sound(self, started: bool) -> None:
        """The model hears the caller begin, or stop; where no detector of ours listens, that is speech for sure."""
        self.tell(Speech(started))
        if started:
            self.tell(Speech(started, sure=True))

    def turn_over(self, name: str) -> None:
        """What the caller said since the last turn belongs to this one."""
        segments, self._segments = tuple(self._segments), []
        if not segments:
            if self._echoes and not self._ran_on:
                return  # our detector heard nobody but us
            self._unnoticed -= 1
            segments = (self._unnoticed,)
            self._post(SpeechStarted(self._unnoticed))
            self._post(SpeechStopped(self._unnoticed, 0.0))
        self._ran_on = self._speaking
        self._turns[name] = segments
        if len(self._turns) > _MOST_TURNS:
            self._turns.pop(next(iter(self._turns)))
        if self._traits.endpoints == "provider":
            self.tell(TurnSign("over"))

    def caller_said(self, name: str, text: str) -> None:
        """The words of a turn are known."""
        segments = self._turns.pop(name, ())
        for segment in segments[:-1]:
            self.tell(Transcription(segment, "", final=True))
        for segment in segments[-1:]:
            self.tell(Transcription(segment, text, final=True))

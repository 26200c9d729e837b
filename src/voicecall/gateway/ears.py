"""Listens to one call: voice activity and transcription in, facts out. Audio goes in as it comes, 20 ms at a time.

What comes back from the caller's phone of what we said ourselves is not speech: it is told by its sound while it lasts,
and by its words once they are known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voicecall.audio.echo import ECHO, PERSON, EchoDetector, EchoGate
from voicecall.core.events import Event, Warned
from voicecall.core.utterances import (
    EarsFailed,
    Heard,
    PartlyHeard,
    SpeechStarted,
    SpeechStopped,
    SpeechSure,
    TurnSigned,
)
from voicecall.errors import SpeechError
from voicecall.gateway.own_words import are_our_own
from voicecall.speech import Detector, DetectorStream, Report, Speech, Transcriber, Transcription, Trouble, TurnSign
from voicecall.speech.turn_models import TurnModel

_LOOK = 3
"""Frames between two looks at whether what sounds is our own."""
_BEHIND = 0.1
"""Seconds before a look up to which what was looked at can be told to be ours."""
_PERSISTENCE = 5
"""Looks in a row at which our own has to sound unlike it: more than there are in the silence at its end."""
_ALIKE = 2
"""Looks in a row at which speech has to be like our own before it is taken for that: a person may talk into it."""
_BRIEF = 0.5
"""Seconds: of a sound so short there are too few looks to ask for more than one."""
_LONGEST_LEAD = 1.2
"""Seconds of sound that are looked into once it turns out not to be our own."""
_MEMORY = 8 * 8000
"""Bytes of the caller's audio that a model of turns is given."""


class Ears:
    """One call's ears. A media stream opens them and closes them again; segments are numbered through the call."""

    def __init__(
        self,
        detector: Detector,
        transcriber: Transcriber,
        post: Callable[[Event], None],
        *,
        language: str = "en",
        apart: bool = True,
        echo: bool = True,
        said: Callable[[], str] = str,
        model: TurnModel | None = None,
        retracted: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`apart`: the detector says when the caller speaks, and not the transcriber.

        `echo`: whether our own sound is looked for. `said`: what the caller may be hearing, or just heard. `retracted`
        is called with a segment that was our own sound.
        """
        self._detector = detector
        self._post = post
        self._apart = apart
        self._said = said
        self._model = model
        self._retracted = retracted
        self._loop = asyncio.get_running_loop()
        self._transcriber = transcriber.open(self._told, language)
        self._voice: DetectorStream | None = None
        self._echo = EchoDetector() if echo else None
        self._gate = EchoGate(_PERSISTENCE)
        self._frames = 0
        self._settled = False
        """Whether somebody was surely heard in what sounds: that is not taken for our own any more."""
        self._alike = 0
        """Looks in a row at which it was like our own."""
        self._ours_until = 0.0
        """Loop time until which what was heard was surely ours."""
        self._sounding = False
        """Whether the detector hears something."""
        self._sure = False
        """Whether that is speech for sure."""
        self._speaking = False
        """Whether it counts as the caller's speech."""
        self._segment = 0
        self._ours: set[int] = set()
        """Segments in whose sound there may be ours; in those of the other set there was nothing else."""
        self._void: set[int] = set()
        self._memory = bytearray()
        self._tasks: asyncio.TaskGroup | None = None
        self.onset = 0.0
        """Loop time at which the caller last began to speak."""
        self.silent_since = 0.0
        """Loop time at which the caller last fell silent."""
        self.heard_at = 0.0
        """Loop time at which words were last known."""

    async def run(self) -> None:
        """Keep the transcriber ready until cancelled."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                try:
                    await self._transcriber.run()
                except SpeechError as error:
                    self._post(Warned("stt", str(error)))
                await asyncio.Event().wait()
        finally:
            self._tasks = None

    def open(self) -> None:
        """A media stream begins."""
        self._voice = self._detector.open(self._detected)

    def feed(self, mulaw: bytes, _: str = "") -> None:
        """Take caller audio: mu-law 8 kHz."""
        if self._voice is None:
            return
        self._voice.feed(mulaw)
        self._transcriber.feed(mulaw)
        if self._model is not None:
            self._memory += mulaw
            del self._memory[: -2 * _MEMORY]
        if self._echo is not None:
            self._echo.heard(mulaw)
            self._frames += 1
            if self._sounding and self._frames % _LOOK == 0:
                self._look()

    def sent(self, mulaw: bytes) -> None:
        """Take what the caller is given to hear: mu-law 8 kHz."""
        if self._echo is not None:
            self._echo.sent(mulaw)

    def dropped(self) -> None:
        """What the caller was given and had not heard yet was dropped."""
        if self._echo is not None:
            self._echo.dropped()

    def close(self) -> None:
        """The media stream is over; what the caller was saying ends with it."""
        if self._voice is not None:
            self._voice.close()
            self._voice = None
        self._detected(Speech(started=False))

    def end(self) -> None:
        """The call is over."""
        self.close()
        self._transcriber.close()

    # --- sound

    def _detected(self, speech: Speech) -> None:
        if speech.sure:
            self._sure = True
            if self._speaking:
                self._post(SpeechSure(self._segment))
        elif speech.started and not self._sounding:
            self._sounding, self._sure, self._settled, self._alike = True, False, False, 0
            self._gate = EchoGate(_PERSISTENCE)
            self.onset = self._loop.time() - speech.lead
            if self._echo is None or self._gate.take(self._echo.likeness()) != "echo" or not self._apart:
                self._begin(speech.lead)
        elif not speech.started and self._sounding:
            self._sounding = False
            if not self._speaking:
                return
            brief = self._loop.time() - speech.silence - self.onset < _BRIEF
            if brief and self._apart and self._gate.verdict == "echo" and not self._settled:
                self._retract(speech.silence)
            else:
                self._stop(speech.silence)

    def _look(self) -> None:
        """See whether what sounds is ours after all, or not any more."""
        assert self._echo is not None  # noqa: S101 - the caller has looked
        now, likeness = self._loop.time(), self._echo.likeness()
        self._alike = self._alike + 1 if likeness >= ECHO else 0
        if self._alike:
            self._ours_until = now - _BEHIND
        verdict = self._gate.take(likeness)
        self._settled = self._settled or (self._speaking and verdict == "speech")
        if likeness >= PERSON and self._speaking:
            self._ours.add(self._segment)
        if not self._apart:
            return  # the transcriber cuts its segments itself
        if self._alike >= _ALIKE and self._speaking and not self._settled:
            self._retract(0.0)
        elif verdict == "speech" and not self._speaking:
            self._begin(min(_LONGEST_LEAD, now - max(self.onset, self._ours_until)))

    def _begin(self, lead: float) -> None:
        self._speaking = True
        self.onset = self._loop.time() - lead
        self._segment += 1
        self._post(SpeechStarted(self._segment, round(lead, 3)))
        self._transcriber.speech_started(self._segment, lead)
        if self._sure:
            self._post(SpeechSure(self._segment))

    def _retract(self, silence: float) -> None:
        """It was our own."""
        self._void.add(self._segment)
        self._stop(silence)
        self._retracted(self._segment)
        self._post(Heard(self._segment, "", echo=True))

    def _stop(self, silence: float) -> None:
        self._speaking = False
        self.silent_since = self._loop.time() - silence
        self._post(SpeechStopped(self._segment, round(silence, 3)))
        self._transcriber.speech_stopped(self._segment)
        if self._model is not None and self._tasks is not None:
            self._tasks.create_task(self._judge(self._model, bytes(self._memory[-_MEMORY:])), name="turn model")

    async def _judge(self, model: TurnModel, audio: bytes) -> None:
        sign = await model.judge(audio)
        if sign is not None and not self._speaking:
            self._post(TurnSigned(sign.sign))

    # --- words

    def _told(self, report: Report) -> None:
        match report:
            case Speech() if not self._apart:
                self._detected(report)
            case Speech():
                pass
            case TurnSign(sign):
                self._post(TurnSigned(sign))
            case Trouble(code, text):
                self._post(Warned(code, text))
            case Transcription():
                self._transcribed(report)

    def _transcribed(self, said: Transcription) -> None:
        if said.segment in self._void:
            return
        text = said.text.strip()
        if said.error:
            self._post(EarsFailed(said.segment, said.error))
        elif said.segment in self._ours and are_our_own(text, self._said()):
            if said.final:
                self._post(Heard(said.segment, "", echo=True))
        elif said.final:
            self.heard_at = self._loop.time()
            self._post(Heard(said.segment, text))
        else:
            self._post(PartlyHeard(said.segment, text))

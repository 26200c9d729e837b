"""Listens to one call: voice activity and transcription in, facts out. Audio goes in as it comes, 20 ms at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voicecall.core.events import EarsFailed, Event, Heard, PartlyHeard, SpeechStarted, SpeechStopped
from voicecall.speech import Detector, DetectorStream, Speech, Transcriber, Transcription


class Ears:
    """One call's ears. A media stream opens them and closes them again; segments are numbered through the call."""

    def __init__(self, detector: Detector, transcriber: Transcriber, post: Callable[[Event], None]) -> None:
        self._detector = detector
        self._post = post
        self._loop = asyncio.get_running_loop()
        self._transcriber = transcriber.open(self._transcribed)
        self._voice: DetectorStream | None = None
        self._speaking = False
        self._segment = 0
        self.onset = 0.0
        """Loop time at which the caller last began to speak."""
        self.silent_since = 0.0
        """Loop time at which the caller last fell silent."""

    def open(self) -> None:
        """A media stream begins."""
        self._voice = self._detector.open(self._detected)

    def feed(self, mulaw: bytes) -> None:
        """Take caller audio: mu-law 8 kHz."""
        if self._voice is not None:
            self._voice.feed(mulaw)
            self._transcriber.feed(mulaw)

    def close(self) -> None:
        """The media stream is over; what the caller was saying ends with it."""
        if self._voice is not None:
            self._voice.close()
            self._voice = None
        if self._speaking:
            self._detected(Speech(started=False))

    def end(self) -> None:
        """The call is over."""
        self.close()
        self._transcriber.close()

    def _detected(self, speech: Speech) -> None:
        if speech.started and not self._speaking:
            self._speaking = True
            self._segment += 1
            self.onset = self._loop.time() - speech.lead
            self._post(SpeechStarted(self._segment, round(speech.lead, 3)))
            self._transcriber.speech_started(self._segment, speech.lead)
        elif not speech.started and self._speaking:
            self._speaking = False
            self.silent_since = self._loop.time() - speech.silence
            self._post(SpeechStopped(self._segment, round(speech.silence, 3)))
            self._transcriber.speech_stopped(self._segment)

    def _transcribed(self, said: Transcription) -> None:
        if said.error:
            self._post(EarsFailed(said.segment, said.error))
        elif said.final:
            self._post(Heard(said.segment, said.text.strip()))
        else:
            self._post(PartlyHeard(said.segment, said.text.strip()))

"""Speech whose audio names its words, so that what was heard can be read back.

Every word has a loudness of its own, and signs of its own: it sounds like a noise that no other word resembles, and can
be made out behind other sounds as well.
"""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt

from voicecall.audio import Samples
from voicecall.audio.g711 import mulaw_encode, to_float
from voicecall.audio.levels import gain, mulaw_rms
from voicecall.errors import SpeechError
from voicecall.speech import Report, Speech, Transcription, Trouble, Voice
from voicecall.speech.plain import PlainVoice
from voicecall.speech.voicing import Voicing

RATE = 8000
_FIRST, _CODES = 0x10, 60
"""Mu-law magnitudes from 0x10 to 0x4b: all of them loud."""
_FRAME = 160
_ALIKE = 0.5
"""Correlation from which a frame counts as part of a word."""
_BEFORE = 0.04
"""Seconds before a segment that belong to it."""
_SLIVER = 0.001
"""Seconds: what is shorter is rounding, and no word."""
NOISE = "~"
"""A sound without words."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it sounded; times in seconds."""

    text: str
    begin: float
    end: float


class Alphabet:
    """Hands out the loudness of words, one after the other, over and over."""

    def __init__(self, seconds: float = 0.2) -> None:
        """`seconds` is how long a word sounds."""
        self.seconds = seconds
        self._words: dict[int, str] = {}
        self._count = 0

    def spell(self, word: str) -> bytes:
        """Return the sound of this word."""
        code = _FIRST + self._count % _CODES
        self._count += 1
        self._words[code] = word
        return self._sound(code).tobytes()

    def _sound(self, code: int) -> npt.NDArray[np.uint8]:
        chance = np.random.default_rng(code)
        return chance.choice(np.array([code, code | 0x80], np.uint8), round(self.seconds * RATE))

    def make_out(self, mulaw: bytes) -> list[str]:
        """Return the words in frames of 20 ms that a phone sent, whatever else sounds with them."""
        sounds = {word: to_float(self._sound(code).tobytes()) for code, word in self._words.items() if word != NOISE}
        known = np.array([_unit(frame) for sound in sounds.values() for frame in sound.reshape(-1, _FRAME)])
        frames = to_float(mulaw[: len(mulaw) - len(mulaw) % _FRAME]).reshape(-1, _FRAME)
        alike = np.array([known @ _unit(frame) for frame in frames])
        each = len(known) // len(sounds)
        words = [list(sounds)[int(row.argmax()) // each] if row.max() >= _ALIKE else "" for row in alike]
        return [word for word, run in groupby(words) if word and len(list(run)) >= each // 2]

    def read(self, mulaw: bytes) -> list[Word]:
        """Return the words in this audio, a word that was cut short or torn included."""
        magnitudes = np.frombuffer(mulaw, np.uint8) & 0x7F
        borders = [0, *(np.flatnonzero(np.diff(magnitudes)) + 1).tolist(), len(magnitudes)]
        return [
            Word(self._words[int(magnitudes[begin])], begin / RATE, end / RATE)
            for begin, end in pairwise(borders)
            if end > begin and int(magnitudes[begin]) in self._words
        ]

    def hear(self, wav: bytes) -> list[Word]:
        """Return the words that a phone heard, from its recording: the right channel."""
        with wave.open(io.BytesIO(wav), "rb") as file:
            stereo = np.frombuffer(file.readframes(file.getnframes()), np.int16).reshape(-1, 2)
        words = self.read(mulaw_encode(stereo[:, 1].tobytes()))
        return [word for word in words if word.end - word.begin > _SLIVER]


def text(words: list[Word]) -> str:
    """Return words as one line; a word that was torn in two counts once."""
    return " ".join(word for word, _ in groupby(word.text for word in words))


def _unit(samples: Samples) -> Samples:
    return samples / max(1e-9, float(np.linalg.norm(samples)))


class SpellingDetector:
    """Hears whatever is loud; what is not spelled is never speech for sure."""

    def open(self, report: Callable[[Speech], None]) -> SpellingDetectorStream:
        """Start listening to a call."""
        return SpellingDetectorStream(report)


class SpellingDetectorStream:
    """One call, in windows of 20 ms: three to start, eleven to stop, thirteen of eighteen to be sure."""

    def __init__(self, report: Callable[[Speech], None]) -> None:
        self._report = report
        self._voicing = Voicing(window=0.02, start_windows=3, stop_windows=11, sure_windows=13, sure_span=18)

    def feed(self, mulaw: bytes) -> None:
        """Take whole frames."""
        for begin in range(0, len(mulaw), _FRAME):
            frame = mulaw[begin : begin + _FRAME]
            loud = mulaw_rms(frame) >= gain(-40.0)
            spelled = len(set(np.frombuffer(frame, np.uint8) & 0x7F)) <= 3
            decision = self._voicing.take((1.0 if spelled else 0.6) if loud else 0.0)
            if decision is not None:
                self._report(decision)

    def close(self) -> None:
        """There is nothing to forget."""


class SpellingSynthesizer:
    """Speaks at once, a word a chunk. Words in `failing` cannot be spoken; `delay` seconds pass before each piece."""

    def __init__(self, alphabet: Alphabet) -> None:
        self.failing: set[str] = set()
        self.spoken: list[str] = []
        self.delay = 0.0
        self._alphabet = alphabet

    def open(self, voice: Voice, report: Callable[[Trouble], None]) -> PlainVoice:
        """Return the voice of a call."""
        return PlainVoice(self, voice)

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        """Yield the words."""
        self.spoken.append(text)
        if self.delay:
            await asyncio.sleep(self.delay)
        for word in text.split():
            if word in self.failing:
                raise SpeechError(f"nothing can say {word}")
            yield self._alphabet.spell(word)


class SpellingTranscriber:
    """Reads the words back, `delay` seconds after the caller fell silent; fails while `broken`.

    With `partials` it tells the words that came whole while the caller is still speaking.
    """

    def __init__(self, alphabet: Alphabet, *, delay: float = 0.1) -> None:
        self.delay = delay
        self.partials = False
        self.broken = False
        self.in_noise = False
        """Whether words are made out behind other sounds, which takes longer to compute."""
        self.alphabet = alphabet

    def open(self, report: Callable[[Report], None], language: str = "en") -> SpellingTranscriberStream:
        """Start listening to a call."""
        return SpellingTranscriberStream(self, report)


class SpellingTranscriberStream:
    """One call."""

    def __init__(self, owner: SpellingTranscriber, report: Callable[[Report], None]) -> None:
        self._owner = owner
        self._report: Callable[[Report], None] | None = report
        self._audio = bytearray()
        self._segment = 0
        self._told = ""

    def feed(self, mulaw: bytes) -> None:
        """Take audio; silence is left out."""
        if mulaw.count(0xFF) < len(mulaw):
            self._audio += mulaw
            if self._segment and self._owner.partials:
                self._tell_partly()

    def speech_started(self, segment: int, lead: float) -> None:
        """Words from now on belong to this segment."""
        self._segment = segment
        self._told = ""
        del self._audio[: -round((lead + _BEFORE) * RATE)]

    def speech_stopped(self, segment: int) -> None:
        """Tell the words in a moment."""
        self._segment = 0
        text, error = self._text(), "the transcriber is broken" if self._owner.broken else ""
        self._audio.clear()
        said = Transcription(segment, "" if error else text, final=True, error=error)
        asyncio.get_running_loop().call_later(self._owner.delay, self._deliver, said)

    async def run(self) -> None:
        """There is nothing to keep ready."""
        await asyncio.Event().wait()

    def _text(self) -> str:
        if self._owner.in_noise:
            return " ".join(self._owner.alphabet.make_out(bytes(self._audio)))
        words = self._owner.alphabet.read(bytes(self._audio))
        return " ".join(word.text for word in words if word.text != NOISE)

    def _tell_partly(self) -> None:
        text = self._text()
        if text != self._told:
            self._told = text
            self._deliver(Transcription(self._segment, text, final=False))

    def _deliver(self, said: Transcription) -> None:
        if self._report is not None:
            self._report(said)

    def close(self) -> None:
        """Report nothing any more."""
        self._report = None

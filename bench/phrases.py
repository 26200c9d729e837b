"""What simulated callers say: speech by the local synthesiser, made once for a run, cut to where it sounds."""

from base64 import b64encode

import numpy as np

from voicecall.audio.g711 import MULAW_SILENCE
from voicecall.audio.levels import gain, mulaw_rms
from voicecall.speech import Voice
from voicecall.speech.tts.piper import PiperSynthesizer

_FRAME = 160  # bytes: 20 ms
_AUDIBLE = gain(-40.0)
_BREATH = MULAW_SILENCE * 2400  # 0.3 s, shorter than the endpointing
_TEXTS = (
    ("Hello, I am calling about the order", "that I made last week."),
    ("Could you tell me", "whether you are open on Saturday afternoon?"),
    ("I would like a table for two", "at eight o'clock this evening."),
    ("Thank you, that is all I wanted to know", "for the moment."),
    ("My number has changed", "since the last time I called you."),
)
_VOICES = (Voice(), Voice(pitch=1.18, pace=1.12), Voice(pitch=0.88))


async def phrases() -> list[list[bytes]]:
    """Return phrases with a breath in each, as 20 ms frames of mu-law in base64; the first and the last are audible."""
    synthesizer = PiperSynthesizer(threads=1)
    made = []
    async with synthesizer.ready():
        for number, halves in enumerate(_TEXTS):
            voice = _VOICES[number % len(_VOICES)]
            spoken = [b"".join([part async for part in synthesizer.speak(half, voice)]) for half in halves]
            made.append(_frames(_BREATH.join(_trimmed(half) for half in spoken)))
    return made


def _trimmed(mulaw: bytes) -> bytes:
    """Return what lies between the first and the last audible frame."""
    starts = range(0, len(mulaw) - _FRAME + 1, _FRAME)
    audible = np.flatnonzero([mulaw_rms(mulaw[start : start + _FRAME]) >= _AUDIBLE for start in starts])
    return mulaw[int(audible[0]) * _FRAME : (int(audible[-1]) + 1) * _FRAME]


def _frames(mulaw: bytes) -> list[bytes]:
    return [b64encode(mulaw[start : start + _FRAME]) for start in range(0, len(mulaw), _FRAME)]

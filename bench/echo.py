"""How well the agent's own echo is told from a caller, and what the telling costs.

Synthesised sentences in four pitches are sent and come back through a made-up echo path: 100 to 600 ms after they were
played, 6 to 30 dB weaker, through a short random room, the telephone's band and mu-law twice, with noise 10 dB below.
Against it stand another voice, another voice on top of the echo, the same voice with other words, and noise, all while
the agent speaks. Likeness is taken every 40 ms while something sounds, as the gateway does.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from voicecall.audio import TELEPHONE_RATE, Samples
from voicecall.audio.echo import ECHO, PERSON, EchoDetector, EchoGate, Verdict
from voicecall.audio.g711 import from_float, to_float
from voicecall.audio.levels import gain
from voicecall.speech import Voice
from voicecall.speech.tts.piper import PiperSynthesizer

_FRAME = 160  # samples: 20 ms
_AHEAD = 12  # frames by which sending leads playing
_EVERY = 2  # frames from one likeness to the next
_QUIET = 12  # frames without sound that end one sound
_SECONDS = 6
_LENGTH = _SECONDS * TELEPHONE_RATE
_TRANSFORM = 1 << 16
_PITCHES = (0.85, 1.0, 1.15, 1.3)
_TEXTS = (
    "Your order has been shipped and should arrive on Thursday afternoon between two and four.",
    "I am sorry, I did not understand that. Could you say it again, please?",
    "We have a table by the window at half past seven.",
    "Let me check that for you, it will only take a moment.",
    "The total comes to forty two dollars and fifty cents, including delivery.",
    "Good morning, this is the city library, how can I help you today?",
    "No, wait a moment.",
    "Actually I wanted Saturday instead.",
    "I would like to book a table for four people on Friday evening.",
    "My name is Robert Miller and I live in Seattle.",
    "Please cancel my appointment for tomorrow morning.",
    "The package has not arrived yet and I am getting worried.",
)
_KINDS = ("echo", "other voice", "same voice", "double talk", "noise")
_MOMENTS = (100, 180, 300)  # ms after the onset


async def voices() -> Mapping[float, Sequence[Samples]]:
    """Return all sentences in each pitch."""
    made: dict[float, list[Samples]] = {}
    synthesizer = PiperSynthesizer()
    async with synthesizer.ready():
        for pitch in _PITCHES:
            voice = Voice(pitch=pitch)
            spoken = [b"".join([part async for part in synthesizer.speak(text, voice)]) for text in _TEXTS]
            made[pitch] = [to_float(mulaw) for mulaw in spoken]
    return made


def _band() -> Samples:
    hertz = np.fft.rfftfreq(_TRANSFORM, 1 / TELEPHONE_RATE)
    high = 1 / (1 + (250 / np.maximum(hertz, 1)) ** 8)
    band: Samples = (high / (1 + (hertz / 3500) ** 24)).astype(np.float32)
    return band


_BAND = _band()


@dataclass
class Path:
    """The world between the agent's mouth and its ears, drawn anew for each call."""

    chance: np.random.Generator
    sentences: Mapping[float, Sequence[Samples]]

    def talk(self, pitch: float, half: int) -> Samples:
        """Return somebody speaking with short pauses; the two halves have no words in common."""
        parts, length = [], 0
        while length < _LENGTH:
            pause = np.zeros(self.chance.integers(2400, 5600), np.float32)
            parts += [pause, self.sentences[pitch][2 * int(self.chance.integers(len(_TEXTS) // 2)) + half]]
            length += len(parts[-1]) + len(parts[-2])
        return np.concatenate(parts)[:_LENGTH]

    def through(self, sound: Samples, response: Samples | None = None) -> Samples:
        """Return the sound through the telephone's band, and through a room if given."""
        spectrum = np.fft.rfft(sound, _TRANSFORM) * _BAND
        if response is not None:
            spectrum *= np.fft.rfft(response, _TRANSFORM)
        return np.fft.irfft(spectrum, _TRANSFORM)[: len(sound)].astype(np.float32)

    def room(self) -> Samples:
        """Return an impulse response of 80 ms: the direct sound, and a tail 2 to 10 dB below it."""
        decay = self.chance.uniform(0.05, 0.25)
        tail = self.chance.normal(size=640) * 10 ** (-3 * np.arange(640) / TELEPHONE_RATE / decay)
        tail[: self.chance.integers(8, 30)] = 0
        tail *= gain(-self.chance.uniform(2, 10)) / np.linalg.norm(tail)
        tail[0] = 1
        return (tail / np.linalg.norm(tail)).astype(np.float32)

    def noise(self) -> Samples:
        """Return white or pink noise of rms 1."""
        spectrum = np.fft.rfft(self.chance.normal(size=_LENGTH), _TRANSFORM)
        if self.chance.integers(2):
            spectrum /= np.sqrt(np.arange(len(spectrum)) + 100)
        sound = self.through(np.fft.irfft(spectrum, _TRANSFORM)[:_LENGTH].astype(np.float32))
        return sound / np.float32(np.std(sound))

    def echo(self, agent: Samples) -> Samples:
        """Return the agent as it comes back."""
        delay = int(self.chance.uniform(0.1, 0.6) * TELEPHONE_RATE)
        weak = gain(-self.chance.uniform(6, 30))
        back = self.through(to_float(from_float(agent)), self.room()) * np.float32(weak)
        return np.concatenate((np.zeros(delay, np.float32), back))[:_LENGTH]

    def call(self, kind: str) -> tuple[Samples, Samples, Samples]:
        """Return the agent, what is heard, and the part of it that tells when something sounds."""
        pitch, another = self.chance.choice(_PITCHES, 2, replace=False)
        agent = self.talk(pitch, 0)
        if kind == "noise":
            hiss = self.noise() * np.float32(gain(self.chance.uniform(-50, -25)))
            return agent, hiss, hiss
        if kind == "echo":
            sound = self.echo(agent)
            return agent, sound + self.noise() * np.float32(_active(sound) * gain(-10)), sound
        sound = self.through(self.talk(pitch if kind == "same voice" else another, 1))
        sound = sound * np.float32(gain(self.chance.uniform(-8, 6)))
        heard = sound + self.noise() * np.float32(_active(sound) * gain(-self.chance.uniform(10, 30)))
        return agent, heard + (self.echo(agent) if kind == "double talk" else np.float32(0)), sound


def _powers(sound: Samples) -> Samples:
    powers: Samples = np.mean(sound[: len(sound) // _FRAME * _FRAME].reshape(-1, _FRAME) ** 2, axis=1)
    return powers


def _active(sound: Samples) -> float:
    """Return the rms of the sounding frames."""
    powers = _powers(sound)
    return float(np.sqrt(powers[powers > powers.max() / 1000].mean()))


@dataclass
class Found:
    """What was found in all sounds of one kind: by how long they had lasted, in ms; 0 stands for more."""

    likeness: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    verdicts: dict[int, list[Verdict]] = field(default_factory=lambda: defaultdict(list))
    sounds: list[set[Verdict]] = field(default_factory=list)
    """All that was ever said of each sound."""


def listen(agent: Samples, heard: Samples, marker: Samples, found: Found) -> None:
    """Run one call through the detector."""
    sending, hearing = from_float(agent), from_float(heard)
    powers = _powers(marker)
    loud = powers > _active(marker) ** 2 / 10
    detector, gate = EchoDetector(), EchoGate()
    detector.sent(sending[: _AHEAD * _FRAME])
    began, last = 0, -_QUIET
    for frame in range(len(powers)):
        place = (frame + _AHEAD) * _FRAME
        detector.sent(sending[place : place + _FRAME])
        detector.heard(hearing[frame * _FRAME : (frame + 1) * _FRAME])
        if loud[frame]:
            if frame - last >= _QUIET:
                began, gate = frame, EchoGate()
                found.sounds.append(set())
            last = frame
        lasted = frame + 1 - began
        if not found.sounds or frame - last > 3 or lasted < 3 or (lasted - 3) % _EVERY:
            continue
        likeness = detector.likeness()
        verdict = gate.take(likeness)
        found.sounds[-1].add(verdict)
        moment = lasted * 20 if lasted * 20 in _MOMENTS else 0 if lasted * 20 > max(_MOMENTS) else None
        if moment is not None:
            found.likeness[moment].append(likeness)
            found.verdicts[moment].append(verdict)


def costs(agent: Samples) -> tuple[float, float]:
    """Return the µs for a frame sent and one heard, and for one likeness."""
    frames = [from_float(agent)[place : place + _FRAME] for place in range(0, _LENGTH, _FRAME)]
    detector = EchoDetector()
    began = time.perf_counter()
    for frame in frames * 20:
        detector.sent(frame)
        detector.heard(frame)
    writing = (time.perf_counter() - began) / (20 * len(frames))
    began = time.perf_counter()
    for _ in range(200):
        detector.likeness()
    return writing * 1e6, (time.perf_counter() - began) / 200 * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=150, help="calls of six seconds of each kind")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    path = Path(np.random.default_rng(options.seed), asyncio.run(voices()))
    print(f"likeness: >= {ECHO} is echo, < {PERSON} a person or noise; the gate's word after the same time")
    print("sound        ms after onset  windows  median  >= echo %  < person %  gate: echo %  speech %  unclear %")
    for kind in _KINDS:
        found = Found()
        for _ in range(options.calls):
            listen(*path.call(kind), found)
        for moment in (*_MOMENTS, 0):
            values, words = np.array(found.likeness[moment]), found.verdicts[moment]
            if len(values) < 10:
                continue
            shares = [100 * words.count(word) / len(words) for word in ("echo", "speech", "unclear")]
            print(
                f"{kind:12} {moment or 'later':>14} {len(values):8} {np.median(values):7.2f}"
                f" {100 * np.mean(values >= ECHO):10.1f} {100 * np.mean(values < PERSON):11.1f}"
                f" {shares[0]:13.1f} {shares[1]:9.1f} {shares[2]:10.1f}"
            )
        ever = [100 * np.mean([word in said for said in found.sounds]) for word in ("echo", "speech")]
        print(f"{kind:12} {len(found.sounds)} sounds: ever called echo {ever[0]:.1f} %, ever speech {ever[1]:.1f} %")
    writing, judging = costs(path.talk(1.0, 0))
    print(f"a frame sent and one heard: {writing:.2f} us; a likeness: {judging:.0f} us")


if __name__ == "__main__":
    main()

"""What a held call was like, by its recording and the phone's journal: who sounded when, and how long it took.

Where audio can tell, audio tells; the gateway's events only say which stretch of sound belongs to which reply. Times
are in seconds since the phone was picked up, unless their name says `_ms`.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from voicecall.audio import TELEPHONE_RATE, Samples
from voicecall.audio.levels import AUDIBLE_DBFS
from voicecall.emulators.phones import GAP

from .holding import Held

FRAME = 0.02
LONG_PAUSE = 0.6
"""Seconds: a longer silence inside a line counts as a pause."""
WORDS = frozenset({"say", "wav", "voicemail"})
"""Steps of the caller's that are speech."""
_SLACK = 0.15
"""Seconds by which an event may stand beside the sound that it tells of."""

Stretch = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Did:
    """One step of the caller's; `sounded` is what of it was audible."""

    what: str
    text: str
    begin: float
    end: float
    sounded: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """One line of the agent's, from its first to its last audio; `heard` is what the gateway believes was heard."""

    begin: float
    end: float
    text: str
    heard: str
    cut: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """One turn of the caller's and the sound that answered it."""

    turn: int
    response_ms: float
    wait_ms: float


@dataclass(frozen=True, slots=True)
class Measures:
    """Everything that was measured of one call."""

    seconds: float
    agent: Samples
    """What the phone played, 8 kHz."""
    sounded: tuple[Stretch, ...]
    """When the agent was audible."""
    did: tuple[Did, ...]
    replies: tuple[Reply, ...]
    answers: tuple[Answer, ...]
    interruptions_ms: tuple[float, ...]
    """From each time that the caller began to speak over the agent to the agent's silence."""
    pauses: tuple[Stretch, ...]
    """Long silences inside the agent's lines."""
    silences: tuple[Stretch, ...]
    """When neither of them was audible."""
    stages: tuple[str, ...]


def measure(held: Held) -> Measures:
    """Return what can be measured of a call."""
    agent = _right(held.wav)
    sounded = tuple(_joined(_audible(agent), GAP))
    did = tuple(_did(held))
    replies = tuple(_replies(held))
    seconds = len(agent) / TELEPHONE_RATE
    return Measures(
        seconds=seconds,
        agent=agent,
        sounded=sounded,
        did=did,
        replies=replies,
        answers=tuple(_answers(held, sounded, did)),
        interruptions_ms=tuple(_interruptions(sounded, did, replies)),
        pauses=tuple(_pauses(agent, replies)),
        silences=tuple(_silences(sounded, did, seconds)),
        stages=tuple(sorted({name for turn in held.record["latency"]["turns"] for name in turn if name != "turn"})),
    )


# --- sound


def _right(wav: bytes) -> Samples:
    """Return the right channel of a recording."""
    with wave.open(io.BytesIO(wav)) as file:
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
    right: Samples = both[:, 1].astype(np.float32) / np.float32(32768)
    return right


def _audible(samples: Samples) -> Iterator[Stretch]:
    """Yield the frames of 20 ms that are audible."""
    size = round(FRAME * TELEPHONE_RATE)
    frames = samples[: len(samples) - len(samples) % size].reshape(-1, size)
    power = np.mean(np.square(frames, dtype=np.float64), axis=1)
    for number in np.flatnonzero(power >= 10 ** (AUDIBLE_DBFS / 10)).tolist():
        yield number * FRAME, (number + 1) * FRAME


def _joined(stretches: Iterable[Stretch], gap: float) -> Iterator[Stretch]:
    """Join what is no more than `gap` apart; the stretches come in order."""
    at: Stretch | None = None
    for begin, end in stretches:
        if at is not None and begin - at[1] <= gap + FRAME / 2:
            at = (at[0], max(at[1], end))
            continue
        if at is not None:
            yield at
        at = (begin, end)
    if at is not None:
        yield at


# --- who did what


def _did(held: Held) -> Iterator[Did]:
    started: dict[str, tuple[str, float]] = {}
    for entry in held.journal:
        what, _, edge = entry.what.rpartition("-")
        if edge == "start" and what != "stream":
            started[what] = (entry.text, entry.at)
        elif edge == "end" and what in started:
            text, begin = started.pop(what)
            yield _step(held, what, text, begin, entry.at)
    for what, (text, begin) in started.items():
        yield _step(held, what, text, begin, held.journal[-1].at)


def _step(held: Held, what: str, text: str, begin: float, end: float) -> Did:
    sounded: list[Stretch] = []
    if what in SOUNDS:
        spans = ((max(span.begin, begin), min(span.end, end)) for span in held.voice)
        sounded = [(first, last) for first, last in spans if last > first]
    return Did(what, text, begin, end, tuple(sounded))


SOUNDS = WORDS | {"cough", "hum", "noise", "music", "beep"}


def _replies(held: Held) -> Iterator[Reply]:
    began: dict[int, float] = {}
    for event in held.events:
        data: dict[str, Any] = event["data"]
        match event["type"]:
            case "reply.started":
                began.setdefault(data["reply"], held.seconds(event))
            case "reply.finished" if data["reply"] in began:
                text = data["text"]
                yield Reply(began.pop(data["reply"]), held.seconds(event), text, text, cut=False)
            case "reply.interrupted" | "reply.failed" if data["reply"] in began:
                begin = began.pop(data["reply"])
                yield Reply(begin, held.seconds(event), data["text"], data["heard"], cut=True)
            case _:
                pass


# --- how long it took


def _answers(held: Held, sounded: tuple[Stretch, ...], did: tuple[Did, ...]) -> Iterator[Answer]:
    waits = {turn["turn"]: turn.get("wait", 0.0) for turn in held.record["latency"]["turns"] if "response" in turn}
    spoken = sorted(stretch for one in did if one.what in WORDS for stretch in one.sounded)
    started = 0.0
    for event in held.events:
        if event["type"] == "reply.started":
            started = held.seconds(event)
        elif event["type"] == "turn.measured" and event["data"]["turn"] in waits:
            turn = event["data"]["turn"]
            begin = next((begin for begin, _ in sounded if begin >= started - _SLACK), None)
            last = max((end for _, end in spoken if begin is not None and end <= begin), default=None)
            if begin is not None and last is not None:
                yield Answer(turn, (begin - last) * 1000, waits.pop(turn))


def _interruptions(sounded: tuple[Stretch, ...], did: tuple[Did, ...], replies: tuple[Reply, ...]) -> Iterator[float]:
    for one in did:
        onset = one.sounded[0][0] if one.what in WORDS and one.sounded else 0.0
        if not any(reply.begin < onset < reply.end for reply in replies):
            continue
        for begin, end in sounded:
            if begin < onset < end + GAP:
                yield max(0.0, end - onset) * 1000


def _pauses(agent: Samples, replies: tuple[Reply, ...]) -> Iterator[Stretch]:
    frames = list(_joined(_audible(agent), 0.0))
    for reply in replies:
        inside = [(begin, end) for begin, end in frames if begin >= reply.begin - _SLACK and end <= reply.end + _SLACK]
        for (_, before), (after, _) in pairwise(inside):
            if after - before > LONG_PAUSE + FRAME / 2:
                yield before, after


def _silences(sounded: tuple[Stretch, ...], did: tuple[Did, ...], seconds: float) -> Iterator[Stretch]:
    theirs = [stretch for one in did for stretch in one.sounded]
    at = 0.0
    for begin, end in sorted([*sounded, *theirs, (seconds, seconds)]):
        if begin > at:
            yield at, begin
        at = max(at, end)

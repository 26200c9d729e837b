"""The agent's echo against everything that sounds like it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from voicecall.audio import Samples
from voicecall.audio.echo import ECHO, PERSON, EchoDetector, EchoGate
from voicecall.audio.g711 import from_float, to_float
from voicecall.audio.levels import gain

RATE, FRAME = 8000, 160


def speaker(seed: int, pitch: float = 110.0, seconds: float = 2.0) -> Samples:
    """Return syllables that mean nothing: gliding harmonics under moving formants, hisses between them, at -20 dBFS."""
    chance = np.random.default_rng(seed)
    parts: list[npt.NDArray[np.float64]] = []
    length = 0
    while length < seconds * RATE:
        times = np.arange(int(chance.uniform(0.1, 0.22) * RATE)) / RATE
        glide = pitch * chance.uniform(0.85, 1.2) * (1 + chance.uniform(-0.6, 0.6) * times)
        phase = 2 * np.pi * np.cumsum(glide) / RATE
        formants = chance.uniform((300, 900, 2200), (800, 2200, 3300))
        syllable = np.zeros(len(times))
        for harmonic in range(1, int(3400 / pitch)):
            place = harmonic * pitch
            strength = sum(0.4**number * np.exp(-(((place - f) / 150) ** 2)) for number, f in enumerate(formants))
            syllable += (strength + 0.02) * np.sin(harmonic * phase + chance.uniform(0, 6))
        syllable *= np.sqrt(np.hanning(len(times))) / np.std(syllable)
        hiss = np.diff(chance.normal(0, 0.15, int(chance.uniform(0.03, 0.08) * RATE)))
        parts += [syllable, hiss]
        length += len(syllable) + len(hiss)
    track: Samples = (0.1 * np.concatenate(parts)[: round(seconds * RATE)]).astype(np.float32)
    return track


def noise(decibels: float, seconds: float = 2.0) -> Samples:
    return np.random.default_rng(99).normal(0, gain(decibels), round(seconds * RATE)).astype(np.float32)


def echo(sound: Samples, delay: float = 0.25, decibels: float = -12.0) -> Samples:
    """Return what comes back: later, weaker, duller, from a small room, with noise 10 dB below."""
    room = np.zeros(400)
    room[[0, 37, 111, 230, 399]] = 1, -0.35, 0.25, -0.2, 0.1
    back = np.convolve(np.convolve(to_float(from_float(sound)), room), (0.25, 0.5, 0.25))[: len(sound)]
    back *= gain(decibels) * np.std(sound) / np.std(back)
    late = np.concatenate((np.zeros(round(delay * RATE)), back))[: len(sound)]
    return late.astype(np.float32) + noise(decibels - 30, len(sound) / RATE)


def frames(sound: Samples) -> list[bytes]:
    mulaw = from_float(sound)
    return [mulaw[begin : begin + FRAME] for begin in range(0, len(mulaw), FRAME)]


def likenesses(agent: Samples, heard: Samples, *, since: float = 1.0, ahead: int = 10) -> list[float]:
    """Return the likeness every 40 ms from `since` seconds on; the agent is sent `ahead` frames before it is played."""
    detector = EchoDetector()
    sending, hearing = frames(agent), frames(heard)
    for frame in sending[:ahead]:
        detector.sent(frame)
    found = []
    for number, frame in enumerate(hearing):
        for due in sending[number + ahead : number + ahead + 1]:
            detector.sent(due)
        detector.heard(frame)
        if number % 2 == 0 and number * 0.02 >= since:
            found.append(detector.likeness())
    return found


def share_of_echo(found: list[float]) -> float:
    return sum(likeness >= ECHO for likeness in found) / len(found)


@pytest.mark.parametrize("delay", [0.1, 0.33, 0.6])
@pytest.mark.parametrize("decibels", [-6, -18, -30])
def test_an_echo_is_recognised_at_any_delay_and_level(delay: float, decibels: float) -> None:
    agent = speaker(1)
    found = likenesses(agent, echo(agent, delay, decibels))
    assert share_of_echo(found) > 0.7
    assert PERSON < min(found) < max(found) <= 1.0
    gate = EchoGate()
    assert [gate.take(likeness) for likeness in found][-1] == "echo"


def test_an_echo_is_recognised_within_a_tenth_of_a_second() -> None:
    agent = speaker(2)
    onset = echo(agent, 0.4)
    found = likenesses(agent, onset, since=0.48)
    assert found[0] >= ECHO


def test_an_echo_turned_upside_down_is_an_echo() -> None:
    agent = speaker(3)
    assert likenesses(agent, -echo(agent)) == pytest.approx(likenesses(agent, echo(agent)), abs=0.01)


def test_a_person_is_none_while_the_agent_speaks() -> None:
    for seed, pitch in ((11, 190.0), (12, 140.0), (13, 110.0)):  # the last has the agent's own pitch, and other words
        found = likenesses(speaker(4), speaker(seed, pitch) + noise(-45))
        assert share_of_echo(found) == 0
        assert sum(likeness < PERSON for likeness in found) / len(found) > 0.9


def test_a_person_who_speaks_over_the_echo_is_heard_as_a_person() -> None:
    agent = speaker(5)
    found = likenesses(agent, echo(agent) + speaker(14, 170.0))
    assert share_of_echo(found) < 0.1
    gate = EchoGate()
    assert [gate.take(likeness) for likeness in found][-1] == "speech"


def test_noise_is_no_echo() -> None:
    assert max(likenesses(speaker(6), noise(-30))) < PERSON


@pytest.mark.parametrize("silent", ["agent", "caller", "both"])
def test_where_one_is_silent_there_is_no_echo(silent: str) -> None:
    nobody = np.zeros(2 * RATE, np.float32)
    agent = speaker(7) if silent == "caller" else nobody
    heard = speaker(7) if silent == "agent" else nobody
    assert set(likenesses(agent, heard, since=0.0)) == {0.0}


def test_how_far_sending_leads_does_not_matter() -> None:
    agent = speaker(8)
    heard = echo(agent)
    steady, eager = (likenesses(agent, heard, ahead=frames) for frames in (1, 15))
    assert eager == steady


def test_an_agent_that_paused_is_recognised_again() -> None:
    agent = speaker(9)
    detector = EchoDetector()
    for part in (agent, agent):
        hearing = frames(echo(part))
        for sent, heard in zip(frames(part), hearing, strict=True):
            detector.sent(sent)
            detector.heard(heard)
        assert detector.likeness() >= ECHO
        for frame in frames(np.zeros(3 * RATE, np.float32)):
            detector.heard(frame)
        assert detector.likeness() == 0.0


@pytest.mark.parametrize("told", [True, False])
def test_what_the_carrier_dropped_would_put_the_clocks_apart_if_nobody_told(told: bool) -> None:
    agent, cut = speaker(10), speaker(20, seconds=0.4)
    detector = EchoDetector()
    detector.dropped()  # nothing to drop
    for frame in 2 * frames(cut):
        detector.sent(frame)
    if told:
        detector.dropped()
    for sent, heard in zip(frames(agent), frames(echo(agent, 0.6)), strict=True):
        detector.sent(sent)
        detector.heard(heard)
    assert (detector.likeness() > PERSON) is told


def test_what_was_said_long_ago_leaves_no_trace() -> None:
    agent = speaker(15)
    heard = echo(agent)
    past = speaker(16, seconds=4.0)
    fresh = likenesses(agent, heard, ahead=0)
    after = likenesses(np.concatenate((past, agent)), np.concatenate((past, heard)), since=5.0, ahead=0)
    assert after[10:] == fresh[10:]


def test_one_sure_window_makes_an_echo_and_four_unlike_ones_a_person() -> None:
    def verdicts(*values: float) -> list[str]:
        gate = EchoGate()
        return [gate.take(value) for value in values]

    sure, between, unlike = ECHO, (ECHO + PERSON) / 2, PERSON - 0.01
    assert verdicts(between, between) == ["unclear"] * 2
    assert verdicts(*[unlike] * 4) == ["unclear"] * 3 + ["speech"]
    assert verdicts(*[unlike] * 3, between, *[unlike] * 3) == ["unclear"] * 7
    assert verdicts(sure, *[unlike] * 3, sure) == ["echo"] * 5
    assert verdicts(sure, *[unlike] * 4, between, sure) == ["echo"] * 4 + ["speech"] * 2 + ["echo"]


def tones(*hertz: float, seconds: float = 2.0) -> Samples:
    times = np.arange(round(seconds * RATE)) / RATE
    track: Samples = sum(0.1 * np.sin(2 * np.pi * one * times) for one in hertz).astype(np.float32)  # type: ignore[union-attr]
    return track


@pytest.mark.parametrize("heard", [(440.0,), (572.0,), (697.0, 1209.0), (350.0, 440.0, 480.0)])
def test_tones_are_nobodys_echo_because_they_are_like_themselves_at_any_delay(heard: tuple[float, ...]) -> None:
    assert set(likenesses(tones(*heard), tones(*heard))) == {0.0}
    assert set(likenesses(tones(440.0), tones(*heard))) == {0.0}

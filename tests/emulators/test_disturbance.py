"""What a line adds to a voice: noise at its level, an echo in its time, and frames that never arrive."""

from __future__ import annotations

import msgspec
import pytest

from voicecall.audio.g711 import mulaw_encode, to_float
from voicecall.audio.levels import rms_dbfs
from voicecall.emulators.disturbance import Disturbance, DisturbedLine, Echo, Loss, Noise
from voicecall.emulators.playout import SILENCE

LOUD = mulaw_encode(b"\x00\x20" * 160)


def test_a_clean_line_changes_nothing() -> None:
    line = DisturbedLine(Disturbance())
    assert line.play(LOUD) is LOUD
    assert line.speak(LOUD, LOUD) is LOUD


def test_noise_is_there_all_the_time_at_its_distance_from_speech() -> None:
    line = DisturbedLine(Disturbance(noise=Noise(kind="pink", snr=10)))
    sent = b"".join(line.speak(SILENCE, SILENCE) for _ in range(1000))
    assert rms_dbfs(to_float(sent)) == pytest.approx(-30.0, abs=0.3)
    assert line.play(LOUD) is LOUD


def test_noise_lies_under_the_voice() -> None:
    line = DisturbedLine(Disturbance(noise=Noise(kind="room", dbfs=-40)))
    assert rms_dbfs(to_float(line.speak(LOUD, SILENCE))) == pytest.approx(rms_dbfs(to_float(LOUD)), abs=0.3)


def test_what_was_played_comes_back_late_and_quieter() -> None:
    line = DisturbedLine(Disturbance(echo=Echo(delay_ms=100, db=-12)))
    sent = [line.speak(SILENCE, LOUD if number == 3 else SILENCE) for number in range(20)]
    loud = [number for number, frame in enumerate(sent) if rms_dbfs(to_float(frame)) > -60]
    assert loud == [8]
    assert rms_dbfs(to_float(sent[8])) == pytest.approx(rms_dbfs(to_float(LOUD)) - 12, abs=0.3)


def test_so_many_frames_get_lost_in_each_direction_and_not_the_same_ones() -> None:
    line = DisturbedLine(Disturbance(loss=Loss(percent=10)))
    played = [line.play(LOUD) is SILENCE for _ in range(2000)]
    spoken = [line.speak(LOUD, LOUD) is SILENCE for _ in range(2000)]
    assert 150 < sum(played) < 250
    assert 150 < sum(spoken) < 250
    assert played != spoken


def test_the_same_seed_disturbs_in_the_same_way() -> None:
    plan = Disturbance(noise=Noise(kind="pink", snr=10), loss=Loss(percent=20))

    def sent(seed: int) -> list[bytes]:
        line = DisturbedLine(plan, seed)
        return [line.speak(LOUD, SILENCE) for _ in range(100)]

    assert sent(3) == sent(3)
    assert sent(3) != sent(4)


@pytest.mark.parametrize(
    "text",
    [
        '{"noise": {"kind": "pink"}}',
        '{"noise": {"kind": "pink", "snr": 10, "dbfs": -30}}',
        '{"noise": {"kind": "blue", "snr": 10}}',
        '{"echo": {"db": -12}}',
        '{"echo": {"delay_ms": 100, "db": 3}}',
        '{"loss": {"percent": 101}}',
        '{"hiss": 1}',
    ],
)
def test_a_disturbance_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Disturbance)

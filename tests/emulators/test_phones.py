"""Scripted callers: what a phone says, waits for and does, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from voicecall.audio.g711 import mulaw_encode
from voicecall.emulators.disturbance import Disturbance, Loss
from voicecall.emulators.phones import Ear, Phone
from voicecall.emulators.playout import SILENCE
from voicecall.emulators.script import Prepared, Sound, Step

LOUD = mulaw_encode(b"\x00\x10" * 160)
QUIET = mulaw_encode(b"\x10\x00" * 160)
HALF_A_SECOND = Sound("say", "hello", b"\x20" * 4000)


class Line:
    """A call leg on which the test says when the gateway is audible."""

    def __init__(self, steps: Sequence[Prepared], *, loud: Sequence[tuple[float, float]] = (), connects: float = 0.0):
        self.now = 0.0
        self.ear = Ear()
        self.notes: list[tuple[float, str, str]] = []
        self.pressed: list[tuple[float, str]] = []
        self.disturbed: list[tuple[float, Disturbance]] = []
        self.over: float | None = None
        self._loud = loud
        self._connects = connects
        self._phone = Phone(self, steps)

    @property
    def connected(self) -> bool:
        return self.now >= self._connects

    def press(self, digit: str) -> None:
        self.pressed.append((round(self.now, 2), digit))

    def hang_up(self) -> None:
        self.over = round(self.now, 2)

    def disturb(self, disturbance: Disturbance) -> None:
        self.disturbed.append((round(self.now, 2), disturbance))

    def note(self, what: str, text: str = "") -> None:
        self.notes.append((round(self.now, 2), what, text))

    def run(self, seconds: float) -> list[float]:
        """Return when the phone made a sound."""
        sounding = []
        for number in range(1, round(seconds / 0.02) + 1):
            self.now = number * 0.02
            audible = any(begin <= self.now < end for begin, end in self._loud)
            self.ear.hear(LOUD if audible else SILENCE, self.now)
            frame = self._phone.frame()
            assert len(frame) == 160
            if frame != SILENCE:
                sounding.append(round(self.now, 2))
            if self.over is not None:
                break
        return sounding


def times(line: Line, what: str) -> list[float]:
    return [at for at, name, _ in line.notes if name == what]


def test_a_phone_without_a_script_is_silent() -> None:
    line = Line([])
    assert line.run(5) == []
    assert (line.over, line.notes) == (None, [])


def test_a_say_step_sounds_at_once_and_is_noted_with_its_text() -> None:
    line = Line([HALF_A_SECOND])
    sounding = line.run(2)
    assert (sounding[0], sounding[-1], len(sounding)) == (0.02, 0.5, 25)
    assert line.notes == [(0.02, "say-start", "hello"), (0.52, "say-end", "hello")]


def test_the_first_words_wait_for_the_media_stream_but_not_for_ever() -> None:
    assert Line([HALF_A_SECOND], connects=0.3).run(1)[0] == 0.3
    assert Line([HALF_A_SECOND], connects=60.0).run(2)[0] == pytest.approx(1.0, abs=0.02)


def test_a_sound_that_ends_inside_a_frame_is_filled_up() -> None:
    assert len(Line([Sound("wav", "a.wav", b"\x20" * 170)]).run(1)) == 2


def test_wait_takes_its_time() -> None:
    line = Line([Step(wait=1.0), HALF_A_SECOND])
    assert line.run(3)[0] == 1.02
    assert line.notes[0] == (0.02, "wait-start", "1")


def test_listen_waits_for_speech_and_then_for_silence() -> None:
    line = Line([Step(listen=1.0), Step(hangup=True)], loud=[(2.0, 3.0), (3.4, 4.0)])
    line.run(20)
    assert line.over == pytest.approx(5.0, abs=0.021)


def test_listen_counts_an_answer_that_began_while_the_caller_was_silent_by_script() -> None:
    line = Line([HALF_A_SECOND, Step(wait=5.0), Step(listen=1.0), Step(hangup=True)], loud=[(1.0, 2.0)])
    line.run(20)
    assert line.over == pytest.approx(5.52, abs=0.021)


def test_listen_does_not_count_what_was_heard_before_the_caller_spoke() -> None:
    steps: list[Prepared] = [Step(wait=2.0), HALF_A_SECOND, Step(listen=1.0), Step(hangup=True)]
    line = Line(steps, loud=[(0.1, 1.0), (4.0, 5.0)])
    line.run(20)
    assert line.over == pytest.approx(6.0, abs=0.021)


def test_each_listen_wants_an_answer_of_its_own() -> None:
    line = Line([Step(listen=0.5), Step(listen=0.5), Step(hangup=True)], loud=[(1.0, 2.0), (4.0, 5.0)])
    line.run(20)
    assert times(line, "listen-end") == pytest.approx([2.5, 5.5], abs=0.021)


def test_listen_gives_up_after_half_a_minute() -> None:
    line = Line([Step(listen=1.0), Step(hangup=True)])
    line.run(60)
    assert line.over == pytest.approx(30.0, abs=0.021)
    assert times(line, "gave-up") == [line.over]


def test_onset_waits_until_the_other_side_has_spoken_for_so_long() -> None:
    line = Line([Step(onset=0.8), HALF_A_SECOND], loud=[(1.0, 1.3), (1.5, 4.0)])
    assert line.run(6)[0] == pytest.approx(1.8, abs=0.021)
    assert times(line, "gave-up") == []


def test_onset_starts_counting_again_after_a_real_pause() -> None:
    line = Line([Step(onset=0.8), HALF_A_SECOND], loud=[(1.0, 1.5), (2.5, 4.0)])
    assert line.run(6)[0] == pytest.approx(3.3, abs=0.021)


def test_keys_are_pressed_one_by_one_and_w_pauses() -> None:
    line = Line([Step(press="1w#"), Step(hangup=True)])
    line.run(5)
    assert line.pressed == [(0.02, "1"), (0.72, "#")]
    assert line.over == 0.92


def test_a_line_step_disturbs_the_line_from_then_on_and_takes_no_time() -> None:
    poor = Disturbance(loss=Loss(percent=3))
    line = Line([Step(wait=1.0), Step(line=poor), HALF_A_SECOND])
    assert line.run(3)[0] == 1.02
    assert line.disturbed == [(1.02, poor)]
    assert line.notes[2:4] == [(1.02, "line-start", ""), (1.02, "line-end", "")]


def test_nothing_is_done_after_hanging_up() -> None:
    line = Line([Step(hangup=True), Step(press="1"), HALF_A_SECOND])
    line.run(1)
    assert (line.over, line.pressed, times(line, "press-start")) == (0.02, [], [])


def test_the_ear_tells_loud_from_quiet() -> None:
    ear = Ear()
    for number, frame in enumerate([SILENCE, QUIET, LOUD, LOUD, SILENCE, bytes(SILENCE)]):
        ear.hear(frame, number * 0.02)
    assert [(round(span.begin, 2), round(span.end, 2)) for span in ear.spans] == [(0.04, 0.08)]


def test_the_ear_joins_what_a_short_pause_parts() -> None:
    ear = Ear()
    for at in (1.0, 1.2, 2.0):
        ear.hear(LOUD, at)
    assert [(span.begin, round(span.end, 2)) for span in ear.spans] == [(1.0, 1.22), (2.0, 2.02)]

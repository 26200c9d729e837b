"""The playout buffer: what is queued is played in order, marks come back when played, gaps are noticed."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from voicecall.emulators.playout import CAPACITY, FRAME, SILENCE, Playout


def frames(playout: Playout, count: int, begin: float = 0.0) -> list[tuple[bytes, tuple[str, ...]]]:
    return [playout.frame(begin + number * 0.02) for number in range(count)]


def test_an_empty_buffer_plays_silence() -> None:
    playout = Playout()
    assert playout.frame(0.0) == (b"\xff" * 160, ())
    assert playout.underruns == 0


def test_audio_is_cut_into_frames_and_the_last_one_filled_up_with_silence() -> None:
    playout = Playout()
    playout.queue(b"a" * 200)
    assert playout.seconds == pytest.approx(0.025)
    assert [audio for audio, _ in frames(playout, 3)] == [b"a" * 160, b"a" * 40 + b"\xff" * 120, SILENCE]


def test_a_mark_comes_back_with_the_frame_after_its_audio() -> None:
    playout = Playout()
    playout.queue(b"a" * 320)
    playout.mark("end")
    assert [marks for _, marks in frames(playout, 4)] == [(), (), ("end",), ()]


def test_a_mark_on_an_empty_buffer_comes_back_at_once() -> None:
    playout = Playout()
    playout.mark("now")
    assert playout.frame(0.0) == (SILENCE, ("now",))


def test_marks_between_pieces_come_back_one_by_one() -> None:
    playout = Playout()
    for name in ("first", "second"):
        playout.queue(b"a" * FRAME)
        playout.mark(name)
    assert [marks for _, marks in frames(playout, 3)] == [(), ("first",), ("second",)]


def test_clear_drops_the_audio_and_returns_the_marks_in_order() -> None:
    playout = Playout()
    playout.queue(b"a" * 1600)
    playout.mark("one")
    playout.mark("two")
    playout.frame(0.0)
    assert playout.clear() == ("one", "two")
    assert playout.frame(0.02) == (SILENCE, ())
    assert playout.clear() == ()


def test_a_mark_after_a_clear_waits_only_for_what_came_after() -> None:
    playout = Playout()
    playout.queue(b"a" * 16000)
    playout.clear()
    playout.queue(b"b" * FRAME)
    playout.mark("after")
    assert frames(playout, 2) == [(b"b" * FRAME, ()), (SILENCE, ("after",))]


@pytest.mark.parametrize(("missing", "underruns"), [(0, 0), (1, 1), (9, 1), (10, 1), (11, 0), (50, 0)])
def test_a_short_gap_inside_speech_is_an_underrun_and_a_long_one_is_not(missing: int, underruns: int) -> None:
    playout = Playout()
    playout.queue(b"a" * FRAME)
    frames(playout, 1 + missing)
    playout.queue(b"b" * FRAME)
    playout.frame((1 + missing) * 0.02)
    assert playout.underruns == underruns
    assert playout.underrun_seconds == pytest.approx(missing * 0.02 * underruns)


def test_a_gap_inside_a_frame_counts_from_where_the_audio_ended() -> None:
    playout = Playout()
    playout.queue(b"a" * 80)
    playout.frame(0.0)
    playout.queue(b"b" * 80)
    playout.frame(0.02)
    assert playout.underruns == 1
    assert playout.underrun_seconds == pytest.approx(0.01)


def test_speech_that_resumes_after_a_clear_is_no_underrun() -> None:
    playout = Playout()
    playout.queue(b"a" * FRAME)
    frames(playout, 3)
    playout.clear()
    playout.queue(b"b" * FRAME)
    playout.frame(0.06)
    assert playout.underruns == 0


def test_more_than_a_minute_is_dropped_and_counted() -> None:
    playout = Playout()
    playout.queue(b"a" * (CAPACITY - 10))
    playout.queue(b"b" * 30)
    assert playout.overflow_bytes == 20
    assert playout.seconds == 60


ACTIONS = st.one_of(
    st.tuples(st.just("queue"), st.binary(min_size=1, max_size=700)),
    st.tuples(st.just("mark"), st.just(b"")),
    st.tuples(st.just("frame"), st.just(b"")),
    st.tuples(st.just("clear"), st.just(b"")),
)


@given(st.lists(ACTIONS, max_size=60))
def test_audio_and_marks_come_out_once_and_in_order(actions: list[tuple[str, bytes]]) -> None:
    playout = Playout()
    waiting = b""
    marked: list[str] = []
    returned: list[str] = []
    after: dict[str, int] = {}
    played = 0
    for number, (action, payload) in enumerate(actions):
        if action == "queue":
            playout.queue(payload)
            waiting += payload
        elif action == "mark":
            playout.mark(str(number))
            marked.append(str(number))
            after[str(number)] = played + len(waiting)
        elif action == "clear":
            returned += playout.clear()
            waiting = b""
            assert returned == marked
        else:
            audio, marks = playout.frame(number * 0.02)
            assert all(after[name] <= played for name in marks)
            returned += marks
            expected, waiting = waiting[:FRAME], waiting[FRAME:]
            played += len(expected)
            assert audio == expected.ljust(FRAME, b"\xff")
        assert playout.seconds == len(waiting) / 8000
        assert returned == marked[: len(returned)]

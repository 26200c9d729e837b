"""What a tape lays beside what."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from voicecall.audio.g711 import MULAW_SILENCE, mulaw_decode
from voicecall.audio.tape import Tape


def sides(tape: Tape) -> tuple[bytes, bytes]:
    pcm = np.frombuffer(tape.take(), np.int16).reshape(-1, 2)
    return pcm[:, 0].tobytes(), pcm[:, 1].tobytes()


def test_what_is_sent_lies_beside_what_is_heard_from_then_on() -> None:
    tape = Tape()
    tape.heard(b"\x10" * 3)
    tape.sent(b"\x20" * 2)
    tape.heard(b"\x11" * 3)
    assert sides(tape) == (
        mulaw_decode(b"\x10" * 3 + b"\x11" * 3),
        mulaw_decode(MULAW_SILENCE * 3 + b"\x20" * 2 + MULAW_SILENCE),
    )


def test_what_was_sent_ahead_waits_until_it_is_played_and_is_gone_if_dropped() -> None:
    tape = Tape()
    tape.sent(b"\x20" * 4)
    tape.heard(b"\x10" * 2)
    assert sides(tape) == (mulaw_decode(b"\x10" * 2), mulaw_decode(b"\x20" * 2))
    tape.heard(b"\x10")
    tape.dropped()
    tape.heard(b"\x10")
    assert sides(tape)[1] == mulaw_decode(b"\x20" + MULAW_SILENCE)


def test_time_without_a_stream_is_silent() -> None:
    tape = Tape()
    tape.heard(b"\x10")
    tape.skipped(2)
    tape.sent(b"\x20")
    tape.heard(b"\x10")
    assert sides(tape) == (
        mulaw_decode(b"\x10" + MULAW_SILENCE * 2 + b"\x10"),
        mulaw_decode(MULAW_SILENCE * 3 + b"\x20"),
    )


@given(st.lists(st.tuples(st.sampled_from(["heard", "sent", "dropped", "take"]), st.integers(0, 50))))
def test_both_sides_are_as_long_as_what_was_heard_however_often_it_is_taken(steps: list[tuple[str, int]]) -> None:
    tape, heard, taken = Tape(), 0, 0
    for what, length in [*steps, ("take", 0)]:
        match what:
            case "heard":
                tape.heard(b"\x10" * length)
                heard += length
            case "sent":
                tape.sent(b"\x20" * length)
            case "dropped":
                tape.dropped()
            case _:
                taken += len(tape.take()) // 4
    assert taken == heard

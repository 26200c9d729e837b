"""What is shown of a call, in a terminal and elsewhere."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from voicecall.demo.show import Show


def event(second: float, kind: str, **data: Any) -> dict[str, Any]:
    return {"seq": 1, "at": f"2026-01-01T12:00:{second:06.3f}Z", "callId": "c", "type": kind, "data": data}


CUT = event(6, "reply.interrupted", reply=2, text="I can tell you the time.", heard="I can")
CALL = [
    event(1, "call.initiated"),
    event(1.1, "stream.started", streamId="s"),
    event(2, "transcript.partial", segment=1, text="What"),
    event(2.5, "transcript.final", segment=1, text="What can you do?"),
    event(5.5, "turn.measured", turn=2, stages={"interruption": 71.0}),
    CUT,
    event(6.1, "reply.interrupted", reply=3, text="", heard=""),
    event(7, "reply.finished", reply=4, text="Of course.", confirmed=True),
    event(7.5, "turn.measured", turn=2, stages={"wait": 300.0, "brain": 1.0, "voice": 90.0, "response": 391.0}),
]


def shown(*, terminal: bool) -> str:
    page = io.StringIO()
    with Show(console=Console(file=page, force_terminal=terminal, width=70, highlight=False)) as show:
        for one in CALL:
            show.event(one)
    return page.getvalue()


def test_elsewhere_than_in_a_terminal_each_fact_is_a_plain_line_timed_from_the_first_stream() -> None:
    assert shown(terminal=False).splitlines() == [
        "   0.0          the phone rings",
        "   0.0          the media stream is up",
        "   0.9  caller  What …",
        "   1.4  caller  What can you do?",
        "   4.4          silent 71 ms after the caller began",
        "   4.9   agent  I can —  (interrupted; 4 words were never heard)",
        "   5.9   agent  Of course.",
        "   6.4          turn 2: wait 300, brain 1, voice 90, response 391 ms",
    ]


def test_in_a_terminal_the_same_is_coloured_and_partials_leave_no_line() -> None:
    page = shown(terminal=True)
    assert "\x1b[" in page
    assert "What …" not in page
    assert "What can you do?" in page


def test_a_second_stream_is_told_as_a_return() -> None:
    page = io.StringIO()
    show = Show(console=Console(file=page, width=70))
    show.event(event(1, "stream.started", streamId="s"))
    show.event(event(2, "stream.stopped", streamId="s"))
    show.event(event(3, "stream.started", streamId="t"))
    assert page.getvalue().splitlines()[1:] == [
        "   1.0          the media stream is gone",
        "   2.0          the media stream is back",
    ]


def test_quiet_shows_nothing(capsys: Any) -> None:
    with Show(quiet=True) as show:
        show.progress("loading")
        show.event(CUT)
    assert capsys.readouterr().out == ""

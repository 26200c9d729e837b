"""The picture of a call."""

from __future__ import annotations

from itertools import combinations
from typing import Any
from xml.etree import ElementTree

import numpy as np

from voicecall.audio.wav import encode_wav
from voicecall.demo.picture import draw
from voicecall.demo.take import Take

SVG = "{http://www.w3.org/2000/svg}"


def line(second: float, speaker: str, text: str, **more: str) -> dict[str, str]:
    return {"at": f"2026-01-01T12:00:{second:06.3f}Z", "speaker": speaker, "text": text, **more}


def take(lines: list[dict[str, str]], events: list[dict[str, Any]] | None = None) -> Take:
    record = {
        "callId": "c1",
        "startedAt": "2026-01-01T12:00:00.000Z",
        "answeredAt": "2026-01-01T12:00:01.000Z",
        "endReason": "hangup-agent",
        "transcript": lines,
    }
    tone = (0.5 * np.sin(np.arange(40_000) / 4)).astype(np.float32)
    return Take(record, events or [], encode_wav(tone, np.zeros(40_000, np.float32)))


def drawn(one: Take) -> ElementTree.Element:
    return ElementTree.fromstring(draw(one))  # noqa: S314 - our own


def texts(picture: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in picture.iter(f"{SVG}text")]


def test_words_stand_where_they_were_said() -> None:
    picture = drawn(take([line(1, "agent", "Hello."), line(3, "caller", "Good day.")]))
    at = {text.text: float(text.attrib["x"]) for text in picture.iter(f"{SVG}text")}
    assert at["Good day."] - at["Hello."] == 2 * 52


def test_words_said_at_the_same_time_do_not_cover_each_other() -> None:
    picture = drawn(take([line(1 + number / 2, "caller", "a long sentence indeed, " * 4) for number in range(5)]))
    boxes = [
        (float(box.attrib["x"]), float(box.attrib["y"]), float(box.attrib["width"]), float(box.attrib["height"]))
        for box in list(picture.iter(f"{SVG}rect"))[1:]
    ]
    assert len(boxes) == 5
    for (x, y, wide, tall), (x2, y2, wide2, tall2) in combinations(boxes, 2):
        assert x + wide <= x2 or x2 + wide2 <= x or y + tall <= y2 or y2 + tall2 <= y


def test_what_was_not_heard_stands_in_brackets_and_another_colour() -> None:
    picture = drawn(take([line(1, "agent", "I can do a lot.", heard="I can")]))
    colours = {text.text: text.attrib.get("fill") for text in picture.iter(f"{SVG}text")}
    assert colours["I can"] != colours["[do a lot.]"]


def test_an_interruption_is_marked_with_how_long_it_took() -> None:
    event = {"at": "2026-01-01T12:00:03.000Z", "type": "turn.measured", "data": {"stages": {"interruption": 66.4}}}
    assert "silent after 66 ms" in texts(drawn(take([], [event])))


def test_signs_that_mean_something_in_svg_are_only_text() -> None:
    assert "<b> & co" in texts(drawn(take([line(1, "caller", "<b> & co")])))


def test_a_loud_side_is_drawn_taller_than_a_silent_one() -> None:
    caller, agent = [path.attrib["d"] for path in drawn(take([])).iter(f"{SVG}path") if path.attrib["d"].count("M") > 9]

    def tallest(bars: str) -> float:
        return max(float(bar.split("V")[1]) - float(bar.split("V")[0].split()[1]) for bar in bars.split("M")[1:])

    assert tallest(caller) > 20 * tallest(agent)

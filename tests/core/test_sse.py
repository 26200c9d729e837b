"""Server-sent events cut anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from voicecall.core.sse import LARGEST, Event, Events, TooLong

STREAM = (
    "\ufeff: a comment\r\n\r\n"
    "data: one\r\n\r\n"
    "data: three\r\ndata: of\r\ndata: them\r\n\r\n"
    "event: delta\nid: 7\ndata:two\ndata: lines\n\n"
    "data:  späte Wörter \U0001f600\r\r"
    "event: unfinished\n\n"
    "data\n\n"
    "data: last"
)
EVENTS = [
    Event("one"),
    Event("three\nof\nthem"),
    Event("two\nlines", "delta"),
    Event(" späte Wörter \U0001f600"),
    Event(""),
    Event("last"),
]


def read(chunks: list[bytes]) -> list[Event]:
    events = Events()
    return [event for chunk in chunks for event in events.feed(chunk)] + events.feed(b"", last=True)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_events_are_the_same_wherever_the_chunks_are_cut(size: int) -> None:
    raw = STREAM.encode()
    assert read([raw[start : start + size] for start in range(0, len(raw), size)]) == EVENTS


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_any_bytes_give_the_same_events_in_one_chunk_as_in_many(chunks: list[bytes]) -> None:
    assert read(chunks) == read([b"".join(chunks)])


def test_an_event_comes_with_its_last_byte() -> None:
    events = Events()
    assert events.feed(b"data: now\n") == []
    assert events.feed(b"\n") == [Event("now")]


@pytest.mark.parametrize("part", [b"x" * LARGEST, b"data: " + b"x" * (LARGEST * 2 // 3) + b"\n"])
def test_an_event_without_an_end_is_refused(part: bytes) -> None:
    events = Events()
    assert events.feed(part) == []
    with pytest.raises(TooLong):
        events.feed(part)

"""Events travel as JSON and come back the same."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, strategies as st

from voicecall.core import events as ev
from voicecall.core.ids import CallId, CarrierCallId, StreamId
from voicecall.core.rules import Capabilities, Mode, Route, Rules
from voicecall.core.utterances import Evidence

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SECONDS = st.floats(0, 1e6)
PLAIN = {
    str: TEXT,
    int: st.integers(0, 2**53),
    float: SECONDS,
    bool: st.booleans(),
    CallId: TEXT,
    CarrierCallId: TEXT,
    StreamId: TEXT,
    dict[str, str]: st.dictionaries(TEXT, TEXT),
    dict[str, Any]: st.dictionaries(TEXT, st.recursive(st.none() | TEXT, st.lists, max_leaves=3)),
    dict[str, Any] | None: st.none() | st.dictionaries(TEXT, TEXT),
    tuple[Evidence, ...]: st.lists(st.builds(Evidence, TEXT, st.integers(0, 9), TEXT), max_size=2).map(tuple),
    dict[str, float]: st.dictionaries(TEXT, SECONDS),
    Rules: st.builds(Rules, max_duration=SECONDS),
    tuple[Route, ...]: st.lists(st.builds(Route, TEXT, TEXT, st.just(Capabilities())), max_size=2).map(tuple),
    Mode: st.sampled_from(get_args(Mode)),
    CarrierCallId | None: st.none() | TEXT,
    float | None: st.none() | SECONDS,
    tuple[ev.OldLine, ...]: st.lists(st.builds(ev.OldLine, SECONDS, st.just("agent"), TEXT), max_size=2).map(tuple),
}


def members(kind: type[msgspec.Struct]) -> dict[str, st.SearchStrategy[object]]:
    types = {field.name: field.type for field in msgspec.structs.fields(kind)}
    return {name: PLAIN[type_] if type_ in PLAIN else st.sampled_from(get_args(type_)) for name, type_ in types.items()}


EVENTS = st.one_of([st.builds(kind, **members(kind)) for kind in get_args(ev.Event)])


@given(EVENTS)
def test_an_event_comes_back_the_same(event: ev.Event) -> None:
    assert ev.decode(ev.encode(event)) == event


@given(EVENTS)
def test_an_event_names_its_class(event: ev.Event) -> None:
    assert msgspec.json.decode(ev.encode(event))["type"] == type(event).__name__


@pytest.mark.parametrize("data", [b"{}", b'{"type":"Nonsense"}', b'{"type":"Heard","segment":"one","text":""}'])
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        ev.decode(data)


def test_what_must_survive_a_crash_is_saved_first() -> None:
    passing = {kind.__name__ for kind in get_args(ev.Event) if not kind.binding}
    assert passing == {
        "StreamDenied",
        "StreamStopped",
        "SpeechStarted",
        "SpeechStopped",
        "SpeechSure",
        "TurnSigned",
        "BargedIn",
        "ConsultBegan",
        "ConsultOver",
        "PartlyHeard",
        "EarsFailed",
        "PlaybackStarted",
        "PlaybackConfirmed",
        "FarewellAsked",
        "TurnMeasured",
        "TimerFired",
        "Warned",
    }

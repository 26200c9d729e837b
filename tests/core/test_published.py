"""Events as the outside sees them."""

from __future__ import annotations

from typing import get_args

import pytest

from tests.core.world import placed
from voicecall.core import events as ev
from voicecall.core.published import NAMES, publish


def test_every_event_has_an_outside_name() -> None:
    assert set(NAMES) == {kind.__name__ for kind in get_args(ev.Event)}


def test_outside_names_are_lower_case_and_dotted() -> None:
    assert all(name == name.lower() and name.count(".") == 1 for name in NAMES.values())


def test_only_the_two_beginnings_share_a_name() -> None:
    assert len(set(NAMES.values())) == len(NAMES) - 1
    assert NAMES["Placed"] == NAMES["Arrived"] == "call.initiated"
    assert NAMES["CallEnded"] == "call.ended"


def test_an_event_is_shown_with_camel_case_members() -> None:
    event = ev.PlaybackFinished(3, "Noon.", confirmed=False)
    assert publish(17, "01J0", 1.5, "PlaybackFinished", ev.encode(event)) == {
        "seq": 17,
        "at": "1970-01-01T00:00:01.500Z",
        "callId": "01J0",
        "type": "reply.finished",
        "data": {"reply": 3, "text": "Noon.", "confirmed": False},
    }


def test_a_beginning_shows_who_calls_whom_but_not_the_rules() -> None:
    shown = publish(1, "01J0", 0.0, "Placed", ev.encode(placed(digits="12")))
    assert shown["type"] == "call.initiated"
    assert shown["data"] == {
        "carrier": "mock",
        "to": "+15550101234",
        "from": "+15550109999",
        "mode": "conversation",
        "greeting": "Good day.",
        "digits": "12",
        "metadata": {},
    }


def test_members_of_several_words_are_joined() -> None:
    shown = publish(1, "01J0", 0.0, "StreamStarted", b'{"type":"StreamStarted","stream_id":"s","credential":"n"}')
    assert shown["data"] == {"streamId": "s", "credential": "n"}


def test_an_unknown_event_cannot_be_shown() -> None:
    with pytest.raises(KeyError):
        publish(1, "01J0", 0.0, "Nonsense", b"{}")

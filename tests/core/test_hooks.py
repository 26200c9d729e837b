"""Outgoing webhooks: who is told of what, signed how, and when again."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime
from typing import get_args, get_type_hints

import pytest
from hypothesis import given, strategies as st
from standardwebhooks import Webhook

from voicecall.core import hooks
from voicecall.core.events import Event
from voicecall.core.hooks import PATIENCE, Cursor, Receiver
from voicecall.core.published import NAMES, without_words

NOW = 1_800_000_000.0
KEYS = (bytes(range(32)), bytes(range(24)))


def test_a_secret_is_read_as_it_is_written() -> None:
    for key in KEYS:
        assert hooks.read_secret(hooks.write_secret(key)) == key


@pytest.mark.parametrize(
    "text",
    ["", "whsec_", "whsec_!!!!", "whsec_é", b64encode(bytes(32)).decode()]
    + [hooks.write_secret(bytes(size)) for size in (23, 65)],
)
def test_what_is_no_secret_is_refused_without_being_told(text: str) -> None:
    with pytest.raises(ValueError, match="24 to 64 bytes") as error:
        hooks.read_secret(text)
    assert not text.removeprefix("whsec_") or text.removeprefix("whsec_") not in str(error.value)


@given(st.lists(st.binary(min_size=24, max_size=64), min_size=1, max_size=3), st.text(), st.floats(0, 2e9))
def test_the_signatures_are_those_of_the_standards_own_library(keys: list[bytes], text: str, now: float) -> None:
    body = hooks.body("call.ended", now, {"text": text})
    sent = hooks.headers(keys, "evt_01J_1", body, now)
    moment = datetime.fromtimestamp(int(sent["webhook-timestamp"]), UTC)
    expected = [Webhook(hooks.write_secret(key)).sign("evt_01J_1", moment, body.decode()) for key in keys]
    assert sent["webhook-signature"].split(" ") == expected
    assert (sent["webhook-id"], int(sent["webhook-timestamp"])) == ("evt_01J_1", int(now))


@pytest.mark.parametrize(
    ("pattern", "name", "is_of_it"),
    [
        ("*", "call.ended", True),
        ("call.*", "call.ended", True),
        ("call.ended", "call.ended", True),
        ("call.end", "call.ended", False),
        ("cal.*", "call.ended", False),
        ("call.*", "transcript.final", False),
    ],
)
def test_a_pattern_is_a_name_a_family_or_everything(pattern: str, name: str, is_of_it: bool) -> None:
    assert hooks.matches(pattern, name) is is_of_it


def test_a_pattern_without_events_is_known_as_such() -> None:
    assert hooks.unknown(["call.ended", "calls.*", "call.over", "*", "call*"]) == ["calls.*", "call.over", "call*"]


def test_unless_told_otherwise_a_receiver_is_told_when_a_call_begins_is_answered_and_ends() -> None:
    receiver = Receiver(name="a", url="https://user@example.com:8443/x?key=secret", secrets=KEYS)
    told = {type_ for type_ in NAMES if receiver.wants(type_)}
    assert told == {"Placed", "Arrived", "Answered", "CallEnded"}
    assert not receiver.wants("SomethingOfALaterVersion")
    assert "key" not in receiver.host
    assert "secrets" not in repr(receiver)


def test_every_text_of_an_event_is_either_known_as_words_of_the_call_or_as_none() -> None:
    """Whoever adds an event with a text has to say here whether somebody speaks in it."""
    no_words = {
        *("CallEnded.detail", "CallEnded.reason", "CarrierEnded.detail", "Crashed.detail", "DialFailed.code"),
        *("DialFailed.detail", "HangupFailed.detail", "PromptFailed.detail", "EarsFailed.detail", "ReplyFailed.detail"),
        *("DigitsSent.error", "StreamDenied.reason", "StreamStarted.credential", "TimerFired.name"),
        *("Adopted.instance", "Warned.code", "Warned.text", "OutcomeNoted.disposition", "OutcomeNoted.summary"),
        *("Arrived.refusal", "Placed.objective", "Concluded.summary", "Concluded.error"),
        *(f"{kind}.{name}" for kind in ("Placed", "Arrived", "Imported") for name in ("carrier", "to", "from_")),
        *("Imported.reason", "Imported.detail", "ModelLost.detail"),
        *(f"{kind}.operation" for kind in ("DigitsSent", "SpeakAsked", "ContinueAsked", "DigitsAsked", "EndAsked")),
    }
    texts = {
        f"{kind.__name__}.{name}"
        for kind in get_args(Event)
        for name, annotation in get_type_hints(kind).items()
        if annotation is str
    }
    kept = {text for text in texts if without_words(NAMES[text.partition(".")[0]], {text.partition(".")[2]: "x"})}
    assert kept == no_words


def test_words_leave_only_where_they_may() -> None:
    event = {"seq": 7, "callId": "01J", "type": "reply.interrupted", "data": {"reply": 1, "text": "a", "heard": "b"}}
    assert hooks.told(event, None, words=False) == {"callId": "01J", "seq": 7, "reply": 1}
    assert hooks.told(event, None, words=True) == {"callId": "01J", "seq": 7, "reply": 1, "text": "a", "heard": "b"}


def test_a_final_record_without_words_keeps_the_outcome_but_for_its_quotations() -> None:
    event = {"seq": 9, "callId": "01J", "type": "call.ended", "data": {"reason": "completed", "detail": ""}}
    outcome = {"disposition": "answered", "summary": "s", "data": {"n": 2}, "evidence": [{"quote": "two"}]}
    record = {"callId": "01J", "transcript": [{"text": "two"}], "outcome": outcome}
    assert hooks.told(event, record, words=True)["record"] == record
    told = hooks.told(event, record, words=False)
    assert told["record"] == {"callId": "01J", "outcome": {"disposition": "answered", "summary": "s", "data": {"n": 2}}}
    assert hooks.told(event, {"callId": "01J"}, words=False)["record"] == {"callId": "01J"}


@pytest.mark.parametrize(
    ("status", "error"),
    [(200, ""), (204, ""), (302, "answered 302: redirects are not followed"), (500, "answered 500")],
)
def test_only_2xx_means_that_a_message_was_taken(status: int, error: str) -> None:
    answer = hooks.judge(status, None, NOW)
    assert (answer.status, answer.error, answer.is_gone) == (status, error, False)
    assert hooks.judge(410, None, NOW).is_gone


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("120", 120),
        ("-5", 0),
        ("soon", 0),
        ("Fri, 15 Jan 2027 08:02:00 GMT", 120),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0),
        ("Fri, 99 Jan 2027 07:00:00 GMT", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(said: str | None, seconds: float) -> None:
    assert hooks.judge(429, said, NOW).retry_after == seconds


def test_pauses_double_from_five_seconds_to_an_hour() -> None:
    assert [hooks.pause(n, 0.0) for n in (1, 2, 3, 9, 10, 11, 1000)] == [5, 10, 20, 1280, 2560, 3600, 3600]


@given(st.integers(1, 10_000), st.floats(0, 1), st.floats(0, 1e12))
def test_pauses_stay_within_bounds_and_honour_what_is_asked_for(failures: int, chance: float, asked: float) -> None:
    assert 4.0 <= hooks.pause(failures, chance) <= 3600
    assert min(asked, PATIENCE) <= hooks.pause(failures, chance, asked) <= PATIENCE


def test_an_event_is_given_up_a_day_after_it_happened_and_the_failures_began() -> None:
    failing = Cursor(after=1).failed("answered 500", NOW, 5.0)
    assert not failing.gives_up(NOW - 3 * PATIENCE, NOW + PATIENCE - 1)
    assert failing.gives_up(NOW - 3 * PATIENCE, NOW + PATIENCE)
    assert not failing.gives_up(NOW + 60, NOW + PATIENCE)
    assert failing.failed("again", NOW + 5, 10.0).failing_since == NOW
    assert not failing.delivered(2, NOW).gives_up(NOW - 3 * PATIENCE, NOW + 3 * PATIENCE)


def test_a_cursor_belongs_to_one_gateway_until_its_time_has_run_out() -> None:
    cursor = Cursor(after=1)
    assert cursor.is_free("one", NOW)
    taken = cursor.taken("one", NOW + 30)
    assert taken.is_free("one", NOW)
    assert not taken.is_free("two", NOW + 29)
    assert taken.is_free("two", NOW + 30)


def test_the_id_of_a_message_has_no_full_stop_which_would_blur_what_is_signed() -> None:
    assert re.fullmatch(r"[\w-]+", hooks.message_id("01KAJ0V6Y4Q3R7M2T9W5X8B1CD", 12))

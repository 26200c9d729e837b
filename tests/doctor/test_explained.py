"""Nothing that a record can say of a call is left without an explanation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.core.scenes import STREAM
from tests.core.world import LEG, arrived, placed
from tests.doctor.test_diagnosis import ANSWERED, CONNECTED, GREETED, OVER, SETTLED, found
from voicecall.core import events as ev
from voicecall.core.call import EndReason
from voicecall.core.doubts import is_doubtful
from voicecall.core.events import Event
from voicecall.core.record import record, replay
from voicecall.doctor.cautions import CODES, caution
from voicecall.doctor.diagnosis import diagnose

SOURCES = [path.read_text("utf-8") for path in (Path(__file__).parents[2] / "src" / "voicecall").rglob("*.py")]
REASONS = sorted(get_args(EndReason))


def codes() -> set[str]:
    """The codes of all warnings that this program gives."""
    given = re.compile(r"(?:Warned|Trouble|\.warn)\(\s*\"([a-z-]+)\"(?: if \w+ else \"([a-z-]+)\")?")
    kept = re.compile(r"_keep\(\"([a-z]+)\"")
    told = {code for source in SOURCES for each in given.findall(source) for code in each if code}
    return told | {code for source in SOURCES for code in kept.findall(source)} | {"stt-fallback", "tts-fallback"}


def test_every_warning_has_its_explanation_and_no_other() -> None:
    assert codes() == CODES


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_warning_names_its_check_what_happened_and_what_to_do(code: str) -> None:
    check = caution(code, "twilio did not do it.", "plivo")
    assert (check.level, check.message.endswith(": twilio did not do it")) == ("warn", True)
    assert check.why
    assert check.fix
    assert "{" not in f"{check.id} {check.fix}"
    told = found(*GREETED, ev.Warned(code, "It failed."), OVER)
    assert [one.level for one in told] == ["warn"]
    assert "It failed" in told[0].message


def test_a_warning_of_anothers_engine_is_told_as_it_stands() -> None:
    check = caution("flood", "The cellar is full.", "mock")
    assert (check.id, check.message) == ("call", "`flood`: The cellar is full")
    assert check.why


def test_both_kinds_of_engine_are_told_apart() -> None:
    said = {
        section: caution("reconnected", f"{section}.openai: lost; connecting again.", "mock").id
        for section in ("stt", "tts")
    }
    assert said == {"stt": "stt", "tts": "tts"}


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("direction", ["inbound", "outbound"])
@pytest.mark.parametrize("answered", [None, "2026-11-21T10:00:00.000Z"])
def test_every_end_is_explained_whatever_else_is_known(reason: str, direction: str, answered: str | None) -> None:
    shown: dict[str, Any] = {"carrier": "mock", "direction": direction, "mode": "conversation", "state": "ended"}
    shown |= {"answeredAt": answered, "endReason": reason, "endDetail": "It is over.", "transcript": []}
    first = diagnose(shown, ()).checks[0]
    assert first.why
    in_order = reason in ("completed", "hangup-user", "hangup-agent", "no-answer", "busy", "rejected") and not answered
    assert (first.level == "ok") is in_order
    assert bool(first.fix) is not in_order
    assert not in_order or "It is over." in first.message
    assert is_doubtful(shown) or in_order or reason == "voicemail"


@pytest.mark.parametrize(
    ("log", "id_", "level", "said"),
    [
        ((placed(), ev.DialFailed("dialling was stopped", ev.BARRED)), "budget", "fail", "dialling was stopped"),
        ((placed(), ev.Dialled(LEG), ev.CarrierEnded("failed")), "number-mock", "fail", "could not connect"),
        ((*CONNECTED, ev.ReplyFailed(1, "No voice."), OVER), "brain", "warn", "No voice"),
        ((placed(), ev.Dialled(LEG), ev.CarrierEnded("rejected")), "call", "ok", "refused the call"),
        ((*CONNECTED, ev.StreamStopped(STREAM.stream_id), OVER, SETTLED), "tts", "warn", "before anything was said"),
    ],
)
def test_what_ended_a_call_is_named(log: tuple[Event, ...], id_: str, level: str, said: str) -> None:
    first = found(*log)[0]
    assert (first.id, first.level, said in first.message) == (id_, level, True), found(*log)


def test_a_call_that_another_carrier_dialled_did_not_fail() -> None:
    failed = ev.DialFailed("twilio answered HTTP 401", "20003", certain=True)
    shown = record(replay([(1000.0, placed())])) | {"carrier": "plivo", "endReason": "hangup-user"}
    shown |= {"warnings": [{"code": "carrier-passed", "text": "twilio did not dial, plivo is tried: HTTP 401"}]}
    events = [{"type": "call.dial-failed", "data": {"detail": failed.detail, "code": failed.code}}]
    assert [(check.id, check.level) for check in diagnose(shown, events).checks] == [
        ("credentials-twilio", "warn"),
        ("number-twilio", "warn"),
    ]


def test_a_call_that_did_not_outlive_its_gateway_is_no_fault_of_the_url() -> None:
    log = (placed(), ev.Dialled(LEG), ev.Adopted("two"), ev.CarrierAsked("gone"), SETTLED)
    assert (found(*log)[0].id, "knew the call no longer" in found(*log)[0].message) == ("daemon", True)


def test_a_conversation_in_which_nothing_was_heard_is_never_in_order() -> None:
    shown = record(replay([(1000.0, arrived())]))
    shown |= {"answeredAt": "2026-11-21T10:00:00.000Z", "endReason": "completed", "transcript": []}
    (only,) = diagnose(shown, ()).checks
    assert (only.id, only.level, "not a word of ours" in only.message) == ("tts", "warn", True)
    assert len(found(*ANSWERED, OVER)) == 1


@pytest.mark.parametrize(
    ("sentence", "what", "fix"),
    [
        ("The model sent 120 s more of audio than was played.", "without end", "another realtime.provider"),
        ("The model was asked for an answer and said nothing for 10 s.", "fell silent", "another model"),
        ("The model stopped in the middle of an answer and said nothing for 10 s.", "fell silent", "another model"),
        ("The model failed twice to answer: rate limit.", "twice in a row", "limits"),
        ("realtime.openai: api.openai.com refused the connection: 401", "refuses us", "key"),
        ("realtime.openai: the connection was lost", "was lost", "vendor's key, model and account"),
    ],
)
def test_every_way_to_lose_a_model_says_what_to_do(sentence: str, what: str, fix: str) -> None:
    check = caution("realtime", sentence, "mock")
    assert check.id == "realtime"
    assert what in check.message
    assert fix in check.fix


def test_trouble_of_a_model_is_not_laid_on_the_transcriber() -> None:
    assert caution("reconnected", "realtime.gemini: lost; connecting again.", "mock").id == "realtime"


def test_a_call_that_its_model_ended_is_explained_by_it() -> None:
    sentence = "The model sent 120 s more of audio than was played."
    ended = {"endReason": "error", "endDetail": sentence, "warnings": [{"code": "realtime", "text": sentence}]}
    shown = {"carrier": "mock", "direction": "inbound", "mode": "conversation", "transcript": [], "state": "ended"}
    (check,) = diagnose(shown | {"answeredAt": None} | ended, ()).checks
    assert (check.id, check.level) == ("realtime", "fail")
    assert "without end" in check.message

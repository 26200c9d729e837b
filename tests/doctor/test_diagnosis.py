"""What a call's own log tells of why it went as it did."""

from __future__ import annotations

import pytest

from tests.core.scenes import STREAM
from tests.core.world import LEG, arrived, placed
from voicecall.core import events as ev
from voicecall.core.events import Event, encode
from voicecall.core.published import publish
from voicecall.core.record import record, replay
from voicecall.doctor import Check
from voicecall.doctor.diagnosis import diagnose

ANSWERED = (placed(), ev.Dialled(LEG), ev.Ringing(), ev.Answered())
CONNECTED = (*ANSWERED, ev.DocumentAsked(), STREAM)
GREETED = (*CONNECTED, ev.PlaybackStarted(1), ev.PlaybackConfirmed(1), ev.PlaybackFinished(1, "Good day."))
ASKED = (*GREETED, ev.SpeechStarted(1), ev.SpeechStopped(1, 0.2), ev.Heard(1, "What time is it?"))
SETTLED = ev.TimerFired("settle")
OVER = ev.CarrierEnded("completed")


def found(*log: Event) -> tuple[Check, ...]:
    """What is found about a call with this log, a second between events."""
    dated = [(1000.0 + second, event) for second, event in enumerate(log)]
    told = [publish(seq, "01J", at, type(event).__name__, encode(event)) for seq, (at, event) in enumerate(dated)]
    return diagnose(record(replay(dated)), told).checks


@pytest.mark.parametrize(
    ("log", "id_", "said"),
    [
        ((arrived(refusal="policy"),), "inbound-policy", "turned away by inbound_policy"),
        ((arrived(refusal="busy"),), "limits", "all lines"),
        ((arrived(refusal="draining"),), "daemon", "about to stop"),
        (
            (placed(), ev.DialFailed("twilio refused the call: Authenticate", "20003", True)),
            "credentials-mock",
            "Authenticate",
        ),
        ((placed(), ev.DialFailed("not a number of the account", "21210", True)), "number-mock", "did not dial"),
        (
            (placed(), ev.Dialled(LEG), ev.TimerFired("stale"), ev.CarrierAsked("unknown"), ev.HangupAccepted()),
            "public-url",
            "not one of its reports",
        ),
        (
            (*ANSWERED, ev.TimerFired("stream-start"), ev.HangupAccepted(), SETTLED),
            "webhook-path",
            "never asked what to say",
        ),
        ((*ANSWERED, ev.DocumentAsked(), OVER), "stream", "none came"),
        ((*ANSWERED, ev.DocumentAsked(), ev.StreamDenied("missing"), OVER), "stream", "without its credential"),
        ((*ANSWERED, ev.DocumentAsked(), ev.StreamDenied("malformed"), OVER), "stream", "changed on the way"),
        ((*ANSWERED, ev.DocumentAsked(), ev.StreamDenied("expired"), OVER), "clock", "expired"),
        ((*ANSWERED, ev.DocumentAsked(), ev.StreamDenied("wrong key"), OVER), "stream", "another key"),
        ((*CONNECTED, ev.PlaybackStarted(1), OVER), "stream", "never confirmed"),
        ((*CONNECTED, OVER, SETTLED), "tts", "hung up before anything was said"),
        ((*ASKED, OVER), "brain", "never answered"),
        ((*GREETED, ev.SpeechStarted(1), ev.SpeechStopped(1, 0.2), ev.Heard(1, ""), OVER), "stt", "not a word"),
        ((*ASKED, ev.Warned("brain", "Nobody answers at 10.0.0.5."), OVER), "brain", "Nobody answers"),
        ((*GREETED, ev.Warned("tts", "No key."), OVER), "tts", "No key"),
        ((*GREETED, ev.Crashed("KeyError at leg.py:1")), "log", "the gateway itself"),
        (
            (*GREETED, ev.TimerFired("max-duration"), ev.TimerFired("last-sentence"), OVER),
            "limits",
            "max_duration_seconds",
        ),
    ],
)
def test_the_most_probable_cause_comes_first(log: tuple[Event, ...], id_: str, said: str) -> None:
    cause = found(*log)[0]
    assert (cause.id, said in cause.message) == (id_, True), found(*log)
    assert cause.level != "ok"
    assert cause.fix
    assert cause.why


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (GREETED, "nothing is wrong so far"),
        ((*GREETED, OVER), "nothing is wrong with this call"),
        ((placed(), ev.Dialled(LEG), ev.Ringing(), ev.CarrierEnded("busy")), "the line was busy"),
        ((placed(), ev.Dialled(LEG), ev.Ringing(), ev.CarrierEnded("no-answer")), "nobody answered"),
        ((*ASKED, ev.PlaybackStarted(2), OVER), "nothing is wrong with this call"),
    ],
)
def test_a_call_without_a_fault_is_said_to_have_none(log: tuple[Event, ...], said: str) -> None:
    (only,) = found(*log)
    assert (only.id, only.level, said in only.message) == ("call", "ok", True), only


def test_a_stream_that_was_refused_once_and_then_taken_is_no_cause() -> None:
    log = (*ANSWERED, ev.DocumentAsked(), ev.StreamDenied("expired"), STREAM, *GREETED[len(CONNECTED) :], OVER)
    assert [check.id for check in found(*log)] == ["call"]


def test_every_check_has_its_reason_once() -> None:
    checks = found(*CONNECTED, ev.PlaybackStarted(1), ev.Warned("unconfirmed", "No mark."), OVER)
    assert [check.id for check in checks] == ["stream"]

"""Actions as REST requests, and what Telnyx's answers mean."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from voicecall.carriers import (
    Action,
    Callback,
    Capabilities,
    ComeBack,
    ConnectStream,
    Dismiss,
    EndStream,
    FetchStatus,
    HangUp,
    HttpReply,
    Listen,
    PlaceCall,
    PressDigits,
    Prompt,
    RejectCall,
)
from voicecall.carriers.telnyx import TelnyxCarrier
from voicecall.core.ids import CallId, CarrierCallId
from voicecall.errors import CarrierError

CARRIER = TelnyxCarrier("s3cret", "149", "")
WIDE = TelnyxCarrier("s3cret", "149", "", codec="L16/16000", voice="Azure.de-DE-KatjaNeural", language="de-DE")
API = "https://api.telnyx.com/v2/calls"
LEG = CarrierCallId("v3:MdI91X4l-_Fc")
CALL = CallId("01K8Z0000000000000000000AB")
HOOK = "https://voice.example.com/voice/webhook"
STREAM = "wss://voice.example.com/voice/stream"
BACK = Callback(HOOK, CALL, "n1")
PLACE = PlaceCall(CALL, "+15550100101", "+15550100100", HOOK, 29.2, 310.0)
CONNECT = ConnectStream(LEG, STREAM, "1.k.c.m", BACK)
LISTEN = Listen(LEG, BACK, answered=True)
PROMPT = Prompt(LEG, "Hello.", listen=True, number=3, back=BACK)
SILENT = Prompt(LEG, " ", listen=True, number=4, back=BACK)
DISMISS = Dismiss(LEG, "Goodbye.")
REJECT = RejectCall(LEG, "busy")
HANG_UP = HangUp(LEG)
STATUS = FetchStatus(LEG)
PRESS = PressDigits(LEG, "12w#", BACK)
COME_BACK = ComeBack(LEG, BACK)
COMMANDS: list[Action] = [CONNECT, LISTEN, PROMPT, SILENT, DISMISS, REJECT, HANG_UP, PRESS]
COMMANDS += [replace(CONNECT, answered=False)]
COMMANDS += [replace(LISTEN, answered=False)]


def body(action: Action, carrier: TelnyxCarrier = CARRIER) -> dict[str, Any]:
    """What is sent, with the state as what it says and without the command's id."""
    sent: dict[str, Any] = json.loads(carrier.request(action).body)
    sent.pop("command_id", None)
    if "client_state" in sent:
        sent["client_state"] = json.loads(b64decode(sent["client_state"]))
    return sent


def command_id(action: Action) -> str:
    return str(json.loads(CARRIER.request(action).body)["command_id"])


def command(action: Action, carrier: TelnyxCarrier = CARRIER) -> str:
    return carrier.request(action).url.removeprefix(f"{API}/{LEG}/actions/")


def test_it_says_what_can_be_done() -> None:
    assert CARRIER.name == "telnyx"
    assert CARRIER.capabilities == Capabilities(
        streaming=True,
        documents=False,
        one_stream=True,
        prompts=True,
        listens_apart=True,
        digits_at_dial=True,
        redirects=True,
        machine_detection=True,
        recording=True,
        transfer=True,
        codecs=("PCMU", "PCMA", "L16/16000"),
        credential_in_start=False,
        dials_per_second=1.0,
    )


@pytest.mark.parametrize("action", [PLACE, STATUS, COME_BACK, *COMMANDS])
def test_nothing_is_done_in_the_answer_to_a_webhook(action: Action) -> None:
    assert CARRIER.document(action) is None
    assert CARRIER.document(None) == HttpReply(200, b"OK")


# --- dialling


def test_a_dial_tells_all_and_is_never_repeated() -> None:
    request = CARRIER.request(PLACE)
    assert (request.method, request.url, request.repeatable) == ("POST", API, False)
    assert request.headers == {"Authorization": "Bearer s3cret", "Content-Type": "application/json"}
    assert body(PLACE) == {
        "connection_id": "149",
        "to": "+15550100101",
        "from": "+15550100100",
        "webhook_url": HOOK,
        "webhook_url_method": "POST",
        "timeout_secs": 30,
        "time_limit_secs": 310,
        "client_state": {"call": CALL},
        "send_silence_when_idle": True,
    }


@pytest.mark.parametrize(("seconds", "sent"), [(0.0, 5), (5.1, 6), (600.0, 600), (4000.0, 600), (float("inf"), 600)])
def test_ringing_keeps_within_telnyxs_limits(seconds: float, sent: int) -> None:
    assert body(replace(PLACE, ring_timeout=seconds))["timeout_secs"] == sent


@pytest.mark.parametrize(("seconds", "sent"), [(0.0, 60), (60.5, 61), (14400.0, 14400), (float("inf"), 14400)])
def test_a_call_is_no_longer_than_telnyx_lets_it_be(seconds: float, sent: int) -> None:
    assert body(replace(PLACE, time_limit=seconds))["time_limit_secs"] == sent


def test_digits_and_machine_detection_are_asked_for_with_the_dial() -> None:
    more = {"send_digits_on_answer": "1w#", "answering_machine_detection": "detect"}
    assert body(replace(PLACE, digits="1w#", detect_machine=True)) == body(PLACE) | more


@pytest.mark.parametrize(
    ("digits", "sent"),
    [("1,2p3P4w5W6", "1w2w3w4w5W6"), ("abcdABCD*#", "ABCDABCD*#"), ("w" * 64, "w" * 64), ("w" * 70, "W" * 35)],
)
def test_digits_are_spelled_telnyxs_way(digits: str, sent: str) -> None:
    assert body(replace(PLACE, digits=digits))["send_digits_on_answer"] == sent


@pytest.mark.parametrize("digits", ["1" * 65, "w" * 140, "1e", "1 2", "\u0661", "\ud800"])
def test_what_telnyx_cannot_send_is_refused_before_the_dial(digits: str) -> None:
    with pytest.raises(CarrierError, match="at most 64") as error:
        CARRIER.request(replace(PLACE, digits=digits))
    assert (error.value.certain, error.value.retryable) == (True, False)
    assert digits not in str(error.value)


def test_an_api_elsewhere_can_be_asked() -> None:
    carrier = TelnyxCarrier("k", "1", "", api_base_url="http://127.0.0.1:9000/")
    assert carrier.request(PLACE).url == "http://127.0.0.1:9000/v2/calls"
    assert carrier.request(STATUS).url == f"http://127.0.0.1:9000/v2/calls/{LEG}"


# --- commands


def test_a_stream_is_started_on_a_leg_that_was_answered() -> None:
    assert command(CONNECT) == "streaming_start"
    assert body(CONNECT) == {
        "stream_url": f"{STREAM}/1.k.c.m",
        "stream_auth_token": "1.k.c.m",
        "stream_track": "inbound_track",
        "stream_codec": "PCMU",
        "stream_bidirectional_mode": "rtp",
        "stream_bidirectional_codec": "PCMU",
        "stream_bidirectional_sampling_rate": 8000,
        "stream_bidirectional_target_legs": "self",
        "client_state": {"call": CALL},
    }


def test_a_leg_that_was_not_answered_is_answered_with_its_stream() -> None:
    inbound = replace(CONNECT, answered=False)
    assert command(inbound) == "answer"
    assert body(inbound) == {
        "stream_url": f"{STREAM}/1.k.c.m",
        "stream_track": "inbound_track",
        "stream_codec": "PCMU",
        "stream_bidirectional_mode": "rtp",
        "stream_bidirectional_codec": "PCMU",
        "stream_bidirectional_target_legs": "self",
        "send_silence_when_idle": True,
        "client_state": {"call": CALL, "why": "stream"},
    }


def test_a_configured_codec_goes_both_ways() -> None:
    sent = body(replace(CONNECT, answered=False), TelnyxCarrier("k", "1", "", codec="PCMA"))
    assert (sent["stream_codec"], sent["stream_bidirectional_codec"]) == ("PCMA", "PCMA")
    sent = body(CONNECT, WIDE)
    assert (sent["stream_codec"], sent["stream_bidirectional_codec"]) == ("L16", "L16")
    assert sent["stream_bidirectional_sampling_rate"] == 16000


def test_a_leg_whose_stream_needs_its_rate_named_is_answered_first() -> None:
    inbound = replace(CONNECT, answered=False)
    assert command(inbound, WIDE) == "answer"
    assert body(inbound, WIDE) == {"send_silence_when_idle": True, "client_state": {"call": CALL}}


def test_listening_is_begun_or_answers_the_leg() -> None:
    config = {
        "transcription_engine": "Telnyx",
        "transcription_engine_config": {"transcription_engine": "Telnyx", "language": "en"},
        "transcription_tracks": "inbound",
    }
    assert command(LISTEN) == "transcription_start"
    assert body(LISTEN) == config  # the end of a prompt under way is told with the leg's state, which stays
    inbound = replace(LISTEN, answered=False)
    assert command(inbound) == "answer"
    assert body(inbound) == {
        "transcription": True,
        "transcription_config": config,
        "send_silence_when_idle": True,
        "client_state": {"call": CALL},
    }
    assert body(LISTEN, WIDE)["transcription_engine_config"]["language"] == "de"


def test_a_leg_to_which_nobody_listens_is_only_answered() -> None:
    deaf = replace(LISTEN, answered=False, deaf=True)
    assert command(deaf) == "answer"
    assert body(deaf) == {"send_silence_when_idle": True, "client_state": {"call": CALL}}


def test_a_prompt_is_spoken_after_what_is_being_spoken() -> None:
    assert (CARRIER.request(PROMPT).method, command(PROMPT)) == ("POST", "speak")
    assert body(PROMPT) == {
        "payload": "Hello.",
        "voice": "AWS.Polly.Joanna-Neural",
        "language": "en-US",
        "client_state": {"call": CALL, "prompt": 3, "listen": True},
    }
    assert body(PROMPT, WIDE)["voice"] == "Azure.de-DE-KatjaNeural"
    assert body(replace(PROMPT, listen=False))["client_state"] == {"call": CALL, "prompt": 3}


@pytest.mark.parametrize(
    ("text", "spoken"), [(" a\n\tb\udcff ", "a b"), ("“Grüße” 😀", "“Grüße” 😀"), ("x" * 3000, "x" * 3000)]
)
def test_a_text_is_spoken_as_it_is_written(text: str, spoken: str) -> None:
    assert body(replace(PROMPT, text=text))["payload"] == spoken


@pytest.mark.parametrize("action", [PROMPT, DISMISS])
def test_a_text_keeps_within_telnyxs_limit(action: Any) -> None:
    with pytest.raises(CarrierError, match="3001") as error:
        CARRIER.request(replace(action, text="x" * 3001))
    assert error.value.code == "too-long"


@pytest.mark.parametrize("text", ["", " \n", "\ud800"])
def test_a_prompt_without_words_changes_nothing_but_what_telnyx_remembers(text: str) -> None:
    silent = replace(PROMPT, text=text)
    assert (CARRIER.request(silent).method, command(silent)) == ("PUT", "client_state_update")
    assert body(silent) == {"client_state": {"call": CALL, "prompt": 3, "listen": True}}


def test_a_farewell_is_spoken_and_one_without_words_is_a_hang_up() -> None:
    assert command(DISMISS) == "speak"
    assert (body(DISMISS)["payload"], body(DISMISS)["stop"]) == ("Goodbye.", "all")
    assert body(DISMISS)["client_state"] == {"why": "dismiss"}
    assert command(replace(DISMISS, text=" ")) == "hangup"


@pytest.mark.parametrize(("reason", "cause"), [("busy", "USER_BUSY"), ("rejected", "CALL_REJECTED")])
def test_a_call_is_turned_away(reason: Any, cause: str) -> None:
    assert command(RejectCall(LEG, reason)) == "reject"
    assert body(RejectCall(LEG, reason)) == {"cause": cause}


def test_a_leg_is_hung_up_asked_after_and_sent_digits() -> None:
    assert (command(HANG_UP), body(HANG_UP)) == ("hangup", {})
    assert command(PRESS) == "send_dtmf"
    assert body(PRESS) == {"digits": "12w#"}
    request = CARRIER.request(STATUS)
    assert (request.method, request.url, request.body, request.repeatable) == ("GET", f"{API}/{LEG}", b"", True)


@pytest.mark.parametrize("digits", ["", "1e", "١"])
def test_digits_that_are_none_are_refused(digits: str) -> None:
    with pytest.raises(CarrierError):
        CARRIER.request(replace(PRESS, digits=digits))


def test_telnyx_is_not_told_to_wait() -> None:
    with pytest.raises(CarrierError) as error:
        CARRIER.request(COME_BACK)
    assert error.value.code == "no-waiting"


def test_no_media_stream_is_ended_by_request() -> None:
    with pytest.raises(CarrierError) as error:
        CARRIER.request(EndStream(LEG))
    assert error.value.code == "no-streams"


def test_a_token_keeps_within_telnyxs_limit() -> None:
    assert len(body(replace(CONNECT, credential="x" * 4000))["stream_auth_token"]) == 4000
    with pytest.raises(CarrierError):
        CARRIER.request(replace(CONNECT, credential="x" * 4001))


def test_a_leg_cannot_lead_the_request_elsewhere() -> None:
    assert CARRIER.request(HangUp(CarrierCallId("x?y#\udcff é"))).url == f"{API}/x%3Fy%23%3F%20%C3%A9/actions/hangup"


# --- the same command twice


@pytest.mark.parametrize("action", COMMANDS)
def test_a_command_is_the_same_each_time_it_is_sent(action: Action) -> None:
    assert CARRIER.request(action) == CARRIER.request(action)
    assert CARRIER.request(action).repeatable


def test_every_command_bears_an_id_of_its_own_but_the_one_that_takes_none() -> None:
    other = Callback(HOOK, CALL, "n2")
    elsewhere = CarrierCallId("v3:x")
    asked: list[Action] = [PLACE, *COMMANDS, HangUp(elsewhere), Dismiss(elsewhere, "Goodbye.")]
    asked += [replace(PROMPT, number=4), replace(PROMPT, back=other)]
    asked += [replace(CONNECT, back=other)]
    asked += [replace(LISTEN, back=other)]
    asked += [replace(PRESS, back=other)]
    asked.remove(SILENT)
    ids = {command_id(action) for action in asked}
    assert len(ids) == len(asked)
    assert {len(one) for one in ids} == {32}
    assert "command_id" not in json.loads(CARRIER.request(SILENT).body)


@given(
    st.sampled_from([PLACE, STATUS, COME_BACK, *COMMANDS]),
    st.text() | st.text("0123456789wW,pP#*", min_size=1, max_size=40),
    st.text(),
    st.booleans(),
)
def test_any_text_makes_a_request_or_a_carrier_error(action: Action, text: str, more: str, flag: bool) -> None:
    back = Callback(f"https://{more}", CallId(text), more)
    filled: dict[str, Any] = {"text": text, "digits": text, "credential": more, "stream_url": text, "back": back}
    filled |= {"carrier_call_id": text, "call_id": more, "listen": flag, "answered": flag, "webhook_url": more}
    action = replace(action, **{name: filled[name] for name in action.__struct_fields__ if name in filled})
    try:
        request = CARRIER.request(action)
    except CarrierError:
        return
    assert request.url.isascii()
    assert not request.body or json.loads(request.body)

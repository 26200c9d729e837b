"""Gemini Live's connections: they end after a while, break, are refused, and the call goes on."""

from __future__ import annotations

import asyncio
import base64

import pytest

from tests.realtime.gemini_rig import KEY, LOOK_UP, SILENCE, SPEECH, conversation, played
from voicecall.emulators.vendors.gemini_live import GeminiLive
from voicecall.emulators.vendors.gemini_live_model import Answer, Call as ToolCall, Wrong, sound
from voicecall.errors import RealtimeError
from voicecall.realtime import Audio, Began, Interrupted, Past, TurnOver, Uncalled
from voicecall.realtime.gemini_caller import Patience
from voicecall.realtime.gemini_wire import Blob, Downward

PAST = (Past("agent", "Good morning."), Past("caller", "I am Ida."))


def vendor(*answers: Answer, wrong: Wrong | None = None) -> GeminiLive:
    google = GeminiLive(KEY)
    google.script.answers.extend(answers)
    google.script.wrong = wrong
    return google


def test_a_connection_that_is_about_to_end_is_left_at_a_pause_and_the_session_goes_on() -> None:
    async def scene() -> None:
        google = vendor()
        async with conversation(google) as call:
            call.session.say("1", "My name is Ida.")
            await call.end("1")
            google.go_away(60)
            await google.becomes(2)
            call.session.say("2", "Who am I?")
            await call.end("2")
            assert call.error is None
            assert call.troubles == []
        assert google.talks[1].is_resumed
        assert "My name is Ida." in google.talks[1].entries[0].text

    played(scene)


def test_an_answer_is_finished_before_the_connection_is_left() -> None:
    async def scene() -> None:
        google = vendor(Answer("one two three four", 2.0))
        google.script.ahead = 0.3
        async with conversation(google) as call:
            call.session.say("1", "Count.")
            await call.until(lambda: call.all(Audio))
            google.go_away(60)
            call.hear(SILENCE, SILENCE, SILENCE)
            assert (await call.end("1")).failed == ""
            assert call.words("1") == "one two three four"
            await google.becomes(2)
        assert google.talks[1].is_resumed

    played(scene)


def test_a_connection_whose_time_is_up_is_left_whatever_goes_on() -> None:
    async def scene() -> None:
        google = vendor(Answer("", calls=(ToolCall("look_up"),)))
        async with conversation(google, tools=(LOOK_UP,), history=lambda: PAST) as call:
            call.session.say("1", "Say what tea is.")
            await call.called()
            google.go_away(1.0)
            assert "about to end" in (await call.end("1")).failed
            assert call.all(Uncalled) == [Uncalled("function-call-1")]
            await google.becomes(2)
            call.session.say("2", "Sorry.")
            assert (await call.end("2")).failed == ""
        texts = [entry.text for entry in google.talks[1].entries]
        assert texts[:3] == ["[The call begins.]", "Good morning.", "I am Ida."]
        assert google.setups[1]["historyConfig"] == {"initialHistoryInClientContent": True}

    played(scene)


@pytest.mark.parametrize("wrong", ["drop", "close", "half"])
def test_an_answer_that_breaks_off_has_failed_and_the_next_is_given(wrong: Wrong) -> None:
    async def scene() -> None:
        google = vendor(Answer("one two three", 3.0), wrong=wrong)
        async with conversation(google, history=lambda: PAST) as call:
            call.session.say("1", "Count.")
            assert "lost" in (await call.end("1")).failed
            google.script.wrong = None
            call.session.say("2", "Sorry.")
            assert (await call.end("2")).failed == ""
            assert [trouble.code for trouble in call.troubles] == ["reconnected", "session-renewed"]

    played(scene)


@pytest.mark.parametrize("turn_detection", ["automatic", "local"])
def test_what_the_caller_said_before_the_connection_broke_is_heard_by_the_next(turn_detection: str) -> None:
    async def scene() -> None:
        google = vendor(Answer("It is noon."))
        google.script.words.append("what time is it")
        async with conversation(google, turn_detection) as call:
            await google.becomes(1)
            call.speak()
            await google.until(lambda: len(google.heard) > 3000 or turn_detection == "local")
            google.drop()
            await call.until(lambda: call.troubles)
            if turn_detection == "local":
                call.session.respond("1")
            await call.until(lambda: call.ended("1") or call.ended("own-1"))
            assert len(call.all(TurnOver)) == 1
            assert not [report.failed for report in (call.ended("1"), call.ended("own-1")) if report and report.failed]
        assert google.talks[1].entries[0].seconds >= 0.35

    played(scene)


def test_a_turn_that_was_over_when_the_connection_broke_is_not_over_twice() -> None:
    async def scene() -> None:
        google = vendor(Answer("It is noon."))
        google.script.words.extend(("what time is it",) * 2)
        google.script.wrong = "stall"
        google.script.answers.appendleft(Answer(""))
        async with conversation(google, "local") as call:
            await google.becomes(1)
            call.speak()
            call.session.respond("1")
            await google.until(lambda: google.talks[0].entries)
            google.script.wrong = None
            google.drop()
            assert (await call.end("1")).failed
            call.session.respond("1.again")
            assert (await call.end("1.again")).failed == ""
            assert call.words("1.again") == "It is noon."
            assert len(call.all(TurnOver)) == 1
        assert google.talks[1].entries[0].text == "what time is it"

    played(scene)


def test_a_handle_that_is_not_taken_is_replaced_by_the_history() -> None:
    async def scene() -> None:
        google = vendor()
        async with conversation(google, history=lambda: PAST) as call:
            for answer in ("1", "2"):
                call.session.say(answer, "Hello.")
                await call.end(answer)
            google.forget()
            google.drop()
            await google.until(lambda: len(google.talks) > 1 and google.talks[1].entries)
            assert call.error is None
        assert not google.talks[1].is_resumed
        assert google.setups[1]["sessionResumption"]["handle"].startswith("handle-")
        assert google.setups[2]["sessionResumption"] == {}
        assert [entry.text for entry in google.talks[1].entries][1:] == ["Good morning.", "I am Ida."]

    played(scene)


def test_what_is_asked_before_a_late_session_is_carried_out_then() -> None:
    async def scene() -> None:
        google = vendor(Answer("Hello."), wrong="late")
        async with conversation(google) as call:
            call.session.say("1", "Hello.")
            call.session.say("2", "Never said.")
            call.session.cancel("2", 0)
            await call.end("1")
        assert google.seen[0].keys() == {"clientContent"}
        assert len(google.seen) == 1

    played(scene)


@pytest.mark.parametrize(
    ("wrong", "key", "model", "message"),
    [
        (None, "another-key", None, "refuses the API key; check realtime.gemini.api_key"),
        ("refused", KEY, None, "refuses the API key; check realtime.gemini.api_key"),
        ("throttled", KEY, None, "quota"),
        (None, KEY, "gemini-9", "check realtime.gemini.model"),
    ],
)
def test_what_cannot_be_had_is_asked_for_once(wrong: Wrong | None, key: str, model: str | None, message: str) -> None:
    async def scene() -> None:
        google = vendor(wrong=wrong)
        async with conversation(google, key=key, model=model) as call:
            await call.until(lambda: call.error)
        assert message in str(call.error)
        assert key not in str(call.error)
        assert google.connections == 1

    played(scene)


def test_a_vendor_that_is_not_there_is_given_up_soon() -> None:
    async def scene() -> None:
        google = vendor(wrong="unavailable")
        async with conversation(google) as call:
            call.session.say("1", "Hello.")
            await call.until(lambda: call.error)
            reports = len(call.reports)
            call.session.say("2", "Hello?")
            call.hear(SPEECH)
            assert len(call.reports) == reports
        assert google.connections == 3
        assert "unavailable" in str(call.error)

    played(scene)


@pytest.mark.parametrize("wrong", ["broken", "unknown"])
def test_messages_that_mean_nothing_are_passed_over(wrong: Wrong) -> None:
    async def scene() -> None:
        google = vendor(Answer("Hello there."), wrong=wrong)
        async with conversation(google) as call:
            call.session.say("1", "Hello.")
            assert (await call.end("1")).failed == ""
            assert call.words("1") == "Hello there."
            assert len(call.sound("1")) == pytest.approx(4800, abs=2)
            assert call.troubles == []

    played(scene)


def test_audio_is_taken_at_the_rate_that_it_is_said_to_have() -> None:
    async def scene() -> None:
        google = vendor(Answer("Hello there.", 1.0), wrong="rate")
        async with conversation(google) as call:
            call.session.say("1", "Hello.")
            await call.end("1")
            assert len(call.sound("1")) == pytest.approx(8000, abs=2)

    played(scene)


def test_an_answer_in_another_format_has_failed_by_name() -> None:
    async def scene() -> None:
        google = vendor(wrong="format")
        async with conversation(google) as call:
            call.session.say("1", "Hello.")
            assert (await call.end("1")).failed == "Gemini sent 'audio/ogg', not PCM."

    played(scene)


def test_an_answer_that_stops_in_the_middle_has_failed_and_another_connection_is_taken() -> None:
    async def scene() -> None:
        google = vendor(Answer("one two three", 3.0), wrong="stall")
        async with conversation(google, patience=Patience(stall=0.1)) as call:
            call.session.say("1", "Count.")
            assert (await call.end("1")).failed == "Gemini fell silent in the middle of an answer."
            google.script.wrong = None
            call.session.say("2", "Sorry.")
            assert (await call.end("2")).failed == ""
        assert google.connections == 2

    played(scene)


def test_a_session_that_is_never_set_up_is_asked_for_twice() -> None:
    async def scene() -> None:
        google = vendor(wrong="mute")
        async with conversation(google, patience=Patience(session=0.1)) as call:
            await call.until(lambda: call.error)
        assert str(call.error) == "realtime.gemini: Google set up no session within 0.1 s"
        assert google.connections == 2

    played(scene)


def test_a_flood_of_audio_ends_where_nobody_listens() -> None:
    async def scene() -> None:
        google = vendor(Answer("Hello.", 1.0), wrong="flood")
        async with conversation(google) as call:
            call.session.say("1", "Hello.")
            await call.until(lambda: len(call.sound("1")) > 80_000)
            call.session.cancel("1", 500)
            heard = len(call.sound("1"))
            google.script.wrong = None
            call.session.say("2", "Well.")
            await call.end("2")
            assert len(call.sound("1")) == heard

    played(scene)


def test_a_model_without_anything_to_say_ends_its_answer() -> None:
    async def scene() -> None:
        google = vendor(Answer(""), Answer("", reason="MALFORMED_FUNCTION_CALL"), Answer("", seconds=0.0))
        async with conversation(google) as call:
            call.session.respond("1")
            assert (await call.end("1")).failed == ""
            call.session.respond("2")
            assert (await call.end("2")).failed == "Gemini gave no answer (malformed function call)."
            call.session.say("3", "Hello.")
            assert (await call.end("3")).failed == "Gemini said nothing."
            assert not call.all(Began)
            assert not call.all(Interrupted)

    played(scene)


def test_sound_that_is_no_pcm_is_refused() -> None:
    downward = Downward()
    pcm = sound(0.5)
    whole = b"".join(
        downward.convert(Blob("audio/pcm;rate=24000", pcm[at : at + 333])) for at in range(0, len(pcm), 333)
    )
    assert len(whole + downward.flush()) == 4000
    assert len(downward.convert(Blob("audio/pcm", pcm)) + downward.flush()) == 4000
    for kind in ("audio/ogg", "audio/pcm;rate=999999", "", "audio/pcm;rate=0"):
        with pytest.raises(RealtimeError, match="not PCM"):
            downward.convert(Blob(kind, base64.b64decode("AAAA")))


def test_a_session_that_is_cancelled_leaves_nothing_behind() -> None:
    async def scene() -> None:
        google = vendor()
        async with conversation(google) as call:
            call.session.say("1", "Hello.")
            await call.end("1")
        assert call.error is None
        async with asyncio.timeout(2):
            await google.until(lambda: not google.is_connected)

    played(scene)

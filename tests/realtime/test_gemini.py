"""Gemini Live as the model of a call: what it hears, what it says, and whose turn it is."""

from __future__ import annotations

import pytest

from tests.realtime.gemini_rig import KEY, SILENCE, SPEECH, conversation, played
from voicecall.audio.g711 import to_float
from voicecall.audio.levels import rms_dbfs
from voicecall.emulators.vendors.gemini_live import GeminiLive
from voicecall.emulators.vendors.gemini_live_model import Answer
from voicecall.realtime import (
    Audio,
    Began,
    CallerWords,
    Interrupted,
    TurnOver,
)


def entries(google: GeminiLive, talk: int = 0) -> list[tuple[str, str]]:
    return [(entry.role, entry.text) for entry in google.talks[talk].entries]


def vendor(*answers: Answer) -> GeminiLive:
    google = GeminiLive(KEY)
    google.script.answers.extend(answers)
    return google


def test_it_is_told_what_to_say_before_anybody_speaks() -> None:
    async def scene() -> None:
        google = vendor(Answer("Good morning, this is Ida.", 1.5))
        async with conversation(google, voice="Kore") as call:
            call.session.say("1", "Good morning, this is Ida.")
            assert (await call.end("1")).failed == ""
            assert call.words("1") == "Good morning, this is Ida."
            audio = call.sound("1")
        assert len(audio) == pytest.approx(12000, abs=2)
        assert rms_dbfs(to_float(audio)) == pytest.approx(-13.5, abs=0.3)
        assert "Good morning, this is Ida." in google.talks[0].entries[0].text
        assert google.talks[0].setup.instructions.startswith("Be brief.")
        assert google.talks[0].setup.voice == "Kore"
        assert "contextWindowCompression" in google.setups[0]
        assert google.keys == [KEY]
        assert call.all(Began) == []

    played(scene)


@pytest.mark.parametrize("has_text_frames", [False, True])
def test_it_answers_by_itself_when_the_caller_falls_silent(has_text_frames: bool) -> None:
    async def scene() -> None:
        google = vendor(Answer("It is noon."))
        google.script.words.append("what time is it")
        google.script.has_text_frames = has_text_frames
        async with conversation(google) as call:
            await google.becomes(1)
            call.speak()
            call.hear(SILENCE)
            await call.end("own-1")
            words = await call.understood()
            kinds = [type(report) for report in call.reports]
        assert kinds[:2] == [TurnOver, Began]
        assert words == CallerWords("turn-1", "what time is it")
        assert call.words("own-1") == "It is noon."
        assert google.rates == {16000}
        assert len(google.heard) == pytest.approx(2 * 2 * (len(SPEECH) + len(SILENCE)), abs=200)
        assert max(abs(to_float(SPEECH))) == pytest.approx(0.3, abs=0.01)

    played(scene)


def test_words_that_are_known_late_belong_to_their_turn() -> None:
    async def scene() -> None:
        google = vendor()
        google.script.words.append("good evening")
        google.script.is_transcribed_late = True
        async with conversation(google) as call:
            await google.becomes(1)
            call.speak()
            call.hear(SILENCE)
            assert await call.understood() == CallerWords("turn-1", "good evening")

    played(scene)


def test_the_caller_interrupts_and_nothing_more_of_the_answer_is_reported() -> None:
    async def scene() -> None:
        google = vendor(Answer("one two three four five six seven eight nine ten", 5.0))
        google.script.ahead = 0.5
        async with conversation(google) as call:
            await google.becomes(1)
            call.hear(SPEECH, SILENCE)
            await call.until(lambda: len(call.sound("own-1")) > 3000)
            call.hear(SPEECH)
            await call.until(lambda: call.all(Interrupted))
            await call.end("own-1")
            call.hear(SILENCE)
            await call.end("own-2")
            assert len(call.sound("own-1")) < 8000 * 4
        said = google.talks[0].entries[1]
        assert said.is_interrupted
        assert "ten" not in said.text

    played(scene)


def test_the_caller_interrupts_what_gemini_takes_for_finished() -> None:
    async def scene() -> None:
        google = vendor(Answer("one two three four five six seven eight nine ten", 5.0))
        google.script.words.extend(("count please", "stop it"))
        async with conversation(google) as call:
            await google.becomes(1)
            call.speak()
            call.hear(SILENCE)
            await call.end("own-1")
            await call.understood()
            assert call.all(Interrupted) == []
            call.speak()
            call.hear(SILENCE)
            await call.until(lambda: call.all(Began)[1:])
            kinds = [type(report) for report in call.reports if isinstance(report, Interrupted | TurnOver | Began)]
        assert kinds == [TurnOver, Began, Interrupted, TurnOver, Began]

    played(scene)


def test_speech_that_lasts_interrupts_what_gemini_takes_for_finished() -> None:
    async def scene() -> None:
        google = vendor(Answer("one two three four five six seven eight nine ten", 5.0))
        async with conversation(google) as call:
            call.session.say("1", "Count.")
            await call.end("1")
            call.session.speech_started()
            await call.until(lambda: call.all(Interrupted))
            call.session.speech_stopped()
            call.session.cancel("1", 500)
            call.session.speech_started()
            call.session.say("2", "Sorry.")
            await call.end("2")
            assert len(call.all(Interrupted)) == 1

    played(scene)


def test_late_words_are_no_interruption() -> None:
    async def scene() -> None:
        google = vendor(Answer("one two three four five six seven eight nine ten", 5.0))
        google.script.words.append("count please")
        google.script.is_transcribed_late = True
        async with conversation(google) as call:
            await google.becomes(1)
            call.speak()
            call.hear(SILENCE)
            await call.end("own-1")
            await call.understood()
            assert call.all(Interrupted) == []

    played(scene)


def test_what_we_have_said_instead_is_no_interruption_by_the_caller() -> None:
    async def scene() -> None:
        google = vendor(Answer("one two three four five six seven eight", 4.0), Answer("Goodbye."))
        google.script.ahead = 0.5
        async with conversation(google) as call:
            call.session.say("1", "Count.")
            await call.until(lambda: call.all(Audio))
            call.session.cancel("1", 100)
            call.session.say("2", "Goodbye.")
            call.hear(SILENCE)
            await call.end("2")
            assert call.words("2") == "Goodbye."
            assert call.all(Interrupted) == []

    played(scene)


def test_a_note_is_told_with_the_next_request_and_keeps_nobody_waiting() -> None:
    async def scene() -> None:
        google = vendor()
        google.script.words.append("five please")
        async with conversation(google) as call:
            await google.becomes(1)
            call.session.note("The caller pressed 5.")
            call.speak()
            call.hear(SILENCE)
            await call.end("own-1")
            call.session.respond("2")
            await call.end("2")
        assert entries(google) == [
            ("user", "five please"),
            ("model", "All right."),
            ("user", "[The caller pressed 5.]"),
            ("model", "All right."),
        ]

    played(scene)


# --- where we say when the caller speaks


def test_only_speech_is_sent_where_we_detect_it() -> None:
    async def scene() -> None:
        google = vendor(Answer("It is noon."))
        google.script.words.append("what time is it")
        async with conversation(google, "local") as call:
            await google.becomes(1)
            call.hear(SILENCE)
            call.speak()
            call.hear(SILENCE[:4000])
            call.session.respond("1")
            await call.end("1")
            assert await call.understood() == CallerWords("turn-1", "what time is it")
        (said, _) = google.talks[0].entries
        assert said.seconds == pytest.approx(0.3 + 0.4 + 0.5, abs=0.05)
        assert call.words("1") == "It is noon."
        assert call.all(Began) == []

    played(scene)


def test_a_cough_does_not_stop_an_answer_that_is_being_made() -> None:
    async def scene() -> None:
        google = vendor(Answer("one two three four five six", 3.0))
        async with conversation(google, "local") as call:
            call.session.say("1", "Count.")
            call.speak()
            assert (await call.end("1")).failed == ""
            assert call.words("1") == "one two three four five six"
            call.session.respond("2")
            await call.end("2")
        assert not google.talks[0].entries[1].is_interrupted
        assert [entry.role for entry in google.talks[0].entries] == ["user", "model", "user", "model"]

    played(scene)


def test_an_answer_that_was_cancelled_is_stopped_by_the_callers_speech() -> None:
    async def scene() -> None:
        google = vendor(Answer("one two three four five six seven eight", 4.0), Answer("Sorry."))
        google.script.ahead = 0.5
        google.script.words.append("stop")
        async with conversation(google, "local") as call:
            call.session.say("1", "Count.")
            await call.until(lambda: call.all(Audio))
            call.session.speech_started()
            call.hear(SPEECH)
            call.session.cancel("1", 300)
            call.session.speech_stopped()
            call.session.respond("2")
            call.hear(SILENCE, SILENCE)
            await call.end("2")
            assert call.words("2") == "Sorry."
            assert call.all(Interrupted) == []
        roles = [(entry.role, entry.is_interrupted) for entry in google.talks[0].entries]
        assert roles == [("user", False), ("model", True), ("user", False), ("model", False)]

    played(scene)


def test_notes_are_part_of_the_turn_that_we_end() -> None:
    async def scene() -> None:
        google = vendor()
        google.script.words.append("that one")
        async with conversation(google, "local") as call:
            await google.becomes(1)
            call.speak()
            call.session.note("[The caller pressed 2.]")
            call.session.respond("1")
            await call.end("1")
        assert entries(google)[0] == ("user", "that one [The caller pressed 2.]")

    played(scene)


def test_an_answer_is_given_also_where_the_caller_said_nothing() -> None:
    async def scene() -> None:
        google = vendor()
        async with conversation(google, "local") as call:
            call.session.note("The caller pressed 5.")
            call.session.respond("1")
            await call.end("1")
            assert call.all(TurnOver) == []
        assert entries(google)[0] == ("user", "[The caller pressed 5.]")

    played(scene)


def test_speech_that_goes_on_after_a_long_pause_is_the_same_turn() -> None:
    async def scene() -> None:
        google = vendor()
        google.script.words.append("well then")
        async with conversation(google, "local") as call:
            call.session.say("0", "Hello.")
            await call.end("0")
            call.speak()
            call.hear(SILENCE, SILENCE, SILENCE)
            call.speak()
            call.session.respond("1")
            await call.end("1")
        said = google.talks[0].entries[2]
        assert said.seconds == pytest.approx(0.4 + 2.0 + 0.3 + 0.4, abs=0.05)

    played(scene)

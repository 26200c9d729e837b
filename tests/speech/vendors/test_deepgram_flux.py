"""Flux: how its turns become segments, signs and words."""

from __future__ import annotations

import asyncio

import pytest

from tests.speech.vendors.deepgram_rig import Call, play
from tests.speech.vendors.kits import until
from voicecall.emulators.vendors.deepgram_wire import Fault, State
from voicecall.speech import Speech, Transcription, Trouble


def hears(*texts: str) -> State:
    state = State()
    state.script.extend(texts)
    return state


def test_one_turn_with_a_pause_is_two_segments_that_share_no_words() -> None:
    async def act(call: Call) -> None:
        call.start()
        call.speak(20)
        call.be_silent(25)
        call.stop()
        call.be_silent(5)
        assert (await call.final()).text == "my number is,"
        assert call.signs == []
        call.start()
        call.speak(20)
        call.be_silent(30)
        call.stop()
        assert (await call.final()).text == "five five five"
        await until(lambda: call.signs)

    call = play(act, hears("my number is,", "five five five"), model="flux")
    assert call.signs[-1] == "over"
    assert "ForceEndTurn" not in call.state.seen


def test_the_end_of_a_turn_before_the_stop_is_told_at_once_and_its_words_at_the_stop() -> None:
    async def act(call: Call) -> None:
        call.start()
        call.speak(20)
        call.be_silent(25)
        await until(lambda: "over" in call.signs)
        assert call.finals == []
        call.stop()
        assert (await call.final()).text == "yes please"

    play(act, hears("yes please"), model="flux")


def test_a_likely_end_is_a_sign_and_speech_that_goes_on_another() -> None:
    async def act(call: Call) -> None:
        call.start()
        call.speak(20)
        call.be_silent(15)
        await until(lambda: call.signs)
        assert call.signs == ["likely"]
        assert call.partials[-1] == "yes please"
        call.speak(20)
        call.be_silent(25)
        call.stop()
        assert (await call.final()).text == "yes please and thanks"

    call = play(act, hears("yes please", "and thanks"), model="flux")
    assert call.signs == ["likely", "unlikely", "likely", "over"]


def test_a_transcript_that_does_not_come_in_time_is_forced() -> None:
    async def act(call: Call) -> None:
        call.start()
        call.speak(10)
        call.be_silent(10)
        call.stop()
        assert (await call.final()).text == "yes please"

    call = play(act, hears("yes please"), model="flux", due=0.5, keepalive=60.0)
    assert "ForceEndTurn" in call.state.seen
    assert call.signs == []  # Flux did not decide that


def test_a_turn_that_cannot_be_forced_leaves_the_words_so_far() -> None:
    async def act(call: Call) -> None:
        call.state.fault = Fault.UNFINISHED
        call.start()
        call.speak(10)
        call.stop()
        assert (await call.final()).text == "yes"

    play(act, hears("yes please"), model="flux", due=0.2, keepalive=60.0)


def turn(event: str, known: float, *words: tuple[str, float], **more: object) -> dict[str, object]:
    return {
        "type": "TurnInfo",
        "event": event,
        "turn_index": 0,
        "audio_window_end": known,
        "words": [{"word": word, "confidence": 1.0, "start": at, "end": at + 0.1} for word, at in words],
        **more,
    }


def test_words_that_were_given_at_the_bound_are_not_given_again() -> None:
    async def act(call: Call) -> None:
        await call.connected()
        call.start()
        call.speak(20)
        await call.is_told(**turn("StartOfTurn", 0.2, ("one", 0.1)))
        call.stop()
        assert (await call.final()).text == "one"
        call.start()
        call.speak(20)
        call.stop()
        await call.is_told(**turn("Update", 0.88, ("one", 0.1), ("two", 0.6)))
        assert (await call.final()).text == "two"

    play(act, State(fault=Fault.MUTE), model="flux", due=0.2, keepalive=60.0)


def test_words_are_told_apart_by_their_times() -> None:
    async def act(call: Call) -> None:
        await call.connected()
        for _ in range(2):
            call.start()
            call.speak(20)
            call.stop()
        words = (("one", 0.1), ("two", 0.3), ("three", 0.5), ("four", 0.7))
        await call.is_told(**turn("Update", 0.96, *words))
        await call.final()
        assert [one.text for one in call.finals] == ["one two", "three four"]

    play(act, State(fault=Fault.MUTE), model="flux", keepalive=60.0)


def test_the_end_of_a_forced_turn_is_the_final_however_far_it_reaches() -> None:
    async def act(call: Call) -> None:
        await call.connected()
        call.start()
        call.speak(40)
        call.stop()
        await call.is_told(**turn("EndOfTurn", 0.3, ("one", 0.1), trigger="manual"))
        assert (await call.final()).text == "one"

    play(act, State(fault=Fault.MUTE), model="flux", due=10.0, keepalive=60.0)


def test_the_end_of_an_earlier_turn_leaves_a_segment_waiting_for_its_words() -> None:
    async def act(call: Call) -> None:
        await call.connected()
        call.start()
        call.speak(40)
        call.stop()
        await call.is_told(**turn("EndOfTurn", 0.3, ("one", 0.1), trigger="model"))
        await call.is_told(**turn("Update", 0.9, ("two", 0.5), turn_index=1))
        assert (await call.final()).text == "one two"

    play(act, State(fault=Fault.MUTE), model="flux", due=4.0, keepalive=60.0)


def test_a_sound_in_which_flux_hears_no_turn_has_no_words() -> None:
    async def act(call: Call) -> None:
        await until(lambda: call.state.open)
        call.start()
        call.speak(6)
        call.stop()
        assert await call.final() == Transcription(1, "", final=True)

    play(act, hears(""), model="flux", due=0.5, keepalive=60.0)


def test_silence_is_sent_while_there_is_no_audio() -> None:
    async def act(call: Call) -> None:
        await until(lambda: call.state.heard > 1600)
        call.start()
        call.speak(20)
        call.be_silent(25)
        call.stop()
        assert (await call.final()).text == "still there"

    state = hears("still there")
    state.idle = 0.3
    play(act, state, model="flux", keepalive=0.05)


def test_audio_goes_out_in_chunks_of_80_ms_and_the_rest_at_the_stop() -> None:
    async def act(call: Call) -> None:
        call.be_silent(4)
        await until(lambda: call.state.heard == 640)
        call.start()
        call.speak(5)
        await until(lambda: call.state.heard == 1280)
        call.stop()
        await until(lambda: call.state.heard == 1440)

    play(act, model="flux", keepalive=60.0)


def test_words_that_were_known_outlast_the_connection() -> None:
    async def act(call: Call) -> None:
        call.start()
        call.speak(13)
        await until(lambda: "one two" in call.partials)
        await call.state.close_idle()
        await until(lambda: call.state.connections == 2 and call.state.open)
        call.speak(12)
        call.be_silent(25)
        call.stop()
        assert (await call.final()).text == "one two three four"

    play(act, hears("one two three four"), model="flux", keepalive=60.0)


def test_a_fatal_error_is_a_new_connection() -> None:
    async def act(call: Call) -> None:
        await until(lambda: call.state.open)
        for socket in call.state.open:
            await socket.send_json({"type": "Error", "code": "INTERNAL_SERVER_ERROR", "description": "secret"})
        await until(lambda: call.state.connections == 2)
        troubles = [one.text for one in call.reports if isinstance(one, Trouble)]
        assert troubles == ["stt.deepgram: Deepgram reports INTERNAL_SERVER_ERROR; connecting again."]

    play(act, model="flux")


def test_without_a_detector_turns_are_segments() -> None:
    async def act(call: Call) -> None:
        call.be_silent(12)
        call.speak(20)
        call.be_silent(30)
        assert (await call.final()).text == "two words"
        began, ended = [one for one in call.reports if isinstance(one, Speech)]
        assert began.lead == pytest.approx(1.0)
        assert ended.silence == pytest.approx(0.6 + 0.2)
        assert call.signs == ["likely", "over"]

    play(act, hears("two words"), model="flux", own=True, keepalive=60.0)


def test_without_a_detector_a_lost_connection_ends_the_segment() -> None:
    async def act(call: Call) -> None:
        call.speak(24)
        await until(lambda: call.partials)
        await call.state.close_idle()
        assert (await call.final()).text.startswith("one two")

    play(act, hears("one two three four"), model="flux", own=True, keepalive=60.0)


@pytest.mark.parametrize(
    ("model", "language", "asked", "hint"),
    [
        ("flux", "en-GB", "flux-general-en", None),
        ("flux", "de-AT", "flux-general-multi", "de"),
        ("flux-general-multi", "en", "flux-general-multi", "en"),
        ("flux-general-en", "en", "flux-general-en", None),
    ],
)
def test_the_model_fits_the_language(model: str, language: str, asked: str, hint: str | None) -> None:
    async def act(call: Call) -> None:
        await until(lambda: call.state.open)

    query = play(act, model=model, language=language).state.queries[0]
    assert (query["model"], query.get("language_hint")) == (asked, hint)


def test_nothing_is_reported_from_within_a_stop() -> None:
    async def act(call: Call) -> None:
        call.start()
        call.stop()
        assert call.finals == []
        await asyncio.sleep(0)
        assert call.finals == [Transcription(1, "", final=True)]

    play(act, model="flux")

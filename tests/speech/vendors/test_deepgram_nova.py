"""Nova: how results become the words of a segment."""

from __future__ import annotations

import asyncio

import pytest

from tests.speech.vendors.deepgram_rig import Call, play
from tests.speech.vendors.kits import until
from voicecall.emulators.vendors.deepgram_wire import Fault, State
from voicecall.speech import Speech, Transcription, Trouble, VendorOptions
from voicecall.speech.deepgram import address, spelling


def hears(*texts: str) -> State:
    state = State()
    state.script.extend(texts)
    return state


def test_the_parts_that_were_settled_make_one_utterance() -> None:
    async def act(call: Call) -> None:
        call.start()
        call.speak(30)
        call.stop()
        assert (await call.final()).text == "My number is five five five."

    call = play(act, hears("My number|is five|five five."))
    assert "My number is five" in call.partials


def test_the_end_of_a_segment_is_passed_on_as_finalize() -> None:
    async def act(call: Call) -> None:
        call.start()
        call.speak(20)
        call.be_silent(5)
        call.stop()
        assert (await call.final()).text == "yes please"
        assert "Finalize" in call.state.seen

    play(act, hears("yes please"))


def test_words_that_are_settled_at_the_stop_are_not_asked_for() -> None:
    async def act(call: Call) -> None:
        await until(lambda: call.state.open)
        call.start()
        call.speak(20)
        call.be_silent(16)
        await until(lambda: "yes please" in call.partials)
        settled = len(call.partials)
        call.be_silent(2)
        await until(lambda: call.state.heard == 38 * 160)
        call.stop()
        assert call.finals == []  # never from within the call
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert call.finals == [Transcription(1, "yes please", final=True)]
        assert len(call.partials) == settled

    call = play(act, hears("yes please"))
    assert "Finalize" not in call.state.seen


def test_a_finalize_without_an_answer_leaves_the_words_so_far() -> None:
    async def act(call: Call) -> None:
        call.state.fault = Fault.UNFINISHED
        call.start()
        call.speak(20)
        call.stop()
        assert await call.final() == Transcription(1, "yes please", final=True)

    play(act, hears("yes please"), due=0.2)


def test_no_answer_at_all_is_an_error_that_names_the_vendor() -> None:
    async def act(call: Call) -> None:
        call.state.fault = Fault.MUTE
        call.start()
        call.speak(20)
        call.stop()
        final = await call.final()
        assert final.text == ""
        assert final.error == "stt.deepgram: there was no transcript within 0.1 s"

    play(act, hears("yes please"), due=0.1)


def result(text: str, start: float, end: float, **flags: bool) -> dict[str, object]:
    channel = {"alternatives": [{"transcript": text, "confidence": 1.0, "words": []}]}
    return {"type": "Results", "start": start, "duration": end - start, "channel": channel, **flags}


def test_a_late_answer_is_not_given_to_the_next_segment() -> None:
    async def act(call: Call) -> None:
        await call.connected()
        call.start()
        call.speak(20)
        call.stop()
        assert (await call.final()).error
        call.start()
        call.speak(20)
        call.stop()
        await call.is_told(**result("too late", 0.0, 0.48, is_final=True, from_finalize=True))
        await call.is_told(**result("on time", 0.48, 0.88, is_final=True, from_finalize=True))
        assert (await call.final()).text == "on time"

    play(act, State(fault=Fault.MUTE), due=0.2)


def test_the_tape_is_bounded() -> None:
    async def act(call: Call) -> None:
        call.start()
        call.speak(400)
        await until(lambda: call.state.heard)
        call.stop()
        await until(lambda: "Finalize" in call.state.seen)
        assert call.state.heard == 5 * 8000

    play(act)


def test_places_are_right_on_a_second_connection() -> None:
    async def act(call: Call) -> None:
        await call.connected()
        call.be_silent(96)
        await call.is_told(**result("", 0.0, 2.0, is_final=True))
        await call.is_told(type="Error", variant="Marker")
        await until(lambda: call.reports)
        await call.state.close_idle()
        await call.connected(2)
        call.be_silent(21)
        await call.is_told(type="SpeechStarted", channel=[0], timestamp=0.1)
        await until(lambda: call.notices)
        began = next(one for one in call.reports if isinstance(one, Speech))
        assert began.lead == pytest.approx(0.4)

    play(act, State(fault=Fault.MUTE))


def test_without_a_detector_the_end_of_an_utterance_does_not_stop_the_next_one() -> None:
    async def act(call: Call) -> None:
        await call.connected()
        call.be_silent(96)
        await call.is_told(type="SpeechStarted", channel=[0], timestamp=0.1)
        await call.is_told(**result("one", 0.0, 0.8, is_final=True, speech_final=True))
        await call.is_told(type="SpeechStarted", channel=[0], timestamp=1.2)
        await call.is_told(type="UtteranceEnd", channel=[0, 1], last_word_end=0.5)
        await call.is_told(**result("two", 0.8, 1.6))
        await until(lambda: "two" in call.partials)
        assert call.notices == [True, False, True]

    play(act, State(fault=Fault.MUTE), own=True)


def test_without_a_detector_a_click_ends_once_there_was_long_enough_nothing() -> None:
    async def act(call: Call) -> None:
        await call.connected()
        call.be_silent(96)
        await call.is_told(type="SpeechStarted", channel=[0], timestamp=0.5)
        await call.is_told(**result("", 0.0, 0.6, is_final=True))
        await call.is_told(type="Error", variant="Marker")
        await until(lambda: any(isinstance(one, Trouble) for one in call.reports))
        assert call.notices == [True]
        await call.is_told(**result("", 0.6, 1.6, is_final=True))
        await until(lambda: call.finals)
        assert call.notices == [True, False]

    play(act, State(fault=Fault.MUTE), own=True)


def test_without_a_detector_a_vendor_that_is_gone_fails_the_segment() -> None:
    async def act(call: Call) -> None:
        await call.connected()
        call.speak(20)
        await until(lambda: call.notices)
        call.state.fault = Fault.REFUSED
        await call.state.close_idle()
        final = await call.final()
        assert "stt.deepgram.api_key" in final.error
        assert call.notices == [True, False]

    play(act, hears(""), own=True)


def test_nothing_of_a_segment_is_lost_with_the_connection() -> None:
    async def act(call: Call) -> None:
        call.start()
        call.speak(28)
        await until(lambda: "one two three four five" in call.partials)
        await call.state.close_idle()
        await until(lambda: call.state.connections == 2 and call.state.open)
        call.speak(5)
        call.stop()
        assert (await call.final()).text == "one two three four five six"

    call = play(act, hears("one two|three four five six"))
    assert [one.code for one in call.reports if isinstance(one, Trouble)] == ["reconnected"]


def test_segments_that_ended_before_the_connection_stood_are_told_apart() -> None:
    async def act(call: Call) -> None:
        for _ in range(2):
            call.start()
            call.speak(20)
            call.stop()
        await call.final()
        assert [one.text for one in call.finals] == ["first", "second"]

    play(act, hears("first", "second"))


def test_a_stop_of_a_segment_that_never_began_is_an_empty_final() -> None:
    async def act(call: Call) -> None:
        call.segment = 7
        call.stop()
        await until(lambda: call.finals)
        assert call.finals == [Transcription(7, "", final=True)]

    play(act)


def test_the_connection_is_kept_alive_while_no_audio_flows() -> None:
    async def act(call: Call) -> None:
        await until(lambda: call.state.seen.count("KeepAlive") >= 2)
        call.start()
        call.speak(20)
        call.stop()
        assert (await call.final()).text == "still there"
        assert call.state.connections == 1

    state = hears("still there")
    state.idle = 0.2
    play(act, state, keepalive=0.05)


def test_without_a_detector_the_end_of_an_utterance_stops_what_endpointing_does_not() -> None:
    async def act(call: Call) -> None:
        call.be_silent(10)
        call.speak(20)
        call.be_silent(60)
        assert (await call.final()).text == "over the noise"
        assert call.notices == [True, False]

    play(act, hears("over the noise"), own=True, extra=(("endpointing", "9000"),))


def test_without_a_detector_a_sound_without_words_ends_with_its_silence() -> None:
    async def act(call: Call) -> None:
        call.speak(20)
        call.be_silent(60)
        assert await call.final() == Transcription(1, "", final=True)
        assert call.notices == [True, False]

    play(act, hears(""), own=True)


def test_without_a_detector_it_is_told_when_speech_began_and_ended() -> None:
    async def act(call: Call) -> None:
        call.be_silent(10)
        call.speak(20)
        call.be_silent(20)
        await call.final()
        began, ended = [one for one in call.reports if isinstance(one, Speech)]
        assert began.lead == pytest.approx(0.8)  # all of it was fed at once
        assert ended.silence == pytest.approx(0.4 + 0.2)  # the words took half of the sound

    play(act, hears("two words"), own=True)


def test_an_error_of_the_vendor_is_told_without_its_words() -> None:
    async def act(call: Call) -> None:
        await until(lambda: call.state.open)
        call.stream.feed(b"")
        call.state.idle = 10.0
        for socket in call.state.open:
            await socket.send_json({"type": "Error", "variant": "SchemaError", "description": "secret", "message": "s"})
        await until(lambda: call.reports)
        assert call.reports == [Trouble("vendor-error", "stt.deepgram: Deepgram reports SchemaError.")]

    play(act)


@pytest.mark.parametrize(
    ("language", "sent"),
    [("en", "en"), ("en-gb", "en-GB"), ("en-ZA", "en"), ("de-DE", "de"), ("de-CH", "de-CH"), ("multi", "multi")],
)
def test_the_language_goes_to_the_vendor_in_its_own_spelling(language: str, sent: str) -> None:
    assert spelling(language) == sent


def test_the_query_asks_for_telephone_audio_and_whatever_was_configured_besides() -> None:
    async def act(call: Call) -> None:
        await until(lambda: call.state.open)

    extra = (("endpointing", "500"), ("smart_format", ""), ("keyterm", "one"), ("keyterm", "two"))
    call = play(act, language="fr-BE", extra=extra)
    assert sorted((name, value) for name, value in call.state.queries[0].items()) == [
        ("channels", "1"),
        ("encoding", "mulaw"),
        ("endpointing", "500"),
        ("interim_results", "true"),
        ("keyterm", "one"),
        ("keyterm", "two"),
        ("language", "fr"),
        ("model", "nova-3"),
        ("sample_rate", "8000"),
        ("utterance_end_ms", "1000"),
        ("vad_events", "true"),
    ]


def test_the_vendor_has_an_origin_of_its_own() -> None:
    assert address(VendorOptions(), "/v1/listen", {}, socket=True) == "wss://api.deepgram.com/v1/listen?"
    assert (
        address(VendorOptions(), "/v1/speak", {"a": "b c"}, socket=False) == "https://api.deepgram.com/v1/speak?a=b+c"
    )

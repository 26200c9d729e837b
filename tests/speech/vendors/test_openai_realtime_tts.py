"""OpenAI's Realtime models as voices: the whole contract of a voice, and what is their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager

import pytest

from tests.speech.vendors import test_tts_contract as contract
from tests.speech.vendors.kits import KEY, Fault, TtsKit, running
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.openai_realtime import OpenAIRealtime
from voicecall.errors import SpeechError
from voicecall.speech import Synthesizer, Trouble, VendorOptions, Voice
from voicecall.speech.tts.openai import OpenAISynthesizer

MODEL = "gpt-realtime-2.1-mini"
HELLO = b"\x80" * 800


class Bench:
    def __init__(self, emulator: OpenAIRealtime, origin: str) -> None:
        self.emulator = emulator
        self.origin = origin

    @property
    def connections(self) -> int:
        return self.emulator.connections

    @property
    def credentials(self) -> Sequence[str]:
        return self.emulator.keys

    @property
    def asked(self) -> int:
        return len(self.emulator.sent("response.create"))

    @property
    def cancelled(self) -> int:
        return self.emulator.cancelled

    def fail(self, fault: Fault) -> None:
        self.emulator.script.wrong = fault.value

    def heal(self) -> None:
        self.emulator.script.wrong = None

    async def close_idle(self) -> None:
        await self.emulator.close_idle()

    def synthesizer(self, *, first: float, stall: float) -> Synthesizer:
        return OpenAISynthesizer(
            VendorOptions(api_key=KEY, base_url=self.origin, model=MODEL), first=first, stall=stall
        )

    def will_say(self, text: str, mulaw: bytes) -> None:
        self.emulator.script.voices[text] = mulaw


class Kit:
    vendor = "openai"
    lacks: frozenset[Fault] = frozenset()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Bench]:
        emulator = OpenAIRealtime()
        async with listening(emulator.app) as origin:
            yield Bench(emulator, origin)


KIT: TtsKit = Kit()


@pytest.mark.parametrize(
    "promise",
    [
        contract.test_a_piece_comes_as_telephone_audio_of_the_right_length,
        contract.test_the_connection_stands_before_the_first_piece_which_uses_it,
        contract.test_chunks_of_odd_lengths_make_the_same_audio,
        contract.test_two_pieces_in_a_row_do_not_mix,
        contract.test_two_pieces_at_once_do_not_mix,
        contract.test_a_piece_that_is_called_off_before_its_first_audio_is_cancelled_too,
        contract.test_too_many_requests_is_an_error_that_may_pass,
        contract.test_a_connection_closed_for_idleness_is_no_matter,
    ],
    ids=lambda promise: promise.__name__,
)
def test_it_keeps(promise: Callable[[TtsKit], None]) -> None:
    promise(KIT)


@pytest.mark.parametrize("fault", [Fault.STALL, Fault.LATE])
def test_closing_the_iterator_cancels_the_work_and_its_audio_is_not_heard_later(fault: Fault) -> None:
    contract.test_closing_the_iterator_cancels_the_work_and_its_audio_is_not_heard_later(KIT, fault)


@pytest.mark.parametrize("fault", [Fault.MUTE, Fault.EMPTY, Fault.ERROR, Fault.WAV])
def test_no_audio_or_something_else_is_an_error_and_never_noise(fault: Fault) -> None:
    contract.test_no_audio_or_something_else_is_an_error_and_never_noise(KIT, fault)


@pytest.mark.parametrize("fault", [Fault.STALL, Fault.DROP, Fault.HALF])
def test_a_piece_that_breaks_off_is_an_error_and_the_next_is_whole(fault: Fault) -> None:
    contract.test_a_piece_that_breaks_off_is_an_error_and_the_next_is_whole(KIT, fault)


@pytest.mark.parametrize("fault", [Fault.BROKEN, Fault.UNKNOWN])
def test_messages_that_make_no_sense_are_survived(fault: Fault) -> None:
    contract.test_messages_that_make_no_sense_are_survived(KIT, fault)


def test_the_key_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    contract.test_a_refused_key_is_told_with_the_way_out(KIT, caplog)
    contract.test_the_key_reaches_the_vendor_and_nobody_else(KIT, caplog)


async def speak(emulator: OpenAIRealtime, origin: str, troubles: list[Trouble], options: VendorOptions) -> bytes:
    synthesizer = OpenAISynthesizer(options)
    async with synthesizer.ready():
        stream = synthesizer.open(Voice(pace=1.2), troubles.append)
        async with running(stream), aclosing(stream.speak("hello there")) as chunks:
            return b"".join([chunk async for chunk in chunks])


def test_it_is_told_to_read_and_keeps_no_conversation() -> None:
    async def main() -> None:
        emulator = OpenAIRealtime()
        emulator.script.voices["hello there"] = HELLO
        emulator.script.readings["hello there"] = "Hello, there!"
        troubles: list[Trouble] = []
        async with asyncio.timeout(8.0), listening(emulator.app) as origin:
            options = VendorOptions(api_key=KEY, base_url=origin, model=MODEL, instructions="Calmly.")
            assert await speak(emulator, origin, troubles, options) == HELLO
        session, response = emulator.seen[0]["session"], emulator.seen[1]["response"]
        assert "word for word" in session["instructions"]
        assert session["instructions"].endswith("Calmly.")
        assert session["audio"] == {
            "input": {"turn_detection": None},
            "output": {"format": {"type": "audio/pcmu"}, "voice": "marin", "speed": 1.2},
        }
        assert response["conversation"] == "none"
        assert troubles == []

    asyncio.run(main())


def test_a_text_that_was_reworded_is_reported_without_its_words() -> None:
    async def main() -> None:
        emulator = OpenAIRealtime()
        emulator.script.voices["hello there"] = HELLO
        emulator.script.readings["hello there"] = "Hi! How can I help?"
        troubles: list[Trouble] = []
        async with asyncio.timeout(8.0), listening(emulator.app) as origin:
            await speak(emulator, origin, troubles, VendorOptions(api_key=KEY, base_url=origin, model=MODEL))
        assert [one.code for one in troubles] == ["reworded"]
        assert "ello" not in troubles[0].text

    asyncio.run(main())


def test_an_unknown_model_ends_it_and_names_the_setting() -> None:
    async def main() -> None:
        emulator = OpenAIRealtime()
        async with asyncio.timeout(8.0), listening(emulator.app) as origin:
            synthesizer = OpenAISynthesizer(VendorOptions(api_key=KEY, base_url=origin, model="gpt-realtime-9"))
            async with synthesizer.ready():
                with pytest.raises(SpeechError, match=r"404; check tts\.openai\.model") as caught:
                    await synthesizer.open(Voice(), lambda _: None).run()
                assert not caught.value.retryable

    asyncio.run(main())

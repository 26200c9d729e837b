"""Every vendor's voice keeps the promises of the port, whatever the vendor does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import numpy as np
import pytest

from tests.speech.vendors.kits import KEY, Fault, Run, TtsBench, TtsKit, loaded, running, tts_kits, until
from voicecall import plugins
from voicecall.audio import TELEPHONE_RATE
from voicecall.audio.g711 import from_float, to_float
from voicecall.errors import SpeechError
from voicecall.speech import Trouble, Voice

FIRST, STALL = 0.5, 0.4
ENOUGH = FIRST + STALL + 1.0
"""Seconds in which a failure is told on a busy machine."""

LOW, HIGH = 500, 1500
"""Hertz: the pitches by which two pieces are told apart."""


def vendors(*faults: Fault) -> pytest.MarkDecorator:
    """Parametrise over the vendors that can do all these wrong."""
    kits = [kit for kit in tts_kits() if not kit.lacks.intersection(faults)]
    return pytest.mark.parametrize("kit", kits, ids=lambda kit: kit.vendor)


def tone(hertz: int, seconds: float) -> bytes:
    times = np.arange(round(seconds * TELEPHONE_RATE)) / TELEPHONE_RATE
    return from_float((0.5 * np.sin(2 * np.pi * hertz * times)).astype(np.float32))


def loudness(mulaw: bytes, hertz: int) -> float:
    """How much of the audio is this pitch, from 0 to 1."""
    samples = to_float(mulaw)
    wave = np.exp(-2j * np.pi * hertz * np.arange(len(samples)) / TELEPHONE_RATE)
    power = float(np.mean(samples**2))
    return float(2 * abs(np.mean(samples * wave)) ** 2) / power if power else 0.0


def assert_is(mulaw: bytes, hertz: int, seconds: float) -> None:
    assert len(mulaw) == pytest.approx(seconds * TELEPHONE_RATE, abs=80)
    assert loudness(mulaw, hertz) > 0.95


def upset(*faults: Fault) -> pytest.MarkDecorator:
    """Parametrise over each of these faults with each of the vendors that can have it."""
    pairs = [(kit, fault) for kit in tts_kits() for fault in faults if fault not in kit.lacks]
    return pytest.mark.parametrize(("kit", "fault"), pairs, ids=[f"{kit.vendor}-{fault}" for kit, fault in pairs])


class Call:
    """One call's voice."""

    def __init__(self, bench: TtsBench) -> None:
        self.bench = bench
        self.troubles: list[Trouble] = []
        self.run = Run()
        self.synthesizer = bench.synthesizer(first=FIRST, stall=STALL)

    def open(self) -> None:
        self.stream = self.synthesizer.open(Voice(), self.troubles.append)

    async def speak(self, text: str) -> bytes:
        async with aclosing(self.stream.speak(text)) as chunks:
            return b"".join([chunk async for chunk in chunks])

    async def failure(self, text: str = "low") -> tuple[SpeechError, bytes]:
        """Speak; return what went wrong, and the audio until then."""
        heard = bytearray()

        async def speak() -> None:
            async with asyncio.timeout(ENOUGH), aclosing(self.stream.speak(text)) as chunks:
                async for chunk in chunks:
                    heard.extend(chunk)

        with pytest.raises(SpeechError) as caught:
            await speak()
        assert KEY not in str(caught.value)
        return caught.value, bytes(heard)

    async def connected(self, connections: int = 1) -> None:
        await until(lambda: self.bench.connections >= connections)


@asynccontextmanager
async def calling(kit: TtsKit, fault: Fault | None = None) -> AsyncIterator[Call]:
    async with asyncio.timeout(8.0), kit.open() as bench:
        bench.will_say("low", tone(LOW, 0.3))
        bench.will_say("high", tone(HIGH, 0.5))
        if fault is not None:
            bench.fail(fault)
        call = Call(bench)
        async with loaded(call.synthesizer):
            call.open()
            async with running(call.stream) as call.run:
                yield call


def play(kit: TtsKit, act: Callable[[Call], Awaitable[None]], fault: Fault | None = None) -> Call:
    async def main() -> Call:
        async with calling(kit, fault) as call:
            await act(call)
        return call

    return asyncio.run(main())


def test_no_vendor_is_left_out() -> None:
    assert {kit.vendor for kit in tts_kits()} == {
        name for name in plugins.TABLE["tts"] if not plugins.is_local("tts", name)
    }


@vendors()
def test_a_piece_comes_as_telephone_audio_of_the_right_length(kit: TtsKit) -> None:
    async def act(call: Call) -> None:
        assert_is(await call.speak("low"), LOW, 0.3)

    play(kit, act)


@vendors()
def test_the_connection_stands_before_the_first_piece_which_uses_it(kit: TtsKit) -> None:
    async def act(call: Call) -> None:
        await call.connected()
        assert_is(await call.speak("low"), LOW, 0.3)
        assert call.bench.connections == 1

    play(kit, act)


@vendors(Fault.ODD)
def test_chunks_of_odd_lengths_make_the_same_audio(kit: TtsKit) -> None:
    async def act(call: Call) -> None:
        assert_is(await call.speak("low"), LOW, 0.3)

    play(kit, act, Fault.ODD)


@vendors()
def test_two_pieces_in_a_row_do_not_mix(kit: TtsKit) -> None:
    async def act(call: Call) -> None:
        assert_is(await call.speak("low"), LOW, 0.3)
        assert_is(await call.speak("high"), HIGH, 0.5)

    play(kit, act)


@vendors()
def test_two_pieces_at_once_do_not_mix(kit: TtsKit) -> None:
    async def act(call: Call) -> None:
        async with asyncio.TaskGroup() as tasks:
            low = tasks.create_task(call.speak("low"))
            high = tasks.create_task(call.speak("high"))
        assert_is(low.result(), LOW, 0.3)
        assert_is(high.result(), HIGH, 0.5)

    play(kit, act)


@upset(Fault.STALL, Fault.LATE)
def test_closing_the_iterator_cancels_the_work_and_its_audio_is_not_heard_later(kit: TtsKit, fault: Fault) -> None:
    async def act(call: Call) -> None:
        call.bench.fail(fault)
        async with aclosing(call.stream.speak("low")) as chunks:
            assert await anext(chunks)
        await until(lambda: call.bench.cancelled == 1)
        call.bench.heal()
        assert_is(await call.speak("high"), HIGH, 0.5)

    play(kit, act)


@vendors(Fault.MUTE)
def test_a_piece_that_is_called_off_before_its_first_audio_is_cancelled_too(kit: TtsKit) -> None:
    async def act(call: Call) -> None:
        await call.connected()
        call.bench.fail(Fault.MUTE)
        async with asyncio.TaskGroup() as tasks:
            piece = tasks.create_task(call.speak("low"))
            await until(lambda: call.bench.asked == 1)
            piece.cancel()
        await until(lambda: call.bench.cancelled == 1)
        call.bench.heal()
        assert_is(await call.speak("high"), HIGH, 0.5)

    play(kit, act)


@upset(Fault.MUTE, Fault.EMPTY, Fault.ERROR, Fault.WAV)
def test_no_audio_or_something_else_is_an_error_and_never_noise(kit: TtsKit, fault: Fault) -> None:
    async def act(call: Call) -> None:
        await call.connected()
        call.bench.fail(fault)
        error, heard = await call.failure()
        assert heard == b""
        assert kit.vendor in str(error).lower()
        assert "low" not in str(error).split()
        call.bench.heal()
        assert_is(await call.speak("high"), HIGH, 0.5)

    play(kit, act)


@upset(Fault.STALL, Fault.DROP, Fault.HALF)
def test_a_piece_that_breaks_off_is_an_error_and_the_next_is_whole(kit: TtsKit, fault: Fault) -> None:
    async def act(call: Call) -> None:
        await call.connected()
        call.bench.fail(fault)
        error, heard = await call.failure()
        assert len(heard) <= 0.3 * TELEPHONE_RATE
        assert error.retryable
        call.bench.heal()
        assert_is(await call.speak("high"), HIGH, 0.5)

    play(kit, act)


@vendors(Fault.REFUSED)
def test_a_refused_key_is_told_with_the_way_out(kit: TtsKit, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def act(call: Call) -> None:
        error, _ = await call.failure()
        assert not error.retryable
        assert f"tts.{kit.vendor}.api_key" in str(error)
        if call.run.error is not None:
            assert KEY not in str(call.run.error)

    call = play(kit, act, Fault.REFUSED)
    said = [*(one.text for one in call.troubles), *(record.getMessage() for record in caplog.records)]
    assert not [one for one in said if KEY in one]


@vendors(Fault.THROTTLED)
def test_too_many_requests_is_an_error_that_may_pass(kit: TtsKit) -> None:
    async def act(call: Call) -> None:
        error, _ = await call.failure()
        assert error.retryable

    play(kit, act, Fault.THROTTLED)


@vendors()
def test_a_connection_closed_for_idleness_is_no_matter(kit: TtsKit) -> None:
    async def act(call: Call) -> None:
        assert_is(await call.speak("low"), LOW, 0.3)
        await call.bench.close_idle()
        assert_is(await call.speak("high"), HIGH, 0.5)

    play(kit, act)


@upset(Fault.BROKEN, Fault.UNKNOWN)
def test_messages_that_make_no_sense_are_survived(kit: TtsKit, fault: Fault) -> None:
    async def act(call: Call) -> None:
        assert_is(await call.speak("low"), LOW, 0.3)
        assert call.bench.connections == 1

    play(kit, act, fault)


@vendors()
def test_the_key_reaches_the_vendor_and_nobody_else(kit: TtsKit, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def act(call: Call) -> None:
        await call.speak("low")
        assert set(call.bench.credentials) == {KEY}
        assert KEY not in repr(call.synthesizer)

    play(kit, act)
    assert not [record for record in caplog.records if KEY in record.getMessage()]

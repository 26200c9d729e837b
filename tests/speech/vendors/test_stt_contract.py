"""Every vendor's transcriber keeps the promises of the port, whatever the vendor does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.speech.vendors.kits import (
    KEY,
    SILENCE,
    SPEECH,
    Fault,
    Run,
    SttBench,
    SttKit,
    loaded,
    running,
    stt_kits,
    until,
)
from voicecall import plugins
from voicecall.speech import Report, Speech, Transcription, Trouble

DUE = 0.4
ENOUGH = DUE + 1.0
"""Seconds in which a final is there on a busy machine."""


def vendors(*faults: Fault, live: bool = False) -> pytest.MarkDecorator:
    """Parametrise over the vendors that can do all these wrong."""
    kits = [kit for kit in stt_kits() if not kit.lacks.intersection(faults) and (kit.is_live or not live)]
    return pytest.mark.parametrize("kit", kits, ids=lambda kit: kit.vendor)


def upset(*faults: Fault) -> pytest.MarkDecorator:
    """Parametrise over each of these faults with each of the vendors that can have it."""
    pairs = [(kit, fault) for kit in stt_kits() for fault in faults if fault not in kit.lacks]
    return pytest.mark.parametrize(("kit", "fault"), pairs, ids=[f"{kit.vendor}-{fault}" for kit, fault in pairs])


class Call:
    """One call's ears: what was reported, and a caller."""

    def __init__(self, bench: SttBench, *, own_vad: bool) -> None:
        self.bench = bench
        self.reports: list[Report] = []
        self.run = Run()
        self.transcriber = bench.transcriber(due=DUE, own_vad=own_vad)
        self.segment = 0
        self._own_vad = own_vad

    def open(self) -> None:
        self.stream = self.transcriber.open(self._take, "en-GB")

    def _take(self, report: Report) -> None:
        self.reports.append(report)
        if isinstance(report, Speech) and self._own_vad:
            if report.started and not report.sure:
                self.start(report.lead)
            elif not report.started:
                self.stop()

    def start(self, lead: float = 0.0) -> None:
        self.segment += 1
        self.stream.speech_started(self.segment, lead)

    def stop(self) -> None:
        self.stream.speech_stopped(self.segment)

    def feed(self, audio: bytes, frames: int) -> None:
        for _ in range(frames):
            self.stream.feed(audio)

    def say(self) -> None:
        """Be a whole segment."""
        self.start()
        self.feed(SPEECH, 25)
        self.stop()

    def of(self, segment: int) -> list[Transcription]:
        return [one for one in self.reports if isinstance(one, Transcription) and one.segment == segment]

    def finals(self, segment: int) -> list[Transcription]:
        return [one for one in self.of(segment) if one.final or one.error]

    async def final(self, segment: int) -> Transcription:
        await until(lambda: self.finals(segment), ENOUGH)
        return self.finals(segment)[0]

    async def connected(self, connections: int = 1) -> None:
        await until(lambda: self.bench.connections >= connections)


@asynccontextmanager
async def calling(kit: SttKit, fault: Fault | None = None, *, own_vad: bool = False) -> AsyncIterator[Call]:
    async with asyncio.timeout(8.0), kit.open() as bench:
        if fault is not None:
            bench.fail(fault)
        call = Call(bench, own_vad=own_vad)
        async with loaded(call.transcriber):
            call.open()
            async with running(call.stream) as call.run:
                yield call
            call.stream.close()


def play(kit: SttKit, act: Callable[[Call], Awaitable[None]], fault: Fault | None = None, **options: bool) -> Call:
    async def main() -> Call:
        async with calling(kit, fault, **options) as call:
            await act(call)
        return call

    return asyncio.run(main())


def test_no_vendor_is_left_out() -> None:
    assert {kit.vendor for kit in stt_kits()} == {
        name for name in plugins.TABLE["stt"] if not plugins.is_local("stt", name)
    }


@vendors()
def test_a_segment_gets_its_words_in_one_final(kit: SttKit) -> None:
    async def act(call: Call) -> None:
        call.bench.will_hear("good morning to you", "bye")
        call.say()
        assert await call.final(1) == Transcription(1, "good morning to you", final=True)
        call.say()
        await call.final(2)
        assert len(call.finals(1)) == 1

    play(kit, act)


@vendors()
def test_partials_come_before_the_final_and_grow_towards_it(kit: SttKit) -> None:
    async def act(call: Call) -> None:
        call.bench.will_hear("one two three")
        call.say()
        await call.final(1)
        *partials, final = call.of(1)
        assert final.final
        assert partials
        assert all(not one.final and final.text.startswith(one.text) and one.text for one in partials)

    play(kit, act)


@vendors(live=True)
def test_partials_come_while_the_caller_still_speaks(kit: SttKit) -> None:
    async def act(call: Call) -> None:
        call.bench.will_hear("one two three")
        call.start()
        call.feed(SPEECH, 25)
        await until(lambda: call.of(1))
        assert call.of(1)[0].text.startswith("one")
        assert not call.finals(1)
        call.stop()
        assert (await call.final(1)).text == "one two three"

    play(kit, act)


@vendors()
def test_two_segments_in_a_row_keep_their_words_apart(kit: SttKit) -> None:
    async def act(call: Call) -> None:
        call.bench.will_hear("first things first", "second thoughts")
        call.say()
        await call.final(1)
        call.say()
        assert (await call.final(2)).text == "second thoughts"
        assert [one.text for one in call.finals(1)] == ["first things first"]

    play(kit, act)


@vendors()
def test_a_segment_may_begin_while_the_one_before_is_still_awaited(kit: SttKit) -> None:
    async def act(call: Call) -> None:
        call.bench.will_hear("first things first", "second thoughts")
        call.say()
        call.say()
        assert (await call.final(1)).text == "first things first"
        assert (await call.final(2)).text == "second thoughts"
        assert not any("second" in one.text for one in call.of(1))
        assert not any("first" in one.text for one in call.of(2))

    play(kit, act)


@vendors()
def test_a_stop_without_words_is_an_empty_final(kit: SttKit) -> None:
    async def act(call: Call) -> None:
        call.bench.will_hear("", "words")
        call.say()
        assert await call.final(1) == Transcription(1, "", final=True)
        call.say()
        assert (await call.final(2)).text == "words"

    play(kit, act)


@vendors()
def test_what_is_said_before_the_connection_stands_is_heard_all_the_same(kit: SttKit) -> None:
    async def main() -> None:
        async with asyncio.timeout(8.0), kit.open() as bench:
            bench.will_hear("early bird")
            call = Call(bench, own_vad=False)
            async with loaded(call.transcriber):
                call.open()
                call.start()
                call.feed(SPEECH, 10)
                async with running(call.stream):
                    call.feed(SPEECH, 10)
                    call.stop()
                    assert (await call.final(1)).text == "early bird"

    asyncio.run(main())


@vendors(Fault.MUTE)
def test_a_vendor_that_never_answers_still_ends_the_segment_within_the_bound(kit: SttKit) -> None:
    async def act(call: Call) -> None:
        await call.connected()
        loop = asyncio.get_running_loop()
        call.say()
        begun = loop.time()
        await call.final(1)
        assert loop.time() - begun >= DUE / 2

    play(kit, act, Fault.MUTE)


@upset(Fault.DROP, Fault.HALF)
def test_a_connection_lost_amid_a_segment_still_ends_it_and_the_next_is_heard(kit: SttKit, fault: Fault) -> None:
    async def act(call: Call) -> None:
        call.bench.will_hear("lost words")
        await call.connected()
        call.bench.fail(fault)
        call.start()
        call.feed(SPEECH, 25)
        await call.connected(2)
        call.bench.heal()
        call.stop()
        final = await call.final(1)
        assert final.error or final.final
        assert any(isinstance(one, Trouble) and kit.vendor in one.text for one in call.reports)
        seen = len(call.reports)
        call.bench.will_hear(*["found words"] * 3)
        call.say()
        await call.final(2)
        call.say()
        assert (await call.final(3)).text == "found words"
        assert not [one for one in call.reports[seen:] if isinstance(one, Transcription) and one.segment == 1]

    play(kit, act)


@vendors()
def test_a_connection_closed_for_idleness_comes_back(kit: SttKit) -> None:
    async def act(call: Call) -> None:
        call.bench.will_hear("still here")
        await call.connected()
        await call.bench.close_idle()
        await call.connected(2)
        call.say()
        assert (await call.final(1)).text == "still here"

    play(kit, act)


@vendors(Fault.REFUSED)
def test_a_refused_key_ends_it_with_the_way_out(kit: SttKit, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def act(call: Call) -> None:
        call.start()
        call.feed(SPEECH, 5)
        await until(lambda: call.run.ended, ENOUGH)
        error = call.run.error
        assert error is not None
        assert not error.retryable
        assert f"stt.{kit.vendor}.api_key" in str(error)
        call.stop()
        assert (await call.final(1)).error
        call.say()
        assert (await call.final(2)).error
        said = [str(error), *(str(one) for one in call.reports), *(record.getMessage() for record in caplog.records)]
        assert not [one for one in said if KEY in one]

    play(kit, act, Fault.REFUSED)


@vendors()
def test_the_key_reaches_the_vendor_and_nobody_else(kit: SttKit, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def act(call: Call) -> None:
        call.bench.will_hear("secret words")
        call.say()
        await call.final(1)
        assert set(call.bench.credentials) == {KEY}
        assert KEY not in repr(call.transcriber)

    play(kit, act)
    written = [record.getMessage() for record in caplog.records]
    assert not [line for line in written if KEY in line or "secret words" in line]


@upset(Fault.BROKEN, Fault.UNKNOWN)
def test_messages_that_make_no_sense_are_survived(kit: SttKit, fault: Fault) -> None:
    async def act(call: Call) -> None:
        call.bench.will_hear("loud and clear")
        call.say()
        assert await call.final(1) == Transcription(1, "loud and clear", final=True)
        assert call.bench.connections == 1

    play(kit, act, fault)


@vendors()
def test_nothing_is_reported_after_the_close(kit: SttKit) -> None:
    async def act(call: Call) -> None:
        call.bench.will_hear("too late", "far too late")
        await call.connected()
        call.say()
        call.stream.close()
        seen = len(call.reports)
        call.say()
        with pytest.raises(TimeoutError):
            await until(lambda: len(call.reports) > seen, DUE + 0.1)

    play(kit, act)


@vendors()
def test_without_a_detector_its_own_notice_of_speech_makes_the_segments(kit: SttKit) -> None:
    async def act(call: Call) -> None:
        call.bench.will_hear("i decide", "once more")
        for segment, words in enumerate(("i decide", "once more"), start=1):
            call.feed(SILENCE, 10)
            call.feed(SPEECH, 30)
            call.feed(SILENCE, 75)
            assert (await call.final(segment)).text == words
        signs = [one.started for one in call.reports if isinstance(one, Speech) and not one.sure]
        assert signs == [True, False, True, False]

    play(kit, act, own_vad=True)

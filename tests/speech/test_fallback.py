"""Where one transcriber fails the next takes over, with what the caller was saying."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from voicecall.emulators.clock import run_virtual
from voicecall.errors import SpeechError
from voicecall.speech import Report, Speech, Transcription, Trouble
from voicecall.speech.fallback import FallbackTranscriber

FRAME = 160


class Ear:
    """A transcriber that says what the test wants."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.streams: list[EarStream] = []
        self.is_ready = False
        self.fails_at_once = ""
        """With this, every segment fails as soon as it stops."""
        self.refuses = ""
        """With this, it cannot be opened."""

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        self.is_ready = True
        yield
        self.is_ready = False

    def open(self, report: Callable[[Report], None], language: str = "en") -> EarStream:
        if self.refuses:
            raise SpeechError(self.refuses)
        self.streams.append(EarStream(self, report, language))
        return self.streams[-1]

    @property
    def stream(self) -> EarStream:
        return self.streams[-1]


class EarStream:
    def __init__(self, ear: Ear, report: Callable[[Report], None], language: str) -> None:
        self.ear, self.report, self.language = ear, report, language
        self.log: list[str] = []
        self.audio = bytearray()
        self.running = False
        self.closed = False
        self._broken = asyncio.Event()
        self._why = SpeechError("")

    def feed(self, mulaw: bytes) -> None:
        self.audio += mulaw

    def speech_started(self, segment: int, lead: float) -> None:
        self.log.append(f"started {segment} {lead:.2f} at {len(self.audio)}")

    def speech_stopped(self, segment: int) -> None:
        self.log.append(f"stopped {segment} at {len(self.audio)}")
        if self.ear.fails_at_once:
            self.fail(segment, self.ear.fails_at_once)

    def close(self) -> None:
        self.closed = True

    async def run(self) -> None:
        self.running = True
        try:
            await self._broken.wait()
            raise self._why
        finally:
            self.running = False

    def hear(self, segment: int, text: str, *, final: bool = True) -> None:
        self.report(Transcription(segment, text, final=final))

    def fail(self, segment: int, why: str = "too late") -> None:
        self.report(Transcription(segment, "", final=True, error=why))

    def die(self, why: str) -> None:
        self._why = SpeechError(why)
        self._broken.set()


class World:
    """A call with a transcriber of several."""

    def __init__(self, *ears: Ear) -> None:
        self.ears = ears
        self.transcriber = FallbackTranscriber([(ear.name, ear) for ear in self.ears])
        self.reports: list[Report] = []
        self.stream = self.transcriber.open(self.reports.append, "de-AT")
        self.error: SpeechError | None = None

    def say(self, segment: int, frames: int = 10) -> None:
        self.stream.speech_started(segment, 0.1)
        self.feed(frames)

    def feed(self, frames: int, value: int = 1) -> None:
        for _ in range(frames):
            self.stream.feed(bytes([value]) * FRAME)

    async def run(self) -> None:
        try:
            await self.stream.run()
        except SpeechError as error:
            self.error = error


def play(act: Callable[[World], Awaitable[None]], *names: str, refusing: tuple[str, ...] = ()) -> World:
    async def main() -> World:
        ears = [Ear(name) for name in names or ("one", "two")]
        for ear in ears:
            ear.refuses = f"stt.{ear.name}: speaks no Greek" if ear.name in refusing else ""
        world = World(*ears)
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(world.run())
            await settle()
            await act(world)
            task.cancel()
        return world

    return run_virtual(main)


async def settle() -> None:
    await asyncio.sleep(0.001)  # virtual: everybody has done what there was to do


def test_while_the_first_works_the_others_are_not_even_opened() -> None:
    async def act(world: World) -> None:
        one, two = world.ears
        world.say(1)
        world.stream.speech_stopped(1)
        one.stream.hear(1, "good", final=False)
        one.stream.hear(1, "good morning")
        assert world.reports == [Transcription(1, "good", final=False), Transcription(1, "good morning", final=True)]
        assert (one.stream.running, one.stream.language) == (True, "de-AT")
        assert not two.streams

    play(act)


def test_a_segment_that_failed_is_given_to_the_next_from_its_beginning() -> None:
    async def act(world: World) -> None:
        one, two = world.ears
        world.feed(100)
        world.say(1)
        world.stream.speech_stopped(1)
        one.stream.fail(1, "stt.one: no answer within 2.5 s.")
        assert world.reports == [Trouble("stt-fallback", "one failed: no answer within 2.5 s; two took over.")]
        assert two.stream.log == ["started 1 0.40 at 3200", "stopped 1 at 4800"]
        two.stream.hear(1, "hello")
        assert world.reports[1:] == [Transcription(1, "hello", final=True)]
        await settle()
        assert (one.stream.closed, one.stream.running, two.stream.running) == (True, False, True)

    play(act)


def test_a_vendor_that_dies_amid_a_segment_is_relieved_amid_it() -> None:
    async def act(world: World) -> None:
        one, two = world.ears
        world.say(1)
        one.stream.hear(1, "my num", final=False)
        one.stream.die("stt.one: gone")
        await settle()
        assert two.stream.log == ["started 1 0.00 at 0"]
        world.feed(5)
        world.stream.speech_stopped(1)
        assert len(two.stream.audio) == 15 * FRAME
        two.stream.hear(1, "my number")
        assert world.reports[-1] == Transcription(1, "my number", final=True)
        assert two.stream.language == "de-AT"

    play(act)


def test_several_segments_that_are_due_move_together_and_in_order() -> None:
    async def act(world: World) -> None:
        one, two = world.ears
        world.say(1, 4)
        world.stream.speech_stopped(1)
        world.say(2, 3)
        one.stream.fail(1)
        assert [line.split(" at")[0] for line in two.stream.log] == ["started 1 0.00", "stopped 1", "started 2 0.08"]
        world.stream.speech_stopped(2)
        two.stream.hear(1, "first")
        two.stream.hear(2, "second")
        assert world.reports[1:] == [Transcription(1, "first", final=True), Transcription(2, "second", final=True)]

    play(act)


def test_what_a_relieved_one_still_says_is_not_heard() -> None:
    async def act(world: World) -> None:
        one, two = world.ears
        world.say(1)
        one.stream.fail(1)
        seen = len(world.reports)
        one.stream.hear(1, "late")
        one.stream.report(Speech(started=True))
        one.stream.fail(1)
        assert len(world.reports) == seen
        assert len(two.streams) == 1

    play(act)


def test_a_segment_gets_one_final_and_no_more() -> None:
    async def act(world: World) -> None:
        (one, _) = world.ears
        world.say(1)
        world.stream.speech_stopped(1)
        one.stream.hear(1, "once")
        one.stream.hear(1, "twice")
        one.stream.fail(1)
        assert world.reports == [Transcription(1, "once", final=True)]

    play(act)


def test_a_stop_without_a_start_gets_its_final_too() -> None:
    async def act(world: World) -> None:
        world.stream.speech_stopped(7)
        world.ears[0].stream.hear(7, "")
        assert world.reports == [Transcription(7, "", final=True)]

    play(act)


def test_other_reports_pass_through() -> None:
    async def act(world: World) -> None:
        world.ears[0].stream.report(Speech(started=True, lead=0.2))
        world.ears[0].stream.report(Trouble("reconnected", "stt.one: again"))
        assert world.reports == [Speech(started=True, lead=0.2), Trouble("reconnected", "stt.one: again")]

    play(act)


def test_one_that_fails_in_the_same_breath_does_not_lose_the_segment() -> None:
    async def act(world: World) -> None:
        world.ears[0].fails_at_once = world.ears[1].fails_at_once = "broken"
        world.say(1)
        world.stream.speech_stopped(1)
        assert [one.text for one in world.reports if isinstance(one, Trouble)] == [
            "one failed: broken; two took over.",
            "two failed: broken; three took over.",
        ]
        world.ears[2].stream.hear(1, "at last")
        assert world.reports[-1] == Transcription(1, "at last", final=True)

    play(act, "one", "two", "three")


def test_one_that_fails_in_the_same_breath_is_given_nothing_more() -> None:
    async def act(world: World) -> None:
        one, two, three = world.ears
        for segment in (1, 2):
            world.say(segment)
            world.stream.speech_stopped(segment)
        two.fails_at_once = "broken"
        one.stream.fail(1)
        assert [line.split()[1] for line in two.stream.log] == ["1", "1"]
        assert [line.split()[1] for line in three.stream.log] == ["1", "1", "2", "2"]

    play(act, "one", "two", "three")


def test_a_segment_at_which_all_failed_is_failed_and_the_next_has_another_chance() -> None:
    async def act(world: World) -> None:
        for ear in world.ears:
            ear.fails_at_once = "no words"
        world.say(1)
        world.stream.speech_stopped(1)
        finals = [one for one in world.reports if isinstance(one, Transcription)]
        assert finals == [Transcription(1, "", final=True, error="no words")]
        for ear in world.ears:
            ear.fails_at_once = ""
        world.say(2)
        world.stream.speech_stopped(2)
        world.ears[1].stream.hear(2, "better")
        assert world.reports[-1] == Transcription(2, "better", final=True)

    play(act)


def test_who_failed_once_is_asked_again_when_the_other_fails_too() -> None:
    async def act(world: World) -> None:
        one, two = world.ears
        world.say(1)
        one.stream.fail(1)
        two.stream.hear(1, "hello")
        world.say(2)
        two.stream.fail(2)
        assert len(one.streams) == 2
        world.stream.speech_stopped(2)
        one.stream.hear(2, "back")
        assert world.reports[-1] == Transcription(2, "back", final=True)
        await settle()
        assert (one.stream.running, two.stream.running) == (True, False)

    play(act)


def test_who_is_gone_for_good_is_not_asked_again() -> None:
    async def act(world: World) -> None:
        one, two = world.ears
        one.stream.die("stt.one: 401; check stt.one.api_key")
        await settle()
        world.say(1)
        world.stream.speech_stopped(1)
        two.stream.fail(1, "too late")
        assert len(one.streams) == 1
        assert world.reports[-1] == Transcription(1, "", final=True, error="too late")
        world.say(2)
        world.stream.speech_stopped(2)
        two.stream.hear(2, "recovered")
        assert world.reports[-1] == Transcription(2, "recovered", final=True)

    play(act)


def test_when_all_are_gone_it_ends_and_every_segment_is_failed() -> None:
    async def act(world: World) -> None:
        one, two = world.ears
        world.say(1)
        world.stream.speech_stopped(1)
        one.stream.die("stt.one: 401")
        await settle()
        two.stream.die("stt.two: 401; check stt.two.api_key")
        await settle()
        assert str(world.error) == "stt.two: 401; check stt.two.api_key"
        assert world.reports[-1] == Transcription(1, "", final=True, error=str(world.error))
        world.say(2)
        world.stream.speech_stopped(2)
        assert world.reports[-1] == Transcription(2, "", final=True, error=str(world.error))

    play(act)


def test_a_long_segment_is_kept_within_bounds() -> None:
    async def act(world: World) -> None:
        world.feed(100)
        world.say(1, 4000)
        world.feed(10, value=2)
        world.ears[0].stream.fail(1)
        handed = world.ears[1].stream.audio
        assert world.ears[1].stream.log == ["started 1 0.00 at 0"]
        assert len(handed) == 30 * 8000
        assert handed.endswith(b"\x02" * FRAME * 10)

    play(act)


def test_nothing_is_reported_after_the_close() -> None:
    async def act(world: World) -> None:
        one, two = world.ears
        world.say(1)
        world.stream.speech_stopped(1)
        world.stream.close()
        one.stream.hear(1, "late")
        one.stream.fail(1)
        one.stream.report(Speech(started=True))
        assert one.stream.closed
        assert not world.reports
        assert not two.streams

    play(act)


def test_all_that_have_something_to_load_are_loaded() -> None:
    class Light:
        def open(self, report: Callable[[Report], None], language: str = "en") -> EarStream:
            raise AssertionError

    async def main() -> None:
        heavy = Ear("heavy")
        async with FallbackTranscriber([("light", Light()), ("heavy", heavy)]).ready():
            assert heavy.is_ready
        assert not heavy.is_ready

    asyncio.run(main())


@pytest.mark.parametrize("lead", [0.0, 1.0])
def test_the_sound_from_before_the_noticed_beginning_is_handed_over_too(lead: float) -> None:
    async def act(world: World) -> None:
        world.feed(100, value=3)
        world.stream.speech_started(1, lead)
        world.ears[0].stream.fail(1)
        assert len(world.ears[1].stream.audio) == round((lead + 0.3) * 8000)

    play(act)

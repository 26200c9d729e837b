"""Where one voice fails the next takes over, before the first sound of a piece or with the next piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import pytest

from voicecall.emulators.clock import run_virtual
from voicecall.errors import SpeechError
from voicecall.speech import Trouble, Voice
from voicecall.speech.fallback import FallbackSynthesizer

VOICE = Voice("anna", language="de-AT")


class Mouth:
    """A synthesiser that does what the test wants."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.streams: list[MouthStream] = []
        self.is_ready = False
        self.fails_after: int | None = None
        """How many chunks come before a piece fails."""
        self.silence = asyncio.Event()
        """Until it is set, nothing comes of a piece at all."""
        self.silence.set()
        self.hold = asyncio.Event()
        """Until it is set, nothing comes after a piece's first chunk."""
        self.hold.set()
        self.closed_early = 0
        self.refuses = ""
        """With this, it cannot be opened."""

    @asynccontextmanager
    async def ready(self) -> AsyncIterator[None]:
        self.is_ready = True
        yield
        self.is_ready = False

    def open(self, voice: Voice, report: Callable[[Trouble], None]) -> MouthStream:
        if self.refuses:
            raise SpeechError(self.refuses)
        self.streams.append(MouthStream(self, voice, report))
        return self.streams[-1]


class MouthStream:
    def __init__(self, mouth: Mouth, voice: Voice, report: Callable[[Trouble], None]) -> None:
        self.mouth, self.voice, self.report = mouth, voice, report
        self.running = False
        self._broken = asyncio.Event()
        self._why = SpeechError("")

    async def speak(self, text: str) -> AsyncGenerator[bytes, None]:
        done = False
        await self.mouth.silence.wait()
        try:
            for number in range(3):
                if number == self.mouth.fails_after:
                    done = True
                    raise SpeechError(f"tts.{self.mouth.name}: no audio")
                yield f"{self.mouth.name}:{text} ".encode()
                await self.mouth.hold.wait()
            done = True
        finally:
            self.mouth.closed_early += not done

    async def run(self) -> None:
        self.running = True
        try:
            await self._broken.wait()
            raise self._why
        finally:
            self.running = False

    def die(self, why: str) -> None:
        self._why = SpeechError(why)
        self._broken.set()


class World:
    def __init__(self, *mouths: Mouth) -> None:
        self.mouths = mouths
        self.troubles: list[Trouble] = []
        synthesizer = FallbackSynthesizer([(mouth.name, mouth) for mouth in self.mouths])
        self.stream = synthesizer.open(VOICE, self.troubles.append)
        self.error: SpeechError | None = None

    async def speak(self, text: str) -> str:
        async with aclosing(self.stream.speak(text)) as chunks:
            return b"".join([chunk async for chunk in chunks]).decode()

    async def run(self) -> None:
        try:
            await self.stream.run()
        except SpeechError as error:
            self.error = error


def play(act: Callable[[World], Awaitable[None]], *names: str, refusing: tuple[str, ...] = ()) -> World:
    async def main() -> World:
        mouths = [Mouth(name) for name in names or ("one", "two")]
        for mouth in mouths:
            mouth.refuses = f"tts.{mouth.name}: speaks no Greek" if mouth.name in refusing else ""
        world = World(*mouths)
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
        one, two = world.mouths
        assert await world.speak("a") == "one:a one:a one:a "
        assert (one.streams[0].running, one.streams[0].voice) == (True, VOICE)
        assert not two.streams

    play(act)


def test_a_piece_that_fails_before_its_first_sound_is_spoken_by_the_next() -> None:
    async def act(world: World) -> None:
        one, two = world.mouths
        one.fails_after = 0
        assert await world.speak("a") == "two:a two:a two:a "
        assert world.troubles == [Trouble("tts-fallback", "one failed: no audio; two took over.")]
        assert await world.speak("b") == "two:b two:b two:b "
        await settle()
        assert (one.streams[0].running, two.streams[0].running) == (False, True)
        assert two.streams[0].voice == VOICE

    play(act)


def test_a_piece_that_breaks_off_is_an_error_and_the_next_piece_has_the_other_voice() -> None:
    async def act(world: World) -> None:
        world.mouths[0].fails_after = 1
        heard = []

        async def speak() -> None:
            async for chunk in world.stream.speak("a"):
                heard.append(chunk)

        with pytest.raises(SpeechError, match=r"tts\.one: no audio"):
            await speak()
        assert heard == [b"one:a "]
        assert await world.speak("b") == "two:b two:b two:b "

    play(act)


def test_a_vendor_that_dies_between_two_pieces_is_relieved_before_the_next() -> None:
    async def act(world: World) -> None:
        one, two = world.mouths
        one.streams[0].die("tts.one: 401; check tts.one.api_key")
        await settle()
        assert two.streams[0].running
        assert [trouble.code for trouble in world.troubles] == ["tts-fallback"]
        assert await world.speak("a") == "two:a two:a two:a "

    play(act)


def test_a_relieved_voice_finishes_what_it_has_begun() -> None:
    async def act(world: World) -> None:
        one, two = world.mouths
        one.hold.clear()
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(world.speak("a"))
            await settle()
            one.fails_after = 0
            second = tasks.create_task(world.speak("b"))
            await settle()
            assert second.done()
            assert one.streams[0].running
            one.fails_after = None
            one.hold.set()
        assert first.result() == "one:a one:a one:a "
        assert second.result() == "two:b two:b two:b "
        await settle()
        assert not one.streams[0].running
        assert two.streams[0].running

    play(act)


def test_two_pieces_that_fail_together_move_once() -> None:
    async def act(world: World) -> None:
        one, two = world.mouths
        one.fails_after = 0
        one.silence.clear()
        async with asyncio.TaskGroup() as tasks:
            pieces = [tasks.create_task(world.speak(text)) for text in ("a", "b")]
            await settle()
            one.silence.set()
        assert [piece.result() for piece in pieces] == ["two:a two:a two:a ", "two:b two:b two:b "]
        assert len(world.troubles) == len(two.streams) == 1

    play(act)


def test_a_piece_that_nobody_can_speak_is_an_error_and_the_next_has_another_chance() -> None:
    async def act(world: World) -> None:
        for mouth in world.mouths:
            mouth.fails_after = 0
        with pytest.raises(SpeechError, match=r"tts\.three: no audio"):
            await world.speak("a")
        assert [len(mouth.streams) for mouth in world.mouths] == [2, 1, 1]
        for mouth in world.mouths:
            mouth.fails_after = None
        assert await world.speak("b") == "one:b one:b one:b "

    play(act, "one", "two", "three")


def test_who_is_gone_for_good_is_not_asked_again() -> None:
    async def act(world: World) -> None:
        one, two = world.mouths
        one.streams[0].die("tts.one: 401")
        await settle()
        two.fails_after = 0
        with pytest.raises(SpeechError, match=r"tts\.two"):
            await world.speak("a")
        assert len(one.streams) == 1

    play(act)


def test_when_all_are_gone_it_ends() -> None:
    async def act(world: World) -> None:
        one, two = world.mouths
        one.streams[0].die("tts.one: 401")
        await settle()
        two.streams[0].die("tts.two: 401; check tts.two.api_key")
        await settle()
        assert str(world.error) == "tts.two: 401; check tts.two.api_key"

    play(act)


def test_closing_the_iterator_stops_the_work() -> None:
    async def act(world: World) -> None:
        async with aclosing(world.stream.speak("a")) as chunks:
            assert await anext(chunks) == b"one:a "
        assert world.mouths[0].closed_early == 1
        assert not world.troubles

    play(act)


def test_all_that_have_something_to_load_are_loaded() -> None:
    class Light:
        def open(self, voice: Voice, report: Callable[[Trouble], None]) -> MouthStream:
            raise AssertionError

    async def main() -> None:
        heavy = Mouth("heavy")
        async with FallbackSynthesizer([("light", Light()), ("heavy", heavy)]).ready():
            assert heavy.is_ready
        assert not heavy.is_ready

    asyncio.run(main())


@pytest.mark.parametrize("refusing", ["one", "two"])
def test_who_cannot_be_opened_is_passed_over(refusing: str) -> None:
    async def act(world: World) -> None:
        world.mouths[0].fails_after = 0
        assert await world.speak("a") == ("two:a " if refusing == "one" else "three:a ") * 3
        assert f"{refusing} failed: speaks no Greek" in " ".join(trouble.text for trouble in world.troubles)

    play(act, "one", "two", "three", refusing=(refusing,))


def test_when_the_last_one_is_gone_and_nobody_else_can_be_opened_it_ends() -> None:
    async def act(world: World) -> None:
        world.mouths[0].streams[0].die("tts.one: 401")
        await settle()
        assert world.error is not None

    play(act, refusing=("two",))


def test_where_nobody_can_be_opened_opening_fails() -> None:
    async def act(_: World) -> None:
        pytest.fail("it was opened")

    with pytest.raises(SpeechError, match="speaks no Greek"):
        play(act, refusing=("one", "two"))

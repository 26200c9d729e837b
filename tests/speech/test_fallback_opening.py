"""A transcriber that cannot even be opened, for this language or at all, is passed over."""

from __future__ import annotations

import pytest

from tests.speech.test_fallback import World, play, settle
from voicecall.errors import SpeechError
from voicecall.speech import Transcription, Trouble


def test_who_cannot_be_opened_is_passed_over_at_the_beginning() -> None:
    async def act(world: World) -> None:
        assert world.reports == [Trouble("stt-fallback", "one failed: speaks no Greek; two took over.")]
        assert world.ears[1].stream.running
        world.ears[1].stream.hear(1, "nothing was said yet")
        assert len(world.reports) == 1

    play(act, refusing=("one",))


def test_who_cannot_be_opened_is_passed_over_amid_a_segment() -> None:
    async def act(world: World) -> None:
        world.say(1)
        world.ears[0].stream.fail(1)
        world.stream.speech_stopped(1)
        world.ears[2].stream.hear(1, "here")
        assert world.reports[-1] == Transcription(1, "here", final=True)

    play(act, "one", "two", "three", refusing=("two",))


def test_when_the_last_one_is_gone_and_nobody_else_can_be_opened_it_ends() -> None:
    async def act(world: World) -> None:
        world.say(1)
        world.ears[0].stream.die("stt.one: 401")
        await settle()
        assert str(world.error) == "stt.two: speaks no Greek"
        world.stream.speech_stopped(1)
        assert world.reports[-1] == Transcription(1, "", final=True, error="stt.two: speaks no Greek")

    play(act, refusing=("two",))


def test_where_nobody_can_be_opened_opening_fails() -> None:
    async def act(_: World) -> None:
        pytest.fail("it was opened")

    with pytest.raises(SpeechError, match="speaks no Greek"):
        play(act, refusing=("one", "two"))

"""Careful: what it waits for, what it asks again, who stands in, and what it never does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any

import pytest

from tests.brains.conversations import CALL, Reports, Scripted, answer, failing, said, saying, texts
from voicecall.brains import Conversation, HangUpAfter, PressKeys, Said
from voicecall.brains.careful import Careful, CarefulMind
from voicecall.emulators.clock import run_virtual
from voicecall.errors import AgentError

BUSY = AgentError("it is busy", retryable=True, code="503")
NO = AgentError("it refuses", code="401")
HELLO = said("hello")


def opened(*brains: Scripted, longest: int = 6000) -> tuple[CarefulMind, Reports]:
    reports = Reports()
    named = [(f"brain {place}", brain) for place, brain in enumerate(brains, 1)]
    return Careful(named, first=5.0, stall=3.0, longest=longest).open(CALL, reports), reports


def pausing(*steps: float | Said) -> Callable[[Conversation], AsyncGenerator[Said, None]]:
    """A reply with pauses, in seconds."""

    async def reply(_: Conversation) -> AsyncGenerator[Said, None]:
        for step in steps:
            if isinstance(step, float):
                await asyncio.sleep(step)
            else:
                yield step

    return reply


def hearing(*brains: Scripted, longest: int = 6000) -> tuple[list[Said], Reports, float]:
    """The answer, what was reported, and how many seconds it took."""

    async def ask() -> tuple[list[Said], Reports, float]:
        mind, reports = opened(*brains, longest=longest)
        return await answer(mind, HELLO), reports, asyncio.get_running_loop().time()

    return run_virtual(ask)


def failure(*brains: Scripted) -> tuple[AgentError, list[Said], Reports, float]:
    """The error, what came before it, what was reported, and how many seconds it took."""

    async def ask() -> tuple[AgentError, list[Said], Reports, float]:
        mind, reports = opened(*brains)
        heard: list[Said] = []

        async def listen() -> None:
            async for item in mind.reply(HELLO):
                heard.append(item)

        with pytest.raises(AgentError) as error:
            await listen()
        return error.value, heard, reports, asyncio.get_running_loop().time()

    return run_virtual(ask)


def test_an_answer_passes_through_item_by_item() -> None:
    heard, reports, _ = hearing(Scripted(saying("One ", PressKeys("1"), "two.", HangUpAfter())))
    assert heard == ["One ", PressKeys("1"), "two.", HangUpAfter()]
    assert reports.all == []


def test_what_failed_before_it_said_anything_is_asked_once_more() -> None:
    brain = Scripted(failing(BUSY), saying("Now."))
    heard, reports, took = hearing(brain)
    assert heard == ["Now."]
    assert brain.asked == [HELLO, HELLO]
    assert reports.troubles == ["brain 1 failed and is asked again: it is busy."]
    assert reports.codes == ["brain-retried"]
    assert took < 0.5


def test_it_is_not_asked_a_third_time() -> None:
    brain = Scripted(failing(BUSY))
    error, heard, reports, _ = failure(brain)
    assert (error, heard, reports.codes, len(brain.asked)) == (BUSY, [], ["brain-retried"], 2)


def test_what_asking_again_cannot_help_is_asked_once() -> None:
    brain = Scripted(failing(NO))
    error, _, reports, _ = failure(brain)
    assert (error, reports.all, len(brain.asked)) == (NO, [], 1)


def test_the_next_one_stands_in_for_one_that_failed_twice() -> None:
    second = Scripted(saying("I am here."))
    heard, reports, _ = hearing(Scripted(failing(BUSY)), second)
    assert heard == ["I am here."]
    assert reports.codes == ["brain-retried", "brain-fallback"]
    assert reports.troubles[1] == "brain 1 has no answer, so brain 2 is asked: it is busy."


def test_all_of_them_are_tried_and_the_last_error_is_told() -> None:
    error, _, reports, _ = failure(Scripted(failing(BUSY)), Scripted(failing(NO)), Scripted(failing(BUSY)))
    assert error is BUSY
    assert reports.codes == ["brain-retried", "brain-fallback", "brain-fallback", "brain-retried"]


def test_the_next_question_goes_to_the_first_again() -> None:
    first, second = Scripted(failing(NO), saying("Back.")), Scripted(saying("Standing in."))

    async def ask() -> list[str]:
        mind, _ = opened(first, second)
        return [texts(await answer(mind, HELLO)), texts(await answer(mind, HELLO))]

    assert run_virtual(ask) == ["Standing in.", "Back."]


def test_one_that_does_not_begin_in_time_is_not_asked_again_but_the_next_is() -> None:
    slow = Scripted(pausing(60.0, "Too late."))
    heard, reports, took = hearing(slow, Scripted(saying("In time.")))
    assert (heard, len(slow.asked), slow.ended) == (["In time."], 1, ["left"])
    assert reports.troubles == ["brain 1 has no answer, so brain 2 is asked: brain 1 said nothing for 5 s."]
    assert took == 5.0


def test_a_time_out_that_a_brain_reports_itself_is_no_reason_to_ask_again() -> None:
    brain = Scripted(failing(AgentError("no answer within 5 s", retryable=True, code="timeout")))
    _, _, reports, _ = failure(brain)
    assert (reports.all, len(brain.asked)) == ([], 1)


def test_each_attempt_has_the_whole_time() -> None:
    async def late_failure(_: Conversation) -> AsyncGenerator[Said, None]:
        await asyncio.sleep(4.9)
        raise BUSY
        yield

    heard, _, took = hearing(Scripted(late_failure, pausing(4.9, "Made it.")))
    assert heard == ["Made it."]
    assert took == pytest.approx(10.0)


def test_silence_amid_an_answer_ends_it_and_nobody_stands_in() -> None:
    second = Scripted(saying("Never."))
    error, heard, reports, took = failure(Scripted(pausing(2.0, "Once ", 60.0, "more")), second)
    assert str(error) == "brain 1 fell silent amid its answer for 3 s"
    assert (heard, reports.all, second.asked, took) == (["Once "], [], [], 5.0)


def test_a_slow_listener_does_not_count_as_silence() -> None:
    async def ask() -> str:
        mind, _ = opened(Scripted(saying("a", "b", "c")))
        heard = ""
        async for item in mind.reply(HELLO):
            await asyncio.sleep(30)
            heard += str(item)
        return heard

    assert run_virtual(ask) == "abc"


@pytest.mark.parametrize("first", ["Well, ", HangUpAfter(), ""])
def test_after_the_first_item_an_error_is_only_passed_on(first: Said) -> None:
    brain, second = Scripted(failing(BUSY, first)), Scripted(saying("Never."))
    error, heard, reports, _ = failure(brain, second)
    assert (error, heard, reports.all) == (BUSY, [first], [])
    assert (len(brain.asked), second.asked) == (1, [])


def test_no_answer_at_all_is_an_error() -> None:
    error, _, _, _ = failure(Scripted(saying()))
    assert str(error) == "brain 1 answered nothing"


def test_the_next_one_answers_where_one_answered_nothing() -> None:
    heard, reports, _ = hearing(Scripted(saying()), Scripted(saying("Here.")))
    assert (heard, reports.codes) == (["Here."], ["brain-fallback"])


def test_an_empty_text_is_a_silence_on_purpose() -> None:
    second = Scripted(saying("Never."))
    heard, reports, _ = hearing(Scripted(saying("")), second)
    assert (heard, reports.all, second.asked) == ([""], [], [])


@pytest.mark.parametrize("cut", [1, 3, 7, 10_000])
@pytest.mark.parametrize("longest", [100, 101, 102, 103, 104, 105, 106])
def test_too_long_an_answer_is_cut_between_two_words(cut: int, longest: int) -> None:
    whole = "seven words and then as many more " * 2000
    brain = Scripted(saying(*(whole[start : start + cut] for start in range(0, len(whole), cut)), HangUpAfter()))
    heard, reports, _ = hearing(brain, longest=longest)
    text = texts(heard)
    assert longest - len("seven ") <= len(text) <= longest
    assert whole.startswith(text)
    assert whole[len(text.rstrip())] == " "
    assert reports.troubles == [f"brain 1 said more than {longest} characters; the rest was left out."]
    assert brain.ended == ["left"]
    assert HangUpAfter() not in heard


@pytest.mark.parametrize("cut", [1, 9, 1000])
def test_an_answer_of_just_that_length_is_not_cut(cut: int) -> None:
    whole = "x " * 49 + "yz"
    heard, reports, _ = hearing(
        Scripted(saying(*(whole[start : start + cut] for start in range(0, 100, cut)))), longest=100
    )
    assert (texts(heard), reports.all) == (whole, [])


def test_a_megabyte_without_a_space_is_cut_all_the_same() -> None:
    heard, reports, _ = hearing(Scripted(saying("a" * (1 << 20))), longest=6000)
    assert (texts(heard), reports.codes) == ("a" * 6000, ["answer-cut"])


def test_what_is_to_be_done_stays_in_its_place_near_the_end_of_the_room() -> None:
    heard, reports, _ = hearing(Scripted(saying("press ", "one", PressKeys("1"), " now")), longest=20)
    assert heard[heard.index(PressKeys("1")) - 1] == "one"
    assert (texts(heard), reports.all) == ("press one now", [])


def leaving(leave: Callable[[CarefulMind], Coroutine[Any, Any, None]]) -> list[str]:
    """What the brain's source had to say about its end when the answer was left."""
    told: list[str] = []

    async def endless(_: Conversation) -> AsyncGenerator[Said, None]:
        try:
            yield "Once upon a time "
            await asyncio.sleep(2)
            yield "there was "
            await asyncio.sleep(600)
        finally:
            await asyncio.sleep(0.5)
            told.append("closed")

    async def ask() -> None:
        mind, reports = opened(Scripted(endless))
        await leave(mind)
        told.append(f"left at {asyncio.get_running_loop().time():g} s")
        assert reports.all == []

    run_virtual(ask)
    return told


def test_who_leaves_an_answer_waits_until_its_source_is_closed() -> None:
    async def leave(mind: CarefulMind) -> None:
        async with aclosing(mind.reply(HELLO)) as items:
            async for _ in items:
                break

    assert leaving(leave) == ["closed", "left at 0.5 s"]


def test_cancellation_closes_the_source_at_once_and_waits_for_it() -> None:
    async def leave(mind: CarefulMind) -> None:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(answer(mind, HELLO))
            await asyncio.sleep(1)
            task.cancel()

    assert leaving(leave) == ["closed", "left at 1.5 s"]


def test_it_may_be_asked_early_where_its_first_may() -> None:
    early, late = Scripted(saying("a"), early=True), Scripted(saying("b"))
    assert Careful([("a", early), ("b", late)], first=1, stall=1).early
    assert not Careful([("b", late), ("a", early)], first=1, stall=1).early


async def gone() -> None:
    raise NO


def test_one_that_cannot_be_had_is_skipped_for_the_next() -> None:
    lost, second = Scripted(saying("Never."), life=gone), Scripted(saying("Here."), life=asyncio.Event().wait)

    async def ask() -> tuple[list[Said], Reports]:
        mind, reports = opened(lost, second)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(mind.run())
            await asyncio.sleep(1)
            heard = await answer(mind, HELLO)
            running.cancel()
        return heard, reports

    heard, reports = run_virtual(ask)
    assert (heard, lost.asked) == (["Here."], [])
    assert reports.troubles == ["brain 1 cannot be had, so brain 2 answers: it refuses."]


def test_one_that_was_lost_amid_a_question_is_not_asked_again() -> None:
    async def lost_soon() -> None:
        await asyncio.sleep(1)
        raise NO

    async def fails_later(_: Conversation) -> AsyncGenerator[Said, None]:
        await asyncio.sleep(2)
        raise BUSY
        yield

    lost, second = Scripted(fails_later, life=lost_soon), Scripted(saying("Here."))

    async def ask() -> Reports:
        mind, reports = opened(lost, second)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(mind.run())
            assert await answer(mind, HELLO) == ["Here."]
            running.cancel()
        return reports

    assert run_virtual(ask).codes == ["brain-fallback", "brain-fallback"]
    assert len(lost.asked) == 1


def test_where_none_can_be_had_both_run_and_reply_say_why() -> None:
    async def ask() -> None:
        mind, reports = opened(Scripted(saying("a"), life=gone), Scripted(saying("b"), life=gone))
        with pytest.raises(AgentError, match="it refuses"):
            await mind.run()
        with pytest.raises(AgentError, match="it refuses"):
            await answer(mind, HELLO)
        assert reports.codes == ["brain-fallback"]

    run_virtual(ask)


def test_run_keeps_all_of_them_ready_until_it_is_cancelled() -> None:
    ended: list[str] = []

    def life(name: str) -> Callable[[], Coroutine[Any, Any, None]]:
        async def live() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(name)

        return live

    async def ask() -> None:
        mind, _ = opened(Scripted(saying("a"), life=life("a")), Scripted(saying("b"), life=life("b")))
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(mind.run())
            await asyncio.sleep(100)
            assert not running.done()
            running.cancel()

    run_virtual(ask)
    assert sorted(ended) == ["a", "b"]


def test_each_agent_may_take_as_long_to_begin_as_it_was_given() -> None:
    async def ask() -> tuple[list[Said], float]:
        reports = Reports()
        named = [("slow", Scripted(pausing(9.0, "Never."))), ("patient", Scripted(pausing(7.0, "At last.")))]
        mind = Careful(named, first=[2.0, 8.0], stall=3.0).open(CALL, reports)
        return await answer(mind, HELLO), asyncio.get_running_loop().time()

    assert run_virtual(ask) == (["At last."], 9.0)


async def _breaks(_: Conversation) -> AsyncGenerator[Said, None]:
    raise KeyError("what the caller said")
    yield ""


def test_an_agent_that_breaks_is_answered_for_by_the_next() -> None:
    heard, reports, _ = hearing(Scripted(_breaks), Scripted(saying("Here I am.")))
    assert heard == ["Here I am."]
    assert ["the agent broke: KeyError" in trouble.text for trouble in reports.all] == [True]

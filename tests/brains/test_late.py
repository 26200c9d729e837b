"""Late answers: kept, said first at the next question or volunteered, one question at a time, and bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from tests.brains.conversations import CALL, Reports, Scripted, answer, failing, said, saying
from voicecall.brains import Conversation, HangUpAfter, Mind, Said
from voicecall.brains.careful import Careful
from voicecall.brains.late import Late, LateMind, words
from voicecall.emulators.clock import run_virtual
from voicecall.errors import AgentError

BUSY = AgentError("it is busy", retryable=True)


def after(seconds: float, *items: Said) -> Callable[[Conversation], AsyncGenerator[Said, None]]:
    """A reply that takes so long, before each of its items."""

    async def reply(_: Conversation) -> AsyncGenerator[Said, None]:
        for item in items:
            await asyncio.sleep(seconds)
            yield item

    return reply


async def impatient(mind: Mind, seconds: float, words: str = "hello") -> list[Said]:
    """Ask, and speak again after so many seconds; return what was heard until then."""
    heard: list[Said] = []

    async def listen() -> None:
        async with aclosing(mind.reply(said(words))) as items:
            async for item in items:
                heard.append(item)

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(listen())
        await asyncio.sleep(seconds)
        task.cancel()
    return heard


def calling(brain: Scripted, call: Callable[[LateMind, Reports], Coroutine[Any, Any, None]]) -> Reports:
    """A call with this brain."""
    reports = Reports()

    async def main() -> None:
        mind = Late(brain).open(CALL, reports)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(mind.run())
            await call(mind, reports)
            running.cancel()

    run_virtual(main)
    return reports


def now() -> float:
    return asyncio.get_running_loop().time()


def test_an_answer_in_time_streams_through() -> None:
    async def call(mind: LateMind, _: Reports) -> None:
        times = []
        async for item in mind.reply(said("hello")):
            times.append((now(), item))
        assert times == [(1.0, "One "), (2.0, "two."), (3.0, HangUpAfter())]

    assert calling(Scripted(after(1, "One ", "two.", HangUpAfter())), call).all == []


def test_an_answer_that_was_not_waited_for_is_volunteered_in_one_piece() -> None:
    brain = Scripted(after(4, "It is ", "sunny."))

    async def call(mind: LateMind, reports: Reports) -> None:
        assert await impatient(mind, 1) == []
        assert reports.all == []
        await asyncio.sleep(8)
        assert reports.volunteered == ["It is sunny."]

    calling(brain, call)
    assert brain.ended == ["complete"]


def test_one_that_comes_after_the_next_question_is_said_before_the_answer_to_that() -> None:
    brain = Scripted(after(10, "It is sunny."), after(1, "Yes, ", "I am here."))

    async def call(mind: LateMind, _: Reports) -> None:
        await impatient(mind, 3, "How is the weather?")
        assert await answer(mind, said("Are you there?")) == ["It is sunny.\n\n", "Yes, I am here."]
        assert now() == 12.0

    assert calling(brain, call).all == []
    assert [asked.lines[-1].text for asked in brain.asked] == ["How is the weather?", "Are you there?"]


def test_one_question_is_put_at_a_time() -> None:
    busy = 0

    async def reply(_: Conversation) -> AsyncGenerator[Said, None]:
        nonlocal busy
        busy += 1
        assert busy == 1
        await asyncio.sleep(10)
        busy -= 1
        yield "Done."

    async def call(mind: LateMind, _: Reports) -> None:
        heard = [await impatient(mind, 3) for _ in range(4)]
        assert heard == [[], [], [], ["Done.\n\n"]]
        await asyncio.sleep(100)

    brain = Scripted(reply)
    assert calling(brain, call).volunteered == ["Done."]
    assert brain.ended == ["complete", "complete"]


def test_who_speaks_again_and_again_still_gets_the_answer() -> None:
    async def call(mind: LateMind, _: Reports) -> None:
        assert await impatient(mind, 4) == []
        assert await impatient(mind, 4) == []
        assert (await answer(mind, said("hello?")))[0] == "Finally.\n\n"

    assert calling(Scripted(after(10, "Finally."), saying("Yes?")), call).all == []


def test_an_answer_that_has_begun_is_stopped_when_it_is_left() -> None:
    brain = Scripted(after(2, "Once ", "upon ", "a time."))

    async def call(mind: LateMind, _: Reports) -> None:
        assert await impatient(mind, 3) == ["Once "]
        assert brain.ended == ["left"]
        await asyncio.sleep(100)

    assert calling(brain, call).all == []


def test_words_that_came_just_when_the_caller_spoke_again_are_not_lost() -> None:
    listeners: list[asyncio.Task[list[Said]]] = []

    async def quick(_: Conversation) -> AsyncGenerator[Said, None]:
        yield "Quick."
        listeners[0].cancel()

    async def call(mind: LateMind, _: Reports) -> None:
        async with asyncio.TaskGroup() as tasks:
            listeners.append(tasks.create_task(answer(mind, said("hello"))))
        assert listeners[0].cancelled()

    assert calling(Scripted(quick), call).volunteered == ["Quick."]


def test_a_late_answer_that_asks_for_more_than_words_waits_for_the_next_question() -> None:
    async def call(mind: LateMind, reports: Reports) -> None:
        await impatient(mind, 1)
        await asyncio.sleep(20)
        assert reports.all == []
        assert await answer(mind, said("Well?")) == ["Bye.\n\n", HangUpAfter(), "Hm."]

    calling(Scripted(after(2, "Bye.", HangUpAfter()), saying("Hm.")), call)


def test_a_late_silence_is_nothing_to_speak_of() -> None:
    async def call(mind: LateMind, _: Reports) -> None:
        await impatient(mind, 1)
        await asyncio.sleep(20)
        assert await answer(mind, said("Well?")) == ["Hm."]

    assert calling(Scripted(after(2, ""), saying("Hm.")), call).all == []


def test_a_late_answer_that_fails_is_told_and_the_next_question_is_put() -> None:
    async def fail_late(_: Conversation) -> AsyncGenerator[Said, None]:
        await asyncio.sleep(5)
        raise BUSY
        yield

    async def call(mind: LateMind, reports: Reports) -> None:
        await impatient(mind, 1)
        assert await answer(mind, said("Well?")) == ["Hm."]
        await impatient(mind, 1)
        await asyncio.sleep(10)
        assert reports.codes == ["late-answer-lost", "late-answer-lost"]

    reports = calling(Scripted(fail_late, saying("Hm."), fail_late), call)
    assert reports.troubles[0] == "The answer that the caller did not wait for failed: it is busy."


def test_a_failure_in_time_is_raised_and_nothing_is_owed() -> None:
    async def call(mind: LateMind, _: Reports) -> None:
        with pytest.raises(AgentError, match="busy"):
            await answer(mind, said("hello"))
        assert await answer(mind, said("again")) == ["Now."]

    assert calling(Scripted(failing(BUSY), saying("Now.")), call).all == []


def test_an_answer_is_given_up_after_two_minutes() -> None:
    brain = Scripted(after(1000, "Never."), saying("Hm."))

    async def call(mind: LateMind, reports: Reports) -> None:
        await impatient(mind, 1)
        await asyncio.sleep(120)
        assert reports.troubles == [
            "The answer that the caller did not wait for failed: there was no answer within 120 s."
        ]
        assert await answer(mind, said("Well?")) == ["Hm."]

    calling(brain, call)
    assert brain.ended == ["left", "complete"]


def test_the_end_of_the_call_ends_the_work() -> None:
    brain = Scripted(after(1000, "Never."))

    async def call(mind: LateMind, _: Reports) -> None:
        await impatient(mind, 1)

    assert calling(brain, call).all == []
    assert brain.ended == ["left"]


def test_who_still_waits_when_the_call_ends_is_told() -> None:
    async def ask(mind: LateMind) -> None:
        with pytest.raises(AgentError, match="was stopped"):
            await answer(mind, said("hello"))

    async def main() -> None:
        mind = Late(Scripted(after(1000, "Never."))).open(CALL, Reports())
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(mind.run())
            tasks.create_task(ask(mind))
            await asyncio.sleep(1)
            running.cancel()

    run_virtual(main)


def test_an_agent_that_cannot_be_had_fails_both_ways() -> None:
    async def die() -> None:
        await asyncio.sleep(5)
        raise BUSY

    async def main() -> None:
        mind = Late(Scripted(after(1000, "Never."), life=die)).open(CALL, Reports())
        async with asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(failed(mind))
            with pytest.raises(AgentError, match="busy"):
                await mind.run()
            assert await asking is BUSY
            assert await failed(mind) is BUSY

    async def failed(mind: LateMind) -> AgentError:
        with pytest.raises(AgentError) as error:
            await answer(mind, said("hello"))
        return error.value

    run_virtual(main)


def test_behind_a_time_limit_another_stands_in_and_the_late_answer_follows() -> None:
    slow, quick = Scripted(after(20, "Here is what you asked for.")), Scripted(saying("One moment."))
    reports = Reports()

    async def main() -> None:
        mind = Careful([("slow", Late(slow)), ("quick", quick)], first=5, stall=5).open(CALL, reports)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(mind.run())
            assert await answer(mind, said("hello")) == ["One moment."]
            await asyncio.sleep(20)
            running.cancel()

    run_virtual(main)
    assert (reports.codes, reports.volunteered) == (["brain-fallback"], ["Here is what you asked for."])


def test_what_is_wrapped_is_made_ready() -> None:
    ready: list[str] = []

    class Heavy(Scripted):
        @asynccontextmanager
        async def ready(self) -> AsyncIterator[None]:
            ready.append("in")
            yield
            ready.append("out")

    async def main() -> None:
        async with Late(Heavy(saying("a"))).ready(), Late(Scripted(saying("a"))).ready():
            assert ready == ["in"]

    run_virtual(main)
    assert ready == ["in", "out"]
    assert not Late(Scripted(saying("a"), early=True)).early


@pytest.mark.parametrize(
    ("answer", "spoken"),
    [
        (' {"spoken": "Hello."}\n', "Hello."),
        ('```json\n{"spoken": "Hello."}\n```', "Hello."),
        ('I will greet.\n{"spoken": "Hello."}', "Hello."),
        ('{"spoken": ""}', ""),
        ("Just words.", "Just words."),
        ("Write {name} there.", "Write {name} there."),
        ('{"other": 1}', '{"other": 1}'),
        ('{"spoken": 1}', '{"spoken": 1}'),
        ('{"spoken": "cut', '{"spoken": "cut'),
    ],
)
def test_of_a_whole_answer_what_is_to_be_spoken_is_taken(answer: str, spoken: str) -> None:
    assert words(answer) == spoken

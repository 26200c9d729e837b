"""What becomes of a vendor's failures: one clear line, whether asking again can help, and never a key or a word."""

from __future__ import annotations

import asyncio
import logging
import traceback
from contextlib import aclosing

import pytest

from tests.brains.model_rig import APIS, KEY, connected, conversation, replied, run
from voicecall.brains import BrainOptions, Said
from voicecall.brains.model import ModelBrain
from voicecall.emulators.vendors.answers import Answer, Faults
from voicecall.errors import AgentError

every_api = pytest.mark.parametrize("model", APIS)
WRONG = "wrong-key"
SECRET = "My name is Robert Miller."
WORDS = "One two three four five six."


def failed(model: str, faults: Faults, *, key: str = KEY, patience: float = 5.0) -> tuple[AgentError, list[Said], int]:
    """Return the failure, what was said before it, and how often the vendor was asked."""
    said: list[Said] = []
    failures: list[AgentError] = []
    asked: list[int] = []

    async def scene() -> None:
        async with connected(model, Answer((WORDS,), faults=faults), key=key, patience=patience) as rig:
            try:
                async for part in rig.mind().reply(conversation(SECRET)):
                    said.append(part)
            except AgentError as error:
                failures.append(error)
            asked.append(len(rig.vendor.seen))

    run(scene())
    (failure,) = failures
    return failure, said, asked[0]


@every_api
def test_a_wrong_key_is_named_and_not_tried_again(model: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpcore2").setLevel(logging.NOTSET)
    failure, said, asked = failed(model, Faults(), key=WRONG)
    assert (failure.retryable, said, asked) == (False, [], 1)
    assert "refuses the API key (HTTP 40" in str(failure)
    assert "api_key" in str(failure)
    shown = "".join(traceback.format_exception(failure)) + caplog.text
    assert WRONG not in shown
    assert SECRET not in shown


@every_api
@pytest.mark.parametrize(
    ("status", "retryable", "message"),
    [
        (400, False, "refuses the request (HTTP 400)"),
        (403, False, "refuses the API key (HTTP 403)"),
        (404, False, "has no model"),
        (429, True, "takes no more requests for now (HTTP 429)"),
        (500, True, "failed (HTTP 500)"),
        (503, True, "failed (HTTP 503)"),
    ],
)
def test_a_refusal_says_whether_asking_again_can_help(model: str, status: int, retryable: bool, message: str) -> None:
    failure, said, asked = failed(model, Faults(status=status))
    assert (failure.retryable, failure.code, said, asked) == (retryable, str(status), [], 1)
    assert message in str(failure)
    assert WRONG not in "".join(traceback.format_exception(failure))


@every_api
def test_silence_ends_after_the_time_that_was_given(model: str) -> None:
    failure, said, _ = failed(model, Faults(silent=True), patience=0.2)
    assert (failure.retryable, failure.code, said) == (True, "timeout", [])
    assert str(failure).endswith("did not go on within 0.2 s")


@every_api
def test_a_stall_amid_the_answer_ends_after_the_time_that_was_given(model: str) -> None:
    failure, said, _ = failed(model, Faults(stall_after=4), patience=0.4)
    assert (failure.retryable, failure.code) == (True, "timeout")
    assert WORDS.startswith("".join(str(part) for part in said))


@every_api
def test_an_error_within_the_stream_ends_the_answer(model: str) -> None:
    failure, said, asked = failed(model, Faults(error_after=4))
    assert (failure.retryable, asked) == (True, 1)
    assert WORDS.startswith("".join(str(part) for part in said))
    assert said


@every_api
def test_a_connection_that_breaks_ends_the_answer(model: str) -> None:
    failure, said, asked = failed(model, Faults(drop_after=4))
    assert (failure.retryable, failure.code, asked) == (True, "broken", 1)
    assert WORDS.startswith("".join(str(part) for part in said))


@every_api
def test_a_vendor_that_is_not_there_is_told_apart(model: str) -> None:
    async def scene() -> None:
        brain = ModelBrain(BrainOptions(model=model, api_key=KEY, base_url="http://127.0.0.1:9", timeout=1.0))
        async with brain.ready():
            mind = brain.open(None, lambda report: None)  # type: ignore[arg-type]  # the model does not look at it
            with pytest.raises(AgentError, match="cannot reach") as failure:
                await replied(mind, conversation("Hello?"))
            assert (failure.value.retryable, failure.value.code) == (True, "unreachable")

    run(scene())


@every_api
@pytest.mark.parametrize("faults", [Faults(chopped=True), Faults(comments=True), Faults(unfinished=True)])
def test_what_is_only_unusual_is_put_up_with(model: str, faults: Faults) -> None:
    async def scene() -> None:
        async with connected(model, Answer(("Größe öäü €.",), faults=faults)) as rig:
            assert await replied(rig.mind(), conversation("Which size?")) == ["Größe öäü €."]

    run(scene())


@every_api
def test_a_question_that_is_cancelled_before_its_answer_closes_the_request(model: str) -> None:
    async def scene() -> None:
        async with connected(model, Answer(faults=Faults(silent=True))) as rig, asyncio.TaskGroup() as tasks:
            asking = tasks.create_task(replied(rig.mind(), conversation("Hello?")))
            seen = await rig.vendor.asked()
            asking.cancel()
            await seen.cancelled.wait()

    run(scene())


@every_api
def test_the_next_question_uses_the_connection_of_the_one_before(model: str) -> None:
    async def scene() -> None:
        async with connected(model) as rig:
            mind = rig.mind()
            for _ in range(2):
                await replied(mind, conversation("Hello?"))
            first, second = rig.vendor.connections
            assert first == second

    run(scene())


@every_api
def test_the_connection_is_open_before_the_first_question(model: str) -> None:
    async def scene() -> None:
        async with connected(model) as rig, asyncio.TaskGroup() as tasks:
            mind = rig.mind()
            running = tasks.create_task(mind.run())
            await asyncio.sleep(0)
            (connecting,) = (task for task in asyncio.all_tasks() if task.get_name() == "model connection")
            await connecting
            async with aclosing(mind.reply(conversation("Hello?"))) as parts:
                assert await anext(parts) == "Hello "
            before, question = rig.vendor.connections
            assert before == question
            running.cancel()

    run(scene())

"""The agent as a function or a class: which forms it may have, and what becomes of its faults."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from tests.brains import callables
from tests.brains.conversations import CALL, Reports, answer, said
from voicecall.brains import BrainOptions, HangUpAfter, Said
from voicecall.brains.python import PythonBrain
from voicecall.errors import AgentError, ConfigError

HERE = "tests.brains.callables"
HELLO = said("My name is Bond.")


@pytest.fixture(autouse=True)
def _nothing_has_ended() -> None:
    callables.ended.clear()
    callables.over.clear()


def brain(name: str, **options: object) -> PythonBrain:
    return PythonBrain(BrainOptions(callable=f"{HERE}:{name}", **options))  # type: ignore[arg-type]


async def hearing(name: str) -> list[Said]:
    return await answer(brain(name).open(CALL, Reports()), HELLO)


@pytest.mark.parametrize(
    ("name", "items"),
    [
        ("plain", ["My name is Bond. in brain.callable"]),
        ("several", ["My name is Bond.", HangUpAfter()]),
        ("generated", ["one ", "two"]),
        ("awaited", ["My name is Bond."]),
        ("nothing", []),
        ("streamed", ["one ", "two", HangUpAfter()]),
        ("gives_a_stream", ["one ", "two", HangUpAfter()]),
        ("gives_a_list", ["one", HangUpAfter()]),
        ("bound", ["My name is Bond."]),
        ("instance", ["from an object"]),
        ("Plain", ["plain"]),
        ("made", ["plain"]),
    ],
)
async def test_a_function_may_have_any_form(name: str, items: list[Said]) -> None:
    assert await hearing(name) == items


async def test_a_class_is_made_with_the_options_and_made_ready() -> None:
    own = brain("Own", text="mine")
    async with own.ready():
        assert callables.ended == ["ready"]
        assert await answer(own.open(CALL, Reports()), HELLO) == ["mine"]


async def test_a_function_needs_nothing_to_be_ready() -> None:
    async with brain("plain").ready():
        assert callables.ended == []


@pytest.mark.parametrize(
    ("name", "option", "early"),
    [("plain", None, False), ("plain", True, True), ("Own", None, True), ("Own", False, False), ("Plain", None, False)],
)
def test_whether_it_may_be_asked_early_is_said_by_the_option_then_by_the_brain(
    name: str, option: bool | None, early: bool
) -> None:
    assert brain(name, early=option).early is early


async def test_to_leave_an_answer_ends_its_source() -> None:
    async with aclosing(brain("streamed").open(CALL, Reports()).reply(HELLO)) as items:
        await anext(items)
    assert callables.ended == ["streamed"]


async def test_cancellation_reaches_the_function() -> None:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(hearing("never"))
        await asyncio.sleep(0)
        task.cancel()
    assert callables.ended == ["never"]


async def test_a_thread_that_is_left_stops_between_two_pieces() -> None:
    async with aclosing(brain("without_end").open(CALL, Reports()).reply(HELLO)) as items:
        assert await anext(items) == "word "
    await asyncio.to_thread(callables.over.wait, 5)
    assert callables.ended == ["without_end"]


async def test_a_thread_runs_only_so_far_ahead_of_who_listens() -> None:
    callables.given.clear()
    heard = 0
    async for _ in brain("many").open(CALL, Reports()).reply(HELLO):
        heard += 1
        assert len(callables.given) - heard <= 101
    assert heard == 5000


@pytest.mark.parametrize(("name", "before"), [("raises", []), ("raises_later", ["one"])])
async def test_what_it_raises_is_told_without_the_words(name: str, before: list[Said]) -> None:
    heard = []

    async def listen() -> None:
        async for item in brain(name).open(CALL, Reports()).reply(HELLO):
            heard.append(item)

    with pytest.raises(AgentError, match=r"brain\.callable raised KeyError at callables\.py:\d+$") as error:
        await listen()
    assert "Bond" not in str(error.value)
    assert heard == before


@pytest.mark.parametrize("name", ["numbers", "streams_numbers"])
async def test_what_is_no_answer_is_an_error(name: str) -> None:
    with pytest.raises(AgentError, match=r"brain\.callable gave a int"):
        await hearing(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", 'write "module:name"'),
        ("json", 'write "module:name"'),
        (":name", 'write "module:name"'),
        ("no_such_module_here:name", "there is no module no_such_module_here"),
        (f"{HERE}:missing", "there is no missing in tests.brains.callables"),
        (f"{HERE}:NoBrain", "is a class without `open`"),
        (f"{HERE}:number", "can neither be called nor opened"),
        (f"{HERE}:Broken", r"cannot be made: RuntimeError at callables\.py"),
        ("tests.brains.broken_callables:name", r"cannot be imported: RuntimeError at broken_callables\.py:3"),
    ],
)
def test_what_cannot_be_had_is_a_fault_of_the_configuration(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        PythonBrain(BrainOptions(callable=name))
    (fault,) = error.value.faults
    assert fault.key == "brain.callable"
    assert "Bond" not in fault.message

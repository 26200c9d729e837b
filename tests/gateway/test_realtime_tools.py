"""What a model that hears and speaks does besides: it hangs up, presses keys, notes what came of it, calls tools."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.gateway.callers import HANG_UP, listen, onset, say, wait
from tests.gateway.house import House, Json, MakeHouse
from tests.gateway.models import Lines, model
from tests.gateway.spelling import text
from tests.gateway.test_conversations import said
from tests.gateway.test_realtime_consults import codes, of_model, outputs
from voicecall.brains.tools import Done, Tool
from voicecall.gateway.consulting import Consulting
from voicecall.realtime import Traits
from voicecall.realtime.scripted import Reply

pytestmark = pytest.mark.parametrize("town", ["mock"], indirect=True)

END = ("end_call", "{}")
ALONE = Traits(endpoints="provider", interrupts="provider")


async def called(house: MakeHouse, lines: Lines, *steps: Any, **options: Any) -> tuple[Json, str, House]:
    """Return the record of a call, what the phone heard of it, and the gateway."""
    async with house(**({"model": model(lines)} | options)) as h:
        call = await h.place(*steps)
        record = await h.over(call)
        heard = text(await h.hears(call))
        await h.idle()
        return record, heard, h


# --- the end


@pytest.mark.parametrize("unasked", [False, True])
async def test_the_line_drops_once_the_goodbye_was_heard(house: MakeHouse, unasked: bool) -> None:
    lines = Lines(Reply("Good bye then", calls=(END,)))
    of = model(lines, ALONE if unasked else Traits(), unasked=unasked)
    record, heard, _ = await called(house, lines, listen(), say("That was all"), listen(30), model=of)
    assert (heard, record["endReason"]) == ("Hello there Good bye then", "hangup-agent")
    assert (len(lines.asked), record["warnings"]) == (1, [])


async def test_a_model_that_has_said_nothing_says_goodbye_before_the_line_drops(house: MakeHouse) -> None:
    lines = Lines(Reply(calls=(END,)), "Good bye then")
    record, heard, h = await called(house, lines, listen(), say("That was all"), listen(30))
    assert (heard, record["endReason"]) == ("Hello there Good bye then", "hangup-agent")
    assert "goodbye" in outputs(h)[0]["done"]


@pytest.mark.parametrize(
    "answers",
    [
        (Reply("Good bye then", calls=(END, END)),),
        (Reply(calls=(END, END)), "Good bye then"),
        (Reply(calls=(END,)), Reply("Good bye then", calls=(END,))),
    ],
)
async def test_hanging_up_twice_is_hanging_up(house: MakeHouse, answers: tuple[Reply, ...]) -> None:
    record, heard, _ = await called(house, Lines(*answers), listen(), say("That was all"), listen(30))
    assert (heard, record["endReason"], record["warnings"]) == ("Hello there Good bye then", "hangup-agent", [])


async def test_a_model_that_never_says_goodbye_does_not_keep_the_line(house: MakeHouse) -> None:
    lines = Lines(Reply(calls=(END,)))
    record, heard, _ = await called(house, lines, listen(), say("That was all"), listen(30))
    assert (heard, record["endReason"], len(lines.asked)) == ("Hello there", "hangup-agent", 2)


async def test_a_caller_who_interrupts_the_goodbye_is_not_hung_up_on(house: MakeHouse) -> None:
    lines = Lines(Reply("One two three four five six", calls=(END,)), "Of course")
    steps = (listen(), say("That was all"), onset(0.5), say("Wait a question please"), listen(), HANG_UP)
    record, _, h = await called(house, lines, *steps)
    assert (said(record)[-1], record["endReason"]) == (("agent", "Of course"), "hangup-user")
    (note,) = of_model(h).notes
    assert "the call goes on" in note


async def test_a_caller_whose_words_are_not_known_yet_has_spoken(house: MakeHouse) -> None:
    lines = Lines(Reply("Good bye then", calls=(END,)))
    of = model(lines, transcribing=2.0)
    record, heard, _ = await called(house, lines, listen(), say("Good bye"), listen(30), model=of)
    assert (heard, record["endReason"]) == ("Hello there Good bye then", "hangup-agent")


# --- keys


async def test_keys_are_sent_and_nothing_is_said_about_it(house: MakeHouse) -> None:
    lines = Lines(Reply(calls=(("send_dtmf", '{"digits": "1w2"}'),)))
    record, heard, h = await called(house, lines, listen(), say("Press one"), wait(5), HANG_UP)
    leg = next(iter(h.network.legs.values()))
    assert [entry.text for entry in leg.journal if entry.what == "digit"] == ["1", "2"]
    assert (heard, outputs(h), record["warnings"]) == ("Hello there", [{"done": "The keys are being sent."}], [])


async def test_keys_that_are_none_are_refused(house: MakeHouse) -> None:
    lines = Lines(Reply(calls=(("send_dtmf", '{"digits": "one"}'),)), "I cannot")
    _, heard, h = await called(house, lines, listen(), say("Press one"), listen(), HANG_UP)
    assert "wrong" in outputs(h)[0]["failed"]
    assert heard == "Hello there I cannot"


# --- notes, and what there is not


async def test_what_came_of_it_is_noted_and_the_answer_goes_on(house: MakeHouse) -> None:
    noted = ("note_outcome", '{"disposition": "booked", "summary": "A table for two."}')
    lines = Lines(Reply(calls=(noted,)), "Done")
    record, heard, _ = await called(house, lines, listen(), say("Book it"), listen(), HANG_UP)
    assert (heard, record["outcome"]["disposition"]) == ("Hello there Done", "booked")


async def test_a_tool_that_there_is_not_is_refused_with_those_there_are(house: MakeHouse) -> None:
    lines = Lines(Reply(calls=(("consult", '{"question": "Why"}'),)), "I am sorry")
    record, heard, h = await called(house, lines, listen(), say("Tell me why"), listen(), HANG_UP)
    assert outputs(h)[0]["failed"].endswith("There are: end_call, send_dtmf, note_outcome.")
    assert (heard, codes(record)) == ("Hello there I am sorry", ["unknown-tool"])


async def test_a_model_that_only_calls_tools_is_stopped(house: MakeHouse) -> None:
    lines = Lines(Reply(calls=(("nothing", "{}"),)))
    record, _, h = await called(house, lines, listen(), say("Tell me why"), wait(5), HANG_UP)
    assert (len(lines.asked), len(outputs(h))) == (21, 21)
    assert "More than 20" in outputs(h)[-1]["failed"]
    assert record["endReason"] == "hangup-user"


# --- tools of others


SCHEMA: Json = {"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"]}


class Shop:
    """Tools that are carried out elsewhere."""

    def __init__(self, *, delay: float = 0.3) -> None:
        self.delay = delay
        self.connected = False
        self.given: list[tuple[str, Json]] = []
        self.left = 0
        """How many calls nobody wanted to the end."""

    async def run(self) -> None:
        """Be connected."""
        await asyncio.sleep(0.5)
        self.connected = True
        await asyncio.Event().wait()

    async def tools(self) -> list[Tool]:
        """Return what there is."""
        await asyncio.sleep(0.6)
        assert self.connected
        endless = {"type": "object", "properties": {"a": {"$ref": "https://example.com/a"}}}
        return [
            Tool("order_status", "Of orders.", SCHEMA, read_only=True),
            Tool("order_cancel", "Of orders.", SCHEMA),
            Tool("end_call", "Not ours.", SCHEMA, read_only=True),
            Tool("far_away", "Elsewhere.", endless, read_only=True),
        ]

    async def call(self, name: str, arguments: Json) -> Done:
        """Answer."""
        self.given.append((name, arguments))
        try:
            await asyncio.sleep(self.delay)
        except asyncio.CancelledError:
            self.left += 1
            raise
        return Done("It is closed.", failed=True) if name == "order_cancel" else Done("It was shipped.")


@pytest.mark.parametrize(
    ("read_only", "offered"), [(True, ["order_status"]), (False, ["order_status", "order_cancel"])]
)
async def test_tools_of_others_are_offered_as_the_policy_has_it(
    house: MakeHouse, read_only: bool, offered: list[str]
) -> None:
    with_tools = {"toolbox": Shop(), "consulting": Consulting(read_only=read_only)}
    record, _, h = await called(house, Lines("Yes"), listen(), HANG_UP, **with_tools)
    assert [tool.name for tool in of_model(h).tools] == ["end_call", "send_dtmf", "note_outcome", "consult", *offered]
    (warning,) = record["warnings"]
    assert (warning["code"], "far_away" in warning["text"]) == ("tool-schema", True)


async def test_a_tool_of_others_is_called(house: MakeHouse) -> None:
    shop = Shop()
    lines = Lines(Reply("Let me look", calls=(("order_status", '{"number": "7"}'),)), "It was shipped")
    _, heard, h = await called(house, lines, listen(), say("Where is it"), listen(), HANG_UP, toolbox=shop)
    assert (shop.given, outputs(h)) == ([("order_status", {"number": "7"})], [{"done": "It was shipped."}])
    assert heard == "Hello there Let me look It was shipped"


@pytest.mark.parametrize("arguments", ["{", "7", "{}", '{"number": 7}', "[" * 5000])
async def test_arguments_that_do_not_fit_are_refused_before_the_call(house: MakeHouse, arguments: str) -> None:
    shop = Shop()
    lines = Lines(Reply(calls=(("order_status", arguments),)), "I am sorry")
    record, heard, h = await called(house, lines, listen(), say("Where is it"), listen(), HANG_UP, toolbox=shop)
    assert outputs(h)[0]["failed"].startswith("The arguments of order_status are wrong")
    assert (shop.given, heard, codes(record)) == ([], "Hello there I am sorry", ["tool-schema"])


async def test_a_tool_that_fails_is_told_to_the_model(house: MakeHouse) -> None:
    with_tools = {"toolbox": Shop(), "consulting": Consulting(read_only=False)}
    lines = Lines(Reply(calls=(("order_cancel", '{"number": "7"}'),)), "It is closed")
    _, heard, h = await called(house, lines, listen(), say("Cancel it"), listen(), HANG_UP, **with_tools)
    assert (outputs(h), heard) == ([{"failed": "It is closed."}], "Hello there It is closed")


async def test_a_tool_that_the_policy_forbids_is_not_called(house: MakeHouse) -> None:
    shop = Shop()
    lines = Lines(Reply(calls=(("order_cancel", '{"number": "7"}'),)), "I cannot")
    _, _, h = await called(house, lines, listen(), say("Cancel it"), listen(), HANG_UP, toolbox=shop)
    assert (shop.given, "There is no tool" in outputs(h)[0]["failed"]) == ([], True)


async def test_a_tool_at_work_ends_with_the_call(house: MakeHouse) -> None:
    shop = Shop(delay=60.0)
    lines = Lines(Reply("Let me look", calls=(("order_status", '{"number": "7"}'),)))
    await called(house, lines, listen(), say("Where is it"), listen(), HANG_UP, toolbox=shop)
    assert shop.left == 1

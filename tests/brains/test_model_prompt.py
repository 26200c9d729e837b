"""What a model is told: the manners, the task, who is on the line, and the conversation as it was heard."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from voicecall.brains import Conversation, HangUpAfter, Line, NoteOutcome, PressKeys
from voicecall.brains.prompt import Said, system, turns
from voicecall.brains.tools import PHONE, Done, perform, unknown

CALL = Conversation("c", "inbound", "+15550100123", "+15550100999", ())
OPENED = Said("caller", "[The call is connected.]")


def told(instructions: str = "", **changes: Any) -> str:
    return system(instructions, msgspec.structs.replace(CALL, **changes))


def test_without_instructions_there_is_a_task_all_the_same() -> None:
    assert "Find out what the caller needs" in told()
    assert "Find out what the caller needs" not in told("Sell flowers.")


def test_instructions_objective_and_language_are_given() -> None:
    text = told("Sell flowers.", objective="Order twelve tulips.", language="de-AT")
    for part in ("Your task:\nSell flowers.", "The objective of this call:\nOrder twelve tulips.", "BCP 47 tag de-AT"):
        assert part in text


def test_only_the_end_of_the_number_is_given() -> None:
    assert "They called you; their number ends in 0 1 2 3." in told()
    assert "You called them; their number ends in 0 9 9 9." in told(direction="outbound")
    assert "5550100" not in told() + told(direction="outbound")


def test_a_withheld_number_is_told() -> None:
    assert "They called you; the number is withheld." in told(from_="")


def test_instructions_may_ask_for_the_whole_number() -> None:
    assert "Call back +15550100123 or +15550100999." in told("Call back {from} or {to}.")


def test_the_last_seconds_are_told_once_they_are_near() -> None:
    assert "seconds are left" not in told()
    assert "Only 30 seconds are left" in told(seconds_left=29.6)


def test_the_time_is_told_when_it_is_known() -> None:
    assert "It is " not in told()
    assert ", 24 November 2025, " in told(now=1763985600.0)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), [OPENED]),
        ((Line("caller", "Hello?"),), [Said("caller", "Hello?")]),
        (
            (Line("agent", "Hello."), Line("caller", "Hi.")),
            [OPENED, Said("agent", "Hello."), Said("caller", "Hi.")],
        ),
        ((Line("caller", "One"), Line("caller", "two."), Line("caller", " ")), [Said("caller", "One\ntwo.")]),
        (
            (Line("caller", "Hi."), Line("agent", "Hello."), Line("agent", "Are you there?")),
            [
                Said("caller", "Hi."),
                Said("agent", "Hello.\nAre you there?"),
                Said("caller", "[The other side is silent.]"),
            ],
        ),
        ((Line("caller", "12#", keys=True),), [Said("caller", "[They pressed the keys 1 2 #.]")]),
        (
            (Line("caller", "Hi."), Line("agent", "We have", interrupted=True), Line("caller", "Stop.")),
            [
                Said("caller", "Hi."),
                Said("agent", "We have —"),
                Said("caller", "[They cut you short and heard only this much of what you said.]\nStop."),
            ],
        ),
        (
            (Line("caller", "Hi."), Line("agent", "", interrupted=True), Line("caller", "Stop.")),
            [Said("caller", "Hi.\n[They cut you short and heard only this much of what you said.]\nStop.")],
        ),
    ],
)
def test_the_sides_take_turns_and_the_caller_is_first_and_last(lines: tuple[Line, ...], said: list[Said]) -> None:
    assert turns(lines) == said


def test_of_a_long_conversation_the_middle_is_left_out() -> None:
    lines = [Line("agent" if number % 2 else "caller", str(number)) for number in range(101)]
    said = turns(lines)
    assert [one.text for one in said[:2]] == ["0", "1"]
    assert said[2] == Said("caller", "[Of the conversation, 59 lines are left out here.]")
    assert [one.text for one in said[3:]] == [str(number) for number in range(61, 101)]
    assert [one.speaker for one in said] == ["caller", "agent"] * 21 + ["caller"]


def test_forty_two_lines_are_all_given() -> None:
    lines = [Line("agent" if number % 2 else "caller", str(number)) for number in range(42)]
    assert len(turns(lines)) == 43


HEARD = msgspec.structs.replace(CALL, lines=(Line("caller", "Hi."),))


@pytest.mark.parametrize(
    ("name", "arguments", "act"),
    [
        ("hang_up", None, HangUpAfter()),
        ("hang_up", "", HangUpAfter()),
        ("hang_up", '{"reason": "done"}', HangUpAfter()),
        ("press_keys", '{"digits": "0*#Dw"}', PressKeys("0*#Dw")),
        ("press_keys", {"digits": "5\n"}, PressKeys("5")),
        ("note_outcome", '{"disposition": "booked"}', NoteOutcome("booked")),
        (
            "note_outcome",
            {"disposition": "booked", "summary": "For two.", "data": {"guests": 2}},
            NoteOutcome("booked", "For two.", {"guests": 2}),
        ),
    ],
)
def test_a_tool_of_the_phone_asks_for_something_to_be_done(
    name: str, arguments: str | dict[str, Any] | None, act: object
) -> None:
    done = perform(name, arguments, HEARD)
    assert (done.act, done.failed) == (act, False)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("press_keys", "{}"),
        ("press_keys", '{"digits": 5}'),
        ("press_keys", '{"digits": ""}'),
        ("press_keys", '{"digits": "call 5"}'),
        ("press_keys", '{"digits": "5'),
        ("press_keys", '"5"'),
        ("note_outcome", '{"disposition": ""}'),
        ("note_outcome", '{"disposition": "ok", "data": []}'),
        ("hang_up", "[]"),
    ],
)
def test_wrong_arguments_do_nothing_and_say_what_is_wrong(name: str, arguments: str) -> None:
    done = perform(name, arguments, HEARD)
    assert (done.act, done.failed) == (None, True)
    assert f"The arguments of {name} are wrong: " in done.told


@pytest.mark.parametrize("lines", [(), (Line("agent", "Hello."),), (Line("agent", "Hello."), Line("caller", " "))])
def test_nobody_is_hung_up_on_unheard(lines: tuple[Line, ...]) -> None:
    done = perform("hang_up", "{}", msgspec.structs.replace(CALL, lines=lines))
    assert (done.act, done.failed) == (None, True)


def test_an_unknown_tool_is_answered_with_those_there_are() -> None:
    assert unknown("fly", [tool.name for tool in PHONE]) == Done(
        "There is no tool 'fly'. There are: hang_up, press_keys, note_outcome.", failed=True
    )

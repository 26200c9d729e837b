"""What came of a call, from the schema that `initiate` brought to the record: asked, checked, never invented."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from tests.gateway.brains import Answers
from tests.gateway.carriers import CARRIERS
from tests.gateway.house import HANG_UP, House, Json, MakeHouse, listen, say, wait
from tests.gateway.town import MakeTown, open_town
from voicecall.brains import Conclusion, Inquiry, NoteOutcome
from voicecall.brains.plain import FixedBrain
from voicecall.core.administration import StopOutbound
from voicecall.core.operations import Continue, End, Live, Wait
from voicecall.core.utterances import Evidence
from voicecall.errors import AgentError, BadParameters
from voicecall.gateway.concluding import is_said

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"guests": {"type": "integer"}, "day": {"type": "string"}},
    "required": ["guests"],
    "additionalProperties": False,
}
WISH: dict[str, Any] = {"objective": "Book a table", "schema": SCHEMA}
PROOF = Evidence("guests", 1, "table, for TWO")
BOOKED = Conclusion("A table for two.", {"guests": 2}, (PROOF,))
REFUSED = "What the agent gave is not what the schema admits: at guests: 'two' is not of type 'integer'."


class Concludes(Answers):
    """Says one thing after the other of the call, the last one over and over: what came of it, or what goes wrong."""

    def __init__(self, *conclusions: Conclusion | Exception | float, notes: Sequence[NoteOutcome] = ()) -> None:
        super().__init__((*notes, "You are welcome"))
        self.conclusions = list(conclusions)
        self.inquiries: list[Inquiry] = []

    async def conclude(self, inquiry: Inquiry) -> Conclusion:
        """Return the next one; seconds are thought about, for ever."""
        self.inquiries.append(inquiry)
        conclusion = self.conclusions[min(len(self.inquiries), len(self.conclusions)) - 1]
        if isinstance(conclusion, float):
            await asyncio.sleep(conclusion)
            return BOOKED
        if isinstance(conclusion, Exception):
            raise conclusion
        return conclusion


@pytest.fixture
def town() -> MakeTown:
    """Open a town of one carrier: to an outcome all are the same."""
    return partial(open_town, CARRIERS["mock"])


async def talk(h: House, **wish: Any) -> str:
    """Place a call to somebody who asks for a table."""
    return await h.place(listen(), say("A table for two"), listen(), HANG_UP, **wish)


async def concluded(house: MakeHouse, brain: Answers, **wish: Any) -> tuple[Json, list[str]]:
    """Return what came of such a call, and the codes of its warnings."""
    async with house(brain=brain) as h:
        record = await h.over(await talk(h, **(wish or WISH)))
        await h.idle()
        return record["outcome"], [warning["code"] for warning in record["warnings"]]


async def test_the_agent_brings_back_what_was_wanted(house: MakeHouse) -> None:
    brain = Concludes(BOOKED)
    outcome, codes = await concluded(house, brain)
    assert outcome == {
        "disposition": "answered",
        "summary": "A table for two.",
        "data": {"guests": 2},
        "evidence": [{"field": "guests", "line": 1, "quote": "table, for TWO"}],
    }
    assert codes == []
    (inquiry,) = brain.inquiries
    assert (inquiry.schema, inquiry.noted, inquiry.faults) == (SCHEMA, None, ())
    assert inquiry.conversation.objective == "Book a table"
    assert [line.text for line in inquiry.conversation.lines] == ["Hello there", "A table for two", "You are welcome"]


async def test_what_the_schema_does_not_admit_is_asked_for_once_more(house: MakeHouse) -> None:
    brain = Concludes(Conclusion("For two.", {"guests": "two"}), BOOKED)
    outcome, _ = await concluded(house, brain)
    assert outcome["data"] == {"guests": 2}
    assert brain.inquiries[1].faults == ("at guests: 'two' is not of type 'integer'",)


async def test_what_is_wrong_twice_is_not_taken(house: MakeHouse) -> None:
    brain = Concludes(Conclusion("For two.", {"guests": "two"}))
    outcome, _ = await concluded(house, brain)
    assert (outcome["summary"], outcome["data"], outcome["evidence"]) == ("For two.", None, [])
    assert outcome["error"] == REFUSED
    assert len(brain.inquiries) == 2


@pytest.mark.parametrize(
    ("second", "error"),
    [
        (AgentError("it is down"), REFUSED),
        (Conclusion("It is not said."), REFUSED),
        (30.0, REFUSED),
    ],
)
async def test_of_two_failures_the_first_is_told(house: MakeHouse, second: Any, error: str) -> None:
    outcome, _ = await concluded(house, Concludes(Conclusion("For two.", {"guests": "two"}), second))
    assert (outcome["data"], outcome["error"]) == (None, error)
    if not isinstance(second, Conclusion):
        assert outcome["summary"] == "For two."


class ThinksFirst(Concludes):
    """Takes five seconds more for everything that it says."""

    async def conclude(self, inquiry: Inquiry) -> Conclusion:
        """Return the next one, later."""
        await asyncio.sleep(5)
        return await super().conclude(inquiry)


async def test_both_answers_together_take_no_longer_than_one_may_and_the_first_is_kept(house: MakeHouse) -> None:
    async with house(brain=ThinksFirst(Conclusion("For two.", {"guests": "two"}), 30.0)) as h:
        call = await talk(h, **WISH)
        await h.seen(call, "call.leg-ended")
        before = h.town.now()
        outcome = (await h.over(call))["outcome"]
        assert h.town.now() - before == pytest.approx(20, abs=1)
        assert (outcome["summary"], outcome["data"], outcome["error"]) == ("For two.", None, REFUSED)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (AgentError("it is down"), "The agent could not conclude: it is down."),
        (RuntimeError("A table for two"), "The agent could not conclude: the agent broke: RuntimeError."),
        (30.0, "The agent did not conclude in time."),
        (Conclusion("It is not said."), "The call does not tell what was wanted, says the agent."),
        (Conclusion(data={"guests": object()}), "What the agent gave is not what the schema admits: it is no JSON."),
        (
            Conclusion(data={"guests": 2, "day": "x" * (64 << 10)}),
            "What the agent gave is not what the schema admits: it is larger than 64 KiB.",
        ),
    ],
)
async def test_what_cannot_be_had_is_null_and_the_record_says_why(house: MakeHouse, given: Any, error: str) -> None:
    outcome, _ = await concluded(house, Concludes(given))
    assert (outcome["disposition"], outcome["data"], outcome["evidence"]) == ("answered", None, [])
    assert outcome["error"] == error


async def test_an_agent_that_cannot_conclude_is_not_waited_for(house: MakeHouse) -> None:
    async with house(brain=FixedBrain("You are welcome")) as h:
        record = await h.over(await talk(h, **WISH))
        assert record["outcome"] == {
            "disposition": "answered",
            "summary": "",
            "data": None,
            "evidence": [],
            "error": "The agent could not conclude: test cannot say what came of a call.",
        }


async def test_evidence_that_does_not_stand_in_its_line_is_dropped_and_missed(house: MakeHouse) -> None:
    made_up = (
        Evidence("guests", 1, "for three"),
        Evidence("guests", 0, "for two"),
        Evidence("guests", 1, "able for two"),
        Evidence("guests", 1, ""),
        Evidence("guests", 9, "for two"),
        Evidence("guests", -2, "for two"),
        Evidence("day", 1, "for two"),
        Evidence("guests.0", 1, "for two"),
    )
    outcome, codes = await concluded(house, Concludes(Conclusion("For two.", {"guests": 2}, made_up)))
    assert (outcome["data"], outcome["evidence"], codes) == ({"guests": 2}, [], ["outcome-unproven"])


async def test_evidence_may_speak_for_what_lies_deeper(house: MakeHouse) -> None:
    schema = {"type": "object", "properties": {"tables": {"type": "array"}}, "required": ["tables"]}
    evidence = (
        Evidence("tables[0].seats", 1, "two"),
        Evidence("tables.0", 1, "a table"),
        Evidence("tables.1", 1, "two"),
    )
    given = Conclusion("", {"tables": [{"seats": 2}]}, evidence)
    outcome, codes = await concluded(house, Concludes(given), schema=schema)
    assert [said["field"] for said in outcome["evidence"]] == ["tables[0].seats", "tables.0"]
    assert codes == []


async def test_an_objective_alone_gets_a_summary(house: MakeHouse) -> None:
    outcome, _ = await concluded(house, Concludes(BOOKED), objective="Book a table")
    assert outcome == {"disposition": "answered", "summary": "A table for two.", "data": None, "evidence": []}


async def test_what_the_agent_noted_stays_and_is_completed(house: MakeHouse) -> None:
    noted = NoteOutcome("booked", data={"guests": 3})
    brain = Concludes(BOOKED, notes=[noted])
    outcome, _ = await concluded(house, brain)
    assert (outcome["disposition"], outcome["summary"], outcome["data"]) == (
        "booked",
        "A table for two.",
        {"guests": 2},
    )
    assert brain.inquiries[0].noted == noted


async def test_a_note_that_the_schema_admits_stands_where_there_is_no_conclusion(house: MakeHouse) -> None:
    noted = NoteOutcome("booked", "For three.", {"guests": 3})
    outcome, codes = await concluded(house, Concludes(AgentError("it is down"), notes=[noted]))
    assert outcome == {"disposition": "booked", "summary": "For three.", "data": {"guests": 3}, "evidence": []}
    assert codes == ["outcome-unproven"]


async def test_a_note_that_the_schema_does_not_admit_is_no_data(house: MakeHouse) -> None:
    noted = NoteOutcome("booked", "For three.", {"guests": "three"})
    outcome, _ = await concluded(house, Concludes(AgentError("it is down"), notes=[noted]))
    assert (outcome["disposition"], outcome["data"]) == ("booked", None)
    assert outcome["error"] == "The agent could not conclude: it is down."


async def test_the_end_of_the_call_is_that_of_its_leg_and_its_line_is_free_at_once(house: MakeHouse) -> None:
    async with house(brain=Concludes(15.0), max_calls=1) as h:
        call = await talk(h, **WISH)
        await h.seen(call, "call.leg-ended")
        before = h.town.now()
        await asyncio.sleep(1)
        assert (await h.record(call))["state"] == "active"
        assert await h.perform(Live()) == []
        other = await h.place(HANG_UP)
        record = await h.over(call)
        assert h.town.now() - before == pytest.approx(15, abs=0.5)
        assert record["outcome"]["data"] == {"guests": 2}
        (ended,) = [event for event in await h.events(call) if event["type"] == "call.leg-ended"]
        assert record["endedAt"] == ended["at"]
        await h.over(other)


async def test_a_gateway_that_stops_waits_for_the_conclusion_and_no_longer(house: MakeHouse) -> None:
    async with house(brain=Concludes(600.0)) as h:
        call = await talk(h, **WISH)
        await h.seen(call, "call.leg-ended")
        before = h.town.now()
        await h.gateway.drain()
        assert h.town.now() - before == pytest.approx(20, abs=1)
        assert (await h.record(call))["outcome"]["error"] == "The agent did not conclude in time."


async def test_who_ends_the_call_is_told_once_its_leg_is_over_and_who_waits_gets_the_outcome(house: MakeHouse) -> None:
    async with house(brain=Concludes(15.0)) as h:
        call = await h.place(listen(), say("A table for two"), wait(60), **WISH)
        await h.seen(call, "reply.finished", 2)
        before = h.town.now()
        ended = {"callId": call, "state": "ended", "endReason": "hangup-agent"}
        assert await h.perform(End(call_id=call)) == ended
        assert await h.perform(End(call_id=call)) == ended
        assert h.town.now() - before < 5
        assert "outcome" not in await h.record(call)
        record = await h.perform(Wait(call_id=call, timeout=60.0))
        assert h.town.now() - before == pytest.approx(15, abs=1)
        assert (record["endReason"], record["outcome"]["data"]) == ("hangup-agent", {"guests": 2})
        assert await h.perform(End(call_id=call)) == ended


async def test_outbound_calls_that_are_stopped_are_not_waited_for_until_they_have_an_outcome(house: MakeHouse) -> None:
    async with house(brain=Concludes(15.0)) as h:
        call = await h.place(listen(), say("A table for two"), wait(60), **WISH)
        await h.seen(call, "reply.finished", 2)
        before = h.town.now()
        await h.perform(StopOutbound(hang_up=True))
        assert h.town.now() - before < 5
        await h.seen(call, "call.leg-ended")
        record = await h.over(call)
        assert (record["endReason"], record["outcome"]["data"]) == ("hangup-agent", {"guests": 2})


@pytest.mark.parametrize("moment", ["while the agent concludes", "while the call hangs up"])
async def test_the_gateway_after_a_kill_asks_again(town: MakeTown, house: MakeHouse, moment: str) -> None:
    brain = Concludes(BOOKED)
    async with town() as place:
        async with house(place, brain=Concludes(15.0)) as h:
            if moment == "while the agent concludes":
                call = await talk(h, **WISH)
                await h.seen(call, "call.leg-ended")
                await asyncio.sleep(1)
            else:
                call = await h.place(listen(), say("A table for two"), wait(60), **WISH)
                await h.seen(call, "reply.finished", 2)
                h.beside(h.end(call)).add_done_callback(lambda done: done.exception())
                await h.seen(call, "operation.end")
        async with house(place, brain=brain) as h:
            record = await h.over(call)
            assert record["outcome"]["data"] == {"guests": 2}
            assert len(brain.inquiries) == 1


async def test_a_schema_that_cannot_be_used_places_no_call(house: MakeHouse) -> None:
    async with house() as h:
        with pytest.raises(BadParameters, match="schema: `type` must be"):
            await talk(h, schema={"type": "array"})
        assert h.town.rest.count("dial") == 0


async def test_an_answer_is_awaited_as_long_as_whoever_continues_wants(house: MakeHouse) -> None:
    async with house() as h:
        call = await h.place(listen(), wait(60), HANG_UP)
        await h.seen(call, "reply.finished")
        before = h.town.now()
        answer = await h.perform(Continue(call_id=call, message="Are you there", timeout=2.5))
        assert answer == {"callId": call, "transcript": "", "timedOut": True}
        assert h.town.now() - before < 6
        for timeout in (0, -1.0, 3601.0, float("nan")):
            with pytest.raises(BadParameters, match="timeout: more than 0 and at most 3600 seconds"):
                await h.perform(Continue(call_id=call, message="Are you there", timeout=timeout))
        await h.end(call)


@pytest.mark.parametrize(
    ("quote", "text", "found"),
    [
        ("a table, for TWO!", "Yes: a table for two.", True),
        ("12#", "1 2 #", True),
        ("1 2", "12", True),
        ("no", "I know that", False),
        ("2", "25 people", False),
        ("25", "2 and 25", True),
        ("two three", "one two three four", True),
        ("two four", "one two three four", False),
        ("\N{FULLWIDTH DIGIT TWO}", "2 people", True),
        ("STRASSE", "Straße 3", True),
        ("二人", "席を二人分お願いします", True),
        ("...", "Well... yes", False),
        ("", "anything", False),
        ("anything", "", False),
    ],
)
def test_a_quote_stands_whatever_its_case_and_punctuation(quote: str, text: str, found: bool) -> None:
    assert is_said(quote, text) is found

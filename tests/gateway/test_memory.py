"""What is known of earlier calls with the same other party, and nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from voicecall.core.ids import CallId
from voicecall.errors import StoreError
from voicecall.gateway.memory import Recall
from voicecall.store import Query

FRIEND, STRANGER, US = "+15550100009", "+15550100008", "+15550000000"
Json = dict[str, Any]


def call(number: str, *lines: str, day: int = 1, summary: str = "", outbound: bool = False, **more: Any) -> Json:
    """Return the record of a call with a number; the caller's lines begin with a dash."""
    return {
        "callId": f"call-{number}-{day}",
        "direction": "outbound" if outbound else "inbound",
        "from": US if outbound else number,
        "to": number if outbound else US,
        "startedAt": f"2026-11-{day:02d}T10:00:00Z",
        "transcript": [
            {"speaker": "caller" if line.startswith("-") else "agent", "text": line.lstrip("- ")} for line in lines
        ],
        "outcome": {"disposition": "done", "summary": summary} if summary else None,
        **more,
    }


class Archive:
    """Records, the newest first, after a while."""

    def __init__(self, *records: Json, delay: float = 0.0, error: StoreError | None = None) -> None:
        self.kept = records
        self.delay = delay
        self.error = error
        self.asked: list[Query] = []

    async def records(self, query: Query) -> list[Json]:
        """Return those of a number."""
        self.asked.append(query)
        await asyncio.sleep(self.delay)
        if self.error is not None:
            raise self.error
        return [record for record in self.kept if query.number in (record["from"], record["to"])]


async def recalled(archive: Archive, question: str, number: str = FRIEND, **options: Any) -> list[str]:
    """Return what is known."""
    return (await Recall(archive, CallId("this"), number, **options)(question)).splitlines()


async def test_lines_with_words_of_the_question_are_told_with_their_day() -> None:
    archive = Archive(
        call(FRIEND, "Where shall it be sent?", "- To Elm Street.", day=7, summary="Delivery to Elm Street agreed."),
        call(FRIEND, "- Do you sell bread?", day=3, outbound=True),
    )
    assert await recalled(archive, "Which street is the delivery for?") == [
        "2026-11-07, what came of the call: Delivery to Elm Street agreed.",
        "2026-11-07, they said: To Elm Street.",
    ]
    assert await recalled(archive, "Bread, please") == ["2026-11-03, they said: Do you sell bread?"]
    assert await recalled(archive, "How is the weather?") == []


async def test_no_more_is_told_than_was_asked_for() -> None:
    archive = Archive(*(call(FRIEND, f"- The order of day {day}.", day=day) for day in (9, 8, 7, 6)))
    assert await recalled(archive, "The order", most=2) == [
        "2026-11-09, they said: The order of day 9.",
        "2026-11-08, they said: The order of day 8.",
    ]


async def test_calls_with_others_are_never_told() -> None:
    forwarded = call(STRANGER, "- My order is hidden.") | {"to": FRIEND}
    archive = Archive(call(STRANGER, "- My order is secret."), forwarded, call(FRIEND, "- My order is ours."))
    assert await recalled(archive, "the order") == ["2026-11-01, they said: My order is ours."]


async def test_the_call_at_hand_is_not_told() -> None:
    assert await recalled(Archive(call(FRIEND, "- My order.", callId="this")), "the order") == []


@pytest.mark.parametrize("number", ["", "anonymous"])
async def test_whoever_withholds_their_number_is_a_stranger(number: str) -> None:
    archive = Archive(call(number, "- My order is secret."))
    assert (await recalled(archive, "the order", number), archive.asked) == ([], [])


async def test_of_a_line_that_was_cut_short_only_what_was_heard_is_told() -> None:
    record = call(FRIEND, "Your order is a secret and so on")
    record["transcript"][0]["heard"] = "Your order is"
    assert await recalled(Archive(record), "order secret") == ["2026-11-01, you said: Your order is"]


async def test_what_is_not_known_in_time_is_not_known() -> None:
    began = asyncio.get_running_loop().time()
    assert await recalled(Archive(call(FRIEND, "- My order."), delay=60.0), "the order") == []
    assert asyncio.get_running_loop().time() - began == pytest.approx(0.8, abs=0.01)


async def test_an_archive_that_fails_knows_nothing() -> None:
    assert await recalled(Archive(error=StoreError("no disk")), "the order") == []

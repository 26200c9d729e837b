"""The same key, again: at once, later, for something else, after a kill, at another gateway. Nothing is done twice."""

from __future__ import annotations

import asyncio
from functools import partial

import msgspec
import pytest

from tests.gateway.carriers import CARRIERS
from tests.gateway.house import FRIEND, HANG_UP, House, Json, MakeHouse, listen, open_house, wait
from tests.gateway.test_operations import talking
from tests.gateway.town import MakeTown, Town, open_town
from voicecall.core.ids import CallId
from voicecall.core.operations import Dtmf, End, History, Initiate, Operation, Speak
from voicecall.errors import BadParameters, CallOver, CallRefused, ProviderError, StoreError
from voicecall.store import Claim

WISH = Initiate(to=FRIEND, message="Hello there")
DAY = 24 * 3600.0
KEY = "the key"


@pytest.fixture
def mock_town() -> MakeTown:
    """Open a town of the one carrier that does for all where no carrier differs."""
    return partial(open_town, CARRIERS["mock"])


@pytest.fixture
def mock_house(mock_town: MakeTown) -> MakeHouse:
    """Open a gateway in such a town."""
    return partial(open_house, mock_town)


def dials(town: Town) -> int:
    """Return how often a call was dialled."""
    return town.rest.count("dial")


async def calls(h: House) -> list[str]:
    """Return the calls on record."""
    return [record["callId"] for record in await h.perform(History())]


async def ten(h: House, operation: Operation, *, key: str = KEY) -> list[Json]:
    """Ask for the same ten times at once."""
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(h.perform(operation, key)) for _ in range(10)]
    return [task.result() for task in asked]


async def cut_off(h: House, operation: Operation) -> None:
    """Leave what a gateway leaves that dies after it has claimed the key."""
    await h.perform(operation, KEY)
    kept = h.town.archive.claims[KEY]
    h.town.archive.claims[KEY] = msgspec.structs.replace(kept, outcome=None)


async def test_ten_at_once_place_one_call(house: MakeHouse) -> None:
    async with house() as h:
        answers = await ten(h, WISH)
        await asyncio.sleep(1)

        assert answers == [{"callId": answers[0]["callId"], "state": "initiated"}] * 10
        assert dials(h.town) == len(h.network.legs) == 1
        assert await calls(h) == [answers[0]["callId"]]


async def test_a_repetition_gets_the_first_result_whatever_became_of_the_call(mock_house: MakeHouse) -> None:
    async with mock_house() as h:
        first = await h.perform(WISH, KEY)
        await h.end(first["callId"])
        assert await h.perform(WISH, KEY) == first
        other = await h.perform(WISH, "another key")
        assert other["callId"] != first["callId"]
        assert dials(h.town) == 2


async def test_without_a_key_each_request_is_one_of_its_own(mock_house: MakeHouse) -> None:
    async with mock_house() as h:
        assert (await h.perform(WISH))["callId"] != (await h.perform(WISH))["callId"]
        assert h.town.archive.claims == {}


async def test_a_key_is_forgotten_after_a_day(mock_house: MakeHouse) -> None:
    async with mock_house() as h:
        first = await h.perform(WISH, KEY)
        await h.end(first["callId"])
        claims = h.town.archive.claims
        claims[KEY] = msgspec.structs.replace(claims[KEY], at=h.town.now() - DAY + 1)
        assert await h.perform(WISH, KEY) == first
        await asyncio.sleep(1.1)
        assert (await h.perform(WISH, KEY))["callId"] != first["callId"]
        assert len(h.town.archive.claims) == 1


async def test_a_key_cannot_be_used_for_something_else(mock_house: MakeHouse) -> None:
    async with mock_house() as h:
        another = msgspec.structs.replace(WISH, message="Good evening")
        first = h.beside(h.perform(WISH, KEY))
        await asyncio.sleep(0)
        with pytest.raises(BadParameters, match="used for something else"):
            await h.perform(another, KEY)
        call = (await first)["callId"]
        for other in (another, Speak(call_id=call, message="Hello there")):
            with pytest.raises(BadParameters, match="used for something else"):
                await h.perform(other, KEY)
        assert await calls(h) == [call]


@pytest.mark.parametrize(
    "key", ["", "k" * 256, "two\nlines", "nul\0", "\ud800"], ids=["empty", "long", "lines", "nul", "surrogate"]
)
async def test_a_malformed_key_is_refused(mock_house: MakeHouse, key: str) -> None:
    async with mock_house() as h:
        with pytest.raises(BadParameters, match="1 to 255 printable"):
            await h.perform(WISH, key)
        assert await calls(h) == []


async def test_a_refusal_is_not_kept(mock_house: MakeHouse) -> None:
    async with mock_house(max_calls=1) as h:
        first = await h.perform(WISH, "another key")
        for _ in range(2):
            with pytest.raises(CallRefused, match="all 1 lines are taken"):
                await h.perform(WISH, KEY)
        assert KEY not in h.town.archive.claims
        await h.end(first["callId"])
        await h.idle()
        assert (await h.perform(WISH, KEY))["state"] == "initiated"


async def test_who_leaves_does_not_stop_what_he_began(mock_house: MakeHouse) -> None:
    async with mock_house() as h:
        asked = h.beside(h.perform(WISH, KEY))
        await asyncio.sleep(0.001)
        asked.cancel()
        await asyncio.sleep(1)
        assert (await h.perform(WISH, KEY))["callId"] in await calls(h)
        assert dials(h.town) == 1


# --- what is done to a call


async def test_words_are_said_once(house: MakeHouse) -> None:
    async with house() as h:
        call = await talking(h)
        answers = await ten(h, Speak(call_id=call, message="Once only"))
        again = await h.perform(Speak(call_id=call, message="Once only"), KEY)

        assert [*answers, again] == [{"callId": call, "heard": True}] * 11
        assert (await h.heard_of_us(call)).count("Once only") == 1


async def test_a_failure_of_the_carrier_is_kept(mock_house: MakeHouse) -> None:
    async with mock_house() as h:
        call = await talking(h)
        h.town.rest.statuses["digits"] = [500]
        told = []
        for _ in range(2):
            with pytest.raises(ProviderError) as caught:
                await h.perform(Dtmf(call_id=call, digits="1"), KEY)
            told.append(str(caught.value))
        assert told[0] == told[1]
        assert h.town.rest.count("digits") == 1


async def test_a_hang_up_may_be_repeated_and_needs_no_archive_to_be_so(mock_house: MakeHouse) -> None:
    async with mock_house() as h:
        call = await talking(h)
        answers = await ten(h, End(call_id=call))
        assert answers == [{"callId": call, "state": "ended", "endReason": "hangup-agent"}] * 10
        assert h.town.rest.count("hang-up") == 1
        assert h.town.archive.claims == {}


async def test_words_whose_fate_is_unknown_are_not_said_again(mock_house: MakeHouse) -> None:
    async with mock_house() as h:
        call = await talking(h)
        wish = Speak(call_id=call, message="Once only")
        await cut_off(h, wish)
        for _ in range(2):
            with pytest.raises(CallRefused) as caught:
                await h.perform(wish, KEY)
            assert caught.value.reason == "unknown-outcome"
        assert (await h.heard_of_us(call)).count("Once only") == 1


async def test_words_amid_which_the_gateway_dies_are_not_said_again(mock_town: MakeTown, mock_house: MakeHouse) -> None:
    async with mock_town() as place:
        async with mock_house(place) as h:
            call = await talking(h)
            wish = Speak(call_id=call, message="one two three four five six")
            asked = h.beside(h.perform(wish, KEY))
            await asyncio.sleep(0.5)
        with pytest.raises(CallRefused, match="what came of it is not known"):
            await asked
        async with mock_house(place) as h:
            with pytest.raises(CallRefused, match="what came of it is not known"):
                await h.perform(wish, KEY)


# --- after a kill


@pytest.mark.parametrize("delay", [0.0, 0.001, 0.003, 0.0045, 0.006, 0.02, 3.0])
async def test_a_call_is_dialled_once_whenever_the_gateway_dies(
    mock_town: MakeTown, mock_house: MakeHouse, delay: float
) -> None:
    async with mock_town() as place:
        async with mock_house(place) as h:
            await h.network.script(FRIEND, [listen(), wait(60)])
            asked = h.beside(h.perform(WISH, KEY))
            await asyncio.sleep(delay)
        await asyncio.wait([asked])
        died_with = asked.exception() or asked.result()
        assert isinstance(died_with, dict | CallRefused | StoreError)
        before = dials(place)
        async with mock_house(place) as h:
            answers = await ten(h, WISH)
            await asyncio.sleep(5)

            assert answers == [answers[0]] * 10
            assert await calls(h) == [answers[0]["callId"]]
            assert dials(place) <= 1
            assert before or answers[0]["state"] == "ended" or dials(place) == 1
            if isinstance(died_with, dict):
                assert answers[0]["callId"] == died_with["callId"]


async def test_a_call_that_was_claimed_and_never_placed_is_placed_with_its_id(
    mock_town: MakeTown, mock_house: MakeHouse
) -> None:
    async with mock_town() as place:
        async with mock_house(place) as h:
            h.store.stall = 60.0
            asked = h.beside(h.perform(WISH, KEY))
            await asyncio.sleep(1)
        await asyncio.wait([asked])
        claim: Claim = place.archive.claims[KEY]
        assert (claim.outcome, place.archive.events, dials(place)) == (None, [], 0)
        async with mock_house(place) as h:
            assert await ten(h, WISH) == [{"callId": claim.id, "state": "initiated"}] * 10
            await asyncio.sleep(1)
            assert (await calls(h), dials(place)) == ([claim.id], 1)


async def test_a_call_on_record_whose_answer_was_lost_is_found(mock_town: MakeTown, mock_house: MakeHouse) -> None:
    async with mock_town() as place:
        async with mock_house(place) as h:
            await h.network.script(FRIEND, [listen(), wait(60)])
            await cut_off(h, WISH)
            await asyncio.sleep(3)
        async with mock_house(place) as h:
            [call] = await calls(h)
            found = await h.perform(WISH, KEY)
            assert found["callId"] == call
            assert found["state"] in ("answered", "active", "speaking", "listening")
            await h.end(call)
            assert await h.perform(WISH, KEY) == found
            assert dials(place) == 1


async def test_an_archive_that_cannot_be_written_leaves_the_key_usable(mock_house: MakeHouse) -> None:
    async with mock_house() as h:
        h.store.failing = {h.store.writes + 1}
        with pytest.raises(StoreError):
            await h.perform(WISH, KEY)
        placed = await h.perform(WISH, KEY)
        await asyncio.sleep(1)
        assert placed["callId"] in await calls(h)
        assert dials(h.town) == 1


# --- another gateway on the same archive


async def test_two_gateways_asked_at_once_place_one_call(mock_town: MakeTown, mock_house: MakeHouse) -> None:
    async with mock_town() as place, mock_house(place) as one, mock_house(place, instance="two") as two:
        beside = one.beside(ten(one, WISH))
        answers = await ten(two, WISH) + await beside
        assert answers == [answers[0]] * 20
        await asyncio.sleep(1)
        assert dials(place) == 1


async def test_what_another_gateway_is_about_to_do_is_waited_for_and_not_done_here(
    mock_town: MakeTown, mock_house: MakeHouse
) -> None:
    async with mock_town() as place, mock_house(place) as one, mock_house(place, instance="two") as two:
        one.store.stall = 30.0
        first = one.beside(one.perform(WISH, KEY))
        await asyncio.sleep(1)
        with pytest.raises(CallRefused, match="what came of it is not known"):
            await two.perform(WISH, KEY)
        placed = await first
        assert await two.perform(WISH, KEY) == placed
        assert dials(place) == 1


async def test_words_amid_which_another_gateway_takes_the_call_are_not_said_again(
    mock_town: MakeTown, mock_house: MakeHouse
) -> None:
    async with mock_town() as place, mock_house(place, instance="two") as two, mock_house(place) as one:
        call = await talking(one)
        wish = Speak(call_id=call, message="one two three four five six")
        asked = one.beside(one.perform(wish, KEY))
        await asyncio.sleep(0.5)
        assert await two.store.seize(CallId(call), place.now(), 30.0)
        with pytest.raises(CallRefused, match="another gateway serves this call"):
            await asked
        with pytest.raises(CallRefused, match="what came of it is not known"):
            await two.perform(wish, KEY)


async def test_a_refusal_at_another_gateway_frees_the_key_here(mock_town: MakeTown, mock_house: MakeHouse) -> None:
    async with mock_town() as place, mock_house(place) as one:
        await one.perform(WISH, "another key")
        one.switchboard.draining = True
        async with mock_house(place, instance="two") as two:
            with pytest.raises(CallRefused, match="shutting down"):
                await one.perform(WISH, KEY)
            assert (await two.perform(WISH, KEY))["state"] == "initiated"


async def test_words_into_a_call_that_is_over_are_refused_again_and_again(mock_house: MakeHouse) -> None:
    async with mock_house() as h:
        call = await h.place(listen(), HANG_UP)
        await h.over(call)
        for _ in range(2):
            with pytest.raises(CallOver):
                await h.perform(Speak(call_id=call, message="Hello"), KEY)

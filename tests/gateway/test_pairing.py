"""The policy `pairing`, from an unknown caller's first call to an approved second one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from itertools import groupby

import pytest

from tests.gateway.callers import press
from tests.gateway.house import FRIEND, HANG_UP, House, Json, MakeHouse, listen, say, text, wait
from tests.gateway.town import MakeTown
from voicecall.carriers import Webhook
from voicecall.core.administration import ApprovePairing, ListPairings, RevokePairing
from voicecall.core.languages import language
from voicecall.core.operations import History
from voicecall.core.pairing import MASK, TOLD, UNTOLD
from voicecall.core.rules import Rules, TurnRules
from voicecall.emulators.internet import Answer
from voicecall.errors import BadParameters
from voicecall.gateway.pairing import Limits

STRANGER = "+15550100010"
NOTICE = language("en").pairing
CONVERSES = (listen(), say("How are you"), listen(), HANG_UP)
ON_MOCK = pytest.mark.parametrize("town", ["mock"], indirect=True)
PROMPTING = pytest.mark.parametrize("town", ["twilio", "telnyx", "plivo"], indirect=True)


async def pairings(h: House) -> list[Json]:
    return await h.perform(ListPairings())  # type: ignore[no-any-return]


async def approve(h: House, code: str) -> Json:
    return await h.perform(ApprovePairing(code=code))  # type: ignore[no-any-return]


async def pending(h: House) -> str:
    """Return the one code that can be approved."""
    (only,) = [found["code"] for found in await pairings(h) if found["state"] == "pending"]
    return str(only)


def spelled(code: str, tag: str = "en") -> str:
    return ", ".join(language(tag).digit_names[int(digit)] for digit in code)


def said_once(said: str) -> str:
    """Return a text as a phone's recording tells it, which knows no word twice in a row."""
    return " ".join(word for word, _ in groupby(said.split()))


async def told(h: House, *, caller: str = STRANGER) -> None:
    """Have somebody ring, and be told a code."""
    record = await h.over(await h.ring(wait(60), HANG_UP, caller=caller))
    assert (record["endReason"], record["endDetail"]) == ("rejected", TOLD)


async def revoke(h: House, number: str = STRANGER) -> Json:
    return await h.perform(RevokePairing(number=number))  # type: ignore[no-any-return]


def left_behind(h: House) -> str:
    """Return all that is logged, kept or shown of calls."""
    kept = [logged.data.decode() for logged in h.town.archive.events]
    kept += [held.row.record.decode() for held in h.town.archive.calls.values()]
    return "\n".join([*kept, *map(str, h.town.logs)])


def nothing_is_left_of(code: str, h: House, tag: str = "en") -> None:
    """See that a code stands nowhere but where it is to be approved."""
    assert code not in left_behind(h)
    assert spelled(code, tag) not in left_behind(h)


async def test_an_unknown_caller_hears_a_code_and_is_let_in_once_it_was_approved(house: MakeHouse) -> None:
    async with house(policy="pairing") as h:
        first = await h.ring(wait(60), HANG_UP, caller=STRANGER)
        record = await h.over(first)
        code = await pending(h)

        assert (record["endReason"], record["endDetail"]) == ("rejected", TOLD)
        assert (record["direction"], record["mode"]) == ("inbound", "notify")
        assert re.fullmatch("[0-9]{6}", code)
        assert " ".join(h.voice.spoken) == NOTICE.format(code=spelled(code))
        assert text(await h.hears(first)) == said_once(NOTICE.format(code=spelled(code)))
        assert [line["text"] for line in record["transcript"]] == [NOTICE.format(code=MASK)]
        assert h.town.rest.count("hang-up") == 1
        assert h.town.named("inbound.pairing")[0]["caller"] == "…0010"

        approved = await approve(h, f" {code[:3]}-{code[3:]} ")
        assert (approved["number"], approved["state"]) == (STRANGER, "approved")
        second = await h.ring(*CONVERSES, caller=STRANGER)
        assert (await h.over(second))["endReason"] == "hangup-user"
        assert text(await h.hears(second)) == "Welcome You are welcome"
        nothing_is_left_of(code, h)
        await h.idle()


@PROMPTING
@pytest.mark.parametrize("tag", ["en", "de", "fr", "es", "cy"])
async def test_the_carriers_own_voice_tells_a_code_as_well(house: MakeHouse, tag: str) -> None:
    rules = Rules(streaming=False, turns=TurnRules(language=tag))
    async with house(policy="pairing", rules=rules) as h:
        first = await h.ring(wait(60), say("Let me in"), wait(60), HANG_UP, caller=STRANGER)
        record = await h.over(first)
        code = await pending(h)

        notice = language(tag).pairing
        assert (record["endReason"], record["endDetail"]) == ("rejected", TOLD)
        assert text(await h.hears(first)) == said_once(notice.format(code=spelled(code, tag)))
        assert [line["text"] for line in record["transcript"]] == [notice.format(code=MASK)]
        assert (h.voice.spoken, h.town.plugs) == ([], [])
        await approve(h, code)
        second = await h.ring(*CONVERSES, caller=STRANGER)
        await h.over(second)
        assert text(await h.hears(second)) == "Welcome You are welcome"
        nothing_is_left_of(code, h, tag)
        await h.idle()


async def test_nobody_listens_to_a_caller_who_is_told_a_code(house: MakeHouse) -> None:
    for streaming in (True, False):
        async with house(policy="pairing", rules=Rules(streaming=streaming)) as h:
            if not (streaming or h.can.prompts):
                continue
            call = await h.ring(
                wait(0.2), say("My secret is"), press("42"), say("Let me in"), wait(60), caller=STRANGER
            )
            record = await h.over(call)

            assert (record["endReason"], record["endDetail"]) == ("rejected", TOLD)
            assert [line["speaker"] for line in record["transcript"]] == ["agent"]
            assert not {"speech.started", "transcript.final", "dtmf.received"} & set(await h.types(call))
            assert "secret" not in left_behind(h)
            assert h.brain.asked == []  # type: ignore[attr-defined]


async def test_who_hangs_up_before_the_code_was_told_hears_the_same_one_again(house: MakeHouse) -> None:
    async with house(policy="pairing") as h:
        record = await h.over(await h.ring(wait(1), HANG_UP, caller=STRANGER))
        code = await pending(h)
        assert (record["endReason"], record["endDetail"]) == ("rejected", UNTOLD)

        assert (await h.over(await h.ring(wait(60), caller=STRANGER)))["endDetail"] == TOLD
        assert await pending(h) == code
        nothing_is_left_of(code, h)


async def test_a_caller_is_told_a_code_so_often_a_day_and_then_turned_away_without_a_word(house: MakeHouse) -> None:
    async with house(policy="pairing", pairing=Limits(lifetime=60.0, tries=2)) as h:
        codes = []
        for _ in range(2):
            await told(h)
            codes.append(await pending(h))
            await asyncio.sleep(120)
        assert codes[0] != codes[1]
        assert await pairings(h) == []

        call = await h.ring(wait(60), HANG_UP, caller=STRANGER)
        record = await h.over(call)
        assert (record["endReason"], record["answeredAt"], record["transcript"]) == ("rejected", None, [])
        assert h.town.named("inbound.rejected")[0]["reason"] == "tries"
        await told(h, caller=FRIEND)


async def test_a_caller_without_a_number_is_turned_away(house: MakeHouse) -> None:
    for nobody in ("anonymous", "+266696687"):
        async with house(policy="pairing") as h:
            record = await h.over(await h.ring(wait(60), HANG_UP, caller=nobody))
            assert (record["endReason"], record["answeredAt"]) == ("rejected", None)
            assert h.town.named("inbound.rejected")[0]["reason"] == "anonymous"
            assert await pairings(h) == []


@ON_MOCK
async def test_a_code_that_has_expired_says_so_and_another_word_is_no_code(house: MakeHouse) -> None:
    async with house(policy="pairing", pairing=Limits(lifetime=60.0)) as h:
        await told(h)
        code = await pending(h)
        unknown = f"{(int(code) + 1) % 10**6:06d}"
        for wrong, why in ((unknown, "nobody was told"), ("12345", "6 digits"), ("١٢٣٤٥٦", "6 digits")):
            with pytest.raises(BadParameters, match=why):
                await approve(h, wrong)
        await asyncio.sleep(60)
        with pytest.raises(BadParameters, match="it has expired"):
            await approve(h, code)
        assert await pairings(h) == []

        await told(h)
        await approve(h, await pending(h))
        with pytest.raises(BadParameters, match="approved already"):
            await approve(h, code)


@ON_MOCK
async def test_who_is_revoked_is_a_stranger_again(house: MakeHouse) -> None:
    async with house(policy="pairing") as h:
        with pytest.raises(BadParameters, match="no caller of this number"):
            await revoke(h)
        await told(h)
        await approve(h, await pending(h))
        assert [found["state"] for found in await pairings(h)] == ["approved"]

        revoked = await revoke(h, STRANGER.removeprefix("+"))
        assert (revoked["number"], revoked["state"]) == (STRANGER, "revoked")
        assert await pairings(h) == []
        await told(h)
        code = await pending(h)
        await revoke(h)
        with pytest.raises(BadParameters, match="it has expired"):
            await approve(h, code)


@ON_MOCK
async def test_who_is_configured_is_let_in_and_who_is_paired_is_so_under_no_other_policy(
    town: MakeTown, house: MakeHouse
) -> None:
    async with town() as place:
        async with house(place, policy="pairing", allow_from=(FRIEND,)) as h:
            assert (await h.over(await h.ring(*CONVERSES)))["endReason"] == "hangup-user"
            await told(h)
            await approve(h, await pending(h))
        async with house(place, policy="allowlist", allow_from=(FRIEND,)) as h:
            assert (await h.over(await h.ring(*CONVERSES, caller=STRANGER)))["endDetail"] == (
                "The inbound policy does not admit this caller."
            )


async def test_a_restart_changes_nothing(town: MakeTown, house: MakeHouse) -> None:
    async with town() as place:
        async with house(place, policy="pairing") as h:
            await told(h)
            code = await pending(h)
        async with house(place, policy="pairing") as h:
            assert await pending(h) == code
            await approve(h, code)
        async with house(place, policy="pairing") as h:
            assert (await h.over(await h.ring(*CONVERSES, caller=STRANGER)))["endReason"] == "hangup-user"
            nothing_is_left_of(code, h)


async def test_a_code_that_was_cut_by_a_restart_is_told_again(town: MakeTown, house: MakeHouse) -> None:
    async with town() as place:
        async with house(place, policy="pairing") as h:
            call = await h.ring(wait(60), HANG_UP, caller=STRANGER)
            await h.seen(call, "reply.started")
            await asyncio.sleep(1)
        await asyncio.sleep(0.2)
        async with house(place, policy="pairing") as h:
            record = await h.over(call)
            code = await pending(h)

            assert (record["endReason"], record["endDetail"]) == ("rejected", TOLD)
            assert text(await h.hears(call)).endswith(said_once(NOTICE.format(code=spelled(code))))
            nothing_is_left_of(code, h)
            await h.idle()


@PROMPTING
async def test_a_code_is_told_by_the_carrier_where_no_stream_can_be_had(house: MakeHouse) -> None:
    async with house(policy="pairing") as h:
        h.town.closed_to_sockets = 100
        call = await h.ring(wait(60), HANG_UP, caller=STRANGER)
        record = await h.over(call)
        code = await pending(h)

        assert record["endReason"] == "rejected"
        assert (
            said_once(NOTICE.format(code=spelled(code))) in text(await h.hears(call)) or record["endDetail"] == UNTOLD
        )
        nothing_is_left_of(code, h)
        await h.idle()


@ON_MOCK
async def test_such_a_call_lasts_half_a_minute_at_most_and_counts(house: MakeHouse) -> None:
    async with house(policy="pairing", max_calls=1) as h:
        h.town.alphabet.seconds = 3.0
        first = await h.ring(wait(100), HANG_UP, caller=STRANGER)
        await h.seen(first, "reply.started")
        assert (await h.over(await h.ring(wait(60), HANG_UP, caller=FRIEND)))["endReason"] == "busy"
        record = await h.over(first)

        assert (record["endReason"], record["endDetail"]) == ("rejected", UNTOLD)
        length = datetime.fromisoformat(record["endedAt"]) - datetime.fromisoformat(record["answeredAt"])
        assert 30 <= length.total_seconds() < 31
        assert [found["number"] for found in await pairings(h)] == [STRANGER]


async def test_while_the_archive_fails_nobody_is_let_in(house: MakeHouse) -> None:
    async with house(policy="pairing") as h:
        await told(h)
        await approve(h, await pending(h))
        h.store.broken = True
        for caller in (STRANGER, FRIEND):
            leg = await h.dial_in(wait(20), HANG_UP, caller=caller)
            await asyncio.sleep(30)
            assert "You are welcome" not in text(h.town.alphabet.hear(leg.recording.wav()))
            assert "code" not in text(h.town.alphabet.hear(leg.recording.wav()))
        h.store.broken = False
        assert (await h.over(await h.ring(*CONVERSES, caller=STRANGER)))["endReason"] == "hangup-user"


async def test_copies_of_a_webhook_make_one_code_and_one_call(town: MakeTown, house: MakeHouse) -> None:
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(town())
        one = await stack.enter_async_context(house(place, policy="pairing", instance="one"))
        two = await stack.enter_async_context(house(place, policy="pairing", instance="two"))
        place.front = one

        async def thrice(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            webhook = Webhook("POST", url, {name.lower(): value for name, value in headers.items()}, body)
            copies = [place.tasks.create_task(house.post(webhook)) for house in (one, two)]
            answer = await place.deliver(url, headers, body)
            await asyncio.wait(copies)
            assert {copy.result().status for copy in copies} == {200}
            return answer

        place.between = thrice
        for _ in range(3):
            leg = await one.dial_in(wait(60), HANG_UP, caller=STRANGER)
            await leg.over.wait()
            assert "Goodbye." in text(place.alphabet.hear(leg.recording.wav()))
        await asyncio.sleep(60)
        assert len(await one.perform(History())) == 3
        assert await pending(one) == await pending(two)
        nothing_is_left_of(await pending(one), one)

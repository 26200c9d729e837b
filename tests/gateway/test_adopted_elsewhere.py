"""Outbound calls that somebody placed elsewhere in our name, such as in the console of the carrier."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from urllib.parse import urlencode

import pytest

from tests.gateway.brains import Answers
from tests.gateway.carriers import ACCOUNT, SECRET
from tests.gateway.house import FRIEND, HANG_UP, US, WEBHOOK, House, MakeHouse, listen, say, text, wait
from tests.gateway.town import START
from voicecall.core.ids import CarrierCallId
from voicecall.core.operations import History
from voicecall.core.rules import Rules
from voicecall.emulators.script import Step
from voicecall.emulators.twilio.face import TwilioFace
from voicecall.emulators.twilio.rest import TwilioRest

pytestmark = pytest.mark.parametrize("town", ["twilio"], indirect=True)

TALK = (listen(), say("How are you"), listen(), HANG_UP)


async def place_elsewhere(h: House, *steps: Step, **fields: str) -> CarrierCallId:
    """Call a friend from our number in the carrier's console; return the leg."""
    await h.network.script(FRIEND, steps)
    assert isinstance(h.town.face, TwilioFace)
    headers = {"authorization": "Basic " + b64encode(f"{ACCOUNT.sid}:{SECRET}".encode()).decode()}
    form = {"To": FRIEND, "From": US, "Url": f"{WEBHOOK}/twilio", **fields}
    path = f"/2010-04-01/Accounts/{ACCOUNT.sid}/Calls.json"
    reply = await TwilioRest(h.network, h.town.face).handle("POST", path, headers, urlencode(form).encode())
    assert reply.status == 201
    return CarrierCallId(next(reversed(h.town.face.calls)))


async def adopted(h: House, *steps: Step, **fields: str) -> str:
    """Call a friend in the carrier's console, and return the id of the call that we make of it."""
    leg = await place_elsewhere(h, *steps, **fields)
    return await h.switchboard.arrival("twilio", leg)


@pytest.mark.parametrize("streaming", [True, False])
async def test_a_call_placed_elsewhere_is_an_outbound_call_of_ours(house: MakeHouse, streaming: bool) -> None:
    async with house(brain=Answers("Fine thank you"), rules=Rules(streaming=streaming)) as h:
        call = await adopted(h, *TALK)
        record = await h.over(call)

        assert (record["direction"], record["from"], record["to"]) == ("outbound", US, FRIEND)
        assert (record["state"], record["endReason"], record["endDetail"]) == ("ended", "hangup-user", None)
        assert [(line["speaker"], line["text"]) for line in record["transcript"]] == [
            ("agent", "Welcome"),
            ("caller", "How are you"),
            ("agent", "Fine thank you"),
        ]
        assert text(await h.hears(call)) == "Welcome Fine thank you"
        assert record["answeredAt"] is not None
        assert (record["carrierCallId"], record["warnings"]) == ((await h.leg(call)).parties.call, [])
        assert h.town.rest.count("dial") == 0
        await h.idle()


@pytest.mark.parametrize("policy", ["disabled", "allowlist"])
async def test_the_inbound_policy_is_not_asked_about_it(house: MakeHouse, policy: str) -> None:
    async with house(policy=policy) as h:
        record = await h.over(await adopted(h, *TALK))

        assert (record["direction"], record["endReason"]) == ("outbound", "hangup-user")
        assert h.town.named("inbound.rejected") == []
        turned_away = await h.over(await h.ring(*TALK, caller="+15550100077"))
        assert turned_away["endReason"] == "rejected"


async def test_it_counts_as_one_of_the_calls_under_way(house: MakeHouse) -> None:
    async with house(max_calls=1) as h:
        call = await adopted(h, wait(20), HANG_UP)
        await h.seen(call, "reply.finished")
        second = await place_elsewhere(h, *TALK)
        await asyncio.sleep(5)

        assert h.network.legs[second].status == "ended"
        (busy,) = [found for found in await h.perform(History()) if found["callId"] != call]
        assert (busy["direction"], busy["endReason"]) == ("outbound", "busy")
        assert (await h.over(call))["endReason"] == "hangup-user"


async def test_it_is_hung_up_on_request(house: MakeHouse) -> None:
    async with house() as h:
        call = await adopted(h, wait(99))
        await h.seen(call, "reply.finished")
        assert await h.speak(call, "Your taxi is here") == {"callId": call, "heard": True}
        assert await h.end(call) == {"callId": call, "state": "ended", "endReason": "hangup-agent"}

        assert (await h.leg(call)).status == "ended"
        assert h.town.rest.count("hang-up") == 1
        await h.idle()


async def test_its_own_reports_are_understood_and_its_end_is_known_at_once(house: MakeHouse) -> None:
    async with house() as h:
        told = {"StatusCallback": f"{WEBHOOK}/twilio?type=status", "StatusCallbackEvent": "completed"}
        call = await adopted(h, wait(5), HANG_UP, **told)
        record = await h.over(call)

        assert record["endReason"] == "hangup-user"
        assert "call.leg-ended" in await h.types(call)
        assert h.town.rest.count("status") == 0
        assert len(await h.perform(History())) == 1


async def test_without_reports_its_end_is_found_out(house: MakeHouse) -> None:
    async with house() as h:
        call = await adopted(h, wait(5), HANG_UP)
        record = await h.over(call)

        assert record["endReason"] == "hangup-user"
        assert h.town.rest.count("status") == 1
        assert h.town.now() - START < 15


async def test_reports_from_before_the_answer_make_no_call(house: MakeHouse) -> None:
    async with house() as h:
        told = {"StatusCallback": f"{WEBHOOK}/twilio?type=status"}
        await place_elsewhere(h, *TALK, **told, To="+15550100001")
        await asyncio.sleep(30)

        assert await h.perform(History()) == []


async def test_a_repeated_first_webhook_makes_no_second_call(house: MakeHouse) -> None:
    async with house(brain=Answers("Fine thank you")) as h:
        call = await adopted(h, *TALK)
        await h.seen(call, "reply.finished")
        url, headers, body = h.town.posted[0]
        assert (await h.town.deliver(url, headers, body)).status == 200
        await h.over(call)

        assert len(await h.perform(History())) == 1
        assert text(await h.hears(call)) == "Welcome Fine thank you"

"""Sound on its way between a telephone and a model: as it came, wherever both speak mu-law."""

from __future__ import annotations

from base64 import b64encode

from tests.gateway.house import HANG_UP, MakeHouse, listen, say, text
from tests.gateway.models import Lines, model
from tests.gateway.puppet import conversing
from voicecall.audio.transcoding import transcoded
from voicecall.realtime import Traits

FRAME = bytes(range(160))


async def test_a_call_that_is_mulaw_throughout_is_not_transcoded(house: MakeHouse) -> None:
    before = transcoded.total()
    async with house(model=model(Lines("Fine thank you"))) as h:
        call = await h.place(listen(), say("How are you"), listen(), HANG_UP)
        await h.over(call)

        assert text(await h.hears(call)) == "Hello there Fine thank you"
        assert transcoded.total() == before


async def test_a_model_is_given_what_the_carrier_wrote() -> None:
    async with conversing(Traits(), lambda event: None, lambda mulaw: None) as (duplex, puppet):
        written = b64encode(FRAME).decode()
        duplex.hearing.hear(FRAME, written)

        assert puppet.fed == [(FRAME, written)]

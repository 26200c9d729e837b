"""The carriers' own SDKs drive the simulators over real sockets: so these are not of our imagination."""

from __future__ import annotations

import asyncio

import plivo
import plivo.rest.client as plivo_client
import pytest
import telnyx

from tests.emulators.test_plivo_server import OURS as PLIVO_NUMBER, PUBLIC, world as plivo_world
from tests.emulators.test_telnyx_server import ACCOUNT, OURS, PHONE, world as telnyx_world


def test_telnyxs_sdk_places_answers_for_and_ends_a_call() -> None:
    async def main() -> None:
        async with (
            telnyx_world() as (gateway, server, _),
            telnyx.AsyncTelnyx(api_key="geheim", base_url=f"{server.url}/v2", max_retries=0) as client,
        ):
            dialled = await client.calls.dial(connection_id=ACCOUNT.connection_id, from_=OURS, to=PHONE)
            assert dialled.data is not None
            call = dialled.data.call_control_id
            assert (await gateway.hook("call.initiated"))["call_control_id"] == call
            await gateway.hook("call.answered")
            await client.calls.actions.speak(call, payload="Hello", voice="AWS.Polly.Joanna")
            await gateway.hook("call.speak.ended")
            status = await client.calls.retrieve_status(call)
            assert status.data is not None
            assert status.data.is_alive
            await client.calls.actions.send_dtmf(call, digits="12")
            await client.calls.actions.hangup(call)
            assert (await gateway.hook("call.hangup"))["hangup_cause"] == "normal_clearing"
            with pytest.raises(telnyx.UnprocessableEntityError, match="90018"):
                await client.calls.actions.hangup(call)

    asyncio.run(main())


def test_telnyxs_sdk_is_told_that_a_key_is_wrong() -> None:
    async def main() -> None:
        async with (
            telnyx_world() as (_, server, _),
            telnyx.AsyncTelnyx(api_key="wrong", base_url=f"{server.url}/v2", max_retries=0) as client,
        ):
            with pytest.raises(telnyx.AuthenticationError):
                await client.calls.dial(connection_id=ACCOUNT.connection_id, from_=OURS, to=PHONE)

    asyncio.run(main())


def test_plivos_sdk_places_finds_and_ends_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with plivo_world() as (gateway, server, _, _):
            for name in ("PLIVO_API_BASE_URI", "API_VOICE_BASE_URI"):
                monkeypatch.setattr(plivo_client, name, f"{server.url}/v1/Account")
            account = server.face.account
            client = plivo.RestClient(account.auth_id, account.auth_token)
            answer = f"https://{PUBLIC}/answer"
            placed = await asyncio.to_thread(
                client.calls.create, from_=PLIVO_NUMBER[1:], to_="15550100009", answer_url=answer
            )
            asked = await gateway.hook("StartApp")
            assert asked["RequestUUID"] == placed.request_uuid
            live = await asyncio.to_thread(client.live_calls.get, asked["CallUUID"])
            assert live.call_status == "in-progress"
            await asyncio.to_thread(client.calls.hangup, asked["CallUUID"])
            assert (await gateway.hook("Hangup"))["HangupSource"] == "API Request"

    asyncio.run(main())

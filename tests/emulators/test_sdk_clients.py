"""The carriers' own SDKs drive the simulators over real sockets: so these are not of our imagination.

Telnyx's takes a second to load: only its tests do.
"""

from __future__ import annotations

import asyncio

import plivo
import plivo.rest.client as plivo_client
import pytest
from twilio.base.exceptions import TwilioRestException

from tests.emulators.test_plivo_server import OURS as PLIVO_NUMBER, PUBLIC, world as plivo_world
from tests.emulators.test_telnyx_server import ACCOUNT, OURS, PHONE, world as telnyx_world
from tests.emulators.test_twilio_server import world as twilio_world
from voicecall.emulators.plivo.account import Account as PlivoAccount, Number as PlivoNumber
from voicecall.emulators.plivo.server import PlivoServer
from voicecall.emulators.telnyx.account import Account as TelnyxAccount
from voicecall.emulators.telnyx.server import TelnyxServer
from voicecall.emulators.twilio.account import Application as TwilioApplication
from voicecall.emulators.wires import NetworkServer
from voicecall.speech.tts.tone import ToneSynthesizer


def test_telnyxs_sdk_places_answers_for_and_ends_a_call() -> None:
    import telnyx

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
    import telnyx

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


def test_telnyxs_sdk_gives_a_number_to_an_application_and_points_that() -> None:
    import telnyx

    async def main() -> None:
        account = TelnyxAccount(
            webhook_url="https://old.example.org/", numbers=frozenset({OURS}), connections={OURS: ""}
        )
        async with (
            NetworkServer(ToneSynthesizer()) as network,
            TelnyxServer(network.network, account) as server,
            telnyx.AsyncTelnyx(api_key=account.api_key, base_url=f"{server.url}/v2", max_retries=0) as client,
        ):
            found = await client.phone_numbers.list(filter={"phone_number": OURS[1:]})
            assert [one.phone_number for one in found.data or []] == [OURS]
            assert (await client.phone_numbers.list(filter={"phone_number": OURS})).data == []
            id_ = (found.data or [])[0].id
            shown = (await client.call_control_applications.retrieve(account.connection_id)).data
            assert shown is not None
            assert (shown.application_name, shown.webhook_event_url) == ("simulated", "https://old.example.org/")
            await client.call_control_applications.update(
                account.connection_id, application_name="ours", webhook_event_url="https://voice.example.org/"
            )
            assert id_ is not None
            given = (await client.phone_numbers.update(id_, connection_id=account.connection_id)).data
            assert given is not None
            assert (given.connection_id, account.announces(OURS)) == (
                account.connection_id,
                "https://voice.example.org/",
            )
            with pytest.raises(telnyx.UnprocessableEntityError, match="10015"):
                await client.phone_numbers.update(id_, connection_id="9")
            with pytest.raises(telnyx.NotFoundError):
                await client.phone_numbers.retrieve("9")

    asyncio.run(main())


def test_plivos_sdk_makes_changes_and_assigns_an_application(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        account = PlivoAccount()
        account.add(PlivoNumber(PLIVO_NUMBER, "https://old.example.org/"))
        async with NetworkServer(ToneSynthesizer()) as network, PlivoServer(network.network, account) as server:
            for name in ("PLIVO_API", "PLIVO_API_BASE_URI", "API_VOICE", "API_VOICE_BASE_URI"):
                base = f"{server.url}/v1/Account" if name.endswith("URI") else server.url
                monkeypatch.setattr(plivo_client, name, base)
            client = plivo.RestClient(account.auth_id, account.auth_token)
            await asyncio.to_thread(use, client)
            assert account.handler(PLIVO_NUMBER).answer_url == "https://voice.example.org/"
            assert account.handler(PLIVO_NUMBER).hangup_url == "https://first.example.org/"

    def use(client: plivo.RestClient) -> None:
        made = client.applications.create(app_name="ours", answer_url="https://first.example.org/")
        client.applications.update(made.app_id, answer_url="https://voice.example.org/")
        assert client.applications.get(made.app_id).answer_url == "https://voice.example.org/"
        names = [one.app_name for one in client.applications.list(limit=20, offset=0)]
        assert names == ["simulated-15550100010", "ours"]
        number = client.numbers.get(PLIVO_NUMBER[1:])
        assert "/Application/" in number.application
        client.numbers.update(PLIVO_NUMBER[1:], app_id=made.app_id)
        assert made.app_id in client.numbers.get(PLIVO_NUMBER[1:]).application
        assert [one.number for one in client.numbers.list()] == [PLIVO_NUMBER[1:]]
        with pytest.raises(plivo.exceptions.ResourceNotFoundError):
            client.numbers.get("15550100099")
        with pytest.raises(plivo.exceptions.ValidationError):
            client.applications.create(app_name="not this!", answer_url="https://first.example.org/")

    asyncio.run(main())


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning")
def test_twilios_sdk_finds_and_changes_a_number() -> None:
    async def main() -> None:
        async with twilio_world() as (_, _, server, client):
            account = server.face.account
            application = TwilioApplication("ours", voice_url="https://voice.example.org/")
            account.applications[application.sid] = application
            (found,) = await client.incoming_phone_numbers.list_async(phone_number=OURS)
            assert found.sid is not None
            assert (found.voice_application_sid, found.trunk_sid) == (None, None)
            number = client.incoming_phone_numbers(found.sid)
            given = await number.update_async(voice_application_sid=application.sid, voice_method="GET")
            assert (given.voice_application_sid, given.voice_method) == (application.sid, "GET")
            assert (await client.applications(application.sid).fetch_async()).voice_url == application.voice_url
            assert account.handler(OURS) is application
            given = await number.update_async(trunk_sid="TK" + "0" * 32)
            assert (given.voice_application_sid, given.trunk_sid) == (None, "TK" + "0" * 32)
            with pytest.raises(TwilioRestException, match="ApplicationSid"):
                await number.update_async(voice_application_sid="AP" + "0" * 32)
            with pytest.raises(TwilioRestException, match="was not found"):
                await client.applications("AP" + "0" * 32).fetch_async()

    asyncio.run(main())

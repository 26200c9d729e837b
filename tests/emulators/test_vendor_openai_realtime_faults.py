"""What goes wrong with OpenAI's Realtime socket can be had on demand."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import cast

import pytest
from websockets.exceptions import ConnectionClosed

from tests.emulators.openai_realtime_rig import PCMU, Client, connected, play, sound
from voicecall.emulators.vendors.openai_realtime import OpenAIRealtime
from voicecall.emulators.vendors.openai_realtime_hearing import tone
from voicecall.emulators.vendors.openai_realtime_script import CallFunction, Say, Wrong

Wronged = Callable[[str], OpenAIRealtime]


@pytest.fixture
def wronged() -> Wronged:
    """Make a vendor that does something wrong."""

    def make(wrong: str) -> OpenAIRealtime:
        emulator = OpenAIRealtime()
        emulator.script.wrong = cast("Wrong", wrong)
        emulator.script.late_by = 0.02
        emulator.script.answers.append((Say("hello there", 1.0),))
        return emulator

    return make


def test_a_session_that_is_updated_late_tells_how_much_audio_came_too_early(wronged: Wronged) -> None:
    async def scene(client: Client) -> None:
        audio = {"input": {"format": PCMU}}
        await client.send("session.update", session={"type": "realtime", "audio": audio})
        await client.hear(bytes(480))
        await client.last("session.updated")
        await client.hear(bytes(8000))

    assert play(scene, wronged("late_update")).sessions[0].early_ms == 10


def test_an_update_may_be_refused(wronged: Wronged) -> None:
    async def scene(client: Client) -> None:
        assert (await client.refusal("session.update", session={"type": "realtime"}))["code"] == "invalid_value"

    play(scene, wronged("update_refused"))


@pytest.mark.parametrize(("wrong", "declared"), [("pcm", "audio/pcmu"), ("pcm_declared", "audio/pcm")])
def test_audio_comes_in_another_format_than_was_asked(wronged: Wronged, wrong: str, declared: str) -> None:
    async def scene(client: Client) -> None:
        session = await client.set_up()
        assert session["audio"]["output"]["format"]["type"] == declared
        await client.send("response.create")
        assert len(sound(await client.until("response.done"))) == 48000

    play(scene, wronged(wrong))


@pytest.mark.parametrize(
    ("wrong", "begins", "length"), [("wav", b"RIFF", 16044), ("odd", b"", 8000), ("empty", b"", 0)]
)
def test_audio_is_wrapped_cut_anywhere_or_missing(wronged: Wronged, wrong: str, begins: bytes, length: int) -> None:
    async def scene(client: Client) -> None:
        await client.set_up()
        await client.send("response.create")
        audio = sound(await client.until("response.done"))
        assert audio.startswith(begins)
        assert len(audio) == length

    play(scene, wronged(wrong))


def test_an_error_stands_in_for_a_response(wronged: Wronged) -> None:
    async def scene(client: Client) -> None:
        await client.set_up()
        error = await client.refusal("response.create")
        assert (error["type"], error["code"]) == ("server_error", "server_error")

    play(scene, wronged("error"))


def test_a_rate_limit_fails_the_response(wronged: Wronged) -> None:
    async def scene(client: Client) -> None:
        await client.set_up()
        await client.send("response.create")
        response = (await client.last("response.done"))["response"]
        assert response["status"] == "failed"
        assert response["status_details"]["error"]["code"] == "rate_limit_exceeded"

    play(scene, wronged("rate_limited"))


@pytest.mark.parametrize("wrong", ["mute", "stall", "open"])
def test_a_response_without_an_end_can_be_cancelled(wronged: Wronged, wrong: str) -> None:
    reaches = {"mute": "rate_limits.updated", "stall": "response.output_audio.delta"}

    async def scene(client: Client) -> None:
        await client.set_up()
        await client.send("response.create")
        await client.last(reaches.get(wrong, "response.output_item.done"))
        await client.send("response.cancel")
        assert (await client.last("response.done"))["response"]["status"] == "cancelled"

    play(scene, wronged(wrong))


def test_a_flood_does_not_end_by_itself(wronged: Wronged) -> None:
    async def scene(client: Client) -> None:
        await client.set_up()
        await client.send("response.create")
        for _ in range(60):
            await client.last("response.output_audio.delta")
        await client.send("response.cancel")
        await client.last("response.done")

    assert play(scene, wronged("flood")).sessions[0].responses[0].audio_ms >= 3000


def test_audio_may_follow_a_cancellation(wronged: Wronged) -> None:
    async def scene(client: Client) -> None:
        await client.set_up()
        await client.send("response.create")
        await client.last("response.output_audio.delta")
        await client.send("response.cancel")
        assert sound(await client.until("response.done")) == b"\xff" * 400

    play(scene, wronged("late"))


def test_while_a_response_is_cancelled_there_cannot_be_another_one(wronged: Wronged) -> None:
    async def scene(client: Client) -> None:
        await client.set_up()
        await client.send("response.create")
        await client.last("response.output_audio.delta")
        await client.send("response.cancel")
        assert (await client.refusal("response.create"))["code"] == "conversation_already_has_active_response"
        await client.last("response.done")

    play(scene, wronged("slow_cancel"))


@pytest.mark.parametrize(("wrong", "code"), [("drop", None), ("close", 1011)])
def test_the_connection_ends_in_the_middle_of_a_response(wronged: Wronged, wrong: str, code: int | None) -> None:
    async def scene(client: Client) -> None:
        await client.set_up()
        await client.send("response.create")
        await client.last("response.output_audio.delta")
        with pytest.raises(ConnectionClosed) as caught:
            await client.until("response.done")
        closing = caught.value.rcvd
        assert (closing and closing.code) == code

    play(scene, wronged(wrong))


def test_a_message_may_be_no_text(wronged: Wronged) -> None:
    async def scene(client: Client) -> None:
        await client.set_up()
        await client.send("response.create")
        with pytest.raises(UnicodeDecodeError):
            await client.until("response.done")

    play(scene, wronged("half"))


@pytest.mark.parametrize("wrong", ["expired", None])
def test_a_session_ends_at_its_limit_and_says_so(wronged: Wronged, wrong: str | None) -> None:
    async def scene(client: Client) -> None:
        if wrong:
            await client.send("response.create")
        assert (await client.last("error"))["error"]["code"] == "session_expired"
        with pytest.raises(ConnectionClosed) as caught:
            await client.next()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1001

    emulator = wronged("expired")
    if wrong is None:
        emulator.script.limit = 0.02
    assert play(scene, emulator).sessions[0].is_over


def test_a_stranger_may_be_let_in_first_and_thrown_out_then(wronged: Wronged) -> None:
    async def main() -> None:
        async with asyncio.timeout(8.0), connected(wronged("refused_late")) as client:
            assert (await client.next())["error"]["code"] == "invalid_api_key"
            with pytest.raises(ConnectionClosed) as caught:
                await client.next()
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 3000
        assert client.emulator.sessions == []

    asyncio.run(main())


def test_arguments_of_a_call_need_not_be_json(wronged: Wronged) -> None:
    async def scene(client: Client) -> None:
        client.emulator.script.answers.appendleft((CallFunction("look_up", '{"name": '),))
        await client.set_up()
        await client.send("response.create")
        done = await client.last("response.function_call_arguments.done")
        assert done["arguments"] == '{"name": '
        await client.last("response.done")

    play(scene, wronged("odd"))


@pytest.mark.parametrize(("wrong", "rubbish"), [("broken", 2), ("unknown", 1)])
def test_rubbish_comes_before_every_message(wronged: Wronged, wrong: str, rubbish: int) -> None:
    async def scene(client: Client) -> None:
        client.emulator.script.wrong = cast("Wrong", wrong)
        await client.send("input_audio_buffer.clear")
        for _ in range(rubbish):
            await client.connection.recv_bytes()
        assert b'"input_audio_buffer.cleared"' in await client.connection.recv_bytes()

    play(scene)


def test_tests_can_wait_for_what_the_vendor_has_come_to_know() -> None:
    async def scene(client: Client) -> None:
        await client.set_up()
        session = client.emulator.sessions[0]
        audio = base64.b64encode(tone(0.2)).decode()
        await client.send("input_audio_buffer.append", audio=audio)
        await client.emulator.script.until(lambda: session.received_ms == 200)
        assert client.emulator.sent("input_audio_buffer.append")[0]["audio"] == audio

    play(scene)

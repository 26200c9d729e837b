"""What is Cartesia's own: how a request is spelled, what its errors mean, and its SDK as a referee of the emulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import cartesia
import pytest
from cartesia.types.websocket_response import Chunk, Done, Error

from tests.speech.vendors.kits import KEY, running, until
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.cartesia import Cartesia, CartesiaFaults
from voicecall.errors import SpeechError
from voicecall.speech import VendorOptions, Voice
from voicecall.speech.tts.cartesia import CartesiaStream, CartesiaSynthesizer

AUDIO = bytes(range(256)) * 10
PLAIN = Voice()
NO_PROXY: Any = {"proxy": None}


@asynccontextmanager
async def calling(own: Voice = PLAIN, **options: Any) -> AsyncIterator[tuple[Cartesia, CartesiaStream]]:
    vendor = Cartesia(KEY, lambda _: AUDIO)
    async with asyncio.timeout(30.0), listening(vendor.app) as origin:
        synthesizer = CartesiaSynthesizer(VendorOptions(api_key=KEY, base_url=origin, **options), first=5.0, stall=5.0)
        stream = synthesizer.open(own, lambda _: None)
        async with running(stream):
            yield vendor, stream


async def speak(stream: CartesiaStream, text: str = "Hello.") -> bytes:
    async with aclosing(stream.speak(text)) as chunks:
        return b"".join([chunk async for chunk in chunks])


def request(own: Voice = PLAIN, **options: Any) -> dict[str, Any]:
    """Return what a piece is asked for with."""

    async def main() -> dict[str, Any]:
        async with calling(own, **options) as (vendor, stream):
            assert await speak(stream) == AUDIO
            (asked,) = vendor.seen.requests
            return asked

    return asyncio.run(main())


def failure(faults: CartesiaFaults) -> SpeechError:
    async def main() -> SpeechError:
        async with calling() as (vendor, stream):
            vendor.faults = faults
            with pytest.raises(SpeechError) as caught:
                await speak(stream)
            return caught.value

    return asyncio.run(main())


def test_telephone_audio_is_asked_for_in_one_whole_piece() -> None:
    asked = request()
    assert len(asked.pop("context_id")) == 32
    assert asked == {
        "model_id": "sonic-3",
        "transcript": "Hello.",
        "voice": {"mode": "id", "id": "f786b574-daa5-4673-aa0c-cbe3e8534c02"},
        "language": "en",
        "output_format": {"container": "raw", "encoding": "pcm_mulaw", "sample_rate": 8000},
        "continue": False,
    }


@pytest.mark.parametrize(
    ("tag", "spelled"), [("de-AT", "de"), ("PT-br", "pt"), ("nb-NO", "no"), ("fil-PH", "tl"), ("zh-Hans-CN", "zh")]
)
def test_languages_are_spelled_as_cartesia_spells_them(tag: str, spelled: str) -> None:
    assert request(Voice(language=tag))["language"] == spelled


def test_what_is_configured_comes_before_what_the_call_has() -> None:
    asked = request(Voice("anna", language="de"), voice="bert", language="fr", model="sonic-9")
    assert (asked["voice"]["id"], asked["language"], asked["model_id"]) == ("bert", "fr", "sonic-9")


def test_the_pace_of_the_call_comes_on_top_of_the_speed_that_is_configured() -> None:
    assert request(Voice(pace=1.5), speed=0.5)["generation_config"] == {"speed": 0.75}
    assert "generation_config" not in request()


def test_the_calls_own_voice_is_used_where_none_is_configured() -> None:
    asked = request(Voice("anna", pace=1.2))
    assert (asked["voice"]["id"], asked["generation_config"]) == ("anna", {"speed": 1.2})


@pytest.mark.parametrize(("asked", "sent"), [(0.25, 0.6), (4.0, 1.5)])
def test_speeds_that_cartesia_refuses_are_brought_within_its_bounds(asked: float, sent: float) -> None:
    assert request(speed=asked)["generation_config"] == {"speed": sent}


def test_the_version_of_the_protocol_is_told() -> None:
    async def main() -> None:
        async with calling() as (vendor, stream):
            await speak(stream)
            assert vendor.seen.headers[0]["cartesia-version"] == "2026-03-01"

    asyncio.run(main())


def test_a_blank_text_asks_for_nothing() -> None:
    async def main() -> None:
        async with calling() as (vendor, stream):
            assert await speak(stream, " \n") == b""
            assert not vendor.seen.requests

    asyncio.run(main())


@pytest.mark.parametrize(
    ("status", "retryable", "words"),
    [
        (400, False, "Invalid request"),
        (401, False, "check tts.cartesia.api_key"),
        (402, False, "Out of credits"),
        (429, True, "Too many concurrent requests"),
        (500, True, "Internal error"),
    ],
)
def test_an_error_says_what_cartesia_says(status: int, retryable: bool, words: str) -> None:
    error = failure(CartesiaFaults(error=status))
    assert (error.retryable, error.code) == (retryable, f"{status}")
    assert words in str(error)


def test_a_connection_that_ends_as_it_is_needed_costs_a_moment_and_no_words() -> None:
    async def main() -> None:
        async with calling() as (vendor, stream):
            vendor.faults = CartesiaFaults(mute=True)
            async with asyncio.TaskGroup() as tasks:
                piece = tasks.create_task(speak(stream))
                await until(lambda: vendor.seen.requests)
                vendor.faults = CartesiaFaults()
                await vendor.close_idle()
            assert piece.result() == AUDIO
            assert vendor.seen.pieces == ["Hello.", "Hello."]

    asyncio.run(main())


def sdk(act: Callable[[Cartesia, Any], Awaitable[None]], key: str = KEY) -> None:
    async def main() -> None:
        vendor = Cartesia(KEY, lambda transcript: transcript.encode() * 500)
        async with (
            asyncio.timeout(5.0),
            listening(vendor.app) as origin,
            cartesia.AsyncCartesia(api_key=key, websocket_base_url=origin.replace("http", "ws", 1)) as client,
            client.tts.websocket_connect(websocket_connection_options=NO_PROXY) as connection,
        ):
            await act(vendor, connection)

    asyncio.run(main())


def context(connection: Any, **options: Any) -> Any:
    return connection.context(
        model_id="sonic-3",
        voice={"id": "anna"},
        output_format={"container": "raw", "encoding": "pcm_mulaw", "sample_rate": 8000},
        language="en",
        **options,
    )


def test_cartesias_sdk_hears_the_emulator_speak_a_text_that_comes_in_parts() -> None:
    async def act(vendor: Cartesia, connection: Any) -> None:
        one = context(connection)
        await one.push("Hello ")
        await one.push("there.")
        await one.no_more_inputs()
        messages = [message async for message in one.receive()]
        assert b"".join(chunk.audio or b"" for chunk in messages if isinstance(chunk, Chunk)) == b"Hello there." * 500
        assert isinstance(messages[-1], Done)
        assert vendor.seen.pieces == ["Hello there."]

    sdk(act)


def test_cartesias_sdk_calls_a_piece_off() -> None:
    async def act(vendor: Cartesia, connection: Any) -> None:
        vendor.faults = CartesiaFaults(stall=True)
        one = context(connection, context_id="one")
        await one.push("Hello.")
        await one.no_more_inputs()
        assert isinstance(await anext(aiter(one.receive())), Chunk)
        await one.cancel()
        await until(lambda: vendor.seen.cancelled == ["one"])

    sdk(act)


def test_cartesias_sdk_understands_the_emulators_errors() -> None:
    async def act(vendor: Cartesia, connection: Any) -> None:
        vendor.faults = CartesiaFaults(error=429)
        one = context(connection)
        await one.push("Hello.")
        await one.no_more_inputs()
        (error,) = [message async for message in one.receive()]
        assert isinstance(error, Error)
        assert (error.status_code, error.error_code) == (429, "concurrency_limited")

    sdk(act)


def test_cartesias_sdk_is_refused_with_a_wrong_key() -> None:
    async def act(vendor: Cartesia, connection: Any) -> None:
        pytest.fail("it was let in")

    with pytest.raises(Exception, match="401"):
        sdk(act, key="wrong")

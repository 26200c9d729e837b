"""The emulated Cartesia is as strict as the real one: what it refuses, no adapter should ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from tests.speech.vendors.kits import KEY, until
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.cartesia import Cartesia, CartesiaFaults

HEADERS = {"Authorization": f"Bearer {KEY}", "Cartesia-Version": "2026-03-01"}
REQUEST = {
    "context_id": "one",
    "model_id": "sonic-3",
    "transcript": "Hello.",
    "voice": {"mode": "id", "id": "anna"},
    "output_format": {"container": "raw", "encoding": "pcm_mulaw", "sample_rate": 8000},
}


def visit(act: Callable[[Cartesia, Any], Awaitable[None]]) -> None:
    async def main() -> None:
        vendor = Cartesia(KEY, lambda transcript: transcript.encode())
        async with (
            asyncio.timeout(5.0),
            listening(vendor.app) as origin,
            aiohttp.ClientSession() as client,
            client.ws_connect(f"{origin}/tts/websocket", headers=HEADERS) as socket,
        ):
            await act(vendor, socket)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong", "Cartesia-Version": "2026-03-01"}, 401),
        ({"Authorization": f"Bearer {KEY}"}, 400),
        ({"Authorization": f"Bearer {KEY}", "Cartesia-Version": "1999-01-01"}, 400),
    ],
    ids=["no key", "wrong key", "no version", "unknown version"],
)
def test_a_handshake_without_key_or_version_is_refused(headers: dict[str, str], status: int) -> None:
    async def main() -> int:
        vendor = Cartesia(KEY, lambda _: b"")
        async with listening(vendor.app) as origin, aiohttp.ClientSession() as client:
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await client.ws_connect(f"{origin}/tts/websocket", headers=headers)
        assert vendor.seen.connections == 0
        return caught.value.status

    assert asyncio.run(main()) == status


@pytest.mark.parametrize(
    "wrong",
    [
        {"model_id": None},
        {"transcript": 7},
        {"voice": {"mode": "id"}},
        {"output_format": {"container": "wav", "encoding": "pcm_mulaw", "sample_rate": 8000}},
        {"output_format": {"container": "raw", "encoding": "ulaw", "sample_rate": 8000}},
        {"output_format": {"container": "raw", "encoding": "pcm_mulaw", "sample_rate": 8001}},
        {"generation_config": {"speed": 2.0}},
        {"max_buffer_delay_ms": 6000},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_request_that_is_not_allowed_is_an_error_of_its_context(wrong: dict[str, Any]) -> None:
    async def act(vendor: Cartesia, socket: Any) -> None:
        await socket.send_json(REQUEST | wrong)
        answer = await socket.receive_json()
        assert (answer["type"], answer["status_code"], answer["context_id"]) == ("error", 400, "one")
        assert not vendor.seen.pieces

    visit(act)


@pytest.mark.parametrize("text", ["hello", "[]", '{"transcript": "Hello."}'])
def test_what_is_no_request_is_an_error_of_no_context(text: str) -> None:
    async def act(_: Cartesia, socket: Any) -> None:
        await socket.send_str(text)
        answer = await socket.receive_json()
        assert (answer["type"], answer["done"], answer.get("context_id")) == ("error", True, None)

    visit(act)


def test_a_context_that_speaks_takes_no_more_text() -> None:
    async def act(vendor: Cartesia, socket: Any) -> None:
        vendor.faults = CartesiaFaults(mute=True)
        await socket.send_json(REQUEST)
        await socket.send_json(REQUEST)
        assert (await socket.receive_json())["status_code"] == 400

    visit(act)


def test_a_context_that_was_called_off_before_it_spoke_says_nothing() -> None:
    async def act(vendor: Cartesia, socket: Any) -> None:
        await socket.send_json(REQUEST | {"continue": True})
        await socket.send_json({"context_id": "one", "cancel": True})
        await socket.send_json(REQUEST | {"context_id": "two", "transcript": "Bye."})
        while (await socket.receive_json())["type"] != "done":
            pass
        assert vendor.seen.pieces == ["Bye."]

    visit(act)


def test_a_piece_whose_connection_ends_counts_as_called_off() -> None:
    async def act(vendor: Cartesia, socket: Any) -> None:
        vendor.faults = CartesiaFaults(mute=True)
        await socket.send_json(REQUEST)
        await until(lambda: vendor.seen.pieces)
        await socket.close()
        await until(lambda: vendor.seen.cancelled == ["one"])

    visit(act)

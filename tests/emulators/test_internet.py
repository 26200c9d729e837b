"""Detours: what is meant for a public origin goes to a local one and still names the public host."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from voicecall.emulators.faces import Socket
from voicecall.emulators.internet import Answer, detour, internet_over
from voicecall.emulators.memory import MemorySocket
from voicecall.emulators.network import Wires

VIA = {"https://voice.example.org": "http://127.0.0.1:8080", "https://other.example.org:8443": "https://127.0.0.1:1"}


@pytest.mark.parametrize(
    ("url", "there", "host"),
    [
        ("https://voice.example.org/a%20b?c=%C3", "http://127.0.0.1:8080/a%20b?c=%C3", "voice.example.org"),
        ("wss://voice.example.org/media", "ws://127.0.0.1:8080/media", "voice.example.org"),
        ("wss://other.example.org:8443/", "wss://127.0.0.1:1/", "other.example.org:8443"),
        ("http://voice.example.org/", "http://voice.example.org/", None),
    ],
)
def test_only_what_is_meant_for_a_listed_origin_goes_elsewhere(url: str, there: str, host: str | None) -> None:
    assert detour(url, VIA) == (there, {} if host is None else {"Host": host})


def test_plain_wires_carry_posts_and_sockets_but_nothing_else() -> None:
    async def post(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        return 200, url.encode() + body

    socket, _ = MemorySocket.pair()

    async def connect(url: str) -> Socket:
        return socket

    async def main() -> None:
        internet = internet_over(Wires(post, connect, lambda: 0.0))
        assert await internet.fetch("POST", "u", {}, b"b") == Answer(200, b"ub")
        assert await internet.connect("u", {}) is socket
        with pytest.raises(ConnectionRefusedError):
            await internet.fetch("GET", "u", {}, b"")

    asyncio.run(main())

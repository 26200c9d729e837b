"""Twilio's media streams at the public listener: signed handshakes, and credentials that decide."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from tests.entrypoints.house import MOCK, TOKEN, House, visit
from tests.entrypoints.test_public_twilio import AUTH, FORWARDED, PUBLIC, START, STREAM, TRUSTED, TWILIO, ring
from voicecall.emulators.twilio.signing import signature


async def open_stream(house: House, path: str = "/voice/stream", token: str = TOKEN, **headers: str) -> Any:
    """Open a stream, start it, and return the message that comes back."""
    start = json.dumps(START).replace(TOKEN, token)
    async with house.client.ws_connect(path, headers=headers) as socket:
        await socket.send_str('{"event": "connected", "protocol": "Call", "version": "1.0.0"}')
        await socket.send_str(start)
        await socket.send_str("hello")
        return (await socket.receive()).data


def handshake(url: str) -> dict[str, Any]:
    return {"X-Twilio-Signature": signature(AUTH, url)}


@pytest.mark.parametrize("required", ["log", "require"])
@pytest.mark.parametrize("url", [STREAM, f"{STREAM}/", "wss://v.example.com:443/voice/stream"])
def test_a_signed_handshake_is_admitted(required: str, url: str) -> None:
    async def play(house: House) -> None:
        assert await open_stream(house, **handshake(url)) == "echo 'hello'"

    logs = visit(play, (MOCK, TWILIO), handshake_signature=required, **PUBLIC)
    assert [(log["event"], log["log_level"]) for log in logs] == [
        ("stream.upgrade", "info"), ("stream.signature", "debug"), ("stream.connected", "info"),
    ]  # fmt: skip


def test_what_follows_the_stream_path_is_signed_too() -> None:
    async def play(house: House) -> None:
        assert await open_stream(house, "/voice/stream?a=%20b", **handshake(f"{STREAM}?a=%20b")) == "echo 'hello'"

    visit(play, (TWILIO,), handshake_signature="require", **PUBLIC)


WRONG = ["https://v.example.com/voice/stream", "wss://w.example.com/voice/stream", f"{STREAM}/more"]


@pytest.mark.parametrize("url", WRONG)
def test_a_wrong_signature_on_the_handshake_is_logged_and_the_credential_decides(url: str) -> None:
    async def play(house: House) -> None:
        assert await open_stream(house, **handshake(url)) == "echo 'hello'"
        assert await open_stream(house) == "echo 'hello'"

    warnings = [log for log in visit(play, (TWILIO,), **PUBLIC) if log["log_level"] == "warning"]
    assert [(log["event"], log["tried"][0]) for log in warnings] == [("stream.signature", STREAM)]
    assert "wrong" in warnings[0]["reason"]


@pytest.mark.parametrize("url", [*WRONG, None])
def test_where_it_is_required_a_handshake_without_a_right_signature_is_refused(url: str | None) -> None:
    async def play(house: House) -> None:
        assert await house.refused_upgrade("/voice/stream", **(handshake(url) if url else {})) == 403

    upgrade, refused = visit(play, (TWILIO,), handshake_signature="require", **PUBLIC)
    assert (upgrade["event"], refused["event"]) == ("stream.upgrade", "stream.refused")
    assert ("wrong" if url else "missing") in refused["reason"]
    assert refused["tried"][0] == STREAM


def test_without_verification_no_signature_is_required() -> None:
    async def play(house: House) -> None:
        assert await open_stream(house) == "echo 'hello'"
        assert await open_stream(house, **handshake(WRONG[0])) == "echo 'hello'"

    visit(play, (TWILIO,), handshake_signature="require", skip_signature_verification=True, **PUBLIC)


def test_a_handshake_is_signed_for_the_url_that_was_proven() -> None:
    async def play(house: House) -> None:
        assert await house.refused_upgrade("/voice/stream", **FORWARDED, **handshake(STREAM)) == 403
        assert await ring(house, **FORWARDED) == 201
        assert await open_stream(house, **FORWARDED, **handshake(STREAM)) == "echo 'hello'"

    visit(play, (TWILIO,), handshake_signature="require", **TRUSTED)


def test_twilio_may_open_many_streams_at_once_from_one_address_and_nobody_else() -> None:
    place: dict[str, Any] = {"X-Forwarded-For": "203.0.113.5"}

    async def play(house: House) -> None:
        async with house.client.ws_connect("/voice/stream", headers=place):
            assert await open_stream(house, **place, **handshake(STREAM)) == "echo 'hello'"
            assert await house.refused_upgrade("/voice/stream", **place, **handshake(WRONG[0])) == 503

    visit(play, (TWILIO,), trusted_proxies=("127.0.0.1",), max_pending_per_address=1, **PUBLIC)


def test_a_right_signature_is_no_credential_and_the_call_hears_of_the_refusal() -> None:
    async def play(house: House) -> None:
        async with house.client.ws_connect("/voice/stream", headers=handshake(STREAM)) as socket:
            await socket.send_str(json.dumps(START).replace(TOKEN, ""))
            message = await socket.receive()
            assert (message.type, message.data, message.extra) == (aiohttp.WSMsgType.CLOSE, 1008, "missing")
        assert house.desk.refusals == [("twilio", "CA1", "missing")]

    logs = visit(play, (TWILIO,), **PUBLIC)
    assert [log.get("reason") for log in logs if log["event"] == "stream.refused"] == ["missing"]

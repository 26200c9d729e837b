"""The public listener over real sockets on the loopback: paths, methods, limits and media sockets."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.entrypoints.house import KEY, MOCK, START, TOKEN, FakeDesk, House, visit
from voicecall.entrypoints import PublicOptions
from voicecall.entrypoints.public import PublicListener
from voicecall.errors import VoicecallError

PROXY: dict[str, Any] = {"trusted_proxies": ("127.0.0.1",)}
FROM_OUTSIDE = {"X-Forwarded-For": "203.0.113.5"}


@pytest.mark.parametrize("path", ["/voice/webhook", "/voice/webhook/mock", "/voice/webhook/mock?nonce=%2b1&x"])
def test_a_signed_webhook_gets_the_desks_answer(path: str) -> None:
    async def play(house: House) -> None:
        assert await house.signed(path) == (201, b"<x/>")
        assert [delivery.key for delivery in house.desk.delivered] == ["e1"]

    visit(play)


def test_the_public_url_is_what_is_signed() -> None:
    async def play(house: House) -> None:
        assert (await house.signed())[0] == 201
        assert house.listener.stream_url == "wss://v.example.com:8443/x/voice/stream"

    visit(play, public_url="https://v.example.com:8443/x/voice/webhook")


def test_a_request_without_a_signature_learns_that_it_reached_the_daemon() -> None:
    async def play(house: House) -> None:
        status, body = await house.post("/voice/webhook", b"x=1")
        assert status == 403
        assert b"reached" in body

    logs = visit(play)
    assert [log["event"] for log in logs] == ["webhook.refused"]
    assert logs[0]["tried"][0].endswith("/voice/webhook")


@pytest.mark.parametrize("path", ["/", "/metrics", "/voice/webhook/twilio", "/voice/webhook/mock/x", "/v1/calls"])
def test_anything_else_is_not_found_whatever_the_signature(path: str) -> None:
    async def play(house: House) -> None:
        assert (await house.signed(path))[0] == 404

    visit(play)


def test_a_path_that_a_proxy_stripped_is_logged_with_the_fix() -> None:
    async def play(house: House) -> None:
        assert (await house.post("/webhook"))[0] == 404

    (log,) = visit(play)
    assert (log["event"], log["missing"]) == ("webhook.path-stripped", "/voice")
    assert "serve.path" in log["fix"]


def test_other_methods_are_not_allowed() -> None:
    async def play(house: House) -> None:
        async with house.client.get("/voice/webhook") as response:
            assert (response.status, response.headers["Allow"]) == (405, "POST")
        async with house.client.put("/voice/webhook/mock") as response:
            assert response.status == 405
        async with house.client.post("/voice/stream") as response:
            assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")

    visit(play)


@pytest.mark.parametrize("path", ["/voice/stream", "/voice/stream/token"])
def test_a_stream_path_without_an_upgrade_says_that_it_exists(path: str) -> None:
    async def play(house: House) -> None:
        async with house.client.get(path) as response:
            assert (response.status, response.headers["Upgrade"]) == (426, "websocket")
            assert b"WebSocket" in await response.read()
        async with house.client.head(path) as response:
            assert (response.status, response.headers["Upgrade"]) == (426, "websocket")
        async with house.client.get(path, headers={"Connection": "Upgrade", "Upgrade": "websocket"}) as response:
            assert response.status == 426

    visit(play)


def test_a_long_body_is_refused_declared_or_not() -> None:
    async def pieces() -> Any:
        for _ in range(3):
            yield bytes(400)

    async def play(house: House) -> None:
        assert (await house.post("/voice/webhook", bytes(1001)))[0] == 413
        assert (await house.post("/voice/webhook", pieces()))[0] == 413
        assert (await house.post("/voice/webhook", bytes(1000)))[0] == 403

    visit(play, max_body=1000)


def test_a_slow_body_is_refused() -> None:
    async def play(house: House) -> None:
        request = b"POST /voice/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nslow"
        async with house.raw(request) as (reader, _):
            assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")

    visit(play, body_timeout=0.05)


@pytest.mark.parametrize("head", [b"", b"POST /voice/webhook HTTP/1.1\r\nHost:"])
def test_a_connection_that_never_gets_to_a_request_is_let_go(head: bytes) -> None:
    async def play(house: House) -> None:
        async with house.raw(head) as (reader, _):
            assert await reader.read() == b""

    visit(play, body_timeout=0.05)


SLOW = b"POST /voice/webhook HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.5\r\n"


def test_a_body_that_breaks_its_own_framing_is_no_error_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    async def play(house: House) -> None:
        async with house.raw(SLOW + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n") as (reader, _):
            assert b" 400 " in await reader.readline()

    visit(play)
    assert not caplog.records


def test_a_client_that_leaves_in_the_middle_is_no_error_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    async def play(house: House) -> None:
        async with house.raw(SLOW + b"Content-Length: 9\r\n\r\n"):
            while (await house.signed(**FROM_OUTSIDE))[0] != 429:
                pass
        while (await house.signed(**FROM_OUTSIDE))[0] == 429:
            pass

    visit(play, max_in_flight_per_address=1, **PROXY)
    assert not caplog.records


def test_what_breaks_inside_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def play(house: House) -> None:
        del house.desk.decided
        assert (await house.signed())[0] == 500

    visit(play)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_one_address_cannot_have_too_many_requests_in_flight() -> None:
    async def play(house: House) -> None:
        slow = SLOW + b"Content-Length: 9\r\n\r\n"
        async with house.raw(slow), house.raw(slow):
            while (await house.signed(**FROM_OUTSIDE))[0] != 429:
                pass
            assert (await house.signed(**{"X-Forwarded-For": "203.0.113.6"}))[0] == 201
            assert (await house.signed())[0] == 201

    visit(play, max_in_flight_per_address=2, **PROXY)


def test_a_verified_request_no_longer_counts() -> None:
    async def play(house: House) -> None:
        house.desk.decided.clear()
        async with asyncio.TaskGroup() as tasks:
            waiting = [tasks.create_task(house.signed(**FROM_OUTSIDE)) for _ in range(3)]
            while len(house.desk.delivered) < 3:
                assert not any(task.done() for task in waiting)
                await asyncio.sleep(0)
            house.desk.decided.set()
        assert [task.result()[0] for task in waiting] == [201, 201, 201]

    visit(play, max_in_flight_per_address=1, **PROXY)


def test_a_media_stream_reaches_the_desk_both_ways() -> None:
    async def play(house: House) -> None:
        async with house.client.ws_connect("/voice/stream") as socket:
            await socket.send_str(START)
            await socket.send_str("text")
            assert await socket.receive_str() == "echo 'text'"
            await socket.send_bytes(b"bytes")
            assert await socket.receive_str() == "echo b'bytes'"
        await house.desk.ended.wait()

    assert [log["event"] for log in visit(play)] == ["stream.upgrade", "stream.connected"]


def test_a_stream_without_a_credential_is_closed_1008() -> None:
    async def play(house: House) -> None:
        async with house.client.ws_connect("/voice/stream") as socket:
            await socket.send_str(START.replace(TOKEN, "x"))
            message = await socket.receive()
            assert (message.type, message.data, message.extra) == (aiohttp.WSMsgType.CLOSE, 1008, "malformed")

    assert [log.get("reason") for log in visit(play)] == [None, None, "malformed"]


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
def test_a_frame_that_is_too_long_closes_the_stream_and_the_listener_lives_on(size: int, fits: bool) -> None:
    async def play(house: House) -> None:
        async with house.client.ws_connect("/voice/stream") as socket:
            await socket.send_str(START)
            await house.desk.taken.wait()
            await socket.send_str("x" * size)
            message = await socket.receive()
            assert (message.type is aiohttp.WSMsgType.TEXT) == fits
            if not fits:
                assert message.data == 1009
                await house.desk.ended.wait()
        assert (await house.signed())[0] == 201

    assert ("stream.broken" in [log["event"] for log in visit(play, max_frame=1000)]) != fits


def test_a_wrong_credential_in_the_path_is_refused_before_the_upgrade() -> None:
    async def play(house: House) -> None:
        assert await house.refused_upgrade("/voice/stream/rubbish") == 403

    assert [log.get("reason") for log in visit(play)] == [None, "malformed"]


def test_a_good_credential_in_the_path_needs_a_carrier_that_puts_it_there() -> None:
    async def play(house: House) -> None:
        assert await house.refused_upgrade(f"/voice/stream/{TOKEN}") == 403

    assert [log.get("reason") for log in visit(play)] == [None, "wrong call"]


def test_one_address_cannot_have_too_many_streams_waiting_to_start() -> None:
    async def play(house: House) -> None:
        async with house.client.ws_connect("/voice/stream", headers=FROM_OUTSIDE) as first:
            assert await house.refused_upgrade("/voice/stream", **FROM_OUTSIDE) == 503
            async with house.client.ws_connect("/voice/stream", headers={"X-Forwarded-For": "203.0.113.6"}):
                pass
            await first.send_str(START)
            await house.desk.taken.wait()
            async with house.client.ws_connect("/voice/stream", headers=FROM_OUTSIDE):
                pass

    visit(play, max_pending_per_address=1, **PROXY)


def test_streams_are_bounded_in_all() -> None:
    async def play(house: House) -> None:
        async with house.client.ws_connect("/voice/stream") as first:
            await first.send_str(START)
            await house.desk.taken.wait()
            assert await house.refused_upgrade("/voice/stream") == 503
        await house.desk.ended.wait()

    assert "stream.crowded" in [log["event"] for log in visit(play, max_connections=1)]


def test_leaving_closes_the_open_streams() -> None:
    async def main() -> None:
        desk = FakeDesk()
        listener = PublicListener(PublicOptions(port=0, credential_keys=(KEY,)), {"mock": MOCK}, desk, lambda: 1000.0)
        async with asyncio.timeout(5.0), aiohttp.ClientSession() as client:
            async with listener:
                socket = await client.ws_connect(f"http://127.0.0.1:{listener.port}/voice/stream")
                await socket.send_str(START)
                await desk.taken.wait()
            assert (await socket.receive()).data == 1001
            await desk.ended.wait()

    asyncio.run(main())


def test_a_port_that_is_taken_is_one_sentence() -> None:
    async def play(house: House) -> None:
        options = PublicOptions(port=house.listener.port)
        with pytest.raises(VoicecallError, match=f"127.0.0.1:{options.port}: something else listens there"):
            async with PublicListener(options, {}, house.desk, float):
                pass

    visit(play)


def test_the_keys_are_not_shown() -> None:
    assert "hidden" not in repr(PublicOptions(credential_keys=(b"hidden",)))

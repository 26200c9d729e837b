"""The test call, and the gateway that is started for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from voicecall.client import AsyncClient
from voicecall.emulators.clock import run_virtual
from voicecall.errors import TunnelError, VoicecallError
from voicecall.setup.calling import Called, call
from voicecall.setup.serving import Gateway, served

ME = "+15550100009"


class Endless(httpx2.AsyncByteStream):
    """Events, and then silence."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self._events = events

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for event in self._events:
            yield f"id: {event['seq']}\ndata: {json.dumps(event)}\n\n".encode()
        await asyncio.Event().wait()


class Line:
    """A gateway with one call, in which these events happen."""

    def __init__(self, *kinds: str) -> None:
        self.events = [
            {"seq": number, "at": "t", "callId": "01CALL", "type": kind, "data": {"text": "yes"}}
            for number, kind in enumerate(kinds, 1)
        ]
        self.record: dict[str, Any] = {
            "callId": "01CALL", "carrier": "twilio", "direction": "outbound", "mode": "conversation", "state": "ended",
            "answeredAt": "2026-11-21T10:00:00Z", "endedAt": "2026-11-21T10:00:20Z", "endReason": "hangup-agent",
            "warnings": [],
        }  # fmt: skip
        self.asked: list[str] = []
        self.told: list[str] = []
        self.seconds = 0.0

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        asked = f"{request.method} {request.url.path}"
        self.asked.append(asked)
        match asked:
            case "POST /v1/calls":
                assert json.loads(request.content)["to"] == ME
                return httpx2.Response(201, json={"callId": "01CALL", "state": "initiated"})
            case "GET /v1/events":
                return httpx2.Response(200, stream=Endless(self.events))
            case "DELETE /v1/calls/01CALL":
                ended = {"callId": "01CALL", "state": "ended", "endReason": "hangup-agent"}
                return httpx2.Response(200, json=ended)
            case "GET /v1/calls/01CALL/wait":
                return httpx2.Response(200, json=self.record)
            case _:
                return httpx2.Response(200, json=self.events)

    def ring(self) -> Called:
        async def main() -> Called:
            transport = httpx2.MockTransport(self._handle)
            async with AsyncClient("http://127.0.0.1:3335", "door", transport=transport) as client:
                called = await call(client, ME, self.told.append)
                self.seconds = asyncio.get_running_loop().time()
                return called

        return run_virtual(main)


def test_a_call_in_which_both_sides_are_heard_is_hung_up_at_once() -> None:
    line = Line("call.answered", "reply.finished", "speech.started", "transcript.final", "reply.finished")
    called = line.ring()
    assert (called.ok, line.seconds) == (True, 0.0)
    assert line.told == ["  answered", "  our words were played", "  we hear the other side"]
    assert "DELETE /v1/calls/01CALL" in line.asked


@pytest.mark.parametrize(
    ("kinds", "seconds", "heard", "cause"),
    [
        (("call.dialled", "call.ringing"), 75.0, (False, False), "call"),
        (("call.answered", "stream.started", "reply.started"), 75.0, (False, False), "stream"),
        (("call.answered", "stream.started", "reply.started", "reply.finished"), 15.0, (True, False), "stream"),
        (
            ("call.answered", "reply.finished", "speech.started", "transcript.final"),
            15.0,
            (True, True),
            "brain",
        ),
    ],
)
def test_silence_is_waited_for_and_explained(
    kinds: tuple[str, ...], seconds: float, heard: tuple[bool, bool], cause: str
) -> None:
    line = Line(*kinds)
    called = line.ring()
    assert (called.they_heard, called.we_heard) == heard
    assert line.seconds == seconds
    assert called.report.checks[0].id == cause


def test_a_call_that_ends_by_itself_is_not_waited_for() -> None:
    line = Line("call.dialled", "call.ended")
    line.record |= {"endReason": "busy", "answeredAt": None}
    called = line.ring()
    assert (called.ok, called.end_reason, line.seconds) == (False, "busy", 0.0)


def test_the_gateway_tells_where_it_is_and_what_becomes_of_its_tunnel() -> None:
    async def main() -> None:
        gateway = Gateway()
        gateway.logged(b'{"event": "tunnel.failed", "detail": "not logged in", "hint": "tailscale up"}')
        gateway.said(b"voicecall ready: public http://127.0.0.1:1 control http://127.0.0.1:2")
        await gateway.ready()
        assert gateway.public_url == "http://127.0.0.1:1"
        with pytest.raises(TunnelError, match="not logged in: tailscale up"):
            await gateway.tunnelled()
        gateway.logged(b'{"event": "tunnel.url", "url": "https://a.example/voice/webhook"}')
        assert await gateway.tunnelled() == "https://a.example/voice/webhook"
        silent = Gateway()
        with pytest.raises(VoicecallError, match="not ready within"):
            await silent.ready()
        with pytest.raises(TunnelError, match="not there within"):
            await silent.tunnelled()

    run_virtual(main)


def test_a_gateway_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECALL_STATE_DIR", str(tmp_path))
    file = tmp_path / "voicecall.toml"
    file.write_text("bogus = 1\n")

    async def main() -> None:
        async with served(file):
            pass

    with pytest.raises(VoicecallError, match=r"did not start: .*bogus"):
        asyncio.run(main())

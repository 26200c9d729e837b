"""The REST API without HTTP: who may ask, what is answered, and the errors on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import msgspec
import pytest

from voicecall.emulators.clock import run_virtual
from voicecall.emulators.faces import Socket
from voicecall.emulators.mock import MockFace
from voicecall.emulators.mock_rest import MockRest, Reply
from voicecall.emulators.network import Network, Wires
from voicecall.errors import SpeechError
from voicecall.speech import Voice

Ask = tuple[str, str, object]
DIAL = {"to": "+15550100009", "from": "+15550100010", "webhook": "http://gateway/hook"}


class Mute:
    """Says nothing, and fails at the word `broken`."""

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        if text == "broken":
            raise SpeechError("the voice is broken")
        yield b""


async def nobody(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    raise ConnectionRefusedError


async def no_socket(url: str) -> Socket:
    raise ConnectionRefusedError


def ask(*requests: Ask, authorization: str = "Bearer s", pause: float = 0.0) -> list[Reply]:
    """Send the requests one after the other, `pause` virtual seconds apart."""

    async def main() -> list[Reply]:
        network = Network(Wires(nobody, no_socket, lambda: 0.0), Mute(), name="t")
        rest = MockRest(network, MockFace("s"), "s")
        replies = []
        async with network.running():
            for method, path, body in requests:
                payload = b"" if body is None else msgspec.json.encode(body)
                replies.append(await rest.handle(method, path, {"authorization": authorization}, payload))
                await asyncio.sleep(pause)
        return replies

    return run_virtual(main)


def code(reply: Reply) -> tuple[int, str]:
    error: dict[str, Any] = msgspec.json.decode(reply.body)["error"]
    assert error["message"]
    return reply.status, error["code"]


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer t", "s", "Bearer ß"])
def test_a_request_without_the_secret_is_refused_whatever_it_asks(token: str) -> None:
    for reply in ask(("POST", "/calls", DIAL), ("GET", "/nowhere", None), authorization=token):
        assert code(reply) == (401, "unauthorized")


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (("GET", "/calls/mc_0", None), (404, "not-found")),
        (("DELETE", "/calls/mc_0", None), (404, "not-found")),
        (("POST", "/calls/mc_0/digits", {"digits": "1"}), (404, "not-found")),
        (("GET", "/phones/calls/mc_0", None), (404, "not-found")),
        (("GET", "/phones/calls/mc_0/recording", None), (404, "not-found")),
        (("PATCH", "/calls", DIAL), (404, "not-found")),
        (("GET", "/calls/", None), (404, "not-found")),
        (("POST", "/calls", DIAL | {"to": "5550100009"}), (400, "invalid-number")),
        (("POST", "/calls", DIAL | {"from": "+1555010000x"}), (400, "invalid-number")),
        (("PUT", "/phones/alice", {"steps": []}), (400, "invalid-number")),
        (("POST", "/calls", DIAL | {"webhook": "ftp://x"}), (400, "invalid-request")),
        (("POST", "/calls", DIAL | {"ring_timeout": 0}), (400, "invalid-request")),
        (("POST", "/calls", []), (400, "invalid-request")),
        (("POST", "/phones/ring", DIAL | {"steps": [{"sing": "la"}]}), (400, "invalid-request")),
        (("POST", "/phones/ring", DIAL | {"steps": [{"wav": "/no/such.wav"}]}), (400, "invalid-steps")),
        (("POST", "/phones/ring", DIAL | {"steps": [{"say": "broken"}]}), (503, "unavailable")),
        (("PUT", "/faults", {"gremlins": True}), (400, "invalid-request")),
    ],
)
def test_a_request_that_cannot_be_met_is_answered_with_an_error(request_: Ask, answer: tuple[int, str]) -> None:
    assert code(ask(request_)[0]) == answer


def test_digits_must_be_keys() -> None:
    replies = ask(("POST", "/calls", DIAL), ("POST", "/calls/mc_t00001/digits", {"digits": "x"}), pause=1)
    assert code(replies[1]) == (400, "invalid-request")


def test_digits_to_a_ringing_phone_are_accepted_and_heard_by_nobody() -> None:
    replies = ask(
        ("POST", "/calls", DIAL),
        ("POST", "/calls/mc_t00001/digits", {"digits": "1"}),
        ("GET", "/phones/calls/mc_t00001", None),
    )
    assert [reply.status for reply in replies] == [201, 204, 200]
    assert msgspec.json.decode(replies[2].body)["journal"] == []


def test_rest_faults_hit_the_named_request_so_many_times() -> None:
    replies = ask(
        ("PUT", "/faults", {"rest_status": {"POST /calls": 503}, "rest_times": 2}),
        ("POST", "/calls", DIAL),
        ("GET", "/calls/mc_0", None),
        ("POST", "/calls", DIAL),
        ("POST", "/calls", DIAL),
    )
    assert [reply.status for reply in replies] == [204, 503, 404, 503, 201]
    assert code(replies[1]) == (503, "unavailable")


@pytest.mark.parametrize(("status", "name"), [(429, "rate-limited"), (500, "unavailable"), (403, "refused")])
def test_rest_faults_hold_until_they_are_cleared(status: int, name: str) -> None:
    plan = {"rest_status": {"GET /calls/{call}": status}}
    get: Ask = ("GET", "/calls/mc_t00001", None)
    replies = ask(("POST", "/calls", DIAL), ("PUT", "/faults", plan), get, get, ("PUT", "/faults", {}), get)
    assert [reply.status for reply in replies] == [201, 204, status, status, 204, 200]
    assert code(replies[2]) == (status, name)


def test_the_requests_that_drive_the_phones_never_fail() -> None:
    plan = {"rest_status": {"PUT /faults": 503, "PUT /phones/{number}": 503}}
    replies = ask(("PUT", "/faults", plan), ("PUT", "/phones/+15550100009", {"steps": []}), ("PUT", "/faults", {}))
    assert [reply.status for reply in replies] == [204, 204, 204]


def test_a_call_goes_on_although_nobody_answers_its_webhooks() -> None:
    replies = ask(("POST", "/calls", DIAL | {"time_limit": 60}), ("GET", "/calls/mc_t00001", None), pause=30)
    assert msgspec.json.decode(replies[1].body)["status"] == "answered"


def test_the_recording_of_a_call_is_a_stereo_wav_as_long_as_the_call() -> None:
    replies = ask(
        ("PUT", "/phones/+15550100009", {"steps": [{"wait": 2}, {"hangup": True}]}),
        ("POST", "/calls", DIAL),
        ("GET", "/phones/calls/mc_t00001/recording", None),
        pause=5,
    )
    wav = replies[2]
    assert (wav.content_type, wav.body[:4], wav.body[22]) == ("audio/wav", b"RIFF", 2)
    assert len(wav.body) == pytest.approx(44 + 2 * 2 * 8000 * 2, abs=1300)


def test_the_network_stops_with_calls_under_way() -> None:
    assert [reply.status for reply in ask(("POST", "/calls", DIAL), pause=2)] == [201]

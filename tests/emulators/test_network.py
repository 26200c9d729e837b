"""Whole calls on the network in virtual time: a gateway in memory on one side, scripted phones on the other."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any

import msgspec
import pytest

from voicecall.emulators.clock import run_virtual
from voicecall.emulators.memory import MemorySocket
from voicecall.emulators.mock import MockFace
from voicecall.emulators.mock_rest import MockRest
from voicecall.emulators.network import Network, Wires
from voicecall.speech import Voice

HOOK = "http://gateway/voice/webhook"
CONNECT = {"connect": {"stream": "ws://gateway/voice/stream", "parameters": {"token": "t"}}}
Json = dict[str, Any]


class Tone:
    """A second of loud audio for any text."""

    async def speak(self, text: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        yield b"\x10\x90" * 4000


class Gateway:
    """Answers webhooks with what `documents` says, and keeps what it gets."""

    def __init__(self, documents: Mapping[str, Json], on_stream: Callable[[Stream], Awaitable[None]] | None) -> None:
        self.hooks: list[tuple[float, str, Json]] = []
        self.streams: list[Stream] = []
        self.failures = 0
        self.unreachable = False
        self._documents = documents
        self._on_stream = on_stream
        self.tasks: asyncio.TaskGroup

    def types(self) -> list[str]:
        return [kind for _, kind, _ in self.hooks]

    def times(self, kind: str) -> list[float]:
        return [at for at, name, _ in self.hooks if name == kind]

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        assert url == HOOK
        report: Json = msgspec.json.decode(body)
        self.hooks.append((round(asyncio.get_running_loop().time(), 2), report["type"], report))
        if self.failures:
            self.failures -= 1
            return 503, b""
        return 200, msgspec.json.encode(self._documents.get(report["type"], {}))

    async def connect(self, url: str) -> MemorySocket:
        if self.unreachable:
            raise ConnectionRefusedError
        near, far = MemorySocket.pair()
        stream = Stream(far)
        self.streams.append(stream)
        self.tasks.create_task(stream.read())
        if self._on_stream is not None:
            self.tasks.create_task(self._act(self._on_stream, stream))
        return near

    async def _act(self, on_stream: Callable[[Stream], Awaitable[None]], stream: Stream) -> None:
        await on_stream(stream)


class Stream:
    """The gateway's end of a media stream."""

    def __init__(self, socket: MemorySocket) -> None:
        self.socket = socket
        self.got: list[tuple[float, Json]] = []

    def times(self, event: str) -> list[float]:
        return [at for at, message in self.got if message["event"] == event]

    async def read(self) -> None:
        while (text := await self.socket.recv()) is not None:
            self.got.append((round(asyncio.get_running_loop().time(), 2), msgspec.json.decode(text)))

    async def send(self, **message: Any) -> None:
        await self.socket.send(msgspec.json.encode(message).decode())

    async def speak(self, seconds: float, mark: str) -> None:
        for _ in range(round(seconds / 0.1)):
            await self.send(event="media", payload=b64encode(b"\x10\x90" * 400).decode())
        await self.send(event="mark", name=mark)


class World:
    """The network with a gateway, driven by REST."""

    def __init__(self, rest: MockRest, gateway: Gateway) -> None:
        self.gateway = gateway
        self._rest = rest

    async def ask(self, method: str, path: str, body: Json | None = None, *, status: int = 200) -> Json:
        payload = b"" if body is None else msgspec.json.encode(body)
        reply = await self._rest.handle(method, path, {"authorization": "Bearer s"}, payload)
        assert reply.status == status, reply.body
        answer: Json = msgspec.json.decode(reply.body) if reply.body else {}
        return answer

    async def dial(self, to: str = "+15550100009", **more: Any) -> str:
        body = {"to": to, "from": "+15550100010", "webhook": HOOK, "ring_timeout": 20, "time_limit": 300, **more}
        call: str = (await self.ask("POST", "/calls", body, status=201))["call"]
        return call

    async def ring(self, *steps: Json) -> str:
        body = {"from": "+15550100009", "to": "+15550100010", "webhook": HOOK, "steps": steps}
        call: str = (await self.ask("POST", "/phones/ring", body, status=201))["call"]
        return call

    async def heard(self, call: str) -> Json:
        return await self.ask("GET", f"/phones/calls/{call}")


def play(
    scene: Callable[[World], Awaitable[None]],
    documents: Mapping[str, Json] | None = None,
    on_stream: Callable[[Stream], Awaitable[None]] | None = None,
) -> Gateway:
    gateway = Gateway({"answered": CONNECT, "incoming": CONNECT} if documents is None else documents, on_stream)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        wires = Wires(gateway.post, gateway.connect, lambda: 1_800_000_000 + loop.time())
        network = Network(wires, Tone(), name="t")
        async with asyncio.TaskGroup() as gateway.tasks, network.running():
            await scene(World(MockRest(network, MockFace("s"), "s"), gateway))
            for stream in gateway.streams:
                stream.socket.drop()

    run_virtual(main)
    return gateway


@pytest.mark.parametrize(
    ("number", "types", "cause", "after"),
    [
        ("+15550100001", ["ended"], "busy", 0.1),
        ("+15550100002", ["ringing", "ended"], "no-answer", 20.1),
        ("+15550100004", ["ringing", "answered", "ended"], "completed", 1.6),
    ],
)
def test_each_special_number_behaves_as_documented(number: str, types: list[str], cause: str, after: float) -> None:
    async def scene(world: World) -> None:
        call = await world.dial(number, reference="R")
        await asyncio.sleep(60)
        assert await world.ask("GET", f"/calls/{call}") == {"call": call, "status": "ended"}

    gateway = play(scene)
    assert gateway.types() == types
    at, _, report = gateway.hooks[-1]
    assert (report["cause"], report["reference"], report["direction"]) == (cause, "R", "outbound")
    assert at == pytest.approx(after, abs=0.03)


def test_any_other_number_answers_within_a_second_and_stays_until_the_gateway_hangs_up() -> None:
    async def scene(world: World) -> None:
        call = await world.dial()
        assert (await world.ask("GET", f"/calls/{call}"))["status"] == "ringing"
        await asyncio.sleep(100)
        assert (await world.ask("GET", f"/calls/{call}"))["status"] == "answered"
        await world.ask("DELETE", f"/calls/{call}", status=204)
        await world.ask("DELETE", f"/calls/{call}", status=404)
        await asyncio.sleep(1)

    gateway = play(scene)
    assert gateway.types() == ["ringing", "answered", "ended"]
    assert gateway.times("answered")[0] <= 1
    assert gateway.hooks[-1][2]["cause"] == "completed"
    (stream,) = gateway.streams
    assert stream.got[0][1] == {
        "event": "start",
        "stream": "ms_t00001_1",
        "call": "mc_t00001",
        "parameters": {"token": "t"},
        "format": {"encoding": "mulaw", "rate": 8000},
    }
    assert stream.got[-1][1] == {"event": "stop"}
    assert [message["chunk"] for _, message in stream.got[1:-1]] == list(range(1, len(stream.got) - 1))
    assert len(stream.got) == pytest.approx(50 * 99.4, abs=3)


def test_a_voicemail_says_so_greets_and_beeps() -> None:
    async def scene(world: World) -> None:
        call = await world.dial("+15550100003")
        await asyncio.sleep(5)
        steps = [(step["step"], step["to"]) for step in (await world.heard(call))["spoke"]]
        assert steps == [("say", pytest.approx(1.04, abs=0.03)), ("beep", pytest.approx(1.54, abs=0.03))]

    gateway = play(scene)
    assert gateway.hooks[1][2]["machine"] is True


def test_a_dial_that_the_gateway_takes_back_ends_canceled() -> None:
    async def scene(world: World) -> None:
        call = await world.dial("+15550100002")
        await asyncio.sleep(3)
        await world.ask("DELETE", f"/calls/{call}", status=204)
        await asyncio.sleep(60)

    assert play(scene).hooks[-1][2]["cause"] == "canceled"


def test_an_answered_call_is_ended_at_its_time_limit() -> None:
    async def scene(world: World) -> None:
        await world.dial(time_limit=12)
        await asyncio.sleep(60)

    gateway = play(scene)
    assert gateway.times("ended")[0] - gateway.times("answered")[0] == pytest.approx(12)


def test_a_caller_speaks_listens_presses_and_hangs_up() -> None:
    async def agent(stream: Stream) -> None:
        await asyncio.sleep(2)
        await stream.speak(1.5, "reply")

    async def scene(world: World) -> None:
        call = await world.ring({"say": "hello"}, {"listen": 1.0}, {"press": "5"}, {"hangup": True})
        await asyncio.sleep(20)
        story = await world.heard(call)
        assert (story["ended"], story["cause"]) == (True, "completed")
        (span,) = story["heard"]
        assert span["to"] - span["from"] == pytest.approx(1.5, abs=0.03)
        assert [step["step"] for step in story["spoke"]] == ["say", "listen", "press", "hangup"]
        assert story["spoke"][1]["to"] == pytest.approx(span["to"] + 1.0, abs=0.03)

    gateway = play(scene, on_stream=agent)
    assert gateway.types() == ["incoming", "ended"]
    assert gateway.hooks[0][2]["direction"] == "inbound"
    (stream,) = gateway.streams
    assert stream.times("mark")[0] == pytest.approx(2 + 1.5, abs=0.05)
    assert [message["digit"] for _, message in stream.got if message["event"] == "digit"] == ["5"]


def test_clear_silences_the_phone_at_once_and_returns_the_marks() -> None:
    async def agent(stream: Stream) -> None:
        await stream.speak(5.0, "reply")
        await asyncio.sleep(1)
        await stream.send(event="clear")

    async def scene(world: World) -> None:
        call = await world.ring()
        await asyncio.sleep(10)
        assert (await world.heard(call))["heard"][0]["to"] == pytest.approx(1.0, abs=0.05)

    (stream,) = play(scene, on_stream=agent).streams
    assert stream.times("mark") == [pytest.approx(1.0, abs=0.03)]


def test_an_incoming_call_rings_until_its_caller_gives_up() -> None:
    async def scene(world: World) -> None:
        await world.ring()
        await asyncio.sleep(60)

    gateway = play(scene, documents={})
    assert gateway.types() == ["incoming", "ended"]
    assert gateway.hooks[-1][2]["cause"] == "canceled"
    assert gateway.streams == []


@pytest.mark.parametrize(
    ("document", "cause"),
    [({"reject": "busy"}, "busy"), ({"reject": "rejected"}, "failed"), ({"hangup": True}, "canceled")],
)
def test_an_incoming_call_can_be_turned_away(document: Json, cause: str) -> None:
    async def scene(world: World) -> None:
        await world.ring()
        await asyncio.sleep(1)

    assert play(scene, documents={"incoming": document}).hooks[-1][2]["cause"] == cause


def test_a_stream_that_the_gateway_closes_is_reported_and_the_answer_can_hang_up() -> None:
    async def agent(stream: Stream) -> None:
        await asyncio.sleep(1)
        await stream.socket.close(1000)

    async def scene(world: World) -> None:
        await world.ring()
        await asyncio.sleep(10)

    gateway = play(scene, documents={"incoming": CONNECT, "stream-ended": {"hangup": True}}, on_stream=agent)
    assert gateway.types() == ["incoming", "stream-ended", "ended"]
    assert gateway.hooks[1][2]["reason"] == "closed"
    assert gateway.hooks[2][2]["cause"] == "completed"


def test_digits_reach_the_phone_in_order() -> None:
    async def scene(world: World) -> None:
        call = await world.dial()
        await asyncio.sleep(2)
        await world.ask("POST", f"/calls/{call}/digits", {"digits": "1w2"}, status=204)
        await asyncio.sleep(5)
        journal = (await world.heard(call))["journal"]
        digits = [(entry["at"], entry["text"]) for entry in journal if entry["what"] == "digit"]
        assert [digit for _, digit in digits] == ["1", "2"]
        assert digits[1][0] - digits[0][0] == pytest.approx(0.7)

    play(scene)


def test_a_dialled_phone_follows_the_script_it_was_given() -> None:
    async def scene(world: World) -> None:
        await world.ask("PUT", "/phones/+15550100009", {"steps": [{"wait": 2}, {"hangup": True}]}, status=204)
        await world.dial()
        await asyncio.sleep(10)

    assert play(scene).times("ended") == [pytest.approx(2.6, abs=0.05)]


def test_a_dropped_stream_comes_back_with_a_new_document() -> None:
    async def scene(world: World) -> None:
        await world.ask("PUT", "/faults", {"stream_drop_after": 4.0, "stream_return_after": 0.5}, status=204)
        call = await world.dial()
        await asyncio.sleep(20)
        assert (await world.ask("GET", f"/calls/{call}"))["status"] == "answered"

    gateway = play(scene, documents={"answered": CONNECT, "stream-ended": CONNECT})
    assert gateway.types() == ["ringing", "answered", "stream-ended"]
    assert gateway.hooks[-1][2]["reason"] == "lost"
    assert gateway.times("stream-ended")[0] - gateway.times("answered")[0] == pytest.approx(4.5, abs=0.05)
    assert [stream.got[0][1]["stream"] for stream in gateway.streams] == ["ms_t00001_1", "ms_t00001_2"]


def test_only_the_latest_ended_calls_are_remembered() -> None:
    async def scene(world: World) -> None:
        first = await world.dial("+15550100001")
        for _ in range(101):
            await asyncio.sleep(1)
            await world.dial("+15550100001")
        await world.ask("GET", f"/calls/{first}", status=404)
        await world.ask("GET", "/calls/mc_t00100")

    play(scene)


def test_a_call_can_be_taken_back_in_the_moment_it_was_placed() -> None:
    async def scene(world: World) -> None:
        call = await world.dial()
        await world.ask("DELETE", f"/calls/{call}", status=204)
        await asyncio.sleep(5)

    assert play(scene).types() == ["ended"]


def test_a_document_that_arrives_after_the_end_changes_nothing() -> None:
    async def scene(world: World) -> None:
        world.gateway.failures = 2
        call = await world.ring()
        await asyncio.sleep(1)
        await world.ask("DELETE", f"/calls/{call}", status=204)
        await asyncio.sleep(5)

    gateway = play(scene)
    assert gateway.types() == ["incoming", "incoming", "ended", "incoming"]
    assert gateway.streams == []


def test_audio_that_comes_too_late_is_an_underrun_in_the_journal() -> None:
    async def agent(stream: Stream) -> None:
        for _ in range(2):
            await stream.speak(0.1, "piece")
            await asyncio.sleep(0.2)

    async def scene(world: World) -> None:
        call = await world.ring()
        await asyncio.sleep(3)
        story = await world.heard(call)
        assert story["underruns"] == {"count": 1, "seconds": pytest.approx(0.1, abs=0.021)}
        assert [entry["what"] for entry in story["journal"]].count("underrun") == 1

    play(scene, on_stream=agent)


def test_a_stream_that_cannot_be_opened_is_lost() -> None:
    async def scene(world: World) -> None:
        world.gateway.unreachable = True
        await world.dial()
        await asyncio.sleep(3)

    gateway = play(scene, documents={"answered": CONNECT})
    assert gateway.types() == ["ringing", "answered", "stream-ended"]
    assert gateway.hooks[-1][2]["reason"] == "lost"

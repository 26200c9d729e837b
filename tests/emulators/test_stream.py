"""One media stream: order, ends and faults, over an in-memory pair."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from voicecall.emulators.clock import run_virtual
from voicecall.emulators.faces import Audio, Clear, Mark, Sent
from voicecall.emulators.memory import MemorySocket
from voicecall.emulators.mock import MockDialect
from voicecall.emulators.playout import SILENCE
from voicecall.emulators.stream import BACKLOG, MediaStream, Reason

Act = Callable[[MediaStream, MemorySocket], Awaitable[None]]


def carry(
    act: Act, *, slow_read: float = 0.0, drop_after: float | None = None
) -> tuple[Reason, list[tuple[float, Sent]], MemorySocket]:
    """Run a stream while `act` plays the gateway."""
    received: list[tuple[float, Sent]] = []

    async def main() -> tuple[Reason, MemorySocket]:
        near, far = MemorySocket.pair()
        loop = asyncio.get_running_loop()
        stream = MediaStream(
            near,
            MockDialect("mc_1", "ms_1", {}),
            lambda sent: received.append((round(loop.time(), 3), sent)),
            slow_read=slow_read,
            drop_after=drop_after,
        )
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(stream.run())
            await act(stream, far)
        return running.result(), far

    reason, far = run_virtual(main)
    return reason, received, far


async def events(far: MemorySocket) -> list[str]:
    found = []
    while (text := await far.recv()) is not None:
        found.append(msgspec.json.decode(text)["event"])
    return found


def test_start_comes_first_and_stop_last() -> None:
    seen: list[str] = []

    async def act(stream: MediaStream, far: MemorySocket) -> None:
        stream.send_audio(SILENCE)
        stream.send_mark("m")
        stream.send_digit("5")
        stream.stop()
        seen.extend(await events(far))

    reason, _, far = carry(act)
    assert seen == ["start", "media", "mark", "digit", "stop"]
    assert (reason, far.code) == ("closed", 1000)


def test_what_the_gateway_sends_is_handed_over_in_order() -> None:
    async def act(stream: MediaStream, far: MemorySocket) -> None:
        await far.send('{"event":"media","payload":"//8="}')
        await far.send('{"event":"mark","name":"m"}')
        await far.send('{"event":"clear"}')
        await far.close()

    reason, received, _ = carry(act)
    assert [sent for _, sent in received] == [Audio(b"\xff\xff"), Mark("m"), Clear()]
    assert reason == "closed"


@pytest.mark.parametrize(("code", "reason"), [(1000, "closed"), (1008, "closed"), (1006, "lost")])
def test_how_the_gateway_leaves_is_told(code: int, reason: Reason) -> None:
    async def act(stream: MediaStream, far: MemorySocket) -> None:
        await asyncio.sleep(1)
        await far.close(code)

    assert carry(act)[0] == reason


def test_a_message_of_another_form_closes_the_socket_with_1003() -> None:
    async def act(stream: MediaStream, far: MemorySocket) -> None:
        await far.send('{"event":"dance"}')

    reason, _, far = carry(act)
    assert (reason, far.code) == ("lost", 1003)


def test_a_stream_can_be_cut_after_a_while() -> None:
    async def act(stream: MediaStream, far: MemorySocket) -> None:
        assert "stop" not in await events(far)
        assert round(asyncio.get_running_loop().time(), 3) == 4.0

    reason, _, far = carry(act, drop_after=4.0)
    assert (reason, far.code) == ("lost", 1006)


def test_a_slow_reader_takes_one_message_at_a_time() -> None:
    async def act(stream: MediaStream, far: MemorySocket) -> None:
        for name in "ab":
            await far.send(f'{{"event":"mark","name":"{name}"}}')
        await asyncio.sleep(1)
        await far.close()

    assert carry(act, slow_read=0.2)[1] == [(0.2, Mark("a")), (0.4, Mark("b"))]


def test_a_gateway_that_does_not_read_loses_audio_but_no_marks() -> None:
    class Jammed(MemorySocket):
        def __init__(self) -> None:
            super().__init__()
            self.sent: list[str] = []
            self.open = asyncio.Event()

        async def send(self, text: str) -> None:
            await self.open.wait()
            self.sent.append(text)

    async def main() -> tuple[int, list[str]]:
        jammed = Jammed()
        stream = MediaStream(jammed, MockDialect("mc_1", "ms_1", {}), lambda _: None)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(stream.run())
            await asyncio.sleep(1)
            for _ in range(BACKLOG + 20):
                stream.send_audio(SILENCE)
            stream.send_mark("m")
            jammed.open.set()
            stream.stop()
        return stream.dropped, [msgspec.json.decode(text)["event"] for text in jammed.sent]

    dropped, sent = run_virtual(main)
    assert dropped == 20
    assert sent == ["start", *["media"] * BACKLOG, "mark", "stop"]


def test_sending_into_a_closed_socket_ends_the_writer_quietly() -> None:
    async def act(stream: MediaStream, far: MemorySocket) -> None:
        await far.close(1001)
        stream.send_audio(SILENCE)

    assert carry(act)[0] == "closed"


def test_a_network_that_stops_leaves_with_1001() -> None:
    async def main() -> int | None:
        near, far = MemorySocket.pair()
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(MediaStream(near, MockDialect("mc_1", "ms_1", {}), lambda _: None).run())
            await asyncio.sleep(1)
            running.cancel()
        return far.code

    assert run_virtual(main) == 1001

"""Webhook delivery: retried when the gateway fails, and late, twice, lost or out of order on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import msgspec
import pytest

from voicecall.emulators.clock import run_virtual
from voicecall.emulators.courier import Courier
from voicecall.emulators.faces import Answered, Command, Ended, Happening, Incoming, Parties, Ringing, Stay, StreamEnded
from voicecall.emulators.faults import Faults
from voicecall.emulators.mock import MockFace

PARTIES = Parties("mc_1", "outbound", "+15550100010", "+15550100009", "http://gateway/hook", "R")
Post = Callable[[str, Mapping[str, str], bytes], Awaitable[tuple[int, bytes]]]


class Desk:
    """Takes the posts; `answers` are used up one by one, then everything is 200."""

    def __init__(self, *answers: tuple[int, bytes] | OSError) -> None:
        self.posts: list[tuple[float, str, bytes]] = []
        self.headers: list[Mapping[str, str]] = []
        self._answers = list(answers)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        kind = msgspec.json.decode(body)["type"]
        self.posts.append((round(asyncio.get_running_loop().time(), 3), kind, body))
        self.headers.append(headers)
        answer = self._answers.pop(0) if self._answers else (200, b"{}")
        if isinstance(answer, OSError):
            raise answer
        return answer

    def log(self) -> list[tuple[float, str]]:
        return [(at, kind) for at, kind, _ in self.posts]


def deliver(
    post: Post, *happenings: tuple[float, Happening], faults: Faults | None = None
) -> tuple[list[Command], list[str]]:
    """Report each happening so many seconds after the one before it."""
    obeyed: list[Command] = []
    notes: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:

            def spawn(work: Coroutine[Any, Any, None]) -> object:
                return tasks.create_task(work)

            courier = Courier(
                PARTIES,
                MockFace("s"),
                post,
                faults=faults or Faults(),
                now=lambda: 1_800_000_000 + loop.time(),
                spawn=spawn,
                obey=obeyed.append,
                note=lambda what, text: notes.append(f"{what}: {text}"),
            )
            for pause, happening in happenings:
                await asyncio.sleep(pause)
                courier.report(happening)

    run_virtual(main)
    return obeyed, notes


def test_a_webhook_is_retried_with_the_same_bytes_until_the_gateway_recovers() -> None:
    desk = Desk((503, b""), ConnectionRefusedError(), (500, b""))
    obeyed, _ = deliver(desk.post, (0, Answered()))
    assert desk.log() == [(0, "answered"), (0.5, "answered"), (1.5, "answered"), (3.5, "answered")]
    assert len({body for _, _, body in desk.posts}) == 1
    assert desk.headers[0] == desk.headers[-1]
    assert obeyed == [Stay()]


def test_after_four_attempts_the_network_gives_up() -> None:
    desk = Desk(*[(503, b"")] * 9)
    assert deliver(desk.post, (0, Answered())) == ([], [])
    assert len(desk.posts) == 4


def test_a_refusal_is_not_retried() -> None:
    desk = Desk((403, b"no"))
    assert deliver(desk.post, (0, Answered())) == ([], [])
    assert len(desk.posts) == 1


def test_a_gateway_that_does_not_answer_is_asked_again_after_five_seconds() -> None:
    asked: list[float] = []

    async def post(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        asked.append(round(asyncio.get_running_loop().time(), 3))
        await asyncio.Event().wait()
        raise AssertionError

    deliver(post, (0, Ringing()))
    assert asked == [0, 5.5, 11.5, 18.5]


def test_only_webhooks_that_want_a_document_are_obeyed() -> None:
    desk = Desk(*[(200, b'{"hangup":true}')] * 5)
    obeyed, _ = deliver(
        desk.post, (0, Incoming()), (1, Ringing()), (1, Answered()), (1, StreamEnded("lost")), (1, Ended("busy"))
    )
    assert len(obeyed) == 3


def test_a_bad_document_is_noted_and_changes_nothing() -> None:
    obeyed, notes = deliver(Desk((200, b"<Response/>")).post, (0, Answered()))
    assert obeyed == []
    assert notes[0].startswith("bad-document: answered: ")


def test_a_late_webhook_is_overtaken() -> None:
    desk = Desk()
    deliver(desk.post, (0, Ringing()), (0.5, Answered()), faults=Faults(webhook_delay={"ringing": 1.5}))
    assert desk.log() == [(0.5, "answered"), (1.5, "ringing")]
    assert msgspec.json.decode(desk.posts[1][2])["at"] == 1_800_000_000
    assert desk.headers[1]["X-Mock-Timestamp"] == "1800000001"


def test_a_duplicate_has_the_same_bytes_and_is_obeyed_once() -> None:
    desk = Desk()
    obeyed, _ = deliver(desk.post, (0, Answered()), faults=Faults(webhook_duplicate=("answered",)))
    assert desk.posts[0][1:] == desk.posts[1][1:]
    assert len(desk.posts) == 2
    assert obeyed == [Stay()]


def test_a_lost_webhook_never_arrives() -> None:
    desk = Desk()
    deliver(desk.post, (0, Ringing()), (1, Answered()), faults=Faults(webhook_lose=("ringing",)))
    assert desk.log() == [(1, "answered")]


@pytest.mark.parametrize(
    ("happenings", "order"),
    [
        (
            [(0, Ringing()), (0.5, Answered()), (5, Ended("completed"))],
            [(0.5, "answered"), (0.5, "ringing"), (7.5, "ended")],
        ),
        (
            [(0, Incoming()), (5, StreamEnded("closed")), (1, Ended("completed"))],
            [(0, "incoming"), (5, "stream-ended"), (8, "ended")],
        ),
    ],
)
def test_reordered_webhooks_swap_places_in_pairs(
    happenings: list[tuple[float, Happening]], order: list[tuple[float, str]]
) -> None:
    desk = Desk()
    deliver(desk.post, *happenings, faults=Faults(webhook_reorder=True))
    assert desk.log() == order


def test_every_webhook_has_an_id_of_its_own() -> None:
    desk = Desk()
    deliver(desk.post, (0, Ringing()), (1, Answered()), (1, Ended("completed")))
    assert [msgspec.json.decode(body)["id"] for _, _, body in desk.posts] == ["wh_mc_1_1", "wh_mc_1_2", "wh_mc_1_3"]

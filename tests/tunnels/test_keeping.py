"""A tunnel that ends is tried again, ever more slowly; and one that was sound begins anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from tests.tunnels.commands import WAY, Heard
from voicecall.emulators.clock import run_virtual
from voicecall.errors import TunnelError
from voicecall.tunnels import Announce, Route, Way, is_here
from voicecall.tunnels.keeping import keep


class Scripted:
    """A tunnel that is up for so many seconds at each attempt, or was never; after the last, for ever."""

    name = "scripted"

    def __init__(self, ups: Sequence[float]) -> None:
        self._ups = list(ups)

    async def run(self, way: Way, announce: Announce) -> None:
        up = self._ups.pop(0) if self._ups else None
        if up is None or up > 0:
            announce(f"https://{len(self._ups)}.example.com")
        await asyncio.sleep(3600 if up is None else up)
        raise TunnelError("it ended", "wait")

    async def remove(self) -> tuple[Route, ...]:
        return ()


def kept(ups: Sequence[float], seconds: float) -> tuple[list[str | None], list[float], bool]:
    """Keep it for so long; return what was announced, the pauses, and whether it was up in the end."""

    async def main() -> tuple[list[str | None], list[float], bool]:
        heard, pauses = Heard(), []

        def failed(error: TunnelError, pause: float) -> None:
            assert (error.message, error.hint, str(error)) == ("it ended", "wait", "it ended: wait")
            pauses.append(pause)

        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(keep(Scripted(ups), WAY, heard, failed))
            await asyncio.sleep(seconds)
            task.cancel()
        return heard.urls, pauses, bool(heard.urls and heard.urls[-1])

    return run_virtual(main)


def test_it_is_tried_again_ever_more_slowly_and_for_ever() -> None:
    urls, pauses, up = kept([0] * 9, 400)
    assert pauses == [1, 2, 5, 10, 30, 60, 60, 60, 60]
    assert (urls[:-1], up) == ([None] * 9, True)


def test_a_loss_is_announced_and_so_is_the_next_url() -> None:
    urls, pauses, up = kept([5, 5], 100)
    assert urls == ["https://1.example.com", None, "https://0.example.com", None, "https://0.example.com"]
    assert (pauses, up) == ([1, 2], True)


def test_one_that_was_up_for_long_is_tried_again_soon() -> None:
    assert kept([0, 0, 0, 61, 0], 300)[1] == [1, 2, 5, 1, 2]


def test_what_the_failure_raises_ends_it() -> None:
    def refuse(error: TunnelError, _: float) -> None:
        raise error

    with pytest.raises(TunnelError, match="it ended"):
        run_virtual(lambda: keep(Scripted([0]), WAY, Heard(), refuse))


HERE: list[tuple[str, bool]] = [
    ("http://127.0.0.1:3334", True),
    ("http://localhost:3334/", True),
    ("localhost:3334", True),
    ("http://[::1]:3334", True),
    ("http://127.0.0.1:3335", False),
    ("https://127.0.0.1:3334", False),
    ("http://10.0.0.1:3334", False),
    ("localhost", False),
    ("http_status:404", False),
    ("", False),
]


@pytest.mark.parametrize(("url", "here"), HERE)
def test_the_listener_is_known_by_each_name_of_this_machine(url: str, here: bool) -> None:
    assert is_here(url, WAY) is here


CHECKS: list[Callable[[], bool]] = [
    lambda: not WAY.rewrites,
    lambda: Way(1, "/a", "/b", "/x/a", "/x/b").rewrites,
    lambda: Way(1, "/a", "/b", "/a", "/b", host="[::1]").origin == "http://[::1]:1",
]


@pytest.mark.parametrize("check", CHECKS)
def test_a_way_knows_its_paths(check: Callable[[], bool]) -> None:
    assert check()

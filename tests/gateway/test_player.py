"""The player: it sends ahead within a lead, knows what was heard, and gives nothing away when it stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from voicecall.gateway.player import RATE, Player

LEAD = 0.3


class FakeOutlet:
    """A stream that takes everything at once, or lets the sender wait while `gate` is closed."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, str]] = []
        self.bytes = 0
        self.gate = asyncio.Event()
        self.gate.set()

    def note(self, what: str) -> None:
        self.sent.append((round(asyncio.get_running_loop().time(), 3), what))

    async def audio(self, mulaw: bytes) -> None:
        self.note(f"audio {len(mulaw)}")
        self.bytes += len(mulaw)
        await self.gate.wait()

    async def mark(self, name: str) -> None:
        self.note(f"mark {name}")

    async def clear(self) -> None:
        self.note("clear")

    @property
    def marks(self) -> list[str]:
        return [what.split()[1] for _, what in self.sent if what.startswith("mark")]

    @property
    def seconds(self) -> float:
        return self.bytes / RATE


class Desk:
    """A player that runs, an outlet, and what the player told."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []
        self.outlet = FakeOutlet()
        self.player = Player(
            lead=LEAD,
            on_started=lambda reply: self.told.append(("started", reply)),
            on_finished=lambda reply, text, confirmed: self.told.append(("finished", reply, text, confirmed)),
            on_audible=lambda reply: self.told.append(("audible", reply)),
        )

    def say(self, reply: int, *pieces: tuple[str, float]) -> None:
        """Have the player say these texts, each so many seconds long."""
        self.player.begin(reply)
        for text, seconds in pieces:
            self.player.add(reply, text, b"\x10" * round(seconds * RATE))
        self.player.complete(reply)

    async def hear(self, seconds: float) -> None:
        """Let so much of the first reply be played, 0.1 s at least; only its first mark comes back."""
        await asyncio.sleep(0.1)
        self.player.mark_returned(self.outlet.marks[0])
        await asyncio.sleep(seconds - 0.1)


@asynccontextmanager
async def desk(*, attached: bool = True) -> AsyncIterator[Desk]:
    """Run a player."""
    at = Desk()
    if attached:
        at.player.attach(at.outlet)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(at.player.run())
        try:
            yield at
        finally:
            running.cancel()


async def test_it_never_sends_further_ahead_than_the_lead() -> None:
    async with desk() as at:
        at.say(1, ("A long line", 3.0))
        for _ in range(60):
            played = asyncio.get_running_loop().time()
            await asyncio.sleep(0.05)
            assert at.outlet.seconds <= played + 0.05 + LEAD + 0.1 + 1e-9
            assert at.outlet.seconds >= min(3.0, played + LEAD - 1e-9)
        assert at.outlet.seconds == 3.0


async def test_it_marks_the_first_chunk_every_piece_and_the_end() -> None:
    async with desk() as at:
        at.say(1, ("One", 0.25), ("Two", 0.25))
        await asyncio.sleep(1)

        assert at.outlet.marks == ["1.800", "1.2400", "1.4000"]
        assert at.told == [("started", 1)]


async def test_the_last_mark_confirms_that_all_was_heard() -> None:
    async with desk() as at:
        at.say(1, ("Hello", 0.5), ("there", 0.5))
        await asyncio.sleep(0.1)
        at.player.mark_returned("1.800")
        at.player.mark_returned("1.4000")
        assert at.told == [("started", 1), ("audible", 1)]
        await asyncio.sleep(0.8)
        at.player.mark_returned("1.8000")

        assert at.told[-1] == ("finished", 1, "Hello there", True)
        assert at.player.reply == 0
        at.player.mark_returned("1.8000")
        assert len(at.told) == 3


async def test_without_its_last_mark_a_reply_is_finished_by_the_clock_and_not_confirmed() -> None:
    async with desk() as at:
        at.say(1, ("Hello there", 1.0))
        await asyncio.sleep(2.99)
        assert at.told == [("started", 1)]
        await asyncio.sleep(0.02)
        assert at.told[-1] == ("finished", 1, "Hello there", False)


async def test_a_last_mark_that_comes_before_the_reply_is_complete_confirms_it_all_the_same() -> None:
    async with desk() as at:
        at.player.begin(1)
        at.player.add(1, "Hello", b"\x10" * 1600)
        await asyncio.sleep(0.3)
        at.player.mark_returned("1.1600")
        assert ("finished", 1, "Hello", True) not in at.told
        at.player.complete(1)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert at.told[-1] == ("finished", 1, "Hello", True)


async def test_a_reply_without_audio_is_over_at_once() -> None:
    async with desk() as at:
        at.say(1)
        await asyncio.sleep(0.001)
        assert at.told == [("finished", 1, "", True)]
        assert at.outlet.sent == []


async def test_audio_that_comes_late_begins_when_it_comes() -> None:
    async with desk() as at:
        at.player.begin(1)
        at.player.add(1, "First", b"\x10" * 1600)
        await asyncio.sleep(2)
        at.player.add(1, "second", b"\x10" * 8000)
        at.player.complete(1)
        await asyncio.sleep(0.5)

        assert at.player.stop() is not None
        assert at.outlet.seconds == pytest.approx(0.2 + 0.5 + LEAD, abs=0.11)


async def test_more_audio_of_the_same_piece_belongs_to_its_text() -> None:
    async with desk() as at:
        at.player.begin(1)
        for text in ("one two", "", ""):
            at.player.add(1, text, b"\x10" * 1600)
        at.player.complete(1)
        await at.hear(0.35)

        spoken = at.player.stop()
        assert spoken is not None
        assert (spoken.text, spoken.heard) == ("one two", "one")


async def test_audio_without_a_text_is_nobodys_words() -> None:
    async with desk() as at:
        at.player.begin(1)
        at.player.add(1, "", b"\x10" * 1600)
        await asyncio.sleep(1)
        spoken = at.player.stop()
        assert spoken is not None
        assert (spoken.text, spoken.heard) == ("", "")


async def test_what_is_added_to_another_reply_is_dropped() -> None:
    async with desk() as at:
        at.player.begin(2)
        at.player.add(1, "stale", b"\x10" * 800)
        at.player.complete(1)
        await asyncio.sleep(0.1)
        assert at.outlet.sent == []
        assert at.told == []


# --- the floor


@pytest.mark.parametrize(
    ("after", "heard"),
    [
        *((0.1, ""), (0.15, ""), (0.2, "one"), (0.4, "one"), (0.5, "one two"), (1.0, "one two three four")),
        *((1.2, "one two three four"), (1.5, "one two three four five"), (9.0, "one two three four five six")),
    ],
)
async def test_what_was_heard_is_told_in_proportion_of_the_words(after: float, heard: str) -> None:
    async with desk() as at:
        at.say(1, ("one two three four", 1.0), ("five six", 1.0), (" ", 9.0))
        await at.hear(after)
        spoken = at.player.stop()

        assert spoken is not None
        assert spoken.text == "one two three four five six"
        assert spoken.heard == heard


async def test_without_a_mark_nothing_counts_as_heard() -> None:
    async with desk() as at:
        at.say(1, ("one two three four", 2.0))
        await asyncio.sleep(3)
        spoken = at.player.stop()

        assert spoken is not None
        assert (spoken.text, spoken.heard) == ("one two three four", "")


async def test_once_a_stream_was_heard_the_clock_tells_of_its_next_reply() -> None:
    async with desk() as at:
        at.say(1, ("Hello", 0.1))
        await at.hear(0.2)
        at.say(2, ("one two three four", 1.0))
        await asyncio.sleep(0.5)
        spoken = at.player.stop()

        assert spoken is not None
        assert spoken.heard == "one two"


async def test_a_mark_corrects_the_clock() -> None:
    async with desk() as at:
        at.say(1, ("one two three four five six seven eight nine ten", 2.0))
        await asyncio.sleep(0.6)
        at.player.mark_returned("1.800")  # what should have been played at 0.1 s has been only now
        await asyncio.sleep(0.1)
        spoken = at.player.stop()

        assert spoken is not None
        assert spoken.heard == "one"


async def test_a_stop_clears_what_was_sent_and_sends_nothing_more() -> None:
    async with desk() as at:
        at.say(1, ("A long line", 3.0))
        await asyncio.sleep(0.5)
        at.player.stop()
        await asyncio.sleep(1)

        assert at.outlet.sent[-1] == (0.5, "clear")
        assert at.player.stop() is None
        assert at.told == [("started", 1)]


async def test_a_stop_before_anything_was_sent_clears_nothing() -> None:
    async with desk() as at:
        at.player.begin(1)
        at.player.stop()
        await asyncio.sleep(0.1)
        assert at.outlet.sent == []


async def test_a_new_reply_takes_the_place_of_the_old_one() -> None:
    async with desk() as at:
        at.say(1, ("First", 3.0))
        await asyncio.sleep(0.5)
        before = at.outlet.seconds
        at.say(2, ("Second", 0.2))
        await asyncio.sleep(1)

        assert at.outlet.sent[-5:] == [
            (0.5, what) for what in ("clear", "audio 800", "mark 3.800", "audio 800", "mark 3.1600")
        ]
        assert at.outlet.seconds == pytest.approx(before + 0.2)
        at.player.mark_returned(at.outlet.marks[-1])
        assert at.told[-1] == ("finished", 2, "Second", True)


async def test_marks_of_before_a_clear_say_nothing() -> None:
    async with desk() as at:
        at.say(1, ("A long line of words", 3.0))
        await asyncio.sleep(0.2)
        at.player.hold()
        await asyncio.sleep(0)
        at.player.mark_returned("1.800")
        at.player.resume()
        await asyncio.sleep(0.05)
        for nonsense in ("1.24000", "x", "", "2", "2.x", "2.-1"):
            at.player.mark_returned(nonsense)
        assert at.told == [("started", 1)]


async def test_a_held_reply_is_silent_and_goes_on_from_where_it_stopped() -> None:
    async with desk() as at:
        at.say(1, ("A long line", 2.0))
        await at.hear(0.5)
        at.player.hold()
        at.player.hold()
        await asyncio.sleep(3)
        assert [what for _, what in at.outlet.sent].count("clear") == 1
        sent = at.outlet.bytes
        at.player.resume()
        await asyncio.sleep(3)

        assert at.outlet.bytes - sent == 1.5 * RATE
        at.player.mark_returned(at.outlet.marks[-1])
        assert at.told == [("started", 1), ("audible", 1), ("finished", 1, "A long line", True)]


async def test_a_reply_that_was_held_before_it_was_known_to_be_heard_begins_again_and_asks_again() -> None:
    async with desk() as at:
        at.say(1, ("A long line", 9.0))
        await asyncio.sleep(0.09)
        at.player.hold()
        await asyncio.sleep(0.1)
        sent = at.outlet.bytes
        at.player.resume()
        await asyncio.sleep(0.05)

        assert at.outlet.marks == ["1.800", "2.800"]
        await asyncio.sleep(0.95)
        assert at.outlet.bytes - sent == pytest.approx((1.0 + LEAD) * RATE, abs=0.11 * RATE)
        at.player.mark_returned("2.800")
        assert at.told == [("started", 1), ("audible", 1)]


async def test_stopping_a_held_reply_tells_what_was_heard_before_the_hold() -> None:
    async with desk() as at:
        at.say(1, ("one two three four", 2.0))
        await at.hear(1)
        at.player.hold()
        await asyncio.sleep(5)
        spoken = at.player.stop()

        assert spoken is not None
        assert spoken.heard == "one two"
        assert [what for _, what in at.outlet.sent].count("clear") == 1


async def test_holding_nothing_is_nothing() -> None:
    async with desk() as at:
        at.player.hold()
        assert at.player.held is False
        at.player.resume()
        await asyncio.sleep(0.1)
        assert at.outlet.sent == []


async def test_a_reply_that_is_held_before_its_audio_came_waits() -> None:
    async with desk() as at:
        at.player.begin(1)
        at.player.hold()
        at.player.add(1, "Hello", b"\x10" * 800)
        await asyncio.sleep(1)
        assert at.outlet.sent == []
        at.player.resume()
        await asyncio.sleep(0.1)
        assert at.outlet.bytes == 800


async def test_a_hold_while_the_peer_reads_slowly_loses_nothing() -> None:
    async with desk() as at:
        at.outlet.gate.clear()
        at.say(1, ("A long line", 1.0))
        await asyncio.sleep(0.5)
        assert at.told == []
        at.player.hold()
        at.outlet.gate.set()
        await asyncio.sleep(0.5)
        assert at.outlet.sent[-1][1] == "clear"
        assert at.outlet.marks == []
        at.player.resume()
        await asyncio.sleep(2)
        assert at.told == [("started", 1)]
        assert at.told == [("started", 1)]
        assert at.outlet.marks[-1].endswith(".8000")

"""The desk of named tokens: what it makes, and who is known at which of the gateways that share an archive."""

from __future__ import annotations

import asyncio
import secrets
from functools import partial

import pytest

from tests.gateway.carriers import CARRIERS
from tests.gateway.house import House, open_house
from tests.gateway.town import open_town
from voicecall.core.administration import CreateToken, ListTokens, RevokeToken
from voicecall.core.operations import Operation
from voicecall.core.tokens import Bearer
from voicecall.errors import BadParameters, CallRefused, StoreError
from voicecall.gateway.tokens import MEMORY, Tokens
from voicecall.store import Note
from voicecall.store.memory import Archive, MemoryStore

DAY = 86400.0


class Broken(MemoryStore):
    """An archive in memory that can break, or stop answering."""

    broken = hanging = False
    reads = 0

    async def notes(self, kind: str) -> list[Note]:
        self.reads += 1
        if self.broken:
            raise StoreError("the disk is gone")
        if self.hanging:
            await asyncio.Event().wait()
        found = await super().notes(kind)
        await asyncio.sleep(0.001)
        return found


class Desk(Tokens):
    """A desk with an archive and a clock of its own making."""

    def __init__(self, archive: Archive) -> None:
        self.ahead = 1_000_000.0
        self.store = Broken(instance="one", clock=self.clock, archive=archive)
        super().__init__(self.store, clock=self.clock, entropy=secrets.token_bytes)

    def clock(self) -> float:
        return self.ahead + asyncio.get_running_loop().time()

    async def make(self, label: str = "desk", lifetime: float | None = None) -> str:
        return str((await self.perform(CreateToken(label=label, may="call", lifetime=lifetime)))["token"])


async def opened(archive: Archive | None = None) -> Desk:
    desk = Desk(Archive() if archive is None else archive)
    await desk.store.open()
    return desk


async def test_a_token_is_made_shown_once_listed_and_revoked() -> None:
    desk = await opened()
    made = await desk.perform(CreateToken(label="desk", may="read", lifetime=60.0))
    token = made.pop("token")
    assert made == {
        "label": "desk",
        "may": "read",
        "createdAt": "1970-01-12T13:46:40.000Z",
        "expiresAt": "1970-01-12T13:47:40.000Z",
    }
    assert await desk.bearer(token) == Bearer("desk", "read")
    assert await desk.perform(ListTokens()) == [made]
    assert await desk.perform(RevokeToken(label="desk")) == made
    assert await desk.bearer(token) is None
    assert await desk.perform(ListTokens()) == []


async def test_only_the_hash_is_kept() -> None:
    archive = Archive()
    desk = await opened(archive)
    token = await desk.make()
    assert token.startswith("vc_")
    assert token[3:] not in repr(archive)


async def test_two_tokens_are_two() -> None:
    desk = await opened()
    one, two = await desk.make("one"), await desk.make("two")
    assert one != two
    assert [await desk.bearer(token) for token in (one, two)] == [Bearer("one", "call"), Bearer("two", "call")]


async def test_a_label_that_is_taken_is_refused_by_name_and_the_first_token_holds() -> None:
    desk = await opened()
    token = await desk.make()
    with pytest.raises(CallRefused, match="'desk'") as refused:
        await desk.make()
    assert refused.value.reason == "label-taken"
    assert await desk.bearer(token) == Bearer("desk", "call")


async def test_of_ten_who_want_a_label_at_once_one_gets_it() -> None:
    archive = Archive()
    desks = [await opened(archive) for _ in range(10)]
    async with asyncio.TaskGroup() as tasks:
        made = [tasks.create_task(_try(desk)) for desk in desks]
    (token,) = filter(None, (task.result() for task in made))
    assert await desks[0].bearer(token) == Bearer("desk", "call")


async def _try(desk: Desk) -> str | None:
    try:
        return await desk.make()
    except CallRefused:
        return None


async def test_revoking_what_is_unknown_names_it() -> None:
    desk = await opened()
    with pytest.raises(BadParameters, match="'nobody'"):
        await desk.perform(RevokeToken(label="nobody"))


async def test_an_expired_token_is_known_as_one_and_its_label_is_free() -> None:
    desk = await opened()
    old = await desk.make(lifetime=60.0)
    await asyncio.sleep(59.9)
    assert await desk.bearer(old) == Bearer("desk", "call")
    await asyncio.sleep(0.1)
    assert await desk.bearer(old) == Bearer("desk", "call", expired=True)
    assert await desk.perform(ListTokens()) == []
    new = await desk.make()
    assert await desk.bearer(new) == Bearer("desk", "call")
    assert await desk.bearer(old) is None


async def test_what_expired_long_ago_is_cleared_out_when_another_is_made() -> None:
    archive = Archive()
    desk = await opened(archive)
    await desk.make("brief", lifetime=1.0)
    await desk.make("lasting")
    desk.ahead += 29 * DAY
    await desk.make("next")
    assert {key for _, key in archive.notes} == {"brief", "lasting", "next"}
    desk.ahead += 2 * DAY
    await desk.make("last")
    assert {key for _, key in archive.notes} == {"lasting", "next", "last"}


async def test_another_gateway_knows_a_new_token_at_once_and_a_revoked_one_for_a_second_at_most() -> None:
    archive = Archive()
    here, there = await opened(archive), await opened(archive)
    assert await there.bearer("vc_somebody") is None
    await asyncio.sleep(0.2)
    token = await here.make()
    assert await there.bearer(token) == Bearer("desk", "call")
    await here.perform(RevokeToken(label="desk"))
    assert await here.bearer(token) is None
    await asyncio.sleep(MEMORY + 0.01)
    assert await there.bearer(token) is None


async def test_a_token_that_is_used_often_is_looked_up_once_a_second() -> None:
    desk = await opened()
    token = await desk.make()
    before = desk.store.reads
    for _ in range(100):
        await desk.bearer(token)
        await asyncio.sleep(0.03)
    assert desk.store.reads - before <= 4


async def test_what_has_not_the_form_of_a_token_is_not_looked_up() -> None:
    desk = await opened()
    assert await desk.bearer("the-control-token?") is None
    assert desk.store.reads == 0


async def test_a_revocation_while_the_archive_is_being_read_counts() -> None:
    desk = await opened()
    token = await desk.make()
    await asyncio.sleep(2 * MEMORY)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(desk.bearer(token))
        tasks.create_task(desk.perform(RevokeToken(label="desk")))
    assert await desk.bearer(token) is None


async def test_without_the_archive_nobody_is_known() -> None:
    desk = await opened()
    token = await desk.make()
    assert await desk.bearer(token) == Bearer("desk", "call")
    desk.store.broken = True
    await asyncio.sleep(MEMORY + 0.01)
    with pytest.raises(StoreError, match="only the control token"):
        await desk.bearer(token)
    desk.store.broken = False
    assert await desk.bearer(token) == Bearer("desk", "call")


async def test_an_archive_that_does_not_answer_is_given_up_by_all_who_wait_for_it() -> None:
    desk = await opened()
    token = await desk.make()
    desk.store.hanging = True
    begun = asyncio.get_running_loop().time()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(5):
            tasks.create_task(_unknown(desk, token))
    assert asyncio.get_running_loop().time() - begun == pytest.approx(5.0)


async def _unknown(desk: Desk, token: str) -> None:
    with pytest.raises(StoreError):
        await desk.bearer(token)


async def test_a_note_of_another_making_makes_nobody_known() -> None:
    archive = Archive()
    desk = await opened(archive)
    token = await desk.make()
    archive.notes["token", "odd"] = Note("token", "odd", b'{"may": "everything"}', 0.0)
    with pytest.raises(StoreError, match="only the control token"):
        await desk.bearer(token)


async def test_a_repetition_of_the_request_tells_the_token_to_nobody_and_leaves_it_nowhere() -> None:
    async with open_house(partial(open_town, CARRIERS["mock"])) as h:
        wish = CreateToken(label="desk", may="admin")
        token = (await h.perform(wish, "the key"))["token"]
        with pytest.raises(CallRefused) as refused:
            await h.perform(wish, "the key")
        assert refused.value.reason == "label-taken"
        assert token[3:] not in repr(h.town.archive)
        assert "the key" not in h.town.archive.claims
        assert await h.gateway.tokens.bearer(token) == Bearer("desk", "admin")


async def test_a_revocation_is_carried_out_once_per_key() -> None:
    async with open_house(partial(open_town, CARRIERS["mock"])) as h:
        await _made(h)
        first = await h.perform(RevokeToken(label="desk"), "the key")
        await _made(h)
        assert await h.perform(RevokeToken(label="desk"), "the key") == first
        assert [one["label"] for one in await h.perform(ListTokens())] == ["desk"]


async def _made(h: House) -> None:
    wish: Operation = CreateToken(label="desk")
    await h.perform(wish)

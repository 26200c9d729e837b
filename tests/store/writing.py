"""Writing to an archive, where the answer is foreseen."""

from __future__ import annotations

from voicecall.errors import StoreConflict
from voicecall.store import Batch, Logged, Store


async def written(store: Store, *batches: Batch) -> list[list[Logged]]:
    answers = await store.write(batches)
    assert all(isinstance(answer, list) for answer in answers), answers
    return [answer for answer in answers if isinstance(answer, list)]


async def refused(store: Store, batch: Batch) -> StoreConflict:
    [answer] = await store.write([batch])
    assert isinstance(answer, StoreConflict), answer
    return answer

"""The twin in memory answers as the database does, whatever is asked."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from voicecall.core.ids import CallId
from voicecall.errors import StoreConflict
from voicecall.store import Batch, Query, Store
from voicecall.store.memory import Archive, MemoryStore
from voicecall.store.sql import SqlStore

NOW = 1_000_000.0

calls = st.sampled_from("ABCD")
instances = st.sampled_from(["one", "two"])
batches = st.fixed_dictionaries(
    {
        "call": calls,
        "seqs": st.lists(st.integers(1, 5), min_size=1, max_size=3),
        "key": st.sampled_from([None, None, "K1", "K2", "K3"]),
        "carrier_call_id": st.sampled_from([None, "L1", "L2", "L3", "L4"]),
        "carrier": st.sampled_from(["mock", "mock", "twilio"]),
        "state": st.sampled_from(["listening", "speaking", "ended"]),
        "started_at": st.sampled_from([NOW, NOW + 1]),
        "from_": st.sampled_from(["+15550101", "+15550102"]),
    }
)
steps = st.one_of(
    st.tuples(st.just("write"), instances, st.lists(batches, min_size=1, max_size=5)),
    st.tuples(st.just("claim"), instances, st.sampled_from([NOW, NOW + 30.0, NOW + 60.0])),
    st.tuples(st.just("seize"), instances, calls),
)


async def perform(stores: dict[str, Store], plan: list[Any], make_batch: Callable[..., Batch]) -> list[Any]:
    """Return everything that the stores answered, errors as their texts."""
    said: list[Any] = []
    for action, instance, what in plan:
        store = stores[instance]
        if action == "write":
            wanted = [
                make_batch(
                    batch["call"],
                    *batch["seqs"],
                    keys=(batch["key"],) + (None,) * (len(batch["seqs"]) - 1),
                    **{name: batch[name] for name in ("carrier_call_id", "carrier", "state", "started_at", "from_")},
                )
                for batch in what
            ]
            answers = await store.write(wanted)
            said.append([type(answer) if isinstance(answer, StoreConflict) else answer for answer in answers])
        elif action == "claim":
            said.append(await store.claim(what, 30.0))
        else:
            said.append(await store.seize(CallId(what), NOW, 30.0))
    for store in stores.values():
        for call in "ABCD":
            said += [await store.log(CallId(call)), await store.record(CallId(call))]
            said.append(await store.events(2, 3, CallId(call)))
        said += [await store.find(carrier, leg) for carrier in ("mock", "twilio") for leg in ("L1", "L2", "L3", "L4")]
        said += [await store.keyed(carrier, key) for carrier in ("mock", "twilio") for key in ("K1", "K2", "K3")]
        said += [await store.events(after, 4) for after in (0, 3)]
        said.append(await store.records(Query(since=NOW + 1)))
        said.append(await store.records(Query(number="+15550102", limit=2)))
        said.append(await store.records(Query(state="ended")))
    return said


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=st.lists(steps, max_size=8))
def test_memory_and_sqlite_give_the_same_answers(
    plan: list[Any], migrated_file: Path, make_batch: Callable[..., Batch]
) -> None:
    async def run(path: Path) -> None:
        archive = Archive()
        twins: dict[str, Store] = {}
        stores: dict[str, Store] = {}
        for name in ("one", "two"):
            twins[name] = MemoryStore(instance=name, clock=lambda: NOW, archive=archive)
            stores[name] = SqlStore(f"sqlite:///{path}", instance=name, clock=lambda: NOW, synchronous="NORMAL")
            await twins[name].open()
            await stores[name].open()
        try:
            assert await perform(stores, plan, make_batch) == await perform(twins, plan, make_batch)
        finally:
            for name in stores:
                await stores[name].close()

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(run(Path(shutil.copy(migrated_file, directory))))

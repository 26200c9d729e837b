"""What saving an event costs: one or twenty to a commit, with and without waiting for the disk.

Run as `python bench/store.py [events]`; the files go to a temporary directory (`TMPDIR` chooses the disk).
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from voicecall.core.ids import CallId
from voicecall.store import Batch, Entry, Row
from voicecall.store.engines import Synchronous
from voicecall.store.sql import SqlStore

CALLS = 20
DATA = b'{"type":"Heard","segment":1,"text":"' + b"I would like a table for two at eight. " * 4 + b'"}'


def batch(call: int, seq: int) -> Batch:
    call_id = CallId(f"{call:026}")
    row = Row(call_id, "mock", f"leg-{call}", "inbound", "listening", "+15550101", "+15550102", 1.0, None, DATA, seq)
    return Batch((Entry(call_id, seq, float(seq), "Heard", DATA, f"{call}-{seq}"),), row)


async def cost(path: Path, synchronous: Synchronous, per_commit: int, events: int) -> tuple[float, float]:
    """Return milliseconds per event: by the clock, and of this process's processor time."""
    store = SqlStore(f"sqlite:///{path}", instance="bench", clock=time.monotonic, synchronous=synchronous)
    await store.open()
    groups: Sequence[Sequence[Batch]] = [
        [batch((number + index) % CALLS, (number + index) // CALLS + 1) for index in range(per_commit)]
        for number in range(0, events, per_commit)
    ]
    await store.write([batch(CALLS, 1)])
    wall, cpu = time.perf_counter(), time.process_time()
    for group in groups:
        await store.write(group)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    await store.close()
    count = len(groups) * per_commit
    return wall / count * 1000, cpu / count * 1000


def main() -> None:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    settings: Sequence[Synchronous] = ("NORMAL", "FULL")
    print(f"{'synchronous':12} {'events a commit':>15} {'ms an event':>12} {'of it CPU':>10}")
    with tempfile.TemporaryDirectory() as directory:
        for synchronous in settings:
            for per_commit in (1, CALLS):
                path = Path(directory) / f"{synchronous}-{per_commit}.db"
                wall, cpu = asyncio.run(cost(path, synchronous, per_commit, events))
                print(f"{synchronous:12} {per_commit:15} {wall:12.3f} {cpu:10.3f}")


if __name__ == "__main__":
    main()

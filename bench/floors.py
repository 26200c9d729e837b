"""The least a media server can cost: bare echo by the library that carries the public listener, and by the leanest.

Measure both beside whatever is compared with them, in the same minutes: only ratios hold on a shared machine.
"""

from dataclasses import dataclass
from functools import partial

from bench.load import StreamCost, load_streams
from bench.measure import IdleTwin, Runs, one_run

AIOHTTP_FLOOR = "bench.echoes.by_aiohttp:serve"
PICOWS_FLOOR = "bench.echoes.by_picows:serve"


@dataclass(frozen=True, slots=True)
class Floors:
    """The runs of both echoes with one number of streams."""

    aiohttp: Runs[StreamCost]
    picows: Runs[StreamCost]


def measure_floors(twin: IdleTwin, streams: int, seconds: float, repeats: int = 1) -> Floors:
    """Run both echoes in turns; the caller has pinned itself to the load's core."""
    floors = Floors(Runs(), Runs())
    for _ in range(repeats):
        for runs, server in ((floors.aiohttp, AIOHTTP_FLOOR), (floors.picows, PICOWS_FLOOR)):
            one_run(runs, server, twin, partial(load_streams, streams=streams, seconds=seconds))
    return floors

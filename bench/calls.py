"""How many calls does one core hold, and at what cost? Simulated callers against `voicecall serve`, beside two floors.

Run as `python -m bench.calls [--calls 10 50 100 150 200] [--vad local off] [--seconds 60] [--repeats 3] [--json FILE]`.
The gateway has core 0, the callers core 1. Bare echoes of as many streams, the floors, run before each number of calls.
Runs that a stall of the host or of the callers hit are left out and told; of the others each column shows the best,
but of what went wrong the worst.
"""

import argparse
import asyncio
import json
import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import uvloop

from bench.floors import AIOHTTP_FLOOR, PICOWS_FLOOR, Floors
from bench.gateway import Vad, gateway
from bench.load import FRAME, StreamCost, load_streams
from bench.measure import LOAD_CORE, STALL, IdleTwin, Runs, idle_twin, one_run, pin
from bench.phrases import phrases
from bench.ringing import CallsCost, load_calls
from bench.servers import machine

_ADDED_MS, _UNDERRUN = 200.0, 0.01
"""What a call may notice at most."""


@dataclass(slots=True)
class Results:
    """All runs: of calls by voice activity detector and number, of floors by number."""

    calls: dict[tuple[Vad, int], Runs[CallsCost]]
    floors: dict[int, Floors]
    stalls: list[str] = field(default_factory=list)
    """What was left out, and why."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table: of the clean runs, the value that `pick` picks."""

    title: str
    form: str
    value: Callable[[CallsCost], float]
    pick: Callable[[Iterable[float]], float] = min

    def of(self, runs: Iterable[CallsCost]) -> str:
        """Return what stands in the table, as wide as the title."""
        return format(self.pick(map(self.value, runs)), self.form).rjust(len(self.title))


_COLUMNS = (
    Column("added p50", ".0f", lambda cost: cost.added_p50_ms),
    Column("p99 ms", ".0f", lambda cost: cost.added_p99_ms),
    Column("barge-in p50", ".0f", lambda cost: cost.barge_in_p50_ms),
    Column("p99 ms", ".0f", lambda cost: cost.barge_in_p99_ms),
    Column("missed", ".0f", lambda cost: cost.missed, max),
    Column("closed", ".0f", lambda cost: cost.closed, max),
    Column("underrun %", ".2f", lambda cost: cost.underrun * 100),
    Column("lag ms", ".0f", lambda cost: cost.lag_ms),
    Column("batch", ".0f", lambda cost: cost.batch),
    Column("MB", ".0f", lambda cost: cost.idle_mb),
    Column("+ per call", ".2f", lambda cost: cost.call_mb),
    Column("callers' CPU %", ".0f", lambda cost: cost.load_cpu * 100),
)


def measure(numbers: list[int], vads: list[Vad], seconds: float, floor_seconds: float, repeats: int) -> Results:
    """Run everything `repeats` times, in turns, so that what drifts on the host drifts for all."""
    pin(LOAD_CORE)
    spoken = asyncio.run(phrases())
    results = Results({(vad, n): Runs() for vad in vads for n in numbers}, {n: Floors(Runs(), Runs()) for n in numbers})
    with idle_twin() as twin:
        for turn in range(1, repeats + 1):
            for n, floors in results.floors.items():
                echo = partial(load_streams, streams=n, seconds=floor_seconds)
                one_run(floors.aiohttp, AIOHTTP_FLOOR, twin, echo)
                one_run(floors.picows, PICOWS_FLOOR, twin, echo)
                for vad in vads:
                    print(f"round {turn} of {repeats}: {n} calls, vad {vad} ...", file=sys.stderr)
                    _run_calls(results, twin, spoken, vad, n, seconds)
    return results


def _run_calls(results: Results, twin: IdleTwin, spoken: list[list[bytes]], vad: Vad, n: int, seconds: float) -> None:
    runs = results.calls[vad, n]
    with gateway(vad) as server:
        twin.worst_lag()
        cost = uvloop.run(load_calls(server, spoken, calls=n, seconds=seconds, converse=vad != "off"))
        lag = twin.worst_lag()
    if max(lag, cost.late) > STALL:
        runs.spoiled += 1
        why = f"the idle twin woke {lag * 1e3:.0f} ms late, the callers were {cost.late * 1e3:.0f} ms late"
        results.stalls.append(f"{n} calls, vad {vad}: {why}")
    else:
        runs.clean.append(cost)


def report(results: Results) -> None:
    """Print what was measured as one table."""
    print(f"{'vad':<7}{'calls':>5}  CPU s/min  to own  to best  {'  '.join(one.title for one in _COLUMNS)}  runs  held")
    for (vad, n), runs in results.calls.items():
        if not runs.clean:
            print(f"{vad:<7}{n:>5}  every run was spoiled by stalls")
            continue
        cpu, floors = min(cost.cpu for cost in runs.clean), results.floors[n]
        ratios = f"{cpu / floor_cpu(floors.aiohttp):>6.2f}  {cpu / floor_cpu(floors.picows):>7.2f}"
        values = "  ".join(one.of(runs.clean) for one in _COLUMNS)
        tally = f"{len(runs.clean)}/{len(runs.clean) + runs.spoiled}"
        print(f"{vad:<7}{n:>5}  {cpu:>9.3f}  {ratios}  {values}  {tally:>4}  {'yes' if held(runs) else 'NO':>4}")
    for n, floors in results.floors.items():
        print(f"floors of {n}: own {floor_cpu(floors.aiohttp):.3f}, best {floor_cpu(floors.picows):.3f} CPU s/min")
    for stall in results.stalls:
        print(f"left out: {stall}")
    print(f"\n{machine()}")


def held(runs: Runs[CallsCost]) -> bool:
    """Say whether the gateway kept up in one clean run: in time, nothing lost, nothing missed."""
    return any(
        not (cost.closed or cost.missed or cost.underrun >= _UNDERRUN or cost.added_p99_ms >= _ADDED_MS)
        for cost in runs.clean
    )


def floor_cpu(runs: Runs[StreamCost]) -> float:
    """Return a floor's CPU seconds per call-minute; NaN when every run was spoiled."""
    best = runs.best()
    return best.cpu_us / 1e6 * 60 / FRAME if best else math.nan


def as_json(results: Results) -> dict[str, object]:
    """Return every clean run, for later comparison; null for what was not measured."""
    return {
        "machine": machine(),
        "calls": [
            {"vad": vad, "calls": n, "spoiled": runs.spoiled, "runs": [_finite(asdict(run)) for run in runs.clean]}
            for (vad, n), runs in results.calls.items()
        ],
        "floors": [
            _finite({"streams": n, "own_cpu": floor_cpu(floors.aiohttp), "best_cpu": floor_cpu(floors.picows)})
            for n, floors in results.floors.items()
        ],
        "left_out": results.stalls,
    }


def _finite(values: dict[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in values.items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.calls", description=__doc__)
    parser.add_argument("--calls", type=int, nargs="+", default=[10, 50, 100, 150, 200])
    parser.add_argument("--vad", choices=("local", "energy", "off"), nargs="+", default=["local", "off"])
    parser.add_argument("--seconds", type=float, default=60.0, help="length of a run")
    parser.add_argument("--floor-seconds", type=float, default=10.0, help="length of a floor's run")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write every clean run to this file")
    given = parser.parse_args()
    results = measure(given.calls, given.vad, given.seconds, given.floor_seconds, given.repeats)
    report(results)
    if given.json:
        given.json.write_text(json.dumps(as_json(results), indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Which server should carry the public listener? Echo, memory and webhooks of each candidate, against picows.

Run as `python -m bench.servers [--seconds 10] [--json FILE]`. The server has core 0, the load core 1. On a shared
machine compare CPU per message: the least of the clean runs of each. Runs with a host stall are left out and counted.
"""

import argparse
import json
import platform
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from bench.floors import AIOHTTP_FLOOR, PICOWS_FLOOR
from bench.load import StreamCost, WebhookCost, load_streams, load_webhooks
from bench.measure import LOAD_CORE, Runs, idle_twin, one_run, pin

FLOOR = "picows, own port"
CANDIDATES: dict[str, str] = {
    FLOOR: PICOWS_FLOOR,
    "picows + aiohttp, one port": "bench.echoes.by_usher:serve",
    "aiohttp": AIOHTTP_FLOOR,
    "starlette on uvicorn": "bench.echoes.by_starlette:serve",
}
WITHOUT_WEBHOOKS = frozenset({FLOOR})


@dataclass(slots=True)
class Results:
    """All runs, by candidate and, for streams, by how many there were."""

    streams: dict[tuple[str, int], Runs[StreamCost]]
    webhooks: dict[str, Runs[WebhookCost]]


def measure(names: list[str], streams: list[int], seconds: float, repeats: int) -> Results:
    """Run every candidate `repeats` times, in turns, so that what drifts on the host drifts for all."""
    pin(LOAD_CORE)
    results = Results({(name, n): Runs() for n in streams for name in names}, {name: Runs() for name in names})
    with idle_twin() as twin:
        for _ in range(repeats):
            for (name, n), stream_runs in results.streams.items():
                one_run(stream_runs, CANDIDATES[name], twin, partial(load_streams, streams=n, seconds=seconds))
            for name, webhook_runs in results.webhooks.items():
                if name not in WITHOUT_WEBHOOKS:
                    one_run(webhook_runs, CANDIDATES[name], twin, partial(load_webhooks, seconds=seconds / 3))
    return results


def report(results: Results) -> None:
    """Print what was measured as two tables."""
    print(f"{'server':<28}{'streams':>8}{'us/msg':>8}{'ratio':>7}{'p50 ms':>8}{'p99 ms':>8}{'RSS MB':>8}{'runs':>6}")
    for (name, n), runs in results.streams.items():
        best, base = runs.best(), results.streams.get((FLOOR, n), Runs[StreamCost]()).best()
        if best is None:
            print(f"{name:<28}{n:>8}  every run was spoiled by host stalls")
            continue
        p50, p99 = min(run.p50_ms for run in runs.clean), min(run.p99_ms for run in runs.clean)
        ratio = f"{best.cpu_us / base.cpu_us:.2f}" if base else "-"
        tally = f"{len(runs.clean)}/{len(runs.clean) + runs.spoiled}"
        print(f"{name:<28}{n:>8}{best.cpu_us:>8.1f}{ratio:>7}{p50:>8.2f}{p99:>8.2f}{best.resident_mb:>8.1f}{tally:>6}")
    print(f"\n{'server':<28}{'webhooks/s':>11}{'us each':>9}")
    for name, webhook_runs in results.webhooks.items():
        if cost := webhook_runs.best():
            fastest = max(run.per_second for run in webhook_runs.clean)
            print(f"{name:<28}{fastest:>11.0f}{cost.cpu_us:>9.1f}")
        elif name in WITHOUT_WEBHOOKS:
            print(f"{name:<28}  reads no request body")
    print(f"\n{machine()}")


def machine() -> str:
    """Return the processor, Python and the versions that were measured."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    parser = "httptools" if find_spec("httptools") else "h11"
    packages = ", ".join(f"{name} {version(name)}" for name in ("picows", "aiohttp", "uvicorn", "starlette", "uvloop"))
    cpu = models[0] if models else platform.machine()
    return f"{len(models)} x {cpu}; Python {platform.python_version()}; {packages}; uvicorn's HTTP parser: {parser}"


def as_json(results: Results) -> dict[str, object]:
    """Return every clean run, for later comparison."""
    return {
        "machine": machine(),
        "streams": [
            {"server": name, "streams": n, "spoiled": runs.spoiled, "runs": [asdict(run) for run in runs.clean]}
            for (name, n), runs in results.streams.items()
        ],
        "webhooks": [
            {"server": name, "spoiled": runs.spoiled, "runs": [asdict(run) for run in runs.clean]}
            for name, runs in results.webhooks.items()
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.servers", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of a run of streams; webhooks take a third")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--streams", type=int, nargs="+", default=[50, 100, 200])
    parser.add_argument("--only", choices=CANDIDATES, nargs="+", default=list(CANDIDATES), metavar="SERVER")
    parser.add_argument("--json", type=Path, help="write every clean run to this file")
    given = parser.parse_args()
    results = measure(given.only, given.streams, given.seconds, given.repeats)
    report(results)
    if given.json:
        given.json.write_text(json.dumps(as_json(results), indent=1) + "\n")


if __name__ == "__main__":
    main()

"""What an installation costs: bytes on disk of the default dependencies, the ten largest, and the time from nothing.

Run as `python -m bench.install [--fresh DIR] [--limit 300] [--json FILE]`. Without `--fresh` it reads the environment
it runs in and installs nothing; with it, the project is installed into a new environment in DIR, which is left there.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterable
from importlib.metadata import Distribution, PathDistribution, distributions
from pathlib import Path
from time import perf_counter

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 10


def canonical(name: str) -> str:
    """Return a package's name in the one spelling the index compares by."""
    return re.sub(r"[-_.]+", "-", name).lower()


def default_requirements() -> list[Requirement]:
    """Return what the project asks for without extras or groups."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [Requirement(line) for line in project["dependencies"]]


def closure(wanted: Iterable[Requirement], installed: dict[str, Distribution]) -> tuple[set[str], set[str]]:
    """Return the names of all that `wanted` brings with it on this platform: those installed, and those missing."""
    found: set[tuple[str, str]] = set()
    missing: set[str] = set()
    pending = [(requirement, "") for requirement in wanted]
    while pending:
        requirement, asked_by_extra = pending.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": asked_by_extra}):
            continue
        name = canonical(requirement.name)
        if name not in installed:
            missing.add(name)
            continue
        for extra in {"", *requirement.extras}:
            if (name, extra) not in found:
                found.add((name, extra))
                pending += [(Requirement(line), extra) for line in installed[name].requires or ()]
    return {name for name, _ in found}, missing


def size(distribution: Distribution) -> int:
    """Return the bytes of the files a distribution recorded at its installation."""
    places = (Path(str(distribution.locate_file(file))) for file in distribution.files or ())
    return sum(place.stat().st_size for place in places if place.is_file())


def found_in(site_packages: Iterable[str]) -> dict[str, Distribution]:
    """Return the distributions of an environment by canonical name."""
    there: Iterable[PathDistribution | Distribution] = distributions(path=list(site_packages))
    return {canonical(each.metadata["Name"]): each for each in there}


def install(into: Path, limit: float) -> float:
    """Install the project, without pip's cache, into a new environment and return the seconds that took.

    Raises: FileExistsError when the directory is not empty, subprocess.TimeoutExpired after `limit` seconds.
    """
    if into.exists() and any(into.iterdir()):
        raise FileExistsError(f"{into} is not empty")
    venv.create(into, with_pip=True)
    command = [str(into / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-cache-dir", str(ROOT)]
    begin = perf_counter()
    subprocess.run(command, check=True, timeout=limit)
    return perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.install", description=__doc__)
    parser.add_argument("--fresh", type=Path, metavar="DIR", help="install into a new environment here, and time it")
    parser.add_argument("--limit", type=float, default=300.0, help="give the installation up after so many seconds")
    parser.add_argument("--json", type=Path, help="write the sizes of all packages to this file")
    given = parser.parse_args()
    seconds = None if given.fresh is None else install(given.fresh, given.limit)
    paths = sys.path if given.fresh is None else [str(path) for path in given.fresh.glob("lib/python*/site-packages")]
    installed = found_in(paths)
    names, missing = closure(default_requirements(), installed)
    sizes = dict(sorted(((name, size(installed[name])) for name in names), key=lambda item: -item[1]))
    total = sum(sizes.values())
    print(f"{len(sizes)} packages, {total / 1e6:.0f} MB on disk" + (f", in {seconds:.0f} s" if seconds else ""))
    for name, taken in list(sizes.items())[:LARGEST]:
        print(f"{taken / 1e6:>9.1f} MB  {name} {installed[name].version}")
    if missing:
        print(f"not installed: {', '.join(sorted(missing))}")
    if given.json:
        report = {"bytes": total, "seconds": seconds, "packages": sizes, "missing": sorted(missing)}
        given.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()

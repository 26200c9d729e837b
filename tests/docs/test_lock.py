"""The lock says what the project needs, by hash."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def locked(name: str) -> dict[str, list[str]]:
    """The versions of each package; there are several where they depend on the Python."""
    found: dict[str, list[str]] = {}
    for package, version in re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / name).read_text("utf-8"), re.MULTILINE):
        found.setdefault(package, []).append(version)
    return found


def canonical(requirement: Requirement) -> str:
    return re.sub(r"[-_.]+", "-", requirement.name).lower()


def fits(listed: list[str], name: str) -> list[str]:
    """What of the listed requirements the lock does not meet."""
    have = locked(name)
    wanted = [Requirement(one) for one in listed]
    return [
        str(one)
        for one in wanted
        if not have.get(canonical(one)) or not all(one.specifier.contains(it) for it in have[canonical(one)])
    ]


def test_everything_that_the_project_needs_is_locked_in_a_version_that_it_admits() -> None:
    needs = project()
    assert fits(needs["project"]["dependencies"] + needs["dependency-groups"]["dev"], "requirements.lock") == []


def test_the_build_tools_are_locked_too() -> None:
    needs = project()
    listed = needs["dependency-groups"]["build"] + needs["build-system"]["requires"]
    assert fits(listed, "requirements-build.lock") == []


def test_every_package_is_locked_by_hash() -> None:
    for name in ("requirements.lock", "requirements-build.lock"):
        entries = re.split(r"^(?=[a-z0-9-]+==)", (ROOT / name).read_text("utf-8"), flags=re.MULTILINE)[1:]
        assert entries
        assert all("--hash=sha256:" in entry for entry in entries)

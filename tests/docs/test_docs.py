"""The documentation says what is so: its diagram, its links, its names."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from voicecall.core.call import NEXT, Phase

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))
EACH = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def logged() -> set[str]:
    """Every name that the source logs."""
    call = re.compile(
        r"\blog(?:ger)?\.(?:debug|info|warning|error|log)\(\s*(?:record\.levelno, )?\"([a-z-]+\.[a-z-]+)\""
    )
    sources = (path.read_text("utf-8") for path in (ROOT / "src" / "voicecall").rglob("*.py"))
    return {name for source in sources for name in call.findall(source.replace("_log.", "log."))}


def test_the_diagram_of_phases_is_drawn_from_the_table() -> None:
    drawn = runpy.run_path(str(DOCS / "phases.py"))
    page = drawn["PAGE"].read_text("utf-8")
    assert page == drawn["page_with_diagram"](page)
    for phase, following in NEXT.items():
        for one in following:
            assert f"    {phase} --> {one}\n" in page


def test_the_diagram_shows_no_change_that_the_table_forbids() -> None:
    page = (DOCS / "architecture.md").read_text("utf-8")
    shown = re.findall(r"^    (\w+) --> (\w+)$", page, re.MULTILINE)
    assert shown
    assert all(Phase(after) in NEXT[Phase(before)] for before, after in shown)


@EACH
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)\)", page.read_text("utf-8")):
        if not target.startswith("https://"):
            assert (page.parent / target).exists(), target


def test_the_index_names_every_page_and_every_decision() -> None:
    index = (DOCS / "index.md").read_text("utf-8")
    for page in [*DOCS.glob("*.md"), *DECISIONS]:
        assert page.name == "index.md" or f"{page.name})" in index, page.name


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.name)
def test_a_decision_is_short_and_has_its_four_parts(page: Path) -> None:
    text = page.read_text("utf-8")
    assert len(text.splitlines()) <= 40
    assert re.match(rf"# {int(page.name[:4])}\. .+ \(accepted, \d{{4}}-\d\d-\d\d\)\n", text)
    parts = [line for line in text.splitlines() if line.startswith("## ")]
    assert parts == ["## Context", "## Decision", "## Consequences", "## Alternatives refused"]


def test_troubleshooting_speaks_of_every_name_in_the_log_and_of_no_other() -> None:
    page = (DOCS / "troubleshooting.md").read_text("utf-8")
    rooms = {name.split(".")[0] for name in logged()} - {"log"}
    told = {name for name in re.findall(r"`([a-z-]+\.[a-z-]+)`", page) if name.split(".")[0] in rooms}
    assert told == logged()


def test_every_path_that_the_pages_name_exists() -> None:
    paths = re.compile(
        r"`((?:core|gateway|entrypoints|emulators|speech|carriers|brains|store|config)/[\w/]*(?:\.py)?)`"
    )
    for page in PAGES:
        for path in paths.findall(page.read_text("utf-8")):
            assert (ROOT / "src" / "voicecall" / path).exists(), (page.name, path)

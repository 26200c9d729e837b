"""The documentation as a site: all pages are in it, every link and heading is found, nothing comes from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import PAGES, ROOT, blocks_of
from tests.docs.commands import targets

_LINK = re.compile(r"\]\(([^)#\s]*)#([^)\s]+)\)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site; MkDocs fails where a page is not in the navigation, or a link leads nowhere."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - our own command
    assert built.returncode == 0, built.stderr
    return folder


def anchors(page: Path) -> set[str]:
    """Return the names under which a page's headings are linked, as they are made where repositories are shown."""
    text = page.read_text("utf-8")
    for block in blocks_of(page):
        text = text.replace(block.text, "")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_it_has_every_page(site: Path) -> None:
    pages = [page for page in PAGES if page.parent != ROOT]
    for page in pages:
        assert (site / page.relative_to(ROOT / "docs").with_suffix(".html")).is_file()
    for name in ("readme", "contributing", "changelog"):
        assert (site / f"{name}.html").is_file()
    for page in (ROOT / "deploy").rglob("*"):
        assert (site / page.relative_to(ROOT)).exists()


def test_it_asks_for_nothing_from_elsewhere(site: Path) -> None:
    fetched = re.compile(r"<(?:script|img|iframe|link|source)\b[^>]*?\b(?:src|href)=\"?((?:https?:)?//[^\s\">]+)")
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        assert fetched.findall(text) == [], page.name
        assert 'class="mermaid"' not in text, page.name  # for which the theme would fetch a script
    for style in site.rglob("*.css"):
        assert re.findall(r"url\(\"?(?:https?:)?//", style.read_text("utf-8")) == []


def test_pages_of_the_repository_lead_to_each_other(site: Path) -> None:
    assert 'href="quickstart.html"' in (site / "index.html").read_text("utf-8")
    assert 'href="readme.html"' in (site / "index.html").read_text("utf-8")
    assert 'href="twilio.html"' in (site / "readme.html").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_heading_that_is_linked_is_there(page: Path) -> None:
    for name, anchor in _LINK.findall(page.read_text("utf-8")):
        if not name.startswith("https://"):
            assert anchor in anchors(page.parent / name if name else page), f"{name}#{anchor}"


def test_make_builds_it() -> None:
    assert "docs" in targets()
    assert "/site/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()

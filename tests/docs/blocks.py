"""The examples of all pages: what stands between fences, and what is to be done with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<excuse>.*?) -->\n)?"
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Block:
    """What stands between two fences."""

    page: str
    line: int
    """Of the opening fence."""
    language: str
    """What the fence says; empty where it says nothing."""
    text: str
    """Without the indentation of a list."""
    excuse: str | None
    """Why it is not run, where a comment above it says so."""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page."""
    text = page.read_text("utf-8")
    return [
        Block(
            page=page.name,
            line=text.count("\n", 0, found.start("language")) + 1,
            language=found["language"],
            text=re.sub(rf"^{found['indent']}", "", found["text"], flags=re.MULTILINE),
            excuse=found["excuse"],
        )
        for found in _BLOCK.finditer(text)
    ]


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def of(*languages: str) -> list[Block]:
    """Return the blocks of these languages."""
    return [block for block in BLOCKS if block.language in languages]


def lines(block: Block) -> list[str]:
    """Return the commands of a shell's block, each on one line."""
    return [line for line in block.text.replace("\\\n", " ").splitlines() if line.strip()]

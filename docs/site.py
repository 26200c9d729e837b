"""What the site of the documentation needs beside the pages: MkDocs calls these functions as it builds.

The pages are written for the repository, where they lead to files outside this folder. Those become part of the site,
and links follow. Diagrams in Mermaid, which the theme would draw with a script from elsewhere, are shown as written.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGES = {"README.md": "readme.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Pages of the repository, and what they are called on the site."""
FOLDER = "deploy"
"""Its files are on the site as they are."""


def on_files(files: Any, config: Any) -> Any:
    """Add what is outside the folder of the pages."""
    from mkdocs.structure.files import File

    for name, page in PAGES.items():
        text = (ROOT / name).read_text("utf-8").replace("](docs/", "](").replace(f"]({FOLDER}/", f"](../{FOLDER}/")
        files.append(File.generated(config, page, content=text))
    for path in sorted((ROOT / FOLDER).rglob("*")):
        if path.is_file():
            files.append(File.generated(config, path.relative_to(ROOT).as_posix(), content=path.read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Have links lead to what is on the site."""
    for name, page in PAGES.items():
        markdown = re.sub(rf"\]\((?:(?:\.\./)+)?{re.escape(name)}", f"]({page}", markdown)
    markdown = markdown.replace(f"](../{FOLDER}/", f"]({FOLDER}/").replace("](decisions)", "](index.md#decisions)")
    markdown = re.sub(rf"\[([^\]]+)\]\(\.\./{FOLDER}\)", r"\1", markdown)
    return re.sub(r"^```mermaid$", "```text", markdown, flags=re.MULTILINE)

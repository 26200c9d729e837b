"""Draws the phases of a call into the architecture page: `python docs/phases.py`. The table `NEXT` is the truth."""

from __future__ import annotations

import re
from pathlib import Path

from voicecall.core.call import NEXT, Phase

PAGE = Path(__file__).with_name("architecture.md")
_PLACE = re.compile(r"(<!-- phases -->\n).*?(<!-- /phases -->)", re.DOTALL)


def diagram() -> str:
    """Return the diagram, in Mermaid's words."""
    order = list(Phase)
    changes = [f"    {phase} --> {following}" for phase in order for following in sorted(NEXT[phase], key=order.index)]
    ends = [f"    {phase} --> [*]" for phase in order if not NEXT[phase]]
    return "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {order[0]}", *changes, *ends, "```", ""])


def page_with_diagram(page: str) -> str:
    """Return the page with the diagram as it should be."""
    return _PLACE.sub(lambda place: place[1] + diagram() + place[2], page)


if __name__ == "__main__":
    PAGE.write_text(page_with_diagram(PAGE.read_text("utf-8")), "utf-8")

"""Writes why each check matters into the doctor's page: `python docs/doctor.py`. The table `WHY` is the truth."""

from __future__ import annotations

import re
from pathlib import Path

from voicecall.doctor.reasons import WHY

PAGE = Path(__file__).with_name("doctor.md")
_PLACE = re.compile(r"(<!-- checks -->\n).*?(<!-- /checks -->)", re.DOTALL)


def table() -> str:
    """Return the table, a row for each check."""
    rows = [("check", "why it matters"), ("---", "---"), *((f"`{id_}`", why) for id_, why in WHY.items())]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def page_with_table(page: str) -> str:
    """Return the page with the table as it should be."""
    return _PLACE.sub(lambda place: place[1] + table() + place[2], page)


if __name__ == "__main__":
    PAGE.write_text(page_with_table(PAGE.read_text("utf-8")), "utf-8")

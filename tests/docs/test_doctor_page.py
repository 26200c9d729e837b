"""The page about the doctor names the checks that there are, each with its reason."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

from voicecall.doctor.reasons import WHY

ROOT = Path(__file__).parents[2]
DRAWN = runpy.run_path(str(ROOT / "docs" / "doctor.py"))
PAGE = (ROOT / "docs" / "doctor.md").read_text("utf-8")
SOURCES = "\n".join(path.read_text("utf-8") for path in (ROOT / "src/voicecall/doctor").glob("*.py"))


def test_the_table_is_written_from_the_reasons() -> None:
    assert DRAWN["page_with_table"](PAGE) == PAGE


def test_every_check_has_a_reason_and_every_reason_a_check() -> None:
    made = set(re.findall(r"\b(?:ok|warn|fail|merged)\(\s*\"([a-z-]+)\"", SOURCES))
    told = {id_ for id_ in WHY if "<" not in id_}
    assert made | {"tts", "stt"} == told
    for id_ in (one for one in WHY if "<" in one):
        assert f'"{id_.partition("-")[0]}-' in SOURCES


def test_the_answer_shown_is_of_the_form_that_is_given() -> None:
    (shown,) = re.findall(r"^```json\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)
    told = json.loads(shown)
    assert set(told) == {"ok", "checks"}
    assert set(told["checks"][0]) == {"id", "level", "message", "fix"}

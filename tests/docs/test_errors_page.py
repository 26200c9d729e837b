"""The page of errors has everything that the code can say no with, and is written anew when that changes."""

from __future__ import annotations

import re
import runpy
from typing import Any

import pytest

from tests.docs.blocks import ROOT
from voicecall.carriers.plivo import codes as plivo
from voicecall.carriers.telnyx import codes as telnyx
from voicecall.carriers.twilio import codes as twilio
from voicecall.doctor import diagnosis
from voicecall.entrypoints import rpc

WRITER: Any = runpy.run_path(str(ROOT / "docs" / "errors.py"))
PAGE: str = WRITER["PAGE"].read_text("utf-8")


def section(name: str) -> str:
    """What stands in one of the places that are written."""
    return PAGE.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]


def test_the_page_is_written_from_the_code() -> None:
    assert WRITER["page_with_tables"](PAGE) == PAGE


@pytest.mark.parametrize("name", WRITER["FOUND"])
def test_everything_found_in_the_code_is_explained_and_nothing_else(name: str) -> None:
    found, told = WRITER["FOUND"][name]
    assert len(found) > 5
    assert set(told) == found
    assert {code for code in told if f"| `{code}` |" not in section(name)} == set()


def test_the_search_in_the_code_finds_what_is_known_to_be_there() -> None:
    found = {name: found for name, (found, _) in WRITER["FOUND"].items()}
    assert {"short-number", "scope", "draining", "calls-per-number", "unknown-outcome"} <= found["refusals"]
    assert {"missing", "wrong key", "already used"} <= found["streams"]
    assert {"unauthorized", "too-large", "stopping", "provider-failed"} <= found["codes"]
    faults = section("faults")
    for words in ("unknown key: did you mean", "is not valid TOML", "funnel can use", "write E.164", "is no brain"):
        assert words in faults


def test_nothing_is_without_a_fix() -> None:
    rows = [row.split(" | ") for row in re.findall(r"^\| (.*) \|$", PAGE, re.MULTILINE)]
    assert len(rows) > 250
    assert [row for row in rows if not all(cell.strip() for cell in row)] == []


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("twilio", {str(code) for code in twilio.SENTENCES}),
        ("telnyx", set(telnyx.SENTENCES)),
        ("plivo", {str(code) for code in plivo.SENTENCES}),
        ("plivo-streams", set(plivo.STREAM_REASONS)),
    ],
)
def test_every_code_of_a_carrier_is_there(name: str, codes: set[str]) -> None:
    rows = re.findall(r"^\| (.*?) \|", section(name), re.MULTILINE)[2:]
    assert {code for row in rows for code in row.split(", ")} == codes


def test_the_numbers_of_json_rpc_are_those_that_are_given() -> None:
    numbers = {int(number) for number in re.findall(r"-32\d{3}", section("codes") + section("numbers"))}
    own = {value for name, value in vars(rpc).items() if name.isupper() and isinstance(value, int) and value < 0}
    assert own <= numbers


def test_the_doctor_explains_the_same_refusals() -> None:
    assert set(diagnosis._STREAM_REFUSED) == set(WRITER["STREAMS"])
    assert set(diagnosis._TURNED_AWAY) == set(WRITER["CALLERS"])

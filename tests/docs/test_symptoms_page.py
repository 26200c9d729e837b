"""The page of symptoms names checks, log events, events, warnings, reasons and settings that there are."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from tests.docs.blocks import ROOT
from tests.docs.test_docs import logged
from tests.docs.test_errors_page import WRITER
from voicecall.carriers.telnyx import codes as telnyx
from voicecall.carriers.twilio import codes as twilio
from voicecall.config.model import PROVIDERS
from voicecall.config.reference import reference
from voicecall.core.call import EndReason
from voicecall.core.published import NAMES
from voicecall.doctor.reasons import WHY

PAGES = {name: (ROOT / "docs" / f"{name}.md").read_text("utf-8") for name in ("symptoms", "service", "security")}
PAGE = PAGES["symptoms"]
TROUBLES = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
SETTINGS = set(re.findall(r"^\| `([a-z_.\[\]]+)", reference(), re.MULTILINE))
SECTIONS = {key.split(".")[0] for key in SETTINGS if "." in key}
METRICS = set(re.findall(r'"(voicecall_\w+)"', (ROOT / "src/voicecall/app/metrics.py").read_text("utf-8")))


def checks() -> set[str]:
    """The ids of all checks, with every carrier's name in its place."""
    return {id_.replace("<carrier>", carrier) for id_ in WHY for carrier in PROVIDERS}


def warnings() -> set[str]:
    """The codes of warnings that the page about the log explains."""
    rows = re.findall(r"^\| ((?:`[a-z-]+`(?:, )?)+) \|", TROUBLES.partition("## Warnings")[2], re.MULTILINE)
    return {code for row in rows for code in re.findall(r"`([a-z-]+)`", row)}


def names(page: str) -> set[str]:
    """Everything of the form `room.name` on a page that is no setting."""
    found = set(re.findall(r"`([a-z-]+\.[a-z_-]+)`", page))
    return {name for name in found if not any(key == name or key.startswith(f"{name}.") for key in SETTINGS)}


def test_the_complaints_that_are_heard_most_have_their_symptom() -> None:
    headings = set(re.findall(r"^## (.*)$", PAGE, re.MULTILINE))
    assert {
        "I call and hear nothing",
        "The call drops when it is answered",
        "The signature is refused",
        "The stream is refused",
        "The agent never answers",
        "Calls stay open",
        "Something runs already",
    } <= headings


def test_every_check_in_bold_is_one_of_the_doctor() -> None:
    named = set(re.findall(r"\*\*([a-z-]+)\*\*", PAGE))
    assert len(named) > 10
    assert named - checks() == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_event_is_logged_or_published(page: str) -> None:
    known = logged() | set(NAMES.values())
    rooms = {name.split(".")[0] for name in known}
    named = {name for name in names(PAGES[page]) if name.split(".")[0] in rooms}
    assert page == "service" or named
    assert named - known - {"calls.db", "log.file"} == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_exists(page: str) -> None:
    named = set(re.findall(r"`([a-z_]+\.[a-z_.]+)\b[^`]*`", PAGES[page]))
    named = {name for name in named if name.split(".")[0] in SECTIONS} - logged() - set(NAMES.values())
    assert len(named) > 3
    assert {name for name in named if not any(key.startswith(name) for key in SETTINGS)} - {"store.failed"} == set()


def test_every_warning_reason_and_code_exists() -> None:
    reasons = {code for found, _ in WRITER["FOUND"].values() for code in found}
    for word in re.findall(r"warnings? ((?:`[a-z-]+`(?:, )?)+)", PAGE):
        assert set(re.findall(r"`([a-z-]+)`", word)) <= warnings()
    for word in re.findall(r"`endReason` is `([a-z-]+)`", PAGE):
        assert word in get_args(EndReason)
    kebab = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", PAGE)) - {"smart-turn"}
    assert len(kebab) > 10
    assert kebab - warnings() - reasons - set(get_args(EndReason)) == set()


def test_every_code_of_a_carrier_and_every_metric_exists() -> None:
    codes = set(re.findall(r"\b(\d{5})\b", PAGE))
    assert len(codes) > 4
    assert codes <= {str(code) for code in twilio.SENTENCES} | set(telnyx.SENTENCES)
    assert set(re.findall(r"`(voicecall_\w+)`", PAGE)) <= METRICS

"""Carriers are known by name in their own rooms, and nowhere below the composition root."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "voicecall"
ROOMS = ("core", "audio", "gateway", "entrypoints", "store", "brains", "speech", "net", "tunnels")
NAMES = re.compile(r"twilio|telnyx|plivo|\bmock\b", re.IGNORECASE)


@pytest.mark.parametrize("room", ROOMS)
def test_no_carrier_is_named_in_a_room_that_serves_all_of_them(room: str) -> None:
    files = sorted((SOURCE / room).rglob("*.py"))
    assert files
    named = [f"{file.relative_to(SOURCE)}: {found[0]}" for file in files for found in NAMES.finditer(file.read_text())]
    assert named == []

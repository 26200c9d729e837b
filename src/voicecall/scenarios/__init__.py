"""The test bench for feel: scripted callers who speak, and what must and must not be heard of it, measured."""

from __future__ import annotations

from pathlib import Path


def shipped() -> Path:
    """Return the folder of the scenarios that come with voicecall, installed or in its source tree."""
    installed = Path(__file__).parent / "shipped"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "scenarios"

"""Every scenario that is shipped, held in virtual time with real voices and real ears."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicecall.config.model import Config
from voicecall.scenarios import shipped
from voicecall.scenarios.reading import read_all
from voicecall.scenarios.report import lines
from voicecall.scenarios.running import Outcome, run

FILES = sorted(shipped().glob("*.yaml"))


@pytest.fixture(scope="module")
def outcomes() -> dict[Path, Outcome]:
    """Hold all calls, one after the other."""
    held = run(read_all(FILES, Config()), virtual=True, tell=lambda outcome: None)
    return {outcome.read.file: outcome for outcome in held}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_call_is_as_the_scenario_expects(file: Path, outcomes: dict[Path, Outcome]) -> None:
    outcome = outcomes[file]
    assert outcome.passed, "\n".join(lines(outcome))

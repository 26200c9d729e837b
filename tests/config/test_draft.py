"""Configurations that are still being written, and how a file and a secret are written."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from voicecall.config.load import draft, places_of
from voicecall.config.state import StateDir
from voicecall.config.writing import replace
from voicecall.errors import BadParameters


def test_a_draft_tells_what_cannot_be_meant_apart_from_what_is_lacking(tmp_path: Path) -> None:
    tree: dict[str, object] = {"provider": "twilio", "from_number": "5550", "twilio": {"auth_token": {"env": "NOBODY"}}}
    made = draft(tree, {"VOICECALL_STATE_DIR": str(tmp_path), "VOICECALL_TO_NUMBER": "+15550001111"})
    assert [fault.key for fault in made.misfits] == ["from_number", "twilio.auth_token"]
    assert [fault.key for fault in made.faults] == ["twilio.account_sid"]
    assert (made.config.provider, made.config.from_number) == ("twilio", None)
    assert made.variables == {"to_number": "VOICECALL_TO_NUMBER"}
    assert made.state.folder == tmp_path
    assert tree["twilio"] == {"auth_token": {"env": "NOBODY"}}


def test_a_configuration_is_looked_for_where_the_environment_says() -> None:
    assert places_of({"VOICECALL_CONFIG": "/x/y.toml"}) == (Path("/x/y.toml"),)
    assert places_of({})[0] == Path("voicecall.toml")


def test_a_secret_is_kept_once_and_never_written_over(tmp_path: Path) -> None:
    state = StateDir(tmp_path / "state")
    first = state.keep_secret("token", " one ")
    assert (first.read_text(), stat.S_IMODE(first.stat().st_mode)) == ("one\n", 0o600)
    assert state.keep_secret("token", "one") == first
    second = state.keep_secret("token", "two")
    assert (second.name, first.read_text()) == ("secret-token-2", "one\n")
    assert state.keep_secret("token", "two") == second


def test_a_file_is_replaced_whole_and_every_earlier_one_is_kept(tmp_path: Path) -> None:
    file, link = tmp_path / "a.toml", tmp_path / "link.toml"
    assert replace(file, "one") is None
    link.symlink_to(file)
    backups = [replace(link, text) for text in ("two", "three")]
    assert [backup.name for backup in backups if backup] == ["a.toml.bak", "a.toml.bak2"]
    assert [backup.read_text() for backup in backups if backup] == ["one", "two"]
    assert (link.is_symlink(), file.read_text(), stat.S_IMODE(file.stat().st_mode)) == (True, "three", 0o600)
    with pytest.raises(BadParameters, match="cannot be written"):
        replace(tmp_path / "nowhere" / "a.toml", "x")


def test_a_file_that_cannot_be_replaced_is_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("one")
    (tmp_path / "a.toml.new").mkdir()
    with pytest.raises(BadParameters):
        replace(file, "two")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.toml", "a.toml.new"]
    assert file.read_text() == "one"

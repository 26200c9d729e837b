"""What the package offers, and what it costs to import it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import voicecall
from voicecall.config.address import address
from voicecall.errors import BadParameters


def test_the_package_offers_the_clients_and_what_they_raise() -> None:
    assert voicecall.Client.__module__ == "voicecall.client.blocking"
    assert issubclass(voicecall.DaemonUnreachable, voicecall.errors.VoicecallError)
    with pytest.raises(AttributeError, match="Telephone"):
        _ = voicecall.Telephone  # type: ignore[attr-defined]


def test_importing_the_package_loads_nothing_else() -> None:
    program = "import sys; before = set(sys.modules); import voicecall; print(sorted(set(sys.modules) - before))"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "httpx2" not in done.stdout
    assert "voicecall.client" not in done.stdout


def test_the_package_is_typed() -> None:
    assert (Path(voicecall.__file__).parent / "py.typed").is_file()


def test_the_environment_names_a_daemon_and_this_machines_token_is_not_sent_to_it(tmp_path: Path) -> None:
    (tmp_path / "control-token").write_text("of this machine\n")
    here = {"VOICECALL_STATE_DIR": str(tmp_path), "VOICECALL_CONTROL__PORT": "4444"}
    file = tmp_path / "voicecall.toml"
    file.write_text("")
    assert address(file, here) == ("http://127.0.0.1:4444", "of this machine")
    there = here | {"VOICECALL_CONTROL_URL": "https://voice.example.com"}
    assert address(file, there) == ("https://voice.example.com", None)
    assert address(file, there | {"VOICECALL_CONTROL_TOKEN": "t"}) == ("https://voice.example.com", "t")


def test_a_client_without_arguments_takes_what_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICECALL_CONTROL_URL", "nowhere")
    for kind in (voicecall.Client, voicecall.AsyncClient):
        with pytest.raises(BadParameters, match="'nowhere'"):
            kind()

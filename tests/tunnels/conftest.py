"""Tests of tunnels may be coroutines, as those of brains; the commands of others are stand-ins on the PATH."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.brains.conftest import pytest_pyfunc_call as pytest_pyfunc_call
from tests.tunnels.commands import Cloud, Tailnet


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder in which commands are found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def tailnet(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tailnet:
    """A machine with Tailscale."""
    net = Tailnet(path, tmp_path / "tailnet.json")
    monkeypatch.setenv("TAILNET", str(net.file))
    return net


@pytest.fixture
def cloud(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A machine with cloudflared."""
    made = Cloud(path, tmp_path / "cloud")
    monkeypatch.setenv("CLOUD", str(made.pipe))
    return made

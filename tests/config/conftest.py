"""Configuration files in a folder of their own."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from voicecall.config.load import Loaded, load
from voicecall.errors import ConfigError, Fault

Write = Callable[..., Loaded]
Fail = Callable[..., list[Fault]]


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep this machine's own configuration and state away."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "etc"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def loaded(tmp_path: Path) -> Write:
    """Load a file with this text in this environment."""

    def write(text: str = "", name: str = "voicecall.toml", environ: Mapping[str, str] | None = None) -> Loaded:
        (tmp_path / name).write_text(text, "utf-8")
        return load(tmp_path / name, environ or {})

    return write


@pytest.fixture
def faults(loaded: Write) -> Fail:
    """Load a file that is not in order, and return its faults."""

    def write(text: str = "", name: str = "voicecall.toml", environ: Mapping[str, str] | None = None) -> list[Fault]:
        with pytest.raises(ConfigError) as caught:
            loaded(text, name, environ)
        return list(caught.value.faults)

    return write

"""Where the daemon is that commands and clients talk to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from .load import Loaded, load


def address(path: Path | None = None, environ: Mapping[str, str] | None = None) -> tuple[str, str | None]:
    """Return the daemon's address and its token, if one is known.

    `$VOICECALL_CONTROL_URL` with `$VOICECALL_CONTROL_TOKEN` names one anywhere, and then no configuration is read; else
    it is the one of the configuration that `load` finds.

    Raises:
        ConfigError: that configuration has faults.
        StateError: the state directory cannot be read.
    """
    environ = os.environ if environ is None else environ
    return elsewhere(environ) or of(load(path, environ))


def elsewhere(environ: Mapping[str, str] | None = None) -> tuple[str, str | None] | None:
    """Return the daemon that the environment names, or None. A token of this machine is not sent to it."""
    environ = os.environ if environ is None else environ
    url = environ.get("VOICECALL_CONTROL_URL")
    return (url, environ.get("VOICECALL_CONTROL_TOKEN") or None) if url else None


def of(loaded: Loaded) -> tuple[str, str | None]:
    """Return the daemon of a configuration, on this machine."""
    return loaded.state.control_url(loaded.config), loaded.state.known_control_token(loaded.config)

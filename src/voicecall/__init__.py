"""voicecall: a phone gateway for AI agents.

For programs: `Client` and `AsyncClient` ask a running gateway; `errors` is how they fail. They are loaded when used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .client import AsyncClient, Client, DaemonUnreachable

__version__ = "0.1.0"
__all__ = ["AsyncClient", "Client", "DaemonUnreachable", "__version__"]


def __getattr__(name: str) -> object:
    """Load the client when it is asked for: importing this package takes no time."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import client

    return getattr(client, name)

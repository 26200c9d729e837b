"""voicecall: a phone gateway for AI agents.

For programs: `Client` and `AsyncClient` ask a running gateway; `errors` is how they fail. They are loaded when used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["AsyncClient", "Client", "DaemonUnreachable", "__version__", "errors"]

if TYPE_CHECKING:
    from . import errors
    from .client import AsyncClient, Client, DaemonUnreachable
else:

    def __getattr__(name: str) -> object:
        """Load what is asked for, so that importing this package takes no time."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name == "errors":
            return import_module(".errors", __name__)
        return getattr(import_module(".client", __name__), name)

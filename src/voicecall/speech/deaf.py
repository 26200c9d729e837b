"""A detector that hears nothing: the transcriber decides when the caller speaks."""

from __future__ import annotations

from collections.abc import Callable

from voicecall.speech import Speech


class DeafDetector:
    """Never reports speech; costs nothing."""

    def open(self, report: Callable[[Speech], None]) -> DeafDetector:
        """Listen to a call, in vain."""
        return self

    def feed(self, mulaw: bytes) -> None:
        """Take caller audio."""

    def close(self) -> None:
        """Forget this call."""

"""Both directions of one call on one clock. Pure."""

from __future__ import annotations

import numpy as np

from .g711 import MULAW_SILENCE, mulaw_decode


class Tape:
    """Lays what was sent beside what was heard, whose samples are the clock.

    What is sent counts as played as soon as it came and all that was sent before has been played.
    """

    __slots__ = ("_agent", "_caller")

    def __init__(self) -> None:
        self._caller = bytearray()
        self._agent = bytearray()  # from the same moment on; what reaches beyond the caller's is yet to be played

    def heard(self, mulaw: bytes) -> None:
        """Take caller audio, silence as well as sound."""
        self._caller += mulaw

    def skipped(self, samples: int) -> None:
        """Nothing was heard for so long: no stream brought anything."""
        self._caller += MULAW_SILENCE * samples

    def sent(self, mulaw: bytes) -> None:
        """Take the agent's audio, in the order in which it was sent."""
        self._fill()
        self._agent += mulaw

    def dropped(self) -> None:
        """What was sent and not yet played was dropped."""
        del self._agent[len(self._caller) :]

    def take(self) -> bytes:
        """Return what is settled as 16-bit stereo PCM, the caller left and the agent right, and forget it."""
        self._fill()
        settled = len(self._caller)
        caller, agent = bytes(self._caller), bytes(self._agent[:settled])
        self._caller.clear()
        del self._agent[:settled]
        sides = [np.frombuffer(mulaw_decode(side), np.int16) for side in (caller, agent)]
        return np.stack(sides, axis=1).tobytes()

    def _fill(self) -> None:
        self._agent += MULAW_SILENCE * (len(self._caller) - len(self._agent))

"""One stateful polyphase FIR resampler for any rational ratio, for live streams and finished chunks alike.

Output sample n lies at the time of input sample n * rate_in / rate_out: the filter's delay is made up for, by holding
back about 3 ms until the samples to the right are known. What comes out does not depend on how the input was chunked.
"""

from __future__ import annotations

from math import ceil, gcd

import numpy as np

from . import Samples

_STOP_BAND_DB = 92.0
_PASS_EDGE = 0.825
_STOP_EDGE = 1.1
# Edges in units of the lower Nyquist frequency: for 8 kHz, what lies between 4.0 and 4.4 kHz may fold back, but only
# to above 3.6 kHz, which no telephone carries.
_BLOCK = 4096
# Output samples computed at once: bounds the memory that a long chunk takes.


def _filter_bank(up: int, down: int) -> Samples:
    """Return a Kaiser low-pass as one row of taps per phase, each row of gain 1, reversed for a plain dot product."""
    widest = max(up, down)
    width = (_STOP_EDGE - _PASS_EDGE) / 2 / widest
    half = ceil((_STOP_BAND_DB - 7.95) / 14.36 / width / 2 / up)
    taps = 2 * half
    cutoff = (_STOP_EDGE + _PASS_EDGE) / 2 / widest
    offsets = np.arange(taps * up) - half * up
    window = np.i0(0.1102 * (_STOP_BAND_DB - 8.7) * np.sqrt(1 - (offsets / (half * up)) ** 2))
    prototype = np.sinc(offsets * cutoff) * window
    phases = prototype.reshape(taps, up).T[:, ::-1]
    return np.ascontiguousarray(phases / phases.sum(axis=1, keepdims=True), dtype=np.float32)


class Resampler:
    """Converts a stream of samples from `rate_in` to `rate_out` (integers, hertz)."""

    def __init__(self, rate_in: int, rate_out: int) -> None:
        if rate_in <= 0 or rate_out <= 0:
            raise ValueError(f"cannot resample from {rate_in} Hz to {rate_out} Hz: rates are positive")
        common = gcd(rate_in, rate_out)
        self._up, self._down = rate_out // common, rate_in // common
        self._bank = _filter_bank(self._up, self._down)
        self._taps = self._bank.shape[1]
        self._restart()

    def _restart(self) -> None:
        self._kept: Samples = np.zeros(self._taps // 2 - 1, np.float32)
        self._position = 0  # of the next output sample: in 1/up input samples from the start of `_kept`'s first window
        self._owed = 0  # input samples times `up`, less output samples times `down`

    def feed(self, samples: Samples) -> Samples:
        """Take the next samples, any number of them; return what can be computed by now."""
        if self._up == self._down:
            return samples
        self._owed += len(samples) * self._up
        return self._run(samples)

    def flush(self) -> Samples:
        """Return the rest, as if silence followed, and start afresh."""
        if self._up == self._down:
            return np.empty(0, np.float32)
        tail = self._run(np.zeros(self._taps // 2, np.float32))
        self._restart()
        return tail

    def _run(self, samples: Samples) -> Samples:
        known = np.concatenate((self._kept, samples), dtype=np.float32)
        windows = len(known) - self._taps + 1
        count = min(-(-(windows * self._up - self._position) // self._down), -(-self._owed // self._down))
        if count <= 0:
            self._kept = known
            return np.empty(0, np.float32)
        out = np.empty(count, np.float32)
        view = np.lib.stride_tricks.as_strided(known, (windows, self._taps), known.strides * 2, writeable=False)
        for begin in range(0, count, _BLOCK):
            part = out[begin : begin + _BLOCK]
            places = self._position + self._down * np.arange(begin, begin + len(part))
            starts, phases = np.divmod(places, self._up)
            np.einsum("ij,ij->i", view[starts], self._bank[phases], out=part)
        self._owed -= count * self._down
        self._position += count * self._down
        used = min(self._position // self._up, len(known))
        self._position -= used * self._up
        self._kept = known[used:]
        return out


def resample(samples: Samples, rate_in: int, rate_out: int) -> Samples:
    """Return a finished piece of audio at another rate (hertz); its length is that of the input, rounded up."""
    resampler = Resampler(rate_in, rate_out)
    return np.concatenate((resampler.feed(samples), resampler.flush()))

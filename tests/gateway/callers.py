"""What callers do."""

from __future__ import annotations

from voicecall.emulators.disturbance import Disturbance, Echo, Noise
from voicecall.emulators.noises import Kind
from voicecall.emulators.script import Noises, Step

HANG_UP = Step(hangup=True)
COUGH = Step(cough=1)


def say(text: str) -> Step:
    """Speak."""
    return Step(say=text)


def wait(seconds: float) -> Step:
    """Stay silent."""
    return Step(wait=float(seconds))


def listen(seconds: float = 1.0) -> Step:
    """Wait until the gateway spoke and was then silent for so long."""
    return Step(listen=float(seconds))


def onset(seconds: float) -> Step:
    """Wait until the gateway has been speaking for so long."""
    return Step(onset=float(seconds))


def press(keys: str) -> Step:
    """Press these keys; `w` pauses for half a second."""
    return Step(press=keys)


def noise(kind: Kind, seconds: float, dbfs: float = -25.0) -> Step:
    """Make noise."""
    return Step(noise=Noises(kind=kind, dbfs=dbfs, seconds=seconds))


def loudspeaker(delay_ms: float, db: float = -12.0) -> Step:
    """From now on what the phone plays comes back."""
    return Step(line=Disturbance(echo=Echo(delay_ms=delay_ms, db=db)))


def behind(kind: Kind, dbfs: float) -> Step:
    """From now on there is noise on the line."""
    return Step(line=Disturbance(noise=Noise(kind=kind, dbfs=dbfs)))

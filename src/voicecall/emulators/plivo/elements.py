"""What an XML document can ask for, as far as it is simulated. Times in seconds.

Source: Plivo docs `voice/xml/*`, `voice-agents/audio-streaming/xml/stream`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Speak:
    """Speak to the phone."""

    text: str
    loop: int = 1
    """0: for ever."""


@dataclass(frozen=True, slots=True)
class Play:
    """Play a file."""

    url: str
    loop: int = 1


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for a while, to music unless `silence` is asked for."""

    length: float = 1.0
    silence: bool = False


@dataclass(frozen=True, slots=True)
class Dtmf:
    """Press keys."""

    digits: str
    asynchronous: bool = True
    """Go on at once."""


@dataclass(frozen=True, slots=True)
class GetInput:
    """Listen for keys and speech, while the prompts play."""

    action: str
    method: str = "POST"
    prompts: tuple[Speak | Play, ...] = ()
    dtmf: bool = True
    speech: bool = False
    execution_timeout: float = 15.0
    """From the end of the prompts."""
    digit_end_timeout: float = 2.0
    speech_end_timeout: float = 2.0
    finish_on_key: str = "#"
    """Empty: none does."""
    num_digits: int = 32
    redirect: bool = True
    """Whether the answer of the action replaces the document."""
    interim_callback: str = ""
    interim_method: str = "POST"


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go on with another document."""

    url: str
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call, or turn it away."""

    reason: Literal["", "rejected", "busy"] = ""
    schedule: float = 0.0
    """From now; what follows keeps running."""


@dataclass(frozen=True, slots=True)
class Record:
    """Record the phone, or the whole call from now on."""

    action: str = ""
    method: str = "POST"
    redirect: bool = True
    max_length: float = 60.0
    finish_on_key: str = "#"
    session: bool = False
    callback: str = ""
    callback_method: str = "POST"


@dataclass(frozen=True, slots=True)
class Dial:
    """Call somebody else and connect the two."""

    numbers: tuple[str, ...]
    action: str = ""
    method: str = "POST"
    redirect: bool = True
    timeout: float = 30.0
    time_limit: float = 14_400.0


@dataclass(frozen=True, slots=True)
class Stream:
    """Open an audio stream."""

    url: str
    bidirectional: bool = False
    keep_call_alive: bool = False
    """Whether the document waits for its end; else the next element runs at once."""
    content_type: str = ""
    track: str = "inbound"
    timeout: float = 86_400.0
    status_callback: str = ""
    status_method: str = "POST"
    extra_headers: tuple[tuple[str, str], ...] = ()


Element = Speak | Play | Wait | Dtmf | GetInput | Redirect | Hangup | Record | Dial | Stream

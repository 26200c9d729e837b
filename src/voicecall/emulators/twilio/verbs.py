"""What a TwiML document can ask for, as far as it is simulated. Times in seconds.

Source: Twilio docs `voice/twiml/*`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Say:
    """Speak to the phone."""

    text: str
    loop: int = 1
    """0: for ever."""


@dataclass(frozen=True, slots=True)
class Play:
    """Press keys, or play a file."""

    url: str = ""
    digits: str = ""
    loop: int = 1


@dataclass(frozen=True, slots=True)
class Pause:
    """Be silent for so many seconds."""

    length: float = 1.0


@dataclass(frozen=True, slots=True)
class Gather:
    """Listen for keys and speech, while the prompts play."""

    prompts: tuple[Say | Play | Pause, ...] = ()
    dtmf: bool = True
    speech: bool = False
    action: str = ""
    method: str = "POST"
    timeout: float = 5.0
    speech_timeout: float | None = None
    """Seconds; None: as long as `timeout`."""
    max_speech_time: float = 60.0
    num_digits: int | None = None
    finish_on_key: str = "#"
    barge_in: bool = True
    action_on_empty_result: bool = False
    partial_result_callback: str = ""
    partial_result_method: str = "POST"


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go on with another document."""

    url: str
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Reject:
    """Turn an incoming call away."""

    reason: Literal["busy", "rejected"] = "rejected"


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call."""


@dataclass(frozen=True, slots=True)
class Dial:
    """Call somebody else and connect the two."""

    numbers: tuple[str, ...]
    action: str = ""
    method: str = "POST"
    timeout: float = 30.0
    time_limit: float = 14400.0


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Wait in a queue, entertained by another document."""

    name: str
    action: str = ""
    method: str = "POST"
    wait_url: str = ""
    wait_method: str = "POST"


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave the queue; only in a document of `<Enqueue waitUrl>`."""


@dataclass(frozen=True, slots=True)
class ConnectStream:
    """Open a two-way media stream and wait for its end."""

    url: str
    name: str = ""
    track: str = "inbound_track"
    parameters: tuple[tuple[str, str], ...] = ()
    status_callback: str = ""
    status_method: str = "POST"
    action: str = ""
    method: str = "POST"


Verb = Say | Play | Pause | Gather | Redirect | Reject | Hangup | Dial | Enqueue | Leave | ConnectStream

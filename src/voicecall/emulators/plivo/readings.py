"""Which of two readings holds where Plivo's pages contradict each other, or each other's practice.

Source: Plivo docs `voice-agents/audio-streaming/*`, `voice/concepts/signature-validation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

HandshakeUrl = Literal["wss", "https", "http/websocket"]


@dataclass(frozen=True, slots=True)
class Readings:
    """One way in which Plivo may behave. Times in seconds."""

    content_type: str = "audio/x-l16;rate=8000"
    """Of a stream that names none; empty: such a stream is refused."""
    queue: float = 40.0
    """Audio that can wait to be played; another page says 60."""
    handshake_url: HandshakeUrl = "wss"
    """What is signed: the URL that is dialled, the same with `https` (`http` for `ws`), or the same with `http` in any
    case and `/websocket` appended to the path."""
    stream_events: Literal["StartStream", "started"] = "StartStream"
    """The names of stream status events: `StartStream`, `StopStream`, `DroppedStream`, `DegradedStream`, or `started`,
    `stopped`, `failed`, `degraded` with the reason."""
    extra_headers: Literal["semicolon", "comma", "json"] = "semicolon"
    """How the extra headers of a stream are written in its messages."""
    timestamps: Literal["epoch", "relative"] = "epoch"
    """Of media: milliseconds since 1970, or since the stream began."""
    says_stop: bool = False
    """Whether a stream ends with `stop`, which no page mentions."""
    document_patience: float = 15.0
    """How long XML is waited for; the page about callbacks allows 40."""
    hangup_at_answer_url: bool = True
    """Whether the end of a call without a hang-up URL is told to its answer URL."""

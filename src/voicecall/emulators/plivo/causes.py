"""Why a call ended, in Plivo's words.

Source: Plivo docs `voice/troubleshooting/hangup-causes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Place = Literal["answer", "action", "transfer", "redirect"]
"""What a document was asked for; `fallback` counts as what it stands in for."""
_PLACES: Mapping[Place, int] = {"answer": 1, "action": 2, "transfer": 3, "redirect": 4}


@dataclass(frozen=True, slots=True)
class Hangup:
    """How the end of a call is told."""

    code: int
    name: str
    cause: str = "NORMAL_CLEARING"
    """The word of the telephone network."""
    source: str = "Unknown"
    status: str = "completed"
    """The last `CallStatus`."""


NORMAL = Hangup(4000, "Normal Hangup")
BY_DOCUMENT = Hangup(4000, "Normal Hangup", source="Answer XML")
BY_API = Hangup(4000, "Normal Hangup", source="API Request")
RAN_OUT = Hangup(4010, "End Of XML Instructions", source="Answer XML")
CANCELLED = Hangup(1000, "Cancelled", "ORIGINATOR_CANCEL", "API Request", "no-answer")
GAVE_UP = Hangup(1000, "Cancelled", "ORIGINATOR_CANCEL", "Caller", "no-answer")
BUSY = Hangup(3010, "Busy Line", "USER_BUSY", "Callee", "busy")
TURNED_AWAY_BUSY = Hangup(3010, "Busy Line", "USER_BUSY", "Answer XML", "busy")
TURNED_AWAY = Hangup(3020, "Rejected", "CALL_REJECTED", "Answer XML", "failed")
RANG_OUT = Hangup(6010, "Ring Timeout Reached", "NO_ANSWER", "Plivo", "timeout")
SCHEDULED = Hangup(6000, "Scheduled Hangup", "ALLOTTED_TIMEOUT", "Plivo")
MACHINE = Hangup(9100, "Machine Detected", source="Plivo")


def unreachable(place: Place) -> Hangup:
    """Return how a call ends whose document could not be fetched."""
    return Hangup(7010 + _PLACES[place], f"Error Reaching {place.title()} URL", source="Error")


def invalid_url(place: Place) -> Hangup:
    """Return how a call ends that was sent to something that is no URL; there is no such code for answer URLs."""
    if place == "answer":
        return unreachable(place)
    return Hangup(7020 + _PLACES[place], f"Invalid {place.title()} URL", source="Error")


def invalid_document(place: Place) -> Hangup:
    """Return how a call ends that got no Plivo XML."""
    return Hangup(8010 + _PLACES[place], f"Invalid {place.title()} XML", source="Error")


def failed(code: int) -> Hangup:
    """Return how a call ends that never rang."""
    return Hangup(code, "Destination Not Allowed", "CALL_REJECTED", "Carrier", "failed")

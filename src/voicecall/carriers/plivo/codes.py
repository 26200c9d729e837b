"""What Plivo's hang-up codes, errors and stream reasons mean, and what to do. Never Plivo's own texts: they hold
numbers.

Source: plivo.com/docs/voice/troubleshooting/hangup-causes and /docs/voice/api/overview, 2026-11. Errors of the REST API
have no code: the status, and a word or two in the text, tell what can be told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

Cause = Literal["completed", "busy", "no-answer", "failed", "canceled", "voicemail", "rejected"]

CAUSES: Mapping[int, Cause] = {
    1000: "canceled",
    3000: "no-answer",
    3010: "busy",
    3020: "rejected",
    3110: "rejected",
    6010: "no-answer",
    9100: "voicemail",
}
"""Where a hang-up code says more than the status of the call that was never answered."""
_PLAIN = frozenset({0, 4000, 4010, 4020, 4030, 9000, *CAUSES})
"""There is nothing to explain or to do about these."""

_GEO = "the account may not call there; allow it under Voice > Geo Permissions in the Plivo console"
_INVALID_TO = "the number called is not one that can be dialled; write it in E.164 (plus sign, country code, number)"
_NOT_OWNED = "from_number belongs neither to the account nor to its verified caller ids; use one that does"
_NO_CREDIT = "the account has no credit; look at its balance in the Plivo console"
_TOO_MANY = "as many calls as the account may have are under way; end some or ask Plivo for more"
BAD_DIGITS = "it does not accept the digits; use 0-9, A-D, *, #, w and W"
_OUR_URL = "it cannot fetch from public_url; check from outside that a POST to it reaches the gateway"
_OUR_XML = "the answer to its webhook was no XML of Plivo's; a proxy may have answered, or plivo.voice cannot speak it"
_UNREACHABLE = "the number called is out of service or not assigned"
_CARRIER = "the network could not connect the call; try again later"

SENTENCES: Mapping[int, str] = {
    1010: _NO_CREDIT,
    1020: _TOO_MANY,
    2000: _INVALID_TO,
    2010: _UNREACHABLE,
    2020: "the SIP endpoint is not registered",
    2030: _GEO,
    2040: _GEO,
    2050: _GEO,
    2060: "the call led back to itself",
    2070: "media must stay in India for this number; ask Plivo's support",
    3030: "the network does not know the caller id; set from_number to a number of the account",
    3040: "the network forbids the call",
    3050: _UNREACHABLE,
    3070: "the network did not answer in time; try again later",
    3080: _CARRIER,
    3090: "the network is congested; try again later",
    3100: _UNREACHABLE,
    3120: _UNREACHABLE,
    3130: "the network takes the call for spam",
    3140: "the caller id is one that may not place calls; set from_number to another",
    5000: _CARRIER,
    5010: _CARRIER,
    5020: _CARRIER,
    5030: _TOO_MANY,
    6000: "the call reached its longest duration",
    6020: "no audio came from the far end for a minute",
    **dict.fromkeys((7011, 7012, 7013, 7014, 7022, 7023, 7024), _OUR_URL),
    **dict.fromkeys((7032, 7033, 7034), "it does not accept the webhook's method"),
    **dict.fromkeys((8011, 8012, 8013, 8014), _OUR_XML),
}
_REFUSALS: tuple[tuple[str, str], ...] = (
    (r"credit|balance", _NO_CREDIT),
    (r"countr|\bgeo|permission", _GEO),
    (r"\burl\b|_url\b", _OUR_URL),
    (r"digit", BAD_DIGITS),
    (r"\bfrom\b|\bsource\b|caller ?id", _NOT_OWNED),
    (r"\bto\b|destination", _INVALID_TO),
)
"""What the text of a refusal may speak of, the surest first."""
_BY_STATUS: Mapping[int, str] = {
    401: "the credentials are wrong; check plivo.auth_id and plivo.auth_token",
    403: f"it is not allowed; if it is about a country, {_GEO}",
    404: "it knows no such account or call; check plivo.auth_id",
    429: "too many requests at once; wait and try again",
}
STREAM_REASONS: Mapping[str, str] = {
    "connection_failed": "it could not open it; check from outside that the stream URL reaches the gateway",
    "authentication_failed": "it was refused; check that the gateway's log has no stream.refused",
    "invalid_content_type": "it cannot carry plivo.codec",
    "buffer_overflow": "audio was sent too far ahead, and some of it was dropped",
}


def ended(code: int) -> str:
    """Return what is to be said about the code with which a call ended: a sentence, or nothing."""
    if code in _PLAIN:
        return ""
    why = SENTENCES.get(code, "see https://www.plivo.com/docs/voice/troubleshooting/hangup-causes")
    return f"Plivo ended the call with hang-up code {code}: {why}."


def refused(status: int, text: str) -> str:
    """Return what an answer of the REST API means: a clause, without a full stop at its end."""
    if status == 400:
        for pattern, why in _REFUSALS:
            if re.search(pattern, text, re.IGNORECASE):
                return why
    return _BY_STATUS.get(status, "its answer says no more")


def dropped(reason: str) -> str:
    """Return why a media stream failed: a clause, without a full stop at its end."""
    return STREAM_REASONS.get(reason, "it says no more")

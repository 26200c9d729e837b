"""Whether Telnyx takes our API key, and knows the application that calls belong to.

Documented at developers.telnyx.com, "Retrieve a call control application"; tried against the emulator only.
"""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from voicecall.carriers import RestRequest
from voicecall.carriers.accounts import Question, Sample

from . import signatures


class _Application(msgspec.Struct, frozen=True):
    active: bool = True


class _One(msgspec.Struct, frozen=True):
    data: _Application = _Application()


def questions(url: str, authorization: str, connection_id: str) -> tuple[Question, ...]:
    """Return what to ask, given the API's URL."""
    application = f"{url}/call_control_applications/{quote(connection_id, safe='')}"
    request = RestRequest("GET", application, {"Authorization": authorization}, repeatable=True)
    return (Question(request, "telnyx.api_key", "telnyx.connection_id"),)


def shortcoming(body: bytes) -> str:
    """Return what is wrong with the application that an answer shows; empty where nothing is."""
    try:
        application = msgspec.json.decode(body, type=_One).data
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""
    return "" if application.active else "has switched this application off; switch it on in the portal"


def sample(url: str, nonce: str, now: float) -> Sample:
    """Return a report, whose signature is not right: only Telnyx can make one."""
    body = msgspec.json.encode({"data": {"event_type": "call.hangup", "id": nonce, "payload": {"call_leg_id": nonce}}})
    headers = {"Content-Type": "application/json", **signatures.forged(now)}
    return Sample(RestRequest("POST", url, headers, body), signed=False)

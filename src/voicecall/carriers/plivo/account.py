"""Whether Plivo takes our credentials, and whether the account can be used.

Documented at plivo.com/docs/account/api; tried against the emulator only.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

import msgspec

from voicecall.carriers import RestRequest
from voicecall.carriers.accounts import Question, Sample

from . import signatures


class _Account(msgspec.Struct, frozen=True):
    cash_credits: str | float | None = None


def questions(url: str, authorization: str) -> tuple[Question, ...]:
    """Return what to ask, given the account's URL."""
    request = RestRequest("GET", f"{url}/", {"Authorization": authorization}, repeatable=True)
    return (Question(request, "plivo.auth_id and plivo.auth_token"),)


def shortcoming(body: bytes) -> str:
    """Return what is wrong with the account that an answer shows; empty where nothing is."""
    try:
        credits = msgspec.json.decode(body, type=_Account).cash_credits
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""
    spent = re.fullmatch(r"-[\d.]+|0+(\.0*)?|\.0+", str(credits)) is not None if credits is not None else False
    return f"has {credits} of credit left: it places no calls" if spent else ""


def sample(token: signatures.Token, url: str, nonce: str) -> Sample:
    """Return a hang-up callback."""
    fields = [("CallUUID", nonce), ("Event", "Hangup"), ("CallStatus", "completed")]
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    headers = {**kind, **signatures.sign(token, url, fields, nonce)}
    return Sample(RestRequest("POST", url, headers, urlencode(fields).encode("ascii")))

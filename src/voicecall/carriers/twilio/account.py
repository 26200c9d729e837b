"""Whether Twilio takes our credentials, and whether the account can be used.

Documented at twilio.com/docs/iam/api/account; tried against the emulator only.
A standard API key may not ask after the account, but after its calls.
"""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec

from voicecall.carriers import RestRequest
from voicecall.carriers.accounts import Question, Sample

from . import signatures


class _Account(msgspec.Struct, frozen=True):
    status: str = "active"
    type: str = "Full"


def questions(url: str, own: str, used: str) -> tuple[Question, ...]:
    """Return what to ask, given the account's URL, its own authorization, and the one that requests are signed with."""
    account = RestRequest("GET", f"{url}.json", {"Authorization": own}, repeatable=True)
    asked = (Question(account, "twilio.account_sid, twilio.auth_token and twilio.region"),)
    if used == own:
        return asked
    calls = RestRequest("GET", f"{url}/Calls.json?PageSize=1", {"Authorization": used}, repeatable=True)
    return (*asked, Question(calls, "twilio.api_key_sid and twilio.api_key_secret"))


def shortcoming(body: bytes) -> str:
    """Return what is wrong with the account that an answer shows; empty where nothing is."""
    try:
        account = msgspec.json.decode(body, type=_Account)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""
    if account.status != "active":
        return f"is {account.status}: it places no calls; see the console"
    if account.type == "Trial":
        return "is a trial: it calls verified numbers only, and says so before each call"
    return ""


def sample(keys: signatures.Keys, account_sid: str, url: str, nonce: str) -> Sample:
    """Return a status callback."""
    fields = [("AccountSid", account_sid), ("CallSid", f"CA{nonce}"), ("CallStatus", "completed")]
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    headers = {**kind, **signatures.sign(keys, url, fields)}
    return Sample(RestRequest("POST", url, headers, urlencode(fields).encode("ascii")))

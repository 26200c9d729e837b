"""Telnyx's error codes in our words: what it means, and what to do. Never Telnyx's own texts, which hold the number.

Source: developers.telnyx.com, API error codes and SIP response codes, 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping

_CHANNELS = "as many calls as the account, its profile or the connection may have are under way; end some or raise it"
_DISABLED = "the connection, its outbound voice profile or the account is switched off; look at them in the portal"
_GEO = "the outbound voice profile does not admit that destination; allow it there in the Telnyx portal"
_INVALID_TO = "a number is not one that can be dialled; write it in E.164 (plus sign, country code, number)"
_KEY = "the credentials are wrong or may not do this; check telnyx.api_key"
_NO_ACCOUNT = "the account is not active; look at its state and balance in the Telnyx portal"
_NOT_OWNED = "from_number belongs neither to the account nor to its verified numbers; use one that does"
_STREAM = "a media stream is under way already, or cannot be opened in this state"
_TRANSCRIPTION = "it cannot listen to the call: it does so already, or in another way, or the call is not in that state"
_URL = "it does not accept a URL; public_url must be one that can be reached from outside, in 2000 characters"

SENTENCES: Mapping[str, str] = {
    "10002": _INVALID_TO,
    "10003": _URL,
    "10005": "it knows no such call or address; check telnyx.api_base_url and whose the API key is",
    "10009": _KEY,
    "10010": _KEY,
    "10011": "too many requests at once; wait and try again",
    "10016": _INVALID_TO,
    "10038": "the account may not use this; raise its level in the Telnyx portal",
    "10039": "the account may use this only to a limit; raise its level in the Telnyx portal",
    **dict.fromkeys((str(code) for code in range(20012, 20018)), _NO_ACCOUNT),
    "20100": "there is no credit left; top up the account",
    "90015": "it does not know the call; most likely it ended long ago",
    "90018": "the call is over",
    "90020": "nothing can be recorded before there is audio",
    "90034": "the call was not answered yet",
    **dict.fromkeys(("90041", "90042", "90043"), _CHANNELS),
    **dict.fromkeys(("90045", "90046", "90048"), _STREAM),
    **dict.fromkeys(("90053", "90054", "90055"), _TRANSCRIPTION),
    "90102": "a call that we placed cannot be answered by us",
    **dict.fromkeys(("D1", "D2", "D3"), _CHANNELS),
    "D9": "too many calls abroad at once; dial more slowly",
    **dict.fromkeys((f"D{code}" for code in range(13, 18)), _DISABLED),
    "D24": "the call costs more a minute than the outbound voice profile admits; raise its maximum rate in the portal",
    "D35": "from_number is not one that can be used as caller id; write it in E.164 (plus sign, country code, number)",
    "D36": _NOT_OWNED,
    "D38": "the connection has no outbound voice profile; give it one in the Telnyx portal",
    "D41": "calls to that range of numbers are blocked against fraud; ask Telnyx's support",
    "D51": _NOT_OWNED,
    **dict.fromkeys(("D60", "D61"), "the account's level does not admit this call; raise it in the Telnyx portal"),
}
_BY_STATUS: Mapping[int, str] = {401: "10009", 403: "10010", 404: "10005", 429: "10011"}


def sentence(code: str | None, status: int | None = None) -> str:
    """Return what an error means and what to do about it: a clause, without a full stop at its end.

    Without a code, the HTTP status of the answer says what can be said.
    """
    if code is None:
        code = _BY_STATUS.get(status or 0)
    if code is None:
        return "its answer says no more"
    return SENTENCES.get(code, "see https://developers.telnyx.com, API error codes")

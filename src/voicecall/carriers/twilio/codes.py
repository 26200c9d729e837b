"""Twilio's error codes in our words: what it means, and what to do. Never Twilio's own texts, which hold the number.

Source: twilio.com/docs/api/errors, 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping

_GEO = (
    "calls to that country or kind of number are switched off; "
    "allow them under Voice > Settings > Geo Permissions in the Twilio console"
)
_INVALID_TO = "the number called is not one that can be dialled; write it in E.164 (plus sign, country code, number)"
_NO_ACCOUNT = "the account is not active; look at its state and balance in the Twilio console"
_NOT_OWNED = "from_number belongs neither to the account nor to its verified caller ids; use one that does"
_OUR_URL = "it cannot fetch from public_url; check from outside that a POST to it reaches the gateway"
_STREAM_LOST = "the media stream was lost; the proxy in front of the gateway or the network cut it"
_OUR_FRAME = "it could not read a message on the media stream; something between it and the gateway changes them"

SENTENCES: Mapping[int, str] = {
    10001: _NO_ACCOUNT,
    10002: "a trial account cannot do this; upgrade the account",
    10004: "as many calls as the account may have are under way; end some or ask Twilio for more",
    10005: "voice is switched off for the account; ask Twilio's support",
    20003: "the credentials are wrong; check twilio.account_sid, twilio.auth_token and that both are of twilio.region",
    20005: _NO_ACCOUNT,
    20008: "these are test credentials, which place no calls; use the account's live ones",
    20404: "it knows no such account or call; check twilio.account_sid and twilio.region",
    20429: "too many requests at once; wait and try again",
    21201: "no number to call was given",
    21202: "premium and short numbers cannot be called",
    21203: "the account may not call abroad; allow it under Voice > Settings > Geo Permissions in the Twilio console",
    21205: "it does not accept the webhook URL; public_url must be an http(s) URL that can be reached from outside",
    21206: "it does not accept the digits; use 0-9, A-D, *, #, w and W, at most 32",
    21208: "it does not accept the ring time; limits.ring_timeout_ms may be up to 600000",
    21209: "it does not accept the webhook's method",
    21210: _NOT_OWNED,
    21211: _INVALID_TO,
    21212: "from_number is not one that can be used as caller id; write it in E.164 (plus sign, country code, number)",
    21213: "no caller id was given; set from_number",
    21214: "the number called cannot be reached",
    21215: _GEO,
    21216: "calls to that number are blocked",
    21217: _INVALID_TO,
    21218: "it does not know the application",
    21219: "a trial account calls only verified numbers; verify this one in the Twilio console or upgrade the account",
    21220: "the call is not in a state that permits this; most likely it is over",
    21262: "machine detection had nowhere to report to",
    22005: "more than a day of calls is queued already; dial more slowly",
    32205: _GEO,
    32224: "a domestic call cannot be forwarded abroad",
    13223: _INVALID_TO,
    13224: _INVALID_TO,
    13227: _GEO,
    13214: _NOT_OWNED,
    11200: _OUR_URL,
    11205: _OUR_URL,
    11750: "the answer to its webhook was too long; most likely a proxy answered in place of the gateway",
    12100: "the answer to its webhook was no TwiML; most likely a proxy answered in place of the gateway",
    12200: "the answer to its webhook was not quite TwiML",
    12300: "the answer to its webhook had the wrong content type; most likely a proxy answered in place of the gateway",
    32015: "the call reached its longest duration",
    32018: "the instructions for the call were too long",
    31901: "it could not open the media stream in time; check from outside that the stream URL reaches the gateway",
    31903: _STREAM_LOST,
    31910: "the stream URL needs port 443 and a certificate of a public authority",
    31920: "the stream URL was not answered with a WebSocket; the proxy must pass on the upgrade and the stream path",
    31921: "the gateway closed the media stream; its log says why",
    31922: "the stream URL must begin with wss; set public_url to an https URL",
    31924: _OUR_FRAME,
    31930: "the gateway read the media stream too slowly, and audio was lost",
    31931: "more than ten minutes of audio were sent ahead, and some of it was dropped",
    31941: "it does not accept the stream's track",
    31950: _OUR_FRAME,
    31951: _OUR_FRAME,
}
_BY_STATUS: Mapping[int, int] = {401: 20003, 403: 20003, 404: 20404, 429: 20429}


def sentence(code: int | None, status: int | None = None) -> str:
    """Return what an error means and what to do about it: a clause, without a full stop at its end.

    Without a code, the HTTP status of the answer says what can be said.
    """
    if code is None:
        code = _BY_STATUS.get(status or 0)
    if code is None:
        return "its answer says no more"
    return SENTENCES.get(code, f"see https://www.twilio.com/docs/api/errors/{code}")

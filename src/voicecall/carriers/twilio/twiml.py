"""TwiML: what a call is to do next, as Twilio's XML.

Source: twilio.com/docs/voice/twiml, 2026-11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import assert_never

from voicecall.carriers import Callback, ComeBack, ConnectStream, Dismiss, PressDigits, Prompt, RejectCall
from voicecall.errors import CarrierError

from . import codes
from .webhooks import callback

_LONGEST_PARAMETER = 499
_LONGEST_SAY = 4096
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""
_KEYS = re.compile(r"[0-9A-D*#wW]+")
_SPELLING = str.maketrans(",pPabcd", "wwwABCD")
_BAD_DIGITS = 21206

Told = ConnectStream | Prompt | ComeBack | Dismiss | RejectCall | PressDigits
"""The actions that TwiML can carry out."""


@dataclass(frozen=True, slots=True)
class Speech:
    """How Twilio speaks and listens by itself. What is empty is left to Twilio."""

    voice: str
    """One of Twilio's names, such as `Polly.Joanna`."""
    language: str
    """BCP 47, such as `en-US`."""


def write(speech: Speech, action: Told) -> str:
    """Return the document, without its XML declaration.

    Raises:
        CarrierError: the credential or the text is too long for TwiML, or the digits are none.
    """
    match action:
        case ConnectStream():
            verbs = _connect(action)
        case Prompt():
            verbs = _prompt(speech, action)
        case ComeBack(back=back):
            verbs = _element("Pause", length="1") + _redirect(_again(back))
        case Dismiss(text=text):
            verbs = _say(speech, text) + _element("Hangup")
        case RejectCall(reason=reason):
            verbs = _element("Reject", reason=reason)
        case PressDigits(digits=digits, back=back):
            verbs = _element("Play", digits=keys(digits)) + _redirect(_again(back))
        case _:
            assert_never(action)
    return _element("Response", verbs)


def keys(digits: str) -> str:
    """Return digits as Twilio spells them. A comma or a `p` is half a second's pause, as `w` is.

    Raises:
        CarrierError: there is none, or something that is no key.
    """
    spelled = digits.translate(_SPELLING)
    if _KEYS.fullmatch(spelled) is None:
        raise bad_digits()
    return spelled


def bad_digits() -> CarrierError:
    """Return the refusal that Twilio itself would answer; the digits may be a secret, and are not told."""
    return CarrierError(f"Twilio cannot send the digits: {codes.sentence(_BAD_DIGITS)}", code=str(_BAD_DIGITS))


def _connect(action: ConnectStream) -> str:
    """Stream, and ask for a new document when the stream ends while the call lives on.

    Twilio follows the `action` and never gets to the `<Redirect>`, which is there for a leg that loses the stream in a
    way that skips the first.
    """
    if len(action.credential) + len("token") > _LONGEST_PARAMETER:
        raise CarrierError("the media stream's credential is longer than a TwiML parameter may be", code="too-long")
    again = _again(action.back)
    report = callback(action.back.webhook_url, action.back.call_id, kind="stream")
    token = _element("Parameter", name="token", value=action.credential)
    stream = _element("Stream", token, url=action.stream_url, statusCallback=report)
    return _element("Connect", stream, action=again) + _redirect(again)


def _prompt(speech: Speech, action: Prompt) -> str:
    """Speak, listen where asked to, and come back with the prompt's number in the URL.

    A `<Gather>` that heard nothing asks its `action` too; where it does not, the `<Redirect>` says the same.
    """
    back = action.back
    url = callback(back.webhook_url, back.call_id, kind="gather", visit=back.visit, prompt=action.number)
    words = _say(speech, action.text)
    if action.listen:
        words = _element(
            "Gather",
            words,
            input="dtmf speech",
            action=url,
            method="POST",
            timeout="5",
            speechTimeout="auto",
            language=speech.language,
            actionOnEmptyResult="true",
        )
    return words + _redirect(url)


def _say(speech: Speech, text: str) -> str:
    words = " ".join(filter(None, (_FORBIDDEN.sub("", word) for word in text.split())))
    if len(words) > _LONGEST_SAY:
        raise CarrierError(f"a text of {len(words)} characters is too long for Twilio to speak", code="too-long")
    if not words:
        return ""
    return _element("Say", escape(words, quote=False), voice=speech.voice, language=speech.language)


def _redirect(url: str) -> str:
    return _element("Redirect", escape(_FORBIDDEN.sub("", url)), method="POST")


def _again(back: Callback) -> str:
    return callback(back.webhook_url, back.call_id, visit=back.visit)


def _element(tag: str, /, inside: str = "", **attributes: str) -> str:
    """Return an element; `inside` is XML already, and an attribute without a value is left out."""
    given = "".join(f' {name}="{escape(_FORBIDDEN.sub("", value))}"' for name, value in attributes.items() if value)
    return f"<{tag}{given}>{inside}</{tag}>" if inside else f"<{tag}{given}/>"

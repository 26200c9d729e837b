"""Plivo's XML: what a call is to do next.

Source: plivo.com/docs/voice/xml and /docs/voice-agents/audio-streaming/xml/stream, 2026-11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import assert_never

from voicecall.carriers import Callback, ComeBack, ConnectStream, Dismiss, Prompt, RejectCall
from voicecall.errors import CarrierError

from .codecs import CONTENT_TYPES, Codec
from .webhooks import callback

_LONGEST_SPEAK = 3000
_LONGEST_SERVICE_URL = 2048
_LISTENING = 15
"""Seconds that the carrier listens at most, counted from the end of its own words."""
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""

Told = ConnectStream | Prompt | ComeBack | Dismiss | RejectCall
"""The actions that the XML can carry out."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How Plivo speaks, listens and streams. A voice or a language that is empty is left to Plivo."""

    voice: str
    """`WOMAN`, `MAN`, or a name such as `Polly.Joanna`."""
    language: str
    """BCP 47, such as `en-US`."""
    codec: Codec
    """What media streams are asked to carry."""


def write(manner: Manner, action: Told) -> str:
    """Return the document, without its XML declaration.

    Raises:
        CarrierError: the stream's URL or the text is too long for Plivo.
    """
    match action:
        case ConnectStream():
            elements = _stream(manner, action) + _come_back(action.back)
        case Prompt():
            elements = _prompt(manner, action)
        case ComeBack(back=back):
            elements = _come_back(back)
        case Dismiss(text=text):
            elements = _speak(manner, text) + _element("Hangup")
        case RejectCall(reason=reason):
            elements = _element("Hangup", reason=reason)
        case _:
            assert_never(action)
    return _element("Response", elements)


def words(text: str) -> str:
    """Return a text as Plivo is to speak it.

    Raises:
        CarrierError: it is too long.
    """
    spoken = " ".join(filter(None, (_FORBIDDEN.sub("", word) for word in text.split())))
    if len(spoken) > _LONGEST_SPEAK:
        raise CarrierError(f"a text of {len(spoken)} characters is too long for Plivo to speak", code="too-long")
    return spoken


def _stream(manner: Manner, action: ConnectStream) -> str:
    """Stream, with the credential as the last segment of the path; `keepCallAlive` is what makes the document wait."""
    url = _FORBIDDEN.sub("", f"{action.stream_url.rstrip('/')}/{action.credential}")
    if len(url) > _LONGEST_SERVICE_URL:
        raise CarrierError("the media stream's URL is longer than Plivo takes", code="too-long")
    return _element(
        "Stream",
        escape(url, quote=False),
        bidirectional="true",
        keepCallAlive="true",
        audioTrack="inbound",
        contentType=CONTENT_TYPES[manner.codec],
        statusCallbackUrl=callback(action.back.webhook_url, action.back.call_id, kind="stream"),
        statusCallbackMethod="POST",
    )


def _prompt(manner: Manner, action: Prompt) -> str:
    """Speak, listen where asked to, and come back with the prompt's number in the URL.

    A `<GetInput>` that heard nothing does not ask its `action`: the `<Redirect>` then says the same.
    """
    back = action.back
    url = callback(back.webhook_url, back.call_id, kind="gather", visit=back.visit, prompt=action.number)
    spoken = _speak(manner, action.text)
    if action.listen:
        spoken = _element(
            "GetInput",
            spoken,
            action=url,
            method="POST",
            inputType="dtmf speech",
            executionTimeout=str(_LISTENING),
            speechEndTimeout="2",
            language=manner.language,
            log="false",
        )
    return spoken + _redirect(url)


def _speak(manner: Manner, text: str) -> str:
    spoken = words(text)
    if not spoken:
        return ""
    return _element("Speak", escape(spoken, quote=False), voice=manner.voice, language=manner.language)


def _redirect(url: str) -> str:
    return _element("Redirect", escape(_FORBIDDEN.sub("", url), quote=False), method="POST")


def _come_back(back: Callback) -> str:
    """Wait a second and ask again.

    Plivo ends a call whose document it cannot fetch; and what broke a media stream, such as a gateway or a proxy that
    starts anew, stands in the way of the document as well.
    """
    return _element("Wait", length="1", silence="true") + _redirect(_again(back))


def _again(back: Callback) -> str:
    return callback(back.webhook_url, back.call_id, visit=back.visit)


def _element(tag: str, /, inside: str = "", **attributes: str) -> str:
    """Return an element; `inside` is XML already, and an attribute without a value is left out."""
    given = "".join(f' {name}="{escape(_FORBIDDEN.sub("", value))}"' for name, value in attributes.items() if value)
    return f"<{tag}{given}>{inside}</{tag}>" if inside else f"<{tag}{given}/>"

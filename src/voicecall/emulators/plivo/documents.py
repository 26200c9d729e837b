"""Plivo XML: a document is parsed to elements. Pure.

Source: Plivo docs `voice/xml/*`. One element, attribute or value that Plivo does not know spoils the whole document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from xml.etree import ElementTree

from voicecall.errors import FrameError

from .elements import Dial, Dtmf, Element, GetInput, Hangup, Play, Record, Redirect, Speak, Stream, Wait

LARGEST = 100 * 1024
"""Bytes of a document."""
LONGEST_SPEAK = 3000
"""Characters of a `<Speak>`."""
LONGEST_URL = 2048
"""Characters of a stream's URL."""
LONGEST_HEADERS = 512
"""Bytes of a stream's extra headers."""
AUTO = 2.0
"""Seconds of silence that end an input whose time-out is `auto`."""
_WOMAN = frozenset("da-DK nl-NL en-AU en-GB en-US fr-FR fr-CA de-DE it-IT pl-PL pt-BR ru-RU es-ES es-US sv-SE".split())
_MAN = frozenset("nl-NL en-AU en-GB en-US fr-FR de-DE it-IT pl-PL pt-PT pt-BR es-ES es-US".split())
_HINTS = (500, 100, 10_000)
"""Phrases, characters of one, characters of all."""
_DIGITS = frozenset("0123456789ABCD*#wW")
_METHODS = frozenset({"GET", "POST"})
_MOST_SECONDS = 86_400.0


class XmlError(FrameError):
    """A document cannot be run."""


def parse(body: bytes) -> tuple[Element, ...]:
    """Return the elements of a document.

    Raises:
        XmlError: it is too large, no XML, or asks for something that Plivo does not know.
    """
    if len(body) > LARGEST:
        raise XmlError(f"the document has {len(body)} bytes")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - from the gateway under test, and small
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise XmlError(f"the document is no XML: {error}") from None
    if root.tag != "Response":
        raise XmlError(f"the root is <{root.tag}>, not <Response>")
    return tuple(_element(element) for element in root)


def read_headers(text: str) -> tuple[tuple[str, str], ...]:
    """Return the extra headers of a stream, written `k=v,k2=v2` or `k=v;k2=v2`.

    Raises:
        XmlError: there is too much of them.
    """
    if len(text.encode(errors="replace")) > LONGEST_HEADERS:
        raise XmlError(f"extraHeaders has more than {LONGEST_HEADERS} bytes")
    pairs = (pair.partition("=") for pair in re.split("[,;]", text))
    return tuple((name.strip(), value.strip()) for name, equals, value in pairs if equals)


def _element(element: ElementTree.Element) -> Element:
    read = _READERS.get(element.tag)
    if read is None:
        raise XmlError(f"<{element.tag}> is no element of this simulator")
    return read(_Given(element))


class _Given:
    """An element, with its attributes read one by one; those that nobody asks for spoil it."""

    def __init__(self, element: ElementTree.Element) -> None:
        self.tag = element.tag
        self.text = (element.text or "").strip()
        self.children = tuple(element)
        self.spoken = " ".join("".join(element.itertext()).split())
        self._left = dict(element.attrib)

    def text_of(self, name: str, default: str = "") -> str:
        return self._left.pop(name, default)

    def choice(self, name: str, default: str, *others: str) -> str:
        text = self.text_of(name, default)
        if text not in (default, *others):
            raise self.wrong(f"{name} is {text!r}")
        return text

    def flag(self, name: str, *, default: bool) -> bool:
        return self.choice(name, str(default).lower(), str(not default).lower()) == "true"

    def method(self, name: str = "method") -> str:
        return self.choice(name, "POST", *_METHODS)

    def number(self, name: str, default: float, least: float, most: float) -> float:
        text = self.text_of(name, str(default))
        if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text, re.ASCII) is None or not least <= float(text) <= most:
            raise self.wrong(f"{name} is not from {least:g} to {most:g}: {text}")
        return float(text)

    def pause(self, name: str) -> float:
        if self._left.get(name) == "auto":
            del self._left[name]
        return self.number(name, AUTO, 2, 10)

    def ignore(self, names: str) -> None:
        for name in names.split():
            self._left.pop(name, None)

    def done(self, *children: str) -> None:
        """Refuse what is left."""
        for name in self._left:
            raise self.wrong(f"it has no attribute {name}")
        for child in self.children:
            if child.tag not in children:
                raise self.wrong(f"it holds no <{child.tag}>")

    def wrong(self, why: str) -> XmlError:
        return XmlError(f"<{self.tag}>: {why}")


def _speak(given: _Given) -> Speak:
    voice, language = given.text_of("voice", "WOMAN"), given.text_of("language", "en-US")
    polly = voice.startswith("Polly.")
    spoken = {"WOMAN": _WOMAN, "MAN": _MAN}.get(voice, frozenset())
    if not polly and language not in spoken:
        raise given.wrong(f"{voice} does not speak {language}")
    if len(given.spoken) > LONGEST_SPEAK:
        raise given.wrong(f"{len(given.spoken)} characters of text")
    loop = round(given.number("loop", 1, 0, 1000))
    given.done(*(child.tag for child in given.children if polly))
    return Speak(given.spoken, loop)


def _play(given: _Given) -> Play:
    loop = round(given.number("loop", 1, 0, 1000))
    given.done()
    return Play(given.text, loop)


def _wait(given: _Given) -> Wait:
    length, silence = given.number("length", 1, 0, _MOST_SECONDS), given.flag("silence", default=False)
    given.ignore("minSilence beep")
    given.done()
    return Wait(length, silence)


def _dtmf(given: _Given) -> Dtmf:
    if not given.text or not set(given.text) <= _DIGITS:
        raise given.wrong("digits are 0-9, A-D, *, #, w and W")
    asynchronous = given.flag("async", default=True)
    given.done()
    return Dtmf(given.text, asynchronous)


def _get_input(given: _Given) -> GetInput:
    kinds = given.choice("inputType", "dtmf", "speech", "dtmf speech", "speech dtmf").split()
    prompts = tuple(prompt for child in given.children if isinstance(prompt := _element(child), Speak | Play))
    phrases = [phrase.strip() for phrase in given.text_of("hints").split(",")]
    most, longest, most_characters = _HINTS
    if len(phrases) > most or max(map(len, phrases)) > longest or sum(map(len, phrases)) > most_characters:
        raise given.wrong("too many hints")
    finish = given.text_of("finishOnKey", "#")
    given.choice("speechModel", "default", "command_and_search", "phone_call")
    wanted = GetInput(
        action=given.text_of("action"),
        method=given.method(),
        prompts=prompts,
        dtmf="dtmf" in kinds,
        speech="speech" in kinds,
        execution_timeout=given.number("executionTimeout", 15, 5, 60),
        digit_end_timeout=given.pause("digitEndTimeout"),
        speech_end_timeout=given.pause("speechEndTimeout"),
        finish_on_key="" if finish == "none" else finish,
        num_digits=round(given.number("numDigits", 32, 1, 32)),
        redirect=given.flag("redirect", default=True),
        interim_callback=given.text_of("interimSpeechResultsCallback"),
        interim_method=given.method("interimSpeechResultsCallbackMethod"),
    )
    given.ignore("language profanityFilter log startInputTimeout retries")
    given.done("Speak", "Play")
    if not wanted.action:
        raise given.wrong("it needs an action")
    return wanted


def _redirect(given: _Given) -> Redirect:
    method = given.method()
    given.done()
    return Redirect(given.text, method)


def _hangup(given: _Given) -> Hangup:
    reason = given.choice("reason", "", "rejected", "busy")
    schedule = given.number("schedule", 0, 0, _MOST_SECONDS)
    given.done()
    return Hangup("busy" if reason == "busy" else "rejected" if reason else "", schedule)


def _record(given: _Given) -> Record:
    wanted = Record(
        action=given.text_of("action"),
        method=given.method(),
        redirect=given.flag("redirect", default=True),
        max_length=given.number("maxLength", 60, 1, _MOST_SECONDS),
        finish_on_key=given.text_of("finishOnKey", "#"),
        session=given.flag("recordSession", default=False),
        callback=given.text_of("callbackUrl"),
        callback_method=given.method("callbackMethod"),
    )
    given.ignore("fileFormat timeout playBeep startOnDialAnswer recordChannelType")
    given.ignore("transcriptionType transcriptionUrl transcriptionMethod")
    given.done()
    return wanted


def _dial(given: _Given) -> Dial:
    texts = [child.text for child in given.children if child.tag == "Number"]
    wanted = Dial(
        numbers=tuple(text.strip() for text in texts if text and text.strip()),
        action=given.text_of("action"),
        method=given.method(),
        redirect=given.flag("redirect", default=True),
        timeout=given.number("timeout", 30, 1, 600),
        time_limit=given.number("timeLimit", 14_400, 1, _MOST_SECONDS),
    )
    given.ignore("callerId callerName hangupOnStar callbackUrl callbackMethod confirmSound confirmKey confirmTimeout")
    given.ignore("dialMusic digitsMatch digitsMatchBLeg sipHeaders")
    given.done("Number", "User")
    return wanted


def _stream(given: _Given) -> Stream:
    wanted = Stream(
        url=given.text,
        bidirectional=given.flag("bidirectional", default=False),
        keep_call_alive=given.flag("keepCallAlive", default=False),
        content_type=given.text_of("contentType"),
        track=given.choice("audioTrack", "inbound", "outbound", "both"),
        timeout=given.number("streamTimeout", 86_400, 1, _MOST_SECONDS),
        status_callback=given.text_of("statusCallbackUrl"),
        status_method=given.method("statusCallbackMethod"),
        extra_headers=read_headers(given.text_of("extraHeaders")),
    )
    given.ignore("noiseCancellation noiseCancellationLevel")
    given.done()
    if len(wanted.url) > LONGEST_URL:
        raise given.wrong(f"a URL of {len(wanted.url)} characters")
    return wanted


_READERS: Mapping[str, Callable[[_Given], Element]] = {
    "Speak": _speak,
    "Play": _play,
    "Wait": _wait,
    "DTMF": _dtmf,
    "GetInput": _get_input,
    "Redirect": _redirect,
    "Hangup": _hangup,
    "Record": _record,
    "Dial": _dial,
    "Stream": _stream,
}

"""TwiML: a document is parsed to verbs. Pure.

Source: Twilio docs `voice/twiml/*`. Verbs and attributes that are not simulated are reported as warnings and skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from voicecall.errors import FrameError

from .verbs import ConnectStream, Dial, Enqueue, Gather, Hangup, Leave, Pause, Play, Redirect, Reject, Say, Verb

LARGEST = 64 * 1024
"""Bytes of a document."""
LONGEST_SAY = 4096
"""Characters of a `<Say>`."""
LONGEST_PARAMETER = 500
"""Name and value of a `<Parameter>` together are shorter than so many characters."""


class TwimlError(FrameError):
    """A document cannot be run; `code` is Twilio's error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Document:
    """What a document asks for, and what in it was not understood (12200)."""

    verbs: tuple[Verb, ...]
    warnings: tuple[str, ...] = ()


def parse(body: bytes) -> Document:
    """Return the verbs of a document.

    Raises:
        TwimlError: it is too large, no XML, or no `<Response>`.
    """
    if len(body) > LARGEST:
        raise TwimlError(11750, f"the document has {len(body)} bytes")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - from the gateway under test, and small
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise TwimlError(12100, f"the document is no XML: {error}") from None
    if root.tag != "Response":
        raise TwimlError(12100, f"the root is <{root.tag}>, not <Response>")
    reader = _Reader()
    verbs = tuple(verb for element in root if (verb := reader.verb(element)) is not None)
    return Document(verbs, tuple(reader.warnings))


class _Reader:
    """Reads elements and notes what is wrong with them."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self._verbs: Mapping[str, Callable[[ElementTree.Element], Verb | None]] = {
            "Say": self._say,
            "Play": self._play,
            "Pause": self._pause,
            "Gather": self._gather,
            "Redirect": self._redirect,
            "Reject": self._reject,
            "Hangup": lambda _: Hangup(),
            "Leave": lambda _: Leave(),
            "Dial": self._dial,
            "Enqueue": self._enqueue,
            "Connect": self._connect,
        }

    def verb(self, element: ElementTree.Element) -> Verb | None:
        """Return the verb, or None with a warning when it cannot be carried out."""
        reader = self._verbs.get(element.tag)
        if reader is None:
            self._warn(f"<{element.tag}> is no verb of this simulator")
            return None
        try:
            return reader(element)
        except ValueError as error:
            self._warn(f"<{element.tag}>: {error}")
            return None

    def _warn(self, text: str) -> None:
        self.warnings.append(text)

    def _attributes(self, element: ElementTree.Element, known: str) -> Mapping[str, str]:
        for name in element.attrib.keys() - set(known.split()):
            self._warn(f"<{element.tag}> has no attribute {name}")
        return element.attrib

    def _say(self, element: ElementTree.Element) -> Say:
        given = self._attributes(element, "voice language loop")
        text = " ".join("".join(element.itertext()).split())
        if len(text) > LONGEST_SAY:
            raise ValueError(f"{len(text)} characters of text")
        return Say(text, int(given.get("loop", 1)))

    def _play(self, element: ElementTree.Element) -> Play:
        given = self._attributes(element, "digits loop")
        digits = given.get("digits", "")
        if not set(digits) <= set("0123456789ABCD*#wW"):
            raise ValueError("digits are 0-9, A-D, *, #, w and W")
        return Play((element.text or "").strip(), digits, int(given.get("loop", 1)))

    def _pause(self, element: ElementTree.Element) -> Pause:
        return Pause(_seconds(self._attributes(element, "length").get("length", "1")))

    def _gather(self, element: ElementTree.Element) -> Gather:
        given = self._attributes(
            element,
            "input action method timeout speechTimeout maxSpeechTime numDigits finishOnKey language hints "
            "profanityFilter speechModel enhanced bargeIn actionOnEmptyResult partialResultCallback "
            "partialResultCallbackMethod debug",
        )
        kinds = set(given.get("input", "dtmf").split())
        if not kinds or not kinds <= {"dtmf", "speech"}:
            raise ValueError("input is dtmf, speech or both")
        prompts = tuple(verb for child in element if isinstance(verb := self.verb(child), Say | Play | Pause))
        timeout = given.get("timeout", "5")
        pause = given.get("speechTimeout")
        return Gather(
            prompts,
            dtmf="dtmf" in kinds,
            speech="speech" in kinds,
            action=given.get("action", ""),
            method=_method(given.get("method", "POST")),
            timeout=5.0 if timeout == "auto" else _seconds(timeout),
            speech_timeout=None if pause is None else 1.0 if pause == "auto" else _seconds(pause),
            max_speech_time=_seconds(given.get("maxSpeechTime", "60")),
            num_digits=int(given["numDigits"]) if "numDigits" in given else None,
            finish_on_key=given.get("finishOnKey", "#"),
            barge_in=_flag(given.get("bargeIn", "true")),
            action_on_empty_result=_flag(given.get("actionOnEmptyResult", "false")),
            partial_result_callback=given.get("partialResultCallback", ""),
            partial_result_method=_method(given.get("partialResultCallbackMethod", "POST")),
        )

    def _redirect(self, element: ElementTree.Element) -> Redirect:
        return Redirect(
            (element.text or "").strip(), _method(self._attributes(element, "method").get("method", "POST"))
        )

    def _reject(self, element: ElementTree.Element) -> Reject:
        reason = self._attributes(element, "reason").get("reason", "rejected")
        if reason not in ("busy", "rejected"):
            raise ValueError(f"reason is {reason!r}")
        return Reject("busy" if reason == "busy" else "rejected")

    def _dial(self, element: ElementTree.Element) -> Dial:
        given = self._attributes(element, "action method timeout timeLimit callerId hangupOnStar answerOnBridge")
        numbers = [element.text, *(child.text for child in element if child.tag == "Number")]
        for child in element:
            if child.tag != "Number":
                self._warn(f"<Dial><{child.tag}> is not simulated")
        return Dial(
            tuple(number.strip() for number in numbers if number and number.strip()),
            given.get("action", ""),
            _method(given.get("method", "POST")),
            _seconds(given.get("timeout", "30")),
            _seconds(given.get("timeLimit", "14400")),
        )

    def _enqueue(self, element: ElementTree.Element) -> Enqueue:
        given = self._attributes(element, "action method waitUrl waitUrlMethod maxQueueSize workflowSid")
        return Enqueue(
            (element.text or "").strip(),
            given.get("action", ""),
            _method(given.get("method", "POST")),
            given.get("waitUrl", ""),
            _method(given.get("waitUrlMethod", "POST")),
        )

    def _connect(self, element: ElementTree.Element) -> ConnectStream | None:
        outer = self._attributes(element, "action method")
        streams = element.findall("Stream")
        if len(streams) != 1 or len(element) != 1:
            self._warn("<Connect> holds one <Stream>, nothing else is simulated")
            return None
        given = self._attributes(streams[0], "url name track statusCallback statusCallbackMethod")
        parameters = []
        for child in streams[0]:
            name, value = child.get("name", ""), child.get("value", "")
            if child.tag != "Parameter" or len(name) + len(value) >= LONGEST_PARAMETER:
                self._warn(f"<Stream><{child.tag}> is no parameter, or longer than {LONGEST_PARAMETER} characters")
            else:
                parameters.append((name, value))
        return ConnectStream(
            given.get("url", ""),
            given.get("name", ""),
            given.get("track", "inbound_track"),
            tuple(parameters),
            given.get("statusCallback", ""),
            _method(given.get("statusCallbackMethod", "POST")),
            outer.get("action", ""),
            _method(outer.get("method", "POST")),
        )


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 86_400:
        raise ValueError(f"{text} is no number of seconds")
    return seconds


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return text == "true"


def _method(text: str) -> str:
    if text not in ("GET", "POST"):
        raise ValueError(f"{text!r} is neither GET nor POST")
    return text

"""Deepgram's recognisers over WebSocket: Nova here, Flux (models that begin with `flux`) next door."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from voicecall.audio import TELEPHONE_RATE
from voicecall.net.link import Message
from voicecall.speech import Report, TranscriberStream, Trouble, VendorOptions
from voicecall.speech.deepgram import address, credentials, spelling

from .deepgram_flux import FILL, FluxStream
from .deepgram_listen import SECTION, Listening, Segment

_MODEL = "nova-3"
_CHUNK = 160
"""Bytes of audio in a message: 20 ms."""
_KEEPALIVE = '{"type":"KeepAlive"}'
_FINALIZE = '{"type":"Finalize"}'
_SLACK = round(0.15 * TELEPHONE_RATE)
"""How far before the stop of a segment its last final may end: less than the silence that a stop takes."""
_FINALIZED_SLACK = round(0.5 * TELEPHONE_RATE)
"""The same of a final that was asked for."""
_CLICK = round(0.5 * TELEPHONE_RATE)
"""How long a sound without words must have been settled to count as over."""


class DeepgramTranscriber:
    """Deepgram, shared by all calls.

    `due`: seconds from the stop of a segment to its final, at most. `keepalive`: seconds without audio after which the
    connection is kept alive by other means; Nova hangs up after 10.
    """

    def __init__(self, options: VendorOptions, *, due: float = 2.5, keepalive: float | None = None) -> None:
        self._options = options
        self._due = due
        self._keepalive = keepalive

    def open(self, report: Callable[[Report], None], language: str = "en") -> TranscriberStream:
        """Start listening to a call."""
        language = self._options.language or language
        if (self._options.model or _MODEL).startswith("flux"):
            return FluxStream(self._options, language, report, due=self._due, gap=self._keepalive or FILL)
        return NovaStream(self._options, language, report, due=self._due, keepalive=self._keepalive or 4.0)


class _Word(msgspec.Struct):
    start: float
    end: float


class _Alternative(msgspec.Struct):
    transcript: str
    words: list[_Word] = []


class _Channel(msgspec.Struct):
    alternatives: list[_Alternative]


class _Results(msgspec.Struct, tag_field="type", tag="Results"):
    start: float
    duration: float
    channel: _Channel
    is_final: bool = False
    speech_final: bool = False
    from_finalize: bool = False


class _SpeechStarted(msgspec.Struct, tag_field="type", tag="SpeechStarted"):
    timestamp: float


class _UtteranceEnd(msgspec.Struct, tag_field="type", tag="UtteranceEnd"):
    last_word_end: float


class _Error(msgspec.Struct, tag_field="type", tag="Error"):
    variant: str = ""
    code: str | None = None


_Told = _Results | _SpeechStarted | _UtteranceEnd | _Error
_decoder: msgspec.json.Decoder[_Told] = msgspec.json.Decoder(_Told)


class NovaStream(Listening):
    """One call with Nova.

    An utterance is the concatenation of its final results; an interim result stands for what comes after the newest of
    them. The end of a segment is passed on as `Finalize`, which makes Nova settle what it has.
    """

    _at_stop = _FINALIZE

    def __init__(
        self,
        options: VendorOptions,
        language: str,
        report: Callable[[Report], None],
        *,
        due: float,
        keepalive: float,
    ) -> None:
        query = {
            "model": options.model or _MODEL,
            "language": spelling(language),
            "encoding": "mulaw",
            "sample_rate": f"{TELEPHONE_RATE}",
            "channels": "1",
            "interim_results": "true",
            "endpointing": "300",
            "utterance_end_ms": "1000",
            "vad_events": "true",
            "smart_format": "true",
        }
        url = address(options, "/v1/listen", query, socket=True)
        super().__init__(url, credentials(options), report, chunk=_CHUNK, due=due, keepalive=(keepalive, _KEEPALIVE))
        self._settled_to = 0
        """The place up to which the words are final."""
        self._onset = 0
        """The place where Nova last heard speech begin."""

    def _take(self, message: Message) -> None:
        if self._closed or isinstance(message, bytes):
            return
        try:
            read = _decoder.decode(message)
        except msgspec.DecodeError:
            return
        match read:
            case _Results():
                self._results(read)
            case _SpeechStarted():
                self._hears(self._place(read.timestamp))
            case _UtteranceEnd():
                if self._place(read.last_word_end) > self._onset:
                    self._stopped_speaking(self._place(read.last_word_end))
            case _Error():
                self._tell(Trouble("vendor-error", f"{SECTION}: Deepgram reports {read.code or read.variant}."))

    def _results(self, read: _Results) -> None:
        start, end = self._place(read.start), self._place(read.start + read.duration)
        heard = read.channel.alternatives[0] if read.channel.alternatives else _Alternative("")
        text = heard.transcript.strip()
        if text:
            self._hears(self._place(heard.words[0].start) if heard.words else start)
        if read.is_final:
            self._settle(end)
            self._settled_to = end
        for segment in tuple(self._segments):
            if segment.stop is None or start < segment.stop:
                if end > segment.start:
                    self._credit(segment, text, end, read)
                break
            self._end(segment)
        if read.speech_final or (read.is_final and not text and end > self._onset + _CLICK):
            self._stopped_speaking(self._place(heard.words[-1].end) if heard.words else end)

    def _hears(self, place: int) -> None:
        if not self._speaking:
            self._onset = place
            self._began_speaking(place)

    def _credit(self, segment: Segment, text: str, end: int, read: _Results) -> None:
        """Give a segment the words of a result, and end it if there will be no more."""
        segment.latest = "" if read.is_final else text
        if read.is_final and text:
            segment.settled.append(text)
        slack = 0 if not read.is_final else _FINALIZED_SLACK if read.from_finalize else _SLACK
        if segment.stop is not None and (read.is_final or not text) and end >= segment.stop - slack:
            self._end(segment)
        else:
            self._partial(segment)

    def _stopped(self, segment: Segment) -> None:
        if segment.settled and not segment.latest and self._settled_to >= self._here - _SLACK:
            self._loop.call_soon(self._end, segment)
        else:
            self._send(_FINALIZE)

    def _interrupted(self) -> None:
        """The connection is lost; what was not settled is heard again."""
        for segment in self._segments:
            segment.latest = ""

"""Flux, the recogniser of Deepgram's that knows turns: it says by itself when the caller has finished."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from voicecall.audio import TELEPHONE_RATE
from voicecall.audio.g711 import MULAW_SILENCE
from voicecall.errors import SpeechError
from voicecall.net.link import Message
from voicecall.speech import Report, Trouble, TurnSign, VendorOptions
from voicecall.speech.deepgram import address, credentials, primary

from .deepgram_listen import SECTION, Listening, Segment

_CHUNK = 640
"""Bytes of audio in a message: 80 ms, as Deepgram asks for."""
FILL = 0.5
"""Seconds without caller audio that are filled with silence: Flux knows no other way of staying connected."""
_SLACK = round(0.15 * TELEPHONE_RATE)
"""How far before the stop of a segment its words may be known: less than the silence that a stop takes."""
_FORCE = 0.4
"""The part of the time for a final after which Flux is made to end its turn."""
_FORCE_END_TURN = '{"type":"ForceEndTurn"}'


class _Word(msgspec.Struct):
    word: str
    start: float | None = None
    end: float | None = None


class _TurnInfo(msgspec.Struct, tag_field="type", tag="TurnInfo"):
    event: str
    turn_index: int
    audio_window_end: float
    words: list[_Word] = []
    trigger: str | None = None


class _Warning(msgspec.Struct, tag_field="type", tag="Warning"):
    code: str = "a warning"


class _Error(msgspec.Struct, tag_field="type", tag="Error"):
    code: str = "an error"


_Told = _TurnInfo | _Warning | _Error
_decoder: msgspec.json.Decoder[_Told] = msgspec.json.Decoder(_Told)


class FluxStream(Listening):
    """One call with Flux.

    A turn of Flux's outlasts pauses, so that one turn may hold the words of several segments, each of which gets what
    was said before its stop. The newest transcript that reaches beyond the stop is the segment's final; a turn is not
    ended by force for that, since Flux's own opinion on its end would be lost. Only where no transcript reaches so far
    in time, `ForceEndTurn` asks for one.
    """

    def __init__(
        self,
        options: VendorOptions,
        language: str,
        report: Callable[[Report], None],
        *,
        due: float,
        gap: float,
    ) -> None:
        language = primary(language)
        model = options.model or "flux"
        if model == "flux":
            model = "flux-general-en" if language == "en" else "flux-general-multi"
        query = {
            "model": model,
            "encoding": "mulaw",
            "sample_rate": f"{TELEPHONE_RATE}",
            "eot_threshold": "0.7",
            "eager_eot_threshold": "0.5",
            "eot_timeout_ms": "5000",
        }
        if model.endswith("-multi") and language != "multi":
            query["language_hint"] = language
        url = address(options, "/v2/listen", query, socket=True)
        super().__init__(url, credentials(options), report, chunk=_CHUNK, due=due)
        self._force_after = _FORCE * due
        self._gap = gap
        self._alive = False
        """Whether the present connection brought anything."""
        self._turn = -1
        self._given = 0
        """How many words of this turn belong to segments that are over."""
        self._seen = 0
        """How many words this turn has so far."""
        self._filled = 0

    async def run(self) -> None:
        """Keep the connection to Deepgram, with silence where there is no audio.

        Raises:
            SpeechError: Deepgram refuses us, or cannot be reached any more.
        """
        self._filler = self._loop.call_later(self._gap, self._fill)
        try:
            await super().run()
        finally:
            self._filler.cancel()

    def _fill(self) -> None:
        if self._connected and self._here == self._filled:
            self.feed(MULAW_SILENCE * round(self._gap * TELEPHONE_RATE))
        self._filled = self._here
        self._filler = self._loop.call_later(self._gap, self._fill)

    def _take(self, message: Message) -> None:
        if self._closed or isinstance(message, bytes):
            return
        self._alive = True
        try:
            read = _decoder.decode(message)
        except msgspec.DecodeError:
            return
        match read:
            case _TurnInfo():
                self._turn_info(read)
            case _Warning():
                self._tell(Trouble("vendor-warning", f"{SECTION}: Deepgram reports {read.code}."))
            case _Error():
                raise SpeechError(f"Deepgram reports {read.code}", retryable=True, code=read.code)

    def _turn_info(self, read: _TurnInfo) -> None:
        if read.turn_index != self._turn:
            self._turn, self._given = read.turn_index, 0
        self._seen = len(read.words)
        known = self._place(read.audio_window_end)
        self._settle(known)
        over = read.event == "EndOfTurn"
        if read.event == "StartOfTurn" or (read.words and not over):
            start = read.words[0].start if read.words else None
            self._began_speaking(known if start is None else self._place(start))
        self._credit(read.words, known, over=over, forced=read.trigger == "manual")
        match read.event:
            case "EagerEndOfTurn":
                self._tell(TurnSign("likely"))
            case "TurnResumed":
                self._tell(TurnSign("unlikely"))
            case "EndOfTurn":
                if read.trigger != "manual":
                    self._tell(TurnSign("over"))
                end = read.words[-1].end if read.words else None
                self._stopped_speaking(known if end is None else self._place(end))
            case _:
                pass

    def _credit(self, words: Sequence[_Word], known: int, *, over: bool, forced: bool) -> None:
        """Give each segment its words of this turn; `known`: the place up to which there are words."""
        for segment in tuple(self._segments):
            mine = self._before(segment.stop, words[self._given :])
            segment.latest = " ".join(word.word for word in mine)
            done = segment.stop is not None and (known >= segment.stop - _SLACK or forced)
            if done or over:
                self._given += len(mine)
                segment.settled.append(segment.latest)
                segment.latest = ""
            if done:
                self._end(segment)
            else:
                self._partial(segment)
                return

    def _before(self, stop: int | None, words: Sequence[_Word]) -> Sequence[_Word]:
        """Return the words that begin before a place; without times all of them do."""
        for count, word in enumerate(words):
            if stop is not None and word.start is not None and self._place(word.start) >= stop:
                return words[:count]
        return words

    def _stopped(self, segment: Segment) -> None:
        self._loop.call_later(self._force_after, self._force, segment)

    def _force(self, segment: Segment) -> None:
        """Flux told nothing of the end of this segment: either it must be made to, or it heard no words there."""
        if segment not in self._segments or not self._alive:
            return
        if self._speaking:
            self._send(_FORCE_END_TURN)
        else:
            self._end(segment)

    def _overdue(self, segment: Segment) -> None:
        self._given = self._seen
        super()._overdue(segment)

    def _interrupted(self) -> None:
        """The connection is lost, and its turn with it; what was known of it stays."""
        self._alive = False
        self._turn, self._given, self._seen = -1, 0, 0
        for segment in self._segments:
            segment.settled.append(segment.latest)
            segment.latest = ""
        self._stopped_speaking(self._here)

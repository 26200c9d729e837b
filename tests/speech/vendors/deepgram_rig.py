"""One call whose caller Deepgram's emulator hears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.speech.vendors.kits import KEY, SILENCE, SPEECH, running, until
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.deepgram import application
from voicecall.emulators.vendors.deepgram_wire import State
from voicecall.speech import Report, Speech, Transcription, TurnSign, VendorOptions
from voicecall.speech.stt.deepgram import DeepgramTranscriber


class Call:
    """The call. `own` has no detector but Deepgram."""

    def __init__(self, state: State, *, own: bool) -> None:
        self.state = state
        self.reports: list[Report] = []
        self.segment = 0
        self._own = own

    def open(self, options: VendorOptions, language: str, due: float, keepalive: float | None) -> None:
        self.stream = DeepgramTranscriber(options, due=due, keepalive=keepalive).open(self._take, language)

    def _take(self, report: Report) -> None:
        self.reports.append(report)
        if isinstance(report, Speech) and self._own:
            if report.started:
                self.start(report.lead)
            else:
                self.stop()

    def start(self, lead: float = 0.0) -> None:
        self.segment += 1
        self.stream.speech_started(self.segment, lead)

    def stop(self) -> None:
        self.stream.speech_stopped(self.segment)

    def speak(self, frames: int) -> None:
        for _ in range(frames):
            self.stream.feed(SPEECH)

    def be_silent(self, frames: int) -> None:
        for _ in range(frames):
            self.stream.feed(SILENCE)

    @property
    def finals(self) -> list[Transcription]:
        return [one for one in self.reports if isinstance(one, Transcription) and one.final]

    @property
    def partials(self) -> list[str]:
        return [one.text for one in self.reports if isinstance(one, Transcription) and not one.final]

    @property
    def signs(self) -> list[str]:
        return [one.sign for one in self.reports if isinstance(one, TurnSign)]

    @property
    def notices(self) -> list[bool]:
        return [one.started for one in self.reports if isinstance(one, Speech)]

    async def connected(self, connections: int = 1) -> None:
        """Wait until the emulator has so many connections behind it, and audio has come over the newest."""
        await until(lambda: self.state.connections == connections and self.state.open)
        heard = self.state.heard
        self.be_silent(4)
        await until(lambda: self.state.heard > heard)

    async def is_told(self, **message: object) -> None:
        """Have the vendor say this, whatever it would have said."""
        for socket in self.state.open:
            await socket.send_json(message)

    async def final(self) -> Transcription:
        """Wait for as many finals as there were segments, and return the last."""
        await until(lambda: self.segment and len(self.finals) >= self.segment)
        assert len(self.finals) == self.segment
        return self.finals[-1]


@asynccontextmanager
async def calling(
    state: State,
    *,
    model: str | None = None,
    language: str = "en",
    own: bool = False,
    due: float = 1.0,
    keepalive: float | None = None,
    extra: tuple[tuple[str, str], ...] = (),
) -> AsyncIterator[Call]:
    async with asyncio.timeout(5.0), listening(application(state)) as origin:
        call = Call(state, own=own)
        options = VendorOptions(api_key=KEY, base_url=origin, model=model, extra=extra)
        call.open(options, language, due, keepalive)
        async with running(call.stream):
            yield call
        call.stream.close()


def play(act: Callable[[Call], Awaitable[None]], state: State | None = None, **options: object) -> Call:
    """Act in a call, and return it."""

    async def main() -> Call:
        async with calling(state or State(), **options) as call:  # type: ignore[arg-type] # as `calling` takes them
            await act(call)
        return call

    return asyncio.run(main())

"""Aura: what goes over the socket, what over HTTP, and that no piece is heard in another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import pytest

from tests.speech.vendors.kits import KEY, running, until
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.deepgram import application
from voicecall.emulators.vendors.deepgram_wire import Fault, State
from voicecall.errors import SpeechError
from voicecall.speech import Trouble, VendorOptions, Voice
from voicecall.speech.tts.deepgram import DeepgramSynthesizer, model

ONE, TWO = b"\x11" * 2000, b"\x22" * 3000


class Call:
    """One call's voice."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.troubles: list[str] = []

    def open(self, synthesizer: DeepgramSynthesizer) -> None:
        def report(trouble: Trouble) -> None:
            self.troubles.append(trouble.code)

        self.stream = synthesizer.open(Voice(), report)

    async def speak(self, text: str) -> bytes:
        async with aclosing(self.stream.speak(text)) as chunks:
            return b"".join([chunk async for chunk in chunks])

    async def begin_and_leave(self, text: str) -> None:
        """Hear the first of it only."""
        async with aclosing(self.stream.speak(text)) as chunks:
            await anext(chunks)


@asynccontextmanager
async def calling(state: State, *, socket: bool, **times: float) -> AsyncIterator[Call]:
    state.voices |= {"one": ONE, "two": TWO}
    async with asyncio.timeout(5.0), listening(application(state)) as origin:
        call = Call(state)
        synthesizer = DeepgramSynthesizer(
            VendorOptions(api_key=KEY, base_url=origin),
            **{"first": 1.0, "stall": 0.3} | times,  # type: ignore[arg-type] # one of them is whole
        )
        async with synthesizer.ready():
            call.open(synthesizer)
            if not socket:
                yield call
                return
            async with running(call.stream):
                await until(lambda: state.open)
                yield call


def play(
    act: Callable[[Call], Awaitable[None]], state: State | None = None, *, socket: bool = True, **times: float
) -> Call:
    """Act in a call, and return it."""

    async def main() -> Call:
        async with calling(state or State(), socket=socket, **times) as call:
            await act(call)
        return call

    return asyncio.run(main())


def test_each_piece_is_spoken_and_flushed_on_one_socket() -> None:
    async def act(call: Call) -> None:
        assert await call.speak("one") == ONE
        assert await call.speak("two") == TWO

    call = play(act)
    assert call.state.seen == ["Speak", "Flush", "Speak", "Flush"]
    assert call.state.connections == 1


def test_pieces_beyond_what_a_socket_may_flush_go_over_http_until_time_has_passed() -> None:
    async def act(call: Call) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        assert [await call.speak("one") for _ in range(3)] == [ONE, ONE, ONE]
        assert call.state.seen == ["Speak", "Flush"] * 2 + ["POST"]
        await until(lambda: loop.time() > begun + 0.4)
        assert await call.speak("two") == TWO

    call = play(act, flushes=2, window=0.3)
    assert call.state.seen[5:] == ["Speak", "Flush"]


def test_twenty_pieces_in_a_minute_is_what_a_socket_gets() -> None:
    async def act(call: Call) -> None:
        for _ in range(22):
            assert await call.speak("one") == ONE

    call = play(act)
    assert (call.state.seen.count("Flush"), call.state.seen.count("POST")) == (20, 2)
    assert call.troubles == []


def test_a_flush_that_deepgram_declines_sends_the_piece_over_http_and_clears_the_socket() -> None:
    async def act(call: Call) -> None:
        assert await call.speak("one") == ONE
        await until(lambda: "Clear" in call.state.seen)
        call.state.flushes = 20
        assert await call.speak("two") == TWO

    state = State(flushes=0)
    call = play(act, state)
    assert sorted(call.state.seen) == sorted(["Speak", "Flush", "Clear", "POST", "Speak", "Flush"])
    assert call.troubles == ["vendor-warning"]


def test_a_piece_that_is_called_off_is_cleared_before_the_next_is_spoken() -> None:
    async def act(call: Call) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        assert await call.speak("one") == ONE
        await until(lambda: loop.time() > begun + 0.25)
        call.state.fault = Fault.LATE
        await call.begin_and_leave("one")
        call.state.fault = None
        assert await call.speak("two") == TWO

    call = play(act, first=0.4)
    assert call.state.seen == ["Speak", "Flush"] * 2 + ["Clear", "Speak", "Flush"]
    assert call.state.cancelled == 1


def test_a_socket_that_is_never_confirmed_to_be_clear_is_not_used_again() -> None:
    async def act(call: Call) -> None:
        call.state.fault = Fault.STALL
        await call.begin_and_leave("one")
        call.state.fault = Fault.UNCLEARED
        assert await call.speak("two") == TWO
        loop = asyncio.get_running_loop()
        begun = loop.time()
        assert await call.speak("two") == TWO
        assert loop.time() - begun < 0.3  # it is waited for once, not for each piece
        connections = call.state.connections
        await call.state.close_idle()
        await until(lambda: call.state.connections > connections)
        assert await call.speak("one") == ONE

    call = play(act)
    assert call.state.seen == ["Speak", "Flush", "Clear", "POST", "POST", "Speak", "Flush"]


def test_a_second_piece_at_the_same_time_goes_over_http() -> None:
    async def act(call: Call) -> None:
        call.state.fault = Fault.STALL
        async with aclosing(call.stream.speak("one")) as first:
            await anext(first)
            call.state.fault = None
            assert await call.speak("two") == TWO
        await until(lambda: call.state.cancelled)

    assert play(act).state.seen == ["Speak", "Flush", "POST", "Clear"]


def test_a_connection_lost_before_the_first_audio_is_made_good_over_http() -> None:
    async def act(call: Call) -> None:
        call.state.fault = Fault.MUTE
        async with asyncio.TaskGroup() as tasks:
            piece = tasks.create_task(call.speak("one"))
            await until(lambda: call.state.asked == 1)
            call.state.fault = None
            await call.state.close_idle()
        assert piece.result() == ONE

    call = play(act)
    assert "POST" in call.state.seen


@pytest.mark.parametrize(
    ("kind", "message"), [("Warning", "did not come in time"), ("Error", "Deepgram reports SOME-CODE")]
)
def test_a_warning_amid_a_piece_is_told_and_an_error_ends_it(kind: str, message: str) -> None:
    async def act(call: Call) -> None:
        call.state.fault = Fault.STALL
        async with aclosing(call.stream.speak("one")) as chunks:
            await anext(chunks)
            for socket in call.state.open:
                await socket.send_json({"type": kind, "code": "SOME-CODE", "description": "secret"})
            await until(lambda: call.troubles)
            with pytest.raises(SpeechError, match=message) as caught:
                await anext(chunks)
        assert "secret" not in str(caught.value)

    assert play(act).troubles == ["vendor-warning"]


def test_slow_first_audio_is_waited_for() -> None:
    async def act(call: Call) -> None:
        assert await call.speak("one") == ONE

    assert play(act, State(fault=Fault.SLOW)).state.connections == 1


def test_audio_that_is_too_slow_is_an_error() -> None:
    async def act(call: Call) -> None:
        with pytest.raises(SpeechError, match=r"tts\.deepgram: the audio did not come in time"):
            await call.speak("one")

    play(act, State(fault=Fault.SLOW, slowness=0.5), first=0.2)


@pytest.mark.parametrize(
    ("fault", "message", "retryable"),
    [
        (Fault.REFUSED, r"Deepgram answered 401; check tts\.deepgram\.api_key", False),
        (Fault.THROTTLED, "Deepgram answered 429", True),
        (Fault.ERROR, "Deepgram answered 500", True),
        (Fault.MUTE, r"did not answer within", True),
        (Fault.STALL, r"sent nothing for 0\.1 s", True),
        (Fault.DROP, "broke", True),
        (Fault.EMPTY, "no audio", True),
        (Fault.WAV, "in place of raw audio", True),
    ],
)
def test_what_goes_wrong_over_http_is_told(fault: Fault, message: str, retryable: bool) -> None:
    async def act(call: Call) -> None:
        with pytest.raises(SpeechError, match=message) as caught:
            await call.speak("one")
        assert caught.value.retryable is retryable
        assert KEY not in str(caught.value)

    play(act, State(fault=fault), socket=False, first=0.2, stall=0.1)


@pytest.mark.parametrize("fault", [None, Fault.ODD, Fault.SLOW])
def test_http_makes_the_same_audio(fault: Fault | None) -> None:
    async def act(call: Call) -> None:
        assert await call.speak("one") == ONE

    play(act, State(fault=fault, slowness=0.05), socket=False, first=0.4)


def test_a_piece_over_http_that_is_called_off_is_seen_to_stop() -> None:
    async def act(call: Call) -> None:
        call.state.fault = Fault.STALL
        await call.begin_and_leave("one")
        await until(lambda: call.state.cancelled == 1)

    play(act, socket=False, first=0.4, stall=2.0)


def test_without_an_http_client_the_way_out_is_told() -> None:
    async def main() -> None:
        synthesizer = DeepgramSynthesizer(VendorOptions(api_key=KEY, base_url="http://127.0.0.1:9"), first=0.1)
        with pytest.raises(SpeechError, match=r"enter ready\(\)"):
            await anext(synthesizer.open(Voice(), lambda _: None).speak("one"))

    asyncio.run(main())


@pytest.mark.parametrize(
    ("options", "voice", "name"),
    [
        (VendorOptions(), Voice(), "aura-2-thalia-en"),
        (VendorOptions(), Voice(language="es-MX"), "aura-2-celeste-es"),
        (VendorOptions(voice="Luna"), Voice(), "aura-2-luna-en"),
        (VendorOptions(voice="aura-luna-en"), Voice(), "aura-luna-en"),
        (VendorOptions(language="de"), Voice(name="julius"), "aura-2-julius-de"),
        (VendorOptions(model="aura-2-orion-en", voice="luna"), Voice(), "aura-2-orion-en"),
    ],
)
def test_the_model_is_the_voice(options: VendorOptions, voice: Voice, name: str) -> None:
    assert model(options, voice) == name


def test_a_language_without_a_known_voice_is_told_with_the_way_out() -> None:
    with pytest.raises(SpeechError, match=r"language sv; set tts\.deepgram\.voice"):
        model(VendorOptions(), Voice(language="sv-SE"))
    assert model(VendorOptions(voice="astrid"), Voice(language="sv-SE")) == "aura-2-astrid-sv"


@pytest.mark.parametrize(("speed", "pace", "sent"), [(None, 1.0, None), (1.2, 1.0, "1.2"), (2.0, 1.5, "1.5")])
def test_the_speed_is_kept_within_what_deepgram_takes(speed: float | None, pace: float, sent: str | None) -> None:
    async def main() -> None:
        state = State()
        async with asyncio.timeout(5.0), listening(application(state)) as origin:
            options = VendorOptions(api_key=KEY, base_url=origin, speed=speed)
            stream = DeepgramSynthesizer(options).open(Voice(pace=pace), lambda _: None)
            async with running(stream):
                await until(lambda: state.queries)
        assert state.queries[0].get("speed") == sent

    asyncio.run(main())

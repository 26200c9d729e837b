"""Deepgram's own SDK as client of the emulated Deepgram, and what the emulator does of itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import httpx
import pytest
from deepgram import AsyncDeepgramClient
from deepgram.environment import DeepgramClientEnvironment
from deepgram.listen.v1.types.listen_v1metadata import ListenV1Metadata
from deepgram.listen.v1.types.listen_v1results import ListenV1Results
from deepgram.listen.v1.types.listen_v1speech_started import ListenV1SpeechStarted
from deepgram.listen.v1.types.listen_v1utterance_end import ListenV1UtteranceEnd
from deepgram.listen.v2.types.listen_v2connected import ListenV2Connected
from deepgram.listen.v2.types.listen_v2turn_info import ListenV2TurnInfo
from deepgram.speak.v1.types.speak_v1flushed import SpeakV1Flushed
from deepgram.speak.v1.types.speak_v1metadata import SpeakV1Metadata
from deepgram.speak.v1.types.speak_v1text import SpeakV1Text
from deepgram.speak.v1.types.speak_v1warning import SpeakV1Warning
from pydantic import BaseModel

from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.deepgram import application
from voicecall.emulators.vendors.deepgram_wire import Fault, State

pytestmark = pytest.mark.filterwarnings("ignore:websockets.:DeprecationWarning")  # of what the SDK imports

SPEECH, SILENCE = b"\x80\x00" * 80, b"\xff" * 160
TELEPHONE = {"encoding": "mulaw", "sample_rate": 8000}


@asynccontextmanager
async def client(state: State) -> AsyncIterator[AsyncDeepgramClient]:
    async with asyncio.timeout(5.0), listening(application(state)) as origin, httpx.AsyncClient() as http:
        sockets = origin.replace("http", "ws")
        environment = DeepgramClientEnvironment(base=origin, production=sockets, agent=sockets, agent_rest=origin)
        yield AsyncDeepgramClient(api_key="a-key", environment=environment, httpx_client=http)


def play(state: State, act: Callable[[AsyncDeepgramClient], Awaitable[None]]) -> None:
    async def main() -> None:
        async with client(state) as deepgram:
            await act(deepgram)

    asyncio.run(main())


async def until_type(socket: Any, kind: type[BaseModel], *others: type[BaseModel]) -> list[Any]:
    """Return what comes up to the first of this kind; all of it must be of the kinds named, whole and right."""
    messages: list[Any] = []
    while not messages or not isinstance(messages[-1], kind):
        message = await socket.recv()
        assert type(message) in (kind, *others)
        type(message).model_validate(message.model_dump())
        messages.append(message)
    return messages


def test_the_sdk_reads_the_results_of_nova() -> None:
    async def hear(deepgram: AsyncDeepgramClient) -> None:
        options = {"interim_results": True, "vad_events": True, "endpointing": 300, "utterance_end_ms": 1000}
        async with deepgram.listen.v1.connect(model="nova-3", **TELEPHONE, **options) as socket:
            await socket.send_media(SILENCE * 5 + SPEECH * 20 + SILENCE * 75)
            began, *results, ended = await until_type(
                socket, ListenV1UtteranceEnd, ListenV1SpeechStarted, ListenV1Results
            )
            assert began.timestamp == pytest.approx(0.1)
            texts = [(one.channel.alternatives[0].transcript, one.is_final, one.speech_final) for one in results]
            assert texts[0] == ("hello", False, False)
            assert texts[-1] == ("hello there", True, True)
            assert ended.last_word_end == pytest.approx(0.3)
            await socket.send_media(SPEECH * 20)
            await socket.send_keep_alive()
            await socket.send_finalize()
            await socket.send_close_stream()
            messages = await until_type(socket, ListenV1Metadata, ListenV1SpeechStarted, ListenV1Results)
            finals = [one for one in messages if isinstance(one, ListenV1Results) and one.is_final]
            assert [(one.channel.alternatives[0].transcript, one.from_finalize) for one in finals] == [("bye", True)]

    state = State()
    state.script.extend(["hello there", "bye"])
    play(state, hear)
    assert state.credentials == ["a-key"]
    assert state.seen == ["KeepAlive", "Finalize", "CloseStream"]


def test_the_sdk_reads_the_turns_of_flux() -> None:
    async def act(deepgram: AsyncDeepgramClient) -> None:
        async with deepgram.listen.v2.connect(model="flux-general-en", eager_eot_threshold=0.5, **TELEPHONE) as socket:
            await until_type(socket, ListenV2Connected)
            events: list[tuple[str, int, str]] = []

            async def turns(last: int) -> None:
                while not events or events[-1][:2] != ("EndOfTurn", last):
                    info = (await until_type(socket, ListenV2TurnInfo))[0]
                    if info.event != "Update":
                        events.append((info.event, info.turn_index, info.transcript))

            await socket.send_media(SPEECH * 20 + SILENCE * 15 + SPEECH * 20 + SILENCE * 30)
            await turns(0)
            await socket.send_media(SPEECH * 10)
            await socket.send_force_end_turn()
            await turns(1)
            assert events == [
                ("StartOfTurn", 0, "well"),
                ("EagerEndOfTurn", 0, "well then"),
                ("TurnResumed", 0, "well then go"),
                ("EagerEndOfTurn", 0, "well then go"),
                ("EndOfTurn", 0, "well then go"),
                ("StartOfTurn", 1, "now"),
                ("EndOfTurn", 1, "now"),
            ]

    state = State()
    state.script.extend(["well then", "go", "now"])
    play(state, act)


def test_the_sdk_has_aura_speak_and_be_silent() -> None:
    async def act(deepgram: AsyncDeepgramClient) -> None:
        async with deepgram.speak.v1.connect(model="aura-2-thalia-en", **TELEPHONE) as socket:
            await until_type(socket, SpeakV1Metadata)
            await socket.send_text(SpeakV1Text(text="one"))
            await socket.send_flush()
            *audio, flushed = await until_type_or_bytes(socket, SpeakV1Flushed)
            assert b"".join(audio) == b"\x11" * 2000
            assert flushed.sequence_id == 0
            state.fault = Fault.STALL
            await socket.send_text(SpeakV1Text(text="one"))
            await socket.send_flush()
            assert await socket.recv() == b"\x11" * 640
            await socket.send_clear()
            assert (await socket.recv()).type == "Cleared"
            state.fault, state.flushes = None, 0
            await socket.send_flush()
            await until_type(socket, SpeakV1Warning)
            await socket.send_close()
        pieces = deepgram.speak.v1.audio.generate(text="one", model="aura-2-thalia-en", container="none", **TELEPHONE)
        assert b"".join([piece async for piece in pieces]) == b"\x11" * 2000

    state = State(voices={"one": b"\x11" * 2000})
    play(state, act)
    assert (state.asked, state.cancelled) == (3, 1)


async def until_type_or_bytes(socket: Any, kind: type) -> list[Any]:
    """Return audio up to the first message of this kind."""
    messages: list[Any] = [await socket.recv()]
    while isinstance(messages[-1], bytes):
        messages.append(await socket.recv())
    assert isinstance(messages[-1], kind)
    return messages


@pytest.mark.parametrize(
    ("path", "query", "headers", "status"),
    [
        ("/v1/listen", "model=nova-3&encoding=mulaw&sample_rate=8000", {}, 401),
        ("/v1/listen", "model=nova-3&encoding=linear16&sample_rate=8000", {"Authorization": "Token k"}, 400),
        ("/v1/listen", "model=flux-general-en&encoding=mulaw&sample_rate=8000", {"Authorization": "Token k"}, 400),
        ("/v2/listen", "model=nova-3&encoding=mulaw&sample_rate=8000", {"Authorization": "Token k"}, 400),
        ("/v1/speak", "encoding=mulaw&sample_rate=8000", {"Authorization": "Token k"}, 400),
    ],
)
def test_what_deepgram_would_refuse_is_refused(path: str, query: str, headers: dict[str, str], status: int) -> None:
    async def main() -> int:
        async with listening(application(State())) as origin, aiohttp.ClientSession() as session:
            try:
                async with session.ws_connect(f"{origin}{path}?{query}", headers=headers):
                    return 101
            except aiohttp.WSServerHandshakeError as error:
                return error.status

    assert asyncio.run(main()) == status


@pytest.mark.parametrize("path", ["/v1/listen?model=nova-3", "/v2/listen?model=flux-general-en"])
def test_a_recogniser_hangs_up_when_nothing_comes(path: str) -> None:
    async def main() -> int | None:
        async with listening(application(State(idle=0.05))) as origin, aiohttp.ClientSession() as session:
            url = f"{origin}{path}&encoding=mulaw&sample_rate=8000"
            async with session.ws_connect(url, headers={"Authorization": "Token k"}) as socket:
                async for _ in socket:
                    pass
                return socket.close_code

    assert asyncio.run(main()) == 1011

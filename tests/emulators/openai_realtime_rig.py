"""OpenAI's own client on the emulator's socket: every event must be one that it knows, whole and without a rest."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, get_args

from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime.realtime_server_event import RealtimeServerEvent
from openai.types.realtime.realtime_session_create_response import RealtimeSessionCreateResponse
from pydantic import BaseModel

from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.openai_realtime import OpenAIRealtime
from voicecall.emulators.vendors.openai_realtime_hearing import tone

KEY = "hidden-key-0123456789"
MODEL = "gpt-realtime-2.1"
PCMU = {"type": "audio/pcmu"}
SILENCE = b"\xff"

_CLASSES: dict[str, type[BaseModel]] = {}
for _kind in get_args(get_args(RealtimeServerEvent)[0]):
    _CLASSES[get_args(_kind.model_fields["type"].annotation)[0]] = _kind


class Client:
    """A connection of the official client's."""

    def __init__(self, connection: AsyncRealtimeConnection, emulator: OpenAIRealtime) -> None:
        self.connection = connection
        self.emulator = emulator

    async def next(self) -> dict[str, Any]:
        """Return the next event, once it has been found to be a true one."""
        raw: dict[str, Any] = json.loads(await self.connection.recv_bytes())
        event = _CLASSES[raw["type"]].model_validate(raw, strict=True)
        if "session" in raw:  # shown whole, which the class of the event leaves out
            event = RealtimeSessionCreateResponse.model_validate(raw["session"], strict=True)
        _nothing_invented(event)
        return raw

    async def until(self, kind: str) -> list[dict[str, Any]]:
        """Return the events up to the first of this type."""
        events = [await self.next()]
        while events[-1]["type"] != kind:
            events.append(await self.next())
        return events

    async def last(self, kind: str) -> dict[str, Any]:
        """Return the first event of this type."""
        return (await self.until(kind))[-1]

    async def send(self, kind: str, **members: Any) -> None:
        """Send an event as it stands."""
        await self.connection.send_raw(json.dumps({"type": kind} | members))

    async def refusal(self, kind: str, **members: Any) -> dict[str, Any]:
        """Send an event and return the error that it meets."""
        await self.send(kind, event_id="mine", **members)
        error: dict[str, Any] = (await self.next())["error"]
        assert error["event_id"] == "mine"
        return error

    async def set_up(self, turn_detection: Any = None, **members: Any) -> dict[str, Any]:
        """Have mu-law both ways, and return the session as it is then."""
        heard = {"format": PCMU, "turn_detection": turn_detection, "transcription": {"model": "gpt-transcribe"}}
        audio = {"input": heard, "output": {"format": PCMU, "voice": "marin"}}
        await self.send("session.update", session={"type": "realtime", "audio": audio} | members)
        session: dict[str, Any] = (await self.last("session.updated"))["session"]
        return session

    async def hear(self, audio: bytes) -> None:
        """Send audio."""
        await self.send("input_audio_buffer.append", audio=base64.b64encode(audio).decode())

    async def say(self, seconds: float = 0.4, silence: float = 0.6) -> None:
        """Speak into mu-law, and fall silent."""
        await self.hear(tone(seconds) + SILENCE * round(silence * 8000))


@asynccontextmanager
async def connected(emulator: OpenAIRealtime, model: str = MODEL, key: str = KEY) -> AsyncIterator[Client]:
    """Connect to an emulator, and read its first words."""
    async with (
        listening(emulator.app) as origin,
        AsyncOpenAI(api_key=key, websocket_base_url=f"ws{origin.removeprefix('http')}/v1") as client,
        client.realtime.connect(model=model) as connection,
    ):
        yield Client(connection, emulator)


def play(scene: Callable[[Client], Awaitable[None]], emulator: OpenAIRealtime | None = None) -> OpenAIRealtime:
    """Play a scene with a connected client, within a few seconds."""
    vendor = emulator or OpenAIRealtime()

    async def main() -> None:
        async with asyncio.timeout(8.0), connected(vendor) as client:
            assert (await client.next())["type"] == "session.created"
            await scene(client)

    asyncio.run(main())
    return vendor


def sound(events: list[dict[str, Any]]) -> bytes:
    """Return the audio in these events."""
    deltas = (event["delta"] for event in events if event["type"] == "response.output_audio.delta")
    return b"".join(base64.b64decode(delta) for delta in deltas)


def _nothing_invented(value: object) -> None:
    if isinstance(value, BaseModel):
        assert not value.model_extra, (type(value).__name__, value.model_extra)
        for name in type(value).model_fields:
            _nothing_invented(getattr(value, name))
    elif isinstance(value, list):
        for each in value:
            _nothing_invented(each)

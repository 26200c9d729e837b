"""Vendors' emulators in a thread of this process, and the settings by which a gateway reaches them."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, NamedTuple, TypeVar

import numpy as np
from aiohttp import web
from aiohttp.typedefs import Handler

from tests.e2e.daemon import Daemon, Settings
from voicecall.audio.g711 import from_float
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.answers import Answer, Model
from voicecall.emulators.vendors.cartesia import Cartesia
from voicecall.emulators.vendors.deepgram import application
from voicecall.emulators.vendors.deepgram_wire import Fault, State
from voicecall.emulators.vendors.elevenlabs import ElevenLabs
from voicecall.emulators.vendors.gemini_live import GeminiLive
from voicecall.emulators.vendors.openai_chat import OpenAiChat
from voicecall.emulators.vendors.openai_speech import OpenAISpeech
from voicecall.emulators.vendors.openclaw import OpenClawGateway

ANSWER = "We open at nine."
_VENDORS = ("deepgram", "openai", "elevenlabs", "cartesia", "openclaw", "agent", "gemini")
KEYS = {name: f"key-for-{name}-7f3a9c" for name in _VENDORS}
_PATIENCE = 20.0
_SOUND = from_float(np.sin(np.arange(4000, dtype=np.float32)) * np.float32(0.2))
"""Half a second."""

Result = TypeVar("Result")


class _AnyText(dict[str, bytes]):
    """Sounds the same for every text."""

    def get(self, _: str, __: object = None) -> bytes:
        return _SOUND


class Arrival(NamedTuple):
    """A request, the opening of a socket, or a message of Deepgram's on one, by its type."""

    vendor: str
    path: str
    query: dict[str, str]


class _Told(list[str]):
    """Passes on what it is given to keep."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell

    def append(self, kind: str) -> None:
        super().append(kind)
        self._tell(kind)


class Vendors:
    """All of them, each on a port of its own. What they were asked is looked at from the test's thread."""

    def __init__(self) -> None:
        self._arrivals: deque[Arrival] = deque()
        self._news = threading.Condition()
        self.deepgram = State(voices=_AnyText(), seen=_Told(lambda kind: self._arrive(Arrival("deepgram", kind, {}))))
        self.openai = OpenAISpeech()
        self.elevenlabs = ElevenLabs()
        self.cartesia = Cartesia(KEYS["cartesia"], lambda _: _SOUND)
        self.model = Model(OpenAiChat(), Answer((ANSWER,)), key=KEYS["openai"])
        self.gemini = GeminiLive(KEYS["gemini"])
        self.openclaw = OpenClawGateway(KEYS["openclaw"], lambda _: ANSWER)
        self.asked: list[dict[str, Any]] = []
        """The questions that the agent behind a URL got."""
        self.tokens: set[str] = set()
        self.origins: dict[str, str] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="vendors")
        self._open = AsyncExitStack()

    def __enter__(self) -> Vendors:
        """Begin to listen."""
        self.openai.voices = self.elevenlabs.voices = _AnyText()
        self._thread.start()
        self.run(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections and listen no more."""
        self.run(self._open.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[None, None, Result]) -> Result:
        """Do this where the vendors are."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    def arrived(self, vendor: str, path: str) -> Arrival:
        """Return the first request of a vendor for a path that begins so, once it is there."""

        def found() -> Arrival | None:
            return next((one for one in self._arrivals if one.vendor == vendor and one.path.startswith(path)), None)

        with self._news:
            assert self._news.wait_for(found, _PATIENCE), f"{vendor} was not asked for {path}: {list(self._arrivals)}"
        arrival = found()
        assert arrival is not None
        return arrival

    def _arrive(self, arrival: Arrival) -> None:
        with self._news:
            self._arrivals.append(arrival)
            self._news.notify_all()

    def forget(self) -> None:
        """Forget who came."""
        with self._news:
            self._arrivals.clear()

    async def lose_deepgram(self) -> None:
        """Deepgram hangs up on everybody, and does not know our key any more."""
        self.deepgram.fault = Fault.REFUSED
        await self.deepgram.close_idle()

    def settings(self, *names: str) -> Settings:
        """Return keys and addresses, by dotted key: of `stt.deepgram`, `brain.openai` and the like."""
        made = {f"{name}.api_key": KEYS[name.split(".")[1]] for name in names}
        return {**made, **{f"{name}.api_base_url": self.origins[name] for name in names}}

    async def _listen(self) -> None:
        agent = web.Application()
        agent.router.add_post("/turn", self._answer)
        for name, app in {
            "stt.deepgram": application(self.deepgram),
            "stt.openai": self.openai.app,
            "stt.elevenlabs": self.elevenlabs.app,
            "tts.cartesia": self.cartesia.app,
            "brain.openai": self.model.app(),
            "brain.openclaw": self.openclaw.app,
            "brain.agent": agent,
            "realtime.gemini": self.gemini.app,
        }.items():
            app.middlewares.append(self._notice(name.split(".")[1]))
            self.origins[name] = await self._open.enter_async_context(listening(app))
        for vendor in ("deepgram", "openai", "elevenlabs"):
            self.origins[f"tts.{vendor}"] = self.origins[f"stt.{vendor}"]
        self.origins["realtime.openai"] = self.origins["stt.openai"]

    def _notice(self, vendor: str) -> Any:
        @web.middleware
        async def notice(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._arrive(Arrival(vendor, request.path, dict(request.query)))
            return await handler(request)

        return notice

    async def _answer(self, request: web.Request) -> web.Response:
        self.tokens.add(request.headers["Authorization"])
        self.asked.append(await request.json())
        return web.json_response({"text": ANSWER, "outcome": {"disposition": "told the hours"}})


def discreet(daemon: Daemon, *words: str) -> bool:
    """Say whether the log of a gateway holds none of the keys and none of these words."""
    return not any(secret in daemon.log for secret in (*KEYS.values(), *words))

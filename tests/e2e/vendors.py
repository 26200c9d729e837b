"""Vendors' emulators in a thread of this process, and what a gateway in another process is told to reach them."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, Self, TypeVar

from aiohttp import web

from tests.e2e.daemon import Settings
from voicecall.audio.g711 import to_mulaw
from voicecall.emulators.vendors import deepgram, listening
from voicecall.emulators.vendors.answers import Answer, Model
from voicecall.emulators.vendors.cartesia import Cartesia
from voicecall.emulators.vendors.deepgram_wire import State as Deepgram
from voicecall.emulators.vendors.elevenlabs import ElevenLabs
from voicecall.emulators.vendors.openai_chat import OpenAiChat
from voicecall.emulators.vendors.openai_speech import OpenAISpeech
from voicecall.emulators.vendors.openclaw import OpenClawGateway

KEYS = {name: f"key-of-{name}-0123456789" for name in ("deepgram", "openai", "elevenlabs", "cartesia", "openclaw", "agent")}
ANSWER = "We open at nine."
_PATIENCE = 20.0

Result = TypeVar("Result")


class AnyText(dict[str, bytes]):
    """Says the same for every text."""

    def get(self, _: str, __: object = None) -> bytes:  # type: ignore[override]
        """Return half a second of a tone."""
        return SOUND


SOUND = bytes(to_mulaw(TONE))

"""What a model is told that it can do, and how it is heard where only the model listens."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.gateway.puppet import conversing
from voicecall.brains import Conversation
from voicecall.brains.tools import Done, Tool
from voicecall.core.events import Event, Warned
from voicecall.core.utterances import SpeechStarted, SpeechSure
from voicecall.gateway.desk import Desk
from voicecall.gateway.ears import Ears
from voicecall.realtime import Sound, Traits
from voicecall.speech.deaf import DeafDetector


class Slow:
    """Knows its tools after a while."""

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def tools(self) -> list[Tool]:
        await asyncio.sleep(3)
        return [Tool("stock", "What is in stock.", {"type": "object"}, read_only=True)]

    async def call(self, name: str, arguments: dict[str, Any]) -> Done:
        return Done("")


async def test_a_caller_who_waits_is_not_kept_waiting_for_servers_of_tools() -> None:
    posted: list[Event] = []
    talk = Conversation("call", "inbound", "", "", ())
    late, patient = (Desk(lambda: talk, posted.append, toolbox=Slow(), patience=seconds) for seconds in (1.5, 5.0))
    began = asyncio.get_running_loop().time()
    assert [tool.name for tool in await late.tools()] == ["end_call", "send_dtmf", "note_outcome"]
    assert asyncio.get_running_loop().time() - began == 1.5
    (warned,) = posted
    assert isinstance(warned, Warned)
    assert (warned.code, "1.5 s" in warned.text) == ("mcp-server", True)
    assert "stock" in {tool.name for tool in await patient.tools()}


async def test_where_only_the_model_listens_what_it_hears_is_speech_for_sure() -> None:
    posted: list[Event] = []
    async with conversing(Traits(endpoints="provider"), posted.append, lambda mulaw: None) as (duplex, puppet):
        Ears(DeafDetector(), duplex.hearing, posted.append, apart=False, echo=False).open()
        puppet.report(Sound(started=True))
        assert posted == [SpeechStarted(1), SpeechSure(1)]

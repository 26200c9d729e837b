"""The media plane: what a stream that has died looks like from inside."""

from __future__ import annotations

import asyncio

from tests.gateway.brains import Answers
from voicecall.brains import Conversation
from voicecall.carriers.mock.media import MockMedia
from voicecall.core.events import Event, StreamStopped, Warned
from voicecall.core.ids import StreamId
from voicecall.gateway.ears import Ears
from voicecall.gateway.media import Media
from voicecall.gateway.mouth import Mouth
from voicecall.speech import Voice
from voicecall.speech.plain import PlainVoice
from voicecall.speech.scripted import ScriptedDetector
from voicecall.speech.stt.scripted import ScriptedTranscriber
from voicecall.speech.tts.tone import ToneSynthesizer

TOLD = Conversation(call_id="01", direction="inbound", from_="", to="", lines=())


class Line:
    """A socket that brings a message every `pace` seconds, so many of them, and then nothing."""

    def __init__(self, messages: int, pace: float) -> None:
        self._left = messages
        self._pace = pace
        self.closed = asyncio.Event()
        self.code = 0

    async def recv(self) -> str | None:
        while self._left:
            self._left -= 1
            await asyncio.sleep(self._pace)
            return '{"event": "mark", "name": "x"}'
        await self.closed.wait()
        return None

    async def send(self, message: str) -> None:
        """Take it."""

    async def close(self, code: int, reason: str) -> None:
        self.code = code
        self.closed.set()


async def test_a_stream_that_brings_nothing_any_more_is_closed_and_the_call_is_told() -> None:
    posted: list[Event] = []
    ears = Ears(ScriptedDetector(), ScriptedTranscriber(""), posted.append)
    mouth = Mouth(Answers("Yes."), PlainVoice(ToneSynthesizer(), Voice()), posted.append, lead=0.3)
    media = Media(ears, mouth, posted.append, lambda _: TOLD)
    line = Line(messages=6, pace=4.0)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(media.run())
        await media.serve(StreamId("ms_1"), MockMedia(), line)
        running.cancel()
    assert line.code == 1001
    assert 34 <= asyncio.get_running_loop().time() <= 45  # 24 s of life, and between one and two watches
    match posted:
        case [Warned("stream-quiet", text), StreamStopped("ms_1")]:
            assert "10 s" in text
        case _:
            raise AssertionError(posted)

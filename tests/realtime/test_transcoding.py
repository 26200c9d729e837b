"""What a model speaks is passed on as it is where that is mu-law, and counted where it is not."""

from __future__ import annotations

from tests.realtime.openai_rig import FRAME, Rig, play
from voicecall.audio.transcoding import transcoded
from voicecall.emulators.vendors.openai_realtime_script import Say
from voicecall.realtime import Ended
from voicecall.realtime.gemini_wire import Blob, Downward, Upward


def test_nothing_is_transcoded_on_the_way_to_openai_and_back() -> None:
    before = transcoded.total()

    async def scene(rig: Rig) -> None:
        rig.script.answers.append((Say("hello there", 1.0),))
        await rig.settled()
        rig.feed(FRAME * 10)
        rig.session.respond("1")
        await rig.reported(Ended("1"))
        assert len(rig.sound("1")) == 8000

    play(scene)
    assert transcoded.total() == before


def test_every_piece_on_the_way_to_gemini_and_back_is_counted() -> None:
    before = transcoded["model"]
    Upward().message(FRAME)
    assert transcoded["model"] == before + 1
    Downward().convert(Blob(data=bytes(960), mime_type="audio/pcm;rate=24000"))
    assert transcoded["model"] == before + 2

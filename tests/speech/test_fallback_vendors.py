"""Fallback among the vendors themselves: each of them fails, and the next one on the list hears and speaks."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from itertools import pairwise

import pytest

from tests.speech.vendors.kits import SPEECH, Fault, SttKit, TtsKit, loaded, running, stt_kits, tts_kits, until
from voicecall.speech import Report, Transcription, Trouble, Voice
from voicecall.speech.fallback import FallbackSynthesizer, FallbackTranscriber

FAULTS = (Fault.REFUSED, Fault.THROTTLED, Fault.MUTE)
EARS = [*pairwise(stt_kits()), (stt_kits()[-1], stt_kits()[0])]
VOICES = [*pairwise(tts_kits()), (tts_kits()[-1], tts_kits()[0])]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("one", "two"), EARS, ids=[f"{one.vendor}-{two.vendor}" for one, two in EARS])
def test_a_segment_that_one_vendor_cannot_hear_is_heard_by_the_next(one: SttKit, two: SttKit, fault: Fault) -> None:
    async def main() -> list[Report]:
        reports: list[Report] = []
        async with asyncio.timeout(8.0), one.open() as first, two.open() as second:
            first.fail(fault)
            second.will_hear("loud and clear")
            transcriber = FallbackTranscriber(
                [("first", first.transcriber(due=0.3)), ("second", second.transcriber(due=2.0))]
            )
            async with loaded(transcriber):
                stream = transcriber.open(reports.append, "en")
                async with running(stream):
                    stream.speech_started(1, 0.0)
                    for _ in range(25):
                        stream.feed(SPEECH)
                    stream.speech_stopped(1)
                    await until(lambda: any(isinstance(told, Transcription) and told.final for told in reports), 4.0)
                stream.close()
        return reports

    reports = asyncio.run(main())
    assert [told for told in reports if isinstance(told, Transcription) and told.final] == [
        Transcription(1, "loud and clear", final=True)
    ]
    assert [told.code for told in reports if isinstance(told, Trouble)].count("stt-fallback") == 1


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("one", "two"), VOICES, ids=[f"{one.vendor}-{two.vendor}" for one, two in VOICES])
def test_a_piece_that_one_vendor_cannot_speak_is_spoken_by_the_next(one: TtsKit, two: TtsKit, fault: Fault) -> None:
    async def main() -> tuple[bytes, list[Trouble]]:
        troubles: list[Trouble] = []
        async with asyncio.timeout(8.0), one.open() as first, two.open() as second:
            first.fail(fault)
            second.will_say("hello", SPEECH * 10)
            synthesizer = FallbackSynthesizer(
                [
                    ("first", first.synthesizer(first=0.3, stall=0.3)),
                    ("second", second.synthesizer(first=2.0, stall=2.0)),
                ]
            )
            async with loaded(synthesizer):
                stream = synthesizer.open(Voice(), troubles.append)
                async with running(stream), aclosing(stream.speak("hello")) as chunks:
                    return b"".join([chunk async for chunk in chunks]), troubles

    spoken, troubles = asyncio.run(main())
    assert len(spoken) == pytest.approx(1600, abs=80)
    assert [trouble.code for trouble in troubles].count("tts-fallback") == 1

"""Audio over the simulated Telnyx's media streams, in every codec and both directions."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from typing import Any

import numpy as np
import pytest

from tests.emulators.telnyx_rig import PHONE, STREAM, World, play
from voicecall.audio.g711 import alaw_encode, float_to_pcm, mulaw_decode, pcm_to_float
from voicecall.audio.resample import resample
from voicecall.emulators.script import Step

LOUD = b"\x10\x90" * 4000
"""A second of the tone, as mu-law."""


def l16(seconds: float, rate: int) -> bytes:
    """Return a tone of 500 Hz as L16."""
    times = np.arange(round(seconds * rate), dtype=np.float32) / np.float32(rate)
    return float_to_pcm((np.float32(0.5) * np.sin(2 * np.pi * 500 * times)).astype(np.float32))


@pytest.mark.parametrize(
    ("codec", "told", "size"),
    [
        ("PCMU", ("PCMU", 8000), 160),
        ("PCMA", ("PCMA", 8000), 160),
        ("L16", ("L16", 16000), 640),
        ("default", ("PCMU", 8000), 160),
        ("OPUS", ("PCMU", 8000), 160),
    ],
)
def test_the_phones_audio_comes_in_the_codec_that_start_names(codec: str, told: tuple[str, int], size: int) -> None:
    async def scene(world: World) -> None:
        await world.network.script(PHONE, [Step(say="Hello")])
        await world.dial(**STREAM, stream_codec=codec)
        await asyncio.sleep(4)
        (stream,) = world.gateway.streams
        start = stream.events("start")[0]["start"]["media_format"]
        assert (start["encoding"], start["sample_rate"]) == told
        payloads = [b64decode(message["media"]["payload"]) for message in stream.events("media")]
        assert {len(payload) for payload in payloads} == {size}
        spoken = b"".join(payloads)
        if told[0] == "PCMU":
            assert spoken.count(LOUD) == 1
        elif told[0] == "PCMA":
            assert spoken.count(alaw_encode(mulaw_decode(LOUD))) == 1
        else:
            wanted = resample(pcm_to_float(mulaw_decode(LOUD)), 8000, 16000)
            energy = float(np.sum(pcm_to_float(spoken) ** 2) / np.sum(wanted**2))
            assert energy == pytest.approx(1, abs=0.02)

    play(scene)


@pytest.mark.parametrize(
    ("options", "payload"),
    [
        ({}, LOUD),
        ({"stream_bidirectional_codec": "PCMA"}, alaw_encode(mulaw_decode(LOUD))),
        ({"stream_bidirectional_codec": "L16"}, l16(1, 16000)),
        ({"stream_bidirectional_codec": "L16", "stream_bidirectional_sampling_rate": 8000}, l16(1, 8000)),
        ({"stream_bidirectional_codec": "L16", "stream_bidirectional_sampling_rate": 24000}, l16(1, 24000)),
    ],
)
def test_the_gateways_audio_is_played_in_the_codec_it_asked_for(options: dict[str, Any], payload: bytes) -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        stream = await world.stream(leg, **options)
        for _ in range(2):
            await stream.media(payload)
        await asyncio.sleep(4)
        (span,) = leg.ear.spans
        assert span.end - span.begin == pytest.approx(2, abs=0.05)
        assert stream.codes() == []

    play(scene)


@pytest.mark.parametrize(
    ("options", "payload", "code"),
    [
        ({}, b"\xff" * 159, 100004),
        ({}, b"\xff" * 240_001, 100004),
        ({"stream_bidirectional_codec": "L16"}, b"\0" * 641, 100004),
        ({"stream_bidirectional_codec": "G722"}, b"\0" * 160, 100004),
        ({"stream_bidirectional_mode": "mp3"}, b"\xff" * 160, 100004),
    ],
)
def test_audio_that_telnyx_refuses_is_answered_with_an_error(
    options: dict[str, Any], payload: bytes, code: int
) -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        stream = await world.stream(leg, **options)
        await stream.media(payload)
        await stream.send("mark", mark={"name": "alive"})
        await asyncio.sleep(0.1)
        (error,) = stream.events("error")
        assert (error["payload"]["code"], error["payload"]["title"]) == (100004, "invalid_media")
        assert error["stream_id"] == stream.events("start")[0]["stream_id"]
        assert len(stream.events("mark")) == 1
        assert leg.playout.seconds == 0
        assert world.codes() == ["100004"]

    play(scene)

"""Phones on lines that are not clean: what arrives at the gateway, and what the phone hears."""

from __future__ import annotations

import asyncio
from base64 import b64decode

import pytest

from tests.emulators.test_network import Gateway, Json, Stream, World, play
from voicecall.audio.g711 import to_float
from voicecall.audio.levels import rms_dbfs

TONE = rms_dbfs(to_float(b"\x10\x90"))
"""The level of what phone and gateway say."""


def levels(gateway: Gateway, begin: float, end: float) -> list[float]:
    """Return the level of each frame that arrived within these times."""
    return [
        rms_dbfs(to_float(b64decode(message["payload"])))
        for at, message in gateway.streams[0].got
        if message["event"] == "media" and begin <= at < end
    ]


def call(*steps: Json, speaks: float = 0.0, seconds: float = 5.0) -> tuple[Gateway, Json]:
    """Have a phone ring and do these steps; the gateway speaks for a second after `speaks` seconds."""
    heard: Json = {}

    async def on_stream(stream: Stream) -> None:
        if speaks:
            await asyncio.sleep(speaks)
            await stream.speak(1.0, "done")

    async def scene(world: World) -> None:
        leg = await world.ring(*steps)
        await asyncio.sleep(seconds)
        heard.update(await world.heard(leg))

    return play(scene, on_stream=on_stream), heard


def test_noise_arrives_from_the_step_on_until_the_line_is_clean_again() -> None:
    noisy = {"noise": {"kind": "pink", "dbfs": -40}}
    gateway, _ = call({"wait": 1}, {"line": noisy}, {"wait": 1}, {"line": {}}, {"wait": 1})
    assert set(levels(gateway, 0.2, 0.9)) == {-120.0}
    assert all(-50 < level < -30 for level in levels(gateway, 1.2, 1.9))
    assert set(levels(gateway, 2.2, 2.9)) == {-120.0}


def test_the_gateways_own_voice_comes_back_late_and_quieter() -> None:
    gateway, _ = call({"line": {"echo": {"delay_ms": 600, "db": -12}}}, speaks=1.0)
    assert set(levels(gateway, 0.5, 1.5)) == {-120.0}
    assert levels(gateway, 1.8, 2.4) == [pytest.approx(TONE - 12, abs=0.5)] * 30
    assert set(levels(gateway, 3.0, 4.0)) == {-120.0}


def test_lost_frames_are_silent_in_both_directions() -> None:
    gateway, heard = call({"line": {"loss": {"percent": 100}}}, {"say": "hello"}, speaks=1.0)
    assert set(levels(gateway, 0.5, 4.0)) == {-120.0}
    assert heard["heard"] == []
    assert "mark" in [entry["what"] for entry in heard["journal"]]


def test_what_the_caller_does_is_told_with_its_times() -> None:
    _, heard = call({"cough": 1}, {"hum": 0.5}, {"music": 1}, {"voicemail": "after the tone"}, seconds=8.0)
    assert [(one["step"], one["text"]) for one in heard["spoke"]] == [
        ("cough", ""),
        ("hum", ""),
        ("music", ""),
        ("voicemail", "after the tone"),
    ]

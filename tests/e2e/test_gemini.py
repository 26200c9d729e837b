"""A gateway whose calls Gemini Live answers, emulated on loopback."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import STUBS, said
from tests.e2e.network import Network
from voicecall.core.operations import CallerStep
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.gemini_live import GeminiLive
from voicecall.emulators.vendors.gemini_live_model import Answer

KEY = "key-for-gemini-7f3a9c"
GREETING, QUESTION, ANSWER = "Good morning.", "When do you open?", "We open at nine."
TALK = [CallerStep(listen=0.3), CallerStep(say=QUESTION), CallerStep(listen=0.3), CallerStep(hangup=True)]


@pytest.fixture
def google() -> Iterator[tuple[GeminiLive, str]]:
    """Yield the vendor, which works in a thread, and its origin."""
    vendor = GeminiLive(KEY)
    vendor.script.answers.extend((Answer(GREETING), Answer(ANSWER)))
    vendor.script.words.append(QUESTION)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="google")
    thread.start()
    serving = listening(vendor.app)
    origin = asyncio.run_coroutine_threadsafe(serving.__aenter__(), loop).result(5)
    try:
        yield vendor, origin
    finally:
        asyncio.run_coroutine_threadsafe(serving.__aexit__(None, None, None), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.mark.parametrize("turn_detection", ["automatic", "local"])
def test_a_conversation_with_gemini(
    start: MakeDaemon, network: Network, google: tuple[GeminiLive, str], turn_detection: str
) -> None:
    vendor, origin = google
    daemon = start(
        {
            **STUBS,
            **network.settings,
            "realtime.enabled": True,
            "realtime.provider": "gemini",
            "realtime.gemini.api_key": KEY,
            "realtime.gemini.api_base_url": origin,
            "realtime.gemini.turn_detection": turn_detection,
        }
    )
    record = daemon.simulate(TALK)
    assert said(record) == [("agent", GREETING), ("caller", QUESTION), ("agent", ANSWER)]
    assert (record["endReason"], record["warnings"]) == ("hangup-user", [])
    assert [entry.role for entry in vendor.talks[0].entries] == ["user", "model", "user", "model"]
    assert not any(secret in daemon.log for secret in (KEY, QUESTION, ANSWER))

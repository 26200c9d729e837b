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
        vendor.loop = loop
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

    def show(title, record):
        print("=====", turn_detection, title)
        print([(l["speaker"], l["text"], l.get("heard")) for l in record["transcript"]], record["endReason"], record["warnings"])
        print([(e.role, e.text, round(e.seconds,2), e.is_interrupted) for t in vendor.talks for e in t.entries], len(vendor.talks))
        print([ {k:v for k,v in m.items()} for m in vendor.seen])
        vendor.talks.clear(); vendor.seen.clear(); vendor.script.words.clear(); vendor.script.answers.clear(); vendor.script.ahead=None; vendor.script.wrong=None

    from voicecall.emulators.vendors.gemini_live_model import Call


    if True:
        vendor.script.answers.clear(); vendor.script.words.clear()
        vendor.script.answers.extend((Answer(GREETING), Answer("You are welcome."), Answer("Goodbye then.", calls=(Call("end_call", {}),))))
        vendor.script.words.extend(["thank you very much", "goodbye and good night"])
        r = daemon.simulate([CallerStep(listen=0.3), CallerStep(say="thank you very much for all"), CallerStep(listen=0.4), CallerStep(say="goodbye and good night to you"), CallerStep(wait=4), CallerStep(hangup=True)])
        show("end_call", r)
        for e in daemon.events(r["callId"]): print(e)

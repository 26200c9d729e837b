"""What the configuration names is what hears, answers and speaks: a gateway and its vendors on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import CALLER, STUBS, Daemon, House, Json, Settings, said
from tests.e2e.network import Network
from tests.e2e.vendors import ANSWER, KEYS, Vendors, discreet
from voicecall.core.operations import CallerStep, End

STAGES = {"wait", "brain", "clause", "voice", "send", "heard", "response"}
GREETING, QUESTION = "Good morning.", "When do you open?"
SECOND, THIRD = "+15550000021", "+15550000022"
"""Two of our lines; the first one has no name."""
NOBODY = "+15550100002"
"""Lets it ring."""
TALK = [CallerStep(listen=0.3), CallerStep(say=QUESTION), CallerStep(listen=0.3), CallerStep(hangup=True)]
"""Hears the greeting out, asks, hears the answer out and hangs up."""
PLAY = {"stt.provider": "deepgram", "tts.provider": "deepgram"}


@pytest.fixture(scope="module")
def vendors() -> Iterator[Vendors]:
    with Vendors() as vendors:
        yield vendors


@pytest.fixture(scope="module")
def daemon(vendors: Vendors, network_process: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One gateway, whose lines have vendors of their own."""
    second: Settings = {
        **vendors.settings("stt.openai", "tts.elevenlabs"),
        "stt.provider": "openai",
        "tts.provider": "elevenlabs",
        "brain.kind": "openclaw",
        "brain.openclaw.gateway_url": vendors.origins["brain.openclaw"],
        "brain.openclaw.token": KEYS["openclaw"],
    }
    third: Settings = {
        **vendors.settings("stt.elevenlabs", "tts.cartesia"),
        "stt.provider": "elevenlabs",
        "tts.provider": "cartesia",
        "brain.kind": "http",
        "brain.url": f"{vendors.origins['brain.agent']}/turn",
        "brain.token": KEYS["agent"],
    }
    lines = {SECOND: second, THIRD: third}
    settings = {
        **STUBS,
        **network_process.settings,
        **PLAY,
        **vendors.settings("stt.deepgram", "tts.deepgram", "brain.openai"),
        "brain.kind": "model",
        "brain.model": "openai:gpt-5-mini",
        **{f'lines."{line}".{key}': value for line, own in lines.items() for key, value in own.items()},
    }
    daemon = Daemon(House(tmp_path_factory.mktemp("vendors"), settings))
    try:
        yield daemon.start()
    finally:
        daemon.program.kill()


def _talk(daemon: Daemon, line: str | None) -> Json:
    """Have a conversation in which both sides are heard, and return its record."""
    record = daemon.simulate(TALK, line=line)
    assert said(record) == [("agent", GREETING), ("caller", QUESTION), ("agent", ANSWER)]
    assert (record["endReason"], record["warnings"]) == ("hangup-user", [])
    (turn,) = record["latency"]["turns"]
    assert turn.keys() >= STAGES, turn
    assert all(turn[stage] is not None for stage in STAGES), turn
    assert discreet(daemon, QUESTION, ANSWER, CALLER)
    return record


def test_deepgram_hears_and_speaks_and_a_language_model_answers(daemon: Daemon, vendors: Vendors) -> None:
    vendors.deepgram.script.append(QUESTION)
    _talk(daemon, None)
    assert vendors.arrived("deepgram", "/v1/listen").query["model"] == "nova-3"
    assert vendors.deepgram.asked >= 2
    assert set(vendors.deepgram.credentials) == {KEYS["deepgram"]}
    (asked,) = [seen for seen in vendors.model.seen if seen.body["model"] == "gpt-5-mini"]
    assert QUESTION in asked.body["messages"][-1]["content"]


def test_openai_hears_elevenlabs_speaks_and_openclaw_answers(daemon: Daemon, vendors: Vendors) -> None:
    vendors.openai.texts.append(QUESTION)
    _talk(daemon, SECOND)
    assert set(vendors.openai.keys) == {KEYS["openai"]}
    assert set(vendors.elevenlabs.keys) == {KEYS["elevenlabs"]}
    assert vendors.elevenlabs.asked >= 2
    (asked,) = vendors.openclaw.seen
    assert QUESTION in asked.said


def test_elevenlabs_hears_cartesia_speaks_and_an_agent_behind_a_url_answers(daemon: Daemon, vendors: Vendors) -> None:
    vendors.elevenlabs.texts.append(QUESTION)
    record = _talk(daemon, THIRD)
    assert vendors.cartesia.seen.pieces == [GREETING, ANSWER]
    (asked,) = vendors.asked
    assert (asked["text"], asked["callId"], asked["to"]) == (QUESTION, record["callId"], THIRD)
    assert vendors.tokens == {f"Bearer {KEYS['agent']}"}
    assert record["outcome"]["disposition"] == "told the hours"


def test_the_vendors_are_connected_and_the_greeting_is_made_while_it_rings(daemon: Daemon, vendors: Vendors) -> None:
    vendors.forget()
    call_id = daemon.place(NOBODY, "Guten Abend.", language="de-AT")
    assert vendors.arrived("deepgram", "/v1/listen").query["language"] == "de"
    assert vendors.arrived("deepgram", "/v1/speak").query["model"].endswith("-de")
    vendors.arrived("deepgram", "Speak")
    daemon.until(call_id, "call.ringing")
    assert daemon.status(call_id)["answeredAt"] is None
    daemon.perform(End(call_id=call_id))
    assert daemon.final(call_id)["answeredAt"] is None


def test_a_call_outlives_the_vendors_that_die_in_it(start: MakeDaemon, network: Network) -> None:
    with Vendors() as vendors, ThreadPoolExecutor(1) as pool:
        vendors.openai.texts.extend([QUESTION] * 2)
        daemon = start(
            {
                **network.settings,
                **PLAY,
                **vendors.settings("stt.deepgram", "tts.deepgram", "stt.openai", "tts.elevenlabs"),
                "stt.fallback": ["openai"],
                "tts.fallback": ["elevenlabs"],
                "brain.text": ANSWER,
            }
        )
        talking = pool.submit(daemon.simulate, TALK)
        with daemon.client() as client:
            next(event for event in client.subscribe(0) if event["type"] == "reply.finished")
        vendors.run(vendors.lose_deepgram())
        record = talking.result()
    assert said(record) == [("agent", GREETING), ("caller", QUESTION), ("agent", ANSWER)]
    told = {warning["code"]: warning["text"] for warning in record["warnings"]}
    assert told.keys() >= {"stt-fallback", "tts-fallback"}
    for code, heir in (("stt-fallback", "openai"), ("tts-fallback", "elevenlabs")):
        assert told[code].startswith("deepgram failed: ")
        assert told[code].endswith(f"; {heir} took over.")
    assert vendors.elevenlabs.asked == 1
    assert discreet(daemon, QUESTION, ANSWER)
    assert not any(key in str(record) for key in KEYS.values())


@pytest.mark.parametrize(
    ("vendor", "model", "path"),
    [("deepgram", "flux", "/v2/listen"), ("openai", None, "/v1/realtime"), ("elevenlabs", None, "/v1/speech-to-text")],
)
def test_where_no_detector_of_ours_listens_the_vendor_notices_the_caller(
    start: MakeDaemon, network: Network, vendor: str, model: str | None, path: str
) -> None:
    with Vendors() as vendors:
        for script in (vendors.deepgram.script, vendors.openai.texts, vendors.elevenlabs.texts):
            script.append(QUESTION)
        daemon = start(
            {
                **network.settings,
                **PLAY,
                **vendors.settings(f"stt.{vendor}", "tts.deepgram"),
                **({f"stt.{vendor}.model": model} if model is not None else {}),
                "stt.provider": vendor,
                "turns.vad": "off",
                "brain.text": ANSWER,
            }
        )
        _talk(daemon, None)
        arrival = vendors.arrived(vendor, path)
    assert "vad" not in arrival.query

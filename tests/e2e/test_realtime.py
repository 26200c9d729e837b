"""Calls that are led by one model: a gateway, and OpenAI's interface on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import MakeDaemon
from tests.e2e.daemon import STUBS, Daemon, House, Settings, said
from tests.e2e.network import Network
from tests.e2e.vendors import KEYS, Vendors, discreet
from voicecall.core.operations import CallerStep
from voicecall.emulators.vendors.gemini_live_model import Answer
from voicecall.emulators.vendors.openai_realtime_script import Say

GREETING, QUESTION, STOP, WISH = "Good morning.", "Please count", "Stop it now please", "as you wish"
COUNT = "one two three four five six seven eight nine ten"


@pytest.fixture(scope="module")
def vendors() -> Iterator[Vendors]:
    with Vendors() as vendors:
        yield vendors


@pytest.fixture(scope="module")
def daemon(vendors: Vendors, network_process: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    daemon = Daemon(House(tmp_path_factory.mktemp("realtime"), led_by("openai", vendors, network_process)))
    try:
        yield daemon.start()
    finally:
        daemon.program.kill()


def led_by(vendor: str, vendors: Vendors, network: Network) -> Settings:
    return {
        **STUBS,
        **network.settings,
        **vendors.settings(f"realtime.{vendor}"),
        "realtime.enabled": True,
        "realtime.provider": vendor,
    }


def test_after_an_interruption_openais_history_ends_where_the_caller_stopped_hearing(
    daemon: Daemon, vendors: Vendors
) -> None:
    model = vendors.openai.realtime
    model.script.heard.extend((QUESTION, STOP))
    model.script.answers.extend(((Say(COUNT, 10.0),), (Say(WISH, 0.6),)))
    record = daemon.simulate(
        [
            CallerStep(listen=0.3),
            CallerStep(say=QUESTION),
            CallerStep(onset=1.5),
            CallerStep(say=STOP),
            CallerStep(listen=0.3),
            CallerStep(hangup=True),
        ]
    )
    (session,) = model.sessions
    lines = session.conversation.lines
    heard = lines[2][1]
    assert lines == [
        ("assistant", GREETING),
        ("user", QUESTION),
        ("assistant", heard),
        ("user", STOP),
        ("assistant", WISH),
    ]
    assert COUNT.startswith(heard)
    assert len(heard.split()) in (1, 2)
    assert record["transcript"][2]["heard"] == heard
    assert (record["endReason"], record["warnings"]) == ("hangup-user", [])
    assert session.early_ms == 0
    assert model.keys == [KEYS["openai"]]
    assert discreet(daemon, QUESTION, STOP, COUNT)


def test_gemini_answers_by_itself_and_is_interrupted(start: MakeDaemon, network: Network, vendors: Vendors) -> None:
    daemon = start(led_by("gemini", vendors, network))
    script = vendors.gemini.script
    script.words.extend((QUESTION, STOP))
    script.answers.extend((Answer(GREETING), Answer(COUNT, 10.0), Answer(WISH)))
    script.ahead = 60.0
    record = daemon.simulate(
        [
            CallerStep(listen=0.3),
            CallerStep(say=QUESTION),
            CallerStep(onset=1.5),
            CallerStep(say=STOP),
            CallerStep(listen=0.3),
            CallerStep(hangup=True),
        ]
    )
    assert said(record) == [
        ("agent", GREETING),
        ("caller", QUESTION),
        ("agent", COUNT),
        ("caller", STOP),
        ("agent", WISH),
    ]
    assert len(record["transcript"][2]["heard"].split()) in (1, 2, 3)
    assert (record["endReason"], record["warnings"]) == ("hangup-user", [])
    (talk,) = vendors.gemini.talks
    assert [entry.is_interrupted for entry in talk.entries] == [False, False, False, True, False, False]
    assert vendors.gemini.keys == [KEYS["gemini"]]
    assert discreet(daemon, QUESTION, STOP, COUNT)

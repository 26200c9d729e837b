"""Which carriers a configuration brings up, and what it cannot ask of them."""

from __future__ import annotations

from typing import Any

import pytest

from voicecall.app.carriers import MOCK_NUMBER, from_number, make_carriers
from voicecall.config.model import Config
from voicecall.core.rules import Capabilities
from voicecall.errors import ConfigError

TWILIO = {"account_sid": "AC1", "auth_token": "token"}
NETWORK = "http://127.0.0.1:1"


def names(network: str | None = None, **config: Any) -> list[str]:
    """Return the carriers that are brought up."""
    return list(make_carriers(Config.model_validate(config), "secret", network))


def test_every_carrier_with_credentials_is_live() -> None:
    assert names(NETWORK) == ["mock"]
    assert names(NETWORK, twilio=TWILIO) == ["mock", "twilio"]
    assert names(provider="twilio", twilio=TWILIO) == ["twilio"]
    assert names(twilio={"account_sid": "AC1"}) == []


def test_calls_without_streams_are_refused_on_a_carrier_that_cannot_speak_by_itself() -> None:
    assert names(twilio=TWILIO, streaming={"enabled": False}) == ["twilio"]
    with pytest.raises(ConfigError, match=r"streaming.enabled: .* mock") as refused:
        names(NETWORK, twilio=TWILIO, streaming={"enabled": False})
    assert len(refused.value.faults) == 1


def test_a_carrier_has_its_own_number_or_the_general_one() -> None:
    config = Config.model_validate({"from_number": "+15550100001", "twilio": {"from_number": "+15550100002"}})
    assert [from_number(config, name) for name in ("twilio", "telnyx", "mock")] == [
        "+15550100002",
        "+15550100001",
        "+15550100001",
    ]
    assert [from_number(Config(), name) for name in ("twilio", "mock")] == [None, MOCK_NUMBER]


def test_machines_are_told_by_the_carrier_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    assert names(NETWORK, twilio=TWILIO, outbound={"machine": "hangup"}) == ["mock", "twilio"]
    monkeypatch.setattr("voicecall.carriers.mock.Capabilities", lambda **_: Capabilities())
    with pytest.raises(ConfigError, match=r"outbound.machine: mock does not say"):
        names(NETWORK, outbound={"machine": "hangup"})

"""What the configuration says about calls, and what this version refuses rather than does by halves."""

from __future__ import annotations

import pytest

from voicecall.config.available import check_available
from voicecall.config.model import Config
from voicecall.errors import ConfigError


def test_an_ordinary_configuration_asks_for_nothing_that_is_missing() -> None:
    check_available(Config())


def test_what_cannot_be_done_is_refused_all_at_once_and_not_replaced_by_something_else() -> None:
    config = Config.model_validate(
        {
            "realtime": {"enabled": True},
        }
    )
    with pytest.raises(ConfigError) as refused:
        check_available(config)
    assert [fault.key for fault in refused.value.faults] == [
        "realtime.enabled",
    ]

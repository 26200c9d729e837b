"""Telnyx's error codes in our words."""

from __future__ import annotations

import pytest

from voicecall.carriers.telnyx.codes import sentence

ACTIONABLE = "10002 10003 10005 10009 10010 10011 10016 10038 10039 20012 20013 20014 20015 20016 20017 20100"
ACTIONABLE += " 90015 90018 90020 90034 90041 90042 90043 90045 90046 90048 90053 90054 90055 90102"
ACTIONABLE += " D1 D2 D3 D9 D13 D14 D15 D16 D17 D24 D35 D36 D38 D41 D51 D60 D61"


@pytest.mark.parametrize("code", ACTIONABLE.split())
def test_every_code_worth_mapping_is_a_clause_of_ours(code: str) -> None:
    text = sentence(code)
    assert "https" not in text
    assert len(text) > 15
    assert not text.endswith(".")


def test_an_unknown_code_is_looked_up() -> None:
    assert "developers.telnyx.com" in sentence("90999", 401)


def test_the_status_speaks_where_no_code_does() -> None:
    assert sentence(None, 401) == sentence(None, 403) == sentence("10009")
    assert sentence(None, 404) == sentence("10005")
    assert sentence(None, 429) == sentence("10011")
    assert sentence(None, 503) == sentence(None) == "its answer says no more"

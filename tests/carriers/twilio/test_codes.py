"""Twilio's error codes in our words."""

from __future__ import annotations

import pytest

from voicecall.carriers.twilio.codes import sentence

ACTIONABLE = "10001 10002 10004 10005 20003 20005 20008 20404 20429 21201 21202 21203 21205 21206 21208 21209 21210"
ACTIONABLE += " 21211 21212 21213 21214 21215 21216 21217 21218 21219 21220 21262 22005 32018 32205 32224 32015"
ACTIONABLE += " 13214 13223 13224 13227 11200 11205 11750 12100 12200 12300"
ACTIONABLE += " 31901 31903 31910 31920 31921 31922 31924 31930 31931 31941 31950 31951"


@pytest.mark.parametrize("code", [int(code) for code in ACTIONABLE.split()])
def test_every_code_worth_mapping_is_a_clause_of_ours(code: int) -> None:
    text = sentence(code)
    assert "https" not in text or code == 31922
    assert len(text) > 20
    assert not text.endswith(".")


def test_an_unknown_code_is_looked_up() -> None:
    assert sentence(21999, 401) == "see https://www.twilio.com/docs/api/errors/21999"


def test_the_status_speaks_where_no_code_does() -> None:
    assert sentence(None, 401) == sentence(None, 403) == sentence(20003)
    assert sentence(None, 429) == sentence(20429)
    assert sentence(None, 404) == sentence(20404)
    assert sentence(None, 503) == sentence(None) == "its answer says no more"

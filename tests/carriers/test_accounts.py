"""The harmless questions that show whether a carrier knows us, and what the answers say is wrong."""

from __future__ import annotations

import pytest

from voicecall.carriers.accounts import HasAccount
from voicecall.carriers.plivo import PlivoCarrier
from voicecall.carriers.telnyx import TelnyxCarrier
from voicecall.carriers.twilio import TwilioCarrier

KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
TWILIO = TwilioCarrier("AC1", "token")
WITH_API_KEY = TwilioCarrier("AC1", "token", api_key=("SK1", "secret"))
TELNYX = TelnyxCarrier("key", "1/2", KEY)
PLIVO = PlivoCarrier("MA1", "token")
CARRIERS = (TWILIO, WITH_API_KEY, TELNYX, PLIVO)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_question_changes_nothing_and_names_the_settings_that_it_tries(carrier: HasAccount) -> None:
    for question in carrier.questions():
        assert (question.request.method, question.request.repeatable) == ("GET", True)
        assert question.request.headers["Authorization"]
        assert question.keys.startswith(("twilio.", "telnyx.", "plivo."))


def test_the_account_or_what_calls_belong_to_is_asked_after() -> None:
    urls = [[question.request.url for question in carrier.questions()] for carrier in CARRIERS]
    assert urls == [
        ["https://api.twilio.com/2010-04-01/Accounts/AC1.json"],
        [
            "https://api.twilio.com/2010-04-01/Accounts/AC1.json",
            "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json?PageSize=1",
        ],
        ["https://api.telnyx.com/v2/call_control_applications/1%2F2"],
        ["https://api.plivo.com/v1/Account/MA1/"],
    ]


def test_an_api_key_is_tried_beside_the_account() -> None:
    own, calls = WITH_API_KEY.questions()
    assert own.request.headers != calls.request.headers
    assert "api_key" in calls.keys


@pytest.mark.parametrize(
    ("carrier", "body", "words"),
    [
        (TWILIO, b'{"status": "active", "type": "Full"}', ""),
        (TWILIO, b'{"status": "suspended"}', "is suspended"),
        (TWILIO, b'{"type": "Trial"}', "is a trial"),
        (TWILIO, b"{", ""),
        (TELNYX, b'{"data": {"active": true}}', ""),
        (TELNYX, b'{"data": {"active": false}}', "switched this application off"),
        (TELNYX, b"[]", ""),
        (PLIVO, b'{"cash_credits": "12.50"}', ""),
        (PLIVO, b'{"cash_credits": "0.00000"}', "has 0.00000 of credit left"),
        (PLIVO, b'{"cash_credits": -3.5}', "has -3.5 of credit left"),
        (PLIVO, b'{"cash_credits": ".0"}', "of credit left"),
        (PLIVO, b'{"cash_credits": ""}', ""),
        (PLIVO, b'{"cash_credits": null}', ""),
        (PLIVO, b"\xff", ""),
    ],
)
def test_what_is_wrong_with_an_account_is_said_and_an_answer_that_says_nothing_is_none(
    carrier: HasAccount, body: bytes, words: str
) -> None:
    told = carrier.shortcoming(body)
    assert words in told
    assert bool(told) == bool(words)

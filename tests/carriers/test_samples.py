"""The webhooks that the doctor sends in a carrier's name are what the carrier's own verifier takes."""

from __future__ import annotations

import pytest

from voicecall.carriers import Carrier, Webhook
from voicecall.carriers.accounts import HasSample
from voicecall.carriers.plivo import PlivoCarrier
from voicecall.carriers.telnyx import TelnyxCarrier
from voicecall.carriers.twilio import TwilioCarrier
from voicecall.errors import SignatureError

URL = "https://voice.example.com/voice/webhook?probe=abc"
KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
SIGNING = (
    TwilioCarrier("AC1", "token"),
    TwilioCarrier("AC1", "", signing_keys=[("webhooks_sharedkey_1", b"secret")]),
    PlivoCarrier("MA1", "token"),
)


def received(carrier: HasSample, url: str = URL) -> Webhook:
    """A sample for `URL`, as it arrives at `url`."""
    request = carrier.sample(URL, "abc", 1000.0).request
    return Webhook(request.method, url, {name.lower(): value for name, value in request.headers.items()}, request.body)


@pytest.mark.parametrize("carrier", SIGNING)
def test_a_sample_is_verified_and_one_for_another_url_is_not(carrier: Carrier) -> None:
    assert isinstance(carrier, HasSample)
    carrier.verify(received(carrier), 1000.0)
    with pytest.raises(SignatureError, match="wrong"):
        carrier.verify(received(carrier, URL.partition("?")[0]), 1000.0)


def test_a_sample_of_telnyx_is_recognised_and_says_that_it_is_not_signed() -> None:
    carrier = TelnyxCarrier("key", "1", KEY)
    assert not carrier.sample(URL, "abc", 1000.0).signed
    assert carrier.recognises(received(carrier).headers)
    with pytest.raises(SignatureError, match="wrong"):
        carrier.verify(received(carrier), 1000.0)

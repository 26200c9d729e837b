"""What can be done on Twilio."""

from __future__ import annotations

from voicecall.carriers import Capabilities
from voicecall.carriers.twilio import TwilioCarrier

CARRIER = TwilioCarrier("AC1", "token")


def test_it_says_what_can_be_done() -> None:
    assert CARRIER.capabilities == Capabilities(
        streaming=True,
        prompts=True,
        digits_at_dial=True,
        digits_end_stream=True,
        signs_handshake=True,
        machine_detection=True,
        recording=True,
        transfer=True,
        redirects=True,
        dials_per_second=1.0,
    )

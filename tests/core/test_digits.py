"""Digits for which a leg leaves its media stream, one operation after the other."""

from __future__ import annotations

from tests.core.scenes import call_on, dropped, greeted
from voicecall.core import events as ev
from voicecall.core.effects import Acknowledge, SendDigits
from voicecall.core.ids import StreamId
from voicecall.core.rules import Capabilities


def test_digits_wait_until_the_leg_is_back_from_sending_others() -> None:
    world = greeted(call_on(Capabilities(redirects=True, digits_end_stream=True)))
    assert SendDigits("a", "12") in world.feed(ev.DigitsAsked("a", "12"))
    assert world.feed(ev.DigitsAsked("b", "34")) == ()
    world.feed(ev.DigitsSent("a"))
    dropped(world)
    world.feed(ev.DocumentAsked())
    assert SendDigits("b", "34") in world.feed(ev.StreamStarted(StreamId("stream-2"), "nonce-2"))
    assert world.feed(ev.DigitsSent("b")) == (Acknowledge("b", {}),)


def test_digits_that_could_not_be_sent_let_the_next_go() -> None:
    world = greeted(call_on(Capabilities(redirects=True, digits_end_stream=True)))
    world.feed(ev.DigitsAsked("a", "12"))
    world.feed(ev.DigitsAsked("b", "34"))
    assert SendDigits("b", "34") in world.feed(ev.DigitsSent("a", "the call is over there"))

"""`<Gather>` in virtual time: keys, speech, time-outs and what follows from them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.emulators.twilio_rig import PHONE, Gateway, World, play
from voicecall.emulators.script import Step


def gathering(gather: str, *steps: Step, after: str = "<Redirect>/nothing</Redirect>") -> Gateway:
    """Call a phone that does these steps, and run a `<Gather>`."""

    async def scene(world: World) -> None:
        await world.network.script(PHONE, steps)
        await world.dial()
        await asyncio.sleep(60)

    return play(scene, {"/voice": gather + after, "/heard": '<Pause length="60"/>', "/nothing": '<Pause length="60"/>'})


def heard(gateway: Gateway) -> tuple[Any, Any]:
    """Return when the action was asked, and what it was told beyond the parameters of every webhook."""
    first, last = gateway.hooks
    assert last.path == "/heard"
    return last.at - first.at, {name: text for name, text in last.form.items() if name not in first.form}


@pytest.mark.parametrize(
    ("attributes", "keys", "digits", "at"),
    [
        ("", "w12#34", "12", 1.9),
        ("", "w12", "12", 1.7 + 5),
        ('timeout="2"', "12", "12", 1.2 + 2),
        ('numDigits="1"', "w34", "3", 1.5),
        ('finishOnKey="*"', "1#*", "1#", 1.4),
        ('finishOnKey="" numDigits="2"', "##", "##", 1.2),
        ('input="dtmf speech" timeout="2"', "7#", "7", 1.2),
    ],
)
def test_keys_are_gathered_until_there_are_enough(attributes: str, keys: str, digits: str, at: float) -> None:
    told = heard(gathering(f'<Gather action="/heard" {attributes}/>', Step(press=keys)))
    assert told == (pytest.approx(at, abs=0.1), {"Digits": digits})


def test_speech_is_known_from_the_phones_script() -> None:
    gather = '<Gather input="speech" action="/heard" speechTimeout="2"/>'
    at, told = heard(gathering(gather, Step(say="Call me back."), Step(wait=1.5), Step(say="Please."), Step(wait=9.0)))
    assert told == {"SpeechResult": "Call me back. Please.", "Confidence": "0.9"}
    assert at == pytest.approx(1 + 1 + 1.5 + 1 + 2, abs=0.1)


@pytest.mark.parametrize(
    ("attributes", "pause"), [("", 5), ('speechTimeout="auto"', 1), ('timeout="3"', 3), ('timeout="9"', 9)]
)
def test_speech_ends_with_silence(attributes: str, pause: float) -> None:
    at, _ = heard(gathering(f'<Gather input="speech" action="/heard" {attributes}/>', Step(say="Hello")))
    assert at == pytest.approx(1 + 1 + pause, abs=0.1)


def test_speech_is_cut_at_its_longest() -> None:
    gather = '<Gather input="speech" action="/heard" maxSpeechTime="0.5"/>'
    at, told = heard(gathering(gather, Step(wait=2.0), Step(say="Too long")))
    assert (at, told["SpeechResult"]) == (pytest.approx(2.5, abs=0.1), "Too long")


def test_speech_stops_the_prompt() -> None:
    gather = '<Gather input="speech" action="/heard" speechTimeout="1"><Say loop="9">Prompt</Say></Gather>'
    at, _ = heard(gathering(gather, Step(onset=2.5), Step(say="Stop")))
    assert at == pytest.approx(2.5 + 1 + 1, abs=0.1)


def test_without_barge_in_only_what_follows_the_prompt_counts() -> None:
    gather = (
        '<Gather input="speech" action="/heard" bargeIn="false" speechTimeout="1"><Say loop="4">Prompt</Say></Gather>'
    )
    at, told = heard(gathering(gather, Step(say="Early"), Step(listen=0.5), Step(say="Late")))
    assert (at, told["SpeechResult"]) == (pytest.approx(4 + 0.5 + 1 + 1, abs=0.1), "Late")


def test_keys_that_were_not_asked_for_do_not_count() -> None:
    gateway = gathering('<Gather input="speech" action="/heard" timeout="2"/>', Step(press="1#"))
    assert gateway.paths() == ["/voice", "/nothing"]


def test_the_time_out_begins_after_the_prompt_and_then_the_next_verb_runs() -> None:
    gateway = gathering('<Gather timeout="3" action="/heard"><Say>One</Say><Pause length="1"/></Gather>')
    assert gateway.paths() == ["/voice", "/nothing"]
    assert gateway.hooks[1].at - gateway.hooks[0].at == pytest.approx(1 + 1 + 3, abs=0.1)


def test_the_call_ends_when_nothing_was_heard_and_nothing_follows() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await asyncio.sleep(7)
        assert await world.status(leg) == "completed"

    assert play(scene, {"/voice": '<Gather action="/heard"/>'}).paths() == ["/voice"]


def test_an_empty_result_is_told_on_request() -> None:
    at, told = heard(gathering('<Gather action="/heard" actionOnEmptyResult="true" timeout="2"/>'))
    assert (at, told) == (pytest.approx(2, abs=0.1), {})


def test_without_an_action_the_document_is_asked_again() -> None:
    async def scene(world: World) -> None:
        await world.network.script(PHONE, [Step(press="1#")])
        await world.dial()
        await asyncio.sleep(9)

    gateway = play(scene, {"/voice": ['<Gather numDigits="1"/>', '<Pause length="60"/>']})
    assert gateway.paths() == ["/voice", "/voice"]
    assert gateway.hooks[1].form["Digits"] == "1"


def test_partial_results_are_told_while_the_verb_goes_on() -> None:
    gather = '<Gather input="speech" action="/heard" partialResultCallback="/partial"/>'
    gateway = gathering(gather, Step(say="One"), Step(wait=1.0), Step(say="Two"))
    partial = [(hook.form["SequenceNumber"], hook.form["StableSpeechResult"]) for hook in gateway.at("/partial")]
    assert partial == [("0", "One"), ("1", "One Two")]
    assert gateway.paths() == ["/voice", "/partial", "/partial", "/heard"]

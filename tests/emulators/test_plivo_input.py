"""`<GetInput>` in virtual time: keys, speech, time-outs and what follows from them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.emulators.plivo_rig import ORIGIN, PHONE, WAIT, Gateway, World, ended, play
from voicecall.emulators.script import Step

NOTHING = f"<Redirect>{ORIGIN}/nothing</Redirect>"


def asking(attributes: str, *steps: Step, prompts: str = "", after: str = NOTHING) -> Gateway:
    """Call a phone that does these steps, and run a `<GetInput>`."""

    async def scene(world: World) -> None:
        await world.network.script(PHONE, steps)
        await world.dial()
        await asyncio.sleep(40)

    document = f'<GetInput action="{ORIGIN}/heard" {attributes}>{prompts}</GetInput>{after}'
    return play(scene, {"/answer": document, "/heard": WAIT, "/nothing": WAIT})


def heard(gateway: Gateway) -> tuple[Any, Any]:
    """Return when the action was asked, and what it was told beyond the parameters of every webhook."""
    first, last = gateway.hooks
    assert (last.path, last.form["Event"]) == ("/heard", "Redirect")
    return last.at - first.at, {name: text for name, text in last.form.items() if name not in first.form}


@pytest.mark.parametrize(
    ("attributes", "keys", "digits", "at"),
    [
        ("", "w12#34", "12", 1.9),
        ("", "w12", "12", 1.7 + 2),
        ('digitEndTimeout="4"', "12", "12", 1.2 + 4),
        ('digitEndTimeout="auto"', "12", "12", 1.2 + 2),
        ('numDigits="1"', "w34", "3", 1.5),
        ('finishOnKey="*"', "1#*", "1#", 1.4),
        ('finishOnKey="none" numDigits="2"', "##", "##", 1.2),
        ('inputType="dtmf speech"', "7#", "7", 1.2),
    ],
)
def test_keys_are_taken_until_there_are_enough(attributes: str, keys: str, digits: str, at: float) -> None:
    told = heard(asking(attributes, Step(press=keys)))
    assert told == (pytest.approx(at, abs=0.1), {"InputType": "dtmf", "Digits": digits, "Speech": ""})


def test_speech_is_known_from_the_phones_script() -> None:
    steps = Step(say="Call me back."), Step(wait=1.5), Step(say="Please."), Step(wait=9.0)
    at, told = heard(asking('inputType="speech" speechEndTimeout="3"', *steps))
    assert told.items() >= {"InputType": "speech", "Speech": "Call me back. Please.", "Digits": ""}.items()
    assert 0 <= float(told["SpeechConfidenceScore"]) <= 1
    assert at == pytest.approx(1 + 1 + 1.5 + 1 + 3, abs=0.1)


def test_the_execution_time_out_cuts_speech_and_counts_from_the_end_of_the_prompts() -> None:
    steps = Step(listen=0.5), Step(wait=3.0), Step(say="Too long")
    at, told = heard(asking('inputType="speech" executionTimeout="5"', *steps, prompts="<Speak>One</Speak>"))
    assert (at, told["Speech"]) == (pytest.approx(1 + 5, abs=0.1), "Too long")


def test_the_next_element_runs_when_nothing_was_heard() -> None:
    gateway = asking('executionTimeout="6"', prompts="<Speak>One</Speak><Play>https://a.example/b.mp3</Play>")
    assert gateway.paths() == ["/answer", "/nothing"]
    assert gateway.hooks[1].at - gateway.hooks[0].at == pytest.approx(1 + 6, abs=0.1)


def test_without_a_next_element_the_call_ends() -> None:
    gateway = asking("", after="")
    assert ended(gateway) == ("4010", "Answer XML", "completed")


@pytest.mark.parametrize(("kind", "step"), [("speech", Step(say="Stop")), ("dtmf", Step(press="1"))])
def test_an_input_stops_the_prompts(kind: str, step: Step) -> None:
    gateway = asking(f'inputType="{kind}"', Step(onset=2.5), step, prompts='<Speak loop="9">Prompt</Speak>')
    seconds = 1 if kind == "speech" else 0
    assert heard(gateway)[0] == pytest.approx(2.5 + seconds + 2, abs=0.1)


def test_what_was_not_asked_for_does_not_count() -> None:
    for kind, step in (("speech", Step(press="1#")), ("dtmf", Step(say="Hello"))):
        assert asking(f'inputType="{kind}"', step).paths() == ["/answer", "/nothing"]


def test_without_redirect_the_action_is_only_told() -> None:
    gateway = asking('redirect="false" numDigits="1"', Step(press="1"))
    assert sorted(gateway.paths()) == ["/answer", "/heard", "/nothing"]


def test_interim_results_are_told_while_the_element_goes_on() -> None:
    interim = f'inputType="speech" interimSpeechResultsCallback="{ORIGIN}/interim"'
    gateway = asking(interim, Step(say="One"), Step(wait=1.0), Step(say="Two"))
    told = [(hook.form["SequenceNumber"], hook.form["StableSpeech"]) for hook in gateway.at("/interim")]
    assert told == [("1", "One"), ("2", "One Two")]
    assert gateway.paths() == ["/answer", "/interim", "/interim", "/heard"]


@pytest.mark.parametrize(
    "attributes",
    [
        'executionTimeout="3"',
        'executionTimeout="61"',
        'digitEndTimeout="1"',
        'speechEndTimeout="11"',
        'numDigits="33"',
        'inputType="voice"',
        'speechModel="best"',
        'timeout="5"',
        f'hints="{"x" * 101}"',
        f'hints="{"x," * 500}"',
    ],
)
def test_a_value_out_of_range_spoils_the_document(attributes: str) -> None:
    assert ended(asking(attributes))[0] == "8011"


def test_an_answer_to_the_action_that_is_no_xml_ends_the_call() -> None:
    async def scene(world: World) -> None:
        await world.network.script(PHONE, [Step(press="1#")])
        await world.dial()
        await asyncio.sleep(5)

    document = f'<GetInput action="{ORIGIN}/heard"/>'
    assert ended(play(scene, {"/answer": document, "/heard": "<Gather/>"}))[0] == "8012"
    assert ended(play(scene, {"/answer": document.replace(ORIGIN, "")}))[0] == "7022"
    assert ended(play(scene, {"/answer": "<GetInput/>"}))[0] == "8011"

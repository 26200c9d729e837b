"""What goes wrong with OpenAI's models, and what becomes of the conversation."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.realtime.openai_rig import FRAME, KEY, QUICK, Rig, play
from voicecall.emulators.vendors.openai_realtime import OpenAIRealtime as Vendor
from voicecall.emulators.vendors.openai_realtime_hearing import tone
from voicecall.emulators.vendors.openai_realtime_script import CallFunction, Say
from voicecall.realtime import Called, CallerWords, Ended, Past, Trouble, TurnOver, Uncalled

HISTORY = (Past("agent", "hello"), Past("caller", "hi"))


async def lost(rig: Rig) -> None:
    """Wait until the session is given up."""
    await rig.until(lambda: rig.failure)


def test_sound_waits_for_a_session_that_is_confirmed_late() -> None:
    async def scene(rig: Rig) -> None:
        rig.script.late_by = 0.1
        await rig.script.until(lambda: bool(rig.vendor.sessions))
        rig.speak(silence=1.2)
        rig.session.say("1", "hello")
        await rig.until(lambda: rig.all(TurnOver))
        await rig.reported(Ended("1"))
        assert rig.served.early_ms == 0
        assert rig.served.received_ms == 1600

    play(scene, wrong="late_update")


def test_of_what_waits_for_the_session_the_oldest_is_dropped() -> None:
    async def scene(rig: Rig) -> None:
        rig.feed(FRAME * 600)
        await rig.script.until(lambda: bool(rig.vendor.sessions) and rig.served.received_ms == 10000)

    play(scene)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("refused", r"401.*realtime\.openai\.api_key"),
        ("refused_late", r"invalid_api_key.*realtime\.openai\.api_key"),
        ("unknown_model", r"404; check realtime\.openai\.model"),
        ("update_refused", r"refused \(invalid_value, session\.audio\.output\.voice\).*realtime\.openai\.model"),
        ("throttled", r"429"),
        ("no_update", r"not confirmed within"),
        ("pcm_declared", r"audio/pcm where audio/pcmu was asked"),
    ],
)
def test_a_session_that_cannot_be_had_says_what_to_do_and_no_secret(wrong: str, told: str) -> None:
    rig = play(lost, wrong=wrong, patience=replace(QUICK, settled=0.3))
    assert rig.failure is not None
    assert rig.failure.args[0].startswith("realtime.openai: ")
    assert re.search(told, str(rig.failure))
    assert KEY not in str(rig.failure)
    assert all(KEY not in trouble.text for trouble in rig.all(Trouble))


@pytest.mark.parametrize(("wrong", "kind"), [("pcm", "16-bit samples"), ("wav", "WAV")])
def test_sound_of_another_kind_is_named_and_none_of_it_is_heard(wrong: str, kind: str) -> None:
    async def scene(rig: Rig) -> None:
        rig.session.say("1", "hello")
        await lost(rig)
        assert rig.sound("1") == b""

    failure = play(scene, wrong=wrong).failure
    assert failure is not None
    assert (failure.code, kind in str(failure)) == ("wrong_format", True)


def test_sound_may_come_in_pieces_of_any_length() -> None:
    async def scene(rig: Rig) -> None:
        rig.session.say("1", "hello there")
        await rig.reported(Ended("1"))
        assert rig.sound("1") == tone(0.6)

    play(scene, wrong="odd")


@pytest.mark.parametrize("wrong", ["broken", "unknown"])
def test_messages_that_make_no_sense_are_survived(wrong: str) -> None:
    async def scene(rig: Rig) -> None:
        rig.session.say("1", "hello there")
        await rig.reported(Ended("1"))
        assert rig.sound("1") == tone(0.6)

    assert play(scene, wrong=wrong).troubles() == []


@pytest.mark.parametrize(
    ("wrong", "why"), [("error", "server_error"), ("rate_limited", "rate_limit_exceeded"), ("empty", "empty")]
)
def test_an_answer_that_fails_says_why_and_the_next_one_is_made(wrong: str, why: str) -> None:
    async def scene(rig: Rig) -> None:
        rig.session.say("1", "hello")
        await rig.until(lambda: rig.all(Ended))
        (ended,) = rig.all(Ended)
        assert why in ended.failed
        rig.fails(None)
        rig.session.say("2", "hello")
        await rig.reported(Ended("2"))

    assert play(scene, wrong=wrong).troubles() == []


def test_an_answer_that_was_refused_and_cancelled_at_once_is_no_trouble() -> None:
    async def scene(rig: Rig) -> None:
        rig.session.say("0", "hello")
        await rig.reported(Ended("0"))
        rig.fails("error")
        rig.session.say("1", "hello")
        rig.session.cancel("1", 0)
        await rig.script.until(lambda: bool(rig.vendor.sent("response.cancel")))
        rig.fails(None)
        rig.session.say("2", "well")
        await rig.reported(Ended("2"))

    assert play(scene).troubles() == []


@pytest.mark.parametrize("wrong", ["mute", "stall", "open"])
def test_an_answer_that_does_not_go_on_is_given_up(wrong: str) -> None:
    async def scene(rig: Rig) -> None:
        rig.session.say("1", "hello")
        await rig.until(lambda: rig.all(Ended))
        assert "nothing more" in rig.all(Ended)[0].failed
        rig.fails(None)
        rig.session.say("2", "well")
        await rig.reported(Ended("2"))

    assert play(scene, wrong=wrong).troubles() == []


def test_a_flood_can_be_stopped() -> None:
    async def scene(rig: Rig) -> None:
        rig.session.say("1", "hello")
        await rig.until(lambda: len(rig.sound("1")) > 8000)
        rig.session.cancel("1", 100)
        await rig.script.until(lambda: rig.served.responses[0].is_over)
        rig.fails(None)
        rig.session.say("2", "well")
        await rig.reported(Ended("2"))

    assert play(scene, wrong="flood").troubles() == []


def test_a_cancellation_that_never_ends_costs_the_session() -> None:
    async def scene(rig: Rig) -> None:
        rig.script.late_by = 60.0
        rig.session.say("1", "hello")
        await rig.until(lambda: rig.sound("1"))
        rig.session.cancel("1", 10)
        await rig.script.until(lambda: bool(rig.vendor.sent("response.cancel")))
        rig.fails(None)
        rig.session.say("2", "well")
        await rig.reported(Ended("2"))
        assert len(rig.vendor.sessions) == 2

    rig = play(scene, wrong="slow_cancel", history=HISTORY)
    assert rig.troubles() == ["session-renewed"]
    assert rig.served.conversation.lines == [("assistant", "hello"), ("user", "hi"), ("assistant", "well")]


@pytest.mark.parametrize("wrong", ["drop", "close", "half"])
def test_a_connection_lost_in_an_answer_ends_it_and_the_next_session_knows_what_was_said(wrong: str) -> None:
    async def scene(rig: Rig) -> None:
        rig.session.say("1", "hello there")
        await rig.until(lambda: rig.all(Ended))
        assert rig.all(Ended)[0].failed
        rig.fails(None)
        rig.session.cancel("1", 10)
        rig.session.say("2", "well")
        await rig.reported(Ended("2"))

    rig = play(scene, wrong=wrong, history=HISTORY)
    assert rig.troubles() == ["reconnected"]
    assert rig.served.conversation.lines == [("assistant", "hello"), ("user", "hi"), ("assistant", "well")]


def test_an_answer_of_which_nothing_was_heard_is_asked_for_again_after_a_loss() -> None:
    async def scene(rig: Rig) -> None:
        rig.session.say("1", "hello")
        await rig.script.until(lambda: bool(rig.vendor.sessions) and bool(rig.served.responses))
        rig.fails(None)
        await rig.vendor.close_idle()
        await rig.reported(Ended("1"))
        assert rig.sound("1") == tone(0.3)

    assert play(scene, wrong="mute").troubles() == ["reconnected"]


def test_a_second_loss_in_a_row_is_the_end() -> None:
    async def scene(rig: Rig) -> None:
        for name in ("1", "2"):
            rig.session.say(name, "hello")
            await rig.until(lambda name=name: rig.sound(name))  # type: ignore[misc] # bound early
        await lost(rig)

    failure = play(scene, wrong="drop").failure
    assert failure is not None
    assert "was lost" in str(failure)


@pytest.mark.parametrize("comes", ["by itself", "with an answer"])
def test_a_session_that_has_expired_is_followed_by_another(comes: str) -> None:
    async def scene(rig: Rig) -> None:
        if comes == "by itself":
            await rig.until(rig.troubles)
        else:
            rig.session.say("1", "hello")
            await rig.until(rig.troubles)
        rig.script.limit = 3600.0
        rig.fails(None)
        if comes == "by itself":
            rig.session.say("1", "hello")
        await rig.reported(Ended("1"))

    vendor = Vendor()
    vendor.script.limit = 0.2 if comes == "by itself" else 3600.0
    rig = play(scene, vendor=vendor, wrong="expired", history=HISTORY)
    assert rig.troubles() == ["reconnected"]
    assert rig.served.conversation.lines == [("assistant", "hello"), ("user", "hi"), ("assistant", "hello")]


def test_a_session_that_nears_its_limit_is_replaced_in_a_pause() -> None:
    async def scene(rig: Rig) -> None:
        rig.script.transcribes = 0.8
        rig.script.heard.append("and then")
        rig.speak(silence=1.2)
        rig.session.say("1", "hello")
        await rig.reported(Ended("1"))
        assert len(rig.vendor.sessions) == 1
        await rig.until(rig.troubles)
        assert rig.all(CallerWords)[0].text == "and then"
        rig.session.say("2", "well")
        await rig.reported(Ended("2"))

    rig = play(scene, patience=replace(QUICK, limit=0.0, notice=0.0), history=HISTORY)
    assert set(rig.troubles()) == {"session-renewed"}
    assert rig.failure is None


def test_a_tool_whose_session_is_gone_is_told_in_words() -> None:
    async def scene(rig: Rig) -> None:
        rig.script.answers.append((Say("one moment"), CallFunction("look_up")))
        rig.session.respond("1")
        await rig.until(lambda: rig.all(Called))
        await rig.script.until(lambda: rig.served.responses[0].is_over)
        await rig.vendor.close_idle()
        await rig.until(rig.troubles)
        rig.session.result(rig.all(Called)[0].call, "in", more=True)
        await rig.reported(Ended("1"))
        assert rig.all(Uncalled) == []

    assert play(scene).served.conversation.lines == [
        ("system", "The result of look_up: in"),
        ("assistant", "all right"),
    ]


def test_a_tool_called_by_an_answer_that_was_lost_is_called_off() -> None:
    async def scene(rig: Rig) -> None:
        rig.script.answers.append((CallFunction("look_up"), Say("one moment", 1.0)))
        rig.session.respond("1")
        await rig.until(lambda: rig.all(Ended))
        assert rig.all(Uncalled) == [Uncalled(rig.all(Called)[0].call)]
        rig.session.result(rig.all(Called)[0].call, "in", more=True)
        rig.fails(None)
        rig.session.say("2", "well")
        await rig.reported(Ended("2"))

    assert play(scene, wrong="drop").served.conversation.lines == [("assistant", "well")]


def test_words_that_will_not_come_any_more_are_none() -> None:
    async def scene(rig: Rig) -> None:
        rig.script.transcribes = 60.0
        rig.speak(silence=1.2)
        await rig.until(lambda: rig.all(TurnOver))
        await rig.vendor.close_idle()
        await rig.reported(CallerWords(rig.all(TurnOver)[0].item, ""))

    play(scene)

"""Whole calls over the simulated Telnyx, in virtual time: events, commands and causes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.emulators.telnyx_rig import EPOCH, ORIGIN, OURS, PHONE, World, play, state
from tests.emulators.twilio_rig import journal
from voicecall.emulators.script import Step
from voicecall.emulators.telnyx.account import Account


def test_an_outbound_call_reports_its_progress() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(client_state=state("ours"))
        assert await world.alive(leg)
        await asyncio.sleep(3)
        await world.do(leg, "hangup")
        assert not await world.alive(leg)
        await asyncio.sleep(0.1)

    gateway = play(scene)
    told = [(hook.at, hook.type) for hook in gateway.hooks]
    assert told == [(0.0, "call.initiated"), (0.6, "call.answered"), (3.0, "call.hangup")]
    initiated, answered, hangup = (hook.payload for hook in gateway.hooks)
    assert (initiated["direction"], initiated["state"], answered["state"]) == ("outgoing", "bridging", "answered")
    assert (initiated["from"], initiated["to"]) == (OURS, PHONE)
    assert (hangup["hangup_cause"], hangup["hangup_source"]) == ("normal_clearing", "caller")
    assert hangup["end_time"] == "2027-01-15T08:00:03.000000Z"
    for name in ("call_control_id", "call_leg_id", "call_session_id", "connection_id", "client_state"):
        assert len({hook.payload[name] for hook in gateway.hooks}) == 1
    assert hangup["client_state"] == state("ours")
    assert hangup["call_control_id"].startswith("v3:")


def test_every_event_is_signed_and_has_an_id_of_its_own() -> None:
    account = Account(seed=b"\1" * 32, webhook_url=f"{ORIGIN}/telnyx")

    async def scene(world: World) -> None:
        await world.answered()

    gateway = play(scene, account=account)
    assert all(hook.genuine(account) for hook in gateway.hooks)
    assert not gateway.hooks[0].genuine(Account())
    assert len({hook.data["id"] for hook in gateway.hooks}) == len(gateway.hooks) == 2
    hook = gateway.hooks[0]
    assert (hook.headers["telnyx-timestamp"], hook.data["record_type"]) == (str(EPOCH), "event")
    assert hook.meta == {"attempt": 1, "delivered_to": f"{ORIGIN}/telnyx"}


@pytest.mark.parametrize(
    ("number", "cause", "sip", "source"),
    [("+15550100001", "user_busy", "486", "callee"), ("+15550100002", "timeout", "487", "callee")],
)
def test_a_call_that_is_not_answered_says_why(number: str, cause: str, sip: str, source: str) -> None:
    async def scene(world: World) -> None:
        await world.dial(number, timeout_secs=20)
        await asyncio.sleep(30)

    gateway = play(scene)
    assert gateway.types() == ["call.initiated", "call.hangup"]
    told = gateway.payload("call.hangup")
    assert (told["hangup_cause"], told["sip_hangup_cause"], told["hangup_source"]) == (cause, sip, source)


def test_the_phone_hangs_up_and_the_callee_is_named() -> None:
    async def scene(world: World) -> None:
        await world.dial("+15550100004")
        await asyncio.sleep(5)

    told = play(scene).payload("call.hangup")
    assert (told["hangup_cause"], told["hangup_source"]) == ("normal_clearing", "callee")


def test_a_call_is_cut_at_its_time_limit() -> None:
    async def scene(world: World) -> None:
        await world.dial(time_limit_secs=60)
        await asyncio.sleep(70)

    (hook,) = play(scene).at("call.hangup")
    assert (hook.at, hook.payload["hangup_cause"], hook.payload["hangup_source"]) == (60.6, "time_limit", "unknown")


def test_a_dialled_call_that_is_given_up_was_cancelled_by_us() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await asyncio.sleep(0.2)
        await world.do(leg, "hangup")
        await asyncio.sleep(0.1)

    told = play(scene).payload("call.hangup")
    assert (told["hangup_cause"], told["hangup_source"]) == ("originator_cancel", "caller")


def test_an_incoming_call_is_parked_until_it_is_answered() -> None:
    async def scene(world: World) -> None:
        leg = await world.ring(Step(wait=60.0))
        await asyncio.sleep(5)
        assert journal(leg, "answered") == []
        await world.do(leg, "answer", client_state=state("c1"))
        assert await world.code(leg, "speak", payload="Too soon", voice="v") == "90034"
        await asyncio.sleep(0.1)
        assert leg.status == "answered"
        assert await world.code(leg, "answer") == "90033"
        leg.hang_up()
        await asyncio.sleep(0.1)

    gateway = play(scene)
    assert gateway.types() == ["call.initiated", "call.answered", "call.hangup"]
    initiated, answered, hangup = (hook.payload for hook in gateway.hooks)
    assert (initiated["direction"], initiated["state"], initiated["client_state"]) == ("incoming", "parked", None)
    assert (initiated["from"], initiated["to"]) == (PHONE, OURS)
    assert answered["client_state"] == state("c1")
    assert (hangup["hangup_cause"], hangup["hangup_source"]) == ("normal_clearing", "caller")


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        ("CALL_REJECTED", "call_rejected"),
        ("USER_BUSY", "user_busy"),
        ("NOT_FOUND", "not_found"),
        ("TEMPORARILY_UNAVAILABLE", "no_answer"),
    ],
)
def test_a_rejected_call_is_never_answered(cause: str, told: str) -> None:
    async def scene(world: World) -> None:
        leg = await world.ring()
        await world.do(leg, "reject", cause=cause)
        await asyncio.sleep(0.1)
        assert leg.status == "ended"
        assert journal(leg, "answered") == []

    payload = play(scene).payload("call.hangup")
    assert (payload["hangup_cause"], payload["sip_hangup_cause"]) == (told, "unspecified")


def test_a_caller_who_gives_up_cancels() -> None:
    async def scene(world: World) -> None:
        leg = await world.ring()
        leg.end("canceled")
        await asyncio.sleep(0.1)

    told = play(scene).payload("call.hangup")
    assert (told["hangup_cause"], told["hangup_source"]) == ("originator_cancel", "caller")


def test_a_caller_who_gives_up_just_before_the_answer_is_not_answered() -> None:
    async def scene(world: World) -> None:
        leg = await world.ring()
        await world.do(leg, "answer")
        leg.end("canceled")
        await asyncio.sleep(1)

    assert play(scene).types() == ["call.initiated", "call.hangup"]


def test_a_parked_call_without_a_command_is_ended_where_the_application_says_so() -> None:
    async def scene(world: World) -> None:
        left, kept = await world.ring(), await world.ring()
        await world.do(kept, "client_state_update", client_state=state("x"))
        await asyncio.sleep(6)
        assert (left.status, kept.status) == ("ended", "ringing")

    account = Account(webhook_url=f"{ORIGIN}/telnyx", first_command_timeout=5.0)
    assert play(scene, account=account).payload("call.hangup")["hangup_cause"] == "timeout"


def test_the_client_state_in_force_is_echoed() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered(client_state=state("a"))
        await world.do(leg, "speak", payload="One", voice="v", client_state=state("b"))
        await asyncio.sleep(0.1)
        await world.do(leg, "client_state_update", client_state=state("c"))
        await world.do(leg, "send_dtmf", digits="1")
        await asyncio.sleep(2)

    gateway = play(scene)
    states = [hook.payload["client_state"] for hook in gateway.hooks]
    assert states == [state("a"), state("a"), state("b"), state("c")]


def test_a_refused_command_leaves_the_client_state_alone() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered(client_state=state("a"))
        assert await world.code(leg, "answer", client_state=state("b")) == "90102"
        await world.do(leg, "hangup")
        await asyncio.sleep(0.1)

    assert play(scene).payload("call.hangup")["client_state"] == state("a")


def test_a_command_is_obeyed_once_in_a_minute() -> None:
    async def scene(world: World) -> None:
        leg, other = await world.answered(), await world.answered()
        for call in (leg, leg, other):
            await world.do(call, "send_dtmf", digits="1", command_id="d1")
        await world.do(leg, "send_dtmf", digits="2", command_id="d2")
        await asyncio.sleep(61)
        await world.do(leg, "send_dtmf", digits="3", command_id="d1")
        await asyncio.sleep(1)
        assert [text for _, _, text in journal(leg, "digit")] == ["1", "2", "3"]
        assert [text for _, _, text in journal(other, "digit")] == ["1"]

    play(scene)


def test_a_refused_command_can_be_repeated() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        assert await world.code(leg, "send_dtmf", digits="1", command_id="d1") == "90034"
        await asyncio.sleep(1)
        await world.do(leg, "send_dtmf", digits="1", command_id="d1")
        await asyncio.sleep(1)
        assert len(journal(leg, "digit")) == 1

    play(scene)


def test_a_repeated_dial_is_a_second_call() -> None:
    async def scene(world: World) -> None:
        await world.dial(command_id="x")
        await world.dial(command_id="x")
        assert len(world.network.legs) == 2

    play(scene)


def test_digits_are_sent_on_answer() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(send_digits_on_answer="1w2")
        await asyncio.sleep(3)
        assert [text for _, _, text in journal(leg, "digit")] == ["1", "2"]

    play(scene)


@pytest.mark.parametrize(
    ("keys", "more", "told", "at"),
    [
        ("12#3", {}, ("12", "valid"), 1.4),
        ("12", {"inter_digit_timeout_millis": 2000}, ("12", "valid"), 3.2),
        ("1234", {"maximum_digits": 3}, ("123", "valid"), 1.4),
        ("12", {"minimum_digits": 3, "inter_digit_timeout_millis": 2000}, ("12", "invalid"), 3.2),
        ("19", {"valid_digits": "123", "maximum_digits": 2}, ("19", "invalid"), 1.2),
        ("w1", {"initial_timeout_millis": 1000}, ("", "timeout"), 1.0),
        ("#*", {"terminating_digit": "", "maximum_digits": 2}, ("#*", "valid"), 1.2),
        ("11111111", {"timeout_millis": 1500}, ("111", "valid"), 1.5),
    ],
)
def test_keys_are_gathered(keys: str, more: dict[str, Any], told: tuple[str, str], at: float) -> None:
    began = 0.0

    async def scene(world: World) -> None:
        nonlocal began
        await world.network.script(PHONE, [Step(press=keys)])
        leg = await world.dial()
        await asyncio.sleep(0.61)
        began = asyncio.get_running_loop().time()
        await world.do(leg, "gather", **more)
        await asyncio.sleep(20)

    (hook,) = play(scene).at("call.gather.ended")
    assert (hook.payload["digits"], hook.payload["status"]) == told
    assert hook.at - began == pytest.approx(at, abs=0.1)


def test_every_key_is_an_event_whether_gathered_or_not() -> None:
    async def scene(world: World) -> None:
        await world.network.script(PHONE, [Step(press="5*")])
        await world.dial()
        await asyncio.sleep(3)

    gateway = play(scene)
    assert [hook.payload["digit"] for hook in gateway.at("call.dtmf.received")] == ["5", "*"]


def test_a_gather_is_broken_off_by_the_next_and_by_the_end_of_the_call() -> None:
    async def scene(world: World) -> None:
        leg = await world.answered()
        await world.do(leg, "gather")
        await world.do(leg, "gather")
        await world.do(leg, "hangup")
        await asyncio.sleep(1)

    gateway = play(scene)
    assert [hook.payload["status"] for hook in gateway.at("call.gather.ended")] == ["cancelled", "call_hangup"]

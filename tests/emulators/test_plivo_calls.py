"""Whole calls over the simulated Plivo, in virtual time: callbacks, documents, elements, and how calls end."""

from __future__ import annotations

import asyncio

import pytest

from tests.emulators.plivo_rig import ORIGIN, OURS, PHONE, WAIT, Page, World, ended, inbound, journal, play
from voicecall.emulators.internet import Answer
from voicecall.emulators.plivo.account import Account
from voicecall.emulators.plivo.readings import Readings
from voicecall.emulators.plivo.signing import signature
from voicecall.emulators.script import Step

CALLBACKS = {name: f"{ORIGIN}/{name.partition('_')[0]}" for name in ("ring_url", "hangup_url", "fallback_url")}


def test_an_outbound_call_reports_its_progress_and_asks_what_to_do_once_answered() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(**CALLBACKS)
        await asyncio.sleep(9)
        assert leg.status == "ended"

    gateway = play(scene, {"/answer": '<Wait length="2.5" silence="true"/><Hangup/>'})
    told = [(hook.at, hook.path, hook.form["Event"], hook.form["CallStatus"]) for hook in gateway.hooks]
    assert told == [
        (0.1, "/ring", "Ring", "ringing"),
        (0.6, "/answer", "StartApp", "in-progress"),
        (3.1, "/hangup", "Hangup", "completed"),
    ]
    answer, hangup = gateway.hooks[1].form, gateway.hooks[2].form
    assert (answer["From"], answer["To"], answer["Direction"]) == (OURS[1:], PHONE[1:], "outbound")
    assert answer["ALegUUID"] == answer["CallUUID"] != answer["RequestUUID"] == answer["ALegRequestUUID"]
    assert answer["SessionStart"] == "2027-01-15 08:00:00"
    assert ended(gateway, "/hangup") == ("4000", "Answer XML", "completed")
    assert (hangup["Duration"], hangup["BillDuration"], hangup["HangupCause"]) == ("3", "60", "NORMAL_CLEARING")
    assert (hangup["AnswerTime"], hangup["EndTime"]) == ("2027-01-15 08:00:00", "2027-01-15 08:00:03")


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("+15550100001", ("3010", "Callee", "busy")),
        ("+15550100002", ("6010", "Plivo", "timeout")),
        ("+15550100004", ("4000", "Callee", "completed")),
        ("+15550100098", ("2030", "Carrier", "failed")),
    ],
)
def test_the_end_is_told_to_the_answer_url_where_no_other_is_given(number: str, why: tuple[str, str, str]) -> None:
    async def scene(world: World) -> None:
        await world.dial(number, ring_timeout=20)
        await asyncio.sleep(30)

    gateway = play(scene, {"/answer": WAIT}, account=Account(failures={"+15550100098": 2030}))
    assert ended(gateway) == why


def test_another_reading_tells_nobody() -> None:
    async def scene(world: World) -> None:
        await world.dial("+15550100001")
        await asyncio.sleep(5)

    assert play(scene, account=Account(readings=Readings(hangup_at_answer_url=False))).hooks == []


def test_every_webhook_is_signed_with_a_nonce_of_its_own() -> None:
    async def scene(world: World) -> None:
        await world.dial(answer_url=f"{ORIGIN}/answer?c=1#rc=2", **CALLBACKS)
        await asyncio.sleep(5)

    gateway = play(scene, {"/answer": ""})
    assert gateway.paths() == ["/ring", "/answer", "/hangup"]
    for hook in gateway.hooks:
        nonce = hook.headers["X-Plivo-Signature-V3-Nonce"]
        signed = signature("plivo", "POST", hook.url, hook.form.items(), nonce)
        assert hook.headers["X-Plivo-Signature-V3"] == hook.headers["X-Plivo-Signature-Ma-V3"] == signed
        assert "#" not in hook.url
    assert len({hook.headers["X-Plivo-Signature-V3-Nonce"] for hook in gateway.hooks}) == 3


def test_a_get_webhook_carries_its_parameters_in_the_signed_url() -> None:
    async def scene(world: World) -> None:
        await world.dial(answer_url=f"{ORIGIN}/answer?c=1", answer_method="GET", hangup_url=f"{ORIGIN}/hangup")
        await asyncio.sleep(1)

    (hook,) = play(scene, {"/answer": WAIT}).hooks
    assert (hook.method, hook.form["c"], hook.form["To"]) == ("GET", "1", PHONE[1:])
    signed = signature("plivo", "GET", hook.url, (), hook.headers["X-Plivo-Signature-V3-Nonce"])
    assert hook.headers["X-Plivo-Signature-V3"] == signed


def test_an_incoming_call_is_announced_and_answered_by_its_document() -> None:
    async def scene(world: World) -> None:
        leg = await world.ring(Step(wait=60.0))
        await asyncio.sleep(1.5)
        assert journal(leg, "answered") == []
        await asyncio.sleep(1)
        assert len(journal(leg, "answered")) == 1
        await asyncio.sleep(5)
        assert leg.ear.spans[0].end - leg.ear.spans[0].begin == pytest.approx(1, abs=0.03)

    gateway = play(scene, {"/answer": '<Wait length="2" silence="true"/><Speak>Hi</Speak>'}, account=inbound())
    first = gateway.hooks[0].form
    assert (first["Event"], first["CallStatus"], first["Direction"]) == ("StartApp", "ringing", "inbound")
    assert (first["From"], first["To"]) == (PHONE[1:], OURS[1:])
    assert ended(gateway) == ("4010", "Answer XML", "completed")


@pytest.mark.parametrize(
    ("reason", "why"),
    [("rejected", ("3020", "Answer XML", "failed")), ("busy", ("3010", "Answer XML", "busy"))],
)
def test_a_rejected_call_is_never_answered(reason: str, why: tuple[str, str, str]) -> None:
    async def scene(world: World) -> None:
        leg = await world.ring()
        await asyncio.sleep(1)
        assert journal(leg, "answered") == []

    assert ended(play(scene, {"/answer": f'<Hangup reason="{reason}"/>'}, account=inbound())) == why


def test_a_caller_who_gives_up_is_told_as_cancelled() -> None:
    async def scene(world: World) -> None:
        await world.ring()
        await asyncio.sleep(40)

    gateway = play(scene, {"/answer": WAIT}, account=inbound(hangup_url=f"{ORIGIN}/over"))
    assert ended(gateway, "/over") == ("1000", "Caller", "no-answer")


@pytest.mark.parametrize(
    ("attributes", "spans", "notes"), [("", 1, 1), ('silence="false"', 1, 1), ('silence="true"', 0, 0)]
)
def test_who_waits_hears_music_unless_silence_is_asked_for(attributes: str, spans: int, notes: int) -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await asyncio.sleep(5)
        assert len(leg.ear.spans) == spans
        assert len(journal(leg, "hold-music")) == notes

    play(scene, {"/answer": f'<Wait length="3" {attributes}/>'})


def test_digits_are_pressed_while_the_document_goes_on_or_before() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(send_digits="w5@300")
        await asyncio.sleep(5)
        assert [text for _, _, text in journal(leg, "digit", "say")] == ["Hi", "1", "5", "2", "3", "Bye"]

    pages = {"/answer": '<DTMF>1</DTMF><Speak>Hi</Speak><DTMF async="false">2w3</DTMF><Speak>Bye</Speak>'}
    play(scene, pages)


def test_a_redirect_goes_on_elsewhere() -> None:
    async def scene(world: World) -> None:
        await world.dial()
        await asyncio.sleep(2)

    redirect = f'<Redirect method="GET">{ORIGIN}/next?turn=1</Redirect><Speak>never</Speak>'
    gateway = play(scene, {"/answer": redirect, "/next": WAIT})
    assert [(hook.method, hook.path) for hook in gateway.hooks] == [("POST", "/answer"), ("GET", "/next")]
    assert (gateway.hooks[1].form["turn"], gateway.hooks[1].form["Event"]) == ("1", "Redirect")


def test_a_scheduled_hang_up_lets_the_document_go_on() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await asyncio.sleep(10)
        assert journal(leg, "ended")[0][0] == pytest.approx(3, abs=0.03)
        assert len(journal(leg, "say")) == 1

    gateway = play(scene, {"/answer": '<Hangup schedule="3"/><Speak loop="0">Long</Speak>'})
    assert ended(gateway) == ("6000", "Plivo", "completed")


def test_the_time_limit_ends_a_call() -> None:
    async def scene(world: World) -> None:
        await world.dial(time_limit=4)
        await asyncio.sleep(10)

    assert ended(play(scene, {"/answer": WAIT})) == ("6000", "Plivo", "completed")


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (Answer(500), "7011"),
        (Answer(403), "7011"),
        (Answer(302, b"", {"location": f"{ORIGIN}/next"}), "7011"),
        (ConnectionRefusedError(), "7011"),
        (TimeoutError(), "7011"),
        (Answer(200, b"<Response/>", {"content-type": "application/json"}), "8011"),
        (Answer(200, b"hello", {"content-type": "text/xml"}), "8011"),
        (Answer(200, b"<Response>" + b" " * 102_400 + b"</Response>", {"content-type": "text/xml"}), "8011"),
        ("<Reject/>", "8011"),
        ("<Say>Hi</Say>", "8011"),
        ("<speak>Hi</speak>", "8011"),
        ('<Speak volume="3">Hi</Speak>', "8011"),
        ('<Speak language="pt-PT">Oi</Speak>', "8011"),
        (f"<Redirect>{ORIGIN}/next</Redirect>", "7014"),
        ("<Redirect>/next</Redirect>", "7024"),
        ("<Redirect>http://[</Redirect>", "7024"),
        (Answer(200, b"<Answer/>", {"content-type": "text/xml"}), "8011"),
        ("", "4010"),
    ],
)
def test_a_document_that_fails_ends_the_call_with_a_code_of_its_own(page: Page, code: str) -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(hangup_url=f"{ORIGIN}/hangup")
        await asyncio.sleep(60)
        assert journal(leg, "say") == []

    gateway = play(scene, {"/answer": page, "/next": Answer(500)})
    assert ended(gateway, "/hangup")[0] == code


def test_xml_is_waited_for_15_seconds_and_once_more() -> None:
    async def scene(world: World) -> None:
        await world.dial(hangup_url=f"{ORIGIN}/hangup")
        await asyncio.sleep(60)

    gateway = play(scene, {"/answer": TimeoutError()})
    assert [(hook.path, hook.at) for hook in gateway.hooks] == [("/answer", 0.6), ("/answer", 15.6), ("/hangup", 30.6)]


def test_the_fallback_is_asked_where_the_answer_url_fails_but_not_for_bad_xml() -> None:
    async def scene(world: World) -> None:
        await world.dial(**CALLBACKS, fallback_method="GET")
        await asyncio.sleep(2)

    gateway = play(scene, {"/answer": Answer(503), "/fallback": WAIT})
    assert [(hook.method, hook.path) for hook in gateway.hooks[1:]] == [("POST", "/answer"), ("GET", "/fallback")]
    assert play(scene, {"/answer": "<Say/>", "/fallback": WAIT}).paths() == ["/ring", "/answer", "/hangup"]
    redirect = f"<Redirect>{ORIGIN}/next</Redirect>"
    elsewhere: dict[str, Page | list[Page]] = {"/answer": redirect, "/next": Answer(503), "/fallback": WAIT}
    assert play(scene, elsewhere).paths() == ["/ring", "/answer", "/next", "/hangup"]
    assert ended(play(scene, {"/answer": Answer(503), "/fallback": Answer(503)}), "/hangup")[0] == "7011"
    assert ended(play(scene, {"/answer": Answer(503), "/fallback": "<Say/>"}), "/hangup")[0] == "8011"


@pytest.mark.parametrize(
    ("fragment", "page", "attempts"),
    [
        ("", ConnectionRefusedError(), 2),
        ("", Answer(503), 1),
        ("#rp=5xx&rc=3", Answer(503), 4),
        ("#rp=all&rc=2", Answer(404), 3),
        ("#rp=4xx,5xx&rc=9", Answer(404), 2),
        ("#rp=rt&rc=5&rt=6000&tt=15000", TimeoutError(), 3),
        ("#rp=all&rc=0", Answer(503), 1),
        ("#ct=500&er=mumbai", ConnectionRefusedError(), 2),
    ],
)
def test_a_webhook_is_repeated_as_its_fragment_says(fragment: str, page: Page, attempts: int) -> None:
    async def scene(world: World) -> None:
        await world.dial(answer_url=f"{ORIGIN}/answer{fragment}", hangup_url=f"{ORIGIN}/hangup")
        await asyncio.sleep(60)

    assert len(play(scene, {"/answer": page}).at("/answer")) == attempts


@pytest.mark.parametrize(
    ("number", "result"),
    [
        ("15550100001", {"DialStatus": "busy", "DialRingStatus": "false", "DialHangupCause": "USER_BUSY"}),
        ("15550100002", {"DialStatus": "no-answer", "DialRingStatus": "true"}),
        ("+15550100004", {"DialStatus": "completed", "DialHangupCause": "NORMAL_CLEARING"}),
        ("", {"DialStatus": "failed"}),
        ("+15550100009", {"DialStatus": "completed"}),
    ],
)
def test_a_dialled_number_tells_the_action_how_it_went(number: str, result: dict[str, str]) -> None:
    async def scene(world: World) -> None:
        await world.dial()
        await asyncio.sleep(40)

    dial = f'<Dial action="{ORIGIN}/dialled" timeout="9" timeLimit="20"><Number>{number}</Number></Dial>'
    (hook,) = play(scene, {"/answer": dial, "/dialled": WAIT}).at("/dialled")
    assert result.items() <= hook.form.items()
    assert hook.form["DialALegUUID"] == hook.form["CallUUID"]


def test_a_recording_ends_with_a_key_and_is_told_to_action_and_callback() -> None:
    async def scene(world: World) -> None:
        await world.network.script(PHONE, [Step(wait=2.0), Step(press="1#")])
        await world.dial()
        await asyncio.sleep(5)

    record = f'<Record action="{ORIGIN}/recorded" callbackUrl="{ORIGIN}/file"/>'
    gateway = play(scene, {"/answer": record, "/recorded": WAIT})
    (action,), (file,) = gateway.at("/recorded"), gateway.at("/file")
    assert (action.form["RecordingDuration"], action.form["Digits"]) == ("2", "#")
    assert file.form["RecordingID"] == action.form["RecordingID"]


def test_a_session_is_recorded_to_the_end_of_the_call() -> None:
    async def scene(world: World) -> None:
        await world.dial(hangup_url=f"{ORIGIN}/hangup")
        await asyncio.sleep(5)

    record = f'<Record recordSession="true" action="{ORIGIN}/begun" callbackUrl="{ORIGIN}/file"/><Speak>Hi</Speak>'
    gateway = play(scene, {"/answer": record, "/begun": "<Hangup/>"})
    assert gateway.paths() == ["/answer", "/begun", "/file", "/hangup"]
    assert [gateway.at(path)[0].form["RecordingDuration"] for path in ("/begun", "/file")] == ["-1", "1"]


@pytest.mark.parametrize(
    ("number", "settings", "paths"),
    [
        ("+15550100003", {"machine_detection": "true"}, ["/machine", "/hangup"]),
        ("+15550100003", {"machine_detection": "hangup"}, ["/machine", "/hangup"]),
        (PHONE, {"machine_detection": "true"}, ["/hangup"]),
        ("+15550100003", {}, ["/hangup"]),
    ],
)
def test_only_machines_are_reported(number: str, settings: dict[str, str], paths: list[str]) -> None:
    async def scene(world: World) -> None:
        more = {"machine_detection_url": f"{ORIGIN}/machine", "machine_detection_time": 3000}
        await world.dial(number, hangup_url=f"{ORIGIN}/hangup", **more, **settings)
        await asyncio.sleep(9)

    gateway = play(scene, {"/answer": '<Wait length="6" silence="true"/>'})
    assert gateway.paths() == ["/answer", *paths]
    if "/machine" in paths:
        machine = gateway.at("/machine")[0]
        assert (machine.at, machine.form["Event"], machine.form["Machine"]) == (3.6, "MachineDetection", "true")
        hangup = settings["machine_detection"] == "hangup"
        assert machine.form["IfMachine"] == ("hangup" if hangup else "continue")
        assert ended(gateway, "/hangup")[0] == ("9100" if hangup else "4010")


def test_a_machine_is_hung_up_on_before_the_document_is_asked_for() -> None:
    async def scene(world: World) -> None:
        await world.dial("+15550100003", machine_detection="hangup", hangup_url=f"{ORIGIN}/hangup")
        await asyncio.sleep(9)

    gateway = play(scene, {"/answer": WAIT})
    assert (gateway.paths(), ended(gateway, "/hangup")[0]) == (["/hangup"], "9100")


@pytest.mark.parametrize(("number", "machine"), [("+15550100003", "true"), (PHONE, None)])
def test_without_a_url_for_it_the_document_is_asked_for_after_the_verdict(number: str, machine: str | None) -> None:
    async def scene(world: World) -> None:
        await world.dial(number, machine_detection=True)
        await asyncio.sleep(9)

    (hook,) = play(scene, {"/answer": WAIT}).hooks
    assert (hook.at, hook.form.get("Machine")) == (5.6, machine)

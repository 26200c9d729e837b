"""Whole calls over the simulated Twilio, in virtual time: status callbacks, documents, verbs."""

from __future__ import annotations

import asyncio

import pytest

from tests.emulators.twilio_rig import ORIGIN, OURS, PHONE, STATUS, STREAM, Hook, Page, World, journal, play
from voicecall.emulators.internet import Answer
from voicecall.emulators.script import Step
from voicecall.emulators.twilio.account import Account, Number
from voicecall.emulators.twilio.signing import SharedKey, signature


def inbound(**settings: str) -> Account:
    """Return an account whose number announces its calls at `/voice`."""
    account = Account()
    account.add(Number(OURS, f"{ORIGIN}/voice", **settings))
    return account


def test_an_outbound_call_reports_its_progress_and_asks_what_to_do_once_answered() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(**STATUS)
        assert await world.status(leg) == "initiated"
        await asyncio.sleep(0.3)
        assert await world.status(leg) == "ringing"
        await asyncio.sleep(1)
        assert await world.status(leg) == "in-progress"
        await asyncio.sleep(9)
        assert await world.status(leg) == "completed"

    gateway = play(scene, {"/voice": '<Pause length="2.5"/><Hangup/>'})
    hooks = [(hook.at, hook.path, hook.form["CallStatus"]) for hook in gateway.hooks]
    assert hooks == [
        (0.0, "/status", "initiated"),
        (0.1, "/status", "ringing"),
        (0.6, "/status", "in-progress"),
        (0.6, "/voice", "in-progress"),
        (3.1, "/status", "completed"),
    ]
    progress = [hook.form for hook in gateway.at("/status")]
    assert [form["SequenceNumber"] for form in progress] == ["0", "1", "2", "3"]
    assert progress[0]["Timestamp"] == "Fri, 15 Jan 2027 08:00:00 +0000"
    assert {form["CallbackSource"] for form in progress} == {"call-progress-events"}
    last = progress[3]
    assert (last["CallDuration"], last["Duration"], last["SipResponseCode"]) == ("3", "1", "200")
    voice = gateway.at("/voice")[0].form
    assert (voice["From"], voice["To"], voice["Direction"]) == (OURS, PHONE, "outbound-api")
    assert (voice["Caller"], voice["Called"], voice["FromCity"]) == (OURS, PHONE, "")
    assert "SequenceNumber" not in voice


@pytest.mark.parametrize(
    ("number", "status", "sip"), [("+15550100001", "busy", "486"), ("+15550100002", "no-answer", "480")]
)
def test_without_events_only_the_end_is_reported(number: str, status: str, sip: str) -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(number, StatusCallback=f"{ORIGIN}/status", Timeout=20)
        await asyncio.sleep(30)
        assert await world.status(leg) == status

    (hook,) = play(scene).hooks
    assert (hook.form["CallStatus"], hook.form["SipResponseCode"], hook.form["CallDuration"]) == (status, sip, "0")


def test_every_webhook_is_signed_over_its_url_and_parameters() -> None:
    async def scene(world: World) -> None:
        await world.dial(Url=f"{ORIGIN}/voice?c=1#rc=2", **STATUS)
        await asyncio.sleep(2)

    gateway = play(scene)
    assert len(gateway.hooks) == 5
    for hook in gateway.hooks:
        assert "#" not in hook.url
        assert hook.headers["X-Twilio-Signature"] == signature("twilio", hook.url, hook.form.items())
    assert len({hook.headers["I-Twilio-Idempotency-Token"] for hook in gateway.hooks}) == 5


def test_a_shared_key_replaces_the_auth_token() -> None:
    async def scene(world: World) -> None:
        await world.dial()
        await asyncio.sleep(1)

    gateway = play(scene, account=Account(shared_key=SharedKey("webhooks_sharedkey_1", "s")))
    settings = gateway.hooks[0].headers["X-Twilio-Webhooks-Signature-Settings"]
    assert settings == "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"


def test_a_get_webhook_carries_its_parameters_in_the_signed_url() -> None:
    async def scene(world: World) -> None:
        await world.dial(Url=f"{ORIGIN}/voice?c=1", Method="GET")
        await asyncio.sleep(1)

    (hook,) = play(scene).hooks
    assert (hook.method, hook.form["c"], hook.form["To"]) == ("GET", "1", PHONE)
    assert hook.headers["X-Twilio-Signature"] == signature("twilio", hook.url)


def test_an_incoming_call_is_announced_at_the_numbers_url_and_answered_by_its_document() -> None:
    async def scene(world: World) -> None:
        leg = await world.ring(Step(wait=60.0))
        await asyncio.sleep(1.5)
        assert await world.status(leg) == "ringing"
        await asyncio.sleep(1)
        assert await world.status(leg) == "in-progress"
        await asyncio.sleep(5)
        assert leg.ear.spans[0].end - leg.ear.spans[0].begin == pytest.approx(1, abs=0.03)

    pages: dict[str, Page | list[Page]] = {"/voice": '<Pause length="2"/><Say>Hi</Say>'}
    gateway = play(scene, pages, account=inbound(status_callback=f"{ORIGIN}/status"))
    assert [(hook.path, hook.form["CallStatus"]) for hook in gateway.hooks] == [
        ("/voice", "ringing"),
        ("/status", "completed"),
    ]
    assert (gateway.hooks[0].form["Direction"], gateway.hooks[0].form["From"]) == ("inbound", PHONE)


@pytest.mark.parametrize(("twiml", "status"), [("<Reject/>", "failed"), ('<Reject reason="busy"/>', "busy")])
def test_a_rejected_call_is_never_answered(twiml: str, status: str) -> None:
    async def scene(world: World) -> None:
        leg = await world.ring()
        await asyncio.sleep(1)
        assert await world.status(leg) == status
        assert journal(leg, "answered") == []

    play(scene, {"/voice": twiml}, account=inbound())


def test_an_inline_document_is_run_without_asking() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(Url=None, Twiml="<Response><Play digits='1w2'/></Response>")
        await asyncio.sleep(5)
        assert [text for _, _, text in journal(leg, "digit")] == ["1", "2"]
        assert await world.status(leg) == "completed"

    assert play(scene).hooks == []


def test_digits_are_sent_before_the_document_is_asked_for() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(SendDigits="W5", MachineDetection="Enable")
        await asyncio.sleep(5)
        assert journal(leg, "digit") == [(1.0, "digit", "5")]

    (hook,) = play(scene).hooks
    assert hook.at == pytest.approx(0.6 + 1.2, abs=0.03)


def test_a_document_that_redirects_is_replaced() -> None:
    async def scene(world: World) -> None:
        await world.dial()
        await asyncio.sleep(5)

    gateway = play(scene, {"/voice": '<Redirect method="GET">next?turn=1</Redirect><Say>never</Say>', "/next": ""})
    assert [(hook.method, hook.path) for hook in gateway.hooks] == [("POST", "/voice"), ("GET", "/next")]
    assert gateway.hooks[1].form["turn"] == "1"


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (Answer(500), 11200),
        (Answer(404), 11200),
        (ConnectionRefusedError(), 11205),
        (TimeoutError(), 11200),
        (Answer(200, b"<Response/>", {"content-type": "application/json"}), 12300),
        (Answer(200, b"hello", {"content-type": "text/xml"}), 12100),
        (Answer(200, b"", {"content-type": "text/xml"}), 12100),
        (Answer(302, b"", {"location": "http://["}), 11200),
        (Answer(200, b"<Response>" + b" " * 65_536 + b"</Response>", {"content-type": "text/xml"}), 11750),
    ],
)
def test_a_failing_document_costs_an_apology_and_the_call(page: Page, code: int) -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(Url=f"{ORIGIN}/voice#rc=0")
        await asyncio.sleep(20)
        assert world.codes() == [code]
        assert len(leg.ear.spans) == 1
        assert await world.status(leg) == "completed"

    play(scene, {"/voice": page})


def test_the_fallback_is_asked_and_told_what_went_wrong() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(FallbackUrl=f"{ORIGIN}/fallback", FallbackMethod="GET")
        await asyncio.sleep(2)
        assert await world.status(leg) == "in-progress"

    gateway = play(scene, {"/voice": Answer(503), "/fallback": '<Pause length="60"/>'})
    fallback = gateway.hooks[1]
    assert (fallback.method, fallback.path) == ("GET", "/fallback")
    assert (fallback.form["ErrorCode"], fallback.form["ErrorUrl"]) == ("11200", f"{ORIGIN}/voice")


@pytest.mark.parametrize(
    ("fragment", "page", "attempts"),
    [
        ("", ConnectionRefusedError(), 2),
        ("", Answer(503), 1),
        ("#rp=5xx&rc=3", Answer(503), 4),
        ("#rp=all&rc=2", Answer(404), 3),
        ("#rp=4xx,5xx&rc=9", Answer(404), 2),
        ("#rp=rt&rc=5&rt=6000", TimeoutError(), 3),
        ("#rp=all&rc=0", Answer(503), 1),
    ],
)
def test_a_webhook_is_repeated_as_its_fragment_says(fragment: str, page: Page, attempts: int) -> None:
    async def scene(world: World) -> None:
        await world.dial(Url=f"{ORIGIN}/voice{fragment}")
        await asyncio.sleep(30)

    hooks = play(scene, {"/voice": page}).hooks
    assert len(hooks) == attempts
    assert len({hook.headers["I-Twilio-Idempotency-Token"] for hook in hooks}) == 1


def test_a_redirected_webhook_is_followed_without_its_parameters() -> None:
    async def scene(world: World) -> None:
        await world.dial()
        await asyncio.sleep(1)

    gateway = play(scene, {"/voice": Answer(302, b"", {"location": "/moved"}), "/moved": ""})
    assert [(hook.method, hook.url, len(hook.form)) for hook in gateway.hooks[1:]] == [("GET", f"{ORIGIN}/moved", 0)]


def test_an_update_abandons_what_the_call_does() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await world.update(leg, Url=f"{ORIGIN}/new", status=400)
        await asyncio.sleep(1.5)
        await world.update(leg, Url=f"{ORIGIN}/new", Method="GET")
        await asyncio.sleep(1)
        assert leg.ear.spans[0].end == pytest.approx(0.9, abs=0.03)
        assert await world.status(leg) == "in-progress"

    gateway = play(scene, {"/voice": '<Say loop="0">long</Say>', "/new": '<Pause length="9"/>'})
    assert [(hook.method, hook.path) for hook in gateway.hooks] == [("POST", "/voice"), ("GET", "/new")]


def test_a_call_is_cancelled_while_it_rings_and_completed_when_it_talks() -> None:
    async def scene(world: World) -> None:
        first, second = await world.dial(), await world.dial()
        assert (await world.update(first, Status="canceled"))["status"] == "canceled"
        await asyncio.sleep(1)
        assert (await world.update(second, Status="canceled"))["status"] == "in-progress"
        assert (await world.update(second, Status="completed"))["status"] == "completed"
        assert (await world.update(second, Status="completed", status=400))["code"] == 21220

    play(scene, {"/voice": '<Pause length="60"/>'})


def test_a_call_that_is_over_asks_for_nothing_more() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await asyncio.sleep(1)
        leg.hang_up()
        await asyncio.sleep(9)

    assert play(scene, {"/voice": '<Pause length="3"/><Redirect>/voice</Redirect>'}).paths() == ["/voice"]


def test_an_update_sets_another_time_limit() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial(TimeLimit=50)
        await asyncio.sleep(1)
        await world.update(leg, TimeLimit=3, StatusCallback=f"{ORIGIN}/late")
        await asyncio.sleep(5)

    gateway = play(scene, {"/voice": '<Pause length="60"/>'})
    assert gateway.at("/late")[0].at == pytest.approx(3.6, abs=0.03)


@pytest.mark.parametrize(
    ("number", "result"),
    [
        ("+15550100001", {"DialCallStatus": "busy", "DialBridged": "false"}),
        ("+15550100002", {"DialCallStatus": "no-answer", "DialBridged": "false"}),
        ("+15550100004", {"DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": "1"}),
    ],
)
def test_a_dialled_number_tells_the_action_how_it_went(number: str, result: dict[str, str]) -> None:
    async def scene(world: World) -> None:
        await world.dial()
        await asyncio.sleep(40)

    pages: dict[str, Page | list[Page]] = {"/voice": f'<Dial action="/dialled" timeout="9">{number}</Dial>'}
    (hook,) = play(scene, pages).at("/dialled")
    assert result.items() <= hook.form.items()
    assert hook.form["DialCallSid"].startswith("CA")


def test_a_queue_entertains_until_its_document_leaves() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await asyncio.sleep(12)
        assert await world.status(leg) == "in-progress"

    gateway = play(
        scene,
        {
            "/voice": '<Enqueue waitUrl="/wait" action="/left">agents</Enqueue>',
            "/wait": ['<Pause length="3"/>', "<Leave/>"],
            "/left": '<Pause length="60"/>',
        },
    )
    assert gateway.paths() == ["/voice", "/wait", "/wait", "/left"]
    left = gateway.at("/left")[0].form
    assert (left["QueueResult"], left["QueueTime"]) == ("leave", "4")
    assert left["QueueSid"].startswith("QU")


@pytest.mark.parametrize("url", ["http://[", "ftp://voice.example.org/", "mailto:a@b"])
def test_a_redirect_to_nowhere_costs_the_call(url: str) -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await asyncio.sleep(5)
        assert world.codes() == [11100]
        assert await world.status(leg) == "completed"

    play(scene, {"/voice": f"<Redirect>{url}</Redirect>"})


def test_unknown_verbs_and_attributes_are_skipped_with_a_warning() -> None:
    async def scene(world: World) -> None:
        leg = await world.dial()
        await asyncio.sleep(5)
        assert world.codes() == [12200, 12200]
        assert [text for _, _, text in journal(leg, "say")] == ["Hi"]

    play(scene, {"/voice": '<Blink/><Say volume="3">Hi</Say>'})


def test_a_stream_can_be_opened_on_plain_pages_too() -> None:
    def page(hook: Hook) -> str:
        return STREAM if hook.form["CallStatus"] == "ringing" else ""

    async def scene(world: World) -> None:
        leg = await world.ring()
        await asyncio.sleep(2)
        assert leg.connected
        leg.hang_up()
        await asyncio.sleep(1)

    gateway = play(scene, {"/voice": page}, account=inbound())
    assert [message["event"] for message in gateway.streams[0].events()[-1:]] == ["stop"]

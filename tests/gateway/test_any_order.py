"""Webhooks and media streams in any order, doubled and garbled: every call ends, and nothing is left of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import parse_qsl, urlencode

from hypothesis import given, settings, strategies as st

from tests.carriers.twilio.rubbish import FORM, MESSAGES, forms, mutants
from tests.gateway.carriers import ACCOUNT, CARRIERS
from tests.gateway.house import FRIEND, HANG_UP, STREAM, US, WEBHOOK, House, listen, open_house, say
from tests.gateway.town import Plug, open_town
from voicecall.carriers import Webhook
from voicecall.carriers.twilio.webhooks import callback
from voicecall.core.ids import CallId
from voicecall.core.rules import Rules
from voicecall.emulators.clock import run_virtual
from voicecall.emulators.twilio.signing import signature_headers
from voicecall.errors import ProviderError, RequestError
from voicecall.store import Query

STATES = "queued initiated ringing in-progress completed busy no-answer failed canceled".split()
LEGS = 3
"""The first is of a call that is really placed; nobody is on the others."""
RULES = Rules(max_duration=30.0, stale=40.0)

legs = st.integers(0, LEGS - 1)
maybe = st.booleans()


@dataclass(slots=True)
class Around:
    """Who tells a gateway all sorts of things in Twilio's name."""

    house: House
    sids: list[str]
    sent: list[Webhook] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def ours(self, leg: int) -> CallId:
        """Return our id of a leg's call, or one that we never gave."""
        sessions = self.house.switchboard.sessions.values()
        found = (session.call.id for session in sessions if session.call.carrier_call_id == self.sids[leg])
        return next(found, CallId("01K8Z0000000000000000000AB"))

    async def tell(self, leg: int, url: str, **sent: str) -> None:
        common = {"CallSid": self.sids[leg], "AccountSid": ACCOUNT.sid, "From": FRIEND, "To": US}
        await self.post(url, urlencode(common | sent).encode(), (common | sent).items())

    async def post(self, url: str, body: bytes, pairs: Iterable[tuple[str, str]]) -> None:
        headers = {"content-type": FORM} | signature_headers(ACCOUNT.auth_token, None, url, pairs)
        lower = {name.lower(): value for name, value in headers.items()}
        await self.deliver(Webhook("POST", url.partition("#")[0], lower, body))

    async def deliver(self, webhook: Webhook) -> None:
        self.sent.append(webhook)
        self.statuses.append((await self.house.post(webhook)).status)

    def url(self, leg: int, kind: str = "", visit: str = "", prompt: int | None = None) -> str:
        return callback(f"{WEBHOOK}/twilio", self.ours(leg), kind=kind, visit=visit, prompt=prompt)


@dataclass(frozen=True, slots=True)
class Arrives:
    leg: int

    async def happen(self, around: Around) -> None:
        await around.tell(self.leg, f"{WEBHOOK}/twilio", CallStatus="ringing", Direction="inbound")


@dataclass(frozen=True, slots=True)
class Reports:
    leg: int
    state: str
    by_itself: bool

    async def happen(self, around: Around) -> None:
        url = f"{WEBHOOK}/twilio" if self.by_itself else around.url(self.leg, "status")
        source = {"CallbackSource": "call-progress-events"} if self.by_itself else {}
        await around.tell(self.leg, url, CallStatus=self.state, Direction="inbound", **source)


@dataclass(frozen=True, slots=True)
class Asks:
    leg: int
    visit: str

    async def happen(self, around: Around) -> None:
        url = around.url(self.leg, visit=self.visit)
        await around.tell(self.leg, url, CallStatus="in-progress", Direction="inbound")


@dataclass(frozen=True, slots=True)
class Answers:
    leg: int
    prompt: int
    visit: str
    said: str
    pressed: str

    async def happen(self, around: Around) -> None:
        url = around.url(self.leg, "gather", self.visit, self.prompt)
        words = {"SpeechResult": self.said, "Digits": self.pressed}
        await around.tell(self.leg, url, CallStatus="in-progress", Direction="inbound", **words)


@dataclass(frozen=True, slots=True)
class Detects:
    leg: int
    answered_by: str

    async def happen(self, around: Around) -> None:
        await around.tell(self.leg, around.url(self.leg, "amd"), AnsweredBy=self.answered_by)


@dataclass(frozen=True, slots=True)
class StreamReports:
    leg: int
    event: str

    async def happen(self, around: Around) -> None:
        more = {"StreamSid": "MZ1", "StreamError": "31921: gone"}
        await around.tell(self.leg, around.url(self.leg, "stream"), StreamEvent=self.event, **more)


@dataclass(frozen=True, slots=True)
class Repeats:
    which: int

    async def happen(self, around: Around) -> None:
        if around.sent:
            await around.deliver(around.sent[self.which % len(around.sent)])


@dataclass(frozen=True, slots=True)
class Garbles:
    body: bytes

    async def happen(self, around: Around) -> None:
        pairs = parse_qsl(self.body.decode(), keep_blank_values=True)
        await around.post(f"{WEBHOOK}/twilio", self.body, pairs)


@dataclass(frozen=True, slots=True)
class Streams:
    leg: int
    ours: bool
    messages: tuple[str, ...]
    hangs_up: bool

    async def happen(self, around: Around) -> None:
        plug, sid = Plug(), around.sids[self.leg]
        nonce = f"n{len(around.house.town.plugs)}"
        token = around.house.credential(around.ours(self.leg), nonce) if self.ours else "1.a.b.c"
        around.house.town.plugs.append(plug)
        headers = signature_headers(ACCOUNT.auth_token, None, STREAM)
        around.house.connect(plug, Webhook("GET", STREAM, {k.lower(): v for k, v in headers.items()}, b""))
        body = {**MESSAGES[1]["start"], "callSid": sid, "customParameters": {"token": token}}
        for message in (json.dumps({"event": "start", "start": body}), *self.messages):
            if plug.phone.code is None:
                await plug.phone.send(message)
            await asyncio.sleep(0.02)
        if self.hangs_up:
            plug.drop()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked of the gateway meanwhile."""

    leg: int
    what: str

    async def happen(self, around: Around) -> None:
        call, house = around.ours(self.leg), around.house
        try:
            match self.what:
                case "end":
                    await house.end(call)
                case "speak":
                    await house.speak(call, "One two")
                case _:
                    await house.press(call, self.what)
        except (RequestError, ProviderError):
            return


Step = Arrives | Reports | Asks | Answers | Detects | StreamReports | Repeats | Garbles | Streams | Wishes
visits = st.sampled_from(["", "n1", "n2"])
said = st.sampled_from(["", "Hello", "é"])
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(Arrives, legs),
    st.builds(Reports, legs, st.sampled_from(STATES), maybe),
    st.builds(Asks, legs, visits),
    st.builds(
        Answers, legs, st.integers(0, 4), visits, st.sampled_from(["", "Hello", "é"]), st.text("12#", max_size=3)
    ),
    st.builds(Detects, legs, st.sampled_from(["human", "machine_start", "machine_end_beep", "fax", "unknown"])),
    st.builds(StreamReports, legs, st.sampled_from(["stream-started", "stream-stopped", "stream-error"])),
    st.builds(Repeats, st.integers(0, 20)),
    st.builds(Garbles, forms),
    st.builds(Streams, legs, maybe, st.lists(mutants(), max_size=3).map(tuple), maybe),
    st.builds(Wishes, legs, st.sampled_from(["end", "speak", "1w2"])),
)
pauses = st.sampled_from([0.0, 0.0, 0.02, 0.5, 3.0, 12.0])


async def play(script: list[tuple[Step, float]], streaming: bool) -> None:
    """Have a call under way, let all this happen, and see what is left of it."""
    rules = Rules(max_duration=RULES.max_duration, stale=RULES.stale, streaming=streaming)
    async with open_house(partial(open_town, CARRIERS["twilio"]), rules=rules) as h:
        placed = await h.place(listen(), say("Please count"), listen(2), HANG_UP)
        leg = (await h.seen(placed, "call.dialled"))["data"]["carrierCallId"]
        around = Around(h, [leg, *(f"CA{number:032d}" for number in range(1, LEGS))])
        async with asyncio.TaskGroup() as tasks:
            for step, pause in script:
                tasks.create_task(step.happen(around))
                await asyncio.sleep(pause)
        records = await h.store.records(Query(limit=100))
        for record in records:
            await h.over(record["callId"])
        by_leg = [record["carrierCallId"] for record in records]
        assert len(by_leg) == len(set(by_leg))
        assert set(around.statuses) <= {200, 400}
        await h.idle()
        loud = [line for line in h.town.logs if line["log_level"] == "error" and line["event"] != "carrier.failed"]
        assert loud == []


@given(st.lists(st.tuples(steps, pauses), max_size=12), maybe)
@settings(deadline=None, max_examples=settings().max_examples // 4)
def test_every_call_ends_whatever_is_told_of_it(script: list[tuple[Step, float]], streaming: bool) -> None:
    run_virtual(lambda: play(script, streaming))

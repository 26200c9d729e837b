"""The mock network's REST API, as a plain method: the gateway's requests, and those that drive the phones.

Source: docs/mock-network.md, "REST, gateway to network".
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, TypeVar

import msgspec

from voicecall.errors import BadParameters, SpeechError

from .faces import Face, Parties
from .faults import Faults, RestFaults
from .legs import Leg
from .network import Network
from .rest import Reply as Reply
from .script import Step

_Url = Annotated[str, msgspec.Meta(pattern=r"^https?://")]
_Seconds = Annotated[float, msgspec.Meta(gt=0)]


class _Dial(msgspec.Struct, frozen=True):
    to: str
    from_: str = msgspec.field(name="from")
    webhook: _Url
    ring_timeout: _Seconds = 30.0
    time_limit: _Seconds | None = None
    reference: str = ""


class _Digits(msgspec.Struct, frozen=True):
    digits: Annotated[str, msgspec.Meta(pattern=r"^[0-9*#A-Dw]+$")]


class _Ring(msgspec.Struct, frozen=True):
    from_: str = msgspec.field(name="from")
    to: str
    webhook: _Url = ""
    steps: tuple[Step, ...] = ()


class _Script(msgspec.Struct, frozen=True):
    steps: tuple[Step, ...]


class _Refused(Exception):
    """The request is answered with an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.reply = Reply(status, msgspec.json.encode({"error": {"code": code, "message": message}}))


_Form = TypeVar("_Form")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_Handler = Callable[[str, bytes], Awaitable[Reply]]


class MockRest:
    """The REST API of the mock network."""

    def __init__(self, network: Network, face: Face, secret: str, *, numbers_have_webhooks: bool = False) -> None:
        """Every request must bear `secret`. Where the carrier knows each number's webhook, a ring need not name it."""
        self._network = network
        self._numbers_have_webhooks = numbers_have_webhooks
        self._face = face
        self._authorization = f"Bearer {secret}".encode()
        self._faults = RestFaults(Faults())
        self._routes: tuple[tuple[str, re.Pattern[str], _Handler], ...] = tuple(
            (route, re.compile(route.replace("{", "(?P<").replace("}", ">[^/]+)")), handler)
            for route, handler in (
                ("POST /calls", self._place),
                ("GET /calls/{call}", self._status),
                ("DELETE /calls/{call}", self._hang_up),
                ("POST /calls/{call}/digits", self._press),
                ("POST /phones/ring", self._ring),
                ("GET /phones/calls/{call}", self._heard),
                ("GET /phones/calls/{call}/recording", self._recording),
                ("PUT /phones/{number}", self._script),
                ("PUT /faults", self._plan_faults),
            )
        )

    async def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request. `path` is decoded, a query does not matter; names of headers are in lower case."""
        path = path.partition("?")[0]
        given = headers.get("authorization", "").encode(errors="replace")
        if not hmac.compare_digest(given, self._authorization):
            return _Refused(401, "unauthorized", "the bearer token is missing or wrong").reply
        for route, pattern, handler in self._routes:
            if match := pattern.fullmatch(f"{method} {path}"):
                return await self._answer(route, handler, "".join(match.groups()), body)
        return _Refused(404, "not-found", f"there is no {method} {path}").reply

    async def _answer(self, route: str, handler: _Handler, argument: str, body: bytes) -> Reply:
        status = self._faults.take(route) if " /calls" in route else None
        if status is not None:
            code = "rate-limited" if status == 429 else "unavailable" if status >= 500 else "refused"
            return _Refused(status, code, "a fault was asked for").reply
        try:
            return await handler(argument, body)
        except _Refused as refused:
            return refused.reply
        except BadParameters as error:
            return _Refused(400, "invalid-steps", str(error)).reply
        except SpeechError as error:
            return _Refused(503, "unavailable", str(error)).reply

    # --- what a gateway asks

    async def _place(self, _: str, body: bytes) -> Reply:
        dial = _read(body, _Dial)
        parties = Parties("", "outbound", _number(dial.from_), _number(dial.to), dial.webhook, dial.reference)
        leg = await self._network.place(self._face, parties, ring_timeout=dial.ring_timeout, time_limit=dial.time_limit)
        return _json(201, {"call": leg.parties.call})

    async def _status(self, call: str, _: bytes) -> Reply:
        leg = self._leg(call)
        return _json(200, {"call": call, "status": leg.status})

    async def _hang_up(self, call: str, _: bytes) -> Reply:
        self._live(call).dismiss()
        return Reply(204)

    async def _press(self, call: str, body: bytes) -> Reply:
        leg = self._live(call)
        digits = _read(body, _Digits).digits
        if leg.status == "answered":
            leg.hear_digits(digits)
        return Reply(204)

    # --- what drives the phones

    async def _ring(self, _: str, body: bytes) -> Reply:
        ring = _read(body, _Ring)
        if not ring.webhook and not self._numbers_have_webhooks:
            raise _Refused(400, "invalid-request", "a ring names the webhook")
        parties = Parties("", "inbound", _number(ring.from_), _number(ring.to), ring.webhook)
        leg = await self._network.ring(self._face, parties, ring.steps)
        return _json(201, {"call": leg.parties.call})

    async def _script(self, number: str, body: bytes) -> Reply:
        await self._network.script(_number(number), _read(body, _Script).steps)
        return Reply(204)

    async def _heard(self, call: str, _: bytes) -> Reply:
        leg = self._leg(call)
        heard = [{"from": round(span.begin, 3), "to": round(span.end, 3)} for span in leg.ear.spans]
        return _json(
            200,
            {
                "call": call,
                "ended": leg.status == "ended",
                "cause": leg.cause,
                "heard": heard,
                "spoke": _spoke(leg),
                "journal": leg.journal,
                "underruns": {"count": leg.playout.underruns, "seconds": round(leg.playout.underrun_seconds, 3)},
            },
        )

    async def _recording(self, call: str, _: bytes) -> Reply:
        return Reply(200, self._leg(call).recording.wav(), "audio/wav")

    async def _plan_faults(self, _: str, body: bytes) -> Reply:
        faults = _read(body, Faults)
        self._network.faults = faults
        self._faults = RestFaults(faults)
        return Reply(204)

    def _leg(self, call: str) -> Leg:
        leg = self._network.legs.get(call)
        if leg is None:
            raise _Refused(404, "not-found", f"there is no call {call}")
        return leg

    def _live(self, call: str) -> Leg:
        leg = self._leg(call)
        if leg.status == "ended":
            raise _Refused(404, "not-found", f"call {call} is over")
        return leg


def _spoke(leg: Leg) -> list[dict[str, object]]:
    """Return the steps that the caller did, with their times; the one under way ends at null."""
    done: list[dict[str, object]] = []
    for entry in leg.journal:
        name, _, edge = entry.what.partition("-")
        if edge == "start" and name != "stream":
            done.append({"step": name, "text": entry.text, "from": entry.at, "to": None})
        elif edge == "end" and done:
            done[-1]["to"] = entry.at
    return done


def _number(text: str) -> str:
    if _NUMBER.fullmatch(text) is None:
        raise _Refused(400, "invalid-number", "a number is written in E.164, such as +15550100009")
    return text


def _read(body: bytes, form: type[_Form]) -> _Form:
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise _Refused(400, "invalid-request", str(error)) from None


def _json(status: int, value: object) -> Reply:
    return Reply(status, msgspec.json.encode(value))

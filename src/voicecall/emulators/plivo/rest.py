"""Plivo's REST API, as a plain method: calls, what can be done about them while they live, and numbers.

A fault plan names a request by method and path, such as `POST /Call/`. With ` done` after it, the request is carried
out before it fails: a client that sends a dial again then calls twice.

Source: Plivo docs `voice/api/calls`, `voice-agents/audio-streaming/api`.
"""

from __future__ import annotations

import asyncio
import hmac
import re
from base64 import b64decode
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl

import msgspec

from voicecall.emulators.faults import Faults, RestFaults
from voicecall.emulators.network import Network
from voicecall.emulators.rest import Reply
from voicecall.errors import SpeechError

from . import causes
from .account import Owner, uuid
from .call import PlivoCall, timestamp
from .face import PlivoFace
from .forms import ApiError, Form, read_dial, read_stream
from .numbers import Numbers
from .program import Source

ROOT = "/v1/Account/"
_UUID = "([0-9a-f-]{36})"
_IDS = {"number": "([0-9]{5,15})", "app": "([0-9]{1,20})"}
WINDOW = 5.0
"""Seconds over which requests are counted."""
_Json = Mapping[str, object]
_Handler = Callable[[Owner, tuple[str, ...], Form], Awaitable[tuple[int, _Json]]]


class PlivoRest:
    """The REST API of the simulated account."""

    def __init__(self, network: Network, face: PlivoFace) -> None:
        self._network = network
        self._face = face
        self._account = face.account
        self._numbers = Numbers(face.account)
        self._count = 0
        self._recent: deque[float] = deque()
        self._planned: Faults | None = None
        self._faults = RestFaults(Faults())
        self._routes: tuple[tuple[str, re.Pattern[str], _Handler], ...] = tuple(
            (route, re.compile(re.sub(r"\{(\w+)\}", lambda name: _IDS.get(name[1], _UUID), route)), handler)
            for route, handler in (
                ("GET /", self._show_account),
                ("POST /Call/", self._dial),
                ("GET /Call/", self._list),
                ("GET /Call/{uuid}/", self._fetch),
                ("POST /Call/{uuid}/", self._transfer),
                ("DELETE /Call/{uuid}/", self._hang_up),
                ("DELETE /Request/{uuid}/", self._cancel),
                ("POST /Call/{uuid}/DTMF/", self._press),
                ("POST /Call/{uuid}/Speak/", self._speak),
                ("DELETE /Call/{uuid}/Speak/", self._be_silent),
                ("POST /Call/{uuid}/Stream/", self._start_stream),
                ("GET /Call/{uuid}/Stream/", self._list_streams),
                ("GET /Call/{uuid}/Stream/{stream}/", self._fetch_stream),
                ("DELETE /Call/{uuid}/Stream/", self._stop_streams),
                ("DELETE /Call/{uuid}/Stream/{stream}/", self._stop_streams),
                ("GET /Number/", self._numbers.list_numbers),
                ("GET /Number/{number}/", self._numbers.show_number),
                ("POST /Number/{number}/", self._numbers.update_number),
                ("GET /Application/", self._numbers.list_applications),
                ("POST /Application/", self._numbers.make_application),
                ("GET /Application/{app}/", self._numbers.show_application),
                ("POST /Application/{app}/", self._numbers.update_application),
            )
        )

    async def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request. `path` may carry a query; names of headers are in lower case."""
        self._count += 1
        try:
            status, answer = await self._answer(method, path, headers, body)
        except ApiError as error:
            status, answer = error.status, {"error": error.error}
        except SpeechError as error:
            status, answer = 500, {"error": str(error)}
        if status == 204:
            return Reply(204)
        return Reply(status, msgspec.json.encode({"api_id": uuid(f"api/{id(self)}/{self._count}"), **answer}))

    async def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, _Json]:
        path, _, query = path.partition("?")
        owner_id, slash, resource = path.removeprefix(ROOT).partition("/")
        owner = self._authenticate(owner_id if path.startswith(ROOT) else "", headers.get("authorization", ""))
        self._throttle()
        for route, pattern, handler in self._routes:
            if match := pattern.fullmatch(f"{method} {slash}{resource}"):
                self._fail_on_demand(route)
                form = Form.read(headers.get("content-type", ""), body)
                if method == "GET":
                    form = Form(dict(parse_qsl(query)))
                answer = await handler(owner, match.groups(), form)
                self._fail_on_demand(f"{route} done")
                return answer
        raise ApiError(404, "not found")

    def _authenticate(self, owner_id: str, authorization: str) -> Owner:
        """Return whose resources are asked for; the main account may ask for those of its sub-accounts."""
        scheme, _, encoded = authorization.partition(" ")
        try:
            user, _, password = b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            user, password = "", ""
        asking, owner = self._account.owner(user), self._account.owner(owner_id)
        tokens = asking.tokens if asking is not None else ()
        opens = any(hmac.compare_digest(password.encode(), token.encode()) for token in tokens)
        if scheme.lower() != "basic" or not opens or owner is None or user not in (owner_id, self._account.auth_id):
            raise ApiError(401, "Could not verify your access level for that URL.")
        return owner

    def _throttle(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._recent and self._recent[0] <= now - WINDOW:
            self._recent.popleft()
        if len(self._recent) >= self._account.most_requests:
            raise ApiError(429, "API rate limit exceeded")
        self._recent.append(now)

    def _fail_on_demand(self, route: str) -> None:
        if self._network.faults is not self._planned:
            self._planned = self._network.faults
            self._faults = RestFaults(self._planned)
        status = self._faults.take(route)
        if status is not None:
            raise ApiError(status, HTTPStatus(status).phrase)

    # --- calls

    async def _show_account(self, owner: Owner, _: tuple[str, ...], __: Form) -> tuple[int, _Json]:
        return 200, {"auth_id": owner.auth_id, "account_type": "standard", "name": "simulated", "cash_credits": "1.00"}

    async def _dial(self, owner: Owner, _: tuple[str, ...], form: Form) -> tuple[int, _Json]:
        dial = read_dial(form, self._account)
        requests = []
        for number in dial.to:
            call = await self._face.place(
                self._network,
                owner,
                dial.from_,
                number,
                dial.settings,
                ring_timeout=dial.ring_timeout,
                time_limit=dial.time_limit,
            )
            requests.append(call.request_uuid)
        if len(requests) == 1:
            return 201, {"message": "call fired", "request_uuid": requests[0]}
        return 201, {"message": "calls fired", "request_uuid": requests}

    async def _list(self, owner: Owner, _: tuple[str, ...], form: Form) -> tuple[int, _Json]:
        calls = [call for call in self._face.calls.values() if call.owner.auth_id == owner.auth_id]
        if form.choice("status", "", "live", "queued") == "live":
            return 200, {"calls": [call.uuid for call in calls if call.finished is None]}
        if form.one("status") == "queued":
            return 200, {"calls": [call.request_uuid for call in calls if call.status == "queued"]}
        over = [self._record(call) for call in reversed(calls) if call.finished is not None]
        limit, offset = form.number("limit", 20, 1, 20), form.number("offset", 0, 0, 10**9)
        meta = {"limit": limit, "offset": offset, "total_count": len(over), "next": None, "previous": None}
        return 200, {"meta": meta, "objects": over[offset : offset + limit]}

    async def _fetch(self, owner: Owner, ids: tuple[str, ...], form: Form) -> tuple[int, _Json]:
        """Return the live state, or the record that there is once the call is over."""
        call = self._call(owner, ids)
        if form.choice("status", "", "live", "queued") == "":
            if call.finished is None:
                raise ApiError(404, "not found")
            return 200, self._record(call)
        if call.finished is not None or (form.one("status") == "queued") != (call.status == "queued"):
            raise ApiError(404, "not found")
        return 200, {
            "call_uuid": call.uuid,
            "request_uuid": call.request_uuid,
            "call_status": call.status,
            "direction": call.direction,
            "from": call.from_,
            "to": call.to,
            "caller_name": call.settings.caller_name,
            "session_start": timestamp(call.created),
        }

    async def _transfer(self, owner: Owner, ids: tuple[str, ...], form: Form) -> tuple[int, _Json]:
        call = self._live(owner, ids, answered=True)
        if form.choice("legs", "aleg", "bleg", "both") != "aleg":
            raise ApiError(400, "there is no second leg")
        form.needed("aleg_url")
        call.transfer(Source(form.url("aleg_url"), form.method("aleg_method"), "transfer"))
        return 202, {"message": "call transferred", "call_uuids": [call.uuid]}

    async def _hang_up(self, owner: Owner, ids: tuple[str, ...], _: Form) -> tuple[int, _Json]:
        call = self._live(owner, ids)
        call.hang_up(causes.CANCELLED if call.started is None else causes.BY_API)
        return 204, {}

    async def _cancel(self, owner: Owner, ids: tuple[str, ...], _: Form) -> tuple[int, _Json]:
        """Cancel a dial that was not answered yet."""
        for call in self._face.calls.values():
            waiting = call.direction == "outbound" and call.started is None and call.finished is None
            if waiting and call.owner.auth_id == owner.auth_id and call.request_uuid == ids[0]:
                call.hang_up(causes.CANCELLED)
                return 204, {}
        raise ApiError(404, "call not found")

    async def _press(self, owner: Owner, ids: tuple[str, ...], form: Form) -> tuple[int, _Json]:
        call = self._live(owner, ids, answered=True)
        form.needed("digits")
        form.choice("leg", "aleg", "bleg")
        call.leg.hear_digits(form.digits("digits"))
        return 202, {"message": "digits sent"}

    async def _speak(self, owner: Owner, ids: tuple[str, ...], form: Form) -> tuple[int, _Json]:
        call = self._live(owner, ids, answered=True)
        loops = 0 if form.choice("loop", "false", "true") == "true" else 1
        call.speak(form.needed("text"), loops)
        return 202, {"message": "speak started"}

    async def _be_silent(self, owner: Owner, ids: tuple[str, ...], _: Form) -> tuple[int, _Json]:
        self._live(owner, ids).be_silent()
        return 204, {}

    # --- streams

    async def _start_stream(self, owner: Owner, ids: tuple[str, ...], form: Form) -> tuple[int, _Json]:
        call = self._live(owner, ids, answered=True)
        stream = call.streams.start(read_stream(form))
        if not stream:
            raise ApiError(400, self._face.notifications[-1].what)
        return 201, {"message": "audio streaming started", "stream_id": stream}

    async def _list_streams(self, owner: Owner, ids: tuple[str, ...], _: Form) -> tuple[int, _Json]:
        streams = [described] if (described := self._describe_stream(self._live(owner, ids))) else []
        meta = {"limit": 20, "offset": 0, "total_count": len(streams), "next": None, "previous": None}
        return 200, {"meta": meta, "objects": streams}

    async def _fetch_stream(self, owner: Owner, ids: tuple[str, ...], _: Form) -> tuple[int, _Json]:
        described = self._describe_stream(self._live(owner, ids))
        if described.get("stream_id") != ids[1]:
            raise ApiError(404, "stream not found")
        return 200, described

    async def _stop_streams(self, owner: Owner, ids: tuple[str, ...], _: Form) -> tuple[int, _Json]:
        streams = self._live(owner, ids).streams
        if not streams.id or ids[1:] not in ((), (streams.id,)):
            raise ApiError(404, "stream not found")
        streams.stop()
        return 204, {}

    def _describe_stream(self, call: PlivoCall) -> _Json:
        wanted, stream = call.streams.wanted, call.streams.id
        if not stream:
            return {}
        return {
            "stream_id": stream,
            "call_uuid": call.uuid,
            "service_url": wanted.url,
            "bidirectional": wanted.bidirectional,
            "audio_track": wanted.track,
            "stream_timeout": round(wanted.timeout),
            "status_callback_url": wanted.status_callback,
            "status": "live",
        }

    # ---

    def _call(self, owner: Owner, ids: tuple[str, ...]) -> PlivoCall:
        call = self._face.calls.get(ids[0])
        if call is None or call.owner.auth_id != owner.auth_id:
            raise ApiError(404, "call not found")
        return call

    def _live(self, owner: Owner, ids: tuple[str, ...], *, answered: bool = False) -> PlivoCall:
        call = self._call(owner, ids)
        if call.finished is not None or (answered and call.started is None):
            raise ApiError(404, "call not found")
        return call

    def _record(self, call: PlivoCall) -> dict[str, object]:
        why = call.why or causes.NORMAL
        return {
            "call_uuid": call.uuid,
            "parent_call_uuid": None,
            "call_direction": call.direction,
            "from_number": call.from_,
            "to_number": call.to,
            "call_duration": call.duration,
            "bill_duration": call.duration,
            "billed_duration": -(-call.duration // 60) * 60,
            "initiation_time": timestamp(call.created),
            "answer_time": timestamp(call.started) or None,
            "end_time": timestamp(call.finished),
            "call_state": why.cause,
            "hangup_cause_code": why.code,
            "hangup_cause_name": why.name,
            "hangup_source": why.source,
            "total_amount": "0.00000",
            "resource_uri": f"{ROOT}{call.owner.auth_id}/Call/{call.uuid}/",
        }

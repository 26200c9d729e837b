"""Twilio's REST API, as a plain method: accounts, calls and phone numbers.

Source: Twilio docs `voice/api/call-resource`, `phone-numbers/api/incomingphonenumber-resource`.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus

import msgspec

from voicecall.emulators.faults import Faults, RestFaults
from voicecall.emulators.network import Network
from voicecall.emulators.rest import Reply
from voicecall.errors import SpeechError

from .call import API_VERSION, TwilioCall
from .face import TwilioFace
from .forms import LONGEST_CALL, ApiError, Form, read_dial, read_settings, read_twiml
from .numbers import Numbers
from .program import Source

_OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
_Handler = Callable[[str, Form], Awaitable[Reply]]


class TwilioRest:
    """The REST API of the simulated account."""

    def __init__(self, network: Network, face: TwilioFace) -> None:
        self._network = network
        self._face = face
        self._account = face.account
        self._numbers = Numbers(face.account)
        self._root = f"/{API_VERSION}/Accounts/"
        self._in_flight = 0
        self._planned: Faults | None = None
        self._faults = RestFaults(Faults())
        self._routes: tuple[tuple[str, re.Pattern[str], _Handler], ...] = tuple(
            (route, re.compile(re.escape(route).replace(r"\{sid\}", "([A-Z]{2}[0-9a-f]{32})")), handler)
            for route, handler in (
                ("GET .json", self._show_account),
                ("POST /Calls.json", self._create),
                ("GET /Calls.json", self._list),
                ("GET /Calls/{sid}.json", self._fetch),
                ("POST /Calls/{sid}.json", self._update),
                ("GET /IncomingPhoneNumbers.json", self._list_numbers),
                ("GET /IncomingPhoneNumbers/{sid}.json", self._fetch_number),
                ("POST /IncomingPhoneNumbers/{sid}.json", self._update_number),
                ("GET /Applications/{sid}.json", self._fetch_application),
            )
        )

    async def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request. `path` may carry a query; names of headers are in lower case."""
        self._in_flight += 1
        try:
            reply = await self._answer(method, path, headers, body)
        except ApiError as error:
            reply = _refusal(error)
        except SpeechError as error:
            reply = _refusal(ApiError(500, 20500, str(error)))
        finally:
            self._in_flight -= 1
        return Reply(reply.status, reply.body, headers={"Twilio-Concurrent-Requests": str(self._in_flight + 1)})

    async def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        path, _, query = path.partition("?")
        self._authenticate(path, headers.get("authorization", ""))
        resource = f"{method} {path.removeprefix(self._root + self._account.sid)}"
        for route, pattern, handler in self._routes:
            if match := pattern.fullmatch(resource):
                self._fail_on_demand(route)
                form = Form(query if method == "GET" else body.decode(errors="replace"))
                return await handler("".join(match.groups()), form)
        raise ApiError(404, 20404, f"The requested resource {path} was not found")

    def _authenticate(self, path: str, authorization: str) -> None:
        scheme, _, encoded = authorization.partition(" ")
        try:
            user, _, password = b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            user, password = "", ""
        secret = self._account.auth_token if user == self._account.sid else self._account.api_keys.get(user, "")
        opens = secret != "" and hmac.compare_digest(password.encode(), secret.encode())
        owner = re.split(r"[/.]", path.removeprefix(self._root), maxsplit=1)[0]
        if scheme.lower() != "basic" or not opens or (path.startswith(self._root) and owner != self._account.sid):
            raise ApiError(401, 20003, "Authenticate")

    def _fail_on_demand(self, route: str) -> None:
        if self._network.faults is not self._planned:
            self._planned = self._network.faults
            self._faults = RestFaults(self._planned)
        status = self._faults.take(route)
        if status is None and self._in_flight > self._account.concurrency:
            status = 429
        if status is not None:
            code = {429: 20429, 401: 20003, 403: 20403, 404: 20404}.get(status, 20500)
            raise ApiError(status, code, HTTPStatus(status).phrase)

    # --- the account

    async def _show_account(self, _: str, __: Form) -> Reply:
        sid = self._account.sid
        return _json(200, {"sid": sid, "status": "active", "type": "Full", "friendly_name": "simulated"})

    # --- calls

    async def _create(self, _: str, form: Form) -> Reply:
        dial = read_dial(form, self._account)
        call = await self._face.place(
            self._network,
            dial.from_,
            dial.to,
            dial.settings,
            ring_timeout=dial.ring_timeout,
            time_limit=dial.time_limit,
        )
        detection = dial.settings.detection
        if detection is not None and detection.asynchronous and not detection.callback:
            call.notify(21262, "asynchronous machine detection without a callback")
        return _json(201, self._describe(call) | {"status": "queued"})

    async def _list(self, _: str, form: Form) -> Reply:
        wanted = {name: form.one(name) for name in ("To", "From", "Status") if form.one(name)}
        calls = [
            self._describe(call)
            for call in reversed(self._face.calls.values())
            if wanted.items() <= {"To": call.to, "From": call.from_, "Status": call.status}.items()
        ]
        return self._page("calls", "/Calls.json", calls, form)

    async def _fetch(self, sid: str, _: Form) -> Reply:
        return _json(200, self._describe(self._call(sid)))

    async def _update(self, sid: str, form: Form) -> Reply:
        call = self._call(sid)
        url, twiml, status = form.url("Url"), read_twiml(form), form.one("Status")
        if (url and twiml) or status not in ("", "completed", "canceled"):
            raise ApiError(400, 20001, "Url and Twiml exclude each other; Status is completed or canceled")
        if call.status in _OVER:
            raise ApiError(400, 21220, "Call is not in-progress. Cannot redirect.")
        if (url or twiml) and not status and call.leg.status != "answered":
            raise ApiError(400, 21220, "Call is not in-progress. Cannot redirect.")
        read_settings(form, call.settings)
        if "TimeLimit" in form:
            call.leg.limit(form.number("TimeLimit", LONGEST_CALL, 1, LONGEST_CALL))
        if status == "completed" or (status == "canceled" and call.leg.status == "ringing"):
            call.leg.dismiss()
        elif (url or twiml) and not status:
            call.replace(Source(url, form.method("Method"), twiml))
        return _json(200, self._describe(call))

    def _call(self, sid: str) -> TwilioCall:
        call = self._face.calls.get(sid)
        if call is None:
            raise ApiError(404, 20404, f"The requested resource /Calls/{sid}.json was not found")
        return call

    def _describe(self, call: TwilioCall) -> dict[str, object]:
        path = f"{self._root}{self._account.sid}/Calls/{call.sid}"
        over = call.finished is not None
        return {
            "sid": call.sid,
            "account_sid": self._account.sid,
            "parent_call_sid": None,
            "to": call.to,
            "from": call.from_,
            "status": call.status,
            "direction": call.direction,
            "answered_by": call.answered_by,
            "date_created": _date(call.created),
            "start_time": _date(call.started if call.started is not None else call.finished),
            "end_time": _date(call.finished),
            "duration": str(call.duration) if over else None,
            "price": None,
            "price_unit": "USD",
            "queue_time": "0",
            "api_version": API_VERSION,
            "uri": f"{path}.json",
            "subresource_uris": {"recordings": f"{path}/Recordings.json", "streams": f"{path}/Streams.json"},
        }

    # --- phone numbers

    async def _list_numbers(self, _: str, form: Form) -> Reply:
        return self._page("incoming_phone_numbers", "/IncomingPhoneNumbers.json", self._numbers.find(form), form)

    async def _fetch_number(self, sid: str, _: Form) -> Reply:
        return _json(200, self._numbers.show(sid))

    async def _update_number(self, sid: str, form: Form) -> Reply:
        return _json(200, self._numbers.update(sid, form))

    async def _fetch_application(self, sid: str, _: Form) -> Reply:
        return _json(200, self._numbers.show_application(sid))

    def _page(self, key: str, resource: str, items: list[dict[str, object]], form: Form) -> Reply:
        size = form.number("PageSize", 50, 1, 1000, 20001)
        begin = form.number("Page", 0, 0, 1_000_000, 20001) * size
        uri = f"{self._root}{self._account.sid}{resource}"
        more = begin + size < len(items)
        page = begin // size
        following = f"{uri}?PageSize={size}&Page={page + 1}" if more else None
        links = {"page": page, "page_size": size, "uri": uri, "first_page_uri": uri, "next_page_uri": following}
        return _json(200, {key: items[begin : begin + size], **links})


def _refusal(error: ApiError) -> Reply:
    more = f"https://www.twilio.com/docs/errors/{error.code}"
    body = {"code": error.code, "message": str(error), "more_info": more, "status": error.status}
    return _json(error.status, body)


def _json(status: int, value: Mapping[str, object]) -> Reply:
    return Reply(status, msgspec.json.encode(value))


def _date(seconds: float | None) -> str | None:
    return None if seconds is None else format_datetime(datetime.fromtimestamp(seconds, UTC))

"""Telnyx's REST API, as a plain method: calls, the commands that control them, and numbers.

Source: Telnyx docs `api-reference/call-commands`, `development/api-fundamentals`.
"""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from voicecall.emulators.faults import Faults, RestFaults
from voicecall.emulators.network import Network
from voicecall.emulators.rest import Reply
from voicecall.errors import SpeechError

from .call import TelnyxCall
from .commands import ACTIONS, Dial, read
from .errors import CODES, ApiError
from .face import TelnyxFace
from .numbers import Numbers, Resource

ROOT = "/v2"
_PATH = re.compile(r"/calls(?:/(?P<call>[^/]+)(?:/actions/(?P<action>[a-z_]+))?)?")


class TelnyxRest:
    """The REST API of the simulated account."""

    def __init__(self, network: Network, face: TelnyxFace) -> None:
        self._network = network
        self._face = face
        self._account = face.account
        self._numbers = Numbers(face.account)
        self._in_flight = 0
        self._planned: Faults | None = None
        self._faults = RestFaults(Faults())

    async def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request. `path` is decoded and may carry a query; names of headers are in lower case."""
        resource, _, query = path.partition("?")
        belonging = Resource.named(resource.removeprefix(ROOT)) if resource.startswith(ROOT) else None
        found = _PATH.fullmatch(resource.removeprefix(ROOT)) if resource.startswith(ROOT) else None
        call, action = (found["call"] or "", found["action"] or "") if found else ("", "")
        self._in_flight += 1
        try:
            self._authenticate(headers.get("authorization", ""))
            if belonging is not None:
                self._fail_on_demand(belonging.route(method))
                return self._reply(200, {"data": self._numbers.answer(method, belonging, query, body)})
            if found is None:
                raise ApiError("10005", "The requested resource or URL could not be found.")
            route = f"{method} /calls" + (f"/{{call}}/actions/{action}" if action else "/{call}" if call else "")
            self._fail_on_demand(route)
            data = await self._answer(route, call, action, body)
            await asyncio.sleep(self._network.faults.rest_delay.get(route, 0.0))
            return self._reply(200, {"data": data})
        except ApiError as error:
            asked = belonging.kind if belonging is not None else action or "calls"
            self._face.notify(call, error.code, f"{method} {asked}: {error}")
            return self._reply(error.status, error.body())
        except SpeechError as error:
            return self._reply(500, ApiError("10007", str(error)).body())
        finally:
            self._in_flight -= 1

    async def _answer(self, route: str, call: str, action: str, body: bytes) -> Mapping[str, object]:
        if route == "POST /calls":
            return await self._dial(read(body, Dial))
        if route == "GET /calls/{call}":
            return self._fetch(call).describe()
        if action in ACTIONS and route.startswith("PUT " if action == "client_state_update" else "POST "):
            command = read(body, ACTIONS[action])
            self._commanded(call).obey(command)
            return {"result": "ok"}
        raise ApiError("10005", f"There is no {route}; the client state is PUT, all other commands are POST.")

    def _authenticate(self, authorization: str) -> None:
        expected = f"Bearer {self._account.api_key}"
        if not hmac.compare_digest(authorization.encode(errors="replace"), expected.encode()):
            raise ApiError("10009", "Could not find any usable credentials in the request.")

    def _fail_on_demand(self, route: str) -> None:
        if self._network.faults is not self._planned:
            self._planned = self._network.faults
            self._faults = RestFaults(self._planned)
        status = self._faults.take(route)
        if status is None and self._in_flight > self._account.concurrency:
            status = 429
        if status is not None:
            raise ApiError(CODES.get(status, "10007"), HTTPStatus(status).phrase, status=status)

    # --- calls

    async def _dial(self, dial: Dial) -> Mapping[str, object]:
        if dial.connection_id != self._account.connection_id:
            raise ApiError("10015", "The requested connection_id is invalid or does not exist.", "/connection_id")
        if not self._account.owns(dial.from_):
            raise ApiError("D51", "The caller ID is neither owned nor verified.", "/from")
        if dial.to in self._account.refusals:
            raise ApiError(self._account.refusals[dial.to], "The destination is refused.", "/to")
        described = (await self._face.place(self._network, dial)).describe()
        names = ("record_type", "call_control_id", "call_leg_id", "call_session_id", "client_state")
        return {name: described[name] for name in names} | {"is_alive": False}

    def _fetch(self, call: str) -> TelnyxCall:
        found = self._face.calls.get(call)
        if found is None:
            raise ApiError("10005", "The requested resource or URL could not be found.")
        return found

    def _commanded(self, call: str) -> TelnyxCall:
        found = self._face.calls.get(call)
        if found is None:
            raise ApiError("90015", "The call_control_id provided was not valid.", "/call_control_id")
        return found

    def _reply(self, status: int, body: Mapping[str, object]) -> Reply:
        limit = self._account.concurrency
        left = max(0, limit - self._in_flight)
        headers = {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(left), "x-ratelimit-reset": "1"}
        return Reply(status, msgspec.json.encode(body), headers=headers)

"""The settings of Telnyx's numbers: which connection takes the calls, and where that one reports them.

Source: developers.telnyx.com, phone numbers and call control applications, 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from voicecall.carriers import RestRequest, RestResponse
from voicecall.carriers.numbers import NumberSettings, Talk, decoded, failure, turned, unknown
from voicecall.errors import CarrierError

from . import codes
from .actions import Api

_NO_RIGHT = "the API key has no right to numbers and applications; give it that in the Telnyx portal, or use another"
_NO_APPLICATION = "telnyx.connection_id names no Voice API application of this account"


class _Number(msgspec.Struct, frozen=True):
    id: str
    phone_number: str
    connection_id: str | None = None


class _Numbers(msgspec.Struct, frozen=True):
    data: tuple[_Number, ...]


class _Application(msgspec.Struct, frozen=True):
    application_name: str = ""
    webhook_event_url: str | None = None
    webhook_event_failover_url: str | None = None
    webhook_api_version: str = "2"
    active: bool = True


class _One(msgspec.Struct, frozen=True):
    data: _Application


class _Fault(msgspec.Struct, frozen=True):
    code: str


class _Failure(msgspec.Struct, frozen=True):
    errors: tuple[_Fault, ...] = ()


class TelnyxNumbers:
    """How Telnyx is asked about numbers, and told."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def owned(self) -> Talk[tuple[str, ...]]:
        """Ask for the numbers of the account (E.164), the first twenty.

        Raises:
            CarrierError: Telnyx refused or failed to tell.
        """
        response = yield self._ask("GET", "/phone_numbers")
        if response.status != 200:
            raise _failure("list the numbers", response)
        return tuple(one.phone_number for one in decoded("Telnyx", response, _Numbers).data)

    def read(self, number: str) -> Talk[NumberSettings]:
        """Ask for the settings of a number (E.164), and those of the configured application.

        Raises:
            CarrierError: there is no such number or application, or Telnyx refused or failed to tell.
        """
        query = urlencode({"filter[phone_number]": number.removeprefix("+")})  # a plus sign would find nothing
        response = yield self._ask("GET", f"/phone_numbers?{query}")
        if response.status != 200:
            raise _failure("show the number", response)
        numbers = decoded("Telnyx", response, _Numbers).data
        found = next((one for one in numbers if one.phone_number == number), None)
        if found is None:
            raise unknown("Telnyx", "from_number and telnyx.api_key")
        response = yield self._application(self._api.connection)
        if response.status == 404:
            raise failure("Telnyx", "show the application", 404, _NO_APPLICATION)
        if response.status != 200:
            raise _failure("show the application", response)
        ours = decoded("Telnyx", response, _One).data
        connection = found.connection_id or ""
        taken = ours if connection == self._api.connection else _Application()
        if connection not in ("", self._api.connection):
            response = yield self._application(connection)  # one that is no application of this kind has no webhook
            taken = decoded("Telnyx", response, _One).data if response.status == 200 else taken
        return NumberSettings(
            number=number,
            voice_url=(taken.webhook_event_url or "") if taken.active else "",
            voice_method="POST" if taken.webhook_api_version == "2" else "POST, API version 1",
            fallback_url=taken.webhook_event_failover_url or "",
            application=connection,
            raw={
                "connection_id": connection,
                "webhook_event_url": ours.webhook_event_url or "",
                "webhook_api_version": ours.webhook_api_version,
                "active": str(ours.active).lower(),
            },
            ids={"number": found.id, "application_name": ours.application_name},
        )

    def pointed(self, settings: NumberSettings, webhook_url: str) -> Mapping[str, str]:
        """Return the settings with which the configured application has the number's calls, and leads there."""
        return {
            "connection_id": self._api.connection,
            "webhook_event_url": turned(settings.raw["webhook_event_url"], webhook_url),
            "webhook_api_version": "2",
            "active": "true",
        }

    def write(self, settings: NumberSettings, wanted: Mapping[str, str]) -> Talk[None]:
        """Change what differs: first the configured application, then the number's connection.

        Raises:
            CarrierError: Telnyx refused or failed it.
        """
        changes: dict[str, Any] = {name: value for name, value in wanted.items() if settings.raw.get(name) != value}
        connection = changes.pop("connection_id", None)
        if changes:
            if "active" in changes:
                changes["active"] = changes["active"] == "true"
            needed = {
                "application_name": settings.ids["application_name"],
                "webhook_event_url": wanted["webhook_event_url"],
            }
            path = f"/call_control_applications/{quote(self._api.connection, '')}"
            response = yield self._ask("PATCH", path, {**needed, **changes})
            if response.status != 200:
                raise _failure("change the application", response)
        if connection is not None:
            path = f"/phone_numbers/{quote(settings.ids['number'], '')}"
            response = yield self._ask("PATCH", path, {"connection_id": connection or None})
            if response.status != 200:
                raise _failure("change the number" + (", after its application" if changes else ""), response)

    def _application(self, connection: str) -> RestRequest:
        return self._ask("GET", f"/call_control_applications/{quote(connection, '')}")

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> RestRequest:
        headers = {"Authorization": self._api.authorization}
        if body is None:
            return RestRequest(method, self._api.url + path, headers, repeatable=True)
        headers["Content-Type"] = "application/json"
        return RestRequest(method, self._api.url + path, headers, msgspec.json.encode(body), repeatable=True)


def _failure(what: str, response: RestResponse) -> CarrierError:
    if response.status == 403:
        return failure("Telnyx", what, 403, _NO_RIGHT)
    try:
        faults = msgspec.json.decode(response.body, type=_Failure).errors
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        faults = ()
    code = faults[0].code if faults else None
    return failure("Telnyx", what, response.status, codes.sentence(code, response.status))

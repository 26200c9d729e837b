"""The numbers and Call Control applications of the account, as its REST API shows and changes them. Pure.

Source: Telnyx docs `api-reference/phone-numbers`, `api-reference/call-control-applications`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import msgspec

from .account import Account, Application, identity
from .commands import read
from .errors import ApiError

_PATHS = (
    re.compile(r"/(?P<kind>phone_numbers|call_control_applications)"),
    re.compile(r"/(?P<kind>phone_numbers|call_control_applications)/(?P<id>[^/]+)"),
)


class Resource(msgspec.Struct, frozen=True):
    """One resource, or with an empty `id` the list of them."""

    kind: str
    id: str

    @classmethod
    def named(cls, path: str) -> Resource | None:
        """Return what a path names, if it is one of these."""
        for pattern in _PATHS:
            if found := pattern.fullmatch(path):
                return cls(found["kind"], found.groupdict().get("id") or "")
        return None

    def route(self, method: str) -> str:
        """Return the name of a request in a fault plan."""
        return f"{method} /{self.kind}" + ("/{id}" if self.id else "")


class _NumberChange(msgspec.Struct, frozen=True, kw_only=True):
    connection_id: str | msgspec.UnsetType | None = msgspec.UNSET
    tags: tuple[str, ...] = ()
    customer_reference: str = ""


class _ApplicationChange(msgspec.Struct, frozen=True, kw_only=True):
    application_name: str
    webhook_event_url: str
    webhook_event_failover_url: str | msgspec.UnsetType | None = msgspec.UNSET
    webhook_api_version: Literal["1", "2"] | None = None
    active: bool | None = None

    def __post_init__(self) -> None:
        if urlsplit(self.webhook_event_url).scheme not in ("http", "https"):
            raise ApiError("10015", "The URL needs a scheme, such as https.", "/webhook_event_url")


class Numbers:
    """What the account has."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def answer(self, method: str, resource: Resource, query: str, body: bytes) -> object:
        """Return the data of an answer.

        Raises:
            ApiError: Telnyx would refuse it.
        """
        match resource.route(method):
            case "GET /phone_numbers":
                return self._find(query)
            case "GET /phone_numbers/{id}":
                return self._number(self._owned(resource.id))
            case "PATCH /phone_numbers/{id}":
                return self._assign(self._owned(resource.id), read(body, _NumberChange))
            case "GET /call_control_applications/{id}":
                return self._application(resource.id)
            case "PATCH /call_control_applications/{id}":
                return self._change(resource.id, read(body, _ApplicationChange))
            case route:
                raise ApiError("10005", f"There is no {route}.")

    def _find(self, query: str) -> list[Mapping[str, object]]:
        """Return the numbers in which the digits of the filter occur; what is no digit is found in none."""
        (wanted,) = parse_qs(query).get("filter[phone_number]", [""])
        return [self._number(number) for number in sorted(self._account.numbers) if wanted in number.removeprefix("+")]

    def _owned(self, id_: str) -> str:
        for number in self._account.numbers:
            if id_ in (_id(number), number):
                return number
        raise ApiError("10005", "The requested resource or URL could not be found.")

    def _number(self, number: str) -> Mapping[str, object]:
        connection = self._account.connection(number)
        other = self._account.applications.get(connection)
        name = self._account.name if connection == self._account.connection_id else other.name if other else ""
        return {
            "record_type": "phone_number",
            "id": _id(number),
            "phone_number": number,
            "status": "active",
            "connection_id": connection or None,
            "connection_name": name or None,
            "tags": [],
        }

    def _assign(self, number: str, change: _NumberChange) -> Mapping[str, object]:
        if change.connection_id is not msgspec.UNSET:
            connection = change.connection_id or ""
            if connection not in ("", self._account.connection_id, *self._account.applications):
                raise ApiError("10015", "The requested connection_id is invalid or does not exist.", "/connection_id")
            self._account.connections[number] = connection
        return self._number(number)

    def _held(self, id_: str) -> Account | Application:
        if id_ == self._account.connection_id:
            return self._account
        if id_ in self._account.applications:
            return self._account.applications[id_]
        raise ApiError("10005", "The requested resource or URL could not be found.")

    def _application(self, id_: str) -> Mapping[str, object]:
        held = self._held(id_)
        return {
            "record_type": "call_control_application",
            "id": id_,
            "application_name": held.name,
            "active": held.active,
            "webhook_event_url": held.webhook_url,
            "webhook_event_failover_url": held.failover_url or None,
            "webhook_api_version": held.api_version,
            "webhook_timeout_secs": None,
        }

    def _change(self, id_: str, change: _ApplicationChange) -> Mapping[str, object]:
        held = self._held(id_)
        held.name, held.webhook_url = change.application_name, change.webhook_event_url
        if change.webhook_event_failover_url is not msgspec.UNSET:
            held.failover_url = change.webhook_event_failover_url or ""
        held.api_version = change.webhook_api_version or held.api_version
        held.active = held.active if change.active is None else change.active
        return self._application(id_)


def _id(number: str) -> str:
    return str(int(identity(f"number/{number}").replace("-", ""), 16))[:19]

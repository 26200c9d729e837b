"""The settings of Plivo's numbers: which application takes the calls, and where that one announces them.

Source: plivo.com/docs, account phone numbers and applications, 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec

from voicecall.carriers import RestRequest, RestResponse
from voicecall.carriers.numbers import NumberSettings, Talk, decoded, failure, same, turned, unknown
from voicecall.errors import CarrierError

from . import codes
from .actions import Api

OVERRIDES = "#rc=2&rp=all"
"""How often Plivo tries again, and after what; it is not sent."""
NEW = "new"
"""In place of an application's id: one that is yet to be made."""
_NO_RIGHT = "the credentials have no right to numbers and applications; use the auth id and token that own the number"
_PAGE = 20
_MOST_PAGES = 50
_URLS = ("answer_url", "answer_method", "hangup_url", "hangup_method")


class _Number(msgspec.Struct, frozen=True):
    application: str | None = None
    """A path that ends with the application's id."""


class _Rented(msgspec.Struct, frozen=True):
    number: str
    """E.164 without its plus sign."""


class _Numbers(msgspec.Struct, frozen=True):
    objects: tuple[_Rented, ...]


class _Application(msgspec.Struct, frozen=True):
    app_id: str = ""
    app_name: str = ""
    answer_url: str | None = None
    answer_method: str | None = None
    hangup_url: str | None = None
    hangup_method: str | None = None
    fallback_answer_url: str | None = None


class _Page(msgspec.Struct, frozen=True):
    objects: tuple[_Application, ...]


class _Made(msgspec.Struct, frozen=True):
    app_id: Annotated[str, msgspec.Meta(min_length=1)]


class _Failure(msgspec.Struct, frozen=True):
    error: str | dict[str, str] = ""


class PlivoNumbers:
    """How Plivo is asked about numbers, and told.

    Each number gets an application of its own, `voicecall-` and its digits: to change it changes no other number.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    def owned(self) -> Talk[tuple[str, ...]]:
        """Ask for the numbers of the account (E.164), the first twenty.

        Raises:
            CarrierError: Plivo refused or failed to tell.
        """
        response = yield self._get(f"/Number/?limit={_PAGE}")
        if response.status != 200:
            raise _failure("list the numbers", response)
        return tuple(f"+{one.number.removeprefix('+')}" for one in decoded("Plivo", response, _Numbers).objects)

    def read(self, number: str) -> Talk[NumberSettings]:
        """Ask for the settings of a number (E.164), and those of our application for it.

        Raises:
            CarrierError: there is no such number, or Plivo refused or failed to tell.
        """
        response = yield self._get(_path(number))
        if response.status == 404:
            raise unknown("Plivo", "from_number and plivo.auth_id")
        if response.status != 200:
            raise _failure("show the number", response)
        application = (decoded("Plivo", response, _Number).application or "").rstrip("/").rpartition("/")[2]
        ours = yield from self._ours(number)
        taken = ours if application == ours.app_id else _Application()
        if application not in ("", ours.app_id):
            response = yield self._get(f"/Application/{quote(application, '')}/")
            taken = decoded("Plivo", response, _Application) if response.status == 200 else taken
        return NumberSettings(
            number=number,
            voice_url=taken.answer_url or "",
            voice_method=taken.answer_method or "POST",
            status_url=taken.hangup_url or "",
            fallback_url=taken.fallback_answer_url or "",
            application=application,
            raw={
                "app_id": application,
                "answer_url": ours.answer_url or "",
                "answer_method": ours.answer_method or "POST",
                "hangup_url": ours.hangup_url or "",
                "hangup_method": ours.hangup_method or "POST",
            },
            ids={"application": ours.app_id},
        )

    def pointed(self, settings: NumberSettings, webhook_url: str) -> Mapping[str, str]:
        """Return the settings with which our application has the number's calls; another that leads here is let be."""
        raw = settings.raw
        if settings.leads_to(webhook_url) and same(settings.status_url, webhook_url):
            return raw
        return {
            "app_id": settings.ids["application"] or NEW,
            "answer_url": turned(raw["answer_url"], webhook_url, OVERRIDES),
            "answer_method": "POST",
            "hangup_url": turned(raw["hangup_url"], webhook_url, OVERRIDES),
            "hangup_method": "POST",
        }

    def write(self, settings: NumberSettings, wanted: Mapping[str, str]) -> Talk[None]:
        """Change what differs: first our application, which is made where there is none, then the number's.

        An application that was made is left where it is: to delete it could take with it what else it was given.

        Raises:
            CarrierError: Plivo refused or failed it.
        """
        raw, application = settings.raw, wanted["app_id"]
        what = "change the number"
        urls = {name: wanted[name] for name in _URLS if application == NEW or raw[name] != wanted[name]}
        if application == NEW:
            response = yield self._post("/Application/", {"app_name": _name(settings.number), **urls}, repeatable=False)
            if response.status != 201:
                raise _failure("make the application", response)
            application = decoded("Plivo", response, _Made).app_id
            what += ", after its application"
        elif urls and wanted["answer_url"] and (ours := settings.ids["application"]):
            response = yield self._post(f"/Application/{quote(ours, '')}/", urls)
            if response.status != 202:
                raise _failure("change the application", response)
            what += ", after its application"
        if application != raw["app_id"]:
            response = yield self._post(_path(settings.number), {"app_id": application} if application else {})
            if response.status != 202:
                raise _failure(what, response)

    def _ours(self, number: str) -> Talk[_Application]:
        """Find our application for a number; one without an id where there is none."""
        name = _name(number)
        for page in range(_MOST_PAGES):
            query = urlencode({"app_name": name, "limit": _PAGE, "offset": page * _PAGE})
            response = yield self._get(f"/Application/?{query}")
            if response.status != 200:
                raise _failure("list the applications", response)
            applications = decoded("Plivo", response, _Page).objects
            if (found := next((one for one in applications if one.app_name == name), None)) is not None:
                return found
            if len(applications) < _PAGE:
                break
        return _Application()

    def _get(self, path: str) -> RestRequest:
        return RestRequest("GET", self._api.url + path, {"Authorization": self._api.authorization}, repeatable=True)

    def _post(self, path: str, body: Mapping[str, str], *, repeatable: bool = True) -> RestRequest:
        headers = {"Authorization": self._api.authorization, "Content-Type": "application/json"}
        return RestRequest("POST", self._api.url + path, headers, msgspec.json.encode(body), repeatable)


def _path(number: str) -> str:
    return f"/Number/{number.removeprefix('+')}/"


def _name(number: str) -> str:
    return f"voicecall-{number.removeprefix('+')}"


def _failure(what: str, response: RestResponse) -> CarrierError:
    status = response.status
    if status == 403:
        return failure("Plivo", what, 403, _NO_RIGHT)
    try:
        told = str(msgspec.json.decode(response.body, type=_Failure).error)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        told = ""
    return failure("Plivo", what, status, codes.refused(status, told))

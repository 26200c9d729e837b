"""The numbers and applications of the account, as its REST API shows and changes them.

Source: Plivo docs `numbers/api/account-phone-number`, `account/api/application`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .account import Account, Application, Number, Owner
from .forms import ApiError, Form

_Json = Mapping[str, object]
_Ids = tuple[str, ...]
_URLS = (
    ("answer_url", "answer_url", "answer_method"),
    ("fallback_url", "fallback_answer_url", "fallback_method"),
    ("hangup_url", "hangup_url", "hangup_method"),
)
"""The attribute, its parameter, and that of its method."""


class Numbers:
    """What the account and its sub-accounts have; each sees its own."""

    def __init__(self, account: Account) -> None:
        self._account = account

    # --- numbers

    async def list_numbers(self, owner: Owner, _: _Ids, form: Form) -> tuple[int, _Json]:
        """Return the numbers that begin with certain digits."""
        start = form.one("number_startswith")
        numbers = [one for one in self._account.numbers.values() if one.number.removeprefix("+").startswith(start)]
        return self._page([self._number(one) for one in numbers if self._is(owner, one)], form)

    async def show_number(self, owner: Owner, ids: _Ids, _: Form) -> tuple[int, _Json]:
        """Return one number."""
        return 200, self._number(self._rented(owner, ids))

    async def update_number(self, owner: Owner, ids: _Ids, form: Form) -> tuple[int, _Json]:
        """Give a number to an application; to the default one, if none is named."""
        rented, app_id = self._rented(owner, ids), form.one("app_id")
        if app_id:
            self._application(owner, (app_id,))
        rented.app_id = app_id or self._account.default_application
        return 202, {"message": "changed"}

    # --- applications

    async def list_applications(self, owner: Owner, _: _Ids, form: Form) -> tuple[int, _Json]:
        """Return the applications with names that begin like that."""
        name = form.one("app_name")
        applications = [one for one in self._account.applications.values() if one.name.startswith(name)]
        return self._page([self._describe(one) for one in applications if self._is(owner, one)], form)

    async def make_application(self, owner: Owner, _: _Ids, form: Form) -> tuple[int, _Json]:
        """Make an application; what is hung up is reported where calls are announced, unless the form says where."""
        name = form.needed("app_name")
        if re.fullmatch("[A-Za-z0-9_-]+", name) is None:
            raise ApiError(400, {"app_name": f"{name} has other signs than letters, digits, - and _"})
        form.needed("answer_url")
        settings = _read(form)
        made = self._account.make(name, owner.auth_id if owner.auth_id != self._account.auth_id else "")
        _set(made, {"hangup_url": settings["answer_url"], **settings})
        return 201, {"message": "created", "app_id": made.app_id}

    async def show_application(self, owner: Owner, ids: _Ids, _: Form) -> tuple[int, _Json]:
        """Return one application."""
        return 200, self._describe(self._application(owner, ids))

    async def update_application(self, owner: Owner, ids: _Ids, form: Form) -> tuple[int, _Json]:
        """Change what the form names."""
        _set(self._application(owner, ids), _read(form))
        return 202, {"message": "changed"}

    def _is(self, owner: Owner, thing: Number | Application) -> bool:
        return owner.auth_id == (thing.auth_id or self._account.auth_id)

    def _rented(self, owner: Owner, ids: _Ids) -> Number:
        rented = self._account.numbers.get(f"+{ids[0]}")
        if rented is None or not self._is(owner, rented):
            raise ApiError(404, "not found")
        return rented

    def _application(self, owner: Owner, ids: _Ids) -> Application:
        found = self._account.applications.get(ids[0])
        if found is None or not self._is(owner, found):
            raise ApiError(404, "not found")
        return found

    def _number(self, rented: Number) -> _Json:
        root = f"/v1/Account/{rented.auth_id or self._account.auth_id}"
        digits = rented.number.removeprefix("+")
        return {
            "number": digits,
            "alias": None,
            "sub_account": f"/v1/Account/{rented.auth_id}/" if rented.auth_id else None,
            "application": f"{root}/Application/{rented.app_id}/" if rented.app_id else None,
            "carrier": "Plivo",
            "number_type": "local",
            "voice_enabled": True,
            "resource_uri": f"{root}/Number/{digits}/",
        }

    def _describe(self, application: Application) -> _Json:
        root = f"/v1/Account/{application.auth_id or self._account.auth_id}"
        described: dict[str, object] = {
            "app_id": application.app_id,
            "app_name": application.name,
            "default_app": application.app_id == self._account.default_application,
            "enabled": True,
            "message_url": "",
            "message_method": "POST",
            "resource_uri": f"{root}/Application/{application.app_id}/",
        }
        for attribute, url, method in _URLS:
            described[url] = getattr(application, attribute)
            described[method] = getattr(application, attribute.replace("_url", "_method"))
        return described

    def _page(self, things: list[_Json], form: Form) -> tuple[int, _Json]:
        limit, offset = form.number("limit", 20, 1, 20), form.number("offset", 0, 0, 10**9)
        meta = {"limit": limit, "offset": offset, "total_count": len(things), "next": None, "previous": None}
        return 200, {"meta": meta, "objects": things[offset : offset + limit]}


def _read(form: Form) -> Mapping[str, str]:
    """Return the attributes that a form sets.

    Raises:
        ApiError: an application cannot have them.
    """
    settings = {}
    for attribute, url, method in _URLS:
        if form.one(url):
            settings[attribute] = form.url(url)
        if form.one(method):
            settings[attribute.replace("_url", "_method")] = form.method(method)
    return settings


def _set(application: Application, settings: Mapping[str, str]) -> None:
    for attribute, value in settings.items():
        setattr(application, attribute, value)

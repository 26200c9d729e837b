"""The settings of Twilio's numbers.

A number that is given to an application or a trunk is handled by that, whatever its own URLs say.
Source: twilio.com/docs/phone-numbers/api/incomingphonenumber-resource and /docs/usage/api/applications, 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec

from voicecall.carriers import RestRequest, RestResponse
from voicecall.carriers.numbers import NumberSettings, Talk, decoded, failure, turned, unknown
from voicecall.errors import CarrierError

from . import codes
from .actions import Api
from .signatures import OVERRIDES

_NO_RIGHT = "the credentials have no right to phone numbers; give the API key that right, or use the auth token"


class _Voice(msgspec.Struct, frozen=True):
    """What numbers and applications have in common."""

    voice_url: str | None = None
    voice_method: str | None = None
    voice_fallback_url: str | None = None
    status_callback: str | None = None
    status_callback_method: str | None = None


class _Number(_Voice, frozen=True, kw_only=True):
    sid: Annotated[str, msgspec.Meta(pattern="^PN[0-9A-Za-z]+$")]
    phone_number: str
    voice_application_sid: str | None = None
    trunk_sid: str | None = None


class _Page(msgspec.Struct, frozen=True):
    incoming_phone_numbers: tuple[_Number, ...]


class _Failure(msgspec.Struct, frozen=True):
    code: int | None = None


class TwilioNumbers:
    """How Twilio is asked about numbers, and told."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def owned(self) -> Talk[tuple[str, ...]]:
        """Ask for the numbers of the account (E.164), the first fifty.

        Raises:
            CarrierError: Twilio refused or failed to tell.
        """
        response = yield self._get("/IncomingPhoneNumbers.json?PageSize=50")
        if response.status != 200:
            raise _failure("list the numbers", response)
        return tuple(one.phone_number for one in decoded("Twilio", response, _Page).incoming_phone_numbers)

    def read(self, number: str) -> Talk[NumberSettings]:
        """Ask for the settings of a number (E.164).

        Raises:
            CarrierError: there is no such number, or Twilio refused or failed to tell.
        """
        response = yield self._get(f"/IncomingPhoneNumbers.json?{urlencode({'PhoneNumber': number})}")
        if response.status != 200:
            raise _failure("show the number", response)
        page = decoded("Twilio", response, _Page)
        found = next((one for one in page.incoming_phone_numbers if one.phone_number == number), None)
        if found is None:
            raise unknown("Twilio", "from_number, twilio.account_sid and twilio.region")
        application, trunk = found.voice_application_sid or "", found.trunk_sid or ""
        voice: _Voice = found
        if trunk:
            voice = _Voice()
        elif application:
            response = yield self._get(f"/Applications/{quote(application, '')}.json")
            voice = decoded("Twilio", response, _Voice) if response.status == 200 else _Voice()
        return NumberSettings(
            number=number,
            voice_url=voice.voice_url or "",
            voice_method=voice.voice_method or "POST",
            status_url=voice.status_callback or "",
            fallback_url=voice.voice_fallback_url or "",
            application=trunk or application,
            raw={
                "VoiceUrl": found.voice_url or "",
                "VoiceMethod": found.voice_method or "POST",
                "StatusCallback": found.status_callback or "",
                "StatusCallbackMethod": found.status_callback_method or "POST",
                "VoiceApplicationSid": application,
                "TrunkSid": trunk,
            },
            ids={"number": found.sid},
        )

    def pointed(self, settings: NumberSettings, webhook_url: str) -> Mapping[str, str]:
        """Return the settings with which the number itself leads there; an application that does so is let be."""
        raw = settings.raw
        if settings.application and settings.leads_to(webhook_url):
            return raw
        return {
            "VoiceUrl": turned(raw["VoiceUrl"], webhook_url, OVERRIDES),
            "VoiceMethod": "POST",
            "StatusCallback": turned(raw["StatusCallback"], webhook_url, OVERRIDES),
            "StatusCallbackMethod": "POST",
            "VoiceApplicationSid": "",
            "TrunkSid": "",
        }

    def write(self, settings: NumberSettings, wanted: Mapping[str, str]) -> Talk[None]:
        """Change what differs, at once.

        Raises:
            CarrierError: Twilio refused or failed it.
        """
        fields = {name: value for name, value in wanted.items() if settings.raw.get(name) != value}
        headers = {"Authorization": self._api.authorization, "Content-Type": "application/x-www-form-urlencoded"}
        url = f"{self._api.url}/IncomingPhoneNumbers/{quote(settings.ids['number'], '')}.json"
        response = yield RestRequest("POST", url, headers, urlencode(fields).encode("ascii"), repeatable=True)
        if response.status != 200:
            raise _failure("change the number", response)

    def _get(self, path: str) -> RestRequest:
        return RestRequest("GET", self._api.url + path, {"Authorization": self._api.authorization}, repeatable=True)


def _failure(what: str, response: RestResponse) -> CarrierError:
    if response.status == 403:
        return failure("Twilio", what, 403, _NO_RIGHT)
    try:
        code = msgspec.json.decode(response.body, type=_Failure).code
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        code = None
    return failure("Twilio", what, response.status, codes.sentence(code, response.status))

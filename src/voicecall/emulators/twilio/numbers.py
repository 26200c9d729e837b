"""The phone numbers and applications of the account, as its REST API shows and changes them. Pure.

Source: Twilio docs `phone-numbers/api/incomingphonenumber-resource`, `usage/api/applications`.
"""

from __future__ import annotations

from .account import Account, Application, Number
from .call import API_VERSION
from .forms import ApiError, Form

_URLS = (("voice_url", "VoiceUrl"), ("voice_fallback_url", "VoiceFallbackUrl"), ("status_callback", "StatusCallback"))


class Numbers:
    """What the account has."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def find(self, form: Form) -> list[dict[str, object]]:
        """Return the numbers in which the digits of `PhoneNumber` occur."""
        wanted = form.one("PhoneNumber")
        return [self._describe(number) for number in self._account.numbers.values() if wanted in number.phone_number]

    def show(self, sid: str) -> dict[str, object]:
        """Return one number.

        Raises:
            ApiError: there is none with that SID.
        """
        return self._describe(self._number(sid))

    def update(self, sid: str, form: Form) -> dict[str, object]:
        """Change what the form names, and return the number. To give it to a trunk takes it from its application.

        Raises:
            ApiError: there is none with that SID, or it cannot have these settings.
        """
        number = self._number(sid)
        for attribute, name in _URLS:
            if name in form:
                setattr(number, attribute, form.url(name))
            method = name.replace("Url", "") + "Method"
            if method in form:
                setattr(number, attribute.replace("_url", "") + "_method", form.method(method))
        application, trunk = form.one("VoiceApplicationSid"), form.one("TrunkSid")
        if application and application not in self._account.applications:
            raise ApiError(400, 21218, f"Invalid ApplicationSid: {application}")
        if "VoiceApplicationSid" in form:
            number.voice_application_sid = application
            number.trunk_sid = "" if application else number.trunk_sid
        if "TrunkSid" in form:
            number.trunk_sid = trunk
            number.voice_application_sid = "" if trunk else number.voice_application_sid
        return self._describe(number)

    def show_application(self, sid: str) -> dict[str, object]:
        """Return one application.

        Raises:
            ApiError: there is none with that SID.
        """
        application = self._account.applications.get(sid)
        if application is None:
            raise ApiError(404, 20404, f"The requested resource /Applications/{sid}.json was not found")
        settings = {name: getattr(application, name) for name in Application.__slots__}
        return {"sid": sid, "account_sid": self._account.sid, **settings}

    def _number(self, sid: str) -> Number:
        for number in self._account.numbers.values():
            if number.sid == sid:
                return number
        raise ApiError(404, 20404, f"The requested resource /IncomingPhoneNumbers/{sid}.json was not found")

    def _describe(self, number: Number) -> dict[str, object]:
        settings = {name: getattr(number, name) for name in Number.__slots__}
        empty = {name: settings[name] or None for name in ("voice_application_sid", "trunk_sid")}
        uri = f"/{API_VERSION}/Accounts/{self._account.sid}/IncomingPhoneNumbers/{number.sid}.json"
        voice = {"voice": True, "sms": False, "mms": False, "fax": False}
        named = {"sid": number.sid, "account_sid": self._account.sid, "capabilities": voice, "uri": uri}
        return {**named, **settings, **empty}

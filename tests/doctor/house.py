"""A configuration in a folder of its own, and an internet that answers from a table."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx2

from voicecall.doctor import Check, Report
from voicecall.doctor.examine import examine
from voicecall.net.http import Http

NOW = 1_800_000_000.0
DATE = "Fri, 15 Jan 2027 08:00:00 GMT"
"""The same, as HTTP writes it."""
TWILIO = """
provider = "twilio"
from_number = "+15550001111"
public_url = "https://voice.example.com/voice/webhook"
[serve]
port = 0
[twilio]
account_sid = "AC00000000000000000000000000000001"
auth_token = "the secret token"
"""
NUMBERS = "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000001/IncomingPhoneNumbers"
ACCOUNT = "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000001"


class World:
    """What answers: by URL a status, a body and headers. Nobody is there where the table has nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answers: dict[str, tuple[int, Any, Mapping[str, str]]] = {}
        self.asked: list[httpx2.Request] = []
        self._number: dict[str, str] | None = {"voice_url": "https://voice.example.com/voice/webhook"}
        self.written = 0
        """Changes of the number's settings."""
        self.now = NOW

    def answer(self, url: str, status: int = 200, body: Any = None, **headers: str) -> None:
        self.answers[url] = (status, body or {}, headers)

    def number(self, url: str | None) -> None:
        """Have calls to our number announced at `url`; None: the account has no such number."""
        self._number = None if url is None else {"voice_url": url}

    def _of_number(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST" and self._number is not None:
            form = parse_qs(request.content.decode())
            self._number |= {"voice_url": form["VoiceUrl"][0], "status_callback": form["StatusCallback"][0]}
        shown = [] if self._number is None else [{"sid": "PN1", "phone_number": "+15550001111", **self._number}]
        return httpx2.Response(200, json={"incoming_phone_numbers": shown})

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        if str(request.url).startswith(NUMBERS):
            self.written += request.method != "GET"
            return self._of_number(request)
        self.asked.append(request)
        found = self.answers.get(str(request.url))
        if found is None:
            raise httpx2.ConnectError("nobody is there")
        status, body, headers = found
        return httpx2.Response(status, json=body, headers=dict(headers))

    def examine(self, text: str = "", *, fix: bool = False) -> Report:
        file = self.folder / "voicecall.toml"
        file.write_text(text)

        async def main() -> Report:
            async with Http(httpx2.MockTransport(self._handle)) as http:
                return await examine(file, fix=fix, clock=lambda: self.now, http=http)

        return asyncio.run(main())

    def check(self, id_: str, text: str = "") -> Check:
        return of(self.examine(text), id_)


def of(report: Report, id_: str) -> Check:
    """The one check of that id."""
    (found,) = [check for check in report.checks if check.id == id_]
    return found

"""A configuration in a folder of its own, and an internet that answers from a table."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2

from voicecall.doctor import Check, Report
from voicecall.doctor.accounts import WhereCallsGo
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
ACCOUNT = "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000001"


class World:
    """What answers: by URL a status, a body and headers. Nobody is there where the table has nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answers: dict[str, tuple[int, Any, Mapping[str, str]]] = {}
        self.asked: list[httpx2.Request] = []
        self.where: WhereCallsGo | None = None
        self.now = NOW

    def answer(self, url: str, status: int = 200, body: Any = None, **headers: str) -> None:
        self.answers[url] = (status, body or {}, headers)

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
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
                return await examine(file, fix=fix, clock=lambda: self.now, http=http, where=self.where)

        return asyncio.run(main())

    def check(self, id_: str, text: str = "") -> Check:
        return of(self.examine(text), id_)


def of(report: Report, id_: str) -> Check:
    """The one check of that id."""
    (found,) = [check for check in report.checks if check.id == id_]
    return found

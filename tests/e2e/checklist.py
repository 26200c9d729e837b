"""What the pages of Telnyx and Plivo have their readers try, done to the letter."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.e2e.simulators import Simulators
from tests.e2e.test_twilio_checklist import curl_options
from tests.e2e.twilio import HOST


class Page:
    """A carrier's page."""

    def __init__(self, carrier: str) -> None:
        self.text = (Path(__file__).parents[2] / "docs" / f"{carrier}.md").read_text("utf-8")
        lines = [shlex.split(line) for line in self.text.splitlines() if line.startswith("curl ")]
        self.from_anywhere = [words for words in lines if any(HOST in word for word in words)]
        self.beside_the_gateway = [words for words in lines if any("127.0.0.1" in word for word in words)]
        self.order = re.findall(r"^\d\. `([a-z.]+)`$", self.text, re.MULTILINE)
        """The names in the log of a call that goes well."""

    def order_in(self, log: list[str], carrier_call_id: str) -> list[str]:
        """Return those of the names that the log has of a call; the first two are not yet of any call."""
        names = [line.split()[2] for line in log if carrier_call_id in line]
        return [name for name in names if name in self.order]


@contextmanager
def curl(words: list[str], simulators: Simulators, *, directly: bool = False) -> Iterator[httpx2.Response]:
    """Do what a line of a page does, past the proxy if `directly`; the connection stays open for the block."""
    given = curl_options().parse_args(words[1:])
    gateway = f"http://127.0.0.1:{simulators.port}"
    url = given.url.replace(f"https://{HOST}", gateway if directly else simulators.proxy.url)
    url = url.replace("http://127.0.0.1:3334", gateway)
    form = dict(one.split("=", 1) for one in [*given.d, *given.data_urlencode])
    headers = dict(one.split(": ", 1) for one in given.H)
    with (
        httpx2.Client(timeout=30.0, trust_env=False) as http,
        http.stream(given.X, url, headers=headers, data=form or None) as answer,
    ):
        yield answer

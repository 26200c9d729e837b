"""The check list of docs/twilio.md, followed to the letter."""

from __future__ import annotations

import re
import shlex
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import httpx2

from tests.e2e.conftest import MakeDaemon, MakeHouse
from tests.e2e.daemon import ANSWER, said
from tests.e2e.twilio import HOST, Twilio, record_of, running

TEXT = (Path(__file__).parents[2] / "docs" / "twilio.md").read_text("utf-8")
LINES = [shlex.split(line) for line in TEXT.splitlines() if line.startswith("curl ")]
UNSIGNED, PLAIN, UPGRADE, RINGS, SPEAKS, HANGS_UP = LINES
(SERVE,) = [shlex.split(line) for line in TEXT.splitlines() if line.startswith("VOICECALL_")]
ORDER = re.findall(r"^\d\. `([a-z.]+)`$", TEXT, re.MULTILINE)
"""The names in the log of a call that goes well."""
QUESTION = "What are your hours?"


def curl_options() -> ArgumentParser:
    """Return what of curl the page uses."""
    parser = ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-i", action="store_true")
    parser.add_argument("--http1.1", action="store_true")
    parser.add_argument("-X", default="GET")
    for option in ("-H", "-d", "--data-urlencode"):
        parser.add_argument(option, action="append", default=[])
    return parser


@contextmanager
def curl(words: list[str], twilio: Twilio, url: str | None = None) -> Iterator[httpx2.Response]:
    """Do what a line of the page does, to `url` where that is given; the connection stays open for the block."""
    given = curl_options().parse_args(words[1:])
    url = (url or given.url).replace(f"https://{HOST}", twilio.proxy.url)
    url = url.replace("http://127.0.0.1:3334", f"http://127.0.0.1:{twilio.port}")
    encoded = (f"{name}={quote(value)}" for name, _, value in (one.partition("=") for one in given.data_urlencode))
    form = "&".join([*given.d, *encoded])
    headers = dict(one.split(": ", 1) for one in given.H)
    if form:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    with (
        httpx2.Client(timeout=30.0, trust_env=False) as http,
        http.stream(given.X, url, headers=headers, content=form or None) as answer,
    ):
        yield answer


def twiml(words: list[str], twilio: Twilio, url: str | None = None) -> ElementTree.Element:
    """Return the document that a line of the page is answered with."""
    with curl(words, twilio, url) as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml")
        return ElementTree.fromstring(answer.read())  # noqa: S314 - from our own gateway


def test_the_way_in_can_be_checked_with_curl_and_with_the_log(start: MakeDaemon, twilio: Twilio) -> None:
    daemon = start({**twilio.settings, "streaming.pre_start_timeout_ms": 500})
    with curl(UNSIGNED, twilio) as answer:
        assert answer.status_code == 403
        assert answer.read() == b"voicecall was reached, but the signature of a carrier is missing.\n"
    assert daemon.logged("webhook.refused")
    with curl(PLAIN, twilio) as answer:
        assert (answer.status_code, answer.read()) == (426, b"media streams are served here, over WebSocket\n")
    assert "stream.upgrade" not in daemon.log
    with curl(UPGRADE, twilio) as answer:
        assert answer.status_code == 101
        assert daemon.logged("stream.silent")
    checked = len(daemon.program.err)

    sid = twilio.ring({"listen": 0.3}, {"hangup": True})
    assert record_of(daemon, sid)["warnings"] == []
    names = [line.split()[2] for line in daemon.program.err[checked:] if line]
    assert [name for name in names if name in ORDER] == ORDER
    assert len(ORDER) == 6


def test_a_call_without_twilio_and_without_a_telephone(house: MakeHouse, twilio: Twilio) -> None:
    home = house(twilio.settings)
    home.environment |= dict(word.split("=", 1) for word in SERVE[:-2])
    assert SERVE[-2:] == ["voicecall", "serve"]
    with running(home) as daemon:
        greeting = twiml(RINGS, twilio)
        assert [say.text for say in greeting.findall("Gather/Say")] == ["Good morning."]
        answer = twiml(SPEAKS, twilio)
        assert [say.text for say in answer.findall("Gather/Say")] == [ANSWER]
        (gather,) = answer.findall("Gather")
        assert "speech" in gather.attrib["input"]
        again = twiml(SPEAKS, twilio, gather.attrib["action"].partition("#")[0])
        assert [say.text for say in again.findall("Gather/Say")] == [ANSWER]
        assert list(twiml(HANGS_UP, twilio)) == []
        record = record_of(daemon, "CA1")
    assert [text for speaker, text in said(record) if speaker == "caller"] == [QUESTION, QUESTION]
    assert record["endReason"] == "hangup-user"

"""The page about REST says what is so: its commands are answered as shown, its tables are complete."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import Any

import httpx2

from tests.e2e.daemon import Daemon
from voicecall.entrypoints.openapi import document

PAGE = (Path(__file__).parents[2] / "docs" / "rest.md").read_text("utf-8")
SHOWN = "01KAJ0V6Y4Q3R7M2T9W5X8B1CD"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
EXAMPLES = re.findall(r"^```sh\n(.*?)^```\n\n```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@contextmanager
def curl(command: str, **variables: str) -> Iterator[httpx2.Response]:
    """Do what a `curl` line would; its answer is open."""
    flags = argparse.ArgumentParser()
    flags.add_argument("-s", "-N", action="store_true")
    flags.add_argument("-X", dest="method")
    flags.add_argument("-H", dest="headers", action="append")
    flags.add_argument("-d", dest="body")
    flags.add_argument("url")
    name, *words = shlex.split(Template(command.replace("\\\n", "")).substitute(variables))
    assert name == "curl"
    given = flags.parse_args(words)
    method = given.method or ("POST" if given.body else "GET")
    headers = dict(line.split(": ", 1) for line in given.headers)
    with (
        httpx2.Client(trust_env=False, timeout=30.0) as http,
        http.stream(method, given.url, headers=headers, content=given.body) as response,
    ):
        yield response


def bare(value: Any, call_id: str) -> Any:
    """Return an answer with the call id of the page, and without its times."""
    return json.loads(_TIME.sub("T", json.dumps(value).replace(call_id, SHOWN)))


def test_the_commands_are_answered_as_shown(gateway: Daemon) -> None:
    known = {"VOICECALL_URL": gateway.control, "VOICECALL_TOKEN": gateway.token, "CALL": ""}
    assert len(EXAMPLES) == PAGE.count("```sh\n") == 6
    for command, language, answer in EXAMPLES:
        with curl(command, **known) as response:
            if language == "text":
                wanted = dict(line.split(": ", 1) for line in answer.splitlines())
                lines = (line.split(": ", 1) for line in response.iter_lines() if line and line[0] != ":")
                got = dict(next(lines) for _ in wanted)
                event = json.loads(got["data"])
                assert got == {**got, "id": str(event["seq"]), "event": wanted["event"]}
                assert event.keys() == set(re.findall(r'"(\w+)":', wanted["data"]))
                continue
            response.read()
            known["CALL"] = known["CALL"] or response.json()["callId"]
            if response.status_code == 201:
                gateway.until(known["CALL"], "reply.finished")
            assert bare(response.json(), known["CALL"]) == bare(json.loads(answer), SHOWN)


def test_every_status_and_code_of_the_description_is_in_the_table() -> None:
    rows = re.findall(r"^\| (\d{3}) \| (.*?) \|", PAGE, re.MULTILINE)
    shown = {(int(status), code) for status, codes in rows for code in re.findall(r"`([\w-]+)`", codes)}
    told = {
        (int(name.removeprefix("Problem")), code)
        for name, one in document()["components"]["responses"].items()
        for code in one["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"]["enum"]
    }
    assert shown == (told - {(400, "request"), (500, "failed")}) | {(405, "method-not-allowed")}


def test_every_path_beside_the_operations_is_described() -> None:
    shown = set(re.findall(r"^\| `(/\w[\w.]*)` \|", PAGE, re.MULTILINE))
    assert shown - {"/mcp"} == {path for path in document()["paths"] if not path.startswith("/v1/")}

"""The page about webhooks says what is so: its configuration loads, its programs verify, its message is one of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from voicecall.config.load import load
from voicecall.core import hooks
from voicecall.core.published import NAMES
from voicecall.core.results import Record

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text("utf-8")
SECRET = hooks.write_secret(bytes(range(32)))
Received = Callable[[str, dict[str, str], bytes], Any]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def program(source: str) -> Received:
    names: dict[str, Any] = {}
    exec(compile(source, "docs/webhooks.md", "exec"), names)  # noqa: S102 - what the page shows is what is tested
    received: Received = names["received"]
    return received


def test_the_configuration_shown_loads(tmp_path: Path) -> None:
    (text,) = blocks("toml")
    (tmp_path / "voicecall.toml").write_text(text)
    (webhook,) = load(tmp_path / "voicecall.toml", {"CRM_WEBHOOK_SECRET": SECRET}).config.webhooks
    assert (webhook.name, webhook.events, webhook.transcripts) == ("crm", ("call.*",), False)


@pytest.mark.parametrize("source", blocks("python"))
def test_the_programs_shown_take_what_is_ours_and_nothing_else(source: str) -> None:
    received = program(source)
    now = datetime.now(UTC).timestamp()
    body = hooks.body("call.ended", now, {"callId": "01J", "text": "Grüße"})
    old, new = bytes(range(24)), bytes(range(32))
    signed = hooks.headers((old, new), "evt_01J_1", body, now)
    for key in (old, new):
        assert received(hooks.write_secret(key), signed, body) == json.loads(body)
    wrong: list[tuple[str, dict[str, str], bytes]] = [
        (hooks.write_secret(bytes(32)), signed, body),
        (SECRET, {**signed, "webhook-id": "evt_01J_2"}, body),
        (SECRET, signed, body + b" "),
        (SECRET, hooks.headers((new,), "evt_01J_1", body, now - 3600), body),
    ]
    for case in wrong:
        with pytest.raises(Exception, match=r"(?i)signature|too old|not from"):
            received(*case)


def test_the_message_shown_has_the_members_of_ours() -> None:
    (shown,) = (json.loads(block) for block in blocks("json"))
    event = {"seq": 57, "callId": shown["data"]["callId"], "type": shown["type"], "data": {"reason": "", "detail": ""}}
    ours = hooks.told(event, {"callId": "", "transcript": []}, words=False)
    assert shown["data"].keys() == ours.keys()
    assert shown["type"] in NAMES.values()
    assert shown["data"]["record"].keys() <= {field.encode_name for field in msgspec.structs.fields(Record)}


def test_the_numbers_of_the_page_are_those_of_the_program() -> None:
    assert f"after {hooks.FIRST_PAUSE:g} s" in PAGE
    assert f"After {hooks.PATIENCE / 3600:g} hours" in PAGE
    assert all(f"`{name}`" in PAGE for name in hooks.DEFAULT_EVENTS)

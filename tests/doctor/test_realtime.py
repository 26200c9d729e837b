"""Whether the model that hears and speaks can be had."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from voicecall.config.model import Config
from voicecall.doctor import Check
from voicecall.doctor.realtime import realtime
from voicecall.emulators.vendors import listening
from voicecall.emulators.vendors.gemini_live import GeminiLive
from voicecall.emulators.vendors.openai_realtime import OpenAIRealtime
from voicecall.emulators.vendors.openai_realtime_script import Wrong

KEY = "hidden-key-0123456789"


def section(provider: str = "openai", **vendor: Any) -> dict[str, Any]:
    return {"enabled": True, "provider": provider, provider: vendor}


def check(**options: Any) -> Check:
    return asyncio.run(realtime(Config.model_validate({"realtime": options})))


def asked(wrong: str | None = None, **vendor: Any) -> tuple[Check, OpenAIRealtime]:
    """Have the check ask a vendor that does something wrong."""

    async def main() -> tuple[Check, OpenAIRealtime]:
        emulator = OpenAIRealtime()
        emulator.script.wrong = cast("Wrong | None", wrong)
        async with asyncio.timeout(8.0), listening(emulator.app) as origin:
            settings = section(api_key=KEY, api_base_url=origin, **vendor)
            return await realtime(Config.model_validate({"realtime": settings})), emulator

    return asyncio.run(main())


def test_a_vendor_that_takes_the_settings_of_a_call_is_well() -> None:
    found, emulator = asked(voice="cedar")
    assert (found.id, found.level) == ("realtime", "ok")
    assert emulator.sessions[0].settings["audio"]["output"]["voice"] == "cedar"
    assert emulator.sent("response.create") == []


@pytest.mark.parametrize(
    ("wrong", "level", "told", "fix"),
    [
        ("refused", "fail", "refuses the key", "realtime.openai.api_key"),
        ("refused_late", "fail", "refuses the key", "realtime.openai.api_key"),
        ("unknown_model", "fail", "does not have the model", "realtime.openai.model"),
        ("throttled", "warn", "asked too often", "account"),
        ("update_refused", "fail", "refuses the settings", "realtime.openai.model"),
        ("broken", "ok", "takes the key", ""),
    ],
)
def test_what_is_wrong_is_named_with_the_way_out(wrong: str, level: str, told: str, fix: str) -> None:
    found, _ = asked(wrong)
    assert found.level == level
    assert told in found.message
    assert fix in found.fix
    assert KEY not in f"{found.message} {found.fix}"


def test_a_model_that_nobody_reaches_is_a_failure() -> None:
    found = check(**section(api_key=KEY, api_base_url="http://127.0.0.1:9"))
    assert found.level == "fail"
    assert "cannot connect" in found.message


@pytest.mark.parametrize(
    ("options", "level", "told"),
    [
        ({"enabled": False}, "ok", "not used"),
        (section("scripted"), "ok", "on this machine"),
        (section("openai"), "fail", "no API key"),
    ],
)
def test_nobody_is_asked_where_there_is_nothing_to_ask(options: dict[str, Any], level: str, told: str) -> None:
    found = check(**options)
    assert found.level == level
    assert told in found.message


@pytest.mark.parametrize(
    ("wrong", "settings", "level", "told", "fix"),
    [
        (None, {"voice": "Kore", "turn_detection": "local"}, "ok", "takes the key, the model and the settings", ""),
        ("refused", {}, "fail", "refuses the key", "realtime.gemini.api_key"),
        (None, {"model": "gemini-9"}, "fail", "does not have the model", "realtime.gemini.model"),
        (None, {"voice": "Hal"}, "fail", "refuses the settings (1007)", "realtime.gemini.model, voice"),
        ("throttled", {}, "warn", "credit is spent", "account"),
        ("unavailable", {}, "fail", "currently unavailable", "reaches it"),
    ],
)
def test_gemini_is_asked_for_a_session(
    wrong: str | None, settings: dict[str, Any], level: str, told: str, fix: str
) -> None:
    async def main() -> Check:
        google = GeminiLive(KEY)
        google.script.wrong = cast("Any", wrong)
        async with asyncio.timeout(8.0), listening(google.app) as origin:
            options = section("gemini", api_key=KEY, api_base_url=origin, **settings)
            return await realtime(Config.model_validate({"realtime": options}))

    found = asyncio.run(main())
    assert found.level == level
    assert told in found.message
    assert fix in found.fix
    assert KEY not in f"{found.message} {found.fix}"

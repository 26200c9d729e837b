"""Engines and agents of other packages, and what all of them share: fallbacks, lines, languages, tools."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.app.reception import KEY, receiving
from voicecall import plugins
from voicecall.app.engines import Engines, voice
from voicecall.app.profiles import Profiles, check_language, manner
from voicecall.brains import BrainOptions, Conversation, Line, Opening, Server, Trouble as Told
from voicecall.config.load import load
from voicecall.config.model import Config
from voicecall.errors import AgentError, BadParameters, ConfigError
from voicecall.speech import Report, Transcription, Trouble, VendorOptions

LINE = "+15550000001"
QUESTION = Conversation("call", "inbound", "+15550100009", LINE, (Line("caller", "What time is it?"),))
OPENING = Opening("call", "inbound", "+15550100009", LINE)
MODULE = """
import asyncio
from contextlib import asynccontextmanager
from voicecall.errors import AgentError

made, loaded = [], []


class Thing:
    early = False

    def __init__(self, options):
        self.options = options
        made.append(options)

    @asynccontextmanager
    async def ready(self):
        loaded.append(self.options)
        yield

    def open(self, *arguments):
        return self

    async def run(self):
        pass

    async def reply(self, conversation):
        raise AgentError("acme is closed")
        yield


async def ponders(conversation):
    await asyncio.Event().wait()
"""


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A package that offers ears, a voice and an agent; the voice has a name that is a key of ours too."""
    (tmp_path / "acme_things.py").write_text(MODULE)
    info = tmp_path / "acme_things-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-things\nVersion: 1.0\n")
    offers = (("stt", "acme"), ("tts", "voice"), ("brain", "acme"))
    groups = (f"[voicecall.{group}]\n{name} = acme_things:Thing\n" for group, name in offers)
    broken = "[voicecall.turns]\nbroken = acme_things:Nothing\ngone = acme_other:Thing\n"
    (info / "entry_points.txt").write_text("".join((*groups, broken)))
    monkeypatch.syspath_prepend(tmp_path)
    import acme_things  # type: ignore[import-not-found]

    yield acme_things
    sys.modules.pop("acme_things")


def _config(**sections: Any) -> Config:
    return Config.model_validate(sections)


def test_ears_of_another_package_get_all_that_stands_under_plugin(acme: ModuleType) -> None:
    own = {"api_key": KEY, "api_base_url": "http://127.0.0.1:9/", "model": "big", "language": "de"}
    options = {"mood": "calm", "accent": "none"}
    config = _config(stt={"provider": "acme", "plugin": {**own, "options": options}}, turns={"vad": "off"})
    Profiles(config, Engines())
    extra = (("accent", "none"), ("mood", "calm"), ("vad", "vendor"))
    assert acme.made == [
        VendorOptions(api_key=KEY, base_url="http://127.0.0.1:9", model="big", language="de", extra=extra)
    ]
    Engines().transcriber(config.stt)
    assert acme.made[-1].extra == extra[:2]


def test_a_voice_of_another_package_gets_all_that_stands_under_plugin(acme: ModuleType) -> None:
    own = {"api_key": KEY, "speed": 1.5, "instructions": "calm", "options": {"mood": "good"}}
    general = _config(tts={"provider": "voice", "voice": "anna", "plugin": own})
    Engines().synthesizer(general.tts)
    special = _config(tts={"provider": "voice", "voice": "anna", "plugin": {**own, "voice": "bert"}})
    Engines().synthesizer(special.tts)
    assert [made.voice for made in acme.made] == ["anna", "bert"]
    assert acme.made[0] == VendorOptions(
        api_key=KEY, voice="anna", speed=1.5, instructions="calm", extra=(("mood", "good"),)
    )


def test_an_agent_of_another_package_gets_all_that_stands_under_brain(acme: ModuleType) -> None:
    section = {
        "kind": "acme",
        "text": "text",
        "model": "theirs:big",
        "instructions": "Be kind.",
        "url": "http://127.0.0.1:9/x",
        "token": KEY,
        "command": ["a", "b"],
        "callable": "a:b",
        "early": True,
        "timeout_ms": 1500,
        "max_tokens": 9,
        "servers": [{"url": "http://127.0.0.1:9/mcp", "token": "t"}, {"command": ["tool", "--fast"]}],
    }
    Engines().brain(_config(brain=section).brain)
    assert acme.made == [
        BrainOptions(
            text="text",
            model="theirs:big",
            instructions="Be kind.",
            api_key=KEY,
            url="http://127.0.0.1:9/x",
            command=("a", "b"),
            callable="a:b",
            servers=(Server("http://127.0.0.1:9/mcp", "t"), Server(command=("tool", "--fast"))),
            early=True,
            timeout=1.5,
            max_tokens=9,
        )
    ]
    assert KEY not in repr(acme.made)


def test_what_is_asked_for_twice_is_made_and_loaded_once(acme: ModuleType) -> None:
    own = {"tts": {"plugin": {"voice": "bert"}}}
    tts = {"provider": "voice", "plugin": {"api_key": KEY}}
    config = _config(tts=tts, stt={"provider": "scripted"}, lines={LINE: own, "+15550000002": {}})

    async def main() -> None:
        engines = Engines()
        Profiles(config, engines)
        async with AsyncExitStack() as stack:
            await engines.load(stack)

    asyncio.run(main())
    assert [(made.voice, made.api_key) for made in acme.made] == [(None, KEY), ("bert", KEY)]
    assert acme.loaded == acme.made


def test_a_name_that_nothing_has_is_a_fault_that_lists_what_there_is(acme: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "voicecall.toml"
    file.write_text('stt.provider = "nobody"\ntts.fallback = ["nobody"]\nbrain.kind = "nobody"\n')
    with pytest.raises(ConfigError) as caught:
        load(file, {"VOICECALL_STATE_DIR": str(tmp_path)})
    told = {fault.key: fault for fault in caught.value.faults}
    assert {key: fault.line for key, fault in told.items()} == {
        "stt.provider": 1,
        "tts.fallback[0]": 2,
        "brain.kind": 3,
    }
    listed: dict[str, tuple[plugins.Kind, str]] = {
        "stt.provider": ("stt", "acme"),
        "tts.fallback[0]": ("tts", "voice"),
        "brain.kind": ("brain", "acme"),
    }
    for key, (kind, theirs) in listed.items():
        assert {name for name in (*plugins.TABLE[kind], theirs) if repr(name) not in told[key].message} == set()


@pytest.mark.parametrize(("name", "why"), [("broken", "Nothing"), ("gone", "No module named 'acme_other'")])
def test_what_another_package_offers_and_does_not_have_is_a_fault_that_names_it(
    acme: ModuleType, name: str, why: str
) -> None:
    config = _config(turns={"model": name})
    with pytest.raises(ConfigError, match=rf"turns.model: {name}, of the package acme-things, .*{why}"):
        Profiles(config, Engines())


def test_the_next_transcriber_hears_where_those_before_it_fail() -> None:
    reports: list[Report] = []

    async def main() -> None:
        heard = asyncio.Event()

        def take(report: Report) -> None:
            reports.append(report)
            if isinstance(report, Transcription) and report.final:
                heard.set()

        async with receiving() as vendor, AsyncExitStack() as stack, asyncio.timeout(10.0):
            own = {"api_key": KEY, "api_base_url": vendor.origin}
            named = {"provider": "deepgram", "fallback": ["openai", "deepgram", "scripted"]}
            config = _config(stt={**named, "deepgram": own, "openai": own, "scripted": {"text": "at last"}})
            engines = Engines()
            stream = engines.transcriber(config.stt).open(take)
            await engines.load(stack)
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(stream.run())
                stream.speech_started(1, 0.0)
                stream.feed(b"\x00" * 8000)
                stream.speech_stopped(1)
                await heard.wait()
                running.cancel()

    asyncio.run(main())
    told = [report for report in reports if isinstance(report, Trouble)]
    assert [one.code for one in told] == ["stt-fallback", "stt-fallback"]
    assert told[0].text.startswith("deepgram failed: ")
    assert told[0].text.endswith("openai took over.")
    assert told[1].text.endswith("scripted took over.")
    assert KEY not in str(told)
    assert reports[-1] == Transcription(1, "at last", final=True)


def test_the_agent_behind_the_first_one_answers_where_that_fails(acme: ModuleType) -> None:
    config = _config(brain={"kind": "acme", "fallback": {"kind": "fixed", "text": "Call again later."}})
    told: list[object] = []

    async def main() -> list[object]:
        mind = Engines().brain(config.brain).open(OPENING, told.append)
        return [item async for item in mind.reply(QUESTION)]

    assert asyncio.run(main()) == ["Call again later."]
    assert told == [Told("brain-fallback", "acme has no answer, so fixed is asked: acme is closed.")]


def test_an_agent_may_think_for_as_long_as_is_configured(acme: ModuleType) -> None:
    config = _config(brain={"kind": "python", "callable": "acme_things:ponders", "timeout_ms": 50})

    async def main() -> None:
        mind = Engines().brain(config.brain).open(OPENING, lambda _: None)
        assert [item async for item in mind.reply(QUESTION)] == []

    with pytest.raises(AgentError, match=r"python .* for 0.05 s"):
        asyncio.run(main())


def test_a_call_may_have_a_language_of_its_own_where_all_that_hear_and_speak_know_it() -> None:
    key = {"api_key": KEY}
    vendors = {"stt": {"provider": "deepgram", "deepgram": key}, "tts": {"provider": "deepgram", "deepgram": key}}
    brain = {"kind": "fixed", "text": "Ja."}
    profiles = Profiles(_config(**vendors, brain=brain, lines={LINE: {"stt": {"provider": "scripted"}}}), Engines())
    assert profiles.rules("", "de-AT").turns.language == "de-AT"
    assert profiles.rules("", "").turns.language == "en"
    assert profiles.rules("", "de").turns.goodbye != profiles.rules("", "en").turns.goodbye
    with pytest.raises(BadParameters, match="BCP 47"):
        profiles.rules("", "german please")


@pytest.mark.parametrize(
    ("sections", "named"),
    [
        ({"tts": {"provider": "deepgram"}}, "stt.provider"),
        ({"stt": {"provider": "deepgram"}}, "tts.provider"),
        ({"stt": {"provider": "deepgram"}, "tts": {"provider": "openai", "fallback": ["piper"]}}, "tts.fallback"),
    ],
)
def test_a_language_that_an_engine_of_this_machine_would_have_to_know_is_refused(
    sections: dict[str, Any], named: str
) -> None:
    line = _config(**sections).line("")
    with pytest.raises(BadParameters, match=rf"language: `{named}` .* deepgram, openai or elevenlabs"):
        check_language("de", line)
    check_language("en-GB", line)


@pytest.mark.parametrize(
    ("line", "written", "spoken"),
    [
        ("", "Ask **SQL** at 9:30.", "Ask sequel at nine thirty."),
        (LINE, "Ask SQL.", "Ask ess queue ell."),
        ("", "Dr. Nguyen is in.", "Doctor Win is in."),
        ("", "Write to info@sql.example.com", "Write to info at sql dot example dot com"),
    ],
)
def test_words_are_spoken_as_the_configuration_pronounces_them(line: str, written: str, spoken: str) -> None:
    own = {LINE: {"tts": {"pronunciations": {"SQL": "ess queue ell"}}}}
    words = {"SQL": "sequel", "Dr. Nguyen": "Doctor Win", "sql": "sequel", "example": "sample"}
    config = _config(tts={"pronunciations": words}, lines=own)
    assert manner(config.turns, config.line(line), "en").speakable(written) == spoken


def test_the_voice_of_a_call_is_as_configured() -> None:
    config = _config(tts={"voice": "anna", "local": {"pitch": 1.1, "pace": 0.9}})
    made = voice(config.tts, "en-GB")
    assert (made.name, made.pitch, made.pace, made.language) == ("anna", 1.1, 0.9, "en-GB")

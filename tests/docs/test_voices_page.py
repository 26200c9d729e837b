"""The page about ears and voices says what is so, and its own voice speaks."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from voicecall import plugins
from voicecall.app.engines import Engines
from voicecall.config.load import load
from voicecall.config.model import Config
from voicecall.config.reference import reference
from voicecall.emulators.vendors import listening
from voicecall.speech import Report, Transcription, Trouble, Voice

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "voices.md").read_text("utf-8")
KEYS = set(re.findall(r"^\| `([a-z_.]+)", reference(), re.MULTILINE))
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines() if line.startswith("| ")]
VENDORS = [row for row in ROWS if len(row) == 4 and row[3].startswith("`")]


def block(opening: str) -> str:
    """The example that begins so."""
    (found,) = [text for text in re.findall(r"^```\w+\n(.*?)^```$", TEXT, re.M | re.S) if text.startswith(opening)]
    return str(found)


def loaded(tmp_path: Path, text: str, **environment: str) -> Config:
    file = tmp_path / "voicecall.toml"
    file.write_text(text)
    found = load(file, {"VOICECALL_STATE_DIR": str(tmp_path), **environment})
    assert found.warnings == ()
    return found.config


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The packages of the page, installed."""
    for name, opening in (("acme_voice", "# acme_voice.py"), ("acme_ears", "# acme_ears.py")):
        (tmp_path / f"{name}.py").write_text(block(opening))
    info = tmp_path / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (group,) = re.findall(r'entry-points\."(voicecall\.tts)"', block("# pyproject.toml"))
    (entry,) = re.findall(r'^(\w+) = "(.*)"', block("# pyproject.toml"), re.M)
    (info / "entry_points.txt").write_text(
        f"[{group}]\n{entry[0]} = {entry[1]}\n[voicecall.stt]\nacme = acme_ears:AcmeEars\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("acme_voice", "acme_ears"):
        sys.modules.pop(name, None)


def test_the_configuration_is_whole_and_raises_no_doubts(tmp_path: Path) -> None:
    keys = dict.fromkeys(("DEEPGRAM_API_KEY", "OPENAI_API_KEY", "CARTESIA_API_KEY"), "key")
    config = loaded(tmp_path, block("[stt]"), **keys)
    assert (config.stt.provider, config.stt.fallback) == ("deepgram", ("openai", "local"))
    assert (config.tts.provider, config.tts.fallback) == ("cartesia", ("openai", "local"))
    assert config.tts.openai.voice == "marin"


def test_the_dictionary_is_read(tmp_path: Path) -> None:
    assert loaded(tmp_path, block("[tts.pronunciations]")).tts.pronunciations["SQL"] == "sequel"


def test_every_key_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`((?:stt|tts)\.[a-z_.]+)\b[^`]*`", TEXT))
    assert len(named) > 10
    assert {key for key in named if not any(known.startswith(key) for known in KEYS)} == set()


def test_every_vendor_is_there_with_its_models_and_its_key(tmp_path: Path) -> None:
    told: dict[str, set[str]] = {"stt": set(), "tts": set()}
    for _, hears, speaks, key in VENDORS:
        for kind, cell in (("stt", hears), ("tts", speaks)):
            if cell:
                vendor, *words = re.findall(r"`([^`]+)`", cell)
                told[kind].add(vendor)
                section = getattr(getattr(loaded(tmp_path, "", **{key.strip("`"): "key"}), kind), vendor)
                assert section.api_key.get_secret_value() == "key"
                source = ROOT / "src" / "voicecall" / "speech" / kind / f"{vendor}.py"
                assert all(f'"{word}"' in source.read_text("utf-8") for word in words), cell
    for kind, vendors in told.items():
        known = {name for name in plugins.TABLE[kind] if not plugins.is_local(kind, name)}  # type: ignore[index,arg-type]
        assert vendors == known


def test_the_example_of_a_voice_speaks_and_fails_over(acme: Path) -> None:
    async def say(request: web.Request) -> web.StreamResponse:
        assert request.headers["Authorization"] == "Bearer acme-key"
        words = await request.text()
        return (
            web.Response(status=503) if words == "fail" else web.Response(text=f"{request.query['language']} {words}")
        )

    async def main() -> tuple[bytes, bytes]:
        app = web.Application()
        app.router.add_post("/say", say)
        async with listening(app) as origin, AsyncExitStack() as stack:
            text = block('[tts]\nprovider = "acme"').replace("http://127.0.0.1:4711", origin)
            config = loaded(acme, text.replace('"local"', '"tone"'), ACME_KEY="acme-key")
            engines = Engines()
            synthesizer = engines.synthesizer(config.tts)
            await engines.load(stack)
            voice = synthesizer.open(Voice(language="de-AT"), troubles.append)
            spoken = b"".join([chunk async for chunk in voice.speak("Grüß Gott")])
            return spoken, b"".join([chunk async for chunk in voice.speak("fail")])

    troubles: list[Trouble] = []
    spoken, tone = asyncio.run(main())
    assert spoken.decode() == "de-AT Grüß Gott"
    assert len(tone) == 8000
    assert troubles == [Trouble("tts-fallback", "acme failed: acme answered 503; tone took over.")]


def test_the_example_of_ears_hears(acme: Path) -> None:
    async def main() -> list[Report]:
        config = loaded(acme, '[stt]\nprovider = "acme"\n')
        reports: list[Report] = []
        heard = asyncio.Event()

        def report(one: Report) -> None:
            reports.append(one)
            if isinstance(one, Transcription) and one.final:
                heard.set()

        async with AsyncExitStack() as stack, asyncio.timeout(5.0):
            engines = Engines()
            transcriber = engines.transcriber(config.stt)
            await engines.load(stack)
            stream = transcriber.open(report)
            stream.speech_started(1, 0.0)
            stream.feed(bytes(16000))
            stream.speech_stopped(1)
            await heard.wait()
        return reports

    assert asyncio.run(main())[-1] == Transcription(1, "2 seconds", final=True)


def test_the_example_of_a_voice_is_as_short_as_it_says() -> None:
    code = [
        line for line in block("# acme_voice.py").splitlines() if line.strip() and not line.startswith(("#", "from"))
    ]
    assert len(code) <= 20

"""What the carriers' pages tell to type about a number's settings is typed, against the simulated carriers."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.carriers import Carriers, serving
from voicecall.cli import run
from voicecall.emulators.plivo.account import Account as PlivoAccount, Number as PlivoNumber
from voicecall.emulators.telnyx.account import Account as TelnyxAccount
from voicecall.emulators.twilio.account import Account as TwilioAccount, Number as TwilioNumber

DOCS = Path(__file__).parents[2] / "docs"
OURS = "+15550000000"
OLD = "https://old.example.org/hook"


@pytest.fixture(scope="module")
def carriers() -> Iterator[Carriers]:
    twilio, plivo = TwilioAccount(), PlivoAccount()
    twilio.add(TwilioNumber(OURS, OLD))
    plivo.add(PlivoNumber(OURS, OLD))
    with serving(twilio, TelnyxAccount(webhook_url=OLD, numbers=frozenset({OURS})), plivo) as served:
        yield served


@pytest.mark.parametrize("carrier", ["twilio", "telnyx", "plivo"])
def test_the_commands_do_what_the_page_says(
    carrier: str, carriers: Carriers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    text = (DOCS / f"{carrier}.md").read_text("utf-8")
    ((indent, block),) = re.findall(r"^( *)```toml\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "voicecall.toml").write_text(re.sub(rf"^{indent}", "", block, flags=re.MULTILINE))
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "TWILIO_AUTH_TOKEN": carriers.twilio.auth_token,
        "TELNYX_API_KEY": carriers.telnyx.api_key,
        "PLIVO_AUTH_TOKEN": carriers.plivo.auth_token,
        "VOICECALL_STATE_DIR": str(tmp_path / "state"),
        f"VOICECALL_{carrier.upper()}__API_BASE_URL": carriers.urls[carrier],
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("VOICECALL_CONFIG", raising=False)
    section = text.partition("\n## The number's settings\n")[2].partition("\n## ")[0]
    commands = [shlex.split(line) for line in re.findall(r"^voicecall (.+)$", section, re.MULTILINE)]
    assert commands == [["number", "show"], ["number", "point"], ["number", "undo"]]
    went = []
    for command in commands:
        assert run(command) == 0, capfd.readouterr().err
        went.append(carriers.announces(carrier, OURS).partition("#")[0])
    assert went == [OLD, "https://voice.example.org/voice/webhook", OLD]


@pytest.mark.parametrize("carrier", ["twilio", "telnyx", "plivo"])
def test_every_option_that_the_page_names_is_one(carrier: str, capfd: pytest.CaptureFixture[str]) -> None:
    section = (
        (DOCS / f"{carrier}.md").read_text("utf-8").partition("\n## The number's settings\n")[2].partition("\n## ")[0]
    )
    assert run(["number", "point", "--help"]) == 0
    shown = capfd.readouterr().out
    options = set(re.findall(r"`(--[a-z]+)`", section))
    assert options == {"--number", "--carrier", "--url", "--force"}
    assert all(option in shown for option in options)

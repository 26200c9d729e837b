"""The pages about carriers say what is so: the table of what each can do, and the pages of Telnyx and Plivo."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from typer.core import TyperGroup
from typer.main import get_command

from tests.docs.test_docs import logged
from voicecall.app.carriers import make_carriers
from voicecall.carriers.plivo import codecs as plivo_codecs, codes as plivo_codes
from voicecall.carriers.telnyx import codecs as telnyx_codecs, codes as telnyx_codes
from voicecall.cli import app
from voicecall.config.load import load
from voicecall.config.model import Config, Serve, Streaming
from voicecall.config.reference import reference
from voicecall.core.rules import Capabilities
from voicecall.emulators.faults import Faults
from voicecall.emulators.plivo.account import Account as PlivoAccount
from voicecall.emulators.telnyx.account import Account as TelnyxAccount
from voicecall.emulators.twilio.account import Account as TwilioAccount

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DRAWN = runpy.run_path(str(DOCS / "carriers.py"))
TEXTS = {name: (DOCS / f"{name}.md").read_text("utf-8") for name in ("telnyx", "plivo", "carriers")}
MOCK = (DOCS / "mock-network.md").read_text("utf-8")
EACH = pytest.mark.parametrize("name", ["telnyx", "plivo"])
SERVE, STREAMING = Serve(), Streaming()
URL = f"https://voice.example.org{SERVE.path}"
KEYS = set(re.findall(r"^\| `([a-z_.]+)", reference(), re.MULTILINE))
SECRETS = {"TWILIO_AUTH_TOKEN": "token", "TELNYX_API_KEY": "key", "PLIVO_AUTH_TOKEN": "token"}
OTHERS: dict[str, Any] = {
    "streaming": False,
    "prompts": True,
    "digits_at_dial": True,
    "digits_end_stream": True,
    "machine_detection": True,
    "recording": True,
    "transfer": True,
    "codecs": ("L16/8000",),
    "documents": False,
    "redirects": True,
    "marks_return_on_clear": False,
    "credential_in_start": False,
    "signs_handshake": True,
    "dials_per_second": 5.0,
}
"""What differs from a carrier with the defaults, one row of the table each."""
CODECS = {"telnyx": get_args(telnyx_codecs.Codec), "plivo": get_args(plivo_codecs.Codec)}
COMMANDS = [
    shlex.split(words)
    for text in TEXTS.values()
    for words in re.findall(r"(?:^|`)\s*(?:[A-Z_]+=\S+ )*(voicecall [a-z][^\n`]*)", text, re.MULTILINE)
]


def block(text: str) -> str:
    """The one configuration on a page, without the indentation of a list."""
    ((indent, found),) = re.findall(r"^( *)```toml\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL)
    return re.sub(rf"^{indent}", "", found, flags=re.MULTILINE)


def loaded(text: str, folder: Path) -> Config:
    """The configuration on a page, about which there is nothing to warn."""
    file = folder / "voicecall.toml"
    file.write_text(block(text))
    loaded = load(file, {**SECRETS, "VOICECALL_STATE_DIR": str(folder)})
    assert loaded.warnings == ()
    return loaded.config


def rows(name: str) -> list[tuple[list[str], str]]:
    """The codes on a page and what they mean."""
    lines = re.findall(r"^\| (D?\d[D\d, ]*) \| (.*) \|$", TEXTS[name], re.MULTILINE)
    return [(codes.split(", "), meaning) for codes, meaning in lines]


def sizes(carrier: str) -> list[int]:
    """The lines of each file of a carrier."""
    folder = ROOT / "src" / "voicecall" / "carriers" / carrier
    return [len(path.read_text("utf-8").splitlines()) for path in folder.glob("*.py")]


def test_the_table_is_written_from_what_the_carriers_say() -> None:
    page = TEXTS["carriers"]
    assert page == DRAWN["page_with_table"](page)


def test_the_table_has_a_column_for_every_carrier_there_is() -> None:
    assert set(DRAWN["capabilities"]()) == set(get_args(Config.model_fields["provider"].annotation))


@pytest.mark.parametrize("field", OTHERS)
def test_another_capability_is_another_row(field: str) -> None:
    plain = Capabilities()
    changed = msgspec.structs.replace(plain, **{field: OTHERS[field]})
    one, two = (DRAWN["table"]({"somebody": can}).splitlines() for can in (plain, changed))
    assert sum(before != after for before, after in zip(one, two, strict=True)) == 1


def test_all_carriers_of_the_configuration_with_several_are_live(tmp_path: Path) -> None:
    config = loaded(TEXTS["carriers"], tmp_path)
    assert list(make_carriers(config, "secret", None)) == ["twilio", "telnyx", "plivo"]
    assert config.outbound.carriers == ("twilio", "telnyx", "plivo")
    assert None not in (config.twilio.from_number, config.telnyx.from_number, config.plivo.from_number)


@EACH
def test_the_configuration_is_whole_and_raises_no_doubts(name: str, tmp_path: Path) -> None:
    config = loaded(TEXTS[name], tmp_path)
    assert (config.provider, config.public_url, config.inbound_policy) == (name, URL, "allowlist")
    assert list(make_carriers(config, "secret", None)) == [name]


@EACH
def test_every_key_that_a_page_names_exists(name: str) -> None:
    sections = {key.split(".")[0] for key in KEYS if "." in key}
    named = {key for key in re.findall(r"`([a-z_]+\.[a-z_.]+)\b[^`]*`", TEXTS[name]) if key.split(".")[0] in sections}
    assert len(named) > 7
    assert {key for key in named if not any(known.startswith(key) for known in KEYS)} == set()


@EACH
def test_the_addresses_are_those_that_are_served(name: str) -> None:
    text = TEXTS[name]
    local = f"http://127.0.0.1:{SERVE.port}"
    assert set(re.findall(r"http://127\.0\.0\.1:\d+", text)) == {local}
    served = {SERVE.path, f"{STREAMING.stream_path}/check"}
    paths = re.findall(r"https?://(?:voice\.example\.org|127\.0\.0\.1:\d+)(/[^\s`\"'#]*)", text)
    assert set(paths) == served


@EACH
def test_the_names_in_the_log_are_logged(name: str) -> None:
    rooms = {one.split(".")[0] for one in logged()}
    named = {one for one in re.findall(r"`([a-z]+\.[a-z-]+)`", TEXTS[name]) if one.split(".")[0] in rooms}
    named -= KEYS | {"call.hangup"}  # a webhook of Telnyx
    assert len(named) > 8
    assert named <= logged()


@EACH
def test_the_codecs_are_those_that_can_be_configured(name: str) -> None:
    (section,) = re.findall(r"## Codecs\n(.*?)\n## ", TEXTS[name], re.DOTALL)
    assert tuple(dict.fromkeys(re.findall(r"`\"([^\"`]+)\"`", section))) == CODECS[name]


@pytest.mark.parametrize(("codes", "meaning"), rows("telnyx"), ids=str)
def test_an_error_of_telnyx_means_what_the_record_says(codes: list[str], meaning: str) -> None:
    assert {telnyx_codes.sentence(code) for code in codes} == {meaning}


@pytest.mark.parametrize(("codes", "meaning"), rows("plivo"), ids=str)
def test_a_hang_up_code_of_plivo_means_what_the_record_says(codes: list[str], meaning: str) -> None:
    for code in codes:
        assert plivo_codes.ended(int(code)) == f"Plivo ended the call with hang-up code {code}: {meaning}."


@EACH
def test_the_errors_that_users_meet_are_all_there(name: str) -> None:
    told = {code for codes, _ in rows(name) for code in codes}
    assert len(told) >= 30
    met = {"telnyx": {"10009", "20100", "D13", "D36", "D51"}, "plivo": {"1010", "2000", "2030", "3030", "8011"}}
    assert met[name] <= told


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_can_be_given(words: list[str]) -> None:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    options = {option for parameter in group.commands[words[1]].params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_the_page_of_the_network_lists_the_options_of_the_simulators() -> None:
    command = [sys.executable, "-m", "voicecall.emulators", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own program
    section = MOCK.partition("## Simulated carriers")[2]
    listed = set(re.findall(r"--[a-z][a-z-]+", section)) - {"--help", "--secret"}
    offered = set(re.findall(r"--(?:via|stub|(?:twilio|telnyx|plivo)(?:-[a-z]+)?)\b", shown))
    assert listed == offered
    for default in (TwilioAccount().sid, TelnyxAccount().connection_id, PlivoAccount().auth_id):
        assert f"`{default}`" in section


def test_the_fault_plan_on_the_page_of_the_network_is_whole() -> None:
    (plan,) = re.findall(r"every member is optional: `(\{.*?\})`\.", MOCK, re.DOTALL)
    members = msgspec.json.decode(plan)
    assert set(members) == set(Faults.__struct_fields__)
    assert msgspec.convert(members, Faults) != Faults()


def test_the_smallest_carrier_is_as_small_as_contributors_are_told() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert "four files and fewer than 500 lines" in page
    assert len(sizes("mock")) == 4
    assert sum(sizes("mock")) < 500
    assert "`carriers/plivo/`, has about 1400" in page
    assert 1300 < sum(sizes("plivo")) < 1500

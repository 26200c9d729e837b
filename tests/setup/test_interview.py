"""What is asked, what becomes of the answers, and what is asked again."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from tests.setup.rooms import MINE, OURS, TWILIO, URL, Answering, Room
from voicecall.config.load import load
from voicecall.doctor import Report, fail
from voicecall.errors import ConfigError
from voicecall.setup import Choice
from voicecall.setup.run import Wishes


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_enter_alone_sets_up_the_network_on_this_machine(room: Room) -> None:
    terminal = Answering({})
    outcome = room.run(terminal).outcome
    assert outcome.ok
    assert tomllib.loads(room.text) == {
        "provider": "mock",
        "inbound_policy": "disabled",
        "brain": {"kind": "demo"},
        "stt": {"provider": "local"},
        "tts": {"provider": "local"},
    }
    assert 'provider = "mock"  # the carrier that dials' in room.text
    assert stat.S_IMODE(room.file.stat().st_mode) == 0o600
    assert room.world.tried_ == ["inbound-policy", "brain", "stt", "tts", "machine"]
    assert room.deeds.plans == []


def test_a_carrier_is_set_up_and_its_secret_stands_in_a_file_of_its_own(room: Room) -> None:
    terminal = Answering(TWILIO)
    outcome = room.run(terminal).outcome
    config = load(room.file, room.environ).config
    assert (config.provider, config.from_number, config.public_url, config.to_number) == ("twilio", OURS, URL, MINE)
    assert config.twilio.auth_token is not None
    assert config.twilio.auth_token.get_secret_value() == "very secret"
    assert "very secret" not in room.text + terminal.text + repr(outcome) + str(outcome.plain())
    (file,) = (room.folder / "state").glob("secret-*")
    assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("secret-twilio-auth_token", 0o600)
    assert [word for word in terminal.hidden if "Auth token" in word]
    assert room.world.tried_[:3] == ["credentials", "number", "way"]
    assert room.world.drafts[0].config.twilio.auth_token is not None


def test_a_second_run_changes_nothing(room: Room) -> None:
    room.run(Answering(TWILIO))
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in room.folder.rglob("*") if path.is_file()}
    terminal = Answering({})
    outcome = room.run(terminal).outcome
    assert "nothing was changed" in terminal.text
    assert (outcome.changed, outcome.backup) == ([], None)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before} == before
    assert set(room.folder.rglob("*")) - set(before) == {room.folder / "state"}
    assert room.run(None).outcome.changed == []
    typed = room.run(Answering({"Auth token": "very secret"}))
    assert typed.outcome.changed == []


def test_a_file_keeps_what_nobody_asked_about_and_how_it_is_written(room: Room) -> None:
    text = f'''# our line
provider   = "twilio"   # theirs
fromNumber = "{OURS}"
public_url = "{URL}"
bogus = 1

[serve]
port = 4000 # not the usual one
[twilio]
accountSid = "AC1"
auth_token = {{ env = "TOKEN" }}
'''
    room.file.write_text(text)
    room.environ["TOKEN"] = "very secret"
    room.deeds.report = Report((fail("config", "bogus", "take it out"),))
    outcome = room.run(Answering({"Which number of": "+15550002222", "Who answers": "echo"})).outcome
    changed = text.replace(OURS, "+15550002222")
    assert room.text == changed + '\n[brain]\nkind = "echo"  # who answers\n'
    assert outcome.changed == ["from_number", "brain.kind"]
    assert outcome.backup is not None
    assert outcome.backup.read_text() == text
    assert stat.S_IMODE(outcome.backup.stat().st_mode) == 0o600


def test_what_cannot_be_kept_faithfully_is_left_and_told(room: Room) -> None:
    text = '[brain.openai]\n[twilio]\n[brain]\nkind = "demo"\n'
    room.file.write_text(text)
    with pytest.raises(ConfigError, match=r'by hand(.|\n)*brain.openai.api_key: write { file = "…" }'):
        room.run(Answering({"Who answers": "model", "Which model": "openai:gpt-5-mini", "API key": "sk-1"}))
    assert room.text == text
    assert not (room.folder / "state").exists()
    for name, content, said in (
        ("theirs.json", "{}", "config import"),
        ("voicecall.toml", "provider =", "not valid TOML"),
    ):
        file = room.folder / name
        file.write_text(content)
        with pytest.raises(ConfigError, match=said):
            room.run(Answering({}), Wishes(file))
        assert file.read_text() == content


def test_an_answer_that_fails_is_asked_again_or_kept(room: Room) -> None:
    refused = fail("credentials-twilio", "refused", "copy it anew")
    room.world.found["credentials"] = [refused, refused]
    answers = {**TWILIO, "Auth token": ["wrong", ""], "Enter asks again": ["", "k"]}
    terminal = Answering(answers)
    outcome = room.run(terminal).outcome
    assert room.world.tried_[:3] == ["credentials", "credentials", "number"]
    assert terminal.text.count("copy it anew") == 2
    assert (room.folder / "state" / "secret-twilio-auth_token").read_text() == "wrong\n"
    assert outcome.file == room.file


def test_what_is_no_answer_is_told_and_asked_again(room: Room) -> None:
    answers = {
        **TWILIO,
        "Which carrier": ["9", "bell", "2"],
        "Which numbers": ["5550", "-", f"{MINE}, +15550100010"],
        "The URL at which": ["voice.example.com", URL],
        "Account SID": ["", "AC1"],
    }
    terminal = Answering(answers)
    room.run(terminal)
    config = load(room.file, room.environ).config
    assert config.allow_from == (MINE, "+15550100010")
    for said in ("type a number, or one of mock", "not a telephone number", "not such a URL", "this is needed"):
        assert said in terminal.text, said


def test_the_number_is_chosen_from_those_of_the_account(room: Room) -> None:
    room.run(Answering({**TWILIO, "Which number of": "2"}))
    assert load(room.file, room.environ).config.from_number == "+15550002222"


def test_a_tunnel_takes_the_place_of_a_written_url(room: Room) -> None:
    room.run(Answering(TWILIO))
    outcome = room.run(Answering({"reach this machine": "1"})).outcome
    assert outcome.changed == ["public_url", "tunnel.provider"]
    config = load(room.file, room.environ).config
    assert (config.public_url, config.tunnel.provider) == (None, "cloudflared")
    back = room.run(Answering({"reach this machine": "none"})).outcome
    assert back.changed == ["tunnel.provider"]
    assert "public_url" not in room.text


def test_the_environment_is_offered_and_named(room: Room) -> None:
    room.environ |= {"TWILIO_AUTH_TOKEN": "very secret", "TWILIO_ACCOUNT_SID": "AC7", "DEEPGRAM_API_KEY": "dg"}
    answers = {**TWILIO, "Account SID": "", "Auth token": "", "Who listens": "2"}
    terminal = Answering(answers)
    room.run(terminal)
    tree = tomllib.loads(room.text)
    assert tree["twilio"] == {"account_sid": "AC7", "auth_token": {"env": "TWILIO_AUTH_TOKEN"}}
    assert tree["stt"] == {"provider": "deepgram", "deepgram": {"api_key": {"env": "DEEPGRAM_API_KEY"}}}
    assert "[the environment's TWILIO_AUTH_TOKEN] > " in terminal.text
    assert "deepgram           its key is in the environment" in terminal.text
    room.environ["VOICECALL_TO_NUMBER"] = OURS
    again = Answering({"Your own telephone": MINE})
    room.run(again)
    assert "VOICECALL_TO_NUMBER counts for more" in again.text


@pytest.mark.parametrize(
    ("kind", "answers", "keys"),
    [
        ("fixed", {"always answered": "Yes."}, {"text": "Yes."}),
        (
            "model",
            {"Which model": "anthropic:claude-haiku-4-5", "API key": "env:CLAUDE"},
            {"model": "anthropic:claude-haiku-4-5", "anthropic": {"api_key": {"env": "CLAUDE"}}},
        ),
        (
            "model",
            {"Which model": "own:thing", "its server": "http://127.0.0.1:11434/v1"},
            {"model": "own:thing", "base_url": "http://127.0.0.1:11434/v1"},
        ),
        ("openclaw", {"Token of": "-"}, {"openclaw": {"gateway_url": "http://127.0.0.1:18789"}}),
        ("http", {"URL of": "https://a.example/x", "Bearer": ""}, {"url": "https://a.example/x"}),
        ("command", {"program and": "agent 'two words'"}, {"command": ["agent", "two words"]}),
        ("python", {"as module:name": "agents:reply"}, {"callable": "agents:reply"}),
    ],
)
def test_each_kind_of_agent_is_asked_for_what_it_needs(
    room: Room, kind: str, answers: dict[str, str], keys: dict[str, object]
) -> None:
    room.environ["CLAUDE"] = "key"
    room.run(Answering({"Who answers": kind, **answers}))
    assert tomllib.loads(room.text)["brain"] == {"kind": kind, **keys}


def test_a_secret_can_stand_in_the_file_where_that_is_wanted(room: Room) -> None:
    room.run(Answering(TWILIO), Wishes(room.file, plain_secrets=True))
    assert 'auth_token = "very secret"  # ' in room.text
    assert not list(room.folder.rglob("secret-*"))
    before = room.text
    terminal = Answering({})
    room.run(terminal)
    assert room.text == before
    assert "very secret" not in terminal.text


def test_another_secret_leaves_the_older_one_to_the_backup(room: Room) -> None:
    room.run(Answering(TWILIO))
    outcome = room.run(Answering({"Auth token": "another one"})).outcome
    assert outcome.backup is not None
    tokens = [load(file, room.environ).config.twilio.auth_token for file in (room.file, outcome.backup)]
    assert [token.get_secret_value() for token in tokens if token] == ["another one", "very secret"]


def test_where_nothing_is_the_place_is_asked_for(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "etc"))
    terminal = Answering({"to be written": "2"})
    assert room.run(terminal, Wishes()).outcome.file == tmp_path / "etc" / "voicecall" / "config.toml"
    assert room.run(None, Wishes()).outcome.changed == []


def test_a_file_that_was_not_read_is_not_written_over(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "etc"))
    (tmp_path / "other.toml").write_text("# theirs\n")
    terminal = Answering({"to be written": ["other.toml", "third.toml"]})
    assert room.run(terminal, Wishes()).outcome.file == Path("third.toml")
    assert "setup --config other.toml` begins" in terminal.text
    assert (tmp_path / "other.toml").read_text() == "# theirs\n"


def test_a_number_of_the_carriers_own_section_stays_there(room: Room) -> None:
    room.file.write_text(f'[twilio]\nfrom_number = "{OURS}"\n')
    outcome = room.run(Answering({**TWILIO, "Which number of": "2"})).outcome
    assert "twilio.from_number" in outcome.changed
    assert load(room.file, room.environ).config.from_number is None


def test_whoever_does_not_agree_gets_nothing_written(room: Room) -> None:
    terminal = Answering({**TWILIO, "Write ": "n"})
    assert room.run(terminal).outcome.changed == []
    assert list(room.folder.iterdir()) == []


@pytest.mark.parametrize("at", ["Which carrier", "Auth token", "reach this machine", "Who answers", "Write "])
def test_whoever_leaves_before_it_is_written_leaves_everything_as_it_was(room: Room, at: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        room.run(Answering({**TWILIO, at: KeyboardInterrupt}))
    assert list(room.folder.iterdir()) == []
    assert room.last.outcome.so_far() == ["nothing was changed"]


def test_without_anybody_to_ask_all_that_is_missing_is_told_at_once(room: Room) -> None:
    with pytest.raises(ConfigError) as raised:
        room.run(None, provider="twilio", auth_token="very secret", brain="model", stt_key="env:X", tts="nobody")
    said = str(raised.value)
    for flag in (
        "--account-sid: is needed",
        "--from-number",
        "--tunnel",
        "--model: is needed",
        "--stt-key is of no use",
    ):
        assert flag in said, flag
    assert "--auth-token: a secret on the command line can be seen" in said
    assert "--tts: expected" in said
    assert "very secret" not in said
    assert room.world.tried_ == []
    assert list(room.folder.iterdir()) == []


def test_flags_answer_everything(room: Room) -> None:
    room.environ["TOKEN"] = "very secret"
    outcome = room.run(
        None,
        provider="plivo",
        auth_id="MA1",
        auth_token="env:TOKEN",
        from_number=OURS,
        public_url=URL,
        inbound_policy="allowlist",
        allow_from=MINE,
        brain="echo",
    ).outcome
    assert outcome.ok
    config = load(room.file, room.environ).config
    assert (config.provider, config.public_url, config.allow_from, config.brain.kind) == ("plivo", URL, (MINE,), "echo")
    assert room.deeds.plans == []


def test_what_the_environment_sets_is_not_missing(room: Room) -> None:
    room.environ |= {"VOICECALL_PROVIDER": "twilio", "TWILIO_ACCOUNT_SID": "AC1", "TWILIO_FROM_NUMBER": OURS}
    room.environ |= {"VOICECALL_TWILIO__AUTH_TOKEN": "very secret"}
    room.run(None, public_url=URL)
    tree = tomllib.loads(room.text)
    assert (tree["provider"], tree["from_number"]) == ("twilio", OURS)
    assert tree["twilio"] == {"account_sid": "AC1", "auth_token": {"env": "VOICECALL_TWILIO__AUTH_TOKEN"}}


def test_flags_are_not_asked_about_on_a_terminal_either(room: Room) -> None:
    terminal = Answering({key: value for key, value in TWILIO.items() if key != "Which carrier"})
    room.run(terminal, provider="twilio", tts="local")
    assert "--provider" in terminal.text
    assert "  1  mock" not in terminal.text


def test_numbers_that_nobody_tells_are_typed(room: Room) -> None:
    room.world.numbers = ()
    room.world.ways = (Choice("fixed"), Choice("none"))
    room.run(Answering({**TWILIO, "Which number of": OURS}))
    assert load(room.file, room.environ).config.from_number == OURS

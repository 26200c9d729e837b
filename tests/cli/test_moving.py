"""`config import` and `config migrate` write what they say, and lose nothing."""

import json
from pathlib import Path

from tests.cli.daemon import Cli

BLOCK = {"enabled": True, "provider": "twilio", "fromNumber": "+15550001111", "silenceTimeoutMs": 8}
BLOCK |= {"twilio": {"accountSid": "AC1", "authToken": "${NOT_SET_HERE}"}}


def test_what_was_made_of_each_key_is_told_and_what_is_still_to_do(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "openclaw.json").write_text(json.dumps(BLOCK))
    ran = cli("config", "import", "openclaw.json")
    assert ran.status == 0
    assert "openclaw.json:1: fromNumber -> from_number" in ran.out
    assert "wrote voicecall.toml" in ran.out
    assert ran.err == "still to do: twilio.auth_token: the environment variable NOT_SET_HERE is not set\n"
    assert (tmp_path / "voicecall.toml").stat().st_mode & 0o777 == 0o600


def test_a_model_without_its_key_is_still_to_be_given_one(cli: Cli, tmp_path: Path) -> None:
    block = {"enabled": True, "provider": "mock", "realtime": {"enabled": True, "provider": "openai"}}
    (tmp_path / "openclaw.json").write_text(json.dumps(block))
    told = "realtime.openai.api_key: is missing for `openai`: write it, or set OPENAI_API_KEY\n"
    assert cli("config", "import", "openclaw.json").err == f"still to do: {told}"
    assert cli("config", "check", "--json").json["faults"][0]["key"] == "realtime.openai.api_key"
    found = {check["id"]: check for check in cli("doctor", "--json").json["checks"]}
    assert "realtime.openai.api_key" in found["config"]["message"]


def test_a_file_that_is_there_is_not_written_over_unless_told_and_then_kept(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "openclaw.json").write_text(json.dumps(BLOCK))
    (tmp_path / "voicecall.toml").write_text("# mine\n")
    ran = cli("config", "import", "openclaw.json")
    assert (ran.status, "--force" in ran.err) == (2, True)
    assert (tmp_path / "voicecall.toml").read_text() == "# mine\n"
    done = cli("config", "import", "openclaw.json", "--force", "--json").json
    assert (done["file"], done["backup"]) == ("voicecall.toml", "voicecall.toml.bak")
    assert [one["key"] for one in done["faults"]] == ["twilio.auth_token"]
    assert {one["becomes"] for one in done["keys"]} > {"provider", "from_number", None}
    assert (tmp_path / "voicecall.toml.bak").read_text() == "# mine\n"


def test_an_older_file_is_migrated_with_a_backup_and_then_left_alone(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "voicecall.toml").write_text('fromNumber = "+15550001111"\n')
    assert cli("config", "migrate").out == (
        "voicecall.toml:1: fromNumber -> from_number\nwrote voicecall.toml; what it was is in voicecall.toml.bak\n"
    )
    assert (tmp_path / "voicecall.toml").read_text() == 'from_number = "+15550001111"\n'
    assert (tmp_path / "voicecall.toml.bak").read_text() == 'fromNumber = "+15550001111"\n'
    assert cli("config", "migrate", "--json").json == {"file": "voicecall.toml", "backup": None, "keys": []}


def test_a_backup_is_never_written_over(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "voicecall.toml"
    (tmp_path / "openclaw.json").write_text(json.dumps(BLOCK))
    (tmp_path / "voicecall.toml.bak2").symlink_to("gone")
    kept = {}
    for suffix in ("bak", "bak3", "bak4"):
        file.write_text(f'fromNumber = "+15550001111" # {suffix}\n')
        kept[f"voicecall.toml.{suffix}"] = file.read_text()
        command = ("config", "migrate") if suffix == "bak3" else ("config", "import", "openclaw.json", "--force")
        assert cli(*command, "--json").json["backup"] == f"voicecall.toml.{suffix}"
    assert {name: (tmp_path / name).read_text() for name in kept} == kept


def test_a_folder_that_cannot_be_written_is_a_complaint(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "openclaw.json").write_text(json.dumps(BLOCK))
    ran = cli("config", "import", "openclaw.json", "--output", "nowhere/voicecall.toml")
    assert ran.status == 2
    assert ran.err == "voicecall: nowhere/voicecall.toml cannot be written: No such file or directory\n"


def test_calls_of_before_come_into_the_history(cli: Cli, tmp_path: Path) -> None:
    call = {"callId": "old", "state": "ringing", "startedAt": 1_760_000_000_000, "from": "+15550001111", "to": "+1555"}
    (tmp_path / "calls.jsonl").write_text(json.dumps(call) + "\n{\n")
    ran = cli("config", "import-calls", "calls.jsonl")
    assert (ran.status, ran.out) == (0, "1 calls brought in, 1 of them closed as stale; 0 were there\n")
    assert ran.err.startswith("left out: calls.jsonl:2: is no call")
    told = cli("config", "import-calls", "calls.jsonl", "--json").json
    assert (told["imported"], told["present"], len(told["faults"])) == (0, 1, 1)
    (found,) = cli("history", "--json").json
    assert (found["callId"], found["endReason"]) == ("old", "stale-timeout")

"""`voicecall setup` in a real terminal: from an empty folder to a first call on the simulated Twilio."""

from __future__ import annotations

import io
import stat
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest

from tests.e2e.daemon import COMMAND, House
from tests.e2e.twilio import ACCOUNT, OURS, PUBLIC, TOKEN, Twilio

MINE = "+15550100077"
ENTER = "\r"


@pytest.fixture
def empty(tmp_path: Path, twilio: Twilio) -> House:
    """A folder with nothing in it; the environment says where Twilio is, and has stubs that start in no time."""
    house = House(tmp_path, {})
    (tmp_path / "voicecall.toml").unlink()
    house.environment |= {
        "TERM": "dumb",
        "VOICECALL_TWILIO__API_BASE_URL": twilio.url,
        "VOICECALL_SERVE__PORT": str(twilio.port),
        "VOICECALL_CONTROL__PORT": "0",
        "VOICECALL_STT__PROVIDER": "scripted",
        "VOICECALL_TTS__PROVIDER": "tone",
        "VOICECALL_TURNS__VAD": "energy",
        "VOICECALL_TURNS__ENDPOINTING_MAX_MS": "500",
    }
    return house


@contextmanager
def terminal(house: House, *flags: str) -> Iterator[pexpect.spawn[str]]:
    child = pexpect.spawn(
        COMMAND, ["setup", *flags], cwd=str(house.folder), env=house.environment, encoding="utf-8", timeout=60
    )
    try:
        yield child
    finally:
        child.close(force=True)


def answer(child: pexpect.spawn[str], question: str, typed: str) -> None:
    child.expect_exact(question)
    child.expect_exact("> ")
    child.send(typed + ENTER)


def test_from_an_empty_folder_to_a_first_call(empty: House, twilio: Twilio) -> None:
    reached = f"http://127.0.0.1:{twilio.port}/voice/webhook"
    twilio.script(MINE, {"listen": 0.5}, {"say": "hello"}, {"listen": 3})
    screen = io.StringIO()
    with terminal(empty) as child:
        child.logfile_read = screen
        answer(child, "Which carrier", "mock\x7f\x7f\x7f\x7ftwilio")
        answer(child, "Account SID", ACCOUNT)
        answer(child, "Auth token", "mistyped")
        child.expect_exact("refuses twilio.account_sid")
        answer(child, "k keeps it", "")
        answer(child, "Account SID", "")
        answer(child, "Auth token", TOKEN)
        child.expect_exact("ok    credentials-twilio")
        child.expect_exact(f"1  {OURS}")
        answer(child, "", "1")
        child.expect_exact("a number of the account")
        answer(child, "reach this machine", "fixed")
        answer(child, "The URL at which", reached)
        answer(child, "Who may call", "allowlist")
        answer(child, "Which numbers", MINE)
        answer(child, "Who answers", "fixed")
        answer(child, "always answered", "Yes.")
        answer(child, "Who listens", "")
        answer(child, "Who speaks", "")
        answer(child, "Your own telephone", MINE)
        answer(child, "to be written", "1")
        child.expect_exact("Write voicecall.toml? [Y/n] ")
        assert not empty.state.exists()
        child.send(ENTER)
        child.expect_exact(f"announced {PUBLIC}")
        child.expect_exact(f"Have them announced at {reached}? [Y/n] ")
        child.send(ENTER)
        child.expect_exact("Ring …0077 for a test? [Y/n] ")
        child.send(ENTER)
        child.expect_exact("real secret was verified")
        child.expect_exact(f"{PUBLIC} -> {reached}")
        child.expect_exact("our words were played")
        child.expect_exact("we hear the other side")
        child.expect_exact("sound both ways")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 0
    assert "mistyped" not in screen.getvalue()
    file = empty.folder / "voicecall.toml"
    written = tomllib.loads(file.read_text())
    assert written["twilio"].keys() == {"account_sid", "auth_token"}
    secret = Path(written["twilio"]["auth_token"]["file"])
    assert (secret.read_text().strip(), stat.S_IMODE(secret.stat().st_mode)) == (TOKEN, 0o600)

    before = file.stat().st_mtime_ns
    again = empty.run("setup", "--yes", "--no-call", "--json")
    told = again.json
    assert (again.status, again.err, told["ok"], told["changed"], told["number"]) == (0, "", True, [], None)
    assert file.stat().st_mtime_ns == before
    assert empty.run("number", "undo").status == 0


def test_ctrl_c_leaves_everything_as_it_was(empty: House) -> None:
    with terminal(empty, "--provider", "twilio") as child:
        answer(child, "Account SID", ACCOUNT)
        child.expect_exact("Auth token")
        child.expect_exact("> ")
        child.sendintr()
        child.expect_exact("nothing was changed")
        child.expect(pexpect.EOF)
        child.wait()
        assert child.exitstatus == 130
    assert list(empty.folder.iterdir()) == []
    untold = empty.run("setup")
    assert (untold.status, "no terminal" in untold.complaint) == (2, True)

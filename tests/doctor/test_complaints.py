"""What users of such systems complained of most, planted: one run of the doctor names each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.world import LEG, placed
from tests.doctor.house import TWILIO, World, of
from voicecall.config.load import load
from voicecall.core import events as ev
from voicecall.core.events import Event, encode
from voicecall.core.published import publish
from voicecall.core.record import record, replay
from voicecall.doctor.arrival import Expected, Opened, stream
from voicecall.doctor.diagnosis import diagnose
from voicecall.doctor.people import limits

ANSWERED = (placed(), ev.Dialled(LEG), ev.Ringing(), ev.Answered(), ev.DocumentAsked())


def cause(*log: Event) -> str:
    """The id of the first cause, and what is said of it."""
    dated = [(1000.0 + second, event) for second, event in enumerate(log)]
    told = [publish(seq, "01J", at, type(event).__name__, encode(event)) for seq, (at, event) in enumerate(dated)]
    first = diagnose(record(replay(dated)), told).checks[0]
    return f"{first.id}: {first.message}"


def test_a_stream_token_that_was_lost_behind_a_tunnel() -> None:
    over = ev.CarrierEnded("completed")
    assert cause(*ANSWERED, ev.StreamDenied("missing"), over).startswith("stream: the media stream came without its")


def test_a_call_that_connects_is_silent_and_drops() -> None:
    assert cause(*ANSWERED, ev.CarrierEnded("completed")).startswith("stream: the carrier was told to open")


def test_a_line_on_which_nobody_may_call(world: World) -> None:
    assert "nobody can call" in world.check("inbound-policy", TWILIO).message


def test_calls_that_nobody_answered_and_that_block_the_line(world: World, tmp_path: Path) -> None:
    assert "kept for ever" in world.check("limits", TWILIO + "[limits]\nstale_call_seconds = 0").message
    (tmp_path / "one.toml").write_text("[limits]\nmax_concurrent_calls = 1\n")
    check = limits(load(tmp_path / "one.toml").config, [{"answeredAt": None}])
    assert (check.level, "1 by calls that nobody answered" in check.message) == ("warn", True)


def test_a_media_stream_that_is_answered_404() -> None:
    expected = Expected(
        "https://a.example/voice/webhook", "/voice/stream", "/voice/webhook", "http://127.0.0.1:3334", ""
    )
    check = stream(expected, "wss://a.example/voice/stream", Opened("refused the connection: 404", "404"), [])
    assert (check.level, "HTTP 404, and not by this gateway" in check.message) == ("fail", True)
    assert "http://127.0.0.1:3334" in check.fix


@pytest.mark.parametrize("policy", ["allowlist", "pairing", "open"])
def test_a_line_on_which_somebody_may_call_is_not_said_to_be_closed(world: World, policy: str) -> None:
    text = f'inbound_policy = "{policy}"\nallow_from = ["+15550002222"]\n{TWILIO}'
    assert "nobody" not in of(world.examine(text), "inbound-policy").message

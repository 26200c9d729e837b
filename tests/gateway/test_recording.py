"""A recording is a whole WAV file after every write, and its failure is not the call's."""

from __future__ import annotations

import asyncio
import os
import threading
import wave
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from voicecall.audio.wav import encode_wav
from voicecall.core.events import Event, Warned
from voicecall.core.ids import CallId
from voicecall.emulators.clock import run_virtual
from voicecall.errors import CallRefused
from voicecall.gateway import recording as recording_module
from voicecall.gateway.recording import Recording, Recordings

CALL = CallId("01J0")
FRAME = b"\x10" * 160


def recordings(folder: Path, keep_days: float = 0.0, now: float = 0.0) -> Recordings:
    return Recordings(folder / "recordings", keep_days=keep_days, clock=lambda: now)


def record(folder: Path, seconds: int, *, gap: float = 0.0, posted: list[Event] | None = None) -> None:
    """Record so much of a call, with a stream that drops after each second for `gap` seconds."""

    async def main() -> None:
        recording = recordings(folder).open(CALL, (posted if posted is not None else []).append)
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(recording.run())
            for _ in range(seconds):
                recording.stream_opened()
                for _ in range(50):
                    recording.sent(b"\x20" * 160)
                    recording.heard(FRAME)
                    await asyncio.sleep(0.02)
                recording.stream_closed()
                await asyncio.sleep(gap)
            writing.cancel()

    run_virtual(main)


def read(file: Path) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    with wave.open(str(file), "rb") as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (2, 8000, 2)
        return np.frombuffer(sound.readframes(sound.getnframes()), np.int16).reshape(-1, 2)


def test_a_recording_holds_the_caller_left_and_the_agent_right(tmp_path: Path) -> None:
    record(tmp_path, 7)
    found = recordings(tmp_path).find(CALL)
    sound = read(Path(found["path"]))
    assert found == {"callId": CALL, "path": str(tmp_path / "recordings" / "01J0.wav"), "seconds": 7.0, "bytes": 224044}
    assert len(set(sound[:, 0].tolist())) == len(set(sound[:, 1].tolist())) == 1
    assert sound[0, 0] != sound[0, 1]


def test_the_time_between_two_streams_is_silent_and_not_left_out(tmp_path: Path) -> None:
    record(tmp_path, 2, gap=1.5)
    sound = read(tmp_path / "recordings" / "01J0.wav")
    assert len(sound) == pytest.approx(3.5 * 8000, abs=200)
    assert not sound[9000:19000].any()


def test_a_call_that_goes_on_after_a_restart_goes_on_in_its_file_even_after_a_write_that_was_cut_short(
    tmp_path: Path,
) -> None:
    record(tmp_path, 1)
    with (tmp_path / "recordings" / "01J0.wav").open("ab") as file:
        file.write(b"cut")
    record(tmp_path, 1)
    assert len(read(tmp_path / "recordings" / "01J0.wav")) == 2 * 8000


def test_a_call_that_ends_amid_a_write_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, overtaken, go_on = threading.Event(), threading.Event(), threading.Event()
    append, posted = recording_module._append, list[Event]()

    def slow(file: Path, sound: bytes) -> None:
        if begun.is_set() and not go_on.is_set():
            overtaken.set()
        begun.set()
        assert go_on.wait(10)
        append(file, sound)

    monkeypatch.setattr(recording_module, "_append", slow)

    async def main() -> None:
        recording = Recording(tmp_path / "recordings" / "01J0.wav", posted.append, every=0.0)
        recording.heard(FRAME * 50)
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(recording.run())
            await asyncio.to_thread(begun.wait, 10)
            recording.heard(FRAME * 50)
            writing.cancel()
            await asyncio.to_thread(overtaken.wait, 0.1)
            go_on.set()

    asyncio.run(main())
    assert not overtaken.is_set()
    assert len(read(tmp_path / "recordings" / "01J0.wav")) == 2 * 8000
    assert posted == []


def test_only_the_owner_can_hear_it(tmp_path: Path) -> None:
    record(tmp_path, 1)
    file = tmp_path / "recordings" / "01J0.wav"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_recording_that_cannot_be_written_is_one_warning(tmp_path: Path) -> None:
    (tmp_path / "recordings").write_text("in the way")
    posted: list[Event] = []
    record(tmp_path, 12, posted=posted)
    (warned,) = posted
    assert isinstance(warned, Warned)
    assert warned.code == "recording"


def test_a_call_without_a_recording_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(CallRefused) as refused:
        recordings(tmp_path).find(CALL)
    assert refused.value.reason == "not-recorded"


def test_what_is_too_old_is_removed(tmp_path: Path) -> None:
    record(tmp_path, 1)
    file = tmp_path / "recordings" / "01J0.wav"
    os.utime(file, (1000.0, 1000.0))
    recordings(tmp_path, keep_days=1, now=1000.0 + 86399).sweep()
    assert file.exists()
    with capture_logs() as logs:
        recordings(tmp_path, keep_days=1, now=1000.0 + 86401).sweep()
    assert not file.exists()
    assert [log["event"] for log in logs] == ["recording.removed"]


def test_the_header_is_the_one_that_others_write(tmp_path: Path) -> None:
    record(tmp_path, 1)
    silence = np.zeros(8000, np.float32)
    assert (tmp_path / "recordings" / "01J0.wav").read_bytes()[:44] == encode_wav(silence, silence)[:44]

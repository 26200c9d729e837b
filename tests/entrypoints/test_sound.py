"""A recording over HTTP is what there was of it when it was asked for."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from tests.entrypoints.test_rest import FakeOperator, ask
from voicecall.audio.wav import encode_wav
from voicecall.core.operations import Operation

SECOND = 8000
FRAME = 4


def recorded(seconds: int) -> bytes:
    """A whole file of so many seconds."""
    each = np.linspace(-0.5, 0.5, seconds * SECOND, dtype=np.float32)
    return encode_wav(each, -each)


class Recorder(FakeOperator):
    """Tells of a recording of one second, which has grown since."""

    def __init__(self, file: Path, size: int) -> None:
        super().__init__()
        self._told = {"callId": "01J", "path": str(file), "seconds": 1.0, "bytes": size}

    async def perform(self, operation: Operation, *, idempotency_key: str | None = None) -> Any:
        return self._told


@pytest.fixture(params=["header of before", "header of now"])
def growing(request: pytest.FixtureRequest, tmp_path: Path) -> Recorder:
    """A file of 20 seconds, whose header is not always there yet, of which the first was asked for."""
    file, size = tmp_path / "01J.wav", 44 + FRAME * SECOND
    now = recorded(20)
    file.write_bytes((recorded(1)[:44] if request.param == "header of before" else now[:44]) + now[44:])
    return Recorder(file, size)


def fetch(recorder: Recorder, method: str = "GET", **headers: str) -> httpx2.Response:
    headers = {"Accept": "audio/wav"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(recorder, method, "/v1/calls/01J/recording", headers=headers)


def whole(recorder: Recorder) -> bytes:
    return fetch(recorder).content


def test_it_is_told_of_or_given(growing: Recorder) -> None:
    assert ask(growing, "GET", "/v1/calls/01J/recording").json()["bytes"] == 32044
    given = fetch(growing)
    assert (given.status_code, given.headers["content-type"]) == (200, "audio/wav")


def test_it_is_as_long_as_was_told_and_says_so(growing: Recorder) -> None:
    given = fetch(growing)
    assert (given.headers["content-length"], len(given.content)) == ("32044", 32044)
    with wave.open(io.BytesIO(given.content)) as file:
        assert (file.getnframes(), file.getnchannels(), file.getframerate()) == (SECOND, 2, SECOND)
        assert file.readframes(SECOND) == recorded(20)[44:32044]
    asked = fetch(growing, "HEAD")
    assert (asked.status_code, asked.content) == (200, b"")
    assert {name: asked.headers[name] for name in ("content-length", "etag", "content-type")} == {
        name: given.headers[name] for name in ("content-length", "etag", "content-type")
    }


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [
        ("bytes=0-", 0, 32044),
        ("bytes=0-9", 0, 10),
        ("bytes=40-50", 40, 51),
        ("bytes=44-", 44, 32044),
        ("bytes=32000-99999", 32000, 32044),
        ("bytes=-100", 31944, 32044),
        ("bytes=-99999", 0, 32044),
    ],
)
def test_a_part_of_it_is_a_part_of_the_whole(growing: Recorder, asked: str, begin: int, end: int) -> None:
    given = fetch(growing, Range=asked)
    assert given.status_code == 206
    assert given.headers["content-range"] == f"bytes {begin}-{end - 1}/32044"
    assert given.headers["content-length"] == str(end - begin)
    assert given.content == whole(growing)[begin:end]
    assert fetch(growing, "HEAD", Range=asked).headers["content-range"] == given.headers["content-range"]


@pytest.mark.parametrize("asked", ["bytes=32044-", "bytes=-0", "bytes=9-8"])
def test_a_part_that_is_not_there_is_none(growing: Recorder, asked: str) -> None:
    given = fetch(growing, Range=asked)
    assert (given.status_code, given.headers["content-range"], given.content) == (416, "bytes */32044", b"")


@pytest.mark.parametrize("asked", ["bytes=-", "bytes=0-1,4-5", "lines=1-2", "bytes=x-"])
def test_what_is_no_single_part_is_the_whole(growing: Recorder, asked: str) -> None:
    assert (fetch(growing, Range=asked).status_code, fetch(growing, Range=asked).content) == (200, whole(growing))


def test_a_part_of_what_was_shorter_is_the_whole(growing: Recorder) -> None:
    tag = fetch(growing).headers["etag"]
    assert fetch(growing, Range="bytes=1-2", If_Range=tag).status_code == 206
    assert fetch(growing, Range="bytes=1-2", If_Range='"40"').status_code == 200


@pytest.mark.parametrize("size", [0, 4])
def test_what_has_hardly_begun_is_given_as_it_is(tmp_path: Path, size: int) -> None:
    (tmp_path / "01J.wav").write_bytes(b"RIFF")
    assert whole(Recorder(tmp_path / "01J.wav", size)) == b"RIFF"[:size]

"""The recording of a call over HTTP: what there was of it when it was asked for, though it may grow meanwhile."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from voicecall.audio.wav import wav_header

MEDIA_TYPE = "audio/wav"
_HEADER = len(wav_header(0, channels=2))
_PIECE = 64 * 1024


def sound(request: Request, recording: Mapping[str, Any]) -> Response:
    """Return the first `bytes` of the file at `path`, or the range of them that is asked for (RFC 9110).

    The header of the WAV file tells how much follows, whatever stands in the file by now.
    """
    size: int = recording["bytes"]
    headers = {"accept-ranges": "bytes", "etag": f'"{size}"'}
    status, begin, end = 200, 0, size
    span = _span(request.headers.get("range", ""), size)
    if span is not None and request.headers.get("if-range") in (None, headers["etag"]):
        begin, end = span
        if begin >= end:
            return Response(status_code=416, headers=headers | {"content-range": f"bytes */{size}"})
        status = 206
        headers["content-range"] = f"bytes {begin}-{end - 1}/{size}"
    headers["content-length"] = str(end - begin)
    if request.method == "HEAD":
        return Response(None, status, headers, MEDIA_TYPE)
    return StreamingResponse(_pieces(Path(recording["path"]), size, begin, end), status, headers, MEDIA_TYPE)


def _span(text: str, size: int) -> tuple[int, int] | None:
    """Return where the range of a header begins and ends; None where there is none, or several."""
    match = re.fullmatch(r"bytes=([0-9]{0,18})-([0-9]{0,18})", text)
    first, last = match.groups() if match else ("", "")
    if first:
        return int(first), min(int(last) + 1, size) if last else size
    return (max(size - int(last), 0), size) if last else None


async def _pieces(path: Path, size: int, begin: int, end: int) -> AsyncIterator[bytes]:
    header = wav_header(max(size - _HEADER, 0), channels=2)[:size]
    if begin < len(header):
        yield header[begin:end]
        begin = len(header)
    with await asyncio.to_thread(path.open, "rb") as file:
        file.seek(begin)
        while begin < end and (piece := await asyncio.to_thread(file.read, min(_PIECE, end - begin))):
            begin += len(piece)
            yield piece

"""The log: one line an event, on stderr and in a file if one is named. Numbers, words and secrets stay out of it."""

from __future__ import annotations

import json
import logging
import logging.handlers
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import structlog

_FILE_BYTES = 10 * 1024 * 1024
_FILES_KEPT = 5
_NUMBER = re.compile(r"(?:\+|%2[Bb])\d{3,11}(?=\d{4}(?!\d))|(?<![\w+.-])\d{6,11}(?=\d{4}(?!\w))")
"""All but the last four digits of a telephone number."""
_NUMBER_KEYS = frozenset({"from", "from_", "to", "number", "line", "caller", "called"})
_WORD_KEYS = frozenset({"text", "heard", "said", "words", "transcript", "message", "greeting", "objective"})
_SECRET_KEYS = re.compile(r"(?:^|_)(?:token|secret|password|api_key|authorization|cookie)$")


@dataclass(frozen=True, slots=True)
class LogOptions:
    """How to log."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"
    file: str | None = None
    transcripts: bool = False
    """Whether words of a call may be logged."""


class _Lines:
    """Where lines go."""

    def __init__(self, file: logging.Handler | None) -> None:
        self._file = file

    def msg(self, line: str) -> None:
        """Write the line. A disk that is full, or a reader that is gone, loses the line and never ends a call."""
        stream = sys.stderr
        with suppress(OSError):
            stream.write(line + "\n")
            stream.flush()
        if self._file is not None:
            self._file.handle(logging.makeLogRecord({"msg": line}))

    debug = info = warning = warn = error = critical = exception = log = msg


class _Bridge(logging.Handler):
    """Turns what libraries log in their own way into our events. Closes the log's file when it is replaced."""

    def __init__(self, file: logging.Handler | None) -> None:
        super().__init__()
        self._file = file

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        log.log(record.levelno, "library.log", logger=record.name, detail=record.getMessage(), exc_info=record.exc_info)


def configure(options: LogOptions) -> None:
    """Log in this process as `options` say; loggers come from `structlog.get_logger()`.

    Raises:
        OSError: the file cannot be opened.
    """
    file = None
    if options.file is not None:
        file = logging.handlers.RotatingFileHandler(
            options.file, maxBytes=_FILE_BYTES, backupCount=_FILES_KEPT, encoding="utf-8", errors="backslashreplace"
        )
    lines = _Lines(file)
    level = logging.getLevelNamesMapping()[options.level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            discretion(transcripts=options.transcripts),
            _as_json if options.format == "json" else _as_text,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Bridge(file)], level=max(level, logging.WARNING), force=True)


def discretion(*, transcripts: bool) -> structlog.typing.Processor:
    """Return the processor that masks numbers and secrets, and leaves words of a call out unless `transcripts`."""

    def process(_: object, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        return {
            key: _discreet(key, value, transcripts)
            for key, value in event.items()
            if transcripts or not _is_words(key, value)
        }

    return process


def _is_words(key: str, value: object) -> bool:
    return key in _WORD_KEYS and isinstance(value, str)


def _discreet(key: str, value: object, transcripts: bool) -> object:
    if _SECRET_KEYS.search(key) and value is not None:
        return "***"
    match value:
        case str() if key in _NUMBER_KEYS and len(value) > 4:
            return "…" + value[-4:] if value[-4:].isdigit() else _NUMBER.sub("…", value)
        case str():
            return _NUMBER.sub("…", value)
        case Mapping():
            inside = {str(name): inner for name, inner in value.items()}
            return discretion(transcripts=transcripts)(None, "", inside)
        case list() | tuple() | set() | frozenset():
            return [_discreet(key, inner, transcripts) for inner in value]
        case bool() | int() | float() | None:
            return value
        case _:
            return _NUMBER.sub("…", str(value))


def _as_json(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False, default=str)


def _as_text(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    at, level, name = event.pop("at", ""), event.pop("level", ""), event.pop("event", "")
    return " ".join([f"{at} {level:7} {_word(name)}", *(f"{key}={_word(value)}" for key, value in event.items())])


def _word(value: object) -> str:
    """Return the value as it is where it is one plain word, else quoted, so that an event stays on one line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return (
        text if re.fullmatch(r"[^\s\"=\x00-\x1f\x7f-\x9f\u2028\u2029]+", text) else json.dumps(text, ensure_ascii=False)
    )

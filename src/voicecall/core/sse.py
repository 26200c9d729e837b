"""Server-sent events, as they come in chunks cut anywhere. Pure.

Source: WHATWG HTML, "Server-sent events" (2026-11).
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

LARGEST = 1 << 20
"""Characters of one event."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `name` is `message` unless the server gave another."""

    data: str
    name: str = "message"


class TooLong(ValueError):
    """An event without an end."""


class Events:
    """Reads one stream. Lines may end in LF, CRLF or CR; comments, ids and unknown fields are passed over."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._rest = ""
        self._after_return = False
        """Whether the last line ended in a CR, to which a LF at the start of the next chunk belongs."""
        self._name = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes, *, last: bool = False) -> list[Event]:
        """Return the events that end in this chunk; with `last` also one that nothing but the end ended.

        Raises:
            TooLong: an event exceeds `LARGEST` characters.
        """
        text = self._decoder.decode(chunk, last)
        if self._after_return and text:
            text, self._after_return = text.removeprefix("\n"), False
        lines = (self._rest + text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if text.endswith("\r"):
            self._after_return = True
        self._rest = lines.pop()
        if last:
            lines += [self._rest, ""]
            self._rest = ""
        found = [event for line in lines if (event := self._line(line)) is not None]
        if len(self._rest) + sum(map(len, self._data)) > LARGEST:
            raise TooLong
        return found

    def _line(self, line: str) -> Event | None:
        if not line:
            event = Event("\n".join(self._data), self._name or "message") if self._data else None
            self._name, self._data = "", []
            return event
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._name = value
        return None

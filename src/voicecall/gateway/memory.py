"""What is known of earlier calls with the same other party: outcomes, and lines in which words of a question stand.

Never of calls with anybody else; who withholds their number is a stranger every time.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import structlog

from voicecall.core.ids import CallId, is_e164
from voicecall.errors import StoreError
from voicecall.store import Query

_CALLS = 50
"""Earlier calls that are looked at, the newest first."""
_WORD = re.compile(r"\w{4,}")
"""Shorter words tell little."""
_LONGEST = 300
"""Characters of a hit."""

_log = structlog.get_logger()


class Records(Protocol):
    """The archive, as far as it is needed."""

    async def records(self, query: Query) -> list[dict[str, Any]]:
        """Return records, newest first."""


class Recall:
    """Looks for what a question is about, in one call."""

    def __init__(self, records: Records, call_id: CallId, number: str, *, timeout: float = 0.8, most: int = 3) -> None:
        """`number`: of the other party. `timeout`: seconds; `most`: hits."""
        self._records = records
        self._call_id = call_id
        self._number = number
        self._timeout = timeout
        self._most = most

    async def __call__(self, question: str) -> str:
        """Return what is known, a line each with its day; empty for nothing, or nothing in time."""
        asked = _words(question)
        if not is_e164(self._number) or not asked:
            return ""
        try:
            async with asyncio.timeout(self._timeout):
                records = await self._records.records(Query(limit=_CALLS, number=self._number))
        except TimeoutError:
            return ""
        except StoreError as error:
            _log.warning("recall.failed", call_id=self._call_id, detail=str(error))
            return ""
        found = [
            (len(asked & _words(text)), line)
            for record in records
            if record["callId"] != self._call_id and _party(record) == self._number
            for text, line in _lines(record)
        ]
        hits = sorted((hit for hit in found if hit[0]), key=lambda hit: -hit[0])  # the newest first where equal
        return "\n".join(line for _, line in hits[: self._most])


def _party(record: Mapping[str, Any]) -> str:
    return str(record["from"] if record["direction"] == "inbound" else record["to"])


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _lines(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what an earlier call says, and how that is told."""
    day = str(record["startedAt"])[:10]
    if summary := (record.get("outcome") or {}).get("summary"):
        yield summary, f"{day}, what came of the call: {summary[:_LONGEST]}"
    for line in record["transcript"]:
        who = "you" if line["speaker"] == "agent" else "they"
        text = line.get("heard", line["text"])
        yield text, f"{day}, {who} said: {text[:_LONGEST]}"

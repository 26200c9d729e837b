"""What came of a call that is over: its agent is asked, and nothing is taken from it that cannot be checked."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from voicecall.brains import Conclusion, Conversation, Inquiry, Line as Told, Mind, NoteOutcome
from voicecall.brains.conclusion import ask
from voicecall.core.call import Call, Line
from voicecall.core.draft import CONCLUSION
from voicecall.core.events import Event, Warned
from voicecall.core.outcome import LATE
from voicecall.core.utterances import Concluded, Evidence
from voicecall.errors import ProviderError
from voicecall.gateway import schemas

_LONGEST_SUMMARY = 2000
"""Characters."""
_LARGEST = 64 << 10
"""Bytes of what an agent brings back."""
_MOST_EVIDENCE = 200


async def conclude(mind: Mind, call: Call, conversation: Conversation, post: Callable[[Event], None]) -> None:
    """Ask the agent of a call what came of it, again if that is not what was wanted, and post what is known."""
    concluded, warned = await _concluded(mind, call, _inquiry(call, conversation))
    if warned:
        post(Warned("outcome-unproven", warned))
    post(concluded)


def _inquiry(call: Call, conversation: Conversation) -> Inquiry:
    lines = tuple(Told(line.speaker, heard(line), line.heard is not None, line.keys) for line in call.lines)
    noted = call.outcome
    return Inquiry(
        msgspec.structs.replace(conversation, lines=lines, seconds_left=None),
        call.schema,
        NoteOutcome(noted.disposition, noted.summary, noted.data or {}) if noted is not None else None,
    )


async def _concluded(mind: Mind, call: Call, inquiry: Inquiry) -> tuple[Concluded, str]:
    """Return what is known, and what is doubtful about it."""
    summary, error = "", ""
    limit = asyncio.get_running_loop().time() + CONCLUSION
    for _ in range(2):
        try:
            async with asyncio.timeout_at(limit):
                given = await ask(mind, inquiry)
        except TimeoutError:
            error = error or LATE
            break
        except ProviderError as failure:
            error = error or f"The agent could not conclude: {failure}."
            break
        summary = given.summary.strip()[:_LONGEST_SUMMARY]
        if call.schema is None:
            return Concluded(summary), ""
        if given.data is None:
            error = error or "The call does not tell what was wanted, says the agent."
            break
        data, faults = _checked(call.schema, given.data)
        if data is not None:
            return _proven(call, call.schema, summary, data, given)
        error = f"What the agent gave is not what the schema admits: {'; '.join(faults)}."
        inquiry = msgspec.structs.replace(inquiry, faults=faults)
    if call.schema is not None and call.outcome is not None:
        data, _ = _checked(call.schema, call.outcome.data)
        if data is not None:
            return _proven(call, call.schema, summary, data, Conclusion())
    return Concluded(summary, error=error), ""


def _checked(schema: dict[str, Any], data: object) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """Return the data as JSON values if the schema admits them, else what is wrong with them."""
    try:
        encoded = msgspec.json.encode(data)
        plain = msgspec.json.decode(encoded)
        if len(encoded) > _LARGEST:
            return None, (f"it is larger than {_LARGEST >> 10} KiB",)
        faults = schemas.faults(schema, plain)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return None, ("it is no JSON",)
    return (plain, ()) if not faults and isinstance(plain, dict) else (None, faults)


def _proven(
    call: Call, schema: dict[str, Any], summary: str, data: dict[str, Any], given: Conclusion
) -> tuple[Concluded, str]:
    evidence = tuple(said for said in given.evidence[:_MOST_EVIDENCE] if _stands(said, data, call.lines))
    required = schema.get("required", [])
    missing = [name for name in required if data.get(name) is not None and not _speaks_for(name, evidence)]
    warned = f"Nothing in the transcript was shown for {', '.join(missing)} of the outcome." if missing else ""
    return Concluded(summary, data, evidence), warned


def _stands(said: Evidence, data: object, lines: Sequence[Line]) -> bool:
    """Say whether it speaks for something that there is, in words that were said."""
    for part in _path(said.field):
        if isinstance(data, dict) and part in data:
            data = data[part]
        elif isinstance(data, list) and part.isdecimal() and int(part) < len(data):
            data = data[int(part)]
        else:
            return False
    return 0 <= said.line < len(lines) and is_said(said.quote, heard(lines[said.line]))


def _speaks_for(name: str, evidence: Iterable[Evidence]) -> bool:
    return any(_path(said.field)[0] == name for said in evidence)


def _path(field: str) -> list[str]:
    return field.replace("[", ".").replace("]", "").split(".")


def heard(line: Line) -> str:
    """Return what was heard of a line."""
    return line.text if line.heard is None else line.heard


def is_said(quote: str, text: str) -> bool:
    """Say whether the words of a quote stand in a text, whatever the case, the spaces and the punctuation."""
    wanted, _ = _letters(quote)
    letters, begins = _letters(text)
    at = letters.find(wanted) if wanted else -1
    while at >= 0:
        if at in begins and at + len(wanted) in begins:
            return True
        at = letters.find(wanted, at + 1)
    return False


def _letters(text: str) -> tuple[str, set[int]]:
    """Return the letters and digits of a text, and where among them words begin or end.

    Scripts that do not part words by spaces have such a place before every letter.
    """
    letters: list[str] = []
    places, parted = {0}, True
    for character in unicodedata.normalize("NFKC", text).casefold():
        if not character.isalnum():
            parted = True
            continue
        if parted or not (_joins(character) and _joins(letters[-1])):
            places.add(len(letters))
        letters.append(character)
        parted = False
    return "".join(letters), places | {len(letters)}


def _joins(character: str) -> bool:
    return character.isdigit() or character.upper() != character

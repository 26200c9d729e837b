"""What of a streamed reply is meant to be spoken: no reasoning, no code, of an output contract only its words. Pure.

The contract is that of OpenClaw: a JSON object with the member `spoken`, bare or in a code fence. Once a reply has one,
all that is outside is dropped. Plain text passes at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .contract_json import JsonObject

_REASONING = ("think", "thinking", "thought", "reasoning")
_TAG = re.compile(rf"<(/?)({'|'.join(_REASONING)})(?:\s[^<>]{{0,100}})?>", re.IGNORECASE)
_PART_OF_TAG = re.compile(r"</?([a-z]*)(\s[^<>]{0,100})?\Z", re.IGNORECASE)
_LONGEST_END = len("</reasoning      >")

_INFO = re.compile(r"[\w+#.\s-]*")
_MARK = re.compile(
    r"(?P<object>\{)|(?P<fence>```)|(?P<pair>\"spoken\"\s{0,8}:\s{0,8}(?=\"))"
    r"|(?:`{1,2}|\"(?:s(?:p(?:o(?:k(?:e(?:n(?:\"\s{0,8}(?::\s{0,8})?)?)?)?)?)?)?)?)\Z"
)
_BRACES = str.maketrans("", "", "{}")


class Contract:
    """Takes a reply in any portions and hands on what is to be spoken."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self._reasoning = _Reasoning()
        self._rest = ""
        self._fence = ""
        self._object: JsonObject | None = None
        self._kept = False
        self._prose: list[str] = []
        self._said: list[str] = []
        self._spoke = False
        self._silent = False

    def feed(self, text: str) -> list[str]:
        """Take the next text; return what can be passed on by now: `[""]` when the reply says that it says nothing."""
        for part in self._reasoning.feed(text):
            self._take(part)
        return self._passed(hold=self._is_undecided)

    def flush(self) -> list[str]:
        """Return what is left, and start afresh."""
        self._take(self._reasoning.flush())
        if not self._fence:
            self._prose.append(self._rest if self._object is None else _prose_of(self._object))
        passed = self._passed(hold=False)
        self._start()
        return passed

    @property
    def _is_undecided(self) -> bool:
        """Whether the contract may have begun, so that what came before it may have to go."""
        return self._fence == "info" or self._object is not None

    def _passed(self, *, hold: bool) -> list[str]:
        if not self._kept and not hold:
            self._said.append("".join(self._prose).translate(_BRACES))
            self._prose.clear()
        said = "".join(self._said)
        self._said.clear()
        self._spoke = self._spoke or bool(said)
        if said:
            return [said]
        silent, self._silent = self._silent and not self._spoke, False
        self._spoke = self._spoke or silent
        return [""] if silent else []

    def _take(self, text: str | None) -> None:
        if text is None:
            if not self._kept:
                self._prose.clear()
                self._rest, self._fence, self._object = "", "", None
            return
        text, at = self._rest + text, 0
        self._rest = ""
        while at < len(text):
            if self._object is not None:
                at = self._in_object(self._object, text, at)
            elif self._fence:
                at = self._in_fence(text, at)
            else:
                at = self._in_prose(text, at)

    def _in_prose(self, text: str, at: int) -> int:
        mark = _MARK.search(text, at)
        self._prose.append(text[at : mark.start() if mark else len(text)])
        if mark is None:
            return len(text)
        match mark.lastgroup:
            case "object":
                self._object = JsonObject()
                return mark.start()
            case "pair":
                self._object = JsonObject(member="spoken")
            case "fence":
                self._fence = "info"
            case _:
                self._rest = mark[0]
        return mark.end()

    def _in_fence(self, text: str, at: int) -> int:
        if self._fence == "info":
            info = _INFO.match(text, at)
            at = info.end() if info else at
            if at < len(text):
                self._fence = "code"
                self._object = JsonObject() if text[at] == "{" else None
            return at
        end = text.find("```", at)
        if end >= 0:
            self._fence = ""
            return end + 3
        self._rest = text[max(at, len(text.rstrip("`"))) :][-2:]
        return len(text)

    def _in_object(self, found: JsonObject, text: str, at: int) -> int:
        at = found.feed(text, at)
        if found.has_spoken:
            self._kept = True
            self._prose.clear()
            words = "".join(found.take())
            fresh = not found.begun
            if fresh:
                words = words.lstrip()
            if words:
                self._said.append(f" {words}" if fresh and (self._spoke or self._said) else words)
                found.begun = True
        if found.state != "open":
            self._silent = self._silent or (found.has_spoken and not found.begun)
            if found.state == "broken" and not self._fence:
                self._prose.append(_prose_of(found))
            self._object = None
        return at


def _prose_of(found: JsonObject) -> str:
    """Return what was taken for an object, if it was none."""
    begun = found.raw.lstrip("{ \n")
    return "" if found.is_data or '"spoken"'.startswith(begun) else found.raw


class _Reasoning:
    """Drops what is between tags such as `<think>` and `</think>`."""

    def __init__(self) -> None:
        self._rest = ""
        self._end: re.Pattern[str] | None = None

    def feed(self, text: str) -> Iterator[str | None]:
        """Return what is outside; None after a closing tag that had no opening one: all before it was reasoning."""
        text, at = self._rest + text, 0
        self._rest = ""
        while at < len(text):
            if self._end is not None:
                end = self._end.search(text, at)
                if end is None:
                    self._rest = text[max(at, len(text) - _LONGEST_END) :]
                    return
                self._end, at = None, end.end()
                continue
            tag = _TAG.search(text, at)
            if tag is None:
                place = text.rfind("<", max(at, len(text) - 120))
                if place >= 0 and _may_become_tag(text[place:]):
                    self._rest = text[place:]
                    yield text[at:place]
                else:
                    yield text[at:]
                return
            yield text[at : tag.start()]
            at = tag.end()
            if tag[1]:
                yield None
            else:
                self._end = re.compile(rf"</{tag[2]}\s{{0,6}}>", re.IGNORECASE)

    def flush(self) -> str:
        """Return what turned out to be no tag."""
        rest = "" if self._end is not None else self._rest
        self._rest = ""
        return rest


def _may_become_tag(text: str) -> bool:
    part = _PART_OF_TAG.fullmatch(text)
    if part is None:
        return False
    name = part[1].lower()
    return name in _REASONING if part[2] else any(known.startswith(name) for known in _REASONING)

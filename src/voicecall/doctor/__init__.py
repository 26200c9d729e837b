"""Is everything as a call needs it? Each link of the chain is a named check: what was found, why it matters, the fix.

A check looks and changes nothing; what may be mended without harm is mended only when that was asked for. Ids are
promises to the outside. Messages hold no secret and no whole telephone number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from .reasons import why

Level = Literal["ok", "warn", "fail"]
_ORDER: tuple[Level, ...] = ("ok", "warn", "fail")


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found."""

    id: str
    level: Level
    message: str
    """What was found, in one line."""
    fix: str = ""
    """What to do about it, in one line; empty where nothing is to be done."""

    @property
    def why(self) -> str:
        """Why it matters."""
        return why(self.id)

    def plain(self) -> dict[str, str]:
        """Return it as JSON values."""
        return {"id": self.id, "level": self.level, "message": self.message, "fix": self.fix}


@dataclass(frozen=True, slots=True)
class Report:
    """What all checks found."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether none failed."""
        return all(check.level != "fail" for check in self.checks)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values: `{ok, checks}`."""
        return {"ok": self.ok, "checks": [check.plain() for check in self.checks]}


def ok(id_: str, message: str) -> Check:
    """Return the check of something that is as it should be."""
    return Check(id_, "ok", message)


def warn(id_: str, message: str, fix: str) -> Check:
    """Return the check of something that works, and perhaps not as it was meant."""
    return Check(id_, "warn", message, fix)


def fail(id_: str, message: str, fix: str) -> Check:
    """Return the check of something that keeps calls from working."""
    return Check(id_, "fail", message, fix)


def merged(id_: str, found: list[Check]) -> Check:
    """Return one check that says what several found, the worst first; its fix is the worst one's.

    `found` is not empty.
    """
    worst = sorted(found, key=lambda check: -_ORDER.index(check.level))
    messages = dict.fromkeys(check.message for check in worst)
    return Check(id_, worst[0].level, "; ".join(messages), worst[0].fix)

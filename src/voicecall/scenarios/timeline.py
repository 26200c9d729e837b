"""What was heard when: a call as a few lines that a person, or a program, can read. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from .measures import SOUNDS, WORDS, Measures


class Moment(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Something that could be heard, or that changed what is heard. Times in milliseconds since the answer."""

    at: float
    until: float
    who: Literal["caller", "agent", ""]
    what: str
    """What they said; else what it was, in brackets."""
    unheard: str = ""
    """What the agent would have said, had it not been cut short."""


def timeline(measures: Measures) -> list[Moment]:
    """Return a call in the order of its sounds."""
    return sorted([*_callers(measures), *_agents(measures), *_pauses(measures)], key=lambda moment: moment.at)


def told(moment: Moment) -> str:
    """Return a moment as a line."""
    unheard = f" — [{moment.unheard}]" if moment.unheard else ""
    return f"{moment.at / 1000:7.2f} {moment.until / 1000:7.2f}  {moment.who:>6}  {moment.what}{unheard}"


def _callers(measures: Measures) -> Iterator[Moment]:
    for one in measures.did:
        if one.what not in SOUNDS:
            if one.what in ("press", "hangup", "gave-up"):
                yield _moment(one.begin, one.end, "caller", f"({one.what} {one.text})".replace(" )", ")"))
            continue
        begin = one.sounded[0][0] if one.sounded else one.begin
        end = one.sounded[-1][1] if one.sounded else one.end
        yield _moment(begin, end, "caller", one.text if one.what in WORDS and one.text else f"({one.what})")


def _agents(measures: Measures) -> Iterator[Moment]:
    for reply in measures.replies:
        inside = [one for one in measures.sounded if one[1] > reply.begin - 0.1 and one[0] < reply.end]
        begin = max(reply.begin, inside[0][0]) if inside else reply.begin
        end = min(reply.end, inside[-1][1]) if inside else reply.end
        heard = reply.heard.strip()
        rest = reply.text[len(heard) :].strip() if reply.text.startswith(heard) else reply.text
        yield _moment(begin, end, "agent", heard or "(nothing)", rest if reply.cut else "")


def _pauses(measures: Measures) -> Iterator[Moment]:
    for begin, end in measures.pauses:
        yield _moment(begin, end, "", f"(the agent paused for {(end - begin) * 1000:.0f} ms)")


def _moment(begin: float, end: float, who: Literal["caller", "agent", ""], what: str, unheard: str = "") -> Moment:
    return Moment(round(begin * 1000), round(end * 1000), who, what, unheard)

"""Compares a call with what was expected of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from .form import Bounds, Expected, Line
from .holding import Held
from .matching import says
from .measures import Measures


class Miss(msgspec.Struct, frozen=True):
    """One expectation that was not met."""

    expectation: str
    wanted: str
    was: str


def misses(expected: Expected, held: Held, measures: Measures, heard: str | None) -> list[Miss]:
    """Return what was not as expected; `heard` is what the caller heard, where that was made out."""
    found = [*_said(expected, held), *_heard(expected, heard or ""), *_counted(expected, held, measures)]
    found += [*_timed(expected, measures), *_told(expected, held, measures)]
    if held.record["endReason"] == "error" and expected.ends != "error":
        found.insert(0, Miss("call", "a call that the gateway survives", str(held.record["endDetail"])))
    if held.overdue:
        found.insert(0, Miss("seconds", "a call that ends by itself", "it had to be hung up"))
    return found


def _said(expected: Expected, held: Held) -> Iterator[Miss]:
    lines = held.record["transcript"]
    at = 0
    for wanted in expected.transcript:
        place = next((n for n in range(at, len(lines)) if _is(lines[n], wanted)), None)
        if place is None:
            yield Miss("transcript", _words(wanted), _all(lines[at:]) or "nothing more was said")
        else:
            at = place + 1
    for unwanted in expected.not_in_transcript:
        for line in lines:
            if _is(line, unwanted):
                yield Miss("not_in_transcript", f"no {_words(unwanted)}", f"{line['speaker']}: {line['text']}")


def _is(line: dict[str, str], wanted: Line) -> bool:
    speaker, text = ("agent", wanted.agent) if wanted.agent is not None else ("caller", wanted.caller)
    if line["speaker"] != speaker or says(line["text"], text or "") is None:
        return False
    return wanted.cut is None or wanted.cut == ("heard" in line)


def _words(line: Line) -> str:
    cut = {None: "", True: ", cut short", False: ", not cut short"}[line.cut]
    return f"agent: {line.agent}{cut}" if line.agent is not None else f"caller: {line.caller}"


def _all(lines: list[dict[str, str]]) -> str:
    return " | ".join(f"{line['speaker']}: {line['text']}" for line in lines)


def _heard(expected: Expected, heard: str) -> Iterator[Miss]:
    at = 0
    for wanted in expected.heard:
        end = says(heard, wanted, at)
        if end is None:
            yield Miss("heard", wanted, heard[at:].strip() or "nothing more was heard")
        else:
            at = end
    for unwanted in expected.not_heard:
        if says(heard, unwanted) is not None:
            yield Miss("not_heard", f"no {unwanted}", heard)


def _counted(expected: Expected, held: Held, measures: Measures) -> Iterator[Miss]:
    lines = held.record["transcript"]
    agent = [line for line in lines if line["speaker"] == "agent" and line.get("heard", line["text"])]
    keys = "".join(event["data"]["digit"] for event in held.events if event["type"] == "dtmf.received")
    cut = [line for line in agent if "heard" in line]
    turns = [line for line in lines if line["speaker"] == "caller"]
    yield from _same("turns", expected.turns, len(turns), _all(turns))
    yield from _same("agent_lines", expected.agent_lines, len(agent), _all(agent))
    yield from _same("cuts", expected.cuts, len(cut), _all(cut))
    yield from _same("digits", expected.digits, keys, "")
    if expected.pauses is not None and len(measures.pauses) > expected.pauses:
        told = ", ".join(f"{begin:.2f} to {end:.2f} s" for begin, end in measures.pauses)
        yield Miss("pauses", f"at most {expected.pauses} over 600 ms", f"{len(measures.pauses)}: {told}")


def _same(name: str, wanted: int | str | None, was: int | str, detail: str) -> Iterator[Miss]:
    if wanted is not None and was != wanted:
        yield Miss(name, str(wanted), f"{was}: {detail}" if detail else str(was))


def _timed(expected: Expected, measures: Measures) -> Iterator[Miss]:
    for bounds in expected.responses:
        answers = [one for one in measures.answers if bounds.turn in (None, one.turn)]
        if not answers:
            yield Miss("responses", f"an answer to turn {bounds.turn or 1}", "there was none")
        for one in answers:
            took = one.response_ms - (one.wait_ms if bounds.less_wait else 0.0)
            less = f", less a wait of {one.wait_ms:.0f} ms" if bounds.less_wait else ""
            yield from _within(f"responses, turn {one.turn}", bounds, took, less)
    if expected.silent_after is not None:
        if not measures.interruptions_ms:
            yield Miss("silent_after", "an interruption", "the caller never began to speak over the agent")
        for took in measures.interruptions_ms:
            yield from _within("silent_after", expected.silent_after, took, "")
    if expected.longest_silence is not None:
        begin, end = max(measures.silences, key=lambda one: one[1] - one[0], default=(0.0, 0.0))
        told = f", from {begin:.2f} to {end:.2f} s"
        yield from _within("longest_silence", expected.longest_silence, (end - begin) * 1000, told)


def _within(name: str, bounds: Bounds, took: float, detail: str) -> Iterator[Miss]:
    if took < bounds.at_least:
        yield Miss(name, f"at least {bounds.at_least:.0f} ms", f"{took:.0f} ms{detail}")
    elif bounds.at_most is not None and took > bounds.at_most:
        yield Miss(name, f"at most {bounds.at_most:.0f} ms", f"{took:.0f} ms{detail}")


def _told(expected: Expected, held: Held, measures: Measures) -> Iterator[Miss]:
    yield from _same("ends", expected.ends, str(held.record["endReason"]), str(held.record["endDetail"] or ""))
    codes = [warning["code"] for warning in held.record["warnings"]]
    shown = ", ".join(codes) or "no warnings"
    for code in expected.warnings:
        if code not in codes:
            yield Miss("warnings", code, shown)
    unwanted = codes if expected.no_warnings is True else expected.no_warnings or ()
    for code in unwanted:
        if code in codes:
            yield Miss("no_warnings", f"no {code}", shown)
    for stage in expected.stages:
        if stage not in measures.stages:
            yield Miss("stages", stage, ", ".join(measures.stages) or "none")

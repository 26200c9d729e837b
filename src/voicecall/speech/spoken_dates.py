"""English: dates, times of day and spans of them in words. Pure."""

from __future__ import annotations

import re

from .numerals import cardinal, clock, ordinal, year

_MONTHS = ("January February March April May June July August September October November December").split()
_SHORT_MONTHS = {name[:3]: name for name in _MONTHS} | {"Sept": "September"}
_DAYS = {name[:3]: name for name in "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()}
_DAYS |= {"Tues": "Tuesday", "Thur": "Thursday", "Thurs": "Thursday", "Weds": "Wednesday"}
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)}|(?:Sept|{'|'.join(sorted(_SHORT_MONTHS))})\b\.?)"
_DAY = r"(?P<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:1[5-9]|20)\d\d)"
_ENDS = r"(?![\w/]|[-.:]\d)"

_ISO = re.compile(
    rf"(?<![\w/.-]){_YEAR}-(?P<number>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:[T ](?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)(?::[0-5]\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\w/-])"
)
_SLASHED = re.compile(
    rf"(?<![\w/.-])(?P<first>0?[1-9]|[12]\d|3[01])/(?P<second>0?[1-9]|[12]\d|3[01])(?:/(?P<year>(?:19|20)?\d\d))?{_ENDS}"
)
_DOTTED = re.compile(
    r"(?<![\w/.-])(?P<day>0?[1-9]|[12]\d|3[01])\.(?P<number>0?[1-9]|1[0-2])\.(?P<year>(?:19|20)\d\d)\b"
)
_NAMED = re.compile(
    rf"\b{_MONTH}\s{_DAY}(?:\s?[\u2013-]\s?(?P<until>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?)?(?:,?\s{_YEAR})?{_ENDS}"
)
_NAMED_AFTER = re.compile(rf"(?<![\w/.:,$-]){_DAY}\s{_MONTH}(?:,?\s{_YEAR})?{_ENDS}")
_MONTH_OF_YEAR = re.compile(rf"\b{_MONTH}\s{_YEAR}{_ENDS}")
_WEEKDAY = re.compile(
    rf"\b({'|'.join(sorted(_DAYS, key=len, reverse=True))})\b\.?(?=,?\s(?:\d|{'|'.join(sorted(_SHORT_MONTHS))}))"
)
_DECADE = re.compile(r"(?<![\w.])(?:(1[5-9]|20)|['\u2019])([1-9]0)['\u2019]?s\b")

_HALF = r"(?:\s?(?P<half>[ap])\.?m\b(?:\.(?!\s+(?-i:[A-Z])|\s*$))?)"
_SPAN = re.compile(
    r"(?<![\w.:/$€£-])(\d{1,2}(?::[0-5]\d)?(?:\s?[ap]\.?m\b\.?)?)\s?[\u2013\u2014-]\s?"
    r"(?=\d{1,2}(?::[0-5]\d(?![\d:])|\s?[ap]\.?m\b))",
    re.IGNORECASE,
)
_TIME = re.compile(
    rf"(?<![\d:.])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?![\d:]){_HALF}?", re.I
)
_HOUR = re.compile(rf"(?<![\w.:$€£])(?P<hour>1[0-2]|[1-9]){_HALF}", re.IGNORECASE)
_ALWAYS_OPEN = re.compile(r"(?<![\w/])24/7(?![\w/])")


def dates_and_times(text: str, *, day_first: bool) -> str:
    """Return the text with its dates and times in words; `day_first`: 3/4 is in April."""
    text = _ISO.sub(_iso, text)
    text = _ALWAYS_OPEN.sub("twenty-four seven", text)
    text = _SLASHED.sub(lambda found: _slashed(found, day_first=day_first), text)
    text = _DOTTED.sub(lambda found: _date(int(found["number"]), int(found["day"]), found["year"]), text)
    text = _WEEKDAY.sub(lambda found: _DAYS[found[1]], text)
    text = _NAMED_AFTER.sub(_named, _NAMED.sub(_named, text))
    text = _MONTH_OF_YEAR.sub(lambda found: f"{_month(found['month'])} {year(int(found['year']))}", text)
    text = _DECADE.sub(_decade, text)
    return _HOUR.sub(_time, _TIME.sub(_time, _SPAN.sub(r"\1 to ", text)))


def _month(written: str) -> str:
    return _SHORT_MONTHS.get(written.rstrip("."), written)


def _date(month: int, day: int, written: str | None) -> str:
    said = f"{_MONTHS[month - 1]} {ordinal(day)}"
    if not written:
        return said
    return f"{said}, {year(int(written) + (2000 if len(written) == 2 else 0))}"


def _iso(found: re.Match[str]) -> str:
    said = _date(int(found["number"]), int(found["day"]), found["year"])
    return f"{said}, at {clock(int(found['hour']), int(found['minute']))}" if found["hour"] else said


def _slashed(found: re.Match[str], *, day_first: bool) -> str:
    month, day = int(found["first"]), int(found["second"])
    if not found["year"] and (month >= day or day in (2, 3, 4, 5, 8, 10, 16)):
        return found[0]  # rather a fraction, or three out of three
    if month > 12 or (day_first and day <= 12):
        month, day = day, month
    return _date(month, day, found["year"]) if month <= 12 else found[0]


def _named(found: re.Match[str]) -> str:
    day = ordinal(int(found["day"]))
    if "until" in found.groupdict() and found["until"]:
        day += f" to {ordinal(int(found['until']))}"
    return f"{_month(found['month'])} {day}" + (f", {year(int(found['year']))}" if found["year"] else "")


def _decade(found: re.Match[str]) -> str:
    tens = cardinal(int(found[2])).removesuffix("y") if found[2] != "10" else "ten"
    tens = "tens" if tens == "ten" else f"{tens}ies"
    return f"{cardinal(int(found[1]))} {tens}" if found[1] else tens


def _time(found: re.Match[str]) -> str:
    parts = found.groupdict()
    hour, minute, second = int(found["hour"]), int(parts.get("minute") or 0), int(parts.get("second") or 0)
    half = found["half"]
    said = cardinal(hour) if half and not minute else clock(hour, minute)
    seconds = f" and {cardinal(second)} second{'s' if second != 1 else ''}" if second else ""
    return said + (f" {half.upper()} M" if half else "") + seconds

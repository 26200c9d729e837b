"""What a written reply sounds like: no markup, no emoji, no code; times, money, telephone numbers in words. Pure.

English. A piece that cannot be spoken, such as a code block, becomes an empty text.
"""

from __future__ import annotations

import re

from .numerals import LARGEST, cardinal, clock, digits, ordinal, year

_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_IMAGE_OR_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*(?:\s+\"[^\"]*\")?\)")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_LINE_START = re.compile(r"^[ \t]*(?:>[ \t]?|[-*+\u2022][ \t]+)+", re.MULTILINE)
_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]+(.*)$", re.MULTILINE)
_PARAGRAPH = re.compile(r"(?<=\w)[ \t]*\n\s*\n")
_BEFORE_MARK = re.compile(r"\s+(?=[,.;:!?](?:\s|$))")
_RULE = re.compile(r"^[ \t]*(?:[-*_=][ \t]*){3,}$|^[ \t|:-]*\|[ \t|:-]*$", re.MULTILINE)
_TABLE_EDGE = re.compile(r"^[ \t]*\|[ \t]*|[ \t]*\|[ \t]*$", re.MULTILINE)
_TABLE_CELL = re.compile(r"[ \t]*\|[ \t]*")
_EMPHASIS = re.compile(r"\*+|~~|`+|(?<![^\W_])_+|_+(?![^\W_])")
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2190-\u21ff\u2300-\u23ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff\u200d\u20e3\ufe0e\ufe0f]+"
)

_EMAIL = re.compile(r"\b([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)\b")
_URL = re.compile(
    r"\b(?:https?://|www\.)(?:www\.)?([^\s/<>\"',;)]*[^\s/<>\"',;).!?:])[^\s<>\")]*(?<![.,;!?)])", re.IGNORECASE
)
_TIME = re.compile(
    r"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])(?:\s?([ap])\.?m\b(?:\.(?!\s+(?-i:[A-Z])|\s*$))?)?", re.IGNORECASE
)
_HOUR = re.compile(r"\b(1[0-2]|[1-9])\s?([ap])\.?m\b(?:\.(?!\s+(?-i:[A-Z])|\s*$))?", re.IGNORECASE)
_MONEY = re.compile(
    r"([$€£])\s?(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2})(?!\d))?(?:\s(hundred|thousand|million|billion|trillion)\b)?"
)
_PHONE = re.compile(
    r"(?<![\w.,-])(\+\d{1,3}[\s.-]?)?(?:\((\d{3})\)\s?|(\d{3})[\s.-])?(\d{3})[.-](\d{4})(?![\w-]|[.,]\d)"
    r"|(?<![\w.,-])(\+\d{7,15})(?!\w)"
)
_ORDINAL = re.compile(r"\b(\d{1,6})(?:st|nd|rd|th)\b")
_RANGE = re.compile(r"\b(\d{1,4})\s?[\u2013-]\s?(\d{1,4})\b(?![-\u2013]\d)")
_NUMBER = re.compile(r"(?<![\w.:])(-|\u2212)?(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?(?!\w|[.:]\d)(?:\s?(%))?")
_SIGNS = {"&": " and ", "\u00b0": " degrees ", "e.g.": "for example", "i.e.": "that is"}
_SIGN = re.compile(r"\s?&\s?|\u00b0|\b(?:e\.g|i\.e)\.")
_MONIES = {"$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny")}


def spoken(text: str) -> str:
    """Return the text as it should be read aloud, on one line; empty when there is nothing to say."""
    plain = _without_markup(text)
    for pattern, say in (
        (_EMAIL, _email),
        (_URL, _url),
        (_TIME, _time),
        (_HOUR, _hour),
        (_MONEY, _money),
        (_PHONE, _phone),
        (_ORDINAL, _ordinal),
        (_RANGE, r"\1 to \2"),
        (_NUMBER, _number),
        (_SIGN, _sign),
    ):
        plain = pattern.sub(say, plain)
    plain = _BEFORE_MARK.sub("", " ".join(plain.split()))
    return plain if any(character.isalnum() for character in plain) else ""


def _without_markup(text: str) -> str:
    text = _FENCE.sub(" ", text)
    text = _IMAGE_OR_LINK.sub(r"\1", text)
    text = _TAG.sub(" ", text)
    text = _RULE.sub("", text)
    text = _HEADING.sub(r"\n\1\n", text)
    text = _LINE_START.sub("\n", text)
    if "|" in text:
        text = _TABLE_CELL.sub(", ", _TABLE_EDGE.sub("", text))
    text = _EMOJI.sub(" ", _EMPHASIS.sub("", text))
    return _PARAGRAPH.sub(". ", text.strip())


def _dots(text: str) -> str:
    return text.replace(".", " dot ").replace("-", " dash ").replace("_", " underscore ").replace("+", " plus ")


def _email(match: re.Match[str]) -> str:
    return f"{_dots(match[1])} at {_dots(match[2])}"


def _url(match: re.Match[str]) -> str:
    return _dots(match[1])


def _half(letter: str) -> str:
    return f" {letter.upper()} M"


def _time(match: re.Match[str]) -> str:
    hour, minute = int(match[1]), int(match[2])
    if match[3] is None:
        return clock(hour, minute)
    return (clock(hour, minute) if minute else cardinal(hour)) + _half(match[3])


def _hour(match: re.Match[str]) -> str:
    return cardinal(int(match[1])) + _half(match[2])


def _plural(number: int, unit: str) -> str:
    units = "pence" if unit == "penny" else f"{unit}s"
    return f"{_whole(str(number))} {unit if number == 1 else units}"


def _money(match: re.Match[str]) -> str:
    unit, small = _MONIES[match[1]]
    whole, fraction, scale = int(match[2].replace(",", "")), match[3], match[4]
    if scale:
        point = f" point {digits(fraction)}" if fraction else ""
        return f"{_whole(str(whole))}{point} {scale} {unit}s"
    cents = int(fraction.ljust(2, "0")) if fraction else 0
    if not cents:
        return _plural(whole, unit)
    return _plural(cents, small) if not whole else f"{_plural(whole, unit)} and {_plural(cents, small)}"


def _phone(match: re.Match[str]) -> str:
    if match[6]:
        return f"plus {digits(match[6])}"
    country = f"plus {digits(match[1])}" if match[1] else ""
    groups = [country, digits(match[2] or match[3] or ""), digits(match[4]), digits(match[5])]
    return ", ".join(group for group in groups if group)


def _ordinal(match: re.Match[str]) -> str:
    return ordinal(int(match[1]))


def _whole(written: str) -> str:
    if len(written) > 15 or (len(written) > 1 and written[0] == "0"):
        return digits(written)
    return cardinal(min(int(written), LARGEST))


def _number(match: re.Match[str]) -> str:
    sign, written, fraction, percent = match.groups()
    if not (sign or fraction or percent) and len(written) == 4 and written[:2] in ("19", "20"):
        return year(int(written))
    whole = digits(written) if len(written) >= 7 and "," not in written else _whole(written.replace(",", ""))
    point = f" point {digits(fraction)}" if fraction else ""
    return f"{'minus ' if sign else ''}{whole}{point}{' percent' if percent else ''}"


def _sign(match: re.Match[str]) -> str:
    return _SIGNS[match[0].strip()]

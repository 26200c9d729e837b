"""English: addresses, versions, fractions, signs and abbreviations in words, around dates and amounts. Pure."""

from __future__ import annotations

import re

from .numerals import cardinal, digits, ordinal
from .spoken_dates import dates_and_times
from .spoken_units import AMOUNTS, MEASURE, NUMBERS, amount, measure, whole

_EMAIL = re.compile(r"(?:mailto:)?(?<![\w.+-])([\w.+-]{1,64})@([\w-]+(?:\.[\w-]+)+)\b")
_URL = re.compile(
    r"\b(?:https?://|www\.)(?:www\.)?([^\s/<>\"',;)?#]*[^\s/<>\"',;).!?:#])([^\s<>\")]*)(?<![.,;!?)])", re.IGNORECASE
)
_DOMAIN = re.compile(
    r"(?<![\w@./-])((?:[a-z0-9-]+\.)+(?:com|org|net|edu|gov|info|io|dev|app|ai|us|ca|eu|de|fr|es|ch|at|co\.uk))"
    r"(/[^\s<>\")]*(?<![.,;!?:)]))?(?![\w@-])",
    re.IGNORECASE,
)
_PATH = re.compile(r"(?:/[a-z]{2,}(?:-[a-z]+)*){1,3}/?", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?::(\d{1,5}))?(?![\w.]*\d)")
_VERSION = re.compile(
    r"(?<![\w.])(?:v\.?\s?(?=\d))?(?P<number>\d+(?:\.\d+){2,3})(?![\w.]*\d)|\bv(?P<short>\d+(?:\.\d+)?)\b"
)
_FRACTIONS = {"\u00bd": "1/2", "\u00bc": "1/4", "\u00be": "3/4", "\u2153": "1/3", "\u2154": "2/3", "\u215b": "1/8"}
_FRACTION_SIGN = re.compile("(\\d)?\\s?([" + "".join(_FRACTIONS) + "])")
_FRACTION = re.compile(r"(?<![\w/.-])(?:(\d{1,3})\s)?([1-9]\d?)\s?/\s?(\d{1,3})(?![\w/]|[.:,]\d)")
_BY = re.compile(r"(?<=\d)(?:x|\s?\u00d7\s?|\sx\s)(?=\d)")
_PLAIN_NUMBER = r"(?:\d{1,4}|\d{1,3}\.\d{1,2}|\d{1,3}(?:,\d{3})+)"
_RANGE = re.compile(rf"(?<![\w.,:-])({_PLAIN_NUMBER})\s?[\u2013-]\s?(?={_PLAIN_NUMBER}(?![\d-]|[\u2013.]\d))")
_HASH = re.compile(r"(?<![\w&])(?:#\s?(?=\d|[A-Z]+[\d-])|(?:No|Nr|no)\.\s?(?=\d))")
_CODE = re.compile(r"(?<![\w-])(?=[0-9-]*[A-Z])(?=(?:[A-Z-]*\d){3})[A-Z0-9]+(?:-[A-Z0-9]+)*(?![\w-])")

_PLAIN = {
    "e.g.": "for example", "i.e.": "that is", "etc.": "et cetera", "vs.": "versus", "approx.": "approximately",
    "a.k.a.": "also known as", "w/o": "without", "w/": "with ", "n/a": "not available", "and/or": "and or",
    "c/o": "care of", "Dr.": "Doctor", "Mr.": "Mister", "Mrs.": "Missus", "Ms.": "Miz", "Prof.": "Professor",
}  # fmt: skip
_ABBREVIATION = re.compile(
    r"(?<![\w.])(?:(?i:e\.g\.|i\.e\.|approx\.|a\.k\.a\.|w/o\b|w/(?=\s?\w)|n/a\b|and/or\b|c/o\b)"
    r"|vs\.|etc\.(?P<end>\s*$|\s+[A-Z])?|(?:Dr|Mr|Mrs|Ms|Prof)\.(?=\s[A-Z]))"
)
_ALTERNATIVE = re.compile(r"(?<=[a-z])/(?=[a-z])")
_SIGNS = {
    "&": " and ", "@": " at ", "+": " plus ", "=": " equals ", "\u00d7": " times ", "\u00f7": " divided by ",
    "\u00b1": " plus or minus ", "\u2248": " about ", "\u2260": " is not ", "\u2264": " at most ",
    "\u2265": " at least ", "\u00b2": " squared ", "\u00b3": " cubed ", "^2": " squared ", "^3": " cubed ",
    "^": " to the power of ", "\u00b0": " degrees ", "\u00a7": " section ",
}  # fmt: skip
_SIGN = re.compile(
    r"\s?&\s?|(?<=\s)@\s|(?<=\w)\s\+\s(?=\w)|(?<=\d)\+(?=\d)|\s=\s|"
    r"[\u00d7\u00f7\u00b1\u2248\u2260\u2264\u2265\u00b2\u00b3\u00b0\u00a7]|\^[23](?!\d)|\^(?=\w)"
)
_ABOUT = re.compile(r"~(?=\s?[\d$€£])")
_MORE = re.compile(r"(?<=\d)\+(?!\w)")
_CAPITALS = re.compile(r"(?<![\w.&'-])([A-Z]{2,6})(s)?(?![\w'])")
_SPELLED = frozenset(
    (
        "API URL UI UX USA UK EU UN US ID IP AI IT FAQ VIP ATM CEO CFO CTO COO ETA DOB IRS FBI CIA DIY GPS USB IBAN "
        "UPS ISP SQL SLA EIN IVR PO OTP EUR USD IOS IOT RSVP ABC ADHD AC DC UV EV EMT ER ICU MRI APR EST CET EDT UTC"
    ).split()
)
_ROMAN = re.compile(r"(?=[IVXL])(?:XL|L?X{0,3})(?:IX|IV|V?I{0,3})")


def in_words(text: str, *, day_first: bool) -> str:
    """Return a text without markup as it is read aloud; `day_first`: 3/4/2026 is in April."""
    shouted = len(text) > 12 and text.upper() == text
    text = _URL.sub(_url, _EMAIL.sub(lambda found: f"{_dots(found[1])} at {_dots(found[2])}", text))
    text = _ABBREVIATION.sub(_abbreviation, _DOMAIN.sub(_url, text))
    text = dates_and_times(text, day_first=day_first)
    text = _VERSION.sub(_version, _ADDRESS.sub(_address, text))
    text = _FRACTION_SIGN.sub(lambda found: f"{found[1] + ' ' if found[1] else ''}{_FRACTIONS[found[2]]}", text)
    text = _BY.sub(" by ", _HASH.sub("number ", _FRACTION.sub(_fraction, _ABOUT.sub("about ", text))))
    for pattern, say in AMOUNTS:
        text = pattern.sub(say, text)
    text = _MORE.sub(" or more", _RANGE.sub(r"\1 to ", _CODE.sub(_code, text)))
    text = _ALTERNATIVE.sub(" or ", MEASURE.sub(measure, text))
    text = _SIGN.sub(lambda found: _SIGNS[found[0].strip()], text)
    for pattern, say in NUMBERS:
        text = pattern.sub(say, text)
    return text if shouted else _CAPITALS.sub(_capitals, text)


def _dots(text: str) -> str:
    return text.replace(".", " dot ").replace("-", " dash ").replace("_", " underscore ").replace("+", " plus ")


def _url(found: re.Match[str]) -> str:
    path = found[2] or ""
    if not _PATH.fullmatch(path):
        return _dots(found[1])
    return _dots(found[1]) + _dots(path.rstrip("/")).replace("/", " slash ")


def _address(found: re.Match[str]) -> str:
    said = " dot ".join(digits(part) for part in found[1].split("."))
    return f"{said}, port {digits(found[2])}" if found[2] else said


def _version(found: re.Match[str]) -> str:
    parts = (found["number"] or found["short"]).split(".")
    named = "" if found["number"] and not found[0].lower().startswith("v") else "version "
    return named + " point ".join(whole(part) for part in parts)


def _code(found: re.Match[str]) -> str:
    return ", ".join(" ".join(digits(s) if s.isdigit() else s for s in part) for part in found[0].split("-"))


def _fraction(found: re.Match[str]) -> str:
    before, above, below = found[1], int(found[2]), int(found[3])
    if above == below == 50:
        return "fifty-fifty"
    if above >= below or (before and int(below) > 100):
        return f"{before + ' ' if before else ''}{cardinal(above)} out of {cardinal(below)}" if below else found[0]
    unit = {2: "half", 4: "quarter"}.get(below) or ordinal(below)
    said = f"{cardinal(above)} {unit}{'s' if above > 1 else ''}"
    if not before:
        return said
    return f"{amount(before)} and {'a ' + unit if above == 1 else said}"


def _abbreviation(found: re.Match[str]) -> str:
    written = found[0][: len(found[0]) - len(found["end"] or "")]
    said = _PLAIN.get(written) or _PLAIN[written.lower()]
    return said + ("." + found["end"] if found["end"] is not None else "")


def _capitals(found: re.Match[str]) -> str:
    written = found[1]
    before = found.string[: found.start()].rsplit(maxsplit=1)[-1:]
    after = found.string[found.end() :].split(maxsplit=1)[:1]
    if before and before[0][0].isupper() and _ROMAN.fullmatch(written):
        return found[0]
    if not _is_spelled(written) or any(_is_shouted(word.strip(".,;:!?")) for word in before + after):
        return found[0]
    return " ".join(written) + ("'s" if found[2] else "")


def _is_spelled(word: str) -> bool:
    return word in _SPELLED or not set(word) & set("AEIOUY")


def _is_shouted(word: str) -> bool:
    return len(word) > 3 and word.isalpha() and word.isupper() and not _is_spelled(word)

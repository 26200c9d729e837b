"""English: amounts with their units, money, telephone numbers and plain numbers in words. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from .numerals import LARGEST, cardinal, digits, ordinal, year

_AMOUNT = r"(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<point>\d+))?"
_SCALES = {"k": "thousand", "m": "million", "mm": "million", "mn": "million", "b": "billion", "bn": "billion"}
_SCALES |= {"t": "trillion", "tn": "trillion"}
_SCALE = r"(?:\s?(?P<scale>hundred|thousand|million|billion|trillion)\b|(?P<short>(?i:k|mm|mn|bn|tn|m|b|t))\b)?"
_SCALE_OF_UNTIL = _SCALE.replace("scale", "scale2").replace("short", "short2")
_CURRENCIES = {
    "$": ("dollar", "cent"), "US$": ("dollar", "cent"), "USD": ("dollar", "cent"), "€": ("euro", "cent"),
    "EUR": ("euro", "cent"), "£": ("pound", "penny"), "GBP": ("pound", "penny"), "¥": ("yen", ""), "JPY": ("yen", ""),
    "CHF": ("franc", "centime"), "₹": ("rupee", "paisa"), "INR": ("rupee", "paisa"),
}  # fmt: skip
_UNIT_OF_MONEY = r"US\$|[$€£¥₹]|\b(?:USD|EUR|GBP|JPY|CHF|INR)(?=[\s\d])"
_IRREGULAR = {"penny": "pence", "yen": "yen", "foot": "feet", "hertz": "hertz", "inch": "inches", "paisa": "paise"}
_IRREGULAR |= {"kilohertz": "kilohertz", "megahertz": "megahertz", "gigahertz": "gigahertz", "celsius": "celsius"}

_UNITS = {
    "km": "kilometer", "m": "meter", "cm": "centimeter", "mm": "millimeter", "mi": "mile", "ft": "foot", "yd": "yard",
    "kg": "kilogram", "g": "gram", "mg": "milligram", "lb": "pound", "lbs": "pound", "oz": "ounce",
    "l": "liter", "L": "liter", "ml": "milliliter", "mL": "milliliter", "gal": "gallon",
    "B": "byte", "kB": "kilobyte", "KB": "kilobyte", "MB": "megabyte", "GB": "gigabyte", "TB": "terabyte",
    "KiB": "kibibyte", "MiB": "mebibyte", "GiB": "gibibyte", "kbit": "kilobit", "Mbit": "megabit", "Gbit": "gigabit",
    "Hz": "hertz", "kHz": "kilohertz", "MHz": "megahertz", "GHz": "gigahertz", "V": "volt", "W": "watt",
    "kW": "kilowatt", "kWh": "kilowatt hour", "mAh": "milliamp hour", "ms": "millisecond", "s": "second",
    "sec": "second", "secs": "second", "min": "minute", "mins": "minute", "h": "hour", "hr": "hour", "hrs": "hour",
    "m²": "square meter", "m2": "square meter", "km²": "square kilometer", "m³": "cubic meter",
    "sq ft": "square foot", "sqft": "square foot", "°C": "degree Celsius", "°F": "degree Fahrenheit", "°": "degree",
}  # fmt: skip
_WHOLE_UNITS = {"mph": "miles per hour", "kph": "kilometers per hour", "km/h": "kilometers per hour"}
_WHOLE_UNITS |= {"%": "percent", "Mbps": "megabits per second", "Gbps": "gigabits per second", "rpm": "R P M"}
_WHOLE_UNITS |= {"kbps": "kilobits per second", "fps": "frames per second", "pts": "points"}
_PER = {"s": "second", "sec": "second", "min": "minute", "h": "hour", "hr": "hour", "day": "day", "d": "day"}
_PER |= {"week": "week", "wk": "week", "month": "month", "mo": "month", "year": "year", "yr": "year", "mi": "mile"}
_PER |= {"kg": "kilogram", "lb": "pound", "person": "person", "night": "night", "hour": "hour", "minute": "minute"}
_PER |= {"item": "item", "user": "user", "km": "kilometer", "m": "meter"}


def _any(names: dict[str, object] | dict[str, str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_MONEY = re.compile(
    rf"(?P<minus>(?<![\w.])[-\u2212])?(?<!\d)(?:(?=[^\d\s]{{1,3}}\d)|(?<!\d\s))(?P<unit>{_UNIT_OF_MONEY})\s?{_AMOUNT}{_SCALE}"
    rf"(?:\s?[\u2013-]\s?(?:{_UNIT_OF_MONEY})?\s?(?P<until>\d[\d,]*(?:\.\d+)?){_SCALE_OF_UNTIL}(?![\d-]))?"
    rf"(?:\s?/\s?(?P<per>{_any(_PER)})\b)?"
)
_MONEY_AFTER = re.compile(
    rf"(?<![\w.,]){_AMOUNT}{_SCALE}\s?(?P<unit>[€£¥₹]|(?:USD|EUR|GBP|JPY|CHF|INR)\b)(?:\s?/\s?(?P<per>{_any(_PER)})\b)?"
)
MEASURE = re.compile(
    rf"(?<![\w.,:])(?P<minus>[-\u2212])?{_AMOUNT}(?P<gap>\s?|-)"
    rf"(?:(?P<solid>{_any(_WHOLE_UNITS)})|(?P<unit>{_any(_UNITS)})(?:/(?P<per>{_any(_PER)}))?)(?![\w/²³])"
)
_PHONE = re.compile(
    r"(?<![\w.,-])(?:(?P<country>\+\d{1,3}|1)[\s.-])?"
    r"(?:(?:\((?P<area>\d{3})\)\s?|(?P<area2>\d{3})[\s.-])(?P<office>\d{3})[\s.-](?P<line>\d{4})"
    r"|(?P<office2>\d{3})[.-](?P<line2>\d{4}))(?![\w-]|[.,]\d)"
    r"|(?<![\w.,-])(?P<abroad>\+\d{1,3}(?:[\s./-]?\(?\d{1,5}\)?){1,6})(?!\w)"
)
_EXTENSION = re.compile(r"\b(?:ext\.?|x|extension)\s?(\d{1,6})\b", re.IGNORECASE)
_EMERGENCY = re.compile(r"(?<![\w.,$€£:-])(?:911|999(?= or|[.!]| right| immediately)|112(?= or|[.!]))(?![\w%]|[.,:]\d)")
_IDENTITY = re.compile(
    r"\b((?:PIN|[Cc]ode|[Pp]asscode|[Zz][Ii][Pp]|[Pp]ostcode|[Rr]oom|[Nn]umber|[Nn]o\.|ID)(?: is|:)? (?:#\s?)?)"
    r"(\d{3,})(?![\w%]|[.,:/-]\d)"
)
_HEIGHT = re.compile(r"(?<![\w.])([1-9])['\u2032\u2019]\s?(\d|1[01])(?:\"|\u2033|\u201d)")
_SHORT = re.compile(rf"(?<![\w.,]){_AMOUNT}(?P<short>k|K|M|bn)\b(?![-/])")
_ORDINAL = re.compile(r"\b(\d{1,6})(?:st|nd|rd|th)\b")
_NUMBER = re.compile(r"(?<![\w.:])([-\u2212])?(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?(?!\w|[.:]\d)")


def whole(written: str) -> str:
    """Return a whole number as it is read, digit by digit when it is no quantity."""
    plain = written.replace(",", "")
    if len(plain) > 15 or (len(plain) > 1 and plain[0] == "0"):
        return digits(plain)
    return cardinal(min(int(plain), LARGEST))


def amount(written: str, point: str | None = None) -> str:
    """Return a number with the digits after its point."""
    return whole(written) + (f" point {digits(point)}" if point else "")


def _counted(number: str, unit: str, *, one: bool) -> str:
    if one:
        return f"{number} {unit}"
    first, _, rest = unit.partition(" ") if unit.startswith("degree") else ("", "", "")
    if first:
        return f"{number} degrees {rest}".strip()
    head, _, last = unit.rpartition(" ")
    return f"{number} {head} {_IRREGULAR.get(last, last + 's')}".replace("  ", " ")


def _money(found: re.Match[str]) -> str:
    parts = found.groupdict()
    big, small = _CURRENCIES[found["unit"]]
    per = f" per {_PER[found['per']]}" if found["per"] else ""
    minus = "minus " if parts.get("minus") else ""
    scale = found["scale"] or _SCALES.get((found["short"] or "").lower(), "")
    if until := parts.get("until"):
        scale2 = parts["scale2"] or _SCALES.get((parts["short2"] or "").lower(), "")
        low = amount(found["whole"], found["point"]) + (f" {scale}" if scale and scale != scale2 else "")
        high = amount(*until.split(".")) + (f" {scale2}" if scale2 else "")
        return _counted(f"{minus}{low} to {high}", big, one=False) + per
    if scale:
        return _counted(f"{minus}{amount(found['whole'], found['point'])} {scale}", big, one=False) + per
    number, cents = int(found["whole"].replace(",", "")), (found["point"] or "").ljust(2, "0")
    if len(cents) > 2 or not small:
        point = found["point"] if (found["point"] or "").strip("0") else None
        return _counted(minus + amount(found["whole"], point), big, one=False) + per
    coins = int(cents)
    much = _counted(minus + whole(found["whole"]), big, one=number == 1)
    change = _counted(whole(str(coins)), small, one=coins == 1)
    if not coins:
        return much + per
    return (f"{much} and {change}" if number else minus + change) + per


def measure(found: re.Match[str]) -> str:
    """Return an amount with its unit, as `MEASURE` finds it."""
    number = ("minus " if found["minus"] else "") + amount(found["whole"], found["point"])
    if found["solid"]:
        return f"{number} {_WHOLE_UNITS[found['solid']]}"
    one = found["whole"] == "1" and not found["point"]
    per = f" per {_PER[found['per']]}" if found["per"] else ""
    return _counted(number, _UNITS[found["unit"]], one=one or found["gap"] == "-") + per


def _phone(found: re.Match[str]) -> str:
    if found["abroad"]:
        country, *groups = re.findall(r"\d+", found["abroad"])
        return ", ".join([f"plus {digits(country)}", *map(digits, groups)])
    country = found["country"] or ""
    said = [f"plus {digits(country)}" if country.startswith("+") else digits(country)]
    said += [digits(found["area"] or found["area2"] or ""), digits(found["office"] or found["office2"])]
    return ", ".join(group for group in (*said, digits(found["line"] or found["line2"])) if group)


def _short(found: re.Match[str]) -> str:
    return f"{amount(found['whole'], found['point'])} {_SCALES[found['short'].lower()]}"


def _number(found: re.Match[str]) -> str:
    sign, written, fraction = found.groups()
    if not (sign or fraction) and len(written) == 4 and written[:2] in ("19", "20"):
        return year(int(written))
    said = digits(written) if len(written) >= 7 and "," not in written else whole(written)
    return f"{'minus ' if sign else ''}{said}{f' point {digits(fraction)}' if fraction else ''}"


Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]

AMOUNTS: tuple[Rule, ...] = (
    (_MONEY, _money),
    (_MONEY_AFTER, _money),
    (_PHONE, _phone),
    (_EXTENSION, lambda found: f"extension {digits(found[1])}"),
    (_EMERGENCY, lambda found: digits(found[0])),
    (_IDENTITY, lambda found: f"{found[1]}{digits(found[2])}"),
    (_HEIGHT, lambda found: f"{cardinal(int(found[1]))} feet {cardinal(int(found[2]))}"),
)
NUMBERS: tuple[Rule, ...] = (
    (_SHORT, _short),
    (_ORDINAL, lambda found: ordinal(int(found[1]))),
    (_NUMBER, _number),
)

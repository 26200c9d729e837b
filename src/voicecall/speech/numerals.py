"""Numbers in English words. Pure."""

from __future__ import annotations

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}

LARGEST = 10**15 - 1


def cardinal(number: int) -> str:
    """Return 0 to `LARGEST` in words: 1234 is "one thousand two hundred thirty-four"."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")
    scale, name = next((scale, name) for scale, name in _SCALES if number >= scale)
    much, rest = divmod(number, scale)
    return f"{cardinal(much)} {name}" + (f" {cardinal(rest)}" if rest else "")


def ordinal(number: int) -> str:
    """Return 0 to `LARGEST` as an ordinal: 23 is "twenty-third"."""
    words = cardinal(number)
    place = max(words.rfind(" "), words.rfind("-")) + 1
    last = words[place:]
    if last in _ORDINALS:
        return words[:place] + _ORDINALS[last]
    return words[:-1] + "ieth" if last.endswith("y") else words + "th"


def year(number: int) -> str:
    """Return 1000 to 2999 as years are read: 1985 is "nineteen eighty-five", 2007 "two thousand seven"."""
    century, rest = divmod(number, 100)
    if century % 10 == 0 and rest < 10:
        return cardinal(number)
    if rest == 0:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def digits(text: str) -> str:
    """Return the digits of `text`, one by one: "40" is "four zero"."""
    return " ".join(_ONES[int(character)] for character in text if character in "0123456789")


def clock(hour: int, minute: int) -> str:
    """Return a time of day: 10:42 is "ten forty-two", 9:05 "nine oh five", 7:00 "seven o'clock"."""
    if minute == 0:
        return f"{cardinal(hour)} o'clock" if 1 <= hour <= 12 else f"{cardinal(hour)} hundred hours"
    return f"{cardinal(hour)} {'oh ' if minute < 10 else ''}{cardinal(minute)}"

"""The shape of what the gateway knows about a language. Pure."""

from __future__ import annotations

import re

import msgspec

_NEVER = re.compile(r"(?!)")


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """Words, patterns and texts of one language; all are lower case and composed (NFC), all may be missing."""

    tag: str
    """The primary subtag of BCP 47, such as `de`."""

    # --- whether a sentence is finished (core/endpoint.py)
    always_open: frozenset[str] = frozenset()
    """Words that no sentence ends on."""
    particles: frozenset[str] = frozenset()
    """Words that a sentence may end on, such as "in" of "log in"; without a full stop it more likely goes on."""
    usually_open: frozenset[str] = frozenset()
    """Words that only a question or a short answer ends on."""
    pronouns: frozenset[str] = frozenset()
    """Words that make a short answer together with a usually open one: "I am", "they do"."""
    closed: frozenset[str] = frozenset()
    """Words that need nothing after them."""
    digits: frozenset[str] = frozenset()
    """Words for one digit of a number that is read out."""
    numbers: frozenset[str] = frozenset()
    """Words for two digits of a number that is read out, such as "forty" or "forty-two"."""
    whole_number: int = 10
    """Digits of a telephone number in the country where the language is mostly spoken."""
    spelling: frozenset[str] = frozenset()
    """Words that stand for a letter, such as "bravo"."""
    initials: frozenset[str] = frozenset()
    """What looks like letters being spelled and is not, such as "p.m"."""

    # --- what an utterance is for (core/languages/__init__.py)
    backchannels: frozenset[str] = frozenset()
    """Words and phrases that only tell the other one to go on; no hyphens."""
    asides: frozenset[str] = frozenset()
    """Words around a request for a moment that change nothing: "yes", "please"."""
    moment: re.Pattern[str] = _NEVER
    """A whole clause or two, without punctuation, that ask to be waited for and may say what for."""
    voicemail: re.Pattern[str] = _NEVER
    """What only an answering machine says."""
    hold: re.Pattern[str] = _NEVER
    """What only the announcement of a queue says."""
    hold_unless_human: re.Pattern[str] = _NEVER
    """What such announcements say and people too."""
    human: re.Pattern[str] = _NEVER
    """The first person, which a queue does not use."""

    # --- what the gateway itself says; nothing where it is empty
    filler: str = ""
    """When the answer takes long."""
    apology: str = ""
    """When there is no answer."""
    reprompt: str = ""
    """When the caller is silent."""
    goodbye: str = ""
    """When the caller stays silent."""
    sorry: str = ""
    """When the call has to end for a technical reason."""
    late: str = ""
    """Before an answer to something asked earlier."""
    pairing: str = "{code}. {code}."
    """To a caller who is to be paired, with the place of the code."""
    digit_names: tuple[str, ...] = tuple("0123456789")
    """How the digits of a code are spoken, from 0 to 9."""


def words(listed: str) -> frozenset[str]:
    """Return the words of `listed`."""
    return frozenset(listed.split())


def phrases(listed: str) -> frozenset[str]:
    """Return the phrases of `listed`, which commas separate."""
    return frozenset(phrase.strip() for phrase in listed.split(","))


def either(*patterns: str) -> re.Pattern[str]:
    """Return what matches any of the patterns, as whole words."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)")

"""English text to the phoneme ids that a Piper voice was trained on, by gruut.

gruut writes phonemes its own way; the voice expects espeak-ng's. Whatever the voice has no id for is left out.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

_LANGUAGE = "en_US"
_PAD, _BEGIN, _END = "_", "^", "$"
_STRESSES = "ˈˌ"
_TIE = "\u0361"
_TO_ESPEAK: Mapping[str, str] = {
    "i": "iː",
    "u": "uː",
    "ɑ": "ɑː",
    "ɔ": "ɔː",
    "ɝ": "ɜː",
}
_PAUSES = ",;:"
_STOPS = ".!?"
_MOST_PHONEMES = 240  # about 15 seconds of speech in one run of the network


class Phonemizer:
    """Knows the ids of one voice. Its dictionary belongs to the thread that first uses it, `close` included."""

    def __init__(self, ids: Mapping[str, list[int]]) -> None:
        with warnings.catch_warnings():
            # gruut's dependencies have a stray backslash in a docstring, and ask for the time in an old-fashioned way.
            for message in ("invalid escape sequence", r'"\\\*" is an invalid escape', r"datetime\.datetime\.utcnow"):
                warnings.filterwarnings("ignore", message)
            import gruut

        self._processor: Any = gruut.TextProcessor(default_lang=_LANGUAGE)
        self._ids = ids

    def phrases(self, text: str) -> list[list[int]]:
        """Return the ids of each sentence that has something to say, long ones in parts."""
        phrases: list[list[int]] = []
        graph, root = self._processor(text, lang=_LANGUAGE)
        for sentence in self._processor.sentences(graph, root):
            parts = split(words_of(sentence))
            phrases.extend(self._to_ids(part) for part in parts)
        return phrases

    def close(self) -> None:
        """Close the dictionary."""
        lexicon = self._processor.get_settings(_LANGUAGE).lookup_phonemes.phonemizer
        if lexicon is not None:
            lexicon.db_conn.close()

    def _to_ids(self, phonemes: str) -> list[int]:
        ids = [*self._ids[_BEGIN], *self._ids[_PAD]]
        for phoneme in phonemes:
            if phoneme in self._ids:
                ids += [*self._ids[phoneme], *self._ids[_PAD]]
        return [*ids, *self._ids[_END]]


def words_of(sentence: Iterable[object]) -> list[str]:
    """Return the words of a gruut sentence in espeak's phonemes; a pause or stop is part of the word before it."""
    words: list[str] = []
    for word in sentence:
        text: str = getattr(word, "text", "")
        if getattr(word, "is_minor_break", False) or getattr(word, "is_major_break", False):
            if words and words[-1][-1] not in _PAUSES + _STOPS:
                mark = text[:1] if len(text) == 1 and text in _PAUSES + _STOPS else ","
                words[-1] += "." if getattr(word, "is_major_break", False) and mark == "," else mark
            continue
        spelled = "".join(to_espeak(phoneme) for phoneme in getattr(word, "phonemes", None) or ())
        if spelled:
            words.append(spelled)
    return words


def to_espeak(phoneme: str) -> str:
    """Return one of gruut's phonemes, stress included, as espeak-ng would write it."""
    plain = phoneme.replace(_TIE, "")
    sound = plain.lstrip(_STRESSES)
    stress = plain[: len(plain) - len(sound)]
    if sound == "ɚ" and stress:
        return stress + "ɜː"
    return stress + _TO_ESPEAK.get(sound, sound)


def split(words: list[str]) -> list[str]:
    """Return the words joined by spaces, in parts short enough, divided at pauses where there are any."""
    parts: list[str] = []
    part: list[str] = []
    length = 0
    for word in words:
        full = length + len(word) >= _MOST_PHONEMES
        if part and (full or (length > _MOST_PHONEMES // 2 and part[-1][-1] in _PAUSES)):
            parts.append(" ".join(part))
            part, length = [], 0
        part.append(word)
        length += len(word) + 1
    return [*parts, " ".join(part)] if part else parts

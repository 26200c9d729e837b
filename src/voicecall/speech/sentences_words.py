"""Words that decide where a text may be cut, language by language. Pure."""

from __future__ import annotations

import msgspec


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """Lower-case words; all may be missing."""

    abbreviations: frozenset[str] = frozenset()
    """What ends in a full stop and never ends a sentence."""
    suffixes: tuple[str, ...] = ()
    """How compounds end that are abbreviations too."""
    before_numbers: frozenset[str] = frozenset()
    """What ends in a full stop and is an abbreviation only before a number."""
    at_ends: frozenset[str] = frozenset()
    """What ends in a full stop and ends a sentence before a capital."""
    joins: frozenset[str] = frozenset()
    """Words before which a long sentence may be parted."""
    never_last: frozenset[str] = frozenset()
    """Words that are not spoken apart from the next."""
    numbered: bool = False
    """Whether a number with a full stop is an ordinal number, and capitals begin nouns."""


_ENGLISH = Words(
    abbreviations=_words(
        "dr. mr. mrs. ms. mx. prof. st.  mt. ft. gen. rep. sen. gov. capt. lt. sgt. col. rev. hon. vs. "
        "approx. dept. est. tel. e.g. i.e. cf. al. jan. feb. apr. jun. jul. aug. sep. sept. "
        "oct. nov. mon. tue. tues. wed. thu. thur. thurs. fri. "
    ),
    before_numbers=_words("no. nos. fig. vol. pp. ext. sat. sun. mar. dec."),
    at_ends=_words(
        "a.m. p.m. etc. inc. ltd. co. corp. jr. sr. u.s. u.k. ph.d. min. max. hr. hrs. rd. ave. blvd. lbs. oz. sec."
    ),
    joins=_words(
        "and but or so because which who when while if for at on in to with about from of by than as until that after"
    ),
    never_last=_words(
        "a an the my your his her its our their this these those very and or to of in on at for with not no is "
        "are was be"
    ),
)
_GERMAN = Words(
    abbreviations=_words(
        "dr. hr. hrn. frl. prof. dipl. ing. str. nr. tel. z.b. d.h. u.a. bzw. ca. evtl. ggf. inkl. exkl. zzgl. "
        "vgl. "
        "st. sog. bspw. geb. jan. feb. apr. jun. jul. aug. sept. okt. nov. dez. "
        "max. min. mio. mrd. o.ä. o.g. s.o. s.u. i.d.r. u.u. v.a."
    ),
    before_numbers=_words("abs. art. bd. mo. di. mi. do. fr. sa. so."),
    at_ends=_words("usw. etc. uvm. u.s.w. gmbh. std. sek. co."),
    joins=_words(
        "und aber oder sondern weil dass wenn ob damit der die das welche für mit auf an bei von zu nach bis als"
    ),
    never_last=_words(
        "der die das den dem des ein eine einen einem einer mein meine ihr ihre ihren sein seine unser und oder "
        "zu von in im "
        "am an auf für mit bei nicht sehr zum zur ist sind"
    ),
    suffixes=("str.", "pl.", "tel.", "nr."),
    numbered=True,
)
_SPANISH = Words(
    abbreviations=_words(
        "sr. sra. srta. sres. dr. dra. d. dña. prof. ud. uds. vd. av. avda. c. pza. tel. ej. p.ej. "
        "aprox. depto. dpto. lic. ing. gral. ene. feb. abr. jun. jul. ago. sept. oct. nov. dic."
    ),
    before_numbers=_words("núm. nro. art. cap. fig. vol. ext. pág. págs."),
    at_ends=_words("etc. a.m. p.m. ee.uu. s.a. cía. c.v. min. máx. mín. hrs."),
    joins=_words("y e o u pero porque que si cuando mientras aunque para con en de a por sobre hasta desde como"),
    never_last=_words(
        "el la los las un una unos unas mi su sus tu este esta y o de del a al en con por para que no muy se lo le es"
    ),
)
_FRENCH = Words(
    abbreviations=_words(
        "m. mm. mme. mlle. dr. pr. st. ste. av. bd. boul. tél. p.ex. ex. cf. apr. "
        "janv. févr. avr. juil. sept. oct. nov. déc. c.-à-d. r.d.v."
    ),
    before_numbers=_words("no. n°. art. fig. vol. chap. env. me."),
    at_ends=_words("etc. min. max. sté. cie. s.a. h."),
    joins=_words(
        "et mais ou donc car parce que qui quand lorsque si pour avec dans de à en sur par chez vers comme afin"
    ),
    never_last=_words(
        "le la les l' un une des du de mon ma mes votre vos notre nos ce cet cette et ou à au aux en dans pour "
        "avec ne pas "
        "très que est sont je tu il elle nous vous"
    ),
)
_KNOWN = {"en": _ENGLISH, "de": _GERMAN, "es": _SPANISH, "fr": _FRENCH}


def words_of(language: str) -> Words:
    """Return the words of a BCP 47 tag, none for an unknown language."""
    return _KNOWN.get(language.strip().lower().replace("_", "-").split("-")[0]) or Words()

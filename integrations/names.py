"""How people write names: a member's in parts, a relation's as one line in any order and any hand. Pure.

Nothing is compared here (see likeness.py), only brought into forms that can be: "Vries, J. v/d" becomes words without case, accents and
points, which remember where a hyphen stood and what was in capitals.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product

# Letters that carry their stroke inside, so that no decomposition takes it off.
_STROKES = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "\u0131": "i"})
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_APOSTROPHES = str.maketrans(dict.fromkeys("'`\u2018\u2019\u02bc\u00b4\u2032", ""))
_WORD = re.compile(r"[^\W_]+|-")
_AND = re.compile(r"[&+]")
_ATTENTION = re.compile(r"\bt\.?\s?a\.?\s?v\b\.?")
# Last in a name only, for elsewhere B.V. may be initials.
_LEGAL_FORM = re.compile(r"(?<!\w\.)(?<!, )\b(?:b\.\s?v|n\.\s?v|c\.\s?v|v\.\s?o\.\s?f)\b\.?(?=\s*(?:$|tav))")

_INFIXES = (
    "van von vom de der den des het ten ter te tot in op aan bij onder over uit uyt voor zu zum zur du da dos di la le les el al"
)
_SHORT_INFIXES = "t s v d vd vdr vder vden vande vander vanden int"
_TITLES = "dhr hr heer heren mevrouw mevr mw mv mej mejuffrouw mr mrs ms drs ir ing dr prof ds bc ba bsc ma msc llb llm mba phd ra rc aa"
# More than one person, or whoever is left of one, or the person behind a firm.
_TOGETHER = "fam familie family gezin erven erfgenamen weduwe wed en eo and und tav"
INFIXES = frozenset(_INFIXES.split())
ANY_INFIX = INFIXES.union(_SHORT_INFIXES.split())
TITLES = frozenset(_TITLES.split())
TOGETHER = frozenset(_TOGETHER.split())
SUFFIXES = {"jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "ii": "ii", "iii": "iii"}
# Initials of more than one letter: Theo, Christiaan, Philip, Frédérique, Yvonne.
LONG_INITIALS = frozenset(("th", "ch", "chr", "ph", "fr", "yv"))
LEGAL_FORMS = frozenset(("bv", "nv", "cv", "vof", "stichting", "vereniging", "maatschap"))
NOT_TELLING = INFIXES | TITLES | TOGETHER
_ALSO_WRITTEN = {"v": ("van",), "d": ("de", "der", "den"), "vd": ("vande", "vander", "vanden"), "het": ("t",), "t": ("het",)}
_ORGANISATION_WORDS = {
    "st": "stichting", "stg": "stichting", "sticht": "stichting", "ver": "vereniging", "zonen": "zn", "zoon": "zn", "and": "en",
    "gebroeders": "gebr", "voetbalvereniging": "vv", "tennisvereniging": "tv", "hockeyclub": "hc", "studievereniging": "sv",
}  # fmt: skip
_LONGEST_INFIX = 4


def bare(text: str) -> str:
    """Without case and diacritics."""
    letters = unicodedata.normalize("NFKD", text.casefold()).translate(_STROKES)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def fold(name: str) -> str:
    """A name without case, diacritics and blanks: "Renée  de Boer" -> "reneedeboer"."""
    return "".join(bare(name).split())


def plain(text: str) -> str:
    """Without case, diacritics and apostrophes, and with y for ij: "IJsbrand d'Hondt" -> "ysbrand dhondt"."""
    return bare(text).translate(_APOSTROPHES).translate(_HYPHENS).replace("ij", "y")


# A line in the books -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A name as written. `joints`: places in `words` before which a hyphen stood; `capitals`: words that may be initials, such as JP."""

    words: tuple[str, ...]
    joints: frozenset[int] = frozenset()
    capitals: frozenset[str] = frozenset()

    @classmethod
    def read(cls, text: str) -> Line:
        folded = _LEGAL_FORM.sub(lambda found: re.sub(r"\W", "", found[0]), _ATTENTION.sub(" tav ", plain(text)))
        words: list[str] = []
        joints = set()
        for word in _WORD.findall(_AND.sub(" en ", folded)):
            if word == "-":
                joints.add(len(words))
            else:
                words.append(word)
        return cls(tuple(words), frozenset(joints), _capitals(text) - LEGAL_FORMS)

    @property
    def telling(self) -> list[str]:
        """The words by which it can be found."""
        return [word for word in self.words if len(word) > 1 and word not in NOT_TELLING][:6]

    @property
    def couples(self) -> set[str]:
        """Each two words that may be a given name or initials, and a last name; and the whole, for organisations."""
        letters = "".join(word for word in self.words if len(word) == 1)
        found = {couple(*two) for two in combinations(self.telling, 2)}
        found |= {couple(letters, word) for word in self.telling if len(letters) > 1}
        return found | {organisation_key(self.words)}


def _capitals(text: str) -> frozenset[str]:
    """Where all is in capitals, they tell nothing."""
    if text.isupper():
        return frozenset()
    return frozenset(plain(word) for word in re.findall(r"\b[^\W\d_]{2,4}\b", text) if word.isupper())


def couple(one: str, other: str) -> str:
    return f"{min(one, other)} {max(one, other)}"


# A member ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LastName:
    """One half of a double name, or the whole of a single one: "van der" + "Berg"."""

    infix: tuple[str, ...]
    core: tuple[str, ...]

    @property
    def whole(self) -> str:
        return "".join((*self.infix, *self.core))

    @property
    def infix_forms(self) -> frozenset[str]:
        """The infix as people run it together: van der -> vander, vd, vder, vand."""
        return _forms(self.infix)


@lru_cache(maxsize=1000)
def _forms(infix: tuple[str, ...]) -> frozenset[str]:
    if len(infix) > _LONGEST_INFIX:
        return frozenset(("".join(infix),))
    forms = [(word, word[0], *_ALSO_WRITTEN.get(word, ())) for word in infix]
    return frozenset("".join(form) for form in product(*forms))


@dataclass(frozen=True, slots=True)
class Named:
    """The name of a member, taken apart. `initials` are letters; `organisation` is "" for a person."""

    called: tuple[str, ...] = ()
    initials: str = ""
    last: tuple[LastName, ...] = ()
    suffix: str = ""
    organisation: str = ""

    @classmethod
    def of(cls, initials: str, first_name: str, infix: str, last_name: str, organisation: str = "") -> Named:
        """Fields as a member has them, "" for unknown."""
        behind, _, before = last_name.partition(",")  # "Vries, de"
        line = Line.read(f"{before} {behind}")
        called = tuple(word for word in Line.read(first_name).words if len(word) > 1)
        suffixes = {SUFFIXES[word] for word in line.words[1:] if word in SUFFIXES}
        return cls(
            called=called,
            initials=joined_initials(_letters(initials or ("" if called else first_name))),
            last=tuple(_halves(Line.read(infix).words, line)),
            suffix=min(suffixes, default=""),
            organisation=organisation and organisation_key(Line.read(organisation).words),
        )

    @property
    def telling(self) -> list[str]:
        """As of a line: the words by which it is found."""
        words = self.organisation.split() or [word for last in self.last for word in last.core]
        return [word for word in words if len(word) > 1]

    @property
    def couples(self) -> set[str]:
        if self.organisation:
            return {self.organisation}
        given = [*self.called[:1], *([self.initials] if len(self.initials) > 1 else [])]
        return {couple(name, last.core[-1]) for name in given for last in self.last}


def joined_initials(letters: Iterable[str]) -> str:
    """IJ is one letter, and nobody can tell it from I.J."""
    return "".join(letters).replace("ij", "y")


def _letters(initials: str) -> Iterator[str]:
    """Th.M. -> t, m; JP -> j, p."""
    for part in re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", initials)):
        letters = plain(part)
        yield from letters if part.isupper() and letters not in LONG_INITIALS else letters[:1]


def _halves(infix: tuple[str, ...], line: Line) -> Iterator[LastName]:
    """A last name is parted at its hyphens; what is but an infix ("'s-Gravesande") goes with the part behind it."""
    starts = sorted({0, *line.joints})
    for start, end in zip(starts, [*starts[1:], len(line.words)], strict=True):
        words = [word for at, word in enumerate(line.words[start:end], start) if not (at and word in SUFFIXES)]
        while words and words[0] in ANY_INFIX and (len(words) > 1 or end < len(line.words)):
            infix = (*infix, words.pop(0))
        if words:
            yield LastName(infix, tuple(words))
            infix = ()


# An organisation -----------------------------------------------------------------------------------------------------------


def organisation_key(words: Iterable[str]) -> str:
    """The name of an organisation in one form: "St. De Brug" and "Stichting De Brug" are one."""
    return " ".join(_ORGANISATION_WORDS.get(word, word) for word in _joined_letters(words))


def _joined_letters(words: Iterable[str]) -> Iterator[str]:
    """T.V. is written TV as well."""
    letters = ""
    for word in words:
        if len(word) == 1:
            letters += word
        else:
            yield from filter(None, (letters, word))
            letters = ""
    yield from filter(None, (letters,))

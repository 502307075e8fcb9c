"""How people write names, and whether a written name can be that of a member. Pure.

A member's name comes in parts; a relation's is one line, in any order and any hand: "J. de Vries", "Vries de, Jan", "Fam. v.d. Berg".
Such a line cannot be taken apart without knowing whose it is. So the parts of the member are looked for in it, and what is left over has
to be explained: a word nobody can explain may be a partner, a firm or a brother.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from itertools import combinations, product

# Letters that carry their stroke inside, so that no decomposition takes it off.
_STROKES = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "\u0131": "i"})
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_APOSTROPHES = str.maketrans(dict.fromkeys("'`\u2018\u2019\u02bc\u00b4\u2032", ""))
_WORD = re.compile(r"[^\W_]+|-")
_CAPITALS = re.compile(r"\b[^\W\d_a-z]{2,4}\b")
_AND = re.compile(r"[&+]")
_ATTENTION = re.compile(r"\bt\.?\s?a\.?\s?v\b\.?")
# Last in the name, for B.V. may be initials.
_LEGAL = re.compile(r"(?<!\w\.)(?<!, )\b(?:b\.\s?v|n\.\s?v|c\.\s?v|v\.\s?o\.\s?f)\b\.?(?=\s*(?:$|tav))")

INFIXES = frozenset(
    "van von vom de der den des het ten ter te tot in op aan bij onder over uit uyt voor zu zum zur du da dos di la le les el al".split()
)
# Single letters and run-together forms that stand for an infix, and the one letter that is an article.
SHORT_INFIXES = frozenset("t s v d vd vdr vder vden vande vander vanden int".split())
_ALSO_WRITTEN = {
    "v": ("van",),
    "d": ("de", "der", "den"),
    "vd": ("vande", "vander", "vanden"),
    "het": ("t",),
    "t": ("het",),
}
TITLES = frozenset(
    "de heer dhr hr heer heren mevrouw mevr mw mv mej mejuffrouw vrouwe mr mrs ms drs ir ing dr prof ds bc ba bsc ma msc llb llm mba phd "
    "ra rc aa".split()
)
# More than one person, or whoever is left of one.
TOGETHER = frozenset("fam familie family gezin erven erfgenamen weduwe wed en eo and und tav".split())
SUFFIXES = {"jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "ii": "ii", "iii": "iii"}
LEGAL_FORMS = frozenset("bv nv cv vof stichting vereniging maatschap".split())
ORGANISATION_WORDS = {
    "st": "stichting", "stg": "stichting", "sticht": "stichting", "ver": "vereniging", "zonen": "zn", "zoon": "zn", "and": "en",
    "gebroeders": "gebr", "voetbalvereniging": "vv", "tennisvereniging": "tv", "hockeyclub": "hc", "studievereniging": "sv",
}  # fmt: skip
# Initials of more than one letter: Theo, Christiaan, Philip, Frédérique, Yvonne.
_LONG_INITIALS = frozenset("th ch chr ph fr yv".split())
SLIP_FROM = 5  # a slip of the pen in a shorter word makes another word


class Likeness(IntEnum):
    """How far a written name is that of a member, the closest last. A last name is doubtful by one slip of the pen, a lacking or other
    infix, or when it is one half of a double name."""

    OTHER = 0  # another name
    VAGUE = 1  # the last name; what else stands there, or lacks, leaves room for a relative or a firm
    NEAR = 2  # an initial, and the last name in doubt
    CLOSE = 3  # the called name or every initial, and the last name in doubt
    INITIAL = 4  # an initial, and the last name
    INITIALS = 5  # every initial of two or more, and the last name
    CALLED = 6  # the called name and the last name; of an organisation the whole name


def bare(text: str) -> str:
    """Without case and diacritics."""
    letters = unicodedata.normalize("NFKD", text.casefold()).translate(_STROKES)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def fold(name: str) -> str:
    """A name without case, diacritics and blanks: "Renée  de Boer" -> "reneedeboer"."""
    return "".join(bare(name).split())


def plain(text: str) -> str:
    """Without case, diacritics and apostrophes, and with y for ij: "IJsbrand d’Hondt" -> "ysbrand dhondt"."""
    return bare(text).translate(_APOSTROPHES).translate(_HYPHENS).replace("ij", "y")


# A line in the books -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A name as written. `joints`: the places in `words` before which a hyphen stood; `capitals`: words that may be initials, as JP."""

    words: tuple[str, ...]
    joints: frozenset[int] = frozenset()
    capitals: frozenset[str] = frozenset()

    @classmethod
    def read(cls, text: str) -> Line:
        capitals = frozenset() if text.isupper() else frozenset(map(plain, _CAPITALS.findall(text)))
        text = _LEGAL.sub(lambda found: re.sub(r"\W", "", found[0]), _ATTENTION.sub(" tav ", plain(text)))
        words: list[str] = []
        joints = set()
        for word in _WORD.findall(_AND.sub(" en ", text)):
            if word == "-":
                joints.add(len(words))
            else:
                words.append(word)
        return cls(tuple(words), frozenset(joints), capitals - LEGAL_FORMS)

    @property
    def telling(self) -> list[str]:
        """The words by which it can be found."""
        return [word for word in self.words if len(word) > 1 and word not in INFIXES | TITLES | TOGETHER][:6]

    @property
    def couples(self) -> set[str]:
        """A given name or initials, and a last name: each two that may be those. And the whole, for organisations."""
        letters = "".join(word for word in self.words if len(word) == 1)
        found = {couple(*two) for two in combinations(self.telling, 2)}
        found |= {couple(letters, word) for word in self.telling if len(letters) > 1}
        return found | {organisation_key(self.words)}


@cache
def infix_forms(infix: tuple[str, ...]) -> frozenset[str]:
    """As people run it together: van der -> vander, vd, vder, vand."""
    forms = [(word, word[0], *_ALSO_WRITTEN.get(word, ())) for word in infix]
    return frozenset("".join(form) for form in product(*forms))


def couple(one: str, other: str) -> str:
    return f"{min(one, other)} {max(one, other)}"


# A member ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LastName:
    """One half of a double name, or the whole of a single one: "van der" + "Berg"."""

    infix: tuple[str, ...]
    core: tuple[str, ...]


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
            initials="".join(_letters(initials or ("" if called else first_name))),
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


def _letters(initials: str) -> Iterator[str]:
    """Th.M. -> t, m; JP -> j, p."""
    for part in re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", initials)):
        letters = plain(part)
        yield from letters if part.isupper() and letters not in _LONG_INITIALS else letters[:1]


def _halves(infix: tuple[str, ...], line: Line) -> Iterator[LastName]:
    ends = [*sorted(line.joints - {0, len(line.words)}), len(line.words)]
    start, before = 0, infix
    for end in ends:
        words = [word for at, word in enumerate(line.words[start:end], start) if not (at and word in SUFFIXES)]
        start = end
        while words and words[0] in INFIXES | SHORT_INFIXES and (len(words) > 1 or end != ends[-1]):
            before = (*before, words.pop(0))
        if words:
            yield LastName(before, tuple(words))
            before = ()


# Comparing -----------------------------------------------------------------------------------------------------------------


def likeness(member: Named, line: Line) -> Likeness:
    if member.organisation:
        return _organisation_likeness(member, line)
    return _person_likeness(member, line)


def organisation_key(words: Iterable[str]) -> str:
    """The name of an organisation in one form: "St. De Brug" and "Stichting De Brug" are one."""
    return " ".join(ORGANISATION_WORDS.get(word, word) for word in _joined_letters(words))


def _joined_letters(words: Iterable[str]) -> Iterator[str]:
    """T.V. is written TV as well."""
    letters = ""
    for word in words:
        if len(word) == 1:
            letters += word
            continue
        if letters:
            yield letters
            letters = ""
        yield word
    if letters:
        yield letters


def _organisation_likeness(member: Named, line: Line) -> Likeness:
    words = line.words[: line.words.index("tav")] if "tav" in line.words else line.words
    ours, theirs = member.organisation.split(), organisation_key(words).split()
    if "".join(ours) == "".join(theirs):
        return Likeness.CALLED
    our_forms, their_forms = LEGAL_FORMS.intersection(ours), LEGAL_FORMS.intersection(theirs)
    if _without(ours, LEGAL_FORMS) == _without(theirs, LEGAL_FORMS):
        return Likeness.OTHER if our_forms and their_forms and our_forms != their_forms else Likeness.CLOSE
    if our_forms == their_forms and is_slip("".join(ours), "".join(theirs)):
        return Likeness.CLOSE
    # The person who answers for the organisation, perhaps with a relation of one's own.
    return Likeness.VAGUE if member.last and _person_likeness(member, line) > Likeness.VAGUE else Likeness.OTHER


def _without(words: Iterable[str], dropped: frozenset[str]) -> str:
    return "".join(word for word in words if word not in dropped)


def _person_likeness(member: Named, line: Line) -> Likeness:
    if not line.words or not (member.last or member.called):
        return Likeness.VAGUE
    search = _Search(line)
    doubts = search.take_last_names(member.last)
    if doubts is None:
        return Likeness.OTHER
    left = search.left()
    together = bool(TOGETHER.intersection(left))
    suffixes = {SUFFIXES[word] for word in left if word in SUFFIXES}
    stray = INFIXES.intersection(left) - ({"de", "den"} if "heer" in left else set())
    words = [word for word in left if word not in TOGETHER | TITLES | INFIXES and word not in SUFFIXES]
    given = _given_likeness(member, [part for word in words for part in _initials_in(word, member, line)])
    if suffixes and member.suffix and member.suffix not in suffixes:
        return Likeness.OTHER
    if together or bool(suffixes) != bool(member.suffix):
        return min(given, Likeness.VAGUE)
    return _doubted(given, doubts | ({"infix"} if stray else set()))


def _doubted(given: Likeness, doubts: set[str]) -> Likeness:
    if len(doubts) == 1 and given > Likeness.CLOSE:
        return Likeness.NEAR if given is Likeness.INITIAL else Likeness.CLOSE
    return min(given, Likeness.VAGUE) if doubts else given


class _Search:
    """Looks for the parts of a name in a line, and keeps what was found apart."""

    def __init__(self, line: Line) -> None:
        self.words = line.words
        self.joints = line.joints
        self.used: set[int] = set()

    def left(self) -> list[str]:
        return [word for at, word in enumerate(self.words) if at not in self.used]

    def take_last_names(self, last: Sequence[LastName]) -> set[str] | None:
        """What is doubtful about the last name: "half", "infix", "slip". None where it is another."""
        if not last:
            return set()
        taken = [self._take_last_name(half) for half in last]
        found = [doubts for doubts in taken if doubts is not None]
        if not found:
            return {"slip"} if len(last) == 1 and self._take_slip(last[0]) else None
        doubts = set().union(*found)
        if self._take_other_half() or len(found) < len(last):
            doubts.add("half")
        return doubts

    def _take_last_name(self, half: LastName) -> set[str] | None:
        core = "".join(half.core)
        whole = self._run({"".join((*half.infix, *half.core))}) if half.infix else None
        if whole:
            self.used.update(whole)
            return set()
        place = self._run({core})
        if place is None:
            return None
        self.used.update(place)
        return set() if self._take_infix(half, place) else {"infix"}

    def _take_infix(self, half: LastName, core: range) -> bool:
        if not half.infix:
            return True
        forms = infix_forms(half.infix)
        # Away from the last name, one letter is more likely an initial.
        sure = {form for form in forms if len(form) > 1 or form == "".join(half.infix)}
        place = self._run(forms, end=core.start) or self._run(sure, start=core.stop) or self._run(sure)
        self.used.update(place or ())
        return place is not None

    def _take_slip(self, half: LastName) -> bool:
        core = "".join(half.core)
        for at, word in enumerate(self.words):
            if is_slip(core, word):
                self.used.add(at)
                return self._take_infix(half, range(at, at + 1))
        return False

    def _take_other_half(self) -> bool:
        """What a hyphen ties to a last name that was found is a last name as well: the partner's."""
        found = False
        for joint in self.joints:
            before, behind = joint - 1 in self.used, joint in self.used
            if before == behind or not 0 < joint < len(self.words):
                continue
            places = range(joint, len(self.words)) if before else range(joint - 1, -1, -1)
            self._take_half(places, stop_at_core=before)
            found = True
        return found

    def _take_half(self, places: range, *, stop_at_core: bool) -> None:
        core_seen = False
        for at in places:
            is_infix = self.words[at] in INFIXES
            if at in self.used or (core_seen and (stop_at_core or not is_infix)):
                return
            self.used.add(at)
            core_seen = core_seen or not is_infix

    def _run(self, forms: Set[str], start: int = 0, end: int | None = None) -> range | None:
        """The last run of unused words that, run together, is one of these; with `end`, only the run that ends there."""
        last = len(self.words) if end is None else end
        for stop in range(last, start, -1):
            joined = ""
            for begin in range(stop - 1, max(start, stop - 6) - 1, -1):
                if begin in self.used:
                    break
                joined = self.words[begin] + joined
                if joined in forms:
                    return range(begin, stop)
            if end is not None:
                return None
        return None


# Given names ---------------------------------------------------------------------------------------------------------------


def _given_likeness(member: Named, left: list[str]) -> Likeness:
    """What is left of a line when the last name is taken out, against initials and called name."""
    if not left or not (member.called or member.initials):
        return Likeness.VAGUE
    place = _place_of(member.called, left)
    if place:
        return Likeness.CALLED if _explained(member, left[: place.start], left[place.stop :]) else Likeness.VAGUE
    letters = "".join(word[0] for word in left)
    if all(len(word) == 1 for word in left):
        return _initials_likeness(member, letters)
    if not member.called:
        return min(_initials_likeness(member, letters), Likeness.INITIAL)
    if left == list(member.called[:1]):
        return Likeness.INITIAL  # half of "Jan Willem"
    if len(left) == 1 and is_slip(left[0], "".join(member.called)):
        return Likeness.NEAR
    return Likeness.VAGUE if letters[0] in (member.initials[:1], member.called[0][0]) else Likeness.OTHER


def _initials_in(word: str, member: Named, line: Line) -> Sequence[str]:
    """JP -> j, p and Th -> t, where it is in capitals or the member has such initials."""
    if len(word) == 1 or word in member.called:
        return (word,)
    if word in _LONG_INITIALS and word[0] == member.initials[:1]:
        return word[0]
    return word if word in line.capitals or (len(word) <= 4 and member.initials.startswith(word)) else (word,)


def _place_of(called: tuple[str, ...], left: list[str]) -> range | None:
    """Where the called name stands, in one word or more: Anne Marie, Annemarie."""
    joined = "".join(called)
    places = (range(at, at + length) for at in range(len(left)) for length in (1, 2, 3))
    return next((place for place in places if joined and "".join(left[place.start : place.stop]) == joined), None)


def _explained(member: Named, before: list[str], behind: list[str]) -> bool:
    """Around a called name only initials may stand, and further names that fit them: any other word may be a firm or a partner."""
    if any(len(word) > 1 for word in before) or not _agree("".join(before), member.initials):
        return False
    further = "".join(word[0] for word in behind)
    known = member.initials[len(member.called) :]
    return known.startswith(further) or (all(len(word) == 1 for word in behind) and further.startswith(known))


def _agree(one: str, other: str) -> bool:
    """As far as both go."""
    return one.startswith(other) or other.startswith(one)


def _initials_likeness(member: Named, letters: str) -> Likeness:
    ours = member.initials or "".join(word[0] for word in member.called)
    if letters == ours and len(letters) > 1:
        return Likeness.INITIALS
    called = member.called[0][0] if member.called else ""
    return Likeness.INITIAL if _agree(ours, letters) or letters == called else Likeness.OTHER


def is_slip(one: str, other: str) -> bool:
    """One letter more, less or other, or two that changed places; in words long enough for that to be a slip."""
    if one == other or abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < SLIP_FROM or one[0] != other[0]:
        return False
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, others = one[at:], other[at:]
    swapped = rest[:2] == others[1::-1] and rest[2:] == others[2:]
    return swapped or rest[1:] == others[1:] or rest[1:] == others or rest == others[1:]

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
_NOT_TELLING = INFIXES | TITLES | TOGETHER
_ALSO_WRITTEN = {"v": ("van",), "d": ("de", "der", "den"), "vd": ("vande", "vander", "vanden"), "het": ("t",), "t": ("het",)}
_ORGANISATION_WORDS = {
    "st": "stichting", "stg": "stichting", "sticht": "stichting", "ver": "vereniging", "zonen": "zn", "zoon": "zn", "and": "en",
    "gebroeders": "gebr", "voetbalvereniging": "vv", "tennisvereniging": "tv", "hockeyclub": "hc", "studievereniging": "sv",
}  # fmt: skip
_SLIP_FROM = 5  # one letter more or less in a shorter word makes another word
_LONGEST_INFIX = 4


class Likeness(IntEnum):
    """How far a written name is that of a member, the closest last.

    A last name is in doubt by a slip of the pen, by an infix that lacks or is another, or as one half of a double name.
    """

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
        return [word for word in self.words if len(word) > 1 and word not in _NOT_TELLING][:6]

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


# Comparing -----------------------------------------------------------------------------------------------------------------


def likeness(member: Named, line: Line) -> Likeness:
    if member.organisation:
        return _organisation_likeness(member, line)
    return _person_likeness(member, line)


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


def _organisation_likeness(member: Named, line: Line) -> Likeness:
    words = line.words[: line.words.index("tav")] if "tav" in line.words else line.words
    ours, theirs = member.organisation.split(), organisation_key(words).split()
    if "".join(ours) == "".join(theirs):
        return Likeness.CALLED
    our_forms, their_forms = LEGAL_FORMS.intersection(ours), LEGAL_FORMS.intersection(theirs)
    if _without_forms(ours) == _without_forms(theirs):
        return Likeness.OTHER if our_forms and their_forms and our_forms != their_forms else Likeness.CLOSE
    if our_forms == their_forms and is_slip("".join(ours), "".join(theirs)):
        return Likeness.CLOSE
    # The person who answers for the organisation, perhaps with a relation of one's own.
    return Likeness.VAGUE if member.last and _person_likeness(member, line) > Likeness.VAGUE else Likeness.OTHER


def _without_forms(words: Iterable[str]) -> str:
    return "".join(word for word in words if word not in LEGAL_FORMS)


def _person_likeness(member: Named, line: Line) -> Likeness:
    if not line.words or not (member.last or member.called):
        return Likeness.VAGUE
    search = _Search(line)
    doubts = search.take_last_names(member.last)
    if doubts is None:
        return Likeness.OTHER
    ahead, behind = search.left()
    left = {*ahead, *behind}
    given = _given_likeness(member, _givens(ahead, member, line), _givens(behind, member, line))
    suffixes = {SUFFIXES[word] for word in left if word in SUFFIXES}
    stray = left & INFIXES - ({"de", "den"} if "heer" in left else set())
    if suffixes and member.suffix and member.suffix not in suffixes:
        return Likeness.OTHER
    if left & TOGETHER or bool(suffixes) != bool(member.suffix):
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

    def left(self) -> tuple[list[str], list[str]]:
        """What was not found, ahead of the last name and behind its beginning."""
        start = min(self.used, default=len(self.words))
        return list(self.words[:start]), [word for at, word in enumerate(self.words) if at > start and at not in self.used]

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
        whole = self._run({half.whole})
        if whole:
            self.used.update(whole)
            return set()
        place = self._run({"".join(half.core)})
        if place is None:
            return None
        self.used.update(place)
        return set() if self._take_infix(half, place) else {"infix"}

    def _take_infix(self, half: LastName, core: range) -> bool:
        if not half.infix:
            return True
        forms = half.infix_forms
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
        for joint in sorted(self.joints):
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


def _givens(words: list[str], member: Named, line: Line) -> list[str]:
    """Without titles and the like; initials that were run together are taken apart."""
    names = [word for word in words if word not in _NOT_TELLING and word not in SUFFIXES]
    return [part for word in names for part in _initials_in(word, member, line)]


def _given_likeness(member: Named, ahead: list[str], behind: list[str]) -> Likeness:
    """What is left of a line without the last name, against initials and called name."""
    left = ahead + behind
    if not left or not (member.called or member.initials):
        return Likeness.VAGUE
    place = _place_of(member.called, left)
    if place:
        return Likeness.CALLED if _explained(member, left, place, len(ahead)) else Likeness.VAGUE
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
    if word in LONG_INITIALS and word[0] == member.initials[:1]:
        return word[0]
    return word if word in line.capitals or (len(word) <= 4 and member.initials.startswith(word)) else (word,)


def _place_of(called: tuple[str, ...], left: list[str]) -> range | None:
    """Where the called name stands, in one word or more: Anne Marie, Annemarie."""
    joined = "".join(called)
    places = (range(at, at + length) for at in range(len(left)) for length in (1, 2, 3))
    return next((place for place in places if joined and "".join(left[place.start : place.stop]) == joined), None)


def _explained(member: Named, left: list[str], called: range, ahead: int) -> bool:
    """What stands around a called name: initials before it, and further names behind it as far as they fit the initials.

    Where no more initials are known, any word is a further name if the last name follows it (the first `ahead` words are ahead of
    that). Another word may be a firm or a partner.
    """
    before, after = left[: called.start], left[called.stop :]
    further = "".join(word[0] for word in after)
    known = member.initials[len(member.called) :]
    odd = left[ahead:] if called.start < ahead else after if not known.startswith(further) else []
    return (
        not any(len(word) > 1 for word in (*before, *odd)) and _agree("".join(before), member.initials) and _agree(further, known)
    )


def _agree(one: str, other: str) -> bool:
    """As far as both go."""
    return one.startswith(other) or other.startswith(one)


def _initials_likeness(member: Named, letters: str) -> Likeness:
    spoken = "".join(word[0] for word in member.called)
    ours = member.initials or spoken
    if letters in (ours, spoken) and len(letters) > 1:
        return Likeness.INITIALS
    return Likeness.INITIAL if _agree(ours, letters) or letters == spoken[:1] else Likeness.OTHER


def is_slip(one: str, other: str) -> bool:
    """One letter more, less or other, or two that changed places; in words long enough for that to be a slip."""
    if one == other or abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < _SLIP_FROM or one[0] != other[0]:
        return False
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, others = one[at:], other[at:]
    swapped = rest[:2] == others[1::-1] and rest[2:] == others[2:]
    return swapped or rest[1:] == others[1:] or rest[1:] == others or rest == others[1:]

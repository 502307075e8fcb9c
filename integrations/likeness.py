"""Whether a written name can be that of a member, and how far. Pure.

A line in the books ("J. de Vries", "Vries de, Jan", "Fam. v.d. Berg") cannot be taken apart without knowing whose it is. So the parts of
the member's name are looked for in it, and what is left over has to be explained: a word nobody can explain may be a partner, a firm or
a brother.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from enum import IntEnum

from integrations.names import (
    INFIXES,
    LEGAL_FORMS,
    LONG_INITIALS,
    NOT_TELLING,
    SUFFIXES,
    TOGETHER,
    LastName,
    Line,
    Named,
    joined_initials,
    organisation_key,
)

SLIP_FROM = 5  # one letter more or less in a shorter word makes another word


class Likeness(IntEnum):
    """How far a written name is that of a member, the closest last.

    A last name is in doubt by a slip of the pen, by an infix that lacks or is another, or as one half of a double name.
    """

    OTHER = 0  # another name
    VAGUE = 1  # the last name, and what leaves room for a relative or a firm: "Fam.", "sr.", a word nobody can explain
    LAST = 2  # the last name alone
    NEAR = 3  # an initial, and the last name in doubt
    CLOSE = 4  # the called name or every initial, and the last name in doubt
    INITIAL = 5  # an initial, and the last name
    INITIALS = 6  # every initial of two or more, and the last name
    CALLED = 7  # the called name and the last name; of an organisation the whole name


def likeness(member: Named, line: Line) -> Likeness:
    """Where the member or the line has no name at all, that is vague."""
    if member.organisation:
        return _organisation_likeness(member, line)
    return _person_likeness(member, line)


def _organisation_likeness(member: Named, line: Line) -> Likeness:
    words = line.words[: line.words.index("tav")] if "tav" in line.words else line.words
    ours, theirs = member.organisation.split(), organisation_key(words).split()
    if "".join(ours) == "".join(theirs):
        return Likeness.CALLED
    our_forms, their_forms = LEGAL_FORMS.intersection(ours), LEGAL_FORMS.intersection(theirs)
    if _without_forms(ours) and _without_forms(ours) == _without_forms(theirs):
        return Likeness.OTHER if our_forms and their_forms and our_forms != their_forms else Likeness.CLOSE
    if our_forms == their_forms and is_slip("".join(ours), "".join(theirs)):
        return Likeness.CLOSE
    # The person who answers for the organisation, perhaps with a relation of one's own.
    return Likeness.VAGUE if member.last and _person_likeness(member, line) > Likeness.LAST else Likeness.OTHER


def _without_forms(words: Iterable[str]) -> str:
    return "".join(word for word in words if word not in LEGAL_FORMS)


def _person_likeness(member: Named, line: Line) -> Likeness:
    if not line.words or not (member.last or member.called):
        return Likeness.VAGUE
    if not member.last:
        return Likeness.CALLED if "".join(member.called) == "".join(line.words) else Likeness.OTHER
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
    if left & TOGETHER:
        return Likeness.VAGUE
    if bool(suffixes) != bool(member.suffix):
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
    names = [word for word in words if word not in NOT_TELLING and word not in SUFFIXES]
    return [part for word in names for part in _initials_in(word, member, line)]


def _given_likeness(member: Named, ahead: list[str], behind: list[str]) -> Likeness:
    """What is left of a line without the last name, against initials and called name."""
    left = ahead + behind
    if not left or not (member.called or member.initials):
        return Likeness.VAGUE if left else Likeness.LAST
    place = _place_of(member.called, left)
    if place:
        return Likeness.CALLED if _explained(member, left, place, len(ahead)) else Likeness.VAGUE
    letters = _initials_of(left)
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
    further = _initials_of(after)
    known = member.initials[len(member.called) :]
    behind = [] if known.startswith(further) else after
    odd = [*before, *(left[ahead:] if called.start < ahead else behind)]
    return all(len(word) == 1 for word in odd) and _agree("".join(before), member.initials) and _agree(further, known)


def _initials_of(names: Iterable[str]) -> str:
    return joined_initials(name[0] for name in names)


def _agree(one: str, other: str) -> bool:
    """As far as both go."""
    return one.startswith(other) or other.startswith(one)


def _initials_likeness(member: Named, letters: str) -> Likeness:
    spoken = _initials_of(member.called)
    ours = member.initials or spoken
    if letters in (ours, spoken) and len(letters) > 1:
        return Likeness.INITIALS
    return Likeness.INITIAL if _agree(ours, letters) or letters == spoken[:1] else Likeness.OTHER


def is_slip(one: str, other: str) -> bool:
    """One letter more, less or other, or two that changed places; in words long enough for that to be a slip."""
    if one == other or abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < SLIP_FROM or one[0] != other[0]:
        return False
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, others = one[at:], other[at:]
    swapped = rest[:2] == others[1::-1] and rest[2:] == others[2:]
    return swapped or rest[1:] == others[1:] or rest[1:] == others or rest == others[1:]

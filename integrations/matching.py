"""Which relation in Exact Online is which member? Pure; and in doubt the answer is no: a wrong link costs money, a question does not.

Certain is only what leaves no room for a brother, a father or a spouse, fits one member and one relation, and has nothing against it.
About the rest a person decides, who is told what speaks for it and what against.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum, StrEnum, auto
from itertools import product

from django.core.exceptions import ValidationError

from integrations.exact_online.accounts import Account
from integrations.mapping import MemberFields, NameStyle, styled_name
from integrations.names import Likeness, Line, Named, fold, likeness, plain
from members import cleaning

SHOWN = 5
# What more members or relations than this have in common (info@, a switchboard) says nothing about any of them.
SHARED_AT_MOST = 8
# Where so many relations stand on the code of a member with another name, and fewer with the same name, codes agree by chance.
BY_CHANCE = 10
# Of a Dutch number without its 0 or +31, however it is written.
PHONE_DIGITS = 9
_HOUSE = re.compile(r"(\d+)\s*([a-z]{1,4}|[-/]\s*\w{1,4})?\s*$")
_DUTCH_POSTCODE = re.compile(r"\d{4}[A-Z]{2}")


class Confidence(StrEnum):
    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Reason(StrEnum):
    """What speaks for a pair. ADDRESS is a postcode with its house number."""

    CODE = "code"
    EMAIL = "email"
    NAME_AND_POSTCODE = "name_and_postcode"
    ADDRESS = "address"
    PHONE = "phone"
    NAME = "name"


Clue = tuple[Reason, str]


class Contradiction(StrEnum):
    """Why a relation that carries the code of a member, or is like that member, is still not simply taken."""

    NAME = "other_name"
    SUPPLIER = "supplier"
    BLOCKED = "blocked"
    ENDED = "ended"
    TAKEN = "taken"
    SHARED = "shared"  # it fits another member as well
    SEVERAL = "several"  # the member fits another relation as well


@dataclass(frozen=True, slots=True)
class Person:
    """A member; "" is unknown. `code`: the relation code it is to have."""

    key: int
    code: str
    initials: str
    first_name: str
    infix: str
    last_name: str
    organisation: str
    email: str
    phone: str
    address: str
    postcode: str


@dataclass(frozen=True, slots=True)
class Relation:
    guid: str
    code: str
    name: str
    email: str
    phone: str
    address: str
    postcode: str
    is_supplier: bool = False
    blocked: bool = False
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    guid: str
    confidence: Confidence
    reasons: tuple[Reason, ...]
    against: tuple[Contradiction, ...] = ()


def match(persons: Iterable[Person], relations: Iterable[Relation]) -> dict[int, tuple[Candidate, ...]]:
    """key -> candidates, the best first (at most 5); persons without one are absent. Keys and guids are unique.

    One that is certain stands alone, and its relation is offered to no other member, but for the one whose code it carries.
    """
    members = [_Member.of(person) for person in persons]
    entries = [_Entry.of(relation) for relation in relations]
    offered: dict[int, list[Candidate]] = defaultdict(list)
    for pair, against in sorted(_settled(_weighed(_compared(_found(members, entries)))), key=_rank):
        offered[pair.member.person.key].append(pair.candidate(against))
    return {key: tuple(candidates[:SHOWN]) for key, candidates in offered.items()}


def spelled_alike(field: str, ours: str, theirs: str, country: str = "") -> bool:
    """Whether two values of a relation's field differ in spelling only, which is no reason to write to Exact.

    Spelling is case, blanks, accents (but for e-mail), and how a phone number is noted; one without a country code is read as of
    `country` (ISO code), else as Dutch. "Jan" for "J." is another value, and so is house 11 2 for 1 12.
    """
    match field:
        case "Phone":
            return _e164(ours, country) == _e164(theirs, country)
        case "Email":
            return ours.strip().casefold() == theirs.strip().casefold()
        case "AddressLine1" | "AddressLine2":
            return _address_line(ours) == _address_line(theirs)
        case _:
            return fold(ours) == fold(theirs)


def contradiction(account: Account, member: MemberFields, sent_name: str, today: date) -> Contradiction | None:
    """None where the relation is plainly this member: the name as sent, or as one of the styles would write it."""
    if account.is_supplier:
        return Contradiction.SUPPLIER
    if account.blocked:
        return Contradiction.BLOCKED
    if account.end_date and account.end_date < today:
        return Contradiction.ENDED
    # Last, because a person may overrule this one, and it then must be all that speaks against it.
    names = {fold(sent_name), *(fold(styled_name(member, style)) for style in NameStyle)}
    return None if fold(account.fields.get("Name", "")) in names else Contradiction.NAME


def _address_line(line: str) -> str:
    return fold(re.sub(r"(?<=\d)\s+(?=\d)", "_", line.strip()))


def _e164(number: str, country: str) -> str:
    """What cannot be read as a number is compared as it stands."""
    try:
        return cleaning.phone(number, country.strip().upper())
    except ValidationError:
        return fold(number)


# What two records may have in common --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Facts:
    """Of a member or a relation, in one form each; "" is unknown. `house` is a number, and its addition behind a blank."""

    code: str
    email: str
    phone: str
    postcode: str
    street: str
    house: str

    @classmethod
    def of(cls, record: Person | Relation) -> _Facts:
        digits = "".join(re.findall(r"\d", record.phone))
        address = plain(record.address)
        house = _HOUSE.search(address)
        return cls(
            code=record.code.strip(),
            email=record.email.strip().casefold(),
            phone=digits[-PHONE_DIGITS:] if len(digits) >= PHONE_DIGITS else "",
            postcode="".join(letter for letter in record.postcode.upper() if letter.isalnum()),
            street=fold(address[: house.start()] if house else address),
            house=f"{house[1]} {(house[2] or '').strip(' -/')}".strip() if house else "",
        )

    def clues(self, name: Named | Line) -> frozenset[Clue]:
        """What the other is found by: code, e-mail, phone, a word of the name at a postcode, two words of the name."""
        alone = {(Reason.CODE, self.code), (Reason.EMAIL, self.email), (Reason.PHONE, self.phone)}
        at_postcode = {(Reason.NAME_AND_POSTCODE, f"{self.postcode} {word}") for word in name.telling if self.postcode}
        by_name = {(Reason.NAME, couple) for couple in name.couples}
        return frozenset(clue for clue in alone | at_postcode | by_name if clue[1])

    def same_home(self, other: _Facts) -> bool:
        """A Dutch postcode and house number are one front door; elsewhere a postcode may be a town, so there the street counts too."""
        if not (self.postcode and self.house and other.house) or self.postcode != other.postcode:
            return False
        (number, _, addition), (other_number, _, other_addition) = self.house.partition(" "), other.house.partition(" ")
        if number != other_number or (addition and other_addition and addition != other_addition):
            return False
        return bool(_DUTCH_POSTCODE.fullmatch(self.postcode)) or self.street == other.street

    @property
    def mobile(self) -> str:
        """A phone somebody carries, "" for one on a wall: that is a household's, and one may have both."""
        return self.phone if self.phone.startswith("6") else ""

    def differences(self, other: _Facts) -> set[Reason]:
        """What both have, and is not the same."""
        pairs = {
            Reason.EMAIL: (self.email, other.email),
            Reason.PHONE: (self.mobile, other.mobile),
            Reason.ADDRESS: (self.postcode, other.postcode),
        }
        return {reason for reason, (ours, theirs) in pairs.items() if ours and theirs and ours != theirs}


class Owner(Enum):
    SELF = auto()  # it bears the called name
    ANOTHER = auto()  # it bears another name before the last name
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class _Member:
    person: Person
    name: Named
    facts: _Facts
    clues: frozenset[Clue]

    @classmethod
    def of(cls, person: Person) -> _Member:
        name = Named.of(person.initials, person.first_name, person.infix, person.last_name, person.organisation)
        facts = _Facts.of(person)
        return cls(person, name, facts, facts.clues(name))

    def email_owner(self) -> Owner:
        """Whose e-mail address this seems to be, by what stands before the @."""
        words = re.findall(r"[a-z]+", plain(self.facts.email.partition("@")[0]))
        joined, called = "".join(words), "".join(self.name.called)
        lasts = {last for half in self.name.last for last in (half.whole, "".join(half.core))}
        if len(called) > 2 and (called in words or joined in {called + last for last in lasts}):
            return Owner.SELF
        given = min((joined.removesuffix(last) for last in lasts if joined.endswith(last)), key=len, default="")
        mine = given == self.name.initials or (not called and given[:1] == self.name.initials[:1])
        return Owner.UNKNOWN if len(given) < 3 or mine else Owner.ANOTHER


@dataclass(frozen=True, slots=True)
class _Entry:
    relation: Relation
    line: Line
    facts: _Facts
    clues: frozenset[Clue]

    @classmethod
    def of(cls, relation: Relation) -> _Entry:
        line, facts = Line.read(relation.name), _Facts.of(relation)
        return cls(relation, line, facts, facts.clues(line))

    def contradictions(self) -> list[Contradiction]:
        facts = (
            (Contradiction.SUPPLIER, self.relation.is_supplier),
            (Contradiction.BLOCKED, self.relation.blocked),
            (Contradiction.ENDED, self.relation.ended),
        )
        return [contradiction for contradiction, holds in facts if holds]


# What it is worth ---------------------------------------------------------------------------------------------------------

_BY_ITSELF: tuple[set[Reason], ...] = ({Reason.CODE}, {Reason.EMAIL}, {Reason.ADDRESS}, {Reason.PHONE})
_WITH_CODE: tuple[set[Reason], ...] = ({Reason.CODE, Reason.EMAIL}, {Reason.CODE, Reason.PHONE}, {Reason.CODE, Reason.ADDRESS})
# Any of these sets of reasons is enough, with a name so alike.
_ENOUGH: dict[Confidence, dict[Likeness, tuple[set[Reason], ...]]] = {
    Confidence.CERTAIN: {
        Likeness.CALLED: _BY_ITSELF,
        Likeness.INITIALS: _BY_ITSELF,
        Likeness.INITIAL: ({Reason.CODE}, {Reason.EMAIL}, {Reason.NAME_AND_POSTCODE, Reason.PHONE}),
        Likeness.CLOSE: (*_WITH_CODE, {Reason.EMAIL, Reason.ADDRESS}, {Reason.EMAIL, Reason.PHONE}),
        Likeness.NEAR: _WITH_CODE,
    },
    Confidence.LIKELY: {
        Likeness.CALLED: ({Reason.NAME_AND_POSTCODE},),
        Likeness.INITIALS: ({Reason.NAME_AND_POSTCODE},),
        Likeness.INITIAL: ({Reason.ADDRESS}, {Reason.PHONE}),
        Likeness.CLOSE: ({Reason.CODE}, {Reason.EMAIL}, {Reason.ADDRESS}),
        Likeness.NEAR: ({Reason.CODE}, {Reason.EMAIL}),
        Likeness.VAGUE: ({Reason.CODE}, {Reason.EMAIL, Reason.ADDRESS}, {Reason.EMAIL, Reason.PHONE}),
        Likeness.OTHER: ({Reason.CODE, Reason.EMAIL},),
    },
    Confidence.POSSIBLE: {
        Likeness.CALLED: (set(),),
        Likeness.INITIALS: (set(),),
        Likeness.INITIAL: ({Reason.NAME_AND_POSTCODE},),
        Likeness.CLOSE: ({Reason.NAME_AND_POSTCODE}, {Reason.PHONE}),
        Likeness.NEAR: ({Reason.NAME_AND_POSTCODE}, {Reason.PHONE}),
        Likeness.VAGUE: ({Reason.EMAIL}, {Reason.ADDRESS}, {Reason.PHONE}),
        Likeness.OTHER: ({Reason.CODE}, {Reason.EMAIL}),
    },
}


def _worth(how: Likeness, reasons: Set[Reason]) -> Confidence | None:
    return next((grade for grade, enough in _ENOUGH.items() if any(some <= reasons for some in enough.get(how, ()))), None)


def _leaves_room(member: _Member, entry: _Entry, how: Likeness, reasons: Set[Reason]) -> bool:
    """Whether this may be somebody else all the same, however much agrees."""
    differ = member.facts.differences(entry.facts)
    if Reason.CODE in reasons:
        # A number somebody else has had, or one of the bookkeeper's own: one initial is little where all else is another's.
        return (
            how is Likeness.INITIAL and len(differ) > 1 and not reasons & {Reason.EMAIL, Reason.PHONE, Reason.NAME_AND_POSTCODE}
        )
    if Reason.EMAIL in reasons:
        return how is not Likeness.CALLED and _is_of_a_family(member, how, differ)
    if how is Likeness.INITIAL and not member.facts.mobile:
        return True
    # A father and a son of one name or of the same initials, in one house: what is personal must not differ.
    personal = {Reason.EMAIL, Reason.PHONE}
    return personal <= differ if how is Likeness.CALLED else bool(personal & differ)


def _is_of_a_family(member: _Member, how: Likeness, differ: Set[Reason]) -> bool:
    """Whether this e-mail address may be shared by a family, whose members have one last name, and often one initial."""
    match member.email_owner():
        case Owner.ANOTHER:
            return True
        case Owner.SELF:
            return how is Likeness.INITIAL and Reason.PHONE in differ
        case Owner.UNKNOWN:
            return how is Likeness.INITIAL and bool({Reason.PHONE, Reason.ADDRESS} & differ)


# Pairs --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pair:
    """`confidence`: what this pair alone deserves, before others are looked at. `by_code`: one code, and not by chance."""

    member: _Member
    entry: _Entry
    likeness: Likeness
    reasons: frozenset[Reason]
    by_code: bool = False
    confidence: Confidence | None = None

    def candidate(self, against: Sequence[Contradiction]) -> Candidate:
        reasons = tuple(reason for reason in Reason if reason in self.reasons)
        return Candidate(self.entry.relation.guid, _grade(self, against), reasons, tuple(against))

    def has_rival(self, others: Iterable[_Pair]) -> bool:
        return any(other is not self and self._rivalled(other) for other in others)

    def _rivalled(self, other: _Pair) -> bool:
        """Whether the other is as good, or nearly: a code is given on purpose, and counts against one without."""
        if other.confidence is Confidence.LIKELY:
            return other.by_code or (not self.by_code and other.likeness >= self.likeness)
        return other.confidence is Confidence.CERTAIN


def _found(members: Sequence[_Member], entries: Sequence[_Entry]) -> Iterator[tuple[_Member, _Entry, set[Reason]]]:
    """Who share a clue, and of what kinds. A clue that too many have is none."""
    by_clue: dict[Clue, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for side, records in enumerate((members, entries)):
        for at, record in enumerate(records):
            for clue in record.clues:
                by_clue[clue][side].append(at)
    kinds: dict[tuple[int, int], set[Reason]] = defaultdict(set)
    for (kind, _), having in by_clue.items():
        if max(map(len, having)) <= SHARED_AT_MOST:
            for pair in product(*having):
                kinds[pair].add(kind)
    for (ours, theirs), shared in kinds.items():
        yield members[ours], entries[theirs], shared


def _compared(found: Iterable[tuple[_Member, _Entry, set[Reason]]]) -> Iterator[_Pair]:
    for member, entry, kinds in found:
        how = likeness(member.name, entry.line)
        reasons = kinds & {Reason.CODE, Reason.EMAIL, Reason.PHONE}
        if how >= Likeness.NEAR:
            same = bool(member.facts.postcode) and member.facts.postcode == entry.facts.postcode
            reasons.add(Reason.NAME_AND_POSTCODE if same else Reason.NAME)
        if member.facts.same_home(entry.facts):
            reasons.add(Reason.ADDRESS)
        yield _Pair(member, entry, how, frozenset(reasons))


def _weighed(compared: Iterable[_Pair]) -> list[_Pair]:
    pairs = list(compared)
    names = [pair.likeness for pair in pairs if Reason.CODE in pair.reasons]
    others = names.count(Likeness.OTHER)
    by_chance = others >= BY_CHANCE and others > len(names) / 2
    weighed = (_weighed_pair(pair, by_chance) for pair in pairs)
    return [pair for pair in weighed if pair.confidence]


def _weighed_pair(pair: _Pair, by_chance: bool) -> _Pair:
    by_code = Reason.CODE in pair.reasons and not by_chance
    reasons = pair.reasons if by_code else pair.reasons - {Reason.CODE}
    worth = _worth(pair.likeness, reasons)
    if worth is Confidence.CERTAIN and _leaves_room(pair.member, pair.entry, pair.likeness, reasons):
        worth = Confidence.LIKELY
    if worth is None and Reason.CODE in pair.reasons:
        worth = Confidence.POSSIBLE  # the code is in use, whatever that says
    return replace(pair, by_code=by_code, confidence=worth)


# What is offered ----------------------------------------------------------------------------------------------------------


def _settled(pairs: Sequence[_Pair]) -> Iterator[tuple[_Pair, list[Contradiction]]]:
    """What is offered: where one is certain, it alone; and a relation that is certain only there, and where its code is wanted."""
    of_member: dict[int, list[_Pair]] = defaultdict(list)
    of_relation: dict[str, list[_Pair]] = defaultdict(list)
    for pair in pairs:
        of_member[pair.member.person.key].append(pair)
        of_relation[pair.entry.relation.guid].append(pair)
    judged = [(pair, _against(pair, of_member, of_relation)) for pair in pairs]
    certain = [pair for pair, against in judged if _grade(pair, against) is Confidence.CERTAIN]
    keys = {pair.member.person.key for pair in certain}
    guids = {pair.entry.relation.guid for pair in certain}
    for pair, against in judged:
        wanted = pair.entry.relation.guid not in guids or Reason.CODE in pair.reasons
        if _grade(pair, against) is Confidence.CERTAIN or (pair.member.person.key not in keys and wanted):
            yield pair, against


def _against(pair: _Pair, of_member: Mapping[int, list[_Pair]], of_relation: Mapping[str, list[_Pair]]) -> list[Contradiction]:
    found = pair.entry.contradictions()
    if pair.likeness is Likeness.OTHER:
        found.append(Contradiction.NAME)
    if pair.has_rival(of_relation[pair.entry.relation.guid]):
        found.append(Contradiction.SHARED)
    if pair.has_rival(of_member[pair.member.person.key]):
        found.append(Contradiction.SEVERAL)
    return found


def _grade(pair: _Pair, against: Sequence[Contradiction]) -> Confidence:
    assert pair.confidence
    return Confidence.LIKELY if against and pair.confidence is Confidence.CERTAIN else pair.confidence


def _rank(judged: tuple[_Pair, list[Contradiction]]) -> tuple[int, int, int, int, str]:
    """The best first; the guid makes it the same each time."""
    pair, against = judged
    grades = list(Confidence)
    worth = grades.index(pair.confidence or Confidence.POSSIBLE)
    return grades.index(_grade(pair, against)), worth, -pair.likeness, -len(pair.reasons), pair.entry.relation.guid

"""Which relation in Exact Online is which member? Pure; and in doubt the answer is no: a wrong link costs money, a question does not.

Certain is only what leaves no room for a brother, a father or a spouse, fits one member and one relation, and has nothing against it.
About the rest a person decides, who is told what speaks for it and what against.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum, StrEnum, auto
from itertools import product

from django.core.exceptions import ValidationError

from integrations.exact_online.accounts import Account
from integrations.likeness import Likeness, likeness
from integrations.mapping import MemberFields, NameStyle, styled_name
from integrations.names import Line, Named, fold, plain
from members import cleaning

SHOWN = 5
# What more members or relations than this have in common (info@, a switchboard) says nothing about any of them.
SHARED_AT_MOST = 8
# Where so many relations stand on the code of a member with another name, and fewer with the same name, codes agree by chance.
BY_CHANCE = 10
# Of a Dutch number without its 0 or +31, however it is written.
PHONE_DIGITS = 9
# The last number with its addition (12, 12A, 12-2, 12 bis), or one in front (12 rue de la Paix).
_HOUSE = re.compile(r"(\d+)((?:[a-z]{1,4})?(?:[-/ ]+[a-z0-9]{1,4})*)\s*$")
_HOUSE_IN_FRONT = re.compile(r"(\d+)()\b")
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
    for one in sorted(_offered(_judged(_pairs(members, entries))), key=lambda one: one.rank):
        offered[one.pair.key].append(one.candidate)
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
        house = _HOUSE.search(address) or _HOUSE_IN_FRONT.match(address)
        return cls(
            code=record.code.strip(),
            email=record.email.strip().casefold(),
            phone=digits[-PHONE_DIGITS:] if len(digits) >= PHONE_DIGITS else "",
            postcode="".join(letter for letter in record.postcode.upper() if letter.isalnum()),
            street="".join(re.findall(r"[^\W_]", address.replace(house[0], "", 1) if house else address)),
            house=f"{house[1]} {re.sub('[-/ ]', '', house[2])}".strip() if house else "",
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
    def mobile(self) -> bool:
        """Whether somebody carries this phone; one on a wall is a household's."""
        return self.phone.startswith("6")

    def differences(self, other: _Facts) -> set[Reason]:
        """What both have, and is not the same."""
        pairs = {
            Reason.EMAIL: (self.email, other.email),
            Reason.PHONE: (self.phone, other.phone),
            Reason.ADDRESS: (self.postcode, other.postcode),
        }
        return {reason for reason, (ours, theirs) in pairs.items() if ours and theirs and ours != theirs}


class _Owner(Enum):
    """Whose an e-mail address seems to be, by what stands before the @."""

    SELF = auto()  # the called name, alone or before the last name
    ANOTHER = auto()  # another name before the last name
    UNKNOWN = auto()

    @classmethod
    def of(cls, email: str, name: Named) -> _Owner:
        words = re.findall(r"[a-z]+", plain(email.partition("@")[0]))
        joined, called = "".join(words), "".join(name.called)
        lasts = {last for half in name.last for last in (half.whole, "".join(half.core))}
        if len(called) > 2 and (called in words or joined in {called + last for last in lasts}):
            return cls.SELF
        given = min((joined.removesuffix(last) for last in lasts if joined.endswith(last)), key=len, default="")
        agrees = given[:1] in (name.initials[:1], called[:1]) and (len(given) < 3 or not called)
        return cls.UNKNOWN if not given or agrees or given == name.initials else cls.ANOTHER


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


# What it is worth ---------------------------------------------------------------------------------------------------------

_BY_ITSELF: tuple[set[Reason], ...] = ({Reason.CODE}, {Reason.EMAIL}, {Reason.ADDRESS}, {Reason.PHONE})
_WITH_CODE: tuple[set[Reason], ...] = ({Reason.CODE, Reason.EMAIL}, {Reason.CODE, Reason.PHONE}, {Reason.CODE, Reason.ADDRESS})
_SUGGESTIVE: tuple[set[Reason], ...] = ({Reason.CODE}, {Reason.EMAIL, Reason.ADDRESS}, {Reason.EMAIL, Reason.PHONE})
# Any of these sets of reasons is enough, with a name so alike.
_ENOUGH: dict[Confidence, dict[Likeness, tuple[set[Reason], ...]]] = {
    Confidence.CERTAIN: {
        Likeness.CALLED: _BY_ITSELF,
        Likeness.INITIALS: _BY_ITSELF,
        Likeness.INITIAL: ({Reason.CODE}, {Reason.EMAIL}),
        Likeness.CLOSE: (*_WITH_CODE, {Reason.EMAIL, Reason.ADDRESS}, {Reason.EMAIL, Reason.PHONE}),
        Likeness.NEAR: _WITH_CODE,
        Likeness.LAST: ({Reason.CODE, Reason.EMAIL},),
    },
    Confidence.LIKELY: {
        Likeness.CALLED: ({Reason.NAME_AND_POSTCODE},),
        Likeness.INITIALS: ({Reason.NAME_AND_POSTCODE},),
        Likeness.INITIAL: ({Reason.ADDRESS}, {Reason.PHONE}),
        Likeness.CLOSE: ({Reason.CODE}, {Reason.EMAIL}, {Reason.ADDRESS}),
        Likeness.NEAR: ({Reason.CODE}, {Reason.EMAIL}),
        Likeness.LAST: _SUGGESTIVE,
        Likeness.VAGUE: _SUGGESTIVE,
        Likeness.OTHER: ({Reason.CODE, Reason.EMAIL},),
    },
    Confidence.POSSIBLE: {
        Likeness.CALLED: (set(),),
        Likeness.INITIALS: (set(),),
        Likeness.INITIAL: ({Reason.NAME_AND_POSTCODE},),
        Likeness.CLOSE: ({Reason.NAME_AND_POSTCODE}, {Reason.PHONE}),
        Likeness.NEAR: ({Reason.NAME_AND_POSTCODE}, {Reason.PHONE}),
        Likeness.LAST: ({Reason.EMAIL}, {Reason.ADDRESS}, {Reason.PHONE}),
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
    if how is Likeness.CALLED:
        # A father and a son of one name, in one house.
        return Reason.EMAIL not in reasons and {Reason.EMAIL, Reason.PHONE} <= differ
    owner = _Owner.of(entry.facts.email, member.name)
    if how is Likeness.INITIAL:
        # A family has one last name, often one initial, and may share an e-mail address, a phone and a house.
        return owner is not _Owner.SELF or Reason.PHONE in differ
    if owner is _Owner.ANOTHER or Reason.EMAIL in reasons:
        return owner is _Owner.ANOTHER
    return bool({Reason.EMAIL, Reason.PHONE} & differ) or not (Reason.ADDRESS in reasons or member.facts.mobile)


# Pairs --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pair:
    """`by_code`: the codes agree, and not by chance. `confidence`: what this pair deserves before others are looked at."""

    member: _Member
    entry: _Entry
    likeness: Likeness
    reasons: frozenset[Reason]
    by_code: bool = False
    confidence: Confidence | None = None

    @property
    def key(self) -> int:
        return self.member.person.key

    @property
    def guid(self) -> str:
        return self.entry.relation.guid

    def weighed(self, by_chance: bool) -> _Pair:
        by_code = Reason.CODE in self.reasons and not by_chance
        reasons = self.reasons if by_code else self.reasons - {Reason.CODE}
        worth = _worth(self.likeness, reasons)
        if worth is Confidence.CERTAIN and _leaves_room(self.member, self.entry, self.likeness, reasons):
            worth = Confidence.LIKELY
        if worth is None and Reason.CODE in self.reasons:
            worth = Confidence.POSSIBLE  # the code is in use, even if that says nothing about who it is
        return replace(self, by_code=by_code, confidence=worth)

    def has_rival(self, others: Iterable[_Pair]) -> bool:
        return any(other is not self and self._rivalled_by(other) for other in others)

    def _rivalled_by(self, other: _Pair) -> bool:
        """Whether the other is as good, or nearly. A code is given on purpose: it outweighs what is merely likely, and counts there."""
        if other.confidence is Confidence.CERTAIN:
            return True
        if other.confidence is Confidence.LIKELY:
            return other.by_code or (not self.by_code and other.likeness >= self.likeness)
        return not self.by_code and self._doubled_in(other)

    def _doubled_in(self, other: _Pair) -> bool:
        """A second relation with the member's e-mail address, and at least the last name."""
        return self.key == other.key and Reason.EMAIL in self.reasons & other.reasons and other.likeness >= Likeness.LAST


def _pairs(members: Sequence[_Member], entries: Sequence[_Entry]) -> list[_Pair]:
    compared = [_compared(members[ours], entries[theirs], kinds) for (ours, theirs), kinds in _found(members, entries).items()]
    on_codes = [pair.likeness for pair in compared if Reason.CODE in pair.reasons]
    others = on_codes.count(Likeness.OTHER)
    by_chance = others >= BY_CHANCE and others > len(on_codes) / 2
    return [pair for pair in (pair.weighed(by_chance) for pair in compared) if pair.confidence]


def _found(members: Sequence[_Member], entries: Sequence[_Entry]) -> dict[tuple[int, int], set[Reason]]:
    """Who share a clue (places in both sequences), and of what kinds. A clue that too many have is none."""
    by_clue: dict[Clue, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for at, member in enumerate(members):
        for clue in member.clues:
            by_clue[clue][0].append(at)
    for at, entry in enumerate(entries):
        for clue in entry.clues:
            by_clue[clue][1].append(at)
    kinds: dict[tuple[int, int], set[Reason]] = defaultdict(set)
    for (kind, _), having in by_clue.items():
        if max(map(len, having)) <= SHARED_AT_MOST:
            for two in product(*having):
                kinds[two].add(kind)
    return kinds


def _compared(member: _Member, entry: _Entry, kinds: Set[Reason]) -> _Pair:
    how = likeness(member.name, entry.line)
    reasons = {*kinds} & {Reason.CODE, Reason.EMAIL, Reason.PHONE}
    if how >= Likeness.NEAR:
        same = member.facts.postcode and member.facts.postcode == entry.facts.postcode
        reasons.add(Reason.NAME_AND_POSTCODE if same else Reason.NAME)
    if member.facts.same_home(entry.facts):
        reasons.add(Reason.ADDRESS)
    return _Pair(member, entry, how, frozenset(reasons))


# What is offered ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Judged:
    """A pair, with all that speaks against it."""

    pair: _Pair
    against: tuple[Contradiction, ...]

    @property
    def confidence(self) -> Confidence:
        worth = self.pair.confidence or Confidence.POSSIBLE
        return Confidence.LIKELY if self.against and worth is Confidence.CERTAIN else worth

    @property
    def is_certain(self) -> bool:
        return self.confidence is Confidence.CERTAIN

    @property
    def candidate(self) -> Candidate:
        reasons = tuple(reason for reason in Reason if reason in self.pair.reasons)
        return Candidate(self.pair.guid, self.confidence, reasons, self.against)

    @property
    def rank(self) -> tuple[int, int, int, int, str]:
        """The best first; the guid makes it the same each time."""
        grades = [*Confidence, None]
        worth = grades.index(self.pair.confidence)
        return grades.index(self.confidence), worth, -self.pair.likeness, -len(self.pair.reasons), self.pair.guid


def _judged(pairs: Sequence[_Pair]) -> list[_Judged]:
    of_member: dict[int, list[_Pair]] = defaultdict(list)
    of_relation: dict[str, list[_Pair]] = defaultdict(list)
    for pair in pairs:
        of_member[pair.key].append(pair)
        of_relation[pair.guid].append(pair)
    return [_Judged(pair, tuple(_against(pair, of_relation[pair.guid], of_member[pair.key]))) for pair in pairs]


def _against(pair: _Pair, of_relation: Iterable[_Pair], of_member: Iterable[_Pair]) -> Iterator[Contradiction]:
    relation = pair.entry.relation
    held = (
        (Contradiction.SUPPLIER, relation.is_supplier),
        (Contradiction.BLOCKED, relation.blocked),
        (Contradiction.ENDED, relation.ended),
        (Contradiction.NAME, pair.likeness is Likeness.OTHER),
        (Contradiction.SHARED, pair.has_rival(of_relation)),
        (Contradiction.SEVERAL, pair.has_rival(of_member)),
    )
    return (contradiction for contradiction, holds in held if holds)


def _offered(judged: Sequence[_Judged]) -> list[_Judged]:
    """Where one is certain, it alone; and what is certain for one member is for no other, but it is told whose code it stands on."""
    keys = {one.pair.key for one in judged if one.is_certain}
    guids = {one.pair.guid for one in judged if one.is_certain}
    return [
        one
        for one in judged
        if one.is_certain or (one.pair.key not in keys and (one.pair.guid not in guids or Reason.CODE in one.pair.reasons))
    ]

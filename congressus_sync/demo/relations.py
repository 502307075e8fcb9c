"""What bookkeepers entered in Exact Online over the years, before anybody thought of a connection: sixty relations.

Half are members as they are now, on their own number. The rest is what a first comparison has to tell apart: members under
another number and in another spelling, relations that fit two members or a member that fits two relations, suppliers and former
relations on numbers that members want, and strangers. Most members have no relation at all.

Each is drawn from the members as they are when the demonstration begins, and everybody who tries gets the same.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from congressus_sync.demo import association, words
from congressus_sync.demo.association import plain
from members.models import Member

DIVISION = 1204501
LINKED_STATUSES = ("Lid", "Alumnus")  # the ones the demonstration tells to choose
SEED = 1971
_LONGEST_NAME = 50  # in Exact Online
_AS_THEY_ARE = 24
_OWN_NUMBERING = 40001
_NUMBERING_OF_STRANGERS = 30001
_OLD_ADDRESSES = (("Kerkstraat 11", "2611 GA", "Delft"), ("Stationsweg 4B", "7311 NZ", "Apeldoorn"))
_ENDED = ("2019-12-31", "2021-08-31")

Relation = dict[str, str | bool]
Fits = Callable[[Member], bool]


def write(path: Path) -> None:
    """Write the file the simulator begins with, unless it is there already."""
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps({str(DIVISION): draw()}, ensure_ascii=False, indent=1), encoding="utf-8")
        unfinished.replace(path)


def draw() -> list[Relation]:
    """The sixty, as fields of a relation in Exact Online."""
    people = association.people()
    deck, numbers = _Deck(people), count(_OWN_NUMBERING)
    drawn = [
        *_members_as_they_are(deck),
        *_in_another_spelling(deck, numbers),
        *_ambiguous(deck, people, numbers),
        *_suppliers(deck),
        *_ended(deck),
        *_strangers(),
    ]
    return [{name: value for name, value in relation.items() if value != ""} for relation in drawn]


class _Deck:
    """Members to be linked, with a Dutch address and a name that no other has, of whom nobody is taken twice."""

    def __init__(self, people: list[Member]) -> None:
        names = Counter(_short_name(member) for member in people)
        addresses = Counter(member.address for member in people)
        self._members = [
            member
            for member in people
            if member.status.name in LINKED_STATUSES
            and member.country == "NL"
            and member.last_name not in ("", "Null")
            and names[_short_name(member)] == addresses[member.address] == 1
            and len(_full_name(member)) <= _LONGEST_NAME
        ]
        random.Random(SEED).shuffle(self._members)  # noqa: S311

    def take(self, fits: Fits = lambda member: True, *, with_email: bool = False) -> Member:
        found = next(member for member in self._members if fits(member) and (member.email or not with_email))
        self._members.remove(found)
        return found


# On their own number ----------------------------------------------------------------------------------------------------


def _members_as_they_are(deck: _Deck) -> Iterator[Relation]:
    for respelled in _RESPELLED:  # first, for these need an e-mail address and a phone
        relation = _relation(deck.take(lambda member: bool(member.phone), with_email=True))
        yield relation | respelled(relation)
    for at in range(_AS_THEY_ARE):
        member = deck.take()
        yield _relation(member) | ({"Name": _full_name(member)} if at % 4 == 3 else {})


# The same in another spelling, which is nothing to change.
_RESPELLED: tuple[Callable[[Relation], Relation], ...] = (
    lambda relation: {"Postcode": str(relation["Postcode"]).replace(" ", "")},
    lambda relation: {"Postcode": str(relation["Postcode"]).replace(" ", "").lower()},
    lambda relation: {"Phone": _as_dialled(str(relation["Phone"]))},
    lambda relation: {"Phone": _as_dialled(str(relation["Phone"])).replace("-", " ")},
    lambda relation: {"Email": str(relation["Email"]).capitalize()},
    lambda relation: {"City": str(relation["City"]).upper()},
)


def _suppliers(deck: _Deck) -> Iterator[Relation]:
    for fields in words.SUPPLIERS:
        yield {"Code": deck.take().member_number, "IsSupplier": True, **fields}


def _ended(deck: _Deck) -> Iterator[Relation]:
    for day in _ENDED:
        yield _relation(deck.take()) | {"EndDate": day}


def _strangers() -> Iterator[Relation]:
    for at, fields in enumerate(words.STRANGERS):
        yield {"Code": str(_NUMBERING_OF_STRANGERS + at), **fields}


# Numbered by the bookkeeper ---------------------------------------------------------------------------------------------


def _in_another_spelling(deck: _Deck, numbers: Iterator[int]) -> Iterator[Relation]:
    """Seven with the member's e-mail address, two of them before a move; three with name and address alone."""
    old_addresses = iter(_OLD_ADDRESSES)
    for fits, spelled, known_by in _SPELLINGS:
        member = deck.take(fits, with_email=True)
        relation = _relation(member) | {"Code": str(next(numbers)), "Name": spelled(member), "Phone": ""}
        if known_by == "address":
            relation["Email"] = ""
        elif known_by == "e-mail, moved":
            relation |= _at(*next(old_addresses))
        yield relation


def _ambiguous(deck: _Deck, people: list[Member], numbers: Iterator[int]) -> Iterator[Relation]:
    """One person twice, one relation for two who share an e-mail address, and two namesakes in another town."""
    twice = deck.take(with_email=True)
    yield _relation(twice) | {"Code": str(next(numbers))}
    yield (
        _relation(twice)
        | {"Code": str(next(numbers)), "Name": _full_name(twice), "Phone": ""}
        | _at("Brink 2", "9401 HR", "Assen")
    )
    shared = Counter(member.email for member in people if member.email)
    household = next(member for member in people if shared[member.email] > 1)
    name = " ".join(filter(None, ("Fam.", household.infix, household.last_name)))
    yield _relation(household) | {"Code": str(next(numbers)), "Name": name, "Phone": ""}
    for elsewhere in (("Molenweg 31", "6041 HK", "Roermond"), ("Singel 8", "4461 JA", "Goes")):
        namesake = deck.take(lambda member: member.city not in ("Roermond", "Goes"))
        yield _relation(namesake) | {"Code": str(next(numbers)), "Email": "", "Phone": ""} | _at(*elsewhere)


def _is_double(member: Member) -> bool:
    return "-" in member.last_name


# Who can be written so, how, and what else tells that it is the same person.
_SPELLINGS: tuple[tuple[Fits, Callable[[Member], str], str], ...] = (
    (lambda m: m.infix in ("de", "van"), lambda m: f"{m.last_name}, {m.initials} {m.infix}", "e-mail"),
    (lambda m: m.infix in ("de", "van"), lambda m: f"{m.last_name} {m.infix}, {m.first_name}", "address"),
    (lambda m: m.infix == "van der", lambda m: f"{m.initials} v.d. {m.last_name}", "e-mail"),
    (lambda m: m.infix == "van der", lambda m: f"{m.first_name} v/d {m.last_name}", "address"),
    (lambda m: _is_double(m) and not m.infix, lambda m: f"{m.initials} {'-'.join(m.last_name.split('-')[::-1])}", "e-mail"),
    (lambda m: not m.last_name.isascii(), lambda m: plain(_full_name(m)), "e-mail, moved"),
    (lambda m: not m.last_name.isascii(), lambda m: plain(_short_name(m)).upper(), "e-mail"),
    (lambda m: m.first_name in words.NAMES_OF_WOMEN, lambda m: f"Mevr. {_short_name(m)}", "e-mail, moved"),
    (lambda m: m.first_name in words.NAMES_OF_MEN, lambda m: f"De heer {_full_name(m)}", "address"),
    (lambda m: len(m.initials) > 2, lambda m: _short_name(m).replace(m.initials, m.initials.replace(".", "")), "e-mail"),
)


# Fields -----------------------------------------------------------------------------------------------------------------


def _relation(member: Member) -> Relation:
    """The member as a relation on their own number, with what a connection would send."""
    return {
        "Code": member.member_number,
        "Name": _short_name(member),
        "Status": "C",
        **_at(member.address, member.postcode, member.city),
        "Country": member.country,
        "Email": member.email,
        "Phone": member.phone,
        "Language": member.language.upper(),
    }


def _at(address: str, postcode: str, city: str) -> Relation:
    return {"AddressLine1": address, "Postcode": postcode, "City": city}


def _short_name(member: Member) -> str:
    return " ".join(filter(None, (member.initials, member.infix, member.last_name)))


def _full_name(member: Member) -> str:
    return " ".join(filter(None, (member.first_name, member.infix, member.last_name)))


def _as_dialled(phone: str) -> str:
    """+31612345678 -> 06-12345678"""
    return f"06-{phone.removeprefix('+316')}"

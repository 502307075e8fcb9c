"""Which relation is which member? In doubt: nobody, and a person is asked."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.matching import judge
from benchmarks.pairs import generate
from integrations.exact_online.accounts import Account
from integrations.matching import (
    SHOWN,
    Candidate,
    Confidence,
    Contradiction,
    Person,
    Reason,
    Relation,
    contradiction,
    fold,
    match,
    spelled_alike,
)
from tests.integrations.test_mapping import JAN

TODAY = date(2026, 11, 22)
CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE


def person(key: int = 1, called: str = "Jan", **fields: str) -> Person:
    """Of the De Vries family, each with a code, e-mail address and phone of one's own."""
    ordinary = {
        "code": str(1000 + key),
        "initials": f"{called[:1]}.",
        "first_name": called,
        "infix": "de",
        "last_name": "Vries",
        "organisation": "",
        "email": f"{called.lower()}@example.org",
        "phone": f"+3161234567{key}",
        "address": "Dorpsstraat 12",
        "postcode": "1234 AB",
    }
    return Person(key=key, **ordinary | fields)


def entry(name: str = "Jan de Vries", guid: str = "a", **fields: object) -> Relation:
    """A relation of which nothing is known but its name, under a number of the bookkeeper."""
    unknown = {"code": f"90{ord(guid[0])}", "email": "", "phone": "", "address": "", "postcode": ""}
    return Relation(guid=guid, name=name, **unknown | fields)  # type: ignore[arg-type]


def found(member: Person, *relations: Relation) -> Candidate | None:
    """The best candidate of one member."""
    return match([member], relations).get(member.key, (None,))[0]


def confidence(member: Person, *relations: Relation) -> Confidence | None:
    best = found(member, *relations)
    return best.confidence if best else None


HOME = {"address": "Dorpsstraat 12", "postcode": "1234AB"}
ELSEWHERE = {"address": "Kerkweg 3", "postcode": "9876 ZY"}


# What is enough -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        (entry("J. de Vries", code="1001"), CERTAIN),
        (entry("Vries, J. de", code=" 1001"), CERTAIN),
        (entry("Jan de Vries", code="1001", email="other@example.org", **ELSEWHERE), CERTAIN),
        (entry("J. de Vries", code="1001", email="other@example.org", **ELSEWHERE), LIKELY),
        (entry("J. de Vreis", code="1001"), LIKELY),
        (entry("J. de Vreis", code="1001", **HOME), CERTAIN),
        (entry("Dhr. de Vries", code="1001"), LIKELY),
        (entry("Dhr. de Vries", code="1001", email="jan@example.org"), CERTAIN),
        (entry("Fam. de Vries", code="1001", email="jan@example.org"), LIKELY),
        (entry("Bakkerij Jan de Vries", code="1001", email="jan@example.org"), LIKELY),
        (entry("P. Jansen", code="1001"), POSSIBLE),
        (entry("P. Jansen", code="1001", email="jan@example.org"), LIKELY),
        (entry("Jan de Vries", email="JAN@example.org"), CERTAIN),
        (entry("J. de Vries", email="jan@example.org"), CERTAIN),
        (entry("J. de Vries", email="jan@example.org", phone="0699999999"), LIKELY),
        (entry("Jan Vries", email="jan@example.org"), LIKELY),
        (entry("Jan Vries", email="jan@example.org", phone="06-12345671"), CERTAIN),
        (entry("de Vries", email="jan@example.org"), POSSIBLE),
        (entry("P. Jansen", email="jan@example.org"), POSSIBLE),
        (entry("Jan de Vries", email="j.an@example.org"), POSSIBLE),
        (entry("Jan de Vries", **HOME), CERTAIN),
        (entry("Jan de Vries", **HOME, email="old@example.org"), CERTAIN),
        (entry("Jan de Vries", **HOME, email="old@example.org", phone="0699999999"), LIKELY),
        (entry("Jan de Vries", address="Dorpsstraat 14", postcode="1234 ab"), LIKELY),
        (entry("Jan de Vries", address="Dorpsstraat 12A", postcode="1234AB"), CERTAIN),
        (entry("J. de Vries", **HOME), LIKELY),
        (entry("J. de Vries", **HOME, phone="0031 6 1234 5671"), LIKELY),
        (entry("J. de Vries", address="Dorpsstraat 14", postcode="1234AB"), POSSIBLE),
        (entry("P. de Vries", **HOME), None),
        (entry("Jan Bakker", **HOME), None),
        (entry("Jan de Vries", phone="+31 (0)6 12345671"), CERTAIN),
        (entry("J. de Vries", phone="06-12345671"), LIKELY),
        (entry("Jan de Vries", **ELSEWHERE), POSSIBLE),
        (entry("J. de Vries", **ELSEWHERE), None),
    ],
)
def test_how_much_is_how_certain(relation: Relation, expected: Confidence | None) -> None:
    assert confidence(person(), relation) is expected


def test_it_says_what_speaks_for_it_and_what_against() -> None:
    everything = entry("Jan de Vries", code="1001", email="jan@example.org", phone="0612345671", **HOME)
    assert found(person(), everything) == Candidate(
        "a", CERTAIN, (Reason.CODE, Reason.EMAIL, Reason.NAME_AND_POSTCODE, Reason.ADDRESS, Reason.PHONE)
    )
    assert found(person(), entry("P. Jansen", code="1001")) == Candidate("a", POSSIBLE, (Reason.CODE,), (Contradiction.NAME,))


@pytest.mark.parametrize(
    ("initials", "name", "expected"),
    [("J.P.", "J.P. de Vries", CERTAIN), ("J.P.", "J. de Vries", LIKELY), ("J.", "J.P. de Vries", LIKELY)],
)
def test_all_initials_and_a_front_door_are_one_person(initials: str, name: str, expected: Confidence) -> None:
    assert confidence(person(initials=initials), entry(name, **HOME)) is expected


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("Kerkstraat 12", "KERKSTR. 12", True),
        ("Kerkstraat 12-2", "Kerkstraat 12 2", True),
        ("Kerkstraat 12 bis", "Kerkstraat 12", True),
        ("Kerkstraat 12A", "Kerkstraat 12 B", False),
        ("Kerkstraat 12A-2", "Kerkstraat 14B-2", False),
        ("Plein 1944 5", "Plein 1944 7", False),
        ("3e Dwarsstraat 5", "3e Dwarsstraat 7", False),
        ("Kerkstraat", "Kerkstraat 12", False),
    ],
)
def test_front_doors(ours: str, theirs: str, same: bool) -> None:
    best = found(person(address=ours), entry(address=theirs, postcode="1234 AB"))
    assert best
    assert (Reason.ADDRESS in best.reasons) is same


def test_abroad_a_postcode_may_be_a_town() -> None:
    somebody = person(address="Vrijdagmarkt 14", postcode="9000")
    assert confidence(somebody, entry(address="Korenmarkt 14", postcode="9000")) is LIKELY
    assert confidence(somebody, entry(address="Vrijdagmarkt 14", postcode="9000")) is CERTAIN
    assert confidence(replace(somebody, address="12 rue Neuve"), entry(address="12, Rue Neuve", postcode="9000")) is CERTAIN


# Who is easily taken for another ------------------------------------------------------------------------------------------


def test_siblings_with_one_address_for_mail_stay_two() -> None:
    family = {"email": "familie@example.org"}
    jan, piet = person(1, "Jan", **family), person(2, "Piet", **family)
    matched = match([jan, piet], [entry("Piet de Vries", "p", **family), entry("Jan de Vries", "j", **family)])
    assert {key: [(c.guid, c.confidence) for c in candidates] for key, candidates in matched.items()} == {
        1: [("j", CERTAIN)],
        2: [("p", CERTAIN)],
    }


def test_a_sibling_without_a_relation_gets_no_others() -> None:
    family = {"email": "familie@example.org"}
    matched = match([person(1, "Jan", **family), person(2, "Piet", **family)], [entry("Jan de Vries", **family)])
    assert list(matched) == [1]


def test_twins_with_one_initial_are_asked_about() -> None:
    family = {"email": "familie@example.org"}
    jan, joris = person(1, "Jan", **family), person(2, "Joris", **family)
    for candidates in match([jan, joris], [entry("J. de Vries", **family)]).values():
        assert [(c.confidence, c.against) for c in candidates] == [(LIKELY, (Contradiction.SHARED,))]


def test_the_code_tells_twins_apart() -> None:
    family = {"email": "familie@example.org"}
    jan, joris = person(1, "Jan", **family), person(2, "Joris", **family)
    relations = [entry("J. de Vries", "a", code="1001", **family), entry("J. de Vries", "b", code="1002", **family)]
    matched = match([jan, joris], relations)
    assert [(c.guid, c.confidence) for c in (*matched[1], *matched[2])] == [("a", CERTAIN), ("b", CERTAIN)]


def test_a_father_with_the_same_initial_in_the_same_house() -> None:
    """He has a relation and is no member; the son is one and has none."""
    assert confidence(person(1, "Jan"), entry("J. de Vries", **HOME)) is LIKELY
    assert confidence(person(1, "Jan"), entry("Joop de Vries", **HOME)) is POSSIBLE
    shared = {"email": "joop.devries@example.org", "phone": "0612345671"}
    assert confidence(person(1, "Jan", **shared), entry("J. de Vries", **HOME, **shared)) is LIKELY


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("jan@example.org", CERTAIN),
        ("jan_83@example.org", CERTAIN),
        ("jan.devries@example.org", CERTAIN),
        ("jandevries@example.org", CERTAIN),
        ("j.devries@example.org", LIKELY),
        ("familie@example.org", LIKELY),
        ("joop.devries@example.org", LIKELY),
        ("janneke@example.org", LIKELY),
    ],
)
def test_an_initial_is_enough_only_where_the_address_bears_the_called_name(email: str, expected: Confidence) -> None:
    assert confidence(person(email=email), entry("J. de Vries", email=email)) is expected
    assert confidence(person(email=email), entry("Jan de Vries", email=email)) is CERTAIN


def test_a_parent_with_the_same_initials_whose_address_the_child_has() -> None:
    shared = {"email": "joop.devries@example.org"}
    assert confidence(person(initials="J.P.", **shared), entry("J.P. de Vries", **shared)) is LIKELY
    assert confidence(person(initials="J.P.", email=""), entry("J.P. de Vries", **shared, **HOME)) is LIKELY


def test_a_phone_on_the_wall_is_of_the_household() -> None:
    at_home = {"phone": "0201234567"}
    assert confidence(person(initials="J.P.", **at_home), entry("J.P. de Vries", **at_home)) is LIKELY
    assert confidence(person(initials="J.P.", **at_home), entry("J.P. de Vries", **at_home, **HOME)) is CERTAIN


def test_a_father_and_a_son_of_one_name() -> None:
    son = person(1, "Jan", last_name="Vries jr.")
    assert confidence(son, entry("Jan de Vries sr.", **HOME)) is None
    assert confidence(son, entry("Jan de Vries jr.", **HOME)) is CERTAIN
    assert confidence(person(1, "Jan"), entry("Jan de Vries senior", **HOME)) is POSSIBLE


def test_a_spouse_with_the_partners_name() -> None:
    household = {"email": "thuis@example.org", **HOME}
    assert confidence(person(1, "Arie", **household), entry("A. de Vries-Jansen", **household)) is LIKELY
    anna = person(2, "Anna", infix="", last_name="Jansen", **household)
    assert confidence(anna, entry("Anna de Vries-Jansen", **household)) is CERTAIN
    assert confidence(anna, entry("P. de Vries", **household)) is POSSIBLE


def test_only_the_family() -> None:
    best = found(person(), entry("Fam. de Vries", email="jan@example.org", **HOME))
    assert best
    assert best.confidence is LIKELY


def test_an_organisation_is_not_its_contact_person() -> None:
    shared = {"email": "jan@example.org", **HOME}
    firm = person(1, organisation="Drukkerij De Vries B.V.", **shared)
    jan = person(2, **shared)
    relations = [entry("Drukkerij de Vries BV", "f", **shared), entry("Jan de Vries", "j", **shared)]
    matched = match([firm, jan], relations)
    assert [(c.guid, c.confidence) for c in (*matched[1], *matched[2])] == [("f", CERTAIN), ("j", CERTAIN)]
    assert confidence(firm, relations[1]) is LIKELY
    assert confidence(jan, relations[0]) is POSSIBLE


def test_a_relation_on_the_code_of_an_organisation_is_not_simply_its_contact_person() -> None:
    shared = {"email": "jan@example.org"}
    firm, jan = person(1, organisation="Vries BV", **shared), person(2, **shared)
    (candidate,) = match([firm, jan], [entry("Jan de Vries", code="1001", **shared)])[2]
    assert (candidate.confidence, candidate.against) == (LIKELY, (Contradiction.SHARED,))


def test_namesakes_in_one_street() -> None:
    there = entry("Jan de Vries", address="Dorpsstraat 40", postcode="1234 AB")
    assert confidence(person(), there) is LIKELY


# Who may not be taken -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "against"),
    [
        ("is_supplier", Contradiction.SUPPLIER),
        ("blocked", Contradiction.BLOCKED),
        ("ended", Contradiction.ENDED),
    ],
)
def test_no_plain_customer_is_never_certain(fact: str, against: Contradiction) -> None:
    best = found(person(), replace(entry("Jan de Vries", code="1001", email="jan@example.org"), **{fact: True}))
    assert best
    assert (best.confidence, best.against) == (LIKELY, (against,))


def test_a_stranger_on_a_wanted_code_is_shown() -> None:
    (candidate,) = match([person()], [replace(entry("Drukkerij Kuipers", code="1001"), is_supplier=True)])[1]
    assert candidate == Candidate("a", POSSIBLE, (Reason.CODE,), (Contradiction.SUPPLIER, Contradiction.NAME))


def test_two_relations_of_one_member() -> None:
    relations = [entry("Jan de Vries", "a", code="1001"), entry("J. de Vries", "b", email="jan@example.org")]
    candidates = match([person()], relations)[1]
    assert [(c.guid, c.confidence) for c in candidates] == [("a", LIKELY), ("b", LIKELY)]
    assert all(Contradiction.SEVERAL in c.against for c in candidates)


def test_two_relations_with_the_address_of_one_member() -> None:
    mail = {"email": "jan@example.org"}
    relations = [entry("Jan de Vries", "a", **mail), entry("De Vries", "b", **mail)]
    candidates = match([person()], relations)[1]
    assert [(c.guid, c.confidence, c.against) for c in candidates] == [
        ("a", LIKELY, (Contradiction.SEVERAL,)),
        ("b", POSSIBLE, (Contradiction.SEVERAL,)),
    ]
    (candidate,) = match([person()], [replace(relations[0], code="1001"), relations[1]])[1]
    assert (candidate.guid, candidate.confidence) == ("a", CERTAIN)


def test_a_namesake_elsewhere_does_not_spoil_what_is_certain() -> None:
    relations = [entry("Jan de Vries", "a", code="1001"), entry("Jan de Vries", "b", **ELSEWHERE)]
    (candidate,) = match([person()], relations)[1]
    assert (candidate.guid, candidate.confidence) == ("a", CERTAIN)


def test_two_members_with_one_wanted_code() -> None:
    twice = [person(1, "Jan", code="7"), person(2, "Jan", code="7")]
    for candidates in match(twice, [entry("Jan de Vries", code="7")]).values():
        assert [(c.confidence, c.against) for c in candidates] == [(LIKELY, (Contradiction.SHARED,))]


def test_a_relation_on_the_code_of_a_sibling() -> None:
    """By its e-mail address it is Jan, by its number Joris."""
    members = [person(1, "Jan"), person(2, "Joris")]
    matched = match(members, [entry("J. de Vries", code="1002", email="jan@example.org")])
    assert {key: [c.confidence for c in candidates] for key, candidates in matched.items()} == {1: [LIKELY], 2: [LIKELY]}


def test_whose_code_is_in_use_is_told_even_where_the_relation_is_certain_for_another() -> None:
    piet = person(2, "Piet", infix="", last_name="Jansen")
    matched = match([person(), piet], [entry("Jan de Vries", code="1002", email="jan@example.org")])
    assert matched[1][0].confidence is CERTAIN
    assert matched[2] == (Candidate("a", POSSIBLE, (Reason.CODE,), (Contradiction.NAME, Contradiction.SHARED)),)


def test_where_codes_agree_by_chance_they_say_nothing() -> None:
    """A bookkeeper who numbers relations from 1001 as well, in another order."""
    crowd = [person(key, "Piet", infix="", last_name=f"Bakker{key}x", phone="", email="", address="") for key in range(2, 40)]
    others = [entry(f"K. Mulder{key}x", f"m{key}", code=str(1000 + key)) for key in range(2, 40)]
    on_code = entry("J. de Vries", "j", code="1001")
    assert match([person()], [on_code])[1][0].confidence is CERTAIN
    (candidate,) = match([person(), *crowd], [on_code, *others])[1]
    assert (candidate.confidence, candidate.reasons) == (POSSIBLE, (Reason.CODE, Reason.NAME))


def test_what_everybody_has_says_nothing() -> None:
    members = [person(key, "Jan", email="info@example.org", phone="", code="") for key in range(9)]
    assert match(members, [entry("Jan de Vries", email="info@example.org", **ELSEWHERE)]) == {}
    relations = [entry(f"Jan de Vries{number}", f"g{number}", email="info@example.org") for number in range(9)]
    assert match(members[:1], relations) == {}


def test_at_most_five_are_shown() -> None:
    relations = [entry("Jan de Vries", guid, email="jan@example.org") for guid in "abcdefg"]
    candidates = match([person()], relations)[1]
    assert [c.guid for c in candidates] == list("abcdefg"[:SHOWN])


def test_nothing_known_finds_nobody() -> None:
    nobody = Person(1, "", "", "", "", "", "", "", "", "", "")
    assert match([nobody], [entry(""), entry("Jan de Vries", "b")]) == {}
    assert match([], [entry()]) == match([person()], []) == {}


# All together -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_an_administration_kept_for_years(seed: int) -> None:
    score = judge(generate(600, seed=seed))
    assert score.usable > 600
    assert score.wrong == []
    assert score.recall > 0.9


def test_where_the_bookkeeper_numbers_by_himself_nothing_is_wrong_either() -> None:
    score = judge(generate(600, by_number=0.0))
    assert score.wrong == []
    assert score.recall > 0.5


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_does_not_matter(rng: random.Random) -> None:
    pairs = generate(60, seed=4, by_number=0.5)
    before = match(pairs.persons, pairs.relations)
    persons, relations = list(pairs.persons), list(pairs.relations)
    rng.shuffle(persons)
    rng.shuffle(relations)
    assert match(persons, relations) == before


def test_thousands_who_share_everything_are_compared_in_no_time() -> None:
    members = [person(key, email="info@example.org", phone="0201234567") for key in range(5000)]
    relations = [entry("Jan de Vries", f"g{n}", email="info@example.org", phone="0201234567", **HOME) for n in range(5000)]
    started = time.perf_counter()
    matched = match(members, relations)
    # Pair by pair this would take minutes.
    assert time.perf_counter() - started < 10
    assert matched == {}


# Spelling -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "ours", "theirs", "alike"),
    [
        ("Name", "J. de Vries", "J.  DE VRIES", True),
        ("Name", "Renée Çelik", "Renee Celik", True),
        ("Name", "J.P. de Vries", "J. P. de Vries", True),
        ("Name", "Jan de Vries", "J. de Vries", False),
        ("Name", "J. de Vries", "Vries, J. de", False),
        ("Name", "J. de Vries", "J. de Vris", False),
        ("Email", "Jan@Example.org", "jan@example.org ", True),
        ("Email", "jan@example.org", "j.an@example.org", False),
        ("Email", "andré@example.org", "andre@example.org", False),
        ("Phone", "+31612345678", "06-12345678", True),
        ("Phone", "+31612345678", "0031 6 1234 5678", True),
        ("Phone", "+31612345678", "06 12345679", False),
        ("Phone", "+31612345678", "", False),
        ("Phone", "112x", "112 X", True),
        ("Phone", "", "", True),
        ("AddressLine1", "Dorpsstraat 12 a", "dorpsstraat  12A", True),
        ("AddressLine1", "Plein 1944 5", "Plein 19445", False),
        ("AddressLine1", "Kerkstraat 1 12", "Kerkstraat 11 2", False),
        ("AddressLine2", "Jan de Vries", "jan de  vries", True),
        ("Postcode", "1234 AB", "1234ab", True),
        ("Postcode", "1234 AB", "1234 AC", False),
        ("City", "'s-Gravenhage", "'S-GRAVENHAGE", True),
        ("City", "Köln", "Koln", True),
        ("City", "Den Haag", "'s-Gravenhage", False),
        ("Country", "NL", "nl ", True),
        ("Country", "NL", "BE", False),
        ("Language", "NL", "nl", True),
        ("Status", "C", "C", True),
        ("Status", "C", "P", False),
        ("City", "Delft", "", False),
    ],
)
def test_spelled_alike(field: str, ours: str, theirs: str, alike: bool) -> None:
    assert spelled_alike(field, ours, theirs) is alike
    assert spelled_alike(field, theirs, ours) is alike


def test_a_phone_is_read_as_of_the_country() -> None:
    assert spelled_alike("Phone", "+32470123456", "0470 12 34 56", "BE")
    assert not spelled_alike("Phone", "+32470123456", "0470 12 34 56", "NL")
    assert spelled_alike("Phone", "+31612345678", "0612345678", "")


# A relation that carries our code -------------------------------------------------------------------------------------------


def account(name: str, **facts: object) -> Account:
    return Account(guid="g", code="7", fields={"Name": name}, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["J. de Vries", "j.  de vries", "Jan de Vries", "Vries, J. de", "J. de Vriès", "J.DE VRIES"])
def test_the_same_written_otherwise(name: str) -> None:
    assert contradiction(account(name), JAN, "J. de Vries", TODAY) is None


@pytest.mark.parametrize("name", ["", "P. de Vries", "Vries", "J. de Vries-Bakker", "Jansen"])
def test_another_name(name: str) -> None:
    assert contradiction(account(name), JAN, "J. de Vries", TODAY) is Contradiction.NAME


@pytest.mark.parametrize(
    ("facts", "against"),
    [
        ({"is_supplier": True}, Contradiction.SUPPLIER),
        ({"blocked": True}, Contradiction.BLOCKED),
        ({"end_date": date(2026, 11, 21)}, Contradiction.ENDED),
        ({"end_date": date(2026, 11, 22)}, None),
    ],
)
def test_no_plain_customer(facts: dict, against: Contradiction | None) -> None:
    assert contradiction(account("J. de Vries", **facts), JAN, "J. de Vries", TODAY) is against


@pytest.mark.parametrize(
    ("written", "folded"), [("Renée  de Boer", "reneedeboer"), ("Søren Ærø", "sorenaero"), ("STRASSE Straße", "strassestrasse")]
)
def test_folding(written: str, folded: str) -> None:
    assert fold(written) == folded

"""What stands in the demonstration's Exact Online before anybody connects: what a first comparison has to tell apart."""

import json
import re
import unicodedata
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from congressus_sync.demo import association, relations, run, words
from integrations.exact_online.accounts import LENGTHS
from integrations.exact_online.simulator import Simulator
from integrations.mapping import NameStyle, styled_name
from members.models import Member

TODAY = date(2026, 1, 1)


@pytest.fixture(scope="module")
def drawn() -> list[relations.Relation]:
    return relations.draw()


@pytest.fixture(scope="module")
def members() -> dict[str, Member]:
    """Member number -> a member whom a connection would send."""
    people = association.people()
    return {member.member_number: member for member in people if member.status.name in relations.LINKED_STATUSES}


def on_codes_of_members(drawn: list[relations.Relation], members: dict[str, Member]) -> list[relations.Relation]:
    """Customers in use, on a number that a member wants."""
    ordinary = (relation for relation in drawn if not relation.get("IsSupplier") and not relation.get("EndDate"))
    return [relation for relation in ordinary if relation["Code"] in members]


def numbered(drawn: list[relations.Relation], first: int, last: int) -> list[relations.Relation]:
    return [relation for relation in drawn if first <= int(relation["Code"]) <= last]


def by_email(members: dict[str, Member], relation: relations.Relation) -> list[Member]:
    return [member for member in members.values() if member.email and member.email == relation.get("Email")]


def by_address(members: dict[str, Member], relation: relations.Relation) -> list[Member]:
    held = (relation.get("AddressLine1"), relation.get("Postcode"))
    return [member for member in members.values() if (member.address, member.postcode) == held]


def letters(text: object) -> str:
    """Without case, accents, blanks and marks, and in no order: what is left however a name is arranged."""
    bare = unicodedata.normalize("NFKD", str(text).casefold().replace("\N{LATIN SMALL LETTER DOTLESS I}", "i"))
    return "".join(sorted(re.sub("[^a-z]", "", bare)))


def test_there_are_sixty_with_a_code_each(drawn: list[relations.Relation], members: dict[str, Member]) -> None:
    codes = {str(relation["Code"]) for relation in drawn}
    assert len(drawn) == len(codes) == 60
    assert sum(bool(relation.get("IsSupplier")) for relation in drawn) == 3
    assert sum(bool(relation.get("EndDate")) for relation in drawn) == 2
    assert len(on_codes_of_members(drawn, members)) == 30
    assert len(numbered(drawn, 40001, 40010)) == 10
    assert len(numbered(drawn, 40011, 40015)) == 5
    assert len(numbered(drawn, 30001, 30010)) == 10
    assert len(members) - len(codes & members.keys()) > 150, "most members have no relation on their number"


def test_it_is_the_same_each_time(drawn: list[relations.Relation]) -> None:
    assert relations.draw() == drawn


def test_half_of_them_are_members_as_they_are(drawn: list[relations.Relation], members: dict[str, Member]) -> None:
    styles: Counter[NameStyle] = Counter()
    respelled: Counter[str] = Counter()
    for relation in on_codes_of_members(drawn, members):
        member = members[str(relation["Code"])]
        styles.update(style for style in (NameStyle.INITIALS, NameStyle.FULL) if relation["Name"] == styled_name(member, style))
        sent = {
            "AddressLine1": member.address, "Postcode": member.postcode, "City": member.city, "Country": member.country,
            "Email": member.email, "Phone": member.phone, "Language": member.language.upper(), "Status": "C",
        }  # fmt: skip
        different = [name for name, value in sent.items() if relation.get(name, "") != value]
        respelled.update(different)
        assert len(different) <= 1
        for name in different:
            assert same_but_for_spelling(name, str(relation[name]), sent[name]), relation
    assert styles == {NameStyle.INITIALS: 24, NameStyle.FULL: 6}
    assert respelled == {"Postcode": 2, "Phone": 2, "Email": 1, "City": 1}


def same_but_for_spelling(name: str, held: str, sent: str) -> bool:
    if name == "Phone":
        return re.sub("[^0-9]", "", held) == sent.replace("+31", "0")
    return held.replace(" ", "").casefold() == sent.replace(" ", "").casefold()


def test_ten_are_members_in_another_spelling(drawn: list[relations.Relation], members: dict[str, Member]) -> None:
    names, moved, without_email = [], 0, 0
    for relation in numbered(drawn, 40001, 40010):
        [member] = by_email(members, relation) or by_address(members, relation)
        name = re.sub(r"^(Mevr\.|De heer) ", "", str(relation["Name"])).replace("v.d.", "van der").replace("v/d", "van der")
        assert letters(name) in {letters(styled_name(member, style)) for style in NameStyle}
        assert relation["Name"] not in {styled_name(member, style) for style in (NameStyle.INITIALS, NameStyle.FULL)}
        assert member.member_number not in {other["Code"] for other in drawn}
        names.append(str(relation["Name"]))
        without_email += not by_email(members, relation)
        moved += member not in by_address(members, relation)
    assert (without_email, moved) == (3, 2)
    for kind in (
        r", \w\..* de$|, \w\..* van$",
        r" de,| van,",
        r"v\.d\.",
        "v/d",
        "-",
        "^Mevr",
        "^De heer",
        "^[A-Z]{2,} ",
        "^[^a-z]+$",
    ):
        assert [name for name in names if re.search(kind, name)], kind
    assert sum(name.isascii() for name in names) >= 9


def test_five_are_ambiguous(drawn: list[relations.Relation], members: dict[str, Member]) -> None:
    once, again, household, *namesakes = numbered(drawn, 40011, 40015)
    assert by_email(members, once) == by_email(members, again)
    assert len(by_email(members, once)) == 1
    assert (by_address(members, once), by_address(members, again)) == (by_email(members, once), [])
    assert len(by_email(members, household)) == len(by_address(members, household)) == 2
    assert str(household["Name"]).startswith("Fam. ")
    assert len(namesakes) == 2
    for namesake in namesakes:
        [member] = [one for one in members.values() if styled_name(one, NameStyle.INITIALS) == namesake["Name"]]
        assert (by_email(members, namesake), by_address(members, namesake)) == ([], [])
        assert member.city != namesake["City"]


def test_suppliers_and_former_relations_stand_where_members_want_to(
    drawn: list[relations.Relation], members: dict[str, Member]
) -> None:
    for relation in drawn:
        if relation.get("IsSupplier"):
            assert letters(relation["Name"]) != letters(styled_name(members[str(relation["Code"])], NameStyle.INITIALS))
        if relation.get("EndDate"):
            assert relation["Name"] == styled_name(members[str(relation["Code"])], NameStyle.INITIALS)
            assert date.fromisoformat(str(relation["EndDate"])) < TODAY


def test_strangers_have_nothing_of_a_member(drawn: list[relations.Relation]) -> None:
    everybody = {member.member_number: member for member in association.people()}
    last_names = {part.casefold() for member in everybody.values() for part in member.last_name.split("-") if part}
    organisations = {member.organisation for member in everybody.values()}
    for stranger in numbered(drawn, 30001, 30010):
        assert not by_email(everybody, stranger)
        assert not by_address(everybody, stranger)
        assert stranger["Name"] not in organisations
        assert not set(re.findall(r"\w{3,}", str(stranger["Name"]).casefold())) - {"van"} & last_names, stranger


def test_titles_are_given_to_names_on_the_list() -> None:
    assert {*words.NAMES_OF_WOMEN, *words.NAMES_OF_MEN} <= set(words.CALLED_NAMES)


def test_exact_would_take_every_one_and_nobody_real_is_meant(drawn: list[relations.Relation]) -> None:
    for relation in drawn:
        for name, value in relation.items():
            assert value, "nothing is left out, not written down empty"
            assert not isinstance(value, str) or len(value) <= LENGTHS.get(name, 10)
        host = str(relation.get("Email", "@example.org")).rpartition("@")[2]
        assert host.endswith(".example") or host in ("example.org", "example.com", "example.net")


def test_the_simulator_begins_with_them_once(tmp_path: Path, drawn: list[relations.Relation]) -> None:
    file, state = tmp_path / run.RELATIONS, tmp_path / "simulator_state"
    relations.write(file)
    for _ in range(2):
        with Simulator("demo", state=state, relations=file) as exact:
            held = {row["Code"]: row["Name"] for row in exact.accounts(relations.DIVISION)}
            assert len(held) == 64
            assert {relation["Code"]: relation["Name"] for relation in drawn}.items() <= held.items()


def test_the_file_is_written_once_and_whole(tmp_path: Path, drawn: list[relations.Relation]) -> None:
    file = tmp_path / run.RELATIONS
    relations.write(file)
    assert json.loads(file.read_text(encoding="utf-8")) == {str(relations.DIVISION): drawn}
    assert [path.name for path in tmp_path.iterdir()] == [run.RELATIONS]
    file.write_text("what somebody made of it")
    relations.write(file)
    assert file.read_text() == "what somebody made of it"


def test_the_demonstration_hands_the_file_to_the_simulator(tmp_path: Path) -> None:
    command = run.simulator(tmp_path, 8090, "http://localhost/x").command
    assert command[command.index("--relations") + 1] == str(tmp_path / run.RELATIONS)

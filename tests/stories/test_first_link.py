"""The first link: who has a relation already gets no second one, and nothing is linked that might be somebody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations import connections, first_link, push, tasks
from integrations.first_link import Choice, Decision, Refused
from integrations.models import ExactOnlineConnection, Mirror, RelationLink
from integrations.models.link import Held
from integrations.models.match import Verdict
from members.models import Member
from tests.people import make_user
from tests.worlds import DIVISION, World

HOME = {
    "email": "jan@example.nl",
    "phone": "+31612345678",
    "address": "Dorpsstraat 12",
    "postcode": "1234 AB",
    "city": "Ede",
    "country": "NL",
}
AT_EXACT = {
    "Email": "jan@example.nl",
    "Phone": "+31612345678",
    "AddressLine1": "Dorpsstraat 12",
    "Postcode": "1234 AB",
    "City": "Ede",
    "Country": "NL",
}


@pytest.fixture
def connection(world: World) -> ExactOnlineConnection:
    return world.connection(enabled=False)


def verdict(world: World, member: Member) -> Verdict:
    return Verdict(world.link(member).match.verdict)


def decide(world: World, member: Member, choice: Choice, guid: str = "", **more: object) -> RelationLink:
    return first_link.decide(world.link(member).pk, choice, None, guid=guid, **more)


# What comparing finds


def test_each_member_gets_one_verdict(world: World, connection) -> None:
    world.relation("7", **AT_EXACT)
    same = world.member("7", **HOME)
    world.relation("8", "P. Bakker", Email="piet@example.nl", City="Delft")
    certain = world.member(
        "8", initials="P.", first_name="Piet", infix="", last_name="Bakker", email="piet@example.nl", city="Ede"
    )
    world.relation("90", "Jansen", Email="kees@example.nl")
    world.relation("91", "K. Jansen", Email="kees@example.nl")
    several = world.member("9", initials="K.", first_name="Kees", infix="", last_name="Jansen", email="kees@example.nl")
    world.relation("10", "Drankenhandel Het Vat", IsSupplier=True)
    conflict = world.member("10", initials="M.", first_name="Mia", infix="", last_name="Smit")
    new = world.member("11", initials="N.", first_name="Noor", infix="", last_name="Visser")
    incomplete = world.member("12", initials="", first_name="", infix="", last_name="")
    world.compare(connection)
    found = {member.member_number: verdict(world, member) for member in (same, certain, several, conflict, new, incomplete)}
    assert found == {
        "7": Verdict.SAME,
        "8": Verdict.CERTAIN,
        "9": Verdict.DECIDE,
        "10": Verdict.CONFLICT,
        "11": Verdict.NEW,
        "12": Verdict.INCOMPLETE,
    }
    counts = first_link.counts(connection)
    assert counts == dict.fromkeys(Verdict, 1) | {Verdict.LINKED: 0}


def test_comparing_writes_nothing_in_exact_and_links_nobody(world: World, connection) -> None:
    world.relation("7", **AT_EXACT)
    world.member("7", **HOME)
    before = world.relations()
    world.compare(connection)
    assert world.writes() == []
    assert world.relations() == before
    assert not connection.links.filter(guid__isnull=False).exists()


# Enable


def test_enable_links_the_certain_creates_the_new_and_leaves_doubts_to_people(world: World, connection) -> None:
    world.relation("7", **AT_EXACT)
    world.relation("40008", "Bakker, P.", Email="piet@example.nl", City="Delft")
    world.relation("90", "Jansen", Email="kees@example.nl")
    world.relation("91", "K. Jansen", Email="kees@example.nl")
    world.member("7", **HOME)
    world.member("8", initials="P.", first_name="Piet", infix="", last_name="Bakker", email="piet@example.nl", city="Ede")
    doubtful = world.member("9", initials="K.", first_name="Kees", infix="", last_name="Jansen", email="kees@example.nl")
    world.member("11", initials="N.", first_name="Noor", infix="", last_name="Visser")
    run = world.enable(connection)
    assert world.drain(connection) == {"unchanged": 1, "changed": 1, "created": 1}
    relations = world.relations()
    assert set(relations) == {"7", "40008", "90", "91", "11"}
    assert relations["40008"]["City"] == "Ede"
    assert [call.method for call in world.writes()] == ["PUT", "POST"]
    assert world.link(doubtful).held == Held.DECISION
    run.refresh_from_db()
    assert run.outcome == "done"


def test_enabling_without_comparing_first_makes_no_duplicates_either(world: World, connection) -> None:
    """The guide goes from Save to Enable; the relation goes by another code than the member's number."""
    world.relation("500012", "Vries, J. de", **AT_EXACT)
    world.member("7", **HOME)
    world.enable(connection)
    world.drain(connection)
    assert set(world.relations()) == {"500012"}


def test_nothing_is_sent_before_the_comparison_was_made(world: World, connection) -> None:
    world.member("7", **HOME)
    connections.enable(connection)
    assert world.drain(connection) == {}
    assert world.writes() == []


def test_a_difference_of_spelling_is_not_written_back(world: World, connection) -> None:
    world.relation(
        "7", "J. DE VRIES", Email="Jan@Example.nl", Phone="06-12345678", AddressLine1="dorpsstraat  12", Postcode="1234ab",
        City="EDE", Country="NL",
    )  # fmt: skip
    member = world.member("7", **HOME)
    world.enable(connection)
    assert world.drain(connection) == {"unchanged": 1}
    assert world.writes() == []
    # What is really changed later goes out, and only that.
    world.edit(member, city="Delft")
    assert world.drain(connection) == {"changed": 1}
    assert world.relations()["7"]["City"] == "Delft"
    assert world.relations()["7"]["Postcode"] == "1234ab"


def test_what_the_bookkeeper_filled_in_and_we_do_not_know_stays(world: World, connection) -> None:
    world.relation("7", **AT_EXACT)
    world.member("7", **HOME | {"phone": ""})
    world.enable(connection)
    world.drain(connection)
    assert world.relations()["7"]["Phone"] == "+31612345678"


def test_siblings_with_one_address_for_mail_stay_two(world: World, connection) -> None:
    world.relation("7", "J. de Vries", **AT_EXACT)
    world.member("7", **HOME)
    world.member("8", **HOME | {"initials": "K.", "first_name": "Kim"})
    world.enable(connection)
    world.drain(connection)
    names = sorted(relation["Name"] for relation in world.relations().values())
    assert names in (["J. de Vries", "K. de Vries"], ["J. de Vries"])  # a doubt may wait for a person, it is never merged
    assert world.relations()["7"]["Name"] == "J. de Vries"


def test_two_members_who_fit_one_relation_are_both_asked_about(world: World, connection) -> None:
    world.relation("70", "J. de Vries", **AT_EXACT)
    twins = [world.member("7", **HOME), world.member("8", **HOME | {"first_name": "Joris"})]
    world.enable(connection)
    assert world.drain(connection) == {}
    assert set(world.relations()) == {"70"}
    assert {world.link(member).held for member in twins} == {Held.DECISION}


@pytest.mark.parametrize("trait", [{"IsSupplier": True}, {"Blocked": True}, {"EndDate": "2020-01-31"}])
def test_what_may_not_be_a_debtor_is_never_linked_by_itself(world: World, connection, trait: dict[str, object]) -> None:
    world.relation("7", **AT_EXACT, **trait)
    member = world.member("7", **HOME)
    before = world.relations()
    world.enable(connection)
    world.drain(connection)
    assert world.relations() == before
    assert world.writes() == []
    assert verdict(world, member) == Verdict.CONFLICT


# Deciding


def test_a_person_links_and_only_what_differs_is_sent(world: World, connection) -> None:
    guid = world.relation("90", "Jansen", Email="kees@example.nl", City="Delft")
    world.relation("91", "K. Jansen", Email="kees@example.nl")
    member = world.member(
        "9", initials="K.", first_name="Kees", infix="", last_name="Jansen", email="kees@example.nl", city="Delft"
    )
    world.compare(connection)
    person = make_user()
    link = first_link.decide(world.link(member).pk, Choice.LINK, person.pk, guid=guid)
    assert (str(link.guid), link.match.decided_by) == (guid, person)
    assert first_link.decision(link) == Decision.LINKED
    world.enable(connection)
    world.drain(connection)
    assert set(world.relations()) == {"90", "91"}
    assert world.relations()["90"]["Name"] == "K. Jansen"
    assert [call.method for call in world.writes()] == ["PUT"]


def test_a_person_may_say_that_it_is_somebody_else(world: World, connection) -> None:
    world.relation("90", "Jansen", Email="kees@example.nl")
    world.relation("91", "K. Jansen", Email="kees@example.nl")
    member = world.member("9", initials="K.", first_name="Kees", infix="", last_name="Jansen", email="kees@example.nl")
    world.compare(connection)
    decide(world, member, Choice.CREATE)
    world.compare(connection)  # the decision is remembered
    assert first_link.decision(world.link(member)) == Decision.CREATE
    world.enable(connection)
    assert world.drain(connection) == {"created": 1}
    assert set(world.relations()) == {"90", "91", "9"}


def test_a_new_relation_cannot_have_a_code_that_is_in_use(world: World, connection) -> None:
    world.relation("10", "Drankenhandel Het Vat", IsSupplier=True)
    member = world.member("10", initials="M.", first_name="Mia", infix="", last_name="Smit")
    world.compare(connection)
    with pytest.raises(Refused) as refused:
        decide(world, member, Choice.CREATE)
    assert "10" in refused.value.sentence
    assert "Drankenhandel Het Vat" in refused.value.sentence
    assert first_link.decision(world.link(member)) == Decision.OPEN


def test_who_is_left_out_stays_out_and_comes_back_undecided(world: World, connection) -> None:
    world.relation("7", **AT_EXACT)
    member = world.member("7", **HOME | {"email": "iemand@example.nl"})
    world.compare(connection)
    decide(world, member, Choice.LEAVE_OUT)
    world.enable(connection)
    assert world.drain(connection) == {}
    connections.disable(connection)
    decide(world, member, Choice.UNDO)
    assert first_link.decision(world.link(member)) == Decision.OPEN


def test_a_conflict_is_explained_again_once_a_decision_is_taken_back(world: World, connection) -> None:
    world.relation("10", "Drankenhandel Het Vat", IsSupplier=True)
    member = world.member("10", initials="M.", first_name="Mia", infix="", last_name="Smit")
    other = world.relation("90", "M. Smit")
    world.compare(connection)
    before = world.link(member).match
    assert (before.problem, before.problem_details["why"]) == ("code_in_use", "supplier")
    for choice in (Choice.LEAVE_OUT, Choice.LINK):
        decide(world, member, choice, other)
        decide(world, member, Choice.UNDO)
        after = world.link(member).match
        assert (after.problem, after.problem_details) == (before.problem, before.problem_details)


def test_one_relation_is_one_member(world: World, connection) -> None:
    guid = world.relation("70", "J. de Vries", **AT_EXACT)
    first, second = world.member("7", **HOME), world.member("8", **HOME | {"first_name": "Joris"})
    world.compare(connection)
    decide(world, first, Choice.LINK, guid)
    with pytest.raises(Refused) as refused:
        decide(world, second, Choice.LINK, guid)
    assert str(first) in refused.value.sentence
    assert world.link(second).guid is None


def test_a_supplier_is_not_linked_by_a_person_either(world: World, connection) -> None:
    guid = world.relation("7", **AT_EXACT, IsSupplier=True)
    member = world.member("7", **HOME)
    world.compare(connection)
    with pytest.raises(Refused, match="supplier"):
        decide(world, member, Choice.LINK, guid)


def test_a_relation_deleted_since_the_comparison_is_told_and_not_linked(world: World, connection) -> None:
    guid = world.relation("90", "Jansen", Email="kees@example.nl")
    world.relation("91", "K. Jansen", Email="kees@example.nl")
    member = world.member("9", initials="K.", first_name="Kees", infix="", last_name="Jansen", email="kees@example.nl")
    world.compare(connection)
    world.exact.delete_account(DIVISION, "90")
    world.compare(connection)
    with pytest.raises(Refused, match="no longer exists"):
        decide(world, member, Choice.LINK, guid)
    assert world.link(member).guid is None


def test_a_linked_relation_deleted_before_enable_is_asked_about_anew(world: World, connection) -> None:
    guid = world.relation("90", "Jansen", Email="kees@example.nl")
    world.relation("91", "K. Jansen", Email="kees@example.nl")
    member = world.member("9", initials="K.", first_name="Kees", infix="", last_name="Jansen", email="kees@example.nl")
    world.compare(connection)
    decide(world, member, Choice.LINK, guid)
    world.exact.delete_account(DIVISION, "90")
    world.enable(connection)
    world.drain(connection)
    assert set(world.relations()) == {"91"}  # no second one was made, nothing was sent to a ghost


def test_a_decision_taken_in_another_tab_is_told_and_not_overwritten(world: World, connection) -> None:
    guid = world.relation("90", "Jansen", Email="kees@example.nl")
    world.relation("91", "K. Jansen", Email="kees@example.nl")
    member = world.member("9", initials="K.", first_name="Kees", infix="", last_name="Jansen", email="kees@example.nl")
    world.compare(connection)
    seen = first_link.version(world.link(member))
    colleague = make_user("colleague")
    first_link.decide(world.link(member).pk, Choice.LEAVE_OUT, colleague.pk, seen=seen)
    with pytest.raises(Refused, match="colleague"):
        decide(world, member, Choice.LINK, guid, seen=seen)
    assert first_link.decision(world.link(member)) == Decision.LEFT_OUT


# All at once


def test_confirming_links_all_that_is_certain_and_undoing_takes_all_of_it_back(world: World, connection) -> None:
    world.relation("7", **AT_EXACT)
    world.relation("8", "P. Bakker", Email="piet@example.nl", City="Delft")
    world.member("7", **HOME)
    world.member("8", initials="P.", first_name="Piet", infix="", last_name="Bakker", email="piet@example.nl", city="Ede")
    world.member("11", initials="N.", first_name="Noor", infix="", last_name="Visser")
    world.compare(connection)
    before = world.relations()
    assert first_link.confirm(connection, None) == 2
    linked = connection.links.filter(guid__isnull=False).order_by("code")
    assert [(link.code, link.held, link.confirmed["Status"]) for link in linked] == [
        ("7", Held.RELEASED, "C"),
        ("8", Held.RELEASED, "C"),
    ]
    assert first_link.confirm(connection, None) == 0
    assert first_link.undo_all(connection) == 2
    assert not connection.links.filter(guid__isnull=False).exists()
    assert world.relations() == before
    world.enable(connection)
    assert world.drain(connection) == {"unchanged": 1, "changed": 1, "created": 1}


def test_once_something_was_sent_the_first_link_is_not_undone_as_a_whole(world: World, connection) -> None:
    world.relation("7", **AT_EXACT)
    world.member("7", **HOME)
    world.member("11", initials="N.", first_name="Noor", infix="", last_name="Visser")
    world.enable(connection)
    world.drain(connection)
    with pytest.raises(Refused):
        first_link.undo_all(connection)
    assert connection.links.filter(guid__isnull=False).count() == 2


def test_undoing_one_link_makes_no_second_relation(world: World, connection) -> None:
    world.relation("7", **AT_EXACT)
    member = world.member("7", **HOME)
    world.enable(connection)
    world.drain(connection)
    decide(world, member, Choice.UNDO)
    world.edit(member, city="Delft")
    assert world.drain(connection) == {}
    assert world.relations()["7"]["City"] == "Ede"
    # Nor is it linked again behind the back of who undid it.
    connections.disable(connection)
    world.enable(connection)
    assert world.drain(connection) == {}
    assert set(world.relations()) == {"7"}
    decide(world, member, Choice.LINK, world.relations()["7"]["ID"])
    assert world.drain(connection) == {"changed": 1}
    assert world.relations()["7"]["City"] == "Delft"


def test_who_was_parked_for_a_code_in_use_is_sent_once_that_was_decided(world: World) -> None:
    connection = world.connection()
    guid = world.relation("7", "Iemand Anders")
    member = world.member("7", **HOME)
    assert world.drain(connection) == {"parked": 1}
    connections.disable(connection)
    world.compare(connection)
    decide(world, member, Choice.LINK, guid)
    world.enable(connection)
    assert world.drain(connection) == {"changed": 1}
    assert world.relations()["7"]["Name"] == "J. de Vries"


def test_a_decision_taken_between_the_look_and_the_call_goes_before_it(world: World, connection, monkeypatch) -> None:
    """The drain has read the link and is about to create; a person links it to a relation that is there."""
    guid = world.relation("90", "Jansen")
    member = world.member("7", **HOME)
    world.enable(connection)
    mapped = push.map_member

    def decided_meanwhile(*arguments):
        monkeypatch.setattr("integrations.push.map_member", mapped)
        decide(world, member, Choice.LINK, guid)
        return mapped(*arguments)

    monkeypatch.setattr("integrations.push.map_member", decided_meanwhile)
    world.drain(connection)
    assert set(world.relations()) == {"90"}
    world.drain(connection)
    assert set(world.relations()) == {"90"}
    assert world.relations()["90"]["Name"] == "J. de Vries"


def test_a_link_is_not_undone_under_the_hands_of_who_sends_it(world: World, connection) -> None:
    world.relation("7", **AT_EXACT)
    member = world.member("7", **HOME)
    world.enable(connection)
    world.drain(connection)
    assert ExactOnlineConnection.objects.sending().claim(connection.pk, "a worker")
    with pytest.raises(Refused):
        decide(world, member, Choice.UNDO)
    assert world.link(member).guid


# Again


def test_removed_and_added_again_finds_its_relations_without_a_single_write(world: World) -> None:
    connection = world.connection(enabled=False)
    for number in range(1, 31):
        world.member(str(number), initials="A.", first_name="Anna", infix="", last_name=f"Bakker{number}", **HOME)
    world.enable(connection)
    assert world.drain(connection) == {"created": 30}
    connections.remove(connection)
    world.exact.clear_log()
    again = world.connection(enabled=False)
    world.enable(again)
    assert world.drain(again) == {"unchanged": 30}
    assert world.writes() == []
    assert len(world.relations()) == 30


def test_a_member_who_marries_between_two_comparisons_keeps_the_link(world: World, connection) -> None:
    world.relation("7", **AT_EXACT)
    member = world.member("7", **HOME)
    world.compare(connection)
    first_link.confirm(connection, None)
    world.edit(member, infix="", last_name="Bakker")
    world.enable(connection)
    assert world.drain(connection) == {"changed": 1}
    assert world.relations()["7"]["Name"] == "J. Bakker"


# Later


def test_a_newcomer_whom_the_bookkeeper_entered_by_hand_is_asked_about(world: World, connection) -> None:
    world.member("1", last_name="Bakker")
    world.enable(connection)
    world.drain(connection)
    world.relation("500007", "Vries, J. de", Email="Jan@Example.nl", Postcode="1234AB")
    mirror_of_the_night(world, connection)
    newcomer = world.member("7", **HOME)
    plain = world.member("8", initials="N.", first_name="Noor", infix="", last_name="Visser")
    assert world.drain(connection) == {"created": 1}
    assert set(world.relations()) == {"1", "500007", "8"}
    assert world.link(newcomer).held == Held.DECISION
    assert verdict(world, plain) == Verdict.NEW
    decide(world, newcomer, Choice.LINK, world.relations()["500007"]["ID"])
    assert world.drain(connection) == {"changed": 1}
    assert set(world.relations()) == {"1", "500007", "8"}


def mirror_of_the_night(world: World, connection: ExactOnlineConnection) -> None:
    Mirror.objects.update(read_at=world.now() - timedelta(hours=20))
    tasks.refresh_mirrors()


def test_what_was_deleted_in_exact_is_known_after_the_night(world: World, connection) -> None:
    member = world.member("7", **HOME)
    world.enable(connection)
    world.drain(connection)
    world.exact.delete_account(DIVISION, "7")
    mirror_of_the_night(world, connection)
    assert world.link(member).problem == "vanished"


def test_who_was_never_compared_is_sent_as_before(world: World) -> None:
    connection = world.connection()
    world.member("7")
    assert world.drain(connection) == {"created": 1}
    assert len(world.exact.calls(division=DIVISION)) == 1

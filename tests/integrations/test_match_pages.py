"""The match table: what people see of a comparison, what they decide there, and what the links and Exact hold after it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations import findings, first_link, runs
from integrations.matching import Confidence, Contradiction, Reason
from integrations.models import ExactOnlineConnection, Match, Mirror, MirroredRelation, RelationLink, SyncRun
from integrations.models.link import Held
from integrations.models.match import Verdict
from members.models import Member
from tests.people import make_user
from tests.worlds import OTHER_DIVISION, World

LOOK = "integrations.view_exactonlineconnection"
DECIDE = "integrations.change_relationlink"
COMPARE = "integrations.change_exactonlineconnection"
JAN = {"email": "jan@example.org", "address": "Dorpsstraat 1", "postcode": "1234 AB", "city": "Delft"}


def person(*permissions: str, name: str = "anna") -> Client:
    client = Client()
    client.force_login(make_user(name, *permissions))
    return client


class Table:
    """A connection that was compared, and somebody who looks at the table and decides."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.connection = world.connection(enabled=False)
        self.anna = person(LOOK, DECIDE, "members.view_member")
        self.address = reverse("exact-online-match", args=[self.connection.pk])

    def compare(self) -> None:
        assert self.world.compare(self.connection).outcome == SyncRun.Outcome.DONE

    def page(self, client: Client | None = None, **asked: object) -> str:
        answer = (client or self.anna).get(self.address, asked)
        assert answer.status_code == 200
        return words(answer)

    def shown(self, **asked: object) -> list[str]:
        """The member numbers in the table, in order."""
        return [row.member.member_number for row in self.anna.get(self.address, asked).context["rows"]]

    def counts(self) -> dict[str, int]:
        """The numbers of the filters, by what they ask for."""
        return {chip.narrowing.show: chip.number for chip in self.anna.get(self.address).context["chips"]}

    def row(self, member: Member) -> Any:
        rows = self.anna.get(self.address, {"q": member.member_number}).context["rows"]
        return next(row for row in rows if row.member == member)

    def link(self, member: Member) -> RelationLink:
        return RelationLink.objects.select_related("match").get(member=member, connection=self.connection)

    def decide(self, member: Member, choice: str, client: Client | None = None, *, htmx: bool = True, **data: Any) -> Any:
        link = self.link(member)
        typed = {"choice": choice, "seen": first_link.version(link), "next": self.address} | data
        headers = {"HX-Request": "true"} if htmx else {}
        return (client or self.anna).post(self.of(link), typed, headers=headers, follow=not htmx)

    def decide_many(self, choice: str, *members: Member) -> str:
        links = [self.link(member) for member in members]
        data = {"choice": choice, "link": [f"{link.pk}.{first_link.version(link)}" for link in links], "next": self.address}
        return words(self.anna.post(reverse("exact-online-decide-many", args=[self.connection.pk]), data, follow=True))

    def press(self, name: str, client: Client | None = None) -> str:
        return words((client or self.anna).post(reverse(name, args=[self.connection.pk]), follow=True))

    def of(self, link: RelationLink, name: str = "exact-online-decide") -> str:
        return reverse(name, args=[self.connection.pk, link.pk])


def words(answer: Any) -> str:
    """What a person reads, blanks pressed together."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", unescape(answer.content.decode())))


@pytest.fixture
def table(world: World) -> Table:
    return Table(world)


@pytest.fixture
def asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last look at Exact was a while ago, whenever it was."""
    monkeypatch.setattr("integrations.mirror.FRESH", timedelta(days=-1))


def a_bit_of_everything(table: Table) -> dict[str, Member]:
    """A member of every verdict, by its name."""
    world = table.world
    members = {
        "same": world.member("1", first_name="Jan", **JAN),
        "certain": world.member("2", initials="A.", first_name="Anna", infix="", last_name="Bakker", email="anna@example.org"),
        "decide": world.member("3", initials="P.", first_name="Piet", infix="", last_name="Smit", email="piet@example.org"),
        "conflict": world.member("4", initials="K.", first_name="Karel", infix="", last_name="Mulder"),
        "new": world.member("5", initials="W.", first_name="Wim", infix="", last_name="Visser"),
        "incomplete": world.member("6", initials="", first_name="", infix="", last_name=""),
    }
    home = {"AddressLine1": "Dorpsstraat 1", "Postcode": "1234 AB", "City": "Delft", "Country": "NL", "Language": "NL"}
    world.edit(members["same"], country="NL", language="nl")
    world.relation("1", "J. de Vries", Email="jan@example.org", **home)
    world.relation("40002", "Anna Bakker", Email="anna@example.org")
    world.relation("40003", "Piet Smit", Email="piet@example.org", City="Delft")
    world.relation("40033", "P. Smit", Email="piet@example.org", City="Goes")
    world.relation("4", "Copyshop Inktpot", IsSupplier=True)
    return members


# Looking ------------------------------------------------------------------------------------------------------------------


def test_who_never_compared_reads_what_it_does_and_is_offered_it(table: Table) -> None:
    boss = person(LOOK, COMPARE, name="boss")

    page = table.page(boss)

    assert "at most a dozen calls for every 10,000 relations" in page
    assert "Nothing is written in Exact Online" in page
    assert reverse("exact-online-compare", args=[table.connection.pk]) in boss.get(table.address).content.decode()
    assert "A treasurer can do this." in table.page()
    assert table.world.exact.calls() == []


def test_without_an_administration_there_is_nothing_to_compare_with(table: Table) -> None:
    ExactOnlineConnection.objects.filter(pk=table.connection.pk).update(division=None)

    page = table.page(person(LOOK, COMPARE, name="boss"))

    assert "First finish the settings of this connection." in page


def test_every_verdict_has_its_filter_with_its_number(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()

    everybody = {"": 6, "open": 4, "same": 1, "certain": 1, "decide": 1, "conflict": 1, "new": 1, "incomplete": 1}
    assert table.counts() == everybody
    for verdict, member in members.items():
        assert table.shown(show=verdict) == [member.member_number]
    assert table.shown(show="open") == ["2", "4", "3", "1"]
    assert table.shown(show="nonsense") == table.shown()


def test_filters_that_are_always_there_say_so_when_there_is_nobody(table: Table) -> None:
    table.world.member("5")
    table.compare()

    assert table.counts() == {"": 1, "open": 0, "same": 0, "certain": 0, "decide": 0, "conflict": 0, "new": 1}
    assert "Nobody here" in table.page(show="conflict")
    assert "Nobody waits for a decision." in table.page()


def test_a_search_finds_members_and_the_relations_that_were_found(table: Table) -> None:
    a_bit_of_everything(table)
    table.compare()

    assert table.shown(q="visser") == ["5"]
    assert table.shown(q="piet@ex") == ["3"]
    assert table.shown(q="40002") == ["2"]  # the code of what is certain
    assert table.shown(q="40033") == ["3"]  # one among several
    assert table.shown(q="smit goes") == ["3"]
    assert table.shown(q="inktpot") == ["4"]
    assert table.shown(q="inktpot", show="new") == []
    assert table.shown(q="visser goes") == []
    assert "No member matches" in table.page(q="visser goes")


def test_a_search_finds_the_relation_a_member_is_linked_to(table: Table) -> None:
    members = a_bit_of_everything(table)
    guid = table.world.relation("70000", "Elders BV")
    table.compare()
    assert table.shown(q="elders") == []

    table.decide(members["new"], "link", guid=guid)

    assert table.shown(q="elders") == ["5"]


def test_the_filter_stays_in_the_addresses_of_the_page(table: Table) -> None:
    a_bit_of_everything(table)
    table.world.members(60, start=100)
    table.compare()

    page = table.anna.get(table.address, {"show": "new", "q": "bakker"}).content.decode()

    assert f"{table.address}?show=certain&amp;q=bakker" in page
    assert f'name="next" value="{table.address}?show=new&amp;q=bakker"' in page
    assert 'href="?show=new&amp;q=bakker&amp;page=2"' in page
    assert len(table.shown(show="new", q="bakker")) == 50
    assert len(table.shown(show="new", q="bakker", page=2)) == 10


def test_a_row_tells_why_and_what_is_different(table: Table) -> None:
    member = table.world.member("3", first_name="Piet", initials="P.", infix="", last_name="Smit", **JAN)
    table.world.relation("40003", "Piet Smit", Email="jan@example.org", AddressLine1="Kade 9", Postcode="4321 ZZ", City="Goes")
    table.world.relation("40004", "Piet Smit", Email="", AddressLine1="Dorpsstraat 1", Postcode="1234AB", City="DELFT")
    table.compare()

    row = table.row(member)
    page = table.page()

    assert {shown.relation.code for shown in row.candidates} == {"40003", "40004"}
    assert "Kade 9, 4321 ZZ Goes here: Dorpsstraat 1, 1234 AB Delft" in page
    assert "Dorpsstraat 1, 1234AB DELFT no e-mail here: jan@example.org" in page  # a postcode without its blank is the same
    assert "same e-mail, same name but: fits several relations" in page
    assert [shown.confidence for shown in row.candidates] == ["likely", "likely"]


def test_what_is_the_same_says_so_and_shows_no_difference(table: Table) -> None:
    a_bit_of_everything(table)
    table.compare()

    page = table.page(show="same")

    assert "already the same J. de Vries 1" in page
    assert "here:" not in page


def test_a_supplier_on_the_code_of_a_member_is_shown_and_offers_no_link(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()

    page = table.page(show="conflict")

    assert "Relation code 4 is in use in Exact Online by “Copyshop Inktpot”, a supplier." in page
    assert "but: other name, supplier" in page
    row = table.row(members["conflict"])
    assert [shown.may_link for shown in row.candidates] == [False]
    assert not row.may_create  # its code is in use


def test_who_lacks_a_name_says_so_and_is_not_called_a_new_relation(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()

    assert "This member has no name" in table.page(show="incomplete")
    assert table.row(members["incomplete"]).state == Verdict.INCOMPLETE


def test_who_was_linked_before_comes_along_with_what_exact_confirmed_since(table: Table) -> None:
    member = table.world.member("7", **JAN)
    connection = table.connection
    ExactOnlineConnection.objects.filter(pk=connection.pk).update(enabled=True)
    connection.refresh_from_db()
    table.world.drain(connection)
    table.compare()
    table.world.edit(member, city="Goes")
    table.world.drain(connection)

    page = table.page(show="linked")

    assert "Dorpsstraat 1, 1234 AB Goes jan@example.org" in page  # not what the last reading saw
    assert "here:" not in page


def test_a_run_under_way_is_linked_to(table: Table) -> None:
    a_bit_of_everything(table)
    table.compare()
    run = runs.start(table.connection, SyncRun.Kind.COMPARE, None)

    page = table.anna.get(table.address).content.decode()

    assert f'href="{run.get_absolute_url()}"' in page


def test_ten_rows_and_fifty_cost_the_same_queries(table: Table) -> None:
    world = table.world

    def more(start: int, count: int) -> None:
        for number in range(start, start + count):
            world.member(
                str(number), first_name=f"Jan{number}", initials="J.", last_name=f"Vries{number}", email=f"j{number}@example.org"
            )
            world.relation(str(50000 + number), f"Jan{number} de Vries{number}", Email=f"j{number}@example.org")
            world.relation(str(70000 + number), f"Jan{number} de Vries{number}", Email=f"j{number}@example.org")

    more(100, 10)
    table.compare()
    table.page()
    few, few_found = queries(table), queries(table, q="vries")
    more(200, 40)
    table.compare()

    assert len(table.shown()) == 50
    assert all(len(row.candidates) == 2 for row in table.anna.get(table.address).context["rows"])
    assert (queries(table), queries(table, q="vries")) == (few, few_found)


def queries(table: Table, **asked: object) -> int:
    with CaptureQueriesContext(database) as captured:
        table.page(**asked)
    return len(captured)


# Deciding -----------------------------------------------------------------------------------------------------------------


def test_linking_writes_the_link_and_sends_nothing(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()
    chosen = table.row(members["decide"]).candidates[1]

    answer = table.decide(members["decide"], "link", guid=chosen.guid)

    link = table.link(members["decide"])
    assert (str(link.guid), link.code) == (chosen.guid, chosen.relation.code)
    assert link.match.decided_by.username == "anna"
    assert "linked anna, now" in words(answer)
    assert table.world.writes() == []


def test_a_decision_by_htmx_answers_with_the_row_and_the_counts_alone(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()

    answer = table.decide(members["decide"], "leave_out", next=f"{table.address}?show=open&q=smit")

    page = answer.content.decode()
    assert "<html" not in page
    assert page.count("<tr ") == 1
    assert f'id="row-{table.link(members["decide"]).pk}"' in page
    assert 'id="match-summary"' in page
    assert 'hx-swap-oob="true"' in page
    assert "3 members wait for a decision." in words(answer)
    assert f'href="{table.address}?show=certain&amp;q=smit"' in page  # what was asked for before is asked for still
    assert f'name="next" value="{table.address}?show=open&amp;q=smit"' in page


def test_without_scripts_a_decision_goes_back_to_the_same_rows(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()
    where = f"{table.address}?show=decide&page=1"

    answer = table.decide(members["decide"], "leave_out", htmx=False, next=where)

    assert answer.redirect_chain == [(f"{where}#row-{table.link(members['decide']).pk}", 302)]
    assert "Piet Smit is left out." in words(answer)
    assert table.link(members["decide"]).left_out


def test_the_way_back_never_leads_to_another_site(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()

    answer = table.decide(members["new"], "leave_out", htmx=False, next="https://elsewhere.example/")

    assert answer.redirect_chain[0][0] == f"{table.address}#row-{table.link(members['new']).pk}"


def test_creating_leaving_out_and_undoing(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()

    assert "new relation anna, now" in words(table.decide(members["decide"], "create"))
    assert "to be decided" in words(table.decide(members["decide"], "undo"))
    assert "left out anna, now" in words(table.decide(members["decide"], "leave_out"))
    undone = table.decide(members["decide"], "undo")

    link = table.link(members["decide"])
    assert (link.left_out, link.guid, link.held) == (False, None, Held.DECISION)
    assert "to be decided undone: anna, now" in words(undone)
    assert "40033" in words(undone)  # the candidates are back


def test_what_was_taken_back_is_not_linked_with_the_other_certain_ones(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()
    table.press("exact-online-confirm")
    table.decide(members["same"], "undo")
    assert "Link all" not in table.page()
    assert table.shown(show="open") == ["4", "3", "1"]

    assert "Nobody was linked: nobody who is certain is still open." in table.press("exact-online-confirm")
    assert "1 member was linked." in table.decide_many("link", members["same"])


def test_who_lost_a_relation_reads_why_a_decision_is_asked(table: Table) -> None:
    members = a_bit_of_everything(table)
    guid = table.world.relation("70000", "W. Visser jr.")
    table.compare()
    table.decide(members["new"], "link", guid=guid)
    table.world.exact.delete_account(table.connection.division, guid)

    table.compare()

    assert "The relation of this member was deleted in Exact Online, or merged with another." in table.page(show="open")
    assert table.row(members["new"]).may_create


def test_a_code_that_is_in_use_is_refused_at_the_row(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()

    answer = table.decide(members["conflict"], "create")

    assert "Relation code 4 is in use in Exact Online by Copyshop Inktpot" in words(answer)
    assert 'role="alert"' in answer.content.decode()
    assert table.link(members["conflict"]).match.decided_at is None


def test_without_scripts_a_refusal_is_a_message(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()

    assert "Relation code 4 is in use" in words(table.decide(members["conflict"], "create", htmx=False))


def test_two_people_who_decide_at_once_do_not_undo_each_other(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()
    bob = person(LOOK, DECIDE, name="bob")
    seen = first_link.version(table.link(members["decide"]))
    chosen = table.row(members["decide"]).best.guid
    table.decide(members["decide"], "link", bob, guid=chosen)

    answer = table.decide(members["decide"], "leave_out", seen=seen)

    assert "Piet Smit was dealt with meanwhile by bob: linked." in words(answer)
    assert "linked bob, now" in words(answer)  # the row as it is now
    assert not table.link(members["decide"]).left_out


@pytest.mark.usefixtures("asked_again")
def test_before_linking_exact_is_asked_whether_the_relation_is_still_there(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()
    chosen = table.row(members["decide"]).best.guid
    table.world.exact.delete_account(table.connection.division, chosen)

    answer = table.decide(members["decide"], "link", guid=chosen)

    assert "That relation no longer exists in Exact Online" in words(answer)
    assert table.link(members["decide"]).guid is None
    assert [shown.guid for shown in table.row(members["decide"]).candidates if shown.guid == chosen] == []


def test_a_relation_that_somebody_else_got_is_shown_as_such_and_not_offered(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()
    chosen = table.row(members["decide"]).best.guid
    table.decide(members["new"], "link", guid=chosen)

    row = table.row(members["decide"])

    assert [shown.may_link for shown in row.candidates] == [False, True]
    assert "linked to another member: Wim Visser (5)" in table.page(show="decide")
    assert "is linked to Wim Visser (5) already" in words(table.decide(members["decide"], "link", guid=chosen))


@pytest.mark.parametrize("choice", ["", "destroy"])
def test_what_no_button_says_decides_nothing(table: Table, choice: str) -> None:
    members = a_bit_of_everything(table)
    table.compare()

    assert table.decide(members["new"], choice).status_code == 404


# Many at once -------------------------------------------------------------------------------------------------------------


def test_all_that_is_certain_is_linked_with_one_button(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()
    assert "Link all 2 certain" in table.page()

    page = table.press("exact-online-confirm")

    assert "2 members were linked." in page
    assert "Link all" not in page
    assert [table.link(members[name]).code for name in ("same", "certain", "decide", "new")] == ["1", "40002", None, None]
    assert table.world.writes() == []


def test_of_the_selected_only_the_certain_are_linked(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()

    page = table.decide_many("link", members["certain"], members["decide"], members["new"])

    assert "1 member was linked. 2 were not: only those who are certain, and still open, are linked this way." in page
    assert RelationLink.objects.filter(guid__isnull=False).count() == 1


def test_the_selected_are_left_out_and_taken_back(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()

    assert "Applied to 2 members." in table.decide_many("leave_out", members["decide"], members["new"])
    assert RelationLink.objects.filter(left_out=True).count() == 2
    table.decide_many("undo", members["decide"], members["new"])
    assert not RelationLink.objects.filter(left_out=True).exists()


def test_refusals_of_many_come_in_one_message(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()

    page = table.decide_many("create", members["decide"], members["conflict"])

    assert "Applied to 1 member. Relation code 4 is in use in Exact Online" in page
    assert first_link.decision(table.link(members["decide"])) == first_link.Decision.CREATE


def test_selecting_nobody_or_nonsense_decides_nothing(table: Table) -> None:
    a_bit_of_everything(table)
    table.compare()
    address = reverse("exact-online-decide-many", args=[table.connection.pk])

    for link in ([], ["x.y", "7", "².", "999999.abc"]):
        answer = table.anna.post(address, {"choice": "leave_out", "link": link}, follow=True)
        assert "No member was selected, so nothing was decided." in words(answer)
    assert not RelationLink.objects.filter(left_out=True).exists()


def test_undo_all_takes_every_decision_back_while_nothing_was_sent(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()
    assert "Undo all" not in table.page()
    table.press("exact-online-confirm")
    table.decide(members["new"], "leave_out")
    assert "Undo all" in table.page()

    page = table.press("exact-online-undo-all")

    assert "3 decisions were undone. In Exact Online nothing changed." in page
    assert not RelationLink.objects.filter(guid__isnull=False).exists()
    assert not Match.objects.filter(decided_at__isnull=False).exists()
    assert table.counts()["open"] == 4


def test_undo_all_is_refused_once_something_was_sent(table: Table) -> None:
    a_bit_of_everything(table)
    table.world.enable(table.connection)
    table.connection.refresh_from_db()
    table.world.drain(table.connection)
    sent = len(table.world.writes())
    assert sent

    assert "Undo all" not in table.page()
    page = table.press("exact-online-undo-all")

    assert "Something was sent to Exact Online since" in page
    assert RelationLink.objects.filter(guid__isnull=False).count() >= 2


# Another relation ---------------------------------------------------------------------------------------------------------


def test_looking_for_another_relation_begins_with_the_last_name(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.world.relation("80001", "Visser Vis", Email="vis@example.org", Blocked=True)
    table.compare()

    page = words(table.anna.get(table.of(table.link(members["new"]), "exact-online-relations")))

    assert "A relation for Wim Visser (5)" in page
    assert "Visser Vis 80001" in page
    assert "but: blocked" in page
    assert "Copyshop" not in page


def test_any_relation_may_be_chosen_but_a_supplier_or_one_that_is_taken(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()
    table.press("exact-online-confirm")
    address = table.of(table.link(members["new"]), "exact-online-relations")

    answer = table.anna.get(address, {"q": ""}, headers={"HX-Request": "true"})

    page = answer.content.decode()
    assert "<html" not in page
    offered = {str(shown.relation.code): shown.may_link for shown in answer.context["relations"]}
    assert offered == {"1": False, "40002": False, "40003": True, "40033": True, "4": False}
    assert page.count('name="guid"') == 2
    assert "linked to another member: Jan de Vries (1)" in words(answer)


def test_at_most_twenty_relations_are_shown_and_it_says_there_are_more(table: Table) -> None:
    member = table.world.member("5")
    for number in range(21):
        table.world.relation(str(60000 + number), f"Bakkerij {number}")
    table.compare()
    address = table.of(table.link(member), "exact-online-relations")

    assert len(table.anna.get(address, {"q": "bakkerij"}).context["relations"]) == 20
    assert "The first 20 are shown." in words(table.anna.get(address, {"q": "bakkerij"}))
    assert "The first" not in words(table.anna.get(address, {"q": "bakkerij 1"}))


def test_choosing_from_the_page_without_scripts_leads_back_to_the_rows(table: Table) -> None:
    members = a_bit_of_everything(table)
    guid = table.world.relation("80001", "Visvrienden")
    table.compare()
    where = f"{table.address}?show=new"
    address = table.of(table.link(members["new"]), "exact-online-relations")
    page = table.anna.get(address, {"q": "visv", "next": where}).content.decode()
    assert f'name="next" value="{where}"' in page
    assert "hx-post" not in page

    table.decide(members["new"], "link", htmx=False, guid=guid, next=where)

    assert table.link(members["new"]).code == "80001"


# Who may ------------------------------------------------------------------------------------------------------------------


ACTS = ("exact-online-decide", "exact-online-decide-many", "exact-online-confirm", "exact-online-undo-all")


@pytest.mark.parametrize("name", ACTS)
def test_only_who_decides_about_members_may_decide(table: Table, name: str) -> None:
    members = a_bit_of_everything(table)
    table.compare()
    link = table.link(members["new"])
    keys = [table.connection.pk, link.pk] if name == "exact-online-decide" else [table.connection.pk]
    data = {"choice": "leave_out", "link": f"{link.pk}.{first_link.version(link)}"}

    assert person(LOOK, COMPARE, name="bob").post(reverse(name, args=keys), data).status_code == 403
    assert Client().post(reverse(name, args=keys), data).status_code == 302
    assert not Match.objects.filter(decided_at__isnull=False).exists()
    assert person(DECIDE, name="carla").post(reverse(name, args=keys), data).status_code == 302


def test_who_only_looks_is_shown_no_buttons(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()
    bob = person(LOOK, name="bob")

    page = bob.get(table.address).content.decode()

    assert "Piet Smit" in page
    for of_who_decides in ('name="choice"', 'name="guid"', 'type="checkbox"', "Link all", 'id="choose"', "Compare again"):
        assert of_who_decides not in page
    assert bob.get(table.of(table.link(members["new"]), "exact-online-relations")).status_code == 403
    assert person(DECIDE, name="carla").get(table.address).status_code == 403
    assert Client().get(table.address).status_code == 302


def test_nothing_of_another_connection_is_reached_through_this_one(table: Table) -> None:
    members = a_bit_of_everything(table)
    table.compare()
    other = table.world.connection("Lustrum", OTHER_DIVISION, enabled=False)
    theirs = MirroredRelation.objects.create(
        mirror=Mirror.objects.create(connection=other, division=OTHER_DIVISION), guid=uuid4(), code="9", name="Van een ander"
    )
    link = table.link(members["new"])

    for name in ("exact-online-decide", "exact-online-relations"):
        address = reverse(name, args=[other.pk, link.pk])
        assert table.anna.post(address, {"choice": "leave_out"}).status_code in (404, 405)
        assert table.anna.get(address).status_code in (404, 405)
    many = reverse("exact-online-decide-many", args=[other.pk])
    table.anna.post(many, {"choice": "leave_out", "link": f"{link.pk}.{first_link.version(link)}"})
    assert not table.link(members["new"]).left_out
    assert "no longer exists" in words(table.decide(members["new"], "link", guid=str(theirs.guid)))
    assert "Van een ander" not in words(table.anna.get(table.of(link, "exact-online-relations"), {"q": "ander"}))


def test_a_removed_connection_has_no_table(table: Table) -> None:
    ExactOnlineConnection.objects.filter(pk=table.connection.pk).update(removed_at=timezone.now())

    assert table.anna.get(table.address).status_code == 404


# Words --------------------------------------------------------------------------------------------------------------------


def test_everything_that_matching_says_has_its_words() -> None:
    assert findings.CONFIDENCES.keys() == set(Confidence)
    assert findings.REASONS.keys() == set(Reason)
    assert findings.AGAINST.keys() == set(Contradiction)

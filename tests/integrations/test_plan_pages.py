"""The dry run: what a treasurer reads before Enable is what Enable does, and reading it sends nothing."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations import plan, plan_csv, runs
from integrations.models import ExactOnlineConnection, RelationLink, SyncRun
from integrations.views import plan as plan_view
from members.models import Member
from tests.integrations.conftest import Browser
from tests.people import make_user
from tests.worlds import World

NAMELESS = {"last_name": "", "infix": "", "first_name": "", "initials": ""}
VIEW = "integrations.view_exactonlineconnection"
CHANGE = "integrations.change_exactonlineconnection"
IBAN = "NL91ABNA0417164300"


@pytest.fixture
def connection(world: World) -> ExactOnlineConnection:
    world.exact.turn(minute_limit=100_000)
    return world.connection(enabled=False, division_name="Studievereniging De Kern")


def one_of_each(world: World) -> None:
    """Members of whom each another thing would become; the number tells which."""
    world.relation("1", "A. Bakker", Email="anna@example.nl")
    world.member("1", initials="A.", first_name="Anna", infix="", last_name="Bakker", email="anna@example.nl")
    world.relation("2", "P. Jansen", Email="piet@example.nl", City="Delft")
    piet = {"initials": "P.", "first_name": "Piet", "infix": "", "last_name": "Jansen"}
    world.member("2", **piet, email="piet@example.nl", city="Ede", iban=IBAN)
    world.member("3", initials="N.", first_name="Noor", infix="", last_name="Nieuw", email="noor@example.nl")
    world.relation("90", "K. Smit", Email="kees@example.nl")
    world.relation("91", "K. Smit", Email="kees@example.nl")
    world.member("4", initials="K.", first_name="Kees", infix="", last_name="Smit", email="kees@example.nl")
    world.relation("5", "Drukkerij Inkt", IsSupplier=True)
    world.member("5", initials="D.", first_name="Daan", infix="", last_name="Kramer")
    world.member("6", **NAMELESS)
    world.member("7", initials="L.", first_name="Lotte", infix="", last_name="Vos")


def compared(world: World, connection: ExactOnlineConnection) -> None:
    one_of_each(world)
    world.compare(connection)
    world.link(Member.objects.get(member_number="7")).member.relation_links.leave_out()


def address(connection: ExactOnlineConnection, kind: str = "") -> str:
    return reverse("exact-online-plan", args=[connection.pk]) + (f"?kind={kind}" if kind else "")


def rows(page: str) -> dict[str, str]:
    """Member number -> the words of the row, blanks folded."""
    found = {}
    for row in re.findall(r"<tr>\s*<th scope=\"row\">.*?</tr>", page, re.DOTALL):
        words = " ".join(re.sub(r"<[^>]+>", " ", row).split())
        found[re.search(r'class="muted">([^<]+)</span></th>', row)[1]] = words  # type: ignore[index]
    return found


def chips(page: str) -> dict[str, int]:
    found = re.findall(r'<a class="chip"[^>]*>([^<]+) <strong>([\d,]+)</strong>', page)
    return {label: int(number.replace(",", "")) for label, number in found}


# What it says -------------------------------------------------------------------------------------------------------------


def test_every_member_is_told_what_would_be_done_and_nothing_is(
    world: World, treasurer: Browser, connection: ExactOnlineConnection
) -> None:
    compared(world, connection)
    world.exact.clear_log()

    page = treasurer.page(address(connection))

    assert "Nothing is sent by looking at this page." in page
    told = rows(page)
    assert list(told) == ["1", "2", "3", "4", "5", "6", "7"]
    assert "unchanged" in told["1"]
    assert "change 2 city: Delft → Ede" in told["2"]
    assert "create 3" in told["3"]
    assert "name: N. Nieuw e-mail: noor@example.nl" in told["3"]
    assert "to be decided" in told["4"]
    assert "Relation code 5 is in use in Exact Online by “Drukkerij Inkt”, a supplier." in told["5"]
    assert "This member has no name" in told["6"]
    assert "left out" in told["7"]
    for number in ("4", "5"):
        assert f'{reverse("exact-online-match", args=[connection.pk])}?q={number}"' in page
    assert world.exact.calls() == []


def test_what_it_tells_is_what_enable_does(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    compared(world, connection)
    before = chips(treasurer.page(address(connection)))

    world.enable(connection)
    counts = world.drain(connection)

    assert counts == {"created": before["create"], "changed": before["change"], "unchanged": before["unchanged"], "parked": 1}
    assert before["incomplete"] == 1
    assert len(world.writes()) == before["create"] + before["change"]


def test_the_totals_are_chips_and_each_shows_its_own(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    compared(world, connection)
    world.member("8", initials="Z.", last_name="Later")

    page = treasurer.page(address(connection))

    assert chips(page) == {
        "All": 7,
        "create": 1,
        "change": 1,
        "unchanged": 1,
        "to be decided": 1,
        "conflict": 1,
        "incomplete": 1,
        "left out": 1,
        "needs attention": 0,
        "not compared yet": 1,
    }
    for kind, number in {"create": "3", "conflict": "5", "left_out": "7", "not_compared": "8"}.items():
        assert list(rows(treasurer.page(address(connection, kind)))) == [number]
    assert "There are no such members." in treasurer.page(address(connection, "waits"))
    assert len(rows(treasurer.page(address(connection, "nonsense")))) == 7


def test_the_calls_and_the_time_they_take_are_told_with_the_sum(
    world: World, treasurer: Browser, connection: ExactOnlineConnection
) -> None:
    world.members(20)
    world.compare(connection)
    ExactOnlineConnection.objects.update(day_limit=10, day_left=10, day_resets_at=None)

    assert "20 calls at 9 a day: ready in about 2.2 days." in treasurer.page(address(connection))


def test_a_member_changed_since_is_planned_anew(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    compared(world, connection)
    world.edit(Member.objects.get(member_number="2"), city="Utrecht")

    assert "city: Delft → Utrecht" in rows(treasurer.page(address(connection)))["2"]


def test_while_members_are_still_to_look_at_the_page_looks_again(
    world: World, treasurer: Browser, connection: ExactOnlineConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.members(5)
    world.compare(connection)
    Member.objects.all().update(city="Ede")
    monkeypatch.setattr(plan, "BATCH", 2)
    monkeypatch.setattr(plan_view, "PATIENCE", -1)

    page = treasurer.page(address(connection, "create"))
    assert "3 members still to look at." in page
    assert f'hx-get="{address(connection, "create")}" hx-trigger="every 2s"' in page
    part = treasurer.page(address(connection, "create"), **{"HX-Request": "true"})
    assert part.lstrip().startswith('<div id="plan"')
    assert "<html" not in part
    assert "1 member still to look at." in part
    assert "hx-trigger" not in treasurer.page(address(connection, "create"))


def test_pages_of_fifty_keep_the_kind(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    world.members(60)
    world.compare(connection)

    first = treasurer.page(address(connection, "create"))
    second = treasurer.page(address(connection, "create") + "&page=2")

    assert (len(rows(first)), len(rows(second))) == (50, 10)
    assert list(rows(second)) == [str(number) for number in range(51, 61)]
    assert "?kind=create&amp;page=2" in treasurer.client.get(address(connection, "create")).content.decode()


def test_the_database_is_asked_as_often_for_fifty_rows_as_for_ten(
    world: World, treasurer: Browser, connection: ExactOnlineConnection
) -> None:
    def queries(count: int) -> int:
        world.members(count - Member.objects.count(), start=Member.objects.count() + 1)
        world.compare(connection)
        with CaptureQueriesContext(database) as captured:
            assert len(rows(treasurer.page(address(connection)))) == count
        return len(captured)

    assert queries(10) == queries(50)


def test_before_any_comparison_that_is_offered(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    world.member("7")

    page = treasurer.page(address(connection))

    assert "Not compared yet" in page
    assert reverse("exact-online-compare", args=[connection.pk]) in page
    assert reverse("exact-online-plan-csv", args=[connection.pk]) not in page


def test_another_administration_makes_the_comparison_void(
    world: World, treasurer: Browser, connection: ExactOnlineConnection
) -> None:
    compared(world, connection)
    ExactOnlineConnection.objects.update(division=1204502)

    assert "Not compared yet" in treasurer.page(address(connection))


def test_enable_is_asked_here_and_says_what_it_comes_to(
    world: World, treasurer: Browser, connection: ExactOnlineConnection
) -> None:
    compared(world, connection)

    page = treasurer.page(address(connection))

    dialog = " ".join(re.sub(r"<[^>]+>", " ", page[page.index("<dialog") : page.index("</dialog>")]).split())
    assert "Enable De Kern? 6 members will be sent to Studievereniging De Kern (1204501)" in dialog
    for words in ("1 created", "1 changed", "1 unchanged", "2 linked", "1 to be decided", "1 in conflict", "1 incomplete"):
        assert words in dialog
    assert "2 calls at" in dialog
    assert "ready in less than a minute" in dialog


def test_of_an_enabled_connection_it_is_what_would_be_sent_now(
    world: World, treasurer: Browser, connection: ExactOnlineConnection
) -> None:
    compared(world, connection)
    world.enable(connection)
    world.drain(connection)
    world.edit(Member.objects.get(member_number="3"), city="Delft")

    page = treasurer.page(address(connection))

    assert "What would be sent now" in page
    assert reverse("exact-online-enable", args=[connection.pk]) not in page
    assert "city: Delft" in rows(page)["3"]
    assert chips(page)["change"] == 1


def test_what_an_import_would_do_says_that_it_waits_and_asks(
    world: World, treasurer: Browser, connection: ExactOnlineConnection
) -> None:
    compared(world, connection)
    Member.objects.filter(member_number="3").update(changed_via="import")
    RelationLink.objects.filter(member__member_number="3").update(held="brake")
    ExactOnlineConnection.objects.update(held_since=timezone.now(), enabled=True)

    page = treasurer.page(address(connection))

    assert "create held back 3" in rows(page)["3"]
    assert "Is this meant?" in page
    assert reverse("exact-online-brake", args=[connection.pk]) in page
    assert "waits until somebody says whether it is meant" in downloaded(treasurer, connection)["3"][0]["problem"]


def test_a_run_under_way_is_told_and_can_be_watched(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    compared(world, connection)
    run = runs.start(connection, SyncRun.Kind.COMPARE, None)

    assert run.get_absolute_url() in treasurer.page(address(connection))


# The file -----------------------------------------------------------------------------------------------------------------


def downloaded(treasurer: Browser, connection: ExactOnlineConnection) -> dict[str, list[dict[str, str]]]:
    """Member number -> the lines of that member."""
    answer = treasurer.client.get(reverse("exact-online-plan-csv", args=[connection.pk]))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert re.search(r'filename="dry-run-de-kern-\d{4}-\d\d-\d\d\.csv"', answer["Content-Disposition"])
    text = answer.getvalue().decode("utf-8-sig")
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for line in csv.DictReader(io.StringIO(text), delimiter=";"):
        found[line["member number"]].append(line)
    return found


def test_the_file_has_a_line_per_member_and_field(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    compared(world, connection)
    world.member("8", initials="Z.", last_name="Later")

    lines = downloaded(treasurer, connection)

    assert lines["2"] == [
        {
            "member number": "2",
            "name": "Piet Jansen",
            "what": "change",
            "relation code": "2",
            "field": "city",
            "old": "Delft",
            "new": "Ede",
            "problem": "",
        }
    ]
    assert {line["field"]: line["new"] for line in lines["3"]}["e-mail"] == "noor@example.nl"
    assert [(line["what"], line["field"]) for line in lines["1"]] == [("unchanged", "")]
    assert "a supplier" in lines["5"][0]["problem"]
    assert "has no name" in lines["6"][0]["problem"]
    assert {number: found[0]["what"] for number, found in lines.items() if number in "478"} == {
        "4": "to be decided",
        "7": "left out",
        "8": "not compared yet",
    }


def test_the_file_knows_what_changed_a_moment_ago(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    compared(world, connection)
    world.edit(Member.objects.get(member_number="2"), city="Utrecht")

    assert downloaded(treasurer, connection)["2"][0]["new"] == "Utrecht"


def test_what_a_spreadsheet_would_run_is_escaped(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    world.member("3", last_name="=HYPERLINK(1)", initials="", first_name="", infix="", phone="+31612345678", city="Ede; Veld")
    world.compare(connection)

    by_field = {line["field"]: line for line in downloaded(treasurer, connection)["3"]}

    assert by_field["name"]["name"] == by_field["name"]["new"] == "'=HYPERLINK(1)"
    assert by_field["phone"]["new"] == "'+31612345678"
    assert by_field["city"]["new"] == "Ede; Veld"


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\t=1", "\r=1"])
def test_every_beginning_of_a_formula_is_escaped(cell: str) -> None:
    assert plan_csv.safe(cell) == "'" + cell
    assert plan_csv.safe("a" + cell) == "a" + cell


def test_no_bank_account_is_on_the_page_or_in_the_file(
    world: World, treasurer: Browser, connection: ExactOnlineConnection
) -> None:
    compared(world, connection)
    assert Member.objects.filter(iban=IBAN).exists()

    file = treasurer.client.get(reverse("exact-online-plan-csv", args=[connection.pk])).getvalue().decode()
    for told in (treasurer.page(address(connection)), file):
        assert "0417164300" not in told


# People -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["exact-online-plan", "exact-online-plan-csv"])
def test_it_is_for_whoever_may_see_the_connection(world: World, connection: ExactOnlineConnection, name: str) -> None:
    compared(world, connection)
    there = reverse(name, args=[connection.pk])
    may, other = Client(), Client()
    may.force_login(make_user("treasurer", VIEW))
    other.force_login(make_user("secretary", "members.view_member", CHANGE))

    assert may.get(there).status_code == 200
    assert other.get(there).status_code == 403
    assert Client().get(there)["Location"].startswith(reverse("account_login"))
    ExactOnlineConnection.objects.update(removed_at=timezone.now())
    assert may.get(there).status_code == 404


def test_who_may_only_look_has_nothing_to_press(world: World, connection: ExactOnlineConnection) -> None:
    compared(world, connection)
    client = Client()
    client.force_login(make_user("treasurer", VIEW))

    page = client.get(address(connection)).content.decode()

    assert "<form" not in page[page.index("<main") :]

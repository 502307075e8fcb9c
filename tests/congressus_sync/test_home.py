"""The overview: what to do first, and one glance at every connection."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from finance.models import FinancialAdministration
from integrations.models import CongressusConnection, CongressusMember, ExactOnlineConnection, RelationLink
from tests.people import make_member, make_status, make_user
from tests.worlds import World

pytestmark = pytest.mark.django_db
SECRETARY = ("members.view_member", "members.import_member")
TREASURER = (
    *SECRETARY,
    "finance.add_financialadministration",
    "integrations.add_exactonlineconnection",
    "integrations.view_exactonlineconnection",
)


def browser(*permissions: str, name: str = "anna") -> Client:
    client = Client()
    client.force_login(make_user(name, *permissions))
    return client


def overview(*permissions: str, **headers: str) -> str:
    """As one reads it: blanks folded."""
    answer = browser(*permissions or SECRETARY).get(reverse("home"), headers=headers or None)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def connect(**fields: Any) -> ExactOnlineConnection:
    values = {"division": 1204501, "division_name": "Kern (Exact)", "enabled": True, "was_enabled": True} | fields
    books, _ = FinancialAdministration.objects.get_or_create(name="De Kern")
    connection = ExactOnlineConnection.objects.create(financial_administration=books, **values)
    connection.statuses.add(make_status())
    return connection


# What to do first ---------------------------------------------------------------------------------------------------------


def test_an_empty_installation_says_what_to_do_first_and_where() -> None:
    page = overview(*TREASURER)

    assert "What to do first" in page
    for door in ("member-import", "financial-administration-new", "exact-online-add"):
        assert f'href="{reverse(door)}"' in page
    assert '<span class="badge ok">done</span>' not in page


def test_steps_that_were_done_are_marked_and_the_next_one_stands_out() -> None:
    make_member()

    page = overview(*TREASURER)
    assert page.count('<span class="badge ok">done</span>') == 1
    assert f'href="{reverse("member-import")}"' not in page
    assert f'class="button primary" href="{reverse("financial-administration-new")}"' in page


def test_a_secretary_reads_whose_turn_it_is_instead_of_a_door_that_is_shut() -> None:
    make_member()

    page = overview(*SECRETARY)
    assert "The treasurer can do this." in page
    assert reverse("financial-administrations") not in page


def test_the_steps_make_room_once_all_are_done() -> None:
    make_member()
    connect()

    assert "What to do first" not in overview()


def test_congressus_is_the_first_way_to_get_members_for_whoever_may_connect_it() -> None:
    may = ("integrations.view_congressusconnection", "integrations.add_congressusconnection")

    page = overview(*TREASURER, *may)
    assert f'class="button primary" href="{reverse("congressus")}">Connect Congressus' in page
    assert f'href="{reverse("member-import")}"' in page

    CongressusConnection.objects.create(api_key="a-key")
    page = browser(*TREASURER, *may, name="bea").get(reverse("home")).content.decode()
    assert "To Congressus" in page
    assert "Connect Congressus<" not in page


def test_who_may_neither_connect_nor_import_reads_whose_turn_it_is() -> None:
    page = overview("members.view_member")

    assert "The treasurer or the membership secretary can do this." in page
    assert reverse("congressus") not in page


# One glance ---------------------------------------------------------------------------------------------------------------


def number(page: str, state: str, connection: ExactOnlineConnection) -> int:
    """The count that leads to the list of this state."""
    link = f'href="{reverse("members")}?connection={connection.pk}&amp;state={state}"> <span class="stat-number">'
    return int(page.split(link)[1].split("<")[0])


def test_each_connection_counts_its_members_and_every_number_leads_to_them() -> None:
    connection = connect()
    up_to_date, _unlinked, left_out, _former = make_member(), make_member(), make_member(), make_member(status=make_status("Old"))
    RelationLink.objects.create(
        connection=connection,
        member=up_to_date,
        guid=uuid4(),
        pushed_revision=up_to_date.revision,
        pushed_mapping=connection.mapping_key,
    )
    RelationLink.objects.create(connection=connection, member=left_out, left_out=True)

    page = overview()
    assert "De Kern" in page
    assert "Kern (Exact)" in page
    assert [number(page, state, connection) for state in ("up_to_date", "waiting", "needs_attention", "left_out")] == [1, 1, 0, 1]
    assert "Last sync: never." in page


def test_after_a_drain_everything_is_up_to_date(world: World) -> None:
    connection = world.connection()
    world.members(3)
    world.drain(connection)

    page = overview()
    assert number(page, "up_to_date", connection) == 3
    assert "Last sync: <time" in page
    assert "hx-trigger" not in page


def test_a_connection_that_needs_attention_says_why_and_quotes_exact() -> None:
    connect(attention="forbidden", attention_details={"reason": "NoDivisionAccess", "said": "Geen <toegang>"})

    page = overview()
    assert '<span class="badge attention">needs attention</span>' in page
    assert "(no access to the administration)" in page
    assert "Geen &lt;toegang&gt;" in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"enabled": False}, "There is no consent from Exact Online."),
        ({"resume_at": timedelta(hours=1), "resume_reason": "day_limit"}, "only so many calls a day; these are spent."),
    ],
)
def test_what_holds_a_connection_up_is_said(fields: dict[str, Any], sentence: str) -> None:
    connect(**{name: timezone.now() + value if isinstance(value, timedelta) else value for name, value in fields.items()})

    assert sentence in overview()


def test_a_ready_connection_says_that_nothing_was_sent_yet(world: World) -> None:
    connection = world.connection(enabled=False)

    assert "Nothing has been sent yet." in overview()
    ExactOnlineConnection.objects.filter(pk=connection.pk).update(was_enabled=True)
    page = browser(*SECRETARY, name="piet").get(reverse("home")).content.decode()
    assert "Nothing is sent while the connection is disabled." in page


def test_counts_move_by_themselves_while_something_is_waiting() -> None:
    connect()
    make_member()

    page = overview()
    assert f'hx-get="{reverse("home")}" hx-trigger="every 5s"' in page


def test_the_part_that_moves_comes_without_the_rest_of_the_page() -> None:
    connect()

    part = overview(**{"HX-Request": "true"})
    assert part.startswith('<div class="stack" id="overview"')
    assert "<html" not in part


def test_a_removed_connection_is_not_shown() -> None:
    connect(removed_at=timezone.now(), enabled=False)

    assert "Kern (Exact)" not in overview()


# People -------------------------------------------------------------------------------------------------------------------


def test_the_overview_is_for_whoever_may_see_members() -> None:
    assert browser(*SECRETARY).get(reverse("home")).status_code == 200
    assert browser("finance.view_financialadministration", name="other").get(reverse("home")).status_code == 403
    assert Client().get(reverse("home"))["Location"].startswith(reverse("account_login"))


def test_only_whoever_may_see_connections_gets_a_link_to_one() -> None:
    connection = connect()

    assert f"/settings/integrations/exact-online/{connection.pk}/" not in overview()
    page = browser(*TREASURER, name="piet").get(reverse("home")).content.decode()
    assert f'href="{connection.get_absolute_url()}"' in page


# Congressus ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "chosen", "said"),
    [
        ({}, False, "choose which member statuses are fetched."),
        ({}, True, "Nothing has been fetched yet."),
        ({"was_enabled": True}, True, "Nothing is fetched while the connection is disabled."),
        ({"enabled": True, "attention": "wrong_key"}, True, "Congressus does not accept the API key"),
        ({"enabled": True, "resume_at": timedelta(hours=1), "resume_reason": "unreachable"}, True, "This goes on at "),
    ],
)
def test_congressus_says_what_it_waits_for(fields: dict[str, Any], chosen: bool, said: str) -> None:
    until = {name: timezone.now() + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    connection = CongressusConnection.objects.create(api_key="a-key", **until)
    if chosen:
        connection.statuses.add(make_status())

    page = overview()

    assert said in page
    assert reverse("congressus") not in page  # a secretary has no door there


def test_congressus_counts_its_members_and_those_to_look_at() -> None:
    now = timezone.now()
    CongressusConnection.objects.create(
        api_key="a-key",
        association="De <Kern>",
        enabled=True,
        was_enabled=True,
        walked_at=now - timedelta(hours=9),
        polled_at=now - timedelta(minutes=3),
    )
    make_member(congressus_id=1)
    make_member(congressus_id=2, gone_at=now)
    make_member()
    CongressusMember.objects.create(congressus_id=3, problem="number_missing")

    page = overview(*SECRETARY, "integrations.view_congressusconnection")

    assert "De &lt;Kern&gt;" in page
    assert "1 member from there." in page
    assert "1 member in Congressus needs attention." in page
    assert "3 minutes ago" in page
    assert f'href="{reverse("congressus")}"' in page
    assert "hx-trigger" not in page


def test_the_overview_looks_again_while_members_arrive() -> None:
    connection = CongressusConnection.objects.create(api_key="a-key", enabled=True, was_enabled=True)
    connection.statuses.add(make_status())

    assert 'hx-trigger="every 5s"' in overview()

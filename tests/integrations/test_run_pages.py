"""Starting, watching and stopping what takes a while: what the page says is what is going on, and nothing hangs on somebody looking."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations import runs
from integrations.models import ExactOnlineConnection, ExactOnlineToken, RelationLink, SyncRun
from integrations.progress import Progress
from members.models import Member
from tests.integrations.conftest import Browser
from tests.people import make_user
from tests.worlds import OTHER_DIVISION, World

VIEW = "integrations.view_exactonlineconnection"
CHANGE = "integrations.change_exactonlineconnection"
NAMELESS = {"last_name": "", "infix": "", "first_name": "", "initials": ""}


@pytest.fixture
def connection(world: World) -> ExactOnlineConnection:
    world.exact.turn(minute_limit=100_000)
    return world.connection(enabled=False)


def compare(treasurer: Browser, connection: ExactOnlineConnection) -> str:
    return treasurer.press("exact-online-compare", connection.pk)


def going(connection: ExactOnlineConnection) -> SyncRun:
    return SyncRun.objects.going().get(connection=connection)


def watched(treasurer: Browser, run: SyncRun) -> str:
    """The part that moves, blanks folded."""
    return " ".join(treasurer.page(run.get_absolute_url(), **{"HX-Request": "true"}).split())


# Comparing ----------------------------------------------------------------------------------------------------------------


def test_compare_leads_to_the_page_where_it_can_be_watched(
    world: World, treasurer: Browser, connection: ExactOnlineConnection
) -> None:
    world.relation("7")
    world.member("7")
    world.members(2, start=20)

    page = compare(treasurer, connection)
    run = going(connection)
    assert "Reading the relations in Exact Online" in page
    assert f'hx-get="{run.get_absolute_url()}" hx-trigger="every 2s"' in page
    assert "Started by penningmeester" in page
    assert re.search(r"<progress aria-label", page)  # of how many, nobody knows yet

    world.go_on(run)
    done = watched(treasurer, run)
    assert "Your members were compared with what Exact Online holds. Nothing was sent." in done
    assert "<strong>2</strong> new" in done
    assert "It took less than a minute." in done
    assert "hx-trigger" not in done
    for next_step in ("exact-online-match", "exact-online-plan", "exact-online-enable"):
        assert reverse(next_step, args=[connection.pk]) in done
    assert world.writes() == []


def test_who_is_to_be_decided_comes_first_afterwards(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    world.relation("90", Email="jan@example.nl")
    world.relation("91", Email="jan@example.nl")
    world.member("7", email="jan@example.nl")

    done = watched(treasurer, world.compare(connection))

    assert "<strong>1</strong> to be decided" in done
    there = reverse("exact-online-match", args=[connection.pk])
    assert f'<a class="button primary" href="{there}?show=open">Decide</a>' in done


def test_a_second_click_watches_the_first_run(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    compare(treasurer, connection)
    compare(treasurer, connection)

    assert SyncRun.objects.count() == 1


def test_comparing_needs_no_financial_administration_yet(
    world: World, treasurer: Browser, connection: ExactOnlineConnection
) -> None:
    ExactOnlineConnection.objects.update(financial_administration=None)

    compare(treasurer, connection)

    assert going(connection).kind == SyncRun.Kind.COMPARE


def test_what_lacks_is_told_instead(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    ExactOnlineToken.objects.update(consent_lost=True)
    connection.statuses.clear()

    page = compare(treasurer, connection)

    assert "Nothing can be compared yet. What lacks: the consent of Exact Online: choose Connect; member statuses" in page
    assert not SyncRun.objects.exists()


def test_a_connection_that_waits_for_a_person_says_so_instead(
    world: World, treasurer: Browser, connection: ExactOnlineConnection
) -> None:
    ExactOnlineConnection.objects.update(attention="forbidden")

    page = compare(treasurer, connection)

    assert "because this connection needs attention: No rights in this administration." in page
    assert not SyncRun.objects.exists()


def test_comparing_is_counted_member_by_member(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    compare(treasurer, connection)
    run = going(connection)
    SyncRun.objects.update(phase=SyncRun.Phase.COMPARING, done=1500, total=10_000)

    page = watched(treasurer, run)

    assert '<progress value="1500" max="10000"' in page
    assert "1,500 of 10,000 members compared." in page
    assert "15&nbsp;%" in treasurer.client.get(connection.get_absolute_url()).content.decode()


def test_a_comparison_that_failed_says_why_and_what_to_do(
    world: World, treasurer: Browser, connection: ExactOnlineConnection
) -> None:
    compare(treasurer, connection)
    run = going(connection)
    world.exact.revoke(world.treasurer)
    for _ in range(2):  # a consent is only given up when Exact says so twice
        world.later(hours=1)
        world.go_on(run)

    page = watched(treasurer, run)

    assert "did not succeed" in page
    assert "Exact Online could not be asked. Nothing was sent." in page
    assert "no longer accepts the consent" in page
    assert "Compare again" in page


def test_a_rest_is_told_with_its_end(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    compare(treasurer, connection)
    until = timezone.now() + timedelta(hours=1)
    ExactOnlineConnection.objects.update(resume_at=until, resume_reason="unreachable")

    page = watched(treasurer, going(connection))

    assert "Exact Online could not be reached. This goes on at " in page


# Sending ------------------------------------------------------------------------------------------------------------------


def test_sending_is_counted_and_never_goes_back(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    world.members(10)
    world.exact.turn(minute_limit=10)
    run = world.enable(connection)
    assert (run.phase, run.total) == ("sending", 10)
    world.drain(connection)  # until the minute is spent
    sent = len(world.relations())
    assert 0 < sent < 10

    page = watched(treasurer, run)
    assert f'<progress value="{sent}" max="10"' in page
    assert f"{sent} of 10 members done." in page
    assert "The rest takes about 2 minutes, at the pace Exact Online allows." in page
    assert f"<strong>{sent}</strong> created" in page
    assert "only so many calls a minute; these are spent. This goes on at" in page

    world.members(20, start=100)
    assert f"{sent} of 10 members done." in watched(treasurer, run)


def test_what_is_sent_to_the_end_says_who_needs_attention(
    world: World, treasurer: Browser, connection: ExactOnlineConnection
) -> None:
    world.members(3)
    world.member("80", **NAMELESS)
    run = world.enable(connection)
    world.drain(connection)

    page = watched(treasurer, run)

    assert "What could be sent is in Exact Online." in page
    assert "<strong>3</strong> created" in page
    assert f'{reverse("members")}?connection={connection.pk}&state=needs_attention">1 member needs attention</a>' in page
    assert "hx-trigger" not in page


def test_what_exact_refused_is_counted(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    world.member("7")
    run = world.enable(connection)
    said = '{"error":{"code":"","message":{"lang":"","value":"Ongeldige waarde"}}}'
    world.exact.add_fault("status", status=500, body=said, content_type="application/json", method="POST")
    world.drain(connection)

    assert "<strong>1</strong> not created, refused by Exact Online" in watched(treasurer, run)


def test_a_problem_of_the_connection_is_told_and_nothing_is_lost(
    world: World, treasurer: Browser, connection: ExactOnlineConnection
) -> None:
    world.members(3)
    run = world.enable(connection)
    ExactOnlineConnection.objects.update(attention="forbidden", attention_details={"said": "Geen <rechten>"})

    page = watched(treasurer, run)

    assert "may not work in this administration" in page
    assert "Geen <rechten>" in page
    assert "Nothing is lost: this goes on when it is solved." in page
    assert connection.get_absolute_url() in page


def test_compare_while_sending_watches_that_and_sending_goes_on(
    world: World, treasurer: Browser, connection: ExactOnlineConnection
) -> None:
    world.members(3)
    world.enable(connection)

    compare(treasurer, connection)

    assert SyncRun.objects.count() == 1
    assert world.drain(connection) == {"created": 3}


def test_enable_takes_over_a_comparison_under_way(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    world.members(3)
    compare(treasurer, connection)
    run = going(connection)

    page = treasurer.press("exact-online-enable", connection.pk)
    assert run.get_absolute_url() in page
    world.go_on(run)
    world.drain(connection)

    assert len(world.relations()) == 3
    assert "What could be sent is in Exact Online." in watched(treasurer, run)


# Stopping -----------------------------------------------------------------------------------------------------------------


def test_a_comparison_just_ends(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    page = compare(treasurer, connection)
    run = going(connection)
    assert "The comparison just ends." in page

    said = treasurer.press("exact-online-run-stop", connection.pk, run.pk)

    assert "Stopped. Nothing was sent; comparing can be done again at any time." in said
    assert "Compare again" in said
    assert world.go_on(run).outcome == SyncRun.Outcome.STOPPED
    assert not runs.go_on(run.pk, world.now)


def test_stopping_what_enable_started_disables_and_enable_goes_on(
    world: World, treasurer: Browser, connection: ExactOnlineConnection
) -> None:
    world.members(3)
    run = world.enable(connection)
    assert "and Enable goes on where this stopped" in watched(treasurer, run)

    said = treasurer.press("exact-online-run-stop", connection.pk, run.pk)

    assert "Stopped. The connection is disabled" in said
    assert world.drain(connection) == {}
    connection.refresh_from_db()
    assert not connection.enabled
    world.enable(connection)
    assert world.drain(connection) == {"created": 3}


def test_what_had_ended_is_not_stopped_a_second_time(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    run = world.compare(connection)

    assert "This had ended already." in treasurer.press("exact-online-run-stop", connection.pk, run.pk)
    run.refresh_from_db()
    assert run.outcome == SyncRun.Outcome.DONE


def test_a_stop_that_enable_overtook_stops_what_enable_started(world: World, connection: ExactOnlineConnection) -> None:
    """Ended as the comparison it was when it was looked at, it would send without one."""
    world.members(3)
    seen = runs.start(connection, SyncRun.Kind.COMPARE, None)
    world.enable(connection)

    assert runs.stop(seen)

    assert world.drain(connection) == {}
    assert world.writes() == []


# Mail ---------------------------------------------------------------------------------------------------------------------


def test_a_mail_is_promised_to_whoever_started_it_and_has_an_address(
    world: World, treasurer: Browser, connection: ExactOnlineConnection
) -> None:
    promise = "You get a mail when it takes longer than ten minutes."
    assert promise not in compare(treasurer, connection)  # no address is known

    starter = going(connection).started_by
    starter.email = "treasurer@example.org"
    starter.save()
    assert promise in watched(treasurer, going(connection))

    other = Browser()
    other.client.force_login(make_user("other", VIEW, email="other@example.org"))
    assert promise not in watched(other, going(connection))


@pytest.mark.parametrize(
    ("kind", "subject", "counted"),
    [
        (SyncRun.Kind.COMPARE, "The members of De Kern were compared with Exact Online", "1 already the same, 3 new."),
        (SyncRun.Kind.ENABLE, "The members of De Kern were sent to Exact Online", "3 created."),
    ],
)
def test_the_mail_says_what_was_counted_and_leads_to_the_page(
    world: World, connection: ExactOnlineConnection, kind: SyncRun.Kind, subject: str, counted: str
) -> None:
    world.relation("7", Email="jan@example.nl")
    world.member("7", email="jan@example.nl")
    world.members(3, start=20)
    run = world.enable(connection) if kind == SyncRun.Kind.ENABLE else runs.start(connection, kind, None)
    starter = make_user("starter", email="treasurer@example.org")
    SyncRun.objects.update(started_at=world.moment - timedelta(minutes=11), started_by=starter)
    world.go_on(run)
    world.drain(connection)

    [message] = mail.outbox

    assert (message.subject, message.to) == (subject, ["treasurer@example.org"])
    assert counted in message.body
    assert run.get_absolute_url() in message.body
    assert "jan@example.nl" not in message.body


# People -------------------------------------------------------------------------------------------------------------------


def test_watching_is_for_whoever_may_see_the_connection(world: World, connection: ExactOnlineConnection) -> None:
    run = runs.start(connection, SyncRun.Kind.COMPARE, None)
    may, other = Client(), Client()
    may.force_login(make_user("treasurer", VIEW))
    other.force_login(make_user("secretary", "members.view_member", CHANGE))

    page = may.get(run.get_absolute_url())
    assert page.status_code == 200
    assert b"<form" not in page.content[page.content.index(b"<main") :]
    assert other.get(run.get_absolute_url()).status_code == 403
    assert Client().get(run.get_absolute_url())["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", ["exact-online-compare", "exact-online-run-stop", "exact-online-brake"])
def test_buttons_are_for_whoever_may_press_them_and_never_a_link(
    world: World, connection: ExactOnlineConnection, name: str
) -> None:
    run = runs.start(connection, SyncRun.Kind.COMPARE, None)
    there = reverse(name, args=[connection.pk, run.pk] if name == "exact-online-run-stop" else [connection.pk])
    may, other = Client(), Client()
    may.force_login(make_user("treasurer", CHANGE))
    other.force_login(make_user("secretary", VIEW, "integrations.change_relationlink"))

    assert may.get(there).status_code == 405
    assert other.post(there).status_code == 403
    assert Client().post(there)["Location"].startswith(reverse("account_login"))
    assert going(connection) == run
    assert may.post(there).status_code == 302


def test_a_run_is_found_at_its_own_connection_only(world: World, treasurer: Browser, connection: ExactOnlineConnection) -> None:
    other = world.connection("Lustrum", OTHER_DIVISION)
    run = runs.start(connection, SyncRun.Kind.COMPARE, None)

    for name in ("exact-online-run", "exact-online-run-stop"):
        address = reverse(name, args=[other.pk, run.pk])
        assert treasurer.client.get(address).status_code in (404, 405)
        assert treasurer.client.post(address).status_code in (404, 405)
    ExactOnlineConnection.objects.filter(pk=connection.pk).update(removed_at=timezone.now())
    assert treasurer.client.get(run.get_absolute_url()).status_code == 404
    assert going(connection) == run


def test_progress_stays_between_nothing_and_all(world: World, connection: ExactOnlineConnection) -> None:
    world.members(3)
    run = world.enable(connection)
    world.members(5, start=100)
    assert Progress.of(run, world.moment).done == 0

    RelationLink.objects.all().delete()
    Member.objects.all().delete()
    assert Progress.of(run, world.moment).done == run.total == 3

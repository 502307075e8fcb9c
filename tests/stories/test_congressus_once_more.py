"""What a second reading of the way from Congressus found: calls spent for nothing, members not kept up to date, pages that break."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.db import connection as database
from django.test import Client
from django.urls import reverse

from congressus_sync.models import User
from integrations import inflow
from integrations.arrivals import adoption, connecting, endings, probe, store, webhook
from integrations.arrivals.visit import Visit
from integrations.congressus.hints import Hint
from integrations.congressus.simulator import Gate
from integrations.models import CongressusConnection, CongressusMember, CongressusWalk
from integrations.problems import ArrivalProblem
from members.models import Member, MemberStatus
from tests.associations import Association
from tests.running import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def take_part_in_exact(association: Association) -> None:
    exact = association.world.connection()
    for status in (association.lid, association.donateur):
        exact.statuses.add(association.status(status))
    while association.world.drain(exact):
        association.world.later(minutes=2)


def stays(association: Association, minutes: int) -> None:
    """The worker comes by each minute."""
    for _minute in range(minutes):
        association.visit()
        association.later(seconds=62)


def ticking(association: Association) -> Callable[[], datetime]:
    """A clock that goes on during a visit, as clocks do."""
    ticks = count()
    return lambda: association.world.moment + timedelta(milliseconds=next(ticks))


def pairs_to_take_over(association: Association) -> list[adoption.Pair]:
    """Sixty who are here and there, and so many changed last there that no first page tells of the sixty."""
    association.world.members(60)
    association.members(60, address={"city": "Gouda"})
    later = association.members(150, start=1000)
    association.connect()
    for pk in later:
        association.there.change_member(pk, address={"city": "Delft"})
    stays(association, 2)
    return [(offer.record.pk, offer.member.pk) for offer in adoption.preview(adoption.offers())]


def treasurer() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("treasurer", "treasurer@example.org", "x"))
    return client


# Calls spent for nothing ---------------------------------------------------------------------------------------------------


def test_members_taken_over_in_two_rounds_are_read_and_nothing_stops(association: Association) -> None:
    """More than fifty, each told to be read without having been heard of at any moment."""
    pairs = pairs_to_take_over(association)
    association.there.clear_calls()
    assert adoption.adopt(pairs[:30]) + adoption.adopt(pairs[30:]) == 60

    for _minute in range(10):
        Visit(ticking(association)).run()
        association.later(seconds=62)

    assert association.lists() <= 10
    assert Member.objects.filter(member_number__in=range(1, 61)).exclude(city="Gouda").count() == 0


def test_taking_over_many_of_whom_some_changed_meanwhile_reads_those_that_were(association: Association) -> None:
    """Sixty were ticked, fifteen of them are no longer what was shown."""
    pairs = pairs_to_take_over(association)
    Member.objects.filter(pk__in=[here for _there, here in pairs[:15]]).delete()
    assert adoption.adopt(pairs) == 45

    stays(association, 10)

    taken_over = Member.objects.filter(pk__in=[here for _there, here in pairs])
    assert taken_over.exclude(city="Gouda").count() == 0


def test_webhooks_about_many_who_are_in_no_list_do_not_begin_walk_after_walk(association: Association) -> None:
    """Sixty who were erased, or whose status nobody fetches: no list tells of them, however often it is asked for."""
    association.there.turn(orders_by_modified="refused")
    association.members(3)
    former = association.members(120, start=100, status=association.oud_lid)
    association.connect()
    stays(association, 2)
    before = CongressusWalk.objects.count()
    webhook.hear([Hint(pk, deleted=False) for pk in former], association.world.moment)

    stays(association, 5)

    assert CongressusWalk.objects.count() - before <= 3
    assert not CongressusMember.objects.to_read(association.world.moment).exists()


def test_calls_that_name_nobody_do_not_use_up_our_share(association: Association) -> None:
    """A webhook made by hand tells of sign-ups for an event too: one a second, when it opens."""
    pk = association.member("7")
    association.connect()
    stays(association, 2)
    association.there.clear_calls()

    for _second in range(50):
        webhook.hear([], association.world.moment)
        association.visit()
        association.later(seconds=1)
    association.there.change_member(pk, address={"city": "Gouda"})
    webhook.hear([Hint(pk, deleted=False)], association.world.moment)
    association.visit()

    assert association.lists() <= 20
    assert association.here(pk).city == "Gouda"


def test_with_a_small_share_looking_for_many_changes_comes_to_an_end(association: Association) -> None:
    """Ten per cent is six calls a minute; the changes stand on eight pages."""
    ids = association.members(800)
    association.connect(share=10)
    while CongressusConnection.objects.filter(walked_at=None).exists():
        stays(association, 1)
    for pk in ids:
        association.there.change_member(pk, address={"city": "Gouda"})

    stays(association, 60)

    assert Member.objects.exclude(city="Gouda").count() == 0


# Who is not kept up to date ------------------------------------------------------------------------------------------------


def test_who_is_kept_apart_comes_in_when_the_member_here_got_another_number(association: Association) -> None:
    """As the page advises: "Give one of them another number"."""
    here = association.world.member("8", first_name="Piet", infix="", last_name="Jansen")
    there = association.member("8")
    association.connect()
    association.visit()
    assert adoption.keep_apart([there]) == 1

    here.refresh_from_db()
    here.member_number = "1008"
    here.save()
    association.walk()

    assert Member.objects.filter(congressus_id=there).exists()


@pytest.mark.parametrize("decided", [False, True])
def test_who_waits_for_a_word_or_stays_by_it_is_kept_up_to_date_by_walks(association: Association, decided: bool) -> None:
    """Held back with a status nobody here has yet: the walk asks only for the statuses that members here have."""
    association.there.turn(orders_by_modified="refused")
    ids = association.members(60)
    association.connect()
    stays(association, 2)
    take_part_in_exact(association)
    for pk in ids[:30]:
        association.there.move_member(pk, association.oud_lid)
    association.walk()
    assert CongressusConnection.objects.exclude(held_since=None).exists()
    if decided:
        assert endings.not_these(association.connection) == 30

    association.there.change_member(ids[0], address={"city": "Gouda"})
    association.walk()

    assert association.here(ids[0]).city == "Gouda"


def test_a_look_that_fails_once_is_made_again_when_congressus_is_there(association: Association) -> None:
    """Asked every hour; one answer 503, and a minute later all is well."""
    pk = association.member("7")
    association.connect(every=60)
    stays(association, 2)
    association.there.change_member(pk, address={"city": "Gouda"})
    association.later(minutes=60)
    association.there.add_fault("status", endpoint="members", status=503, count=1)

    stays(association, 10)

    assert association.here(pk).city == "Gouda"


def test_of_a_member_who_was_deleted_there_nothing_is_left_to_mend(association: Association) -> None:
    pk = association.member("7")
    association.members(3, start=20)
    association.connect()
    association.visit()
    association.there.change_member(pk, username="9" * 80)
    association.walk()
    assert association.row(pk).problem == ArrivalProblem.NUMBER_TOO_LONG

    association.there.delete_member(pk)
    association.walk()

    assert association.here(pk).gone_at is not None
    assert not inflow.in_trouble().exists()


# Removed meanwhile ---------------------------------------------------------------------------------------------------------


def test_statuses_that_were_on_their_way_when_the_connection_was_removed_leave_nothing_of_congressus(
    association: Association,
) -> None:
    """Else nobody can edit them here, and they become those of another association that happen to have their numbers."""
    association.members(3)
    connection = association.connect()
    association.visit()
    association.later(hours=2)
    gate = association.there.add_fault("gate", endpoint="member-statuses", query={"hidden": "1"}, after=True)
    assert isinstance(gate, Gate)
    with association.visit_held_at(gate):
        connecting.remove(connection)

    assert not MemberStatus.objects.exclude(congressus_id=None).exists()


@pytest.mark.parametrize("act", ["fetch_now", "save", "by_hand", "register"])
def test_what_somebody_does_while_another_removes_the_connection_is_no_error(
    association: Association, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """The page had looked whether there is one; a moment later there is none."""
    association.member("7")
    connection = association.connect()
    client = treasurer()
    seen, chosen = connecting.version(connection), connection.statuses.first()
    assert chosen is not None

    def removed_before(module: Any, name: str) -> None:
        honest = getattr(module, name)

        def removing(*args: Any, **kwargs: Any) -> Any:
            connecting.remove(connection)
            return honest(*args, **kwargs)

        monkeypatch.setattr(module, name, removing)

    doors = {
        "fetch_now": (connecting, "fetch_now", "congressus-fetch-now", {}),
        "save": (
            connecting,
            "save_settings",
            "congressus-edit",
            {"seen": seen, "statuses": chosen.pk, "number_from": "username", "every": 15, "share": 70},
        ),
        "by_hand": (webhook, "by_hand", "congressus-webhook-by-hand", {}),
        "register": (webhook, "register", "congressus-webhook-register", {}),
    }
    module, name, address, data = doors[act]
    removed_before(module, name)
    assert client.post(reverse(address), data).status_code < 500


def test_a_test_whose_last_answer_comes_when_the_connection_was_removed_is_no_error(
    association: Association, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test asks for seconds; its page then looks at the connection once more."""
    connection = association.connect(enabled=False)
    client, honest = treasurer(), probe.test

    def removed_after(tested: CongressusConnection) -> Any:
        found = honest(tested)
        connecting.remove(connection)
        return found

    monkeypatch.setattr(probe, "test", removed_after)

    assert client.post(reverse("congressus-test")).status_code < 500


# Two at once, on PostgreSQL ------------------------------------------------------------------------------------------------


def test_a_call_about_two_while_a_page_holds_them_is_no_deadlock(
    association: Association, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is known, the other new: storing holds the known one and adds the new one; hearing does it the other way round."""
    known = association.member("7")
    association.connect(orders_by_modified=False, webhook_heard_at=association.world.moment)
    association.visit()
    new = association.member("8")
    failed: list[BaseException] = []

    def hear() -> None:
        try:
            webhook.hear([Hint(known, deleted=False), Hint(new, deleted=False)], association.world.moment)
        except OperationalError as error:
            failed.append(error)
        finally:
            connections.close_all()

    honest = store.Batch._create
    caller = threading.Thread(target=hear)

    def heard_meanwhile(self: Any) -> None:
        if self.new and not caller.ident:
            caller.start()
            if database.vendor == "postgresql":  # SQLite has one writer at a time: there the other just waits
                eventually(somebody_waits_for_a_row)
        honest(self)

    monkeypatch.setattr(store.Batch, "_create", heard_meanwhile)
    try:
        association.walk()
    except OperationalError as error:
        failed.append(error)
    caller.join()

    assert caller.ident
    assert not failed


def somebody_waits_for_a_row() -> bool:
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])

"""Where two rare things meet on the way from Congressus: nobody is lost, doubled or wrongly ended, and nothing stops for ever."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from integrations.arrivals import adoption, connecting, endings, poll, store, walk, webhook
from integrations.arrivals.visit import Visit
from integrations.congressus.client import CongressusClient
from integrations.congressus.hints import Hint
from integrations.congressus.records import Page
from integrations.models import CongressusConnection, CongressusMember, CongressusWalk
from integrations.models.record import CongressusMemberQuerySet
from integrations.problems import ArrivalProblem
from members.models import Member
from tests.associations import Association

pytestmark = pytest.mark.django_db(transaction=True)
Outcome = CongressusWalk.Outcome


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


def spoil_pages(monkeypatch: pytest.MonkeyPatch, spoil: Any) -> None:
    """What `spoil` makes of each page of members, as if Congressus had answered that."""
    honest = CongressusClient.members

    def members(self: CongressusClient, page: int = 1, **asked: Any) -> Page:
        return spoil(honest(self, page, **asked), page)

    monkeypatch.setattr(CongressusClient, "members", members)


# Nobody is lost, nothing stops for ever ------------------------------------------------------------------------------------


def test_on_postgresql_too_a_member_that_is_missed_is_confirmed_and_the_walk_ends(association: Association) -> None:
    ids = association.members(4)
    association.connect()
    association.visit()
    association.there.delete_member(ids[0])

    association.walk()

    assert association.here(ids[0]).gone_at is not None


def test_a_number_that_is_taken_and_a_status_not_heard_of_yet_stop_nobody_else(association: Association) -> None:
    """The second was given the number of the first, and a status we do not know; both are read before the first is."""
    first, second, third = association.member("7"), association.member("8"), association.member("9")
    association.connect()
    association.visit()
    association.there.change_member(first, username="70")
    association.there.change_member(second, username="7")
    association.there.move_member(second, association.there.add_status("Erelid")["id"])
    association.there.change_member(third, address={"city": "Gouda"})
    CongressusMember.objects.filter(pk=second).update(heard=1)

    stays(association, 10)

    assert association.here(third).city == "Gouda"


def test_who_was_heard_of_with_a_status_we_did_not_know_is_read_again_when_we_do(association: Association) -> None:
    pk = association.member("7")
    association.connect()
    association.visit()
    new = association.there.add_status("Uitgeschreven", archived=True)["id"]
    association.there.move_member(pk, new)
    association.later(minutes=2)
    CongressusMember.objects.filter(pk=pk).update(heard=1)

    stays(association, 2)

    assert association.here(pk).status == association.status(new)


def test_one_date_of_change_in_the_future_does_not_hide_later_changes(
    association: Association, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = association.members(230)
    future = datetime(2099, 1, 1, tzinfo=UTC)
    spoil_pages(monkeypatch, lambda page, number: replace(page, rows=shifted(page)))

    def shifted(page: Page) -> list[Any]:
        return [replace(row, modified=future) if index == 0 else row for index, row in enumerate(page.rows)]

    association.connect()
    stays(association, 3)
    for pk in ids:
        association.there.change_member(pk, address={"city": "Gouda"})
    stays(association, 12)

    assert Member.objects.exclude(city="Gouda").count() == 0


def test_a_list_that_cannot_be_ordered_by_change_with_a_server_error_is_walked_through_all_the_same(
    association: Association,
) -> None:
    """Ordering by change is undocumented: what Congressus answers to it may be a 500 as well as a 400."""
    association.members(3)
    association.there.add_fault("status", endpoint="members", query={"order": poll.NEWEST_FIRST}, status=500, count=0)
    association.connect()

    stays(association, 20)

    assert Member.objects.count() == 3


@pytest.mark.parametrize("status", [500, 404])
def test_members_arrive_although_the_webhook_cannot_be_registered(association: Association, status: int) -> None:
    """A plan without webhooks, or an address that Congressus tries and cannot reach, is no reason to fetch nobody."""
    association.members(3)
    association.there.add_fault(
        "status",
        endpoint="webhooks",
        status=status,
        count=0,
        body='{"code": 404, "message": "no"}',
        content_type="application/json",
    )
    association.connect(webhook_wanted=True)

    stays(association, 20)

    assert Member.objects.count() == 3


def test_a_list_that_says_for_ever_that_more_follow_ends_all_the_same(
    association: Association, monkeypatch: pytest.MonkeyPatch
) -> None:
    association.members(3)
    spoil_pages(monkeypatch, lambda page, number: replace(page, has_next=True))
    association.connect(orders_by_modified=False)

    stays(association, 4)

    assert not CongressusWalk.objects.going().exists(), CongressusWalk.objects.get().page


def test_a_total_that_swings_does_not_send_the_walk_back_and_forth_for_ever(
    association: Association, monkeypatch: pytest.MonkeyPatch
) -> None:
    association.members(250)
    asked = iter(range(10**6))
    spoil_pages(monkeypatch, lambda page, number: replace(page, total=250 - next(asked) % 2))
    association.connect(orders_by_modified=False)

    stays(association, 4)

    assert not CongressusWalk.objects.going().exists(), CongressusWalk.objects.get().calls


def test_a_walk_that_somebody_stopped_does_not_begin_anew_by_itself(association: Association) -> None:
    association.members(4500)
    association.connect()
    association.visit()  # 37 pages, then our share of the minute is spent
    going = CongressusWalk.objects.going().get()
    assert walk.stop(going)

    association.later(seconds=62)
    association.visit()

    assert not CongressusWalk.objects.exclude(pk=going.pk).exists()


def test_a_nightly_walk_that_somebody_stopped_does_not_begin_anew_by_itself(association: Association) -> None:
    association.members(4500)
    association.connect()
    while CongressusConnection.objects.filter(walked_at=None).exists():
        association.visit()
        association.later(seconds=62)
    association.later(hours=25)
    association.visit()
    going = CongressusWalk.objects.going().get()
    assert walk.stop(going)

    association.later(seconds=62)
    association.visit()

    assert not CongressusWalk.objects.going().exists()


@pytest.mark.parametrize("status", [429, 503])
def test_a_walk_waits_out_an_outage_of_an_hour_and_goes_on_where_it_was(association: Association, status: int) -> None:
    association.members(250)
    association.there.add_fault("status", endpoint="members", query={"page": "2", "order": "id"}, status=status, count=11)
    association.connect()

    stays(association, 61)

    assert Member.objects.count() == 250


def test_equal_dates_of_change_are_not_looked_at_for_ever(association: Association, monkeypatch: pytest.MonkeyPatch) -> None:
    """After one great edit in Congressus all have one date. With 20 pages it takes 2,000 members; here 2 pages."""
    monkeypatch.setattr(poll, "PAGES_AT_MOST", 2)
    when = datetime(2026, 1, 1, tzinfo=UTC)
    spoil_pages(monkeypatch, lambda page, number: replace(page, rows=[replace(row, modified=when) for row in page.rows]))
    association.members(250)
    association.connect()
    stays(association, 3)
    assert CongressusWalk.objects.count() == 1

    stays(association, 20)

    assert CongressusWalk.objects.count() <= 2  # one more may be in doubt; not one every five minutes


def test_a_status_chosen_while_a_walk_goes_on_is_fetched_although_somebody_pressed_fetch_now(association: Association) -> None:
    late = association.member("9000", status=association.donateur)
    association.members(4500)
    association.connect(association.lid, orders_by_modified=False, every=1440)
    association.visit()
    assert CongressusWalk.objects.going().exists()
    seen = association.connection
    both = [association.status(association.lid), association.status(association.donateur)]
    assert connecting.save_settings(
        connecting.version(seen), statuses=both, number_from=seen.number_from, every=seen.every, share=seen.share
    )
    connecting.fetch_now(association.connection, None)

    stays(association, 10)

    assert Member.objects.filter(congressus_id=late).exists()


def test_one_member_that_cannot_be_asked_about_does_not_stop_the_connection(association: Association) -> None:
    ids = association.members(4)
    association.connect()
    association.visit()
    for pk in ids[:2]:
        association.there.delete_member(pk)
    association.there.add_fault("status", endpoint="members/{id}", object_id=ids[0], status=400, count=0)

    walk.start(association.connection, None)
    stays(association, 3)

    assert association.connection.attention == ""
    assert association.here(ids[1]).gone_at is not None


def test_many_calls_of_a_webhook_do_not_keep_changes_from_being_looked_for(association: Association) -> None:
    """A great edit in Congressus tells of each member; three pages of the list hold all of them."""
    ids = association.members(300, address={"city": "Delft"})
    association.connect()
    stays(association, 2)
    for pk in ids:
        association.there.change_member(pk, address={"city": "Gouda"})
    CongressusMember.objects.update(heard=1, heard_at=association.world.moment)

    stays(association, 6)  # looked for every 5 minutes, the page says

    assert Member.objects.exclude(city="Gouda").count() == 0


def test_who_got_a_status_we_had_not_heard_of_has_it_as_soon_as_we_have(association: Association) -> None:
    pk = association.member("7")
    others = association.members(230, start=20)
    association.connect()
    association.visit()
    new = association.there.add_status("Uitgeschreven", archived=True)["id"]
    association.there.move_member(pk, new)
    for other in others:
        association.there.change_member(other, address={"city": "Gouda"})

    for _quarter in range(6):
        association.later(minutes=15)
        stays(association, 1)

    assert association.status(new)
    assert association.here(pk).status == association.status(new)


def test_who_is_here_is_kept_up_to_date_whatever_the_status_also_where_members_are_walked_through(
    association: Association,
) -> None:
    association.there.turn(orders_by_modified="refused")
    pk = association.member("7", email="old@example.org")
    association.members(3, start=20)
    association.connect()
    stays(association, 2)
    association.there.move_member(pk, association.oud_lid)
    association.walk()
    assert association.here(pk).status == association.status(association.oud_lid)

    association.there.change_member(pk, email="new@example.org")
    association.later(hours=25)
    association.walk()

    assert association.here(pk).email == "new@example.org"


def test_who_is_here_with_a_status_that_is_not_fetched_is_seen_to_be_deleted(association: Association) -> None:
    pk = association.member("7")
    association.members(3, start=20)
    association.connect()
    association.visit()
    association.there.move_member(pk, association.oud_lid)
    association.walk()

    association.there.delete_member(pk)
    association.later(hours=25)
    association.walk()

    assert association.here(pk).gone_at is not None


def test_two_members_who_swapped_their_numbers_have_each_the_other(association: Association) -> None:
    first, second = association.member("7"), association.member("8")
    association.connect()
    association.visit()
    association.there.change_member(first, username="tijdelijk")
    association.there.change_member(second, username="7")
    association.there.change_member(first, username="8")

    for _night in range(3):
        association.walk()

    assert (association.here(first).member_number, association.here(second).member_number) == ("8", "7")


def test_what_is_heard_while_a_row_that_was_only_heard_of_is_forgotten_is_not_lost(
    association: Association, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes between our two statements, as another worker's does on PostgreSQL."""
    association.connect()
    CongressusMember.objects.create(congressus_id=7, heard=1, read=1)
    honest = CongressusMemberQuerySet.bulk_create

    def forgotten_meanwhile(self: Any, *args: Any, **kwargs: Any) -> Any:
        made = honest(self, *args, **kwargs)
        CongressusMember.objects.filter(pk=7, member=None, problem="", heard=1).delete()
        return made

    monkeypatch.setattr(CongressusMemberQuerySet, "bulk_create", forgotten_meanwhile)
    webhook.hear([Hint(7, deleted=False)], association.world.moment)

    assert CongressusMember.objects.to_read(association.world.moment).exists()


# One source of truth -------------------------------------------------------------------------------------------------------


def test_nobody_is_taken_over_unseen_when_the_number_changed_after_the_page_was_shown(association: Association) -> None:
    shown = association.world.member("8", first_name="Karin", infix="", last_name="Smit")
    stranger = association.world.member("9", first_name="Piet", infix="", last_name="Jansen")
    there = association.member("8", given_name="Karin", primary_last_name_prefix="", primary_last_name_main="Smit")
    association.connect()
    association.visit()
    assert [offer.member for offer in adoption.preview(adoption.offers())] == [shown]

    association.there.change_member(there, username="9")
    association.walk()
    adoption.adopt([(there, shown.pk)])  # what the page that was shown sends

    stranger.refresh_from_db()
    assert stranger.congressus_id is None


def test_of_many_who_are_taken_over_one_that_was_deleted_meanwhile_is_noticed(association: Association) -> None:
    association.world.members(60)
    ids = association.members(60)
    association.connect()
    association.walk()
    assert adoption.count() == 60
    association.there.delete_member(ids[5])

    assert adoption.adopt([(offer.record.pk, offer.member.pk) for offer in adoption.preview(adoption.offers())]) == 60
    stays(association, 3)
    association.later(hours=25)
    association.walk()

    assert association.here(ids[5]).gone_at is not None


def test_kept_apart_holds_for_the_two_that_were_seen_and_not_for_another_with_the_next_number(association: Association) -> None:
    association.world.member("8", first_name="Piet", infix="", last_name="Jansen")
    same = association.world.member("9")
    there = association.member("8")
    association.connect()
    association.visit()
    assert adoption.keep_apart([there]) == 1

    association.there.change_member(there, username="9")
    association.walk()

    assert [offer.member for offer in adoption.preview(adoption.offers())] == [same]


def test_kept_apart_is_not_forgotten_by_one_answer_without_a_number(association: Association) -> None:
    association.world.member("8", first_name="Piet", infix="", last_name="Jansen")
    there = association.member("8")
    association.connect()
    association.visit()
    assert adoption.keep_apart([there]) == 1

    association.there.add_fault("missing", endpoint="members", names=["username"], count=0)
    association.walk()
    association.there.clear_faults()
    association.walk()

    assert adoption.count() == 0


def test_of_somebody_refused_and_then_deleted_in_congressus_nothing_is_kept(association: Association) -> None:
    association.world.member("8", first_name="Piet", infix="", last_name="Jansen")
    there = association.member("8")
    association.members(3, start=20)
    association.connect()
    association.visit()
    assert association.row(there).problem == ArrivalProblem.NUMBER_KEPT_HERE

    association.there.erase_member(there)
    association.later(hours=25)
    association.walk()

    assert adoption.count() == 0
    assert not CongressusMember.objects.filter(pk=there).exclude(problem="").exists()


# Endings -------------------------------------------------------------------------------------------------------------------


def test_what_comes_to_end_between_counting_and_ending_does_not_slip_past_the_brake(
    association: Association, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker stores a page, or beat takes the turns of this day, between the two."""
    ids = association.members(60)
    association.connect()
    association.visit()
    take_part_in_exact(association)
    CongressusMember.objects.filter(pk=ids[0]).update(gone=True)
    honest = endings._limit

    def limit() -> int:
        found = honest()
        CongressusMember.objects.filter(pk__in=ids[:40]).update(gone=True)
        return found

    monkeypatch.setattr(endings, "_limit", limit)
    endings.settle(association.world.moment)

    assert Member.objects.exclude(gone_at=None).count() <= 20


def test_not_these_holds_for_a_deleted_member_whose_next_status_begins_meanwhile(association: Association) -> None:
    ids = association.members(60)
    association.there.move_member(ids[0], association.donateur, member_from=date(2099, 9, 1))
    association.connect()
    association.visit()
    take_part_in_exact(association)
    for pk in ids[:30]:
        association.there.delete_member(pk)
    association.walk()
    assert endings.not_these(association.connection) == 30

    CongressusMember.objects.filter(pk=ids[0]).update(
        turns_on=date(2026, 1, 1), periods=[[association.donateur, "2026-01-01", None]]
    )
    association.turn()

    assert association.here(ids[0]).gone_at is None
    assert not CongressusMember.objects.to_end().exists()


def test_nobody_ends_after_somebody_disabled_the_connection(association: Association) -> None:
    ids = association.members(10)
    association.connect()
    association.visit()
    take_part_in_exact(association)
    for pk in ids[:3]:
        association.there.delete_member(pk)
    gate = association.there.add_fault("gate", endpoint="members/{id}", nth=3, after=True)
    walk.start(association.connection, None)
    with association.visit_held_at(gate):
        walk.stop(CongressusWalk.objects.going().get())
        connecting.disable(association.connection)

    assert Member.objects.exclude(gone_at=None).count() == 0


# Connecting and removing ---------------------------------------------------------------------------------------------------


def test_a_page_that_was_on_its_way_when_the_connection_was_removed_leaves_nothing_of_congressus(
    association: Association,
) -> None:
    association.members(3)
    connection = association.connect()
    gate = association.there.add_fault("gate", endpoint="members", query={"order": "id"}, after=True)
    with association.visit_held_at(gate):
        connecting.remove(connection)

    assert not CongressusMember.objects.exists()
    assert not Member.objects.exclude(congressus_id=None).exists()


def test_a_page_that_is_being_stored_when_the_connection_is_removed_brings_nobody_in(
    association: Association, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading which statuses are fetched and writing the members: afterwards nobody could edit these members here."""
    association.members(3)
    connection = association.connect(orders_by_modified=False)
    honest = store.Batch.commit

    def removed_meanwhile(self: Any) -> Any:
        connecting.remove(connection)
        return honest(self)

    monkeypatch.setattr(store.Batch, "commit", removed_meanwhile)
    Visit(association.world.now).run()

    assert not Member.objects.exclude(congressus_id=None).exists()


def test_a_new_key_is_accepted_although_the_three_newest_members_were_deleted_meanwhile(association: Association) -> None:
    ids = association.members(10)
    association.connect()
    association.visit()
    for pk in ids[-3:]:
        association.there.erase_member(pk)

    connecting.change_key(association.there.add_key())


def test_two_who_remove_the_connection_at_once_get_no_error(association: Association) -> None:
    association.connect()
    CongressusConnection.objects.update(webhook_id=1)
    one, other = association.connection, association.connection

    connecting.remove(one)
    connecting.remove(other)

    assert not CongressusConnection.objects.exists()


def test_two_new_keys_and_a_removal_at_once(association: Association) -> None:
    connection = association.connect()
    connecting.remove(connection)
    with pytest.raises(connecting.KeyRefused, match="removed"):
        connecting.change_key(association.there.key)


def test_a_storm_of_calls_for_one_member_leaves_calls_for_the_others(association: Association) -> None:
    """Each reading finds that it was heard of again meanwhile."""
    stormy, calm = association.member("7"), association.member("8")
    association.connect()
    association.visit()
    association.there.clear_calls()

    for _second in range(20):
        webhook.hear([Hint(stormy, deleted=False)], association.world.moment)
        gate = association.there.add_fault("gate", endpoint="members/{id}", object_id=stormy, after=True)
        with association.visit_held_at(gate) if association.row(stormy).not_before is None else nullcontext():
            webhook.hear([Hint(stormy, deleted=False)], association.world.moment)
        association.there.clear_faults()
        association.later(seconds=1)
    webhook.hear([Hint(calm, deleted=False)], association.world.moment)
    association.there.change_member(calm, address={"city": "Gouda"})
    association.visit()

    assert association.here(calm).city == "Gouda"
    assert len(association.there.calls(object_id=stormy)) <= 8
    association.later(seconds=4)
    association.visit()
    assert not CongressusMember.objects.to_read(association.world.moment).exists()

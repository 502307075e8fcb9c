"""The membership secretary works in Congressus; what arrives here, and what of it reaches Exact Online."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from integrations import brake, connections, from_congressus
from integrations.arrivals import adoption, connecting, endings, poll, store, walk, webhook
from integrations.arrivals.delay import How
from integrations.arrivals.delay import of as delay_of
from integrations.congressus.hints import Hint
from integrations.congressus.simulator import Simulator as CongressusSimulator
from integrations.models import CongressusConnection, CongressusMember, CongressusWalk, ExactOnlineConnection
from integrations.problems import ArrivalProblem
from members.models import ChangedVia, Member, MemberStatus
from tests.associations import Association

pytestmark = pytest.mark.django_db(transaction=True)
Outcome = CongressusWalk.Outcome


def test_a_walk_brings_every_member_with_a_status_that_is_fetched_and_nobody_else(association: Association) -> None:
    wanted = association.members(250)
    association.member("900", status=association.oud_lid)

    association.connect()
    done = association.walk()

    assert set(Member.objects.values_list("congressus_id", flat=True)) == set(wanted)
    assert (done.outcome, done.created, done.rows, done.total) == (Outcome.DONE, 250, 250, 250)
    assert not CongressusMember.objects.filter(member=None).exists()


def test_a_member_arrives_with_all_its_fields_and_goes_on_to_exact_online(association: Association) -> None:
    world = association.world
    exact = world.connection()
    pk = association.member(
        "1954",
        initials="J.",
        given_name="Jan",
        first_name="Johannes Adrianus",
        prefix="Prof. dr.",
        primary_last_name_prefix="van der",
        primary_last_name_main="Berg",
        email="jan@example.org",
        address={"address": "Dorpsstraat 12-3 bis", "zip": "1234ab", "city": "Delft", "country": {"country_code": "NL"}},
        phone_mobile={"number_full": "+31612345678", "number_full_MSISDN": "31612345678"},
        bank_account={"iban": "NL91ABNA0417164300", "bic": "ABNANL2A"},
    )
    association.connect()
    association.visit()
    exact.statuses.add(association.status(association.lid))
    world.drain(exact)

    member = association.here(pk)
    assert (member.initials, member.first_name, member.infix, member.last_name) == ("J.", "Jan", "van der", "Berg")
    assert (member.address, member.postcode, member.city, member.country) == ("Dorpsstraat 12-3 bis", "1234 AB", "Delft", "NL")
    assert (member.phone, member.email, member.iban) == ("+31612345678", "jan@example.org", "NL91ABNA0417164300")
    assert member.changed_via == ChangedVia.CONGRESSUS
    relation = world.relations()["1954"]
    assert (relation["Name"], relation["AddressLine1"], relation["Postcode"]) == (
        "J. van der Berg",
        "Dorpsstraat 12-3 bis",
        "1234 AB",
    )


def test_a_second_walk_in_which_nothing_changed_writes_no_member_and_pushes_nothing(association: Association) -> None:
    world = association.world
    exact = world.connection()
    association.members(120)
    association.connect()
    association.visit()
    exact.statuses.add(association.status(association.lid))
    while world.drain(exact):
        world.later(minutes=2)
    before = held()
    writes = len(world.writes())

    association.later(hours=25)
    done = association.walk()
    world.drain(exact)

    assert (done.unchanged, done.created, done.changed) == (120, 0, 0)
    assert held() == before
    assert len(world.writes()) == writes


def held() -> list[Any]:
    """All that is stored of members, and of what Congressus says of them."""
    return [list(model.objects.order_by("pk").values()) for model in (Member, CongressusMember)]


def test_an_edit_in_congressus_is_found_by_looking_at_the_last_changed(association: Association) -> None:
    association.members(230)
    pk = association.member("900", email="old@example.org")
    association.connect()
    association.walk()
    association.visit()
    asked = association.lists()

    association.later(minutes=6)
    association.there.change_member(pk, email="new@example.org")
    association.visit()

    assert association.here(pk).email == "new@example.org"
    assert association.lists() == asked + 1
    assert delay_of(association.connection, association.world.moment).how == How.NEWEST_FIRST


@pytest.mark.parametrize("orders", ["ignored", "refused"])
def test_where_congressus_cannot_order_by_change_members_are_walked_through_instead(
    association: Association, orders: str
) -> None:
    pk = association.member("1", email="old@example.org")
    association.members(150, start=2)
    # In the order of id these dates do not fall, whatever the list is asked for.
    association.there.turn(orders_by_modified=orders)
    association.connect()
    association.visit()
    association.there.change_member(pk, address={"city": "Delft"})
    association.later(minutes=6)
    association.visit()

    association.there.change_member(pk, email="new@example.org")
    association.later(minutes=11)
    association.visit()

    assert association.connection.orders_by_modified is False
    assert association.here(pk).email == "new@example.org"
    assert delay_of(association.connection, association.world.moment).how == How.WALKS


def test_a_walk_goes_on_where_its_worker_died(association: Association) -> None:
    association.members(450)
    association.connect()
    association.there.add_fault("drop", endpoint="members", nth=4)
    association.visit()
    assert 0 < Member.objects.count() < 450

    association.later(minutes=2)
    association.there.clear_faults()
    asked = association.lists()
    done = association.walk()

    assert Member.objects.count() == 450
    assert done.outcome == Outcome.DONE
    assert association.lists() - asked < 5


def test_a_walk_keeps_to_our_share_and_leaves_calls_for_single_members(association: Association) -> None:
    """70 % of 60 a minute, of which a tenth is kept for single members."""
    association.members(5000)
    pk = association.member("9999")
    association.connect()
    association.visit()
    asked = association.lists()
    assert 30 <= asked <= 42

    association.there.change_member(pk, address={"city": "Delft"})
    CongressusMember.objects.update_or_create(congressus_id=pk, defaults={"heard": 1})
    association.visit()

    assert association.here(pk).city == "Delft"
    assert association.lists() == asked


def test_a_limit_of_congressus_is_waited_for_and_the_walk_goes_on(association: Association) -> None:
    association.members(350)
    association.connect()
    association.there.turn(minute_limit=6)
    association.visit()

    seen = association.connection
    assert seen.resume_at
    assert seen.resume_reason in ("limit", "share")
    assert seen.attention == ""

    association.there.turn(minute_limit=60)
    association.later(minutes=70)
    association.walk()
    assert Member.objects.count() == 350


# Absence is not deletion ---------------------------------------------------------------------------------------------------


def take_part_in_exact(association: Association, *statuses: int) -> None:
    exact = association.world.connection()
    for status in statuses or (association.lid, association.donateur):
        exact.statuses.add(association.status(status))
    while association.world.drain(exact):
        association.world.later(minutes=2)


def test_a_member_deleted_in_congressus_takes_part_no_more_and_gets_its_relation_back_when_restored(
    association: Association,
) -> None:
    association.members(3)
    pk = association.member("900")
    association.connect()
    association.visit()
    take_part_in_exact(association)
    link = association.world.link(association.here(pk))

    association.there.delete_member(pk)
    association.walk()
    assert association.here(pk).gone_at is not None
    assert association.world.relations().keys() >= {"900"}

    association.there.restore_member(pk)
    association.walk()
    association.world.drain(link.connection)
    assert association.here(pk).gone_at is None
    assert association.world.link(association.here(pk)).guid == link.guid
    assert len(association.world.relations()) == 4


@pytest.mark.parametrize("kind", ["short", "empty"])
def test_a_list_that_lacks_members_ends_nobody(association: Association, kind: str) -> None:
    association.members(30)
    association.connect()
    association.visit()
    take_part_in_exact(association)

    association.there.add_fault(kind, endpoint="members", count=0)
    done = association.walk()

    assert done.outcome == Outcome.INCOMPLETE
    assert not Member.objects.exclude(gone_at=None).exists()
    assert not CongressusMember.objects.filter(gone=True).exists()


@pytest.mark.parametrize(
    "answer", [{"kind": "status", "status": 500}, {"kind": "html", "status": 200}, {"kind": "truncated"}, {"kind": "drop"}]
)
def test_an_error_ends_nobody_and_loses_nothing(association: Association, answer: dict) -> None:
    association.members(30)
    association.connect()
    association.visit()

    association.there.add_fault(endpoint="members", count=0, **answer)
    association.later(hours=25)
    association.visit()
    association.there.clear_faults()

    assert not Member.objects.exclude(gone_at=None).exists()
    assert association.connection.attention == ""
    association.later(minutes=10)
    assert association.walk().outcome == Outcome.DONE


def test_a_member_shifted_over_the_edge_of_a_page_is_not_taken_for_gone(association: Association) -> None:
    ids = association.members(250)
    association.connect()
    association.walk()
    gate = association.there.add_fault("gate", endpoint="members", nth=2)
    going = walk.start(association.connection, None)
    with association.visit_held_at(gate):
        association.there.delete_member(ids[5])

    while CongressusWalk.objects.going().exists():
        association.later(minutes=2)
        association.visit()
    going.refresh_from_db()

    assert going.outcome == Outcome.DONE
    association.walk()
    assert set(Member.objects.exclude(gone_at=None).values_list("congressus_id", flat=True)) == {ids[5]}


def test_who_leaves_the_statuses_that_are_fetched_is_seen_leaving(association: Association) -> None:
    association.members(5)
    pk = association.member("900")
    association.connect()
    association.visit()
    take_part_in_exact(association)

    association.there.move_member(pk, association.oud_lid)
    association.walk()

    assert association.here(pk).status == association.status(association.oud_lid)
    assert association.here(pk).gone_at is None


def test_unusually_many_endings_wait_for_a_person(association: Association, mailoutbox: list) -> None:
    ids = association.members(60)
    association.connect()
    association.visit()
    take_part_in_exact(association)
    for pk in ids[:30]:
        association.there.move_member(pk, association.oud_lid)
    association.later(hours=1)
    association.walk()

    assert Member.objects.filter(status=association.status(association.lid)).count() == 60
    assert endings.asked(association.connection) == 30
    assert endings.go_on(association.connection) == 30
    assert Member.objects.filter(status=association.status(association.oud_lid)).count() == 30
    assert endings.asked(association.connection) == 0


def test_not_these_leaves_them_until_congressus_says_something_else(association: Association) -> None:
    ids = association.members(60)
    association.connect()
    association.visit()
    take_part_in_exact(association)
    for pk in ids[:30]:
        association.there.delete_member(pk)
    association.walk()
    assert endings.not_these(association.connection) == 30

    association.walk()
    assert not Member.objects.exclude(gone_at=None).exists()
    assert endings.asked(association.connection) == 0

    association.there.restore_member(ids[0])
    association.walk()
    association.there.delete_member(ids[0])
    association.walk()
    assert set(Member.objects.exclude(gone_at=None).values_list("congressus_id", flat=True)) == {ids[0]}


def test_a_dated_status_begins_on_its_day_in_amsterdam_without_an_edit(association: Association) -> None:
    from datetime import UTC, date, datetime

    world = association.world
    evening = datetime(2027, 8, 31, 21, 30, tzinfo=UTC)  # 23:30 in Amsterdam
    association.later(seconds=(evening - world.moment).total_seconds())
    pk = association.member("7")
    association.connect()
    association.visit()
    association.there.move_member(pk, association.donateur, member_from=date(2027, 9, 1))
    association.walk()

    assert association.turn() == 0
    assert association.here(pk).status == association.status(association.lid)
    asked = len(association.there.calls())
    association.later(minutes=31)
    association.turn()
    assert association.here(pk).status == association.status(association.donateur)
    assert len(association.there.calls()) == asked


# Statuses ------------------------------------------------------------------------------------------------------------------


def test_statuses_are_taken_over_renamed_flagged_and_never_selected_by_themselves(association: Association) -> None:
    exact = association.world.connection()
    association.connect()
    lid = association.status(association.lid)
    exact.statuses.set([lid])
    assert association.status(association.oud_lid).kind == MemberStatus.Kind.ARCHIVED

    association.there.change_status(association.lid, name="Gewoon lid")
    association.there.remove_status(association.donateur)
    new = association.there.add_status("Aspirant")["id"]
    association.later(hours=2)
    association.visit()

    lid.refresh_from_db()
    assert lid.name == "Gewoon lid"
    assert set(exact.statuses.all()) == {lid}
    assert association.status(association.donateur).gone_at is not None
    assert association.status(new) not in association.connection.statuses.all()


def test_two_statuses_that_swap_their_names_and_one_that_was_made_by_hand(association: Association) -> None:
    by_hand = MemberStatus.objects.create(name="donateur")
    association.connect()
    assert association.status(association.donateur).pk == by_hand.pk

    association.there.change_status(association.lid, name="tijdelijk")
    association.there.change_status(association.donateur, name="Lid")
    association.there.change_status(association.lid, name="Donateur")
    association.later(hours=2)
    association.visit()

    assert association.status(association.lid).name == "Donateur"
    assert association.status(association.donateur).name == "Lid"


# One source of truth -------------------------------------------------------------------------------------------------------


def test_members_of_a_file_are_taken_over_by_number_after_a_look(association: Association) -> None:
    world = association.world
    exact = world.connection()
    same = world.member("7", email="file@example.org")
    other = world.member("8", first_name="Piet", last_name="Jansen", infix="")
    world.drain(exact)
    guid = world.link(same).guid
    there = association.member("7", email="congressus@example.org")
    stranger = association.member("8", given_name="Karin", primary_last_name_prefix="", primary_last_name_main="Smit")
    association.connect()
    association.visit()
    assert Member.objects.count() == 2
    offers = adoption.preview(adoption.offers())
    assert [(offer.member, offer.looks_same) for offer in offers] == [(same, True), (other, False)]

    assert adoption.adopt([(there, same.pk)]) == 1
    assert adoption.keep_apart([stranger]) == 1
    association.later(minutes=1)
    association.visit()
    world.drain(exact)

    same.refresh_from_db()
    assert (same.congressus_id, same.email) == (there, "congressus@example.org")
    assert world.link(same).guid == guid
    assert adoption.count() == 0
    assert association.row(stranger).problem == ArrivalProblem.NUMBER_KEPT_APART
    association.walk()
    assert adoption.count() == 0
    assert adoption.ask_again(stranger)
    assert adoption.count() == 1


def test_a_whole_file_of_members_is_taken_over_at_once_where_the_names_are_the_same(association: Association) -> None:
    world = association.world
    world.members(120)
    Member.objects.filter(member_number="5").update(last_name="Somebody Else")
    association.members(120)
    association.connect()
    association.visit()
    assert Member.objects.count() == 120

    assert adoption.adopt_all_that_look_same() == 119
    association.later(minutes=1)
    association.visit()

    assert Member.objects.exclude(congressus_id=None).count() == 119
    assert CongressusMember.objects.filter(problem="", member__isnull=False).count() == 119
    assert adoption.count() == 1


def test_a_page_that_is_no_more_is_read_from_the_one_before(association: Association) -> None:
    association.members(201)
    association.connect()
    association.walk()
    association.there.turn(page_past_end="missing")
    gate = association.there.add_fault("gate", endpoint="members", nth=3)
    going = walk.start(association.connection, None)
    gone = association.there.members()[0]["id"]
    with association.visit_held_at(gate):
        association.there.delete_member(gone)
    while CongressusWalk.objects.going().exists():
        association.later(minutes=2)
        association.visit()
    going.refresh_from_db()

    assert association.connection.attention == ""
    assert going.outcome in (Outcome.DONE, Outcome.INCOMPLETE)
    assert association.walk().outcome == Outcome.DONE
    assert set(Member.objects.exclude(gone_at=None).values_list("congressus_id", flat=True)) == {gone}


def test_two_members_of_congressus_with_one_number(association: Association) -> None:
    first, second = association.member("7"), association.member("8")
    association.connect()
    association.visit()
    # Congressus gave the number of the first to the second; the second is read first.
    association.there.change_member(first, username="70")
    association.there.change_member(second, username="7", address={"city": "Delft"})
    CongressusMember.objects.filter(pk=second).update(heard=1)
    association.visit()

    assert association.row(second).problem == ArrivalProblem.NUMBER_TWICE
    assert (association.here(second).member_number, association.here(second).city) == ("8", "Delft")
    association.walk()
    association.walk()
    assert association.here(second).member_number == "7"
    assert association.row(second).problem == ""


# Bad input -----------------------------------------------------------------------------------------------------------------


def test_a_field_that_is_missing_is_not_a_field_that_was_emptied(association: Association) -> None:
    pk = association.member(
        "7", email="jan@example.org", phone_mobile={"number_full": "+31612345678", "number_full_MSISDN": "31612345678"}
    )
    association.connect()
    association.visit()
    association.there.add_fault(
        "missing", endpoint="members", names=["email", "phone_mobile", "address", "bank_account"], count=0
    )
    association.walk()
    assert (association.here(pk).email, association.here(pk).phone) == ("jan@example.org", "+31612345678")

    association.there.clear_faults()
    association.there.change_member(pk, email="", phone_mobile=None)
    association.walk()
    assert (association.here(pk).email, association.here(pk).phone) == ("", "")


def test_a_member_without_a_first_name_and_one_with_bad_values_come_in_with_what_they_have(association: Association) -> None:
    bare = association.member("7", initials="", given_name="", first_name="")
    bad = association.member(
        "8", email="no address", bank_account={"iban": "NL00ABNA0417164300", "bic": ""},
        address={"address": "Straat 1", "zip": "99", "city": "Delft"},
    )  # fmt: skip
    association.connect()
    association.visit()

    assert association.here(bare).display_name == "de Vries"
    member = association.here(bad)
    assert (member.email, member.iban, member.postcode, member.city) == ("", "", "", "Delft")
    assert set(association.row(bad).warnings) >= {"email", "iban", "postcode"}


@pytest.mark.parametrize(
    ("rights", "problem"), [({"members": False}, "no_rights"), (None, "wrong_key")], ids=["key without rights", "wrong key"]
)
def test_a_key_that_no_longer_works_asks_for_a_person_once(
    association: Association, mailoutbox: list, rights: dict | None, problem: str
) -> None:
    from tests.people import make_user

    make_user("treasurer", is_superuser=True, email="treasurer@example.org")
    association.members(3)
    association.connect()
    association.visit()
    CongressusConnection.objects.update(api_key=association.there.add_key(**rights) if rights else "nonsense")

    for _minute in range(3):
        association.later(minutes=6)
        association.visit()

    assert association.connection.attention == problem
    assert len(mailoutbox) == 1
    assert Member.objects.present().count() == 3


def test_a_status_that_disappears_while_it_is_fetched(association: Association) -> None:
    association.members(3)
    association.member("900", status=association.donateur)
    association.connect()
    association.visit()
    association.there.remove_status(association.donateur)
    association.later(hours=25)
    association.visit()

    assert association.connection.attention == ""
    assert Member.objects.present().count() == 4


def test_removing_forgets_the_key_and_keeps_the_members(association: Association) -> None:
    association.members(3)
    connection = association.connect()
    association.visit()
    before = dict(Member.objects.values_list("pk", "revision"))

    connecting.remove(connection)

    assert not CongressusConnection.objects.exists()
    assert not CongressusMember.objects.exists()
    assert dict(Member.objects.values_list("pk", "revision")) == before
    assert not any(member.is_from_congressus for member in Member.objects.all())


def test_a_key_of_another_association_is_refused_and_the_old_one_goes_on(
    association: Association, settings: pytest.FixtureRequest
) -> None:
    association.members(3)
    association.connect()
    association.visit()
    ours = settings.CONGRESSUS_BASE_URL
    with CongressusSimulator() as elsewhere:
        other = Association(elsewhere, association.world)
        other.member("1", primary_last_name_main="Somebody Else", primary_last_name_prefix="")
        settings.CONGRESSUS_BASE_URL = elsewhere.base_url
        with pytest.raises(connecting.KeyRefused, match="another association"):
            connecting.change_key(elsewhere.key)
    settings.CONGRESSUS_BASE_URL = ours

    assert association.connection.api_key.reveal() == association.there.key
    connecting.change_key(association.there.add_key())
    assert association.walk().outcome == Outcome.DONE


def test_a_member_with_a_status_made_a_moment_ago_is_not_lost(association: Association) -> None:
    association.members(2)
    association.connect()
    association.visit()
    known = association.member("3")
    association.walk()
    new = association.there.add_status("Aspirant")["id"]
    association.later(minutes=5)
    association.there.move_member(known, new)
    CongressusMember.objects.filter(pk=known).update(heard=F("heard") + 1)
    association.visit()

    assert association.here(known).status == association.status(new)


def test_one_member_that_cannot_be_handled_does_not_stop_the_others(
    association: Association, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = association.members(30)

    def mistaken(record: Any, number_from: Any) -> dict[str, str]:
        if record.id == ids[7]:
            raise ValueError("a mistake of ours")
        return from_congressus.typed(record, number_from)

    monkeypatch.setattr(store, "typed", mistaken)
    association.connect()
    done = association.walk()
    assert done.outcome == Outcome.DONE
    assert Member.objects.count() == 29
    assert association.row(ids[7]).problem == ArrivalProblem.OUR_MISTAKE

    monkeypatch.undo()
    association.walk()
    assert Member.objects.count() == 30
    assert association.row(ids[7]).problem == ""


def test_nothing_is_fetched_while_disabled_and_enable_catches_up(association: Association) -> None:
    pk = association.member("7", address={"city": "Delft"})
    connection = association.connect()
    association.visit()
    connecting.disable(connection)
    asked = len(association.there.calls())
    association.there.change_member(pk, address={"city": "Gouda"})
    association.later(hours=30)
    association.visit()
    assert len(association.there.calls()) == asked

    assert connecting.enable(association.connection)
    association.visit()
    assert association.here(pk).city == "Gouda"


def test_a_change_in_congressus_during_the_queue_of_enable_goes_before_it(association: Association) -> None:
    world = association.world
    world.exact.turn(minute_seconds=600.0)  # however slow this machine is, it is still the same minute
    association.members(70)
    pk = association.member("900", address={"city": "Delft"})
    association.connect()
    association.visit()
    exact = world.connection(enabled=False)
    exact.statuses.set([association.status(association.lid)])
    world.enable(exact)
    world.drain(exact)
    assert len(world.relations()) < 71

    association.there.change_member(pk, address={"city": "Gouda"})
    association.later(seconds=30)
    CongressusMember.objects.filter(pk=pk).update(heard=1, heard_at=world.moment)
    association.visit()
    world.drain(exact)

    assert world.relations()["900"]["City"] == "Gouda"


def test_connections_still_work_when_members_come_from_congressus(association: Association) -> None:
    """Comparing, the dry run and the brake see members of Congressus like any other."""
    world = association.world
    association.members(29, start=2)
    association.member("1", email="jan@example.org")
    association.connect()
    association.visit()
    exact = world.connection(enabled=False)
    exact.statuses.set([association.status(association.lid)])
    guid = world.relation("1", "J. de Vries", Email="jan@example.org")
    world.enable(exact)
    world.drain(exact)

    assert str(world.link(Member.objects.get(member_number="1")).guid) == guid
    assert len(world.relations()) == 30
    connections.disable(exact)


@pytest.mark.parametrize("told_by", ["walk", "webhook"])
def test_unusually_many_changes_in_congressus_meet_the_brake_before_exact_online(association: Association, told_by: str) -> None:
    world = association.world
    ids = association.members(70)
    association.connect()
    association.visit()
    take_part_in_exact(association)
    exact = ExactOnlineConnection.objects.get()
    ExactOnlineConnection.objects.update(approved_at=timezone.now())  # members are dated by the database's clock
    association.later(minutes=5)
    writes = len(world.writes())
    for pk in ids[:60]:
        association.there.change_member(pk, email="everybody@example.org")
    if told_by == "webhook":
        webhook.hear([Hint(pk, deleted=False) for pk in ids[:60]], world.moment)
        association.later(seconds=1)
    association.visit() if told_by == "webhook" else association.walk()
    world.drain(exact)

    assert len(world.writes()) == writes
    assert brake.asked(exact).changed == 60
    assert brake.go_on(exact) == 60
    while world.drain(exact):
        world.later(minutes=2)
    assert len(world.writes()) == writes + 60


def test_polling_equal_dates_and_the_order_of_rows() -> None:
    from datetime import UTC, datetime

    from integrations.congressus.records import Record

    def rows(*seconds: int | None) -> list[Record]:
        start = datetime(2026, 1, 1, tzinfo=UTC)
        return [
            Record(
                id=n,
                told={},
                status=None,
                periods=(),
                modified=None if s is None else start + timedelta(seconds=s),
                deleted=False,
            )
            for n, s in enumerate(seconds)
        ]

    assert poll.is_newest_first(rows(None, 3, 3, 1))
    assert poll.is_newest_first(rows())
    assert not poll.is_newest_first(rows(1, 3))
    assert not poll.is_newest_first(rows(3, None, 1))
    assert not poll.is_newest_first(rows(None, None))

"""Whoever keeps a copy of a member compares revisions: no way of writing may leave it as it was, and each rings once."""

from collections.abc import Callable, Iterator

import pytest
from django.db import DatabaseError, transaction
from django.db.models import F

from members import signals
from members.models import ChangedVia, Member
from tests.people import make_member, make_status, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rings() -> Iterator[list[str]]:
    """One entry for each ring: the last names a listener on another line could read at that moment."""
    heard: list[str] = []

    def listen(**kwargs: object) -> None:
        heard.append(", ".join(Member.objects.values_list("last_name", flat=True)))

    signals.members_changed.connect(listen)
    yield heard
    signals.members_changed.disconnect(listen)


def save_all(member: Member) -> None:
    member.last_name = "Jansen"
    member.save()


def save_one_field(member: Member) -> None:
    member.last_name = "Jansen"
    member.save(update_fields=["last_name"])


def save_partly_loaded(member: Member) -> None:
    partly = Member.objects.only("last_name").get(pk=member.pk)
    partly.last_name = "Jansen"
    partly.save()


def save_under_a_known_key(member: Member) -> None:
    Member(pk=member.pk, member_number=member.member_number, status=member.status, last_name="Jansen").save()


def update(member: Member) -> None:
    Member.objects.filter(pk=member.pk).update(last_name="Jansen")


def update_through_the_status(member: Member) -> None:
    member.status.members.update(last_name="Jansen")


def bulk_update(member: Member) -> None:
    member.last_name = "Jansen"
    Member.objects.bulk_update([member], ["last_name"])


def update_or_create(member: Member) -> None:
    Member.objects.update_or_create(member_number=member.member_number, defaults={"last_name": "Jansen"})


WRITERS = [
    save_all,
    save_one_field,
    save_partly_loaded,
    save_under_a_known_key,
    update,
    update_through_the_status,
    bulk_update,
    update_or_create,
]


@pytest.mark.parametrize("write", WRITERS)
def test_every_way_of_writing_raises_the_revision_and_rings_once_after_it(
    write: Callable[[Member], None], rings: list[str]
) -> None:
    member = make_member()
    rings.clear()
    write(member)
    stored = Member.objects.get()
    assert (stored.last_name, stored.revision) == ("Jansen", 2)
    assert rings == ["Jansen"]


@pytest.mark.parametrize("write", WRITERS)
def test_what_is_rolled_back_does_not_ring(write: Callable[[Member], None], rings: list[str]) -> None:
    member = make_member()
    rings.clear()
    with transaction.atomic():
        write(member)
        transaction.set_rollback(True)
    assert Member.objects.get().revision == 1
    assert rings == []


def test_the_saved_object_knows_its_revision() -> None:
    member = make_member()
    member.save()
    member.save()
    assert member.revision == 3


def test_two_writers_with_the_same_old_copy_end_on_different_revisions() -> None:
    member = make_member()
    other = Member.objects.get()
    member.save()
    other.save()
    assert Member.objects.get().revision == 3
    assert other.revision == 3


def test_a_save_that_fails_leaves_the_object_fit_for_another_try() -> None:
    member, neighbour = make_member(), make_member()
    taken, own = neighbour.member_number, member.member_number
    member.member_number = taken
    with pytest.raises(DatabaseError):
        member.save()
    member.member_number = own
    member.save()
    assert member.revision == 2


def test_saving_no_fields_writes_nothing(rings: list[str]) -> None:
    member = make_member()
    rings.clear()
    member.save(update_fields=[])
    assert Member.objects.get().revision == 1
    assert rings == []


def test_getting_what_is_there_writes_nothing_and_making_it_rings(rings: list[str]) -> None:
    member = make_member()
    rings.clear()
    Member.objects.get_or_create(member_number=member.member_number, defaults={"status": member.status})
    assert (Member.objects.get().revision, rings) == (1, [])
    Member.objects.get_or_create(member_number="new", defaults={"status": member.status, "last_name": "Zwart"})
    assert rings == ["Vries, Zwart"]


def test_an_update_that_finds_nobody_does_not_ring(rings: list[str]) -> None:
    Member.objects.filter(member_number="nobody").update(last_name="Jansen")
    assert rings == []


def test_bulk_create_rings_once(rings: list[str]) -> None:
    status = make_status()
    Member.objects.bulk_create(Member(member_number=str(number), status=status, last_name="Vries") for number in range(3))
    assert rings == ["Vries, Vries, Vries"]


def test_bulk_create_that_would_overwrite_is_refused() -> None:
    member = make_member()
    newer = Member(member_number=member.member_number, status=member.status, last_name="Jansen")
    with pytest.raises(TypeError, match="revision"):
        Member.objects.bulk_create([newer], update_conflicts=True, unique_fields=["member_number"], update_fields=["last_name"])
    assert Member.objects.get().last_name == "Vries"


def test_a_bulk_update_of_many_rows_rings_once(rings: list[str]) -> None:
    members = [make_member() for _ in range(5)]
    rings.clear()
    Member.objects.bulk_update(members, ["last_name"], batch_size=2)
    assert len(rings) == 1
    assert set(Member.objects.values_list("revision", flat=True)) == {2}


def test_an_update_says_who_or_says_nobody() -> None:
    person = make_user()
    member = make_member(changed_by=person, changed_via=ChangedVia.PERSON)
    Member.objects.update(city=F("city"), changed_via=ChangedVia.IMPORT, changed_by=person)
    member.refresh_from_db()
    assert (member.changed_via, member.changed_by) == ("import", person)
    Member.objects.update(city="Leiden")
    member.refresh_from_db()
    assert (member.changed_via, member.changed_by) == ("command", None)


def test_a_listener_that_fails_does_not_fail_the_writer() -> None:
    def fail(**kwargs: object) -> None:
        raise RuntimeError("deaf")

    signals.members_changed.connect(fail)
    try:
        make_member(last_name="Zwart")
    finally:
        signals.members_changed.disconnect(fail)
    assert Member.objects.get().last_name == "Zwart"

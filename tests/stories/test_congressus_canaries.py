"""What a relation does not need never reaches the database: values that can be told from all others are put in at Congressus."""

from __future__ import annotations

import pytest
from django.db import connection as database

from integrations.models import CongressusMember
from members.models import Member
from tests.associations import Association

pytestmark = pytest.mark.django_db(transaction=True)
CANARIES = {
    "date_of_birth": "1911-11-23",
    "memo": "canary-memo-4711",
    "nickname": "canary-nickname-4712",
    "prefix": "canary-title-4713",
    "suffix": "canary-suffix-4714",
    "custom_field_data": {"field_diet": "canary-diet-4715"},
}
NEVER = ("1911-11-23", "canary-", "media.congressus", "Borrelcommissie", "emergency", "Zuid-Holland")


def everything_held() -> str:
    """All columns of all rows of all tables, as text."""
    held = []
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {database.ops.quote_name(table)}")
            held += [f"{table}: {row!r}" for row in cursor.fetchall()]
    return "\n".join(held)


def test_only_what_a_relation_needs_is_kept(association: Association, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    known = association.member("7", **CANARIES)
    association.member("8", status=association.oud_lid, **CANARIES)  # not fetched
    association.world.member("9")
    association.member("9", **CANARIES)  # has the number of a member kept here
    association.connect()
    association.visit()
    association.there.change_member(known, email="new@example.org", memo="canary-memo-4716")
    association.later(minutes=6)
    association.visit()  # by looking at the last changed
    CongressusMember.objects.filter(pk=known).update(heard=5)
    association.visit()  # by reading the one, with its custom fields
    association.walk()

    assert Member.objects.count() == 2
    held = everything_held()
    assert "new@example.org" in held  # the look is worth something
    for canary in NEVER:
        assert canary not in held
        assert canary not in caplog.text


def test_nothing_at_all_is_kept_of_whom_the_association_does_not_fetch(association: Association) -> None:
    association.member("8", status=association.oud_lid, email="former@example.org", primary_last_name_main="Unwanted")
    association.connect()
    association.visit()
    association.later(minutes=6)
    association.visit()

    assert "former@example.org" not in everything_held()
    assert "Unwanted" not in everything_held()
    assert not CongressusMember.objects.exists()

"""The brake: what an import or the like would do too much of waits for a person; what a person changes goes on."""

from __future__ import annotations

import pytest
from django.core import mail
from django.utils import timezone

from integrations import brake, connections
from integrations.models import ExactOnlineConnection, RelationLink
from integrations.models.link import Held, SyncState
from members.models import ChangedVia, Member
from tests.people import make_user
from tests.worlds import World


@pytest.fixture(autouse=True)
def plenty_of_calls(world: World) -> None:
    world.exact.turn(minute_limit=100_000)


@pytest.fixture
def connection(world: World) -> ExactOnlineConnection:
    """Enabled, with a hundred members in Exact, of whom an imported change was approved up to now."""
    connection = world.connection(braking=True)
    world.members(100)
    approve(world, connection)
    while world.drain(connection):
        pass
    assert connection.links.filter(guid__isnull=False).count() == 100
    approve(world, connection)
    return connection


def approve(world: World, connection: ExactOnlineConnection) -> None:
    brake.approve(connection)
    world.moment = timezone.now()  # what was sent before lies before


def imported(city: str, count: int) -> None:
    members = list(Member.objects.order_by("pk")[:count])
    for member in members:
        member.city, member.changed_via = city, ChangedVia.IMPORT
    Member.objects.bulk_update(members, ["city"])


def held(connection: ExactOnlineConnection) -> int:
    return connection.links.filter(held=Held.BRAKE).count()


def test_as_many_new_members_as_usual_go_through(world: World, connection) -> None:
    world.members(20, start=1001)
    assert world.drain(connection) == {"created": 20}
    assert held(connection) == 0


def test_more_new_members_than_usual_wait_and_somebody_is_asked_once(world: World, connection) -> None:
    make_user("treasurer", is_superuser=True, email="treasurer@example.nl")
    world.members(21, start=1001)
    assert world.drain(connection) == {}
    assert world.drain(connection) == {}
    assert held(connection) == 21
    assert len(world.relations()) == 100
    connection.refresh_from_db()
    assert connection.held_since
    [message] = mail.outbox
    assert "21" in message.body


def test_many_changes_wait_and_few_do_not(world: World, connection) -> None:
    imported("Delft", 50)
    assert world.drain(connection) == {"changed": 50}
    imported("Ede", 51)
    assert world.drain(connection) == {}
    assert held(connection) == 51


def test_a_large_import_does_not_pass_in_small_pieces(world: World, connection) -> None:
    for piece in range(5):
        world.members(10, start=1001 + 10 * piece)
        world.drain(connection)
    assert len(world.relations()) == 120
    assert held(connection) == 30


def test_an_import_that_changes_nothing_in_exact_is_no_reason_to_ask(world: World, connection) -> None:
    members = list(Member.objects.all())
    for member in members:
        member.iban, member.changed_via = "NL91ABNA0417164300", ChangedVia.IMPORT
    Member.objects.bulk_update(members, ["iban"])
    assert world.drain(connection) == {"unchanged": 100}
    assert held(connection) == 0


def test_what_a_person_changes_goes_on_while_the_brake_holds_the_rest(world: World, connection) -> None:
    imported("Delft", 60)
    world.drain(connection)
    first, *_, last = Member.objects.order_by("pk")
    world.edit(last, city="Zwolle")
    world.edit(first, city="Assen")  # one of those that are held
    assert world.drain(connection) == {"changed": 2}
    assert world.relations()[last.member_number]["City"] == "Zwolle"
    assert world.relations()[first.member_number]["City"] == "Assen"
    assert held(connection) == 59


def test_go_on_sends_all_of_it(world: World, connection) -> None:
    imported("Delft", 60)
    world.drain(connection)
    connection.refresh_from_db()
    assert brake.asked(connection) == brake.Asked(created=0, changed=60)
    assert brake.go_on(connection) == 60
    connection.refresh_from_db()
    assert connection.held_since is None
    assert world.drain(connection) == {"changed": 60}


def test_not_these_sends_none_of_it_until_the_member_changes_again(world: World, connection) -> None:
    imported("Delft", 60)
    world.drain(connection)
    assert brake.not_these(connection) == 60
    assert world.drain(connection) == {}
    states = RelationLink.objects.counts(connection)
    assert (states[SyncState.LEFT_OUT], states[SyncState.UP_TO_DATE]) == (60, 40)
    world.edit(Member.objects.order_by("pk")[0], phone="+31612345678")
    assert world.drain(connection) == {"changed": 1}
    # Nor do other settings bring them back.
    ExactOnlineConnection.objects.filter(pk=connection.pk).update(mapping_revision=connection.mapping_revision + 1)
    assert sum(world.drain(connection).values()) == 41
    assert {relation["City"] for relation in world.relations().values()} == {None, "Delft"}
    assert sum(relation["City"] == "Delft" for relation in world.relations().values()) == 1


def test_members_that_were_not_to_be_created_are_not_created_by_other_settings(world: World, connection) -> None:
    world.members(30, start=1001)
    world.drain(connection)
    brake.not_these(connection)
    seen = connections.version(connection)
    connections.save_settings(connection.pk, seen, {"name_style": "full"}, connection.statuses.all())
    connection.refresh_from_db()
    world.drain(connection)
    assert len(world.relations()) == 100


def test_an_answer_holds_for_what_was_asked_not_for_the_next_import(world: World, connection) -> None:
    imported("Delft", 60)
    world.drain(connection)
    approve(world, connection)
    world.drain(connection)
    imported("Ede", 60)
    assert world.drain(connection) == {}
    assert held(connection) == 60


def test_settings_changed_by_a_person_are_no_import(world: World, connection) -> None:
    imported("Delft", 40)
    world.drain(connection)
    seen = connections.version(connection)
    connections.save_settings(connection.pk, seen, {"send_phone": False, "name_style": "full"}, connection.statuses.all())
    connection.refresh_from_db()
    world.drain(connection)
    assert held(connection) == 0


def test_the_first_sending_is_what_enable_told_and_is_not_braked(world: World) -> None:
    connection = world.connection(enabled=False, braking=True)
    world.members(60)
    world.enable(connection)
    assert world.drain(connection) == {"created": 60}


def test_both_limits_can_be_set(world: World, connection, settings) -> None:
    settings.BRAKE_CREATED_MINIMUM, settings.BRAKE_CREATED_PERCENT = 5, 0
    settings.BRAKE_CHANGED_MINIMUM, settings.BRAKE_CHANGED_PERCENT = 0, 3
    world.members(6, start=1001)
    imported("Delft", 4)
    assert world.drain(connection) == {}
    assert held(connection) == 10


def test_try_again_on_one_member_lets_that_one_go(world: World, connection) -> None:
    imported("Delft", 60)
    world.drain(connection)
    RelationLink.objects.filter(member=Member.objects.order_by("pk")[0]).try_again(world.now())
    assert world.drain(connection) == {"changed": 1}
    assert held(connection) == 59


def test_what_came_yesterday_counts_no_longer(world: World, connection) -> None:
    world.members(15, start=1001)
    world.drain(connection)
    world.later(days=1, minutes=1)
    world.members(15, start=2001)
    assert world.drain(connection) == {"created": 15}

"""Somebody does something while a drain is under way: edits credentials, consents anew, deletes a member, clears a field."""

import pytest
from django.core import mail

from integrations import connections, tokens
from integrations.drain import Drain
from integrations.failures import ConnectionRests
from integrations.models import ExactOnlineConnection, ExactOnlineToken, RelationLink
from members.models import Member
from tests.running import Aside, eventually
from tests.worlds import OTHER_DIVISION, World


@pytest.fixture
def connection(world: World, django_user_model) -> ExactOnlineConnection:
    django_user_model.objects.create_superuser("treasurer", "treasurer@example.org", "x")
    return world.connection()


def test_another_client_id_during_a_drain_stops_it_and_alarms_nobody(world: World, connection) -> None:
    world.members(3)
    gate = world.exact.gate(method="POST", after=True)
    drain = Aside(lambda: world.drain(connection))
    assert gate.wait()
    other = world.exact.add_app("Another", "http://localhost:8000/other")
    connections.change_credentials(connection, "nl", other.client_id, other.client_secret)
    gate.release()
    drain.join()
    connection.refresh_from_db()
    assert (connection.attention, connection.enabled) == ("", False)
    assert mail.outbox == []
    assert len(world.writes()) == 1
    ExactOnlineConnection.objects.update(enabled=True, token=world.token(api_key=other))
    assert sum(world.drain(connection).values()) >= 2
    assert len(world.relations()) == 3


def test_remove_during_a_drain_stops_it(world: World, connection) -> None:
    world.members(3)
    gate = world.exact.gate(method="POST", after=True)
    drain = Aside(lambda: world.drain(connection))
    assert gate.wait()
    connections.remove(connection)
    gate.release()
    drain.join()
    assert len(world.writes()) == 1
    assert mail.outbox == []


def test_a_consent_that_was_replaced_is_not_a_consent_that_was_lost(world: World, connection) -> None:
    """The drain still holds the row of the user before; the next one finds the user who consented now."""
    world.later(minutes=11)
    gone = connection.token_id
    other = world.token(world.exact.add_user("second", "The second treasurer"))
    ExactOnlineConnection.objects.update(token=other)
    ExactOnlineToken.objects.filter(pk=gone).delete()
    with pytest.raises(ConnectionRests) as rests:
        tokens.access_token(gone, world.now)
    assert rests.value.reason == "token_busy"
    assert (rests.value.until - world.now()).total_seconds() == 10
    world.member("7")
    assert world.drain(connection) == {"created": 1}


def test_a_member_deleted_during_the_call_does_not_stop_the_others(world: World, connection) -> None:
    first, *_ = world.members(3)
    gate = world.exact.gate(method="POST", after=True)
    drain = Drain(connection.pk, world.now)
    slow = Aside(drain.run)
    assert gate.wait()
    Member.objects.filter(pk=first.pk).delete()
    gate.release()
    slow.join()
    assert drain.next_at() is not None
    assert world.drain(connection) == {"created": 2}
    assert RelationLink.objects.count() == 2


def test_a_late_change_of_a_drainer_without_lease_is_undone_also_where_the_member_has_nothing_now(
    world: World, connection
) -> None:
    """The first sends a phone and is held; the second finds the member without one, and settles. Then the first arrives."""
    member = world.member("7")
    world.drain(connection)
    world.edit(member, phone="+31612345678")
    gate = world.exact.gate(method="PUT")
    slow = Aside(lambda: world.drain(connection))
    assert gate.wait()
    world.edit(member, phone="")
    ExactOnlineConnection.objects.update(lease_holder="", lease_until=None)
    world.drain(connection)
    gate.release()
    slow.join()
    world.drain(connection)
    assert world.relations()["7"]["Phone"] is None
    assert not world.link(member).unconfirmed


def test_two_connections_with_one_token_meet_a_401_at_once_and_one_refresh_serves_both(world: World, connection) -> None:
    world.exact.turn(refresh_minimum_age=0.0)
    other = world.connection("Lustrum", OTHER_DIVISION, token=connection.token)
    world.member("7")
    world.exact.add_fault("status", status=401, method="POST", endpoint="crm/Accounts", count=2)
    gate = world.exact.gate(method="POST", endpoint="oauth2/token")
    drains = [Aside(lambda: world.drain(connection)), Aside(lambda: world.drain(other))]
    assert gate.wait()
    eventually(lambda: [call.status for call in world.exact.calls("POST", "crm/Accounts")] == [401, 401])
    gate.release()
    for drain in drains:
        drain.join()
    for _ in range(2):
        world.later(seconds=11)
        world.drain(connection)
        world.drain(other)
    assert [len(world.relations(division)) for division in (connection.division, OTHER_DIVISION)] == [1, 1]
    assert [call.status for call in world.exact.calls(endpoint="oauth2/token")] == [200]
    assert mail.outbox == []


def test_an_administration_that_refuses_even_a_new_token_needs_a_person(world: World, connection) -> None:
    world.exact.turn(refresh_minimum_age=0.0)
    member = world.member("7")
    world.exact.add_fault("status", status=401, method="POST", endpoint="crm/Accounts", count=0)
    world.drain(connection)
    connection.refresh_from_db()
    assert connection.attention == "unauthorized"
    assert len(world.exact.calls(method="POST", endpoint="crm/Accounts")) == 2
    world.exact.clear_faults()
    connections.sync_now(connection)
    assert world.drain(connection) == {"created": 1}
    assert world.link(member).guid


def test_try_again_while_a_drain_holds_the_link_makes_no_second_relation(world: World, connection) -> None:
    member = world.member("7")
    gate = world.exact.gate(method="POST", after=True)
    slow = Aside(lambda: world.drain(connection))
    assert gate.wait()
    RelationLink.objects.all().try_again(world.now())
    connections.sync_now(connection)
    gate.release()
    slow.join()
    world.drain(connection)
    assert len(world.relations()) == 1
    assert str(world.link(member).guid) == world.relations()["7"]["ID"]


def test_a_new_start_number_during_a_create_keeps_the_code_that_is_on_its_way(world: World, connection) -> None:
    member = world.member("7")
    gate = world.exact.gate(method="POST", after=True)
    slow = Aside(lambda: world.drain(connection))
    assert gate.wait()
    seen = connections.version(connection)
    connections.save_settings(connection.pk, seen, {"code_start": 500000}, [world.status])
    gate.release()
    slow.join()
    world.drain(connection)
    assert list(world.relations()) == ["7"]
    assert world.link(member).code == "7"

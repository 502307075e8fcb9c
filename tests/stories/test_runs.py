"""Runs: watched while they go, found again after whatever stopped a worker, ended once, and told to who started them."""

from __future__ import annotations

import pytest
from django.core import mail

from integrations import attention, connections, runs
from integrations.models import ExactOnlineConnection, SyncRun
from tests.people import make_user
from tests.worlds import DIVISION, World


@pytest.fixture
def connection(world: World) -> ExactOnlineConnection:
    return world.connection(enabled=False)


def start(connection: ExactOnlineConnection, kind: SyncRun.Kind = SyncRun.Kind.COMPARE, person: int | None = None) -> SyncRun:
    return runs.start(connection, kind, person)


def test_a_comparison_tells_how_far_it_is_and_what_it_found(world: World, connection) -> None:
    world.exact.turn(sync_page_size=10)
    for number in range(25):
        world.relation(str(100 + number), f"Relatie {number}")
    world.member("7")
    run = start(connection)
    assert runs.go_on(run.pk, world.now, seconds=0) is True  # out of time after one page
    run.refresh_from_db()
    assert (run.phase, run.done) == ("reading", 10)
    world.go_on(run)
    assert (run.outcome, run.counts["new"], run.ended_at is not None) == ("done", 1, True)


def test_a_second_click_gets_the_run_under_way(world: World, connection) -> None:
    assert start(connection) == start(connection)
    assert SyncRun.objects.count() == 1


def test_enable_takes_over_a_comparison_under_way(world: World, connection) -> None:
    world.member("7")
    run = start(connection)
    connections.enable(connection)
    world.go_on(run)
    assert (run.kind, run.phase) == ("enable", "sending")
    assert world.drain(connection) == {"created": 1}


def test_what_a_dead_worker_left_is_found_and_finished(world: World, connection) -> None:
    """The lease of the dead runs out; the run is among those that wait for a step."""
    world.exact.turn(sync_page_size=10)
    for number in range(25):
        world.relation(str(100 + number), f"Relatie {number}")
    run = start(connection)
    assert runs.waiting_for_a_step(world.now()) == [run.pk]
    runs.go_on(run.pk, world.now, seconds=0)
    ExactOnlineConnection.objects.readable().claim(connection.pk, "a worker that died")
    assert runs.go_on(run.pk, world.now) is False
    ExactOnlineConnection.objects.update(lease_until=world.now())  # run out
    world.exact.clear_log()
    assert world.go_on(run).outcome == "done"
    assert len(world.exact.calls(endpoint="sync/CRM/Accounts")) == 2


def test_a_run_waits_out_a_limit_and_a_connection_in_need(world: World, connection) -> None:
    world.relation("7")
    world.exact.add_fault("status", status=503, endpoint="sync/CRM/Accounts")
    run = world.compare(connection)
    assert runs.waiting_for_a_step(world.now()) == []
    world.later(minutes=6)
    assert runs.waiting_for_a_step(world.now()) == [run.pk]


def test_what_enable_started_goes_on_once_the_connection_works_again(world: World, connection) -> None:
    world.member("7")
    world.exact.change_user(world.treasurer, reason="BlockedUser")
    run = world.enable(connection)
    connection.refresh_from_db()
    assert (run.is_going, connection.attention) == (True, "forbidden")
    assert world.drain(connection) == {}
    world.exact.change_user(world.treasurer, reason="")
    attention.settle(connection.pk)
    world.go_on(run)
    assert world.drain(connection) == {"created": 1}


def test_a_comparison_that_meets_a_refusal_ends_and_says_why(world: World, connection) -> None:
    world.exact.change_user(world.treasurer, reason="BlockedUser")
    run = world.compare(connection)
    assert (run.outcome, run.problem) == ("failed", "forbidden")
    connection.refresh_from_db()
    assert connection.compare_first is False


def test_stopping_a_comparison_ends_it_where_it_is(world: World, connection) -> None:
    world.exact.turn(sync_page_size=10)
    for number in range(25):
        world.relation(str(100 + number), f"Relatie {number}")
    run = start(connection)
    runs.go_on(run.pk, world.now, seconds=0)
    assert runs.stop(run) is True
    assert runs.stop(run) is False
    world.exact.clear_log()
    assert runs.go_on(run.pk, world.now) is False
    assert world.exact.calls(division=DIVISION) == []
    again = world.compare(connection)
    assert again.outcome == "done"
    assert len(world.exact.calls(endpoint="sync/CRM/Accounts")) == 2  # the page that was stored is not read again


def test_stopping_the_first_sending_disables_and_loses_nothing(world: World, connection) -> None:
    world.exact.turn(minute_limit=20)
    for number in range(30):
        world.member(str(number + 1), last_name=f"Bakker{number}")
    run = world.enable(connection)
    world.drain(connection)
    sent = len(world.relations())
    assert 0 < sent < 30
    runs.stop(run)
    world.later(minutes=2)
    assert world.drain(connection) == {}
    connection.refresh_from_db()
    assert (connection.state, connection.compare_first) == ("disabled", False)
    world.exact.turn(minute_limit=1000)
    world.enable(connection)
    world.later(minutes=2)
    world.drain(connection)
    assert len(world.relations()) == 30


def test_disabling_ends_the_run(world: World, connection) -> None:
    world.member("7")
    run = world.enable(connection)
    connections.disable(connection)
    run.refresh_from_db()
    assert run.outcome == "stopped"


def test_a_run_that_took_long_is_mailed_once_to_who_started_it(world: World, connection) -> None:
    person = make_user(email="treasurer@example.nl")
    make_user("colleague", email="colleague@example.nl")
    world.member("7")
    connections.enable(connection, person.pk)
    run = world.go_on(SyncRun.objects.get())
    SyncRun.objects.update(started_at=world.now())
    world.later(minutes=11)
    world.drain(connection)
    world.drain(connection)
    run.refresh_from_db()
    assert run.outcome == "done"
    [message] = mail.outbox
    assert message.to == ["treasurer@example.nl"]
    assert run.get_absolute_url() in message.body


def test_a_short_run_is_not_mailed(world: World, connection) -> None:
    person = make_user(email="treasurer@example.nl")
    world.member("7")
    connections.enable(connection, person.pk)
    world.go_on(SyncRun.objects.get())
    world.drain(connection)
    assert SyncRun.objects.get().outcome == "done"
    assert mail.outbox == []


def test_counts_of_a_sending_are_those_of_what_was_sent(world: World, connection) -> None:
    world.relation("7", City="Ede")
    world.member("7", city="Delft")
    world.member("8", last_name="Bakker")
    run = world.enable(connection)
    world.drain(connection)
    run.refresh_from_db()
    assert runs.count(run) == {"create_done": 1, "update_done": 1}
    assert run.total == 2


def test_our_own_mistake_stops_before_anything_is_sent(world: World, connection, monkeypatch) -> None:
    world.member("7")
    monkeypatch.setattr("integrations.comparison.matching.match", lambda *_: 1 / 0)
    run = world.enable(connection)
    assert world.drain(connection) == {}
    assert world.writes() == []
    connection.refresh_from_db()
    assert (run.is_going, connection.attention) == (True, "unexpected")

"""The door handles of background work: who is rung, who comes back when, and what a broker that is away does to it."""

from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone
from kombu.exceptions import OperationalError

from integrations import bell, tasks, wire
from integrations.models import ExactOnlineConnection, ExactOnlineToken, PushAttempt
from tests.running import publishing_to
from tests.worlds import OTHER_DIVISION, World


@pytest.fixture
def connection(world: World) -> ExactOnlineConnection:
    return world.connection()


class Published(list):
    """What went to the broker: (task name, arguments, options)."""

    def note(self, name: str, args: Any = None, kwargs: Any = None, **options: Any) -> None:
        self.append((name.rpartition(".")[2], tuple(args or ()), options))


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Published:
    """The broker is the edge of our world; what is published is kept here instead."""
    published = Published()
    monkeypatch.setattr(current_app._get_current_object(), "send_task", published.note)
    monkeypatch.setattr(
        tasks.push_connection, "apply_async", lambda args, **options: published.note("push_connection", args, **options)
    )
    return published


def test_the_bell_wakes_every_connection_that_may_work_and_no_other(world: World, connection, published) -> None:
    world.connection("Lustrum", OTHER_DIVISION, token=connection.token, enabled=False)
    tasks.ring()
    assert [(name, args) for name, args, _ in published] == [("push_connection", (connection.pk,))]
    ExactOnlineConnection.objects.update(resume_at=timezone.now() + timedelta(minutes=5), enabled=True)
    published.clear()
    tasks.ring()
    assert published == []


def test_a_push_that_leaves_nothing_asks_for_nothing(world: World, connection, published) -> None:
    world.member("7")
    published.clear()
    tasks.push_connection(connection.pk)
    assert list(world.relations()) == ["7"]
    assert published == []


def test_a_push_that_met_the_minute_comes_back_when_it_is_over(world: World, connection, published) -> None:
    world.exact.turn(minute_limit=12)
    world.members(20)
    published.clear()
    tasks.push_connection(connection.pk)
    [(name, args, options)] = published
    assert (name, args) == ("push_connection", (connection.pk,))
    assert 0 <= options["countdown"] <= 63
    assert len(world.relations()) == 7


def test_a_push_that_met_the_day_is_left_to_the_database(world: World, connection, published) -> None:
    world.members(2)
    published.clear()
    world.exact.turn(day_limit=1)
    tasks.push_connection(connection.pk)
    connection.refresh_from_db()
    until = max(filter(None, (connection.resume_at, connection.bulk_resume_at)))
    soon = until - timezone.now() <= timedelta(seconds=90)  # the last minute of Exact's day
    assert bool(published) == soon


def test_a_push_where_somebody_else_drains_leaves_quietly(world: World, connection, published) -> None:
    world.member("7")
    published.clear()
    assert ExactOnlineConnection.objects.sending().claim(connection.pk, "somebody else")
    tasks.push_connection(connection.pk)
    assert world.relations() == {}
    assert published == []


def test_the_daily_rounds_renew_idle_consents_and_prune_old_history(world: World, connection) -> None:
    member = world.member("7")
    world.drain(connection)
    PushAttempt.objects.update(at=timezone.now() - timedelta(days=91))
    tasks.prune()
    assert not PushAttempt.objects.exists()
    week = timedelta(days=7, hours=1)
    world.exact.turn(clock_offset=week.total_seconds())
    token = ExactOnlineToken.objects.get()
    ExactOnlineToken.objects.update(issued_at=token.issued_at - week, expires_at=token.expires_at - week)
    ExactOnlineToken.objects.update(refreshable_at=token.refreshable_at - week)
    tasks.keep_tokens_alive()
    assert ExactOnlineToken.objects.get().version == 2
    assert world.link(member).guid


def test_a_broker_that_is_away_is_not_the_problem_of_who_saves(world: World, connection) -> None:
    with publishing_to("redis+socket:///nowhere/broker.sock"):
        bell.ring()
        member = world.member("7")
    assert member.pk
    with pytest.raises(OperationalError), publishing_to("redis+socket:///nowhere/broker.sock"):
        tasks.ring()  # a worker that cannot publish says so; the next minute rings again
    assert world.drain(connection) == {"created": 1}


def test_a_task_cut_off_by_its_time_limit_in_the_middle_of_a_create_is_looked_up(world: World, connection, monkeypatch) -> None:
    """The signal may come anywhere: here, after Exact did it and before we read its answer."""
    member = world.member("7")
    read = wire._read

    def cut_off(response, size_cap):
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(wire, "_read", cut_off)
    with pytest.raises(SoftTimeLimitExceeded):
        tasks.push_connection(connection.pk)
    assert world.link(member).creating_since is not None
    connection.refresh_from_db()
    assert connection.lease_holder == ""
    monkeypatch.setattr(wire, "_read", read)
    assert world.drain(connection) == {"adopted": 1}
    assert len(world.relations()) == 1

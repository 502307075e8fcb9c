"""`manage.py push`: the worker's work by hand, and what it says."""

import pytest
from django.core.management import CommandError, call_command

from integrations import connections
from integrations.models import ExactOnlineConnection
from tests.worlds import DIVISION, World


def push(capsys, **options: object) -> str:
    call_command("push", **options)
    return capsys.readouterr().out


@pytest.mark.django_db
def test_without_connections_it_says_where_to_add_one(capsys) -> None:
    assert "Add connection" in push(capsys) or "add one" in push(capsys)


def test_it_says_what_it_did(world: World, capsys) -> None:
    connection = world.connection()
    world.members(2)
    world.member("12a")
    assert "2 created, 1 parked" in push(capsys, connection=connection.pk)
    assert "nothing to do" in push(capsys)


def test_it_says_why_not(world: World, capsys) -> None:
    connection = world.connection()
    world.members(2)
    world.exact.use_up(world.api_key, DIVISION, minute=60)
    assert "calls a minute" in push(capsys)
    ExactOnlineConnection.objects.update(resume_at=None, minute_left=None, minute_resets_at=None)
    world.exact.fresh_limits()
    world.exact.change_user(world.treasurer, divisions=[])
    assert "No rights in this administration" in push(capsys)
    ExactOnlineConnection.objects.update(attention="", lease_holder="x", lease_until="2999-01-01T00:00Z")
    assert "another process is busy" in push(capsys)
    ExactOnlineConnection.objects.update(enabled=False)
    assert "not enabled" in push(capsys)
    with pytest.raises(CommandError, match="no connection 0"):
        push(capsys, connection=0)
    assert connection.pk


def test_what_enable_started_is_compared_first(world: World, capsys) -> None:
    connection = world.connection(enabled=False)
    world.relation("90", "Vries, J. de", Email="jan@example.nl")
    world.member("7", email="jan@example.nl")
    connections.enable(connection)
    assert "1 changed" in push(capsys)
    assert set(world.relations()) == {"90"}
    assert connection.runs.get().outcome == "done"

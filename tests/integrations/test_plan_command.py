"""manage.py plan: the dry run for whoever sits at the server, without a worker and without a single write at Exact."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from integrations import runs
from integrations.models import ExactOnlineConnection, ExactOnlineToken, SyncRun
from members.models import Member
from tests.worlds import World


@pytest.fixture
def connection(world: World) -> ExactOnlineConnection:
    world.exact.turn(minute_limit=100_000)
    return world.connection(enabled=False)


def told(connection: ExactOnlineConnection | int, **options: object) -> tuple[str, str]:
    """What it prints, and what it complains of."""
    out, complaint = StringIO(), StringIO()
    number = connection if isinstance(connection, int) else connection.pk
    call_command("plan", connection=number, stdout=out, stderr=complaint, **options)
    return " ".join(out.getvalue().split()), complaint.getvalue()


def association(world: World) -> None:
    world.relation("7", Email="jan@example.nl", City="Delft")
    world.member("7", email="jan@example.nl", city="Ede", iban="NL91ABNA0417164300")
    world.members(3, start=20)
    world.member("80", last_name="", infix="", first_name="", initials="")


def test_it_compares_and_prints_what_enable_would_do_and_writes_nothing_at_exact(
    world: World, connection: ExactOnlineConnection
) -> None:
    association(world)

    out, complaint = told(connection)

    assert "De Kern, compared with Exact Online at" in out
    assert "Nothing was sent." in out
    for words in ("3 created", "1 changed", "1 linked to", "1 incomplete"):
        assert words in out
    assert out.endswith("4 calls at 99,995 a minute: ready in less than a minute.")
    assert complaint == ""
    assert world.writes() == []
    assert len(world.exact.calls()) > 0
    connection.refresh_from_db()
    assert not SyncRun.objects.going().exists()
    assert not connection.compare_first


def test_the_file_is_what_enable_then_does(world: World, connection: ExactOnlineConnection, tmp_path: Path) -> None:
    association(world)
    file = tmp_path / "plan.csv"

    out, _ = told(connection, csv=file)
    assert world.writes() == []

    assert f"Written to {file}." in out
    with file.open(encoding="utf-8-sig", newline="") as opened:
        lines = list(csv.DictReader(opened, delimiter=";"))
    assert [(line["member number"], line["field"], line["old"], line["new"]) for line in lines if line["what"] == "change"] == [
        ("7", "city", "Delft", "Ede")
    ]
    assert "0417164300" not in file.read_text(encoding="utf-8")
    world.enable(connection)
    assert world.drain(connection) == {"created": 3, "changed": 1, "parked": 1}
    created = {line["relation code"] for line in lines if line["what"] == "create"}
    assert created == {"20", "21", "22"} == world.relations().keys() - {"7"}


def test_a_member_changed_since_is_planned_anew_without_reading(world: World, connection: ExactOnlineConnection) -> None:
    association(world)
    told(connection)
    world.exact.clear_log()
    world.edit(Member.objects.get(member_number="7"), city="Delft")

    out, _ = told(connection, no_read=True)

    assert "1 unchanged" in out
    assert "changed" not in out.replace("unchanged", "")
    assert world.exact.calls() == []


def test_without_reading_there_has_to_be_something_that_was_read(world: World, connection: ExactOnlineConnection) -> None:
    with pytest.raises(CommandError, match="never compared with Exact Online, so there is no plan"):
        told(connection, no_read=True)


def test_a_connection_that_is_not_there_is_said(world: World, connection: ExactOnlineConnection) -> None:
    with pytest.raises(CommandError, match="There is no connection 12345"):
        told(12345)


def test_a_connection_that_is_not_complete_says_what_lacks(world: World, connection: ExactOnlineConnection) -> None:
    connection.statuses.clear()
    ExactOnlineConnection.objects.update(division=None)

    with pytest.raises(CommandError, match="an administration in Exact Online; member statuses to synchronize"):
        told(connection)


def test_a_file_that_cannot_be_written_is_said_before_anything_is_read(
    world: World, connection: ExactOnlineConnection, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match=r"cannot be written: No such file or directory\."):
        told(connection, csv=tmp_path / "nowhere" / "plan.csv")
    assert world.exact.calls() == []
    assert not SyncRun.objects.exists()


# Where Exact cannot be asked ----------------------------------------------------------------------------------------------


def test_a_consent_that_ended_leaves_it_at_what_was_read(world: World, connection: ExactOnlineConnection) -> None:
    association(world)
    told(connection)
    ExactOnlineToken.objects.update(consent_lost=True)

    out, complaint = told(connection)

    assert "there is no consent, or it is no longer accepted" in complaint
    assert "3 created" in out


def test_an_exact_out_of_reach_leaves_it_at_what_was_read_and_nothing_under_way(
    world: World, connection: ExactOnlineConnection
) -> None:
    association(world)
    told(connection)
    world.exact.add_fault("status", status=503, body="Maintenance", content_type="text/html", count=0)

    out, complaint = told(connection)

    assert "Exact Online could not be asked to the end. Exact Online could not be reached. It can be asked again at" in complaint
    assert "3 created" in out
    assert not SyncRun.objects.going().exists()
    connection.refresh_from_db()
    assert not connection.compare_first


def test_where_nothing_was_read_before_the_reason_is_all_there_is(world: World, connection: ExactOnlineConnection) -> None:
    world.exact.change_user(world.treasurer, divisions=[])
    complaint = StringIO()

    with pytest.raises(CommandError, match="never compared"):
        call_command("plan", connection=connection.pk, stdout=StringIO(), stderr=complaint)

    assert "No rights in this administration" in complaint.getvalue()
    assert not SyncRun.objects.going().exists()


def test_what_enable_started_is_left_to_go_on(world: World, connection: ExactOnlineConnection) -> None:
    association(world)
    told(connection)
    run = world.enable(connection)

    out, complaint = told(connection)

    assert "what Enable started is still under way" in complaint
    assert "3 created" in out
    run.refresh_from_db()
    assert run.is_going
    assert world.drain(connection) == {"created": 3, "changed": 1, "parked": 1}


def test_a_comparison_somebody_else_started_is_waited_for_and_not_stopped(
    world: World, connection: ExactOnlineConnection
) -> None:
    association(world)
    run = runs.start(connection, SyncRun.Kind.COMPARE, None)

    out, complaint = told(connection)

    run.refresh_from_db()
    assert (run.outcome, complaint) == (SyncRun.Outcome.DONE, "")
    assert "3 created" in out
    assert SyncRun.objects.count() == 1

"""A real broker and a real worker: what is saved arrives by itself, and survives whoever dies halfway."""

import shelve
from collections.abc import Iterator
from datetime import timedelta

import celery
import pytest
from celery.beat import ScheduleEntry
from django.utils import timezone

from congressus_sync.celery import app
from integrations import bell, connections
from integrations.models import ExactOnlineConnection
from tests.running import Processes, eventually, processes, publishing_to
from tests.worlds import DIVISION, World

pytestmark = pytest.mark.worker


@pytest.fixture
def running(world: World) -> Iterator[Processes]:
    with processes(world.exact.base_url) as started:
        yield started


def test_a_saved_member_arrives_and_so_does_the_next_edit(world: World, running: Processes) -> None:
    world.connection()
    running.worker()
    member = world.member("7", city="Ede")
    eventually(lambda: "7" in world.relations(), why="the new member did not arrive")
    world.edit(member, city="Delft")
    eventually(lambda: world.relations()["7"]["City"] == "Delft", why="the edit did not arrive")
    assert len(world.relations()) == 1


def test_a_worker_killed_between_the_post_and_the_commit_makes_no_second_relation(world: World, running: Processes) -> None:
    world.connection()
    worker = running.worker()
    gate = world.exact.gate(method="POST", endpoint="crm/Accounts", after=True)
    member = world.member("7")
    assert gate.wait(20)
    running.kill(worker)
    gate.release()
    assert len(world.relations()) == 1  # Exact has it, we do not know
    link = world.link(member)
    assert link.guid is None
    assert link.creating_since is not None
    ExactOnlineConnection.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    running.worker()
    bell.ring()
    eventually(lambda: world.link(member).guid is not None, why="the relation was not found again")
    assert len(world.relations()) == 1
    assert [call.method for call in world.exact.calls(division=DIVISION)] == ["POST", "GET"]


def test_a_worker_killed_during_a_put_sends_everything_again(world: World, running: Processes) -> None:
    connection = world.connection()
    member = world.member("7", city="Ede")
    world.drain(connection)
    worker = running.worker()
    gate = world.exact.gate(method="PUT", after=True)
    world.edit(member, city="Delft")
    assert gate.wait(20)
    running.kill(worker)
    gate.release()
    world.edit(member, city="Ede")
    ExactOnlineConnection.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    running.worker()
    bell.ring()
    eventually(lambda: not world.link(member).unconfirmed and world.link(member).pushed_revision == 3)
    assert world.relations()["7"]["City"] == "Ede"


def test_a_worker_killed_while_it_reads_is_taken_over_where_it_was(world: World, running: Processes) -> None:
    world.exact.turn(sync_page_size=10)
    for number in range(25):
        world.relation(str(100 + number), f"Relatie {number}")
    world.relation("90", "Vries, J. de", Email="jan@example.nl")
    member = world.member("7", email="jan@example.nl")
    connection = world.connection(enabled=False)
    worker = running.worker()
    gate = world.exact.gate(endpoint="sync/CRM/Accounts", nth=2)
    connections.enable(connection)
    assert gate.wait(20)
    running.kill(worker)
    gate.release()
    ExactOnlineConnection.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    world.exact.clear_log()
    running.worker()
    bell.ring()
    eventually(lambda: connection.runs.get().outcome == "done", why="the run was not taken over")
    assert len(world.exact.calls(endpoint="sync/CRM/Accounts")) == 2  # not the page that was stored
    assert world.link(member).code == "90"
    assert len(world.relations()) == 26


def test_two_workers_share_the_work_and_never_call_twice_at_once(world: World, running: Processes) -> None:
    world.connection()
    running.worker("-n", "one@%h")
    running.worker("-n", "two@%h")
    world.members(30)
    eventually(lambda: len(world.relations()) == 30, within=30)
    assert not [call for call in world.exact.calls() if call.overlapped]
    assert len(world.exact.calls(method="POST", endpoint="crm/Accounts")) == 30


def test_a_broker_that_is_away_fails_no_save_and_beat_finds_the_work(world: World, running: Processes, tmp_path) -> None:
    world.connection()
    with publishing_to("redis+socket:///nowhere/broker.sock"):
        world.member("7")
    assert world.exact.calls(division=DIVISION) == []
    # A scheduler that starts anew rings after its first minute; what it last did is told as long ago.
    schedule = tmp_path / "schedule"
    with shelve.open(schedule, writeback=True) as store:
        ring = ScheduleEntry("ring", "integrations.tasks.ring", timezone.now() - timedelta(hours=1), schedule=60.0, app=app)
        store.update(entries={"ring": ring}, __version__=celery.__version__, tz="UTC", utc_enabled=True)
    running.worker("--beat", "--schedule", str(schedule))
    eventually(lambda: "7" in world.relations(), why="beat did not find the work")

"""What Exact Online holds, copied here: completely, cheaply, and never passing a row that was not stored."""

from __future__ import annotations

import pytest

from integrations import connections, mirror, runs
from integrations.lease import Lease
from integrations.models import ExactOnlineConnection, Mirror, MirroredRelation, SyncRun
from tests.worlds import DIVISION, World

RELATIONS, DELETIONS, DIVISIONS = "sync/CRM/Accounts", "sync/Deleted", "system/Divisions"


@pytest.fixture
def connection(world: World) -> ExactOnlineConnection:
    return world.connection(enabled=False)


def read(world: World, connection: ExactOnlineConnection) -> None:
    """One whole reading, as a comparison does it."""
    lease = Lease(connection.pk, ExactOnlineConnection.objects.readable(), world.now)
    assert lease.claim()
    try:
        for _ in mirror.Reading(lease).pages():
            pass
    finally:
        lease.release()


def held(connection: ExactOnlineConnection) -> dict[str, str]:
    return dict(MirroredRelation.objects.of(connection).values_list("code", "name"))


def calls(world: World) -> list[str]:
    return [call.endpoint for call in world.exact.calls(division=DIVISION)]


def test_all_fields_we_own_are_copied_and_no_others(world: World, connection) -> None:
    guid = world.relation(
        "40", "Drukkerij Pers", Email="pers@example.nl", Phone="020-1234567", AddressLine1="Kade 1", AddressLine2="t.a.v. Inkoop",
        Postcode="1011 AB", City="Amsterdam", Country="NL", Language="NL", IsSupplier=True, Blocked=True, EndDate="2026-01-31",
        ChamberOfCommerce="12345678", Remarks="betaalt laat",
    )  # fmt: skip
    read(world, connection)
    row = MirroredRelation.objects.get()
    assert str(row.guid) == guid
    assert row.account().fields == {
        "Code": "40", "Name": "Drukkerij Pers", "Status": "C", "Email": "pers@example.nl", "Phone": "020-1234567",
        "AddressLine1": "Kade 1", "AddressLine2": "t.a.v. Inkoop", "Postcode": "1011 AB", "City": "Amsterdam", "Country": "NL",
        "Language": "NL",
    }  # fmt: skip
    assert (row.is_supplier, row.blocked, row.end_date.isoformat()) == (True, True, "2026-01-31")
    assert "betaalt laat" not in str(vars(row))


def test_the_first_reading_and_one_in_which_nothing_changed_cost_few_calls(world: World, connection) -> None:
    world.exact.turn(sync_page_size=10)
    for number in range(25):
        world.relation(str(100 + number), f"Relatie {number}")
    read(world, connection)
    assert calls(world) == [DIVISIONS, *[RELATIONS] * 3, DELETIONS]
    assert len(held(connection)) == 25
    world.exact.clear_log()
    read(world, connection)
    assert calls(world) == [DIVISIONS, RELATIONS, DELETIONS]
    assert len(held(connection)) == 25


def test_a_later_reading_brings_what_is_new_changed_and_deleted(world: World, connection) -> None:
    world.relation("1", "Blijft")
    world.relation("2", "Heet straks anders")
    world.relation("3", "Gaat weg")
    read(world, connection)
    world.exact.edit_account(DIVISION, "2", Name="Heet nu anders")
    world.exact.delete_account(DIVISION, "3")
    world.relation("4", "Is nieuw")
    read(world, connection)
    assert held(connection) == {"1": "Blijft", "2": "Heet nu anders", "4": "Is nieuw"}


@pytest.mark.parametrize("kind", ["408", "503", "lost_before", "html"])
def test_what_fails_halfway_goes_on_at_the_page_where_it_was(world: World, connection, kind: str) -> None:
    world.exact.turn(sync_page_size=10)
    for number in range(25):
        world.relation(str(100 + number), f"Relatie {number}")
    fault(world, kind, RELATIONS, nth=2)
    run = world.compare(connection)
    assert run.is_going
    assert len(held(connection)) == 10
    assert Mirror.objects.get().relations_after == 0  # the cursor did not move past what was not stored
    world.exact.clear_log()
    world.later(minutes=6)
    assert world.go_on(run).outcome == "done"
    assert calls(world) == [DIVISIONS, RELATIONS, RELATIONS, DELETIONS]  # was it moved meanwhile?
    assert len(held(connection)) == 25


def fault(world: World, kind: str, endpoint: str, nth: int) -> None:
    match kind:
        case "408" | "503":
            world.exact.add_fault("status", status=int(kind), endpoint=endpoint, nth=nth)
        case "lost_before":
            world.exact.add_fault("drop", endpoint=endpoint, nth=nth)
        case "html":
            world.exact.add_fault("html", endpoint=endpoint, nth=nth)


def test_a_page_whose_address_died_is_read_again_from_the_cursor(world: World, connection) -> None:
    world.exact.turn(sync_page_size=10)
    for number in range(25):
        world.relation(str(100 + number), f"Relatie {number}")
    world.exact.add_fault("status", status=503, endpoint=RELATIONS, nth=2)
    run = world.compare(connection)
    Mirror.objects.update(page_url=Mirror.objects.get().page_url + "x'y")
    world.later(minutes=6)
    assert world.go_on(run).outcome == "done"
    assert len(held(connection)) == 25


def test_the_day_limit_interrupts_and_the_next_day_goes_on(world: World, connection) -> None:
    world.exact.turn(sync_page_size=10)
    for number in range(25):
        world.relation(str(100 + number), f"Relatie {number}")
    world.exact.turn(day_limit=2)
    run = world.compare(connection)
    assert run.is_going
    connection.refresh_from_db()
    assert connection.resume_reason == "day_limit"
    world.later(days=1, minutes=1)
    world.exact.turn(day_limit=5000)
    assert world.go_on(run).outcome == "done"
    assert len(held(connection)) == 25


def test_after_a_move_of_the_administration_all_is_read_anew(world: World, connection) -> None:
    for number in range(5):
        world.relation(str(100 + number), f"Relatie {number}")
    for _ in range(20):
        world.exact.edit_account(DIVISION, "100", Name="Telkens anders")
    read(world, connection)
    world.exact.delete_account(DIVISION, "101")
    world.exact.move_division(DIVISION)
    world.exact.edit_account(DIVISION, "102", Name="Na de verhuizing")
    read(world, connection)
    assert held(connection) == {
        "100": "Telkens anders",
        "102": "Na de verhuizing",
        "103": "Relatie 3",
        "104": "Relatie 4",
    }


def test_who_may_not_see_deletions_reads_everything_each_time(world: World, connection) -> None:
    world.relation("1", "Blijft")
    world.relation("2", "Gaat weg")
    world.exact.add_fault("status", status=403, endpoint=DELETIONS, count=0)
    read(world, connection)
    world.exact.delete_account(DIVISION, "2")
    read(world, connection)
    assert held(connection) == {"1": "Blijft"}
    connection.refresh_from_db()
    assert not connection.attention


def test_an_empty_list_for_lack_of_rights_ends_nobody(world: World, connection) -> None:
    world.relation("7", "J. de Vries", Email="jan@example.nl")
    member = world.member("7", email="jan@example.nl")
    run = world.enable(connection)
    assert run.phase == "sending"
    world.drain(connection)
    assert world.link(member).guid
    world.exact.change_user(world.treasurer, without_module=[DIVISION])
    world.later(days=100)  # so long that everything is read anew
    world.token()
    world.compare(connection)
    assert world.link(member).guid
    assert world.link(member).problem == ""
    assert list(held(connection)) == ["7"]
    connection.refresh_from_db()
    assert connection.attention == "forbidden"


def test_a_relation_deleted_in_exact_stops_its_member_before_anything_is_sent_there(world: World, connection) -> None:
    world.relation("7")
    member = world.member("7", email="jan@example.nl")
    world.enable(connection)
    assert world.drain(connection) == {"changed": 1}
    world.exact.delete_account(DIVISION, "7")
    world.compare(connection)
    link = world.link(member)
    assert (link.reason, link.held, link.guid) == ("vanished", "decision", None)
    world.exact.clear_log()
    world.edit(member, city="Delft")
    assert world.drain(connection) == {}
    assert world.writes() == []
    connection.links.all().try_again(world.now())
    assert world.drain(connection) == {"created": 1}


def test_a_relation_merged_with_another_is_proposed_where_it_went(world: World, connection) -> None:
    world.relation("7", Email="jan@example.nl")
    member = world.member("7", email="jan@example.nl")
    world.enable(connection)
    world.drain(connection)
    world.exact.delete_account(DIVISION, "7")
    survivor = world.relation("80", Email="jan@example.nl")
    world.compare(connection)
    link = world.link(member)
    assert [candidate["guid"] for candidate in link.match.candidates] == [survivor]
    assert link.reason == "vanished"
    assert world.drain(connection) == {}


def test_another_administration_leaves_nothing_of_the_first(world: World, connection) -> None:
    world.relation("1", "Van De Kern")
    world.compare(connection)
    seen = connections.version(connection)
    connection.refresh_from_db()
    connections.save_settings(connection.pk, seen, {"division": 1204502}, connection.statuses.all())
    assert held(connection) == {}
    connection.refresh_from_db()
    world.relation("2", "Van Lustrum", division=1204502)
    world.compare(connection)
    assert held(connection) == {"2": "Van Lustrum"}


def test_removing_a_connection_forgets_the_people_in_it(world: World, connection) -> None:
    world.relation("1", "Sponsor")
    world.compare(connection)
    connections.remove(connection)
    assert not MirroredRelation.objects.exists()


def test_two_workers_do_not_read_at_once(world: World, connection) -> None:
    run = runs.start(connection, SyncRun.Kind.COMPARE, None)
    assert ExactOnlineConnection.objects.readable().claim(connection.pk, "another worker")
    assert runs.go_on(run.pk, world.now) is False
    assert world.exact.calls(division=DIVISION) == []
    ExactOnlineConnection.objects.release(connection.pk, "another worker")
    assert world.go_on(run).outcome == "done"

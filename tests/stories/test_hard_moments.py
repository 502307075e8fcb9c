"""Lost answers, limits, refusals: what does Exact hold afterwards, and what does the connection do next?"""

import threading
from collections.abc import Callable

import pytest
from django.core import mail
from django.db import connection as database

from integrations import history, push
from integrations.drain import Drain
from integrations.models import ExactOnlineConnection, PushAttempt, RelationLink
from tests.worlds import DIVISION, OTHER_DIVISION, World


@pytest.fixture
def connection(world: World) -> ExactOnlineConnection:
    return world.connection()


def attention(connection: ExactOnlineConnection) -> str:
    connection.refresh_from_db()
    return connection.attention


def wake(world: World, connection: ExactOnlineConnection, **delta: float) -> dict[str, int]:
    world.later(**delta)
    return world.drain(connection)


def in_a_thread(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            database.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


# Answers that never came --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["lost", "truncated", "cut"])
def test_a_create_whose_answer_was_lost_is_looked_up_not_repeated(world: World, connection, kind: str) -> None:
    world.member("7")
    world.exact.add_fault(kind, method="POST")
    world.drain(connection)
    assert wake(world, connection, minutes=3) == {"adopted": 1}
    assert [call.method for call in world.exact.calls(division=DIVISION)] == ["POST", "GET"]
    assert len(world.relations()) == 1


def test_a_create_that_was_dropped_before_exact_did_it_is_done_after_looking(world: World, connection) -> None:
    world.member("7")
    world.exact.add_fault("drop", method="POST")
    world.drain(connection)
    assert world.relations() == {}
    assert wake(world, connection, minutes=3) == {"created": 1}
    assert len(world.relations()) == 1


def test_a_to_b_with_a_lost_answer_and_back_to_a_leaves_a(world: World, connection) -> None:
    member = world.member(city="Ede")
    world.drain(connection)
    world.edit(member, city="Delft")
    world.exact.add_fault("lost", method="PUT")
    world.drain(connection)
    assert world.relations()["7"]["City"] == "Delft"
    world.edit(member, city="Ede")
    assert wake(world, connection, minutes=3) == {"changed": 1}
    assert world.relations()["7"]["City"] == "Ede"
    assert world.writes()[-1].body.keys() >= {"Name", "City", "Status"}  # all that is ours, no short-cut


def test_an_emptied_field_whose_answer_was_lost_is_emptied_again(world: World, connection) -> None:
    member = world.member(phone="+31612345678")
    world.drain(connection)
    world.edit(member, phone="")
    world.exact.add_fault("drop", method="PUT")
    world.drain(connection)
    wake(world, connection, minutes=3)
    assert world.relations()["7"]["Phone"] is None


def test_a_drainer_that_lost_its_lease_during_a_call_leaves_the_link_to_the_next(world: World, connection) -> None:
    member = world.member(city="Ede")
    world.drain(connection)
    world.edit(member, city="Delft")
    gate = world.exact.gate(method="PUT")
    slow = in_a_thread(lambda: world.drain(connection))
    assert gate.wait()
    ExactOnlineConnection.objects.update(lease_holder="somebody else")
    gate.release()
    slow.join(20)
    link = world.link(member)
    assert link.unconfirmed
    assert link.pushed_revision < link.member.revision
    ExactOnlineConnection.objects.update(lease_holder="", lease_until=None)
    assert world.drain(connection) == {"changed": 1}
    assert world.relations()["7"]["City"] == "Delft"
    assert not world.link(member).unconfirmed


def test_a_late_create_of_a_drainer_without_lease_does_not_double(world: World, connection) -> None:
    member = world.member("7")
    gate = world.exact.gate(method="POST", after=True)
    slow = in_a_thread(lambda: world.drain(connection))
    assert gate.wait()
    ExactOnlineConnection.objects.update(lease_holder="", lease_until=None)
    assert world.drain(connection) == {"adopted": 1}
    gate.release()
    slow.join(20)
    world.drain(connection)
    assert len(world.relations()) == 1
    link = world.link(member)
    assert str(link.guid) == world.relations()["7"]["ID"]
    assert not link.unconfirmed
    assert link.creating_since is None


# Limits --------------------------------------------------------------------------------------------------------------------


def test_the_minute_limit_is_kept_and_five_calls_stay_for_people(world: World, connection) -> None:
    world.exact.turn(minute_limit=12)
    world.members(20)
    assert world.drain(connection) == {"created": 7}
    urgent = world.member("900", changed_via="person")
    assert world.drain(connection) == {"created": 1}
    assert world.link(urgent).guid
    assert not [call for call in world.exact.calls() if call.status == 429]
    assert wake(world, connection, minutes=1, seconds=3)["created"] == 7


def test_an_edit_by_a_person_goes_before_a_waiting_import(world: World, connection) -> None:
    first, *_ = world.members(10)
    world.drain(connection)
    ExactOnlineConnection.objects.update(mapping_revision=2, name_style="full", enabled_at=world.now())
    world.later(seconds=5)
    member = world.edit(first, last_name="Zwart")
    type(member).objects.filter(pk=member.pk).update(changed_at=world.now(), changed_via="person")
    before = len(world.writes())
    world.drain(connection)
    assert world.writes()[before].body["Name"].endswith("Zwart")


def test_a_spent_minute_is_met_once_and_the_drain_comes_back_by_exacts_clock(world: World, connection) -> None:
    world.exact.turn(clock_offset=-3600.0)  # our clocks differ by an hour: only reset minus Date tells how long
    world.members(3)
    world.exact.use_up(world.api_key, DIVISION, minute=60)
    world.drain(connection)
    refused = [call for call in world.exact.calls() if call.status == 429]
    assert len(refused) == 1
    assert world.drain(connection) == {}
    assert [call for call in world.exact.calls() if call.status == 429] == refused
    assert wake(world, connection, seconds=63) == {"created": 3}


def test_a_spent_day_waits_for_exacts_midnight(world: World, connection) -> None:
    world.members(2)
    world.exact.use_up(world.api_key, DIVISION, day=5000)
    world.drain(connection)
    assert wake(world, connection, minutes=5) == {}
    connection.refresh_from_db()
    assert connection.resume_reason == "day_limit"
    assert wake(world, connection, seconds=(connection.resume_at - world.now()).total_seconds()) == {"created": 2}


def test_a_tenth_of_the_day_is_kept_for_people(world: World, connection) -> None:
    world.exact.turn(day_limit=100, minute_limit=1000)
    world.members(120)
    assert world.drain(connection) == {"created": 90}
    world.member("900")
    assert world.drain(connection) == {"created": 1}


def test_eight_counted_errors_rest_the_endpoint_before_exact_blocks_it(world: World, connection) -> None:
    members = world.members(11)
    world.drain(connection)
    for member in members:
        world.exact.delete_account(DIVISION, member.member_number)
        world.edit(member, city="Delft")
    wake(world, connection, minutes=2)
    counted = [call for call in world.exact.calls() if call.status in (400, 401, 403, 404)]
    assert len(counted) == 8
    assert wake(world, connection, minutes=5) == {}
    wake(world, connection, minutes=61)
    assert len([call for call in world.exact.calls() if call.status in (400, 401, 403, 404)]) == 12  # one was not looked up
    assert not [call for call in world.exact.calls() if call.status == 429]
    assert {link.problem for link in connection.links.all()} == {"vanished"}


def test_a_429_without_a_window_pauses_a_minute_then_an_hour(world: World, connection) -> None:
    world.members(1)
    world.exact.add_fault("status", status=429, count=0)
    world.drain(connection)
    wake(world, connection, seconds=62)
    connection.refresh_from_db()
    assert (connection.resume_at - world.now()).total_seconds() == pytest.approx(3600)
    world.exact.clear_faults()
    assert wake(world, connection, hours=1, seconds=1) == {"created": 1}


# Refusals ------------------------------------------------------------------------------------------------------------------


def test_a_code_in_use_by_somebody_else_is_parked_with_both_names(world: World, connection) -> None:
    world.exact.add_account(DIVISION, Code="7", Name="Drukkerij Jansen")
    member = world.member("7")
    assert world.drain(connection) == {"parked": 1}
    link = world.link(member)
    assert link.problem == "code_in_use"
    assert (link.problem_details["name"], link.problem_details["code"]) == ("Drukkerij Jansen", "7")
    assert world.relations()["7"]["Name"] == "Drukkerij Jansen"


@pytest.mark.parametrize(
    ("held", "why"),
    [
        ({"IsSupplier": True}, "supplier"),
        ({"Blocked": True}, "blocked"),
        ({"EndDate": 1_577_836_800_000}, "ended"),
    ],
)
def test_a_relation_of_that_name_that_is_no_plain_customer_is_not_taken(world: World, connection, held: dict, why: str) -> None:
    world.exact.add_account(DIVISION, Code="7", Name="J. de Vries", **held)
    member = world.member("7")
    assert world.drain(connection) == {"parked": 1}
    assert world.link(member).problem_details["why"] == why


def test_an_existing_relation_of_plainly_the_same_member_is_adopted_and_only_differences_go_out(world: World, connection) -> None:
    world.exact.add_account(DIVISION, Code="7", Name="j. de  vriës", Status="C", City="Ede", Phone="010-1234567")
    world.member("7", city="Delft")
    assert world.drain(connection) == {"adopted": 1}
    relation = world.relations()["7"]
    assert (relation["Name"], relation["City"], relation["Phone"]) == ("j. de  vriës", "Delft", "010-1234567")
    assert world.drain(connection) == {}


def test_a_relation_deleted_in_exact_is_parked_and_not_made_again(world: World, connection) -> None:
    member = world.member("7")
    world.drain(connection)
    world.exact.delete_account(DIVISION, "7")
    world.edit(member, city="Delft")
    assert world.drain(connection) == {"parked": 1}
    assert world.link(member).problem == "vanished"
    assert world.relations() == {}


def test_a_403_for_a_relation_that_exists_concerns_the_connection(world: World, connection) -> None:
    member = world.member("7")
    world.drain(connection)
    world.edit(member, city="Delft")
    world.exact.add_fault("status", status=403, method="PUT")
    world.drain(connection)
    assert attention(connection) == "forbidden"
    assert world.link(member).problem == ""


def test_what_exact_refuses_is_parked_quoting_exact_without_the_address(world: World, connection) -> None:
    said = '{"error":{"code":"","message":{"lang":"","value":"Ongeldig: E-mail [jan@example.nl]"}}}'
    world.exact.add_fault("status", status=500, body=said, content_type="application/json", method="POST")
    member = world.member("7", email="jan@example.nl")
    assert world.drain(connection) == {"parked": 1}
    link = world.link(member)
    assert link.problem == "rejected"
    assert "Ongeldig: E-mail" in link.problem_details["said"]
    assert "jan@example.nl" not in str(link.problem_details) + str(list(PushAttempt.objects.values_list("answer")))
    world.edit(member, email="jan@example.org")
    assert world.drain(connection) == {"created": 1}
    assert world.link(member).problem == ""


def test_two_bad_requests_in_a_row_stop_the_connection(world: World, connection) -> None:
    world.members(5)
    world.exact.add_fault("status", status=400, method="POST", count=0)
    world.drain(connection)
    assert attention(connection) == "our_fault"
    assert len(world.exact.calls(method="POST", endpoint="crm/Accounts")) == 2


def test_three_troubles_in_a_row_rest_five_minutes(world: World, connection) -> None:
    world.members(5)
    world.exact.add_fault("status", status=502, method="POST", count=0)
    world.drain(connection)
    assert len(world.exact.calls(method="POST", endpoint="crm/Accounts")) == 3
    connection.refresh_from_db()
    assert (connection.resume_at - world.now()).total_seconds() == pytest.approx(300)
    world.exact.clear_faults()
    assert wake(world, connection, minutes=6)["created"] == 5
    assert len(world.relations()) == 5


def test_one_stumble_over_one_member_does_not_hold_up_the_others(world: World, connection) -> None:
    world.members(4)
    world.exact.add_fault("status", status=500, method="POST", nth=2)
    assert world.drain(connection) == {"created": 3, "later": 1}
    assert wake(world, connection, minutes=3) == {"created": 1}


def test_an_outage_loses_nothing(world: World, connection) -> None:
    world.members(3)
    world.exact.stop()
    world.drain(connection)
    assert attention(connection) == ""
    world.exact.start()
    assert wake(world, connection, minutes=2) == {"created": 3}


def test_no_rights_stops_the_connection_with_one_mail_and_nothing_is_lost(world: World, connection, django_user_model) -> None:
    django_user_model.objects.create_superuser("treasurer", "treasurer@example.org", "x")
    world.members(3)
    world.exact.change_user(world.treasurer, divisions=[OTHER_DIVISION])
    world.drain(connection)
    assert attention(connection) == "forbidden"
    assert connection.attention_details["reason"] == "NoDivisionAccess"
    world.drain(connection)
    assert len(mail.outbox) == 1
    assert "no access to the administration" in mail.outbox[0].body
    world.exact.change_user(world.treasurer, divisions=[DIVISION, OTHER_DIVISION])
    ExactOnlineConnection.objects.update(attention="")
    assert world.drain(connection) == {"created": 3}


def test_an_answer_from_another_administration_stops_everything(world: World, connection) -> None:
    world.members(3)
    world.exact.add_fault("wrong_division", method="POST", target=OTHER_DIVISION)
    world.drain(connection)
    assert attention(connection) == "wrong_division"
    assert len(world.exact.calls(method="POST", endpoint="crm/Accounts")) == 1


def test_at_no_time_are_two_calls_under_way_for_one_administration(world: World, connection) -> None:
    world.members(30)
    drains = [in_a_thread(lambda: world.drain(connection)) for _ in range(4)]
    for drain in drains:
        drain.join(30)
    world.drain(connection)
    assert len(world.relations()) == 30
    assert not [call for call in world.exact.calls() if call.overlapped]


def test_a_member_exact_keeps_failing_on_is_parked_at_last_and_the_others_go_on(world: World, connection) -> None:
    first, second = world.members(2)
    world.exact.add_fault("status", status=500, method="POST", endpoint="crm/Accounts", count=0)
    for _ in range(24):
        wake(world, connection, hours=2)
    assert {world.link(first).problem, world.link(second).problem} == {"busy_too_long"}
    world.exact.clear_faults()
    RelationLink.objects.all().try_again(world.now())
    assert wake(world, connection, minutes=6) == {"created": 2}
    assert len(world.relations()) == 2


def test_a_refusal_that_is_no_taken_code_is_looked_up_once_and_parked(world: World, connection) -> None:
    said = '{"error":{"code":"","message":{"lang":"","value":"Ongeldig: Land []"}}}'
    world.exact.add_fault("status", status=500, body=said, content_type="application/json", method="PUT")
    member = world.member("7", city="Ede")
    world.drain(connection)
    world.edit(member, city="Delft")
    assert world.drain(connection) == {"parked": 1}
    link = world.link(member)
    assert (link.problem, link.unconfirmed, link.confirmed["City"]) == ("rejected", False, "Ede")
    world.edit(member, city="Breda")
    world.drain(connection)
    assert world.writes()[-1].body == {"City": "Breda"}


def test_an_outage_during_a_look_up_keeps_the_question_open(world: World, connection) -> None:
    world.member("7")
    world.exact.add_fault("lost", method="POST")
    world.drain(connection)
    world.exact.add_fault("status", status=503, method="GET")
    wake(world, connection, minutes=3)
    assert wake(world, connection, minutes=3) == {"adopted": 1}
    assert len(world.relations()) == 1


def test_an_outage_while_looking_whether_a_relation_is_gone_decides_nothing(world: World, connection) -> None:
    member = world.member("7")
    world.drain(connection)
    world.exact.delete_account(DIVISION, "7")
    world.edit(member, city="Delft")
    world.exact.add_fault("status", status=502, method="GET")
    world.drain(connection)
    assert world.link(member).problem == ""
    assert wake(world, connection, minutes=3) == {"parked": 1}


def test_a_relation_linked_to_another_member_is_not_linked_twice(world: World, connection) -> None:
    first = world.member("7")
    world.drain(connection)
    world.exact.edit_account(DIVISION, "7", Code="8")
    second = world.member("8")
    assert world.drain(connection) == {"parked": 1}
    assert world.link(second).problem_details["why"] == "taken"
    assert str(world.link(first).guid) == world.relations()["8"]["ID"]


def test_a_drain_knows_when_to_come_back(world: World, connection) -> None:
    world.exact.turn(minute_limit=12)
    drain = Drain(connection.pk, world.now)
    assert drain.run().next_at() is None
    world.members(10)
    assert drain.run().counts == {"created": 7}
    connection.refresh_from_db()
    assert drain.next_at() == connection.bulk_resume_at
    world.member("900")
    assert drain.next_at() == world.now()
    ExactOnlineConnection.objects.update(enabled=False)
    assert drain.next_at() is None


def test_a_drain_does_not_outstay_its_minute(world: World, connection) -> None:
    world.members(3)
    Drain(connection.pk, world.now).run(seconds=0)
    assert world.relations() == {}
    assert Drain(connection.pk, world.now).run().counts == {"created": 3}


def test_an_old_history_is_pruned(world: World, connection) -> None:
    world.members(2)
    world.drain(connection)
    assert history.prune(world.now()) == 0
    world.later(days=91)
    assert history.prune(world.now()) == 2


def test_a_mistake_of_ours_over_one_member_does_not_block_the_others(world: World, connection, monkeypatch) -> None:
    poison, *_ = world.members(3)
    mapped = push.map_member
    monkeypatch.setattr(
        push, "map_member", lambda member, settings: mapped(member, settings) if member.pk != poison.pk else 1 / 0
    )
    assert world.drain(connection) == {"created": 2, "parked": 1}
    assert world.link(poison).problem == "our_mistake"
    monkeypatch.undo()
    world.edit(poison, city="Ede")
    assert world.drain(connection) == {"created": 1}

"""The first link where two rare things meet: a decision while it is sent, a comparison that was held up, an import in the middle."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import attention, brake, connections, first_link, mirror, plan, runs, tasks
from integrations.brake import Brake
from integrations.first_link import Choice
from integrations.models import ExactOnlineConnection, Mirror, RelationLink, SyncRun
from integrations.models.link import Held
from members.models import Member
from tests.stories.test_brake import imported
from tests.stories.test_first_link import AT_EXACT, HOME, decide, mirror_of_the_night
from tests.stories.test_races import Aside
from tests.worlds import DIVISION, World


@pytest.fixture
def connection(world: World) -> ExactOnlineConnection:
    world.exact.turn(minute_limit=100_000)
    return world.connection(enabled=False)


NOOR = {"initials": "N.", "first_name": "Noor", "infix": "", "last_name": "Visser"}


# Nothing is sent before it was compared


def test_another_client_id_during_the_first_sending_and_enable_compares_again(world: World, connection) -> None:
    """Enabled after new credentials, it compares anew: what the bookkeeper made meanwhile gets no second relation."""
    world.exact.turn(minute_limit=20)
    for number in range(1, 41):
        world.member(str(number), initials="A.", first_name="Anna", infix="", last_name=f"Bakker{number}")
    last = world.member("77", **HOME)
    world.enable(connection)
    world.drain(connection)
    assert world.link(last).guid is None
    other = world.exact.add_app("Another", "http://localhost:8000/other")
    connections.change_credentials(connection, "nl", other.client_id, other.client_secret)
    world.relation("500012", "Vries, J. de", **AT_EXACT)
    ExactOnlineConnection.objects.update(token=world.token(api_key=other))
    world.exact.turn(minute_limit=1000)
    world.later(days=1)
    assert connections.enable(connection)
    for run in SyncRun.objects.going():
        world.go_on(run)
    world.drain(connection)
    assert "77" not in world.relations()


def test_enable_taking_over_a_comparison_that_then_fails_still_compares_first(world: World, connection, monkeypatch) -> None:
    """A comparison that Enable took over and that fails goes on as Enable's; nothing is sent without one."""
    world.relation("500012", "Vries, J. de", **AT_EXACT)
    world.member("7", **HOME)
    run = runs.start(connection, SyncRun.Kind.COMPARE, None)

    def taken_over(*_):
        connections.enable(connection)
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr("integrations.comparison.matching.match", taken_over)
        world.go_on(run)
    attention.settle(connection.pk)
    for going in SyncRun.objects.going():
        world.go_on(going)
    world.drain(connection)
    assert set(world.relations()) == {"500012"}


def test_a_comparison_resumed_days_after_its_reading_reads_again(world: World, connection, monkeypatch) -> None:
    """Enable compares with what Exact holds now, also when the comparison was held up for days after the reading."""
    world.member("7", **HOME)
    with monkeypatch.context() as patched:
        patched.setattr("integrations.comparison.matching.match", lambda *_: 1 / 0)
        run = world.enable(connection)
    world.relation("500012", "Vries, J. de", **AT_EXACT)
    world.later(days=3)
    world.token()
    attention.settle(connection.pk)
    world.go_on(run)
    world.drain(connection)
    assert set(world.relations()) == {"500012"}


def test_another_administration_between_reading_and_comparing_is_read(world: World, connection, monkeypatch) -> None:
    """A comparison whose administration was changed after the reading reads the new one before it compares."""
    world.member("7", **HOME)
    world.relation("500012", "Vries, J. de", division=1204502, **AT_EXACT)
    run = runs.start(connection, SyncRun.Kind.COMPARE, None)
    SyncRun.objects.update(phase="comparing")  # the worker died right after the reading
    connection.refresh_from_db()
    connections.save_settings(connection.pk, connections.version(connection), {"division": 1204502}, connection.statuses.all())
    connections.enable(connection)
    world.go_on(run)
    world.drain(connection)
    assert set(world.relations(1204502)) == {"500012"}


# Confirm


def test_who_left_and_came_back_as_a_new_member_does_not_stop_enable(world: World, connection) -> None:
    """A leaver's old match and the same person's new membership fit one relation: Enable still succeeds."""
    world.relation("500012", "Vries, J. de", **AT_EXACT)
    old = world.member("7", **HOME)
    world.compare(connection)
    world.edit(old, status=world.former)
    world.member("8", **HOME)
    run = world.enable(connection)
    connection.refresh_from_db()
    assert (run.phase, connection.attention) == ("sending", "")


def test_a_leaver_is_not_linked_by_enable(world: World, connection) -> None:
    """Who takes no part any more was not compared now, and is not linked by what was found then."""
    world.relation("500012", "Vries, J. de", **AT_EXACT)
    old = world.member("7", **HOME)
    world.compare(connection)
    world.edit(old, status=world.former, last_name="Heel-Anders", email="x@example.nl")
    world.enable(connection)
    assert world.link(old).guid is None


def test_two_newcomers_of_different_days_who_fit_one_relation_are_not_both_certain(world: World, connection) -> None:
    """Confirming all that is certain never fails on two members who fit one relation."""
    world.member("1", last_name="Bakker")
    world.enable(connection)
    world.drain(connection)
    world.relation("500007", "Vries, J. de", **AT_EXACT)
    mirror_of_the_night(world, connection)
    world.member("7", **HOME)
    world.drain(connection)
    world.member("8", **HOME)
    world.drain(connection)
    first_link.confirm(connection, None)
    assert connection.links.filter(code="500007").count() <= 1


def test_what_became_a_supplier_since_the_comparison_is_not_linked_in_bulk(world: World, connection) -> None:
    """Confirming looks at the relation as it was read last: a supplier is never linked."""
    world.relation("7", **AT_EXACT)
    member = world.member("7", **HOME)
    world.compare(connection)
    world.exact.edit_account(DIVISION, "7", IsSupplier=True)
    mirror_of_the_night_disabled(world, connection)
    first_link.confirm(connection, None)
    assert world.link(member).guid is None


def test_a_relation_renamed_since_the_comparison_is_not_linked_in_bulk(world: World, connection) -> None:
    """Confirming looks at the relation as it was read last: now it is somebody else's."""
    world.relation("7", **AT_EXACT)
    member = world.member("7", **HOME)
    world.compare(connection)
    world.exact.edit_account(DIVISION, "7", Name="Drankenhandel Het Vat", Email="vat@example.nl")
    mirror_of_the_night_disabled(world, connection)
    first_link.confirm(connection, None)
    assert world.link(member).guid is None


def test_a_member_who_became_somebody_else_since_the_comparison_is_not_linked_in_bulk(world: World, connection) -> None:
    """What was certain of a member before it was edited is not certain of who it is now."""
    world.relation("7", **AT_EXACT)
    member = world.member("7", **HOME)
    world.compare(connection)
    world.edit(member, **NOOR, email="noor@example.nl", phone="", address="", postcode="")
    first_link.confirm(connection, None)
    assert world.link(member).guid is None


def mirror_of_the_night_disabled(world: World, connection) -> None:
    Mirror.objects.update(read_at=timezone.now() - timedelta(hours=20))
    mirror.refresh(connection)


# Undo


def test_leaving_out_after_an_undone_link_and_undoing_that_makes_no_second_relation(world: World, connection) -> None:
    """Undo a link, leave the member out, undo that: the member waits for a decision as before."""
    world.relation("500012", "Vries, J. de", **AT_EXACT)
    member = world.member("7", **HOME)
    world.enable(connection)
    world.drain(connection)
    world.compare(connection)
    decide(world, member, Choice.UNDO)
    decide(world, member, Choice.LEAVE_OUT)
    decide(world, member, Choice.UNDO)
    world.drain(connection)
    assert set(world.relations()) == {"500012"}


def test_undoing_twice_makes_no_second_relation(world: World, connection) -> None:
    """Undo ticked again for a member whose link was undone leaves it waiting."""
    world.relation("500012", "Vries, J. de", **AT_EXACT)
    member = world.member("7", **HOME)
    world.enable(connection)
    world.drain(connection)
    world.compare(connection)
    decide(world, member, Choice.UNDO)
    decide(world, member, Choice.UNDO)
    world.drain(connection)
    assert set(world.relations()) == {"500012"}


def test_undoing_a_leave_out_of_who_vanished_creates_nobody_unasked(world: World, connection) -> None:
    """Whose relation was deleted in Exact is not given a new one because a leave-out was undone."""
    world.relation("7", **AT_EXACT)
    member = world.member("7", **HOME)
    world.enable(connection)
    world.drain(connection)
    world.exact.delete_account(DIVISION, "7")
    world.compare(connection)
    decide(world, member, Choice.LEAVE_OUT)
    decide(world, member, Choice.UNDO)
    world.drain(connection)
    assert set(world.relations()) == set()


def test_undo_of_what_is_under_way_keeps_the_note_that_finds_it(world: World, connection) -> None:
    """A create whose answer was lost is looked up, also after Undo and another member number."""
    member = world.member("7", **HOME)
    world.enable(connection)
    world.exact.add_fault("lost", method="POST", endpoint="crm/Accounts")
    world.drain(connection)
    assert world.link(member).creating_since
    with contextlib.suppress(first_link.Refused):
        decide(world, member, Choice.UNDO)
    world.edit(member, member_number="8")
    world.later(minutes=10)
    world.drain(connection)
    world.later(minutes=10)
    world.drain(connection)
    assert len(world.relations()) == 1


def test_undo_and_another_link_while_a_create_is_on_its_way_is_not_overwritten(world: World, connection) -> None:
    """During the call that creates: Undo, then Link to a relation that is there. The link of the person stays."""
    guid = world.relation("90", "Jansen")
    member = world.member("7", **HOME)
    world.enable(connection)
    gate = world.exact.gate(method="POST", endpoint="crm/Accounts", after=True)
    drain = Aside(lambda: world.drain(connection))
    assert gate.wait()
    refused = False
    try:
        decide(world, member, Choice.UNDO)
        decide(world, member, Choice.LINK, guid)
    except first_link.Refused:
        refused = True
    gate.release()
    drain.join()
    assert refused or str(world.link(member).guid) == guid


def test_create_new_after_undo_does_not_link_the_same_relation_again(world: World, connection) -> None:
    """Somebody undid a link to a relation of ours and chose Create new: it is not adopted silently again."""
    member = world.member("7", **HOME)
    world.enable(connection)
    world.drain(connection)
    guid = world.link(member).guid
    decide(world, member, Choice.UNDO)
    try:
        decide(world, member, Choice.CREATE)
    except first_link.Refused:
        return
    world.drain(connection)
    assert world.link(member).guid != guid


# Newcomers and who changed since


def test_an_incomplete_member_who_is_mended_is_compared_before_it_is_sent(world: World, connection) -> None:
    """Who had no name when it was compared is looked at once more when it has one."""
    world.relation("500012", "Vries, J. de", **AT_EXACT)
    member = world.member("7", **HOME | {"initials": "", "first_name": "", "infix": "", "last_name": ""})
    world.enable(connection)
    world.drain(connection)
    world.edit(member, initials="J.", first_name="Jan", infix="de", last_name="Vries")
    world.drain(connection)
    assert set(world.relations()) == {"500012"}


def test_a_newcomer_who_agrees_by_phone_is_asked_about(world: World, connection) -> None:
    """What a comparison would find by phone and name, the look at newcomers finds as well."""
    world.member("1", last_name="Bakker")
    world.enable(connection)
    world.drain(connection)
    world.relation("500007", "Vries, J. de", Phone="06-12345678")
    mirror_of_the_night(world, connection)
    world.member("7", phone="+31612345678")
    world.drain(connection)
    assert set(world.relations()) == {"1", "500007"}


def test_a_newcomer_who_agrees_by_name_is_asked_about(world: World, connection) -> None:
    """What a comparison would find by name alone, the look at newcomers finds as well."""
    world.member("1", last_name="Bakker")
    world.enable(connection)
    world.drain(connection)
    world.relation("500007", "Jan de Vries")
    mirror_of_the_night(world, connection)
    world.member("7")
    world.drain(connection)
    assert set(world.relations()) == {"1", "500007"}


def test_who_returns_after_the_comparison_is_looked_at_again(world: World, connection) -> None:
    """A member compared long ago, who left before being sent and returns, is compared with what Exact holds by then."""
    member = world.member("7", **HOME)
    world.member("1", last_name="Bakker")
    world.compare(connection)
    world.edit(member, status=world.former)
    world.enable(connection)
    world.drain(connection)
    world.relation("500012", "Vries, J. de", **AT_EXACT)
    mirror_of_the_night(world, connection)
    world.edit(member, status=world.status)
    world.drain(connection)
    assert set(world.relations()) == {"1", "500012"}


# Mirror


def test_a_reading_of_the_night_that_was_interrupted_goes_on_the_next_night(world: World, connection) -> None:
    """One 503 at night does not end the nightly look for ever."""
    world.member("1", last_name="Bakker")
    world.enable(connection)
    world.drain(connection)
    world.exact.add_fault("status", status=503, endpoint="sync/CRM/Accounts")
    mirror_of_the_night(world, connection)
    ExactOnlineConnection.objects.update(resume_at=None)
    world.relation("500007", "Vries, J. de", **AT_EXACT)
    mirror_of_the_night(world, connection)
    assert Mirror.objects.get().relations.filter(code="500007").exists()


def test_a_reading_left_halfway_for_months_begins_anew(world: World, connection) -> None:
    """Exact forgets deletions after two months, also for a reading that was stopped halfway and goes on later."""
    world.relation("7", **AT_EXACT)
    world.relation("8", "Blijft")
    world.member("7", **HOME)
    world.compare(connection)
    world.exact.add_fault("status", status=503, endpoint="sync/CRM/Accounts")
    run = world.compare(connection)
    runs.stop(run)
    world.exact.delete_account(DIVISION, "7")
    world.later(days=100)
    world.token()
    world.compare(connection)
    assert not Mirror.objects.get().relations.filter(code="7").exists()


def test_an_administration_that_moved_during_a_halted_reading_is_read_anew(world: World, connection) -> None:
    """What the bookkeeper makes after a move is found, also by a reading that began before it."""
    for number in range(20):
        world.relation(str(100 + number), f"Relatie {number}")
    world.member("7", **HOME)
    world.compare(connection)
    world.exact.add_fault("status", status=503, endpoint="sync/CRM/Accounts")
    run = world.enable(connection)
    world.exact.move_division(DIVISION)
    world.relation("500012", "Vries, J. de", **AT_EXACT)
    Mirror.objects.update(relations_after=10_000, deletions_after=10_000)  # a long history before the move
    world.later(minutes=10)
    world.go_on(run)
    world.drain(connection)
    assert "7" not in world.relations()


def test_after_rights_came_back_the_night_reads_again(world: World, connection) -> None:
    """A full reading that met an empty list for lack of rights does not end the nightly look for ever."""
    world.relation("9", "Sponsor")
    world.member("1", last_name="Bakker")
    world.enable(connection)
    world.drain(connection)
    world.exact.change_user(world.treasurer, without_module=[DIVISION])
    Mirror.objects.update(read_at=timezone.now() - timedelta(days=100))
    tasks.refresh_mirrors()
    world.exact.change_user(world.treasurer, without_module=[])
    ExactOnlineConnection.objects.update(attention="", resume_at=None)
    world.relation("500007", "Vries, J. de", **AT_EXACT)
    tasks.refresh_mirrors()
    assert Mirror.objects.get().relations.filter(code="500007").exists()


# Parked, declined


def test_a_declined_member_is_not_linked_and_sent_by_enable(world: World) -> None:
    """Not these: none of it is sent until the member changes again, also where comparing finds a relation by then."""
    world.exact.turn(minute_limit=100_000)
    connection = world.connection(braking=True)
    world.members(30, start=1001)
    world.drain(connection)
    assert brake.not_these(connection) == 30
    member = Member.objects.get(member_number="1002")
    world.relation("1002", "A. Bakker 1002", City="Ede")
    connections.disable(connection)
    world.enable(connection)
    world.exact.clear_log()
    world.drain(connection)
    link = world.link(member)
    assert (link.guid, link.problem) == (None, "declined")


def test_a_code_reserved_by_a_parked_member_can_be_linked_to_whom_it_belongs(world: World) -> None:
    """Number 7 is parked because code 7 is in use; the relation with code 7 is of another member, who can be linked to it."""
    connection = world.connection()
    guid = world.relation("7", "P. Bakker", Email="piet@example.nl")
    world.member("7", **HOME)
    assert world.drain(connection) == {"parked": 1}
    connections.disable(connection)
    piet = world.member("8", initials="P.", first_name="Piet", infix="", last_name="Bakker", email="piet@example.nl")
    world.compare(connection)
    decide(world, piet, Choice.LINK, guid)
    assert str(world.link(piet).guid) == guid


def test_one_who_is_certain_is_confirmed_though_a_parked_member_reserved_that_code(world: World) -> None:
    """As the plan says."""
    connection = world.connection()
    world.relation("7", "P. Bakker", Email="piet@example.nl")
    world.member("7", **HOME)
    assert world.drain(connection) == {"parked": 1}
    connections.disable(connection)
    piet = world.member("8", initials="P.", first_name="Piet", infix="", last_name="Bakker", email="piet@example.nl")
    world.compare(connection)
    before = {line.member_id: line.would for line in plan.lines(connection)}[piet.pk]
    world.enable(connection)
    assert (before in ("nothing", "change")) == (world.link(piet).guid is not None)


# Plan


def test_the_plan_of_an_undone_link_is_that_it_waits(world: World, connection) -> None:
    """Enable does not link again what somebody undid, so the dry run does not say so."""
    world.relation("7", **AT_EXACT)
    member = world.member("7", **HOME)
    world.enable(connection)
    world.drain(connection)
    connections.disable(connection)
    decide(world, member, Choice.UNDO)
    world.edit(member, city="Delft")
    world.compare(connection)
    plan.refresh(connection, seconds=60)
    before = {line.member_id: line.would for line in plan.lines(connection)}[member.pk]
    world.enable(connection)
    assert world.drain(connection) == {}
    assert before == "undecided"


def test_a_decision_taken_while_a_batch_is_compared_is_what_is_planned(world: World, connection, monkeypatch) -> None:
    """The comparison stores what it found over a decision of this moment; the dry run still tells of the decision."""
    guid = world.relation("90", "Jansen", Email="kees@example.nl", City="Delft")
    world.relation("91", "K. Jansen", Email="kees@example.nl")
    member = world.member("9", initials="K.", first_name="Kees", infix="", last_name="Jansen", email="kees@example.nl")
    world.compare(connection)
    original = plan.Planner.plan

    def meanwhile(self, pairs):
        monkeypatch.setattr(plan.Planner, "plan", original)
        decide(world, member, Choice.LINK, guid)
        return original(self, pairs)

    monkeypatch.setattr(plan.Planner, "plan", meanwhile)
    world.compare(connection)
    plan.refresh(connection, seconds=60)
    assert {line.member_id: line.would for line in plan.lines(connection)}[member.pk] == "change"


# A member deleted while it is compared


def test_a_member_deleted_during_the_comparison_stops_nothing(world: World, connection, monkeypatch) -> None:
    """Nobody is alarmed because somebody deleted a member."""
    member = world.member("7", **HOME)
    world.member("8", **NOOR)
    original = plan.Planner.plan

    def meanwhile(self, pairs):
        monkeypatch.setattr(plan.Planner, "plan", original)
        Member.objects.get(pk=member.pk).delete()
        return original(self, pairs)

    monkeypatch.setattr(plan.Planner, "plan", meanwhile)
    run = world.compare(connection)
    assert run.outcome == "done"


def test_another_administration_during_the_comparison_alarms_nobody(world: World, connection, monkeypatch) -> None:
    """Settings saved while it is compared are no mistake of ours."""
    from integrations import matching

    world.relation("7", **AT_EXACT)
    world.member("7", **HOME)
    original = matching.match

    def meanwhile(*arguments):
        fresh = ExactOnlineConnection.objects.get(pk=connection.pk)
        connections.save_settings(fresh.pk, connections.version(fresh), {"division": 1204502}, fresh.statuses.all())
        return original(*arguments)

    monkeypatch.setattr("integrations.comparison.matching.match", meanwhile)
    world.compare(connection)
    connection.refresh_from_db()
    assert connection.attention == ""


# The brake


@pytest.fixture
def braking(world: World) -> ExactOnlineConnection:
    world.exact.turn(minute_limit=100_000)
    connection = world.connection(braking=True)
    world.members(100)
    brake.approve(connection)
    while world.drain(connection):
        pass
    brake.approve(connection)
    world.moment = timezone.now()
    connection.refresh_from_db()
    return connection


def test_an_edit_by_a_person_goes_out_though_it_had_to_wait_for_two_days(world: World, braking) -> None:
    """The brake never holds what a person changed, also not after a weekend in which Exact was out of order."""
    imported("Delft", 60)
    world.drain(braking)
    ExactOnlineConnection.objects.update(resume_at=world.now() + timedelta(days=2), resume_reason="day_limit")
    first = world.edit(Member.objects.order_by("pk").first(), city="Assen")
    world.drain(braking)
    world.later(days=2, minutes=1)
    world.token()
    world.drain(braking)
    assert world.relations()[first.member_number]["City"] == "Assen"


def test_not_these_does_not_decline_what_a_person_changed(world: World, braking) -> None:
    """Not these is about the import; the edit of a person goes on."""
    imported("Delft", 60)
    world.drain(braking)
    first = world.edit(Member.objects.order_by("pk").first(), city="Assen")
    brake.not_these(braking)
    braking.refresh_from_db()
    world.drain(braking)
    assert world.relations()[first.member_number]["City"] == "Assen"


def test_a_decision_of_a_person_is_not_held_by_the_brake(world: World, braking) -> None:
    """Of an import that waits, a person decided about one: that one goes."""
    world.compare(braking)
    world.relation("500012", "Vries, J. de", Email="jan@example.nl")
    mirror_of_the_night(world, braking)
    world.members(25, start=1001)
    Member.objects.bulk_create(
        [
            Member(
                member_number="2001",
                status=world.status,
                initials="J.",
                first_name="Jan",
                infix="de",
                last_name="Vries",
                email="jan@example.nl",
                changed_via="import",
            )
        ]
    )
    world.drain(braking)
    member = Member.objects.get(member_number="2001")
    assert world.link(member).held in ("decision", "certain")
    decide(world, member, Choice.CREATE)
    world.drain(braking)
    world.drain(braking)
    assert "2001" in world.relations()


def test_ticking_a_status_does_not_approve_an_import_that_waits(world: World, braking) -> None:
    """What an import changed meanwhile of members who took part already is still too much."""
    imported("Delft", 60)
    extra = type(world.status).objects.create(name="Donateur")
    braking.refresh_from_db()
    connections.save_settings(braking.pk, connections.version(braking), {}, [world.status, extra])
    braking.refresh_from_db()
    world.drain(braking)
    assert sum(relation["City"] == "Delft" for relation in world.relations().values()) == 0


def test_go_on_does_not_approve_what_came_after_what_was_asked(world: World, braking) -> None:
    """Go on is an answer about what was shown: an import that came since, and was not looked at yet, is asked about."""
    imported("Delft", 60)
    world.drain(braking)
    world.members(50, start=1001)
    brake.go_on(braking)
    braking.refresh_from_db()
    world.drain(braking)
    assert len(world.relations()) == 100


def test_an_import_that_commits_after_a_later_change_is_still_counted(world: World, braking) -> None:
    """Times are of before the commit: a large import may become visible after a small one with a later time."""
    made = [
        Member(member_number=str(n), status=world.status, last_name=f"Bakker {n}", changed_via="import")
        for n in range(1001, 1051)
    ]
    look = Brake(world.now)
    world.members(1, start=5001)
    list(RelationLink.objects.ensure(braking))
    look.apply(braking)
    Member.objects.bulk_create(made)
    list(RelationLink.objects.ensure(braking))
    look.apply(braking)
    assert braking.links.filter(held=Held.BRAKE).count() >= 50


# A page that is behind


def test_a_decision_after_another_administration_was_chosen_is_refused_in_words(world: World, connection) -> None:
    """The match is gone: that is said, not crashed on."""
    world.relation("7", **AT_EXACT)
    member = world.member("7", **HOME)
    world.compare(connection)
    seen = first_link.version(world.link(member))
    fresh = ExactOnlineConnection.objects.get(pk=connection.pk)
    connections.save_settings(fresh.pk, connections.version(fresh), {"division": 1204502}, fresh.statuses.all())
    with pytest.raises(first_link.Refused):
        decide(world, member, Choice.LEAVE_OUT, seen=seen)

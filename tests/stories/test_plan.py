"""The dry run tells beforehand what Enable does: nothing more, nothing less, and without writing anything."""

from __future__ import annotations

import random
from typing import Any

import pytest

from integrations import first_link, plan
from integrations.first_link import Choice
from integrations.models import ExactOnlineConnection, PushAttempt
from integrations.models.link import SyncState
from integrations.models.match import Planned, Verdict
from members.models import Member
from tests.worlds import World

CALLED = ("Jan", "Joris", "Kim", "Anna", "Piet")
SURNAMES = (("de", "Vries"), ("", "Bakker"), ("van der", "Berg"), ("", "Jansen"))
CITIES = ("Ede", "Delft", "")


@pytest.fixture
def connection(world: World) -> ExactOnlineConnection:
    world.exact.turn(minute_limit=100_000)
    return world.connection(enabled=False)


def planned(connection: ExactOnlineConnection) -> dict[int, tuple[str, dict[str, Any]]]:
    """Member -> what would be done, and which fields."""
    assert plan.refresh(connection, seconds=60) == 0
    return {line.member_id: (line.would, line.match.changes) for line in plan.lines(connection)}


def done(connection: ExactOnlineConnection) -> dict[int, tuple[str, dict[str, Any]]]:
    """Member -> what was done, in the words of the plan."""
    attempts = {attempt.member_id: attempt for attempt in connection.attempts.filter(outcome=PushAttempt.Outcome.DONE)}
    found = {}
    for link in connection.links.with_state(connection.mapping_key).select_related("match"):
        attempt = attempts.get(link.member_id)
        if attempt:
            word = Planned.CREATE if attempt.action == PushAttempt.Action.CREATE else Planned.CHANGE
            found[link.member_id] = (word, attempt.changes)
        elif link.left_out:
            found[link.member_id] = (Planned.LEFT_OUT, {})
        elif link.sync_state == SyncState.UP_TO_DATE:
            found[link.member_id] = (Planned.NOTHING, {})
        elif link.held:
            found[link.member_id] = (Planned.CONFLICT if link.match.verdict == Verdict.CONFLICT else Planned.UNDECIDED, {})
        elif link.problem in ("missing_name", "unusable_code"):
            found[link.member_id] = (Planned.INCOMPLETE, {})
        elif link.problem in ("code_collision", "code_in_use"):
            found[link.member_id] = (Planned.CONFLICT, {})
        else:
            found[link.member_id] = (f"{link.sync_state} {link.problem}", {})
    return found


def populate(world: World, rng: random.Random) -> None:
    """Members and relations from so small a stock that they meet, by accident and on purpose."""
    for number in range(1, 26):
        infix, last_name = rng.choice(SURNAMES)
        called = rng.choice(CALLED)
        infix, last_name = ("", "") if rng.random() < 0.05 else (infix, last_name)
        nameless = not last_name
        code = str(number) if rng.random() < 0.9 else rng.choice((f"0{number - 1}", f"A{number}"))
        member = world.member(
            code,
            initials="" if nameless else f"{called[0]}.",
            first_name="" if nameless else called,
            infix=infix,
            last_name=last_name,
            email=rng.choice(("", f"{called}{number}@example.nl".lower())),
            city=rng.choice(CITIES),
            postcode=rng.choice(("", "1234 AB")),
            address=rng.choice(("", "Dorpsstraat 12")),
        )
        if rng.random() < 0.5:
            relate(world, member, rng)
    for number in range(3):
        world.relation(f"77{number}", f"Sponsor {number}", IsSupplier=bool(number))


def relate(world: World, member: Member, rng: random.Random) -> None:
    code = member.member_number if rng.random() < 0.6 and member.member_number.isdigit() else str(rng.randint(5000, 999_999))
    fields: dict[str, Any] = {"Email": member.email, "City": rng.choice((member.city, "Ede"))}
    if rng.random() < 0.1:
        fields["IsSupplier"] = True
    if rng.random() < 0.1:
        fields["EndDate"] = "2020-01-01"
    name = f"{member.initials} {member.infix} {member.last_name}" if rng.random() < 0.8 else "Heel Iemand Anders"
    if code.lstrip("0") not in world.relations():
        world.relation(
            code.lstrip("0"), " ".join(name.split()) or "Onbekend", **{key: value for key, value in fields.items() if value}
        )


@pytest.mark.parametrize("seed", range(12))
def test_what_is_planned_is_what_is_done(world: World, connection, seed: int) -> None:
    rng = random.Random(seed)
    populate(world, rng)
    world.compare(connection)
    for link in first_link.table(connection):
        if rng.random() < 0.1:
            first_link.decide(link.pk, Choice.LEAVE_OUT, None)
    before = planned(connection)
    tally = plan.tally(connection)
    world.exact.clear_log()
    world.enable(connection)
    while world.drain(connection):
        pass
    assert done(connection) == {
        pk: (would, changes if would in ("create", "change") else {}) for pk, (would, changes) in before.items()
    }
    assert len(world.writes()) == tally.calls
    assert {planned: sum(would == planned for would, _ in before.values()) for planned in Planned} == tally.counts


def test_planning_writes_nothing(world: World, connection) -> None:
    populate(world, random.Random(1))
    before = world.relations()
    world.compare(connection)
    planned(connection)
    assert world.writes() == []
    assert world.relations() == before


def test_a_plan_follows_what_changed_since(world: World, connection) -> None:
    world.relation("7", City="Ede")
    member = world.member("7", city="Ede")
    world.compare(connection)
    assert planned(connection)[member.pk] == ("nothing", {})
    world.edit(member, city="Delft")
    assert plan.tally(connection).stale == 1
    assert planned(connection)[member.pk] == ("change", {"City": ["Ede", "Delft"]})
    connection.send_address = False
    connection.mapping_revision += 1
    connection.save()
    assert planned(connection)[member.pk] == ("nothing", {})


def test_a_member_who_came_after_the_comparison_is_not_known_yet(world: World, connection) -> None:
    world.member("7")
    world.compare(connection)
    world.member("8")
    assert plan.tally(connection).unknown == 1


def test_of_two_members_with_one_code_the_second_is_a_conflict(world: World, connection) -> None:
    first, second = world.member("7"), world.member("007", last_name="Bakker")
    world.compare(connection)
    found = planned(connection)
    assert (found[first.pk][0], found[second.pk][0]) == ("create", "conflict")


def test_the_plan_of_an_enabled_connection_is_what_is_still_to_be_sent(world: World, connection) -> None:
    sent, fresh = world.member("7"), world.member("8")
    world.enable(connection)
    world.drain(connection)
    fresh = world.edit(fresh, city="Ede")
    found = planned(connection)
    assert found[sent.pk][0] == "nothing"
    assert found[fresh.pk] == ("change", {"City": ["", "Ede"]})

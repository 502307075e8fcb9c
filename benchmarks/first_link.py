"""The first link of a large association: 10,000 relations in Exact, of which 9,000 belong to members, and 1,000 members without one.

What counts: calls of a comparison (13 at most, 3 when nothing changed), that Enable writes only what differs, and that nobody is doubled.
"""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from benchmarks import stage

if TYPE_CHECKING:
    from tests.worlds import World

LINKED, MOVED, STRANGERS, NEW = 9_000, 900, 1_000, 1_000
SURNAMES = ("Bakker", "Visser", "Smit", "Meijer", "Mulder", "Bos", "Vos", "Peters", "Hendriks", "Dekker")


def main() -> None:
    with stage.world(apart=True) as world:
        _populate(world)
        connection = world.connection(enabled=False)
        _timed("compare, first time", world, lambda: world.compare(connection))
        _tell_verdicts(connection)
        _timed("compare, nothing changed", world, lambda: world.compare(connection))
        _decide(connection)
        _enable(world, connection)


def _populate(world: World) -> None:
    from members.models import Member

    people = [_person(number) for number in range(1, LINKED + NEW + 1)]
    Member.objects.bulk_create(
        [Member(status=world.status, changed_via="import", **person) for person in people], batch_size=1000
    )
    for number, person in enumerate(people[:LINKED], start=1):
        name = f"{person['initials']} {person['last_name']}"
        _relate(world, Code=str(number), Name=name, Status="C", **_at_exact(person, moved=number <= MOVED))
    for number in range(STRANGERS):
        _relate(world, Code=str(500_000 + number), Name=f"Leverancier {number}", IsSupplier=number % 2 == 0)


def _relate(world: World, **fields: Any) -> None:
    world.exact.add_account(division=1204501, **fields)


def _person(number: int) -> dict[str, Any]:
    return {
        "member_number": str(number),
        "initials": "ABCDEFGHJK"[number % 10] + ".",
        "last_name": f"{SURNAMES[number // 10 % 10]}{number // 100}",
        "email": f"lid{number}@example.org",
        "phone": f"+316{10_000_000 + number}",
        "address": f"Dorpsstraat {number % 200 + 1}",
        "postcode": f"{1000 + number % 9000} AB",
        "city": "Delft",
        "country": "NL",
        "language": "nl",
    }


def _at_exact(person: dict[str, Any], *, moved: bool) -> dict[str, str]:
    return {
        "Email": person["email"],
        "Phone": person["phone"],
        "AddressLine1": "Oude Gracht 3" if moved else person["address"],
        "Postcode": person["postcode"],
        "City": person["city"],
        "Country": "NL",
        "Language": "NL",
    }


def _timed(title: str, world: World, work: Callable[[], object]) -> None:
    before, started = _calls(world), time.perf_counter()
    work()
    seconds, peak = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {title}: {_calls(world) - before} calls, {seconds:.1f} s, process at most {peak:.0f} MB")


def _calls(world: World) -> int:
    return len(world.exact.calls())


def _tell_verdicts(connection: Any) -> None:
    from integrations import first_link

    print(
        "  found:", ", ".join(f"{number} {verdict.label}" for verdict, number in first_link.counts(connection).items() if number)
    )


def _decide(connection: Any) -> None:
    from integrations import first_link, plan

    started = time.perf_counter()
    linked = first_link.confirm(connection, None)
    print(f"  all certain ones confirmed: {linked} links, {time.perf_counter() - started:.2f} s")
    started = time.perf_counter()
    left = plan.refresh(connection)
    tally = plan.tally(connection)
    print(f"  dry run: {tally.calls} calls planned, {left} left to plan, {time.perf_counter() - started:.2f} s")


def _enable(world: World, connection: Any) -> None:
    before = len(world.exact.calls(endpoint="crm/Accounts"))
    started = time.perf_counter()
    world.enable(connection)
    compared = time.perf_counter() - started
    counts: Counter[str] = Counter()
    while done := world.drain(connection):
        counts.update(done)
    calls = world.exact.calls(endpoint="crm/Accounts")[before:]
    writes = Counter(call.method for call in calls)
    codes = Counter(row.Code for row in world.exact.accounts(division=1204501))
    names = Counter((row.Name, row.Email) for row in world.exact.accounts(division=1204501) if row.Email)
    print(f"  enable: compared anew in {compared:.1f} s; sent {dict(counts)} in {time.perf_counter() - started - compared:.1f} s")
    print(f"  writes: {dict(writes)}; relations: {sum(codes.values())} (expected {LINKED + STRANGERS + NEW})")
    print(f"  doubled: {sum(number > 1 for number in names.values())}")


if __name__ == "__main__":
    main()

"""A storm: people edit, Exact stumbles, workers are killed, leases are taken away. What does Exact hold when it is over?

Not a speed but a promise: every relation as its member is, and none doubled. `python -m benchmarks.storm [SEED]` repeats a storm.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from benchmarks import stage

if TYPE_CHECKING:
    from members.models import Member
    from tests.running import Processes
    from tests.worlds import World

SECONDS = 40
MEMBERS = 40
FAULTS = ("lost", "cut", "truncated", "drop", "status", "html", "slow")


def main() -> None:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with stage.world() as world:
        from tests.running import processes

        token = world.token()
        world.connection(token=token)
        world.connection("Lustrum", 1204502, token=token, name_style="full")
        with processes(world.exact.base_url) as running:
            raged = rage(world, running, world.members(MEMBERS), random.Random(seed))
            calm(world)
        print(
            f"  {raged['edits']} edits, {raged['faults']} faults, {raged['kills']} workers killed, {raged['leases']} leases taken"
        )
        print(f"  {judge(world)}")


def rage(world: World, running: Processes, members: list[Member], rng: random.Random) -> Counter[str]:
    from integrations.models import ExactOnlineConnection

    workers = [running.worker("-n", f"worker{number}@%h") for number in range(2)]
    raged: Counter[str] = Counter()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        chance = rng.random()
        if chance < 0.75:
            fields = {"city": ["Ede", "Delft", ""], "phone": ["", "+31612345678"], "last_name": ["Bakker", "De Wit", "O'Brien"]}
            world.edit(rng.choice(members), **{name: rng.choice(values) for name, values in fields.items()})
            raged["edits"] += 1
        elif chance < 0.93:
            method, status = rng.choice(["POST", "PUT"]), rng.choice([408, 500, 502, 503])
            world.exact.add_fault(rng.choice(FAULTS), method=method, endpoint="crm/Accounts", status=status, seconds=0.3)
            raged["faults"] += 1
        elif chance < 0.97:
            running.kill(workers.pop(rng.randrange(len(workers))))
            raged["kills"] += 1
            workers.append(running.worker("-n", f"worker{raged['kills'] + 1}@%h"))
        else:
            raged["leases"] += ExactOnlineConnection.objects.filter(lease_until__isnull=False).update(
                lease_until="2020-01-01T00:00Z"
            )
        time.sleep(0.05)
    return raged


def calm(world: World) -> None:
    """No more faults; pauses and leases of the dead are over at once instead of in minutes."""
    from integrations import bell
    from integrations.models import ExactOnlineConnection, RelationLink

    world.exact.clear_faults()
    deadline = time.monotonic() + 60
    while any(RelationLink.objects.behind(connection).exists() for connection in ExactOnlineConnection.objects.all()):
        if time.monotonic() > deadline:
            return
        ExactOnlineConnection.objects.update(lease_until=None, lease_holder="", resume_at=None, bulk_resume_at=None)
        RelationLink.objects.update(not_before=None)
        bell.ring()
        time.sleep(1)


def judge(world: World) -> str:
    from integrations.mapping import map_member
    from integrations.models import RelationLink

    wrong = 0
    for link in RelationLink.objects.select_related("member", "connection"):
        held = world.relations(link.connection.division or 0).get(link.code or "", {})
        wanted = map_member(link.member, link.connection.mapping_settings).fields
        same = all((held.get(name) or "") == value for name, value in wanted.items())
        wrong += not (same and str(link.guid) == held.get("ID"))
    relations = sum(len(world.relations(division.code)) for division in world.exact.divisions())
    return f"{relations} relations for {RelationLink.objects.count()} links, {wrong} of them wrong"


if __name__ == "__main__":
    main()

"""An association in Congressus for stories, beside the world of Exact Online: who is in there, and what of it arrives here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from integrations.arrivals import connecting, endings, turns, walk
from integrations.arrivals.visit import Visit
from integrations.congressus.simulator import Gate, Simulator
from integrations.models import CongressusConnection, CongressusMember, CongressusWalk
from members.models import Member, MemberStatus
from tests.running import Aside
from tests.worlds import World


class Association:
    """`there` is Congressus, with the statuses Lid, Donateur and Oud-lid (archived); Lid and Donateur are fetched."""

    def __init__(self, there: Simulator, world: World) -> None:
        self.there = there
        self.world = world
        self.lid: int = there.add_status("Lid")["id"]
        self.donateur: int = there.add_status("Donateur")["id"]
        self.oud_lid: int = there.add_status("Oud-lid", archived=True)["id"]

    # In Congressus

    def member(self, username: str = "7", **fields: Any) -> int:
        """Somebody the secretary adds there; the id."""
        ordinary = {
            "status": self.lid,
            "initials": "J.",
            "given_name": "Jan",
            "primary_last_name_prefix": "de",
            "primary_last_name_main": "Vries",
        }
        made: int = self.there.add_member(username=username, **ordinary | fields)["id"]
        return made

    def members(self, count: int, start: int = 1, **fields: Any) -> list[int]:
        ordinary = {"status": self.lid, "initials": "A.", "given_name": "", "first_name": "", "primary_last_name_prefix": ""}
        rows = [
            {"username": str(number), "primary_last_name_main": f"Bakker {number}"} | ordinary | fields
            for number in range(start, start + count)
        ]
        return list(self.there.add_members(rows))

    # Here

    def connect(self, *statuses: int, enabled: bool = True, **fields: Any) -> CongressusConnection:
        """The treasurer has entered the key, chosen these statuses (Lid and Donateur), and enabled it."""
        connection = connecting.connect(self.there.key, None)
        fetched = MemberStatus.objects.filter(congressus_id__in=statuses or (self.lid, self.donateur))
        connection.statuses.set(fetched)
        CongressusConnection.objects.update(**fields)
        if enabled:
            assert connecting.enable(connection)
        return self.connection

    @property
    def connection(self) -> CongressusConnection:
        return CongressusConnection.objects.get()

    def visit(self) -> CongressusConnection:
        """The worker does what is due, until it can do no more just now."""
        Visit(self.world.now).run()
        return self.connection

    @contextmanager
    def visit_held_at(self, gate: Gate) -> Iterator[None]:
        """A worker is on its way and stands at the gate; within, something else happens; afterwards the worker is through."""
        worker = Aside(Visit(self.world.now).run)
        try:
            assert gate.wait()
            yield
        finally:
            gate.release()
            worker.join()

    def walk(self) -> CongressusWalk:
        """Somebody chooses Fetch now, and the worker does it; minutes pass where our share of the calls asks for it."""
        going = walk.start(self.connection, None)
        while going.is_going:
            self.visit()
            going.refresh_from_db()
            if going.is_going:
                self.world.later(seconds=62)
        return going

    def later(self, **delta: float) -> None:
        """Time passes, for everybody."""
        self.world.later(**delta)
        step = timedelta(**delta).total_seconds()
        self.there.turn(clock_offset=self.there.dials.clock_offset + step)

    def turn(self) -> int:
        """What beat does each minute."""
        return turns.take(self.world.moment)

    def settle(self) -> int:
        return endings.settle(self.world.moment)

    def here(self, congressus_id: int) -> Member:
        return Member.objects.get(congressus_id=congressus_id)

    def row(self, congressus_id: int) -> CongressusMember:
        return CongressusMember.objects.get(pk=congressus_id)

    def status(self, congressus_id: int) -> MemberStatus:
        return MemberStatus.objects.get(congressus_id=congressus_id)

    def lists(self) -> int:
        """How many list calls Congressus has seen."""
        return len([call for call in self.there.calls() if call.method == "GET" and call.endpoint == "members"])

"""A Congressus in a box: the rooms put together, and the verbs with which a test or a person plays the world.

The same verbs are there in Python (`with Simulator() as congressus: congressus.add_member(...)`) and over HTTP
(`POST /_control/add_member`), so a test of several processes and a test of one function speak alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from integrations.simulation.chance import Chance
from integrations.simulation.clock import Clock
from integrations.simulation.control import Control
from integrations.simulation.door import Door
from integrations.simulation.faults import Faults, Gate
from integrations.simulation.messages import Request, Response
from integrations.simulation.store import Store

from .api import BASE, Api
from .control import NUMBERS, READS, WRITES
from .deliveries import call_row
from .dials import Dials
from .faults import Fault
from .fields import Row
from .limits import Budget
from .log import Call, Log
from .pages import Pages
from .rows import member_row
from .seeds import SEEDS, Begin, read
from .statuses import status_row
from .world import World


class Simulator:
    """`seed` names a world of seeds.py, put in when there is none yet; `state` is a file to keep it all in. `members` is a file of
    members to put in with the seed; it is not read when there is a world already. `api_key` is the first key, else it is made up.

    `random_seed` makes keys repeatable. `port` 0 takes a free one. Use as a context manager, or start() and stop().
    """

    def __init__(
        self, seed: str = "", *, state: Path | str | None = None, members: Path | str | None = None, api_key: str = "",
        random_seed: int | None = None, host: str = "127.0.0.1", port: int = 0,
    ) -> None:  # fmt: skip
        """Raises KeyError, ValueError or OSError, and then keeps nothing, when the seed or `members` cannot be put in."""
        self.dials = Dials()
        self.clock = Clock(self.dials)
        self.log = Log()
        self.faults = Faults[Fault]()
        self.budget = Budget(self.dials, self.clock)
        self._store = Store(Path(state) if state else None)
        for dials in self._store.all("dials"):
            self.dials.turn(**dials)
        self.world = World(self._store, self.dials, self.clock, Chance(random_seed))
        self._api = Api(self.world, self.budget, self.faults, self.log, self.dials, self.clock)
        self._pages = Pages(self.world)
        self._control = Control(self, READS, WRITES, NUMBERS)
        self._door = Door(host, port, self.answer, self.clock, self.dials)
        if self.world.is_empty:
            self._begin(_beginning(seed, Path(members) if members else None), api_key)
        elif api_key and api_key not in self.world.keys:
            self.world.add_key(api_key)

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()
        with self.world.lock:  # a call to a webhook may still be on its way
            self._store.close()

    @property
    def base_url(self) -> str:
        return self._door.base_url

    def start(self) -> Simulator:
        self._door.open()
        self.world.deliveries.start()
        return self

    def stop(self) -> None:
        """Closes the door and every open connection, and calls no webhook; the world stays, and start() opens again at the same
        address."""
        self.world.deliveries.stop()
        if self._door.close():
            self.faults.clear()  # after hanging up: what a gate held is executed, but nobody hears of it

    def answer(self, request: Request) -> Response:
        path = request.path
        if path.startswith(BASE):
            return self._api.answer(request)
        if path.startswith("/_control/"):
            return self._control.answer(request)
        return self._pages.answer(request)

    # The association

    @property
    def association(self) -> str:
        return self.world.association

    def rename(self, association: str) -> None:
        """Its name; "" for one that has made no invoice yet."""
        self.world.rename(association)

    @property
    def key(self) -> str:
        """The first of the API keys; "" when all are gone."""
        return next(iter(self.world.keys), "")

    def add_key(
        self, key: str = "", *, name: str = "", write: bool = False, members: bool = True, webhooks: bool = True, invoices: bool = True
    ) -> str:  # fmt: skip
        """Without a given one it is made up."""
        rights = {"write": write, "members": members, "webhooks": webhooks, "invoices": invoices}
        return self.world.add_key(key, name, **rights).key

    def change_key(self, key: str, **rights: bool) -> None:
        """For example invoices=False. Raises KeyError for a key there is not."""
        self.world.change_key(key, **rights)

    def remove_key(self, key: str) -> None:
        self.world.remove_key(key)

    # Statuses

    def add_status(
        self, name: str, *, id: int | None = None, description: str = "", archived: bool = False, hidden: bool = False,
        deceased: bool = False,
    ) -> Row:  # fmt: skip
        with self.world.lock:
            told = {"description": description, "archived": archived, "hidden": hidden, "deceased": deceased}
            return status_row(self.world.statuses.add(name, id=id, **told))

    def change_status(self, id: int, **changes: Any) -> Row:
        """For example name="Erelid", archived=True. Raises KeyError."""
        with self.world.lock:
            return status_row(self.world.statuses.change(id, **changes))

    def remove_status(self, id: int) -> None:
        """It is listed no more; who has or had it keeps it in their history."""
        with self.world.lock:
            self.world.statuses.remove(id)

    def statuses(self) -> list[Row]:
        """All of them, also archived, hidden and deceased ones."""
        with self.world.lock:
            return [status_row(status) for status in self.world.statuses.listed()]

    # Members, as the association's secretary changes them

    def add_member(self, **fields: Any) -> Row:
        """An ordinary member but for `fields`: those of the API, nested ones too, and `status` (an id) with `member_from`.

        Raises ValueError for what does not fit, KeyError for a status there is not.
        """
        with self.world.lock:
            return self._row(self.world.members.add(fields).id)

    def add_members(self, members: Iterable[Mapping[str, Any]]) -> list[int]:
        """Many at once; their ids."""
        with self.world.lock, self._store.together():
            return [self.world.members.add(fields).id for fields in members]

    def change_member(self, id: int, **fields: Any) -> Row:
        """Nested ones are merged, and `statuses` replaces all periods. Raises KeyError and ValueError."""
        with self.world.lock:
            self.world.members.change(id, fields)
            return self._row(id)

    def move_member(self, id: int, status_id: int, member_from: date | str | None = None) -> Row:
        """Another status from that day on, or from today."""
        with self.world.lock:
            self.world.members.move(id, status_id, member_from)
            return self._row(id)

    def delete_member(self, id: int) -> None:
        """Into the bin."""
        with self.world.lock:
            self.world.members.delete(id)

    def restore_member(self, id: int) -> Row:
        with self.world.lock:
            self.world.members.restore(id)
            return self._row(id)

    def erase_member(self, id: int) -> None:
        """For good."""
        with self.world.lock:
            self.world.members.erase(id)

    def member(self, id: int) -> Row:
        """One member as in a list, also from the bin. Raises KeyError."""
        with self.world.lock:
            return self._row(id)

    def members(self) -> list[Row]:
        """All who are not in the bin, by id."""
        with self.world.lock:
            return [member_row(member, self.world.statuses) for member in self.world.members.listed()]

    # Webhooks

    def add_webhook(self, url: str, signal: str = "member", **settings: Any) -> Row:
        """As registered, without the call that registering makes; `settings` as the API takes them. Raises questions.Invalid."""
        with self.world.lock:
            return asdict(self.world.webhooks.put(self.world.webhooks.draft({"url": url, "signal": signal, **settings})))

    def remove_webhook(self, id: int) -> None:
        self.world.remove_webhook(id)

    def webhooks(self) -> list[Row]:
        with self.world.lock:
            return [asdict(webhook) for webhook in self.world.webhooks.held.values()]

    def webhook_calls(self, id: int) -> list[Row]:
        """The calls to one, newest first, as the API shows them."""
        with self.world.lock:
            row = asdict(self.world.webhooks.held[id])
        return [call_row(delivery, row) for delivery in self.world.deliveries.of(id)]

    def webhooks_idle(self, timeout: float = 10.0) -> bool:
        """True as soon as every call was delivered or given up; False when that took longer than `timeout` seconds."""
        return self.world.deliveries.idle(timeout)

    def hold_webhooks(self) -> None:
        """What is to be called waits until release_webhooks()."""
        self.world.deliveries.hold(True)

    def release_webhooks(self) -> None:
        self.world.deliveries.hold(False)

    # Trouble

    def turn(self, **dials: Any) -> Dials:
        """Set dials by name, also for after a restart. Raises ValueError."""
        self.dials.turn(**dials)
        with self.world.lock:
            self._store.keep("dials", "dials", vars(self.dials))
        self.world.turn_day()
        return self.dials

    def add_fault(self, kind: str, **settings: Any) -> Fault | Gate:
        """`settings` are attributes of Fault: method, endpoint, object_id, query, nth, count, status, body, seconds ...

        For kind "gate" the handle on it: it holds the next matching call, or with after=True its answer.
        """
        fault = self.faults.add(Fault(kind, **settings))
        return Gate(self.faults, fault.number) if kind == "gate" else fault

    def gate(self, **settings: Any) -> Gate:
        return Gate(self.faults, self.faults.add(Fault("gate", **settings)).number)

    def clear_faults(self) -> None:
        self.faults.clear()

    def wait_at_gate(self, number: int, timeout: float = 10.0) -> bool:
        return self.faults.wait_at(number, timeout)

    def release(self, number: int) -> None:
        self.faults.release(number)

    def use_up(self, key: str = "", *, minute: int = 0, hour: int = 0) -> None:
        """As if that many calls more had been made in the current windows, with the first key where none is told."""
        self.budget.use_up(key or self.key, minute, hour)

    def fresh_limits(self) -> None:
        self.budget.reset()

    # What happened

    def calls(
        self, method: str | None = None, endpoint: str | None = None, status: int | None = None,
        query: Mapping[str, str] | None = None, object_id: int | None = None,
    ) -> list[Call]:  # fmt: skip
        """The calls so far, oldest first; None means any. `endpoint` such as members, members/{id}; `query` some of what was asked."""
        return self.log.calls(method, endpoint, status, query, object_id)

    def clear_calls(self) -> None:
        self.log.clear()

    def _begin(self, beginning: Begin, api_key: str) -> None:
        with self.world.lock, self._store.together():
            self.world.add_key(api_key, "Ledenkoppeling")
            if "association" in beginning:
                self.world.rename(beginning["association"])
            for status in beginning.get("statuses", []):
                self.world.statuses.add(**status)
            for member in beginning.get("members", []):
                self.world.members.add(member)

    def _row(self, id: int) -> Row:
        return member_row(self.world.members.get(id), self.world.statuses)


def _beginning(seed: str, members: Path | None) -> Begin:
    """What a file names takes the place of the seed's."""
    if seed and seed not in SEEDS:
        raise ValueError(f"no such seed: {seed}")
    return SEEDS.get(seed, {}) | (read(members) if members else {})

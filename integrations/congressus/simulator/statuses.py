"""The member statuses of the association. One that was removed is not listed, but still has a name in the history of members."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from integrations.simulation.store import Store

from .numbers import Numbers


@dataclass
class Status:
    id: int
    name: str
    description: str = ""
    archived: bool = False
    hidden: bool = False
    deceased: bool = False
    order: int = 0
    removed: bool = False


class Statuses:
    """Callers hold the world's lock."""

    def __init__(self, store: Store, numbers: Numbers) -> None:
        self._store, self._numbers = store, numbers
        self.known: dict[int, Status] = {body["id"]: Status(**body) for body in store.all("status")}

    def add(self, name: str, *, id: int | None = None, **told: Any) -> Status:
        """Raises ValueError for a number that is taken, and for what is no attribute of a status."""
        number = self._numbers.take("status", id)
        if number in self.known:
            raise ValueError(f"status {number} is there already")
        order = max((status.order for status in self.known.values()), default=0) + 1
        told = {"order": order, **_fit(told)}
        return self._put(Status(number, _named(name), **told))

    def change(self, id: int, **told: Any) -> Status:
        """Raises KeyError for a status there is not, ValueError as `add`."""
        status = self.get(id)
        fit = _fit(told)
        if "name" in fit:
            _named(fit["name"])
        for name, value in fit.items():
            setattr(status, name, value)
        return self._put(status)

    def remove(self, id: int) -> None:
        status = self.get(id)
        status.removed = True
        self._put(status)

    def get(self, id: int) -> Status:
        """Raises KeyError also for one that was removed."""
        status = self.known.get(id)
        if status is None or status.removed:
            raise KeyError(f"no status {id}")
        return status

    def listed(self) -> list[Status]:
        """Those there are: hidden after the others, archived after those in use, then as the association orders them."""
        there = (status for status in self.known.values() if not status.removed)
        return sorted(there, key=lambda status: (status.hidden, status.archived, status.order, status.name))

    def _put(self, status: Status) -> Status:
        self.known[status.id] = status
        self._store.keep("status", status.id, asdict(status))
        return status


def status_row(status: Status) -> dict[str, Any]:
    return {name: value for name, value in asdict(status).items() if name != "removed"}


SETTABLE = {"name": str, "description": str, "archived": bool, "hidden": bool, "deceased": bool, "order": int}


def _fit(told: dict[str, Any]) -> dict[str, Any]:
    for name, value in told.items():
        if name not in SETTABLE:
            raise ValueError(f"a status has no {name}")
        if not isinstance(value, SETTABLE[name]):
            raise ValueError(f"unfit value for {name} of a status: {value!r}")
    return told


def _named(name: str) -> str:
    if not 1 <= len(name) <= 255:
        raise ValueError("the name of a status has 1 to 255 characters")
    return name

"""The members this Congressus holds, and the verbs with which they change, whoever changes them: a test, a page, or the API.

Every change moves `modified`, which never stands still and never goes back, and is told to the webhooks. Lists are
kept sorted until something changes, so that a walk through a hundred thousand members costs no more per page than one through a hundred.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from integrations.simulation.clock import Clock
from integrations.simulation.store import Store

from . import naming
from .fields import BLANK, ORDINARY, Row, put_together
from .numbers import Numbers
from .periods import Period, day, in_force, in_order, moved, today
from .rows import Member, member_row
from .statuses import Statuses

Order = tuple[tuple[str, bool], ...]  # fields to order by, each with whether it falls
Tell = Callable[[str, int, Callable[[], Row]], None]  # signal, member id, and the payload for whoever wants it

ORDERABLE = (
    "id", "username", "modified", "last_name", "primary_last_name_main", "given_name", "first_name", "initials", "email",
    "date_of_birth", "gender",
)  # fmt: skip
BEGINS = date(2020, 9, 1)  # the ordinary member's status
WITH_PERIODS = ("status", "status_id", "member_from", "member_to", "statuses")


class Members:
    """Callers hold the world's lock."""

    def __init__(self, store: Store, clock: Clock, numbers: Numbers, statuses: Statuses, tell: Tell) -> None:
        self._store, self._clock, self._numbers, self._statuses, self._tell = store, clock, numbers, statuses, tell
        self.today = today(clock)
        self._held: dict[int, Member] = {}
        self._ids: list[int] = []
        self._usernames: dict[str, int] = {}
        self._lists: dict[tuple[frozenset[int], Order], list[Member]] = {}
        self._modified = 0
        for body in store.all("member"):
            self._enter(_read(body))

    def get(self, id: int) -> Member:
        """Also one that lies in the bin. Raises KeyError."""
        if id not in self._held:
            raise KeyError(f"no member {id}")
        return self._held[id]

    def everyone(self) -> Iterable[Member]:
        """In the order of their ids, with those in the bin."""
        return (self._held[id] for id in self._ids)

    def listed(self, status_ids: Collection[int] = (), order: Order = (("id", False),)) -> list[Member]:
        """Who is not in the bin and has one of these statuses today, or any; ascending with nothing last, descending with nothing
        first, and equals by id."""
        asked = (frozenset(status_ids), order)
        if asked not in self._lists:
            self._lists[asked] = self._sorted(*asked)
        return self._lists[asked]

    def found(self, term: str) -> list[Member]:
        """Whose name, username, e-mail address or city holds these words, by id."""
        words = term.casefold().split()
        return [member for member in self.listed() if all(word in _searched(member) for word in words)]

    def add(self, told: Mapping[str, Any], basis: Row = ORDINARY) -> Member:
        """`told` as the API has it, and of the status: `status` or `status_id` with `member_from` and `member_to`, or `statuses`.

        Raises ValueError for what does not fit, KeyError for a status there is not.
        """
        values = put_together(basis, {name: value for name, value in told.items() if name not in ("id", *WITH_PERIODS)})
        id = self._numbers.take("member", told.get("id"))
        if id in self._held:
            raise ValueError(f"member {id} is there already")
        if "username" not in told:
            values["username"] = self._next_username()
        if basis is ORDINARY and "email" not in told:
            values["email"] = f"lid{values['username']}@leden.example"
        member = Member(id, values, self._first_periods(told))
        self._refuse_taken(member)
        self._save(member, "member_added")
        return member

    def change(self, id: int, told: Mapping[str, Any]) -> Member:
        """`statuses` replaces all periods. Raises KeyError and ValueError as `add`."""
        member = self.get(id)
        values = put_together(member.values, {name: value for name, value in told.items() if name != "statuses"})
        periods = self._periods(told["statuses"]) if "statuses" in told else member.periods
        changed = replace(member, values=values, periods=periods)
        self._refuse_taken(changed)
        self._save(changed, "member_updated")
        return changed

    def move(self, id: int, status_id: int, begins: Any = None, ends: Any = None) -> Period:
        """Another status from a day on: today's where none is told. Raises KeyError and ValueError."""
        member = self.get(id)
        new = self._period({"status_id": status_id, "member_from": begins or self.today, "member_to": ends})
        self._save(replace(member, periods=moved(member.periods, new)), "member_updated")
        return new

    def delete(self, id: int) -> None:
        """Into the bin, from which it can be restored."""
        self._save(replace(self.get(id), deleted=True), "member_deleted")

    def restore(self, id: int) -> Member:
        restored = replace(self.get(id), deleted=False)
        self._save(restored, "member_updated")
        return restored

    def erase(self, id: int) -> None:
        """For good; who was not in the bin is told of as deleted."""
        member = self.get(id)
        self._leave(member)
        self._store.forget("member", id)
        if not member.deleted:
            self._tell("member_deleted", id, lambda: {"id": id})

    def turn_day(self, fires: bool) -> None:
        """Puts in force what begins on the day it has become; `fires` counts that as a change of the member."""
        now = today(self._clock)
        if now == self.today:
            return
        self.today = now
        self._lists.clear()
        turned = [member for member in self._held.values() if member.current != in_force(member.periods, now)]
        for member in turned:
            if fires and not member.deleted:
                self._save(replace(member), "member_updated")
            else:
                member.current = in_force(member.periods, now)

    def _save(self, member: Member, signal: str) -> None:
        self._modified = max(int(self._clock.now() * 1_000_000), self._modified + 1)
        member.modified = self._modified
        if member.id in self._held:
            self._leave(self._held[member.id])
        self._enter(member)
        self._store.keep("member", member.id, _written(member))
        self._tell(signal, member.id, lambda: member_row(member, self._statuses))

    def _enter(self, member: Member) -> None:
        member.current = in_force(member.periods, self.today)
        self._held[member.id] = member
        insort(self._ids, member.id)
        if member.values["username"]:
            self._usernames[member.values["username"]] = member.id
        self._modified = max(self._modified, member.modified)
        self._lists.clear()

    def _leave(self, member: Member) -> None:
        del self._held[member.id]
        del self._ids[bisect_left(self._ids, member.id)]
        self._usernames.pop(member.values["username"], None)
        self._lists.clear()

    def _sorted(self, status_ids: frozenset[int], order: Order) -> list[Member]:
        found = [
            member
            for member in self.everyone()
            if not member.deleted and (not status_ids or (member.current and member.current.status_id in status_ids))
        ]
        for name, falls in reversed(order):
            if (name, falls) != ("id", False):  # they come that way
                found.sort(key=_rank(name), reverse=falls)
        return found

    def _first_periods(self, told: Mapping[str, Any]) -> list[Period]:
        if "statuses" in told:
            return self._periods(told["statuses"])
        status = told.get("status", told.get("status_id"))
        begins = told.get("member_from", BEGINS)
        first = self._ordinary_status() if status is None else status
        return [self._period({"status_id": first, "member_from": begins, "member_to": told.get("member_to")})]

    def _ordinary_status(self) -> int:
        """The first that members of today have; made where there is none."""
        usual = (status for status in self._statuses.listed() if not (status.archived or status.hidden or status.deceased))
        return (next(usual, None) or self._statuses.add("Lid")).id

    def _periods(self, told: Iterable[Mapping[str, Any]]) -> list[Period]:
        return in_order(self._period(period) for period in told)

    def _period(self, told: Mapping[str, Any]) -> Period:
        unknown = sorted(set(told) - {"id", "status_id", "member_from", "member_to", "name", "archived", "deceased"})
        if unknown:
            raise ValueError(f"a period has no {', '.join(unknown)}")
        begins, ends = day(told.get("member_from")), day(told.get("member_to"))
        if begins and ends and ends < begins:
            raise ValueError("a period ends before it begins")
        status = self._statuses.get(told["status_id"])
        return Period(self._numbers.take("period", told.get("id")), status.id, begins, ends)

    def _refuse_taken(self, member: Member) -> None:
        holder = self._usernames.get(member.values["username"])
        if holder not in (None, member.id):
            raise ValueError(f"username {member.values['username']} is taken")

    def _next_username(self) -> str:
        while (username := str(self._numbers.take("username"))) in self._usernames:
            pass
        return username


def _rank(name: str) -> Callable[[Member], tuple[bool, Any]]:
    """Nothing sorts after something; falling it comes first."""
    if name in ("id", "modified"):
        return lambda member: (False, getattr(member, name))

    def rank(member: Member) -> tuple[bool, Any]:
        value = naming.last_name(member.values) if name == "last_name" else member.values.get(name)
        return (value is None, str(value or "").casefold())

    return rank


def _searched(member: Member) -> str:
    values, address = member.values, member.values["address"] or {}
    parts = (naming.called(values), values["first_name"], values["username"], values["email"], address.get("city"))
    return " ".join(str(part) for part in parts if part).casefold()


def _written(member: Member) -> Row:
    periods = [[period.id, period.status_id, _text(period.begins), _text(period.ends)] for period in member.periods]
    return {
        "id": member.id, "values": member.values, "periods": periods, "deleted": member.deleted, "modified": member.modified,
    }  # fmt: skip


def _read(body: Row) -> Member:
    periods = [Period(id, status_id, day(begins), day(ends)) for id, status_id, begins, ends in body["periods"]]
    return Member(body["id"], BLANK | body["values"], periods, body["deleted"], body["modified"])


def _text(moment: date | None) -> str | None:
    return moment.isoformat() if moment else None

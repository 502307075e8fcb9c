"""What Congressus tells of one member -> the member here: only what differs is written, and what was not told stays as it is.

Who is not here yet comes in with a status that is fetched; who is here is kept up to date whatever the status. A value that cannot be
used leaves the old one and is named; a missing one is unknown, never cleared. A status that would end somebody's taking part in
Exact Online, and a deletion, are noted as what Congressus says and wait for `endings`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import F

from integrations.congressus.records import Period, Record
from integrations.from_congressus import next_turn, status_on
from integrations.models import CongressusMember
from integrations.problems import ArrivalProblem
from members import cleaning
from members.intake import LENGTHS, too_long
from members.models import ChangedVia, Member

if TYPE_CHECKING:
    from integrations.arrivals.store import Batch

# What is known of a member besides who heard and read, which others write.
FACTS = (
    "number",
    "status_id",
    "gone",
    "periods",
    "turns_on",
    "problem",
    "problem_details",
    "warnings",
    "declined",
    "missed_by_id",
)


def vanished(congressus_id: int) -> Record:
    """One that Congressus no longer has, as if it had said so."""
    return Record(id=congressus_id, told={}, status=None, periods=(), modified=None, deleted=True)


class Arrival:
    """One record, and what is here of it."""

    def __init__(self, batch: Batch, record: Record, told: dict[str, str]) -> None:
        self.batch = batch
        self.record = record
        self.told = told
        self.member = batch.members.get(record.id)
        self.row = batch.rows.get(record.id) or CongressusMember(congressus_id=record.id, member=self.member)
        self.before = facts_of(self.row)
        self.number = cleaning.text(told.get("member_number", ""))
        today = batch.today
        self.status = batch.statuses.get(status_on(record.status, record.periods, today))
        self.periods = [_as_stored(period) for period in record.periods]
        self.turns_on = next_turn(record.periods, today)

    def take(self) -> None:
        self.row.missed_by = None
        if self.status is None and self.record.status is not None and self.batch.may_ask_for_statuses:
            self.batch.with_unknown_status.append(self.record.id)
        if self.member is None:
            self._newcomer()
        else:
            self._known(self.member)

    # Somebody who is not here yet

    def _newcomer(self) -> None:
        if self.record.deleted or (self.status is not None and self.status.pk not in self.batch.fetched):
            self._not_ours()
            return
        problem, details = self._obstacle()
        if problem:
            self._refuse(problem, details)
            return
        self._clear_problem()
        member = Member(congressus_id=self.record.id, status=self.status, changed_via=ChangedVia.CONGRESSUS)
        # No country told and a Dutch postcode is the Netherlands, but only where Congressus was asked and had none.
        for name, value in self._usable(member, {}).items():
            setattr(member, name, value)
        member.member_number = self.number
        self._notefacts_of()
        self.row.member = member
        self.batch.holders[self.number] = member
        self.batch.new.append((member, self.row))
        self.batch.taken.created += 1

    def _obstacle(self) -> tuple[str, dict[str, str]]:
        """Why this one cannot come in: problem and what its sentence needs; "" where nothing stands in the way."""
        if self.status is None:
            return ArrivalProblem.STATUS_UNKNOWN, {}
        kept_apart = self.row.problem == ArrivalProblem.NUMBER_KEPT_APART
        problem, details = self._taken_number() if self.number else (str(ArrivalProblem.NUMBER_MISSING), {})
        # As long as it is the number of those two, and an answer without a number says nothing.
        same = problem == ArrivalProblem.NUMBER_KEPT_HERE and self.number == self.row.number
        if kept_apart and (same or not self.number):
            return ArrivalProblem.NUMBER_KEPT_APART, self.row.problem_details
        return problem, details

    def _taken_number(self) -> tuple[str, dict[str, str]]:
        """What speaks against this number."""
        if len(self.number) > LENGTHS["member_number"]:
            return ArrivalProblem.NUMBER_TOO_LONG, {}
        holder = self.batch.holders.get(self.number)
        if holder is None:
            return "", {}
        if holder.is_from_congressus:
            return ArrivalProblem.NUMBER_TWICE, {"number": self.number}
        return ArrivalProblem.NUMBER_KEPT_HERE, {"number": self.number} | _name(self.told)

    def _refuse(self, problem: str, details: dict[str, str]) -> None:
        self.row.problem, self.row.problem_details = problem, details
        self.row.number = self.number[: LENGTHS["member_number"]] or self.row.number
        self.batch.taken.refused += 1
        self._write_row()

    def _not_ours(self) -> None:
        """Nothing is kept of whom the association does not want here, but that it was heard of and is to be read."""
        if not self.row._state.adding:
            rows = CongressusMember.objects.filter(pk=self.row.pk, member=None)
            rows.filter(heard=F("read")).delete()
            rows.update(problem="", problem_details={}, number="", warnings={}, missed_by=None)

    # Somebody who is

    def _known(self, member: Member) -> None:
        self.row.member = member
        changes: dict[str, Any] = {}
        if self.record.deleted:
            self.row.gone, self.row.warnings = True, {}
            self._clear_problem()
        else:
            self._clear_problem()
            changes = self._values(member) | self._number(member)
            self._notefacts_of()
        if (self.row.gone, self.row.status_id) != (self.before["gone"], self.before["status_id"]):
            self.row.declined = False
        changes |= self._standing(member)
        self._write_row()
        if not changes:
            self.batch.taken.unchanged += 1
            return
        self.batch.taken.changed += 1
        Member.objects.filter(pk=member.pk).update(**changes, changed_via=ChangedVia.CONGRESSUS, changed_by=None)

    def _values(self, member: Member) -> dict[str, Any]:
        known = {name: getattr(member, name) for name in cleaning.FIELDS}
        usable = self._usable(member, known)
        return {name: value for name, value in usable.items() if value != known[name]}

    def _number(self, member: Member) -> dict[str, Any]:
        if not self.number or self.number == member.member_number:
            return {}
        problem, details = self._taken_number()
        if problem == ArrivalProblem.NUMBER_TWICE and self._swap(member, self.batch.holders[self.number]):
            return {}
        if problem:
            # The others go on: the member keeps the number it had.
            self.row.problem, self.row.problem_details = problem, {"number": details.get("number", "")}
            self.batch.taken.refused += 1
            return {}
        self.batch.holders[self.number] = member
        return {"member_number": self.number}

    def _swap(self, member: Member, other: Member) -> bool:
        """Each has the number the other should have: neither could be first. Tells whether that was so."""
        mine = member.member_number
        if self.batch.due.get(other.pk) != mine:
            return False
        for pk, number in ((other.pk, f"~{self.record.id}"), (member.pk, self.number), (other.pk, mine)):
            Member.objects.filter(pk=pk).update(member_number=number, changed_via=ChangedVia.CONGRESSUS, changed_by=None)
        CongressusMember.objects.filter(member=other, problem=ArrivalProblem.NUMBER_TWICE).update(problem="", problem_details={})
        self.batch.holders |= {self.number: member, mine: other}
        return True

    def _standing(self, member: Member) -> dict[str, Any]:
        """Status and deletion, unless they end somebody's taking part: that waits."""
        if self.row.gone:
            ends = self.batch.sending.would_end(member, member.status_id, gone=True)
            return {} if ends or member.gone_at else {"gone_at": self.batch.now}
        back: dict[str, Any] = {"gone_at": None} if member.gone_at else {}
        status = self.status
        if status is None or status.pk == member.status_id or self.batch.sending.would_end(member, status.pk, gone=False):
            return back
        return back | {"status": status}

    # Both

    def _usable(self, member: Member, known: dict[str, Any]) -> dict[str, Any]:
        """The values that can be used; why the others cannot is noted."""
        fields = {name: value for name, value in self.told.items() if name in cleaning.FIELDS}
        clean, refused = cleaning.member(fields, known)
        for name in [name for name, value in clean.items() if len(value) > LENGTHS[name]]:
            refused[name] = too_long(len(clean.pop(name)), LENGTHS[name])
        if "postcode" in refused and any(clean.get(name, known.get(name)) != known.get(name) for name in ("address", "city")):
            clean["postcode"] = ""  # the old one belongs to another address
        self.row.warnings = refused
        return clean

    def _notefacts_of(self) -> None:
        row = self.row
        row.gone, row.number = False, self.number[: LENGTHS["member_number"]] or row.number
        row.periods, row.turns_on = self.periods, self.turns_on
        if self.status is not None:
            row.status = self.status

    def _clear_problem(self) -> None:
        self.row.problem, self.row.problem_details = "", {}

    def _write_row(self) -> None:
        if self.row._state.adding:
            self.row.save(force_insert=True)
        elif facts_of(self.row) != self.before:
            self.row.save(update_fields=("member", *columns()))


def facts_of(row: CongressusMember) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("member_id", *FACTS)}


def columns() -> Sequence[str]:
    return [name.removesuffix("_id") for name in FACTS]


def _as_stored(period: Period) -> list[Any]:
    return [period.status_id, period.begins and period.begins.isoformat(), period.ends and period.ends.isoformat()]


def as_period(stored: Sequence[Any]) -> Period:
    status_id, begins, ends = stored
    return Period(status_id, begins and date.fromisoformat(begins), ends and date.fromisoformat(ends))


def _name(told: dict[str, str]) -> dict[str, str]:
    """To be recognised by whoever says whether two are one person."""
    return {name: cleaning.shown(told.get(name, "")) for name in ("initials", "first_name", "infix", "last_name")}

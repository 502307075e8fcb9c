"""What Congressus tells of members -> the members here: only what differs is written, and what was not told stays as it is.

Who is not here yet comes in with a status that is fetched; who is here is kept up to date whatever the status. A value that cannot be
used leaves the old one and is named; a missing one is unknown, never cleared. A status that would end somebody's taking part in
Exact Online, and a deletion, are noted as what Congressus says and wait for `endings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from django.db import DataError, IntegrityError, transaction

from integrations.arrivals import amsterdam
from integrations.arrivals.taking_part import Sending
from integrations.congressus.records import Period, Record
from integrations.from_congressus import NumberFrom, next_turn, status_on, typed
from integrations.models import CongressusConnection, CongressusMember
from integrations.problems import ArrivalProblem
from integrations.tokens import Clock
from members import cleaning
from members.intake import LENGTHS, too_long
from members.models import ChangedVia, Member, MemberStatus
from members.signals import one_ring

logger = structlog.get_logger(__name__)

# Somebody may add a member with the same number by hand between our look and our write; on the second look it is there.
ATTEMPTS = 3
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


# What only our own code raises, or a database that cannot hold what somebody typed.
MISTAKES = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError, DataError)
# A status nobody has heard of may be a new one; but asking for it again and again would be a loop.
STATUSES_ARE_FRESH = timedelta(minutes=1)


@dataclass
class Taken:
    """How many members were made, changed, left as they were, and refused."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0

    def add(self, other: Taken) -> None:
        self.created += other.created
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.refused += other.refused


def vanished(congressus_id: int) -> Record:
    """One that Congressus no longer has, as if it had said so."""
    return Record(id=congressus_id, told={}, status=None, periods=(), modified=None, deleted=True)


def take(connection: CongressusConnection, records: Iterable[Record], now: Clock) -> Taken:
    """Write what these records change, in one short transaction; one that cannot be handled does not stop the others."""
    wanted = {record.id: record for record in records}
    try:
        return _take(connection, wanted, now)
    except MISTAKES:
        logger.exception("mistake_of_ours", members=len(wanted))
    taken = Taken()
    for pk, record in wanted.items():
        taken.add(_alone(connection, pk, record, now))
    return taken


def _take(connection: CongressusConnection, wanted: dict[int, Record], now: Clock) -> Taken:
    for _attempt in range(ATTEMPTS - 1):
        with suppress(IntegrityError):
            return _Batch(connection, wanted, now()).commit()
    return _Batch(connection, wanted, now()).commit()


def _alone(connection: CongressusConnection, pk: int, record: Record, now: Clock) -> Taken:
    try:
        return _take(connection, {pk: record}, now)
    except MISTAKES:
        logger.exception("mistake_of_ours", congressus_id=pk)
    values: dict[str, Any] = {"problem": ArrivalProblem.OUR_MISTAKE, "problem_details": {}, "missed_by": None}
    CongressusMember.objects.update_or_create(congressus_id=pk, defaults=values)
    return Taken(refused=1)


class _Batch:
    def __init__(self, connection: CongressusConnection, records: dict[int, Record], now: datetime) -> None:
        self.number_from = NumberFrom(connection.number_from)
        self.fetched = set(connection.statuses.values_list("pk", flat=True))
        self.statuses = {status.congressus_id: status for status in MemberStatus.objects.exclude(congressus_id=None)}
        self.sending = Sending()
        self.records = records
        self.now = now
        self.today = amsterdam.today(now)
        read_at = connection.statuses_read_at
        self.may_ask_for_statuses = read_at is None or read_at < now - STATUSES_ARE_FRESH
        self.asks_for_statuses = False
        self.taken = Taken()
        self.new: list[tuple[Member, CongressusMember]] = []

    def commit(self) -> Taken:
        with transaction.atomic(), one_ring():
            # In one order, so that no two who take in block each other.
            rows = CongressusMember.objects.filter(pk__in=self.records).order_by("pk").select_for_update()
            self.rows = {row.pk: row for row in rows}
            members = Member.objects.filter(congressus_id__in=self.records).order_by("pk").select_for_update()
            self.members = {member.congressus_id: member for member in members}
            told = {pk: typed(record, self.number_from) for pk, record in self.records.items()}
            numbers = [cleaning.text(values.get("member_number", "")) for values in told.values()]
            self.holders = {member.member_number: member for member in Member.objects.filter(member_number__in=numbers)}
            for pk, record in self.records.items():
                _Arrival(self, record, told[pk]).take()
            self._create()
            if self.asks_for_statuses:
                CongressusConnection.objects.update(statuses_read_at=None)
        return self.taken

    def _create(self) -> None:
        Member.objects.bulk_create([member for member, _row in self.new])
        CongressusMember.objects.bulk_create([row for _member, row in self.new if row._state.adding])
        for _member, row in self.new:
            if not row._state.adding:
                row.save(update_fields=("member", *_columns()))


class _Arrival:
    """One record, and what is here of it."""

    def __init__(self, batch: _Batch, record: Record, told: dict[str, str]) -> None:
        self.batch = batch
        self.record = record
        self.told = told
        self.member = batch.members.get(record.id)
        self.row = batch.rows.get(record.id) or CongressusMember(congressus_id=record.id, member=self.member)
        self.before = _facts(self.row)
        self.number = cleaning.text(told.get("member_number", ""))
        today = batch.today
        self.status = batch.statuses.get(status_on(record.status, record.periods, today))
        self.periods = [_as_stored(period) for period in record.periods]
        self.turns_on = next_turn(record.periods, today)

    def take(self) -> None:
        self.row.missed_by = None
        if self.status is None and self.record.status is not None and self.batch.may_ask_for_statuses:
            # Perhaps a new one: the statuses are read again, and then this member.
            self.batch.asks_for_statuses = True
            self.row.heard += 1
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
        self._note_facts()
        self.row.member = member
        self.batch.holders[self.number] = member
        self.batch.new.append((member, self.row))
        self.batch.taken.created += 1

    def _obstacle(self) -> tuple[str, dict[str, str]]:
        """Why this one cannot come in: problem and what its sentence needs; "" where nothing stands in the way."""
        if self.status is None:
            return ArrivalProblem.STATUS_UNKNOWN, {}
        if not self.number:
            return ArrivalProblem.NUMBER_MISSING, {}
        if len(self.number) > LENGTHS["member_number"]:
            return ArrivalProblem.NUMBER_TOO_LONG, {}
        holder = self.batch.holders.get(self.number)
        if holder is None:
            return "", {}
        if holder.is_from_congressus:
            return ArrivalProblem.NUMBER_TWICE, {"number": self.number}
        if self.row.problem == ArrivalProblem.NUMBER_KEPT_APART and self.row.number == self.number:
            return ArrivalProblem.NUMBER_KEPT_APART, self.row.problem_details
        return ArrivalProblem.NUMBER_KEPT_HERE, {"number": self.number} | _name(self.told)

    def _refuse(self, problem: str, details: dict[str, str]) -> None:
        self.row.problem, self.row.problem_details, self.row.number = problem, details, self.number[: LENGTHS["member_number"]]
        self.batch.taken.refused += 1
        self._write_row()

    def _not_ours(self) -> None:
        """Nothing is kept of whom the association does not want here."""
        if not self.row._state.adding:
            CongressusMember.objects.filter(pk=self.row.pk, member__isnull=True).update(
                problem="", problem_details={}, number="", warnings={}, missed_by=None
            )

    # Somebody who is

    def _known(self, member: Member) -> None:
        self.row.member = member
        changes: dict[str, Any] = {}
        if self.record.deleted:
            self.row.gone = True
        else:
            self._clear_problem()
            changes = self._values(member) | self._number(member)
            self._note_facts()
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
        problem, details = self._obstacle()
        if problem in (ArrivalProblem.NUMBER_TOO_LONG, ArrivalProblem.NUMBER_KEPT_HERE, ArrivalProblem.NUMBER_TWICE):
            # The others go on: the member keeps the number it had.
            self.row.problem, self.row.problem_details = problem, {"number": details.get("number", "")}
            self.batch.taken.refused += 1
            return {}
        self.batch.holders[self.number] = member
        return {"member_number": self.number}

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

    def _note_facts(self) -> None:
        row = self.row
        row.gone, row.number = False, self.number[: LENGTHS["member_number"]]
        row.periods, row.turns_on = self.periods, self.turns_on
        if self.status is not None:
            row.status = self.status

    def _clear_problem(self) -> None:
        self.row.problem, self.row.problem_details = "", {}

    def _write_row(self) -> None:
        if self.row._state.adding:
            self.row.save(force_insert=True)
        elif _facts(self.row) != self.before:
            self.row.save(update_fields=("member", *_columns()))


def _facts(row: CongressusMember) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("member_id", *FACTS)}


def _columns() -> Sequence[str]:
    """Not those of who heard and read, which others write."""
    return [name.removesuffix("_id") for name in FACTS]


def _as_stored(period: Period) -> list[Any]:
    return [period.status_id, period.begins and period.begins.isoformat(), period.ends and period.ends.isoformat()]


def as_period(stored: Sequence[Any]) -> Period:
    status_id, begins, ends = stored
    return Period(status_id, begins and date.fromisoformat(begins), ends and date.fromisoformat(ends))


def _name(told: dict[str, str]) -> dict[str, str]:
    """To be recognised by whoever says whether two are one person."""
    return {name: cleaning.shown(told.get(name, "")) for name in ("initials", "first_name", "infix", "last_name")}

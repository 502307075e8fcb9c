"""Taking in a file of members: one function for the page, the worker and the command line.

A row is matched on its member number. A missing column leaves what we have, an empty cell clears it, and a refused value leaves
it too: a typing error must not cost a good e-mail address. Who is not in the file is not touched. Rows are taken in batches, each
with a short transaction of its own: on SQLite an open write transaction stops every other writer. Only what differs is written,
column by column, so an edit by a person during the import keeps its other fields, and the same file twice writes nothing.

Of a member who is kept in Congressus a file changes nothing: what it says would be undone by what arrives from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import islice
from time import sleep
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from members import cleaning
from members.csv_files import KEY, CsvFile, Row
from members.models import ChangedVia, Member, MemberStatus
from members.signals import one_ring

BATCH = 500
# A report is read by a person; a file with every e-mail wrong needs no 20,000 lines to say so.
MAX_REMARKS = 1000
# Another writer may create the same member between our look and our write; on the second look it is there.
ATTEMPTS = 3
LENGTHS = {field.name: field.max_length or 0 for field in Member._meta.fields}
LONGEST_STATUS = {field.name: field.max_length or 0 for field in MemberStatus._meta.fields}["name"]


class RowRefused(Exception):
    """Nothing of this row can be used; its text says why."""


@dataclass
class Remark:
    line: int
    member_number: str
    column: str  # "" where the row as a whole was refused; else the one whose value was
    reason: str


@dataclass
class Report:
    """What was done so far. `more` counts the remarks that no longer fitted."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    warnings: int = 0
    ignored_columns: list[str] = field(default_factory=list)
    created_statuses: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    more: int = 0

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Report:
        return cls(**stored | {"remarks": [Remark(**remark) for remark in stored.get("remarks", [])]})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def add(self, other: Report) -> Report:
        """Both together, as a new report."""
        remarks = self.remarks + other.remarks
        return Report(
            rows=self.rows + other.rows,
            created=self.created + other.created,
            updated=self.updated + other.updated,
            unchanged=self.unchanged + other.unchanged,
            refused=self.refused + other.refused,
            warnings=self.warnings + other.warnings,
            ignored_columns=self.ignored_columns or other.ignored_columns,
            created_statuses=self.created_statuses + other.created_statuses,
            remarks=remarks[:MAX_REMARKS],
            more=self.more + other.more + max(0, len(remarks) - MAX_REMARKS),
        )

    def refuse(self, row: Row, reason: str) -> None:
        self.refused += 1
        self.remarks.append(Remark(row.line, cleaning.shown(row.values.get(KEY, "")), "", reason))

    def warn(self, row: Row, column: str, reason: str) -> None:
        self.warnings += 1
        self.remarks.append(Remark(row.line, cleaning.shown(row.values.get(KEY, "")), column, reason))


def take_in(
    file: CsvFile,
    *,
    changed_by: AbstractBaseUser | None = None,
    create_statuses: bool = False,
    dry_run: bool = False,
    report: Report | None = None,
    record: Callable[[Report], None] = lambda report: None,
) -> Iterator[Report]:
    """Take in the rows of `file`, yielding the report so far after each committed batch.

    Given a `report` of an earlier run, its rows are skipped. `record` is called with the new report inside the transaction of
    each batch: what it raises rolls that batch back. A dry run counts and remarks the same and writes nothing.
    """
    so_far = report or Report(ignored_columns=file.ignored)
    intake = _Intake(changed_by, create_statuses, dry_run)
    rows = iter(file)
    for row in islice(rows, so_far.rows):
        with suppress(RowRefused):
            intake.number(row)
    while batch := list(islice(rows, BATCH)):
        so_far = intake.commit(batch, so_far, record)
        yield so_far
        if len(batch) == BATCH:
            _let_others_write()


class _Intake:
    """What one run must remember from batch to batch."""

    def __init__(self, changed_by: AbstractBaseUser | None, create_statuses: bool, dry_run: bool) -> None:
        self.changed_by_id = changed_by.pk if changed_by else None
        self.create_statuses = create_statuses
        self.dry_run = dry_run
        self._lines: dict[str, int] = {}
        self._imagined: dict[str, MemberStatus] = {}

    def number(self, row: Row) -> str:
        """The member number of a row that can be read. Raises RowRefused."""
        if row.fault:
            raise RowRefused(row.fault)
        number = cleaning.text(row.values[KEY])
        if not number:
            raise RowRefused(_("The member number is empty, so it is unclear whose row this is. Fill it in."))
        if len(number) > LENGTHS[KEY]:
            raise RowRefused(too_long(len(number), LENGTHS[KEY]))
        first = self._lines.setdefault(number, row.line)
        if first != row.line:
            raise RowRefused(
                _("This member stands on line %(line)d too, and only one of them can be right. Keep one of the rows.")
                % {"line": first}
            )
        return number

    def commit(self, rows: list[Row], so_far: Report, record: Callable[[Report], None]) -> Report:
        for _attempt in range(ATTEMPTS - 1):
            with suppress(IntegrityError):
                return self._commit(rows, so_far, record)
        return self._commit(rows, so_far, record)

    def _commit(self, rows: list[Row], so_far: Report, record: Callable[[Report], None]) -> Report:
        with transaction.atomic(), one_ring():
            report = so_far.add(self._take(rows))
            record(report)
        return report

    def _take(self, rows: list[Row]) -> Report:
        report = Report(rows=len(rows))
        members = self._members(rows)
        statuses = {cleaning.text(status.name).casefold(): status for status in MemberStatus.objects.all()} | self._imagined
        new = []
        for row in rows:
            try:
                number = self.number(row)
                member = members.get(number)
                if member and member.is_from_congressus:
                    _only_compare(member, statuses, row)
                    report.unchanged += 1
                elif member:
                    self._change(member, self._status(row, statuses, report), row, report)
                else:
                    new.append(self._new(number, self._status(row, statuses, report), row, report))
            except RowRefused as refusal:
                report.refuse(row, str(refusal))
        if not self.dry_run:
            Member.objects.bulk_create(new)
        return report

    def _members(self, rows: list[Row]) -> dict[str, Member]:
        """Those of the batch whom we know, held until it is committed; in one order, so that no two imports block each other."""
        numbers = {cleaning.text(row.values.get(KEY, "")) for row in rows}
        known = Member.objects.filter(member_number__in=numbers).order_by("pk").select_for_update()
        return {member.member_number: member for member in known}

    def _status(self, row: Row, statuses: dict[str, MemberStatus], report: Report) -> MemberStatus | None:
        """None where the file says nothing of it. Raises RowRefused."""
        if "status" not in row.values:
            return None
        name = cleaning.text(row.values["status"])
        if not name:
            raise RowRefused(
                _("The member status is empty, and every member has one. Fill it in, or leave the whole column out.")
            )
        if name.casefold() not in statuses:
            statuses[name.casefold()] = self._new_status(name)
            report.created_statuses.append(name)
        return statuses[name.casefold()]

    def _new_status(self, name: str) -> MemberStatus:
        if not self.create_statuses:
            raise RowRefused(
                _(
                    "There is no member status “%(seen)s”, so this member would end up nowhere. "
                    "Add that status first, or import again with new statuses allowed."
                )
                % {"seen": cleaning.shown(name)}
            )
        if len(name) > LONGEST_STATUS:
            raise RowRefused(too_long(len(name), LONGEST_STATUS))
        if self.dry_run:
            return self._imagined.setdefault(name.casefold(), MemberStatus(name=name))
        return MemberStatus.objects.create(name=name)

    def _new(self, number: str, status: MemberStatus | None, row: Row, report: Report) -> Member:
        if status is None:
            raise RowRefused(
                _("This member is new and the file has no column status, which every member needs. Add that column.")
            )
        values = self._values({"country": ""} | row.values, Member(), row, report)
        report.created += 1
        return Member(
            member_number=number, status=status, changed_via=ChangedVia.IMPORT, changed_by_id=self.changed_by_id, **values
        )

    def _change(self, member: Member, status: MemberStatus | None, row: Row, report: Report) -> None:
        values = self._values(row.values, member, row, report)
        changes: dict[str, Any] = {name: value for name, value in values.items() if value != getattr(member, name)}
        if status and status.pk != member.status_id:
            changes["status"] = status
        if not changes:
            report.unchanged += 1
            return
        report.updated += 1
        if not self.dry_run:
            Member.objects.filter(pk=member.pk).update(**changes, changed_via=ChangedVia.IMPORT, changed_by_id=self.changed_by_id)

    def _values(self, typed: dict[str, str], member: Member, row: Row, report: Report) -> dict[str, str]:
        """What of the row can be used; each value that cannot becomes a warning."""
        clean, refused = _cleaned(typed, member)
        for name, reason in refused.items():
            report.warn(row, name, reason)
        return clean


def _only_compare(member: Member, statuses: dict[str, MemberStatus], row: Row) -> None:
    """Raises RowRefused where the row says anything else of this member of Congressus than what is held."""
    values, refused = _cleaned(row.values, member)
    same_status = "status" not in row.values or _is_named(row.values["status"], member.status_id, statuses)
    if refused or not same_status or any(value != getattr(member, name) for name, value in values.items()):
        raise RowRefused(
            _(
                "This member is kept in Congressus and the row says something else, which would be undone by what arrives from there. "
                "Nothing of the row was used. Change it in Congressus; organisation and language on the member's page here."
            )
        )


def _is_named(name: str, status_id: int, statuses: dict[str, MemberStatus]) -> bool:
    status = statuses.get(cleaning.text(name).casefold())
    return status is not None and status.pk == status_id


def _cleaned(typed: dict[str, str], member: Member) -> tuple[dict[str, str], dict[str, str]]:
    """(field -> value that can be used, field -> why its value cannot)."""
    fields = {name: value for name, value in typed.items() if name in cleaning.FIELDS}
    clean, refused = cleaning.member(fields, {name: getattr(member, name) for name in cleaning.FIELDS})
    refused |= {name: too_long(len(value), LENGTHS[name]) for name, value in clean.items() if len(value) > LENGTHS[name]}
    return {name: value for name, value in clean.items() if name not in refused}, refused


def _let_others_write() -> None:
    """Who waits for SQLite looks again every 0.1 s; without a pause the next batch would be first each time."""
    if connection.vendor == "sqlite":
        sleep(0.11)


def too_long(found: int, longest: int) -> str:
    """Why a value of `found` characters is refused where there is room for `longest`."""
    return _("This is %(found)d characters long and there is room for %(longest)d. Shorten it.") % {
        "found": found,
        "longest": longest,
    }

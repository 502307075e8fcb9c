"""What Congressus tells of members is written here, a page at a time, in one short transaction, and only while the connection is there.

A record that cannot be handled does not stop the others of its page, nor the next page: it is written down as in trouble.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DataError, IntegrityError, transaction
from django.db.models import F

from integrations.arrivals import amsterdam
from integrations.arrivals.arrival import Arrival, columns
from integrations.arrivals.taking_part import Sending
from integrations.congressus.records import Record
from integrations.failures import Stopped
from integrations.from_congressus import NumberFrom, typed
from integrations.models import CongressusConnection, CongressusMember
from integrations.problems import ArrivalProblem
from integrations.tokens import Clock
from members import cleaning
from members.models import Member, MemberStatus
from members.signals import one_ring

logger = structlog.get_logger(__name__)

# Somebody may add a member with the same number by hand between our look and our write; on the second look it is there.
ATTEMPTS = 3
# What only our own code raises, or a database that cannot hold what somebody typed.
MISTAKES = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError, DataError, IntegrityError)
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


def take(connection: CongressusConnection, records: Iterable[Record], now: Clock, asked_at: datetime | None = None) -> Taken:
    """Write what these records change. `asked_at`: when a list was asked for that holds them. Raises Stopped."""
    wanted = {record.id: record for record in records}
    try:
        return _take(connection, wanted, now, asked_at)
    except MISTAKES:
        logger.exception("mistake_of_ours", members=len(wanted))
    taken = Taken()
    for pk, record in wanted.items():
        taken.add(_alone(connection, pk, record, now))
    return taken


def _take(connection: CongressusConnection, wanted: dict[int, Record], now: Clock, asked_at: datetime | None = None) -> Taken:
    for _attempt in range(ATTEMPTS - 1):
        with suppress(IntegrityError):
            return Batch(connection, wanted, now(), asked_at).commit()
    return Batch(connection, wanted, now(), asked_at).commit()


def _alone(connection: CongressusConnection, pk: int, record: Record, now: Clock) -> Taken:
    try:
        return _take(connection, {pk: record}, now)
    except MISTAKES:
        logger.exception("mistake_of_ours", congressus_id=pk)
    values: dict[str, Any] = {"problem": ArrivalProblem.OUR_MISTAKE, "problem_details": {}, "missed_by": None}
    CongressusMember.objects.update_or_create(congressus_id=pk, defaults=values)
    return Taken(refused=1)


class Batch:
    """What is known of all of a page while each of it is taken in: rows, members, statuses, and who has which number."""

    def __init__(
        self, connection: CongressusConnection, records: dict[int, Record], now: datetime, asked_at: datetime | None
    ) -> None:
        self.pk = connection.pk
        self.number_from = NumberFrom(connection.number_from)
        self.records = records
        self.now = now
        self.asked_at = asked_at
        self.today = amsterdam.today(now)
        read_at = connection.statuses_read_at
        self.may_ask_for_statuses = read_at is None or read_at < now - STATUSES_ARE_FRESH
        self.with_unknown_status: list[int] = []
        self.taken = Taken()
        self.new: list[tuple[Member, CongressusMember]] = []

    def commit(self) -> Taken:
        """Raises Stopped where the connection was removed meanwhile: its numbers say nothing any more."""
        with transaction.atomic(), one_ring():
            self._look()
            for pk, record in self.records.items():
                Arrival(self, record, self.told[pk]).take()
            self._create()
            self._read_again()
        return self.taken

    def _look(self) -> None:
        # In one order everywhere: the connection, what is known of members, the members.
        connection = CongressusConnection.objects.select_for_update().filter(pk=self.pk).first()
        if connection is None:
            raise Stopped
        self.fetched = set(connection.statuses.values_list("pk", flat=True))
        self.statuses = {status.congressus_id: status for status in MemberStatus.objects.exclude(congressus_id=None)}
        self.sending = Sending()
        rows = CongressusMember.objects.filter(pk__in=self.records).order_by("pk").select_for_update()
        self.rows = {row.pk: row for row in rows}
        members = Member.objects.filter(congressus_id__in=self.records).order_by("pk").select_for_update()
        self.members = {member.congressus_id: member for member in members}
        self.told = {pk: typed(record, self.number_from) for pk, record in self.records.items()}
        numbers = [cleaning.text(values.get("member_number", "")) for values in self.told.values()]
        self.holders = {member.member_number: member for member in Member.objects.filter(member_number__in=numbers)}
        holding = CongressusMember.objects.filter(member__in=self.holders.values())
        # The numbers that those who have a wanted number should have themselves.
        self.due = dict(holding.values_list("member_id", "number"))

    def _create(self) -> None:
        Member.objects.bulk_create([member for member, _row in self.new])
        heard_of = [row for _member, row in self.new if not row._state.adding]
        CongressusMember.objects.bulk_create([row for _member, row in self.new if row._state.adding])
        for row in heard_of:
            row.save(update_fields=("member", *columns()))

    def _read_again(self) -> None:
        """Perhaps the status is a new one: the statuses are read, and then these members."""
        if self.with_unknown_status:
            CongressusConnection.objects.update(statuses_read_at=None)
            CongressusMember.objects.filter(pk__in=self.with_unknown_status).update(heard=F("heard") + 1, heard_at=self.now)
        if self.asked_at is not None:
            # What was heard before a list was asked for is answered by that list.
            heard = CongressusMember.objects.filter(pk__in=self.records, heard__gt=F("read"), heard_at__lt=self.asked_at)
            if heard.exists():
                heard.exclude(pk__in=self.with_unknown_status).update(read=F("heard"), attempts=0, not_before=None)

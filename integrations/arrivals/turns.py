"""Another status begins on its day, by the calendar of Amsterdam, without anybody editing and without asking Congressus.

Congressus tells the periods to come along with each member; what was cancelled there since is corrected when the member is read again.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from integrations.arrivals import amsterdam, endings
from integrations.arrivals.arrival import as_period
from integrations.arrivals.taking_part import Sending
from integrations.from_congressus import next_turn, status_on
from integrations.models import CongressusConnection, CongressusMember
from members.models import ChangedVia, Member, MemberStatus
from members.signals import one_ring

BATCH = 500


def take(now: datetime) -> int:
    """Give each member the status that has begun; tells of how many that was looked at."""
    today = amsterdam.today(now)
    if not CongressusConnection.objects.filter(enabled=True).exists():
        return 0
    seen = 0
    while pks := list(CongressusMember.objects.turning(today).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic(), one_ring():
            _Turns(now).take(pks)
        seen += len(pks)
    if seen:
        endings.settle(now)
    return seen


class _Turns:
    def __init__(self, now: datetime) -> None:
        self.today = amsterdam.today(now)
        self.statuses = {status.congressus_id: status for status in MemberStatus.objects.exclude(congressus_id=None)}
        self.sending = Sending()

    def take(self, pks: list[int]) -> None:
        rows = CongressusMember.objects.filter(pk__in=pks).order_by("pk").select_for_update()
        members = Member.objects.filter(congressus__in=pks).order_by("pk").select_for_update()
        by_row = {member.congressus_id: member for member in members}
        for row in rows:
            self._turn(row, by_row.get(row.pk))

    def _turn(self, row: CongressusMember, member: Member | None) -> None:
        periods = [as_period(stored) for stored in row.periods]
        status = self.statuses.get(status_on(None, periods, self.today))
        row.turns_on = next_turn(periods, self.today)
        if status is not None and status.pk != row.status_id:
            # Whoever is deleted stays so, and what was said of that stands.
            row.status, row.declined = status, row.declined and row.gone
        row.save(update_fields=("status", "declined", "turns_on"))
        if member is None or member.gone_at or status is None or status.pk == member.status_id:
            return
        if not self.sending.would_end(member, status.pk, gone=False):
            Member.objects.filter(pk=member.pk).update(status=status, changed_via=ChangedVia.CONGRESSUS, changed_by=None)

"""Members who would no longer take part: Congressus deleted them, or gave them a status that no longer takes part.

A few are simply done. Unusually many at once (a filter gone wrong, a status archived by mistake, 1 September) wait, and somebody is asked:
the members stay as they were. One pass is all of a day since a person last answered, so that a large mistake cannot pass in small
pieces. Nothing is ever deleted, here or in Exact Online: an ended member rests, and comes back with its relation when Congressus does.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations import notify
from integrations.arrivals.taking_part import Sending
from integrations.models import CongressusConnection, CongressusMember, CongressusWalk
from members.models import ChangedVia, Member
from members.signals import one_ring

DAY = timedelta(days=1)
BATCH = 500


def settle(now: datetime) -> int:
    """End whoever is to end, unless they are too many; tells how many were ended. A walk that goes on is waited for: it may find more."""
    connection = CongressusConnection.objects.filter(enabled=True).first()
    if connection is None or CongressusWalk.objects.going().exists():
        return 0
    waiting = list(CongressusMember.objects.to_end().values_list("pk", flat=True))
    if not waiting:
        CongressusConnection.objects.exclude(held_since=None).update(held_since=None)
        return 0
    since = max(filter(None, (now - DAY, connection.ends_approved_at)))
    ended = CongressusMember.objects.filter(ended_at__gt=since).count()
    if len(waiting) + ended > _limit():
        _hold(len(waiting), now)
        return 0
    return _end(waiting, now)


def asked(connection: CongressusConnection) -> int:
    """How many members wait for the word of a person."""
    return CongressusMember.objects.to_end().count() if connection.held_since else 0


def go_on(connection: CongressusConnection) -> int:
    """It is meant: all of them end. Tells how many."""
    now = timezone.now()
    ended = _end(list(CongressusMember.objects.to_end().values_list("pk", flat=True)), now)
    CongressusConnection.objects.filter(pk=connection.pk).update(held_since=None, ends_approved_at=now)
    return ended


def not_these(connection: CongressusConnection) -> int:
    """None of them ends, until Congressus says something else of them. Tells how many stay."""
    with transaction.atomic():
        declined = CongressusMember.objects.filter(pk__in=CongressusMember.objects.to_end().values("pk")).update(declined=True)
        CongressusConnection.objects.filter(pk=connection.pk).update(held_since=None)
    return declined


def _end(counted: list[int], now: datetime) -> int:
    """Those that were counted, and no others that came since."""
    ended = 0
    for start in range(0, len(counted), BATCH):
        with transaction.atomic(), one_ring():
            of_batch = CongressusMember.objects.to_end().filter(pk__in=counted[start : start + BATCH])
            rows = list(of_batch.order_by("pk").select_for_update(of=("self",)))
            for row in rows:
                _tell(row, now)
        ended += len(rows)
    return ended


def _tell(row: CongressusMember, now: datetime) -> None:
    changes: dict[str, Any] = {"gone_at": now} if row.gone else {"status_id": row.status_id, "gone_at": None}
    Member.objects.filter(congressus=row).update(**changes, changed_via=ChangedVia.CONGRESSUS, changed_by=None)
    CongressusMember.objects.filter(pk=row.pk).update(ended_at=now)


def _limit() -> int:
    taking_part = Member.objects.present().filter(Q(congressus_id__isnull=False), status__in=Sending().all).count()
    return max(settings.BRAKE_ENDED_MINIMUM, taking_part * settings.BRAKE_ENDED_PERCENT // 100)


def _hold(count: int, now: datetime) -> None:
    if CongressusConnection.objects.filter(held_since=None).update(held_since=now):
        notify.endings_held_back(CongressusConnection.objects.get(), count)

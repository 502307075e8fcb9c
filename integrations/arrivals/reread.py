"""Reading one member again, of whom something was heard. What a webhook said is a hint only: it may be late, doubled, or false."""

from __future__ import annotations

from datetime import timedelta

import structlog

from integrations.arrivals import store
from integrations.arrivals.arrival import vanished
from integrations.arrivals.calls import Calls
from integrations.congressus import errors
from integrations.models import CongressusMember
from integrations.problems import ArrivalProblem

logger = structlog.get_logger(__name__)

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(hours=1)
ATTEMPTS_AT_MOST = 8
# Somebody saves the same member again and again, or Congressus calls twice: the others should not wait for it.
BETWEEN_READINGS = timedelta(seconds=3)


def one(row: CongressusMember, calls: Calls) -> None:
    """Read this member and take in what is told. Raises what concerns the connection; what concerns only this member waits with it."""
    client = calls.client(single=True)
    try:
        record = client.member(row.pk)
    except (errors.Unavailable, errors.BadRequest, errors.Unexpected) as error:
        logger.info("congressus_member_not_read", congressus_id=row.pk, error=str(error))
        _later(row, calls)
        if isinstance(error, errors.Unavailable):
            raise
        return
    finally:
        calls.learn(client)
    store.take(calls.connection, [record or vanished(row.pk)], calls.now)
    _was_read(row, calls)


def _was_read(row: CongressusMember, calls: Calls) -> None:
    """As far as it was heard when we began: what was heard meanwhile is read again, but not before a storm of calls had time to pass."""
    rows = CongressusMember.objects.filter(pk=row.pk)
    rows.filter(read__lt=row.heard).update(read=row.heard, attempts=0, not_before=None)
    rows.filter(heard__gt=row.heard).update(not_before=calls.now() + BETWEEN_READINGS)
    # Only heard of, and none of ours: nothing is kept.
    rows.filter(member=None, problem="", heard=row.heard).delete()


def _later(row: CongressusMember, calls: Calls) -> None:
    if row.attempts + 1 >= ATTEMPTS_AT_MOST:
        _give_up(row)
        return
    pause = min(FIRST_PAUSE * 2**row.attempts, LONGEST_PAUSE)
    CongressusMember.objects.filter(pk=row.pk).update(attempts=row.attempts + 1, not_before=calls.now() + pause)


def _give_up(row: CongressusMember) -> None:
    rows = CongressusMember.objects.filter(pk=row.pk)
    rows.update(read=row.heard, attempts=0, not_before=None, problem=ArrivalProblem.UNREADABLE, problem_details={})

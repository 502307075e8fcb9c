"""Looking for changes: the members last changed first, until one that was changed before the last look.

Congressus has no "changed since". Whether its lists can be had in the order of change is not documented, so it is tried, and
believed only as long as the rows are in that order; `desc` puts those without a date first (nulls first). All statuses are asked for,
not only those that are fetched: whoever leaves them must be seen leaving.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from integrations.arrivals import store
from integrations.arrivals.calls import Calls
from integrations.arrivals.share import PAGE
from integrations.congressus import errors
from integrations.congressus.client import CongressusClient
from integrations.congressus.records import Page, Record
from integrations.models import CongressusConnection
from members.models import MemberStatus

NEWEST_FIRST = "modified:desc"
# More changes than this since the last look are a case for a walk, which can be resumed and asks no page twice.
PAGES_AT_MOST = 20
# Where changes begin when nobody is there yet.
BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


def is_due(connection: CongressusConnection, now: datetime) -> bool:
    if connection.orders_by_modified is False:
        return False
    return connection.polled_at is None or connection.polled_at <= now - timedelta(minutes=connection.every)


def look(calls: Calls) -> None:
    """Take in what changed since the last look; the first look only notes where changes begin, for a walk reads the rest.

    Raises what stops the connection, and CongressusError.
    """
    since = calls.connection.newest_change
    newest = since
    for number in range(1, PAGES_AT_MOST + 1):
        page = newest_first(calls, number)
        if page is None:
            calls.note(orders_by_modified=False, polled_at=calls.now())
            return
        if since is not None:
            store.take(calls.connection, page.rows, calls.now)
        changes = [record.modified for record in page.rows if record.modified]
        newest = max([*changes, *filter(None, [newest])], default=BEFORE_ALL)
        # Equal counts as changed: two may have been changed in one second, one of them after our last look.
        if since is None or not page.has_next or any(change < since for change in changes):
            break
    else:
        calls.note(walk_wanted=True)
    calls.note(orders_by_modified=True, polled_at=calls.now(), newest_change=newest)


def newest_first(calls: Calls, number: int) -> Page | None:
    """One page of all members; None where Congressus does not give them in this order."""
    client = calls.client(single=True)
    try:
        page = _page(client, number)
    except errors.BadRequest:
        return None
    except errors.NotThere:  # a page behind the last, because somebody was deleted this moment
        return Page(rows=[], total=None, has_next=False, unreadable=0)
    finally:
        calls.learn(client)
    return page if is_newest_first(page.rows) else None


def _page(client: CongressusClient, number: int) -> Page:
    statuses = MemberStatus.objects.filter(gone_at=None).exclude(congressus_id=None)
    ids = sorted(pk for pk in statuses.values_list("congressus_id", flat=True) if pk is not None)
    return client.members(number, status_ids=ids, order=NEWEST_FIRST, page_size=PAGE)


def is_newest_first(rows: Sequence[Record]) -> bool:
    """Whether these rows show the order; a page without any date shows none, unless there is nobody at all."""
    told = [record.modified for record in rows]
    dates: list[datetime] = [moment for moment in told if moment is not None]
    if not dates:
        return not rows
    first = next(index for index, moment in enumerate(told) if moment is not None)
    return None not in told[first:] and dates == sorted(dates, reverse=True)

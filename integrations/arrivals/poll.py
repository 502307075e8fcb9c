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
from integrations.failures import ConnectionRests
from integrations.models import CongressusConnection
from members.models import MemberStatus

NEWEST_FIRST = "modified:desc"
# More changes than this since the last look are a case for a walk, which can be resumed and asks no page twice.
PAGES_AT_MOST = 20
TRY_AGAIN = timedelta(days=1)
AFTER_A_FAILURE = timedelta(minutes=7)
# Their clock may be ahead of ours.
SKEW = timedelta(minutes=5)
A_MOMENT = timedelta(microseconds=1)
# Where changes begin when nobody is there yet.
BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


def is_due(connection: CongressusConnection, now: datetime) -> bool:
    """As often as was asked; what did not work is tried again a day later, for Congressus may have been out of order."""
    every = TRY_AGAIN if connection.orders_by_modified is False else timedelta(minutes=connection.every)
    return connection.polled_at is None or connection.polled_at <= now - every


def look(calls: Calls) -> None:
    """Take in what changed since the last look; the first look only notes where changes begin, for a walk reads the rest.

    Raises what stops the connection, and CongressusError.
    """
    try:
        _look(calls)
    except (errors.CongressusError, ConnectionRests):
        # Not at once, so that a walk has its turn; nor after a whole interval, which may be a night.
        every = timedelta(minutes=calls.connection.every)
        calls.note(polled_at=calls.now() - every + min(every, AFTER_A_FAILURE))
        raise


def _look(calls: Calls) -> None:
    since, began = calls.connection.newest_change, calls.now()
    newest = since or BEFORE_ALL
    for number in range(1, PAGES_AT_MOST + 1):
        try:
            page = newest_first(calls, number)
        except ConnectionRests:
            if number > 1:  # a walk reads the rest; a look would begin at the first page again
                calls.note(newest_change=newest, walk_wanted=True)
            raise
        if page is None:
            calls.note(orders_by_modified=False, polled_at=began)
            return
        if since is not None:
            store.take(calls.connection, page.rows, calls.now, asked_at=began)
        changes = [record.modified for record in page.rows if record.modified]
        # A date in the future would hide all changes until then.
        newest = max([newest, *(change for change in changes if change <= began + SKEW)])
        # Equal counts as changed: two may have been changed in one second, one of them after our last look.
        if since is None or not page.has_next or any(change < since for change in changes):
            break
    else:
        calls.note(walk_wanted=True)
    # Nobody is newer than at the last look: whoever has that date was seen twice, and need not be a third time.
    newest_change = newest + A_MOMENT if newest == since else newest
    calls.note(orders_by_modified=True, polled_at=began, newest_change=newest_change)


def newest_first(calls: Calls, number: int) -> Page | None:
    """One page of all members; None where Congressus does not give them in this order."""
    client = calls.client(single=True)
    try:
        page = _page(client, number)
    except errors.BadRequest:
        return None
    except errors.Unavailable:
        if (
            calls.connection.orders_by_modified is None
        ):  # never seen to work: walking through all of them will tell whether it is this
            return None
        raise
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

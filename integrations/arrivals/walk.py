"""The walk through all members that are fetched, and what it may conclude from not finding somebody.

Congressus pages by number of page, so a deletion during the walk shifts a member over the edge of a page: not being in the list proves
nothing. Whoever is missed is asked about one by one, and only after a walk that saw as many members as Congressus counted, in order, and
more than none. A list in which many are missing that turn out to be there is not believed at all.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from integrations import bell
from integrations.arrivals import amsterdam, endings, store
from integrations.arrivals.calls import Calls
from integrations.arrivals.share import PAGE
from integrations.congressus import errors
from integrations.congressus.client import CongressusClient
from integrations.congressus.records import Page
from integrations.failures import Stopped
from integrations.models import CongressusConnection, CongressusMember, CongressusWalk
from members.models import MemberStatus

Outcome, Phase = CongressusWalk.Outcome, CongressusWalk.Phase
# Without an order by change all members are walked through again and again, but not more often than this.
OFTEN = timedelta(minutes=5)
# Of those not found so many in a row turn out to be there: then the list lacks members, not Congressus.
NOT_BELIEVED = 20
FRUITLESS_AT_MOST = 10


def start(connection: CongressusConnection, person_id: int | None) -> CongressusWalk:
    """A new walk, or the one under way."""
    with transaction.atomic():
        CongressusConnection.objects.select_for_update().get(pk=connection.pk)
        walk = CongressusWalk.objects.going().first() or CongressusWalk.objects.create(
            connection=connection, started_by_id=person_id
        )
        CongressusConnection.objects.filter(pk=connection.pk).update(walk_wanted=False)
        transaction.on_commit(bell.ring, robust=True)
    return walk


def stop(walk: CongressusWalk) -> bool:
    """End it where it is; who came stays, and nobody is missed. False when it had ended."""
    return _end(walk, Outcome.STOPPED, timezone.now())


def is_due(connection: CongressusConnection, now: datetime) -> bool:
    """By button, when none was made yet, once a night, and as often as was asked where Congressus has no order by change."""
    if connection.walk_wanted or connection.walked_at is None:
        return True
    if connection.orders_by_modified is False and connection.walked_at <= now - max(OFTEN, timedelta(minutes=connection.every)):
        return True
    return connection.walked_at < amsterdam.last_night(now)


def step(walk: CongressusWalk, calls: Calls) -> None:
    """One page, or one question about somebody who was missed. Raises what stops the connection, and CongressusError."""
    if walk.phase == Phase.CONFIRMING:
        _confirm_one(walk, calls)
        return
    client = calls.client(single=False)
    try:
        page = _read(walk, calls, client)
    except errors.NotThere:
        # The list became shorter than the pages we know of: whoever stood on this page stands on the one before.
        _count_fruitless(walk, calls.now())
        _note(walk, page=max(1, walk.page - 1))
        return
    except errors.CongressusError:
        _count_fruitless(walk, calls.now())
        raise
    finally:
        calls.learn(client)
    _take(walk, calls, page)


def _read(walk: CongressusWalk, calls: Calls, client: CongressusClient) -> Page:
    statuses = MemberStatus.objects.filter(pk__in=calls.connection.statuses.all()).exclude(congressus_id=None)
    ids = list(statuses.filter(gone_at=None).values_list("congressus_id", flat=True))
    if not ids:  # without a filter Congressus would list everybody
        return Page(rows=[], total=0, has_next=False, unreadable=0)
    return client.members(walk.page, status_ids=sorted(i for i in ids if i is not None), order="id", page_size=PAGE)


def _take(walk: CongressusWalk, calls: Calls, page: Page) -> None:
    ids = [record.id for record in page.rows]
    in_order = walk.in_order and ids == sorted(set(ids))
    fresh = [record for record in page.rows if record.id > walk.last_seen] if in_order else page.rows
    taken = store.take(calls.connection, page.rows, calls.now)
    if in_order:
        _miss(walk, ids, page, calls.connection)
    shrunk = page.total is not None and walk.total is not None and page.total < walk.total
    # Somebody was deleted meanwhile, and one who was to come stands on the page before by now.
    back = shrunk and walk.page > 1
    _note(
        walk,
        rows=walk.rows + len(fresh) + page.unreadable,
        total=page.total,
        in_order=in_order,
        last_seen=max([walk.last_seen, *ids]),
        page=walk.page - 1 if back else walk.page + 1,
        fruitless=0,
        created=F("created") + taken.created,
        changed=F("changed") + taken.changed,
        unchanged=F("unchanged") + taken.unchanged,
        refused=F("refused") + taken.refused + page.unreadable,
        calls=F("calls") + 1,
    )
    if not (page.has_next or back):
        _read_to_the_end(walk, calls)


def _miss(walk: CongressusWalk, ids: list[int], page: Page, connection: CongressusConnection) -> None:
    """Whoever should stand between the last one seen and the end of this page, and does not."""
    expected = CongressusMember.objects.filter(
        pk__gt=walk.last_seen, member__gone_at=None, gone=False, status__in=connection.statuses.all()
    ).exclude(member=None)
    if page.has_next:
        if not ids:
            return
        expected = expected.filter(pk__lte=max(ids))
    missed = list(expected.exclude(pk__in=ids).values_list("pk", flat=True))
    CongressusMember.objects.filter(pk__in=missed).update(missed_by=walk)


def _read_to_the_end(walk: CongressusWalk, calls: Calls) -> None:
    complete = walk.in_order and walk.rows > 0 and walk.total is not None and walk.rows >= walk.total
    nobody_is_fetched = not calls.connection.statuses.exists()
    if not complete and not nobody_is_fetched:
        finish(walk, Outcome.INCOMPLETE, calls.now())
    elif walk.missed.exists() and not nobody_is_fetched:
        _note(walk, phase=Phase.CONFIRMING, fruitless=0)
    else:
        finish(walk, Outcome.DONE, calls.now())


def _confirm_one(walk: CongressusWalk, calls: Calls) -> None:
    row = walk.missed.order_by("pk").first()
    if row is None:
        finish(walk, Outcome.DONE, calls.now())
        return
    client = calls.client(single=False)
    try:
        record = client.member(row.pk)
    except (errors.Unavailable, errors.BadRequest, errors.Unexpected):
        # Nothing follows for this one; the next walk may miss it again. It must not keep this walk from its end.
        CongressusMember.objects.filter(pk=row.pk).update(missed_by=None)
        raise
    finally:
        calls.learn(client)
    gone = record is None or record.deleted
    taken = store.take(calls.connection, [record or store.vanished(row.pk)], calls.now)
    CongressusMember.objects.filter(pk=row.pk).update(missed_by=None)
    row.refresh_from_db()
    there = not gone and row.status_id in set(calls.connection.statuses.values_list("pk", flat=True))
    _note(
        walk,
        gone=F("gone") + int(gone),
        changed=F("changed") + taken.changed,
        calls=F("calls") + 1,
        # Counted here anew: how many in a row stood there all the time.
        fruitless=walk.fruitless + 1 if there else 0,
    )
    if walk.fruitless >= NOT_BELIEVED:
        finish(walk, Outcome.INCOMPLETE, calls.now())


def finish(walk: CongressusWalk, outcome: CongressusWalk.Outcome, now: datetime) -> None:
    if _end(walk, outcome, now):
        # A list that lacked somebody is made again next night, not at once.
        CongressusConnection.objects.filter(pk=walk.connection_id).update(walked_at=now)
        endings.settle(now)


def _count_fruitless(walk: CongressusWalk, now: datetime) -> None:
    """A page that cannot be had for ever must not keep tonight's walk from beginning anew."""
    _note(walk, fruitless=walk.fruitless + 1)
    if walk.fruitless >= FRUITLESS_AT_MOST:
        finish(walk, Outcome.FAILED, now)


def _end(walk: CongressusWalk, outcome: CongressusWalk.Outcome, now: datetime) -> bool:
    with transaction.atomic():
        ended = CongressusWalk.objects.going().filter(pk=walk.pk).update(ended_at=now, outcome=outcome)
        if ended:
            CongressusMember.objects.filter(missed_by=walk).update(missed_by=None)
    return bool(ended)


def _note(walk: CongressusWalk, **values: object) -> None:
    """Progress; raises Stopped where somebody stopped the walk."""
    if not CongressusWalk.objects.going().filter(pk=walk.pk).update(**values):
        raise Stopped
    walk.refresh_from_db()

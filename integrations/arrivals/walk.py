"""The walk through all members that are fetched, and what it may conclude from not finding somebody.

Congressus pages by number of page, so a deletion during the walk shifts a member over the edge of a page: not being in the list proves
nothing. Whoever is missed is asked about one by one, and only after a walk that saw as many members as Congressus counted, in order, and
more than none. A list in which many are missing that turn out to be there is not believed at all.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from integrations import bell
from integrations.arrivals import amsterdam, endings, store
from integrations.arrivals.arrival import vanished
from integrations.arrivals.calls import Calls
from integrations.arrivals.share import PAGE
from integrations.congressus import errors
from integrations.congressus.records import Page
from integrations.failures import Stopped
from integrations.models import CongressusConnection, CongressusMember, CongressusWalk
from members.models import Member, MemberStatus

Outcome, Phase = CongressusWalk.Outcome, CongressusWalk.Phase
# Without an order by change all members are walked through again and again, but not more often than this.
OFTEN = timedelta(minutes=5)
# Of those not found so many in a row turn out to be there: then the list lacks members, not Congressus.
NOT_BELIEVED = 20
FRUITLESS_AT_MOST = 10
A_DAY = timedelta(days=1)
MOST_ROWS = 1_000_000


def start(connection: CongressusConnection, person_id: int | None, now: datetime | None = None) -> CongressusWalk:
    """A new walk, or the one under way; what was wished since that began stays wished. `now`: the clock of a worker.

    Raises Stopped where the connection was removed meanwhile.
    """
    with transaction.atomic():
        if not CongressusConnection.objects.select_for_update().filter(pk=connection.pk).exists():
            raise Stopped
        walk = CongressusWalk.objects.going().first()
        if walk is None:
            begins = {"started_at": now or timezone.now(), "started_by_id": person_id, "status_ids": _statuses(connection)}
            walk = CongressusWalk.objects.create(connection=connection, **begins)
            CongressusConnection.objects.filter(pk=connection.pk).update(walk_wanted=False)
        transaction.on_commit(bell.ring, robust=True)
    return walk


def _statuses(connection: CongressusConnection) -> list[int]:
    """Those that are fetched, and those of whoever is here: of them, too, it must be seen that somebody was changed or deleted."""
    held = Member.objects.present().exclude(congressus_id=None).order_by().values("status")
    # What Congressus says may be ahead of what the member has: who waits for a word stands in that list.
    told = CongressusMember.objects.filter(gone=False).exclude(member=None).exclude(status=None).values("status")
    wanted = Q(pk__in=connection.statuses.all()) | Q(pk__in=held) | Q(pk__in=told)
    statuses = MemberStatus.objects.filter(wanted, gone_at=None)
    return sorted(pk for pk in statuses.values_list("congressus_id", flat=True) if pk is not None)


def stop(walk: CongressusWalk) -> bool:
    """End it where it is; who came stays, and nobody is missed. The next begins tonight. False when it had ended."""
    now = timezone.now()
    stopped = _end(walk, Outcome.STOPPED, now)
    if stopped:
        CongressusConnection.objects.filter(pk=walk.connection_id).update(walked_at=max(now, walk.started_at))
    return stopped


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
    if not walk.status_ids:  # without a filter Congressus would list everybody
        finish(walk, Outcome.DONE, calls.now())
        return
    client, asked_at = calls.client(single=False), calls.now()
    try:
        page = client.members(walk.page, status_ids=walk.status_ids, order="id", page_size=PAGE)
    except errors.NotThere:
        # The list became shorter than the pages we know of: whoever stood on this page stands on the one before.
        _fruitless(walk, calls.now(), page=max(1, walk.page - 1))
        return
    except (errors.Unavailable, errors.BadRequest, errors.Unexpected):
        _given_up_for_tonight(walk, calls.now())
        raise
    finally:
        calls.learn(client)
    _take(walk, calls, page, asked_at)


def _take(walk: CongressusWalk, calls: Calls, page: Page, asked_at: datetime) -> None:
    ids = [record.id for record in page.rows]
    in_order = walk.in_order and ids == sorted(set(ids))
    fresh = [pk for pk in ids if pk > walk.last_seen] if in_order else ids
    taken = store.take(calls.connection, page.rows, calls.now, asked_at=asked_at)
    if in_order:
        _miss(walk, ids, page)
    shrunk = page.total is not None and walk.total is not None and page.total < walk.total
    # Somebody was deleted meanwhile, and one who was to come stands on the page before by now.
    back = shrunk and walk.page > 1
    brought_nobody = walk.fruitless + 1 if not fresh or (not in_order and _is_past_the_end(walk, page)) else 0
    _note(
        walk,
        rows=walk.rows + len(fresh) + page.unreadable,
        total=page.total,
        in_order=in_order,
        last_seen=max([walk.last_seen, *ids]),
        page=walk.page - 1 if back else walk.page + 1,
        fruitless=brought_nobody,
        created=F("created") + taken.created,
        changed=F("changed") + taken.changed,
        unchanged=F("unchanged") + taken.unchanged,
        refused=F("refused") + taken.refused + page.unreadable,
        calls=F("calls") + 1,
    )
    if not (page.has_next or back):
        _read_to_the_end(walk, calls)
    elif walk.fruitless >= FRUITLESS_AT_MOST:
        # "More follow", for ever; or a number of members that goes up and down.
        finish(walk, Outcome.INCOMPLETE, calls.now())


def _is_past_the_end(walk: CongressusWalk, page: Page) -> bool:
    """Out of order nobody can tell who was seen before; but so many pages there cannot be."""
    return walk.page * PAGE > (MOST_ROWS if page.total is None else page.total + PAGE)


def _miss(walk: CongressusWalk, ids: list[int], page: Page) -> None:
    """Whoever should stand between the last one seen and the end of this page, and does not."""
    walked = Q(status__congressus_id__in=walk.status_ids) | Q(status=None)
    is_here = Q(member__isnull=False, member__gone_at=None, gone=False) & walked
    # Also whoever did not come in: of somebody who is no more nothing is kept.
    expected = CongressusMember.objects.filter(is_here | Q(member=None) & ~Q(problem=""), pk__gt=walk.last_seen)
    if page.has_next:
        if not ids:
            return
        expected = expected.filter(pk__lte=max(ids))
    missed = list(expected.exclude(pk__in=ids).values_list("pk", flat=True))
    CongressusMember.objects.filter(pk__in=missed).update(missed_by=walk)


def _read_to_the_end(walk: CongressusWalk, calls: Calls) -> None:
    complete = walk.in_order and walk.rows > 0 and walk.total is not None and walk.rows >= walk.total
    if not complete:
        finish(walk, Outcome.INCOMPLETE, calls.now())
    elif walk.missed.exists():
        _note(walk, phase=Phase.CONFIRMING, fruitless=0)
    else:
        finish(walk, Outcome.DONE, calls.now())


def _confirm_one(walk: CongressusWalk, calls: Calls) -> None:
    row = walk.missed.order_by("pk").first()
    if row is None:
        finish(walk, Outcome.DONE, calls.now())
        return
    client, asked_at = calls.client(single=False), calls.now()
    try:
        record = client.member(row.pk)
    except (errors.Unavailable, errors.BadRequest, errors.Unexpected) as error:
        # Nothing follows for this one; the next walk may miss it again. It must not keep this walk from its end.
        CongressusMember.objects.filter(pk=row.pk).update(missed_by=None)
        if isinstance(error, errors.Unavailable):
            raise
        return
    finally:
        calls.learn(client)
    gone = record is None or record.deleted
    taken = store.take(calls.connection, [record or vanished(row.pk)], calls.now, asked_at=asked_at)
    CongressusMember.objects.filter(pk=row.pk).update(missed_by=None)
    seen = CongressusMember.objects.filter(pk=row.pk).exclude(member=None).values_list("status__congressus_id", flat=True).first()
    there = not gone and seen in walk.status_ids
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


def _fruitless(walk: CongressusWalk, now: datetime, **values: object) -> None:
    _note(walk, fruitless=walk.fruitless + 1, **values)
    if walk.fruitless >= FRUITLESS_AT_MOST:
        finish(walk, Outcome.INCOMPLETE, now)


def _given_up_for_tonight(walk: CongressusWalk, now: datetime) -> None:
    """An outage is waited out; but a page that cannot be had for ever must not keep the walk of the next night from beginning."""
    if walk.started_at < amsterdam.last_night(now) - A_DAY:
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

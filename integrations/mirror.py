"""Reading what Exact Online holds into our copy: the relations that changed since the last reading, then those that were deleted.

Each page is stored in one transaction with the address of the next one, so a crash, a limit or a stop costs at most one page. All of it is
read anew when Exact moved the administration, for then its row versions begin again. Nobody counts as deleted for being absent from a list:
who lacks rights gets an empty one. Only Exact's own list of deletions says so, and only what is newer than the row.
Rules of the row versions: exact-online.md 4.3.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TypeVar

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.exact_online import errors
from integrations.exact_online.client import DIVISIONS, SYNC_ACCOUNTS, SYNC_DELETED, ExactClient
from integrations.failures import ConnectionNeedsAttention, ConnectionRests, Stopped
from integrations.lease import Lease
from integrations.models import ExactOnlineConnection, Match, Mirror, RelationLink
from integrations.models.link import Held
from integrations.models.secret import SecretUnreadable

logger = structlog.get_logger(__name__)

Phase = Mirror.Phase
Answer = TypeVar("Answer")

# Exact forgets deletions after two months; who looked longer ago has to look at everything.
DELETIONS_KEPT = timedelta(days=55)
HALFWAY_KEPT = timedelta(days=2)
JUST_NOW = timedelta(minutes=5)
# Somebody who decides about one member after another costs Exact a few calls a minute at most.
FRESH = timedelta(seconds=30)
# Seconds that a page waits for Exact.
PATIENCE = 5.0


class Reading:
    """One reading under a lease that was claimed by the caller, who says by `lease` whether it may go on."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.connection = lease.look()
        self.mirror = _mirror_of(self.connection)

    def pages(self) -> Iterator[int]:
        """Read on to the end; after every page how many relations were read. Raises ConnectionRests and ConnectionNeedsAttention."""
        if self.mirror.phase == Phase.IDLE or not self._may_go_on():
            self._begin()
        while self.mirror.phase == Phase.RELATIONS:
            self._page_of_relations()
            yield self.mirror.rows_read
        while self.mirror.phase == Phase.DELETIONS:
            self._page_of_deletions()
            yield self.mirror.rows_read

    # One reading

    def _may_go_on(self) -> bool:
        """One that was left halfway goes on where it was, unless Exact forgot deletions or moved the administration meanwhile."""
        now, stored = self.lease.now(), self.mirror.stored_at
        if stored is None or stored < now - HALFWAY_KEPT:
            return False
        return stored > now - JUST_NOW or self._moved() == self.mirror.moved

    def _begin(self) -> None:
        mirror, moved = self.mirror, self._moved()
        long_ago = mirror.read_at is None or mirror.read_at < self.lease.now() - DELETIONS_KEPT
        is_full = long_ago or moved != mirror.moved or not mirror.sees_deletions
        self._write(
            phase=Phase.RELATIONS,
            is_full=is_full,
            moved=moved,
            reading=mirror.reading + is_full,
            highest=0 if is_full else mirror.relations_after,
            page_url="",
            rows_read=0,
        )

    def _page_of_relations(self) -> None:
        after = 0 if self.mirror.is_full else self.mirror.relations_after
        page = self._ask(lambda client: client.changed_accounts(after, self.mirror.page_url), SYNC_ACCOUNTS)
        with transaction.atomic():
            self.mirror.store(page.rows)
            highest = max([self.mirror.highest, *(account.timestamp for account in page.rows)])
            self._write(page_url=page.next_url, highest=highest, rows_read=self.mirror.rows_read + len(page.rows))
            if not page.next_url:
                self._end_of_relations()

    def _end_of_relations(self) -> None:
        """The cursor moves only now. What a full reading did not meet is no longer there.

        Raises ConnectionNeedsAttention where there is nothing at all and was something: who lost the rights gets an empty list.
        """
        if self.mirror.is_full:
            if not self.mirror.rows_read and self.mirror.relations.exists():
                raise ConnectionNeedsAttention("forbidden", reason="", said="")
            self.mirror.relations.exclude(reading=self.mirror.reading).delete()
        after = 0 if self.mirror.is_full else self.mirror.deletions_after
        self._write(relations_after=self.mirror.highest, deletions_after=after, highest=after, phase=Phase.DELETIONS, page_url="")

    def _page_of_deletions(self) -> None:
        try:
            page = self._ask(
                lambda client: client.deleted_accounts(self.mirror.deletions_after, self.mirror.page_url), SYNC_DELETED
            )
        except errors.Forbidden:  # a right of its own, which not every treasurer has; then every reading is a full one
            self._end(sees_deletions=False)
            return
        with transaction.atomic():
            for deletion in page.rows:
                self._delete(deletion.guid, deletion.timestamp)
            self._write(page_url=page.next_url, highest=max([self.mirror.highest, *(row.timestamp for row in page.rows)]))
            if not page.next_url:
                self._end(deletions_after=self.mirror.highest, sees_deletions=True)

    def _delete(self, guid: str, row_version: int) -> None:
        rows = self.mirror.relations.filter(guid=guid)
        rows.filter(row_version__lt=row_version).delete()
        if not rows.exists():
            _lose(self.connection, guid)

    def _end(self, **values: object) -> None:
        self._write(phase=Phase.IDLE, page_url="", is_full=False, read_at=self.lease.now(), **values)

    # Asking

    def _moved(self) -> str:
        """What Exact says of moves of this administration; what we knew where it does not say."""
        try:
            found = self._ask(lambda client: client.divisions(self.mirror.division), DIVISIONS)
        except errors.Forbidden:
            return self.mirror.moved
        return next((division.moved for division in found if division.code == self.mirror.division), self.mirror.moved)

    def _ask(self, ask: Callable[[ExactClient], Answer], endpoint: str) -> Answer:
        """One call, paid for. Raises ConnectionRests, ConnectionNeedsAttention, Stopped, and Forbidden for who asks for it."""
        client = self.lease.client(endpoint, by_person=True)
        try:
            answer = client.call(ask)
        except (errors.BadRequest, ValueError):
            if not self.mirror.page_url:
                raise
            # The address of a page does not live for ever: from the cursor it is read again.
            self._write(page_url="", rows_read=0)
            return client.call(ask)
        finally:
            self.lease.learn_limits(client)
        self.lease.learn_success(client)
        return answer

    def _write(self, **values: object) -> None:
        values["stored_at"] = self.lease.now()
        Mirror.objects.filter(pk=self.mirror.pk).update(**values)
        for name, value in values.items():
            setattr(self.mirror, name, value)


def _mirror_of(connection: ExactOnlineConnection) -> Mirror:
    """Of the administration that is chosen now: of another one nothing may stay behind."""
    division = connection.division
    assert division is not None, "only what has an administration is readable"  # noqa: S101
    Mirror.objects.filter(connection=connection).exclude(division=division).delete()
    return Mirror.objects.get_or_create(connection=connection, defaults={"division": division})[0]


def _lose(connection: ExactOnlineConnection, guid: str) -> None:
    """A relation is gone from Exact: whether it was merged with another, or its member gets a new one, is for a person to say."""
    links = RelationLink.objects.filter(connection=connection, guid=guid)
    Match.objects.filter(link__in=links).update(decided_at=None, decided_by=None)
    links.update(
        guid=None,
        code=None,
        confirmed={},
        unconfirmed=False,
        pushed_revision=0,
        pushed_mapping="",
        parked_revision=None,
        parked_mapping="",
        held=Held.DECISION,
        problem="vanished",
        problem_details={},
        attempts=0,
        not_before=None,
    )


def forget(connection: ExactOnlineConnection) -> None:
    """Exact's data of people who are no members is kept only as long as it is compared with."""
    Mirror.objects.filter(connection=connection).delete()


def refresh(connection: ExactOnlineConnection) -> None:
    """Look what changed in Exact, right before a person decides: two or three calls, and only if the last look is a while ago.

    Where Exact cannot be asked now, what was read before has to do: before anything is sent it is read once more.
    """
    known = Mirror.objects.filter(connection=connection, read_at__lt=timezone.now() - FRESH, phase=Phase.IDLE)
    if known.exists():
        read_on(connection, PATIENCE)


def read_on(connection: ExactOnlineConnection, seconds: float) -> None:
    """Read for about so many seconds, on from where the last reading was left; what Exact refuses is noted in the log."""
    lease = Lease(connection.pk, ExactOnlineConnection.objects.readable(), timezone.now)
    if not lease.claim():
        return
    started = time.monotonic()
    try:
        for _ in Reading(lease).pages():
            if time.monotonic() - started > seconds:
                break
    except ConnectionRests as rests:
        lease.rest(rests)
    except (ConnectionNeedsAttention, SecretUnreadable, Stopped, IntegrityError, errors.ExactError) as trouble:
        logger.info("mirror_not_refreshed", connection=connection.pk, trouble=type(trouble).__name__)
    finally:
        lease.release()

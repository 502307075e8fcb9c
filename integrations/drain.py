"""Emptying what is due of one connection: one drainer at a time, one call at a time, at most a minute, never sleeping.

Whoever gives the lease back looks once more whether anything is due: looking before giving back would lose the bell that rang in between.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from django.utils import timezone
from django.utils.timezone import localdate

from integrations import attention, brake, comparison, failures
from integrations.exact_online import errors
from integrations.failures import ConnectionNeedsAttention, ConnectionRests, Stopped
from integrations.lease import Lease
from integrations.models import ExactOnlineConnection, RelationLink
from integrations.models.link import held_back
from integrations.models.secret import SecretUnreadable
from integrations.push import Push
from integrations.tokens import Clock

logger = structlog.get_logger(__name__)

LONGEST = 60.0
BATCH = 200
# Looking whether a person changed something, or the settings, costs two queries.
LOOK_FOR_PEOPLE_EVERY = 0.2
# More than these at once are no longer what a person waits for.
HEARD_AT_MOST = 10
# Looking for members that take part since we began costs a scan of all members.
LOOK_FOR_NEW_EVERY = 5.0
# Looked at first of all, because an index finds them: members saved a moment ago.
RECENT = timedelta(minutes=10)
# A worker waits this long by countdown; what takes longer waits in the database and is found by beat.
COUNTDOWN_AT_MOST = timedelta(seconds=90)
# What only our own code raises.
MISTAKES = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)


class Drain:
    """One stay at one connection. `counts` tells how many links were created, changed, adopted, unchanged or parked."""

    def __init__(self, connection_id: int, now: Clock = timezone.now) -> None:
        self.pk = connection_id
        self.now = now
        self.counts: Counter[str] = Counter()
        self.claimed = False
        self._lease = Lease(connection_id, ExactOnlineConnection.objects.sending(), now)
        self._seen: ExactOnlineConnection
        self._brake: brake.Brake
        self._looked_at = now()

    def run(self, seconds: float = LONGEST) -> Drain:
        """Drain for at most `seconds`. Leaves quietly where somebody else drains, or nothing may be sent."""
        self.claimed = self._lease.claim()
        if not self.claimed:
            return self
        try:
            with suppress(Stopped):
                self._empty(time.monotonic() + seconds)
        except ConnectionRests as rests:
            self._lease.rest(rests)
        except ConnectionNeedsAttention as problem:
            attention.ask(self.pk, problem, self.now())
        except SecretUnreadable:
            attention.ask(self.pk, ConnectionNeedsAttention("secret_unreadable"), self.now())
        finally:
            self._lease.release()
        return self

    def next_at(self) -> datetime | None:
        """When to come back, if anything is left: now, or when the rest is over. None: nothing is waiting, or only for a person."""
        connection = ExactOnlineConnection.objects.sending().filter(pk=self.pk).first()
        if connection is None:
            return None
        now = self.now()
        start = max(filter(None, (connection.resume_at, now)))
        if start == now and (
            self._has_newcomers(connection)
            or RelationLink.objects.urgent(connection, now).exists()
            or _few_are_heard(connection, now)
        ):
            return now
        if not RelationLink.objects.due(connection, now).exists():
            return None
        return max(filter(None, (start, connection.bulk_resume_at)))

    # The loop

    def _empty(self, deadline: float) -> None:
        # Who just saved somebody should not wait for a look at a hundred thousand others.
        self._ensure_links(since=self.now() - RECENT)
        self._brake = brake.Brake(self.now)
        self._push_urgent(deadline)
        looked = 0.0
        while time.monotonic() < deadline:
            if time.monotonic() - looked > LOOK_FOR_NEW_EVERY:
                self._ensure_links()
                looked = time.monotonic()
            if not self._push_batch(deadline):
                return

    def _push_batch(self, deadline: float) -> bool:
        """Up to 200 links, and between them whatever a person changed meanwhile. False: nothing was due."""
        pushed = self._push_urgent(deadline)
        asked = time.monotonic()
        pks = self._due_ids()
        # After listing: what is listed has been counted, and each is looked at once more before it is pushed.
        self._brake.apply(self._seen)
        for pk in pks:
            if time.monotonic() >= deadline:
                break
            if time.monotonic() - asked > LOOK_FOR_PEOPLE_EVERY:
                self._push_urgent(deadline)
                asked = time.monotonic()
            self._push_one(pk, by_person=False)
            pushed = True
        return pushed

    def _due_ids(self) -> list[int]:
        resume_at, now = self._seen.bulk_resume_at, self.now()
        if resume_at and resume_at > now:
            return []
        return list(RelationLink.objects.due(self._seen, now).values_list("pk", flat=True)[:BATCH])

    def _push_urgent(self, deadline: float) -> bool:
        """Leaves a fresh `_seen` behind."""
        pushed = False
        while time.monotonic() < deadline:
            self._look()
            pk = RelationLink.objects.urgent(self._seen, self.now()).values_list("pk", flat=True).first() or self._heard()
            if pk is None:
                break
            self._push_one(pk, by_person=True)
            pushed = True
        return pushed

    def _heard(self) -> int | None:
        """Somebody whom a person just changed in Congressus, as long as these are few and the brake lets them pass."""
        if not _few_are_heard(self._seen, self.now()):
            return None
        self._brake.apply(self._seen)
        return RelationLink.objects.heard(self._seen, self.now()).values_list("pk", flat=True).first()

    def _push_one(self, pk: int, *, by_person: bool) -> None:
        allowed = self._behind if by_person else self._behind.exclude(held_back())
        link = next(iter(allowed.filter(pk=pk)), None)
        if link is None:  # settled, left out, held back or gone since it was listed
            return
        client = self._lease.client(by_person=by_person)
        push = Push(link, self._seen, client, self._lease.holder, self.now)
        try:
            self.counts[push.run()] += 1
            self._lease.learn_success(client)
            if client.client.calls:
                self._lease.learn({"last_push_at": self.now()})
        except errors.ExactError as error:
            self._after_error(error)
        except MISTAKES:
            # Ours, and it would meet us again each minute, before the members behind this one.
            logger.exception("mistake_of_ours", connection=self.pk, link=pk)
            self.counts[push.give_up()] += 1
        finally:
            self._lease.learn_limits(client)

    def _look(self) -> None:
        self._seen = self._lease.look()
        self._behind = RelationLink.objects.behind(self._seen).select_related("member")

    def _has_newcomers(self, connection: ExactOnlineConnection) -> bool:
        """Members without a link who came since we looked for such; only recent ones, for this is asked after every drain."""
        return connection.members_without_link().filter(changed_at__gte=self._looked_at).exists()

    def _ensure_links(self, since: datetime | None = None) -> None:
        """A link for every member in a selected status (changed since). Looks at all of them, so in batches, keeping the lease."""
        self._look()
        self._looked_at = self.now()
        for _ in RelationLink.objects.ensure(self._seen, since):
            self._lease.renew()
        try:
            for _ in comparison.Comparison(self._seen, localdate(self.now())).newcomers():
                self._lease.renew()
        except MISTAKES as mistake:
            # Ours. Who was not compared might be made a second time, so nothing goes on before somebody looked.
            logger.exception("mistake_of_ours", connection=self.pk)
            raise ConnectionNeedsAttention("unexpected") from mistake

    # Answers

    def _after_error(self, error: errors.ExactError) -> None:
        """Go on with the next link, or raise what ends this drain."""
        logger.info("exact_refused", connection=self.pk, error=str(error))
        self.counts["later"] += 1
        bad = self._seen.bad_requests_in_a_row + 1 if isinstance(error, errors.BadRequest) else 0
        trouble = isinstance(error, errors.RelationBusy | errors.Unreachable | errors.Maintenance)
        troubles = self._seen.troubles_in_a_row + 1 if trouble else 0
        self._lease.note(bad_requests_in_a_row=bad, troubles_in_a_row=troubles)
        if error.concerns == "relation" and troubles < failures.TROUBLES_BEFORE_REST:
            return
        if isinstance(error, errors.BadRequest) and bad < 2:
            return
        rested_for = failures.rested_for(self._seen.resume_at, self._seen.resume_reason, self.now())
        raise failures.of_connection(error, self.now(), rested_for=rested_for, troubles=troubles) from error


def _few_are_heard(connection: ExactOnlineConnection, now: datetime) -> bool:
    return 0 < len(RelationLink.objects.heard(connection, now).values_list("pk", flat=True)[: HEARD_AT_MOST + 1]) <= HEARD_AT_MOST

"""One stay at Congressus: one worker at a time, one call at a time, at most a minute, never sleeping.

What a person may be waiting for comes first: single members of whom was heard, then changes, then the walk. A limit is not slept out; it
waits in the database and is found by beat.
"""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta

import structlog
from django.db.models import F, Min
from django.utils import timezone

from integrations.arrivals import calls, endings, poll, reread, statuses, walk, webhook
from integrations.arrivals.calls import Calls
from integrations.congressus import errors
from integrations.failures import ConnectionNeedsAttention, ConnectionRests, Stopped
from integrations.models import CongressusConnection, CongressusMember, CongressusWalk
from integrations.models.secret import SecretUnreadable
from integrations.tokens import Clock

logger = structlog.get_logger(__name__)

LONGEST = 60.0
STATUSES_EVERY = timedelta(hours=1)
# A list tells of a hundred with one call.
READ_ONE_BY_ONE = 50


class Visit:
    def __init__(self, now: Clock = timezone.now) -> None:
        self.now = now
        self.claimed = False
        self._holder = uuid.uuid4().hex
        self._calls: Calls

    def run(self, seconds: float = LONGEST) -> Visit:
        """Fetch what is due for at most so many seconds. Leaves quietly where somebody else does, or nothing may be asked."""
        self.claimed = CongressusConnection.objects.working().rested(self.now()).claim(self._holder)
        if not self.claimed:
            return self
        try:
            self._calls = Calls(CongressusConnection.objects.get(), self.now, self._holder)
            self._work(time.monotonic() + seconds)
        except Stopped:
            pass
        except ConnectionRests as rests:
            self._rest(rests)
        except ConnectionNeedsAttention as problem:
            calls.ask_a_person(problem.problem, problem.details, self.now())
        except SecretUnreadable:
            calls.ask_a_person("secret_unreadable", {}, self.now())
        finally:
            endings.settle(self.now())
            CongressusConnection.objects.filter(lease_holder=self._holder).update(lease_holder="", lease_until=None)
        return self

    def _work(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            self._calls.look()
            try:
                before = self._calls.connection.troubles_in_a_row
                if not self._next():
                    return
                self._succeeded(before)
            except ConnectionRests as rests:
                if not rests.bulk_only:
                    raise
                self._rest(rests)
            except errors.CongressusError as error:
                self._failed(error)

    def _next(self) -> bool:
        """The most urgent thing that is due. False: nothing is."""
        return any(do() for do in (self._read_statuses, self._read_one, self._register, self._poll, self._walk))

    # What there is to do

    def _read_statuses(self) -> bool:
        read_at = self._calls.connection.statuses_read_at
        if read_at is not None and read_at > self.now() - STATUSES_EVERY:
            return False
        read_statuses(self._calls)
        return True

    def _read_one(self) -> bool:
        rows = list(CongressusMember.objects.to_read(self.now())[: READ_ONE_BY_ONE + 1])
        if not rows or (len(rows) > READ_ONE_BY_ONE and self._lists_come_first(rows[0])):
            return False
        row = rows[0]
        try:
            reread.one(row, self._calls)
        except errors.Unavailable as error:
            # One that fails must not keep the others from being read; several in a row are no longer about one.
            if self._trouble(error) >= calls.TROUBLES_BEFORE_LONG_REST:
                raise
            return True
        if not CongressusMember.objects.to_read(self.now()).exists():
            endings.settle(self.now())
        return True

    def _lists_come_first(self, first: CongressusMember) -> bool:
        """So many were heard of that lists tell more of them with a call than reading them one by one: whether a list can be had now."""
        connection, heard_at = self._calls.connection, first.heard_at
        if heard_at is None or (connection.bulk_resume_at and connection.bulk_resume_at > self.now()):
            return False
        if connection.orders_by_modified:
            if connection.polled_at is not None and connection.polled_at < heard_at:
                self._calls.note(polled_at=None)
            return connection.polled_at is None
        last = CongressusWalk.objects.first()
        if last is None or last.started_at < heard_at:
            self._calls.note(walk_wanted=last is None or not last.is_going)
            return True
        # A walk that began since and is through has told of whoever stands in a list.
        return last.is_going

    def _register(self) -> bool:
        if not webhook.is_wanted(self._calls.connection, self.now()):
            return False
        webhook.register_if_wanted(self._calls)
        return True

    def _poll(self) -> bool:
        if not poll.is_due(self._calls.connection, self.now()):
            return False
        poll.look(self._calls)
        return True

    def _walk(self) -> bool:
        connection, now = self._calls.connection, self.now()
        if connection.bulk_resume_at and connection.bulk_resume_at > now:
            return False
        going = CongressusWalk.objects.going().first()
        if going is None and walk.is_due(connection, now):
            going = walk.start(connection, None, now)
        if going is None:
            return False
        walk.step(going, self._calls)
        return True

    # What becomes of it

    def _rest(self, rests: ConnectionRests) -> None:
        column = "bulk_resume_at" if rests.bulk_only else "resume_at"
        self._calls.note(**{column: rests.until, "resume_reason": rests.reason})

    def _failed(self, error: errors.CongressusError) -> None:
        """Raises what follows for the connection."""
        logger.info("congressus_refused", error=str(error))
        raise calls.follows(error, self.now(), self._trouble(error)) from error

    def _trouble(self, error: errors.CongressusError) -> int:
        """How many answers in a row were of no use, this one included."""
        passes = isinstance(error, errors.Unreachable | errors.Unavailable)
        self._calls.note(troubles_in_a_row=self._calls.connection.troubles_in_a_row + 1 if passes else 0)
        return self._calls.connection.troubles_in_a_row

    def _succeeded(self, before: int) -> None:
        """`before`: the troubles counted when this began; one more since is no success."""
        if 0 < self._calls.connection.troubles_in_a_row <= before:
            self._calls.note(troubles_in_a_row=0)


def read_statuses(asking: Calls) -> None:
    """Take over the statuses of Congressus. Raises CongressusError and what stops the connection."""
    client = asking.client(single=True)
    try:
        statuses.take_over(client.statuses(), asking.now())
    finally:
        asking.learn(client)
    asking.note(statuses_read_at=asking.now())


def is_due(now: datetime) -> bool:
    """Whether a worker would find something to do."""
    return next_at(now) == now


def next_at(now: datetime) -> datetime | None:
    """When to come back: now, or when a rest is over. None: nothing is waiting, or only for a person; beat looks each minute."""
    connection = CongressusConnection.objects.working().first()
    if connection is None:
        return None
    start = max(filter(None, (connection.resume_at, now)))
    if CongressusMember.objects.to_read(start).exists() or webhook.is_wanted(connection, start) or poll.is_due(connection, start):
        return start
    if CongressusWalk.objects.going().exists() or walk.is_due(connection, start):
        return max(filter(None, (start, connection.bulk_resume_at)))
    return CongressusMember.objects.filter(heard__gt=F("read")).aggregate(first=Min("not_before"))["first"]

"""Emptying what is due of one connection: one drainer at a time, one call at a time, at most a minute, never sleeping.

Before every call one UPDATE renews the lease and takes a call from the budget; it finds no row when the connection was disabled, removed or
needs attention, and then nothing more is sent. Whoever gives the lease back looks once more whether anything is due: looking before
giving back would lose the bell that rang in between.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from django.db.models.functions import Now
from django.utils import timezone

from integrations import attention, budget, clients, failures
from integrations.exact_online import errors
from integrations.exact_online.client import ACCOUNTS
from integrations.exact_online.limits import RateLimits
from integrations.exact_online.transport import Session
from integrations.failures import ConnectionNeedsAttention, ConnectionRests, Stopped
from integrations.models import ExactOnlineConnection, RelationLink
from integrations.models.connection import LEASE
from integrations.models.secret import SecretUnreadable
from integrations.push import Push
from integrations.tokens import Clock

logger = structlog.get_logger(__name__)

LONGEST = 60.0
BATCH = 200
# Looking whether a person changed something, or the settings, costs two queries.
LOOK_FOR_PEOPLE_EVERY = 0.2
# Looking for members that take part since we began costs a scan of all members.
LOOK_FOR_NEW_EVERY = 5.0
# Looked at first of all, because an index finds them: members saved a moment ago.
RECENT = timedelta(minutes=10)
# A worker waits this long by countdown; what takes longer waits in the database and is found by beat.
COUNTDOWN_AT_MOST = timedelta(seconds=90)
JUST_RESTED = timedelta(minutes=10)
# What only our own code raises.
MISTAKES = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)


class Drain:
    """One stay at one connection. `counts` tells how many links were created, changed, adopted, unchanged or parked."""

    def __init__(self, connection_id: int, now: Clock = timezone.now) -> None:
        self.pk = connection_id
        self.now = now
        self.holder = uuid.uuid4().hex
        self.counts: Counter[str] = Counter()
        self.claimed = False
        self._session = Session()
        self._held = ExactOnlineConnection.objects.held(self.pk, self.holder)
        self._seen: ExactOnlineConnection
        self._learned: dict[str, object] = {}
        self._looked_at = now()

    def run(self, seconds: float = LONGEST) -> Drain:
        """Drain for at most `seconds`. Leaves quietly where somebody else drains, or nothing may be sent."""
        self.claimed = ExactOnlineConnection.objects.claim(self.pk, self.holder, self.now())
        if not self.claimed:
            return self
        try:
            with suppress(Stopped):
                self._empty(time.monotonic() + seconds)
        except ConnectionRests as rests:
            self._rest(rests)
        except ConnectionNeedsAttention as problem:
            attention.ask(self.pk, problem, self.now())
        except SecretUnreadable:
            attention.ask(self.pk, ConnectionNeedsAttention("secret_unreadable"), self.now())
        finally:
            ExactOnlineConnection.objects.release(self.pk, self.holder, **self._learned)
        return self

    def next_at(self) -> datetime | None:
        """When to come back, if anything is left: now, or when the rest is over. None: nothing is waiting, or only for a person."""
        connection = ExactOnlineConnection.objects.working().filter(pk=self.pk).first()
        if connection is None:
            return None
        now = self.now()
        start = max(filter(None, (connection.resume_at, now)))
        if start == now and (self._has_newcomers(connection) or RelationLink.objects.urgent(connection, now).exists()):
            return now
        if not RelationLink.objects.due(connection, now).exists():
            return None
        return max(filter(None, (start, connection.bulk_resume_at)))

    # The loop

    def _empty(self, deadline: float) -> None:
        # Who just saved somebody should not wait for a look at a hundred thousand others.
        self._ensure_links(since=self.now() - RECENT)
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
        for pk in self._due_ids():
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
            pk = RelationLink.objects.urgent(self._seen, self.now()).values_list("pk", flat=True).first()
            if pk is None:
                break
            self._push_one(pk, by_person=True)
            pushed = True
        return pushed

    def _push_one(self, pk: int, *, by_person: bool) -> None:
        link = next(iter(self._behind.filter(pk=pk)), None)
        if link is None:  # settled, left out or gone since it was listed
            return
        client = clients.for_connection(
            self._seen,
            before_call=lambda: self._spend(by_person),
            after_error=self._count_error,
            session=self._session,
            now=self.now,
        )
        push = Push(link, self._seen, client, self.holder, self.now)
        try:
            self.counts[push.run()] += 1
            self._learn_success(client)
        except errors.ExactError as error:
            self._after_error(error)
        except MISTAKES:
            # Ours, and it would meet us again each minute, before the members behind this one.
            logger.exception("mistake_of_ours", connection=self.pk, link=pk)
            self.counts[push.give_up()] += 1
        finally:
            self._learn_limits(client)

    def _look(self) -> None:
        """Settings, statuses, consent and limits may have changed since the last link. Raises Stopped."""
        seen = next(iter(self._held.select_related("app", "token__app")), None)
        if seen is None:
            raise Stopped
        self._seen = seen
        self._behind = RelationLink.objects.behind(seen).select_related("member")

    def _has_newcomers(self, connection: ExactOnlineConnection) -> bool:
        """Members without a link who came since we looked for such; only recent ones, for this is asked after every drain."""
        return connection.members_without_link().filter(changed_at__gte=self._looked_at).exists()

    def _ensure_links(self, since: datetime | None = None) -> None:
        """A link for every member in a selected status (changed since). Looks at all of them, so in batches, keeping the lease."""
        self._look()
        self._looked_at = self.now()
        lacking = self._seen.members_without_link()
        if since is not None:
            lacking = lacking.filter(changed_at__gte=since)
        while pks := list(lacking.order_by("pk").values_list("pk", flat=True)[:1000]):
            self._renew()
            links = [RelationLink(connection=self._seen, member_id=pk) for pk in pks]
            RelationLink.objects.bulk_create(links, ignore_conflicts=True)

    # Permission

    def _renew(self, **values: object) -> None:
        """One UPDATE: keep the lease, and write along what was learned since the last. Raises Stopped."""
        if not self._held.update(lease_until=Now() + LEASE, **self._learned | values):
            raise Stopped
        self._learned = {}
        self._see(values)

    def _spend(self, by_person: bool) -> None:
        """Permission for one call; people may also spend what is kept for them. Raises Stopped and ConnectionRests."""
        seen, now = self._seen, self.now()
        if rest := budget.error_rest(seen.endpoint_errors.get(ACCOUNTS, []), now):
            raise ConnectionRests(rest, "error_block")
        minute = budget.Window(seen.minute_limit, seen.minute_left, seen.minute_resets_at)
        day = budget.Window(seen.day_limit, seen.day_left, seen.day_resets_at)
        wait = budget.not_before(minute, day, now, by_person=by_person)
        if wait is not None:
            reason = "day_limit" if wait == day.resets_at else "minute_limit"
            raise ConnectionRests(wait + failures.MARGIN, reason, bulk_only=not by_person)
        self._renew(minute_left=_one_less(minute, now), day_left=_one_less(day, now))

    # Answers

    def _note(self, **values: object) -> None:
        """Write what was learned about the connection, for the next call and for whoever drains next."""
        ExactOnlineConnection.objects.filter(pk=self.pk, lease_holder=self.holder).update(**self._learned | values)
        self._learned = {}
        self._see(values)

    def _see(self, values: Mapping[str, object]) -> None:
        """One link may take several calls, and the row is read again only before the next link."""
        for name, value in values.items():
            setattr(self._seen, name, value)

    def _learn(self, values: dict[str, object]) -> None:
        """What may be written with the next call, or with the end: a crash loses the limits of one call, and Exact tells them again."""
        self._learned |= values
        self._see(values)

    def _learn_limits(self, client: clients.AuthorizedClient) -> None:
        limits, client.client.limits = client.client.limits, None
        if limits is not None:
            self._learn(_limit_values(limits, self.now()))

    def _learn_success(self, client: clients.AuthorizedClient) -> None:
        """Exact answers, and understands us."""
        if client.client.calls:
            self._learn({"bad_requests_in_a_row": 0, "troubles_in_a_row": 0, "last_push_at": self.now()})

    def _count_error(self, error: errors.ExactError) -> None:
        """Exact counts some answers per endpoint and hour; so do we, and stop sooner."""
        if error.counted:
            seen = self._seen.endpoint_errors
            of_endpoint = budget.with_error(seen.get(error.endpoint, []), self.now())
            self._note(endpoint_errors=seen | {error.endpoint: of_endpoint})

    def _after_error(self, error: errors.ExactError) -> None:
        """Go on with the next link, or raise what ends this drain."""
        logger.info("exact_refused", connection=self.pk, error=str(error))
        self.counts["later"] += 1
        bad = self._seen.bad_requests_in_a_row + 1 if isinstance(error, errors.BadRequest) else 0
        trouble = isinstance(error, errors.RelationBusy | errors.Unreachable | errors.Maintenance)
        troubles = self._seen.troubles_in_a_row + 1 if trouble else 0
        self._note(bad_requests_in_a_row=bad, troubles_in_a_row=troubles)
        if error.concerns == "relation" and troubles < failures.TROUBLES_BEFORE_REST:
            return
        if isinstance(error, errors.BadRequest) and bad < 2:
            return
        raise failures.of_connection(
            error, self.now(), rested_for=_last_rest(self._seen, self.now()), troubles=troubles
        ) from error

    def _rest(self, rests: ConnectionRests) -> None:
        column = "bulk_resume_at" if rests.bulk_only else "resume_at"
        self._note(**{column: rests.until, "resume_reason": rests.reason})


def _last_rest(connection: ExactOnlineConnection, now: datetime) -> str:
    """Why the connection rested until just now: the same trouble right after its rest weighs more."""
    fresh = connection.resume_at is not None and connection.resume_at > now - JUST_RESTED
    return connection.resume_reason if fresh else ""


def _one_less(window: budget.Window, now: datetime) -> int | None:
    left = window.left_at(now)
    return None if left is None else left - 1


def _limit_values(limits: RateLimits, now: datetime) -> dict[str, object]:
    """Columns for what Exact told. Its resets become instants on our clock by the distance to its own Date."""
    values: dict[str, object] = {}
    for name, window in (("minute", limits.minute), ("day", limits.day)):
        if window.known:
            seconds = limits.seconds_until_reset(name)  # type: ignore[arg-type]
            resets_at = None if seconds is None else now + timedelta(seconds=seconds)
            values |= {f"{name}_limit": window.limit, f"{name}_left": window.remaining, f"{name}_resets_at": resets_at}
    return values

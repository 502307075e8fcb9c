"""Being the one who calls Exact Online for a connection: sending and reading share one lease, one budget and one memory of limits.

Exact wants one call at a time per administration. Before every call one UPDATE renews the lease and takes the call from the budget. It
finds no row when the connection left the set it was claimed from (disabled, removed, needs attention); then Exact is asked nothing more.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models.functions import Now

from integrations import budget, clients, failures
from integrations.exact_online import errors
from integrations.exact_online.client import ACCOUNTS
from integrations.exact_online.limits import RateLimits
from integrations.failures import ConnectionRests, Stopped
from integrations.models import ExactOnlineConnection
from integrations.models.connection import LEASE, ExactOnlineConnectionQuerySet
from integrations.tokens import Clock
from integrations.wire import Session


class Lease:
    """`allowed` is the set the connection must be in, and stay in. `seen` is the connection as last looked at."""

    seen: ExactOnlineConnection

    def __init__(self, pk: int, allowed: ExactOnlineConnectionQuerySet, now: Clock) -> None:
        self.pk = pk
        self.now = now
        self.holder = uuid.uuid4().hex
        self._allowed = allowed
        self._session = Session()
        self._learned: dict[str, object] = {}

    def claim(self) -> bool:
        """False where somebody else has it, or nothing may be asked of Exact now."""
        return self._allowed.rested(self.now()).claim(self.pk, self.holder)

    def release(self) -> None:
        ExactOnlineConnection.objects.release(self.pk, self.holder, **self._learned)

    def look(self) -> ExactOnlineConnection:
        """Settings, statuses, consent and limits may have changed since the last look. Raises Stopped."""
        seen = next(iter(self._held().select_related("app", "token__app")), None)
        if seen is None:
            raise Stopped
        self.seen = seen
        return seen

    def renew(self, **values: object) -> None:
        """One UPDATE: keep the lease, and write along what was learned since the last. Raises Stopped."""
        if not self._held().update(lease_until=Now() + LEASE, **self._learned | values):
            raise Stopped
        self._learned = {}
        self._see(values)

    def client(self, endpoint: str = ACCOUNTS, *, by_person: bool) -> clients.AuthorizedClient:
        """A client whose calls are paid for; people may also spend what is kept for them. Raises ConnectionNeedsAttention."""
        return clients.for_connection(
            self.seen,
            before_call=lambda: self._spend(endpoint, by_person),
            after_error=self._count_error,
            session=self._session,
            now=self.now,
        )

    def learn_success(self, client: clients.AuthorizedClient) -> None:
        """Exact answers, and understands us."""
        if client.client.calls:
            self.learn({"bad_requests_in_a_row": 0, "troubles_in_a_row": 0})

    def learn_limits(self, client: clients.AuthorizedClient) -> None:
        limits, client.client.limits = client.client.limits, None
        if limits is not None:
            self.learn(_limit_values(limits, self.now()))

    def learn(self, values: dict[str, object]) -> None:
        """What may be written with the next call, or with the end: a crash loses the limits of one call, and Exact tells them again."""
        self._learned |= values
        self._see(values)

    def note(self, **values: object) -> None:
        """Write what was learned about the connection, for the next call and for whoever comes next."""
        ExactOnlineConnection.objects.filter(pk=self.pk, lease_holder=self.holder).update(**self._learned | values)
        self._learned = {}
        self._see(values)

    def rest(self, rests: ConnectionRests) -> None:
        column = "bulk_resume_at" if rests.bulk_only else "resume_at"
        self.note(**{column: rests.until, "resume_reason": rests.reason})

    def _held(self) -> ExactOnlineConnectionQuerySet:
        return self._allowed.held(self.pk, self.holder)

    def _spend(self, endpoint: str, by_person: bool) -> None:
        """Permission for one call. Raises Stopped and ConnectionRests."""
        seen, now = self.seen, self.now()
        if rest := budget.error_rest(seen.endpoint_errors.get(endpoint, []), now):
            raise ConnectionRests(rest, "error_block")
        minute = budget.Window(seen.minute_limit, seen.minute_left, seen.minute_resets_at)
        day = budget.Window(seen.day_limit, seen.day_left, seen.day_resets_at)
        wait = budget.not_before(minute, day, now, by_person=by_person)
        if wait is not None:
            reason = "day_limit" if wait == day.resets_at else "minute_limit"
            raise ConnectionRests(wait + failures.MARGIN, reason, bulk_only=not by_person)
        self.renew(minute_left=_one_less(minute, now), day_left=_one_less(day, now))

    def _count_error(self, error: errors.ExactError) -> None:
        """Exact counts some answers per endpoint and hour; so do we, and stop sooner."""
        if error.counted:
            seen = self.seen.endpoint_errors
            of_endpoint = budget.with_error(seen.get(error.endpoint, []), self.now())
            self.note(endpoint_errors=seen | {error.endpoint: of_endpoint})

    def _see(self, values: Mapping[str, object]) -> None:
        """One piece of work may take several calls, and the row is read again only before the next."""
        for name, value in values.items():
            setattr(self.seen, name, value)


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

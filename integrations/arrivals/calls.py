"""Our way to Congressus: a client whose every call is counted and paid for, and what its failures mean for the connection.

One UPDATE before each call takes it from the share and, for a worker, renews the lease; it finds no row when somebody disabled or
removed the connection, and then Congressus is asked nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now

from integrations import notify
from integrations.arrivals import share
from integrations.congressus import errors, hosts
from integrations.congressus.client import CongressusClient
from integrations.failures import ConnectionNeedsAttention, ConnectionRests, Stopped
from integrations.models import CongressusConnection
from integrations.models.congressus import LEASE
from integrations.tokens import Clock
from integrations.wire import Session

logger = structlog.get_logger(__name__)

MARGIN = timedelta(seconds=1)
# What a column holds; who allows more allows enough.
MOST_CALLS = 1_000_000
# Pages count calls too, in the same row.
COUNTS_AT_ONCE = 5
COUNTED = ("minute_began_at", "minute_calls", "hour_began_at", "hour_calls")
UNKNOWN_LIMIT = timedelta(seconds=61)
LONGEST_LIMIT = timedelta(hours=1)
TROUBLE = timedelta(minutes=1)
MUCH_TROUBLE = timedelta(minutes=5)
TROUBLES_BEFORE_LONG_REST = 3


class Calls:
    """`connection` is as last looked at; `holder` is the lease of a worker, "" for a page that asks a little by itself."""

    def __init__(self, connection: CongressusConnection, now: Clock, holder: str = "", session: Session | None = None) -> None:
        self.connection = connection
        self.now = now
        self.holder = holder
        self.made = 0
        self._session = session or Session()

    def client(self, *, single: bool) -> CongressusClient:
        """`single`: for one member or a page a person waits for; it may spend what a walk leaves. Raises SecretUnreadable."""
        return client_for(self.connection.api_key.reveal(), self._session, lambda: self._spend(single))

    def learn(self, client: CongressusClient) -> None:
        """Keep what the answers told of the limit."""
        limit = client.limit
        if limit is not None and limit.remaining is not None:
            told_limit = None if limit.limit is None else min(limit.limit, MOST_CALLS)
            self.note(told_limit=told_limit, told_left=min(limit.remaining, MOST_CALLS), told_resets_at=limit.reset)

    def note(self, **values: object) -> None:
        CongressusConnection.objects.filter(pk=self.connection.pk).update(**values)
        self._see(values)

    def look(self) -> CongressusConnection:
        """Settings may have changed since the last look. Raises Stopped."""
        seen = CongressusConnection.objects.working().held(self.holder).first()
        if seen is None:
            raise Stopped
        self.connection = seen
        return seen

    def renew(self) -> None:
        """Keep the lease during work of our own. Raises Stopped."""
        if not CongressusConnection.objects.working().held(self.holder).update(lease_until=Now() + LEASE):
            raise Stopped

    def _spend(self, single: bool) -> None:
        """Permission for one call. Raises Stopped and ConnectionRests."""
        for _attempt in range(COUNTS_AT_ONCE):
            values = self._one_more(single)
            if self._rows(minute_calls=self.connection.minute_calls, hour_calls=self.connection.hour_calls).update(**values):
                self.made += 1
                self._see(values)
                return
            self._count_anew()
        raise Stopped

    def _one_more(self, single: bool) -> dict[str, object]:
        now, seen = self.now(), self.connection
        minute, hour = _windows(seen)
        told = share.Told(seen.told_limit, seen.told_left, seen.told_resets_at)
        wait = share.not_before(minute, hour, told, seen.share, now, single=single)
        if wait is not None:
            raise ConnectionRests(wait + MARGIN, "share", bulk_only=not single)
        minute, hour = share.counted(minute, now), share.counted(hour, now)
        values: dict[str, object] = {
            "minute_began_at": minute.began_at,
            "minute_calls": minute.calls,
            "hour_began_at": hour.began_at,
            "hour_calls": hour.calls,
        }
        return values | ({"lease_until": Now() + LEASE} if self.holder else {})

    def _count_anew(self) -> None:
        """Somebody else counted a call meanwhile. Raises Stopped where the row is not ours any more."""
        fresh = self._rows().values(*COUNTED).first()
        if fresh is None:
            raise Stopped
        self._see(fresh)

    def _rows(self, **as_seen: object) -> QuerySet[CongressusConnection]:
        rows = CongressusConnection.objects.working().held(self.holder) if self.holder else CongressusConnection.objects.all()
        return rows.filter(pk=self.connection.pk, **as_seen)

    def _see(self, values: dict[str, object]) -> None:
        for name, value in values.items():
            if name != "lease_until":
                setattr(self.connection, name, value)


def client_for(api_key: str, session: Session | None = None, before_call: Callable[[], None] = lambda: None) -> CongressusClient:
    return CongressusClient(hosts.api_url(settings.CONGRESSUS_BASE_URL), api_key, session=session, before_call=before_call)


def _windows(connection: CongressusConnection) -> tuple[share.Window, share.Window]:
    return (
        share.Window(connection.minute_began_at, connection.minute_calls, share.MINUTE),
        share.Window(connection.hour_began_at, connection.hour_calls, share.HOUR),
    )


def calls_this_hour(connection: CongressusConnection, now: datetime) -> int:
    return _windows(connection)[1].calls_at(now)


def follows(error: errors.CongressusError, now: datetime, troubles: int) -> Exception:
    """The ConnectionRests or ConnectionNeedsAttention that an error means for the connection; `troubles` counts those in a row."""
    match error:
        case errors.LimitReached():
            wait = timedelta(seconds=error.retry_after) if error.retry_after is not None else UNKNOWN_LIMIT
            return ConnectionRests(now + min(wait, LONGEST_LIMIT) + MARGIN, "limit")
        case errors.Unreachable() | errors.Unavailable():
            return ConnectionRests(now + (MUCH_TROUBLE if troubles >= TROUBLES_BEFORE_LONG_REST else TROUBLE), "unreachable")
        case errors.WrongKey():
            return ConnectionNeedsAttention("wrong_key", said=error.said)
        case errors.NoRights():
            return ConnectionNeedsAttention("no_rights", said=error.said)
        case errors.BadRequest():
            return ConnectionNeedsAttention("our_fault", said=error.said)
    return ConnectionNeedsAttention("unexpected", said=error.said or str(error))


def ask_a_person(problem: str, details: dict[str, str], now: datetime) -> None:
    """Stop fetching and tell the treasurers; nothing happens where it is waiting for a person already."""
    calm = CongressusConnection.objects.filter(attention="")
    if calm.update(attention=problem, attention_details=details, attention_since=now):
        notify.congressus_needs_attention(CongressusConnection.objects.get())


def settle() -> None:
    """Somebody did something about it: try again. What Congressus said of its limits stands."""
    CongressusConnection.objects.update(attention="", attention_details={}, attention_since=None, troubles_in_a_row=0)
    CongressusConnection.objects.filter(resume_reason="unreachable").update(resume_at=None)

"""What arrives from Congressus at a glance: is everything here, how late may a change be, and what is it waiting for, or who?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations import estimate
from integrations.arrivals import adoption, calls, connecting, delay, endings, share
from integrations.arrivals.delay import How
from integrations.models import CongressusConnection, CongressusMember, CongressusWalk
from integrations.models.congressus import CongressusState
from integrations.problems import CONGRESSUS_RESTS, ArrivalProblem
from integrations.waiting import LATER, SOON, clock
from members.models import Member

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
COUNTED_IN_MINUTES = timedelta(minutes=100)


@dataclass(frozen=True)
class Progress:
    """How far a walk is, for whoever watches it."""

    walk: CongressusWalk
    now: datetime

    @property
    def total(self) -> int:
        """As Congressus counts them, unless it turned out to be more; 0 while it has not told."""
        return max(self.walk.total, self.walk.rows) if self.walk.total else 0

    @property
    def percentage(self) -> int | None:
        """None while nobody knows of how many."""
        return self.walk.rows * 100 // self.total if self.total else None

    @property
    def is_reading(self) -> bool:
        return self.walk.phase == CongressusWalk.Phase.READING

    @property
    def estimate(self) -> str:
        """How long reading the rest takes at the pace we allow ourselves; "" while that says nothing yet."""
        if not self.total or not self.is_reading:
            return ""
        return estimate.in_words(share.walk_takes(self.total - self.walk.rows, self.walk.connection.share))

    @cached_property
    def rest(self) -> str:
        return rest(self.walk.connection, self.now, bulk=True) if self.walk.is_going else ""


@dataclass(frozen=True)
class Inflow:
    connection: CongressusConnection
    now: datetime

    @property
    def state(self) -> CongressusState:
        return self.connection.state

    @cached_property
    def lacking(self) -> list[connecting.Lacking]:
        return connecting.lacking(self.connection)

    @property
    def is_working(self) -> bool:
        return self.connection.enabled and not self.connection.attention

    @property
    def look_again(self) -> int | None:
        """Seconds after which asking again makes sense; None where nothing moves without a person."""
        if self.moves:
            return SOON
        return LATER if self.connection.enabled else None

    @property
    def moves(self) -> bool:
        """Something is being fetched, or will be in a moment."""
        lease = self.connection.lease_until
        return bool(lease and lease > self.now) or (self.is_due and self.is_working and not self.rest)

    @property
    def is_due(self) -> bool:
        return bool(self.progress or self.to_read or self.connection.walk_wanted or self.connection.walked_at is None)

    @cached_property
    def progress(self) -> Progress | None:
        """Of the walk under way."""
        walk = CongressusWalk.objects.going().select_related("connection").first()
        return Progress(walk, self.now) if walk else None

    @cached_property
    def last_walk(self) -> CongressusWalk | None:
        return CongressusWalk.objects.exclude(ended_at=None).first()

    @cached_property
    def rest(self) -> str:
        """Until when nothing is asked, and why; "" while nothing holds it up."""
        if not self.is_working:
            return ""
        return rest(self.connection, self.now, bulk=False) or rest(self.connection, self.now, bulk=True)

    @property
    def asked_at(self) -> datetime | None:
        """When Congressus was last asked what there is."""
        connection = self.connection
        return max(filter(None, (connection.polled_at, connection.walked_at, connection.statuses_read_at)), default=None)

    # How many

    @cached_property
    def members(self) -> int:
        return Member.objects.present().exclude(congressus_id=None).count()

    @cached_property
    def to_read(self) -> int:
        return CongressusMember.objects.to_read(self.now).count()

    @cached_property
    def in_trouble(self) -> int:
        return in_trouble().count()

    @cached_property
    def warned(self) -> int:
        return warned().count()

    @cached_property
    def held_back(self) -> int:
        """Members who would no longer take part, and wait for a word."""
        return endings.asked(self.connection)

    @cached_property
    def to_adopt(self) -> int:
        return adoption.count()

    # Calls and delay

    @property
    def calls(self) -> int:
        return calls.calls_this_hour(self.connection, self.now)

    @property
    def calls_allowed(self) -> int:
        return share.allowed(share.PER_HOUR, self.connection.share, single=True)

    @cached_property
    def delay(self) -> str:
        """How changes arrive, and how late one may be at worst."""
        found = delay.of(self.connection, self.now)
        span = {"span": at_most(found.longest)}
        match found.how:
            case How.WEBHOOK:
                return _("By webhook: within seconds. Should a webhook be lost: within %(span)s.") % span
            case How.NEWEST_FIRST:
                return _("Congressus is asked what changed last: a change arrives within %(span)s.") % span
        return (
            _(
                "Congressus cannot list the last changed first, so all members are walked through: a change arrives within %(span)s."
            )
            % span
        )


def in_trouble() -> QuerySet[CongressusMember]:
    """Those to mend in Congressus; whether two are the same person is asked elsewhere."""
    return CongressusMember.objects.in_trouble().exclude(problem=ArrivalProblem.NUMBER_KEPT_HERE, member=None)


def warned() -> QuerySet[CongressusMember]:
    """Those of whom a value could not be used."""
    return CongressusMember.objects.exclude(warnings={}).exclude(member=None)


def rest(connection: CongressusConnection, now: datetime, *, bulk: bool) -> str:
    """Until when Congressus is asked nothing, or with `bulk` no lists, and why; "" while nothing holds it up."""
    until = connection.bulk_resume_at if bulk else connection.resume_at
    if bulk and connection.resume_at and (until is None or connection.resume_at > until):
        until = connection.resume_at
    if until is None or until <= now:
        return ""
    told = {"reason": CONGRESSUS_RESTS.get(connection.resume_reason, ""), "time": clock(until, now)}
    if bulk and not (connection.resume_at and connection.resume_at > now):
        return _("%(reason)s Lists are read again at %(time)s; single members are fetched meanwhile.") % told
    return _("%(reason)s This goes on at %(time)s.") % told


def at_most(span: timedelta) -> str:
    """Rounded up, for it is a promise."""
    if span <= COUNTED_IN_MINUTES:
        minutes = max(1, -(-span // MINUTE))
        return ngettext("%(minutes)s minute", "%(minutes)s minutes", minutes) % {"minutes": minutes}
    if span <= 2 * DAY:
        hours = -(-span // HOUR)
        return ngettext("%(hours)s hour", "%(hours)s hours", hours) % {"hours": hours}
    days = -(-span // DAY)
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}

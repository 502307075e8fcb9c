"""One connection at a glance: is everything in Exact Online, and if not, what is it waiting for, or who?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from integrations import brake, connections, estimate, first_link, plan, planned, standing, waiting
from integrations.models import ExactOnlineConnection, Mirror, RelationLink
from integrations.models.connection import State
from integrations.models.link import SyncState
from integrations.models.match import CONFIRMABLE, Planned, Verdict
from integrations.progress import Progress


@dataclass(frozen=True)
class Found:
    """So many members of one kind, and the colour that deserves."""

    number: int
    label: str | Promise
    badge: str


@dataclass(frozen=True)
class Glance:
    connection: ExactOnlineConnection
    now: datetime
    counts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def at(cls, connection: ExactOnlineConnection, now: datetime) -> Glance:
        return cls(connection, now, standing.counts(connection))

    @property
    def up_to_date(self) -> int:
        return self.counts[SyncState.UP_TO_DATE]

    @property
    def waiting(self) -> int:
        return self.counts[SyncState.WAITING]

    @property
    def needs_attention(self) -> int:
        return self.counts[SyncState.NEEDS_ATTENTION]

    @property
    def left_out(self) -> int:
        return self.counts[SyncState.LEFT_OUT]

    @property
    def to_send(self) -> int:
        """Members that Enable would send, or keep up to date."""
        return self.up_to_date + self.waiting + self.needs_attention

    @property
    def is_sending(self) -> bool:
        connection = self.connection
        works = connection.enabled and not connection.attention and not connection.compare_first
        return bool(works and self.waiting and not self.rest)

    @property
    def moves(self) -> bool:
        """Something may change by itself, so the page looks again."""
        lease = self.connection.lease_until
        return self.connection.enabled or self.progress is not None or bool(lease and lease > self.now)

    @cached_property
    def progress(self) -> Progress | None:
        """Of the run under way."""
        return Progress.of_connection(self.connection, self.now)

    @property
    def state(self) -> State:
        return self.connection.state

    @cached_property
    def lacking(self) -> list[connections.Lacking]:
        return connections.lacking(self.connection)

    @cached_property
    def rest(self) -> str:
        """Until when nothing is sent, and why; "" while nothing holds it up."""
        if not self.connection.enabled:
            return ""
        if found := waiting.rest(self.connection, self.now, by_person=True):
            return _("%(reason)s Sending goes on at %(time)s.") % self._told(found)
        if found := waiting.rest(self.connection, self.now, by_person=False):
            return _("%(reason)s Sending goes on at %(time)s; what a person changes goes out before.") % self._told(found)
        return ""

    def _told(self, found: tuple[datetime, str]) -> dict[str, str]:
        return {"time": waiting.clock(found[0], self.now), "reason": found[1]}

    @property
    def estimate(self) -> str:
        """How long it takes to send what waits; one member is one call as a rule."""
        return estimate.duration(self.waiting, self.connection, self.now)

    # What a person has to say

    @property
    def to_decide(self) -> int:
        """Members who may have a relation in Exact, so that somebody has to say so. What is certain, Enable links by itself."""
        is_linked_soon = not self.connection.enabled or self.connection.compare_first
        return sum(self.still_open.values()) - (self.to_link if is_linked_soon else 0)

    @cached_property
    def asked(self) -> brake.Asked | None:
        """What an import or the like would do, where that waits for a word."""
        if self.connection.held_since is None:
            return None
        found = brake.asked(self.connection)
        return found if found.created or found.changed else None

    @cached_property
    def parked(self) -> int:
        """Members with something to mend: those that the page of the connection lists."""
        return RelationLink.objects.parked(self.connection).count()

    # What comparing found, and what Enable would do

    @cached_property
    def compared_at(self) -> datetime | None:
        """When members were last compared with what this administration holds."""
        mirror = Mirror.objects.filter(connection=self.connection).first()
        return mirror.compared_at if mirror and mirror.division == self.connection.division else None

    @property
    def shows_counts(self) -> bool:
        """Before the first Enable nothing was sent, and what comparing found says more than who waits."""
        return bool(self.connection.statuses.all()) and not (self.state == State.READY and self.compared_at)

    @property
    def shows_comparison(self) -> bool:
        """Comparing is the next step, or what it found is the last thing to look at before Enable."""
        return self.state in (State.READY, State.DISABLED) and bool(self.compared_at or not self.progress)

    @cached_property
    def found(self) -> list[Found]:
        """What there is to say of a comparison, as decided since. What is certain is linked by one click."""
        linked = RelationLink.objects.kept_by(self.connection).filter(guid__isnull=False, left_out=False).count()
        numbers = {
            Verdict.CERTAIN: self.to_link,
            Verdict.DECIDE: self.still_open[Verdict.DECIDE],
            Verdict.CONFLICT: self.still_open[Verdict.CONFLICT],
            Verdict.NEW: self.tally.counts[Planned.CREATE],
            Verdict.INCOMPLETE: self.tally.counts[Planned.INCOMPLETE],
        }
        told = [Found(number, verdict.label, verdict.badge) for verdict, number in numbers.items()]
        return [*told, Found(linked, first_link.Decision.LINKED.label, first_link.Decision.LINKED.badge)]

    @property
    def to_link(self) -> int:
        """Members whose relation is certain: Enable links them."""
        return sum(self.still_open[verdict] for verdict in CONFIRMABLE)

    @cached_property
    def still_open(self) -> dict[Verdict, int]:
        return first_link.open_counts(self.connection)

    @cached_property
    def tally(self) -> plan.Tally:
        return plan.tally(self.connection)

    @property
    def would(self) -> list[tuple[int, str | Promise]]:
        """What Enable would do, in numbers and words."""
        return planned.told(self.tally, self.to_link)

    @property
    def would_take(self) -> str:
        return estimate.duration(self.tally.calls, self.connection, self.now)

    @property
    def would_cost(self) -> str:
        """The calls needed, and at what pace these go."""
        return estimate.arithmetic(self.tally.calls, self.connection, self.now)

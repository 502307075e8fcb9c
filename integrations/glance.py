"""One connection at a glance: is everything in Exact Online, and if not, what is it waiting for, or who?"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations import connections, standing, waiting
from integrations.budget import KEPT_PER_MINUTE, KEPT_SHARE_OF_DAY
from integrations.models import ExactOnlineConnection
from integrations.models.connection import State
from integrations.models.link import SyncState

# What Exact allows as a rule, until its own answers tell.
USUAL_PER_MINUTE = 60
USUAL_PER_DAY = 5000


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
        return bool(connection.enabled and self.waiting and not connection.attention and not self.rest)

    @property
    def moves(self) -> bool:
        """Something may change by itself, so the page looks again."""
        lease = self.connection.lease_until
        return self.connection.enabled or bool(lease and lease > self.now)

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
        """How long it takes to send what waits, by the calls Exact allows; one member is one call as a rule."""
        connection = self.connection
        per_day = int((connection.day_limit or USUAL_PER_DAY) * (1 - KEPT_SHARE_OF_DAY))
        left_today = per_day if connection.day_left is None else connection.day_left - (connection.day_limit or 0) + per_day
        if self.waiting > max(left_today, 0):
            days = math.ceil(self.waiting / max(per_day, 1))
            return ngettext("about %(days)s day", "about %(days)s days", days) % {"days": days}
        per_minute = max((connection.minute_limit or USUAL_PER_MINUTE) - KEPT_PER_MINUTE, 1)
        minutes = math.ceil(self.waiting / per_minute)
        return ngettext("about %(minutes)s minute", "about %(minutes)s minutes", minutes) % {"minutes": minutes}

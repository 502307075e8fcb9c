"""How far a run is, for whoever watches it: a bar, what it waits for, and how long it may still take.

Members who start to wait while a run is sending would make its bar go back; so how far it came is stored, and only ever raised.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils.translation import gettext as _

from integrations import estimate, standing, waiting
from integrations.models import ExactOnlineConnection, SyncRun
from integrations.models.link import SyncState

Phase = SyncRun.Phase


@dataclass(frozen=True)
class Progress:
    """Of one run. `waiting`: members of its connection that wait to be sent."""

    run: SyncRun
    now: datetime
    waiting: int

    @classmethod
    def of(cls, run: SyncRun, now: datetime) -> Progress:
        """Looks, and notes how far sending is."""
        found = cls(run, now, standing.counts(run.connection)[SyncState.WAITING] if _is_sending(run) else 0)
        if _is_sending(run):
            SyncRun.objects.going().filter(pk=run.pk, done__lt=found.done).update(done=found.done)
        return found

    @classmethod
    def of_connection(cls, connection: ExactOnlineConnection, now: datetime) -> Progress | None:
        """Of what is under way there; None where nothing is."""
        run = SyncRun.objects.going().filter(connection=connection).select_related("connection").first()
        return cls.of(run, now) if run else None

    @property
    def is_sending(self) -> bool:
        return _is_sending(self.run)

    @property
    def done(self) -> int:
        if not self.is_sending:
            return self.run.done
        return min(max(self.run.total - self.waiting, self.run.done), self.run.total)

    @property
    def percentage(self) -> int | None:
        """None while nobody knows of how many."""
        return self.done * 100 // self.run.total if self.run.total else None

    @property
    def phase(self) -> SyncRun.Phase:
        return Phase(self.run.phase)

    @property
    def estimate(self) -> str:
        """How long sending the rest takes; "" while that says nothing yet."""
        return estimate.duration(self.waiting, self.run.connection, self.now) if self.is_sending and self.waiting else ""

    @cached_property
    def rest(self) -> str:
        """Until when Exact is asked nothing, and why; "" while nothing holds the run up."""
        found = waiting.rest(self.run.connection, self.now, by_person=not self.is_sending)
        if not self.run.is_going or found is None:
            return ""
        return _("%(reason)s This goes on at %(time)s.") % {"reason": found[1], "time": waiting.clock(found[0], self.now)}


def _is_sending(run: SyncRun) -> bool:
    return run.is_going and run.phase == Phase.SENDING

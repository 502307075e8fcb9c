"""The calendar of Congressus: a status begins on its day in Amsterdam, wherever this installation stands and whatever its pages show."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Amsterdam")
# The hour of the night at which the walk begins.
NIGHT = 3


def today(now: datetime) -> date:
    return now.astimezone(ZONE).date()


def last_night(now: datetime) -> datetime:
    """The last time it was three at night."""
    here = now.astimezone(ZONE)
    night = here.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    return night if night <= here else night - timedelta(days=1)

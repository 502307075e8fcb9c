"""Which status somebody has when: periods that follow one another, of which at most one is in force on a day.

A day is Amsterdam's: a status that begins on 1 September begins at midnight there, two hours before UTC says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from integrations.simulation.clock import Clock

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """`begins` None: always had it; `ends` is its last day, None while it is open."""

    id: int
    status_id: int
    begins: date | None
    ends: date | None = None


def today(clock: Clock) -> date:
    return datetime.fromtimestamp(clock.now(), AMSTERDAM).date()


def day(told: Any) -> date | None:
    """Raises ValueError for something else than a date, its ISO text, or nothing."""
    if told is None or told == "":
        return None
    if isinstance(told, datetime) or not isinstance(told, date | str):
        raise ValueError(f"not a date: {told!r}")
    return told if isinstance(told, date) else date.fromisoformat(told)


def in_order(periods: Iterable[Period]) -> list[Period]:
    return sorted(periods, key=_begin)


def in_force(periods: Iterable[Period], on: date) -> Period | None:
    """The one whose days hold `on`; of several, the one that began last."""
    held = [period for period in periods if _begin(period) <= on and (period.ends is None or on <= period.ends)]
    return max(held, key=_begin, default=None)


def moved(periods: Iterable[Period], new: Period) -> list[Period]:
    """With `new` put in: the one before ends the day before it, one that begins the same day makes way, later ones stay.

    `new` is open until the next one begins, unless it ends by itself.
    """
    others = [period for period in periods if period.begins != new.begins]
    later = [period.begins for period in others if period.begins and period.begins > _begin(new)]
    if later and (new.ends is None or new.ends >= min(later)):
        new = replace(new, ends=min(later) - DAY)
    return in_order([*(_ended(period, new) for period in others), new])


def _ended(period: Period, new: Period) -> Period:
    if new.begins is None or _begin(period) > new.begins or (period.ends and period.ends < new.begins):
        return period
    return replace(period, ends=new.begins - DAY)


def _begin(period: Period) -> date:
    return period.begins or date.min

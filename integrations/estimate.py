"""How long so many calls take, by what Exact allows; told in words, because nobody plans an evening by the second.

Limits are those Exact last told, or the usual ones until it tells. A part of both is kept for people (see budget.py), so what a run may
spend is less. What does not fit in today's allowance is told in days of it, and the day that brings more has to begin first.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations import budget
from integrations.budget import Window
from integrations.models import ExactOnlineConnection

# What Exact allows as a rule, until its own answers tell.
USUAL_PER_MINUTE = 60
USUAL_PER_DAY = 5000
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
COUNTED_IN_MINUTES = timedelta(minutes=100)


def duration(calls: int, connection: ExactOnlineConnection, now: datetime) -> str:
    """In words: "less than a minute", "about 12 minutes", "about 2 hours", "about 2.2 days"."""
    span = timedelta(minutes=calls / per_minute(connection))
    return in_words(span if fits_today(calls, connection, now) else max(span, _days(calls, connection, now)))


def arithmetic(calls: int, connection: ExactOnlineConnection, now: datetime) -> str:
    """The sum behind `duration`: "10,000 calls at 4,500 a day"."""
    words = ngettext("%(calls)s call", "%(calls)s calls", calls) % {"calls": _grouped(calls)}
    if fits_today(calls, connection, now):
        return _("%(calls)s at %(rate)s a minute") % {"calls": words, "rate": _grouped(per_minute(connection))}
    return _("%(calls)s at %(rate)s a day") % {"calls": words, "rate": _grouped(per_day(connection))}


def per_minute(connection: ExactOnlineConnection) -> int:
    return max((connection.minute_limit or USUAL_PER_MINUTE) - budget.KEPT_PER_MINUTE, 1)


def per_day(connection: ExactOnlineConnection) -> int:
    limit = connection.day_limit or USUAL_PER_DAY
    return max(limit - int(limit * budget.KEPT_SHARE_OF_DAY), 1)


def fits_today(calls: int, connection: ExactOnlineConnection, now: datetime) -> bool:
    return calls <= left_today(connection, now)


def left_today(connection: ExactOnlineConnection, now: datetime) -> int:
    """What a run may still spend before Exact's day ends."""
    window = Window(connection.day_limit, connection.day_left, connection.day_resets_at)
    limit = connection.day_limit or USUAL_PER_DAY
    left = window.left_at(now)
    return max((limit if left is None else left) - (limit - per_day(connection)), 0)


def _days(calls: int, connection: ExactOnlineConnection, now: datetime) -> timedelta:
    a_day, left = per_day(connection), left_today(connection, now)
    resets_at = connection.day_resets_at
    next_day = resets_at if resets_at and resets_at > now else budget.next_day(now)
    # A day of which little is left counts for what it still lasts, not for what it still allows.
    return max(DAY * calls / a_day, next_day - now + DAY * (calls - left) / a_day)


def in_words(span: timedelta) -> str:
    """As `duration` says it."""
    if span <= MINUTE:
        return _("less than a minute")
    if span <= COUNTED_IN_MINUTES:
        minutes = round(span / MINUTE)
        return ngettext("about %(minutes)s minute", "about %(minutes)s minutes", minutes) % {"minutes": minutes}
    if span < DAY:
        hours = round(span / HOUR)
        return ngettext("about %(hours)s hour", "about %(hours)s hours", hours) % {"hours": hours}
    return _("about %(days)s days") % {"days": number_format(round(span / DAY, 1), decimal_pos=1, use_l10n=True)}


def _grouped(number: int) -> str:
    return number_format(number, use_l10n=True, force_grouping=True)

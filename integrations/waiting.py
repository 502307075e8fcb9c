"""Why a member waits, and until when: in one sentence, what the drain would find if it looked now.

The order is that of the drain: what stops a connection comes before what stops one member.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from integrations.models import ExactOnlineConnection, RelationLink
from integrations.problems import RESTS
from integrations.standing import Standing
from members.models import ChangedVia

# What a drain sends in a minute, roughly: behind more than these, "within a minute" would be untrue.
SENT_IN_A_MINUTE = 50
SOON, LATER = 2, 30


@dataclass(frozen=True)
class Wait:
    """`look_again`: seconds after which asking again makes sense; None where nothing moves without a person."""

    sentence: str
    look_again: int | None


def wait(standing: Standing, now: datetime) -> Wait:
    """For a member who is waiting."""
    connection = standing.connection
    if not connection.enabled:
        return Wait(_("Waits until the connection is enabled."), None)
    if connection.problem:
        sentence = _("Waits until the connection works again: %(problem)s.") % {"problem": connection.problem.label}
        return Wait(sentence, None)
    sentence = _pause(standing, now) or _line(standing, now)
    return Wait(sentence, LATER) if sentence else Wait(_("Waiting: is sent within a minute."), SOON)


def clock(moment: datetime, now: datetime) -> str:
    """14:05, and the day too where that is not today."""
    local = localtime(moment)
    return date_format(local, "TIME_FORMAT" if local.date() == localtime(now).date() else "SHORT_DATETIME_FORMAT")


def rest(connection: ExactOnlineConnection, now: datetime, *, by_person: bool) -> tuple[datetime, str] | None:
    """Until when a connection sends nothing, and why; edits by people do not wait for `bulk_resume_at`."""
    untils = [connection.resume_at] if by_person else [connection.resume_at, connection.bulk_resume_at]
    until = max((moment for moment in untils if moment and moment > now), default=None)
    return None if until is None else (until, str(RESTS.get(connection.resume_reason, "")))


def _pause(standing: Standing, now: datetime) -> str:
    resting = rest(standing.connection, now, by_person=_jumps_the_queue(standing, now))
    if resting is not None:
        return _("Waiting until %(time)s. %(reason)s") % {"time": clock(resting[0], now), "reason": resting[1]}
    link = standing.link
    if link is None or link.not_before is None or link.not_before <= now:
        return ""
    facts: Mapping[str, str] = {"time": clock(link.not_before, now)}
    if link.unconfirmed or link.creating_since:
        return (
            _("Waiting until %(time)s: the answer of Exact Online was lost, so it is checked then whether it came through.")
            % facts
        )
    return _("Waiting until %(time)s: the last attempt failed, and is repeated then.") % facts


def _line(standing: Standing, now: datetime) -> str:
    if _jumps_the_queue(standing, now):
        return ""
    due = RelationLink.objects.due(standing.connection, now).count()
    if due <= SENT_IN_A_MINUTE:
        return ""
    return _("Waiting in line: %(count)s members of this connection are sent, one after the other.") % {"count": due}


def _jumps_the_queue(standing: Standing, now: datetime) -> bool:
    if standing.link is None:
        return standing.member.changed_via == ChangedVia.PERSON
    return RelationLink.objects.urgent(standing.connection, now).filter(pk=standing.link.pk).exists()

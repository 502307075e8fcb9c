"""How changes in Congressus arrive, and how long that takes at worst: what the page promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from integrations.arrivals import share, walk
from integrations.models import CongressusConnection, CongressusMember


class How(StrEnum):
    WEBHOOK = "webhook"
    NEWEST_FIRST = "newest_first"
    WALKS = "walks"


@dataclass(frozen=True)
class Delay:
    """`how` changes arrive first; `longest` until one arrives in any case, also when a webhook was lost."""

    how: How
    longest: timedelta


def of(connection: CongressusConnection, now: datetime) -> Delay:
    longest = _looking(connection)
    if connection.webhook_id is not None or connection.webhook_heard_at is not None:
        return Delay(How.WEBHOOK, longest)
    return Delay(How.WALKS if connection.orders_by_modified is False else How.NEWEST_FIRST, longest)


def _looking(connection: CongressusConnection) -> timedelta:
    """A change made just after a look waits for the next one, and until that is through."""
    every = timedelta(minutes=connection.every)
    if connection.orders_by_modified is not False:
        return every
    takes = share.walk_takes(CongressusMember.objects.exclude(member=None).count(), connection.share)
    return max(walk.OFTEN, every) + 2 * takes if takes else max(walk.OFTEN, every)

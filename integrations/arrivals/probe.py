"""What a key opens: asked when it is entered, and by Test. A handful of calls, none of which changes anything."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from integrations.arrivals import poll, visit
from integrations.arrivals.calls import Calls
from integrations.arrivals.refusals import refusing
from integrations.congressus.client import CongressusClient
from integrations.models import CongressusConnection
from members.models import MemberStatus


@dataclass(frozen=True)
class Tested:
    """`total` and the numbers per status are as Congressus counts; None = not told. `calls`: what asking has cost."""

    association: str
    total: int | None
    per_status: list[tuple[MemberStatus, int | None]]
    orders_by_modified: bool | None
    calls: int


def test(connection: CongressusConnection) -> Tested:
    """Ask Congressus. Raises KeyRefused, whose text says what is wrong."""
    asking = Calls(connection, timezone.now)
    with refusing():
        visit.read_statuses(asking)
        statuses = MemberStatus.objects.filter(gone_at=None).exclude(congressus_id=None).order_by("name")
        client = asking.client(single=True)
        try:
            per_status = [(status, _count(client, status)) for status in statuses]
            association = client.association().name
        finally:
            asking.learn(client)
        page = poll.newest_first(asking, 1)
    asking.note(association=association or connection.association, orders_by_modified=page is not None)
    counts = [number for _status, number in per_status]
    total = None if None in counts else sum(number or 0 for number in counts)
    return Tested(association or connection.association, total, per_status, page is not None, asking.made)


def _count(client: CongressusClient, status: MemberStatus) -> int | None:
    """The total of a list of one, because no address counts."""
    return client.members(1, status_ids=[status.congressus_id or 0], page_size=1).total

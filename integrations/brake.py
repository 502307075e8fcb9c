"""The brake: when an import or the like would create or change unusually many relations, those wait until a person says it is meant.

One pass is all that came by bulk since a person last approved (Enable, "go on", "not these"): what waits, what is held already, and what
was sent within a day, so that a large change cannot pass in small pieces. What people change themselves goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from integrations import bell, notify, push
from integrations.mapping import map_member
from integrations.models import ExactOnlineConnection, PushAttempt, RelationLink
from integrations.models.link import DECLINED, Held, RelationLinkQuerySet
from integrations.tokens import Clock
from members.models import ChangedVia, Member

BULK = (ChangedVia.IMPORT, ChangedVia.CONGRESSUS, ChangedVia.COMMAND)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """What is held back: how many would be created, how many changed."""

    created: int
    changed: int


class Brake:
    """Of one drain: looks anew only when something came in since the last look."""

    def __init__(self, connection: ExactOnlineConnection, now: Clock) -> None:
        self.now = now
        self._looked_until: datetime | None = None

    def apply(self, connection: ExactOnlineConnection) -> None:
        """Hold back what is too much. Before, nothing of it was sent but what was within the limits."""
        came = came_by_bulk(connection).filter(held=Held.NOT)
        latest = came.aggregate(latest=Max("member__changed_at"))["latest"]
        if latest is None or latest == self._looked_until:
            return
        held = _too_many(connection, came, self.now())
        if held:
            _hold(connection, held, self.now())
        self._looked_until = latest


def came_by_bulk(connection: ExactOnlineConnection) -> RelationLinkQuerySet:
    """What waits because an import or the like changed it since a person last approved."""
    since = connection.approved_at or connection.enabled_at or connection.created_at
    # Behind for what came in, not because a person changed the settings.
    return RelationLink.objects.behind(connection).filter(
        member__changed_via__in=BULK, member__changed_at__gt=since, member__revision__gt=F("pushed_revision")
    )


def asked(connection: ExactOnlineConnection) -> Asked:
    held = RelationLink.objects.held(connection, Held.BRAKE)
    created = held.filter(guid__isnull=True).count()
    return Asked(created, held.count() - created)


def go_on(connection: ExactOnlineConnection) -> int:
    """It is meant: all of it is sent. Tells how many links went on."""
    with transaction.atomic():
        released = RelationLink.objects.filter(connection=connection, held=Held.BRAKE).update(held=Held.NOT)
        _approve(connection)
        transaction.on_commit(bell.ring, robust=True)
    return released


def not_these(connection: ExactOnlineConnection) -> int:
    """None of it is sent, until the member changes again. Tells how many links stay behind."""
    revision = Member.objects.filter(pk=OuterRef("member_id")).values("revision")
    with transaction.atomic():
        declined = RelationLink.objects.filter(connection=connection, held=Held.BRAKE).update(
            held=Held.NOT,
            parked_revision=Subquery(revision),
            parked_mapping=connection.mapping_key,
            problem=DECLINED,
            problem_details={},
        )
        _approve(connection)
    return declined


def _approve(connection: ExactOnlineConnection) -> None:
    ExactOnlineConnection.objects.filter(pk=connection.pk).update(approved_at=timezone.now(), held_since=None)


def _too_many(connection: ExactOnlineConnection, came: RelationLinkQuerySet, now: datetime) -> list[int]:
    """Which links to hold: those that would be created, or changed, where these are more than allowed in one pass."""
    links = RelationLink.objects.filter(connection=connection)
    sent = _sent(connection, now)
    new, known = Q(guid__isnull=True), Q(guid__isnull=False)
    held_back = links.filter(held=Held.BRAKE)
    created = sent.filter(action=PushAttempt.Action.CREATE).count() + held_back.filter(new).count()
    changed = sent.filter(action=PushAttempt.Action.UPDATE).count() + held_back.filter(known).count()
    linked = links.filter(known).count()
    found: list[int] = []
    if created + came.filter(new).count() > (limit := _limit("CREATED", linked - created)):
        found += _over(limit - created, _would(connection, came.filter(new), push.Create))
    if changed + came.filter(known).count() > (limit := _limit("CHANGED", linked)):
        found += _over(limit - changed, _would(connection, came.filter(known), push.Change))
    return found


def _sent(connection: ExactOnlineConnection, now: datetime) -> QuerySet[PushAttempt]:
    since = max(filter(None, (connection.approved_at, now - DAY)))
    return connection.attempts.filter(at__gt=since, via__in=BULK, outcome=PushAttempt.Outcome.DONE)


def _limit(kind: str, linked: int) -> int:
    share: int = getattr(settings, f"BRAKE_{kind}_PERCENT")
    return max(getattr(settings, f"BRAKE_{kind}_MINIMUM"), max(linked, 0) * share // 100)


def _over(allowed: int, pks: Iterator[int]) -> list[int]:
    """All of them when they are more than allowed: half of a mistake is a mistake too."""
    found = list(pks)
    return found if len(found) > allowed else []


def _would(
    connection: ExactOnlineConnection, links: RelationLinkQuerySet, what: type[push.Create] | type[push.Change]
) -> Iterator[int]:
    """Those for which the engine would really do that; a member may have changed in nothing that Exact holds."""
    mapping_settings = connection.mapping_settings
    for link in links.select_related("member").iterator(chunk_size=1000):
        if isinstance(push.decide(link, map_member(link.member, mapping_settings), connection.code_start), what):
            yield link.pk


def _hold(connection: ExactOnlineConnection, pks: list[int], now: datetime) -> None:
    is_first = not RelationLink.objects.filter(connection=connection, held=Held.BRAKE).exists()
    for start in range(0, len(pks), 500):
        RelationLink.objects.filter(pk__in=pks[start : start + 500], held=Held.NOT).update(held=Held.BRAKE)
    if is_first:
        ExactOnlineConnection.objects.filter(pk=connection.pk).update(held_since=now)
        found = asked(connection)
        notify.changes_held_back(connection, found.created, found.changed)

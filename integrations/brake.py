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
from integrations.models.link import DECLINED, Held, RelationLinkQuerySet, held_back
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

    def __init__(self, now: Clock) -> None:
        self.now = now
        self._passed: set[int] = set()

    def apply(self, connection: ExactOnlineConnection) -> None:
        """Hold back what is too much. Before, nothing of it was sent but what was within the limits."""
        came = came_by_bulk(connection).filter(held=Held.NOT)
        pks = set(came.values_list("pk", flat=True))
        if pks <= self._passed:
            return
        held = _too_many(connection, came, self.now())
        if held:
            _hold(connection, held, self.now())
        self._passed = pks - set(held)


def came_by_bulk(connection: ExactOnlineConnection) -> RelationLinkQuerySet:
    """What waits because an import or the like changed it since a person last approved."""
    # Behind for what came in, not because a person changed the settings.
    return RelationLink.objects.behind(connection).filter(
        member__changed_via__in=BULK, member__changed_at__gt=_since(connection), member__revision__gt=F("pushed_revision")
    )


def _since(connection: ExactOnlineConnection) -> datetime:
    return connection.approved_at or connection.enabled_at or connection.created_at


def asked(connection: ExactOnlineConnection) -> Asked:
    held = RelationLink.objects.held_back(connection)
    created = held.filter(guid__isnull=True).count()
    return Asked(created, held.count() - created)


def go_on(connection: ExactOnlineConnection) -> int:
    """It is meant: all that was asked about is sent. Tells how many links went on."""
    with transaction.atomic():
        held = _held(connection)
        until = held.aggregate(until=Max("member__changed_at"))["until"]
        released = held.update(held=Held.RELEASED)
        _answered(connection, until)
        transaction.on_commit(bell.ring, robust=True)
    return released


def approve(connection: ExactOnlineConnection) -> None:
    """Whoever enables saw all of it: whatever came up to now is meant."""
    go_on(connection)
    _answered(connection, timezone.now())


def not_these(connection: ExactOnlineConnection) -> int:
    """None of it is sent, until the member changes again. Tells how many links stay behind."""
    revision = Member.objects.filter(pk=OuterRef("member_id")).values("revision")
    with transaction.atomic():
        held = _held(connection)
        until = held.aggregate(until=Max("member__changed_at"))["until"]
        held.exclude(held_back()).update_by_key(held=Held.NOT)
        declined = held.update(
            held=Held.NOT,
            parked_revision=Subquery(revision),
            parked_mapping=connection.mapping_key,
            problem=DECLINED,
            problem_details={},
        )
        _answered(connection, until)
        transaction.on_commit(bell.ring, robust=True)
    return declined


def _held(connection: ExactOnlineConnection) -> RelationLinkQuerySet:
    return RelationLink.objects.filter(connection=connection, held=Held.BRAKE)


def _answered(connection: ExactOnlineConnection, until: datetime | None) -> None:
    """An answer holds for what was asked, not for what came since and nobody looked at yet."""
    connections = ExactOnlineConnection.objects.filter(pk=connection.pk)
    connections.update(held_since=None)
    if until is not None:
        connections.filter(Q(approved_at__isnull=True) | Q(approved_at__lt=until)).update(approved_at=until)


def _too_many(connection: ExactOnlineConnection, came: RelationLinkQuerySet, now: datetime) -> list[int]:
    """Which links to hold: those that would be created, or changed, where these are more than allowed in one pass."""
    links = RelationLink.objects.filter(connection=connection)
    sent = _sent(connection, now)
    new, known = Q(guid__isnull=True), Q(guid__isnull=False)
    waiting = RelationLink.objects.held_back(connection)
    created = sent.filter(action=PushAttempt.Action.CREATE).count() + waiting.filter(new).count()
    changed = sent.filter(action=PushAttempt.Action.UPDATE).count() + waiting.filter(known).count()
    linked = links.filter(known).count()
    found: list[int] = []
    if created + came.filter(new).count() > (limit := _limit("CREATED", linked - created)):
        found += _over(limit - created, _would(connection, came.filter(new), push.Create))
    if changed + came.filter(known).count() > (limit := _limit("CHANGED", linked)):
        found += _over(limit - changed, _would(connection, came.filter(known), push.Change))
    return found


def _sent(connection: ExactOnlineConnection, now: datetime) -> QuerySet[PushAttempt]:
    of_pass = connection.attempts.filter(at__gt=now - DAY, member__changed_at__gt=_since(connection))
    return of_pass.filter(via__in=BULK, outcome=PushAttempt.Outcome.DONE)


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
